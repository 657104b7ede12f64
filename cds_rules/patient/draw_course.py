"""The facts of the whole course: remissions, state of the marrow, primary refractory disease, lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from cds_rules.patient import remission_list
from cds_rules.patient.dates import PartialDate
from cds_rules.patient.episode import Course
from cds_rules.patient.fact import Fact
from cds_rules.patient.history import Count, Line, MarrowState, RemissionPeriod
from cds_rules.patient.lines import lines_and_count
from cds_rules.patient.primary_refractory import primary_refractory
from cds_rules.patient.remission import Remission, marrows
from cds_rules.patient.timeline import DataProblem, PatientTimeline, ProblemKind

_DENIED = "A remission is stated, but the marrow of that time has 5 % blasts or more: it is not used."


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """See the fields of the same names in RelapsePicture."""

    lines: tuple[Line, ...]
    prior_regimens: Fact[Count]
    remissions: tuple[RemissionPeriod, ...]
    remission_number: Fact[int]
    marrow_state: Fact[MarrowState]
    in_remission: Fact[bool]
    primary_refractory: Fact[bool]
    problems: tuple[DataProblem, ...]


_UNASKED: Fact[Any] = Fact(because="no acute lymphoblastic leukemia on record")
NO_LEUKEMIA = CourseFacts((), _UNASKED, (), _UNASKED, _UNASKED, _UNASKED, _UNASKED, ())
"""For a chart without ALL: the treatment and marrows in it are of another disease."""


def course_facts(
    timeline: PatientTimeline,
    course: Course,
    diagnosed: PartialDate | None,
    signs: Sequence[Remission],
    relapse_number: Fact[int],
    refractory: Fact[bool],
    on: date,
) -> CourseFacts:
    """From the lists that are already at hand: the relapses (`course`) and signs of remission (`signs`)."""
    denied = remission_list.contradicted(timeline, signs)
    periods = remission_list.remission_periods(course, signs, denied)
    now = remission_list.in_remission(timeline, course, periods, denied, on)
    primary = primary_refractory(timeline, diagnosed, signs, denied)
    failures = _failures(timeline, refractory, primary)
    lines, prior = lines_and_count(timeline, course, on, diagnosed, failures)
    return CourseFacts(
        lines=lines,
        prior_regimens=prior,
        remissions=periods,
        remission_number=remission_list.remission_number(now, relapse_number),
        marrow_state=remission_list.marrow_state(timeline, course, diagnosed),
        in_remission=now,
        primary_refractory=primary,
        problems=tuple(
            DataProblem(ProblemKind.CONFLICT, _DENIED, (sign.source, *against))
            for sign, against in denied.items()
        ),
    )


def _failures(timeline: PatientTimeline, *facts: Fact[bool]) -> list[PartialDate]:
    """When a marrow showed that treatment had failed."""
    shown = {source for fact in facts if fact.value for source in fact.evidence}
    return [m.when for m in marrows(timeline) if m.when is not None and m.source in shown]
