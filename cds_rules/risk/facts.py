"""From the relapse picture to the values each risk fact may still have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate, add_months, whole_months
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment, RelapsePicture
from cds_rules.patient.timeline import Lineage, Site
from cds_rules.risk.case import (
    END_BLOCK1_MRD_FRACTION,
    LATE_AFTER_TREATMENT_MONTHS,
    LATE_FROM_CR1_MONTHS,
    LATE_MARROW_MONTHS,
    VERY_EARLY_MONTHS,
    AfterTreatment,
    Course,
    FromCr1,
    FromDiagnosis,
    MrdBand,
    Pattern,
    RiskFacts,
    Timing,
)

_ALL_FROM_DIAGNOSIS = tuple(FromDiagnosis)


def risk_facts(picture: RelapsePicture) -> RiskFacts:
    """The possible values of every fact; only an unknown fact has more than one."""
    return RiskFacts(
        course=_course(picture),
        lineage=_lineage(picture),
        pattern=patterns_of(picture),
        timing=_timing(picture),
        mrd=mrd_bands(picture.end_block1_mrd.value),
    )


def patterns_of(picture: RelapsePicture) -> frozenset[Pattern]:
    """The patterns of relapse that the picture leaves possible."""
    return patterns(tuple(picture.involved[s] for s in Site))


def outside_reasons(picture: RelapsePicture) -> list[str]:
    """Why the first-relapse schemes do not speak of this patient, for certain."""
    reasons = []
    number = picture.relapse_number.value
    if number is not None and number > 1:
        reasons.append(f"relapse number {number} on record")
    if picture.earlier_transplant.value:
        reasons.append("relapse after stem cell transplant")
    if picture.car_t.value:
        reasons.append("CAR-T was infused")
    if picture.refractory.value:
        reasons.append("refractory: marrow above 25 % blasts after reinduction")
    if picture.lineage.value is Lineage.MIXED:
        reasons.append("mixed-phenotype leukemia")
    return reasons


def _course(picture: RelapsePicture) -> frozenset[Course]:
    if outside_reasons(picture):
        return frozenset({Course.OTHER})
    facts = (picture.relapse_number, picture.earlier_transplant, picture.car_t, picture.refractory)
    if all(f.known for f in facts) and Lineage.MIXED not in picture.lineages:
        return frozenset({Course.FIRST})
    return frozenset(Course)


def _lineage(picture: RelapsePicture) -> frozenset[Lineage]:
    """B or T; mixed lineage is outside the schemes, which `_course` says."""
    return picture.lineages - {Lineage.MIXED} or frozenset({Lineage.B, Lineage.T})


@lru_cache(maxsize=256)
def patterns(answers: tuple[Answer, ...]) -> frozenset[Pattern]:
    """Patterns that the answers per site (in the order of `Site`) leave possible."""
    choices = [_CHOICES[answer] for answer in answers]
    found = set()
    for marrow, cns, testis, other in product(*choices):
        extra = cns + testis + other
        if marrow:
            found.add(Pattern.COMBINED if extra else Pattern.MARROW)
        elif extra == 1 and cns:
            found.add(Pattern.CNS)
        elif extra == 1 and testis:
            found.add(Pattern.TESTIS)
        elif extra:
            found.add(Pattern.OTHER)
    return frozenset(found or Pattern)


_CHOICES: Mapping[Answer, tuple[bool, ...]] = {
    Answer.YES: (True,),
    Answer.NO: (False,),
    Answer.UNKNOWN: (True, False),
}


@lru_cache(maxsize=1024)
def mrd_bands(fraction: Interval | None) -> frozenset[MrdBand]:
    """Bands a result may fall in: "<0.01 %" is surely below 0.1 %, "<1 %" may be either."""
    if fraction is None:
        return frozenset(MrdBand)
    answer = fraction.at_least(END_BLOCK1_MRD_FRACTION)
    if answer is Answer.UNKNOWN:
        return frozenset(MrdBand)
    return frozenset({MrdBand.FROM if answer is Answer.YES else MrdBand.BELOW})


def _timing(picture: RelapsePicture) -> frozenset[Timing]:
    birth = picture.person.birth
    start = picture.diagnosed.value
    when = picture.relapse_date.value
    if when is None and start is not None:
        when = PartialDate(start.earliest, max(start.earliest, picture.on))
    if when is None:
        return ALL_TIMINGS
    if start is not None and start.earliest > when.latest:
        start = None
    if start is None and birth is not None and birth.earliest <= when.latest:
        start = PartialDate(birth.earliest, when.latest)
    return timings(when, start, picture.treatment.value, picture.first_remission.value)


ALL_TIMINGS = frozenset(Timing(a, b, c) for a, b, c in product(FromDiagnosis, AfterTreatment, FromCr1))


@lru_cache(maxsize=4096)
def timings(
    relapse: PartialDate,
    diagnosed: PartialDate | None,
    treatment: EndOfTreatment | None,
    cr1: PartialDate | None,
) -> frozenset[Timing]:
    """The joint values of the three clocks for every relapse day that is possible.

    The bands change only at a few days, so only those are tried.
    """
    found: set[Timing] = set()
    for day in _turning_days(relapse, diagnosed, treatment, cr1):
        found.update(
            Timing(*clocks)
            for clocks in product(
                _from_diagnosis(diagnosed, day), _after_treatment(treatment, day), _from_cr1(cr1, day)
            )
        )
    return frozenset(found)


def _turning_days(
    relapse: PartialDate,
    diagnosed: PartialDate | None,
    treatment: EndOfTreatment | None,
    cr1: PartialDate | None,
) -> Iterator[date]:
    days = {relapse.earliest, relapse.latest}
    if not relapse.exact:
        completed = treatment.completed if treatment else None
        for base, months in (
            (diagnosed, VERY_EARLY_MONTHS),
            (diagnosed, LATE_MARROW_MONTHS),
            (completed, LATE_AFTER_TREATMENT_MONTHS),
            (cr1, LATE_FROM_CR1_MONTHS),
        ):
            if base is not None:
                days.update(_around(add_months(base.earliest, months)))
                days.update(_around(add_months(base.latest, months)))
        if diagnosed is not None:
            days.update(_around(diagnosed.earliest))
    for day in sorted(days):
        if relapse.earliest <= day <= relapse.latest:
            yield day


def _around(day: date) -> Iterable[date]:
    return (day - timedelta(days=1), day, day + timedelta(days=1))


def _from_diagnosis(diagnosed: PartialDate | None, day: date) -> Iterable[FromDiagnosis]:
    if diagnosed is None:
        return _ALL_FROM_DIAGNOSIS
    if diagnosed.earliest > day:
        return ()
    first = _ALL_FROM_DIAGNOSIS.index(_band(min(diagnosed.latest, day), day))
    last = _ALL_FROM_DIAGNOSIS.index(_band(diagnosed.earliest, day))
    return _ALL_FROM_DIAGNOSIS[first : last + 1]


def _band(start: date, day: date) -> FromDiagnosis:
    months = whole_months(start, day)
    if months < VERY_EARLY_MONTHS:
        return FromDiagnosis.BEFORE_18
    if months < LATE_MARROW_MONTHS:
        return FromDiagnosis.BEFORE_36
    at = day == add_months(start, LATE_MARROW_MONTHS)
    return FromDiagnosis.AT_36 if at else FromDiagnosis.AFTER_36


def _after_treatment(treatment: EndOfTreatment | None, day: date) -> Iterable[AfterTreatment]:
    if treatment is None:
        return tuple(AfterTreatment)
    completed = treatment.completed
    if treatment.on_treatment or completed is None:
        return (AfterTreatment.BEFORE_6,)
    late_first = day >= add_months(completed.earliest, LATE_AFTER_TREATMENT_MONTHS)
    late_last = day >= add_months(completed.latest, LATE_AFTER_TREATMENT_MONTHS)
    if late_first and late_last:
        return (AfterTreatment.FROM_6,)
    return tuple(AfterTreatment) if late_first else (AfterTreatment.BEFORE_6,)


def _from_cr1(cr1: PartialDate | None, day: date) -> Iterable[FromCr1]:
    if cr1 is None:
        return tuple(FromCr1)
    from_first = day >= add_months(cr1.earliest, LATE_FROM_CR1_MONTHS)
    from_last = day >= add_months(cr1.latest, LATE_FROM_CR1_MONTHS)
    if from_first and from_last:
        return (FromCr1.FROM_30,)
    return tuple(FromCr1) if from_first else (FromCr1.BEFORE_30,)
