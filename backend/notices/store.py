"""Every query on the table of notices. States are moved by updates that name what they expect: who comes second moves nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from backend.notices.models import NOTICE

Tx = Session | sa.Connection
State = Literal["due", "sending", "sent", "unconfirmed", "failed", "inbox_only"]
ON_THE_WAY: tuple[State, ...] = ("due", "sending")


def insert_many(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a set of notices; nothing happens for none."""
    if rows:
        tx.execute(sa.insert(NOTICE), list(rows))


def head(tx: Tx, account_id: str) -> Any | None:
    """The oldest notice of this account that is still on its way: they are told in their order."""
    waiting = sa.select(NOTICE).where(NOTICE.c.account_id == account_id, NOTICE.c.state.in_(ON_THE_WAY))
    return tx.execute(waiting.order_by(NOTICE.c.id).limit(1)).one_or_none()


def one(tx: Tx, notice_id: str) -> Any:
    return tx.execute(sa.select(NOTICE).where(NOTICE.c.id == notice_id)).one()


def move(tx: Tx, notice: Any, state: State, at: datetime, **changes: Any) -> bool:
    """Move a notice on if it is still as it was read; False if somebody else has moved it."""
    mine = sa.update(NOTICE).where(
        NOTICE.c.id == notice.id, NOTICE.c.state == notice.state, NOTICE.c.attempts == notice.attempts
    )
    result: Any = tx.execute(mine.values(state=state, moved_at=at, **changes))
    return bool(result.rowcount == 1)


def stuck(tx: Tx, before: datetime, *, limit: int = 200) -> Sequence[str]:
    """Accounts with a notice that should have moved on before this moment."""
    late = sa.or_(
        sa.and_(NOTICE.c.state == "due", NOTICE.c.due_at < before),
        sa.and_(NOTICE.c.state == "sending", NOTICE.c.moved_at < before),
    )
    return tx.execute(sa.select(NOTICE.c.account_id).where(late).distinct().limit(limit)).scalars().all()


def of_person(tx: Tx, person_id: str) -> Sequence[Any]:
    return tx.execute(sa.select(NOTICE).where(NOTICE.c.person_id == person_id).order_by(NOTICE.c.id)).all()


def counts(tx: Tx) -> dict[str, int]:
    """How many notices are in each state: for the operator."""
    asked = sa.select(NOTICE.c.state, sa.func.count().label("many")).group_by(NOTICE.c.state)
    return {row.state: row.many for row in tx.execute(asked)}


def forget_person(tx: Tx, person_id: str) -> None:
    tx.execute(sa.delete(NOTICE).where(NOTICE.c.person_id == person_id))


def forget_old(tx: Tx, before: datetime, *, limit: int = 500) -> int:
    """Delete notices that ended before this moment; returns how many."""
    old = sa.select(NOTICE.c.id).where(NOTICE.c.state.not_in(ON_THE_WAY), NOTICE.c.moved_at < before).limit(limit)
    return len(tx.execute(sa.delete(NOTICE).where(NOTICE.c.id.in_(old)).returning(NOTICE.c.id)).all())
