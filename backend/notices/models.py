"""The table of notices. Everything that is pushed also stands in the conversation's log; here is what became of the push."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime


class Notice(SQLModel, table=True):
    """One piece of text for one account. `source`: what it tells of (the first entry of the log), `part`: its piece of it.

    `state`: due (waits for `due_at`), sending (the call is about to be made or has been), sent, unconfirmed (nobody knows: never
    sent again), failed (the operator has to look), inbox_only (no way to push it; the person finds it in the log).
    `rung`: the way that is tried: custom or template. `code`: WeChat's last error code. `message`: WeChat's number of it.
    """

    __tablename__ = "notice"
    __table_args__ = (
        sa.UniqueConstraint("account_id", "source", "part"),
        sa.Index("ix_notice_state_due", "state", "due_at"),
    )
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    account_id: str = Field(max_length=36, index=True)
    app: str = Field(max_length=32)
    kind: str = Field(max_length=32)
    source: str = Field(max_length=36)
    part: int = 0
    sealed_text: bytes = Field(sa_type=Sealed)
    at: datetime = Field(sa_type=UtcTime)
    state: str = Field(max_length=16)
    rung: str = Field(max_length=16)
    due_at: datetime = Field(sa_type=UtcTime)
    attempts: int = 0
    moved_at: datetime = Field(sa_type=UtcTime)
    code: int = 0
    message: str = Field(default="", max_length=64)


_MODEL: Any = Notice
NOTICE = _MODEL.__table__
