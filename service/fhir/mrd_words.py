"""What the words around a residual disease result tell: that it is one, by which method, and when taken.

A time point is taken only where the words name it whole. "End of induction", "day 29" or "day +28" do
not say of which course, so they name none: the date of the result decides then.
"""

from __future__ import annotations

import re

from cds_rules.patient.timeline import TimePoint

MRD = re.compile(r"\bmrd\b|\b(?:minimal|measurable) residual disease\b", re.IGNORECASE)
MARROW = re.compile(r"\bmarrow\b|\bbm\b", re.IGNORECASE)

_ABOUT_THE_TEST = re.compile(
    r"\b(?:lod|loq|limit of (?:detection|quantification)|sensitivity|threshold|cut-?off|target|goal|adequacy"
    r"|specimen type|sample type|method(?:ology)?|comment)\b(?!\W*(?:of\W*)?[\d<])",
    re.IGNORECASE,
)

_METHODS = (
    ("flow", re.compile(r"\bflow\b|\bmfc\b|\bfcm\b", re.IGNORECASE)),
    ("ngs", re.compile(r"\bngs\b|sequenc|clonoseq", re.IGNORECASE)),
    ("pcr", re.compile(r"pcr\b", re.IGNORECASE)),
)


def names_no_result(name: str) -> bool:
    """Is it called after the test's limit, method or sample, and not after its result?"""
    return _ABOUT_THE_TEST.search(name) is not None


def method_of(text: str) -> str | None:
    """flow, ngs or pcr; None when the words name none of them, or more than one."""
    found = [name for name, words in _METHODS if words.search(text)]
    return found[0] if len(found) == 1 else None


_CAR_T = r"car[- ]?t(?:[- ]cells?)?(?: (?:infusion|therapy))?\b"
_POST = r"(?:post|after|from)[- ](?:the )?"
_TRANSPLANT = (
    r"(?:allo(?:geneic)?[- ])?(?:hsct|hct|sct|bmt|(?:stem cell |bone marrow )?transplant(?:ation)?)\b"
)
_DAY_28 = r"(?:day ?|d)\+? ?28"
_MONTH_3 = r"(?:month ?\+? ?3|3 months?)"
_LABELS: tuple[tuple[TimePoint | None, re.Pattern[str]], ...] = tuple(
    (label, re.compile(words, re.IGNORECASE))
    for label, words in (
        (
            TimePoint.END_OF_BLOCK_1,
            r"\b(?:(?:at (?:the )?)?end of|after|post-?)[- ]?(?:re-?induction )?block[- ]?(?:1|i|one)\b"
            r"|\b(?:at (?:the )?)?end of re-?induction\b(?! block)|\beob[- ]?1\b"
            r"|\bday ?29 of (?:re-?induction )?block ?(?:1|i|one)\b",
        ),
        (
            TimePoint.LATER_BLOCK,
            r"\b(?:(?:at (?:the )?)?end of|after|post-?)[- ]?block[- ]?(?:[23]|ii|iii|two|three)\b",
        ),
        (TimePoint.AFTER_CONSOLIDATION, r"\b(?:(?:at (?:the )?)?end of|after|post-?)[- ]?consolidation\b"),
        (TimePoint.BEFORE_TRANSPLANT, rf"\b(?:pre-?|before|prior to)[- ]?{_TRANSPLANT}"),
        (
            TimePoint.DAY_28_AFTER_CAR_T,
            rf"\b{_DAY_28}[- ,]{{1,2}}{_POST}{_CAR_T}|\b{_POST}{_CAR_T}[- ,]{{1,2}}{_DAY_28}\b",
        ),
        (
            TimePoint.MONTH_3_AFTER_CAR_T,
            rf"\b{_MONTH_3}[- ,]{{1,2}}{_POST}{_CAR_T}|\b{_POST}{_CAR_T}[- ,]{{1,2}}{_MONTH_3}\b",
        ),
        (
            None,
            r"\b(?:at (?:the )?)?end of induction\b|\beoi\b"
            r"|\bday ?\+? ?\d{1,3}\b(?!\s*(?:[%^*/.,e]|x|-\s*\d|\d|percent|ppm|cells?|per\b))",
        ),
    )
)
"""Labels as they are written, each with the time point it names; None for one that names no course.

That the end of reinduction is the end of block 1 is the project's reading.
"""


def time_point_of(text: str) -> tuple[TimePoint | None, str]:
    """The time point that a text names, and the text without its label.

    With more than one time point nobody can tell which is meant: none, and the text as it is.
    """
    found: set[TimePoint] = set()
    rest = text
    for label, words in _LABELS:
        left = words.sub(" ", rest)
        if left != rest and label is not None:
            found.add(label)
        rest = left
    if len(found) > 1:
        return None, text
    return (found.pop() if found else None), rest
