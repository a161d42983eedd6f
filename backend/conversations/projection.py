"""The plain columns of a conversation, derived from its session: what lists and the console may see without a key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from dialogs.messages import Message
from dialogs.session import Draft, Session, Talk


def project(session: Session, message: Message, waiting_since: datetime | None, channel: str) -> dict[str, Any]:
    """The columns after this turn. `waiting_since`, `channel`: as they stood."""
    talk, draft, asked, floor, called = (
        session.talk,
        session.draft,
        session.talk.asked,
        session.talk.floor,
        session.talk.called,
    )
    return {
        "draft_id": draft.id if draft else "",
        "last_at": message.at,
        "channel": channel if message.kind == "system" else message.channel[:32],
        "state": talk.state,
        "question": asked.question[:64] if asked else "",
        "role": _fact(draft, "actor_role", 32),
        "region": _county(draft),
        "pack": draft.pack if draft else "",
        "needs": ",".join(talk.needs)[:64],
        "stuck": asked.tries if asked else 0,
        "paused": talk.paused,
        "waiting_since": _waiting(talk, message, waiting_since),
        "called_at": called.at if called else None,
        "called_reason": called.reason if called else "",
        "called_told": called.told if called else False,
        "holder": floor.holder if floor else "",
        "lease": talk.lease,
        "lease_until": floor.until if floor else None,
    }


def _waiting(talk: Talk, message: Message, since: datetime | None) -> datetime | None:
    """Since when this person waits for somebody of the staff: since the call, or since their first unanswered words."""
    if talk.called is not None:
        return talk.called.at
    if talk.floor is None or message.event == "floor_spoken":
        return None
    return (since or message.at) if message.kind != "system" else since


def _county(draft: Draft | None) -> str:
    """The household's county, if it is a county: a plain column takes nothing else."""
    code = _fact(draft, "household_county", 7)
    return code if len(code) == 6 and code.isascii() and code.isdigit() else ""


def _fact(draft: Draft | None, name: str, longest: int) -> str:
    answer = draft.answers.get(name) if draft else None
    return answer.value[:longest] if answer and isinstance(answer.value, str) else ""
