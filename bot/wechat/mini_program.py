"""The pushes of the mini-program: its customer-service window and its subscription events.

The talk of the mini-program goes through the JSON API; here nobody may be answered in the push itself (the person would see
"service unavailable"), so the only answer is `success`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.base import Channel, Inbound, channel
from bot.text import clean, pieces
from bot.wechat.envelope import DoorOptions, Envelope, Push, text_field
from bot.wechat.official_account import TEXT_LIMIT
from bot.wechat.pushes import Told, event_key, message_key, name_field, told, when
from dialogs.messages import Reply


@dataclass(frozen=True, slots=True)
class MiniPushed(Inbound):
    """A push of the mini-program. `told`: receipts and credits, for kind "notice"."""

    told: tuple[Told, ...] = field(default=())


@channel
class MiniProgram(Channel[DoorOptions, Push, list[str]]):
    """The push door of one mini-program. `render` gives texts for the customer-service window, sent by a call of their own."""

    name = "wechat_mp"
    text_only = True
    Options = DoorOptions

    def __init__(self, options: DoorOptions) -> None:
        super().__init__(options)
        self.envelope = Envelope(options)

    def read(self, raw: Push) -> MiniPushed:
        fields = self.envelope.open(raw).fields
        account, at = name_field(fields, "FromUserName"), when(fields)
        kind = text_field(fields, "MsgType").lower()
        if kind == "event":
            about = told(fields)
            entered = text_field(fields, "Event").lower() == "user_enter_tempsession"
            return MiniPushed(
                account,
                event_key(fields),
                "notice" if about else "follow" if entered else "ignored",
                written_at=at,
                told=about,
            )
        key = message_key(fields)
        if kind == "text":
            text = clean(text_field(fields, "Content", ""))[:TEXT_LIMIT]
            return MiniPushed(account, key, "text", text, written_at=at)
        if kind == "image":
            return MiniPushed(account, key, "photo", media=name_field(fields, "MediaId"), written_at=at)
        return MiniPushed(account, key, "unsupported", written_at=at)

    def render(self, replies: Sequence[Reply]) -> list[str]:
        return pieces(replies)
