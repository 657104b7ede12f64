"""relapse-cds audit: the calls that were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from service.commands.common import Since, refused, start

if TYPE_CHECKING:
    from service.config import Settings
    from service.store.audit import Call, Wanted

Span = tuple[datetime | None, datetime | None]


@click.command()
@click.option("--since", type=Since(), default=None, help="A day, a time with a zone, or an age as 24h, 7d.")
@click.option("--until", type=Since(), default=None, help="The same; calls from then on are left out.")
@click.option("--issuer", default=None, help="Calls of this issuer.")
@click.option("--tenant", default=None, help="Calls of this tenant, by its name in the file of tenants.")
@click.option("--user", default=None, help="Calls of this user, as the EHR names him: Practitioner/1.")
@click.option("--patient", default=None, help="Calls for this patient, by the id in the EHR.")
@click.option("--json", "as_json", is_flag=True, help="One call a line, with its cards.")
def audit(*, as_json: bool, since: datetime | None, until: datetime | None, **whose: str | None) -> None:
    """List the calls: who, which hook, which cards and rules, how it ended. NDJSON with --json.

    A user or patient is looked for under the issuer (and tenant) given: ids are unique only there.
    """
    start(lambda: _list((since, until), whose, as_json=as_json))


def _list(span: Span, whose: Mapping[str, str | None], *, as_json: bool) -> None:
    from service.commands.common import open_store
    from service.config import Settings
    from service.store.audit import AuditStore

    settings = Settings()
    wanted = _wanted(settings, span, whose)
    with open_store(settings) as store:
        for call in AuditStore(store).read(wanted):
            click.echo(_json(call) if as_json else _line(call))


def _wanted(settings: Settings, span: Span, whose: Mapping[str, str | None]) -> Wanted:
    from service.pseudonyms import Pseudonyms, caller_name
    from service.store.audit import Wanted

    key, user, patient = settings.pseudonym_key, whose["user"], whose["patient"]
    if (user or patient) and key is None:
        raise refused("users and patients can be looked for only with pseudonym_key, by which they are noted")
    names = Pseudonyms(key.get_secret_value() if key else None)
    caller = caller_name(whose["issuer"], whose["tenant"])
    return Wanted(
        *span,
        issuer=whose["issuer"],
        tenant=whose["tenant"],
        user=names.of("user", caller, user),
        patient=names.of("patient", caller, patient.removeprefix("Patient/") if patient else None),
    )


def _json(call: Call) -> str:
    import orjson

    return orjson.dumps(asdict(call)).decode()


def _line(call: Call) -> str:
    rules = sorted({rule for shown in call.cards for rule in shown.rules})
    quiet = sum(shown.quiet for shown in call.cards)
    parts = [
        f"{call.at:%Y-%m-%dT%H:%M:%S.%f}Z",
        str(call.status),
        call.service if call.service and not call.route.endswith("/feedback") else call.route,
        f"{call.issuer or '-'}{f' {call.tenant}' if call.tenant else ''}",
        f"user {call.user or '-'}",
        f"patient {call.patient or '-'}",
        f"{call.ms} ms",
        f"{len(call.cards) - quiet} cards" + (f", {quiet} quiet" if quiet else ""),
        *([call.refused] if call.refused else []),
        *([" ".join(rules)] if rules else []),
    ]
    return "  ".join(parts)
