"""The scores of UTD2022 for adults: SC-1, SC-2, SC-3 (clinical model section 3).

SC-1 counts ages from 10 years on, so it is given at every age (below 10 no point: read from its silence).
SC-3 is no sum: it shows what each group had.
"""

from __future__ import annotations

from cds_rules.citation import Cite
from cds_rules.risk.case import Pattern
from cds_rules.treatment.advice import Audience
from cds_rules.treatment.aspect import YesNo
from cds_rules.treatment.aspects.course import PATTERN, TRANSPLANT_BEFORE, any_relapse, first_relapse
from cds_rules.treatment.aspects.person import adult
from cds_rules.treatment.aspects.scores import (
    ALBUMIN,
    DONOR_CMV,
    FROM_THERAPY,
    MARROW_BLASTS,
    PHASE,
    PLATELETS,
    RELAPSE_AGE,
    REMISSION_1,
    SALVAGE,
    TRANSPLANT_AGE,
    Albumin,
    FromTherapy,
    MarrowBlasts,
    Phase,
    Platelets,
    RelapseAge,
    Remission1,
    Salvage,
    TransplantAge,
)
from cds_rules.treatment.aspects.state import IN_REMISSION, PRIMARY_REFRACTORY
from cds_rules.treatment.aspects.transplant import TRANSPLANT, InThisCourse
from cds_rules.treatment.score import Figure, Input, Score, ScoreFinding, finding
from cds_rules.treatment.weigh import Sight

_BEFORE_TRANSPLANT = TRANSPLANT.is_(InThisCourse.NONE, InThisCourse.PLANNED)

SC_1 = Score(
    "SC-1",
    "Score before a myeloablative allogeneic transplant outside remission (adult source)",
    (any_relapse | PRIMARY_REFRACTORY.yes) & IN_REMISSION.no & _BEFORE_TRANSPLANT,
    (
        Input(PHASE, {Phase.PRIMARY: 0, Phase.UNTREATED: 0, Phase.REFRACTORY: 1, Phase.LATER: 2}),
        Input(DONOR_CMV, {YesNo.NO: 0, YesNo.YES: 1}),
        Input(MARROW_BLASTS, {MarrowBlasts.TO_25: 0, MarrowBlasts.TO_50: 1, MarrowBlasts.OVER_50: 1}),
        Input(
            TRANSPLANT_AGE,
            {TransplantAge.BELOW_10: 0, TransplantAge.TO_39: 1, TransplantAge.FROM_40: 2},
        ),
    ),
    (Cite("UTD2022", "transplantation, disease-related factors", "003:210-222"),),
    Audience.ANY,
    6,
    (
        (frozenset({0, 1}), Figure("0 or 1", "46 % alive at 3 years in that cohort")),
        (frozenset({2}), Figure("2", "22 % alive at 3 years in that cohort")),
        (frozenset({3}), Figure("3", "10 % alive at 3 years in that cohort")),
        (frozenset({4, 5, 6}), Figure("4 to 6", "the source gives no figure above 3 points")),
    ),
    "Larson 2022, of 582 transplants outside remission in a registry of 1995 to 2004. That an age below 10 "
    "years scores nothing is our reading: the source does not name it.",
)
SC_2 = Score(
    "SC-2",
    "Adverse factors before second rescue therapy (adults)",
    adult & any_relapse & SALVAGE.is_(Salvage.SECOND) & IN_REMISSION.no,
    (
        Input(REMISSION_1, {Remission1.BELOW_24: 1, Remission1.TO_36: 1, Remission1.FROM_36: 0}),
        Input(MARROW_BLASTS, {MarrowBlasts.TO_25: 0, MarrowBlasts.TO_50: 0, MarrowBlasts.OVER_50: 1}),
        Input(PLATELETS, {Platelets.LOW: 1, Platelets.ENOUGH: 0}),
        Input(ALBUMIN, {Albumin.LOW: 1, Albumin.ENOUGH: 0}),
    ),
    (Cite("UTD2022", "prognosis, second rescue therapy", "003:258-268"),),
    Audience.ADULT,
    4,
    (
        (frozenset({0, 1}), Figure("0 or 1", "33 % alive at 1 year in that series")),
        (frozenset({2}), Figure("2", "14 % alive at 1 year in that series")),
        (frozenset({3}), Figure("3", "8 % alive at 1 year in that series")),
        (frozenset({4}), Figure("4", "0 % alive at 1 year in that series")),
    ),
    "Larson 2022, of 288 patients at one institution; 18 % reached complete response.",
)

_GMALL_AGE = (
    (
        frozenset({RelapseAge.BELOW_20, RelapseAge.TO_25}),
        Figure("GMALL, age 25 or less", "38 % alive at 3 years, 53 % reached CR (37 % of those older)"),
    ),
    (frozenset({RelapseAge.TO_45}), Figure("GMALL, age 26 to 45", "28 % alive at 3 years")),
    (
        frozenset({RelapseAge.TO_50, RelapseAge.OVER_50}),
        Figure("GMALL, age above 45", "12 % alive at 3 years"),
    ),
)
_UKALL_AGE = (
    (frozenset({RelapseAge.BELOW_20}), Figure("UKALL12, age below 20", "12 % alive at 5 years")),
    (frozenset({RelapseAge.OVER_50}), Figure("UKALL12, age above 50", "3 % alive at 5 years")),
)
_SITES = (
    (
        frozenset({Pattern.MARROW, Pattern.COMBINED}),
        Figure("GMALL, marrow with or without other sites", "23 % alive at 3 years"),
    ),
    (frozenset({Pattern.CNS}), Figure("GMALL, isolated CNS", "27 % alive at 3 years (18 patients)")),
    (
        frozenset({Pattern.TESTIS, Pattern.OTHER}),
        Figure("GMALL, other isolated extramedullary", "47 % alive at 3 years (32 patients)"),
    ),
)
_BEFORE = (
    (frozenset({YesNo.YES}), Figure("GMALL, relapse after transplant in CR1", "15 % alive at 3 years")),
    (frozenset({YesNo.NO}), Figure("GMALL, relapse on or after chemotherapy", "28 % alive at 3 years")),
)
_TIME = (
    (
        frozenset({FromTherapy.BELOW_18}),
        Figure("GMALL, relapse within 18 months of initial therapy", "36 % reached CR"),
    ),
    (frozenset({FromTherapy.FROM_18}), Figure("GMALL, later relapse", "58 % reached CR")),
)
_REMISSION = (
    (
        frozenset({Remission1.BELOW_24}),
        Figure("UKALL12, first remission below 2 years", "5 % alive at 5 years"),
    ),
    (
        frozenset({Remission1.TO_36, Remission1.FROM_36}),
        Figure("UKALL12, first remission above 2 years", "11 % alive at 5 years"),
    ),
)
SC_3 = Score(
    "SC-3",
    "Figures by group at first relapse (adults); they are not added up",
    adult & first_relapse,
    (
        Input(RELAPSE_AGE, {}, (*_GMALL_AGE, *_UKALL_AGE)),
        Input(PATTERN, {}, _SITES),
        Input(TRANSPLANT_BEFORE, {}, _BEFORE),
        Input(FROM_THERAPY, {}, _TIME),
        Input(REMISSION_1, {}, _REMISSION),
    ),
    (
        Cite("UTD2022", "prognosis, GMALL", "003:246-254"),
        Cite("UTD2022", "prognosis, UKALL12/ECOG2993", "003:238-242"),
    ),
    Audience.ADULT,
    note="Larson 2022: GMALL, 547 first relapses; UKALL12/ECOG2993, 609 adults. No figure combines groups. "
    "Age is taken at the relapse: the source does not say when.",
)
SCORES: tuple[Score, ...] = (SC_1, SC_2, SC_3)


def scores(seen: Sight) -> tuple[ScoreFinding, ...]:
    """The scores that apply, or may apply, to a patient; inputs are read only for those."""
    return tuple(found for score in SCORES if (found := finding(score, seen)) is not None)
