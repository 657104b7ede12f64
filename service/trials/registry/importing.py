"""Take downloaded study files into the snapshot: for sites without a way to the registry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cds_rules.trials.study import DEMONSTRATION, REGISTRY
from service.store.trials import StoredRecord, TrialStore
from service.trials.registry.files import Found, studies_in
from service.trials.registry.sync import Report
from service.trials.registry.v2 import StudyError, name_of, read_study, updated_on, version_of


@dataclass(frozen=True, slots=True)
class Taken:
    """What files hold. `refused`, `flagged`: identifier or place, and why."""

    records: tuple[StoredRecord, ...]
    refused: tuple[tuple[str, str], ...]
    flagged: tuple[tuple[str, str], ...]


def take(
    paths: Iterable[Path], today: date, as_of: date | None = None, *, demonstration: bool = False
) -> Taken:
    """Every study of the files that can be used, each once.

    The day on which a status was true: `as_of`, else the version of the registry's data that the study
    names, else the day of its last change, which is the least that is known.
    """
    kept: dict[str, StoredRecord] = {}
    refused: list[tuple[str, str]] = []
    flagged: list[tuple[str, str]] = []
    source = DEMONSTRATION if demonstration else REGISTRY
    for found in (found for path in paths for found in studies_in(path)):
        try:
            record, flags = _record(found, today, as_of, source)
        except StudyError as error:
            refused.append((_told(found, error.name), error.reason))
            continue
        flagged.extend((f"{record.nct_id} ({found.place})", flag) for flag in flags)
        twin = kept.get(record.nct_id)
        if twin is not None:
            same = twin.record == record.record
            which = "the same again" if same else "the later one is taken"
            flagged.append((f"{record.nct_id} ({found.place})", f"it is there twice: {which}"))
            if _order(twin) >= _order(record):
                continue
        kept[record.nct_id] = record
    return Taken(tuple(kept.values()), tuple(refused), tuple(flagged))


def import_files(store: TrialStore, taken: Taken, *, replace: bool) -> Report:
    """Make the records part of the snapshot, or with `replace` the whole of it. A newer one held is kept.

    LeaseHeldError if another import or a sync is under way.
    """
    if not taken.records:
        return Report(None, taken.refused, taken.flagged)
    with store.alone():
        return _import(store, taken, replace=replace)


def _import(store: TrialStore, taken: Taken, *, replace: bool) -> Report:
    flagged = list(taken.flagged)
    run = store.begin("import", {}, resume=False)
    if not replace:
        store.carry_over(run.id)
    held = store.checked(run.id)
    newer = []
    for record in taken.records:
        if record.nct_id in held and held[record.nct_id] > record.checked_on:
            flagged.append((record.nct_id, "a record checked later is held already, and kept"))
        else:
            newer.append(record)
    store.add(run.id, newer, {})
    return Report(store.finish(run.id), taken.refused, tuple(flagged))


def _record(
    found: Found, today: date, as_of: date | None, source: str
) -> tuple[StoredRecord, tuple[str, ...]]:
    if found.raw is None:
        raise StudyError(found.problem or "is no study", found.name)
    day = as_of or version_of(found.raw) or updated_on(found.raw)
    study, flags = read_study(found.raw, day or today, source)
    if day is None:
        raise StudyError("says no day on which it was true: give it with --as-of", study.nct_id)
    if day > today:
        raise StudyError("is of a day that is still to come", study.nct_id)
    record = StoredRecord(study.nct_id, day, source, json.dumps(found.raw, ensure_ascii=False))
    return record, flags


def _order(record: StoredRecord) -> tuple[date, str]:
    """Which of two records of one study is the later one."""
    changed = updated_on(json.loads(record.record))
    return record.checked_on, changed.isoformat() if changed else ""


def _told(found: Found, name: str | None) -> str:
    named = name or name_of(found.raw) or found.name
    return f"{named} ({found.place})" if named else found.place
