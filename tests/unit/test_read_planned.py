"""A transplant that is ordered or planned: ServiceRequest, and activities of a CarePlan."""

from typing import Any

import pytest

from cds_rules.patient.events import EventKind
from cds_rules.patient.timeline import PatientTimeline, ProblemKind
from service.fhir.to_timeline import to_timeline

Json = dict[str, Any]
SCT = "http://snomed.info/sct"
CODED = {"coding": [{"system": SCT, "code": "425843001"}]}
ANY = {"coding": [{"system": SCT, "code": "234336002"}]}
AUTOLOGOUS = {"coding": [{"system": SCT, "code": "58776007"}]}
OTHER = {"coding": [{"system": SCT, "code": "103735009"}]}


def request(**members: Any) -> Json:
    whole = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
        "code": CODED,
        "authoredOn": "2025-11-03T09:00:00Z",
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def plan(detail: Json, **members: Any) -> Json:
    whole = {
        "resourceType": "CarePlan",
        "id": "c1",
        "status": "active",
        "intent": "plan",
        "subject": {"reference": "Patient/p"},
        "created": "2025-11-03",
        "activity": [{"reference": {"reference": "Appointment/1"}}, {"detail": detail}],
        **members,
    }
    return {name: value for name, value in whole.items() if value is not ...}


def read(resource: Json) -> PatientTimeline:
    return to_timeline([resource], "p")


def told(resource: Json) -> list[tuple[str | None, bool | None]]:
    events = read(resource).events
    assert {e.kind for e in events} <= {EventKind.TRANSPLANT_ORDERED}
    return [(str(e.when) if e.when else None, e.active) for e in events]


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (request(), [("2025-11-03", True)]),
        (request(code=ANY), [("2025-11-03", True)]),
        (request(intent="filler-order"), [("2025-11-03", True)]),
        (request(authoredOn=...), [(None, True)]),
        (request(status="revoked"), [("2025-11-03", False)]),
        (request(status="on-hold"), [("2025-11-03", False)]),
        (request(doNotPerform=True), [("2025-11-03", False)]),
        (request(status="draft"), []),
        (request(status="completed"), []),
        (request(intent="proposal"), []),
        (request(intent="plan"), []),
        (request(code=AUTOLOGOUS), []),
        (request(code=OTHER), []),
        (request(code={"text": "Allogeneic stem cell transplant"}), []),
        (request(code=...), []),
        (plan({"status": "scheduled", "code": CODED}), [("2025-11-03", True)]),
        (plan({"status": "not-started", "code": ANY}), [("2025-11-03", True)]),
        (plan({"status": "scheduled", "code": CODED}, intent="order"), [("2025-11-03", True)]),
        (
            plan({"status": "scheduled", "code": CODED}, created=..., period={"start": "2025-10-20"}),
            [("2025-10-20", True)],
        ),
        (plan({"status": "scheduled", "code": CODED}, created=...), [(None, True)]),
        (plan({"status": "cancelled", "code": CODED}), [("2025-11-03", False)]),
        (plan({"status": "scheduled", "code": CODED, "doNotPerform": True}), [("2025-11-03", False)]),
        (plan({"status": "scheduled", "code": CODED}, status="revoked"), [("2025-11-03", False)]),
        (plan({"status": "completed", "code": CODED}), []),
        (plan({"status": "scheduled", "code": CODED}, status="completed"), []),
        (plan({"status": "scheduled", "code": CODED}, status="draft"), []),
        (plan({"status": "scheduled", "code": CODED}, intent="proposal"), []),
        (plan({"status": "scheduled", "code": AUTOLOGOUS}), []),
        (plan({"status": "scheduled", "code": OTHER}), []),
        (plan({"status": "scheduled"}), []),
    ],
    ids=str,
)
def test_which_orders_and_plans_are_kept(resource: Json, found: list[tuple[str | None, bool | None]]) -> None:
    assert told(resource) == found
    assert not read(resource).problems


@pytest.mark.parametrize(
    ("resource", "kind"),
    [
        (request(status="entered-in-error"), ProblemKind.ENTERED_IN_ERROR),
        (request(authoredOn="soon"), ProblemKind.UNREADABLE),
        (request(subject={"reference": "Patient/q"}), ProblemKind.CONFLICT),
        (request(status=7), ProblemKind.UNREADABLE),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_named(resource: Json, kind: ProblemKind) -> None:
    timeline = read(resource)
    assert not timeline.events
    assert [(p.kind, p.resources) for p in timeline.problems] == [(kind, ("ServiceRequest/s1",))]
