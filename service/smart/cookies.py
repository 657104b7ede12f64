"""The app's two cookies: which browser began a sign-in, and the key of a session.

Both are HttpOnly, and Secure where the service is reached by https. Without frames they are SameSite=Lax:
the way back from the authorization server is a navigation of the whole window, and takes them along. In a
frame of the EHR's page only SameSite=None cookies are sent; they are then Partitioned, so that they are of
no use in the frames of any other site.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Response, request

from service.smart.sealing import usable
from service.smart.sessions import SIGN_IN_MINUTES

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Cookies:
    """`secure`: reached by https; `framed`: EHR pages may frame the app; `base_path`: that of our address."""

    secure: bool
    framed: bool
    base_path: str

    @staticmethod
    def of(public_base_url: str, *, framed: bool) -> Cookies:
        """The cookies for a public address."""
        parts = urlsplit(public_base_url)
        return Cookies(parts.scheme == "https", framed, parts.path.rstrip("/"))

    def browser(self) -> str | None:
        """The secret of the browser that asks, if it has one."""
        return usable(request.cookies.get(self._browser_name))

    def keep_browser(self, response: Response, secret: str) -> None:
        """For the time of a sign-in; one for all sign-ins of this browser."""
        # __Host- forbids a Path, and keeps a sibling host from planting a cookie of its own.
        self._set(response, self._browser_name, secret, "/", SIGN_IN_MINUTES * _MINUTE)

    def session(self) -> str | None:
        """The secret of the session whose page is asked for."""
        return usable(request.cookies.get(self._session_name))

    def keep_session(self, response: Response, handle: str, secret: str, seconds: int) -> None:
        """Sent to the pages of this session only: of two launches side by side each keeps its patient."""
        self._set(response, self._session_name, secret, self._path(handle), seconds)

    def forget_session(self, response: Response, handle: str) -> None:
        """At the end of a session."""
        self._set(response, self._session_name, "", self._path(handle), 0)

    @property
    def _browser_name(self) -> str:
        return f"{'__Host-' if self.secure else ''}relapse-cds-sign-in"

    @property
    def _session_name(self) -> str:
        return f"{'__Secure-' if self.secure else ''}relapse-cds-session"

    def _path(self, handle: str) -> str:
        return f"{self.base_path}/smart/app/{handle}"

    def _set(self, response: Response, name: str, value: str, path: str, seconds: int) -> None:
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            path=path,
            secure=self.secure,
            httponly=True,
            samesite="None" if self.framed else "Lax",
            partitioned=self.framed,
        )
