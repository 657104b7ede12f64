"""Weighing: what a question says over every case that the record leaves possible.

The possible values of an aspect are held as bits of a number, so that most parts of a rule are one
comparison. Questions joined by "and" that share no aspect are weighed apart: the answer is the same as
over all cases together, and there are far fewer of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import product

from cds_rules.answer import Answer
from cds_rules.treatment.aspect import ASPECTS, Aspect, Case, Seen, When


@dataclass(frozen=True, slots=True)
class Need:
    """An open aspect, and what the rule would say for each value it may have."""

    aspect: str
    says: tuple[tuple[str, Answer], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule says: YES applies, UNKNOWN may apply, NO does not; and the facts that hold it up."""

    answer: Answer
    needs: tuple[Need, ...] = ()


class Sight(dict[str, Seen]):
    """Aspects as the record shows them, each looked at when it is first asked for.

    `bits` holds their possible values as bits, for those that `bit` was asked for.
    """

    __slots__ = ("_look", "bits")

    def __init__(self, look: Callable[[Aspect], Seen]) -> None:
        super().__init__()
        self._look = look
        self.bits: dict[str, int] = {}

    @classmethod
    def of(cls, seen: Mapping[str, Seen]) -> Sight:
        """Aspects that are given; asking for another is a KeyError."""
        return cls(lambda aspect: seen[aspect.id])

    def __missing__(self, name: str) -> Seen:
        found = self[name] = self._look(ASPECTS[name])
        return found

    def bit(self, name: str) -> int:
        """The possible values of an aspect as bits; never 0."""
        aspect = ASPECTS[name]
        seen = self.get(name)
        if seen is None:
            seen = self[name] = self._look(aspect)
        found = self.bits[name] = bits_of(aspect, seen.possible)
        return found


@lru_cache(maxsize=16384)
def bits_of(aspect: Aspect, values: frozenset[StrEnum]) -> int:
    """One bit for each of the values, by their order in the aspect."""
    return sum(1 << place for place, value in enumerate(aspect.values) if value in values)


def weigh(when: When, seen: Mapping[str, Seen]) -> Verdict:
    """Put the question to every case that the record leaves possible."""
    sight = seen if isinstance(seen, Sight) else Sight.of(seen)
    bits = sight.bits
    return weigh_bits(when, tuple([bits.get(name) or sight.bit(name) for name in reads_of(when)]))


@lru_cache(maxsize=4096)
def reads_of(when: When) -> tuple[str, ...]:
    """The aspects that a question reads, in the order of their names."""
    return tuple(sorted(when.reads))


@lru_cache(maxsize=65536)
def weigh_bits(when: When, possible: tuple[int, ...]) -> Verdict:
    """The same, of the possible values of `reads_of(when)` as bits. Pure, so kept."""
    bits = dict(zip(reads_of(when), possible, strict=True))
    plain, compound = plan(when)
    if not all(bits[name] & wanted for name, wanted in plain):
        return _FAILS
    open_plain = [(name, wanted, bits[name]) for name, wanted in plain if bits[name] & ~wanted]
    open_compound = []
    for part, reads in compound:
        verdict = _verdict(part, reads, tuple(bits[name] for name in reads))
        if verdict.answer is Answer.NO:
            return _FAILS
        if verdict.answer is Answer.UNKNOWN:
            open_compound.append(verdict)
    if not open_plain and not open_compound:
        return _HOLDS
    alone = len(open_plain) + len(open_compound) == 1
    needs = [_plain_need(*part, alone) for part in open_plain]
    needs += [need if alone else _held_up(need) for verdict in open_compound for need in verdict.needs]
    return Verdict(Answer.UNKNOWN, tuple(needs))


_HOLDS, _FAILS = Verdict(Answer.YES), Verdict(Answer.NO)


def _plain_need(name: str, wanted: int, possible: int, alone: bool) -> Need:
    says = []
    for place, value in enumerate(ASPECTS[name].values):
        if possible >> place & 1:
            holds = Answer.UNKNOWN if not alone else Answer.YES
            says.append((str(value), holds if wanted >> place & 1 else Answer.NO))
    return Need(name, tuple(says))


def _held_up(need: Need) -> Need:
    """While another part is open too, no value of this one can make the whole hold."""
    return Need(need.aspect, tuple((value, answer & Answer.UNKNOWN) for value, answer in need.says))


_Plain = tuple[tuple[str, int], ...]
_Compound = tuple[tuple[When, tuple[str, ...]], ...]


@lru_cache(maxsize=4096)
def plan(when: When) -> tuple[_Plain, _Compound]:
    """Parts that ask one aspect for some of its values, as bits; and the others."""
    plain: list[tuple[str, int]] = []
    compound: list[tuple[When, tuple[str, ...]]] = []
    for part, reads in apart(when):
        if len(reads) == 1:
            aspect = ASPECTS[reads[0]]
            wanted = frozenset(value for value in aspect.values if part.holds({aspect.id: value}))
            plain.append((aspect.id, bits_of(aspect, wanted)))
        else:
            compound.append((part, reads))
    return tuple(plain), tuple(compound)


@lru_cache(maxsize=4096)
def apart(when: When) -> tuple[tuple[When, tuple[str, ...]], ...]:
    """The parts joined by "and", those that share an aspect put together again."""
    groups: list[When] = []
    for part in when.all_of or (when,):
        sharing = [group for group in groups if group.reads & part.reads]
        for group in sharing:
            groups.remove(group)
            part = group & part  # noqa: PLW2901 - grows until it shares nothing with the rest
        groups.append(part)
    return tuple((group, tuple(sorted(group.reads))) for group in groups)


def _verdict(part: When, reads: tuple[str, ...], possible: tuple[int, ...]) -> Verdict:
    values = [
        [v for place, v in enumerate(ASPECTS[name].values) if bits >> place & 1]
        for name, bits in zip(reads, possible, strict=True)
    ]
    outcomes = {case: part.holds(dict(zip(reads, case, strict=True))) for case in product(*values)}
    answer = Answer.over(outcomes.values())
    if answer is not Answer.UNKNOWN:
        return Verdict(answer)
    return Verdict(answer, tuple(_needs(reads, outcomes)))


def _needs(reads: tuple[str, ...], outcomes: Mapping[tuple[StrEnum, ...], bool]) -> Iterator[Need]:
    """The aspects that can change the answer: cases alike in all else, unlike in the answer."""
    for place, name in enumerate(reads):
        by_value: dict[StrEnum, set[bool]] = {}
        others: dict[tuple[StrEnum, ...], set[bool]] = {}
        for values, holds in outcomes.items():
            by_value.setdefault(values[place], set()).add(holds)
            others.setdefault(values[:place] + values[place + 1 :], set()).add(holds)
        if any(len(answers) > 1 for answers in others.values()):
            order = [v for v in ASPECTS[name].values if v in by_value]
            yield Need(name, tuple((str(v), Answer.over(by_value[v])) for v in order))


def complete_cases(when: When) -> Iterator[Case]:
    """Every complete case of the aspects that a question reads, for the laws."""
    reads = sorted(when.reads)
    for values in product(*(list(ASPECTS[name].values) for name in reads)):
        yield dict(zip(reads, values, strict=True))
