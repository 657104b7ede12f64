"""The demonstration: its pages, its safety, and its life from start to Ctrl-C."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from flask.testing import FlaskClient

from cds_rules.terminology.code_set import load
from service.config import ConfigError
from service.demo.markdown import to_html
from service.demo.orders import CHOICES, drafts_of
from service.demo.patient_list import arranged
from service.demo.patients import load_patients
from service.demo.run import Demo, build, listen, settings_for
from service.demo.store import FhirStore
from service.fhir.lexicon import Lexicon
from service.fhir.orders import read_drafts
from service.fhir.site_map import load_site_map
from service.paths import fixtures_dir
from tests.demo_server import STOP_S, command, environment, running_demo

PORT = 18999
BASE = f"http://127.0.0.1:{PORT}"
FIRST = "hr2020-p1-24-months"
LIST = Path(__file__).resolve().parents[2] / "service" / "demo" / "patients.toml"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build(settings_for(PORT, tmp_path_factory.mktemp("demo")), fixtures_dir())


@pytest.fixture
def client(shown: Demo) -> FlaskClient:
    return shown.app.test_client()


def hook(patient: str) -> dict[str, Any]:
    return {
        "hook": "patient-view",
        "hookInstance": "0b4a1c1e-9d5f-4b8e-8f1e-5a3d0c7e2f10",
        "context": {"userId": "Practitioner/demo-clinician", "patientId": patient},
    }


# ---- the pages


def test_the_root_leads_to_the_ehr(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/demo/")


@pytest.mark.parametrize("address", ["/demo", "/demo/"])
def test_the_list_names_every_patient_of_the_fixtures(client: FlaskClient, address: str) -> None:
    page = client.get(address).text
    linked = set(re.findall(r'href="/demo/patient/([^"]+)"', page))
    assert linked == {path.parent.name for path in fixtures_dir().glob("patients/*/bundle.json")}
    assert "Demonstration with synthetic patients. Not for care." in page


def test_the_first_patient_is_the_first_published_case(shown: Demo) -> None:
    assert shown.patients[0].id == FIRST
    assert shown.problems == []


def test_every_patient_has_a_page_with_the_story(client: FlaskClient, shown: Demo) -> None:
    for patient in shown.patients:
        page = client.get(f"/demo/patient/{patient.id}").text
        assert f'data-patient="{patient.id}"' in page
        assert f">{patient.title}</h2>" in page
        assert "<th>fact</th>" in page, "the key facts are a table"


def test_every_patient_stands_in_one_group_and_the_groups_name_nobody_else(shown: Demo) -> None:
    said = tomllib.loads(LIST.read_text(encoding="utf-8"))
    named = [patient for group in said["group"] for patient in group["patients"]]
    known = {patient.id for patient in shown.patients}
    assert len(named) == len(set(named))
    assert set(named) <= known
    assert {start["patient"] for start in said["start"]} <= known
    assert len(said["start"]) in (3, 4)
    listed = arranged(shown.patients)
    assert {p.id for _, members in listed.groups(listed.patients) for p in members} == known


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("24 MONTHS", True), ("girl maintenance", True), ("girl xyzzy", False), ("T-ALL", False)],
)
def test_the_search_takes_every_word_of_name_title_group_and_story(
    client: FlaskClient, query: str, found: bool
) -> None:
    ids = client.get("/demo/patients", query_string={"q": query}).get_json()["patients"]
    assert (FIRST in ids) is found
    page = client.get("/demo/", query_string={"q": query}).text
    assert set(re.findall(r'<li data-patient="([^"]+)"', page)) == set(ids)


def test_orders_of_an_unknown_patient_are_refused(client: FlaskClient) -> None:
    assert client.get("/demo/orders/nobody").status_code == 404


def test_every_order_that_can_be_drafted_is_fhir_and_only_everyday_ones_go_unread(shown: Demo) -> None:
    lexicon = Lexicon(load(), load_site_map(fixtures_dir() / "site.toml"))
    everyday = next(heading for heading in CHOICES if heading.startswith("Everyday"))
    silent = {choice.key for choice in CHOICES[everyday]} | {"car-t-referral", "cranial-radiation"}
    for key, resource in drafts_of(FIRST).items():
        get_fhir_model_class(resource["resourceType"]).model_validate(resource | {"id": "draft"})
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": resource | {"id": "draft"}}],
        }
        read = read_drafts(bundle, None, lexicon)
        assert read.unread == 0, key
        told = any(order.drugs or order.acts for order in read.orders)
        assert told is (key not in silent), key


def test_without_its_script_the_chart_cannot_be_opened_by_mistake(client: FlaskClient) -> None:
    """A click before the script has come would send the form to the server, and the page would start anew."""
    main = client.get(f"/demo/patient/{FIRST}").text.partition("<main")[2]
    buttons = re.findall(r"<button[^>]*>", main)
    assert len(buttons) == 6
    assert [b for b in buttons if " disabled" not in b and " hidden" not in b] == []
    assert "takes JavaScript" in main


def test_an_unknown_patient_is_said_to_be_unknown(client: FlaskClient) -> None:
    answer = client.get("/demo/patient/nobody")
    assert answer.status_code == 404
    assert "There is no such patient." in answer.text


def test_the_assessment_of_an_unknown_patient_is_a_page_that_says_so(client: FlaskClient) -> None:
    answer = client.get("/demo/patient/nobody/assessment", follow_redirects=True)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such patient." in answer.text


@pytest.mark.parametrize("address", ["/demo/", f"/demo/patient/{FIRST}", f"/demo/assessment/{FIRST}"])
def test_pages_run_no_script_but_their_own(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {policy[name] for name in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=\"/)|<style| style=| on\w+=", answer.text)


def test_the_page_needs_nothing_from_another_host(client: FlaskClient) -> None:
    page = client.get(f"/demo/patient/{FIRST}").text
    loaded = re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', page)
    assert len(loaded) == 4
    for address in loaded:
        assert urlsplit(address).netloc == ""
        assert client.get(address).status_code == 200


def test_a_chart_without_a_story_is_listed_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": "Nobody"}], "birthDate": "2015"}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}
    (tmp_path / "p" / "bundle.json").write_text(json.dumps(bundle), encoding="utf-8")
    (found,) = load_patients(tmp_path, FhirStore.from_folder(tmp_path))
    assert (found.title, found.name, found.age, found.chart_day) == ("p", "Nobody", None, None)


def test_what_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures"
    shutil.copytree(fixtures_dir() / "patients" / FIRST, fixtures / "patients" / FIRST)
    shutil.copy(fixtures_dir() / "site.toml", fixtures)
    (fixtures / "patients" / "broken").mkdir()
    (fixtures / "patients" / "broken" / "bundle.json").write_text("{", encoding="utf-8")
    shown = build(settings_for(PORT, tmp_path), fixtures)
    assert shown.problems == ["broken/bundle.json: The file is not readable JSON."]
    assert [patient.id for patient in shown.patients] == [FIRST]


# ---- the assessment


def test_the_assessment_is_of_the_stored_chart_on_the_day_asked_for(client: FlaskClient) -> None:
    found = client.get(f"/demo/assessment/{FIRST}?on=2025-01-27").get_json()
    assert (found["patient"], found["assessedOn"]) == (f"Patient/{FIRST}", "2025-01-27")
    assert {scheme["group"] for scheme in found["schemes"] if scheme["id"].startswith("COG")} == {"high"}


def test_the_card_and_the_assessment_agree(client: FlaskClient) -> None:
    """Same record by two ways in: prefetched over the FHIR server, and straight from the store."""
    templates = client.get("/cds-services").get_json()["services"][0]["prefetch"]
    prefetch = {
        key: client.get(f"/fhir/{template.replace('{{context.patientId}}', FIRST)}").get_json()
        for key, template in templates.items()
    }
    answer = client.post("/cds-services/relapsed-all", json=hook(FIRST) | {"prefetch": prefetch})
    first, *others = answer.get_json()["cards"]
    found = client.get(f"/demo/assessment/{FIRST}").get_json()
    months = found["picture"]["monthsFromDiagnosis"]["value"]
    assert f"{months} mo from diagnosis" in first["summary"]
    assert "COG (AALL1331) high" in first["summary"]
    applying = {r["id"] for r in found["recommendations"] if r["status"] == "applies"}
    told = set(
        re.findall(r"^- \*\*.*\(\[([A-Z]+-\d+[a-z]?)\]", "\n".join(c["detail"] for c in others), re.MULTILINE)
    )
    assert told
    assert told <= applying


@pytest.mark.parametrize(
    ("address", "status"),
    [("/demo/assessment/nobody", 404), (f"/demo/assessment/{FIRST}?on=tomorrow", 400)],
)
def test_an_assessment_that_cannot_be_made_is_refused(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")


# ---- Markdown

HOSTILE = """
<script>alert(1)</script><img src=x onerror=alert(1)> ![i](http://elsewhere.example/i.png)
[a](javascript:alert(1)) [b](JaVaScRiPt:alert(1)) [c](data:text/html,x) [d](vbscript:x) [e](file:///etc/passwd)
[f](http://ok.example/ "t\\" onmouseover=alert(1) x=") <javascript:alert(1)> <http://"onclick=alert(1)>

| <b onclick=alert(1)>x</b> | y |
|---|---|
| `<script>` | <iframe src=//elsewhere.example> |
"""


def test_hostile_markdown_becomes_text() -> None:
    html = to_html(HOSTILE)
    tags = re.findall(r"<[^>]*>", html)
    names = {re.match(r"</?(\w+)", tag)[1] for tag in tags}  # type: ignore[index]  # every tag has a name
    assert names <= {"p", "a", "table", "thead", "tbody", "tr", "th", "td", "code", "br"}
    assert "table" in names
    for tag in tags:
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        assert set(attributes) <= {"href", "title", "target", "rel"}
        assert attributes.get("href", "http://").startswith(("http://", "https://"))
        assert ("rel" in attributes) == ("href" in attributes)


def test_details_are_rendered_in_order(client: FlaskClient) -> None:
    answer = client.post("/demo/render", json={"markdown": ["**a**", "| x |\n|---|\n| y |"]})
    first, second = answer.get_json()["html"]
    assert first == "<p><strong>a</strong></p>\n"
    assert "<td>y</td>" in second


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({"markdown": "x"}, 400),
        ({"markdown": [1]}, 400),
        ({"markdown": ["x"] * 101}, 413),
        ({"markdown": ["x" * 500_001]}, 413),
    ],
)
def test_other_bodies_are_not_rendered(client: FlaskClient, body: Any, status: int) -> None:
    assert client.post("/demo/render", json=body).status_code == status


# ---- who may ask


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "attacker.example"},
        {"Host": f"attacker.example:{PORT}"},
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_another_sites_page_gets_nothing_done(client: FlaskClient, headers: dict[str, str]) -> None:
    """As text/plain, a browser sends such a call without asking first."""
    body = json.dumps(hook(FIRST) | {"fhirServer": "http://10.0.0.1/fhir"})
    answer = client.post("/cds-services/relapsed-all", data=body, headers=headers, content_type="text/plain")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": f"127.0.0.1:{PORT}"},
        {"Host": f"127.0.0.1:{PORT}", "Origin": BASE, "Sec-Fetch-Site": "same-origin"},
        {"Host": f"localhost:{PORT}"},
        {"Host": f"127.0.0.1:{PORT}", "Origin": "null", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_its_own_page_and_local_programs_may_ask(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.get(f"/fhir/Patient/{FIRST}", headers=headers).status_code == 200


def test_a_link_from_elsewhere_opens_the_page(client: FlaskClient) -> None:
    assert client.get("/demo/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


# ---- start and stop


def test_the_environment_cannot_open_the_demonstration_to_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in (("HOST", "0.0.0.0"), ("INSECURE", "true"), ("DEMO", "false"), ("PORT", "1")):  # noqa: S104
        monkeypatch.setenv(f"RELAPSE_CDS_{name}", value)
    settings = settings_for(PORT, tmp_path)
    assert (settings.host, settings.port, settings.demo, settings.insecure) == (
        "127.0.0.1",
        PORT,
        True,
        False,
    )


def test_it_listens_on_loopback_only() -> None:
    with listen(0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_refused() -> None:
    with listen(0) as listener, pytest.raises(ConfigError, match="address already in use; name another"):
        listen(listener.getsockname()[1])


@pytest.mark.integration
def test_once_prints_the_cards_of_one_patient_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        command("--once", "--port", "0"),
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("relapse-cds demonstration: synthetic patients")
    assert re.search(r"COG \(AALL1331\) +high +COG-3", done.stdout)
    assert "was answered in" in done.stdout


@pytest.mark.integration
def test_ctrl_c_stops_everything(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        address = urlsplit(demo.url)
        assert address.port is not None
        with socket.create_connection((address.hostname or "", address.port), timeout=5):
            assert demo.interrupt() == 0  # even with a connection open
        assert f"{demo.url}/demo/" in demo.out.read_text(encoding="utf-8")
        assert demo.err.read_text(encoding="utf-8") == ""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address.hostname or "", address.port), timeout=5)


@pytest.mark.integration
def test_a_closed_terminal_ends_the_demonstration(tmp_path: Path) -> None:
    """gunicorn takes SIGHUP for a reload; the port would stay taken by a program that nobody sees."""
    with running_demo(tmp_path) as demo:
        os.kill(demo.process.pid, signal.SIGHUP)
        assert demo.process.wait(STOP_S) == 0


@pytest.mark.integration
def test_a_busy_port_ends_in_one_line(tmp_path: Path) -> None:
    with listen(0) as listener:
        done = subprocess.run(
            command("--port", str(listener.getsockname()[1])),
            cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=40, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert "address already in use" in done.stderr
    assert "make demo PORT=" in done.stderr  # whoever typed that has no place for an option
