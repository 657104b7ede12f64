"""Which parts of the record an order check needs, so that a hook asks for no more than that.

By the aspects that it reads. Patient and conditions are always needed: a patient without ALL, or who has
died, gets no card.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cds_rules.patient.timeline import Part
from cds_rules.treatment.caution import OrderCheck

ALWAYS = frozenset({Part.PATIENT, Part.CONDITIONS})
_RESULTS = frozenset({Part.LABORATORY, Part.DISEASE_FINDINGS, Part.REPORTS})
_GIVEN = frozenset({Part.ADMINISTRATIONS, Part.STATEMENTS})
_CELLS = frozenset({Part.PROCEDURES, Part.ADMINISTRATIONS})
_COURSE = _RESULTS | _GIVEN | {Part.PROCEDURES, Part.CARE_PLANS, Part.EPISODES}
"""Relapse, remission and what follows from them: blasts, reports, and treatment, which dates reinduction."""
_ALL = _COURSE | {Part.REQUESTS}

_PARTS: Mapping[str, frozenset[Part]] = {
    "age": frozenset(),
    "lineage": frozenset(),
    "orders.liposomalVincristineWithdrawn": frozenset(),
    "carT.avoidsTransplant": frozenset(),
    "antigens.CD19": _RESULTS | _CELLS,
    "antigens.CD22": _RESULTS | _CELLS,
    "genetics.BCR::ABL1": _RESULTS,
    "genetics.T315I": _RESULTS,
    "carT": _CELLS,
    "carT.collected": frozenset({Part.PROCEDURES}),
    "orders.transplantEver": frozenset({Part.PROCEDURES}),
    "collection.afterTransplant": frozenset({Part.PROCEDURES}),
    "collection.gvhd": frozenset(),
    "collection.lymphocytes": _RESULTS,
    "collection.tCells": _RESULTS,
    "collection.leukocytes": _RESULTS,
    "collection.bloodBlasts": _RESULTS,
    "orders.carTCells": _CELLS,
    "orders.aplasia": _RESULTS | _CELLS,
    "orders.carTPlanned": _CELLS | {Part.REQUESTS},
    "orders.collectionPlanned": _CELLS,
    "infusion.neurotoxicity": frozenset(),
}
"""Aspects that look at little; every other one is asked with the whole course or, with orders, the record."""
_WITH_REQUESTS = frozenset(
    {
        "orders.nelarabine",
        "orders.intrathecal",
        "orders.transplantPlan",
        "orders.inotuzumabCycle",
        "orders.highDoseMethotrexate",
        "orders.liposomalCytarabine",
        "carT.blinatumomab",
        "collection.steroids",
        "collection.cytotoxics",
        "collection.pembrolizumab",
        "collection.immunosuppression",
        "collection.treated",
    }
)


def parts_of(checks: Iterable[OrderCheck]) -> frozenset[Part]:
    """Parts that these checks need together."""
    names = frozenset().union(*(check.when.reads for check in checks))
    return ALWAYS.union(*(_of(name) for name in names))


def _of(aspect: str) -> frozenset[Part]:
    if aspect in _PARTS:
        return _PARTS[aspect]
    return _ALL if aspect in _WITH_REQUESTS else _COURSE
