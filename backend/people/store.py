"""Every query on the tables of persons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.people.models import Account, Consent, Event, Person


def account(tx: Session, app: str, key_hash: str) -> Account | None:
    return tx.exec(select(Account).where(Account.app == app, Account.key_hash == key_hash)).one_or_none()


def accounts_of(tx: Session, person_id: str) -> Sequence[Account]:
    return tx.exec(select(Account).where(Account.person_id == person_id).order_by(col(Account.created_at))).all()


def consents_of(tx: Session, person_id: str) -> Sequence[Consent]:
    return tx.exec(select(Consent).where(Consent.person_id == person_id).order_by(col(Consent.at))).all()


def person(tx: Session, person_id: str) -> Person | None:
    return tx.get(Person, person_id)


def event(tx: Session, event_id: str) -> Event | None:
    return tx.get(Event, event_id)


def waiting_events(tx: Session, before: datetime, *, limit: int = 200) -> Sequence[Event]:
    """Events nobody has heard and that have not been tried since this moment, oldest first."""
    waiting = select(Event).where(col(Event.heard_at).is_(None), Event.tried_at < before)
    return tx.exec(waiting.order_by(col(Event.at)).limit(limit)).all()


def heard(tx: Session, event_id: str, at: datetime) -> None:
    tx.execute(sa.update(Event).where(col(Event.id) == event_id, col(Event.heard_at).is_(None)).values(heard_at=at))


def tried_again(tx: Session, one: Event, at: datetime) -> bool:
    """Take this event for one more try; False if another sweep was quicker."""
    mine = sa.update(Event).where(col(Event.id) == one.id, col(Event.tries) == one.tries)
    return tx.execute(mine.values(tries=one.tries + 1, tried_at=at)).rowcount == 1  # type: ignore[attr-defined]


def drop_heard_events(tx: Session, before: datetime) -> int:
    return tx.execute(sa.delete(Event).where(col(Event.heard_at) < before)).rowcount  # type: ignore[attr-defined]


def drop_person(tx: Session, person_id: str) -> None:
    for table in (Event, Consent, Account):
        tx.execute(sa.delete(table).where(col(table.person_id) == person_id))
    tx.execute(sa.delete(Person).where(col(Person.id) == person_id))
