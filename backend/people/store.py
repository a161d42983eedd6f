"""Every query on the tables of persons."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.people.happenings import HappeningRow
from backend.people.models import Account, Consent, Person

_ACCOUNT: Any = Account.__table__  # type: ignore[attr-defined]


def account(tx: Session, app: str, key_hash: str) -> Account | None:
    return tx.exec(select(Account).where(Account.app == app, Account.key_hash == key_hash)).one_or_none()


def accounts_of(tx: Session, person_id: str) -> Sequence[Account]:
    return tx.exec(select(Account).where(Account.person_id == person_id).order_by(col(Account.created_at))).all()


def consents_of(tx: Session, person_id: str) -> Sequence[Consent]:
    return tx.exec(select(Consent).where(Consent.person_id == person_id).order_by(col(Consent.at))).all()


def person(tx: Session, person_id: str) -> Person | None:
    return tx.get(Person, person_id)


def accounts_at(tx: Session | sa.Connection, person_ids: Collection[str], apps: Collection[str]) -> Sequence[Any]:
    """The accounts of these persons at these doors, as rows."""
    asked = sa.select(_ACCOUNT).where(_ACCOUNT.c.person_id.in_(list(person_ids)), _ACCOUNT.c.app.in_(list(apps)))
    return tx.execute(asked.order_by(_ACCOUNT.c.created_at)).all()


def account_by_id(tx: Session | sa.Connection, account_id: str) -> Any | None:
    return tx.execute(sa.select(_ACCOUNT).where(_ACCOUNT.c.id == account_id)).one_or_none()


def drop_person(tx: Session, person_id: str) -> None:
    for table in (HappeningRow, Consent, Account):
        tx.execute(sa.delete(table).where(col(table.person_id) == person_id))
    tx.execute(sa.delete(Person).where(col(Person.id) == person_id))
