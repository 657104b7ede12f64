"""Which trials fit one patient: each criterion met, not met or unknown, and the grade from those.

What does not hang on the patient is worked out once, when a `TrialSet` is made: every different question
of all its trials is numbered, so that it is put to a patient once, however many trials ask it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight
from cds_rules.trials.asked import Asked, ask_of
from cds_rules.trials.catalogue import FOR_RELAPSE
from cds_rules.trials.trial import Ask, Grade, Role, Tier, Trial, TrialMatch

MAX_STATUS_AGE_DAYS = 30
"""A status that was checked longer ago is not taken for that of today (project's)."""

_ORDER = {Grade.ELIGIBLE: 0, Grade.POSSIBLE: 1, Grade.EXCLUDED: 2}
_NO, _YES, _OPEN = 0, 1, 2
_CODES = {Answer.NO: _NO, Answer.YES: _YES, Answer.UNKNOWN: _OPEN}
_OPPOSITE = (_YES, _NO, _OPEN)

_Plan = tuple[tuple[int, ...], int]
"""Of one trial: places of its answers in the list of all, and how many criteria nothing can answer."""


class TrialSet:
    """Trials made ready for matching. Those that are not for relapse are left out.

    `max_status_age_days`: how old a registry's status may be and still count. `checked_on`: the day of the
    snapshot, if it is one. `version`: tells one snapshot from the next.
    """

    def __init__(
        self,
        trials: Iterable[Trial] = FOR_RELAPSE,
        *,
        max_status_age_days: int = MAX_STATUS_AGE_DAYS,
        checked_on: date | None = None,
        version: str = "",
    ) -> None:
        kept = sorted((trial for trial in trials if trial.for_relapse), key=_tail)
        self.trials: tuple[Trial, ...] = tuple(kept)
        self.max_status_age_days = max_status_age_days
        self.checked_on = checked_on
        self.version = version
        self._places: dict[Ask, int] = {}
        self._plans = tuple(self._plan(trial) for trial in self.trials)
        self._taking = tuple(t for t in self.trials if t.study is not None and t.study.status.takes_patients)

    def matches(self, seen: Sight, chart: Chart) -> tuple[TrialMatch, ...]:
        """Every trial with its grade: eligible, then possible with the fewest unknown first, then excluded.

        Of trials alike in that: more criteria met, the later phase, the later status, the identifier. A
        trial that has ended is matched like any other.
        """
        return self._matched(zip(self.trials, self._plans, strict=True), Asked(seen, chart))

    def open_on(self, on: date) -> tuple[Trial, ...]:
        """Those that take patients, as far as a registry said so shortly before this day."""
        return tuple(trial for trial in self._taking if trial.open_on(on, self.max_status_age_days))

    def open_matches(self, seen: Sight, chart: Chart, on: date) -> tuple[TrialMatch, ...]:
        """The same of the trials that are open, without those that exclude the patient. Quick if none is."""
        wanted = {trial.id for trial in self.open_on(on)}
        if not wanted:
            return ()
        chosen = [pair for pair in zip(self.trials, self._plans, strict=True) if pair[0].id in wanted]
        found = self._matched(chosen, Asked(seen, chart))
        return tuple(match for match in found if match.grade is not Grade.EXCLUDED)

    def _matched(self, planned: Iterable[tuple[Trial, _Plan]], asked: Asked) -> tuple[TrialMatch, ...]:
        codes = self._codes(asked)
        found = []
        for trial, (places, unread) in planned:
            said = [codes[place] for place in places]
            met = said.count(_YES)
            unknown = said.count(_OPEN) + unread
            if _NO in said:
                grade = Grade.EXCLUDED
            elif unknown or not said:
                # Of a trial without any criterion nothing is known.
                grade = Grade.POSSIBLE
            else:
                grade = Grade.ELIGIBLE
            found.append(TrialMatch(trial, grade, asked.answers, (unknown, met)))
        found.sort(key=_place)
        return tuple(found)

    def _codes(self, asked: Asked) -> list[int]:
        """The answer to every question, and after it the answer to its opposite."""
        codes: list[int] = []
        for ask in self._places:
            code = _CODES[asked.answer(ask)]
            codes += (code, _OPPOSITE[code])
        return codes

    def _plan(self, trial: Trial) -> _Plan:
        places, unread = [], 0
        for criterion in trial.criteria:
            ask = ask_of(criterion, trial)
            if ask is None:
                unread += 1
                continue
            place = self._places.setdefault(ask, len(self._places))
            places.append(2 * place + (criterion.role is Role.EXCLUSION))
        return tuple(places), unread


def _place(match: TrialMatch) -> int:
    """One number: the grade, how many are unknown, how many are met."""
    unknown = min(match.unknown, _MANY - 1) if match.grade is Grade.POSSIBLE else 0
    unmet = _MANY - 1 - min(match.met, _MANY - 1)
    return (_ORDER[match.grade] * _MANY + unknown) * _MANY + unmet


_MANY = 1000
"""More than the criteria of any trial."""


def _tail(trial: Trial) -> tuple[int, int, bool, str]:
    """The order of trials that fit alike: the later phase, the later status, then by identifier."""
    year = trial.status.on.year if trial.status else 0
    return -phase_rank(trial.phase), -year, trial.tier is Tier.FOUND, trial.id


@lru_cache(maxsize=64)
def phase_rank(phase: str | None) -> int:
    """The highest phase named ("1/2" is 2); 0 where none is."""
    return max((int(letter) for letter in phase or "" if letter.isdigit()), default=0)


CATALOGUE = TrialSet()
"""The trials that the sources name, without any registry."""


def matches(seen: Sight, chart: Chart, trials: Sequence[Trial] = FOR_RELAPSE) -> tuple[TrialMatch, ...]:
    """The same of given trials."""
    ready = CATALOGUE if trials is FOR_RELAPSE else TrialSet(trials)
    return ready.matches(seen, chart)
