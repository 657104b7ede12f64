"""The page that plays the EHR, as a user meets it: with mouse, keyboard, telephone, by day and by night."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

FIRST = "hr2020-p1-24-months"
SPARSE = "problem-list-only"
SERVICE = "/cds-services/relapsed-all"
ANSWERED = re.compile(r"answered in \d+ ms\.$")
OpenPage = Callable[..., AbstractContextManager[Page]]


def open_chart(page: Page, patient: str, mode: str = "prefetch") -> None:
    page.goto(f"/demo/patient/{patient}")
    page.locator(f"input[value={mode}]").check()
    page.get_by_role("button", name="Open chart").click()
    expect(page.locator("#status")).to_have_text(ANSWERED)


def shown_json(page: Page, section: str) -> dict[str, Any]:
    content = page.locator(f"#{section} pre").text_content()
    assert content is not None
    parsed: dict[str, Any] = json.loads(content)
    return parsed


# ---- the way through


@pytest.mark.parametrize("mode", ["prefetch", "access"])
def test_a_patient_is_chosen_and_the_chart_opened(page: Page, mode: str) -> None:
    page.goto("/demo/")
    expect(page.get_by_role("note")).to_have_text("Demonstration with synthetic patients. Not for care.")
    page.get_by_role("link", name="Patient 1, relapse 24 months after diagnosis").click()
    page.locator(f"input[value={mode}]").check()
    page.get_by_role("button", name="Open chart").click()
    card = page.get_by_role("article").first
    expect(card.get_by_role("heading", level=3)).to_contain_text("COG (AALL1331) high")
    expect(card.get_by_role("row", name=re.compile(r"^COG \(AALL1331\) high"))).to_be_visible()
    expect(page.locator("#status")).to_have_text(re.compile(r"^\d cards?\. .*answered in \d+ ms"))
    request = shown_json(page, "request")
    assert ("prefetch" in request, "fhirServer" in request) == (mode == "prefetch", mode == "access")


def test_prefetch_fills_every_key_and_both_ways_give_the_same_cards(page: Page) -> None:
    open_chart(page, FIRST, "prefetch")
    asked = page.request.get("/cds-services").json()["services"][0]["prefetch"]
    sent = shown_json(page, "request")["prefetch"]
    assert set(sent) == set(asked)
    assert sent["conditions"]["total"] > 0
    prefetched = shown_json(page, "response")
    open_chart(page, FIRST, "access")
    assert shown_json(page, "response") == prefetched


def test_a_suggestion_is_drafted_once(page: Page) -> None:
    # The smallest chart: its suggestions do not depend on the day of the test.
    open_chart(page, SPARSE)
    buttons = page.locator(".suggestions button")
    count = buttons.count()
    request = page.get_by_role("button", name="Request immunophenotyping of the blasts")
    request.click()
    expect(request).to_have_text("✓ Drafted: Request immunophenotyping of the blasts")
    expect(request).to_be_focused()
    request.press("Enter")
    drafted = page.locator("#drafts li")
    expect(drafted).to_have_count(1)
    resource = json.loads(drafted.locator("pre").text_content() or "")
    assert (resource["resourceType"], resource["status"], resource["intent"]) == (
        "ServiceRequest", "draft", "proposal",
    )  # fmt: skip
    assert resource["subject"] == {"reference": f"Patient/{SPARSE}"}
    assert (buttons.count(), page.locator(".suggestions .applied").count()) == (count, 1)


def test_a_card_is_dismissed_with_a_reason_and_brought_back(page: Page) -> None:
    open_chart(page, FIRST)
    card = page.get_by_role("article").first
    card.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".dismissed")).to_have_count(0)  # not without a reason
    card.get_by_label("Dismiss this card because").select_option(label="Already known and acted on")
    card.get_by_role("button", name="Dismiss").click()
    expect(page.locator(".dismissed")).to_contain_text("Dismissed: Already known and acted on")
    expect(card.get_by_role("table")).to_have_count(0)
    page.get_by_role("button", name="Show again").click()
    expect(page.get_by_role("row", name=re.compile(r"^COG \(AALL1331\) high"))).to_be_visible()


def test_no_advice_is_said_in_words(page: Page) -> None:
    open_chart(page, "child-aml")
    expect(page.locator("#status")).to_contain_text("No cards: the service has nothing to say")


def test_the_assessment_follows_the_day(page: Page) -> None:
    open_chart(page, "hr2020-p1-40-months")
    page.locator("#assessment > summary").click()
    expect(page.get_by_label("As of")).to_have_value("2026-05-25")
    page.get_by_label("As of").fill("2026-06-25")
    page.get_by_role("button", name="Assess").click()
    expect(page.locator("#assessment pre")).to_contain_text('"assessedOn": "2026-06-25"')
    page.get_by_label("As of").fill("2026-05-25")
    page.get_by_role("button", name="Assess").click()
    expect(page.locator("#assessment pre")).to_contain_text('"assessedOn": "2026-05-25"')
    row = page.get_by_role("row", name=re.compile("^Months from diagnosis"))
    expect(row).to_contain_text("40")
    link = row.get_by_role("link").first.get_attribute("href")
    assert page.request.get(link or "").json()["resourceType"] == "Condition"


def test_it_works_by_keyboard_alone(page: Page) -> None:
    page.goto("/demo/")
    page.get_by_role("link", name="Patient 1, relapse 24 months after diagnosis").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Open chart")).to_be_enabled()
    page.locator("input[value=prefetch]").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Open chart")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(ANSWERED)
    assert "fhirServer" in shown_json(page, "request")


# ---- what may come back


def answer_with(page: Page, status: int, body: object) -> None:
    def answer(route: Route) -> None:
        route.fulfill(status=status, json=body)

    page.route(f"**{SERVICE}", answer)


def test_a_hostile_card_does_nothing(open_page: OpenPage) -> None:
    # Its suggestion has no uuid, so the feedback on it is refused, and the browser reports that.
    with open_page(tolerated="status of 400") as page:
        bad = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
        link, picture = "javascript:document.title='owned'", "https://elsewhere.example/i.png"
        card = {
            "uuid": "11111111-1111-4111-8111-111111111111",
            "summary": bad,
            "indicator": f'info" {bad}',
            "detail": f"{bad}\n\n[x]({link}) ![i]({picture})\n\n| {bad} |\n|---|\n| {bad} |",
            "source": {"label": bad, "url": link},
            "links": [{"label": bad, "url": link, "type": "absolute"}],
            "suggestions": [{"label": bad, "uuid": bad, "actions": [{"type": bad, "description": bad}]}],
            "overrideReasons": [{"code": bad, "system": link, "display": bad}],
        }
        answer_with(page, 200, {"cards": [card]})
        open_chart(page, FIRST)
        page.locator(".suggestions button").click()
        shown = page.get_by_role("article")
        expect(shown.get_by_role("heading", level=3)).to_have_text(bad)
        assert page.locator("main img, main script, main iframe").count() == 0
        hrefs = [a.get_attribute("href") or "" for a in shown.locator("a").all()]
        assert hrefs == [picture]  # a picture becomes a link to it, which nothing follows by itself
        assert "owned" not in page.title()


@pytest.mark.parametrize("status", [412, 500])
def test_a_refusal_is_shown_as_one(open_page: OpenPage, status: int) -> None:
    issue = {"severity": "error", "code": "incomplete", "details": {"text": "The record cannot be had."}}
    with open_page(tolerated=f"status of {status}") as page:  # so the browser itself reports it
        answer_with(page, status, {"resourceType": "OperationOutcome", "issue": [issue]})
        page.goto(f"/demo/patient/{FIRST}")
        page.get_by_role("button", name="Open chart").click()
        expect(page.get_by_role("alert")).to_have_text(
            f"The service answered {status}: The record cannot be had."
        )
        # What was sent and what came back can be read all the same.
        expect(page.get_by_role("row", name=re.compile("^patient-view"))).to_contain_text(str(status))
        assert shown_json(page, "response")["resourceType"] == "OperationOutcome"


# ---- for every screen and every eye


def plain_card(indicator: str) -> dict[str, Any]:
    return {
        "uuid": "11111111-1111-4111-8111-111111111111",
        "summary": "A summary",
        "indicator": indicator,
        "detail": "**Bold**, [a link](http://127.0.0.1/), `code`\n\n| a | b |\n|---|---|\n| c | d |",
        "source": {"label": "A source", "url": "http://127.0.0.1/"},
        "suggestions": [
            {
                "label": "Do",
                "uuid": "22222222-2222-4222-8222-222222222222",
                "actions": [{"type": "create", "description": "Do"}],
            }
        ],
        "overrideReasons": [{"code": "known", "system": "urn:test", "display": "Known"}],
    }


CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const colour = parse(getComputedStyle(n).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const shown = (node) => node.checkVisibility() && node.getClientRects().length > 0;
  const written = (node) => [...node.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
  const all = [...document.querySelectorAll("body *")].filter((n) => written(n) && shown(n));
  const poor = all.map((n) => {
    const [a, b] = [light(parse(getComputedStyle(n).color)), light(ground(n))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), `${n.tagName}.${n.className}`];
  }).filter(([ratio]) => ratio < 4.5);
  return [all.length, poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(open_page: OpenPage, scheme: str) -> None:
    """WCAG 2 AA, 4.5 to 1, with a card of each urgency, a draft, a dismissed card and everything unfolded."""
    with open_page(scheme=scheme) as page:
        answer_with(
            page, 200, {"cards": [plain_card(tone) for tone in ("info", "warning", "critical", "info")]}
        )
        open_chart(page, SPARSE)
        page.locator(".suggestions button").first.click()
        page.get_by_label("Dismiss this card because").last.select_option("known")
        page.get_by_role("button", name="Dismiss").last.click()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        count, poor = page.evaluate(CONTRAST)
        assert poor == []
        assert count > 100


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_nothing_sticks_out_sideways(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as page:
        page.goto("/demo/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        open_chart(page, SPARSE)
        page.locator(".suggestions button").first.click()
        page.locator("#assessment > summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name(page: Page) -> None:
    open_chart(page, SPARSE)
    page.locator("#assessment > summary").click()
    controls = page.locator("button:visible, input:visible, select:visible, a:visible")
    assert controls.count() > 20
    for control in controls.all():
        expect(control).to_have_accessible_name(re.compile(r"\S"))
