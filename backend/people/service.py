"""What can be done with a person's things: tell their conversation of an event, give everything to take away, forget it all.

The rooms above register what they keep of a person (`keeps`), so that export and deletion reach everything without this room
knowing theirs. Deletion destroys the person's key first of all: what a backup still holds is unreadable too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from backend import jobs
from backend.people import store as rows
from backend.people.models import Event
from backend.storage import DataKey, KeyGone, Storage, new_id, now

Export = Callable[[Session, Storage, DataKey, str], Any]  # (tx, store, key, person_id) -> plain JSON
Forget = Callable[[Session, str], list[str]]  # (tx, person_id) -> ids of the blobs to delete


@dataclass(frozen=True, slots=True)
class _Room:
    export: Export
    forget: Forget


_rooms: dict[str, _Room] = {}


def keeps(room: str, *, export: Export, forget: Forget) -> None:
    """Say how one room gives out and how it deletes what it keeps of a person. Called once, when the room is imported."""
    _rooms[room] = _Room(export, forget)


def tell(
    tx: Session,
    store: Storage,
    *,
    conversation_id: str,
    person_id: str,
    event: str,
    data: Mapping[str, Any],
    key: str = "",
) -> None:
    """Have a conversation told of an event, in this unit of work. `event` and `data` as in `dialogs.messages.SystemEvent`.

    `key`: the event's own name, where the same one may be told twice (a callback that comes again): it is heard once.
    Nothing happens for a person who has been forgotten.
    """
    event_id = key or new_id()
    if key and rows.event(tx, key) is not None:
        return
    try:
        sealed = store.keys.seal(store.keys.of(tx, person_id), json.dumps(dict(data)), f"event.data:{event_id}")
    except KeyGone:
        return
    at = now()
    tx.add(
        Event(
            id=event_id,
            conversation_id=conversation_id,
            person_id=person_id,
            event=event,
            sealed_data=sealed,
            at=at,
            tried_at=at,
        )
    )
    tx.flush()
    jobs.start(tx, "conversations.tell", key=event_id, args=(conversation_id, event_id))


def export(store: Storage, person_id: str) -> dict[str, Any]:
    """Everything kept of this person, readable, as JSON: by room."""
    with store.read() as tx:
        key = store.keys.of(tx, person_id)
        return {
            "taken_at": now().isoformat(),
            "accounts": [
                {"door": one.app, "since": one.created_at.isoformat()} for one in rows.accounts_of(tx, person_id)
            ],
            "consents": [
                {"what": one.kind, "answer": one.value, "at": one.at.isoformat()}
                for one in rows.consents_of(tx, person_id)
            ],
            **{name: room.export(tx, store, key, person_id) for name, room in _rooms.items()},
        }


def forget(store: Storage, person_id: str) -> None:
    """Delete everything of this person in one unit of work; their files follow by a job. Repeating it does nothing."""
    with store.work() as tx:
        store.keys.destroy(tx, person_id)
        for room in _rooms.values():
            for blob_id in room.forget(tx, person_id):
                jobs.start(tx, "people.drop_blob", key=blob_id, args=(blob_id,))
        rows.drop_person(tx, person_id)


@jobs.job("people.drop_blob")
def drop_blob(house: jobs.House, blob_id: str) -> None:
    """Delete one file whose owner is gone."""
    house.store.blobs.delete(blob_id)
