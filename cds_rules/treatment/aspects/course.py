"""Aspects of the course: lineage, number, time and site of the relapse, remission, what went before."""

from __future__ import annotations

from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.fact import Fact
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import Lineage, Site
from cds_rules.risk.case import AfterTreatment, FromDiagnosis, Pattern
from cds_rules.treatment.aspect import Aspect, Seen, When, YesNo, seen_answer, seen_bool
from cds_rules.treatment.chart import Chart


class RelapseNumber(StrEnum):
    """Which relapse this is."""

    NONE = "no relapse"
    FIRST = "first relapse"
    LATER = "second or later relapse"


class Since(StrEnum):
    """Time from a transplant to the relapse after it."""

    NOT_AFTER = "not after a transplant"
    BEFORE_6 = "<6 months after transplant"
    TO_12 = "6 to 12 months after transplant"
    AFTER_12 = ">12 months after transplant"


def _lineage(chart: Chart) -> Seen:
    fact = chart.picture.lineage
    return Seen(frozenset(chart.picture.lineages), fact.evidence, fact.because)


def _number(chart: Chart) -> Seen:
    fact = chart.picture.relapse_number
    if fact.value is not None:
        number = (RelapseNumber.NONE, RelapseNumber.FIRST, RelapseNumber.LATER)[min(fact.value, 2)]
        return Seen(frozenset({number}), fact.evidence, fact.because)
    possible = {RelapseNumber.LATER} if chart.picture.relapses > 1 else {*RelapseNumber}
    if chart.picture.relapses == 1:
        possible.discard(RelapseNumber.NONE)
    return Seen(frozenset(possible), fact.evidence, fact.because)


def _pattern(chart: Chart) -> Seen:
    fact = chart.picture.sites
    return Seen(frozenset(chart.risk.pattern), fact.evidence, fact.because)


def _why(*facts: Fact[PartialDate]) -> str | None:
    return "; ".join(dict.fromkeys(f.because for f in facts if f.value is None and f.because)) or None


def _from_diagnosis(chart: Chart) -> Seen:
    p = chart.picture
    possible = frozenset(t.from_diagnosis for t in chart.risk.timing)
    evidence = tuple(dict.fromkeys((*p.diagnosed.evidence, *p.relapse_date.evidence)))
    return Seen(possible, evidence, _why(p.diagnosed, p.relapse_date))


def _after_treatment(chart: Chart) -> Seen:
    p = chart.picture
    possible = frozenset(t.after_treatment for t in chart.risk.timing)
    return Seen(possible, p.treatment.evidence, p.treatment.because)


def _involved(site: Site) -> Aspect:
    def read(chart: Chart) -> Seen:
        p: RelapsePicture = chart.picture
        answer = p.involved.get(site, Answer.UNKNOWN)
        return seen_answer(answer, p.sites.evidence, p.sites.because)

    name = {Site.MARROW: "marrow", Site.CNS: "cns", Site.TESTIS: "testis", Site.OTHER: "otherSite"}[site]
    title = f"{site.value} involved at relapse"
    return Aspect(f"involved.{name}", title, YesNo, read, "record the sites of the relapse")


LINEAGE = Aspect("lineage", "lineage", Lineage, _lineage, "immunophenotyping, or its recorded result")
NUMBER = Aspect("relapseNumber", "relapse", RelapseNumber, _number, "record each relapse with its date")
PATTERN = Aspect("sites", "sites", Pattern, _pattern, "record the sites of the relapse")
FROM_DIAGNOSIS = Aspect(
    "monthsFromDiagnosis",
    "from diagnosis to relapse",
    FromDiagnosis,
    _from_diagnosis,
    "record the dates of diagnosis and relapse",
)
AFTER_TREATMENT = Aspect(
    "endOfPrimaryTreatment",
    "relapse by completion of primary treatment",
    AfterTreatment,
    _after_treatment,
    "record when primary treatment was completed",
)
TRANSPLANT_BEFORE = Aspect(
    "transplantBeforeRelapse",
    "relapse after transplant",
    YesNo,
    lambda chart: seen_bool(chart.picture.earlier_transplant),
    "record transplants with their dates",
)
CAR_T_GIVEN = Aspect(
    "carT",
    "CAR-T infused",
    YesNo,
    lambda chart: seen_bool(chart.picture.car_t),
    "record CAR-T infusions with product and date",
)
REFRACTORY = Aspect(
    "refractory",
    "refractory to reinduction (marrow above 25 % after it)",
    YesNo,
    lambda chart: seen_bool(chart.picture.refractory),
    "marrow with blast count after reinduction",
)
MARROW = _involved(Site.MARROW)
CNS = _involved(Site.CNS)
TESTIS = _involved(Site.TESTIS)
OTHER_SITE = _involved(Site.OTHER)

b_lineage: When = LINEAGE.is_(Lineage.B)
t_lineage: When = LINEAGE.is_(Lineage.T)
first_relapse: When = NUMBER.is_(RelapseNumber.FIRST)
later_relapse: When = NUMBER.is_(RelapseNumber.LATER)
any_relapse: When = NUMBER.is_(RelapseNumber.FIRST, RelapseNumber.LATER)
marrow_relapse: When = PATTERN.is_(Pattern.MARROW, Pattern.COMBINED)
isolated_cns: When = PATTERN.is_(Pattern.CNS)
isolated_testis: When = PATTERN.is_(Pattern.TESTIS)
isolated_extramedullary: When = PATTERN.is_(Pattern.CNS, Pattern.TESTIS, Pattern.OTHER)
early_marrow: When = marrow_relapse & FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_18, FromDiagnosis.BEFORE_36)
"""Early on the COG clock: <36 months from diagnosis for marrow or combined. HR2020 table 1, footnote."""
late_marrow: When = marrow_relapse & FROM_DIAGNOSIS.is_(FromDiagnosis.AT_36, FromDiagnosis.AFTER_36)
"""Late on the COG clock: >=36 months from diagnosis for marrow or combined. HR2020 table 1, footnote."""
before_18_months: When = FROM_DIAGNOSIS.is_(FromDiagnosis.BEFORE_18)
