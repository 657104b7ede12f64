"""What happened once or goes on beside the course: procedures, tests done, complications.

Statements only. That a test was done says nothing of its result, but for `positive`; that none is on
record does not say that it was not done.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum

from cds_rules.patient.dates import PartialDate
from cds_rules.patient.route import Route
from cds_rules.value import value


class EventKind(StrEnum):
    """Kinds of events that the rules ask for."""

    LUMBAR_PUNCTURE = "lumbar puncture"
    MARROW_SAMPLING = "marrow sampling"
    MARROW_REPORT = "marrow report"
    ORCHIECTOMY = "orchiectomy"
    TESTIS_BIOPSY = "testicular biopsy"
    INTRATHECAL = "intrathecal chemotherapy"
    IMMUNOPHENOTYPING = "immunophenotyping"
    GENOMIC_TEST = "sequencing or genomic report"
    BCR_ABL1_TEST = "BCR::ABL1 test"
    KINASE_MUTATION_TEST = "BCR::ABL1 kinase mutation analysis"
    CHIMERISM = "chimerism"
    HLA_TYPING = "HLA typing"
    CMV_SEROLOGY = "CMV serology"
    DONOR_CMV_SEROLOGY = "CMV serology of the donor"
    HEPATITIS_B_SEROLOGY = "hepatitis B serology"
    HSV_SEROLOGY = "HSV serology"
    PREGNANCY_TEST = "pregnancy test"
    CHEST_X_RAY = "chest X-ray"
    ECG = "ECG"
    ECHOCARDIOGRAPHY = "echocardiography"
    PET = "PET"
    DENTAL_EXAMINATION = "dental examination"
    PALLIATIVE_CARE = "palliative care"
    TRANSPLANT_EVALUATION = "transplant evaluation"
    DONOR_SEARCH = "donor search"
    DONOR_READY = "donor ready"
    TRANSPLANT_ORDERED = "transplant ordered or planned"
    LEUKEMIC_INFILTRATION = "leukemic infiltration outside marrow, CNS and testis"
    GENITAL_METASTASIS = "secondary neoplasm of genital organs"
    """A code of solid tumours that is used for leukemia in the testis too: a hint."""
    GVHD = "graft-versus-host disease"
    ACUTE_GVHD = "acute graft-versus-host disease"
    CHRONIC_GVHD = "chronic graft-versus-host disease"
    VOD = "hepatic veno-occlusive disease"
    CRS = "cytokine release syndrome"
    ICANS = "immune effector cell-associated neurotoxicity syndrome"
    SEIZURE = "seizure"
    NEUROTOXICITY = "neurotoxicity"
    PARENCHYMAL_CNS_LESION = "parenchymal CNS lesion"
    CRANIAL_NERVE_PALSY = "cranial nerve palsy"


@value
class Event:
    """One event. `when` is its day or its beginning, `until` its recorded end.

    `active` is for what lasts: True or False as the record says now, None when it does not say or
    contradicts itself. `certain` False: the record does not say that it was done, or that it is so.
    """

    source: str
    when: PartialDate | None
    kind: EventKind
    until: PartialDate | None = None
    active: bool | None = None
    positive: bool | None = None
    """The result of a test, where it is a plain yes or no."""
    route: Route = Route.CODE
    certain: bool = True


def as_known(event: Event, on: date) -> Event:
    """The event without an end that on this day still lay ahead."""
    ahead = event.until is not None and event.until.earliest > on
    return replace(event, until=None) if ahead else event
