"""The tables of persons. No column here says who somebody is: names of doors are sealed and found by their keyed hash."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime


class Person(SQLModel, table=True):
    """Somebody who talks with the house. Their data key is the row of `person_key` with the same id."""

    __tablename__ = "person"
    id: str = Field(primary_key=True, max_length=36)
    created_at: datetime = Field(sa_type=UtcTime)


class Account(SQLModel, table=True):
    """One door of one person. `app`: "web", "wechat_oa", ...; the door's own name for the person (openid, cookie) is sealed."""

    __tablename__ = "account"
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    app: str = Field(max_length=32)
    key_hash: str = Field(max_length=64, unique=True)  # the hash has the app in it
    sealed_key: bytes = Field(sa_type=Sealed)
    created_at: datetime = Field(sa_type=UtcTime)


class Consent(SQLModel, table=True):
    """An answer to a notice: given, refused or taken back. Rows are added, never changed: the last of a kind stands."""

    __tablename__ = "consent"
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    kind: str = Field(max_length=64)
    value: str = Field(max_length=32)
    at: datetime = Field(sa_type=UtcTime)
