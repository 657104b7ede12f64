"""The demonstration from choosing a patient to feedback, as a newcomer goes through it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Page, Route, expect

from tests.browser.pictures import keep
from tests.conftest import SCHEMAS

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]
FEEDBACK = Draft202012Validator(
    json.loads((SCHEMAS / "feedback.json").read_text(encoding="utf-8")),
    format_checker=Draft202012Validator.FORMAT_CHECKER,
)
ANSWERED = re.compile(r"answered in \d+ ms\.$")
CD19_LOST = "hr2020-p1-after-car-t"


def open_chart(page: Page, patient: str) -> None:
    page.goto(f"/demo/patient/{patient}")
    page.get_by_role("button", name="Open chart").click()
    expect(page.locator("#status")).to_have_text(ANSWERED)


def draft(page: Page, label: str) -> None:
    page.get_by_label("Choose an order").select_option(label=label)
    page.get_by_role("button", name="Draft it").click()


def shown(page: Page, section: str) -> Any:
    return json.loads(page.locator(f"#{section} pre").text_content() or "")


def calls(page: Page) -> list[str]:
    """What was exchanged, the first call first."""
    return page.locator("#exchanged tbody tr td:first-child b").all_text_contents()[::-1]


# ---- choosing


def test_a_newcomer_is_shown_where_to_begin(page: Page) -> None:
    page.goto("/demo/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose a patient")
    starts = page.get_by_role("region", name="Begin with these").get_by_role("listitem")
    expect(starts).to_have_count(4)
    keep(page, "demo-welcome")
    starts.first.get_by_role("link").click()
    expect(page.get_by_text("Try this:")).to_be_visible()
    expect(page.get_by_role("navigation", name="In four steps").get_by_role("link")).to_have_count(4)


def test_the_list_narrows_while_one_types(page: Page) -> None:
    page.goto("/demo/")
    rows = page.locator(".patients li:visible")
    page.get_by_role("searchbox").fill("testicular")
    expect(page.locator("#count")).to_have_text(re.compile(r"^\d of \d\d$"))
    assert "Late isolated testicular relapse" in rows.locator(".what").all_text_contents()
    page.get_by_role("searchbox").fill("xyzzy")
    expect(page.get_by_text("No patient's story holds these words.")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(page.locator("#count")).to_have_text(re.compile(r"^\d\d$"))


# ---- five patients, from chart to feedback


@pytest.mark.parametrize(
    "patient",
    [
        "hr2020-p1-24-months",
        "hr2020-p1-40-months",
        "late-testicular",
        "mye2023-4-day-28",
        "adult-first-relapse",
    ],
)
def test_a_card_is_accepted_another_dismissed_and_the_service_is_told(page: Page, patient: str) -> None:
    open_chart(page, patient)
    cards = page.locator("#cards article")
    suggested = page.locator("#cards .suggestions button").first
    label = suggested.text_content() or ""
    card = cards.filter(has=page.locator(".suggestions")).first
    suggested.click()
    expect(card.locator(".told")).to_have_text(
        "Feedback sent: accepted. The service answered 200 (1 stored)."
    )
    # The draft is what the suggestion says, and the feedback names card and suggestion.
    accepted = shown(page, "request")
    FEEDBACK.validate(accepted)
    page.get_by_role("button", name="Show patient-view, call 1").click()
    sent = {c["uuid"]: c for c in shown(page, "response")["cards"]}[accepted["feedback"][0]["card"]]
    taken = accepted["feedback"][0]["acceptedSuggestions"][0]["id"]
    wanted = next(s for s in sent["suggestions"] if s["uuid"] == taken)
    assert wanted["label"] == label
    resource = json.loads(page.locator("#drafts pre").text_content() or "")
    assert resource | {"id": None} == wanted["actions"][0]["resource"] | {"id": None}

    last = cards.last
    last.get_by_label("Dismiss this card because").select_option(label="Does not fit this patient")
    last.get_by_role("button", name="Dismiss").click()
    expect(last.locator(".told")).to_have_text(
        re.compile(r"^Feedback sent: overridden\. The service answered 200")
    )
    overridden = shown(page, "request")
    FEEDBACK.validate(overridden)
    assert overridden["feedback"][0]["overrideReason"]["reason"]["code"] == "does-not-fit"
    assert calls(page) == ["patient-view", "feedback", "feedback"]
    keep(page, f"demo-{patient}")


def test_a_dismissed_card_is_quiet_for_its_reader_and_not_for_another(page: Page) -> None:
    patient = "hr2020-p2-15-months"
    open_chart(page, patient)
    cards = page.locator("#cards article")
    count = cards.count()
    quiet = cards.last.get_by_role("heading", level=3).text_content() or ""
    cards.last.get_by_label("Dismiss this card because").select_option(label="Already known and acted on")
    cards.last.get_by_role("button", name="Dismiss").click()
    expect(cards.last.locator(".told")).to_have_text(re.compile("^Feedback sent: overridden"))

    def heard() -> list[str]:
        page.get_by_role("button", name="Open chart").click()
        expect(page.locator("#status")).to_have_text(ANSWERED)
        return cards.get_by_role("heading", level=3).all_text_contents()

    # Another worker process knows of it within a second.
    deadline = 20
    while quiet in heard():
        deadline -= 1
        assert deadline, "the card never went quiet"
        page.wait_for_timeout(200)
    page.get_by_role("button", name="Be another clinician").click()
    found = heard()
    assert quiet in found
    assert len(found) == count


def test_a_smart_link_opens_the_app_for_this_patient(page: Page) -> None:
    open_chart(page, "hr2020-p1-24-months")
    card = page.locator("#cards article").first
    with page.context.expect_page() as opened:
        card.get_by_role("button", name="(app)").click()
    app = opened.value
    expect(app.get_by_role("heading", level=1)).to_be_visible()
    assert app.url.startswith(f"{page.url.split('/demo/')[0]}/smart/")
    assert "Testgirl One" in (app.locator("body").text_content() or "")
    expect(card.locator(".told")).to_contain_text("opened in a new tab, for this patient")


def test_feedback_that_is_not_kept_is_said_to_be_so(open_page: OpenPage) -> None:
    with open_page(tolerated="status of 503") as page:

        def refuse(route: Route) -> None:
            issue = {"severity": "error", "code": "transient", "details": {"text": "Please send it again."}}
            route.fulfill(status=503, json={"resourceType": "OperationOutcome", "issue": [issue]})

        page.route("**/feedback", refuse)
        open_chart(page, "hr2020-p1-24-months")
        page.locator("#cards .suggestions button").first.click()
        told = page.locator("#cards .told:not(:empty)")
        expect(told).to_have_text(
            "Feedback could not be delivered. The service answered 503: Please send it again."
        )


# ---- orders


def test_an_order_that_cannot_work_is_stopped_before_the_signature(page: Page) -> None:
    open_chart(page, CD19_LOST)
    draft(page, "blinatumomab")
    checks = page.get_by_role("region", name="Order checks").get_by_role("article")
    expect(checks.first).to_contain_text("the latest blasts are CD19-negative")
    expect(checks.first.locator(".tag")).to_have_text("Critical")
    context = shown(page, "request")["context"]
    entry = context["draftOrders"]["entry"][0]["resource"]
    assert context["selections"] == [f"MedicationRequest/{entry['id']}"]
    assert "dosageInstruction" not in entry

    page.get_by_role("button", name="Sign order").click()
    expect(page.locator("#order-status")).to_contain_text("Not signed: 1 warning to answer.")
    check = checks.first
    check.get_by_role("button", name="Override").click()  # not without a reason
    expect(page.locator("#order-cards .dismissed")).to_have_count(0)
    check.get_by_label("Override this card because").select_option(
        label="A result outside this record answers it"
    )
    keep(page, "demo-order-sign")
    check.get_by_role("button", name="Override").click()
    page.get_by_role("button", name="Sign anyway").click()
    expect(page.locator("#order-status")).to_have_text("1 order signed.")
    expect(page.locator("#drafts .signed")).to_contain_text("Signed, in this demonstration only")
    expect(page.locator("#order-cards .told")).to_have_text(re.compile("^Feedback sent: overridden"))
    assert calls(page) == ["patient-view", "order-select", "order-sign", "feedback"]


def test_an_everyday_order_is_signed_in_silence(page: Page) -> None:
    page.goto(f"/demo/patient/{CD19_LOST}")
    draft(page, "ondansetron")
    expect(page.locator("#order-status")).to_have_text(
        re.compile(r"^ondansetron drafted\. order-select: nothing to say, answered in \d+ ms\.$")
    )
    page.get_by_role("button", name="Sign order").click()
    expect(page.locator("#order-status")).to_have_text(
        re.compile(r"^1 order signed\. order-sign: nothing to say, answered in \d+ ms\.$")
    )


def test_two_drafts_are_weighed_against_each_other_and_one_is_taken_back(page: Page) -> None:
    page.goto("/demo/patient/hr2020-p3-t-all")
    draft(page, "nelarabine")
    expect(page.locator("#order-status")).to_contain_text("order-select:")
    draft(page, "methotrexate, intrathecal")
    checks = page.locator("#order-cards article")
    expect(checks.first).to_contain_text("nelarabine is on order or was given lately")
    page.get_by_role("button", name="Remove methotrexate, intrathecal").click()
    expect(checks).to_have_count(0)  # what was said of two drafts is not true of one
    page.get_by_role("button", name="Sign order").click()
    expect(page.locator("#order-status")).to_contain_text("1 order signed.")
    texts = " ".join(checks.all_text_contents())
    assert "intrathecal chemotherapy is on order" not in texts


def test_what_can_be_drafted_holds_no_dose(page: Page) -> None:
    found = page.request.get(f"/demo/orders/{CD19_LOST}").json()
    assert len(found) > 15
    for resource in found.values():
        assert "doseAndRate" not in json.dumps(resource)
        assert resource["subject"] == {"reference": f"Patient/{CD19_LOST}"}
        assert resource["status"] == "draft"
