"""What every channel has in common: a name, whether it can show buttons, how to read what comes in, how to show what goes out.

A channel is a small class with typed options, registered under its name; `registry[name]` gives the class. Nothing here
knows a platform, and no channel knows the talk: it hands over an `Inbound` and is given `Reply` blocks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, ClassVar, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict

from dialogs.messages import Command, Reply

BODY_LIMIT = 64 * 1024
"""Bytes of a message body that any door takes; pictures come by their own doors."""

InboundKind = Literal[
    "text",  # written words
    "answer",  # a tap on an option, or a filled field
    "command",  # back, help, ... as a tap
    "photo",  # pictures: `media` names them at the platform, or `photo_ids` with us
    "voice",  # a spoken message: nobody here listens to it, but the person hears what to do
    "switch",  # another draft
    "follow",  # the person begins to follow the account, or enters the chat
    "notice",  # the platform tells something (receipts, credits): no turn of the talk
    "ignored",  # nothing to do, the platform only wants to hear that it arrived
    "unsupported",  # a kind that no channel of ours can read: video, place, link, ...
]


class BadMessage(Exception):
    """A door was given something that it cannot take.

    `status`: the HTTP status to answer, 4xx. `code`: a word for programs and logs, never personal. `says`: a plain sentence
    for the person; a platform's server never shows it.
    """

    def __init__(self, code: str, says: str = "这条消息没有看懂。请再发一次。", status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.says = says
        self.status = status


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that a person (or the platform about a person) sent, verified and read.

    `account`: the sender at this platform (an openid; personal). `id`: unique for the account; the same id is the same event.
    `written_at`: by the platform's clock, aware, UTC. `media`: the platform's name of a picture or a voice message.
    `question`, `value`, `command`, `photo_ids`, `draft_id`: as in `dialogs.messages.Message`.
    """

    account: str
    id: str
    kind: InboundKind
    text: str = ""
    media: str = ""
    written_at: datetime | None = None
    question: str = ""
    value: Any = None
    command: Command | Literal[""] = ""
    photo_ids: tuple[str, ...] = ()
    draft_id: str = ""


class NoOptions(BaseModel):
    """For channels that need no settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Raw = TypeVar("Raw")
Shown = TypeVar("Shown")
Settings = TypeVar("Settings", bound=BaseModel)


class Channel(ABC, Generic[Settings, Raw, Shown]):
    """One way to talk. `text_only`: it has no buttons, so options are numbered in the text."""

    name: ClassVar[str]
    text_only: ClassVar[bool]
    Options: ClassVar[type[BaseModel]] = NoOptions

    def __init__(self, options: Settings) -> None:
        self.options = options

    @abstractmethod
    def read(self, raw: Raw) -> Inbound:
        """What was sent. Raises `BadMessage` for whatever is not well formed or not allowed in."""

    @abstractmethod
    def render(self, replies: Sequence[Reply]) -> Shown:
        """The replies as this channel shows them."""


AnyChannel = Channel[Any, Any, Any]

MODULES = ("bot.web", "bot.terminal", "bot.wechat.official_account", "bot.wechat.mini_program")
"""Where channels are defined: to add one, write its module and name it here."""


class Registry:
    """The channels by name. Modules are imported at first need, so that one without settings costs nothing."""

    def __init__(self) -> None:
        self._channels: dict[str, type[AnyChannel]] = {}
        self._loaded = False

    def register(self, channel: type[AnyChannel]) -> None:
        if channel.name in self._channels:
            raise ValueError(f"two channels are called {channel.name!r}")
        self._channels[channel.name] = channel

    def load(self) -> None:
        if not self._loaded:
            for module in MODULES:
                import_module(module)
            self._loaded = True

    def __getitem__(self, name: str) -> type[AnyChannel]:
        self.load()
        return self._channels[name]

    def __contains__(self, name: object) -> bool:
        self.load()
        return name in self._channels

    def __iter__(self) -> Iterator[type[AnyChannel]]:
        self.load()
        return iter(self._channels.values())


registry = Registry()

C = TypeVar("C", bound=AnyChannel)


def channel(cls: type[C]) -> type[C]:
    """Class decorator: puts the channel into the registry."""
    registry.register(cls)
    return cls
