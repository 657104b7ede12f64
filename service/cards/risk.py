"""The summary card of a relapse: every scheme's group or what is open, and why; or that none applies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from cds_rules.assessment import Assessment, MissingFact, SchemeFinding
from cds_rules.contract import months_from_diagnosis
from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.picture import RelapsePicture
from cds_rules.patient.timeline import Lineage
from cds_rules.risk.case import Pattern
from cds_rules.risk.facts import patterns_of
from cds_rules.treatment.missing import CONTRACT_NAME
from service.cards.build import Pages, card, escape, fit, sources_label
from service.cards.facts import fact_lines, problem_lines
from service.cards.prognosis import prognosis_lines
from service.cards.settling import settling, settling_lines
from service.cards.suggestions import suggestions_for
from service.wire.response import Card

FOOTER = (
    "This reports what the named sources say, for a clinician to judge. "
    "Groups are those of the trials; they are not a forecast for one patient."
)
NEEDS = {
    "course": "earlier course",
    "lineage": "lineage",
    "sites": "sites",
    "monthsFromDiagnosis": "dates",
    "endOfPrimaryTreatment": "end of primary treatment",
    "endBlock1Mrd": "end-of-block-1 MRD",
}
_ORDINALS = {1: "First", 2: "Second", 3: "Third", 4: "Fourth"}


def risk_card(a: Assessment, pages: Pages) -> Card:
    """Risk under every scheme, side by side."""
    cites = [c for s in a.schemes for c in s.citations]
    first = a.schemes[0]
    tests = settling(a)
    detail = [
        *_table(a.schemes, pages),
        "",
        *differences(a.schemes, a.picture),
        *_open_lines(a.missing, a.schemes),
        *settling_lines(tests),
        *fact_lines(a.picture),
        *problem_lines(a.problems),
        *prognosis_lines(a, pages),
        FOOTER,
    ]
    return card(
        "first-relapse-risk",
        a.patient,
        fit(_summaries(a)),
        detail,
        label=sources_label(cites),
        url=pages.rule(first.id, first.finding.rule),
        pages=pages,
        suggestions=suggestions_for(a),
        rules=tuple(s.finding.rule for s in a.schemes if s.finding.rule),
    )


def outside_card(a: Assessment, pages: Pages) -> Card:
    """A relapse that no first-relapse scheme speaks of."""
    reasons = [escape(r) for r in a.outside]
    detail = [
        "The COG, BFM and UK schemes are made for a first relapse before transplant or CAR-T therapy. "
        "They give **no risk group** here, because:",
        "",
        *(f"- {r}" for r in reasons),
        "",
        *settling_lines(settling(a)),
        *fact_lines(a.picture, for_schemes=False),
        *problem_lines(a.problems),
        *prognosis_lines(a, pages),
        FOOTER,
    ]
    short = headline(a.picture, with_place=False)
    tags = outside_tags(a.picture)
    day = f" ({a.picture.relapse_date.value})" if a.picture.relapse_date.value else ""
    return card(
        "outside-first-relapse",
        a.patient,
        fit(
            f"{said}{tags}: outside {what}"
            for what in ("the first-relapse risk schemes", "first-relapse schemes")
            for said in (f"{short}{day}", short)
        ),
        detail,
        label=sources_label(c for s in a.schemes for c in s.citations),
        url=pages.rule(a.schemes[0].id, a.schemes[0].finding.rule),
        pages=pages,
        suggestions=suggestions_for(a),
    )


def outside_tags(p: RelapsePicture) -> str:
    """What besides its number puts a relapse outside the schemes, and the antigens that matter then."""
    found = []
    given = sorted(c.when.earliest for c in p.findings.car_t if c.when is not None)
    relapse = p.relapse_date.value
    after_car_t = bool(given) and relapse is not None and given[-1] < relapse.earliest
    if p.earlier_transplant.value:
        since = "" if after_car_t else _since([t.when for t in p.findings.transplants], p)
        found.append(f"{since}after transplant")
    if p.refractory.value:
        found.append("refractory to reinduction")
    if after_car_t:
        found.append(f"{_since([c.when for c in p.findings.car_t], p)}after CAR-T")
    elif p.car_t.value:
        found.append(f"CAR-T {given[-1]}" if given else "CAR-T given")
    if p.lineage.value is Lineage.MIXED:
        found.append("mixed phenotype")
    if p.earlier_transplant.value or p.car_t.value:
        found += [f"{a.value}-{f.value.value}" for a, f in p.findings.antigens.items() if f.value]
    return "".join(f", {tag}" for tag in found)


def _since(days: list[PartialDate | None], p: RelapsePicture) -> str:
    """Completed months from the last of these days before the relapse, for a summary."""
    relapse = p.relapse_date.value
    if relapse is None or not relapse.exact:
        return ""
    before = [d for d in days if d is not None and d.exact and d.latest < relapse.earliest]
    if not before:
        return ""
    return f"{whole_months(max(d.latest for d in before), relapse.earliest)} mo "


def _summaries(a: Assessment) -> Iterator[str]:
    """From the fullest to the shortest wording of the same statement."""
    shown = [s for s in a.schemes if s.settles]
    needs = list(dict.fromkeys(NEEDS[m.fact] for m in a.missing if m.schemes))
    open_long = f". Open: {', '.join(needs)}" if needs else ""
    open_short = f". Open: {needs[0]} +{len(needs) - 1}" if len(needs) > 1 else open_long
    long, short = ("; ".join(_said(s, brief) for s in shown) for brief in (False, True))
    full, place = headline(a.picture, with_place=True), headline(a.picture, with_place=False)
    for head, groups, tail in (
        (full, long, open_long),
        (full, short, open_long),
        (place, short, open_long),
        (place, short, open_short),
    ):
        yield f"{head}: {groups}{tail}"
    yield f"{full}: risk group open{open_long}"
    yield f"{place}: risk group open{open_short}"


@lru_cache(maxsize=4096)
def _said(s: SchemeFinding, brief: bool) -> str:
    groups = [g for g in s.finding.possible if g is not None]
    name = s.short
    if brief:
        name = {"COG (AALL1331)": "COG", "COG (PDQ 2014)": "COG 2014", "UK (R3)": "UK"}.get(name, name)
        short = {"intermediate": "interm.", "standard": "std."}
        groups = [short.get(g, g) for g in groups] if len(groups) > 1 else groups
    if not groups:
        return f"{name} none"
    said = "/".join(groups) if brief else " or ".join(groups)
    if s.finding.applies is None:
        said += " or none"
    return f"{name} {said}"


def headline(p: RelapsePicture, *, with_place: bool) -> str:
    """Which relapse of what, and with its place: where, and how long after the diagnosis."""
    number = p.relapse_number.value
    ordinal = _ORDINALS.get(number, f"{number}.") if number else None
    kind = {Lineage.B: "B-ALL", Lineage.T: "T-ALL"}.get(p.lineage.value, "ALL") if p.lineage.value else "ALL"
    head = f"{ordinal} relapse, {kind}" if ordinal else f"Relapse, {kind}"
    if not with_place:
        return head
    found = patterns_of(p)
    if len(found) == 1:
        head += f", {next(iter(found)).value}"
    elif found <= {Pattern.MARROW, Pattern.COMBINED}:
        head += ", marrow (isolated or combined)"
    elif found <= {Pattern.CNS, Pattern.COMBINED}:
        head += ", CNS (isolated or combined)"
    months = months_from_diagnosis(p).value
    return head if months is None else f"{head}, {months} mo from diagnosis"


def _table(schemes: Sequence[SchemeFinding], pages: Pages) -> list[str]:
    rows = ["| Scheme | Group | Rule | Source |", "|---|---|---|---|"]
    rows.extend(_row(s, pages) for s in schemes)
    return rows


@lru_cache(maxsize=4096)
def _row(s: SchemeFinding, pages: Pages) -> str:
    groups = [f"**{g}**" for g in s.finding.possible if g is not None]
    if s.finding.group is not None and s.meaning:
        groups = [f"**{s.finding.group}** ({s.meaning} risk)"]
    said = " or ".join(groups) or "no group"
    if s.finding.applies is None:
        said += ", or none (outside this scheme)"
    elif s.finding.applies is False:
        said = "outside this scheme"
    if not s.settles:
        said += "; counted from first remission, beside BFM only"
    if s.age_note:
        said += f"; {s.age_note}"
    rules = ", ".join(f"[{r}]({pages.rule(s.id, r)})" for r in s.finding.rules[:4])
    if len(s.finding.rules) > 4:  # noqa: PLR2004 - a card, not a list
        rules = f"[{len(s.finding.rules)} rules]({pages.rule(s.id)})"
    return f"| {s.short} | {said} | {rules} | {escape(sources_label(s.citations))} |"


def differences(schemes: Sequence[SchemeFinding], p: RelapsePicture) -> list[str]:
    """The two COG tables differ by source, not by patient: say where they do."""
    first, second = (s.finding for s in schemes if s.id.startswith("COG-"))
    if not (first.applies and second.applies) or set(first.possible) == set(second.possible):
        return []
    settled = first.group is not None and second.group is not None
    differ = "The two COG tables differ here" if settled else "The two COG tables may differ here"
    found = patterns_of(p)
    if found <= {Pattern.MARROW, Pattern.COMBINED}:
        why = (
            "AALL1331 (2020) divides late marrow relapse by end-of-block-1 MRD; "
            "the 2014 table calls it intermediate"
        )
    elif first.group == "high":
        why = "AALL1331 (2020) calls early isolated extramedullary relapse high; the 2014 table intermediate"
    elif Pattern.MARROW not in found and Pattern.COMBINED not in found:
        why = (
            "AALL1331 (2020) divides late isolated extramedullary relapse by end-of-block-1 MRD; "
            "the 2014 table calls it low"
        )
    else:
        why = "AALL1331 (2020) uses end-of-block-1 MRD; the 2014 table uses site and time only"
    return [f"{differ}: {why}.", ""]


def _open_lines(all_missing: Sequence[MissingFact], schemes: Sequence[SchemeFinding]) -> list[str]:
    missing = [m for m in all_missing if m.schemes]
    if not missing:
        return []
    lines = ["**What is open, and what would settle it**", ""]
    names = {s.id: s for s in schemes}
    for m in missing:
        lines.append(
            f"- **{NEEDS[m.fact]}**: {escape(m.because.rstrip('.'))}. To settle it: {escape(m.settled_by)}."
        )
        lines.extend(line for s in m.schemes if (line := _outcomes(m.fact, names[s])))
    return [*lines, ""]


@lru_cache(maxsize=4096)
def _outcomes(fact: str, scheme: SchemeFinding) -> str | None:
    """For one scheme, the group that each value would give; None if most values settle nothing."""
    for item in scheme.finding.open:
        settled = sum(len(groups) == 1 for _, groups in item.settles)
        if CONTRACT_NAME[item.fact] == fact and settled * 2 >= len(item.settles):
            said = "; ".join(
                f"{escape(value)} → {' or '.join(g or 'none' for g in groups)}"
                for value, groups in item.settles
            )
            return f"  - {scheme.short}: {said}"
    return None
