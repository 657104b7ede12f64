"""Response headers that keep browsers from doing more with an answer than it is for."""

from __future__ import annotations

from flask import Flask, Response

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content security policy of answers that are no pages. A page brings its own."""

_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", NOTHING),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
_TLS = ("Strict-Transport-Security", "max-age=31536000")


def register(app: Flask, public_base_url: str) -> None:
    """Add to each answer what it does not say itself; HSTS where the public address is https."""
    wanted = (*_ALWAYS, _TLS) if public_base_url.startswith("https://") else _ALWAYS

    def add(response: Response) -> Response:
        headers = response.headers
        for name, value in wanted:
            if name not in headers:
                headers[name] = value
        return response

    app.after_request(add)
