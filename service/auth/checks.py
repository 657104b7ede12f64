"""The checks of a token, in their order; each is one sentence that `relapse-cds keys check` prints.

Checklist: CDS Hooks 2.0.1, Trusting CDS Clients; RFC 7519, RFC 8725 (JWT best current practices).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from service.auth.algorithms import SUPPORTED, PublicKey
from service.auth.keyring import KeysError
from service.auth.tenants import Tenant, Tenants
from service.auth.token import Token

MAX_NAME = 500
_MAX_HEADER = 4096
_OWN_KEY = ("jwk", "x5c", "x5u")
"""Header members by which a token brings the key to check it with."""
_NOT_PLAIN = ("crit", "b64", "zip", "enc", "cty")
"""Header members that would change how the token is to be read."""
_LAST_MOMENT = 253_402_300_000
"""Seconds; the year 9999."""


class Refused(Exception):  # noqa: N818
    """A check failed. `str`: constant. `detail`: for whoever tries a token, never for a log."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Rules:
    """What tokens are held against."""

    tenants: Tenants
    leeway_s: int


@dataclass(slots=True)
class Examination:
    """One token under examination; later checks use what earlier ones found."""

    rules: Rules
    token: Token
    audience: str
    """The address that is called."""
    now: float
    """Seconds since 1970."""
    tenant: Tenant | None = None
    key: PublicKey | None = None

    @property
    def header(self) -> Mapping[str, Any]:
        """Of the token."""
        return self.token.header

    @property
    def claims(self) -> Mapping[str, Any]:
        """Of the token."""
        return self.token.claims

    @property
    def known(self) -> Tenant:
        """The tenant. Refused if it was not found."""
        if self.tenant is None:
            raise Refused("no tenant was found")
        return self.tenant


class Check(NamedTuple):
    """`run` says what it found, or is Refused. `needs`: names of checks without which it cannot be made."""

    name: str
    run: Callable[[Examination], str]
    needs: tuple[str, ...] = ()


def _type(e: Examination) -> str:
    kind = e.header.get("typ")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise Refused("typ is not JWT", f"typ: {kind!r}")
    return "JWT"


def _plain(e: Examination) -> str:
    for name in (*_OWN_KEY, *_NOT_PLAIN):
        if name in e.header:
            raise Refused("the header has a member that is not accepted", name)
    return "no key of its own, nothing critical"


def _issuer(e: Examination) -> str:
    issuer, claim = e.claims.get("iss"), e.claims.get("tenant")
    if not isinstance(issuer, str):
        raise Refused("iss is missing")
    if claim is not None and not isinstance(claim, str):
        raise Refused("tenant is no text")
    if issuer not in e.rules.tenants.by_issuer:
        raise Refused("iss is not listed", f"iss: {issuer!r}; no tenant has it among its issuers")
    e.tenant = e.rules.tenants.find(issuer, claim)
    if e.tenant is None:
        if claim is None:
            raise Refused(
                "tenant is not listed", "no tenant claim; every entry of this issuer has tenant_ids"
            )
        raise Refused(
            "tenant is not listed", f"tenant: {claim!r}; no entry of this issuer has it in tenant_ids"
        )
    return f"tenant {e.tenant.name}"


def _subject(e: Examination) -> str:
    """Some EHRs say for which client a token is made: the client id they gave the service."""
    if "sub" not in e.claims or not e.known.client_ids:
        return "not checked"
    subject = e.claims["sub"]
    if not isinstance(subject, str) or subject not in e.known.client_ids:
        raise Refused("sub is another client", f"sub: {subject!r}")
    return "ours"


def _algorithm(e: Examination) -> str:
    algorithm = e.header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in SUPPORTED:
        raise Refused("alg is not accepted", f"alg: {algorithm!r}; never none, never HS*")
    if algorithm not in e.known.algorithms:
        allowed = ", ".join(sorted(e.known.algorithms))
        raise Refused("alg is not allowed for this tenant", f"alg: {algorithm}; allowed: {allowed}")
    return algorithm


def _jku(e: Examination) -> str:
    if "jku" not in e.header:
        return "not given; the keys of the tenant count"
    jku = e.header["jku"]
    if not isinstance(jku, str) or jku not in e.known.jku:
        raise Refused("jku is not listed", f"jku: {jku!r}; listed: {', '.join(e.known.jku) or 'none'}")
    return "listed"


def _audience(e: Examination) -> str:
    given = e.claims.get("aud")
    listed = given if isinstance(given, list) else [given]
    if e.audience not in [audience for audience in listed if isinstance(audience, str)]:
        raise Refused("aud is another address", f"aud: {given!r}; expected: {e.audience}")
    return e.audience


def _moment(e: Examination, name: str) -> float:
    value = e.claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST_MOMENT:
        raise Refused(f"{name} is missing or no time", f"{name}: {value!r}")
    return float(value)


def _expiry(e: Examination) -> str:
    left = _moment(e, "exp") - e.now
    if left + e.rules.leeway_s <= 0:
        raise Refused("it has expired", f"{-left:.0f} seconds ago")
    return f"{left:.0f} seconds left"


def _issued(e: Examination) -> str:
    age = e.now - _moment(e, "iat")
    if age < -e.rules.leeway_s:
        raise Refused("iat lies in the future", f"by {-age:.0f} seconds; do the clocks agree?")
    return f"{age:.0f} seconds ago"


def _not_before(e: Examination) -> str:
    if "nbf" not in e.claims:
        return "not given"
    ahead = _moment(e, "nbf") - e.now
    if ahead > e.rules.leeway_s:
        raise Refused("nbf lies in the future", f"by {ahead:.0f} seconds")
    return "reached"


def _lifetime(e: Examination) -> str:
    lifetime, most = _moment(e, "exp") - _moment(e, "iat"), e.known.max_lifetime_s
    if not 0 < lifetime <= most:
        raise Refused("its lifetime is not accepted", f"{lifetime:.0f} seconds; at most {most}")
    return f"{lifetime:.0f} of at most {most} seconds"


def _jti(e: Examination) -> str:
    jti = e.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_NAME:
        raise Refused("jti is missing or no text")
    return "given"


def _key(e: Examination) -> str:
    kid = e.header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_NAME:
        raise Refused("kid is missing")
    jku = e.header.get("jku")
    sources = (e.known.source_of[jku],) if isinstance(jku, str) else e.known.sources
    troubles: list[str] = []
    known = False
    for source in sources:
        try:
            ring = source.ring(kid)
        except KeysError as error:
            troubles.append(str(error))
            continue
        known = known or kid in ring.keys
        troubles += ring.left_out
        e.key = ring.find(kid, e.header["alg"])
        if e.key is not None:
            return f"kid {kid!r}"
    if known:
        raise Refused("the key is for another algorithm", f"kid: {kid!r}")
    raise Refused("kid is not known", "; ".join((f"kid: {kid!r}", *troubles)))


def _signature(e: Examination) -> str:
    if e.key is None:
        raise Refused("no key was found")
    algorithm = e.header["alg"]
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = _MAX_HEADER
    try:
        jws.deserialize_compact(e.token.text, e.key, registry=registry)
    except (JoseError, ValueError, TypeError):
        raise Refused("the signature is not of this key") from None
    return "right"


CHECKS: tuple[Check, ...] = (
    Check("typ", _type),
    Check("header", _plain),
    Check("iss and tenant", _issuer),
    Check("sub", _subject, ("iss and tenant",)),
    Check("alg", _algorithm, ("iss and tenant",)),
    Check("jku", _jku, ("iss and tenant",)),
    Check("aud", _audience),
    Check("exp", _expiry),
    Check("iat", _issued),
    Check("nbf", _not_before),
    Check("lifetime", _lifetime, ("iss and tenant", "exp", "iat")),
    Check("jti", _jti),
    Check("kid", _key, ("iss and tenant", "alg", "jku")),
    Check("signature", _signature, ("kid",)),
)
"""What costs nothing comes first; keys are looked for when all else is right."""


def examine(examination: Examination) -> None:
    """All checks, up to the first that is Refused."""
    for check in CHECKS:
        check.run(examination)


def expires(examination: Examination) -> datetime:
    """The last moment at which the token would be accepted."""
    return datetime.fromtimestamp(examination.claims["exp"] + examination.rules.leeway_s, UTC)
