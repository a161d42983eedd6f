"""What WeChat tells about messages that we sent: receipts and subscription credits, read from the signed pushes of both doors.

A credit counts only when it comes this way: what a page says about itself is not believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from bot.base import BadMessage
from bot.text import one_line
from bot.wechat.envelope import text_field

_NAME = re.compile(r"[\w\-@.]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an accepted message. `message`: its number. `arrived`: False when the person refuses or it failed."""

    message: str
    arrived: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class Credit:
    """A subscription changed. gained: one more message may be sent; cancelled: none may."""

    template: str
    change: Literal["gained", "refused", "cancelled"]


Told = Receipt | Credit


def name_field(fields: Mapping[str, Any], name: str) -> str:
    """An openid, an account's id, a media id: refused unless it looks like one, since it is echoed into replies and calls."""
    value = text_field(fields, name)
    if not _NAME.fullmatch(value):
        raise BadMessage("bad_field")
    return value


def when(fields: Mapping[str, Any]) -> datetime:
    """CreateTime, seconds since the epoch. Raises `BadMessage` outside the years that a clock can show."""
    stamp = text_field(fields, "CreateTime")
    if not re.fullmatch(r"[0-9]{1,11}", stamp):
        raise BadMessage("bad_field")
    return datetime.fromtimestamp(int(stamp), UTC)


def message_key(fields: Mapping[str, Any]) -> str:
    """MsgId of a message: up to 64 bits, sent again unchanged."""
    number = text_field(fields, "MsgId")
    if not re.fullmatch(r"[0-9]{1,24}", number):
        raise BadMessage("bad_field")
    return number


def event_key(fields: Mapping[str, Any]) -> str:
    """Events have no number. The sender is part of the inbox's key already; the time alone would swallow a second event of the
    same second, so what it was and what it was about belong to it."""
    about = [fields.get(name) for name in ("EventKey", "MsgID", "MsgId", "List", "SubscribeMsgPopupEvent", *_LISTS)]
    digest = hashlib.sha256(json.dumps(about, ensure_ascii=True, default=str).encode()).hexdigest()[:16]
    return f"{text_field(fields, 'CreateTime')}.{text_field(fields, 'Event')[:64].lower()}.{digest}"


_LISTS = ("SubscribeMsgChangeEvent", "SubscribeMsgSentEvent")


def told(fields: Mapping[str, Any]) -> tuple[Told, ...]:
    """The receipts and credits in an event; none for other events."""
    match text_field(fields, "Event", "").lower():
        case "templatesendjobfinish":
            status = text_field(fields, "Status", "")
            return (Receipt(name_field(fields, "MsgID"), status == "success", _brief(status)),)
        case "subscribe_msg_popup_event":
            return tuple(_popup(entry) for entry in _entries(fields, "SubscribeMsgPopupEvent"))
        case "subscribe_msg_change_event":
            rejected = (e for e in _entries(fields, "SubscribeMsgChangeEvent") if _status(e) == "reject")
            return tuple(Credit(name_field(entry, "TemplateId"), "cancelled") for entry in rejected)
        case "subscribe_msg_sent_event":
            return tuple(_sent(entry) for entry in _entries(fields, "SubscribeMsgSentEvent"))
        case _:
            return ()


def _popup(entry: Mapping[str, Any]) -> Credit:
    return Credit(text_field(entry, "TemplateId"), "gained" if _status(entry) == "accept" else "refused")


def _sent(entry: Mapping[str, Any]) -> Receipt:
    code = text_field(entry, "ErrorCode", "0")
    return Receipt(name_field(entry, "MsgID"), code == "0", _brief(code))


def _brief(text: str) -> str:
    return one_line(text)[:64]


def _status(entry: Mapping[str, Any]) -> str:
    return text_field(entry, "SubscribeStatusString", "").lower()


def _entries(fields: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    """One entry or several, in XML under a wrapping element, in JSON as `List` at the top."""
    wrapper = fields.get(name, fields)
    listed = wrapper.get("List") if isinstance(wrapper, dict) else None
    for entry in listed if isinstance(listed, list) else [listed]:
        if not isinstance(entry, dict):
            raise BadMessage("missing_field")
        yield entry
