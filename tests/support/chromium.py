"""A headless Chromium of the system, driven by playwright.

The browser comes from the system's packages (`apt-get install chromium`), the driver, playwright, with the extra `dev`.
Where one of them is absent, the tests that need them are skipped.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

MISSING = "Chromium is not installed (apt-get install chromium)"


def require() -> None:
    """Skip the test, with the reason, where there is no browser or no driver of it."""
    if program() is None:
        pytest.skip(MISSING)
    pytest.importorskip("playwright", reason="playwright is not installed: it drives a browser (the extra dev)")


def program() -> str | None:
    """The browser; None where it is not installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def page(*, dark: bool = False) -> Iterator[Page]:
    """An empty page in a browser of its own. Every request to another host than this computer fails."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=program(), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        try:
            yield browser.new_page(color_scheme="dark" if dark else "light", viewport={"width": 900, "height": 900})
        finally:
            browser.close()
