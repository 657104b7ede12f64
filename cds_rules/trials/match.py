"""Which trials fit one patient: each criterion met, not met or unknown, and the grade from those."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cds_rules.answer import Answer
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight, reads_of, weigh
from cds_rules.trials.catalogue import FOR_RELAPSE
from cds_rules.trials.criteria import AGE_IN_RANGE, QUESTIONS, Ages, age_span, age_within
from cds_rules.trials.trial import Criterion, CriterionAnswer, Grade, Role, Trial, TrialMatch

ASK_TEAM = "the record does not tell: ask the trial team"
_ORDER = {Grade.ELIGIBLE: 0, Grade.POSSIBLE: 1, Grade.EXCLUDED: 2}

_Found = tuple[Answer, tuple[str, ...], str | None, tuple[str, ...]]
"""Answer to a question, evidence, in words, and the aspects that would settle it."""


def matches(seen: Sight, chart: Chart, trials: Iterable[Trial] = FOR_RELAPSE) -> tuple[TrialMatch, ...]:
    """Every trial with its grade: eligible, then possible with the fewest unknown first, then excluded.

    A trial that is not for relapse is left out. A trial that has ended is matched like any other.
    """
    asked = _Asked(seen, chart)
    found = [_matched(trial, asked) for trial in trials if trial.for_relapse]
    return tuple(sorted(found, key=_place))


class _Asked:
    """The questions put to one patient, each once."""

    def __init__(self, seen: Sight, chart: Chart) -> None:
        self._seen = seen
        self._span = age_span(chart.picture)
        self._source = chart.picture.person.source
        self._found: dict[str, _Found] = {}
        self._ages: dict[Ages, _Found] = {}

    def answer(self, criterion: Criterion, ages: Ages) -> CriterionAnswer:
        """The answer to one criterion of a trial of these ages."""
        question = criterion.question
        if question is None:
            return CriterionAnswer(criterion, Answer.UNKNOWN, (), ASK_TEAM)
        says, evidence, because, needs = (
            self._age(ages) if question == AGE_IN_RANGE else self._question(question)
        )
        met = ~says if criterion.role is Role.EXCLUSION else says
        return CriterionAnswer(criterion, met, evidence, because, needs)

    def _age(self, ages: Ages) -> _Found:
        found = self._ages.get(ages)
        if found is None:
            found = self._ages[ages] = self._aged(ages)
        return found

    def _aged(self, ages: Ages) -> _Found:
        says = age_within(self._span, ages)
        needs = ("age",) if says is Answer.UNKNOWN else ()
        if self._span is None:
            return says, (), "no usable birth date", needs
        youngest, oldest = self._span
        years = f"{youngest} years" if youngest == oldest else f"between {youngest} and {oldest} years"
        return says, (self._source,), f"{years} old now", needs

    def _question(self, name: str) -> _Found:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._weighed(name)
        return found

    def _weighed(self, name: str) -> _Found:
        when = QUESTIONS[name]
        verdict = weigh(when, self._seen)
        reads = reads_of(when)
        evidence = tuple(sorted({source for read in reads for source in self._seen[read].evidence}))
        needs = tuple(need.aspect for need in verdict.needs)
        return verdict.answer, evidence, self._because(needs, reads), needs

    def _because(self, open_ones: tuple[str, ...], reads: tuple[str, ...]) -> str | None:
        """Why it is open; of an answer, the facts that are known."""
        told = []
        for name in open_ones or reads:
            seen, aspect = self._seen[name], ASPECTS[name]
            if open_ones:
                told.append(f"{aspect.title}: {seen.because or 'not known'}")
            elif seen.possible != aspect.every:
                values = " or ".join(str(v) for v in aspect.values if v in seen.possible)
                told.append(f"{aspect.title}: {values}")
        return "; ".join(told) or None


def _matched(trial: Trial, asked: _Asked) -> TrialMatch:
    answers = tuple([asked.answer(criterion, trial.ages) for criterion in trial.criteria])
    met = [answer.met for answer in answers]
    if Answer.NO in met:
        grade = Grade.EXCLUDED
    elif Answer.UNKNOWN in met or not met:
        # Of a trial without any criterion nothing is known.
        grade = Grade.POSSIBLE
    else:
        grade = Grade.ELIGIBLE
    return TrialMatch(trial, grade, answers)


def _place(match: TrialMatch) -> tuple[int, int, int, int, str]:
    """Then the later phase, the later status, the identifier."""
    trial = match.trial
    unknown = match.unknown if match.grade is Grade.POSSIBLE else 0
    year = trial.status.on.year if trial.status else 0
    return _ORDER[match.grade], unknown, -phase_rank(trial.phase), -year, trial.id


@lru_cache(maxsize=64)
def phase_rank(phase: str | None) -> int:
    """The highest phase named ("1/2" is 2); 0 where none is."""
    return max((int(letter) for letter in phase or "" if letter.isdigit()), default=0)
