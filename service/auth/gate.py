"""The gate: every call of a CDS service, discovery and feedback included, comes by here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from flask import g, request

from service.auth.caller import Caller
from service.auth.checks import Examination, Refused, Rules, examine, expires
from service.auth.replay import ReplayGuard, UncheckedError
from service.auth.token import TokenFormError, bearer, read_token
from service.errors import ServiceError
from service.observing.notes import notes

REFUSAL = "The caller is not authorized."
"""All that a caller learns, whatever is wrong: the log has the reason, `relapse-cds keys check` the rest."""

_log = logging.getLogger(__name__)


def create_gate(
    rules: Rules,
    public_base_url: str,
    guard: ReplayGuard,
    on_refused: Callable[[str], None] = lambda _reason: None,
    clock: Callable[[], float] = time.time,
) -> Callable[[], None]:
    """Checks the request under way: ServiceError 401 unless its token is right; then `g.caller` is set.

    `on_refused` is told the reason, a constant, to count it.
    """

    def check() -> None:
        # Flask has decoded the path; behind a proxy only the configured address is what the EHR calls.
        audience = f"{public_base_url}{request.path.rstrip('/')}"
        try:
            found = _caller(rules, guard, audience, clock())
        except (TokenFormError, Refused) as error:
            reason = str(error)
            on_refused(reason)
            _log.warning("a caller was refused: %s", reason)
            raise ServiceError(
                401, "login", REFUSAL, headers={"WWW-Authenticate": 'Bearer realm="cds-services"'}
            ) from None
        g.caller = found
        noted = notes()
        noted.issuer, noted.tenant = found.issuer, found.tenant.name

    return check


def _caller(rules: Rules, guard: ReplayGuard, audience: str, now: float) -> Caller:
    token = read_token(bearer(request.headers.get("Authorization")))
    examination = Examination(rules, token, audience, now)
    examine(examination)
    issuer, tenant = token.claims["iss"], examination.known
    # One issuer may speak for several tenants, each with numbers of its own.
    unique_for = f"{issuer} {token.claims['tenant']}" if "tenant" in token.claims else issuer
    try:
        if not guard.first_use(unique_for, token.claims["jti"], expires(examination)):
            raise Refused("it was used before")
    except UncheckedError:
        raise ServiceError(
            503,
            "transient",
            "Whether this call may be accepted cannot be checked at the moment.",
            headers={"Retry-After": "5"},
        ) from None
    return Caller(issuer, tenant)
