"""The tables of applications. What a person said or is told is sealed with their key; what the console sorts and filters by is
plain and tells nothing of anybody: item, department, state, dates, counts.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime


class Application(SQLModel, table=True):
    """What a person submitted, once per draft. `sealed_snapshot`: `dialogs.messages.Submit.snapshot` as JSON. `identity_hash`,
    `phone_hash`: `Keys.find_hash` of the applicant's identity number and phone ("" when not given)."""

    __tablename__ = "application"
    id: str = Field(primary_key=True, max_length=36)
    conversation_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    draft_id: str = Field(max_length=36, unique=True)
    receipt: str = Field(max_length=16, unique=True)
    county: str = Field(max_length=12, index=True)
    pack: str = Field(max_length=64)
    pack_version: str = Field(max_length=64)
    submitted_at: datetime = Field(sa_type=UtcTime, index=True)
    sealed_snapshot: bytes = Field(sa_type=Sealed)
    identity_hash: str = Field(default="", max_length=64, index=True)
    phone_hash: str = Field(default="", max_length=64, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime, index=True)


class Case(SQLModel, table=True):
    """One item of an application at one department. `version` grows with every move and fences it.

    Clock: `limit_days` working days (or `limit_calendar_days`, or `limit_by` a date) from the event `starts` (all empty when
    the document names no limit); `started_on`, `due_on` are empty until that event has happened; `estimate`: the calendar of
    the year it falls into is not published yet. `excludes`: what does not count; `paused_on`: since when that goes on;
    `stood_still`: working days it has taken.
    `urgency`: 0 calm, 1 due on the next working day at the latest, 2 overdue; kept by the sweep. `waits_for`: items of the same
    application that must be granted first. `supplied_at`: a supplement came in and nobody of the office has acted since.
    `stale`: handed to a department that has not taken it up.
    """

    __tablename__ = "case"
    __table_args__ = (
        sa.Index("ix_case_county_state", "county", "state"),
        sa.Index("ix_case_urgency", "urgency", "due_on"),
    )
    id: str = Field(primary_key=True, max_length=36)
    application_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    county: str = Field(max_length=12)
    item: str = Field(max_length=64)
    department: str = Field(max_length=64)
    way: str = Field(max_length=16)
    state: str = Field(max_length=16)
    version: int = 0
    opened_at: datetime = Field(sa_type=UtcTime)
    moved_at: datetime = Field(sa_type=UtcTime)
    state_before: str = Field(default="", max_length=16)
    limit_days: int | None = None
    starts: str = Field(default="", max_length=32)
    limit_clause: str = Field(default="", max_length=128)
    limit_calendar_days: int | None = None
    limit_by: str = Field(default="", max_length=16)
    excludes: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    started_on: date | None = None
    paused_on: date | None = None
    stood_still: int = 0
    due_on: date | None = None
    estimate: bool = False
    urgency: int = 0
    waits_for: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    supplied_at: datetime | None = Field(default=None, sa_type=UtcTime)
    stale: bool = False


class CaseEvent(SQLModel, table=True):
    """One change of a case: who, when, why. `sealed_words`: JSON {"reason", "says"}; `happened_on`: the day a clerk named."""

    __tablename__ = "case_event"
    id: str = Field(primary_key=True, max_length=36)
    case_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    at: datetime = Field(sa_type=UtcTime)
    by_kind: str = Field(max_length=16)
    by_id: str = Field(default="", max_length=36)
    verb: str = Field(max_length=16)
    before: str = Field(max_length=16)
    after: str = Field(max_length=16)
    version: int
    happened_on: date | None = None
    sealed_words: bytes | None = Field(default=None, sa_type=Sealed)


class Supplement(SQLModel, table=True):
    """A request for more: everything that was missing, at once. `wanted`: photo parts; `photo_ids`: the pictures sent back."""

    __tablename__ = "supplement"
    id: str = Field(primary_key=True, max_length=36)
    case_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    wanted: list[str] = Field(sa_type=sa.JSON)
    photo_ids: list[str] = Field(sa_type=sa.JSON)
    sealed_reason: bytes = Field(sa_type=Sealed)
    asked_at: datetime = Field(sa_type=UtcTime)
    given_at: datetime | None = Field(default=None, sa_type=UtcTime)
    given_photo_ids: list[str] = Field(default_factory=list, sa_type=sa.JSON)
    sealed_given: bytes | None = Field(default=None, sa_type=Sealed)


class Rating(SQLModel, table=True):
    """What a person thought of the service; 1 (very bad) to 5 (very good). `about`: "" for the whole, or what a document wants
    rated by itself: "acceptance", or a case's id for its result; each once per application."""

    __tablename__ = "rating"
    application_id: str = Field(primary_key=True, max_length=36)
    about: str = Field(default="", primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    stars: int
    sealed_words: bytes | None = Field(default=None, sa_type=Sealed)
    at: datetime = Field(sa_type=UtcTime)


_MODELS: tuple[Any, ...] = (Application, Case, CaseEvent, Supplement, Rating)
TABLES: dict[str, Any] = {model.__tablename__: model.__table__ for model in _MODELS}
