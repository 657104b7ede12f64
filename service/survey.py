"""Survey of a site before it goes live: which codes, units, value shapes and statuses occur for the data
we need, which of them we recognise and by which route, and a site file to fill in for the rest.

Only codes and their displays are kept, with counts: nothing of a patient.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cds_rules.patient.timeline import Route
from cds_rules.terminology.code_set import load
from service.fhir.elements import Quantity
from service.fhir.lexicon import Lexicon, Meaning, by_name
from service.fhir.prefetch import NEEDS
from service.fhir.quantity import FRACTION, UnitError, factor
from service.fhir.read import mrd
from service.fhir.read.measurement import units_of
from service.fhir.site_map import SiteMap, SiteOrder
from service.fhir.site_units import translated
from service.fhir.to_timeline import code_of, is_read

NO_CODE = "(no code)"
BY_NAME = "(by its name)"
NO_UNIT = "(no unit)"
_MAX_TEXT = 60

_HINTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("mrd", re.compile(r"\bmrd\b|residual|clonoseq|\big/?tcr\b", re.IGNORECASE)),
    ("blasts.cd19", re.compile(r"\bcd19\b", re.IGNORECASE)),
    ("blasts.cd22", re.compile(r"\bcd22\b", re.IGNORECASE)),
    ("marrow-blasts-percent", re.compile(r"\bblasts?\b(?=.*marrow)|marrow(?=.*\bblasts?\b)", re.IGNORECASE)),
    ("csf-cytology", re.compile(r"\bcytospin\b|csf(?=.*cyto)|spinal(?=.*cyto)", re.IGNORECASE)),
    ("csf-wbc", re.compile(r"(csf|spinal)(?=.*(wbc|leukocyt|nucleated))", re.IGNORECASE)),
    ("csf-rbc", re.compile(r"(csf|spinal)(?=.*(rbc|red cell|erythrocyt))", re.IGNORECASE)),
    (
        "hsct",
        re.compile(r"stem cell.*(transplant|infusion)|marrow transplant|\bhsct\b|\bbmt\b", re.IGNORECASE),
    ),
    (
        "car-t.infusion",
        re.compile(r"\bcar[- ]?t\b|chimeric antigen|tisagenlecleucel|brexucabtagene", re.IGNORECASE),
    ),
    ("all.unspecified", re.compile(r"lymphoblastic|lymphoid leuk|\bb-?all\b|\bt-?all\b", re.IGNORECASE)),
)
"""Words in a code's display or text that make it worth a look; a hint is never a mapping."""


@dataclass(slots=True)
class CodeUse:
    """How one code is used at the site."""

    type: str
    system: str
    code: str
    text: str
    concept: str | None
    route: Route | None
    hint: str | None
    read: bool
    count: int = 0
    patients: set[str] = field(default_factory=set)
    statuses: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    unknown_units: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Units in which this result is not understood, each with the reason."""


@dataclass(slots=True)
class TypeUse:
    """How the resources of one type are used that are read as a whole, not by a code alone."""

    count: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)


class Survey:
    """Gathers the use of codes over many records."""

    def __init__(self, site_map: SiteMap | None = None) -> None:
        self._known = Lexicon(load(), site_map or SiteMap())
        self.types: dict[str, TypeUse] = defaultdict(TypeUse)
        self._uses: dict[tuple[str, str, str], CodeUse] = {}
        self.unreadable: Counter[str] = Counter()

    def add(self, resource: dict[str, Any], patient: str) -> None:
        """Count one resource; one that has not the shape of FHIR is counted by its type only."""
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in SURVEYED:
            return
        try:
            if kind in MEMBERS:
                self._count_type(kind, resource)
            for use in self._of(kind, code_of(resource)):
                self._count(use, resource, patient)
        except (AttributeError, TypeError):
            self.unreadable[kind] += 1

    def _of(self, kind: str, code: Any) -> Iterator[CodeUse]:
        named = by_name(code, self._known.names)
        if named is not None and isinstance(named.site, SiteOrder):
            yield self._use(kind, "", BY_NAME, named.site.name, named)
            return
        codings = list(code.get("coding") or ())
        if not codings:
            yield self._use(kind, "", NO_CODE, str(code.get("text") or ""))
        for coding in codings:
            system, value = str(coding.get("system") or ""), str(coding.get("code") or NO_CODE)
            yield self._use(kind, system, value, str(coding.get("display") or ""))

    def _use(self, kind: str, system: str, code: str, text: str, named: Meaning | None = None) -> CodeUse:
        hint = next((name for name, words in _HINTS if words.search(text)), None)
        if code == NO_CODE:
            text = "(text only)"  # free text may name someone: its hint is all that is kept
        detail = {NO_CODE: f"{code} {hint}", BY_NAME: f"{code} {text}"}
        key = (kind, system, detail.get(code, code))
        if key not in self._uses:
            meaning = named or self._known.meanings.get((system, code))
            self._uses[key] = CodeUse(
                type=kind,
                system=system,
                code=code,
                text=" ".join(text.split())[:_MAX_TEXT],
                concept=meaning.concept if meaning else None,
                route=meaning.route if meaning else None,
                hint=hint,
                read=meaning is not None and is_read(kind, meaning),
            )
        return self._uses[key]

    def _count(self, use: CodeUse, resource: dict[str, Any], patient: str) -> None:
        use.count += 1
        use.patients.add(patient)
        use.statuses[str(resource.get("status") or "-")] += 1
        for name, value in resource.items():
            if name.startswith("value"):
                use.shapes[name] += 1
                if name == "valueQuantity":
                    unit = str(value.get("code") or value.get("unit") or NO_UNIT)
                    use.units[unit] += 1
                    if (fault := self._unit_fault(use, resource)) is not None:
                        use.unknown_units[unit, fault] += 1

    def _unit_fault(self, use: CodeUse, resource: dict[str, Any]) -> str | None:
        """Why the number cannot be used, or None; asked only of what is, or may be, read as a number."""
        concept = use.concept if use.read else use.hint
        table = FRACTION if concept == mrd.CONCEPT else units_of(concept or "")
        if table is None:
            return None
        given = translated(resource, self._known.units)["valueQuantity"]
        unit, code = (v if isinstance(v, str) else None for v in (given.get("unit"), given.get("code")))
        try:
            factor(Quantity(unit=unit, code=code), table)
        except UnitError as error:
            return str(error)
        return None

    def _count_type(self, kind: str, resource: dict[str, Any]) -> None:
        use = self.types[kind]
        use.count += 1
        use.statuses[str(resource.get("status") or "-")] += 1
        given = tuple(name for name in MEMBERS[kind] if resource.get(name))
        use.shapes["+".join(given) or "-"] += 1

    def recognised(self) -> list[CodeUse]:
        """Codes of data that are read, most used first."""
        return self._sorted(u for u in self._uses.values() if u.read)

    def unrecognised(self) -> list[CodeUse]:
        """Codes that are not known to us but look like data that are needed."""
        return self._sorted(u for u in self._uses.values() if u.concept is None and u.hint)

    @staticmethod
    def _sorted(uses: Iterable[CodeUse]) -> list[CodeUse]:
        return sorted(uses, key=lambda u: (-u.count, u.type, u.system, u.code))


SURVEYED = frozenset(need.type for need in NEEDS) - {"Patient"}
"""Types of the data that are asked for."""

_TOLD_BY: dict[str, tuple[str, ...]] = {
    "CarePlan": ("category", "title", "addresses", "period"),
    "DiagnosticReport": ("result", "conclusion", "conclusionCode", "presentedForm"),
    "EpisodeOfCare": ("type", "diagnosis", "period"),
}
MEMBERS = {kind: members for kind, members in _TOLD_BY.items() if kind in SURVEYED}
"""Types that are more than a code with a value, with the members that tell something."""
