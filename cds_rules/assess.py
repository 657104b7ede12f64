"""PatientTimeline in, Assessment out: the public face of the clinical model."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment, SchemeFinding
from cds_rules.patient.draw import draw
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.risk import SCHEMES
from cds_rules.risk.case import RiskCase, RiskFacts
from cds_rules.risk.decide import decide
from cds_rules.risk.facts import outside_reasons, risk_facts
from cds_rules.risk.missing import missing_facts
from cds_rules.rule import Finding, Scheme
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.missing import cannot_be_done, ranked
from cds_rules.treatment.order import Order
from cds_rules.treatment.recommend import look, recommendations
from cds_rules.treatment.surveillance import surveillance
from cds_rules.treatment.weigh import Sight
from cds_rules.trials.match import TrialSet


def assess(
    timeline: PatientTimeline,
    on: date,
    orders: tuple[Order, ...] = (),
    trial_set: TrialSet | None = None,
) -> Assessment:
    """Assess one patient as of the day `on`. Never raises for what a record may hold.

    `orders`: those on record that are not yet carried out, for the order checks. `trial_set`: trials with
    the registry's records of them; without it those that the sources name.
    """
    known = timeline.as_of(on)
    picture = draw(known, on)
    applies, because = _applies(picture)
    schemes = _schemes(picture) if applies is not False and picture.relapsed is Answer.YES else ()
    found = Assessment(
        assessed_on=on,
        patient=timeline.person.source,
        applies=applies,
        not_applicable_because=because,
        picture=picture,
        schemes=schemes,
        missing=(),
        outside=tuple(outside_reasons(picture)) if schemes else (),
        problems=picture.problems,
        incomplete=timeline.missing,
        orders=orders,
        trial_set=trial_set,
    )
    if applies is False or not _concerned(picture):
        return found
    chart = Chart(picture, known, {s.id: s for s in schemes}, orders)
    return advised(found, chart, look(chart))


def advised(found: Assessment, chart: Chart, seen: Sight) -> Assessment:
    """With what the sources advise for a chart as it is seen, and everything that is missing for it."""
    advice = recommendations(seen)
    of_schemes = missing_facts(found.picture, found.schemes)
    return replace(
        found,
        recommendations=advice,
        seen=seen,
        chart=chart,
        surveillance=surveillance(chart) if found.picture.car_t.value else (),
        missing=ranked(of_schemes, found.schemes, advice, seen, cannot_be_done(chart, seen)),
    )


def _schemes(picture: RelapsePicture) -> tuple[SchemeFinding, ...]:
    return findings(picture, risk_facts(picture))


def findings(picture: RelapsePicture, facts: RiskFacts) -> tuple[SchemeFinding, ...]:
    """What every scheme says of these facts of a picture, in the order in which they are shown."""
    return tuple(_finding(s, facts, _age_note(s, picture)) for s in SCHEMES if _shown(s, picture))


def _concerned(picture: RelapsePicture) -> bool:
    """Is there a relapse, or what the sources treat like one: no first remission, CAR-T given?"""
    relapsed = picture.relapsed is Answer.YES
    return relapsed or picture.primary_refractory.value is True or picture.car_t.value is True


def _applies(picture: RelapsePicture) -> tuple[bool | None, str | None]:
    if picture.person.deceased:
        return False, "the patient is recorded as deceased"
    if picture.has_all is Answer.NO:
        return False, "no acute lymphoblastic leukemia on record"
    if picture.has_all is Answer.UNKNOWN:
        return None, "acute lymphoblastic leukemia is neither confirmed nor excluded by the record"
    if _concerned(picture):
        return True, None
    known = picture.relapsed is Answer.NO
    return (False, "no relapse on record") if known else (None, picture.relapse_number.because)


def _shown(scheme: Scheme[RiskCase], picture: RelapsePicture) -> bool:
    """The text variant needs the date of first remission; without it nothing is said."""
    return scheme.settles or picture.first_remission.known


@lru_cache(maxsize=65536)
def _finding(scheme: Scheme[RiskCase], facts: RiskFacts, age_note: str | None) -> SchemeFinding:
    """Pure, so kept: equal facts give the very same finding, and cards keep their words by it."""
    finding = decide(scheme, facts)
    deciding = [rule for rule in scheme.rules if rule.id in finding.rules]
    return SchemeFinding(
        id=scheme.id,
        title=scheme.title,
        short=scheme.short,
        finding=finding,
        meaning=_meaning(scheme, finding),
        age_note=age_note,
        citations=tuple(dict.fromkeys(cite for rule in deciding for cite in rule.cites)),
        settles=scheme.settles,
    )


def _meaning(scheme: Scheme[RiskCase], finding: Finding) -> str | None:
    if scheme.meanings is None or finding.group is None:
        return None
    return scheme.meanings[finding.group]


def _age_note(scheme: Scheme[RiskCase], picture: RelapsePicture) -> str | None:
    low, high = scheme.ages
    age = picture.age_at_relapse.value
    if age is None:
        return f"age at relapse unknown; the trials took {low}-{high} years"
    if low <= age <= high:
        return None
    return f"outside the trials' age range ({low}-{high} years; {age} at relapse)"
