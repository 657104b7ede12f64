"""Bundles from files, folders and standard input, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cds_rules.patient.timeline import Part, PatientTimeline
from cds_rules.terminology.code_set import load
from cds_rules.treatment.order import Order
from service.fhir.fetched import Page, Problem, read_page
from service.fhir.lexicon import Lexicon
from service.fhir.orders import read_drafts
from service.fhir.site_map import SiteMap
from service.fhir.to_timeline import to_timeline
from service.lenient_json import NotJsonError, loads


class InputError(ValueError):
    """One input cannot be assessed; the message names it and says why, without its content."""


@dataclass(frozen=True, slots=True)
class Input:
    """One bundle to assess, or why it cannot be: exactly one of `bundle` and `problem` is set."""

    name: str
    bundle: dict[str, Any] | None = None
    problem: str | None = None


def read_inputs(paths: Iterable[str], stdin: BinaryIO) -> Iterator[Input]:
    """Every bundle named: a file, the JSON files below a folder, NDJSON on standard input for "-"."""
    for text in paths:
        if text == "-":
            yield from _lines(stdin)
            continue
        path = Path(text)
        if path.is_dir():
            files = [p for p in sorted(path.rglob("*.json")) if _is_bundle_file(p)]
            if not files:
                yield Input(text, problem="holds no bundle (*.json)")
            yield from map(_file, files)
        else:
            yield _file(path)


def _is_bundle_file(path: Path) -> bool:
    """In a folder of patients, `cards.json` beside a `bundle.json` is what is expected of it."""
    return path.name == "bundle.json" or not (path.parent / "bundle.json").exists()


def _file(path: Path) -> Input:
    try:
        return _parse(str(path), path.read_bytes())
    except OSError as error:
        return Input(str(path), problem=f"cannot be read: {error.strerror}")


def _lines(stream: BinaryIO) -> Iterator[Input]:
    held = False
    for number, line in enumerate(stream, start=1):
        if line.strip():
            held = True
            yield _parse(f"standard input, line {number}", line)
    if not held:  # mostly a command before the pipe that failed
        yield Input("standard input", problem="holds no bundle")


def _parse(name: str, content: bytes) -> Input:
    try:
        value = loads(content)
    except NotJsonError:
        return Input(name, problem="is not JSON")
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        return Input(name, problem="is no FHIR Bundle")
    return Input(name, value)


@dataclass(frozen=True, slots=True)
class Record:
    """The resources of a bundle about one patient. `missing`: parts that are not there in full."""

    patient_id: str
    resources: list[dict[str, Any]] = field(repr=False)
    missing: dict[Part, str]


def record_of(bundle: dict[str, Any]) -> Record:
    """The record of the one patient in a bundle. InputError without exactly one Patient."""
    page = read_page(bundle)
    patients = [r for r in page.resources if r.get("resourceType") == "Patient"]
    ids = {p.get("id") for p in patients if isinstance(p.get("id"), str)}
    if patients and not ids:
        raise InputError("holds a Patient without an id")
    if len(ids) != 1:
        raise InputError("holds no Patient" if not ids else "holds more than one Patient")
    names = _names(bundle)
    return Record(str(ids.pop()), [_with_names(r, names) for r in page.resources], _incomplete(page))


def timeline_of(bundle: dict[str, Any], site_map: SiteMap) -> PatientTimeline:
    """The timeline of the one patient in a bundle. InputError without exactly one Patient."""
    record = record_of(bundle)
    return to_timeline(record.resources, record.patient_id, site_map=site_map, missing=record.missing)


def orders_of(bundle: dict[str, Any], site_map: SiteMap) -> tuple[Order, ...]:
    """The orders of a bundle that are drafts or active, as the order checks see them."""
    entries = bundle.get("entry")
    held = entries if isinstance(entries, list) else []
    pending = [e for e in held if isinstance(e, dict) and _is_pending(e.get("resource"))]
    return read_drafts({"entry": pending}, None, Lexicon(load(), site_map)).orders if pending else ()


_PENDING = ("draft", "active", "on-hold")


def _is_pending(resource: Any) -> bool:
    kinds = ("MedicationRequest", "ServiceRequest")
    if not isinstance(resource, dict) or resource.get("resourceType") not in kinds:
        return False
    return resource.get("status") in _PENDING


def _incomplete(page: Page) -> dict[Part, str]:
    """A page of a search, or a bundle with damaged entries, is not the whole record."""
    problem = page.problem
    if page.next_link is not None or (page.total is not None and page.total > page.matches):
        problem = problem or Problem.TRUNCATED
    if problem is None:
        return {}
    return {part: f"{part.value} not in the bundle in full: {problem.text}" for part in Part}


def _names(bundle: dict[str, Any]) -> dict[str, str]:
    """Type/id by the full URL that references inside this bundle may use instead."""
    found = {}
    for entry in bundle.get("entry") or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(entry.get("fullUrl"), str):
            kind, name = resource.get("resourceType"), resource.get("id")
            if isinstance(kind, str) and isinstance(name, str):
                found[entry["fullUrl"]] = f"{kind}/{name}"
    return found


def _with_names(resource: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The resource with references by full URL replaced; as it is, if it is too deep to walk."""
    try:
        return dict(_resolved(resource, names))
    except RecursionError:
        return resource


def _resolved(value: Any, names: dict[str, str]) -> Any:
    """The value with references by full URL, of whatever version, replaced."""
    if isinstance(value, dict):
        found = {key: _resolved(item, names) for key, item in value.items()}
        reference = found.get("reference")
        if isinstance(reference, str):
            plain = reference.split("/_history/", 1)[0]
            found["reference"] = names.get(plain, reference)
        return found
    return [_resolved(item, names) for item in value] if isinstance(value, list) else value
