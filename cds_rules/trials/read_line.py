"""What a line of an eligibility text says, where it says nothing else: by three lists that anyone can read.

`reading/words.csv`: ways of writing, and the word they are read as (none: the word is passed over).
`reading/phrases.csv`: whole lines, after that, and the questions that they ask, all of which must hold;
holds "no": the line says that they do not. "ask-team" stands for what the record cannot tell.
`reading/topics.csv`: mentions. A line that has one, and is no whole phrase, is shown with what the record
says of the matter, and stays for the trial team to judge.

No line is understood in part, and nothing is guessed from likeness.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from cds_rules.trials.ages import Age, AgeRange, AgeUnit
from cds_rules.trials.criteria import ASK_TEAM, NAMES
from cds_rules.trials.trial import TrialError

LONGEST = 120
"""Longer lines say more than one thing."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a whole line asks: all questions hold, or (`holds` False) not all of them do."""

    questions: tuple[str, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """`phrase` or `ages`: what the whole line asks. `about`: questions on what it mentions."""

    phrase: Phrase | None = None
    ages: AgeRange | None = None
    about: tuple[str, ...] = ()


NOTHING: Final = Reading()


def read_line(text: str) -> Reading:
    """What a line asks, as far as the lists tell. An age line asks for ages."""
    lowered = text.lower()
    about = _about(lowered)
    if len(text) > LONGEST:
        return Reading(about=about) if about else NOTHING
    if "year" in lowered or "month" in lowered:
        ages = _ages(plain_words(text))
        if ages is not None:
            return Reading(ages=ages)
    if not about:
        return NOTHING
    phrase = PHRASES.get(plain_words(text))
    return Reading(phrase=phrase) if phrase else Reading(about=about)


@lru_cache(maxsize=20_000)
def plain_words(text: str) -> str:
    """The line in small letters, with every way of writing replaced by the word it is read as."""
    said = text.lower().replace("\\", "").replace("*", " ").translate(_SIGNS)
    said = " ".join(said.rstrip(" .;:,").split())
    for _ in range(_PASSES):
        changed = " ".join(_ways().sub(_read_as, said).split())
        if changed == said:
            break
        said = changed
    return said


_SIGNS = str.maketrans(
    {"≥": ">=", "≤": "<=", "–": "-", "—": "-", "\u2010": "-", "\u2011": "-", "\u2019": "'", "⁺": "+"}
)
_PASSES = 6
"""A replacement may make another one possible ("b-cell acute ..." has three)."""


@cache
def _ways() -> re.Pattern[str]:
    longest = sorted(WORDS, key=len, reverse=True)
    return re.compile(rf"(?<![\w:+/-])(?:{'|'.join(map(re.escape, longest))})(?![\w:+/-])")


def _read_as(found: re.Match[str]) -> str:
    return WORDS[found[0]]


@lru_cache(maxsize=20_000)
def _about(lowered: str) -> tuple[str, ...]:
    found = dict.fromkeys(question for mention, question in TOPICS if mention in lowered)
    if len(found) > 1 and found.keys() & _SPECIFIC:
        found.pop("relapsed", None)
    return tuple(found)


_SPECIFIC = frozenset({"first-relapse", "second-or-later-relapse", "isolated-extramedullary"})
_N = r"(\d{1,2})"
_YEARS = r"(?: ?(years?|months?))"
_OLD = r"(?: (?:of age|old))?"
_AGES = (
    re.compile(rf"(?:age[ds]?:? )?(?:between |from )?{_N}{_YEARS}? ?(?:-|to|and) ?{_N}{_YEARS}{_OLD}"),
    re.compile(rf"(?:age[ds]?:? )?>= ?{_N}{_YEARS}{_OLD}"),
    re.compile(rf"(?:age[ds]?:? )?{_N}{_YEARS}{_OLD} (?:or|and) (?:older|above|over)"),
    re.compile(rf"(?:age[ds]?:? )?<= ?{_N}{_YEARS}{_OLD}"),
    re.compile(rf"(?:age[ds]?:? )?>= ?{_N}{_YEARS}? ?and ?<= ?{_N}{_YEARS}{_OLD}"),
)


def _ages(said: str) -> AgeRange | None:
    """Bounds that are both included, where the whole line is one of a few forms."""
    both, least, older, most, signs = (pattern.fullmatch(said) for pattern in _AGES)
    pair = signs or both
    if pair is not None:
        unit = pair[4]
        found = AgeRange(_age(pair[1], pair[2] or unit), _age(pair[3], unit))
        return None if found.reversed else found
    for form in (least, older):
        if form is not None:
            return AgeRange(low=_age(form[1], form[2]))
    return AgeRange(high=_age(most[1], most[2])) if most else None


def _age(amount: str, unit: str) -> Age:
    return Age(int(amount), AgeUnit(unit.rstrip("s")))


# ---- the lists -------------------------------------------------------------------------------------


def _rows(name: str) -> list[list[str]]:
    file = resources.files("cds_rules").joinpath("trials", "reading", name)
    header, *rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise TrialError(f"{name}: line {number} has not {len(header)} columns")
    return rows


def _words() -> Mapping[str, str]:
    found = {}
    for written, read_as in _rows("words.csv"):
        if written.lower() != read_as.lower():
            found[written.lower()] = read_as.lower()
    return found


def _phrases() -> Mapping[str, Phrase]:
    found: dict[str, Phrase] = {}
    for phrase, questions, holds in _rows("phrases.csv"):
        asked = tuple(questions.split())
        if unknown := [name for name in asked if name not in NAMES and name != ASK_TEAM]:
            raise TrialError(f"phrases.csv: no such question: {unknown[0]!r}")
        if not asked or holds not in ("yes", "no"):
            raise TrialError(f"phrases.csv: {phrase!r} asks nothing, or neither yes nor no")
        said = plain_words(phrase)
        if said in found:
            raise TrialError(f"phrases.csv: {phrase!r} stands there twice")
        found[said] = Phrase(asked, holds == "yes")
    return found


def _topics() -> tuple[tuple[str, str], ...]:
    rows = [(mention, question) for mention, question in _rows("topics.csv")]
    if unknown := [question for _, question in rows if question not in NAMES]:
        raise TrialError(f"topics.csv: no such question: {unknown[0]!r}")
    return tuple(rows)


WORDS: Final[Mapping[str, str]] = _words()
PHRASES: Final[Mapping[str, Phrase]] = _phrases()
TOPICS: Final[tuple[tuple[str, str], ...]] = _topics()
