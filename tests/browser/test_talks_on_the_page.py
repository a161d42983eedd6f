"""Whole talks through the phone page in Chromium: the same files as at the pure core, tapped and read as a person does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.pages import ChatPage
from tests.scale import sized
from tests.talks.runner import for_doors, play_at

_BUTTONS = {"back": "上一步", "pause": "先放着", "progress": "进度", "human": "找工作人员"}


class OnThePage:
    """Somebody at the phone page. `pictures`: enough different ones to take."""

    def __init__(self, chat: ChatPage, pictures: list[Path]) -> None:
        self.chat = chat
        self.pictures = pictures

    def say(self, text: str, move: dict[str, Any]) -> str:
        if not self.chat.options() and not self.chat.log_texts():
            self.chat.begin()
            return self._read()
        self.chat.say(str(text))
        return self._read()

    def tap(self, label: Any, move: dict[str, Any]) -> str:
        labels = label if isinstance(label, list) else [label]
        ticks = self.chat.now.locator(".tick").all_inner_texts()
        if any(labels[0] in tick for tick in ticks):
            whole = [next(tick.split("\n")[0] for tick in ticks if one in tick) for one in labels]
            self.chat.choose(whole)
        else:
            self.chat.answer(labels[0])
        return self._read()

    def fill(self, value: Any, move: dict[str, Any]) -> str:
        self.chat.type(str(value))
        return self._read()

    def photo(self, count: int, move: dict[str, Any]) -> str:
        self.chat.upload([self.pictures.pop() for _ in range(count)])
        return self._read()

    def sign(self, way: str, move: dict[str, Any]) -> str:
        if way == "drawn":
            self.chat.sign_drawn()
        else:
            name = self.chat.open_question().split("“")[1].split("”")[0]
            self.chat.sign_typed(name)
        return self._read()

    def command(self, command: str, move: dict[str, Any]) -> str:
        if "says" in move:
            return self.say(move["says"], move)
        self.chat.command(_BUTTONS[command])
        return self._read()

    def _read(self) -> str:
        """Everything since the person's own last words, and the open question."""
        log = self.chat.log_texts()
        own = max((number for number, text in enumerate(log) if text.startswith("您说")), default=-1)
        return "\n".join([*log[own:], self.chat.title(), self.chat.open_question(), self.chat.alert()])


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = []
    for number in range(9):
        path = tmp_path / f"{number}.jpg"
        Image.radial_gradient("L").rotate(number * 10).resize((900, 600)).convert("RGB").save(path)
        paths.append(path)
    return paths


@pytest.mark.proof
@pytest.mark.parametrize("one", for_doors(sized(5, None)))
def test_the_talk_goes_as_written_on_the_page(talk: ChatPage, pictures: list[Path], one: dict[str, Any]) -> None:
    play_at(OnThePage(talk.open(), pictures), one["talk"])
