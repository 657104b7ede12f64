"""Made-up trials over the real questions, so that tests do not hang on what the catalogue holds."""

from collections.abc import Iterable
from datetime import date

import pytest

from cds_rules.citation import Cite
from cds_rules.trials.ages import Age, AgeRange
from cds_rules.trials.match import TrialSet
from cds_rules.trials.study import RegistryStatus, Sex, Study
from cds_rules.trials.trial import Criterion, Role, Tier, Trial, TrialStatus

CHART = "hr2020-p1-24-months"
"""A first marrow relapse of B-ALL without an earlier transplant; nothing on CD22."""
ON = date(2025, 1, 27)

_CITES = (Cite("HR2020", "table 3", "000:150-200"),)


def _in(text: str, question: str | None = None) -> Criterion:
    return Criterion(text, Role.INCLUSION, question)


ELIGIBLE = Trial(
    id="NCT10000001",
    tier=Tier.REGISTRY,
    title="Made-up antibody in relapse",
    says="a made-up antibody",
    criteria=(
        _in("B-lineage relapse", "b-lineage"),
        Criterion("earlier transplant", Role.EXCLUSION, "prior-transplant"),
    ),
    cites=_CITES,
    status=TrialStatus("ongoing", date(2020, 1, 1), "HR2020"),
    phase="1/2",
    agents=("made-up antibody",),
    targets=("CD19",),
    population="relapsed B-ALL",
    ages=(1, 30),
    names=("MADE-UP 1",),
)
POSSIBLE = Trial(
    id="NCT10000002",
    tier=Tier.REGISTRY,
    title="Made-up CD22 cells",
    says="made-up cells",
    criteria=(
        _in("B-lineage relapse", "b-lineage"),
        _in("CD22 on the blasts", "cd22"),
        _in("fit for the trial"),
    ),
    cites=_CITES,
    status=TrialStatus("completed", date(2020, 1, 1), "HR2020"),
    phase="3B",
)
EXCLUDED = Trial(
    id="NCT10000003",
    tier=Tier.REGISTRY,
    title="Made-up drug in T-ALL",
    says="a made-up drug",
    criteria=(_in("T-lineage", "t-lineage"),),
    cites=_CITES,
    phase="2",
)
UNPHASED = Trial(
    id="GROUP (ref 5) 90",
    tier=Tier.NAMED,
    title="Made-up group protocol",
    says="blocks",
    criteria=(_in("a relapse", "relapsed"), _in("consent")),
    cites=_CITES,
)
FIRST_LINE = Trial(
    id="NCT10000004",
    tier=Tier.REGISTRY,
    title="Made-up first-line trial",
    says="first line",
    criteria=(),
    cites=_CITES,
    for_relapse=False,
)
MADE_UP = (ELIGIBLE, POSSIBLE, EXCLUDED, UNPHASED, FIRST_LINE)

ELIGIBILITY = """Inclusion Criteria:

* Relapsed or refractory B-ALL
* CD22 expression

Exclusion Criteria:

* Prior CAR-T therapy
* Pregnancy
"""
STUDY = Study(
    "NCT90000001",
    "Made-up CD22 cells",
    RegistryStatus.RECRUITING,
    date(2026, 1, 1),
    study_type="INTERVENTIONAL",
    phases=("PHASE1", "PHASE2"),
    conditions=("Recurrent B Acute Lymphoblastic Leukemia",),
    ages=AgeRange(Age.parse("6 Months"), Age.parse("30 Years")),
    sex=Sex.ALL,
    criteria=ELIGIBILITY,
)
"""A made-up record of a registry."""


def use(monkeypatch: pytest.MonkeyPatch, trials: Iterable[Trial] = MADE_UP) -> None:
    """Match these trials in place of the catalogue, and list them."""
    held = tuple(trials)
    monkeypatch.setattr("cds_rules.assessment.CATALOGUE", TrialSet(held))
    monkeypatch.setattr("cds_rules.trials.catalogue.TRIALS", {t.id: t for t in held})
