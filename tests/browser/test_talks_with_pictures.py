"""The talks with pictures (tests/talks/photos.yaml) through the phone page in Chromium: what must be heard comes by itself."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.pages import ChatPage
from tests.browser.test_talks_on_the_page import OnThePage
from tests.photos.at_doors import RUNS, SECONDS, Reading, a_reading_house, at_doors, parted, play
from tests.photos.by_colour import picture
from tests.staff.world import Applicant

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    with a_reading_house(tmp_path_factory.mktemp("page")) as house:
        yield house


class OnThePageWithPictures(OnThePage):
    """Hands in the talk's own pictures."""

    def __init__(self, chat: ChatPage, folder: Path) -> None:
        super().__init__(chat, [])
        self.folder, self.run, self.sent = folder, next(RUNS), 0

    def photo(self, count: int, move: dict[str, Any]) -> str:
        files = []
        for _ in range(count):
            self.sent += 1
            files.append(self.folder / f"{self.sent}.jpg")
            files[-1].write_bytes(picture(self.sent, self.run))
        self.chat.upload(files)
        return self._read()


@pytest.mark.parametrize("one", at_doors("page"))
def test_the_talk_goes_as_written_with_pictures_handed_in_on_the_page(
    browser: Browser, reading: Reading, tmp_path: Path, one: dict[str, Any]
) -> None:
    before, moves = parted(one)
    reading.pool.learn(moves)
    person = Applicant(reading.office, secrets.token_urlsafe(32)).play(before)
    context = browser.new_context(base_url=reading.base, viewport={"width": 390, "height": 844}, locale="zh-CN")
    context.add_cookies([{"name": "yijianshi", "value": person.door, "url": reading.base}])
    page = context.new_page()
    page.goto("/")
    page.locator(".now h2").wait_for()
    door = OnThePageWithPictures(ChatPage(page), tmp_path)

    def result(piece: str) -> str:
        page.get_by_text(re.compile(re.escape(piece))).first.wait_for(state="attached", timeout=SECONDS * 1000)
        return piece

    play(door, moves, result)
    context.close()
