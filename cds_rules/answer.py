"""Yes, No and Unknown, and the named questions that rules are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

Case = TypeVar("Case")


class Answer(Enum):
    """A three-valued answer. Unknown is a value of its own, never a default for No."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"

    # By identity, as there is one of each; that of Enum is a call in Python.
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        raise TypeError("An Answer has no truth value: compare with `is Answer.YES`, or use & | ~.")

    def __and__(self, other: Answer) -> Answer:
        if Answer.NO in (self, other):
            return Answer.NO
        return Answer.UNKNOWN if Answer.UNKNOWN in (self, other) else Answer.YES

    def __or__(self, other: Answer) -> Answer:
        return ~(~self & ~other)

    def __invert__(self) -> Answer:
        return _OPPOSITE[self]

    @classmethod
    def of(cls, value: bool | None) -> Answer:
        """Yes for True, No for False, Unknown for None."""
        return cls.UNKNOWN if value is None else (cls.YES if value else cls.NO)

    @classmethod
    def over(cls, truths: Iterable[bool]) -> Answer:
        """Yes if every possible case says so, No if none does, else Unknown. Empty: Unknown."""
        seen = set(truths)
        return cls.UNKNOWN if len(seen) != 1 else cls.of(seen.pop())


_OPPOSITE = {Answer.YES: Answer.NO, Answer.NO: Answer.YES, Answer.UNKNOWN: Answer.UNKNOWN}


@dataclass(frozen=True, slots=True, eq=False)
class Question(Generic[Case]):
    """A named yes-or-no question about one complete case.

    The missing facts are not the question's business: the cases that are still possible are
    enumerated, and the question is asked of each (see `of`). This keeps `a | ~a` true.
    """

    text: str
    holds: Callable[[Case], bool]
    compound: bool = False
    reads: frozenset[str] = frozenset()
    """Names of the facts it looks at, where the case is a mapping of named facts (`treatment.aspect`)."""
    all_of: tuple[Question[Case], ...] = ()
    """The questions that this one joins by "and"; empty if it is none. Facts they do not share can be
    weighed one by one."""

    def of(self, cases: Iterable[Case]) -> Answer:
        """The answer over the cases that are still possible."""
        return Answer.over(self.holds(case) for case in cases)

    def __and__(self, other: Question[Case]) -> Question[Case]:
        mine, theirs = self.holds, other.holds
        text = f"{self._part} **and** {other._part}"
        parts = (*(self.all_of or (self,)), *(other.all_of or (other,)))
        return Question(text, lambda c: mine(c) and theirs(c), True, self.reads | other.reads, parts)

    def __or__(self, other: Question[Case]) -> Question[Case]:
        mine, theirs = self.holds, other.holds
        text = f"{self._part} **or** {other._part}"
        return Question(text, lambda c: mine(c) or theirs(c), True, self.reads | other.reads)

    def __invert__(self) -> Question[Case]:
        mine = self.holds
        return Question(f"**not** {self._part}", lambda c: not mine(c), True, self.reads)

    def __bool__(self) -> bool:
        raise TypeError("A Question has no truth value: combine questions with & | ~, not with and, or, not.")

    @property
    def _part(self) -> str:
        return f"({self.text})" if self.compound else self.text


def question(text: str) -> Callable[[Callable[[Case], bool]], Question[Case]]:
    """Name a predicate over a complete case, so that rules and the rule book can use it."""

    def named(holds: Callable[[Case], bool]) -> Question[Case]:
        return Question(text, holds)

    return named
