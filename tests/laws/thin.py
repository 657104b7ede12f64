"""Encodings that leave treatment out: of the lines of therapy they tell less, and never something else."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

LINES = frozenset({"linesOfTherapy", "priorRegimens"})


def told_less(encoding: str) -> frozenset[str]:
    """Facts that an encoding without drugs, or without the plan of treatment, has less room for."""
    if encoding.startswith("end of treatment by"):
        return LINES | {"primaryRefractory"}  # without the plan nobody knows when treatment began
    return LINES if encoding == "no drugs" or encoding.startswith("linked: ") else frozenset()


def tells_no_more(told: Json, wanted: Json) -> bool:
    """Is what is told of treatment a part of what the whole record tells?"""
    count, whole = told["priorRegimens"], wanted["priorRegimens"]
    fewer = count["atLeast"] <= whole["atLeast"]
    wider = count["atMost"] is None or count["atMost"] >= whole["atMost"]
    return (
        fewer
        and wider
        and _drugs(told) <= _drugs(wanted)
        and len(told["linesOfTherapy"]) <= len(wanted["linesOfTherapy"])
        and told["primaryRefractory"] in (None, wanted["primaryRefractory"])
    )


def _drugs(told: Json) -> set[str]:
    return {drug for line in told["linesOfTherapy"] for drug in line["drugs"]}
