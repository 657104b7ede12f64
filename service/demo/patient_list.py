"""The patient list of the demonstration: groups, which charts to open first, and the search."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import groupby

from service.demo.patients import DemoPatient

OTHERS = "Others"


@dataclass(frozen=True, slots=True)
class Start:
    """A chart for the first two minutes: what it shows, and what to do there."""

    patient: str
    title: str
    why: str
    try_this: str


@dataclass(frozen=True, slots=True)
class PatientList:
    """Every patient in the order of the groups."""

    patients: tuple[DemoPatient, ...]
    group_of: dict[str, str]
    starts: tuple[Start, ...]

    def groups(self, chosen: Sequence[DemoPatient]) -> tuple[tuple[str, tuple[DemoPatient, ...]], ...]:
        """Some of the patients by group."""
        found = groupby(chosen, lambda patient: self.group_of[patient.id])
        return tuple((title, tuple(members)) for title, members in found)

    def start_of(self, patient_id: str) -> Start | None:
        """What a newcomer is told about this chart, if it is one to begin with."""
        return next((start for start in self.starts if start.patient == patient_id), None)

    def find(self, query: str) -> tuple[DemoPatient, ...]:
        """The patients whose name, title, group, id or story holds every word of the query; all for none."""
        words = query.casefold().split()
        return tuple(p for p in self.patients if all(word in self._said(p) for word in words))

    def _said(self, p: DemoPatient) -> str:
        return " ".join((p.id, p.name, p.title, p.sex, self.group_of[p.id], p.story)).casefold()


def arranged(patients: Sequence[DemoPatient]) -> PatientList:
    """The patients as the list of the package arranges them; those it does not name come last."""
    said = tomllib.loads(
        resources.files("service.demo").joinpath("patients.toml").read_text(encoding="utf-8")
    )
    place: dict[str, tuple[int, int]] = {}
    group_of: dict[str, str] = {}
    for g, group in enumerate(said["group"]):
        for n, patient in enumerate(group["patients"]):
            place[patient], group_of[patient] = (g, n), group["title"]
    last = (len(said["group"]), 0)
    known = {p.id for p in patients}
    starts = tuple(
        Start(s["patient"], s["title"], s["why"], s["try"]) for s in said["start"] if s["patient"] in known
    )
    return PatientList(
        tuple(sorted(patients, key=lambda p: (place.get(p.id, last), p.id))),
        {p.id: group_of.get(p.id, OTHERS) for p in patients},
        starts,
    )
