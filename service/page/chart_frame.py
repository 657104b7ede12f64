"""What of the time a picture of the course shows, and how wide it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from cds_rules.patient.dates import PartialDate
from service.page.course import Course, Item

_WORTH_ITEMS, _WORTH_DAYS = 5, 21
"""From how many marks and days on the recent course has a picture of its own."""
_MARGIN = 0.03
"""Of the time shown, free on either side."""
RIGHT = 14
"""Free to the right of the plot, in units of the picture."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is shown of the time, and how wide. `gutter` holds the names of the rows."""

    start: date
    end: date
    width: int
    gutter: int
    name: str

    @property
    def plot(self) -> int:
        """Width of what lies under the time axis."""
        return self.width - self.gutter - RIGHT

    def shows(self, item: Item) -> bool:
        """Does any of it lie within?"""
        if item.when is None:
            return False
        last = self.end if item.lasting and item.until is None else (item.until or item.when).latest
        return max(last, item.when.latest) >= self.start and item.when.earliest <= self.end


def frames(course: Course, *, narrow: bool) -> tuple[Frame, ...]:
    """The whole course, and apart what follows the last turn where that is a small part of the whole."""
    width, gutter = (360, 104) if narrow else (800, 150)
    whole = _frame(course.first_day, course.on, width, gutter, "whole")
    turn = course.latest_turn()
    if turn is None:
        return (whole,)
    recent_from = turn - timedelta(days=21)
    since = sum(i.when.earliest >= turn for i in course.dated if i.when)
    small = (course.on - recent_from).days * 2 <= (course.on - course.first_day).days
    if not small or since < _WORTH_ITEMS or (course.on - turn).days < _WORTH_DAYS:
        return (whole,)
    return whole, _frame(recent_from, course.on, width, gutter, "recent")


def _frame(start: date, end: date, width: int, gutter: int, name: str) -> Frame:
    span = max((end - start).days, 30)
    margin = timedelta(days=max(2, round(span * _MARGIN)))
    return Frame(start - margin, max(end, start + timedelta(days=30)) + margin, width, gutter, name)


def at_ms(day: date) -> int:
    """A day as Vega has it: milliseconds, UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def span(when: PartialDate, frame: Frame) -> tuple[int, int]:
    """The days of a partial date, within the frame."""
    first, last = max(when.earliest, frame.start), min(when.latest, frame.end)
    return at_ms(first), at_ms(last + timedelta(days=1))


def bar(item: Item, course: Course, frame: Frame) -> tuple[int, int]:
    """From the first day it may have begun to the last it may have gone on, within the frame."""
    first = item.when.earliest if item.when else frame.start
    last = item.until.latest if item.until else course.on if item.lasting else first
    return at_ms(max(first, frame.start)), at_ms(min(max(last, first) + timedelta(days=1), frame.end))
