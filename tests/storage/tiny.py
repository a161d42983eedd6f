"""A talk small enough to read: it echoes, counts, and does what its words say. The writer is tested with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from dialogs.messages import Ask, CallStaff, ForgetDraft, KeepQuestion, Message, Option, Say, Turn
from dialogs.session import Answer, Asked, Draft, DraftName, Session

STARTED = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def step(library: Any, session: Session, message: Message) -> Turn:
    """Counts turns in `talk.lease`; "poison" raises, "draft" begins a draft, "ask" asks, "kept:<text>" keeps a question."""
    words = message.text or message.event
    if words == "poison":
        raise ValueError("this message breaks the step")
    if words == "refuse":
        return Turn(session, refused="held")
    if message.kind == "switch":
        return _switch(session, message)
    talk = session.talk.model_copy(update={"lease": session.talk.lease + 1, "last_at": message.at})
    replies: list[Any] = [Say(f"{session.talk.lease + 1}:{words}")]
    effects: list[Any] = []
    draft = session.draft
    if words.startswith("draft:"):
        draft = Draft(id=message.fresh[0], label=words.removeprefix("draft:"))
        name = DraftName(id=draft.id, label=draft.label)
        talk = talk.model_copy(update={"draft_id": draft.id, "drafts": (*talk.drafts, name)})
    if words.startswith("fact:") and draft:
        answer = Answer(value=words.removeprefix("fact:"), at=message.at, message=message.id)
        draft = draft.model_copy(update={"answers": {**draft.answers, "household_county": answer}})
    if words.startswith("agree:"):
        given = Answer(value=words.removeprefix("agree:"), at=message.at)
        talk = talk.model_copy(update={"consent": {**talk.consent, "consent": given}})
    if words.startswith("ask:"):
        key = words.removeprefix("ask:")
        options = (Option(True, "有的"), Option(False, "没有"))
        replies.append(Ask(key, "screening/asking", "问题", f"请问{key}？", "choice", options))
        talk = talk.model_copy(update={"asked": Asked(question=key, state="screening/asking", sent_at=message.at)})
    if words.startswith("kept:"):
        effects.append(KeepQuestion(words.removeprefix("kept:"), "610200"))
    if words.startswith("call:"):
        effects.append(CallStaff("asked", words.removeprefix("call:")))
    if words == "forget" and draft:
        effects.append(ForgetDraft(draft.id))
        talk, draft = talk.model_copy(update={"draft_id": "", "drafts": ()}), None
    return Turn(Session(talk=talk, draft=draft), tuple(replies), tuple(effects))


def _switch(session: Session, message: Message) -> Turn:
    if session.draft is None or session.draft.id != message.draft_id:
        return Turn(session, needs_draft=message.draft_id)
    talk = session.talk.model_copy(update={"draft_id": message.draft_id, "lease": session.talk.lease + 1})
    return Turn(Session(talk=talk, draft=session.draft), (Say(f"now {session.draft.label}"),))


def said(text: str, key: str, **more: Any) -> Message:
    return Message(id=key, kind="text", at=STARTED, text=text, **more)
