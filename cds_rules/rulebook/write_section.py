"""The rule book page of one section of advice: rules with their questions, facts, worked cases, sources."""

from __future__ import annotations

from collections.abc import Iterator

from cds_rules.citation import library
from cds_rules.rulebook.advice_cases import advice_cases, shown_advice
from cds_rules.treatment.advice import Advice
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.sections import SECTION_OF, Section


def section_page(section: Section) -> str:
    """The page in Markdown."""
    lines = [
        f"# {section.title}",
        "",
        section.about,
        "",
        "A rule applies when its question holds for every case that the record leaves possible, and may "
        "apply when it holds for some. Advice is what the source advises; a note is what it reports.",
        "",
        *(line for rule in section.advice for line in _rule(rule)),
        "## Facts that the rules ask about",
        "",
        *_facts(section),
        "",
        "## Worked cases",
        "",
        "What a row does not name is unknown. These rows are also the tests.",
        "",
        *shown_advice(advice_cases(section.id)),
        "",
        "## Sources",
        "",
        *_sources(section),
        "",
        "[All rules](./)",
        "",
    ]
    return "\n".join(lines)


def _rule(rule: Advice) -> Iterator[str]:
    yield f'## <a id="{rule.id}"></a>{rule.id}: {_escaped(rule.title)}'
    yield ""
    yield _escaped(rule.detail)
    yield ""
    yield f"- {rule.weight.value.capitalize()} on {rule.decision.value}; audience: {rule.audience.value}"
    yield f"- When: {_escaped(rule.when.text)}"
    if rule.versus:
        yield f"- Another source differs: {', '.join(map(_link, rule.versus))}"
    if rule.tests:
        yield f"- May be offered as a request: {'; '.join(test.value for test in rule.tests)}"
    yield f"- Source: {'; '.join(f'{c.key}, {c.where}' for c in rule.cites)}"
    yield ""


def _link(rule: str) -> str:
    return f"[{rule}]({SECTION_OF[rule]}#{rule})"


def _facts(section: Section) -> list[str]:
    names = sorted(frozenset().union(*(rule.when.reads for rule in section.advice)))
    lines = ["| Fact | Values | What settles it |", "|---|---|---|"]
    for name in names:
        aspect = ASPECTS[name]
        values = "; ".join(str(value) for value in aspect.values)
        lines.append(
            f"| {_escaped(aspect.title)} (`{name}`) | {_escaped(values)} | {_escaped(aspect.settled_by)} |"
        )
    return lines


def _sources(section: Section) -> list[str]:
    keys = dict.fromkeys(c.key for rule in section.advice for c in rule.cites)
    return [f"- **{key}**: {library()[key].full}" for key in keys]


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
