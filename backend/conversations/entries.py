"""What stands in the log: a person's message in words, the talk's blocks by who speaks, what moves when one is answered.

The open question is not in the log; it lives in the page's form until it has been answered. Nothing here reads a row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic_core import to_jsonable_python

from backend.storage import new_id
from dialogs.days import day_says, span_says
from dialogs.messages import Ask, Message, Reply, Say, Turn
from dialogs.session import Session, Talk

Speaker = Literal["person", "bot", "staff", "notice"]
Json = dict[str, Any]
_REPLIES: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])
_LONGEST = 4_000  # signs of one value in the log
_OF_FORM = ("field:", "called")  # the answers that may say who somebody is


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log: `blocks` as plain JSON."""

    id: str
    at: str
    speaker: Speaker
    blocks: list[Json]

    def shown(self) -> Json:
        return {"id": self.id, "at": self.at, "from": self.speaker, "blocks": self.blocks}


@dataclass(frozen=True)
class Answer:
    """What a message got: kept in the inbox, and given again to the same message, byte for byte.

    `body`: JSON {"entries", "open", "about", "drafts", "floor", "needs", "asked", "refused",
    "may_grow", "gone"}. `said`: the talk's blocks while they are at hand, None when the answer comes from the inbox.
    """

    person_id: str
    conversation_id: str
    body: bytes
    said: tuple[Reply, ...] | None = field(default=None, compare=False)

    @cached_property
    def shown(self) -> Json:
        return dict(json.loads(self.body))

    @property
    def refused(self) -> str:
        return str(self.shown["refused"])

    @property
    def may_grow(self) -> bool:
        """Whether more words may belong to these, so that a chat waits a moment before it answers."""
        return bool(self.shown.get("may_grow"))

    @property
    def gone(self) -> bool:
        """Whether this person has everything deleted: the door lets them go."""
        return bool(self.shown.get("gone"))

    @cached_property
    def replies(self) -> tuple[Reply, ...]:
        """The talk's blocks of this turn, the question last, for doors that render them."""
        return restored(self.shown) if self.said is None else self.said


def restored(shown: Json) -> tuple[Reply, ...]:
    said = [
        block
        for entry in shown["entries"]
        if entry["from"] != "person"
        for block in entry["blocks"]
        if block["kind"] != "ask"
    ]
    return _REPLIES.validate_python(said + ([shown["open"]] if shown["asked"] else []))


def of_turn(turn: Turn, message: Message, open_ask: Json | None) -> tuple[list[Entry], Json | None, bool]:
    """The new entries of this turn, the question that is open afterwards, and whether this turn put it."""
    asks = [reply for reply in turn.replies if isinstance(reply, Ask)]
    now_open = plain(asks[-1]) if asks else _still_open(turn.session, open_ask)
    at = message.at.isoformat()
    entries = []
    if open_ask is not None and (now_open is None or now_open["question"] != open_ask["question"]):
        entries.append(Entry(new_id(), at, "bot", [open_ask]))
    if (mine := said(message, open_ask, turn.session)) is not None:
        if open_ask is not None and not entries:  # it stays open, and comes into the log only when it is answered
            mine["beside"] = open_ask["title"]
        entries.append(Entry(new_id(), at, "person", [mine]))
    spoken = [reply for reply in turn.replies if not isinstance(reply, Ask)]
    entries += [Entry(new_id(), at, who, [plain(one) for one in same]) for who, same in groupby(spoken, _speaker)]
    return entries, now_open, bool(asks)


def page(entries: Iterable[Entry], session: Session, now_open: Json | None) -> Json:
    """The part of an answer that the page shows: new entries, open question, who it is about, drafts, floor."""
    talk = session.talk
    return {
        "entries": [entry.shown() for entry in entries],
        "open": now_open,
        "about": now_open["about"] if now_open else "",
        "drafts": drafts(talk),
        "floor": {"name": talk.floor.name} if talk.floor else None,
        "needs": list(talk.needs),
    }


def drafts(talk: Talk) -> list[Json]:
    """The people to turn to, each under a name that no other has; somebody not yet known is a new one."""
    words, seen = _words(), Counter[str]()
    shown = []
    for one in talk.drafts:
        label = one.label or (words.new_draft if len(talk.drafts) > 1 else "")
        seen[label] += 1
        label = label if seen[label] == 1 else words.again.format(label=label, number=seen[label])
        shown.append({"id": one.id, "label": label, "submitted": one.submitted, "current": one.id == talk.draft_id})
    return shown


def said(message: Message, open_ask: Json | None, session: Session) -> Json | None:
    """The person's own line, in words; None for what the house says to itself."""
    words = _words()
    match message.kind:
        case "system":
            return None
        case "text":
            text = message.text
        case "answer":
            text = _value(message.value, _options(message, open_ask), words)
        case "command":
            text = words.commands.get(message.command, message.command)
        case "photo":
            text = words.photos.format(count=len(message.photo_ids))
        case "switch":
            label = next((one["label"] for one in drafts(session.talk) if one["id"] == message.draft_id), "")
            text = words.switch.format(label=label) if label else words.another
    gave = _gave(message, session)
    return {"kind": "said", "text": text[:_LONGEST], "photo_ids": list(message.photo_ids), **gave}


def _gave(message: Message, session: Session) -> Json:
    """What these words put into the form, by question: whoever shows the line to others knows what to hide in it and in every
    other line, also after the answer has been replaced or its draft forgotten."""
    answers = session.draft.answers.items() if session.draft else ()
    mine = {key: one.value for key, one in answers if one.message == message.id and key.startswith(_OF_FORM)}
    return {"gave": mine} if mine else {}


def plain(reply: Reply) -> Json:
    """A block as JSON values."""
    return dict(to_jsonable_python(reply))


def deleted(days: int) -> str:
    """What is said when everything of a person has been deleted. `days`: how long it is kept who looked at their things."""
    return _words().deleted.format(kept=span_says(days))


class _Words(BaseModel):
    model_config = ConfigDict(frozen=True)
    commands: dict[str, str]
    is_so: str
    is_not: str
    unsure: str
    signed: str
    photos: str
    switch: str
    another: str
    new_draft: str
    again: str
    deleted: str
    joiner: str


@cache
def _words() -> _Words:
    return _Words.model_validate(yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8")))


def _still_open(session: Session, open_ask: Json | None) -> Json | None:
    asked = session.talk.asked
    return open_ask if asked is not None and open_ask is not None and asked.question == open_ask["question"] else None


def _options(message: Message, open_ask: Json | None) -> Sequence[Json]:
    if open_ask is None or message.question not in ("", open_ask["question"]):
        return ()
    return open_ask["options"]


def _value(value: Any, options: Sequence[Json], words: _Words) -> str:
    for option in options:
        if option["value"] == value and type(option["value"]) is type(value):
            return str(option["label"])
    if isinstance(value, bool):
        return words.is_so if value else words.is_not
    if isinstance(value, list):
        return words.joiner.join(_value(one, options, words) for one in value[:100])
    if isinstance(value, dict):
        return words.signed if value.get("way") in ("drawn", "typed") else ""
    return words.unsure if value == "unsure" else "" if value is None else day_says(str(value))


def _speaker(reply: Reply) -> Speaker:
    if isinstance(reply, Say):
        return "staff" if reply.by else "notice" if reply.tone == "notice" else "bot"
    return "bot"
