"""Draft orders as the order checks see them: what is ordered, never how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Act(StrEnum):
    """What is ordered besides drugs, as far as the checks tell it apart."""

    INTRATHECAL = "intrathecal chemotherapy"
    LEUKAPHERESIS_FOR_CAR_T = "leukapheresis for CAR-T manufacture"
    LEUKAPHERESIS = "leukapheresis, purpose not told"
    CAR_T_INFUSION = "CAR-T infusion"
    CD19_CAR_T = "CAR-T infusion, against CD19 by its name"
    OTHER_CAR_T = "CAR-T infusion, not against CD19 by its name"
    AUTOLOGOUS_TRANSPLANT = "autologous stem cell transplant"
    ALLOGENEIC_TRANSPLANT = "allogeneic stem cell transplant"
    TRANSPLANT = "stem cell transplant, kind not told"
    REDUCED_INTENSITY = "reduced-intensity conditioning"
    DONOR_LYMPHOCYTES = "donor lymphocyte infusion"
    BODY_IRRADIATION = "total-body irradiation"
    CAR_T_AHEAD = "something that CAR-T is to follow, by its name"
    TRANSPLANT_AHEAD = "something that a transplant is to follow, by its name"
    HIGH_DOSE_METHOTREXATE = "high-dose methotrexate, by its name"


@dataclass(frozen=True, slots=True)
class Order:
    """One draft order of the call. `selected` False: a draft beside it, which only gives context."""

    reference: str
    """Type/id of the draft, as the call names it."""
    name: str
    """What the draft calls it, for the card."""
    drugs: frozenset[str] = frozenset()
    """Ingredients by the names of `cds_rules.patient.timeline.DrugUse.drug`."""
    acts: frozenset[Act] = frozenset()
    intrathecal: bool | None = None
    """Is the route of a drug intrathecal? None: the draft does not say."""
    selected: bool = True
