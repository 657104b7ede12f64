"""Write the pages, or tell which of those committed are not current."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cds_rules.citation import library
from cds_rules.risk import SCHEMES
from cds_rules.risk.case import RiskCase
from cds_rules.rule import Rule, Scheme
from cds_rules.rulebook.cases import shown, worked_cases
from cds_rules.rulebook.trace import Exercised, trace_page
from cds_rules.rulebook.write_orders import orders_page
from cds_rules.rulebook.write_scores import PAGE as SCORES_PAGE
from cds_rules.rulebook.write_scores import TITLE as SCORES_TITLE
from cds_rules.rulebook.write_scores import scores_page
from cds_rules.rulebook.write_section import section_page
from cds_rules.rulebook.write_trials import PAGE as TRIALS_PAGE
from cds_rules.rulebook.write_trials import TITLE as TRIALS_TITLE
from cds_rules.rulebook.write_trials import trials_page
from cds_rules.treatment.orders import PAGE
from cds_rules.treatment.sections import SECTIONS

FOLDER = Path(__file__).resolve().parent
PATIENTS = "exercised.json"
"""Rule (rows of a scheme: scheme#row) to its patients: [patient, applies, order or null], one rule a line."""

LIMITS = (
    "This is decision support for clinicians, never autonomous. No card proposes a dose or creates an order "
    "of a drug; what can be requested from a card are evaluations, referrals, laboratory tests and "
    "follow-up, as drafts of proposals (ServiceRequest). Figures of radiation and of regimens are what a "
    "source reports, with its name and year. It says nothing for a deceased patient, for a patient without "
    "ALL, or from data entered in error; and when the data contradict themselves, it says which resources do."
)


def pages(exercised: Exercised) -> dict[str, str]:
    """Every page by file name, and the patients of every rule as data for the site."""
    found = {PATIENTS: _patients(exercised)}
    found |= {"index.md": _index(), "traceability.md": trace_page(exercised)}
    found.update({f"{scheme.id}.md": _scheme_page(scheme) for scheme in SCHEMES})
    found.update({f"{section.id}.md": section_page(section) for section in SECTIONS})
    found[f"{SCORES_PAGE}.md"] = scores_page()
    found[f"{PAGE}.md"] = orders_page()
    found[f"{TRIALS_PAGE}.md"] = trials_page()
    return found


def _patients(exercised: Exercised) -> str:
    lines = [
        f"{json.dumps(rule)}: {json.dumps([[e.patient, e.applies, e.order] for e in exercised[rule]])}"
        for rule in sorted(exercised)
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def write(exercised: Exercised) -> int:
    """Write all pages; the number of pages."""
    for name, text in pages(exercised).items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return len(pages(exercised))


def stale(exercised: Exercised) -> list[str]:
    """File names of pages that differ from what the rules say now, are missing, or have no rule left."""
    wanted = pages(exercised)
    found = {path.name for path in (*FOLDER.glob("*.md"), *FOLDER.glob("*.json"))} - {"README.md"}
    changed = [
        name
        for name, text in wanted.items()
        if name not in found or (FOLDER / name).read_text(encoding="utf-8") != text
    ]
    return sorted({*changed, *(found - set(wanted))})


def _index() -> str:
    lines = [
        "# Rule book",
        "",
        "Generated from the rules and their worked cases; do not edit.",
        "",
        "## Risk at first relapse",
        "",
        *(f"- [{scheme.title}]({scheme.id})" for scheme in SCHEMES),
        "",
        "## What the sources advise",
        "",
        *(f"- [{section.title}]({section.id})" for section in SECTIONS),
        f"- [{SCORES_TITLE}]({SCORES_PAGE})",
        "",
        "## Checks of draft orders",
        "",
        f"- [Order checks]({PAGE})",
        "",
        "## Trials",
        "",
        f"- [{TRIALS_TITLE}]({TRIALS_PAGE})",
        "",
        "[Traceability: from every rule to its passage, its cases and its patients](traceability)",
        "",
        "## Safety limits",
        "",
        LIMITS,
        "",
        "## Sources",
        "",
        *(f"- **{s.key}**: {s.full} ({s.population})" for s in library().values()),
        "",
    ]
    return "\n".join(lines)


def _scheme_page(scheme: Scheme[RiskCase]) -> str:
    lines = [
        f"# {scheme.title}",
        "",
        f"`{scheme.id}`. Population: {scheme.population}.",
        "",
        f"Groups: {_groups(scheme)}.",
        "",
        "The first row that holds decides. A fact that is not known keeps every row that it could reach.",
        "",
        "| # | Rule | When | Then | Source |",
        "|---|---|---|---|---|",
        *(_row(n, rule) for n, rule in enumerate(scheme.rules, start=1)),
        "",
        *_remarks(scheme),
        "## Worked cases",
        "",
        "An empty cell is an unknown fact; MRD is the end-of-block-1 result in percent. "
        "These rows are also the tests.",
        "",
        *shown(worked_cases(scheme.id)),
        "",
        "## Sources",
        "",
        *_sources(scheme),
        "",
        "[All rules](./)",
        "",
    ]
    return "\n".join(lines)


def _groups(scheme: Scheme[RiskCase]) -> str:
    meanings = scheme.meanings or {}
    return ", ".join(f"{g} ({meanings[g]})" if g in meanings else g for g in scheme.groups)


def _row(number: int, rule: Rule[RiskCase]) -> str:
    then = f"**{rule.then}**" if rule.then else "outside this scheme"
    note = f" ({rule.note})" if rule.note else ""
    cites = "; ".join(f"{c.key}, {c.where}" for c in rule.cites)
    return f'| {number} | <a id="{rule.id}"></a>{rule.id} | {rule.when.text}{note} | {then} | {cites} |'


def _remarks(scheme: Scheme[RiskCase]) -> Iterator[str]:
    if scheme.remarks:
        yield "## How it is read"
        yield ""
        yield from (f"- {remark}" for remark in scheme.remarks)
        yield ""


def _sources(scheme: Scheme[RiskCase]) -> list[str]:
    keys = dict.fromkeys(c.key for rule in scheme.rules for c in rule.cites)
    return [f"- **{key}**: {library()[key].full}" for key in keys]
