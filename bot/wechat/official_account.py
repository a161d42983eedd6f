"""The Official Account's chat: signed and encrypted pushes in, one passive reply out.

A passive reply is one text message, free of any quota, due within five seconds; so the question travels in it. What does not
fit into one message is the caller's to send after it. Voice is not read: WeChat's own recognition has been switched off.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, get_args

from bot.base import Channel, Inbound, InboundKind, channel
from bot.text import WECHAT_BYTES, clean, pieces
from bot.wechat.envelope import DoorOptions, Envelope, Format, Push, text_field
from bot.wechat.pushes import Told, event_key, message_key, name_field, told, when
from bot.wording import words
from dialogs.messages import Command, Reply

NOTHING = "success"
"""The answer that says: received, no reply. WeChat takes it unencrypted."""
TEXT_LIMIT = 4000
"""Characters of one message that are read; the platform itself ends far below."""

_ROOM = 100  # bytes kept free for the line that announces further pieces

_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}


@dataclass(frozen=True, slots=True)
class Pushed(Inbound):
    """A push of the Official Account. `us`: the account's own id (gh_...), needed to answer; `format`: of the answer.
    `told`: receipts and credits, for kind "notice". `photo_url` is not kept: pictures are fetched by their media id."""

    us: str = ""
    format: Format = "xml"
    told: tuple[Told, ...] = field(default=())


@channel
class OfficialAccount(Channel[DoorOptions, Push, list[str]]):
    """The door of one Official Account."""

    name = "wechat_oa"
    text_only = True
    Options = DoorOptions

    def __init__(self, options: DoorOptions) -> None:
        super().__init__(options)
        self.envelope = Envelope(options)

    def read(self, raw: Push) -> Pushed:
        opened = self.envelope.open(raw)
        fields = opened.fields
        common = {
            "account": name_field(fields, "FromUserName"),
            "us": name_field(fields, "ToUserName"),
            "written_at": when(fields),
            "format": opened.format,
        }
        kind = text_field(fields, "MsgType").lower()
        if kind == "event":
            return _event(fields, common)
        return _message(kind, fields, common)

    def render(self, replies: Sequence[Reply]) -> list[str]:
        return in_pieces(replies)

    def answer(self, to: Pushed, text: str, now: datetime) -> str:
        """A passive reply, sealed, in the format of the push."""
        return self.envelope.seal(passive(to, text, now), to.format, now)


def in_pieces(replies: Sequence[Reply]) -> list[str]:
    """The texts to send, in order: the first as the passive reply, which says so if others follow it."""
    shown = pieces(replies, limit=WECHAT_BYTES - _ROOM)
    if len(shown) > 1:
        shown[0] += "\n\n" + words().text.rest.format(count=len(shown) - 1)
    return shown


def _message(kind: str, fields: Mapping[str, Any], common: dict[str, Any]) -> Pushed:
    key = message_key(fields)
    match kind:
        case "text":  # a tap in a menu message comes as text too, with bizmsgmenuid: its words are the answer
            return Pushed(id=key, kind="text", text=clean(text_field(fields, "Content", ""))[:TEXT_LIMIT], **common)
        case "image":
            return Pushed(id=key, kind="photo", media=name_field(fields, "MediaId"), **common)
        case "voice":
            return Pushed(id=key, kind="voice", media=name_field(fields, "MediaId"), **common)
        case _:
            return Pushed(id=key, kind="unsupported", **common)


def _event(fields: Mapping[str, Any], common: dict[str, Any]) -> Pushed:
    key, about = event_key(fields), told(fields)
    button = text_field(fields, "EventKey", "")
    match text_field(fields, "Event").lower():
        case "subscribe":
            return Pushed(id=key, kind="follow", **common)
        case "click" if button in _COMMANDS:
            return Pushed(id=key, kind="command", command=_COMMANDS[button], **common)
        case _:
            kind: InboundKind = "notice" if about else "ignored"
            return Pushed(id=key, kind=kind, told=about, **common)


def passive(to: Pushed, text: str, now: datetime) -> str:
    """The reply document, before it is sealed. Nothing in `text` can close the CDATA section that it stands in."""
    said = clean(text).replace("]]>", "]]＞")
    stamp = int(now.timestamp())
    if to.format == "json":
        reply = {
            "ToUserName": to.account,
            "FromUserName": to.us,
            "CreateTime": stamp,
            "MsgType": "text",
            "Content": said,
        }
        return json.dumps(reply, ensure_ascii=False)
    return (
        f"<xml><ToUserName><![CDATA[{to.account}]]></ToUserName><FromUserName><![CDATA[{to.us}]]></FromUserName>"
        f"<CreateTime>{stamp}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{said}]]></Content></xml>"
    )
