"""Where pictures of the pages are kept: a folder that git ignores, for people who look at a test run."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def keep(page: Page, name: str) -> None:
    """A picture of the whole page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=FOLDER / f"{name}.png", full_page=True)
