"""The web service and its tools. `service.app` puts the application together.

Nothing is imported here: the command line shall not load the whole application to print its help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__all__ = ["create_app"]

if TYPE_CHECKING:
    from service.app import create_app
else:  # not for the type checker: it would take any name for one of this package

    def __getattr__(name: str) -> Any:
        """`service.create_app`, for WSGI servers and others who know the package alone."""
        if name == "create_app":
            from service.app import create_app  # noqa: PLC0415 - loaded by who asks for it

            return create_app
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
