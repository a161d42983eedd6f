"""What can be done with a person's things: give everything to take away, forget it all.

The rooms above register what they keep of a person (`keeps`), so that export and deletion reach everything without this room
knowing theirs. Deletion destroys the person's key first of all: what a backup still holds is unreadable too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from backend import jobs
from backend.people import effects
from backend.people import store as rows
from backend.storage import DataKey, Storage, now

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


def _wants_to_be_forgotten(tx: sa.Connection, store: Storage, wanted: Sequence[effects.Wanted]) -> None:
    """Effect ForgetMe: a job deletes, for the turn that said so has to be answered first."""
    for one in wanted:
        jobs.start(tx, "people.forget", key=one.person_id, args=(one.person_id,))


effects.register("forget_me", _wants_to_be_forgotten)


@jobs.job("people.forget")
def forget_now(house: jobs.House, person_id: str) -> None:
    """Delete everything of this person."""
    forget(house.store, person_id)


@jobs.job("people.drop_blob")
def drop_blob(house: jobs.House, blob_id: str) -> None:
    """Delete one file whose owner is gone."""
    house.store.blobs.delete(blob_id)
