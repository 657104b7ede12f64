"""relapse-cds audit: the calls that were made."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

import click

from service.commands.common import Since, refused, start

if TYPE_CHECKING:
    from service.config import Settings
    from service.store.audit import Call, Wanted


@click.command()
@click.option("--since", type=Since(), default=None, help="A day, a time with a zone, or an age as 24h, 7d.")
@click.option("--until", type=Since(), default=None, help="The same; calls from then on are left out.")
@click.option("--issuer", default=None, help="Calls of this issuer.")
@click.option("--user", default=None, help="Calls of this user, as the EHR names him: Practitioner/1.")
@click.option("--patient", default=None, help="Calls for this patient, by the id in the EHR.")
@click.option("--json", "as_json", is_flag=True, help="One call a line, with its cards.")
def audit(
    since: datetime | None,
    until: datetime | None,
    issuer: str | None,
    user: str | None,
    patient: str | None,
    as_json: bool,
) -> None:
    """List the calls: who, which hook, which cards and rules, how it ended. NDJSON with --json."""
    start(lambda: _list((since, until), issuer, user, patient, as_json=as_json))


def _list(
    span: tuple[datetime | None, datetime | None],
    issuer: str | None,
    user: str | None,
    patient: str | None,
    *,
    as_json: bool,
) -> None:
    from service.commands.common import open_store
    from service.config import Settings
    from service.store.audit import AuditStore

    settings = Settings()
    wanted = _wanted(settings, span, issuer, user, patient)
    with open_store(settings) as store:
        for call in AuditStore(store).read(wanted):
            click.echo(_json(call) if as_json else _line(call))


def _wanted(
    settings: Settings,
    span: tuple[datetime | None, datetime | None],
    issuer: str | None,
    user: str | None,
    patient: str | None,
) -> Wanted:
    from service.pseudonyms import Pseudonyms
    from service.store.audit import Wanted

    key = settings.pseudonym_key
    if (user or patient) and key is None:
        raise refused("users and patients can be looked for only with pseudonym_key, by which they are noted")
    names = Pseudonyms(key.get_secret_value() if key else None)
    return Wanted(
        *span,
        issuer,
        names.of("user", issuer or "", user),
        names.of("patient", issuer or "", patient.removeprefix("Patient/") if patient else None),
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
        call.service or call.route,
        call.issuer or "-",
        f"user {call.user or '-'}",
        f"patient {call.patient or '-'}",
        f"{call.ms} ms",
        f"{len(call.cards) - quiet} cards" + (f", {quiet} quiet" if quiet else ""),
        *([call.refused] if call.refused else []),
        *([" ".join(rules)] if rules else []),
    ]
    return "  ".join(parts)
