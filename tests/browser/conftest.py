"""One browser and one server of recorded answers for the whole run; a page that complains in silence fails its test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.pages import ChatPage, launch, person, watched
from tests.browser.recorded import Recorded, create
from tests.browser.serving import serving

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield launch(playwright)


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture(scope="session")
def base(recorded: Recorded) -> Iterator[str]:
    if not (ROOT / "static/vendor/preact.js").exists():
        subprocess.run([sys.executable, ROOT / "static/vendor.py"], check=True)
    with serving(create(recorded)) as address:
        yield address


@pytest.fixture
def faults() -> list[str]:
    """What the page complained about; a test that expects a complaint takes it out of the list."""
    return []


@pytest.fixture
def page(browser: Browser, base: str, faults: list[str]) -> Iterator[Page]:
    context = person(browser, base)
    yield watched(context.new_page(), faults)
    context.close()
    assert not faults, "the page complained: " + "; ".join(faults)


@pytest.fixture
def chat(page: Page) -> ChatPage:
    return ChatPage(page)
