"""The few sentences that channels say themselves, read from `wording.yaml`. What the talk says comes from `dialogs.wording`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from dialogs.messages import ProgressLine


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OfferWords(_Words):
    why: str
    clause: str
    change: str
    where: str
    limit: str
    papers: str


class ReviewWords(_Words):
    line: str
    change: str


class PacketWords(_Words):
    filled: str
    bring: str
    where: str


class ProgressWords(_Words):
    marks: dict[str, str]

    def mark(self, line: ProgressLine) -> str:
        return self.marks[line.mark]


class TextWords(_Words):
    """Around the blocks, in channels without buttons. `answer`: how to answer, by the kind of input."""

    about: str
    said: str
    cites: str
    word: str
    answer: dict[str, str]
    offer: OfferWords
    review: ReviewWords
    receipt: str
    packet: PacketWords
    progress: ProgressWords
    rest: str


class WeChatWords(_Words):
    voice: str
    unsupported: str
    unshowable: tuple[str, ...]
    busy: str
    trouble: str


class TerminalWords(_Words):
    hello: str
    help: str
    prompt: str
    you: str
    floor: str
    nothing_new: str
    file_missing: str
    file_wanted: str
    not_an_option: str
    unknown_command: str
    unreachable: str
    refused: str
    bye: str
    bye_for_good: str
    commands: dict[str, str]


class WebWords(_Words):
    too_long: str
    too_big: str
    not_read: str


class ChannelWords(_Words):
    text: TextWords
    wechat: WeChatWords
    terminal: TerminalWords
    web: WebWords


@cache
def words() -> ChannelWords:
    """Package data, read once."""
    return ChannelWords.model_validate(yaml.safe_load(files("bot").joinpath("wording.yaml").read_text("utf-8")))
