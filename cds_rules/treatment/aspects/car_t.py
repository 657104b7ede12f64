"""Aspects that decide on CAR-T before infusion: labels, plan, what went before, the disease now (MYE2023)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import add_months, whole_years
from cds_rules.patient.findings import Expression
from cds_rules.patient.mrd import END_BLOCK1_FROM_DAY, reinduction_start
from cds_rules.patient.remission import M1_BELOW_PERCENT, marrows
from cds_rules.patient.timeline import Measure, Measurement, Part, Site
from cds_rules.request import Test
from cds_rules.treatment.aspect import Aspect, Seen, When, YesNo, seen_bool, unrecorded
from cds_rules.treatment.aspects.bands import Cut, measured_band, unheard
from cds_rules.treatment.aspects.collection import COLLECTED
from cds_rules.treatment.aspects.course import CAR_T_GIVEN, NUMBER, RelapseNumber, b_lineage, later_relapse
from cds_rules.treatment.aspects.findings import CD19
from cds_rules.treatment.chart import Chart

MARROW_WITHIN_DAYS = 28
"""A marrow older than this does not tell the burden before an infusion. Project's parameter."""
REMNANT_PERCENT, HIGH_BURDEN_PERCENT, CRS_BURDEN_PERCENT = 1.0, 5.0, 40.0
"""Marrow blasts: from 1 % in the French study (004:49), from 5 % in most (004:45-48), above 40 % in the
first trials of tisagenlecleucel (004:45, 179)."""
LOW_CD19_PERCENT = 15.0
"""CD19+ cells in the marrow, normal and leukemic (004:52, 173)."""
SHORT_CR1_MONTHS = 12
"""ZUMA-3 took a first relapse only after a shorter first remission (004:15)."""
INFANT_YEARS = 1
"""Younger than this at diagnosis is an infant. Project's reading."""
RESPONSE_FROM_DAY, RESPONSE_TO_DAY = 21, 56
"""A marrow so many days after blinatumomab began shows the response to it. Project's parameters: a cycle
lasts 28 days (000:72)."""


class FirstRemission(StrEnum):
    """From first remission to first relapse."""

    BEFORE_12 = "<12 months"
    FROM_12 = "12 months or more"


class Burden(StrEnum):
    """Marrow blasts now, the disease burden that the studies cut at."""

    BELOW_1 = "<1 %"
    BELOW_5 = "1 to <5 %"
    TO_40 = "5 to 40 %"
    OVER_40 = ">40 %"


class AntigenLoad(StrEnum):
    """CD19+ cells in the marrow."""

    BELOW_15 = "<15 %"
    FROM_15 = "15 % or more"


class Blinatumomab(StrEnum):
    """Earlier blinatumomab and the response to it."""

    NEVER = "never given"
    RESPONDED = "given, with complete remission"
    FAILED = "given, without remission"


class Remissions(StrEnum):
    """Complete remissions so far."""

    BELOW_2 = "none or one"
    FROM_2 = "two or more"


_EITHER: frozenset[StrEnum] = frozenset(YesNo)
_YES, _NO = frozenset({YesNo.YES}), frozenset({YesNo.NO})


def _refractory(chart: Chart) -> Seen:
    """No remission after reinduction; without a relapse, after the first induction. By the marrow (D-1).

    Whoever relapsed had reached a remission, so an early failure no longer counts. Project's reading.
    """
    p = chart.picture
    if p.relapses:
        return _after_reinduction(chart)
    primary = seen_bool(p.primary_refractory)
    if p.relapse_number.value == 0 or primary.possible == _YES:
        return primary
    return Seen(_EITHER, p.relapse_number.evidence, p.relapse_number.because)


def _after_reinduction(chart: Chart) -> Seen:
    p, relapse = chart.picture, chart.picture.relapse_date.value
    if relapse is None:
        return Seen(_EITHER, p.relapse_date.evidence, p.relapse_date.because)
    if p.refractory.value:
        return Seen(_YES, p.refractory.evidence, p.refractory.because)
    due = reinduction_start(chart.timeline, relapse).latest + timedelta(days=END_BLOCK1_FROM_DAY)
    look = next((m for m in marrows(chart.timeline) if m.when and m.when.earliest >= due), None)
    if look is not None and look.value.at_least(M1_BELOW_PERCENT) is Answer.YES:
        return Seen(_YES, (look.source,), f"marrow of 5 % blasts or more on {look.when}, after reinduction")
    if p.in_remission.value:
        return Seen(_NO, p.in_remission.evidence, p.in_remission.because)
    reason = next((chart.timeline.missing[m] for m in _LOOKS if m in chart.timeline.missing), None)
    if reason is not None:
        return Seen(_EITHER, (), reason)
    return _not_seen(chart.picture.on, due) if look is None else _clear(chart, look)


def _not_seen(on: date, due: date) -> Seen:
    if on < due:
        return Seen(_NO, (), f"reinduction is judged from {due} on")
    return Seen(_EITHER, (), "no marrow after reinduction on record")


_LOOKS = (Part.LABORATORY, Part.DISEASE_FINDINGS)


def _clear(chart: Chart, look: Measurement) -> Seen:
    """A marrow below 5 % tells a remission only where the marrow was ill."""
    if look.value.at_least(M1_BELOW_PERCENT) is Answer.UNKNOWN:
        return Seen(_EITHER, (look.source,), f"the marrow of {look.when} may have 5 % blasts or more")
    if chart.picture.involved.get(Site.MARROW) is Answer.YES:
        return Seen(_NO, (look.source,), f"marrow below 5 % blasts on {look.when}, after reinduction")
    return Seen(_EITHER, (look.source,), "a clear marrow does not tell the response of another site")


def _considered(chart: Chart) -> Seen:
    """Cells collected, or a course for which a product is labelled; else the team's plan is not on record.

    Blasts known to lack CD19 leave it open whatever the course: both products are directed at CD19.
    """
    collected, number, refractory = COLLECTED.read(chart), NUMBER.read(chart), REFRACTORY_LABEL.read(chart)
    for seen, told in ((collected, _YES), (refractory, _YES), (number, {RelapseNumber.LATER})):
        if seen.possible == told:
            return Seen(_YES, seen.evidence, seen.because) if seen is collected else _by_target(chart, seen)
    if number.possible == {RelapseNumber.NONE} and refractory.possible == collected.possible == _NO:
        return Seen(_NO, number.evidence, "neither relapsed nor refractory")
    return Seen(_EITHER, number.evidence, "the record does not hold the plan")


def _by_target(chart: Chart, course: Seen) -> Seen:
    target = CD19.read(chart)
    if target.possible == {Expression.NEGATIVE}:
        return Seen(_EITHER, target.evidence, "the blasts are CD19-negative, and the plan is not on record")
    return Seen(_YES, course.evidence, course.because)


def _first_remission(chart: Chart) -> Seen:
    first = next((r for r in chart.picture.remissions if r.number == 1 and r.until is not None), None)
    every: frozenset[StrEnum] = frozenset(FirstRemission)
    if first is None or first.until is None:
        return Seen(every, (), "no dated first remission that ended in a relapse")
    if not first.stated:
        return Seen(every, first.sources, "a marrow below 5 % need not be the date of first remission")
    if first.until.latest < add_months(first.since.earliest, SHORT_CR1_MONTHS):
        return Seen(frozenset({FirstRemission.BEFORE_12}), first.sources)
    if first.until.earliest >= add_months(first.since.latest, SHORT_CR1_MONTHS):
        return Seen(frozenset({FirstRemission.FROM_12}), first.sources)
    return Seen(every, first.sources, "the dates of first remission and relapse leave it open")


def _infant(chart: Chart) -> Seen:
    birth, diagnosed = chart.picture.person.birth, chart.picture.diagnosed
    if birth is None or diagnosed.value is None or diagnosed.value.latest < birth.earliest:
        return Seen(_EITHER, diagnosed.evidence, diagnosed.because or "no usable birth date")
    ages = (
        whole_years(birth.latest, max(diagnosed.value.earliest, birth.latest)),
        whole_years(birth.earliest, diagnosed.value.latest),
    )
    young = {age < INFANT_YEARS for age in ages}
    evidence = (*diagnosed.evidence, chart.picture.person.source)
    if len(young) > 1:
        return Seen(_EITHER, evidence, "the dates of birth and diagnosis leave it open")
    return Seen(_YES if young.pop() else _NO, evidence)


def _prior_remissions(chart: Chart) -> Seen:
    """Every relapse ended a remission; a remission now is one more."""
    p = chart.picture
    two, fewer = frozenset({Remissions.FROM_2}), frozenset({Remissions.BELOW_2})
    if p.relapses > 1 or (p.remission_number.value or 0) > 1:
        return Seen(two, p.remission_number.evidence or p.relapse_number.evidence)
    if p.relapse_number.value is None or p.in_remission.value is None:
        open_one = p.relapse_number if p.relapse_number.value is None else p.in_remission
        return Seen(frozenset(Remissions), open_one.evidence, open_one.because)
    if p.in_remission.value is False and any(r.number > 1 for r in p.remissions):
        return Seen(
            frozenset(Remissions), p.in_remission.evidence, "a second remission may have been reached"
        )
    return Seen(fewer, p.in_remission.evidence, p.in_remission.because)


def _burden(chart: Chart) -> Seen:
    return measured_band(
        chart,
        Measure.MARROW_BLASTS,
        MARROW_WITHIN_DAYS,
        Burden.BELOW_1,
        (
            Cut(REMNANT_PERCENT, Burden.BELOW_5),
            Cut(HIGH_BURDEN_PERCENT, Burden.TO_40),
            Cut(CRS_BURDEN_PERCENT, Burden.OVER_40, after=True),
        ),
    )


def _antigen_load(chart: Chart) -> Seen:
    cut = Cut(LOW_CD19_PERCENT, AntigenLoad.FROM_15)
    return measured_band(chart, Measure.MARROW_CD19, MARROW_WITHIN_DAYS, AntigenLoad.BELOW_15, (cut,))


def _blinatumomab(chart: Chart) -> Seen:
    uses = chart.picture.findings.uses({"blinatumomab"})
    sources = tuple(dict.fromkeys(u.source for u in (*uses[:1], *uses[-1:])))
    given = [u.when for u in uses if u.given and not u.ordered and u.route.settles]
    if not given:
        return _no_blinatumomab(chart, sources)
    both: frozenset[StrEnum] = frozenset({Blinatumomab.RESPONDED, Blinatumomab.FAILED})
    if None in given:
        return Seen(both, sources, "blinatumomab was given, on an unknown day")
    began = min(when.earliest for when in given if when is not None)
    return _response(chart, began, sources, both)


def _no_blinatumomab(chart: Chart, sources: tuple[str, ...]) -> Seen:
    if sources:
        why = "blinatumomab is ordered or reported, but not recorded as given"
        return Seen(frozenset(Blinatumomab), sources, why)
    reason = unheard(chart)
    if reason is not None:
        return Seen(frozenset(Blinatumomab), (), reason)
    return Seen(frozenset({Blinatumomab.NEVER}), (), "none on record")


def _response(chart: Chart, began: date, sources: tuple[str, ...], both: frozenset[StrEnum]) -> Seen:
    """By the marrow before and after the first cycle: given in remission, there is none to respond."""
    looks = [(m.when.earliest, m) for m in marrows(chart.timeline) if m.when is not None]
    before = [m for day, m in looks if day <= began][-1:]
    first, last = began + timedelta(days=RESPONSE_FROM_DAY), began + timedelta(days=RESPONSE_TO_DAY)
    after = [m for day, m in looks if first <= day <= last]
    evidence = (*sources, *(m.source for m in (*before, *after)))
    high = {m.value.at_least(M1_BELOW_PERCENT) for m in after}
    if high == {Answer.YES}:
        return Seen(frozenset({Blinatumomab.FAILED}), evidence, "marrow of 5 % blasts or more after it")
    ill_before = bool(before) and before[0].value.at_least(M1_BELOW_PERCENT) is Answer.YES
    if high == {Answer.NO} and ill_before:
        return Seen(frozenset({Blinatumomab.RESPONDED}), evidence, "marrow below 5 % blasts after it")
    return Seen(both, evidence, "the marrows before and after blinatumomab do not tell the response")


def _asked(why: str) -> Callable[[Chart], Seen]:
    return unrecorded(YesNo, why)


REFRACTORY_LABEL = Aspect(
    "carT.refractory",
    "refractory: no remission after induction or reinduction",
    YesNo,
    _refractory,
    "marrow with blast count after induction and after reinduction",
    (Test.MARROW,),
)
CONSIDERED = Aspect(
    "carT.considered",
    "CAR-T is being considered",
    YesNo,
    _considered,
    "ask the team whether CAR-T is planned",
)
AVOIDS_TRANSPLANT = Aspect(
    "carT.avoidsTransplant",
    "transplant not wanted, or not possible",
    YesNo,
    _asked("the record does not hold what the family wants, nor fitness for transplant"),
    "ask the family and the transplant team",
    (Test.TRANSPLANT_REFERRAL,),
)
FIRST_REMISSION = Aspect(
    "carT.firstRemission",
    "length of the first remission",
    FirstRemission,
    _first_remission,
    "record the date of the first remission",
)
INFANT = Aspect(
    "carT.infant", "infant at diagnosis (<1 year)", YesNo, _infant, "record the dates of birth and diagnosis"
)
INDUCTION_MRD = Aspect(
    "carT.inductionMrd",
    "MRD positive after the first induction",
    YesNo,
    _asked("the MRD after the first induction is not read from the record"),
    "look up the MRD after the first induction",
)
PRIOR_REMISSIONS = Aspect(
    "carT.priorRemissions",
    "complete remissions so far",
    Remissions,
    _prior_remissions,
    "record each remission with its date",
)
BLINATUMOMAB = Aspect(
    "carT.blinatumomab",
    "blinatumomab before",
    Blinatumomab,
    _blinatumomab,
    "record blinatumomab with its days, and the marrow after it",
)
BURDEN = Aspect(
    "carT.marrowBlasts",
    f"marrow blasts in the last {MARROW_WITHIN_DAYS} days",
    Burden,
    _burden,
    "marrow with blast count",
    (Test.MARROW,),
)
ANTIGEN_LOAD = Aspect(
    "carT.cd19Load",
    f"CD19+ cells in marrow in the last {MARROW_WITHIN_DAYS} days",
    AntigenLoad,
    _antigen_load,
    "CD19+ cells in the marrow by flow cytometry",
    (Test.MARROW,),
)

before_infusion: When = b_lineage & CAR_T_GIVEN.no
"""B lineage, no CAR-T given yet; what follows an infusion is another section."""
considered: When = before_infusion & CONSIDERED.yes
"""The patients of MYE2023: CAR-T is considered for them. Project's reading of whom that is."""
labelled_course: When = REFRACTORY_LABEL.yes | later_relapse
"""Refractory, or second or later relapse: tisagenlecleucel's US label (003:132; 004:15)."""
in_question: When = considered & (COLLECTED.yes | labelled_course)
"""Considered, and told by the record: cells collected, or a labelled course. For notes on CAR-T, which would
else be possible at every first relapse (project's)."""
