"""What the pages do with a conversation: read it, hand in a message, take everything away, have it forgotten.

Routes (JSON, plain, platforms) are thin over this. Nothing here changes a conversation; messages go to the writer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.applications import forms
from backend.conversations import store as rows
from backend.conversations.entries import Json, deleted, drafts
from backend.conversations.models import Conversation, Said
from backend.jobs import House
from backend.people import service as people
from backend.people import store as person_rows
from backend.storage import DataKey, Storage, now
from backend.web import Problem
from bot.base import Inbound
from dialogs.messages import Message
from dialogs.session import Draft, Talk
from dialogs.session import Session as Spoken
from dialogs.steps import Seen
from dialogs.steps.form import so_far

_KEY = re.compile(r"[A-Za-z0-9._:~-]{1,64}")
_SPOKEN = ("text", "answer", "command", "photo", "switch")


def message_key(given: str | None) -> str:
    """The Idempotency-Key of a request, or problem 400."""
    if given is None or not _KEY.fullmatch(given):
        raise Problem(400, "no_key", "这次没有发出去。请刷新页面再试。")
    return given


def message_of(inbound: Inbound, channel: str, at: datetime | None = None) -> Message:
    """What a channel has read, as a message of the talk. ValueError for kinds that are no turn (follow, notice, ...)."""
    if inbound.kind not in _SPOKEN:
        raise ValueError(f"{inbound.kind} is no message of the talk")
    return Message(
        id=inbound.id,
        kind=inbound.kind,
        at=at or now(),
        written_at=inbound.written_at,
        text=inbound.text,
        question=inbound.question,
        value=inbound.value,
        command=inbound.command,
        photo_ids=inbound.photo_ids,
        draft_id=inbound.draft_id,
        channel=channel,
    )


def person_at(house: House, app: str, key: str) -> str:
    """The id of the person behind this door, "" if nobody has spoken through it yet."""
    with house.store.read() as tx:
        found = person_rows.account(tx, app, house.store.keys.find_hash(app, key))
        return found.person_id if found else ""


def conversation_of(house: House, person_id: str) -> Conversation | None:
    with house.store.read() as tx:
        return rows.of_person(tx, person_id)


def shown(house: House, person_id: str, *, limit: int = 200) -> Json:
    """The whole page: log, open question, about, drafts, floor, needs, names of documents. Empty for somebody not known."""
    documents = {
        region: f"{pack.written.title}（{pack.written.number}）" for region, pack in house.library.policy.packs.items()
    }
    empty = {"log": [], "open": None, "about": "", "drafts": [], "floor": None, "needs": [], "documents": documents}
    with house.store.read() as tx:
        standing = rows.of_person(tx, person_id) if person_id else None
        key = house.store.keys.load(tx, [person_id]).get(person_id) if standing else None
        if standing is None or key is None:
            return empty
        log = [_entry(house.store, key, said) for said in rows.transcript(tx, standing.id, limit=limit)]
    talk, now_open = opened_talk(house.store, key, standing)
    return {
        **empty,
        "log": log,
        "open": now_open,
        "about": now_open["about"] if now_open else "",
        "drafts": drafts(talk),
        "floor": {"name": talk.floor.name} if talk.floor else None,
        "needs": list(talk.needs),
    }


def opened_talk(store: Storage, key: DataKey, standing: Conversation) -> tuple[Talk, Json | None]:
    """The talk and the open question of a conversation."""
    kept = json.loads(store.keys.unseal(key, standing.sealed_talk, f"conversation.talk:{standing.id}"))
    return Talk.model_validate(kept["talk"]), kept["open"]


def draft_form(house: House, person_id: str) -> bytes:
    """The paper form of the draft on the table as PDF, with what has been answered so far. Problem 404 where there is none."""
    standing = conversation_of(house, person_id)
    with house.store.read() as tx:
        key = house.store.keys.load(tx, [person_id]).get(person_id) if standing else None
        row = rows.draft(tx, standing.id, standing.draft_id) if standing else None
    if standing is None or key is None or row is None:
        raise _no_form()
    draft = Draft.model_validate_json(house.store.keys.unseal(key, row.sealed_body, f"draft.body:{row.id}"))
    if draft.submitted:
        return forms.of_person(house, person_id, draft.submitted.receipt)
    view = Seen(house.library, Spoken(talk=opened_talk(house.store, key, standing)[0], draft=draft), now())
    if view.pack is None or not view.wants or not view.form:
        raise _no_form()
    return forms.of_snapshot(house.library, view.pack.region, so_far(view), view.at)


def _no_form() -> Problem:
    return Problem(404, "no_form", "还没有填到表。请先接着办。")


def entries(tx: Session, store: Storage, person_id: str, conversation_id: str, ids: Sequence[str]) -> list[Json]:
    """These entries of a transcript, opened: for whoever sends them on. KeyGone if the person has been forgotten."""
    key = store.keys.of(tx, person_id)
    return [_entry(store, key, said) for said in rows.entries(tx, conversation_id, ids)]


def _entry(store: Storage, key: DataKey, said: Said) -> Json:
    blocks = json.loads(store.keys.unseal(key, said.sealed_blocks, f"transcript.blocks:{said.id}"))
    return {"id": said.id, "at": said.at.isoformat(), "from": said.speaker, "blocks": blocks}


def _export(tx: Session, store: Storage, key: DataKey, person_id: str) -> Any:
    standing = rows.of_person(tx, person_id)
    if standing is None:
        return {}
    return {
        "since": standing.created_at.isoformat(),
        "log": [_entry(store, key, said) for said in rows.transcript(tx, standing.id, limit=1_000_000)],
        "drafts": [
            json.loads(store.keys.unseal(key, one.sealed_body, f"draft.body:{one.id}"))
            for one in rows.drafts(tx, standing.id)
        ],
        "questions": [
            {
                "at": one.at.isoformat(),
                "text": store.keys.unseal_text(key, one.sealed_text, f"question_kept.text:{one.id}"),
            }
            for one in rows.questions(tx, person_id)
        ],
    }


def forget(house: House, person_id: str) -> str:
    """Delete everything of this person; what to say to them then. Nobody's id deletes nothing."""
    people.forget(house.store, person_id)
    return deleted(house.settings.retention.audit)


def _forget(tx: Session, person_id: str) -> list[str]:
    rows.drop_person(tx, person_id)
    return []


people.keeps("conversations", export=_export, forget=_forget)
