"""Bring the snapshot up to date from the registry: page by page, to be taken up again where it broke off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

from cds_rules.trials.catalogue import TRIALS
from cds_rules.trials.study import REGISTRY
from service.store.trials import Json, Run, SnapshotInfo, StoredRecord, TrialStore
from service.trials.registry.client import BadPageError, Page, RegistryError
from service.trials.registry.v2 import NCT, PIECES, StudyError, read_study

CONDITION = "acute lymphoblastic leukemia"
TERM = "relapsed OR relapse OR recurrent OR refractory"
NOT_ENDED = (
    *("RECRUITING", "NOT_YET_RECRUITING", "ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING", "SUSPENDED"),
    *("AVAILABLE", "TEMPORARILY_NOT_AVAILABLE"),
)
"""Statuses asked for by condition; trials of the catalogue are asked for whatever theirs is."""
PAGE_SIZE = 100
"""Studies a page; the registry gives 1000 at most. A page is what is lost when a run breaks off."""
_IDS_PER_QUERY = 100

Tell = Callable[[str], None]


class Pages(Protocol):
    """What gives pages: the registry's client."""

    def page(self, query: Mapping[str, str], token: str | None) -> Page:
        """One page of a query."""


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run. `refused` and `flagged`: identifier or place, and why."""

    snapshot: SnapshotInfo | None
    refused: tuple[tuple[str, str], ...] = ()
    flagged: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    """Trials of the catalogue that the registry did not give."""


@dataclass(slots=True)
class _Notes:
    refused: list[tuple[str, str]] = field(default_factory=list)
    flagged: list[tuple[str, str]] = field(default_factory=list)


def queries(condition: str | None = CONDITION, term: str = TERM) -> tuple[Mapping[str, str], ...]:
    """What to ask for: the trials of the catalogue by identifier, and others that go on by condition."""
    common = {"format": "json", "fields": "|".join(PIECES), "pageSize": str(PAGE_SIZE)}
    names = sorted(name for name in TRIALS if NCT.fullmatch(name))
    groups = [names[at : at + _IDS_PER_QUERY] for at in range(0, len(names), _IDS_PER_QUERY)]
    asked: list[Mapping[str, str]] = [{**common, "filter.ids": "|".join(group)} for group in groups]
    if condition:
        search = {"query.cond": condition, "query.term": term, "filter.overallStatus": "|".join(NOT_ENDED)}
        asked.append({**common, **search})
    return tuple(asked)


def sync(
    pages: Pages,
    store: TrialStore,
    base: str,
    asked: tuple[Mapping[str, str], ...],
    *,
    tell: Tell,
    resume: bool = True,
    today: Callable[[], date] = lambda: datetime.now(UTC).date(),
) -> Report:
    """Fetch everything asked for, then make it the snapshot.

    RegistryError or StoreDown if it breaks off: the snapshot before it stays, and what was fetched is
    there for the next run of the same plan. LeaseHeldError if another sync or import is under way.
    """
    with store.alone():
        return _sync(pages, store, base, asked, tell=tell, resume=resume, today=today)


def _sync(
    pages: Pages,
    store: TrialStore,
    base: str,
    asked: tuple[Mapping[str, str], ...],
    *,
    tell: Tell,
    resume: bool,
    today: Callable[[], date],
) -> Report:
    run = store.begin("sync", {"base": base, "queries": [dict(query) for query in asked]}, resume=resume)
    if run.position:
        tell("taking up a run that broke off")
    notes = _Notes()
    for number, token in _from(run.position, len(asked)):
        _query(number, token, asked, _Under(run, pages, store, tell, today, notes))
    found = store.checked(run.id)
    absent = tuple(name for name in sorted(TRIALS) if NCT.fullmatch(name) and name not in found)
    snapshot = store.finish(run.id)
    if snapshot is None:
        raise RegistryError("the registry gave no study that can be used; the snapshot before it stays")
    return Report(snapshot, tuple(notes.refused), tuple(notes.flagged), absent)


def _from(position: Json, count: int) -> Iterator[tuple[int, str | None]]:
    """Number of each query that is left, and the token of the page it goes on with."""
    first = int(position.get("query", 0))
    for number in range(first, count):
        yield number, position.get("token") if number == first else None


@dataclass(frozen=True, slots=True)
class _Under:
    """A run under way."""

    run: Run
    pages: Pages
    store: TrialStore
    tell: Tell
    today: Callable[[], date]
    notes: _Notes


def _query(number: int, token: str | None, asked: tuple[Mapping[str, str], ...], under: _Under) -> None:
    total: int | None = None
    taken = 0
    seen: set[str | None] = set()
    while True:
        page, again = _page(asked[number], token, under)
        if again:
            total, taken, seen = None, 0, set()
        total = page.total if page.total is not None else total
        taken += len(page.studies)
        done = page.next_token is None
        position = {"query": number + 1} if done else {"query": number, "token": page.next_token}
        under.store.add(under.run.id, _records(page.studies, under), position)
        of = f" of {total}" if total is not None else ""
        under.tell(f"query {number + 1} of {len(asked)}: {taken} studies{of}")
        if done:
            return
        token = page.next_token
        if token in seen:
            raise RegistryError("the registry gives the same page again and again")
        seen.add(token)


def _page(query: Mapping[str, str], token: str | None, under: _Under) -> tuple[Page, bool]:
    """The page, and whether the query had to begin anew: the registry may have forgotten a token."""
    try:
        return under.pages.page(query, token), False
    except BadPageError:
        if token is None:
            raise
        under.tell("the registry no longer knows where it was: this query begins anew")
        return under.pages.page(query, None), True


def _records(studies: Iterable[Any], under: _Under) -> list[StoredRecord]:
    day = under.today()
    kept: dict[str, StoredRecord] = {}
    for raw in studies:
        try:
            study, flags = read_study(raw, day)
        except StudyError as error:
            under.notes.refused.append((error.name or "a study without identifier", error.reason))
            continue
        under.notes.flagged.extend((study.nct_id, flag) for flag in flags)
        kept[study.nct_id] = StoredRecord(study.nct_id, day, REGISTRY, json.dumps(raw, ensure_ascii=False))
    return list(kept.values())
