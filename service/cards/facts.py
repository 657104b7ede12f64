"""The facts behind a card, each with its date and the resources it came from; what was not used."""

from __future__ import annotations

from collections.abc import Iterable

from cds_rules.contract import months_from_diagnosis
from cds_rules.patient.dates import PartialDate, whole_months
from cds_rules.patient.interval import Interval
from cds_rules.patient.picture import EndOfTreatment, Fact, RelapsePicture
from cds_rules.patient.timeline import DataProblem
from service.cards.build import escape

_MAX_PROBLEMS = 8
_MAX_REFERENCES = 4


def fact_lines(p: RelapsePicture, *, for_schemes: bool = True) -> list[str]:
    """What was read from the record, one line a fact; unknown facts say why.

    Without `for_schemes` the facts that only the first-relapse schemes ask for are left out.
    """
    months = months_from_diagnosis(p)
    lines = [
        _line("Diagnosis", p.diagnosed, str(p.diagnosed.value)),
        _line("Lineage", p.lineage, str(p.lineage.value)),
        _number_line(p),
        _line("Date of relapse", p.relapse_date, str(p.relapse_date.value)),
        _line("From diagnosis to relapse", months, f"{months.value} months"),
        _line("Sites", p.sites, ", ".join(sorted(str(s) for s in p.sites.value or ()))),
        *(_scheme_lines(p) if for_schemes else ()),
        _yes_line("Transplant before the relapse", p.earlier_transplant, _transplants(p)),
        _yes_line("CAR-T", p.car_t, _infusions(p)),
        *([_yes_line("Refractory", p.refractory)] if p.refractory.value else []),
        _line("Age at relapse", p.age_at_relapse, f"{p.age_at_relapse.value} years"),
        *_beside(p),
    ]
    return ["**From the record**", "", *lines, ""]


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


def _scheme_lines(p: RelapsePicture) -> list[str]:
    lines = [
        _line("Primary treatment", p.treatment, _treatment(p.treatment.value, p.relapse_date.value)),
        _line("End-of-block-1 MRD (marrow)", p.end_block1_mrd, percent(p.end_block1_mrd.value)),
    ]
    if p.first_remission.known:
        lines.insert(0, _line("First remission", p.first_remission, str(p.first_remission.value)))
    return lines


def _beside(p: RelapsePicture) -> list[str]:
    """Genetics and antigens on record: they change no group, and a reader wants them at hand."""
    genetics = [
        _line(marker.value, known, "found" if known.value else "not found")
        for marker, known in p.findings.genetics.items()
        if known.known
    ]
    antigens = [
        _line(f"{antigen.value} on blasts", known, str(known.value))
        for antigen, known in p.findings.antigens.items()
        if known.evidence
    ]
    return [*genetics, *antigens]


def _line(name: str, fact: Fact[object], shown: str) -> str:
    if not fact.known:
        why = escape(fact.because or "not on record")
        return f"- {name}: **unknown**, {why} {references(fact.evidence)}".rstrip()
    note = f" ({escape(fact.because)})" if fact.because else ""
    return f"- {name}: {escape(shown)}{note} {references(fact.evidence)}".rstrip()


def _number_line(p: RelapsePicture) -> str:
    if p.relapse_number.known or not p.relapses:
        return _line("Relapses on record", p.relapse_number, str(p.relapse_number.value))
    why = escape(p.relapse_number.because or "")
    evidence = references(p.relapse_number.evidence)
    return f"- Relapses on record: {p.relapses} found, their number is **open**, {why} {evidence}".rstrip()


def _yes_line(name: str, fact: Fact[bool], told: str = "yes") -> str:
    """A yes with what shows it; a no in the words of its reason."""
    if fact.value is False and fact.because:
        return f"- {name}: {escape(fact.because)} {references(fact.evidence)}".rstrip()
    return _line(name, fact, told)


def _transplants(p: RelapsePicture) -> str:
    shown = [f"{t.kind or 'kind not told'}, {t.when or 'undated'}" for t in p.findings.transplants]
    return "; ".join(shown) or "yes"


def _infusions(p: RelapsePicture) -> str:
    shown = [f"{c.product or 'product not told'}, {c.when or 'undated'}" for c in p.findings.car_t]
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
