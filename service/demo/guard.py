"""Keeps other web sites' pages in the same browser away from the demonstration."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from service.errors import ServiceError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def only_own_pages() -> None:
    """ServiceError 403 for a call that another site's page makes, or that came by a foreign host name.

    The demonstration checks no token and fetches from any FHIR server it is told of. Without this, a page
    open in the same browser could send it to addresses inside the user's network.
    """
    host = request.headers.get("Host", "")
    origin = request.headers.get("Origin")
    foreign_host = urlsplit(f"//{host}").hostname not in _LOOPBACK
    # Of a page with Referrer-Policy no-referrer, a form comes with Origin null, even to its own site.
    own_form = origin == "null" and request.headers.get("Sec-Fetch-Site") == "same-origin"
    foreign_page = origin is not None and origin != f"{request.scheme}://{host}" and not own_form
    foreign_call = request.method != "GET" and request.headers.get("Sec-Fetch-Site") == "cross-site"
    if foreign_host or foreign_page or foreign_call:
        raise ServiceError(
            403, "forbidden", "The demonstration answers its own pages and local programs only."
        )
