"""The demo's FHIR resources, read once from bundle files and never changed afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

Resource = dict[str, Any]
Key = tuple[str, str]
"""Resource type and id."""
Coding = tuple[object, object]
"""System and code as written; the system is IMPLIED for a plain code, which its element fixes."""
IMPLIED = object()

ID_PATTERN = r"[A-Za-z0-9\-.]{1,64}"
_ID = re.compile(ID_PATTERN)
_TYPE = re.compile(r"[A-Z][A-Za-z]{1,63}")
_PATIENT_REFERENCE = re.compile(rf"Patient/({ID_PATTERN})(?:/_history/{ID_PATTERN})?")
PATIENT_ELEMENTS = ("subject", "patient", "individual")
_BUNDLE_TYPES = ("collection", "transaction", "searchset")
_URN_UUID = "urn:uuid:"

FOLDER_MISSING = "The folder of demo patients does not exist."
FILE_UNREADABLE = "The file is not readable JSON."
NOT_A_BUNDLE = "The file is not a Bundle of type collection, transaction or searchset."
BAD_ENTRY = "The entry's resource has no usable type and id."
DUPLICATE = "The entry repeats a type and id that was already loaded; the first one stays."


@dataclass(frozen=True)
class LoadProblem:
    """Something left out: the file (relative to the folder), the entry (from 0; None: all of them), why."""

    file: str
    entry: int | None
    text: str


@dataclass(frozen=True)
class FhirStore:
    """Resources by (type, id), by type and by patient, in a fixed order, with the problems met in loading."""

    resources: Mapping[Key, Resource]
    problems: tuple[LoadProblem, ...] = ()
    _by_type: dict[str, list[Resource]] = field(init=False, repr=False, default_factory=dict)
    _by_patient: dict[Key, list[Resource]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for (resource_type, _), resource in self.resources.items():
            self._by_type.setdefault(resource_type, []).append(resource)
            patient = _patient_of(resource)
            if patient is not None:
                self._by_patient.setdefault((resource_type, patient), []).append(resource)

    @classmethod
    def from_folder(cls, folder: Path) -> FhirStore:
        """Load every `*/bundle.json` under `folder`, in order of path; what is bad goes to `problems`."""
        resources: dict[Key, Resource] = {}
        problems: list[LoadProblem] = []
        if not folder.is_dir():
            problems.append(LoadProblem(folder.name, None, FOLDER_MISSING))
        for file in sorted(folder.glob("*/bundle.json")):
            name = file.relative_to(folder).as_posix()
            bundle = _read_bundle(file)
            if isinstance(bundle, str):
                problems.append(LoadProblem(name, None, bundle))
                continue
            for entry, resource in _resources_of(bundle):
                key = _key_of(resource)
                if key is None or key in resources:
                    problems.append(LoadProblem(name, entry, BAD_ENTRY if key is None else DUPLICATE))
                else:
                    resources[key] = resource
        return cls(resources, tuple(problems))

    @property
    def types(self) -> frozenset[str]:
        """The resource types that have at least one resource."""
        return frozenset(self._by_type)

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """Return one resource, or None."""
        return self.resources.get((resource_type, resource_id))

    def of_type(self, resource_type: str) -> Sequence[Resource]:
        """Return all resources of a type."""
        return self._by_type.get(resource_type, ())

    def of_patient(self, resource_type: str, patient_id: str) -> Sequence[Resource]:
        """Return the resources of a type that are about one patient; type Patient gives the patient."""
        return self._by_patient.get((resource_type, patient_id), ())

    def resolve(self, holder: Resource, reference: object) -> Resource | None:
        """Follow a reference found in `holder`: `#id` to a contained resource, `Type/id` to a stored one."""
        if not isinstance(reference, str):
            return None
        if reference.startswith("#"):
            contained = holder.get("contained")
            candidates = contained if isinstance(contained, list) else []
            return next((c for c in candidates if isinstance(c, dict) and c.get("id") == reference[1:]), None)
        resource_type, _, resource_id = reference.partition("/")
        return self.read(resource_type, resource_id)

    def codings(self, resource: Resource, paths: Iterable[str]) -> Iterator[Coding]:
        """Yield what a token search compares, also through a reference to a contained or stored resource."""
        for value in values_at(resource, paths):
            if isinstance(value, str):
                yield IMPLIED, value
            elif isinstance(value, dict) and "reference" in value:
                target = self.resolve(resource, value["reference"])
                yield from (pair for concept in values_at(target, ("code",)) for pair in _codings_of(concept))
            else:
                yield from _codings_of(value)


def values_at(resource: Resource | None, paths: Iterable[str]) -> Iterator[Any]:
    """Yield what the paths lead to (dots step into an element), lists flattened, absent ones left out."""
    for path in paths:
        level: list[Any] = [resource]
        for step in path.split("."):
            found = (item.get(step) for item in level if isinstance(item, dict))
            level = [part for item in found for part in (item if isinstance(item, list) else [item])]
        yield from (item for item in level if item is not None)


def _codings_of(value: Any) -> Iterator[Coding]:
    """Yield the codings of a Coding, CodeableConcept or Identifier."""
    for coding in [value, *values_at(value, ("coding",))]:
        if isinstance(coding, dict) and ("code" in coding or "value" in coding):
            yield coding.get("system"), coding.get("code", coding.get("value"))


def _read_bundle(file: Path) -> Resource | str:
    """Return the Bundle, or the text of the problem."""
    try:
        bundle = json.loads(file.read_bytes(), parse_constant=_refuse_constant)
    except (OSError, ValueError, RecursionError):
        return FILE_UNREADABLE
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        return NOT_A_BUNDLE
    fits = bundle.get("type") in _BUNDLE_TYPES and isinstance(bundle.get("entry", []), list)
    return bundle if fits else NOT_A_BUNDLE


def _refuse_constant(_: str) -> NoReturn:
    # NaN and Infinity are not JSON, though Python reads them; serving them would break every client.
    raise ValueError


def _resources_of(bundle: Resource) -> Iterator[tuple[int, Resource]]:
    """Yield (entry number, resource), references inside the Bundle made `Type/id` as servers store them."""
    found: list[tuple[int, Resource]] = []
    links: dict[str, str] = {}
    for number, entry in enumerate(bundle.get("entry", [])):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(resource, dict):
            # A transaction may delete, and so carry no resource: only a malformed entry is a problem.
            if not isinstance(entry, dict) or "resource" in entry:
                found.append((number, {}))
            continue
        if resource.get("resourceType") == "OperationOutcome":
            continue
        full_url = entry.get("fullUrl")
        if isinstance(full_url, str):
            if "id" not in resource and full_url.startswith(_URN_UUID):
                resource = {**resource, "id": full_url.removeprefix(_URN_UUID)}
            links[full_url] = f"{resource.get('resourceType')}/{resource.get('id')}"
        found.append((number, resource))
    for number, resource in found:
        yield number, _localized(resource, links)


def _localized(value: Any, links: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_localized(item, links) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _localized(item, links) for name, item in value.items()}
    reference = copy.get("reference")
    if isinstance(reference, str):
        copy["reference"] = links.get(reference, reference)
    return copy


def _key_of(resource: Resource) -> Key | None:
    resource_type, resource_id = resource.get("resourceType"), resource.get("id")
    if not isinstance(resource_type, str) or not isinstance(resource_id, str):
        return None
    usable = _TYPE.fullmatch(resource_type) and _ID.fullmatch(resource_id)
    return (resource_type, resource_id) if usable else None


def _patient_of(resource: Resource) -> str | None:
    if resource["resourceType"] == "Patient":
        return str(resource["id"])
    for element in PATIENT_ELEMENTS:
        holder = resource.get(element)
        reference = holder.get("reference") if isinstance(holder, dict) else None
        found = _PATIENT_REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
        if found:
            return found[1]
    return None
