"""Several short messages that belong together: what of them is remembered, and what was written before a question went out.

A burst keeps its pieces and what the first of them found, so that all can be read again together, as if they had been one
message. Only words that left no effect are taken back; before consent no words are kept. Nothing here reads a word.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import TypeAdapter

from dialogs.messages import Ask, Message, Reply, Turn
from dialogs.session import Asked, Burst, Draft, Piece, Session, Talk

Timing = Literal["in_time", "same_second", "early"]

LATE = timedelta(seconds=20)  # WeChat sends three times, five seconds apart: a clock that is further off proves nothing
OVER = timedelta(seconds=60)  # after such a silence nothing belongs together
MOST = 8  # pieces of one burst
LONGEST = 600  # characters of them together
_SECOND = timedelta(seconds=1)
_OF_THE_DRAFT = ("label", "pack", "pack_version")
_REPLIES: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])


def timing(message: Message, asked: Asked | None) -> Timing:
    """Whether the open question had been sent when this was written.

    A page says which question it answers. A platform's clock has whole seconds: within the second of the sending both may be.
    """
    if asked is None:
        return "in_time"
    if message.question:
        return "in_time" if message.question == asked.question else "early"
    written, sent = message.written_at, asked.sent_at
    if sent is not None and message.at < sent:  # its door has not let the question go yet
        return "early"
    if written is None or sent is None or written >= sent or message.at - written > LATE:
        return "in_time"
    end = written + _SECOND if written.microsecond == 0 else written
    return "early" if end <= sent else "same_second"


def piece(message: Message) -> Piece:
    return Piece(id=message.id, text=message.text.strip(), written_at=message.written_at, at=message.at)


def in_order(burst: Burst, message: Message) -> tuple[Piece, ...]:
    """The pieces with this one, as they were written: a platform may deliver the later one first."""
    return tuple(sorted((*burst.pieces, piece(message)), key=_written))


def _written(one: Piece) -> datetime:
    return (one.written_at or one.at).replace(microsecond=0)


def stands(burst: Burst | None, message: Message) -> bool:
    """Whether these words can still belong to the burst."""
    return burst is not None and bool(burst.pieces) and message.at - burst.pieces[-1].at <= OVER


def may_grow(pieces: tuple[Piece, ...]) -> bool:
    return len(pieces) <= MOST and sum(len(one.text) for one in pieces) <= LONGEST


def taken_up(session: Session) -> tuple[Burst | None, Session]:
    """The burst that stands, and the session without it: it lives only from one message to the next."""
    burst = session.talk.burst
    if burst is None:
        return None, session
    return burst, session.model_copy(update={"talk": session.talk.model_copy(update={"burst": None})})


# --- as the first piece found it ---


def begun(before: Session, turn: Turn, pieces: tuple[Piece, ...]) -> Burst | None:
    """What is needed to read `pieces` again later, as a difference from where they led; None if that cannot be taken back."""
    after = turn.session
    if turn.effects or not pieces or not may_grow(pieces) or not _taken_back(before, after):
        return None
    draft = before.draft
    assert after.draft is None or draft is None or after.draft.id == draft.id
    was = draft.answers if draft else {}
    now = after.draft.answers if after.draft else {}
    return Burst(
        pieces=pieces,
        talk=_differing(before.talk, after.talk),
        answers={key: was.get(key) for key in now if now[key] is not was.get(key) and now[key] != was.get(key)},
        draft={name: getattr(draft, name) for name in _OF_THE_DRAFT} if draft else None,
    )


def _taken_back(before: Session, after: Session) -> bool:
    """Whether only answers have changed, and the talk is where words are expected."""
    old, new = before.draft, after.draft
    if before.talk.state.startswith("consent/") or after.talk.floor or after.talk.pending or before.talk.pending:
        return False
    if after.talk.called != before.talk.called or after.talk.paused or (old and new and old.id != new.id):
        return False
    if new is None or (old is None and len(after.talk.drafts) > len(before.talk.drafts) + 1):
        return old is None and new is None
    return new.submitted is None and _same_pictures(old, new) and _keeps(old, new)


def _same_pictures(old: Draft | None, new: Draft) -> bool:
    before = old or Draft(id=new.id)
    return new.photos == before.photos and new.papers == before.papers and new.retakes == before.retakes


def _keeps(old: Draft | None, new: Draft) -> bool:
    return old is None or old.answers.keys() <= new.answers.keys()


def _differing(before: Talk, after: Talk) -> dict[str, Any]:
    names = [name for name in Talk.model_fields if getattr(before, name) != getattr(after, name) and name != "burst"]
    return before.model_dump(mode="json", include=set(names))


def rewound(session: Session, burst: Burst) -> Session:
    """The session as the first piece found it."""
    talk = Talk.model_validate({**session.talk.model_dump(), **burst.talk, "burst": None})
    draft = session.draft
    if draft is None or burst.draft is None:
        return Session(talk=talk)
    answers = {k: burst.answers.get(k, one) for k, one in draft.answers.items()}
    kept = {key: one for key, one in answers.items() if one is not None}
    return Session(talk=talk, draft=draft.model_copy(update={**burst.draft, "answers": kept}))


def ids_for(message: Message, session: Session, before: Session) -> tuple[str, ...]:
    """Fresh ids for reading again: a draft that the first piece began keeps its id, and with it its row."""
    known = {one.id for one in before.talk.drafts}
    return (*(one.id for one in session.talk.drafts if one.id not in known), *message.fresh)


def nothing_lost(burst: Burst, session: Session, turn: Turn) -> bool:
    """Whether every question that the pieces had answered is still answered after all were read together."""
    ids = {one.id for one in burst.pieces}
    had = {key for key, one in (session.draft.answers if session.draft else {}).items() if one.message in ids}
    return had <= (turn.session.draft.answers.keys() if turn.session.draft else set())


# --- what the person has not read yet ---


def unread(burst: Burst | None, message: Message, asked: Asked | None) -> Burst:
    """What was said last and has not been let go by its door when this message came: `carried`, `unread` of the burst."""
    kept_back = burst is not None and asked is not None and asked.sent_at is not None and message.at < asked.sent_at
    return burst if kept_back and burst is not None else Burst()


def with_unread(turn: Turn, blocks: tuple[dict[str, Any], ...]) -> Turn:
    """The turn with what was said before and not let go, first: the person reads one reply."""
    waiting = _REPLIES.validate_python(blocks)
    return replace(turn, replies=(*(one for one in waiting if one not in turn.replies), *turn.replies))


def closed(
    turn: Turn, message: Message, before: Session, pieces: tuple[Piece, ...], carried: tuple[dict[str, Any], ...]
) -> Turn:
    """The turn of words that more may belong to. A door that holds replies back will have sent this one only afterwards."""
    burst = begun(before, turn, pieces) or (Burst() if message.holds and not turn.effects else None)
    whole = with_unread(turn, carried)
    if burst is None:
        return whole
    talk = turn.session.talk
    if message.holds and talk.asked is not None:
        sent = message.at + timedelta(seconds=message.holds)
        talk = talk.model_copy(update={"asked": talk.asked.model_copy(update={"sent_at": sent})})
        burst = burst.model_copy(update={"carried": carried, "unread": _said(turn)})
    talk = talk.model_copy(update={"burst": burst})
    return replace(whole, session=turn.session.model_copy(update={"talk": talk}), may_grow=True)


def _said(turn: Turn) -> tuple[dict[str, Any], ...]:
    """What this turn says beside its question."""
    said = tuple(one for one in turn.replies if not isinstance(one, Ask))
    return tuple(_REPLIES.dump_python(said, mode="json"))
