"""Every query on the tables of applications. Core statements throughout: the same functions serve a turn's connection and a
session, and on the turn's path they write sets. A row comes back as a named tuple with the columns of its model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from backend.applications.models import TABLES
from backend.applications.states import OPEN

Tx = Session | sa.Connection
Row = Any  # sqlalchemy's named tuple

APPLICATION, CASE, EVENT = TABLES["application"], TABLES["case"], TABLES["case_event"]
SUPPLEMENT, RATING = TABLES["supplement"], TABLES["rating"]


# --- writing ---


def drafts_known(tx: Tx, draft_ids: Iterable[str]) -> set[str]:
    """Which of these drafts have become an application already."""
    found = tx.execute(sa.select(APPLICATION.c.draft_id).where(APPLICATION.c.draft_id.in_(list(draft_ids))))
    return set(found.scalars())


def insert(tx: Tx, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a set of rows; nothing happens for none."""
    if rows:
        tx.execute(sa.insert(TABLES[table]), list(rows))


def move(tx: Tx, case: Row, changes: Mapping[str, Any]) -> bool:
    """Change a case if nobody has changed it since `case` was read; its version grows."""
    mine = sa.update(CASE).where(CASE.c.id == case.id, CASE.c.version == case.version)
    return _changed(tx, mine.values(version=case.version + 1, **changes)) == 1


def end(tx: Tx, application_id: str, at: datetime | None) -> None:
    tx.execute(sa.update(APPLICATION).where(APPLICATION.c.id == application_id).values(ended_at=at))


def give(tx: Tx, supplement_id: str, changes: Mapping[str, Any]) -> None:
    tx.execute(sa.update(SUPPLEMENT).where(SUPPLEMENT.c.id == supplement_id).values(**changes))


def rated(tx: Tx, application_ids: Iterable[str]) -> set[tuple[str, str]]:
    """What has been rated: (application, about)."""
    wanted = RATING.c.application_id.in_(list(application_ids))
    return {(row.application_id, row.about) for row in tx.execute(sa.select(RATING).where(wanted))}


def forget_person(tx: Tx, person_id: str) -> None:
    for table in TABLES.values():
        tx.execute(sa.delete(table).where(table.c.person_id == person_id))


# --- reading one ---


def application(tx: Tx, application_id: str) -> Row | None:
    return tx.execute(sa.select(APPLICATION).where(APPLICATION.c.id == application_id)).one_or_none()


def application_to_move(tx: Tx, application_id: str) -> Row | None:
    """The same, held until the end of the unit of work: two cases of one application do not move past each other."""
    held = sa.select(APPLICATION).where(APPLICATION.c.id == application_id).with_for_update()
    return tx.execute(held).one_or_none()


def case(tx: Tx, case_id: str) -> Row | None:
    return tx.execute(sa.select(CASE).where(CASE.c.id == case_id)).one_or_none()


def cases_of(tx: Tx, application_ids: Collection[str]) -> Sequence[Row]:
    return tx.execute(sa.select(CASE).where(CASE.c.application_id.in_(list(application_ids))).order_by(CASE.c.id)).all()


def events_of(tx: Tx, case_ids: Collection[str]) -> Sequence[Row]:
    """The history of these cases, oldest first."""
    asked = sa.select(EVENT).where(EVENT.c.case_id.in_(list(case_ids)))
    return tx.execute(asked.order_by(EVENT.c.case_id, EVENT.c.version)).all()


def supplements_of(tx: Tx, case_ids: Collection[str]) -> Sequence[Row]:
    asked = sa.select(SUPPLEMENT).where(SUPPLEMENT.c.case_id.in_(list(case_ids)))
    return tx.execute(asked.order_by(SUPPLEMENT.c.asked_at)).all()


def open_supplement(tx: Tx, case_id: str) -> Row | None:
    asked = sa.select(SUPPLEMENT).where(SUPPLEMENT.c.case_id == case_id, SUPPLEMENT.c.given_at.is_(None))
    return tx.execute(asked.order_by(SUPPLEMENT.c.asked_at.desc()).limit(1)).one_or_none()


def ratings_of(tx: Tx, application_id: str) -> Sequence[Row]:
    asked = sa.select(RATING).where(RATING.c.application_id == application_id)
    return tx.execute(asked.order_by(RATING.c.at)).all()


def applications_of(tx: Tx, person_id: str) -> Sequence[Row]:
    asked = sa.select(APPLICATION).where(APPLICATION.c.person_id == person_id)
    return tx.execute(asked.order_by(APPLICATION.c.submitted_at)).all()


# --- lists ---


def listed(
    tx: Tx, where: Sequence[Any], counties: Collection[str] | None, limit: int, *, oldest: bool = False
) -> Sequence[Row]:
    """Applications with what is urgent on top, the earliest limit first, then the newest (or the oldest). `counties` None: all
    of them."""
    urgent_due = sa.func.min(sa.case((CASE.c.urgency > 0, CASE.c.due_on))).label("due")
    of_cases = (
        sa.select(CASE.c.application_id, sa.func.max(CASE.c.urgency).label("urgency"), urgent_due)
        .group_by(CASE.c.application_id)
        .subquery()
    )
    asked = sa.select(APPLICATION).outerjoin(of_cases, of_cases.c.application_id == APPLICATION.c.id)
    if counties is not None:
        asked = asked.where(APPLICATION.c.county.in_(list(counties)))
    submitted = APPLICATION.c.submitted_at
    order = (
        sa.func.coalesce(of_cases.c.urgency, 0).desc(),
        of_cases.c.due.asc(),  # empty for whatever is not urgent
        submitted.asc() if oldest else submitted.desc(),
    )
    return tx.execute(asked.where(*where).order_by(*order).limit(limit)).all()


def how_many(tx: Tx, where: Any, counties: Collection[str] | None) -> int:
    """How many applications `listed` has."""
    asked = sa.select(sa.func.count()).select_from(APPLICATION).where(where)
    if counties is not None:
        asked = asked.where(APPLICATION.c.county.in_(list(counties)))
    return int(tx.execute(asked).scalar_one())


def has_case(condition: Any) -> Any:
    """Applications with at least one such case."""
    return sa.exists().where(CASE.c.application_id == APPLICATION.c.id, condition)


def found_by(receipt: str, identity_hash: str, phone_hash: str) -> Any:
    """Applications with exactly this receipt, or this identity or phone by its keyed hash; "" finds nothing."""
    columns = (APPLICATION.c.receipt, APPLICATION.c.identity_hash, APPLICATION.c.phone_hash)
    pairs = zip(columns, (receipt, identity_hash, phone_hash), strict=True)
    given = [column == value for column, value in pairs if value]
    return sa.or_(*given) if given else sa.false()


def due(tx: Tx, counties: Collection[str] | None, until: date, limit: int) -> Sequence[Row]:
    """Open cases that are due until this day, the oldest limit first."""
    asked = sa.select(CASE).where(CASE.c.due_on <= until, CASE.c.state.in_(OPEN))
    if counties is not None:
        asked = asked.where(CASE.c.county.in_(list(counties)))
    return tx.execute(asked.order_by(CASE.c.due_on, CASE.c.id).limit(limit)).all()


def counts(tx: Tx, counties: Collection[str] | None) -> dict[str, int]:
    """How many cases are in each state."""
    asked = sa.select(CASE.c.state, sa.func.count().label("count_")).group_by(CASE.c.state)
    if counties is not None:
        asked = asked.where(CASE.c.county.in_(list(counties)))
    return {row.state: row.count_ for row in tx.execute(asked)}


# --- sweeps ---


def mark_urgency(tx: Tx, today: date, soon: date) -> int:
    """Set `urgency` of every case by these two days; returns how many changed."""
    right = sa.case((CASE.c.state.not_in(OPEN), 0), (CASE.c.due_on < today, 2), (CASE.c.due_on <= soon, 1), else_=0)
    return _changed(tx, sa.update(CASE).where(CASE.c.urgency != right).values(urgency=right))


def mark_stale(tx: Tx, before: datetime) -> int:
    """Mark cases that a department has had since before this moment without taking them up, and unmark the others."""
    right = sa.and_(CASE.c.state == "dispatched", CASE.c.moved_at < before)
    marked = _changed(tx, sa.update(CASE).where(right, CASE.c.stale.is_(False)).values(stale=True))
    return marked + _changed(tx, sa.update(CASE).where(~right, CASE.c.stale.is_(True)).values(stale=False))


def ended_before(tx: Tx, moment: datetime, limit: int) -> Sequence[str]:
    """Applications that ended before this moment (retention)."""
    asked = sa.select(APPLICATION.c.id).where(APPLICATION.c.ended_at < moment).limit(limit)
    return tx.execute(asked).scalars().all()


def drop_applications(tx: Tx, application_ids: Collection[str]) -> None:
    ids = list(application_ids)
    mine = sa.select(CASE.c.id).where(CASE.c.application_id.in_(ids))
    for table in (EVENT, SUPPLEMENT):
        tx.execute(sa.delete(table).where(table.c.case_id.in_(mine)))
    for table in (CASE, RATING):
        tx.execute(sa.delete(table).where(table.c.application_id.in_(ids)))
    tx.execute(sa.delete(APPLICATION).where(APPLICATION.c.id.in_(ids)))


def owned(tx: Tx, owners: Mapping[str, str]) -> list[Row]:
    """Of these applications (id -> person), those that are really theirs."""
    asked = sa.select(APPLICATION.c.id, APPLICATION.c.person_id).where(APPLICATION.c.id.in_(list(owners)))
    return [row for row in tx.execute(asked) if owners[row.id] == row.person_id]


def _changed(tx: Tx, statement: sa.Update) -> int:
    result: Any = tx.execute(statement)
    return int(result.rowcount)
