"""Links with which somebody else hands in one picture for a person: made by the talk, good once, for a day.

Only the hash of what stands in the address is kept. The page belongs to the room of conversations, for it speaks to the talk.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.photos.models import HelpLink

HOURS = 24
_link: sa.Table = sa.inspect(HelpLink).local_table  # type: ignore[assignment]


def allow(tx: sa.Connection, token: str, link: dict[str, Any]) -> None:
    """Make this link good. One draft's place has one link: a new one takes the place of the one before."""
    same = (_link.c.draft_id == link["draft_id"]) & (_link.c.question == link["question"])
    tx.execute(sa.delete(_link).where(same))
    tx.execute(sa.insert(_link), [{"token_hash": _hash(token), "used_at": None, **link}])


def link(tx: Session, token: str, at: datetime) -> HelpLink | None:
    """The link of this token, if it may still be used."""
    mine = select(HelpLink).where(HelpLink.token_hash == _hash(token), col(HelpLink.used_at).is_(None))
    return tx.exec(mine.where(HelpLink.until > at)).one_or_none()


def used(tx: Session, token_hash: str, at: datetime) -> bool:
    """Use it up; False if it has been."""
    mine = sa.update(HelpLink).where(col(HelpLink.token_hash) == token_hash, col(HelpLink.used_at).is_(None))
    return int(tx.execute(mine.values(used_at=at)).rowcount) == 1  # type: ignore[attr-defined]


def forget(
    tx: Session, *, draft_ids: list[str] | None = None, person_id: str = "", before: datetime | None = None
) -> None:
    """Delete the links of these drafts, of this person, or those that ran out before this moment."""
    which = [col(HelpLink.draft_id).in_(draft_ids)] if draft_ids else []
    which += [col(HelpLink.person_id) == person_id] if person_id else []
    which += [col(HelpLink.until) < before] if before else []
    if which:
        tx.execute(sa.delete(HelpLink).where(sa.or_(*which)))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
