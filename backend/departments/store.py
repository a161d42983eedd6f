"""Every query on the tables of departments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from backend.departments.models import DISPATCH, EVENT

Tx = Session | sa.Connection


def dispatch(tx: Tx, dispatch_id: str) -> Any | None:
    return tx.execute(sa.select(DISPATCH).where(DISPATCH.c.id == dispatch_id)).one_or_none()


def of_case(tx: Tx, application_id: str, item: str, department: str) -> Any | None:
    mine = (DISPATCH.c.application_id == application_id, DISPATCH.c.item == item, DISPATCH.c.department == department)
    return tx.execute(sa.select(DISPATCH).where(*mine)).one_or_none()


def insert(tx: Tx, row: Mapping[str, Any]) -> None:
    tx.execute(sa.insert(DISPATCH), [dict(row)])


def move(tx: Tx, one: Any, at: datetime, **changes: Any) -> bool:
    """Change a dispatch if nobody has since it was read."""
    mine = sa.update(DISPATCH).where(
        DISPATCH.c.id == one.id,
        DISPATCH.c.round == one.round,
        DISPATCH.c.attempts == one.attempts,
        DISPATCH.c.state == one.state,
    )
    result: Any = tx.execute(mine.values(moved_at=at, **changes))
    return bool(result.rowcount == 1)


def stuck(tx: Tx, before: datetime, *, limit: int = 200) -> Sequence[str]:
    """Dispatches that should have gone before this moment."""
    late = sa.select(DISPATCH.c.id).where(DISPATCH.c.state == "due", DISPATCH.c.due_at < before)
    return tx.execute(late.limit(limit)).scalars().all()


def keep_event(tx: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Keep what a department told; False when it has been told before (also at the same moment, by another process)."""
    insert_new = postgresql.insert(EVENT) if tx.dialect.name == "postgresql" else sqlite.insert(EVENT)
    kept = tx.execute(insert_new.values(**row).on_conflict_do_nothing().returning(EVENT.c.id))
    return kept.first() is not None


def of_person(tx: Tx, person_id: str) -> Sequence[Any]:
    return tx.execute(sa.select(DISPATCH).where(DISPATCH.c.person_id == person_id).order_by(DISPATCH.c.id)).all()


def forget_person(tx: Tx, person_id: str) -> None:
    for table in (DISPATCH, EVENT):
        tx.execute(sa.delete(table).where(table.c.person_id == person_id))
