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
from service.fhir.lexicon import Lexicon
from service.fhir.site_map import SiteMap
from service.fhir.to_timeline import code_of, is_read

NO_CODE = "(no code)"
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


class Survey:
    """Gathers the use of codes over many records."""

    def __init__(self, site_map: SiteMap | None = None) -> None:
        self._known = Lexicon(load(), site_map or SiteMap()).meanings
        self._uses: dict[tuple[str, str, str], CodeUse] = {}
        self.unreadable: Counter[str] = Counter()

    def add(self, resource: dict[str, Any], patient: str) -> None:
        """Count one resource; one that has not the shape of FHIR is counted by its type only."""
        kind = resource.get("resourceType")
        if not isinstance(kind, str) or kind not in SURVEYED:
            return
        try:
            for use in self._of(kind, code_of(resource)):
                self._count(use, resource, patient)
        except (AttributeError, TypeError):
            self.unreadable[kind] += 1

    def _of(self, kind: str, code: Any) -> Iterator[CodeUse]:
        codings = list(code.get("coding") or ())
        if not codings:
            yield self._use(kind, "", NO_CODE, str(code.get("text") or ""))
        for coding in codings:
            system, value = str(coding.get("system") or ""), str(coding.get("code") or NO_CODE)
            yield self._use(kind, system, value, str(coding.get("display") or ""))

    def _use(self, kind: str, system: str, code: str, text: str) -> CodeUse:
        hint = next((name for name, words in _HINTS if words.search(text)), None)
        if code == NO_CODE:
            text = "(text only)"  # free text may name someone: its hint is all that is kept
        key = (kind, system, f"{code} {hint}" if code == NO_CODE else code)
        if key not in self._uses:
            meaning = self._known.get((system, code))
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

    @staticmethod
    def _count(use: CodeUse, resource: dict[str, Any], patient: str) -> None:
        use.count += 1
        use.patients.add(patient)
        use.statuses[str(resource.get("status") or "-")] += 1
        for name, value in resource.items():
            if name.startswith("value"):
                use.shapes[name] += 1
                if name == "valueQuantity":
                    use.units[str(value.get("code") or value.get("unit") or "(no unit)")] += 1

    def recognised(self) -> list[CodeUse]:
        """Codes of data that are read, most used first."""
        return self._sorted(u for u in self._uses.values() if u.read)

    def unrecognised(self) -> list[CodeUse]:
        """Codes that are not known to us but look like data that are needed."""
        return self._sorted(u for u in self._uses.values() if u.concept is None and u.hint)

    @staticmethod
    def _sorted(uses: Iterable[CodeUse]) -> list[CodeUse]:
        return sorted(uses, key=lambda u: (-u.count, u.type, u.system, u.code))


SURVEYED = {
    "Condition",
    "Observation",
    "Procedure",
    "MedicationAdministration",
    "MedicationStatement",
    "MedicationRequest",
}


def report(survey: Survey, patients: int) -> str:
    """The survey as tables for a terminal."""
    parts = [f"{patients} patients surveyed. Counts are resources."]
    parts += ["", "Recognised and read:", *_table(survey.recognised(), recognised=True)]
    parts += ["", "Not recognised, but may be data that are needed:"]
    parts += _table(survey.unrecognised(), recognised=False)
    found = {u.concept.split(".")[0] for u in survey.recognised() if u.concept}
    for concept, what in NEEDED.items():
        if concept not in found:
            parts.append(f"Nothing recognised for: {what}")
    parts.extend(f"Not in the form of FHIR: {n} {kind}" for kind, n in sorted(survey.unreadable.items()))
    return "\n".join(parts)


NEEDED = {
    "all": "the diagnosis of ALL",
    "marrow-blasts-percent": "marrow blasts",
    "mrd": "residual disease (MRD has no international code: map the local ones)",
    "csf-wbc": "cell count in CSF",
    "hsct": "stem cell transplant",
}


def _table(uses: list[CodeUse], *, recognised: bool) -> list[str]:
    if not uses:
        return ["  none"]
    head = (
        "n",
        "type",
        "system",
        "code",
        "text",
        "as" if recognised else "looks like",
        "status",
        "shape",
        "unit",
    )
    rows = [head]
    for u in uses:
        meaning = f"{u.concept} ({u.route})" if recognised else str(u.hint)
        rows.append(
            (
                str(u.count),
                u.type,
                u.system,
                u.code,
                u.text,
                meaning,
                _top(u.statuses),
                _top(u.shapes),
                _top(u.units),
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  " + "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _top(counts: Counter[str]) -> str:
    return ",".join(name for name, _ in counts.most_common(3)) or "-"


def stub(survey: Survey, name: str) -> str:
    """A site file to fill in: one commented entry for each unrecognised code."""
    groups: dict[str, list[CodeUse]] = defaultdict(list)
    for use in survey.unrecognised():
        if use.system and use.code != NO_CODE:
            groups[use.hint or ""].append(use)
    lines = ["version = 1", f"name = {_quoted(name)}", ""]
    for hint, uses in groups.items():
        for use in uses:
            lines += [
                f"# {use.text} ({use.count} times; units: {_top(use.units)}). Check, then remove the hashes.",
                "# [[code]]",
                f"# system = {_quoted(use.system)}",
                f"# code = {_quoted(use.code)}",
                f"# concept = {_quoted(hint)}",
            ]
            if hint == "mrd":
                lines += ['# specimen = "marrow"', '# method = "flow"', "# lod = 1e-4"]
            lines.append("")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'
