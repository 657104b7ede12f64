"""The demonstration's patient list: the charts of the FHIR store, each with its story."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from service.demo.store import FhirStore, Resource, values_at

_CHART_DAY = re.compile(r"Chart as of (\d{4}-\d{2}-\d{2})\b")
_SOURCE = re.compile(r"^Source: ([A-Z]+[0-9]{4})\b", re.MULTILINE)


@dataclass(frozen=True)
class DemoPatient:
    """One row of the patient list, and what the page tells about the patient."""

    id: str
    name: str
    sex: str
    born: str
    """As the chart writes it; empty if it does not."""
    age: int | None
    """Years on the last day of the chart, or at death."""
    died: str
    title: str
    story: str = field(repr=False)
    """Markdown."""
    background: str = field(repr=False)
    """Markdown: the rest of story.md, from the key facts on."""
    chart_day: date | None = None
    published: bool = False
    """Is this one of the cases of a published discussion, and named after it?"""


def load_patients(folder: Path, store: FhirStore) -> tuple[DemoPatient, ...]:
    """Every patient of the store, the published cases first; `folder` holds `<id>/story.md`, or does not."""
    found = [_patient(resource, folder) for resource in store.of_type("Patient")]
    return tuple(sorted(found, key=lambda p: (not p.published, p.id)))


def resources_of(store: FhirStore, patient_id: str) -> Iterator[Resource]:
    """The whole chart of one patient."""
    for kind in sorted(store.types):
        yield from store.of_patient(kind, patient_id)


def _patient(resource: Resource, folder: Path) -> DemoPatient:
    identity = str(resource["id"])
    try:
        text = (folder / identity / "story.md").read_text(encoding="utf-8")
    except OSError:
        text = ""
    title, story, background = _sections(text)
    stated, source = _CHART_DAY.search(text), _SOURCE.search(text)
    day = date.fromisoformat(stated[1]) if stated else None
    died = _first(resource, "deceasedDateTime")[:10]
    born = _first(resource, "birthDate")
    return DemoPatient(
        id=identity,
        name=_first(resource, "name.text") or identity,
        sex=_first(resource, "gender") or "sex not recorded",
        born=born,
        age=_years(born, died or (day or datetime.now(UTC).date()).isoformat()),
        died=died,
        title=title or identity,
        story=story,
        background=background,
        chart_day=day,
        published=source is not None and identity.startswith(source[1].lower()),
    )


def _first(resource: Resource, path: str) -> str:
    return next((v for v in values_at(resource, (path,)) if isinstance(v, str)), "")


def _sections(text: str) -> tuple[str, str, str]:
    """Title, story and the rest of a story.md."""
    head, _, body = text.partition("## Story")
    story, mark, rest = body.partition("\n## ")
    title = head.partition("\n")[0].removeprefix("# ").strip()
    return title, story.strip(), (mark + rest).strip()


def _years(born: str, until: str) -> int | None:
    """Completed years between two full dates; None if either is partial."""
    try:
        first, last = date.fromisoformat(born), date.fromisoformat(until)
    except ValueError:
        return None
    return last.year - first.year - ((last.month, last.day) < (first.month, first.day))
