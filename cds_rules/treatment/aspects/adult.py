"""Aspects that UTD2022 asks of adults: earlier inhibitors and antibodies, two years off treatment, choice."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import add_months
from cds_rules.patient.drug_class import ANTI_CD19, ANTI_CD22, SECOND_GENERATION_TKI, TKI
from cds_rules.patient.events import EventKind
from cds_rules.patient.series import events_of
from cds_rules.treatment.aspect import Aspect, Seen, YesNo
from cds_rules.treatment.aspects.bands import NEVER, since_last_use
from cds_rules.treatment.chart import Chart

LATE_MONTHS = 24
"""Relapse more than two years after treatment was completed. UTD2022 (003:94)."""
_LATER_TKI = TKI - SECOND_GENERATION_TKI - {"imatinib"}
"""Ponatinib; and asciminib, which is in no source (project's)."""


class TkiBefore(StrEnum):
    """The latest generation of BCR::ABL1 inhibitors given so far. Generations: UTD2022 (003:180)."""

    NONE = "none on record"
    IMATINIB = "imatinib only"
    SECOND = "second generation"
    LATER = "ponatinib or asciminib"


class OffTreatment(StrEnum):
    """From the completion of initial treatment to the relapse; exactly two years are not more than two."""

    TO_2_YEARS = "on treatment, or 2 years or less after it"
    OVER_2_YEARS = ">2 years after treatment"


def _given(chart: Chart, drugs: Collection[str]) -> tuple[Answer, tuple[str, ...], str | None]:
    """Was one of these drugs ever given?"""
    ago = since_last_use(chart, drugs)
    if ago.most < NEVER:
        return Answer.YES, ago.evidence, ago.because
    return Answer.NO if ago.least == NEVER else Answer.UNKNOWN, ago.evidence, ago.because


_LEVELS = (
    (TkiBefore.LATER, _LATER_TKI),
    (TkiBefore.SECOND, SECOND_GENERATION_TKI),
    (TkiBefore.IMATINIB, frozenset({"imatinib"})),
)


def _tki(chart: Chart) -> Seen:
    possible: set[StrEnum] = set()
    evidence: list[str] = []
    reasons: list[str] = []
    for level, drugs in _LEVELS:
        answer, sources, why = _given(chart, drugs)
        evidence += sources
        if answer is not Answer.NO:
            possible.add(level)
            reasons += [why] if why else []
        if answer is Answer.YES:
            return Seen(frozenset(possible), tuple(evidence), "; ".join(dict.fromkeys(reasons)))
    possible.add(TkiBefore.NONE)
    return Seen(frozenset(possible), tuple(evidence), "; ".join(dict.fromkeys(reasons)) or "none on record")


def _antigen_directed(chart: Chart) -> Seen:
    """Blinatumomab, inotuzumab or CAR-T at any time."""
    answer, sources, why = _given(chart, ANTI_CD19 | ANTI_CD22)
    cells = chart.picture.car_t
    if answer is Answer.YES:
        return Seen(frozenset({YesNo.YES}), sources, why)
    if cells.value:
        return Seen(frozenset({YesNo.YES}), cells.evidence, cells.because)
    if answer is Answer.NO and cells.value is False:
        return Seen(frozenset({YesNo.NO}), (), "none on record")
    open_one = why if answer is Answer.UNKNOWN else cells.because
    return Seen(frozenset(YesNo), (*sources, *cells.evidence), open_one or "the record leaves it open")


def _off_treatment(chart: Chart) -> Seen:
    p = chart.picture
    every: frozenset[StrEnum] = frozenset(OffTreatment)
    ended, relapse = p.treatment.value, p.relapse_date.value
    if p.relapses != 1 or relapse is None:
        return Seen(every, p.relapse_date.evidence, "asked of a dated first relapse only")
    evidence = tuple(dict.fromkeys((*p.treatment.evidence, *p.relapse_date.evidence)))
    if ended is None:
        return Seen(every, evidence, p.treatment.because)
    if ended.on_treatment:
        return Seen(frozenset({OffTreatment.TO_2_YEARS}), evidence, "relapse on treatment")
    if ended.completed is None:
        return Seen(every, evidence, "treatment was completed on an unknown day")
    longest = relapse.latest > add_months(ended.completed.earliest, LATE_MONTHS)
    shortest = relapse.earliest > add_months(ended.completed.latest, LATE_MONTHS)
    found = {OffTreatment.OVER_2_YEARS if late else OffTreatment.TO_2_YEARS for late in (longest, shortest)}
    return Seen(frozenset(found), evidence, f"completed {ended.completed}, relapse {relapse}")


def _cure_declined(chart: Chart) -> Seen:
    """Palliative care goes with curative treatment too: it does not tell what was chosen."""
    events = events_of(chart.timeline, EventKind.PALLIATIVE_CARE)
    why = "palliative care is on record, which need not mean that cure is not sought"
    sources = tuple(e.source for e in events)
    return Seen(frozenset(YesNo), sources, why if events else "the record does not hold what was chosen")


TKI_BEFORE = Aspect(
    "tkiBefore",
    "BCR::ABL1 inhibitors so far",
    TkiBefore,
    _tki,
    "record each BCR::ABL1 inhibitor with its days",
)
ANTIGEN_DIRECTED = Aspect(
    "antigenDirectedBefore",
    "blinatumomab, inotuzumab or CAR-T given so far",
    YesNo,
    _antigen_directed,
    "record blinatumomab, inotuzumab and CAR-T with their days",
)
OFF_TREATMENT = Aspect(
    "yearsOffTreatment",
    "from the end of initial treatment to the relapse",
    OffTreatment,
    _off_treatment,
    "record when primary treatment was completed",
)
CURE_DECLINED = Aspect(
    "reinductionNotChosen",
    "remission induction is not chosen, or frailty stands against it",
    YesNo,
    _cure_declined,
    "ask the patient and the team",
)
