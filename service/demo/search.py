"""FHIR R4 search over the demo store: how a query is read, and which resources match.

Dates follow the interval rules of the R4 search page: a partial date stands for the whole span it names, an
open end of a Period for infinity. A search value without a time zone is compared with the time as written in
the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal

from service.demo.store import ID_PATTERN, IMPLIED, FhirStore, Resource, values_at

DEFAULT_COUNT: Final = 100
MAX_COUNT: Final = 500
PAGE_PARAMETER: Final = "_offset"
_CONTROLS = frozenset({"_count", "_format", "_sort", "_summary", "_total", PAGE_PARAMETER})

Pairs = list[tuple[str, str]]
"""Decoded (name, value) pairs of a query string or form."""
Test = Callable[[Resource, FhirStore], bool]
Span = tuple[datetime, datetime]
"""Half-open [start, end)."""


class SearchError(Exception):
    """A query this server refuses; the message is constant text, safe to send."""


@dataclass(frozen=True)
class Parameter:
    """A search parameter: its FHIR type and the elements it looks at (dots step into an element)."""

    kind: Literal["token", "date", "reference"]
    elements: tuple[str, ...]


Known = Mapping[str, Parameter]
"""The filters one resource type supports, by name."""


@dataclass(frozen=True)
class Query:
    """A query as understood: filters (all must hold), order, page, and what of the request had an effect."""

    tests: tuple[Test, ...]
    patients: frozenset[str] | None
    sort: tuple[tuple[str, bool], ...]
    """(parameter, descending), strongest first."""
    count: int
    offset: int
    count_only: bool
    used: tuple[tuple[str, str], ...]
    """The pairs that had an effect, without the page token."""
    ignored: bool


def parse_query(pairs: Pairs, known: Known) -> Query:
    """Read a query. Raises SearchError for a value, modifier or chain that cannot be honoured."""
    filters, controls, ignored = _sorted_out(pairs, known)
    asked = [(name, bool(minus)) for minus, name in re.findall("(-?)([^,]+)", controls.pop("_sort", ""))]
    sort = [key for key in asked if key[0] == "_id" or (key[0] in known and known[key[0]].kind == "date")]
    offset = _whole_number(controls.pop(PAGE_PARAMETER, "0"))
    count = _whole_number(controls.pop("_count", str(DEFAULT_COUNT)))
    summary = controls.pop("_summary", "false")
    count_only = count == 0 or summary == "count"
    if controls.get("_total", "none") not in ("none", "estimate", "accurate"):
        raise SearchError("_total must be none, estimate or accurate.")
    shown = {
        **controls,
        "_sort": ",".join("-" * descending + name for name, descending in sort),
        "_summary": "count" if count_only else "",
        "_count": "" if count_only else str(min(count, MAX_COUNT)),
    }
    return Query(
        tests=tuple(_test_of(known[n], value) for n, value in filters if known[n].kind != "reference"),
        patients=_patients([value for n, value in filters if known[n].kind == "reference"]),
        sort=tuple(sort),
        count=min(count, MAX_COUNT),
        offset=offset,
        count_only=count_only,
        used=(*filters, *((name, value) for name, value in shown.items() if value)),
        ignored=ignored or len(sort) < len(asked) or summary not in ("count", "false"),
    )


def run(resource_type: str, query: Query, known: Known, store: FhirStore) -> list[Resource]:
    """Return every match in the asked order (ties and no order: the store's own order), before paging."""
    if query.patients is None:
        candidates = list(store.of_type(resource_type))
    else:
        candidates = [r for p in sorted(query.patients) for r in store.of_patient(resource_type, p)]
    matches = [r for r in candidates if all(test(r, store) for test in query.tests)]
    for name, descending in reversed(query.sort):
        keyed = [(_sort_key(known[name], r), r) for r in matches]
        present = sorted(((k, r) for k, r in keyed if k), key=lambda pair: pair[0], reverse=descending)
        # What has no value goes last both ways: "newest first" must not begin with undated records.
        matches = [r for _, r in present] + [r for k, r in keyed if not k]
    return matches


def _sorted_out(pairs: Pairs, known: Known) -> tuple[Pairs, dict[str, str], bool]:
    """Return the filters, the last value of each control, and whether anything unknown was left out."""
    filters: Pairs = []
    controls: dict[str, str] = {}
    ignored = False
    for name, value in pairs:
        base = re.split("[:.]", name, maxsplit=1)[0]
        if base not in known and base not in _CONTROLS:
            ignored = True
        elif name not in (base, "patient:Patient", "subject:Patient"):
            # Dropping these would answer a wider question than the one asked.
            raise SearchError("A modifier or a chained search parameter is not supported here.")
        elif base in known:
            filters.append((base, value))
        else:
            controls[base] = value
    return filters, controls, ignored


def _sort_key(parameter: Parameter, resource: Resource) -> str:
    values = list(values_at(resource, parameter.elements))
    if parameter.kind == "token":
        return "".join(str(value) for value in values)
    spans = [_held_span(value, in_utc=True) for value in values]
    return min((span[0].isoformat() for span in spans if span), default="")


def _whole_number(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise SearchError("_count and the page token must be whole numbers, zero or more.")
    return int(text)


def _split(text: str, mark: str) -> list[str]:
    """Split at each `mark` that no backslash precedes; the parts stay escaped."""
    return re.split(rf"(?<!\\){re.escape(mark)}", text)


def _alternatives(value: str) -> list[str]:
    """Return the parts of a comma list. None is refused: without `patient=`, every chart opens."""
    parts = [part for part in _split(value, ",") if part]
    if not parts:
        raise SearchError("A search parameter has no value.")
    return parts


def _patients(values: list[str]) -> frozenset[str] | None:
    """Return the patient ids asked for (repeated parameters must all hold); None where none was asked."""
    asked = [[part.removeprefix("Patient/") for part in _alternatives(value)] for value in values]
    if not all(re.fullmatch(ID_PATTERN, part) for parts in asked for part in parts):
        raise SearchError("A patient must be given as an id or as Patient/id.")
    return frozenset.intersection(*(frozenset(parts) for parts in asked)) if asked else None


def _test_of(parameter: Parameter, value: str) -> Test:
    make = _date_test if parameter.kind == "date" else _token_test
    tests = [make(parameter.elements, part) for part in _alternatives(value)]
    return lambda resource, store: any(test(resource, store) for test in tests)


def _token_test(elements: tuple[str, ...], text: str) -> Test:
    first, *rest = (re.sub(r"\\(.)", r"\1", part) for part in _split(text, "|"))
    if len(rest) > 1 or not (first or any(rest)):
        raise SearchError("A token must be code, system|code, |code or system|.")
    code = rest[0] if rest else first

    def matches(system: object, held: object) -> bool:
        return code in ("", held) and (not rest or system is IMPLIED or (system or "") == first)

    return lambda resource, store: any(matches(*coding) for coding in store.codings(resource, elements))


def _date_test(elements: tuple[str, ...], text: str) -> Test:
    # The "+" of a time zone arrives as a space when the client did not escape it.
    found = re.fullmatch("([a-z]{2})?([0-9].*)", text.replace(" ", "+"))
    prefix, written = found.groups() if found else (None, "")
    date = _DATE.fullmatch(written)
    in_utc = date is not None and date[2] is not None
    compare, asked = _COMPARE.get(prefix or "eq"), date_span(written, in_utc)
    if compare is None or asked is None:
        raise SearchError("A date must be a FHIR date or dateTime, alone or after eq, lt, gt, le or ge.")

    def test(resource: Resource, _: FhirStore) -> bool:
        spans = (_held_span(value, in_utc) for value in values_at(resource, elements))
        return any(compare(asked, span) for span in spans if span)

    return test


_COMPARE: Mapping[str, Callable[[Span, Span], bool]] = {
    "eq": lambda asked, held: asked[0] <= held[0] and held[1] <= asked[1],
    "lt": lambda asked, held: held[0] < asked[0],
    "gt": lambda asked, held: held[1] > asked[1],
    # "Reaches beyond on that side, or lies within": what reaches beyond on the other side only is no match.
    "le": lambda asked, held: held[0] < asked[0] or held[1] <= asked[1],
    "ge": lambda asked, held: held[1] > asked[1] or held[0] >= asked[0],
}
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?|(\d{4}(?:-\d\d(?:-\d\d)?)?)", re.ASCII
)
_BLANK = "0001-01-01T00:00:00"
_YEAR, _MONTH = len("2024"), len("2024-05")
_UNITS = {len("2024-05-17"): timedelta(days=1), len("2024-05-17T08:30"): timedelta(minutes=1)}
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


def _held_span(value: Any, in_utc: bool) -> Span | None:
    """Return the span of a date or Period in a record; None where it has none or one that cannot be read."""
    if isinstance(value, str):
        return date_span(value, in_utc)
    if not isinstance(value, dict) or not (value.get("start") or value.get("end")):
        return None
    start = date_span(str(value.get("start") or "0001"), in_utc)
    end = date_span(str(value.get("end") or "9999"), in_utc)
    return (start[0], end[1]) if start and end else None


@lru_cache(maxsize=16384)
def date_span(text: str, in_utc: bool) -> Span | None:
    """Return the span of a FHIR date, dateTime or instant, in UTC or as written; None if malformed."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    moment, zone, date = found.groups()
    written = moment or date
    try:
        start = datetime.fromisoformat(f"{written}{_BLANK[len(written) :]}Z")
        shift = datetime.fromisoformat(f"{_BLANK}{(in_utc and zone) or 'Z'}").utcoffset() or timedelta()
        return start - shift, _end_of(start, len(written)) - shift
    except (ValueError, OverflowError):
        return None


def _end_of(start: datetime, written: int) -> datetime:
    """Return the end of the span that begins at `start`, by how many characters of the date were written."""
    try:
        if written == _YEAR:
            return start.replace(year=start.year + 1)
        if written == _MONTH:
            return (start + timedelta(days=31)).replace(day=1)
        return start + _UNITS.get(written, timedelta(seconds=1))
    except (ValueError, OverflowError):
        return _END_OF_TIME  # the year 9999, which records use for "no end"
