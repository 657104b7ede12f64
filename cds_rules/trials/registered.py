"""A registry's record as a trial to match: its structured fields, and its text line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cds_rules.trials.conditions import ways_of
from cds_rules.trials.criteria import AGE_IN_RANGE, ASK_TEAM
from cds_rules.trials.eligibility_text import TextLine, lines_of
from cds_rules.trials.read_line import read_line
from cds_rules.trials.study import Sex, Study
from cds_rules.trials.trial import Criterion, Origin, Role, Tier, Trial, TrialStatus, Ways

_FIRST_LINE = re.compile(r"newly[ -]diagnosed|untreated|de novo|first[ -]line|front[ -]?line")
_RELAPSE = re.compile(r"relaps|recurren|refractory|r/r")
_OF_AGE = frozenset({AGE_IN_RANGE, "pediatric", "adult"})
"""Criteria of the sources on age: the registry's own bounds stand in for them, where it gives any."""
_PHASES = {"EARLY_PHASE1": "early 1", "PHASE1": "1", "PHASE2": "2", "PHASE3": "3", "PHASE4": "4", "NA": "n-a"}


def with_records(catalogue: Mapping[str, Trial], studies: Mapping[str, Study]) -> tuple[Trial, ...]:
    """The catalogue with the fresh records of its trials, then the trials found in the registry only.

    A trial of the catalogue that is not for relapse stays so, whatever the registry calls it.
    """
    known = tuple(
        with_record(trial, studies[name]) if name in studies else trial for name, trial in catalogue.items()
    )
    return (*known, *(found(study) for name, study in studies.items() if name not in catalogue))


def with_record(trial: Trial, study: Study) -> Trial:
    """A trial of the catalogue, its status and its criteria as the registry has them beside the sources'.

    The criteria of the sources stay, but for those on age where the registry gives bounds itself.
    """
    bounds = study.ages.low is not None or study.ages.high is not None
    own = tuple(c for c in trial.criteria if not (bounds and c.question in _OF_AGE))
    return replace(
        trial,
        criteria=(*own, *criteria_of(study)) if trial.for_relapse else trial.criteria,
        status=_status(study),
        status_in_source=trial.status,
        phase=trial.phase or phase_of(study),
        ages=(None, None) if bounds else trial.ages,
        study=study,
    )


def found(study: Study) -> Trial:
    """A trial that no source names."""
    return Trial(
        id=study.nct_id,
        tier=Tier.FOUND,
        title=study.title,
        says=study.official_title,
        criteria=criteria_of(study),
        cites=(),
        status=_status(study),
        phase=phase_of(study),
        agents=study.interventions,
        population="; ".join(study.conditions),
        study=study,
    )


def phase_of(study: Study) -> str | None:
    """ "1/2" for a list of two; None where none is given."""
    parts = [_PHASES.get(phase, "") for phase in study.phases]
    return "/".join(part for part in parts if part) or None


def _status(study: Study) -> TrialStatus:
    return TrialStatus(study.status.words, study.checked_on, study.source)


def criteria_of(study: Study) -> tuple[Criterion, ...]:
    """The fields that are matched, then the lines of the text."""
    return (*_fields(study), *(_line(line) for line in lines_of(study.criteria)))


def _field(text: str, asks: Ways | None = None) -> Criterion:
    return Criterion(text, Role.INCLUSION, asks=asks, origin=Origin.FIELD)


def _fields(study: Study) -> Iterator[Criterion]:
    named = "; ".join(study.conditions) or "none given"
    yield _field(f"Conditions: {named}", ways_of(study.conditions))
    if study.ages.reversed:
        yield _field(f"Age: {study.ages} in the registry, which is reversed")
    else:
        yield replace(_field(f"Age: {study.ages}"), asks=study.ages)
    if study.sex is None:
        yield _field("Sex: not given in the registry")
    else:
        yield replace(_field(f"Sex: {_SEXES[study.sex]}"), asks=study.sex)
    titles = f"{study.title} {study.official_title}".lower()
    if _FIRST_LINE.search(titles):
        yield _field("For newly diagnosed leukemia, by its title", _first_line(study, titles))


_SEXES = {Sex.ALL: "all", Sex.FEMALE: "female", Sex.MALE: "male"}


def _first_line(study: Study, titles: str) -> Ways:
    """Not for a relapse, unless the record speaks of one anywhere."""
    spoken = " ".join((titles, *study.conditions, *study.keywords, study.criteria)).lower()
    if _RELAPSE.search(spoken):
        return Ways(((ASK_TEAM,),))
    return Ways((("relapsed",),), holds=False)


def _line(line: TextLine) -> Criterion:
    reading = read_line(line.text)
    plain = Criterion(line.text, line.role, about=reading.about, origin=Origin.TEXT)
    if not line.alone:
        phrase = reading.phrase
        asked = phrase.questions if phrase else ()
        return replace(plain, about=reading.about or tuple(name for name in asked if name != ASK_TEAM))
    if reading.phrase:
        return replace(plain, asks=Ways((reading.phrase.questions,), reading.phrase.holds))
    return replace(plain, asks=reading.ages) if reading.ages else plain
