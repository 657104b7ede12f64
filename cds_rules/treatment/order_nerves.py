"""Order checks of nelarabine O-6, O-7, O-26, and of drugs that harm the nervous system together O-18."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.treatment.aspects.course import b_lineage, t_lineage
from cds_rules.treatment.aspects.order_state import PRIOR_REGIMENS, Regimens
from cds_rules.treatment.aspects.orders import (
    HIGH_DOSE_METHOTREXATE,
    INTRATHECAL_BESIDE,
    LIPOSOMAL_CYTARABINE,
    NELARABINE_BESIDE,
    Beside,
)
from cds_rules.treatment.caution import Level, OrderCheck, Override
from cds_rules.treatment.order import Act

_CRITICAL, _WARNING, _INFO = Level.CRITICAL, Level.WARNING, Level.INFO
_NELARABINE = frozenset({"nelarabine"})
_METHOTREXATE = frozenset({"methotrexate"})
_LIPOSOMAL_CYTARABINE = frozenset({"liposomal-cytarabine"})
INTRATHECAL_CHEMOTHERAPY = frozenset({"methotrexate", "cytarabine", "liposomal-cytarabine"})
"""Drugs whose order may be intrathecal chemotherapy where no route is told. Project's list."""
_LABEL = (Override.TRIAL, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.CHART_WRONG)
_TOGETHER = (Override.PLAN_CHANGED, Override.CHART_WRONG, Override.TRIAL)

_T_CELL = Cite("HR2020", "relapsed T-ALL", "000:248")
_LABEL_NELARABINE = Cite("UTD2022", "nelarabine", "003:168")
_NERVES = (
    "Hunger & Raetz 2020: the two should not be given at the same time, to reduce the risk of neurotoxicity."
)

_NELARABINE_CHECKS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-6",
        _CRITICAL,
        "intrathecal chemotherapy is on order or was given lately: avoid the two together",
        f"{_NERVES} They give no interval; 28 days is the project's parameter.",
        INTRATHECAL_BESIDE.is_(Beside.TOGETHER),
        (_T_CELL,),
        _TOGETHER,
        drugs=_NELARABINE,
        if_unknown=_INFO,
        needs_title="avoid nelarabine together with intrathecal chemotherapy; the last one is not certain",
    ),
    OrderCheck(
        "O-6a",
        _CRITICAL,
        "nelarabine is on order or was given lately: avoid it with intrathecal chemotherapy",
        f"{_NERVES} They give no interval; 28 days is the project's parameter.",
        NELARABINE_BESIDE.is_(Beside.TOGETHER),
        (_T_CELL,),
        _TOGETHER,
        drugs=INTRATHECAL_CHEMOTHERAPY,
        acts=frozenset({Act.INTRATHECAL}),
        spinal=True,
        if_unknown=_INFO,
        needs_title="avoid it together with nelarabine; whether that was given lately is not certain",
    ),
    OrderCheck(
        "O-6b",
        _INFO,
        "a past order of intrathecal chemotherapy is on record: avoid the two together",
        f"{_NERVES} The record holds an order of the last 28 days that is not active, and does not say "
        "whether it was given.",
        INTRATHECAL_BESIDE.is_(Beside.ORDERED),
        (_T_CELL,),
        _TOGETHER,
        drugs=_NELARABINE,
        yields_to=("O-6",),
    ),
    OrderCheck(
        "O-6c",
        _INFO,
        "a past order of nelarabine is on record: avoid it together with intrathecal chemotherapy",
        f"{_NERVES} The record holds an order of the last 28 days that is not active, and does not say "
        "whether it was given.",
        NELARABINE_BESIDE.is_(Beside.ORDERED),
        (_T_CELL,),
        _TOGETHER,
        drugs=INTRATHECAL_CHEMOTHERAPY,
        acts=frozenset({Act.INTRATHECAL}),
        spinal=True,
        yields_to=("O-6a",),
    ),
    OrderCheck(
        "O-7",
        _WARNING,
        "B lineage is recorded, and nelarabine has considerably less activity in B-ALL",
        "Larson 2022: nelarabine is approved for T-ALL, and has considerably less activity in B lineage.",
        b_lineage,
        (_LABEL_NELARABINE,),
        (Override.CHART_WRONG, Override.TRIAL, Override.NO_ALTERNATIVE, Override.OTHER_DISEASE),
        drugs=_NELARABINE,
        if_unknown=_INFO,
        needs_title="the lineage is not on record, and nelarabine has considerably less activity in B-ALL",
    ),
    OrderCheck(
        "O-26",
        _INFO,
        "fewer than two regimens before: earlier than nelarabine's US label; NECTAR is used earlier",
        "Larson 2022 gives the label as T-ALL after at least two regimens. Hunger & Raetz 2020 name "
        "nelarabine, cyclophosphamide and etoposide as a possible reinduction.",
        t_lineage & PRIOR_REGIMENS.is_(Regimens.BELOW_2),
        (_LABEL_NELARABINE, _T_CELL),
        _LABEL,
        drugs=_NELARABINE,
    ),
)

_LIPOSOMAL: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-18",
        _WARNING,
        "high-dose methotrexate is ordered with it: serious neurotoxicity was reported of the two",
        "Locatelli et al. 2012: serious neurotoxicity with intrathecal liposomal cytarabine together with "
        "high-dose methotrexate.",
        HIGH_DOSE_METHOTREXATE.yes,
        (Cite("LOC2012", "liposomal cytarabine", "001:161"),),
        _TOGETHER,
        drugs=_LIPOSOMAL_CYTARABINE,
        spinal=True,
        if_unknown=_INFO,
        needs_title="serious neurotoxicity was reported together with high-dose methotrexate; is it given?",
    ),
    OrderCheck(
        "O-18a",
        _WARNING,
        "liposomal cytarabine is ordered or was given lately: serious neurotoxicity reported of the two",
        "Locatelli et al. 2012: serious neurotoxicity with intrathecal liposomal cytarabine together with "
        "high-dose methotrexate.",
        LIPOSOMAL_CYTARABINE.yes,
        (Cite("LOC2012", "liposomal cytarabine", "001:161"),),
        _TOGETHER,
        acts=frozenset({Act.HIGH_DOSE_METHOTREXATE}),
    ),
    OrderCheck(
        "O-18b",
        _INFO,
        "liposomal cytarabine is ordered or was given: avoid high-dose methotrexate beside it",
        "Locatelli et al. 2012: serious neurotoxicity with intrathecal liposomal cytarabine together with "
        "high-dose methotrexate. Whether this order is high-dose is not read.",
        LIPOSOMAL_CYTARABINE.yes,
        (Cite("LOC2012", "liposomal cytarabine", "001:161"),),
        _TOGETHER,
        drugs=_METHOTREXATE,
        spinal=False,
        yields_to=("O-18a",),
    ),
)

CHECKS: tuple[OrderCheck, ...] = (*_NELARABINE_CHECKS, *_LIPOSOMAL)
