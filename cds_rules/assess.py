"""PatientTimeline in, Assessment out: the public face of the clinical model."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.assessment import Assessment, MissingFact, SchemeFinding
from cds_rules.citation import Cite
from cds_rules.patient.draw import draw
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import PatientTimeline
from cds_rules.risk import SCHEMES
from cds_rules.risk.case import RiskCase, RiskFacts
from cds_rules.risk.decide import decide
from cds_rules.risk.facts import outside_reasons, risk_facts
from cds_rules.risk.missing import missing_facts
from cds_rules.rule import Finding, Scheme


def assess(timeline: PatientTimeline, on: date) -> Assessment:
    """Assess one patient as of the day `on`. Never raises for what a record may hold."""
    picture = draw(timeline, on)
    applies, because = _applies(picture)
    schemes: tuple[SchemeFinding, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    if applies is not False and picture.relapsed is Answer.YES:
        facts = risk_facts(picture)
        schemes = tuple(_finding(scheme, facts, picture) for scheme in SCHEMES if _shown(scheme, picture))
        missing = missing_facts(picture, schemes)
    return Assessment(
        assessed_on=on,
        patient=timeline.person.source,
        applies=applies,
        not_applicable_because=because,
        picture=picture,
        schemes=schemes,
        missing=missing,
        outside=tuple(outside_reasons(picture)) if schemes else (),
        problems=picture.problems,
        incomplete=timeline.missing,
    )


def _applies(picture: RelapsePicture) -> tuple[bool | None, str | None]:
    if picture.person.deceased:
        return False, "the patient is recorded as deceased"
    if picture.has_all is Answer.NO:
        return False, "no acute lymphoblastic leukemia on record"
    if picture.has_all is Answer.UNKNOWN:
        return None, "acute lymphoblastic leukemia is neither confirmed nor excluded by the record"
    if picture.relapsed is Answer.NO:
        return False, "no relapse on record"
    if picture.relapsed is Answer.UNKNOWN:
        return None, picture.relapse_number.because
    return True, None


def _shown(scheme: Scheme[RiskCase], picture: RelapsePicture) -> bool:
    """The text variant needs the date of first remission; without it nothing is said."""
    return scheme.settles or picture.first_remission.known


def _finding(scheme: Scheme[RiskCase], facts: RiskFacts, picture: RelapsePicture) -> SchemeFinding:
    finding = decide(scheme, facts)
    return SchemeFinding(
        id=scheme.id,
        title=scheme.title,
        short=scheme.short,
        finding=finding,
        meaning=_meaning(scheme, finding),
        age_note=_age_note(scheme, picture),
        citations=_citations(scheme, finding.rules),
        settles=scheme.settles,
    )


@lru_cache(maxsize=4096)
def _citations(scheme: Scheme[RiskCase], rules: tuple[str, ...]) -> tuple[Cite, ...]:
    deciding = [rule for rule in scheme.rules if rule.id in rules]
    return tuple(dict.fromkeys(cite for rule in deciding for cite in rule.cites))


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
