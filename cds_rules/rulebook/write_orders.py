"""The rule book page of the order checks: what each looks at, when it fires, facts, worked cases, sources."""

from __future__ import annotations

from collections.abc import Iterator

from cds_rules.citation import library
from cds_rules.rulebook.advice_cases import advice_cases, shown_advice
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.caution import OrderCheck
from cds_rules.treatment.orders import CHECKS, PAGE


def orders_page() -> str:
    """The page in Markdown."""
    lines = [
        "# Order checks",
        "",
        "What a draft order is weighed against when it is chosen (order-select) or signed (order-sign). "
        "Doses are never read and never proposed.",
        "",
        "A check fires when its question holds for every case that the record leaves possible. While it is "
        "open it says nothing, or, where that is given, at most information. Of several checks of one "
        "matter the loudest that holds speaks. An order that only may be the one looked at gets "
        "information at most.",
        "",
        *(line for check in CHECKS for line in _check(check)),
        "## Facts that the checks ask about",
        "",
        *_facts(),
        "",
        "## Worked cases",
        "",
        "What a row does not give is unknown. These rows are also the tests.",
        "",
        *shown_advice(advice_cases(PAGE)),
        "",
        "## Sources",
        "",
        *_sources(),
        "",
        "[All rules](./)",
        "",
    ]
    return "\n".join(lines)


def _check(check: OrderCheck) -> Iterator[str]:
    yield f'## <a id="{check.id}"></a>{check.id}: {_escaped(check.title)}'
    yield ""
    yield f"{_escaped(check.detail)} *({check.level.value})*"
    yield ""
    yield f"- Looks at: {_looked_at(check)}"
    yield f"- When: {_escaped(check.when.text)}"
    if check.if_unknown is not None:
        yield f"- While open *({check.if_unknown.value})*: {_escaped(check.needs_title)}"
    if check.yields_to:
        yield f"- Not where this holds: {', '.join(f'[{other}](#{other})' for other in check.yields_to)}"
    yield f"- Reasons to go on: {'; '.join(reason.value for reason in check.overrides)}"
    yield f"- Source: {'; '.join(f'{c.key}, {c.where}' for c in check.cites)}"
    yield ""


_ROUTE = {None: "", True: " into the spinal fluid", False: " other than into the spinal fluid"}


def _looked_at(check: OrderCheck) -> str:
    parts = [f"{', '.join(sorted(check.drugs))}{_ROUTE[check.spinal]}"] if check.drugs else []
    parts += sorted(act.value for act in check.acts)
    parts += [f"perhaps {act.value}" for act in sorted(check.maybe)]
    parts += [f"with {act.value} in the same call" for act in sorted(check.beside)]
    return "; ".join(parts)


def _facts() -> list[str]:
    names = sorted(frozenset().union(*(check.when.reads for check in CHECKS)))
    lines = ["| Fact | Values | What settles it |", "|---|---|---|"]
    for name in names:
        aspect = ASPECTS[name]
        values = "; ".join(str(value) for value in aspect.values)
        lines.append(
            f"| {_escaped(aspect.title)} (`{name}`) | {_escaped(values)} | {_escaped(aspect.settled_by)} |"
        )
    return lines


def _sources() -> list[str]:
    keys = dict.fromkeys(c.key for check in CHECKS for c in check.cites)
    return [f"- **{key}**: {library()[key].full}" for key in keys]


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace(">", "\\>")
