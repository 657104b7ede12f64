"""The cards: checklist 2 to 4, 13, 41 to 47, 54 and 68, over every demo patient."""

from __future__ import annotations

import csv
import json
import re
import uuid
from collections.abc import Callable, Iterator
from importlib.resources import files
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B import get_fhir_model_class
from markdown_it import MarkdownIt

from tests.conftest import BASE, PATIENTS, Answer, CheckedClient, Json
from tests.service.conftest import CHART, SEARCHES, hook_call, walk

QUIET = {"child-first-remission", "child-aml", "deceased-child"}
NEVER_RELAPSED = {"car-t-primary-refractory", "infant-primary-refractory"}
"""Concerned all the same: no remission after the first induction, or CAR-T given."""
OF_RELAPSE = {"first-relapse-risk", "outside-first-relapse", "suspected-relapse"}
AFTER_MRD = f"{CHART}-after-block-1"
MARKUP = "a|b *c* [d](https://evil.example) <img src=x onerror=e()> `f` ~g~ &lt;h&gt; # i \ud83e"
DOSE = re.compile(
    r"\b(mg|mcg|µg|ug|g|ml|mL|IU|units?)\b|/m2|/m²|\bdos(e|es|age|ing)\b|\b\d+ ?(mg|%)", re.IGNORECASE
)

each_patient = pytest.mark.parametrize("patient", [name for name in PATIENTS if name not in QUIET])


@pytest.fixture
def answer_for(client: CheckedClient, prefetch_of: Callable[[str], Json]) -> Callable[..., Answer]:
    """(patient, keys left out) -> the answer when the rest of the record was prefetched."""

    def ask(patient: str, *left_out: str) -> Answer:
        prefetch = {key: value for key, value in prefetch_of(patient).items() if key not in left_out}
        return client.call(hook_call(patient, prefetch=prefetch))

    return ask


@pytest.fixture
def every_card(answer_for: Callable[..., Answer]) -> list[Json]:
    """The cards of all demo patients, and those that say what could not be had."""
    cards = [card for name in PATIENTS for card in answer_for(name).cards]
    cards += [card for key in SEARCHES if key != "conditions" for card in answer_for(CHART, key).cards]
    kinds = {card["source"]["topic"]["code"] for card in cards}
    assert {"first-relapse-risk", "outside-first-relapse", "record-incomplete"} <= kinds
    return cards


def suggestions(cards: list[Json]) -> list[Json]:
    found = [suggestion for card in cards for suggestion in card.get("suggestions", [])]
    assert found
    return found


def actions(cards: list[Json]) -> list[Json]:
    return [action for suggestion in suggestions(cards) for action in suggestion["actions"]]


def urls_of(card: Json) -> Iterator[str]:
    yield card["source"]["url"]
    yield from (link["url"] for link in card["links"])
    yield from re.findall(r"\]\(([^)]*)\)", card["detail"])


@each_patient
def test_c37_c41_every_relapse_gets_a_few_cards_most_important_first(
    answer_for: Callable[..., Answer], patient: str
) -> None:
    cards = answer_for(patient).cards
    assert 1 <= len(cards) <= 5
    topics = [card["source"]["topic"]["code"] for card in cards]
    assert OF_RELAPSE.isdisjoint(topics[1:])
    if patient in NEVER_RELAPSED:
        assert topics[0] not in OF_RELAPSE
    else:
        assert topics[0] in OF_RELAPSE
        assert "relapse" in cards[0]["summary"].lower()


def test_c41_the_summary_is_one_line_of_fewer_than_140_characters(every_card: list[Json]) -> None:
    assert max(len(card["summary"]) for card in every_card) < 140
    assert [card["summary"] for card in every_card if card["summary"].splitlines() != [card["summary"]]] == []


def test_c41_no_summary_breaks_off(every_card: list[Json]) -> None:
    assert [card["summary"] for card in every_card if "…" in card["summary"]] == []


def test_c41_a_risk_group_is_information_and_no_alarm(every_card: list[Json]) -> None:
    assert {card["indicator"] for card in every_card} == {"info"}


def test_c41_c42_every_card_names_source_topic_and_address(every_card: list[Json]) -> None:
    for card in every_card:
        assert card["source"]["label"].strip()
        assert {"system", "code", "display"} == card["source"]["topic"].keys()
        assert urlsplit(card["source"]["url"]).scheme == "https"


def test_c41_the_source_of_every_card_is_a_page_here_at_the_rule(
    client: CheckedClient, every_card: list[Json]
) -> None:
    for url in sorted({url for card in every_card for url in urls_of(card)}):
        assert url.startswith(f"{BASE}/"), url
        path, _, anchor = url.removeprefix(BASE).partition("#")
        page = client.get(path)
        assert page.status == 200, url
        if anchor:
            assert f'id="{anchor}"' in page.text, url


def test_c41_a_settled_group_is_traced_to_the_rule_that_settled_it(answer_for: Callable[..., Answer]) -> None:
    card = answer_for(AFTER_MRD).cards[0]
    assert card["source"]["url"] == f"{BASE}/rulebook/COG-AALL1331#COG-5"


def test_c41_the_detail_is_markdown_without_html(every_card: list[Json]) -> None:
    reader = MarkdownIt("gfm-like", {"linkify": False})
    for card in every_card:
        kinds = [token.type for top in reader.parse(card["detail"]) for token in [top, *(top.children or [])]]
        assert [kind for kind in kinds if "html" in kind] == []
        assert "image" not in kinds


def test_c41_the_risk_table_is_a_table_of_four_columns(answer_for: Callable[..., Answer]) -> None:
    html = MarkdownIt("gfm-like", {"linkify": False}).render(answer_for(CHART).cards[0]["detail"])
    assert html.count("<th>") == 4
    assert html.count("<td>") == 4 * 5


def with_text(value: object, name: str, text: str) -> None:
    """Put `text` in place of every string called `name`, at any depth."""
    for part in walk(value):
        if isinstance(part, dict) and isinstance(part.get(name), str):
            part[name] = text


@pytest.mark.parametrize("name", ["text", "display", "unit", "id", "reference", "system", "code"])
@pytest.mark.parametrize("key", SEARCHES)
def test_c41_no_text_of_the_chart_reaches_a_card(
    client: CheckedClient, prefetch_of: Callable[[str], Json], name: str, key: str
) -> None:
    prefetch = prefetch_of(CHART)
    with_text(prefetch[key].get("entry", []), name, MARKUP)
    cards = client.call(hook_call(prefetch=prefetch)).cards
    assert [card["detail"] for card in cards if "evil" in card["detail"] or "img" in card["detail"]] == []
    assert [card["summary"] for card in cards if "evil" in card["summary"]] == []


def test_c41_c45_links_are_absolute_pages_of_ours(every_card: list[Json]) -> None:
    for link in [link for card in every_card for link in card["links"]]:
        assert link["label"].strip()
        assert link["type"] == "absolute"
        assert {"label", "url", "type"} == link.keys()


def test_c41_c54_the_uuid_is_the_same_for_the_same_facts(answer_for: Callable[..., Answer]) -> None:
    first, second = answer_for(CHART), answer_for(CHART)
    assert [card["uuid"] for card in first.cards] == [card["uuid"] for card in second.cards]
    assert [s["uuid"] for s in suggestions(first.cards)] == [s["uuid"] for s in suggestions(second.cards)]


def test_c41_c54_the_uuid_does_not_depend_on_the_way_the_facts_came(
    client: CheckedClient, prefetch_of: Callable[[str], Json]
) -> None:
    prefetch = prefetch_of(CHART)
    there = client.call(hook_call(prefetch=prefetch)).cards[0]["uuid"]
    for key in SEARCHES:
        prefetch[key]["entry"] = prefetch[key].get("entry", [])[::-1]
    back = client.call({**hook_call(prefetch=dict(reversed(prefetch.items()))), "hookInstance": "other"})
    assert back.cards[0]["uuid"] == there


@pytest.mark.parametrize("fact", ["relapse-date", "birth-date", "record", "patient"])
def test_c41_c54_the_uuid_is_another_when_a_fact_changes(
    client: CheckedClient, prefetch_of: Callable[[str], Json], fact: str
) -> None:
    prefetch, patient = prefetch_of(CHART), CHART
    before = client.call(hook_call(prefetch=prefetch)).cards[0]["uuid"]
    if fact == "relapse-date":
        prefetch = json.loads(json.dumps(prefetch).replace("2026-05-15", "2026-04-15"))
    elif fact == "birth-date":
        prefetch["patient"]["birthDate"] = "2008-08-20"
    elif fact == "record":
        del prefetch["carePlans"]
    else:
        patient = "someone-else"
        prefetch = json.loads(json.dumps(prefetch).replace(CHART, patient))
    assert client.call(hook_call(patient, prefetch=prefetch)).cards[0]["uuid"] != before


def test_c41_c54_no_two_cards_or_suggestions_share_a_uuid(answer_for: Callable[..., Answer]) -> None:
    seen: dict[str, str] = {}
    for patient in PATIENTS:
        for card in answer_for(patient).cards:
            for named in [card, *card.get("suggestions", [])]:
                assert str(uuid.UUID(named["uuid"])) == named["uuid"]
                assert seen.setdefault(named["uuid"], patient) == patient


def test_c42_c56_override_reasons_can_be_shown(every_card: list[Json]) -> None:
    for card in every_card:
        assert all({"system", "code", "display"} == reason.keys() for reason in card["overrideReasons"])
        codes = [reason["code"] for reason in card["overrideReasons"]]
        assert len(set(codes)) == len(codes) >= 2


def test_c41_c43_suggestions_come_with_a_selection_behavior(every_card: list[Json]) -> None:
    for card in every_card:
        assert ("suggestions" in card) == (card.get("selectionBehavior") == "any")


def test_c43_suggestions_of_a_card_are_told_apart_by_their_label(every_card: list[Json]) -> None:
    for card in every_card:
        labels = [suggestion["label"] for suggestion in card.get("suggestions", [])]
        assert len(set(labels)) == len(labels)


def test_c44_actions_only_create_a_described_resource(every_card: list[Json]) -> None:
    for action in actions(every_card):
        assert {"type", "description", "resource"} == action.keys()
        assert action["type"] == "create"
        assert "id" not in action["resource"]


def test_c43_c44_what_is_suggested_is_a_draft_request_for_this_patient(
    answer_for: Callable[..., Answer],
) -> None:
    for patient in (CHART, "problem-list-only"):
        for action in actions(answer_for(patient).cards):
            resource = action["resource"]
            get_fhir_model_class("ServiceRequest").model_validate(resource)
            assert (resource["status"], resource["intent"]) == ("draft", "proposal")
            assert resource["subject"] == {"reference": f"Patient/{patient}"}


def drug_words() -> list[str]:
    lines = files("cds_rules.terminology").joinpath("drugs.csv").read_text("utf-8").splitlines()
    words = {row["concept"].removeprefix("drug.") for row in csv.DictReader(lines)}
    assert {"blinatumomab", "clofarabine"} <= words
    return sorted(words)


def test_c43_suggestions_name_no_drug_and_no_dose(every_card: list[Json]) -> None:
    drug = re.compile("|".join(map(re.escape, drug_words())), re.IGNORECASE)
    for suggestion in suggestions(every_card):
        texts = [text for text in walk(suggestion) if isinstance(text, str)]
        assert [text for text in texts if drug.search(text) or DOSE.search(text)] == []
        kinds = {action["resource"]["resourceType"] for action in suggestion["actions"]}
        assert kinds == {"ServiceRequest"}


def test_c46_there_are_no_system_actions(answer_for: Callable[..., Answer]) -> None:
    assert [name for name in PATIENTS if list(answer_for(name).body) != ["cards"]] == []


def test_c13_c43_c47_nothing_is_sent_that_only_some_clients_understand(every_card: list[Json]) -> None:
    names = {name for value in walk(every_card) if isinstance(value, dict) for name in value}
    assert names & {"actionSelectionBehavior", "extension", "autolaunchable", "appContext"} == set()


def test_c68_no_address_in_a_card_says_who_the_patient_is(
    answer_for: Callable[..., Answer], prefetch_of: Callable[[str], Json]
) -> None:
    for patient in (CHART, "problem-list-only", "adult-first-relapse"):
        told = {patient, prefetch_of(patient)["patient"]["birthDate"]}
        for card in answer_for(patient).cards:
            assert [url for url in urls_of(card) if urlsplit(url).query or any(t in url for t in told)] == []


def test_c68_cards_do_not_repeat_the_name(
    answer_for: Callable[..., Answer], prefetch_of: Callable[[str], Json]
) -> None:
    for patient in PATIENTS:
        given = prefetch_of(patient)["patient"]["name"][0]["given"][0]
        assert given not in answer_for(patient).text
