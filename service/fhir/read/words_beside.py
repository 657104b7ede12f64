"""What stands in words beside the code of a diagnosis: a problem list is coded once, and renamed later.

"ALL in relapse" over a code that says no relapse opens the number of relapses, and closes nothing. Words
that ask for the disease, or tell of someone else, take its certainty; a lineage that they contradict is
not used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from cds_rules.patient.timeline import (
    CarT,
    Diagnosis,
    DiseaseState,
    Lineage,
    ProblemKind,
    Route,
    Site,
    Transplant,
)
from service.fhir.disease_words import (
    cells_of,
    is_doubted,
    is_mixed,
    lineage_of,
    names_another_disease,
    sites_of,
    tells_later_relapse,
    tells_relapse,
)
from service.fhir.reading import Reading

MAX_LENGTH = 200
"""Longer texts are reports."""
_DOUBTED = (
    "The words beside its code ask for the disease, deny it or tell of someone else: it settles nothing."
)
_LINEAGES = "Its code and its words name different lineages: its lineage is not used."
_DISEASES = "Its code and its words name different diseases: it settles nothing."


@dataclass(frozen=True, slots=True)
class _Heard:
    """What is asked of the words, all at once."""

    doubted: bool
    another: bool
    lineage: Lineage | None
    relapse: bool
    later: bool
    sites: frozenset[Site]


@lru_cache(maxsize=1024)
def _hear(text: str) -> _Heard:
    """Kept, for one problem is billed again and again under one name."""
    return _Heard(
        doubted=is_doubted(text),
        another=names_another_disease(text),
        lineage=Lineage.MIXED if is_mixed(text) else lineage_of(text),
        relapse=tells_relapse(text),
        later=tells_later_relapse(text),
        sites=sites_of(text),
    )


def heard(coded: Diagnosis, text: str, reading: Reading) -> Diagnosis:
    """The coded diagnosis as its words leave it; what they tell beside it goes to the reading as text."""
    if not text or len(text) > MAX_LENGTH:
        return coded
    told = _hear(text)
    if told.doubted:
        reading.problem(ProblemKind.CONFLICT, _DOUBTED, coded.source)
        return replace(coded, certain=False)
    if told.another:
        reading.problem(ProblemKind.CONFLICT, _DISEASES, coded.source)
        return replace(coded, certain=False)
    note_cells(text, coded.source, coded.certain, reading)
    if told.lineage is not None and coded.lineage not in (None, told.lineage):
        reading.problem(ProblemKind.CONFLICT, _LINEAGES, coded.source)
        coded = replace(coded, lineage=None)
    if coded.state is not DiseaseState.RELAPSE and told.relapse:
        relapse = replace(coded, state=DiseaseState.RELAPSE, state_coded=True, lineage=None)
        reading.diagnoses.append(replace(relapse, route=Route.TEXT))
    elif coded.state is DiseaseState.RELAPSE and told.sites - coded.sites:
        coded = replace(coded, named_sites=told.sites - coded.sites)
    return replace(coded, later=True) if told.later else coded


def note_cells(text: str, source: str, certain: bool, reading: Reading) -> None:
    """Transplant and CAR-T that the words of a Condition tell of: once, without a date.

    They count where no coded one with a date is on record, of which they may be the echo.
    """
    told = cells_of(text)
    if told is None or told.planned:
        return
    sure = certain and told.certain
    if told.transplant:
        reading.mentioned.append(Transplant(source, None, route=Route.TEXT, certain=sure))
    if told.car_t:
        reading.mentioned.append(CarT(source, None, route=Route.TEXT, certain=sure))
