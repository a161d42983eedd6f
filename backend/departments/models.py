"""The tables of what was handed to departments' own systems, and of what they have told us."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime


class Dispatch(SQLModel, table=True):
    """One case on its way to a system. `id` is the idempotency key: the same for each (application, item, department), so that
    sending again is safe. `round`: how often the case has been handed over. `state`: due, taken, refused, failed."""

    __tablename__ = "dispatch"
    __table_args__ = (
        sa.UniqueConstraint("application_id", "item", "department"),
        sa.Index("ix_dispatch_state", "state", "due_at"),
    )
    id: str = Field(primary_key=True, max_length=36)
    application_id: str = Field(max_length=36)
    case_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    conversation_id: str = Field(max_length=36)
    item: str = Field(max_length=64)
    department: str = Field(max_length=64)
    county: str = Field(max_length=12)
    sealed_payload: bytes = Field(sa_type=Sealed)
    round: int = 1
    state: str = Field(max_length=16)
    due_at: datetime = Field(sa_type=UtcTime)
    moved_at: datetime = Field(sa_type=UtcTime)
    attempts: int = 0
    code: int = 0


class DepartmentEvent(SQLModel, table=True):
    """Something a department's system told us: kept so that the same event again has no second effect."""

    __tablename__ = "department_event"
    __table_args__ = (sa.UniqueConstraint("dispatch_id", "event_id"),)
    id: str = Field(primary_key=True, max_length=36)
    dispatch_id: str = Field(max_length=36)
    event_id: str = Field(max_length=64)
    person_id: str = Field(max_length=36, index=True)
    at: datetime = Field(sa_type=UtcTime)


_DISPATCH: Any = Dispatch
_EVENT: Any = DepartmentEvent
DISPATCH, EVENT = _DISPATCH.__table__, _EVENT.__table__
