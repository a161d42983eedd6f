"""What the office did and a conversation has still to hear: one row per event, written in the unit of work that did it.

`tell` inserts the row and starts the job "conversations.tell" in the same transaction; that job hands the event to the writer as
a system message whose id is the row's. Nobody else changes a conversation. The row's data is sealed with the person's key: it
goes when the person goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel

from backend import jobs
from backend.storage.columns import Sealed, UtcTime, now
from backend.storage.ids import new_id
from backend.storage.keys import DataKey, Keys
from dialogs.messages import SystemEvent

TELL = "conversations.tell"
_FORGOTTEN = b"\x01"  # begins like something sealed, and opens with nothing
TRIES = 10  # of the sweep, each after twice as long: from two minutes the last is after seventeen hours


class HappeningRow(SQLModel, table=True):
    """One event for one conversation. `told_at` is set by the turn that told it, in that turn's transaction."""

    __tablename__ = "happening"
    __table_args__ = (
        sa.Index(
            "ix_happening_untold",
            "at",
            sqlite_where=sa.text("told_at IS NULL"),
            postgresql_where=sa.text("told_at IS NULL"),
        ),
    )
    id: str = Field(primary_key=True, max_length=36)
    conversation_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    event: str = Field(max_length=32)
    data: bytes = Field(sa_type=Sealed)
    at: datetime = Field(sa_type=UtcTime)
    told_at: datetime | None = Field(default=None, sa_type=UtcTime)
    tries: int = Field(default=0)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, opened. `data` is what `dialogs.messages.SystemEvent` says of its event."""

    id: str
    conversation_id: str
    event: SystemEvent
    at: datetime
    data: Mapping[str, Any] = field(repr=False, default_factory=dict)


_T: Any = HappeningRow.__table__  # type: ignore[attr-defined]


def tell(
    keys: Keys,
    tx: Session | sa.Connection,
    conversation_id: str,
    key: DataKey,
    event: SystemEvent,
    data: Mapping[str, Any],
) -> str:
    """The conversation will hear of this event, exactly if this unit of work commits. `key`: the person's. Returns its id."""
    happening_id = new_id()
    row = {
        "id": happening_id,
        "conversation_id": conversation_id,
        "person_id": key.owner,
        "event": event,
        "data": keys.seal(key, json.dumps(data, ensure_ascii=False), f"happening.data:{happening_id}"),
        "at": now(),
        "tries": 0,
    }
    tx.execute(sa.insert(_T), [row])
    jobs.start(tx, TELL, key=happening_id, args=(happening_id,))
    return happening_id


def untold(keys: Keys, tx: Session | sa.Connection, happening_id: str) -> Happening | None:
    """The event, if it still has to be told; None when it has been told, is unknown, or its person has been deleted."""
    row = tx.execute(sa.select(_T).where(_T.c.id == happening_id, _T.c.told_at.is_(None))).one_or_none()
    key = keys.load(tx, [row.person_id]).get(row.person_id) if row else None
    if row is None or key is None:
        return None
    data = json.loads(keys.unseal(key, row.data, f"happening.data:{row.id}"))
    return Happening(row.id, row.conversation_id, row.event, row.at, data)


def told(tx: Session | sa.Connection, happening_ids: list[str], at: datetime) -> None:
    """These have been told by the turns of this unit of work. What they said is kept no longer: it stands in the talk now, or it
    was of a draft that has been deleted."""
    mine = sa.update(_T).where(_T.c.id.in_(happening_ids), _T.c.told_at.is_(None))
    tx.execute(mine.values(told_at=at, data=_FORGOTTEN))


def start_again(tx: Session | sa.Connection, at: datetime, first: timedelta, *, limit: int = 200) -> int:
    """For the sweep: start the jobs of events that are still untold, the first time after `first`, each further time after
    twice as long, `TRIES` times at most. Returns how many."""
    due = [(_T.c.tries == tries) & (_T.c.at < at - first * 2**tries) for tries in range(TRIES)]
    return _started(tx, sa.or_(*due), limit)


def start_given_up(tx: Session | sa.Connection, *, limit: int = 200) -> int:
    """For the night: events that have failed `TRIES` times are tried once more, for what was broken may have been mended."""
    return _started(tx, _T.c.tries >= TRIES, limit)


def given_up(tx: Session | sa.Connection) -> int:
    """How many events no sweep starts any more: they are kept, and an operator has to see them."""
    counted = sa.select(sa.func.count()).select_from(_T).where(_T.c.told_at.is_(None), _T.c.tries >= TRIES)
    return int(tx.execute(counted).scalar_one())


def _started(tx: Session | sa.Connection, which: sa.ColumnElement[bool], limit: int) -> int:
    found = (
        sa.select(_T.c.id, _T.c.tries).where(_T.c.told_at.is_(None), which).order_by(_T.c.tries, _T.c.at).limit(limit)
    )
    rows = tx.execute(found).all()
    for happening_id, tries in rows:
        tx.execute(sa.update(_T).where(_T.c.id == happening_id).values(tries=tries + 1))
        jobs.start(tx, TELL, key=f"{happening_id}:{tries + 1}", args=(happening_id,))
    return len(rows)


def forget_told(tx: Session | sa.Connection, before: datetime, *, limit: int = 500) -> int:
    """Delete told events older than this (retention); returns how many."""
    old = sa.select(_T.c.id).where(_T.c.told_at < before).limit(limit)
    return len(tx.execute(sa.delete(_T).where(_T.c.id.in_(old)).returning(_T.c.id)).all())
