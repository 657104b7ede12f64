"""Accessibility of a page by axe, the engine behind the browsers' own checks."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it ships none
from playwright.sync_api import Page


def serious(page: Page) -> list[tuple[str, str]]:
    """Rule and first place of every finding that axe calls serious or critical."""
    found = Axe().run(page).response["violations"]
    return [(f["id"], f["nodes"][0]["html"]) for f in found if f["impact"] in ("serious", "critical")]
