"""Results written as text: "<0.01%", "1 x 10-4", "Not detected (LOD 0.01 %)", "Positive, below LOQ".

The whole text must be understood: one word or number outside this small grammar makes it
uninterpretable. Log reductions, ratios and International Scale values are no fractions of cells.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from cds_rules.patient.interval import Interval

MAX_LENGTH = 200
"""Longer texts are reports, not results."""


class Kind(StrEnum):
    """What a text says, beside a number it may give."""

    NUMBER = "number"
    NOT_DETECTED = "not detected"
    DETECTED = "detected"
    BELOW_LOQ = "detected, below the limit of quantification"
    INDETERMINATE = "indeterminate"


@dataclass(frozen=True, slots=True)
class TextResult:
    """A result, as a fraction of cells where it gives one, and the limits of the test if it names them."""

    kind: Kind
    fraction: Interval | None = None
    lod: float | None = None
    loq: float | None = None


_DASHES = "\u2212\u2013\u2010\u2011"
"""Minus sign, en dash, hyphen, non-breaking hyphen."""
_SPELLING = str.maketrans({**dict.fromkeys(_DASHES, "-"), "×": "x", "≤": "<=", "≥": ">="})
_BLOCKED = re.compile(
    r"\blog|ratio|%\s*[{(]?\s*is\b|international|fold|copies|relative|score|previous|prior"
    r"|\?|\bno (?:(?:mrd|minimal|measurable|residual|disease|blasts?)\b\s*)*"
    r"(?:results?|specimens?|samples?|levels?|status|quantity|flow|pcr|ngs)\b"
    r"|-\s+[<>]?=?\s*[\d.]"  # a minus, or a dash: nobody can tell
)
"""With "no MRD result" there is none, which is not a negative one."""
_NEGATIVE = re.compile(
    r"\b(?:not detected|none detected|not identified|undetectable|undetected|non-?detectable|negative|neg"
    r"|absent"
    r"|no (?:definite |definitive |immunophenotypic |morphologic )?"
    r"(?:evidence of|detectable|residual|measurable|minimal|mrd|blasts|leukemi[ac])"
    r"(?: ?(?:of|residual|measurable|minimal|disease|leukemi[ac]|b-all|t-all|all|mrd|lymphoblasts|blasts"
    r"|cells|detected|seen|identified|present))*)"
)
_BELOW_LOQ = re.compile(
    r"(?:below|under|<) ?(?:the )?"
    r"(?:lloq|loq|limit of quantification|quantification limit|level of quantitation)"
    r"|(?:not|non) ?-?quantifiable|\bbelow (?:the )?(?:quantitative|quantifiable) range\b|\bpnq\b"
)
_ABOVE_LOQ = re.compile(r"(?:above|over|>) ?(?:the )?(?:upper )?(?:u?loq|limit of quantification)\b")
_BELOW_LOD = re.compile(
    r"(?:below|under|<) ?(?:the )?(?P<limit>llod|lod|limit of detection|detection limit)\b"
)
_COMPARED = (
    (re.compile(r"(?<!no )(?<!not )\b(?:less|fewer|lower) than\b"), "<"),
    (re.compile(r"(?<!no )(?<!not )\b(?:more|greater|higher) than\b"), ">"),
)
_POSITIVE = re.compile(r"\b(?:positive|pos|detected|detectable|present|identified)\b")
_INDETERMINATE = re.compile(
    r"\b(?:indeterminate|equivocal|inconclusive|insufficient|ha?emodiluted?|not evaluable|unevaluable"
    r"|suboptimal|pending|not performed|not done|not informative|no informative|uninterpretable)\b"
)
_FILLERS = re.compile(
    r"\b(?:mrd|minimal|measurable|residual|disease|leukemi[ac]|b-all|t-all|all|by|flow|cytometry|ngs|pcr|of|the"
    r"|bone|marrow|cells|cell|nucleated|mononuclear|total|result|is|are|for|at|level|low|in|specimen|sample|blasts"
    r"|lymphoblasts|seen|status|and|but|a|an|with|quantity|approximately|wbc|events)\b"
)


def _amount(prefix: str) -> str:
    """A number with its comparator, power of ten and unit, as named groups."""
    return (
        rf"(?<![\w.-])(?P<{prefix}cmp><=|>=|<|>)?\s*"
        rf"(?:10\s*(?:\^|\*\*?)?\s*\(?-\s*(?P<{prefix}bare>[1-7])\)?"
        rf"|(?P<{prefix}num>\d{{1,7}}(?:\.\d{{1,9}})?|\.\d{{1,9}})"
        rf"(?:\s*e\s*-\s*0?(?P<{prefix}exp>[1-7])"
        rf"|\s*[x*]\s*10\s*(?:\^|\*\*?)?\s*\(?-\s*(?P<{prefix}pow>[1-7])\)?)?)"
        rf"(?![\d.,-])\s*(?P<{prefix}unit>%|percent\b|ppm\b"
        rf"|(?:(?:(?:residual|clonal|leukemic) )*cells? )?(?:/|per)\s*(?:10\s*\^?\s*6\b|million\b))?"
    )


_LIMIT = re.compile(
    r"\b(?P<name>lod|llod|loq|lloq|limit of detection|detection limit|limit of quantification"
    r"|quantification limit|(?:assay |test )?sensitivity)\b(?:\s*(?:of|is|at|:|=))?\s*" + _amount("l")
)
_LIMIT_NAME = re.compile(r"\b(?:llod|lod|limit of detection|detection limit)\b")
_RESULT = re.compile(_amount("r"))
_UNITS = {"%": 1e-2, "percent": 1e-2, "ppm": 1e-6}
_PER_MILLION = 1e-6
_TEN = 10


def parse_fraction(text: str) -> TextResult | None:
    """A residual disease result. None when the text is not wholly understood or contradicts itself."""
    plain = _normalised(text)
    if plain is None or _BLOCKED.search(plain):
        return None
    limits, rest = _limits(plain)
    if limits is None:
        return None
    above_loq, rest = _take(_ABOVE_LOQ, rest)
    below_loq, rest = _take(_BELOW_LOQ, rest)
    amounts = _amounts(rest)
    limit = amounts[0] if len(amounts) == 1 and _stands_for_limit(rest, amounts[0]) else None
    rest = _RESULT.sub(" ", rest)
    negative, rest = _take(_NEGATIVE, rest)
    unsure, rest = _take(_INDETERMINATE, rest)
    positive, rest = _take(_POSITIVE, rest)
    if _left_over(rest) or len(amounts) > 1:
        return None
    amount = amounts[0] if amounts else None
    positive = positive or below_loq or above_loq
    if negative and limit is not None and "lod" not in limits:
        # "Undetectable at 10^-5": so far the test can see.
        seen_from = _value(limit, "r")
        if seen_from is None:
            return None
        amount, limits = None, {**limits, "lod": seen_from}
    return _combine(
        _Found(amount, negative, positive, unsure, below_loq, limits.get("lod"), limits.get("loq"))
    )


def _amounts(text: str) -> list[re.Match[str]]:
    """The numbers of a text; of one number given in two spellings ("0.01 % (1 x 10-4)") the first."""
    found = [m for m in _RESULT.finditer(text) if m[0].strip()]
    same = {(m["rcmp"], _value(m, "r")) for m in found}
    return found[:1] if len(same) == 1 and (None not in {value for _, value in same}) else found


def _stands_for_limit(text: str, amount: re.Match[str]) -> bool:
    before = [w for w in text[: amount.start()].split() if w not in ("a", "the", "level", "of")]
    return amount["rcmp"] is None and before[-1:] == ["at"]


def says_nothing(text: str) -> bool:
    """Is the text made of the names of things only, like a heading: no result, and no word beside?"""
    plain = _normalised(text)
    return plain is not None and not _BLOCKED.search(plain) and not _left_over(plain)


def _left_over(text: str) -> bool:
    return re.search(r"[a-z0-9]", _FILLERS.sub(" ", text)) is not None


def _limits(text: str) -> tuple[dict[str, float] | None, str]:
    """The limits that a text names, and the text without them; None if one cannot be read.

    "Below the limit of detection" is a negative result, whether or not the limit is named.
    """
    below, rest = _BELOW_LOD.search(text), _BELOW_LOD.sub(r" \g<limit>", text)
    limits: dict[str, float] = {}
    for found in _LIMIT.finditer(rest):
        limit = _value(found, "l")
        if limit is None or found["lcmp"] in (">", ">="):
            return None, text
        limits["loq" if "q" in found["name"] else "lod"] = limit
    rest = _LIMIT.sub(" ", rest)
    return limits, f"{_LIMIT_NAME.sub(' ', rest, count=1)} negative" if below else rest


@dataclass(frozen=True, slots=True)
class _Found:
    """The parts of a text that was wholly understood."""

    amount: re.Match[str] | None
    negative: bool
    positive: bool
    unsure: bool
    below_loq: bool
    lod: float | None
    loq: float | None


def _combine(found: _Found) -> TextResult | None:
    if found.unsure:
        told = found.negative or found.positive or found.amount
        return None if told else TextResult(Kind.INDETERMINATE)
    if found.negative and found.positive:
        return None
    if found.amount is not None:
        return _number(found, found.amount)
    if not (found.negative or found.positive):
        return None
    kind = Kind.NOT_DETECTED if found.negative else Kind.DETECTED
    return TextResult(Kind.BELOW_LOQ if found.below_loq else kind, None, found.lod, found.loq)


def _number(found: _Found, amount: re.Match[str]) -> TextResult | None:
    value = _value(amount, "r")
    if value is None or value > 1 or found.below_loq:
        return None
    fraction = Interval.compared(amount["rcmp"], value, 1.0)
    if found.negative and fraction.low > 0:
        return None  # "negative (<0.01 %)" is a bound; "negative, 0.02 %" contradicts itself
    if found.positive and fraction.low == 0:
        if fraction.high == 0:
            return None
        fraction = Interval(0.0, fraction.high, low_open=True, high_open=fraction.high_open)
    return TextResult(Kind.NUMBER, fraction, found.lod, found.loq)


def _normalised(text: str) -> str | None:
    """Lower case, one spelling for dashes and signs, brackets as spaces.

    None for a comma between digits: a decimal or a thousands mark, nobody can tell which.
    """
    if len(text) > MAX_LENGTH:
        return None
    plain = unicodedata.normalize("NFKC", text.translate(_SPELLING)).translate(_SPELLING).lower()
    if re.search(r"\d,\d", plain):
        return None
    for pattern, sign in _COMPARED:
        plain = pattern.sub(sign, plain)
    return " ".join(re.sub(r"[()\[\];:,]|(?<![<>])=", " ", plain).split())


def _value(found: re.Match[str], prefix: str) -> float | None:
    """The amount as a fraction of cells; None without a unit or a power of ten to tell what it is."""
    if found[f"{prefix}bare"]:
        return None if found[f"{prefix}unit"] else float(f"1e-{found[f'{prefix}bare']}")
    power = found[f"{prefix}exp"] or found[f"{prefix}pow"]
    number = found[f"{prefix}num"]
    unit = found[f"{prefix}unit"]
    if (power and unit) or (found[f"{prefix}exp"] and float(number) == _TEN):
        return None  # "10e-4" is 1e-3 by the rules of numbers, and is written for 10^-4
    if power:
        return float(f"{number}e-{power}")
    if unit:
        return round(float(number) * _UNITS.get(unit.strip(), _PER_MILLION), 12)
    return 0.0 if float(number) == 0 else None


def _take(pattern: re.Pattern[str], text: str) -> tuple[bool, str]:
    left = pattern.sub(" ", text)
    return left != text, left
