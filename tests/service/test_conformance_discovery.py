"""Discovery: checklist 6 to 13 and 19, and the prefetch templates it offers, 21 to 24."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import pytest

from tests.conftest import CheckedClient, Json
from tests.service.conftest import walk

PATH = "/cds-services"
STANDARD_HOOKS = {"patient-view", "order-select", "order-sign"}
TOKENS = re.compile(r"\{\{(.*?)\}\}")
# Search parameters of the query subset, of those the types here have; `_count` and `_sort` steer the answer.
SUBSET = {"patient", "category", "code", "_count", "_sort"}


@pytest.fixture
def services(client: CheckedClient) -> list[Json]:
    found: list[Json] = client.get(PATH).body["services"]
    assert found
    return found


@pytest.fixture
def templates(services: list[Json]) -> dict[str, str]:
    return {f"{s['id']}.{key}": t for s in services for key, t in s["prefetch"].items()}


def test_c06_c07_c11_a_get_at_the_fixed_address_answers_an_object_with_services(
    client: CheckedClient,
) -> None:
    answer = client.get(PATH)
    assert answer.status == 200
    assert list(answer.body) == ["services"]
    assert client.get(f"{PATH}/").body == answer.body


def test_c06_the_answer_is_stable(make_client: Callable[..., CheckedClient]) -> None:
    texts = {make_client(port=port).get(PATH).text for port in (8080, 8081)}
    assert len(texts) == 1


def test_c01_discovery_is_json_whatever_the_client_accepts(client: CheckedClient) -> None:
    for accept in ("application/json", "application/fhir+json, */*; q=0.1", "text/html"):
        answer = client.get(PATH, Accept=accept)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


def test_c02_c03_c04_nothing_is_null_or_empty(client: CheckedClient) -> None:
    assert [value for value in walk(client.get(PATH).body) if value in (None, "", [], {})] == []


def test_c05_the_text_is_plain_json(client: CheckedClient) -> None:
    # Python's parser refuses comments and trailing commas; NaN, which it takes, is refused here.
    json.loads(client.get(PATH).text, parse_constant=pytest.fail)


def test_c09_every_service_has_its_members_and_none_of_a_later_version(services: list[Json]) -> None:
    for service in services:
        assert {"hook", "id", "title", "description", "prefetch", "usageRequirements"} >= service.keys()
        assert {"hook", "id", "title", "description"} <= service.keys()


def test_c10_an_id_stands_for_one_service_on_one_hook(services: list[Json]) -> None:
    pairs = [(s["id"], s["hook"]) for s in services]
    assert len(set(pairs)) == len({i for i, _ in pairs}) == len(pairs)


def test_c13_nothing_is_offered_that_only_some_clients_understand(client: CheckedClient) -> None:
    text = client.get(PATH).text
    assert "actionSelectionBehavior" not in text
    assert "%" not in text


def test_c14_every_service_id_makes_an_address_that_takes_calls(
    client: CheckedClient, services: list[Json]
) -> None:
    for service in services:
        # An empty object is refused for what it lacks, which only the service itself can say.
        answer = client.call({}, f"{PATH}/{service['id']}")
        assert (answer.status, answer.issue["details"]["text"]) == (400, "The request is no CDS Hooks call.")


def test_c19_the_hooks_are_the_standard_ones(services: list[Json]) -> None:
    assert {service["hook"] for service in services} <= STANDARD_HOOKS


def test_c21_keys_can_serve_as_variable_names(services: list[Json]) -> None:
    keys = [key for service in services for key in service["prefetch"]]
    assert [key for key in keys if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", key)] == []


def test_c21_templates_are_relative_reads_or_searches(templates: dict[str, str]) -> None:
    form = re.compile(r"[A-Z][A-Za-z]+(/[^?]+|\?.+)")
    assert [key for key, template in templates.items() if not form.fullmatch(template)] == []


def test_c22_c23_the_only_token_is_the_patient(templates: dict[str, str]) -> None:
    for key, template in templates.items():
        assert TOKENS.findall(template) == ["context.patientId"], key
        assert not re.search(r"[{}%]", TOKENS.sub("", template)), key


def test_c24_searches_stay_inside_the_query_subset(templates: dict[str, str]) -> None:
    for key, template in templates.items():
        names = [name for name, _ in parse_qsl(template.partition("?")[2], strict_parsing="?" in template)]
        assert set(names) <= SUBSET, key
        assert len(set(names)) == len(names), key


def test_c24_queries_are_short_enough_for_common_servers(templates: dict[str, str]) -> None:
    assert max(map(len, templates.values())) < 1000


def test_c68_every_query_is_about_the_one_patient(templates: dict[str, str]) -> None:
    bound = re.compile(r"(Patient/|[A-Z][A-Za-z]+\?patient=)\{\{context\.patientId\}\}(&.*)?")
    assert [key for key, template in templates.items() if not bound.fullmatch(template)] == []


def test_c68_the_record_types_asked_for_are_named_to_whoever_sets_it_up(services: list[Json]) -> None:
    for service in services:
        for template in service["prefetch"].values():
            kind = re.split(r"[/?]", template)[0]
            named = "medication" if kind.startswith("Medication") else kind
            assert named in service["usageRequirements"]
