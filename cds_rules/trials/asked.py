"""The questions of trials put to one patient, each once, with the facts behind every answer."""

from __future__ import annotations

from functools import lru_cache, reduce

from cds_rules.answer import Answer
from cds_rules.treatment.aspect import ASPECTS
from cds_rules.treatment.chart import Chart
from cds_rules.treatment.weigh import Sight, reads_of, weigh
from cds_rules.trials.ages import Age, AgeRange, AgeUnit
from cds_rules.trials.criteria import AGE_IN_RANGE, CONSTANTS, QUESTIONS, age_span, text_of
from cds_rules.trials.study import Sex
from cds_rules.trials.trial import Ask, Criterion, CriterionAnswer, Origin, Role, Trial, Ways

ASK_TEAM = "the record does not tell: ask the trial team"
NOT_READ = "a line of the registry's text, not read by machine: ask the trial team"

_Found = tuple[Answer, tuple[str, ...], str | None, tuple[str, ...]]
"""Answer to a question, evidence, in words, and the aspects that would settle it."""
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE}
_SAID = {Answer.YES: "yes", Answer.NO: "no", Answer.UNKNOWN: "not known"}


class Asked:
    """One patient's answers. The reasons are put into words only where they are shown."""

    def __init__(self, seen: Sight, chart: Chart) -> None:
        self._seen = seen
        self._picture = chart.picture
        self._span = age_span(chart.picture)
        self._answers: dict[Ask, Answer] = {}
        self._found: dict[Ask, _Found] = {}

    def answer(self, ask: Ask) -> Answer:
        """What the record says to one question."""
        found = self._answers.get(ask)
        if found is None:
            found = self._answers[ask] = self._asked(ask)
        return found

    def answers(self, trial: Trial) -> tuple[CriterionAnswer, ...]:
        """The answer to each criterion of a trial."""
        return tuple(self._criterion(criterion, trial) for criterion in trial.criteria)

    def _asked(self, ask: Ask) -> Answer:
        if isinstance(ask, AgeRange):
            return ask.holds(self._picture.person.birth, self._picture.on)
        if isinstance(ask, Ways):
            says = reduce(Answer.__or__, map(self._way, ask.ways), Answer.NO)
            return says if ask.holds else ~says
        if isinstance(ask, Sex):
            return self._of_sex(ask)
        return CONSTANTS[ask][0] if ask in CONSTANTS else weigh(QUESTIONS[ask], self._seen).answer

    def _way(self, names: tuple[str, ...]) -> Answer:
        return reduce(Answer.__and__, map(self.answer, names), Answer.YES)

    def _of_sex(self, wanted: Sex) -> Answer:
        """Sex as administered. "other" and "unknown" leave it open which one a trial would go by."""
        if wanted is Sex.ALL:
            return Answer.YES
        known = _SEXES.get(self._picture.person.sex or "")
        return Answer.UNKNOWN if known is None else Answer.of(known is wanted)

    def _criterion(self, criterion: Criterion, trial: Trial) -> CriterionAnswer:
        ask = ask_of(criterion, trial)
        if ask is None:
            return self._left_to_the_team(criterion)
        says, evidence, because, needs = self._told(ask)
        met = ~says if criterion.role is Role.EXCLUSION else says
        return CriterionAnswer(criterion, met, evidence, because, needs)

    def _left_to_the_team(self, criterion: Criterion) -> CriterionAnswer:
        """With what the record says of the matters it mentions, if it mentions any that are asked about."""
        because = ASK_TEAM if criterion.origin is Origin.SOURCE else NOT_READ
        evidence: dict[str, None] = {}
        told = []
        for name in criterion.about:
            says, sources, why, _ = self._told(name)
            told.append(f"{text_of(name)}: {_SAID[says]}" + (f" ({why})" if why else ""))
            evidence.update(dict.fromkeys(sources))
        if told:
            because = f"ask the trial team; the record says of it: {'; '.join(told)}"
        return CriterionAnswer(criterion, Answer.UNKNOWN, tuple(evidence), because)

    def _told(self, ask: Ask) -> _Found:
        found = self._found.get(ask)
        if found is None:
            found = self._found[ask] = self._tell(ask)
        return found

    def _tell(self, ask: Ask) -> _Found:
        says = self.answer(ask)
        if isinstance(ask, AgeRange):
            return self._aged(ask, says)
        if isinstance(ask, Sex):
            sex, source = self._picture.person.sex, self._picture.person.source
            needs = ("sex",) if says is Answer.UNKNOWN else ()
            return says, (source,) if sex else (), sex or "the sex is not recorded", needs
        if isinstance(ask, Ways):
            return self._of_ways(ask, says)
        if ask in CONSTANTS:
            return says, (), CONSTANTS[ask][1], ()
        return self._weighed(ask)

    def _of_ways(self, ask: Ways, says: Answer) -> _Found:
        """Told by the parts that decide it; where it is open, by the open ones."""
        parts = [self._told(name) for name in dict.fromkeys(name for way in ask.ways for name in way)]
        within = says if ask.holds else ~says
        telling = [part for part in parts if part[0] is within] or parts
        evidence = dict.fromkeys(source for part in telling for source in part[1])
        because = dict.fromkeys(part[2] for part in telling if part[2])
        needs = dict.fromkeys(need for part in telling for need in part[3])
        return says, tuple(evidence), "; ".join(because) or None, tuple(needs)

    def _aged(self, ages: AgeRange, says: Answer) -> _Found:
        needs = ("age",) if says is Answer.UNKNOWN else ()
        person, on = self._picture.person, self._picture.on
        if self._span is None or person.birth is None:
            return says, (), "no usable birth date", needs
        youngest, oldest = self._span
        if oldest < 1:
            # Bounds below a year are in smaller units.
            days = (on - min(person.birth.latest, on)).days, (on - person.birth.earliest).days
            return says, (person.source,), f"{_between(*days, 'day')} old now", needs
        return says, (person.source,), f"{_between(youngest, oldest, 'year')} old now", needs

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


def ask_of(criterion: Criterion, trial: Trial) -> Ask | None:
    """What is asked; None where only the trial team can answer."""
    if criterion.role is Role.UNSTATED:
        return None
    if criterion.question == AGE_IN_RANGE:
        return in_years(trial.ages)
    return criterion.asks or criterion.question


@lru_cache(maxsize=256)
def in_years(ages: tuple[int | None, int | None]) -> AgeRange:
    """Bounds in completed years."""
    low, high = (None if years is None else Age(years, AgeUnit.YEAR) for years in ages)
    return AgeRange(low, high)


def _between(low: int, high: int, unit: str) -> str:
    if low == high:
        return f"{low} {unit}" + ("" if low == 1 else "s")
    return f"between {low} and {high} {unit}s"
