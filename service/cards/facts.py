"""The facts behind a card, each with its date and the resources it came from; what was not used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cds_rules.contract import months_from_diagnosis
from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment, Fact, RelapsePicture
from cds_rules.patient.timeline import DataProblem
from service.cards.build import escape

_MAX_PROBLEMS = 8
_MAX_REFERENCES = 4


@dataclass(frozen=True, slots=True)
class FactRow:
    """One fact in plain text. `said`: its value; None where it is unknown, and `note` says why."""

    name: str
    said: str | None
    note: str
    evidence: tuple[str, ...]
    state: Literal["known", "unknown", "open"] = "known"
    """"open": something is known (`said`), and not all of it."""


def fact_lines(p: RelapsePicture, *, for_schemes: bool = True) -> list[str]:
    """What was read from the record, one line a fact; unknown facts say why.

    Without `for_schemes` the facts that only the first-relapse schemes ask for are left out.
    """
    return ["**From the record**", "", *map(_markdown, fact_rows(p, for_schemes=for_schemes)), ""]


def fact_rows(p: RelapsePicture, *, for_schemes: bool = True) -> list[FactRow]:
    """The same facts as rows of plain text."""
    months = months_from_diagnosis(p)
    return [
        _row("Diagnosis", p.diagnosed, str(p.diagnosed.value)),
        _row("Lineage", p.lineage, str(p.lineage.value)),
        _number_row(p),
        _row("Date of relapse", p.relapse_date, str(p.relapse_date.value)),
        _row("From diagnosis to relapse", months, f"{months.value} months"),
        _row("Sites", p.sites, ", ".join(sorted(str(s) for s in p.sites.value or ()))),
        *(_scheme_rows(p) if for_schemes else ()),
        *_latest_mrd(p, told=p.end_block1_mrd.evidence if for_schemes else ()),
        _yes_row("Transplant before the relapse", p.earlier_transplant, _transplants(p)),
        _yes_row("CAR-T", p.car_t, _infusions(p)),
        *([_yes_row("Refractory", p.refractory)] if p.refractory.value else []),
        _row("Age at relapse", p.age_at_relapse, f"{p.age_at_relapse.value} years"),
        *_beside(p),
    ]


def _markdown(row: FactRow) -> str:
    note, evidence = escape(row.note), references(row.evidence)
    if row.said is None:
        return f"- {row.name}: **unknown**, {note} {evidence}".rstrip()
    if row.state == "open":
        return f"- {row.name}: {row.said} is **open**, {note} {evidence}".rstrip()
    return f"- {row.name}: {escape(row.said)}{f' ({note})' if note else ''} {evidence}".rstrip()


def problem_lines(problems: Iterable[DataProblem]) -> list[str]:
    """What in the record was not used as it stands."""
    listed = list(problems)
    if not listed:
        return []
    lines = [f"- {escape(p.text)} {references(p.resources)}".rstrip() for p in listed[:_MAX_PROBLEMS]]
    if len(listed) > _MAX_PROBLEMS:
        lines.append(f"- and {len(listed) - _MAX_PROBLEMS} more")
    return ["**In the record, but not used**", "", *lines, ""]


def references(resources: tuple[str, ...]) -> str:
    """FHIR references in brackets, at most a few."""
    if not resources:
        return ""
    # Ids hold letters, digits, dots and dashes only (elements.Id): nothing in them formats.
    shown = ", ".join(resources[:_MAX_REFERENCES])
    more = len(resources) - _MAX_REFERENCES
    return f"({shown}{f' and {more} more' if more > 0 else ''})"


def percent(value: Interval | None) -> str:
    """A fraction of cells in percent, as a bound where it is one."""
    if value is None:
        return "unknown"
    low, high = f"{value.low * 100:.4g} %", f"{value.high * 100:.4g} %"
    if value.low == value.high:
        return high
    if value.high >= 1:
        return f"above {low}" if value.low_open else f"{low} or more"
    if value.low == 0:
        return f"detected, below {high}" if value.low_open else f"below {high}"
    return f"{low} to {high}"


def _scheme_rows(p: RelapsePicture) -> list[FactRow]:
    rows = [
        _row("Primary treatment", p.treatment, _treatment(p.treatment.value, p.relapse_date.value)),
        _row("End-of-block-1 MRD (marrow)", p.end_block1_mrd, percent(p.end_block1_mrd.value)),
    ]
    if p.first_remission.known:
        rows.insert(0, _row("First remission", p.first_remission, str(p.first_remission.value)))
    return rows


def _latest_mrd(p: RelapsePicture, told: tuple[str, ...]) -> list[FactRow]:
    """The last marrow MRD since the relapse, all of that day; none if the row before told it (`told`)."""
    relapse = p.relapse_date.value
    since = [
        (r.when.earliest, r)
        for r in p.findings.timeline.mrd
        if r.marrow and r.route.settles and r.when is not None and r.when.exact
        and relapse is not None and relapse.latest < r.when.earliest <= p.on
    ]  # fmt: skip
    last = max((day for day, _ in since), default=None)
    found = [r for day, r in since if day == last]
    sources = tuple(r.source for r in found)
    if not found or set(sources) <= set(told):
        return []
    said = "; ".join(f"{percent(r.fraction)} {_BY.get(r.method or '', 'method not told')}" for r in found)
    return [FactRow("Latest marrow MRD", said, str(last), sources)]


_BY = {"flow": "by flow", "pcr": "by PCR", "ngs": "by sequencing"}


def _beside(p: RelapsePicture) -> list[FactRow]:
    """Genetics and antigens on record: they change no group, and a reader wants them at hand."""
    genetics = [
        _row(marker.value, known, "found" if known.value else "not found")
        for marker, known in p.findings.genetics.items()
        if known.known
    ]
    antigens = [
        _row(f"{antigen.value} on blasts", known, str(known.value))
        for antigen, known in p.findings.antigens.items()
        if known.evidence
    ]
    return [*genetics, *antigens]


def _row(name: str, fact: Fact[object], said: str) -> FactRow:
    if not fact.known:
        return FactRow(name, None, fact.because or "not on record", fact.evidence, "unknown")
    return FactRow(name, said, fact.because or "", fact.evidence)


def _number_row(p: RelapsePicture) -> FactRow:
    name, fact = "Relapses on record", p.relapse_number
    if fact.known or not p.relapses:
        return _row(name, fact, str(fact.value))
    return FactRow(name, f"{p.relapses} found, their number", fact.because or "", fact.evidence, "open")


def _yes_row(name: str, fact: Fact[bool], told: str = "yes") -> FactRow:
    """A yes with what shows it; a no in the words of its reason."""
    if fact.value is False and fact.because:
        return FactRow(name, fact.because, "", fact.evidence)
    return _row(name, fact, told)


def _transplants(p: RelapsePicture) -> str:
    shown = [f"{t.kind or 'kind not told'}, {t.when or 'undated'}" for t in p.findings.transplants]
    return "; ".join(shown) or "yes"


def _infusions(p: RelapsePicture) -> str:
    # The order of an infusion that is dated is no second one, though it tells of one by itself.
    dated = {c.product for c in p.findings.car_t if c.when is not None}
    told = [c for c in p.findings.car_t if c.when is not None or c.product not in dated]
    shown = [f"{c.product or 'product not told'}, {c.when or 'undated'}" for c in told]
    return "; ".join(shown) or "yes"


def _treatment(value: EndOfTreatment | None, relapse: PartialDate | None) -> str:
    if value is None:
        return "unknown"
    if value.on_treatment or value.completed is None:
        return "going on at the relapse"
    if relapse is None or not relapse.exact or not value.completed.exact:
        return f"completed {value.completed}"
    months = whole_months(value.completed.earliest, relapse.earliest)
    return f"completed {value.completed}, {months} months before the relapse"
