"""Small charts for the tests of the picture: statements with everything but the point left out."""

from datetime import date
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.draw import draw
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import Fact, RelapsePicture
from cds_rules.patient.timeline import (
    DataProblem,
    Diagnosis,
    DiseaseState,
    Lineage,
    Measure,
    Measurement,
    PatientTimeline,
    Person,
    ProblemKind,
    Site,
    StatusReport,
)

ON = date(2026, 1, 1)
PERSON = Person("Patient/p", PartialDate.parse("2015-04-01"))


def day(text: str | None) -> PartialDate | None:
    return PartialDate.parse(text) if text else None


def diagnosis(when: str | None = "2022-01-15", source: str = "dx", **more: Any) -> Diagnosis:
    return Diagnosis(f"Condition/{source}", day(when), **{"lineage": Lineage.B, **more})


def relapse(when: str | None = "2025-06-15", source: str = "rel", **more: Any) -> Diagnosis:
    told = {"state": DiseaseState.RELAPSE, "state_coded": True, **more}
    return Diagnosis(f"Condition/{source}", day(when), **told)


def remission(when: str | None, source: str = "rem") -> Diagnosis:
    return Diagnosis(f"Condition/{source}", day(when), state=DiseaseState.REMISSION, state_coded=True)


def marrow(blasts: float | Interval, when: str | None, **more: Any) -> Measurement:
    value = blasts if isinstance(blasts, Interval) else Interval.exactly(blasts)
    return Measurement(f"Observation/m-{when}", day(when), Measure.MARROW_BLASTS, value, **more)


def csf(measure: Measure, value: float | Interval, when: str | None = "2025-06-15") -> Measurement:
    interval = value if isinstance(value, Interval) else Interval.exactly(value)
    return Measurement(f"Observation/{measure.name}-{when}", day(when), measure, interval)


def picture(*statements: Any, on: date = ON, person: Person = PERSON, **more: Any) -> RelapsePicture:
    """The picture drawn from these statements, in the order given."""
    timeline = PatientTimeline(
        person,
        diagnoses=tuple(s for s in statements if isinstance(s, Diagnosis)),
        measurements=tuple(s for s in statements if isinstance(s, Measurement)),
        reports=tuple(s for s in statements if isinstance(s, StatusReport)),
        **more,
    )
    return draw(timeline, on)


def marrow_relapse(
    relapsed: str | None = "2025-06-15",
    diagnosed: str | None = "2022-01-15",
    in_transplant: bool = False,
    **record: Any,
) -> PatientTimeline:
    """A coded marrow relapse of B-ALL, and what else is in the record."""
    second = relapse(relapsed, sites=frozenset({Site.MARROW}), in_transplant=in_transplant)
    return PatientTimeline(Person("Patient/p"), diagnoses=(diagnosis(diagnosed), second), **record)


def is_open(fact: Fact[Any]) -> bool:
    """Unknown, and it says why."""
    assert fact.value is not None or fact.because
    return fact.value is None


def concerned(problems: tuple[DataProblem, ...], kind: ProblemKind) -> list[tuple[str, ...]]:
    """The resources of each problem of a kind."""
    return [p.resources for p in problems if p.kind is kind]
