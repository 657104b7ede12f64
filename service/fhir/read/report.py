"""DiagnosticReport, and marrow reports sent as Observations: what their words say of residual disease and
marrow blasts.

By the text route only: at most possible. A sentence counts if all of it is understood; where one speaks of
residual disease in other words, the report says nothing of it. Documents it presents are not opened. A report
of an ECG or the like also shows that it was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.interval import Interval
from cds_rules.patient.timeline import Measure, Measurement, ProblemKind, Route
from service.fhir.elements import ReportData
from service.fhir.mrd_words import MARROW, MRD, method_of, time_point_of
from service.fhir.read import event, mrd, poor_sample
from service.fhir.read.measurement import NOT_SEEN, SEEN
from service.fhir.reading import Meaning, NotUsableError, Reading, local, when, words
from service.fhir.result_text import Kind, TextResult, parse_fraction, says_nothing
from service.fhir.specimen import is_doubted, named, note_contained

MAX_LENGTH = 20_000
"""Longer conclusions are not read."""
FINAL = {"final", "amended", "corrected", "appended"}

_BLASTS = re.compile(r"\b(?:lympho)?blasts?\b", re.IGNORECASE)
_SHARE = re.compile(r"\d\s*(?:%|percent)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"\bblood\b|\bperipheral\b|\bpb\b|\bcsf\b|\bspinal\b|\bcd\d+", re.IGNORECASE)
_LIMIT = re.compile(r"\bl?lod\b|\blimit of detection\b|\bdetection limit\b|\bsensitivity\b", re.IGNORECASE)
_HEADINGS = (
    r"\b(?:final|test|assay|panel|indication|interpretation|impression|comment|diagnosis|study|assessment"
    r"|evaluation|analysis|report|conclusion|summary|aspirate|biopsy)\b"
)
_HEADING = re.compile(_HEADINGS, re.IGNORECASE)
_HEADED = re.compile(rf"^(?:\s*{_HEADINGS})+\s*:", re.IGNORECASE)
_AROUND_BLASTS = re.compile(
    r"\b(?:account(?:s|ing)? for|compris(?:e|es|ing)|represent(?:s|ing)?|show(?:s|ing)?|consist(?:s|ing) of"
    r"|(?:hyper|hypo|normo)cellular|aspirate|biopsy|about|were|was|have|has|count|differential|lymphoid"
    r"|leukemic)\b",
    re.IGNORECASE,
)
"""Words that may stand beside a count of blasts and change nothing of it."""
_NOT_UNDERSTOOD = "Its text speaks of residual disease in words that are not understood: not used."
_TWO_ANSWERS = "Its text gives more than one answer: not used."


@dataclass(frozen=True, slots=True)
class Report:
    """A text about a sample, and what its surroundings say of it."""

    sample: mrd.Sample
    text: str
    meaning: Meaning
    is_mrd: bool = False
    """Is it called a residual disease test?"""
    answer: Kind | None = None
    """Its coded conclusion."""
    told: Mapping[str, Interval] = field(default_factory=dict)
    """Residual disease that the results it refers to tell, by source, as fractions."""
    counted: Mapping[str, Interval] = field(default_factory=dict)
    """Marrow blasts that these tell, in percent."""


def may_tell(resource: dict[str, Any], reading: Reading) -> bool:
    """A quick look at the raw report: does it say anything that is read?"""
    if event.is_reported(meanings(resource, reading)):
        return True
    text = resource.get("conclusion")
    if text is None:
        return bool(resource.get("conclusionCode")) and _is_mrd(resource, reading)
    if not isinstance(text, str):
        return True  # for the reader to refuse
    return speaks(text) or _is_mrd(resource, reading)


def meanings(resource: dict[str, Any], reading: Reading) -> list[Meaning]:
    """What the codes of the raw report mean."""
    try:
        return list(reading.meanings(resource.get("code") or {}))
    except (AttributeError, TypeError):
        return []


def read(resource: dict[str, Any], found: list[Meaning], reading: Reading) -> None:
    """Note what a report of ours says in words. NotUsableError if its words are not understood."""
    data = ReportData.of(resource)
    source = f"DiagnosticReport/{data.id}"
    if not _usable(data.status, source, reading):
        return
    taken = when(data.effectiveDateTime, data.effectivePeriod)
    event.note_report(source, taken, found, reading)
    if taken is None:
        raise NotUsableError("The report has no date of its own: not used.")
    note_contained(resource, reading)
    name = words(data.code)
    results = {local(r.reference) for r in data.result}
    site = next((m.site for m in found if m.concept == mrd.CONCEPT), None)
    note(
        Report(
            sample=mrd.Sample(
                source, taken, _place(data, name, reading), method_of(name), time_point_of(name)[0]
            ),
            text=data.conclusion or "",
            meaning=Meaning(mrd.CONCEPT, Route.TEXT, site),
            is_mrd=site is not None or MRD.search(name) is not None,
            answer=_coded(data, reading),
            told={m.source: m.fraction for m in reading.mrd if m.source in results},
            counted={
                m.source: m.value
                for m in reading.measurements
                if m.source in results and m.measure is Measure.MARROW_BLASTS
            },
        ),
        reading,
    )


def read_words(source: str, taken: PartialDate, text: str, reading: Reading) -> None:
    """A marrow report that is an Observation with a text."""
    sample = mrd.Sample(source, taken, "marrow")
    note(Report(sample, text, Meaning(mrd.CONCEPT, Route.TEXT)), reading)


def speaks(text: str) -> bool:
    """Does a text name residual disease, or blasts with a share of cells?"""
    return MRD.search(text) is not None or (
        _BLASTS.search(text) is not None and _SHARE.search(text) is not None
    )


def note(report: Report, reading: Reading) -> None:
    """Note what the text says of marrow blasts, then of residual disease."""
    if len(report.text) > MAX_LENGTH:
        raise NotUsableError("Its text is longer than is read: not used.")
    clauses = [c.strip() for c in re.split(r"[\n\r;]+|\.(?=\s|$)", report.text) if c.strip()]
    if is_doubted(report.text):
        for source in sorted({*report.told, *report.counted}):
            poor_sample.widen(source, reading, report.sample.source)
    fault = _note_blasts(report, clauses, reading)
    _note_mrd(report, clauses, reading)
    if fault is not None:
        raise NotUsableError(fault)


def _note_mrd(report: Report, clauses: list[str], reading: Reading) -> None:
    found = list(_mrd_results(report, clauses))
    if found and is_doubted(report.text):
        raise NotUsableError("Its text doubts the sample: not used.")
    if report.answer is not None and report.is_mrd:
        if any((report.answer is Kind.NOT_DETECTED) != mrd.negative(result) for _, result in found):
            raise NotUsableError("Its text and its coded conclusion contradict each other: not used.")
        found = found or [(report.sample, TextResult(report.answer))]
    by_method = {sample.method: result for sample, result in found}
    if any(by_method[sample.method] != result for sample, result in found):
        raise NotUsableError(_TWO_ANSWERS)
    if report.told:
        _compare([_fraction(result, report) for _, result in found], report.told, report, reading)
        return
    for sample, result in {s.method: (s, r) for s, r in found}.values():
        mrd.keep(sample, result, report.meaning, reading)


def _mrd_results(report: Report, clauses: list[str]) -> Iterator[tuple[mrd.Sample, TextResult]]:
    """What each sentence on residual disease says. NotUsableError if one of them is not understood."""
    limits = [c for c in clauses if _LIMIT.search(c) and not MRD.search(c)]
    spoken = [c for c in clauses if MRD.search(c)]
    if not spoken and report.is_mrd:
        spoken = [c for c in clauses if c not in limits]
    for clause in spoken:
        label, rest = time_point_of(clause)
        plain = _HEADED.sub(" ", rest)
        if says_nothing(_HEADING.sub(" ", plain)):
            continue
        parsed = parse_fraction(plain)
        if parsed is not None and len(limits) == 1 and parsed.lod is None:
            parsed = parse_fraction(f"{plain}; {limits[0]}") or parsed
        if parsed is None or parsed.kind is Kind.INDETERMINATE:
            raise NotUsableError(_NOT_UNDERSTOOD)
        own = report.sample
        yield (
            mrd.Sample(
                own.source,
                own.when,
                own.place or ("marrow" if MARROW.search(clause) else None),
                method_of(clause) or own.method,
                mrd.one_of(own.time_point, label),
            ),
            parsed,
        )


def _fraction(result: TextResult, report: Report) -> Interval | None:
    site = report.meaning.site
    return mrd.fraction_of(
        result, result.lod or (site.lod if site else None), result.loq or (site.loq if site else None)
    )


def _note_blasts(report: Report, clauses: list[str], reading: Reading) -> str | None:
    """Note the share of blasts in the marrow, if the text gives one; what is wrong with it, if anything."""
    told: set[Interval] = set()
    for clause in clauses:
        about_marrow = report.sample.place == "marrow" or MARROW.search(clause) is not None
        if not about_marrow or MRD.search(clause) or _ELSEWHERE.search(clause):
            continue
        if not _BLASTS.search(clause) or not _SHARE.search(clause):
            continue
        parsed = parse_fraction(_HEADING.sub(" ", _AROUND_BLASTS.sub(" ", time_point_of(clause)[1])))
        if parsed is None or parsed.fraction is None:
            return "Its text speaks of marrow blasts in words that are not understood: not used."
        found = parsed.fraction
        told.add(replace(found, low=round(found.low * 100, 9), high=round(found.high * 100, 9)))
    if len(told) > 1:
        return _TWO_ANSWERS
    for value in told:
        if report.counted:
            _compare([value], report.counted, report, reading)
        else:
            sample = report.sample
            reading.measurements.append(
                Measurement(sample.source, sample.when, Measure.MARROW_BLASTS, value, Route.TEXT)
            )
    return None


def _compare(
    said: list[Interval | None], told: Mapping[str, Interval], report: Report, reading: Reading
) -> None:
    """A result that the report refers to is used, and its text is not; say so where they disagree."""
    for source, value in told.items():
        if any(s is not None and (s.high < value.low or value.high < s.low) for s in said):
            text = "The text of a report contradicts its result: the result is used."
            reading.problem(ProblemKind.CONFLICT, text, report.sample.source, source)


def _usable(status: str, source: str, reading: Reading) -> bool:
    if status in FINAL:
        return True
    if status == "entered-in-error":
        reading.problem(ProblemKind.ENTERED_IN_ERROR, "Entered in error: not used.", source)
    elif status in ("preliminary", "partial"):
        reading.problem(ProblemKind.UNAVAILABLE, "Preliminary report, not final: not used.", source)
    return False


def _place(data: ReportData, name: str, reading: Reading) -> str | None:
    """The one place its specimens are from; its name tells it where they do not."""
    places = {named(s, reading) for s in data.specimen} - {None}
    if places:
        return places.pop() if len(places) == 1 else None
    return "marrow" if MARROW.search(name) and not _ELSEWHERE.search(name) else None


def _coded(data: ReportData, reading: Reading) -> Kind | None:
    told = {m.concept for code in data.conclusionCode for m in reading.concepts(code)}
    if bool(told & SEEN) == bool(told & NOT_SEEN):
        return None
    return Kind.DETECTED if told & SEEN else Kind.NOT_DETECTED


def _is_mrd(resource: dict[str, Any], reading: Reading) -> bool:
    """Is the raw report called a residual disease test, by the site's code or in words?"""
    if any(m.concept == mrd.CONCEPT for m in meanings(resource, reading)):
        return True
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    texts = [code.get("text") if isinstance(code, dict) else None]
    texts += [c.get("display") for c in codings if isinstance(c, dict)] if isinstance(codings, list) else []
    return any(isinstance(text, str) and MRD.search(text) for text in texts)
