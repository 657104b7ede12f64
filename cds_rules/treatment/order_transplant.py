"""Order checks of transplant and donor lymphocytes: O-15, O-16, O-24 and O-25 (section 8)."""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.treatment.aspects.course import TRANSPLANT_BEFORE, any_relapse
from cds_rules.treatment.aspects.mrd_course import BEFORE_TRANSPLANT, Positivity
from cds_rules.treatment.aspects.order_state import (
    APLASIA,
    CAR_T_CELLS,
    FLOW_REMISSION,
    TRANSPLANT_EVER,
    Aplasia,
)
from cds_rules.treatment.aspects.person import adult
from cds_rules.treatment.aspects.state import IN_REMISSION
from cds_rules.treatment.caution import Level, OrderCheck, Override
from cds_rules.treatment.order import Act

_AUTOLOGOUS = frozenset({Act.AUTOLOGOUS_TRANSPLANT})
_AGAIN = frozenset({Act.ALLOGENEIC_TRANSPLANT, Act.TRANSPLANT, Act.REDUCED_INTENSITY})
_CHOICE = (Override.RESULT_ELSEWHERE, Override.ACCEPTED_RISK, Override.NO_ALTERNATIVE, Override.TRIAL)
_PDQ = Cite("PDQ2014", "relapse after allogeneic transplant", "002:187")

CHECKS: tuple[OrderCheck, ...] = (
    OrderCheck(
        "O-15",
        Level.WARNING,
        "autologous transplant of an adult beyond first remission: very poor results are reported",
        "Larson 2022: relapse is unacceptably frequent after autologous HSCT beyond first remission, purged "
        "or not.",
        adult & any_relapse & (BEFORE_TRANSPLANT.is_(Positivity.POSITIVE) | IN_REMISSION.no),
        (Cite("UTD2022", "autologous HCT", "003:230"),),
        _CHOICE,
        acts=_AUTOLOGOUS,
        if_unknown=Level.INFO,
        needs_title="in adults beyond first remission autologous transplant has very poor results",
    ),
    OrderCheck(
        "O-15a",
        Level.INFO,
        "autologous transplant with MRD negative: a special situation that is under study (adults)",
        "Larson 2022: results beyond first remission are very poor, but special situations may exist for "
        "Ph-positive ALL that is negative by molecular tests and for ALL without residual disease by flow.",
        adult & any_relapse & BEFORE_TRANSPLANT.is_(Positivity.NEGATIVE),
        (Cite("UTD2022", "autologous HCT", "003:230, 003:232"),),
        _CHOICE,
        acts=_AUTOLOGOUS,
        yields_to=("O-15",),
    ),
    OrderCheck(
        "O-16",
        Level.INFO,
        "second transplant with MRD negative and B-cell aplasia after CAR-T: not routinely recommended",
        "Myers et al. 2023 reserve a second HSCT after CAR-T for those clearly at imminent risk of relapse.",
        TRANSPLANT_EVER.yes
        & CAR_T_CELLS.yes
        & BEFORE_TRANSPLANT.is_(Positivity.NEGATIVE)
        & APLASIA.is_(Aplasia.PRESENT),
        (Cite("MYE2023", "second HSCT after CAR-T", "004:225"),),
        _CHOICE,
        acts=_AGAIN,
    ),
    OrderCheck(
        "O-24",
        Level.WARNING,
        "second transplant with reduced intensity: remission by flow cytometry is not reached",
        "PDQ 2014: a second allogeneic transplant of reduced intensity can cure some, but only in a complete "
        "remission that flow cytometry confirms.",
        TRANSPLANT_EVER.yes & FLOW_REMISSION.no,
        (_PDQ,),
        _CHOICE,
        acts=frozenset({Act.REDUCED_INTENSITY}),
        if_unknown=Level.INFO,
        needs_title="as a second transplant, reduced intensity needs a remission confirmed by flow cytometry",
    ),
    OrderCheck(
        "O-25",
        Level.INFO,
        "overt relapse after transplant: donor lymphocytes have limited benefit in ALL",
        "PDQ 2014 of relapse after allogeneic transplant. Rising recipient chimerism before relapse is "
        "another matter.",
        any_relapse & TRANSPLANT_BEFORE.yes & IN_REMISSION.no,
        (_PDQ,),
        _CHOICE,
        acts=frozenset({Act.DONOR_LYMPHOCYTES}),
        if_unknown=Level.INFO,
        needs_title="in overt relapse after transplant donor lymphocytes have limited benefit in ALL",
    ),
)
