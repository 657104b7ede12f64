"""The named questions of the first-relapse schemes."""

from __future__ import annotations

from cds_rules.answer import Question, question
from cds_rules.patient.timeline import Lineage
from cds_rules.risk.case import (
    LATE_AFTER_TREATMENT_MONTHS,
    LATE_FROM_CR1_MONTHS,
    LATE_MARROW_MONTHS,
    VERY_EARLY_MONTHS,
    AfterTreatment,
    Course,
    FromCr1,
    FromDiagnosis,
    MrdBand,
    Pattern,
    RiskCase,
)

RiskQuestion = Question[RiskCase]


@question(
    "this is no first relapse, or it comes after HSCT or CAR-T, "
    "or the leukemia is refractory or of mixed lineage"
)
def outside_first_relapse(case: RiskCase) -> bool:
    return case.course is Course.OTHER


@question("T lineage")
def t_lineage(case: RiskCase) -> bool:
    return case.lineage is Lineage.T


@question("isolated marrow relapse")
def isolated_marrow(case: RiskCase) -> bool:
    return case.pattern is Pattern.MARROW


@question("combined relapse (marrow and extramedullary)")
def combined(case: RiskCase) -> bool:
    return case.pattern is Pattern.COMBINED


@question("isolated extramedullary relapse")
def isolated_extramedullary(case: RiskCase) -> bool:
    return case.pattern in (Pattern.CNS, Pattern.TESTIS, Pattern.OTHER)


@question("isolated CNS or isolated testicular relapse")
def isolated_cns_or_testis(case: RiskCase) -> bool:
    return case.pattern in (Pattern.CNS, Pattern.TESTIS)


@question(f"relapse less than {VERY_EARLY_MONTHS} months from diagnosis")
def very_early(case: RiskCase) -> bool:
    return case.from_diagnosis is FromDiagnosis.BEFORE_18


@question(f"relapse less than {LATE_MARROW_MONTHS} months from diagnosis")
def before_36_months(case: RiskCase) -> bool:
    return case.from_diagnosis in (FromDiagnosis.BEFORE_18, FromDiagnosis.BEFORE_36)


@question(f"relapse more than {LATE_MARROW_MONTHS} months from diagnosis")
def after_36_months(case: RiskCase) -> bool:
    return case.from_diagnosis is FromDiagnosis.AFTER_36


@question(f"relapse {LATE_AFTER_TREATMENT_MONTHS} months or more after completing primary treatment")
def six_months_after_treatment(case: RiskCase) -> bool:
    return case.after_treatment is AfterTreatment.FROM_6


@question(f"relapse {LATE_FROM_CR1_MONTHS} months or more from first remission")
def thirty_months_from_cr1(case: RiskCase) -> bool:
    return case.from_cr1 is FromCr1.FROM_30


@question("end-of-block-1 MRD below 0.1 %")
def low_mrd(case: RiskCase) -> bool:
    return case.mrd is MrdBand.BELOW


marrow_involved: RiskQuestion = isolated_marrow | combined
