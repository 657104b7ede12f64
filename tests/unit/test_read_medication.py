"""Drugs: which, from when to when, and whether they were given or only ordered."""

from typing import Any

import pytest

from cds_rules.patient.timeline import PatientTimeline, ProblemKind, Route
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
MERCAPTOPURINE, BLINATUMOMAB, INOTUZUMAB, GEMTUZUMAB = "103", "1597258", "1942950", "1294580"
TISAGENLECLEUCEL, AXICABTAGENE = "1986438", "1987398"
KINDS = ("MedicationAdministration", "MedicationStatement", "MedicationRequest")


def drug(code: str) -> Json:
    return {"coding": [{"system": RXNORM, "code": code}]}


def medication(kind: str, code: str | None = MERCAPTOPURINE, **members: Any) -> Json:
    whole = {
        "resourceType": kind,
        "id": "m1",
        "status": "completed",
        "subject": {"reference": "Patient/p"},
        "medicationCodeableConcept": drug(code) if code else ...,
        "effectivePeriod": {"start": "2024-01-10", "end": "2024-02-10"},
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def read(*resources: Json) -> PatientTimeline:
    return to_timeline(resources, "p")


def nothing(timeline: PatientTimeline) -> bool:
    return timeline.drugs == () and timeline.car_t == ()


def test_an_administration_was_given() -> None:
    (found,) = read(medication("MedicationAdministration", BLINATUMOMAB)).drugs
    assert (found.source, found.drug, found.given) == ("MedicationAdministration/m1", "blinatumomab", True)
    assert (str(found.when), str(found.until), found.ongoing) == ("2024-01-10", "2024-02-10", False)


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest"])
def test_a_statement_or_an_order_is_no_administration(kind: str) -> None:
    (found,) = read(medication(kind)).drugs
    assert found.given is False


def test_an_order_is_dated_by_its_authoring() -> None:
    order = medication("MedicationRequest", effectivePeriod=..., authoredOn="2024-01-10T09:00:00Z")
    assert [str(d.when) for d in read(order).drugs] == ["2024-01-10"]


def test_an_active_statement_without_an_end_is_ongoing() -> None:
    open_end = {"start": "2024-01-10"}
    (found,) = read(medication("MedicationStatement", status="active", effectivePeriod=open_end)).drugs
    assert (found.ongoing, found.until) == (True, None)


@pytest.mark.parametrize(
    ("members", "stands"),
    [
        ({"status": "active", "intent": "order"}, True),
        ({"status": "active", "intent": "instance-order"}, True),
        ({"status": "active", "intent": "plan"}, False),
        ({"status": "active", "intent": "proposal"}, False),
        ({"status": "active"}, False),
        ({"status": "active", "intent": "order", "doNotPerform": True}, False),
        ({"status": "completed", "intent": "order"}, False),
        ({"status": "stopped", "intent": "order"}, False),
    ],
    ids=str,
)
def test_only_an_active_order_stands(members: Json, stands: bool) -> None:
    request = medication("MedicationRequest", effectivePeriod=..., authoredOn="2024-01-10", **members)
    (found,) = read(request).drugs
    assert (found.ordered, found.standing) == (True, stands)


def test_an_order_of_triple_intrathecal_therapy_is_no_dose_and_stands_as_methotrexate() -> None:
    request = medication("MedicationRequest", effectivePeriod=..., authoredOn="2024-01-10", status="active")
    request["intent"] = "order"
    text = "methotrexate 12 mg / cytarabine 30 mg / hydrocortisone 24 mg intrathecal"
    request["medicationCodeableConcept"] = {"text": text}
    timeline = read(request)
    (found,) = timeline.drugs
    assert (found.drug, found.intrathecal, found.ordered, found.given) == ("methotrexate", True, True, False)
    assert found.standing
    assert found.route is Route.TEXT
    assert timeline.events == ()


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("MedicationStatement", {"status": "completed", "effectivePeriod": {"start": "2024-01-10"}}),
        ("MedicationStatement", {"status": "active"}),
        ("MedicationRequest", {"status": "active", "effectivePeriod": ..., "authoredOn": "2024-01-10"}),
        ("MedicationAdministration", {"status": "in-progress", "effectivePeriod": {"start": "2024-01-10"}}),
    ],
)
def test_nothing_else_is_ongoing(kind: str, members: Json) -> None:
    """An active order proves no use; a completed or ended statement is over."""
    assert [d.ongoing for d in read(medication(kind, **members)).drugs] == [False]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("MedicationAdministration", "not-done"),
        ("MedicationAdministration", "on-hold"),
        ("MedicationAdministration", "unknown"),
        ("MedicationAdministration", "active"),
        ("MedicationStatement", "intended"),
        ("MedicationStatement", "not-taken"),
        ("MedicationStatement", "on-hold"),
        ("MedicationStatement", "unknown"),
        ("MedicationRequest", "cancelled"),
        ("MedicationRequest", "draft"),
        ("MedicationRequest", "on-hold"),
        ("MedicationRequest", "unknown"),
    ],
)
def test_what_was_not_taken_is_not_counted(kind: str, status: str) -> None:
    assert nothing(read(medication(kind, status=status)))


@pytest.mark.parametrize("kind", KINDS)
def test_entered_in_error_is_named(kind: str) -> None:
    timeline = read(medication(kind, status="entered-in-error"))
    assert nothing(timeline)
    assert [(p.kind, p.resources) for p in timeline.problems] == [
        (ProblemKind.ENTERED_IN_ERROR, (f"{kind}/m1",))
    ]


def test_a_drug_one_word_away_is_another_drug() -> None:
    found = read(
        medication("MedicationAdministration", GEMTUZUMAB),
        medication("MedicationAdministration", INOTUZUMAB, id="m2"),
    )
    assert [d.drug for d in found.drugs] == ["gemtuzumab", "inotuzumab"]


def test_a_drug_that_is_not_ours_says_nothing() -> None:
    timeline = read(medication("MedicationAdministration", "1"))
    assert (nothing(timeline), timeline.problems) == (True, ())


# ---- CAR-T products ------------------------------------------------------------------------------


def test_a_car_t_product_that_was_given_is_an_infusion() -> None:
    timeline = read(medication("MedicationAdministration", TISAGENLECLEUCEL))
    assert [(c.product, str(c.when)) for c in timeline.car_t] == [("tisagenlecleucel", "2024-01-10")]
    assert timeline.drugs == ()


def test_a_car_t_product_that_is_ordered_is_none() -> None:
    assert read(medication("MedicationRequest", TISAGENLECLEUCEL, status="active")).car_t == ()


@pytest.mark.parametrize(
    ("kind", "day"), [("MedicationStatement", "2024-01-10"), ("MedicationRequest", None)], ids=str
)
def test_a_car_t_product_reported_or_whose_order_was_carried_out_is_not_certain(
    kind: str, day: str | None
) -> None:
    """Neither is the record of an infusion, and neither lets the record say that there was none."""
    (told,) = read(medication(kind, TISAGENLECLEUCEL)).car_t
    assert (told.certain, told.product) == (False, "tisagenlecleucel")
    assert (str(told.when) if told.when else None) == day


@pytest.mark.parametrize("name", ["axicabtagene ciloleucel (Yescarta)", "Breyanzi"])
def test_car_t_products_for_lymphoma_are_car_t_cells_too(name: str) -> None:
    code = {"medicationCodeableConcept": {"text": name}}
    (told,) = read({**medication("MedicationAdministration", TISAGENLECLEUCEL), **code}).car_t
    assert told.route is Route.TEXT


def test_a_billing_code_of_the_product_on_an_administration_means_infusion() -> None:
    q2053 = {"coding": [{"system": HCPCS, "code": "Q2053"}]}
    given = medication("MedicationAdministration", TISAGENLECLEUCEL) | {"medicationCodeableConcept": q2053}
    (told,) = read(given).car_t
    assert (told.certain, told.product) == (True, "brexucabtagene")


@pytest.mark.parametrize(
    ("status", "certain"),
    [("completed", True), ("in-progress", True), ("unknown", False), ("stopped", False), ("on-hold", False)],
)
def test_a_car_t_administration_of_unknown_status_is_not_certain(status: str, certain: bool) -> None:
    timeline = read(medication("MedicationAdministration", TISAGENLECLEUCEL, status=status))
    assert [(c.product, c.certain) for c in timeline.car_t] == [("tisagenlecleucel", certain)]


# ---- where the drug is named ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_contained_medication_is_found(kind: str) -> None:
    held = [{"resourceType": "Medication", "id": "med", "code": drug(BLINATUMOMAB)}]
    resource = medication(kind, None, medicationReference={"reference": "#med"}, contained=held)
    assert [d.drug for d in read(resource).drugs] == ["blinatumomab"]


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "#other"}},
        {"medicationReference": {"reference": "Medication/elsewhere"}},
        {"medicationReference": None},
        {},
    ],
)
def test_a_drug_that_is_named_elsewhere_is_not_guessed(members: Json) -> None:
    held = [{"resourceType": "Medication", "id": "med", "code": drug(BLINATUMOMAB)}]
    assert nothing(read(medication("MedicationAdministration", None, contained=held, **members)))


def test_the_name_beside_a_reference_is_text() -> None:
    (found,) = read(
        medication("MedicationAdministration", None, medicationReference={"display": "blinatumomab"})
    ).drugs
    assert (found.drug, found.route) == ("blinatumomab", Route.TEXT)


# ---- dates and wrong shapes ----------------------------------------------------------------------


def test_an_undated_use_is_kept_undated() -> None:
    (found,) = read(medication("MedicationAdministration", effectivePeriod=...)).drugs
    assert (found.when, found.until) == (None, None)


@pytest.mark.parametrize(
    "members",
    [
        {"effectivePeriod": {"start": "2024-02-30"}},
        {"effectivePeriod": {"start": "2024-01-10", "end": "later"}},
        {"effectivePeriod": "2024"},
        {"effectiveDateTime": 2024},
        {"status": None},
        {"status": ["completed"]},
        {"id": 5},
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_shape_costs_the_resource_and_no_more(kind: str, members: Json) -> None:
    good = medication("MedicationAdministration", BLINATUMOMAB, id="good")
    timeline = read(medication(kind, **members), good)
    assert [d.drug for d in timeline.drugs] == ["blinatumomab"]
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


@pytest.mark.parametrize(
    "members",
    [
        {"medicationCodeableConcept": "103"},
        {"medicationCodeableConcept": {"coding": "103"}},
        {"medicationCodeableConcept": ..., "medicationReference": "Medication/x"},
        {"medicationCodeableConcept": ..., "medicationReference": {"reference": "#x"}, "contained": ["x"]},
    ],
)
def test_a_code_of_the_wrong_shape_is_named(members: Json) -> None:
    timeline = read(medication("MedicationAdministration", **members))
    assert nothing(timeline)
    assert [p.kind for p in timeline.problems] == [ProblemKind.UNREADABLE]


def test_a_drug_until_the_end_of_time_is_going_on() -> None:
    filler = {"start": "2024-01-10", "end": "9999-12-31"}
    (found,) = read(medication("MedicationStatement", status="active", effectivePeriod=filler)).drugs
    assert (found.until, found.ongoing) == (None, True)


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest"])
def test_what_is_reported_of_car_t_is_the_echo_of_its_infusion(kind: str) -> None:
    infusion = {**medication("MedicationAdministration", TISAGENLECLEUCEL), "id": "given"}
    assert [c.source for c in read(medication(kind, TISAGENLECLEUCEL), infusion).car_t] == [
        "MedicationAdministration/given"
    ]
