"""Every query on the tables of conversations. The turn's own are SQLAlchemy Core over whole sets, built once.

Two reads and a few executemany a group, whatever its size: an object a row costs four to ten times as much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.conversations.models import Conversation, DraftRow, Inbox, QuestionKept, Said
from backend.people.models import Account, Consent, Person
from backend.storage import sets
from backend.storage.keys import PersonKey

_inbox, _conversation, _draft, _said, _question, _account, _consent, _person, _key = (
    sa.inspect(model).local_table
    for model in (Inbox, Conversation, DraftRow, Said, QuestionKept, Account, Consent, Person, PersonKey)
)
_application = sa.table("application", sa.column("draft_id"), sa.column("person_id"))
Row = dict[str, Any]
CALLS = ("asked", "stuck", "distress", "photo")  # reasons of a call for somebody of the staff


class Conflict(Exception):
    """Another process has changed a conversation of this group since it was read: do the group again."""


# --- the turn: reads ---

_SEEN = (
    sa.select(_inbox.c.key_hash, _inbox.c.person_id, _inbox.c.conversation_id, _inbox.c.sealed_answer, _key.c.wrapped)
    .join_from(_inbox, _key, _key.c.person_id == _inbox.c.person_id)
    .where(_inbox.c.key_hash.in_(sa.bindparam("keys", expanding=True)))
)
_TALKING = (
    sa.select(
        _conversation.c.id,
        _conversation.c.person_id,
        _conversation.c.version,
        _conversation.c.last_seq,
        _conversation.c.sealed_talk,
        _conversation.c.draft_id,
        _conversation.c.waiting_since,
        _conversation.c.channel,
        _key.c.wrapped,
        _draft.c.sealed_body,
    )
    .join_from(_conversation, _key, _key.c.person_id == _conversation.c.person_id)
    .outerjoin(_draft, _draft.c.id == _conversation.c.draft_id)
)
_BY_DOOR = (
    _TALKING.add_columns(_account.c.key_hash)
    .join(_account, _account.c.person_id == _conversation.c.person_id)
    .where(_account.c.key_hash.in_(sa.bindparam("keys", expanding=True)))
)
_BY_ID = _TALKING.where(_conversation.c.id.in_(sa.bindparam("keys", expanding=True)))
_ONE_DRAFT = sa.select(_draft.c.sealed_body).where(
    _draft.c.id == sa.bindparam("draft"), _draft.c.conversation_id == sa.bindparam("conversation")
)
# Sorted, or two processes with two persons in common would wait for each other for ever. The read comes in a statement of its
# own, after the lock: under READ COMMITTED one in the same statement would miss what the other has just committed.
_LOCK = sa.text(
    "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT hashtextextended(x, 7) AS k "
    "FROM unnest(CAST(:keys AS text[])) AS x ORDER BY 1) AS sorted"
)


def lock(tx: sa.Connection, keys: Iterable[str]) -> None:
    """Keep other processes off these doors and conversations until this unit of work ends. On SQLite the gate has done it."""
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"keys": sorted(set(keys))})


def seen(tx: sa.Connection, keys: Sequence[str]) -> Sequence[sa.Row[Any]]:
    return tx.execute(_SEEN, {"keys": keys}).all()


def open_question(tx: Session, conversation_id: str) -> str:
    """The key of the question that is open now, "" for none."""
    return tx.exec(select(Conversation.question).where(Conversation.id == conversation_id)).one_or_none() or ""


def talking_by_door(tx: sa.Connection, keys: Sequence[str]) -> Sequence[sa.Row[Any]]:
    return tx.execute(_BY_DOOR, {"keys": keys}).all() if keys else ()


def talking_by_id(tx: sa.Connection, ids: Sequence[str]) -> Sequence[sa.Row[Any]]:
    return tx.execute(_BY_ID, {"keys": ids}).all() if ids else ()


def draft_body(tx: sa.Connection, conversation_id: str, draft_id: str) -> bytes | None:
    return tx.execute(_ONE_DRAFT, {"draft": draft_id, "conversation": conversation_id}).scalar_one_or_none()


# --- the turn: writes ---

_PROJECTED = (
    "sealed_talk", "draft_id", "last_at", "channel", "state", "question", "role", "region", "pack", "needs", "stuck",
    "paused", "waiting_since", "called_at", "called_reason", "called_told", "holder", "lease", "lease_until", "last_seq",
)  # fmt: skip
_MOVE = (
    sa.update(_conversation)
    .where(_conversation.c.id == sa.bindparam("b_id"), _conversation.c.version == sa.bindparam("b_version"))
    .values(
        version=_conversation.c.version + sa.literal_column("1"), **{name: sa.bindparam(name) for name in _PROJECTED}
    )
)
_REDRAFT = (
    sa.update(_draft)
    .where(_draft.c.id == sa.bindparam("b_id"))
    .values(**{name: sa.bindparam(name) for name in ("sealed_body", "sealed_label", "submitted", "updated_at")})
)
_INSERT = {
    table: sa.insert(table).inline()
    for table in (_person, _key, _account, _conversation, _draft, _inbox, _said, _question, _consent)
}
_CALL = (
    sa.select(_question.c.id, _question.c.sealed_text)
    .where(
        _question.c.conversation_id == sa.bindparam("conversation"),
        _question.c.reason.in_(CALLS),
        _question.c.answered_at.is_(None),
    )
    .order_by(_question.c.at.desc())
    .limit(1)
)
_REWORD = (
    sa.update(_question)
    .where(_question.c.id == sa.bindparam("b_id"))
    .values(sealed_text=sa.bindparam("sealed_text"), at=sa.bindparam("at"))
)
_FORGET_DRAFT = sa.delete(_draft).where(_draft.c.id == sa.bindparam("b_id"))


def begin(tx: sa.Connection, people: list[Row], keys: list[Row], accounts: list[Row], conversations: list[Row]) -> None:
    """Insert persons who spoke for the first time, with their key, their door and their conversation."""
    for table, rows in ((_person, people), (_key, keys), (_account, accounts), (_conversation, conversations)):
        sets.run(tx, _INSERT[table], rows)


def move(tx: sa.Connection, rows: list[Row]) -> None:
    """Update conversations that stand as they were read; Conflict if one does not."""
    if sets.run(tx, _MOVE, rows) != len(rows):
        raise Conflict


def keep_drafts(tx: sa.Connection, new: list[Row], changed: list[Row], forgotten: list[str]) -> None:
    sets.run(tx, _INSERT[_draft], new)
    sets.run(tx, _REDRAFT, changed)
    sets.run(tx, _FORGET_DRAFT, [{"b_id": one} for one in forgotten])


def append(tx: sa.Connection, inbox: list[Row], said: list[Row], questions: list[Row], consents: list[Row]) -> None:
    for table, rows in ((_inbox, inbox), (_said, said), (_question, questions), (_consent, consents)):
        sets.run(tx, _INSERT[table], rows)


def open_call(tx: sa.Connection, conversation_id: str) -> Row | None:
    """The newest call of this conversation that is not settled: its id and its sealed words."""
    found = tx.execute(_CALL, {"conversation": conversation_id}).first()
    return dict(found._mapping) if found else None


def reword(tx: sa.Connection, questions: list[Row]) -> None:
    """Other words for questions that are kept already, and when they were said."""
    sets.run(
        tx, _REWORD, [{"b_id": one["id"], "sealed_text": one["sealed_text"], "at": one["at"]} for one in questions]
    )


# --- pages ---


def of_person(tx: Session, person_id: str) -> Conversation | None:
    return tx.exec(select(Conversation).where(Conversation.person_id == person_id)).one_or_none()


def transcript(tx: Session, conversation_id: str, *, limit: int = 200, before: int | None = None) -> list[Said]:
    """The last entries, oldest first; `before`: only those with a smaller number, to page back."""
    mine = select(Said).where(Said.conversation_id == conversation_id)
    if before is not None:
        mine = mine.where(Said.seq < before)
    return list(reversed(tx.exec(mine.order_by(col(Said.seq).desc()).limit(limit)).all()))


def entries(tx: Session, conversation_id: str, ids: Sequence[str]) -> Sequence[Said]:
    mine = select(Said).where(Said.conversation_id == conversation_id, col(Said.id).in_(ids))
    return tx.exec(mine.order_by(col(Said.seq))).all()


def drafts(tx: Session, conversation_id: str) -> Sequence[DraftRow]:
    return tx.exec(select(DraftRow).where(DraftRow.conversation_id == conversation_id).order_by(col(DraftRow.id))).all()


def draft(tx: Session, conversation_id: str, draft_id: str) -> DraftRow | None:
    mine = select(DraftRow).where(DraftRow.id == draft_id, DraftRow.conversation_id == conversation_id)
    return tx.exec(mine).one_or_none()


def questions(tx: Session, person_id: str) -> Sequence[QuestionKept]:
    return tx.exec(select(QuestionKept).where(QuestionKept.person_id == person_id).order_by(col(QuestionKept.at))).all()


def open_calls(tx: Session, conversation_id: str) -> Sequence[QuestionKept]:
    """What was written with calls for somebody of the staff and is not settled, the oldest first."""
    mine = select(QuestionKept).where(
        QuestionKept.conversation_id == conversation_id,
        col(QuestionKept.reason).in_(CALLS),
        col(QuestionKept.answered_at).is_(None),
    )
    return tx.exec(mine.order_by(col(QuestionKept.at))).all()


def last_spoken(tx: Session, conversation_id: str, speaker: str) -> datetime | None:
    """When somebody of this kind spoke last."""
    mine = select(Said.at).where(Said.conversation_id == conversation_id, Said.speaker == speaker)
    return tx.exec(mine.order_by(col(Said.seq).desc()).limit(1)).first()


# --- sweeps ---


def leases_that_ran_out(tx: Session, at: datetime, *, limit: int = 200) -> Sequence[tuple[str, int]]:
    over = select(Conversation.id, Conversation.lease).where(
        Conversation.holder != "", col(Conversation.lease_until) < at
    )
    return tx.exec(over.limit(limit)).all()


def unanswered_calls(
    tx: Session, called_before: datetime, *, limit: int = 1000
) -> Sequence[tuple[str, datetime | None, str]]:
    """Calls that nobody has answered or been told of, with the county, the oldest first."""
    open_ = select(Conversation.id, Conversation.called_at, Conversation.region).where(
        col(Conversation.called_at) < called_before, col(Conversation.called_told).is_(False), Conversation.holder == ""
    )
    return tx.exec(open_.order_by(col(Conversation.called_at)).limit(limit)).all()


def rest_at_a_picture(tx: Session, since: datetime, *, limit: int = 500) -> Sequence[str]:
    """Conversations that rest at the question for a picture, and have not been spoken in since."""
    rest = select(Conversation.id).where(
        col(Conversation.paused), col(Conversation.question).startswith("photo:"), col(Conversation.last_at) < since
    )
    return tx.exec(rest.where(Conversation.holder == "").order_by(col(Conversation.last_at)).limit(limit)).all()


def drop_old(tx: Session, *, inbox: datetime, transcript: datetime, drafts: datetime) -> dict[str, int]:
    """Retention: what is older than these moments goes. A draft on a table stays, and one as long as its application is kept.
    Returns counts by table."""
    on_table = sa.select(_conversation.c.draft_id)
    kept = sa.exists().where(_application.c.draft_id == _draft.c.id)
    stale_draft = (_draft.c.updated_at < drafts) & ~kept & _draft.c.id.not_in(on_table)
    gone = {
        "inbox": sa.delete(_inbox).where(_inbox.c.at < inbox),
        "transcript": sa.delete(_said).where(_said.c.at < transcript),
        "draft": sa.delete(_draft).where(stale_draft),
    }
    return {name: tx.execute(statement).rowcount for name, statement in gone.items()}  # type: ignore[attr-defined]


def silent_persons(tx: Session, since: datetime, *, limit: int = 100) -> Sequence[str]:
    """Persons who have said nothing since, and of whom no application is kept: nothing of theirs is needed any more."""
    applied = sa.select(_application.c.person_id)
    quiet = select(Conversation.person_id).where(
        Conversation.last_at < since, Conversation.holder == "", col(Conversation.person_id).not_in(applied)
    )
    return tx.exec(quiet.limit(limit)).all()


def drop_person(tx: Session, person_id: str) -> None:
    mine = sa.select(_conversation.c.id).where(_conversation.c.person_id == person_id)
    tx.execute(sa.delete(_said).where(_said.c.conversation_id.in_(mine)))
    for table in (_inbox, _draft, _question, _conversation):
        tx.execute(sa.delete(table).where(table.c.person_id == person_id))
