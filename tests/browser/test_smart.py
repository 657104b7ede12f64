"""The SMART app in a browser: from the card's link, by itself, in two windows, and after signing out."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious
from tests.browser.pictures import keep

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]
FIRST, SECOND = "hr2020-p1-24-months", "hr2020-p1-40-months"
NAMES = {FIRST: "Testgirl One", SECOND: "Testgirl Two"}
APP = re.compile(r"/smart/app/[A-Za-z0-9_-]{43}$")


def launched(page: Page, patient: str) -> Page:
    """The app in a tab of its own, opened from a card of this patient's chart."""
    page.goto(f"/demo/patient/{patient}")
    page.get_by_role("button", name="Open chart").click()
    with page.context.expect_page() as opened:
        page.locator("#cards article").first.get_by_role("button", name="(app)").click()
    opened.value.wait_for_url(APP)
    return opened.value


def test_a_cards_link_opens_the_app_for_the_patient_of_the_chart(page: Page) -> None:
    app = launched(page, FIRST)
    expect(app.get_by_role("banner")).to_contain_text("Testgirl One")
    expect(app.get_by_role("heading", name="Course", exact=True)).to_be_visible()
    expect(app.locator("svg").first).to_be_visible()
    assert app.evaluate("document.referrer") == ""
    assert app.evaluate("window.opener") is None
    assert app.evaluate("document.cookie") == ""  # no script could read them
    keep(app, "smart-app")


def test_what_if_is_asked_within_the_session(page: Page) -> None:
    app = launched(page, SECOND)
    choice = app.locator("#what-if-form select").first
    choice.select_option(index=1)
    expect(app.locator("#what-if-status")).to_contain_text("Hypothetical: 1 value supposed")
    assert APP.search(app.url.partition("#")[0])  # nothing of it in the address


def test_what_if_after_the_end_says_that_the_session_has_ended(open_page: OpenPage) -> None:
    with open_page(tolerated="status of 401") as page:
        app = launched(page, SECOND)
        action = app.locator("form.out").get_attribute("action") or ""
        token = app.locator("form.out input").get_attribute("value") or ""
        page.request.post(action, form={"form": token})
        app.locator("#what-if-form select").first.select_option(index=1)
        expect(app.locator("#what-if-status")).to_contain_text("This session has ended")


def test_it_opens_by_itself_and_asks_for_record_system_and_patient(page: Page) -> None:
    page.goto("/smart/")
    page.get_by_role("link", name="Demo EHR").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("An app asks to read one patient's record")
    keep(page, "smart-patient")
    page.locator(f"a[href$='patient={SECOND}']").click()
    page.wait_for_url(APP)
    expect(page.get_by_role("banner")).to_contain_text(NAMES[SECOND])


def test_refusing_opens_nothing(open_page: OpenPage) -> None:
    with open_page(tolerated="status of 403") as page:  # so the browser itself reports it
        page.goto("/smart/start/demo")
        page.get_by_role("link", name="Refuse").click()
        expect(page.get_by_role("alert")).to_contain_text("Access was not granted")


def test_two_windows_keep_their_patients(page: Page) -> None:
    first = launched(page, FIRST)
    second = launched(page, SECOND)
    for _ in range(2):
        first.reload()
        expect(first.get_by_role("banner")).to_contain_text(NAMES[FIRST])
        second.reload()
        expect(second.get_by_role("banner")).to_contain_text(NAMES[SECOND])


def test_after_signing_out_there_is_no_way_back(open_page: OpenPage) -> None:
    with open_page(tolerated="status of 401") as page:
        app = launched(page, FIRST)
        app.get_by_role("button", name="Sign out").click()
        expect(app.get_by_role("status")).to_contain_text("Signed out")
        app.go_back()
        expect(app.get_by_role("alert")).to_contain_text("This session has ended")
        expect(app.get_by_text("Testgirl One")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_are_accessible(open_page: OpenPage, scheme: str) -> None:
    with open_page(scheme=scheme, tolerated="status of 40") as page:
        for address in ("/smart/", "/smart/start/demo", "/smart/launch", "/smart/app"):
            page.goto(address)
            assert serious(page) == [], address
        app = launched(page, FIRST)
        assert serious(app) == []


@pytest.mark.parametrize("width", [360, 1920])
def test_its_pages_fit_every_screen(open_page: OpenPage, width: int) -> None:
    with open_page(width=width, tolerated="status of 40") as page:
        for address in ("/smart/", "/smart/start/demo", "/smart/app"):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        app = launched(page, FIRST)
        assert app.evaluate("document.documentElement.scrollWidth") <= width
