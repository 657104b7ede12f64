"""Requests are read with tolerance, refused in constant words, and leak neither token nor chart."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from service.wire.request import (
    FhirAuthorization,
    HookRequest,
    PatientViewContext,
    WireModel,
    constant_reason,
)

TOKEN = "made-up.token-value"

Json = dict[str, Any]


def body(**changes: object) -> Json:
    """A request of a well-behaved client with members replaced."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": "p1"},
        "fhirServer": "https://ehr.example/fhir",
        "fhirAuthorization": authorization(),
        "prefetch": {"patient": {"resourceType": "Patient", "id": "p1"}},
        **changes,
    }


def authorization(**changes: object) -> Json:
    return {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Observation.rs",
        "subject": "relapse-cds",
        "patient": "p1",
        **changes,
    }


def without(whole: Json, *names: str) -> Json:
    return {name: value for name, value in whole.items() if name not in names}


def refusal(model: type[BaseModel], data: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return caught.value


# ---- requests: what is tolerated ---------------------------------------------------------------


def test_request_is_read_whole() -> None:
    request = HookRequest.model_validate(body())
    assert (request.hook, request.hookInstance) == ("patient-view", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea")
    assert request.context == {"userId": "Practitioner/u1", "patientId": "p1"}
    assert request.prefetch == {"patient": {"resourceType": "Patient", "id": "p1"}}
    lent = request.fhirAuthorization
    assert lent is not None
    assert lent.access_token.get_secret_value() == TOKEN
    assert (lent.expires_in, lent.scope, lent.subject, lent.patient) == (
        300,
        "patient/Observation.rs",
        "relapse-cds",
        "p1",
    )


@pytest.mark.parametrize("empty", ["absent", None, ""])
def test_optional_members_may_be_absent_null_or_empty(empty: str | None) -> None:
    names = ("fhirServer",) if empty == "" else ("fhirServer", "fhirAuthorization", "prefetch")
    data = without(body(), *names) if empty == "absent" else body(**dict.fromkeys(names, empty))
    request = HookRequest.model_validate(data)
    assert [getattr(request, name) for name in names] == [None] * len(names)


@pytest.mark.parametrize("empty", ["absent", None, ""])
def test_clients_that_send_only_a_token(empty: str | None) -> None:
    names = ("expires_in", "scope", "subject", "patient")
    lent = without(authorization(), *names)
    if empty != "absent":
        lent |= dict.fromkeys(names, empty)
    read = FhirAuthorization.model_validate(lent)
    assert [getattr(read, name) for name in names] == [None] * 4


def test_unknown_members_and_extensions_are_ignored() -> None:
    data = body(
        extension={"org.example.x": 1}, user="Practitioner/u1", fhirAuthorization=authorization(new=1)
    )
    assert HookRequest.model_validate(data) == HookRequest.model_validate(body())


@pytest.mark.parametrize("instance", ["1", "not a uuid", "x" * 200, "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"])
def test_hook_instance_need_not_be_a_uuid(instance: str) -> None:
    assert HookRequest.model_validate(body(hookInstance=instance)).hookInstance == instance


@pytest.mark.parametrize("token_type", ["Bearer", "bearer", "BEARER"])
def test_token_type_in_any_case(token_type: str) -> None:
    assert FhirAuthorization.model_validate(authorization(token_type=token_type)).token_type == "Bearer"


def test_lifetime_as_a_string_is_read() -> None:
    assert FhirAuthorization.model_validate(authorization(expires_in="300")).expires_in == 300


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("https://ehr.example/fhir/", "https://ehr.example/fhir"),
        ("https://ehr.example/", "https://ehr.example"),
        ("http://127.0.0.1:8080/fhir", "http://127.0.0.1:8080/fhir"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080/fhir"),
        ("HTTPS://EHR.example/a.b/..c/%20d", "HTTPS://EHR.example/a.b/..c/%20d"),
    ],
)
def test_fhir_server_loses_only_its_trailing_slash(sent: str, read: str) -> None:
    assert HookRequest.model_validate(body(fhirServer=sent)).fhirServer == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [("p1", "p1"), ("Patient/p1", "p1"), ("A-b.9", "A-b.9"), ("..a", "..a"), ("x" * 64, "x" * 64)],
)
def test_patient_id_is_bare(sent: str, read: str) -> None:
    context = PatientViewContext.model_validate({"userId": "u1", "patientId": sent})
    assert (context.patientId, context.encounterId) == (read, None)


@pytest.mark.parametrize(("sent", "read"), [("e1", "e1"), ("Encounter/e1", "e1"), ("", None), (None, None)])
def test_encounter_id_is_bare_or_absent(sent: str | None, read: str | None) -> None:
    context = {"userId": "Practitioner/u1", "patientId": "p1", "encounterId": sent, "other": 1}
    assert PatientViewContext.model_validate(context).encounterId == read


# ---- requests: what is refused, and with which words -------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hook": ""}, "hook is empty"),
        ({"hook": None}, "hook has the wrong type"),
        ({"hook": 1}, "hook has the wrong type"),
        ({"hookInstance": ""}, "hookInstance is empty"),
        ({"hookInstance": "x" * 201}, "hookInstance is too long"),
        ({"context": None}, "context has the wrong type"),
        ({"context": ["p1"]}, "context has the wrong type"),
        ({"prefetch": []}, "prefetch has the wrong type"),
        ({"prefetch": "patient"}, "prefetch has the wrong type"),
        ({"fhirServer": 1}, "fhirServer has the wrong type"),
        ({"fhirAuthorization": TOKEN}, "fhirAuthorization has the wrong type"),
        ({"fhirAuthorization": {}}, "fhirAuthorization.access_token is missing"),
        ({"fhirAuthorization": authorization(access_token=None)}, "access_token has the wrong type"),
        ({"fhirAuthorization": authorization(access_token="")}, "access_token has the wrong form"),
        ({"fhirAuthorization": authorization(access_token="a b")}, "access_token has the wrong form"),
        ({"fhirAuthorization": authorization(access_token="a\r\nX: 1")}, "access_token has the wrong form"),
        ({"fhirAuthorization": authorization(access_token="a\n")}, "access_token has the wrong form"),
        ({"fhirAuthorization": authorization(token_type="MAC")}, "token_type has the wrong form"),
        ({"fhirAuthorization": authorization(expires_in="soon")}, "expires_in has the wrong type"),
        ({"fhirAuthorization": authorization(expires_in=1.5)}, "expires_in has the wrong type"),
        ({"fhirAuthorization": authorization(scope=["a"])}, "scope has the wrong type"),
    ],
)
def test_refuses_request(changes: Json, reason: str) -> None:
    assert reason in constant_reason(refusal(HookRequest, body(**changes)))


@pytest.mark.parametrize(
    "address",
    [
        "ehr.example/fhir",
        "/fhir",
        "ftp://ehr.example/fhir",
        "file:///etc/hosts",
        "https://",
        "https:///fhir",
        "https://:443/fhir",
        "https://user@ehr.example/fhir",
        "https://user:pass@ehr.example/fhir",
        "https://@ehr.example/fhir",
        "https://ehr.example/fhir?a=1",
        "https://ehr.example/fhir?",
        "https://ehr.example/fhir#a",
        "https://ehr.example/fhir#",
        "https://ehr.example:port/fhir",
        "https://ehr.example:0/fhir",
        "https://ehr.example:99999/fhir",
        "https://[::1/fhir",
        "https://ehr.example\\@other.example/fhir",
        "https://ehr.example\\.other.example/fhir",
        "https://ehr.example/fhir\n",
        " https://ehr.example/fhir",
        "https://ehr.example/a b",
        "https://ehr.example/fhir/../admin",
        "https://ehr.example/fhir/%2E%2e/admin",
        "https://ehr.example/fhir/%2e%2e%2fadmin",
        "https://ehr.éxample/fhir",
        "https://ehr.example/" + "x" * 2000,
    ],
)
def test_refuses_fhir_server(address: str) -> None:
    assert constant_reason(refusal(HookRequest, body(fhirServer=address))) == "fhirServer has the wrong form"


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"patientId": "p1"}, "context.userId is missing"),
        ({"userId": "u1"}, "context.patientId is missing"),
        ({"userId": "", "patientId": "p1"}, "context.userId has the wrong form"),
        ({"userId": "a\x1b[2J", "patientId": "p1"}, "context.userId has the wrong form"),
        ({"userId": "a b", "patientId": "p1"}, "context.userId has the wrong form"),
        ({"userId": "u" * 201, "patientId": "p1"}, "context.userId is too long"),
        *(
            ({"userId": "u1", "patientId": patient}, "context.patientId has the wrong form")
            for patient in ("", "Patient/", "Group/p1", "a/b", ".", "..", "p1\n", "é", "p_1", "x" * 65)
        ),
        ({"userId": "u1", "patientId": 1}, "context.patientId has the wrong type"),
        ({"userId": "u1", "patientId": "p", "encounterId": "a b"}, "context.encounterId has the wrong form"),
    ],
)
def test_refuses_patient_view_context(context: Json, reason: str) -> None:
    assert constant_reason(refusal(PatientViewContext, context), under="context") == reason


def test_reason_names_three_paths_in_order_and_counts_the_rest() -> None:
    data = {"prefetch": [], "fhirServer": 1, "fhirAuthorization": {"access_token": TOKEN}}
    expected = (
        "context is missing; fhirAuthorization.token_type is missing; fhirServer has the wrong type; 3 more"
    )
    assert constant_reason(refusal(HookRequest, data)) == expected
    assert constant_reason(refusal(HookRequest, dict(reversed(data.items())))) == expected


def test_reason_for_a_body_that_is_no_object() -> None:
    assert constant_reason(refusal(HookRequest, [])) == "body has the wrong type"
    with pytest.raises(ValidationError) as caught:
        HookRequest.model_validate_json("{")
    assert constant_reason(caught.value) == "body has the wrong form"


def test_reason_hides_keys_of_the_clients_making() -> None:
    class Counted(WireModel):
        counts: dict[str, int]
        rows: list[int]

    error = refusal(Counted, {"counts": {"Ada Lovelace": "x"}, "rows": [1, "x"]})
    assert constant_reason(error) == "counts.* has the wrong type; rows[1] has the wrong type"


# ---- requests: nothing leaks -------------------------------------------------------------------

# Marked at both ends, so that no planted value is by chance a part of a constant text.
planted = st.text(max_size=250).map(lambda text: f"zq{text}qz")
anything = planted | st.lists(planted, max_size=2) | st.dictionaries(planted, planted, max_size=2)


@settings(max_examples=150, deadline=None)
@given(value=anything, other=planted)
def test_reason_and_error_texts_never_hold_a_value(value: object, other: str) -> None:
    data = {
        "hook": [value],
        "hookInstance": [other],
        "context": value if isinstance(value, str) else [value],
        "fhirServer": value,
        "fhirAuthorization": {
            "access_token": f"a {other}",
            "token_type": other,
            "expires_in": other,
            "scope": [value],
        },
        "prefetch": [value],
        other: value,
    }
    context = {"userId": [value], "patientId": f"{other}/", "encounterId": value, other: value}
    errors = refusal(HookRequest, data), refusal(PatientViewContext, context)
    for text in (*map(constant_reason, errors), *map(str, errors), *map(repr, errors)):
        assert "zq" not in text
        assert "qz" not in text


def test_token_and_patient_data_are_not_shown() -> None:
    request = HookRequest.model_validate(
        body(
            context={"userId": "Practitioner/u1", "patientId": "chart-7"},
            prefetch={"patient": {"id": "chart-7"}},
            fhirAuthorization=authorization(patient="chart-7"),
        )
    )
    context = PatientViewContext.model_validate(request.context)
    for text in (repr(request), str(request), repr(context), str(context)):
        assert TOKEN not in text
        assert "chart-7" not in text
    assert TOKEN not in request.model_dump_json()
    assert TOKEN not in str(request.model_dump())


def test_token_is_not_in_the_error_texts() -> None:
    lent = authorization(access_token=f"{TOKEN}\n", token_type=TOKEN)
    error = refusal(HookRequest, body(fhirAuthorization=lent))
    assert "access_token" in str(error)
    assert TOKEN not in str(error) + repr(error) + constant_reason(error)


class Untouchable(dict[str, Any]):
    """A resource that must not be looked into."""

    def _refuse(self, *_: object) -> Any:
        raise AssertionError("the resource was looked into")

    __iter__ = __len__ = __getitem__ = __copy__ = __deepcopy__ = keys = values = items = copy = get = _refuse


def test_prefetch_values_are_neither_copied_nor_walked() -> None:
    bundle = Untouchable()
    entries: list[Json] = [{"resource": {}}] * 3
    request = HookRequest.model_validate(body(prefetch={"a": bundle, "b": entries, "c": None, "d": "odd"}))
    assert request.prefetch is not None
    assert request.prefetch["a"] is bundle
    assert request.prefetch["b"] is entries
    assert (request.prefetch["c"], request.prefetch["d"]) == (None, "odd")
