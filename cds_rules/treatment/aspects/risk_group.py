"""Aspects that are the groups of the first-relapse schemes, for rules that go by them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from cds_rules.treatment.aspect import Aspect, Seen
from cds_rules.treatment.chart import Chart


class Bfm(StrEnum):
    """Groups of BFM-S; OUTSIDE: the scheme does not speak of this relapse."""

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    OUTSIDE = "outside"


class Uk(StrEnum):
    """Groups of UK-R3."""

    STANDARD = "standard"
    INTERMEDIATE = "intermediate"
    HIGH = "high"
    OUTSIDE = "outside"


class Cog(StrEnum):
    """Groups of COG-AALL1331."""

    LOW = "low"
    INTERMEDIATE = "intermediate"
    HIGH = "high"
    OUTSIDE = "outside"


def _group(scheme: str, values: type[StrEnum]) -> Callable[[Chart], Seen]:
    def read(chart: Chart) -> Seen:
        found = chart.schemes.get(scheme)
        if found is None:
            return Seen(frozenset({values("outside")}), (), "no relapse on record")
        possible = frozenset(values(g or "outside") for g in found.finding.possible)
        open_facts = ", ".join(o.fact.replace("_", " ") for o in found.finding.open)
        return Seen(possible, (), f"the scheme waits for: {open_facts}" if open_facts else None)

    return read


_SETTLED_BY = "the facts that the scheme waits for"
COG = Aspect("group.COG-AALL1331", "COG (AALL1331) group", Cog, _group("COG-AALL1331", Cog), _SETTLED_BY)
BFM = Aspect("group.BFM-S", "BFM group", Bfm, _group("BFM-S", Bfm), _SETTLED_BY)
UK = Aspect("group.UK-R3", "UKALL R3 group", Uk, _group("UK-R3", Uk), _SETTLED_BY)
