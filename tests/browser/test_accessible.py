"""Demonstration and rule book for everyone: nothing serious by axe, by day and by night, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import serious
from tests.browser.pictures import keep

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]
UNFOLD = "[...document.querySelectorAll('details')].slice(0, 4).forEach((each) => { each.open = true; })"
RULEBOOK = ["", "cns#N-2", "COG-AALL1331#COG-3", "search?q=blinatumomab", "search?q=xyzzy"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_demonstration_is_accessible(open_page: OpenPage, scheme: str) -> None:
    """The list, then a chart with cards, drafts, checks, a dismissed card and everything unfolded."""
    with open_page(scheme=scheme) as page:
        page.goto("/demo/")
        assert serious(page) == []
        page.goto("/demo/patient/hr2020-p1-after-car-t")
        page.get_by_role("button", name="Open chart").click()
        page.locator("#cards .suggestions button").first.click()
        page.locator("#cards .dismiss select").last.select_option(index=1)
        page.locator("#cards .dismiss button").last.click()
        page.get_by_label("Choose an order").select_option("blinatumomab")
        page.get_by_role("button", name="Draft it").click()
        page.locator("#order-cards article").first.wait_for()
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        expect(
            page.get_by_role("region", name="Facts of the assessment").get_by_role("table")
        ).to_be_visible()
        assert serious(page) == []
        keep(page, f"demo-unfolded-{scheme}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rule_book_is_accessible(open_page: OpenPage, scheme: str) -> None:
    with open_page(scheme=scheme) as page:
        for address in RULEBOOK:
            page.goto(f"/rulebook/{address}")
            page.evaluate(UNFOLD)
            assert serious(page) == [], address


@pytest.mark.parametrize("width", [360, 1920])
def test_the_rule_book_fits_every_screen(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as page:
        for address in RULEBOOK:
            page.goto(f"/rulebook/{address}")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        keep(page, f"rulebook-{width}")


def test_on_paper_the_rule_book_is_rules_only(page: Page) -> None:
    page.goto("/rulebook/cns")
    page.emulate_media(media="print")
    for screen_only in (".top", ".toc", ".steps", ".pages"):
        expect(page.locator(screen_only).first).to_be_hidden()
    expect(page.locator("#N-2")).to_be_visible()


def test_the_rule_book_is_used_by_keyboard(page: Page) -> None:
    page.goto("/rulebook/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the text")).to_be_focused()
    page.get_by_role("searchbox", name="Search rules").focus()
    page.keyboard.type("Omaya")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Isolated CNS relapse: an Omaya reservoir").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#N-11")).to_be_in_viewport()
    page.get_by_role("link", name="Previous: N-10").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#N-10")).to_be_in_viewport()


def test_a_cards_source_lands_on_the_rule(page: Page) -> None:
    page.goto("/demo/patient/hr2020-p1-24-months")
    page.get_by_role("button", name="Open chart").click()
    link = page.locator("#cards article").first.locator(".from a").first.get_attribute("href") or ""
    page.goto(link)
    _, _, rule = link.partition("#")
    expect(page.locator(f"[id='{rule}']")).to_be_in_viewport()
