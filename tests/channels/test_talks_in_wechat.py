"""Whole talks through the encrypted door of the Official Account: the same files as at the pure core, read as WeChat text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.channels.test_talk_in_wechat import Running, picture, running
from tests.channels.wechat_door import WeChatUser
from tests.talks.runner import for_doors, play_at

__all__ = ["running"]
_SIGNER = re.compile("请“(.+?)”签名")
_WORDS = {"back": "上一步", "pause": "先放着", "progress": "进度", "human": "找人工", "restart": "重新来"}


class InWeChat:
    """Somebody who types into the chat. Options are chosen by their words, as people do who do not count."""

    def __init__(self, user: WeChatUser) -> None:
        self.user = user
        self.read = ""

    def say(self, text: str, move: dict[str, Any]) -> str:
        self.read = self.user.say(str(text))
        return self.read

    def tap(self, label: Any, move: dict[str, Any]) -> str:
        return self.say("和".join(label) if isinstance(label, list) else label, move)

    def fill(self, value: Any, move: dict[str, Any]) -> str:
        return self.say(str(value), move)

    def photo(self, count: int, move: dict[str, Any]) -> str:
        replies = [self.user.photo(picture(60 + number)) for number in range(count)]
        self.read = "\n".join(replies)
        return self.read

    def sign(self, way: str, move: dict[str, Any]) -> str:
        signer = _SIGNER.search(self.read)
        assert signer, self.read
        return self.say(signer[1], move)

    def command(self, command: str, move: dict[str, Any]) -> str:
        return self.say(move.get("says") or _WORDS[command], move)


@pytest.mark.parametrize("one", for_doors())
def test_the_talk_goes_as_written_in_wechat(running: Running, one: dict[str, Any]) -> None:
    contact = running.world.add_person(str(abs(hash(one["title"]))))
    play_at(InWeChat(WeChatUser(running.client, contact.openid, running.world)), one["talk"])
