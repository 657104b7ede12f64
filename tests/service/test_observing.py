"""What those who run the service see: request ids, log lines, metrics, health. Never a word of a chart."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from collections.abc import Callable

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.config import ConfigError, Settings
from service.errors import ServiceError
from service.observing import logs
from service.observing.health import create_health_blueprint
from service.observing.notes import request_id_of
from tests.conftest import SERVICE, Canned, CheckedClient, FhirStub, Json, LogLines

PATIENT = "hr2020-p1-24-months"
MakeClient = Callable[..., CheckedClient]


def call(patient: str = PATIENT, **more: object) -> Json:
    context = {"userId": "Practitioner/one", "patientId": patient}
    return {"hook": "patient-view", "hookInstance": "made-up", "context": context, **more}


def figures(client: CheckedClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = client.app.test_client().get("/metrics").get_data(as_text=True)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(client: CheckedClient, name: str, **labels: str) -> float:
    return sum(
        value
        for (found, having), value in figures(client).items()
        if found == name and labels.items() <= dict(having).items()
    )


@pytest.fixture
def fresh(make_client: MakeClient) -> CheckedClient:
    """A client of an app of its own: its counts begin at 0."""
    return make_client(authenticate=lambda: None)


# ---- request ids


def test_an_answer_carries_the_id_that_the_caller_gave(client: CheckedClient) -> None:
    answer = client.get("/cds-services", **{"X-Request-Id": "4f0c2f6e-1111-2222-3333-444455556666"})
    assert answer.headers["X-Request-Id"] == "4f0c2f6e-1111-2222-3333-444455556666"


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "Anna Schmidt 2014", "x\ny-123456", "<script>1"])
def test_an_id_of_another_form_is_replaced_since_it_may_say_anything(given: str) -> None:
    made = request_id_of(given)
    assert made != given
    assert len(made) == 32


def test_errors_carry_an_id_too(client: CheckedClient) -> None:
    assert client.post("/cds-services/none", b"{}").headers["X-Request-Id"]


# ---- log lines


def test_a_call_is_one_line_with_route_status_and_time_and_nothing_of_the_chart(
    client: CheckedClient, prefetch_of: Callable[[str], Json], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.calls")
    client.call(call(prefetch=prefetch_of(PATIENT)))
    [record] = [r for r in caplog.records if r.name == "service.calls"]
    said = vars(record)
    assert (said["route"], said["status"], said["hook"]) == (SERVICE, 200, "patient-view")
    assert said["cards"] > 0
    assert said["ms"] > 0
    assert record.getMessage() == "call"


def test_a_path_is_logged_as_its_route_since_it_may_name_a_patient(
    client: CheckedClient, log: LogLines, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service.calls")
    client.app.test_client().get("/rulebook/Anna-Schmidt")
    [record] = [r for r in caplog.records if r.name == "service.calls"]
    assert vars(record)["route"] == "/rulebook/<name>"
    assert [line for line in log.lines if "Anna" in line] == []


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_lines_are_json_objects_or_text(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logging.config.dictConfig(logs.config(log_format, "info"))
        logging.getLogger("service.made_up").warning("constant text", extra={"ms": 3})
    finally:
        root.handlers, root.level = handlers, level
    line = capsys.readouterr().err.strip()
    if log_format == "text":
        assert line.endswith("WARNING service.made_up constant text [None]")
        return
    said = json.loads(line)
    assert (said["level"], said["logger"], said["message"], said["ms"]) == (
        "WARNING", "service.made_up", "constant text", 3,
    )  # fmt: skip
    assert said["time"]


# ---- metrics


def test_calls_cards_rules_and_open_facts_are_counted(
    fresh: CheckedClient, prefetch_of: Callable[[str], Json]
) -> None:
    request = call(prefetch=prefetch_of(PATIENT))
    cards = fresh.call(request).cards
    fresh.call(request)
    assert total(fresh, "relapse_cds_calls_total", service="relapsed-all", status="200") == 2
    assert total(fresh, "relapse_cds_call_seconds_count", service="relapsed-all") == 2
    assert total(fresh, "relapse_cds_cards_total") == 2 * len(cards)
    assert total(fresh, "relapse_cds_rules_total", rule="COG-3") == 2
    assert total(fresh, "relapse_cds_open_facts_total", fact="genetics.TP53") == 2


def test_fetches_are_counted_by_resource_and_outcome(fresh: CheckedClient, fhir: FhirStub) -> None:
    fhir.answers["carePlans"] = Canned(404)
    fresh.call(call(fhirServer=fhir.base))
    seconds = "relapse_cds_fetch_seconds_count"
    assert total(fresh, seconds, resource="carePlans", outcome="not-found") == 1
    assert total(fresh, seconds, resource="conditions", outcome="ok") == 1


def test_refusals_are_counted_by_their_code(fresh: CheckedClient) -> None:
    fresh.post(SERVICE, b"{")
    fresh.call(call())
    assert total(fresh, "relapse_cds_refusals_total", code="structure") == 1
    assert total(fresh, "relapse_cds_refusals_total", code="incomplete") == 1
    assert total(fresh, "relapse_cds_calls_total", status="412") == 1


def test_no_label_holds_a_word_of_the_chart_or_of_the_request(
    fresh: CheckedClient, prefetch_of: Callable[[str], Json]
) -> None:
    fresh.call(call(prefetch=prefetch_of(PATIENT)))
    fresh.post("/cds-services/Anna-Schmidt", b"{}")
    said = {value for _, labels in figures(fresh) for _, value in labels}
    assert [text for text in fresh.private | {"Anna-Schmidt", "made-up"} if text in said] == []


def test_metrics_ask_for_their_token_when_there_is_one(make_client: MakeClient) -> None:
    client = make_client(metrics_token="made-up-metrics-token")
    assert client.get("/metrics").status == 401
    assert client.get("/metrics", Authorization="Bearer wrong").status == 401
    assert client.get("/metrics", Authorization="Bearer mäde").status == 401
    assert client.get("/metrics", Authorization="Bearer made-up-metrics-token").status == 200


def test_metrics_can_be_switched_off(make_client: MakeClient) -> None:
    assert make_client(metrics=False).get("/metrics").status == 404


# ---- health


def health(needed: bool, helpful: bool) -> Flask:
    app = Flask("health")
    app.register_blueprint(create_health_blueprint({"keys": lambda: needed}, {"store": lambda: helpful}))
    return app


@pytest.mark.parametrize(
    ("needed", "helpful", "status", "parts"),
    [
        (True, True, 200, {"keys": "up", "store": "up"}),
        (True, False, 200, {"keys": "up", "store": "down"}),
        (False, True, 503, {"keys": "down", "store": "up"}),
    ],
)
def test_ready_means_that_what_is_needed_works_and_names_what_does_not(
    needed: bool, helpful: bool, status: int, parts: Json
) -> None:
    answer = health(needed, helpful).test_client().get("/health/ready")
    assert (answer.status_code, answer.get_json()["parts"]) == (status, parts)


def test_live_means_no_more_than_that_the_process_answers() -> None:
    assert health(needed=False, helpful=False).test_client().get("/health/live").status_code == 200


def test_an_unforeseen_failure_is_counted_and_named_by_its_class_only(
    make_client: MakeClient, log: LogLines
) -> None:
    def fail() -> None:
        raise RuntimeError("Anna Schmidt")

    client = make_client(authenticate=fail)
    assert client.call(call()).status == 500
    assert total(client, "relapse_cds_refusals_total", code="exception") == 1
    assert [line for line in log.lines if "Anna" in line] == []


def test_a_caller_that_is_refused_is_counted(make_client: MakeClient) -> None:
    def refuse() -> None:
        raise ServiceError(401, "login", "No.")

    client = make_client(authenticate=refuse)
    assert client.call(call()).status == 401
    assert total(client, "relapse_cds_refusals_total", code="login") == 1


def test_traces_without_their_extra_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.flask", None)
    with pytest.raises(ConfigError, match=r"relapse-cds\[otel\]"):
        create_app(Settings(insecure=True, traces=True))
