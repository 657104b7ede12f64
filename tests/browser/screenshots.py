"""Makes the picture of the demonstration that the README shows: python -m tests.browser.screenshots."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.demo_server import ROOT, running_demo
from tests.tools import require_tool

PICTURE = ROOT / "service" / "demo" / "demo.png"
PATIENT = "hr2020-p1-24-months"


def main() -> None:
    """Write the picture anew."""
    chromium = require_tool("chromium", "the pictures are taken with it")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_demo(Path(folder)) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.goto(f"{demo.url}/demo/patient/{PATIENT}")
        page.get_by_role("button", name="Open chart").click()
        page.locator("#exchange:not([hidden])").wait_for()
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
