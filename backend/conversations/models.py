"""The tables of conversations: inbox, conversation, draft, transcript, questions kept.

What was said is sealed with the person's key. The plain columns of `conversation` are what lists and funnels need; the writer
projects them from the session at every turn and nobody else writes them.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.storage import Sealed, UtcTime


class Conversation(SQLModel, table=True):
    """One per person, whatever the door. `version` grows with every turn; an update that meets another version is done again."""

    __tablename__ = "conversation"
    id: str = Field(primary_key=True, max_length=36)
    person_id: str = Field(max_length=36, unique=True)
    version: int = 0
    last_seq: int = 0  # of the transcript
    sealed_talk: bytes = Field(sa_type=Sealed)  # the talk and the open question
    draft_id: str = Field(default="", max_length=36)  # the draft on the table
    created_at: datetime = Field(sa_type=UtcTime)
    last_at: datetime = Field(sa_type=UtcTime, index=True)
    channel: str = Field(default="", max_length=32)
    state: str = Field(max_length=64, index=True)
    question: str = Field(default="", max_length=64)
    role: str = Field(default="", max_length=32)  # self, legal_guardian, agent, deceased
    region: str = Field(default="", max_length=12)
    pack: str = Field(default="", max_length=64)
    needs: str = Field(default="", max_length=64)  # how this person wants to be served, comma separated
    stuck: int = 0  # how often in a row the open question was not understood
    paused: bool = False
    waiting_since: datetime | None = Field(default=None, sa_type=UtcTime, index=True)
    called_at: datetime | None = Field(default=None, sa_type=UtcTime)
    called_reason: str = Field(default="", max_length=16)
    called_told: bool = False
    holder: str = Field(default="", max_length=36, index=True)
    lease: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcTime)


class DraftRow(SQLModel, table=True):
    """The answers about one applicant."""

    __tablename__ = "draft"
    id: str = Field(primary_key=True, max_length=36)
    conversation_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    sealed_body: bytes = Field(sa_type=Sealed)
    sealed_label: bytes = Field(sa_type=Sealed)
    submitted: bool = False
    updated_at: datetime = Field(sa_type=UtcTime, index=True)


class Inbox(SQLModel, table=True):
    """A message that has been answered: the same one again gets the same answer and has no second effect."""

    __tablename__ = "inbox"
    key_hash: str = Field(primary_key=True, max_length=64)  # of account (or conversation) and message id
    person_id: str = Field(max_length=36, index=True)
    conversation_id: str = Field(max_length=36)
    at: datetime = Field(sa_type=UtcTime, index=True)
    sealed_answer: bytes = Field(sa_type=Sealed)


class Said(SQLModel, table=True):
    """One entry of a transcript."""

    __tablename__ = "transcript"
    __table_args__ = (Index("ix_transcript_at", "at"),)
    conversation_id: str = Field(primary_key=True, max_length=36)
    seq: int = Field(primary_key=True)
    id: str = Field(max_length=36, unique=True)
    at: datetime = Field(sa_type=UtcTime)
    speaker: str = Field(max_length=8)  # person, bot, staff, notice
    sealed_blocks: bytes = Field(sa_type=Sealed)


class QuestionKept(SQLModel, table=True):
    """A question that no document answers, or what somebody wrote when calling for the staff: it is not lost."""

    __tablename__ = "question_kept"
    id: str = Field(primary_key=True, max_length=36)
    conversation_id: str = Field(max_length=36, index=True)
    person_id: str = Field(max_length=36, index=True)
    reason: str = Field(max_length=16)  # unanswered, or the reason of a call
    region: str = Field(default="", max_length=12)
    sealed_text: bytes = Field(sa_type=Sealed)
    at: datetime = Field(sa_type=UtcTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UtcTime)
