"""What if: the same assessment with a value supposed for facts that are open. Always hypothetical.

There is no second set of rules here. A supposition takes values away from what the record leaves possible,
and schemes and advice are asked again. So nothing can be supposed that the record excludes, and what is
said under a supposition is never wider than what was said without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from cds_rules.answer import Answer
from cds_rules.assess import advised, findings
from cds_rules.assessment import Assessment
from cds_rules.patient.picture import Fact, RelapsePicture
from cds_rules.patient.timeline import Lineage, Site
from cds_rules.risk.case import Course, FromCr1, Pattern, RiskFacts
from cds_rules.risk.facts import outside_reasons, risk_facts
from cds_rules.treatment.aspect import ASPECTS, Aspect, Seen
from cds_rules.treatment.aspects.mrd import SPANS, MrdBand
from cds_rules.treatment.weigh import Sight

BECAUSE = "supposed, not on record"
"""What a supposed fact says of where it comes from."""

_COURSE, _FIRST_REMISSION = "course", "firstRemission"
_ONLY_SCHEMES = {_COURSE: "course", _FIRST_REMISSION: "first remission"}
"""Facts that only the schemes ask for, by their name in the contract, with what a page calls them."""


class SuppositionError(ValueError):
    """A fact that is not open here, or a value that the record excludes. The message has no chart text."""


@dataclass(frozen=True, slots=True)
class OpenFact:
    """A fact that can be supposed: `values` are those that the record leaves possible, in their order."""

    fact: str
    title: str
    values: tuple[str, ...]
    because: str
    schemes: tuple[str, ...]
    rules: tuple[str, ...]


def open_facts(a: Assessment) -> tuple[OpenFact, ...]:
    """The missing facts of an assessment for which one of several values can be supposed, in their order."""
    found = []
    for m in a.missing:
        values = _values(a, m.fact)
        if len(values) > 1:
            title = _ONLY_SCHEMES.get(m.fact) or ASPECTS[m.fact].title
            texts = tuple(str(v) for v in values)
            found.append(OpenFact(m.fact, title, texts, m.because, m.schemes, m.rules))
    return tuple(found)


def suppose(a: Assessment, values: Mapping[str, str]) -> Assessment:
    """The assessment as it would be with these values (fact to value, both as `open_facts` names them).

    SuppositionError if a fact is not open, or cannot have the value.
    """
    if a.seen is None or a.chart is None:
        raise SuppositionError("nothing can be supposed where nothing was assessed")
    chosen = {fact: _chosen(a, fact, text) for fact, text in values.items()}
    if not chosen:
        return a
    picture = _picture(a.picture, chosen)
    facts = _facts(a.chart.risk, risk_facts(picture), chosen)
    schemes = findings(picture, facts) if a.schemes else ()
    chart = replace(a.chart, picture=picture, schemes={s.id: s for s in schemes}, supposed=facts)
    before = a.seen

    def look(aspect: Aspect) -> Seen:
        value = chosen.get(aspect.id)
        if value is not None:
            return Seen(frozenset({value}), (), BECAUSE)
        seen = aspect.read(chart)
        # Never wider than without the supposition, whatever the reader makes of a changed picture.
        return replace(seen, possible=seen.possible & before[aspect.id].possible or seen.possible)

    outside = tuple(outside_reasons(picture)) if schemes else ()
    return advised(replace(a, picture=picture, schemes=schemes, outside=outside), chart, Sight(look))


def _values(a: Assessment, fact: str) -> tuple[StrEnum, ...]:
    if a.seen is None or a.chart is None:
        return ()
    risk = a.chart.risk
    if fact == _COURSE:
        return tuple(v for v in Course if v in risk.course)
    if fact == _FIRST_REMISSION:
        possible = {t.from_cr1 for t in risk.timing}
        return tuple(v for v in FromCr1 if v in possible)
    aspect = ASPECTS.get(fact)
    return tuple(v for v in aspect.values if v in a.seen[fact].possible) if aspect is not None else ()


def _chosen(a: Assessment, fact: str, text: str) -> StrEnum:
    if fact not in {m.fact for m in a.missing}:
        raise SuppositionError("a fact is supposed that is not open in this assessment")
    value = next((v for v in _values(a, fact) if str(v) == text), None)
    if value is None:
        raise SuppositionError("a value is supposed that the record does not leave possible")
    return value


_SITES: Mapping[Pattern, Mapping[Site, Answer]] = {
    Pattern.MARROW: {s: Answer.of(s is Site.MARROW) for s in Site},
    Pattern.COMBINED: {Site.MARROW: Answer.YES},
    Pattern.CNS: {s: Answer.of(s is Site.CNS) for s in Site},
    Pattern.TESTIS: {s: Answer.of(s is Site.TESTIS) for s in Site},
    Pattern.OTHER: {Site.MARROW: Answer.NO},
}
"""What a pattern tells of the single sites."""


def _picture(p: RelapsePicture, chosen: Mapping[str, StrEnum]) -> RelapsePicture:
    """The picture with the supposed facts that it holds as such."""
    lineage, pattern, mrd = (chosen.get(name) for name in ("lineage", "sites", "endBlock1Mrd"))
    if isinstance(lineage, Lineage):
        p = replace(p, lineage=Fact(lineage, (), BECAUSE), lineages=frozenset({lineage}))
    if isinstance(pattern, Pattern):
        told = _SITES[pattern]
        sites = {s: told.get(s, was) if was is Answer.UNKNOWN else was for s, was in p.involved.items()}
        p = replace(p, involved=sites)
    if isinstance(mrd, MrdBand):
        p = replace(p, end_block1_mrd=Fact(SPANS[mrd], (), BECAUSE))
    return p


def _facts(before: RiskFacts, now: RiskFacts, chosen: Mapping[str, StrEnum]) -> RiskFacts:
    """What is left possible: as the picture now has it, never more than before, and as chosen."""
    timing = now.timing & before.timing
    for place, name in enumerate(("monthsFromDiagnosis", "endOfPrimaryTreatment", _FIRST_REMISSION)):
        wanted = chosen.get(name)
        if wanted is not None:
            timing = frozenset(t for t in timing if t[place] == wanted)
    if not timing:
        raise SuppositionError("these values exclude each other: no day of relapse gives them together")
    course, pattern = chosen.get(_COURSE), chosen.get("sites")
    return RiskFacts(
        course=frozenset({course}) if isinstance(course, Course) else now.course,
        lineage=now.lineage,
        pattern=frozenset({pattern}) if isinstance(pattern, Pattern) else now.pattern,
        timing=timing,
        mrd=now.mrd & before.mrd,
    )
