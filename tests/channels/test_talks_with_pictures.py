"""The talks with pictures (tests/talks/photos.yaml) through WeChat's media at the stand-in: what must be heard is pushed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from backend.storage import new_id, now
from dialogs.messages import Message
from tests.channels.test_talks_in_wechat import InWeChat
from tests.channels.wechat_door import WeChatUser
from tests.photos.at_doors import RUNS, SECONDS, Reading, a_reading_house, at_doors, parted, play
from tests.photos.by_colour import picture
from tests.staff.world import Applicant

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    with a_reading_house(tmp_path_factory.mktemp("wechat")) as house:
        yield house


class WeChatApplicant(Applicant):
    """Somebody whose first words are said at the writer, as if WeChat had brought them."""

    def send(self, kind: str, **parts: Any) -> dict[str, Any]:
        message = Message(id=new_id(), kind=kind, at=now(), channel="wechat_oa", **parts)  # type: ignore[arg-type]
        answer = self.office.house.writer.say_and_wait("wechat_oa", self.door, message)
        self.shown, self.person_id, self.id = answer.shown, answer.person_id, answer.conversation_id
        return self.shown


class InWeChatWithPictures(InWeChat):
    """Sends the talk's own pictures."""

    def __init__(self, user: WeChatUser) -> None:
        super().__init__(user)
        self.run, self.sent = next(RUNS), 0

    def photo(self, count: int, move: dict[str, Any]) -> str:
        for _ in range(count):
            self.sent += 1
            self.read = self.user.photo(picture(self.sent, self.run))
            self.user.world.said(
                self.user.world.contacts[self.user.openid]
            )  # who writes may be written to for two days
        return self.read


@pytest.mark.parametrize("one", at_doors("wechat"))
def test_the_talk_goes_as_written_with_pictures_sent_in_wechat(reading: Reading, one: dict[str, Any]) -> None:
    before, moves = parted(one)
    reading.pool.learn(moves)
    contact = reading.world.add_person(str(next(RUNS)))
    WeChatApplicant(reading.office, contact.openid).play(before)
    with httpx.Client(base_url=reading.base, timeout=30) as client:
        door = InWeChatWithPictures(WeChatUser(client, contact.openid, reading.world))

        def result(piece: str) -> str:
            until = time.monotonic() + SECONDS
            while True:
                came = "\n".join(shown.text for shown in contact.screen if shown.side == "them") + door.read
                if piece in came or time.monotonic() > until:
                    return came
                time.sleep(0.1)

        play(door, moves, result)
