"""The assessment page as a clinician meets it: read, hovered, walked by keyboard, supposed, printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

OpenPage = Callable[..., AbstractContextManager[Page]]
OPEN_MRD = "hr2020-p1-40-months"
VERY_DIFFERENT = (
    OPEN_MRD,
    "isolated-cns-late-mrd-positive",
    "hr2020-p1-after-hsct",
    "mye2023-4-day-28",
    "hr2020-p3-t-all",
    "adult-first-relapse",
    "problem-list-only",
    "child-aml",
)
BUSY = ("busy-chart", "mye2023-2-refractory", "cns-after-transplant")


def visit(page: Page, patient: str) -> None:
    page.goto(f"/demo/patient/{patient}/assessment")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def group_of(page: Page, scheme: str) -> str:
    return page.get_by_role("region", name=scheme, exact=True).locator("b").first.inner_text()


# ---- for every reader


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("patient", VERY_DIFFERENT)
def test_nothing_stands_in_the_way_of_a_screen_reader_or_a_weak_eye(
    open_page: OpenPage, patient: str, scheme: str
) -> None:
    """axe, with everything unfolded: no serious or critical finding."""
    with open_page(scheme=scheme) as page:
        visit(page, patient)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found = Axe().run(page).response["violations"]
        grave = [
            (v["id"], v["nodes"][0]["html"][:200]) for v in found if v["impact"] in ("serious", "critical")
        ]
        assert grave == []


@pytest.mark.parametrize("width", [360, 768, 1440, 2560])
def test_nothing_sticks_out_sideways_and_a_wall_is_filled(open_page: OpenPage, width: int) -> None:
    with open_page(width=width) as page:
        for patient in (OPEN_MRD, "mye2023-5-day-60"):
            visit(page, patient)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            panels = page.locator(".panel").all()
            edges = [box["x"] + box["width"] for p in panels if (box := p.bounding_box()) is not None]
            assert max(edges) > width * 0.93


def test_on_a_desk_no_scheme_is_cut_off_the_table_of_facts(open_page: OpenPage) -> None:
    with open_page(width=1280) as page:
        visit(page, OPEN_MRD)
        table = page.get_by_role("region", name="Facts and what they are to each scheme")
        assert table.evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_the_page_says_all_without_scripts(browser: Browser, demo_url: str) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=demo_url)
    page = context.new_page()
    visit(page, OPEN_MRD)
    assert group_of(page, "COG (AALL1331)") == "open: low or intermediate"
    expect(page.locator("figure.wide svg").first).to_be_visible()
    page.get_by_label("marrow MRD at the end of reinduction block 1").select_option("<0.01 %")
    page.get_by_role("button", name="Suppose").click()
    assert group_of(page, "COG (AALL1331)") == "low"
    expect(page.get_by_text("Hypothetical.")).to_be_visible()
    assert page.url.startswith(f"{demo_url}/demo/patient/{OPEN_MRD}/assessment")
    assert "0.01" not in page.url
    page.get_by_role("link", name="As on record").click()
    assert group_of(page, "COG (AALL1331)") == "open: low or intermediate"
    context.close()


# ---- the course


def test_a_mark_of_the_course_tells_its_value_and_leads_to_its_resource(page: Page) -> None:
    visit(page, OPEN_MRD)
    mark = page.locator("figure.wide a.point[aria-label*='Marrow blasts']").last
    mark.hover()
    expect(page.locator(".tip")).to_contain_text(re.compile(r"^\d{4}-\d\d-\d\d: Marrow blasts: [\d.]+ %"))
    resource = page.request.get(mark.get_attribute("href") or "").json()
    assert resource["resourceType"] == "Observation"


def test_the_marks_are_one_stop_of_the_tab_key_and_the_arrows_walk_them_in_time(page: Page) -> None:
    visit(page, OPEN_MRD)
    assert page.locator("figure.wide.whole .point[tabindex='0']").count() == 1
    page.locator("figure.wide.whole .point[tabindex='0']").focus()
    told = []
    for _ in range(4):
        told.append(page.locator(".point:focus").get_attribute("aria-label") or "")
        page.keyboard.press("ArrowRight")
    assert [t[:10] for t in told] == sorted(t[:10] for t in told)
    assert len(set(told)) == 4
    expect(page.locator(".tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()


def test_the_table_of_the_course_has_every_mark_of_the_picture(page: Page) -> None:
    visit(page, "mye2023-5-day-60")
    page.get_by_text("The course as a table").click()
    rows = page.get_by_role("region", name="The course as a table").locator("tbody tr").all_inner_texts()
    for label in page.locator("figure.wide.whole .point").evaluate_all(
        "marks => marks.map(m => m.getAttribute('aria-label'))"
    ):
        day = label[:10]
        assert any(row.startswith(day) for row in rows), label


# ---- what if


def test_a_supposed_value_changes_the_groups_at_once_and_is_marked(page: Page) -> None:
    visit(page, OPEN_MRD)
    choice = page.get_by_label("marrow MRD at the end of reinduction block 1")
    choice.select_option(">=0.1 %")
    expect(page.get_by_role("status")).to_contain_text("Hypothetical: 1 value supposed")
    assert group_of(page, "COG (AALL1331)") == "intermediate"
    expect(page.get_by_role("region", name="COG (AALL1331)")).to_contain_text(
        "on record: low or intermediate"
    )
    expect(page.get_by_role("heading", name="What the sources say (hypothetical)")).to_be_visible()
    choice.select_option("<0.01 %")
    expect(page.get_by_role("region", name="COG (AALL1331)").locator("b").first).to_have_text("low")
    page.get_by_role("button", name="As on record").click()
    expect(page.get_by_role("status")).to_have_text("As on record.")
    assert group_of(page, "COG (AALL1331)") == "open: low or intermediate"
    expect(page.get_by_text("Hypothetical.", exact=True)).to_have_count(0)


def test_what_if_works_by_keyboard(page: Page) -> None:
    visit(page, OPEN_MRD)
    page.get_by_label("marrow MRD at the end of reinduction block 1").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("region", name="COG (AALL1331)").locator("b").first).to_have_text("low")


def test_a_service_that_fails_leaves_the_page_as_it_was_and_says_so(open_page: OpenPage) -> None:
    with open_page(tolerated="status of 500") as page:
        visit(page, OPEN_MRD)
        page.route("**/assessment", lambda route: route.fulfill(status=500, json={}))
        page.get_by_label("marrow MRD at the end of reinduction block 1").select_option("<0.01 %")
        expect(page.get_by_role("status")).to_contain_text("The service answered 500.")
        assert group_of(page, "COG (AALL1331)") == "open: low or intermediate"


# ---- on paper, and the clock


@pytest.mark.parametrize("size", ["A4", "Letter"])
@pytest.mark.parametrize("patient", BUSY)
def test_a_busy_chart_fits_two_pages(page: Page, patient: str, size: str) -> None:
    visit(page, patient)
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format=size))
    assert 1 <= len(pages) <= 2


def test_the_time_of_reading_is_told_in_the_zone_of_the_reader(browser: Browser, demo_url: str) -> None:
    said = []
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        context = browser.new_context(timezone_id=zone, locale="en-GB", base_url=demo_url)
        page = context.new_page()
        visit(page, OPEN_MRD)
        said.append(page.locator("time[data-local]").inner_text())
        expect(page.get_by_role("banner")).to_contain_text("As of 2026-05-25, the hospital's day")
        context.close()
    assert said[0] != said[1]
