"""A demonstration and a browser for the tests of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.demo_server import running_demo
from tests.tools import require_tool

ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_MS = 15_000

OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running demonstration."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, headless; skipped or failed without it."""
    chromium = require_tool("chromium", "the demonstration's page is tried in a browser")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, demo_url: str) -> OpenPage:
    """Opens a page of a width and colour scheme; at its end it must have been quiet and stayed at home.

    Console messages that hold `tolerated` are no fault.
    """

    @contextmanager
    def opened(width: int = 1280, scheme: str = "light", tolerated: str | None = None) -> Iterator[Page]:
        faults: list[str] = []

        def heard(message: ConsoleMessage) -> None:
            # Policy violations are reported here, too.
            expected = tolerated is not None and tolerated in message.text
            if message.type in ("error", "warning") and not expected:
                faults.append(f"console: {message.text}")

        def asked(request: Request) -> None:
            if not request.url.startswith(f"{demo_url}/"):
                faults.append(f"request to {request.url}")

        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            base_url=demo_url,
        )
        # Of the context: tabs that the page opens are listened to as well.
        context.set_default_timeout(PATIENCE_MS)
        context.on("console", heard)
        context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
        context.on("request", asked)
        page = context.new_page()
        yield page
        context.close()
        assert faults == []

    return opened


@pytest.fixture
def page(open_page: OpenPage, tmp_path: Path) -> Iterator[Page]:
    """A wide, light page; its last state is kept as a picture in pytest's folder."""
    with open_page() as page:
        yield page
        page.screenshot(path=tmp_path / "page.png", full_page=True)
