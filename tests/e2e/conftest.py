"""A real browser against the live server; any console error, failed request or policy violation fails the test."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

# Playwright's event loop stays in the thread in which Django's synchronous code runs.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PASSWORD = "correct horse battery"
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Answers that a page asks for on purpose: a refused form is swapped in.
EXPECTED_STATUSES = ("409", "422", "429")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.e2e)
        # The server's thread has to see the rows, so nothing is rolled back but all tables are emptied.
        item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    if CHROMIUM is None:
        pytest.fail("The browser tests need Chromium on the PATH.")
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": QUIET}


@pytest.fixture
def open_page(browser: Browser, live_server) -> Iterator[Callable[..., Page]]:
    """Opens a page of its own by size and language, logged in as a user where one is given."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_one(username: str = "", *, size: str = "desktop", language: str = "zh-hans") -> Page:
        context = browser.new_context(
            viewport=SIZES[size],
            base_url=live_server.url,
            locale="zh-CN" if language == "zh-hans" else "en-US",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: _note_console(message, faults))
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on("requestfailed", lambda request: _note_failure(request, faults))
        if username:
            log_in(page, username)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert faults == []


def _note_failure(request, faults: list[str]) -> None:
    # What was still under way when the person went on to another page is no fault.
    if request.failure != "net::ERR_ABORTED":
        faults.append(f"request: {request.url} {request.failure}")


def _note_console(message, faults: list[str]) -> None:
    is_expected = message.text.startswith("Failed to load resource") and any(
        f"status of {status}" in message.text for status in EXPECTED_STATUSES
    )
    if message.type == "error" and not is_expected:
        faults.append(f"console: {message.text}")


def log_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form button.btn-primary").click()
    page.wait_for_url("**/")


def fits(page: Page) -> bool:
    """Nothing is wider than the screen."""
    page.wait_for_load_state()  # Between two pages there is no document to measure.
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
