"""One browser and one server of recorded answers for the whole run; a page that complains in silence fails its test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.pages import ChatPage, launch, person, watched
from tests.browser.recorded import Recorded, create
from tests.browser.serving import serving, set_up_pages, the_house

expect.set_options(
    timeout=30_000
)  # what is waited for comes at once on a quiet machine; a busy one is no fault of the page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file: while it is open Playwright keeps an event loop in this thread, and other tests need theirs."""
    with sync_playwright() as playwright:
        yield launch(playwright)


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture(scope="session")
def base(recorded: Recorded) -> Iterator[str]:
    set_up_pages()
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


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The real server, for whole talks."""
    set_up_pages()
    with the_house(tmp_path_factory.mktemp("house")) as address:
        yield address


@pytest.fixture
def talk(browser: Browser, house: str, faults: list[str]) -> Iterator[ChatPage]:
    """A new person's phone page on the real server."""
    context = person(browser, house)
    yield ChatPage(watched(context.new_page(), faults))
    context.close()
    assert not faults, "the page complained: " + "; ".join(faults)
