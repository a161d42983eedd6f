"""The tables of the staff. Audit rows hold ids only: who, what, which, when, a reason's code; a reason in words is sealed.

`counties` is the fence: nobody of the staff sees people of a county that is not in it. People who have not said yet
where they live are seen by everybody who serves people ("" in `Staff.counties`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Text
from sqlmodel import Field, SQLModel, UniqueConstraint

from backend.storage import Sealed, UtcTime


class StaffAccount(SQLModel, table=True):
    """Somebody who may sign in. `name` is typed at the door, `shown` is what people read; `password` is an Argon2id string."""

    __tablename__ = "staff"
    id: str = Field(primary_key=True, max_length=36)
    name: str = Field(max_length=64, unique=True)
    shown: str = Field(max_length=64)
    role: str = Field(max_length=16)
    counties: list[str] = Field(sa_type=JSON)
    password: str = Field(max_length=255)
    created_at: datetime = Field(sa_type=UtcTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcTime)


class StaffSession(SQLModel, table=True):
    """One signed-in browser. `id` is the SHA-256 of the cookie's token."""

    __tablename__ = "staff_session"
    id: str = Field(primary_key=True, max_length=64)
    staff_id: str = Field(max_length=36, index=True)
    created_at: datetime = Field(sa_type=UtcTime)
    until: datetime = Field(sa_type=UtcTime, index=True)


class LoginFailure(SQLModel, table=True):
    """A wrong password. Kept by the keyed hash of the name that was typed: it may be anything, even a password."""

    __tablename__ = "staff_login_failure"
    id: str = Field(primary_key=True, max_length=36)
    name_hash: str = Field(max_length=64, index=True)
    at: datetime = Field(sa_type=UtcTime)


class AuditRow(SQLModel, table=True):
    """One thing that one of the staff did or looked at. Never changed, but for the number of the seal that closes over it."""

    __tablename__ = "audit"
    id: str = Field(primary_key=True, max_length=36)
    at: datetime = Field(sa_type=UtcTime, index=True)
    staff_id: str = Field(max_length=36, index=True)
    verb: str = Field(max_length=32)
    kind: str = Field(max_length=32)
    thing_id: str = Field(max_length=64, index=True)
    reason: str = Field(default="", max_length=32)
    sealed_words: bytes | None = Field(default=None, sa_type=Sealed)
    seal: int | None = Field(default=None, index=True)


class AuditSeal(SQLModel, table=True):
    """A seal over a batch of audit rows: a keyed hash of the rows and of the seal before, so that none can be changed alone."""

    __tablename__ = "audit_seal"
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcTime)
    rows: int
    digest: str = Field(max_length=64)


class DirectoryVersion(SQLModel, table=True):
    """One county's directory as it was saved once. The highest version stands; earlier ones stay for looking up."""

    __tablename__ = "directory_version"
    __table_args__ = (UniqueConstraint("county", "version"),)
    id: str = Field(primary_key=True, max_length=36)
    county: str = Field(max_length=6)
    version: int
    body: str = Field(sa_type=Text)
    staff_id: str = Field(max_length=36)
    at: datetime = Field(sa_type=UtcTime)
