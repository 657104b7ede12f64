"""relapse-cds feedback: what clinicians did with the cards."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from service.commands.common import Since, start

if TYPE_CHECKING:
    from service.store.report import Report, Tally

_SINCE_HELP = "A day, a time with a zone, or an age as 24h, 7d. Default: all there is."


@click.group()
def feedback() -> None:
    """Outcomes of cards: a report by rule and kind of card, and the list."""


@feedback.command("report")
@click.option("--since", type=Since(), default=None, help=_SINCE_HELP)
@click.option("--json", "as_json", is_flag=True, help="One object.")
def show_report(since: datetime | None, as_json: bool) -> None:
    """Count cards sent, accepted and overridden, and the reasons, by kind of card and by rule."""
    start(lambda: _report(since, as_json=as_json))


@feedback.command("list")
@click.option("--since", type=Since(), default=None, help=_SINCE_HELP)
def list_outcomes(since: datetime | None) -> None:
    """List the outcomes as they were reported, one object a line; comments as far as they are kept."""
    start(lambda: _list(since))


def _report(since: datetime | None, *, as_json: bool) -> None:
    import orjson

    from service.commands.common import open_store
    from service.config import Settings
    from service.store.report import report

    with open_store(Settings()) as store:
        found = report(store, since)
    if as_json:
        said = {"since": since, "topics": _rows(found.topics), "rules": _rows(found.rules)}
        click.echo(orjson.dumps(said).decode())
        return
    click.echo(_text(found))


def _list(since: datetime | None) -> None:
    import orjson

    from service.commands.common import open_store
    from service.config import Settings
    from service.store.report import outcomes

    with open_store(Settings()) as store:
        for outcome in outcomes(store, since):
            kept = {k: v for k, v in outcome.items() if k not in ("id", "digest", "topic", "rules")}
            rules = outcome["rules"].split() if outcome["rules"] else []
            known = outcome["topic"] is not None
            said: dict[str, Any] = {**kept, "known": known, "topic": outcome["topic"], "rules": rules}
            click.echo(orjson.dumps(said).decode())


def _rows(tallies: dict[str, Tally]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "shown": t.shown,
            "accepted": t.accepted,
            "overridden": t.overridden,
            "overrideRate": t.override_rate,
            "reasons": dict(t.reasons.most_common()),
        }
        for name, t in tallies.items()
    ]


def _text(found: Report) -> str:
    lines: list[str] = []
    for title, tallies in (("by kind of card", found.topics), ("by rule", found.rules)):
        width = max([len(title), *map(len, tallies)])
        lines += [f"{title:<{width}}  {'shown':>7} {'accepted':>9} {'overridden':>11} {'rate':>6}  reasons"]
        lines += [_line(name, tally, width) for name, tally in tallies.items()] or ["  nothing yet"]
        lines += [""]
    lines += ["Cards that were ignored are reported by nobody: the rate is of the outcomes reported."]
    return "\n".join(lines)


def _line(name: str, t: Tally, width: int) -> str:
    rate = "-" if t.override_rate is None else f"{t.override_rate:.0%}"
    reasons = ", ".join(f"{code} {times}" for code, times in t.reasons.most_common())
    return f"{name:<{width}}  {t.shown:>7} {t.accepted:>9} {t.overridden:>11} {rate:>6}  {reasons}".rstrip()
