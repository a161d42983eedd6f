"""The tables of photos: a `Photo` is one picture handed in for one place; a `Picture` is its bytes, kept once a person.

The same picture sent twice is two photos of one picture. The bytes lie in the blob store, each file under the picture's own key;
that key lies sealed in the row, so that deleting the row makes every copy of the files unreadable.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime

PhotoState = Literal["fetching", "kept", "refused"]
PictureState = Literal[
    "reserved",  # the row is there, its files are on their way
    "kept",
    "lost",  # a file is missing or does not open: seen, and told to the operator
    "gone",  # no photo needs it: its files are being deleted, then the row
]


class Photo(SQLModel, table=True):
    """One picture of one person. `draft_id`, `material`, `case_id`: its place, once the talk has given it one.

    `sealed_media`, `until`, `due_at`, `tries`: while it still lies with a platform: its name there, how long it lies there, when
    the next try to fetch it is due, and the number of tries. `reading`: "" (not to be read), due, read, or failed (nobody could);
    `read_due_at`, `read_tries`: when it was due, and how often it was started again; `sealed_reading`: a `ReadPhoto`, as JSON.
    `look_at`: why a person of the office has to look at it, "" if nobody has to.
    """

    __tablename__ = "photo"
    __table_args__ = (
        Index("ix_photo_fetching", "state", "due_at"),
        Index("ix_photo_reading", "reading", "read_due_at"),
    )
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    conversation_id: str = Field(default="", max_length=36)
    draft_id: str = Field(default="", max_length=36, index=True)
    material: str = Field(default="", max_length=64)
    case_id: str = Field(default="", max_length=36)
    position: int = 0  # among those placed together
    state: str = Field(max_length=8)
    picture_id: str = Field(default="", max_length=36, index=True)
    at: datetime = Field(sa_type=UtcTime)
    placed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    sealed_media: bytes | None = Field(default=None, sa_type=Sealed)
    until: datetime | None = Field(default=None, sa_type=UtcTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    tries: int = 0
    reading: str = Field(default="", max_length=8)
    read_due_at: datetime | None = Field(default=None, sa_type=UtcTime)
    read_tries: int = 0
    sealed_reading: bytes | None = Field(default=None, sa_type=Sealed)
    look_at: str = Field(default="", max_length=16)


class HelpLink(SQLModel, table=True):
    """A link with which somebody else hands in one picture for this person. `token_hash`: of what stands in the address.

    It names neither the person nor the paper to whoever has it, until it is used: then it is gone.
    """

    __tablename__ = "help_link"
    token_hash: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(max_length=36, index=True)
    conversation_id: str = Field(max_length=36)
    draft_id: str = Field(max_length=36)
    question: str = Field(max_length=64)
    until: datetime = Field(sa_type=UtcTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Picture(SQLModel, table=True):
    """The files of one picture: `full`, `preview` (for its owner) and `masked` (for others) are ids of blobs.

    `mark`: keyed hash of person and bytes as sent, only while it is kept. Sizes are of `full`, in pixels and bytes.
    """

    __tablename__ = "picture"
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, index=True)
    mark: str | None = Field(default=None, max_length=64, unique=True)
    state: str = Field(max_length=8, index=True)
    sealed_key: bytes = Field(sa_type=Sealed)
    full: str = Field(max_length=36)
    preview: str = Field(max_length=36)
    masked: str = Field(max_length=36)
    width: int
    height: int
    size: int
    at: datetime = Field(sa_type=UtcTime)
    checked_at: datetime = Field(sa_type=UtcTime, index=True)  # when its files were last seen to be whole
