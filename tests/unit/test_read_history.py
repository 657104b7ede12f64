"""Status codes of a Condition that prove a transplant or CAR-T once, without a date."""

import pytest

from tests.unit.test_read_condition import ICD, VERIFICATION, coded, condition, read


@pytest.mark.parametrize("code", ["Z94.84", "Z94.81", "T86.01", "T86.5"])
def test_a_transplant_status_proves_that_it_happened_and_gives_no_date(code: str) -> None:
    timeline = read(condition((ICD, code), onsetDateTime="2024-01-01", recordedDate="2024-02-01"))
    assert [(t.source, t.when, t.kind) for t in timeline.transplants] == [("Condition/c1", None, None)]
    assert timeline.diagnoses == ()


def test_a_history_of_car_t_gives_no_date() -> None:
    timeline = read(condition((ICD, "Z92.850"), onsetDateTime="2024-01-01"))
    assert [(c.when, c.product) for c in timeline.car_t] == [(None, None)]


@pytest.mark.parametrize("code", ["Z92.858", "Z92.86", "Z92.21", "Z92.3"])
def test_other_histories_prove_neither(code: str) -> None:
    timeline = read(condition((ICD, code)))
    assert (timeline.transplants, timeline.car_t, timeline.diagnoses) == ((), (), ())


@pytest.mark.parametrize("status", ["entered-in-error", "refuted"])
def test_a_withdrawn_history_proves_nothing(status: str) -> None:
    verification = coded((VERIFICATION, status))
    assert read(condition((ICD, "Z92.850"), verificationStatus=verification)).car_t == ()
    assert read(condition((ICD, "Z94.84"), verificationStatus=verification)).transplants == ()


@pytest.mark.parametrize("status", ["unconfirmed", "provisional", "differential"])
def test_an_unconfirmed_history_is_not_certain(status: str) -> None:
    verification = coded((VERIFICATION, status))
    (car_t,) = read(condition((ICD, "Z92.850"), verificationStatus=verification)).car_t
    (transplant,) = read(condition((ICD, "Z94.84"), verificationStatus=verification)).transplants
    assert (car_t.certain, transplant.certain) == (False, False)


def test_a_cellular_therapy_of_no_kind_may_have_been_car_t() -> None:
    (told,) = read(condition((ICD, "Z92.859"))).car_t
    assert (told.when, told.certain) == (None, False)


def test_a_transplanted_organ_or_tissue_of_no_kind_may_have_been_marrow() -> None:
    """WHO ICD-10 Z94.8 is marrow, stem cells, pancreas and intestine alike."""
    (told,) = read(condition(("http://hl7.org/fhir/sid/icd-10", "Z94.8"))).transplants
    assert (told.when, told.certain) == (None, False)
