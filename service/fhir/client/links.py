"""Where a query or a link to the next page leads: never away from the server that holds the token."""

from __future__ import annotations

from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit


class OffOriginError(ValueError):
    """A link does not stay below the address of the FHIR server."""


def on_server(base: str, start: str, link: str) -> str:
    """Where `link` leads from `start`, on the base's own host; OffOriginError if not below the base."""
    try:
        home, there = urlsplit(base), urlsplit(urljoin(start, link))
        same = _origin(home) == _origin(there)
    except ValueError:
        raise OffOriginError from None
    inside = there.path == home.path or there.path.startswith(f"{home.path}/")
    steps = unquote(there.path).replace("\\", "/").split("/")
    if not same or not inside or "." in steps or ".." in steps:
        raise OffOriginError
    host = home.netloc.rpartition("@")[2]  # a user name in the URL would take the place of our token
    return urlunsplit((home.scheme, host, there.path, there.query, ""))


def read_type(query: str) -> str | None:
    """The resource type of "Type/id"; None for a search."""
    match query.partition("?")[0].strip("/").split("/"):
        case [kind, name] if not name.startswith(("_", "$")):
            return kind
    return None


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
