"""Quantities with units to intervals in one unit of ours; what cannot be told stays uninterpretable.

Units that are not UCUM but common (`cells/uL`, `K/uL`, which UCUM would read as kelvin) are names in
the same tables: nothing is parsed, so nothing is guessed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cds_rules.patient.interval import Interval
from service.fhir.elements import Quantity


class Units(dict[str, float]):
    """A table of units and their factors; told apart by identity, for they are constants."""

    __hash__ = object.__hash__  # type: ignore[assignment]


PERCENT = Units({"%": 1.0, "percent": 1.0, "1": 100.0, "/100{WBCs}": 1.0})
"""Share of cells in percent. A bare ratio is not a share, so {ratio} is left out."""

FRACTION = Units(
    {
        "%": 1e-2,
        "percent": 1e-2,
        "1": 1.0,
        "10*-4": 1e-4,
        "10^-4": 1e-4,
        "10*-5": 1e-5,
        "10^-5": 1e-5,
        "10*-6": 1e-6,
        "10^-6": 1e-6,
        "{cells}/10*6": 1e-6,
        "/10*6": 1e-6,
        "[ppm]": 1e-6,
        "ppm": 1e-6,
        "/10^6": 1e-6,
        "cells/10^6": 1e-6,
        "cells/million": 1e-6,
        "cells per million": 1e-6,
    }
)
"""Fraction of cells. International Scale (%{IS}), ratios and log reductions are not in it on purpose."""

PER_UL = Units(
    {
        "/uL": 1.0,
        "{cells}/uL": 1.0,
        "{#}/uL": 1.0,
        "10*6/L": 1.0,
        "10^6/L": 1.0,
        "/mm3": 1.0,
        "10*3/uL": 1e3,
        "10*9/L": 1e3,
        "10*3/mm3": 1e3,
        "cells/uL": 1.0,
        "#/uL": 1.0,
        "/cumm": 1.0,
        "cells/mcL": 1.0,
        "K/uL": 1e3,
        "K/mcL": 1e3,
        "10^3/uL": 1e3,
        "10^9/L": 1e3,
        "x10E3/uL": 1e3,
        "Thousand/uL": 1e3,
    }
)
"""Cells per microlitre."""

G_PER_DL = Units({"g/dL": 1.0, "g/L": 0.1, "g/dl": 1.0, "g/l": 0.1, "gm/dL": 1.0, "G/DL": 1.0})
"""Grams per decilitre. "G/L" is left out: capitals may mean 10*9/L as well; mg/dL is no unit of serum
albumin, so it is a slip of which nobody can tell the right one."""

SCORE = Units({"{score}": 1.0, "1": 1.0, "score": 1.0, "%": 1.0})
"""Points of a scale; they need no unit."""

KNOWN_UNITS = frozenset(PERCENT) | frozenset(FRACTION) | frozenset(PER_UL) | frozenset(G_PER_DL)
"""What a hospital's own units may be mapped to (service.fhir.site_units)."""

ALBUMIN_CEILING = 10.0
"""Above any serum albumin in g/dL: a number in g/L under the wrong unit. Project's."""

BLOOD_CELL_CEILING = 2_000_000.0
"""Above any leukocyte count per microlitre of blood: a count per microlitre under a unit of thousands.
Project's."""

COUNT_CEILING = 10_000_000.0
"""Above any cell count per microlitre that blood or CSF can have."""


_NO_SHARE = re.compile(r"log|ratio|\bIS\b|fold|copies", re.IGNORECASE)
"""Words in a unit that make the number no share of cells, whatever else the unit says."""


class UnitError(ValueError):
    """The unit is missing or not one that this measure is given in."""


def is_no_share(unit: str) -> bool:
    """Does the unit say that its number is a log, a ratio, a scale value or a count of copies?"""
    return _NO_SHARE.search(unit) is not None


def factor(quantity: Quantity, units: Units) -> float:
    """The factor from the quantity's unit; the UCUM code wins over the printed unit.

    UnitError when neither is known, or when both are known and disagree.
    """
    found, fault = _factor(quantity.code, quantity.unit, units)
    if found is None:
        raise UnitError(fault)
    return found


def factor_of(code: str | None, unit: str | None, units: Units) -> float | None:
    """The factor of a unit and its code, or None where `factor` raises."""
    return _factor(code, unit, units)[0]


@lru_cache(maxsize=4096)
def _factor(code: str | None, unit: str | None, units: Units) -> tuple[float | None, str]:
    """The factor, or None and why not. Kept: a site uses few units."""
    if any(is_no_share(text) for text in (code, unit) if text):
        return None, "a log, ratio or scale value"
    by_code = _in_table(code, units)
    by_unit = _in_table(unit, units)
    if code and by_code is None and by_unit is not None:
        return None, "unit and code disagree"
    if by_code is not None and by_unit is not None and by_code != by_unit:
        return None, "unit and code disagree"
    found = by_code if by_code is not None else by_unit
    return found, "no unit that is understood"


_PRINTED = str.maketrans(
    {
        "\u00b5": "u",
        "\u03bc": "u",
        "\uff05": "%",
        **dict(zip("\u00b3\u2074\u2075\u2076\u2079", "34569", strict=True)),
    }
)
_RAISED = re.compile("(?<=10)(\u207b?)(?=[\u00b3\u2074\u2075\u2076\u2079])")


def _in_table(unit: str | None, units: Units) -> float | None:
    """The factor of a unit, as it is written or in plain signs: "10\u00b3/\u00b5L" is 10^3/uL."""
    if not unit:
        return None
    found = units.get(unit)
    if found is not None:
        return found
    raised = _RAISED.sub(lambda sign: "^-" if sign[1] else "^", unit)
    plain = " ".join(raised.translate(_PRINTED).split())
    return units.get(re.sub(r"^[x\u00d7] ?(?=10[*^])", "", plain))


def to_interval(quantity: Quantity, units: Units, ceiling: float) -> Interval:
    """The quantity in our unit, its comparator as an open end.

    UnitError for the unit; ValueError for a missing value, one out of range, or an unknown comparator.
    """
    if quantity.value is None:
        raise ValueError("no value")
    value = round(quantity.value * factor(quantity, units), 12)  # 0.07 * 0.01 is no more than 0.0007
    return Interval.compared(quantity.comparator, value, ceiling)


def with_limits(fraction: Interval, lod: float | None, loq: float | None) -> Interval | None:
    """An MRD fraction under the test's limits of detection and quantification (D-6).

    Below the LOD it lies anywhere from zero to the LOD; between LOD and LOQ anywhere up to the LOQ.
    A plain zero without a known LOD says nothing about small fractions: None.
    """
    if fraction.high == 0:
        return None if lod is None else Interval(0.0, lod)
    point = fraction.low == fraction.high
    if point and lod is not None and fraction.high < lod:
        return Interval(0.0, lod)
    if point and loq is not None and fraction.high < loq:
        return Interval(0.0, loq, low_open=True, high_open=True)
    return fraction
