"""Sign-ins under way and sessions: rows that any worker finds and only the browser's cookie opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson

from service.smart.errors import Fault, SmartError
from service.smart.sealing import fresh, seal, unseal
from service.store.errors import StoreDown
from service.store.sealed import SealedRows

T = TypeVar("T")
SIGN_IN_MINUTES = 10
"""Time to sign in at the EHR, from the launch."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """What must be remembered between the launch and the answer of the authorization server."""

    issuer: str
    """Its id."""
    fhir: str
    """The FHIR base as the EHR wrote it: `aud`, and where the record is read."""
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    who_asked: bool
    """Was an id token asked for?"""


@dataclass(frozen=True, slots=True)
class Session:
    """One launch of the app: one user, one patient. Times are seconds since 1970."""

    issuer: str
    fhir: str
    patient: str = field(repr=False)
    access: str = field(repr=False)
    access_until: float
    refresh: str | None = field(repr=False)
    until: float
    need_patient_banner: bool = True
    encounter: str | None = field(default=None, repr=False)
    user: str | None = field(default=None, repr=False)
    """`Type/id` of who is signed in, if the EHR said so."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session as it was found; `row` is needed to replace it."""

    session: Session
    row: bytes = field(repr=False)


def _now() -> datetime:
    return datetime.now(UTC)


class Sessions:
    """Every method: SmartError STORE if the store is down."""

    def __init__(self, rows: SealedRows, now: Callable[[], datetime] = _now) -> None:
        self._rows = rows
        self._now = now

    def begin(self, secret: str, sign_in: SignIn) -> str:
        """Remember a sign-in for the browser that holds `secret`; its state parameter."""
        state = fresh()
        name = f"sign-in {state}"
        sealed = seal(secret, name, orjson.dumps(asdict(sign_in)))
        expires = self._now() + timedelta(minutes=SIGN_IN_MINUTES)
        _kept(lambda: self._rows.put(name, sealed, expires))
        return state

    def claim(self, secret: str, state: str) -> SignIn | None:
        """The sign-in of this state, once; None if there is none, or another browser began it."""
        name = f"sign-in {state}"
        # Looked at first: a stranger's attempt must not end the sign-in of the browser that began it.
        if _opened(secret, name, _kept(lambda: self._rows.get(name))) is None:
            return None
        content = _opened(secret, name, _kept(lambda: self._rows.take(name)))
        return None if content is None else SignIn(**content)

    def open(self, session: Session) -> tuple[str, str]:
        """Keep a new session; its handle, for the address, and its secret, for the cookie. Both are new."""
        handle, secret = fresh(), fresh()
        name = f"session {handle}"
        expires = datetime.fromtimestamp(session.until, UTC)
        _kept(lambda: self._rows.put(name, _sealed(secret, name, session), expires))
        return handle, secret

    def find(self, handle: str, secret: str) -> Held | None:
        """The session, if it has not ended and the secret is its own."""
        name = f"session {handle}"
        row = _kept(lambda: self._rows.get(name))
        content = _opened(secret, name, row)
        return None if content is None or row is None else Held(Session(**content), row)

    def renew(self, handle: str, secret: str, held: Held, **changes: Any) -> Session | None:
        """The session with changes; None if another worker changed it meanwhile."""
        name = f"session {handle}"
        session = replace(held.session, **changes)
        done = _kept(lambda: self._rows.replace(name, held.row, _sealed(secret, name, session)))
        return session if done else None

    def close(self, handle: str) -> None:
        """Forget a session."""
        _kept(lambda: self._rows.drop(f"session {handle}"))


def _sealed(secret: str, name: str, session: Session) -> bytes:
    return seal(secret, name, orjson.dumps(asdict(session)))


def _opened(secret: str, name: str, row: bytes | None) -> dict[str, Any] | None:
    content = None if row is None else unseal(secret, name, row)
    if content is None:
        return None
    found: dict[str, Any] = orjson.loads(content)
    return found


def _kept(use: Callable[[], T]) -> T:
    try:
        return use()
    except StoreDown:
        raise SmartError(Fault.STORE) from None
