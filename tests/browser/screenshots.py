"""Makes the pictures of README and guides, and more to look at: python -m tests.browser.screenshots."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.pictures import FOLDER
from tests.demo_server import ROOT, running_demo
from tests.tools import require_tool

GUIDE = ROOT / "docs" / "images"
PICTURE = ROOT / "service" / "demo" / "demo.png"
PATIENT = "hr2020-p1-24-months"
ALSO = {
    "welcome": "/demo/",
    "rulebook": "/rulebook/",
    "rule": "/rulebook/cns#N-2",
    "search": "/rulebook/search?q=blinatumomab",
}
WIDTHS = {"phone": 390, "desk": 1280, "wall": 1920}


def main() -> None:
    """Write the pictures of README and guides anew; all pages by width, by day and night, are for looking."""
    chromium = require_tool("chromium", "the pictures are taken with it")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        _readme(browser, demo.url)
        _launch(browser, demo.url)
        for scheme in ("light", "dark"):
            for device, width in WIDTHS.items():
                _pages(browser, demo.url, scheme, device, width)
        browser.close()
    print(f"{PICTURE.relative_to(ROOT)}, and more in {FOLDER.relative_to(ROOT)}/")  # noqa: T201 - it says where


def _readme(browser: Browser, url: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{url}/demo/patient/{PATIENT}")
    page.get_by_role("button", name="Open chart").click()
    page.locator("#cards article").first.wait_for()
    page.screenshot(path=PICTURE)
    page.close()


def _launch(browser: Browser, url: str) -> None:
    """For docs/smart-launch.md: a standalone launch, from the record system to the app."""
    GUIDE.mkdir(exist_ok=True)
    page = browser.new_page(viewport={"width": 1100, "height": 640})
    page.goto(f"{url}/smart/")
    page.get_by_role("link", name="Demo EHR").click()
    page.screenshot(path=GUIDE / "smart-patient.png")
    page.locator(f"a[href$='patient={PATIENT}']").click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.screenshot(path=GUIDE / "smart-app.png")
    page.close()


def _pages(browser: Browser, url: str, scheme: str, device: str, width: int) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light"
    )
    for name, address in ALSO.items():
        page.goto(f"{url}{address}")
        page.screenshot(path=FOLDER / f"{name}-{device}-{scheme}.png")
    page.close()


if __name__ == "__main__":
    main()
