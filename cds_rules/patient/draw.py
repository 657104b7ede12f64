"""Draw the relapse picture from the timeline: every fact with its evidence, or why it is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from cds_rules.answer import Answer
from cds_rules.patient import before
from cds_rules.patient import sites as site_facts
from cds_rules.patient import treatment as treatment_facts
from cds_rules.patient.dates import PartialDate, whole_years
from cds_rules.patient.draw_course import NO_LEUKEMIA, course_facts
from cds_rules.patient.draw_findings import findings_of
from cds_rules.patient.episode import SOONEST_RELAPSE_DAYS, Course, Episode, course_of, too_soon
from cds_rules.patient.mrd import block1_window, end_block1_mrd
from cds_rules.patient.picture import EndOfTreatment, Fact, RelapsePicture
from cds_rules.patient.remission import Remission, first_remission, remissions
from cds_rules.patient.text_marks import marked
from cds_rules.patient.timeline import (
    DataProblem,
    Diagnosis,
    DiseaseState,
    Lineage,
    Part,
    PatientTimeline,
    ProblemKind,
)


def draw(timeline: PatientTimeline, on: date) -> RelapsePicture:
    """The picture on the day `on`, from what the record says up to and including that day."""
    known = timeline.as_of(on)
    diagnosed = diagnosis_date(known)
    signs = remissions(known, diagnosed.value)
    course = course_of(known, diagnosed.value, signs)
    first = course.episodes[0] if course.episodes else None
    relapse = course.episodes[-1] if course.episodes else None
    when = _relapse_date(known, relapse, diagnosed.value)
    involved, sites, site_problems = site_facts.of(known, relapse)
    lineage, lineages, lineage_problems = _lineage(known)
    number, refractory = _relapse_number(known, course), before.refractory(known, when)
    has_all, told = _has_all(known), NO_LEUKEMIA
    if has_all is not Answer.NO:
        told = course_facts(known, course, diagnosed.value, signs, number, refractory, on)
    picture = RelapsePicture(
        on=on,
        person=known.person,
        has_all=has_all,
        lineage=lineage,
        lineages=lineages,
        diagnosed=diagnosed,
        relapse_number=number,
        relapse_date=when,
        involved=involved,
        sites=sites,
        treatment=_treatment(known, course, when.value, diagnosed.value),
        first_remission=_first_remission(signs, first),
        end_block1_mrd=end_block1_mrd(known, when.value, on),
        earlier_transplant=before.transplant_before(known, relapse, when.value),
        car_t=before.car_t_ever(known),
        refractory=refractory,
        block1_window=block1_window(known, when.value),
        age_at_relapse=_age(known, when.value),
        findings=findings_of(known),
        relapses=len(course.episodes),
        suspicion=_suspicion(course),
        lines=told.lines,
        prior_regimens=told.prior_regimens,
        remissions=told.remissions,
        remission_number=told.remission_number,
        marrow_state=told.marrow_state,
        in_remission=told.in_remission,
        primary_refractory=told.primary_refractory,
        problems=(
            *known.problems,
            *lineage_problems,
            *site_problems,
            *told.problems,
            *_date_problems(known, diagnosed),
        ),
    )
    return marked(picture, known)


def _certain(timeline: PatientTimeline) -> list[Diagnosis]:
    return [d for d in timeline.diagnoses if d.certain and d.route.settles]


def _has_all(timeline: PatientTimeline) -> Answer:
    if _certain(timeline):
        return Answer.YES
    if timeline.diagnoses or Part.CONDITIONS in timeline.missing:
        return Answer.UNKNOWN
    return Answer.NO


def diagnosis_date(timeline: PatientTimeline) -> Fact[PartialDate]:
    """First onset of ALL. A condition that says "relapse" or "remission" does not tell it by its code."""
    told = [
        d
        for d in _certain(timeline)
        if d.when is not None and not (d.state_coded and d.state is not DiseaseState.UNSTATED)
    ]
    early = _before_birth(timeline, told)
    told = [d for d in told if d not in early]
    if told:
        return _first_onset(told)
    if early:
        sources = (timeline.person.source, *(d.source for d in early))
        return Fact(evidence=sources, because="the diagnosis is dated before birth")
    if Part.CONDITIONS in timeline.missing:
        return Fact(because=timeline.missing[Part.CONDITIONS])
    sources = tuple(d.source for d in _certain(timeline))
    return Fact(evidence=sources, because="no condition tells the date of the first diagnosis of ALL")


def _first_onset(told: list[Diagnosis]) -> Fact[PartialDate]:
    """The earliest onset; a coarser date ("2022") is narrowed by a finer one that lies within it."""
    dated = sorted(((d.when, d.source) for d in told if d.when is not None), key=lambda p: p[0].earliest)
    when, source = dated[0]
    sources = [source]
    for other, its_source in dated[1:]:
        if other.earliest <= when.latest and other != when:
            when = PartialDate(max(when.earliest, other.earliest), min(when.latest, other.latest))
            sources.append(its_source)
    return Fact(when, tuple(sources))


def _lineage(
    timeline: PatientTimeline,
) -> tuple[Fact[Lineage], frozenset[Lineage], tuple[DataProblem, ...]]:
    told = [d for d in _certain(timeline) if d.lineage is not None]
    values = frozenset(d.lineage for d in told if d.lineage is not None)
    sources = tuple(dict.fromkeys(d.source for d in told))
    if len(values) == 1:
        return Fact(next(iter(values)), sources), values, ()
    if not values:
        why = "no condition says B or T lineage"
        return Fact(because=why), frozenset({Lineage.B, Lineage.T}), ()
    text = "More than one lineage is coded: lineage stays open."
    problem = DataProblem(ProblemKind.CONFLICT, text, sources)
    return Fact(because="the record codes more than one lineage", evidence=sources), values, (problem,)


def _relapse_number(timeline: PatientTimeline, course: Course) -> Fact[int]:
    """Relapses on record. Unknown when an unread part, a doubt or a suspicion could hold another one."""
    found = len(course.episodes)
    evidence = tuple(s for e in course.episodes for s in e.sources)
    reason = timeline.missing.get(Part.CONDITIONS)
    if found == 0 and reason is None:
        looks = (Part.LABORATORY, Part.DISEASE_FINDINGS)
        reason = next((timeline.missing[part] for part in looks if part in timeline.missing), None)
    if reason is not None and found <= 1:
        return Fact(evidence=evidence, because=reason)
    if course.suspected:
        suspects = tuple(m.source for m in course.suspected)
        return Fact(evidence=(*evidence, *suspects), because=_suspicion(course))
    if course.doubt is not None:
        return Fact(evidence=tuple(dict.fromkeys((*evidence, *course.doubtful))), because=course.doubt)
    return Fact(found, evidence)


def _suspicion(course: Course) -> str | None:
    if not course.suspected:
        return None
    last = course.suspected[-1]
    return (
        f"marrow blasts of 5-25 % on {last.when} after a remission, with no relapse recorded: "
        "suspected marrow relapse, open until recorded or repeated (D-3)"
    )


def _relapse_date(
    timeline: PatientTimeline, relapse: Episode | None, diagnosed: PartialDate | None
) -> Fact[PartialDate]:
    if relapse is None:
        return Fact(because="no relapse is recorded")
    if relapse.when is not None:
        note = "from marrow blasts, no coded relapse" if relapse.from_blasts else None
        return Fact(relapse.when, relapse.sources, note)
    why = "the date of the relapse is not recorded"
    onset = [d for d in timeline.diagnoses if d.source in relapse.sources and d.when is not None]
    if onset and diagnosed is None:
        why = (
            f"the only dated condition ({onset[0].when}) says 'in relapse': "
            "its onset may be the diagnosis or the relapse"
        )
    return Fact(evidence=relapse.sources, because=why)


def _first_remission(signs: list[Remission], first: Episode | None) -> Fact[PartialDate]:
    if first is not None and first.when is None:
        return Fact(because="the date of the relapse is unknown")
    return first_remission(signs, first.when if first else None)


def _treatment(
    timeline: PatientTimeline, course: Course, when: PartialDate | None, diagnosed: PartialDate | None
) -> Fact[EndOfTreatment]:
    if len(course.episodes) > 1:
        return Fact(because="asked of a first relapse only")
    return treatment_facts.end_of_primary_treatment(timeline, when, diagnosed)


def _age(timeline: PatientTimeline, when: PartialDate | None) -> Fact[int]:
    person = timeline.person
    if person.birth is None:
        return Fact(because="no birth date could be read")
    if when is None:
        return Fact(because="the date of the relapse is unknown")
    youngest = whole_years(person.birth.latest, when.earliest)
    oldest = whole_years(person.birth.earliest, when.latest)
    if oldest < 0:
        return Fact(because="the birth date lies after the relapse", evidence=(person.source,))
    if youngest != oldest:
        return Fact(
            because=f"between {youngest} and {oldest} years by the dates given", evidence=(person.source,)
        )
    return Fact(youngest, (person.source,))


def _before_birth(timeline: PatientTimeline, told: Iterable[Diagnosis]) -> list[Diagnosis]:
    birth = timeline.person.birth
    if birth is None:
        return []
    return [d for d in told if d.when is not None and d.when.latest < birth.earliest]


_TOO_SOON = "A relapse is dated within {days} days of the diagnosis, too soon for a remission: not used."


def _date_problems(timeline: PatientTimeline, diagnosed: Fact[PartialDate]) -> Iterator[DataProblem]:
    conflict = ProblemKind.CONFLICT
    early = [d.source for d in _before_birth(timeline, timeline.diagnoses)]
    if early:
        sources = (timeline.person.source, *early)
        yield DataProblem(conflict, "The diagnosis is dated before birth: its date is not used.", sources)
    first = diagnosed.value
    relapses = [d for d in timeline.diagnoses if d.state is DiseaseState.RELAPSE and d.state_coded]
    if first is None:
        return
    before = [d.source for d in relapses if d.when and d.when.latest < first.earliest]
    if before:
        text = "A relapse is dated before the diagnosis: its date is not used."
        yield DataProblem(conflict, text, (*before, *diagnosed.evidence))
    soon = [d.source for d in relapses if too_soon(d, first)]
    if soon:
        text = _TOO_SOON.format(days=SOONEST_RELAPSE_DAYS)
        yield DataProblem(conflict, text, (*soon, *diagnosed.evidence))
