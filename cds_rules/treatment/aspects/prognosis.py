"""Aspects of the prognostic factors: age at diagnosis, blasts, first marrow and MRD around the relapse."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, whole_years
from cds_rules.patient.findings import Marker
from cds_rules.patient.interval import Interval
from cds_rules.patient.mrd import reinduction_start
from cds_rules.patient.remission import M1_BELOW_PERCENT, marrows
from cds_rules.patient.series import measured
from cds_rules.patient.sites import SITE_WINDOW_DAYS
from cds_rules.patient.timeline import Measure, MrdResult, Part
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, YesNo, seen_answer, unrecorded
from cds_rules.treatment.aspects.mrd import HIGH_FRACTION, LOW_FRACTION
from cds_rules.treatment.chart import Chart

HIGH_BLASTS_PER_UL = 10_000.0
"""Blasts in the blood above this number at a late marrow relapse are adverse. BFM, in PDQ2014 (002:66)."""


class DiagnosisAge(StrEnum):
    """Completed years at diagnosis, cut where the sources cut (PDQ2014 002:64, 193)."""

    INFANT = "<1 year"
    TO_6 = "1 to 6 years"
    TO_9 = ">6 to 9 years"
    TO_15 = "10 to 15 years"
    OVER_15 = ">15 years"


_FROM = ((16, DiagnosisAge.OVER_15), (10, DiagnosisAge.TO_15), (7, DiagnosisAge.TO_9), (1, DiagnosisAge.TO_6))
_SIXTH = 6


class BlastCount(StrEnum):
    """Blasts in the blood at the relapse."""

    TO_10000 = "<=10,000/uL"
    OVER_10000 = ">10,000/uL"


class FirstMonth(StrEnum):
    """Marrow at the end of the first month of reinduction."""

    M1 = "<5 % blasts (M1)"
    PERSISTENT = ">=5 % blasts (M2, M3)"


class PcrMrd(StrEnum):
    """Marrow MRD by PCR at the end of reinduction; the source has "<" and ">", so 1e-3 itself is in both."""

    LOW = "<1e-3"
    HIGH = ">1e-3"


class RelapseMrd(StrEnum):
    """Marrow MRD at the relapse. The source puts 0.01 % itself on neither side, so it is on both."""

    LOW = "<0.01 %"
    HIGH = ">0.01 %"


class NciRisk(StrEnum):
    """National Cancer Institute risk at first diagnosis."""

    STANDARD = "standard"
    HIGH = "high"


def completed_years(birth: PartialDate, when: PartialDate) -> range:
    """Ages in completed years that the two dates leave possible; `birth` is not after `when`."""
    youngest = whole_years(min(birth.latest, when.earliest), when.earliest)
    return range(max(youngest, 0), whole_years(birth.earliest, when.latest) + 1)


def diagnosis_age(years: int) -> frozenset[StrEnum]:
    """Bands of completed years; in the seventh year of life "older than 6" may be read either way."""
    if years == _SIXTH:
        return frozenset({DiagnosisAge.TO_6, DiagnosisAge.TO_9})
    return frozenset({next((band for first, band in _FROM if years >= first), DiagnosisAge.INFANT)})


def _age_at_diagnosis(chart: Chart) -> Seen:
    person, diagnosed = chart.picture.person, chart.picture.diagnosed
    if person.birth is None or diagnosed.value is None or person.birth.earliest > diagnosed.value.latest:
        why = "no usable date of birth" if diagnosed.known else diagnosed.because
        return Seen(frozenset(DiagnosisAge), diagnosed.evidence, why)
    years = completed_years(person.birth, diagnosed.value)
    possible = frozenset().union(*(diagnosis_age(y) for y in years))
    why = f"{years[0]} to {years[-1]} completed years" if len(years) > 1 else f"{years[0]} completed years"
    return Seen(possible, (person.source, *diagnosed.evidence), why)


def _blast_count(chart: Chart) -> Seen:
    relapsed = chart.picture.relapse_date.value
    if relapsed is None:
        return Seen(frozenset(BlastCount), (), "the date of the relapse is unknown")
    near = [m for m in measured(chart.timeline, Measure.BLOOD_BLAST_COUNT) if _near(m.when, relapsed)]
    sources = tuple(m.source for m in near)
    answers = {m.value.above(HIGH_BLASTS_PER_UL) if m.readable else Answer.UNKNOWN for m in near}
    found = {Answer.YES: BlastCount.OVER_10000, Answer.NO: BlastCount.TO_10000}
    if len(answers) == 1 and (answer := answers.pop()) in found:
        return Seen(frozenset({found[answer]}), sources)
    why = "counts around the relapse leave it open" if near else "no blast count in blood at the relapse"
    return Seen(frozenset(BlastCount), sources, why)


def _near(when: PartialDate | None, relapsed: PartialDate) -> bool:
    window = timedelta(days=SITE_WINDOW_DAYS)
    return (
        when is not None
        and when.earliest >= relapsed.earliest - window
        and when.latest <= relapsed.latest + window
    )


def _first_month(chart: Chart) -> Seen:
    """Marrow in the window of the end of block 1 (project's); several that differ leave it open."""
    window = chart.picture.block1_window
    if window is None:
        return Seen(frozenset(FirstMonth), (), "the date of the relapse is unknown")
    looks = [
        m
        for m in marrows(chart.timeline)
        if m.when is not None and window[0] <= m.when.earliest and m.when.latest <= window[1]
    ]
    sources = tuple(m.source for m in looks)
    answers = {m.value.at_least(M1_BELOW_PERCENT) if m.readable else Answer.UNKNOWN for m in looks}
    if answers == {Answer.YES}:
        return Seen(frozenset({FirstMonth.PERSISTENT}), sources)
    if answers == {Answer.NO}:
        return Seen(frozenset({FirstMonth.M1}), sources)
    why = (
        chart.timeline.missing.get(Part.LABORATORY) or f"no marrow on record from {window[0]} to {window[1]}"
    )
    return Seen(frozenset(FirstMonth), sources, "marrows of that time leave it open" if looks else why)


def below_or_above(fraction: Interval, bound: float) -> tuple[bool, bool]:
    """May it be below, may it be above a bound that the source puts in neither? The bound itself: both."""
    from_low = fraction.low < bound or (fraction.low == bound and not fraction.low_open)
    to_high = fraction.high > bound or (fraction.high == bound and not fraction.high_open)
    return from_low, to_high


def _pcr(chart: Chart) -> Seen:
    """Of the results that tell the end of block 1, those by PCR: the figures are made with it."""
    used = set(chart.picture.end_block1_mrd.evidence)
    results = [r for r in chart.timeline.mrd if r.source in used and r.method == "pcr" and r.route.settles]
    if not results:
        why = "no marrow MRD by PCR at the end of reinduction"
        return Seen(frozenset(PcrMrd), chart.picture.end_block1_mrd.evidence, why)
    return _two_bands(results, HIGH_FRACTION, PcrMrd.LOW, PcrMrd.HIGH)


def _two_bands(results: Iterable[MrdResult], bound: float, low: StrEnum, high: StrEnum) -> Seen:
    found = list(results)
    possible: set[StrEnum] = set()
    for result in found:
        below, above = below_or_above(result.fraction, bound)
        possible |= ({low} if below else set()) | ({high} if above else set())
    why = "it lies on the line, or results or bounds lie on both sides of it" if len(possible) > 1 else None
    return Seen(frozenset(possible), tuple(r.source for r in found), why)


def _relapse_mrd(chart: Chart) -> Seen:
    """Marrow MRD around the relapse, before reinduction; sequencing answers another question (D-6)."""
    relapsed = chart.picture.relapse_date.value
    if relapsed is None:
        return Seen(frozenset(RelapseMrd), (), "the date of the relapse is unknown")
    start = reinduction_start(chart.timeline, relapsed)
    results = [
        r
        for r in chart.timeline.mrd
        if r.marrow
        and r.time_point is None
        and r.method != "ngs"
        and r.route.settles
        and _near(r.when, relapsed)
        and r.when is not None
        and (r.when.latest <= start.latest or start == relapsed)
    ]
    if not results:
        why = chart.timeline.missing.get(Part.LABORATORY) or "no marrow MRD on record at the relapse"
        return Seen(frozenset(RelapseMrd), (), why)
    return _two_bands(results, LOW_FRACTION, RelapseMrd.LOW, RelapseMrd.HIGH)


def _during_treatment(chart: Chart) -> Seen:
    fact = chart.picture.treatment
    answer = Answer.of(None if fact.value is None else fact.value.on_treatment)
    return seen_answer(answer, fact.evidence, fact.because)


def _genetic_finding(chart: Chart) -> Seen:
    """Any lesion of the leukemia found; Down syndrome is none. Silence is no only where all was read."""
    found = [m for m, fact in chart.picture.findings.genetics.items() if fact.value and m is not Marker.DOWN]
    if found:
        sources = (s for m in found for s in chart.picture.findings.genetics[m].evidence)
        return seen_answer(Answer.YES, tuple(dict.fromkeys(sources)), ", ".join(m.value for m in found))
    missing = chart.timeline.missing
    parts = (Part.LABORATORY, Part.REPORTS, Part.CONDITIONS)
    unread = next((missing[p] for p in parts if p in missing), None)
    told = tuple(g.source for g in chart.timeline.genetics if g.present and g.marker is not Marker.DOWN)
    if told or unread is not None:
        return seen_answer(Answer.UNKNOWN, told, unread or "told by text only")
    return seen_answer(Answer.NO, (), "none on record")


DIAGNOSIS_AGE = Aspect(
    "ageAtDiagnosis",
    "age at diagnosis",
    DiagnosisAge,
    _age_at_diagnosis,
    "record the dates of birth and of diagnosis",
)
BLAST_COUNT = Aspect(
    "blastCountAtRelapse",
    "blasts in the blood at the relapse",
    BlastCount,
    _blast_count,
    "blood count with differential of the day of relapse",
)
NCI_RISK = Aspect(
    "nciRisk",
    "NCI risk at diagnosis",
    NciRisk,
    unrecorded(NciRisk, "charts do not hold the NCI risk group in a form that can be read"),
    "ask the team, or look at age and leukocytes of the first diagnosis",
)
FIRST_MONTH = Aspect(
    "marrowEndFirstMonth",
    "marrow at the end of the first month of reinduction",
    FirstMonth,
    _first_month,
    "marrow with blast count at the end of the first month of reinduction",
    (Test.MARROW,),
)
PCR_MRD = Aspect(
    "endReinductionPcr",
    "marrow MRD by PCR at the end of reinduction",
    PcrMrd,
    _pcr,
    "marrow MRD by PCR at the end of reinduction",
    (Test.MRD_END_BLOCK_1,),
)
RELAPSE_MRD = Aspect(
    "marrowMrdAtRelapse",
    "marrow MRD at the relapse",
    RelapseMrd,
    _relapse_mrd,
    "marrow MRD by flow or PCR at the relapse",
    (Test.MARROW_MRD,),
)
DURING_TREATMENT = Aspect(
    "relapseDuringPrimaryTreatment",
    "relapse during primary treatment",
    YesNo,
    _during_treatment,
    "record when primary treatment was completed",
)
GENETIC_FINDING = Aspect(
    "geneticFinding",
    "a genetic lesion on record",
    YesNo,
    _genetic_finding,
    "genetic testing of the relapse",
    (Test.SEQUENCING,),
)
