"""The survey of a site in print: tables for a terminal, and a site file to fill in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from service.fhir.quantity import KNOWN_UNITS, is_no_share
from service.survey import NO_CODE, NO_UNIT, CodeUse, Survey

NEEDED = {
    "all": "the diagnosis of ALL",
    "marrow-blasts-percent": "marrow blasts",
    "mrd": "residual disease (MRD has no international code: map the local ones)",
    "csf-wbc": "cell count in CSF",
    "hsct": "stem cell transplant",
}

_USES = ("n", "type", "system", "code", "text")
_HOW = ("status", "shape", "unit")


def report(survey: Survey, patients: int) -> str:
    """The survey as tables for a terminal."""
    recognised, unrecognised = survey.recognised(), survey.unrecognised()
    parts = [f"{patients} patients surveyed. Counts are resources."]
    parts += ["", "Recognised and read:"]
    parts += _table((*_USES, "as", *_HOW), [_row(u, f"{u.concept} ({u.route})") for u in recognised])
    parts += ["", "Not recognised, but may be data that are needed:"]
    parts += _table((*_USES, "looks like", *_HOW), [_row(u, str(u.hint)) for u in unrecognised])
    if units := [row for use in (*recognised, *unrecognised) for row in _unit_rows(use)]:
        parts += ["", "Units that are not understood, so that these numbers are not used:"]
        parts += _table(("n", "unit", "why", "as or looks like", "code", "text"), units)
    if types := [_type_row(survey, kind) for kind in sorted(survey.types)]:
        parts += ["", "Read for what they hold, whatever their code:"]
        parts += _table(("n", "type", "status", "holds"), types)
    found = {u.concept.split(".")[0] for u in recognised if u.concept}
    for concept, what in NEEDED.items():
        if concept not in found:
            parts.append(f"Nothing recognised for: {what}")
    parts.extend(f"Not in the form of FHIR: {n} {kind}" for kind, n in sorted(survey.unreadable.items()))
    return "\n".join(parts)


def _row(u: CodeUse, meaning: str) -> Sequence[str]:
    what = (str(u.count), u.type, u.system, u.code, u.text, meaning)
    return (*what, _top(u.statuses), _top(u.shapes), _top(u.units))


def _unit_rows(u: CodeUse) -> Iterator[Sequence[str]]:
    for (unit, why), count in u.unknown_units.most_common():
        yield (str(count), unit, why, str(u.concept or u.hint), u.code, u.text)


def _type_row(survey: Survey, kind: str) -> Sequence[str]:
    use = survey.types[kind]
    return (str(use.count), kind, _top(use.statuses), _top(use.shapes))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return ["  none"]
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return [
        "  " + "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def _top(counts: Counter[str]) -> str:
    return ",".join(name for name, _ in counts.most_common(3)) or "-"


# ---- the site file to fill in --------------------------------------------------------------------


def stub(survey: Survey, name: str) -> str:
    """A site file to fill in: one commented entry for each unrecognised code, name and unit."""
    groups: dict[str, list[CodeUse]] = defaultdict(list)
    for use in survey.unrecognised():
        groups[use.hint or ""].append(use)
    lines = ["version = 1", f"name = {_quoted(name)}", ""]
    for hint, uses in groups.items():
        for use in uses:
            lines += _code_entry(use, hint) if use.system and use.code != NO_CODE else _order_entry(use, hint)
    for unit, uses in _units_to_map(survey).items():
        lines += _unit_entry(unit, uses)
    return "\n".join(lines)


def _code_entry(use: CodeUse, hint: str) -> list[str]:
    return [
        f"# {use.text} ({use.count} times; units: {_top(use.units)}). Check, then remove the hashes.",
        "# [[code]]",
        f"# system = {_quoted(use.system)}",
        f"# code = {_quoted(use.code)}",
        *_meaning(hint),
    ]


def _order_entry(use: CodeUse, hint: str) -> list[str]:
    """The name itself is not in it: free text may name someone."""
    if use.code != NO_CODE or use.system:
        return []  # a code without its system, or the reverse: there is nothing to map it by
    return [
        f"# {use.type} without a code ({use.count} times). Fill in its name, then remove the hashes.",
        "# [[order]]",
        '# name = ""',
        *_meaning(hint),
    ]


def _meaning(hint: str) -> list[str]:
    limits = ['# specimen = "marrow"', '# method = "flow"', "# lod = 1e-4"] if hint == "mrd" else []
    return [f"# concept = {_quoted(hint)}", *limits, ""]


def _units_to_map(survey: Survey) -> dict[str, list[CodeUse]]:
    """Units that a site file may explain: not one that is known elsewhere, and no log or ratio."""
    found: dict[str, list[CodeUse]] = defaultdict(list)
    for use in (*survey.recognised(), *survey.unrecognised()):
        for unit, _ in use.unknown_units:
            if unit != NO_UNIT and unit not in KNOWN_UNITS and not is_no_share(unit):
                found[unit].append(use)
    return dict(found)


def _unit_entry(unit: str, uses: Sequence[CodeUse]) -> list[str]:
    seen = ", ".join(dict.fromkeys(f"{u.text or u.code} ({u.concept or u.hint})" for u in uses))
    return [
        _comment(f"A unit of {seen}. Fill in the UCUM unit that it stands for, then remove the hashes."),
        "# [[unit]]",
        f"# text = {_quoted(unit)}",
        '# ucum = ""',
        "",
    ]


def _comment(text: str) -> str:
    return "# " + "".join(c if c.isprintable() else " " for c in text)


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else " " for c in escaped) + '"'
