"""Aspects of what came before the latest relapse: allogeneic transplants and regimens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cds_rules.patient.dates import PartialDate, add_months
from cds_rules.patient.timeline import Part, Transplant
from cds_rules.treatment.aspect import Aspect, Seen, When
from cds_rules.treatment.chart import Chart

EARLY_MONTHS, LATE_MONTHS = 6, 12
"""Months to relapse after transplant: low survival within 6 to 12, better over 12. HR2020 (000:120)."""
ONE_TRANSPLANT_DAYS = 60
"""Transplants recorded this many days apart or less may be one. Project's parameter."""
TWO_REGIMENS, FOUR_REGIMENS = 2, 4
"""Labels of clofarabine and nelarabine: at least two (003:156, 168); bortezomib: two or three (001:153)."""

_TRANSPLANT_PARTS = (Part.PROCEDURES, Part.CONDITIONS)


class AfterAllogeneic(StrEnum):
    """Calendar months from the last allogeneic transplant to the relapse after it."""

    NOT_AFTER = "not after an allogeneic transplant"
    BEFORE_6 = "<6 months after it"
    TO_12 = "6 to 12 months after it"
    OVER_12 = ">12 months after it"


class Transplants(StrEnum):
    """Allogeneic transplants before the relapse."""

    NONE = "none"
    ONE = "one"
    MORE = "two or more"


class Regimens(StrEnum):
    """Regimens before the latest relapse or failure of treatment."""

    BELOW_2 = "none or one"
    TO_3 = "two or three"
    FROM_4 = "four or more"


_ORDER = list(AfterAllogeneic)
_COUNTS = list(Transplants)


@dataclass(frozen=True, slots=True)
class _Earlier:
    """Allogeneic transplants before the relapse: surely, and perhaps; and why more may be hidden."""

    sure: tuple[Transplant, ...]
    perhaps: tuple[Transplant, ...]
    unread: str | None

    @property
    def evidence(self) -> tuple[str, ...]:
        return tuple(t.source for t in (*self.sure, *self.perhaps))


def _earlier(chart: Chart, relapse: PartialDate) -> _Earlier:
    """A transplant whose kind is not told counts as allogeneic: autologous ones are rare. Project's."""
    given = [t for t in chart.timeline.transplants if t.kind != "autologous"]
    sure = [
        t
        for t in given
        if t.certain and t.route.settles and t.when is not None and t.when.latest < relapse.earliest
    ]
    rest = [t for t in given if t not in sure and (t.when is None or t.when.earliest <= relapse.latest)]
    return _Earlier(tuple(sure), tuple(rest), _unread(chart))


def _unread(chart: Chart) -> str | None:
    return next((chart.timeline.missing[p] for p in _TRANSPLANT_PARTS if p in chart.timeline.missing), None)


def _only_autologous(chart: Chart, found: _Earlier, relapse: PartialDate) -> bool:
    """Is an autologous transplant the one before? Told by the relapse alone, it counts as allogeneic."""
    own = (t for t in chart.timeline.transplants if t.kind == "autologous")
    before = any(t.when is None or t.when.earliest <= relapse.latest for t in own)
    return before and not found.evidence and found.unread is None


def _none_before(chart: Chart, none: StrEnum) -> Seen | None:
    p = chart.picture
    if p.relapse_number.value == 0:
        return Seen(frozenset({none}), p.relapse_number.evidence, "no relapse")
    if p.earlier_transplant.value is False:
        return Seen(frozenset({none}), (), p.earlier_transplant.because)
    return None


def _since(chart: Chart) -> Seen:
    settled = _none_before(chart, AfterAllogeneic.NOT_AFTER)
    relapse, before = chart.picture.relapse_date.value, chart.picture.earlier_transplant
    if settled is not None:
        return settled
    if relapse is None:
        return Seen(frozenset(AfterAllogeneic), before.evidence, "the date of the relapse is unknown")
    found = _earlier(chart, relapse)
    if _only_autologous(chart, found, relapse):
        return Seen(frozenset({AfterAllogeneic.NOT_AFTER}), before.evidence, "autologous only")
    if not found.sure:
        possible = set(AfterAllogeneic)
        if before.value and not found.evidence:
            possible.discard(AfterAllogeneic.NOT_AFTER)
        why = before.because or found.unread or "the date of the transplant is not recorded"
        return Seen(frozenset(possible), (*before.evidence, *found.evidence), why)
    days = [t.when for t in found.sure if t.when is not None]
    longest = _band(max(d.earliest for d in days), relapse.latest)
    shortest = _band(max(d.latest for d in days), relapse.earliest)
    if found.perhaps or found.unread is not None:
        shortest = AfterAllogeneic.BEFORE_6
    possible_bands = frozenset(_ORDER[_ORDER.index(shortest) : _ORDER.index(longest) + 1])
    why = found.unread or f"transplant {max(days, key=lambda d: d.latest)}, relapse {relapse}"
    return Seen(possible_bands, found.evidence, why)


def _band(transplant: date, relapse: date) -> AfterAllogeneic:
    if relapse < add_months(transplant, EARLY_MONTHS):
        return AfterAllogeneic.BEFORE_6
    late = relapse > add_months(transplant, LATE_MONTHS)
    return AfterAllogeneic.OVER_12 if late else AfterAllogeneic.TO_12


def _count(chart: Chart) -> Seen:
    settled = _none_before(chart, Transplants.NONE)
    relapse, before = chart.picture.relapse_date.value, chart.picture.earlier_transplant
    if settled is not None:
        return settled
    if relapse is None:
        return Seen(frozenset(Transplants), before.evidence, "the date of the relapse is unknown")
    found = _earlier(chart, relapse)
    if _only_autologous(chart, found, relapse):
        return Seen(frozenset({Transplants.NONE}), before.evidence, "autologous only")
    told_otherwise = bool(before.value) and not found.evidence
    fewest = max(_apart(found.sure), 1 if told_otherwise else 0)
    hidden = bool(found.perhaps) or found.unread is not None or told_otherwise
    most = len(_COUNTS) - 1 if hidden else len({t.when for t in found.sure})
    possible = frozenset(_COUNTS[min(fewest, 2) : min(most, 2) + 1])
    why = found.unread or before.because or "records may be of one transplant, or of several"
    return Seen(possible, (*before.evidence, *found.evidence), why)


def _apart(transplants: tuple[Transplant, ...]) -> int:
    """The fewest transplants that these records can be of."""
    counted, last = 0, date.min
    for when in sorted((t.when for t in transplants if t.when is not None), key=lambda d: d.earliest):
        if counted == 0 or when.earliest > last + timedelta(days=ONE_TRANSPLANT_DAYS):
            counted, last = counted + 1, when.latest
    return counted


def _regimens(chart: Chart) -> Seen:
    fact = chart.picture.prior_regimens
    if fact.value is None:
        return Seen(frozenset(Regimens), fact.evidence, fact.because)
    fewest, most = fact.value.at_least, fact.value.at_most
    found: set[StrEnum] = set()
    if fewest < TWO_REGIMENS:
        found.add(Regimens.BELOW_2)
    if fewest < FOUR_REGIMENS and (most is None or most >= TWO_REGIMENS):
        found.add(Regimens.TO_3)
    if most is None or most >= FOUR_REGIMENS:
        found.add(Regimens.FROM_4)
    return Seen(frozenset(found), fact.evidence, fact.because or "lines of treatment on record")


SINCE_ALLOGENEIC = Aspect(
    "relapseAfterTransplant",
    "relapse by time from allogeneic transplant",
    AfterAllogeneic,
    _since,
    "record transplants with their kind and date",
)
ALLOGENEIC_TRANSPLANTS = Aspect(
    "transplantsBeforeRelapse",
    "allogeneic transplants before the relapse",
    Transplants,
    _count,
    "record transplants with their kind and date",
)
REGIMENS = Aspect(
    "priorRegimens",
    "regimens before the latest relapse or failure",
    Regimens,
    _regimens,
    "record each line of treatment with its start and end",
)

after_allogeneic: When = SINCE_ALLOGENEIC.is_(
    AfterAllogeneic.BEFORE_6, AfterAllogeneic.TO_12, AfterAllogeneic.OVER_12
)
"""The relapse came after an allogeneic transplant, whenever."""
two_regimens: When = REGIMENS.is_(Regimens.TO_3, Regimens.FROM_4)
"""At least two regimens before."""
