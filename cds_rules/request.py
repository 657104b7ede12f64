"""What a card may propose to request: evaluations, referrals, follow-up. Never a treatment."""

from __future__ import annotations

from enum import StrEnum


class Test(StrEnum):
    """Evaluations, referrals and follow-up that a card may propose to request. Never a treatment."""

    __test__ = False  # no test of ours, whatever its name

    MARROW = "bone marrow aspirate with blast count"
    CSF = "lumbar puncture with cell count and cytology"
    MRD_END_BLOCK_1 = "marrow MRD at the end of reinduction block 1"
    IMMUNOPHENOTYPE = "immunophenotyping of the blasts"
    MARROW_BIOPSY = "bone marrow biopsy with morphology and cytogenetics"
    MARROW_MRD = "marrow MRD by flow or PCR"
    NGS_MRD = "marrow MRD by sequencing"
    B_CELLS = "B cells (CD19+) in blood"
    BCR_ABL1 = "BCR::ABL1 by RT-PCR"
    KINASE_MUTATIONS = "BCR::ABL1 kinase domain mutations"
    SEQUENCING = "sequencing panel and fusion testing of the leukemia"
    HLA = "HLA typing of patient and family"
    CHIMERISM = "chimerism after transplant"
    LYMPHOCYTES = "blood count with lymphocytes and CD3+ T cells"
    BASELINE_LABS = "blood count, chemistry, coagulation and tumor lysis laboratory tests"
    SEROLOGY = "hepatitis B, HSV and CMV serology"
    PREGNANCY = "pregnancy test"
    CHEST_XRAY = "chest X-ray"
    ECG = "electrocardiogram"
    CARDIAC_FUNCTION = "echocardiogram or other test of cardiac function"
    DENTAL = "dental examination"
    BRAIN_IMAGING = "imaging of brain and spine"
    PET = "PET of extramedullary disease"
    TESTIS_EXAM = "testicular examination with ultrasound and biopsy of what is suspect"
    TRANSPLANT_REFERRAL = "referral to the transplant team"
    CAR_T_REFERRAL = "referral to a CAR-T center"
    TRIAL_REFERRAL = "referral to the trial team"
    FERTILITY_REFERRAL = "fertility and endocrine counseling"
    PALLIATIVE_REFERRAL = "palliative care and goals-of-care conversation"


REFERRALS = frozenset(
    {
        Test.TRANSPLANT_REFERRAL,
        Test.CAR_T_REFERRAL,
        Test.TRIAL_REFERRAL,
        Test.FERTILITY_REFERRAL,
        Test.PALLIATIVE_REFERRAL,
    }
)
"""Requests that bring an opinion, not a result."""
