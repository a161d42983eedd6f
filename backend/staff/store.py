"""Every query of the console: the staff's own tables, and conversations within the fence of somebody's counties."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from backend.applications.models import Application, Case
from backend.conversations.models import Conversation, DraftRow, QuestionKept, Said
from backend.staff.models import AuditRow, AuditSeal, DirectoryVersion, LoginFailure, StaffAccount, StaffSession

# --- accounts and sessions ---


def account_named(tx: Session, name: str) -> StaffAccount | None:
    return tx.exec(select(StaffAccount).where(StaffAccount.name == name)).one_or_none()


def accounts(tx: Session) -> Sequence[StaffAccount]:
    return tx.exec(select(StaffAccount).order_by(col(StaffAccount.name))).all()


def shown_names(tx: Session, staff_ids: Iterable[str]) -> dict[str, str]:
    rows = tx.exec(select(StaffAccount.id, StaffAccount.shown).where(col(StaffAccount.id).in_(set(staff_ids))))
    return dict(rows.all())


def account_of_session(tx: Session, session_id: str, at: datetime) -> StaffAccount | None:
    """The account behind a session that has not run out, unless the account is shut."""
    found = (
        select(StaffAccount)
        .join(StaffSession, col(StaffSession.staff_id) == col(StaffAccount.id))
        .where(StaffSession.id == session_id, StaffSession.until > at, col(StaffAccount.disabled_at).is_(None))
    )
    return tx.exec(found).one_or_none()


def end_session(tx: Session, session_id: str) -> None:
    tx.execute(sa.delete(StaffSession).where(col(StaffSession.id) == session_id))


def end_sessions_of(tx: Session, staff_id: str) -> None:
    tx.execute(sa.delete(StaffSession).where(col(StaffSession.staff_id) == staff_id))


def drop_old_sessions(tx: Session, at: datetime) -> None:
    tx.execute(sa.delete(StaffSession).where(col(StaffSession.until) < at))


def failures(tx: Session, name_hash: str, since: datetime) -> int:
    counted = select(sa.func.count()).select_from(LoginFailure)
    return tx.exec(counted.where(LoginFailure.name_hash == name_hash, LoginFailure.at >= since)).one()


def forgive(tx: Session, name_hash: str) -> None:
    tx.execute(sa.delete(LoginFailure).where(col(LoginFailure.name_hash) == name_hash))


def drop_old_failures(tx: Session, before: datetime) -> None:
    tx.execute(sa.delete(LoginFailure).where(col(LoginFailure.at) < before))


# --- audit ---


def applications_named(
    tx: Session, ids: Iterable[str], conversations: Iterable[str], drafts: Iterable[str]
) -> Sequence[Application]:
    """Applications by their own id, their conversation's or their draft's, the oldest first."""
    named = sa.or_(
        col(Application.id).in_(list(ids)),
        col(Application.conversation_id).in_(list(conversations)),
        col(Application.draft_id).in_(list(drafts)),
    )
    return tx.exec(select(Application).where(named).order_by(col(Application.submitted_at))).all()


def cases_named(tx: Session, ids: Iterable[str]) -> Sequence[tuple[Case, Application]]:
    both = select(Case, Application).join(Application, col(Application.id) == col(Case.application_id))
    return tx.exec(both.where(col(Case.id).in_(list(ids)))).all()


def audit_rows(tx: Session, before: str, limit: int, staff_ids: Iterable[str] | None) -> Sequence[AuditRow]:
    """The newest rows of these people (None: of all) older than the row `before` ("": the newest of all), newest first."""
    rows = select(AuditRow).order_by(col(AuditRow.id).desc()).limit(limit)
    if staff_ids is not None:
        rows = rows.where(col(AuditRow.staff_id).in_(list(staff_ids)))
    return tx.exec(rows.where(AuditRow.id < before) if before else rows).all()


def staff_of_counties(tx: Session, counties: Iterable[str]) -> list[str]:
    """Who of the staff works for at least one of these counties."""
    mine = set(counties) - {""}
    return [account.id for account in accounts(tx) if mine & set(account.counties)]


def looked(tx: Session, staff_id: str, kind: str, thing_id: str, since: datetime) -> bool:
    """Whether an "open" of this thing by this person has been recorded since."""
    found = select(AuditRow.id).where(
        AuditRow.thing_id == thing_id, AuditRow.staff_id == staff_id, AuditRow.verb == "open", AuditRow.kind == kind,
        AuditRow.at >= since,
    )  # fmt: skip
    return tx.exec(found.limit(1)).first() is not None


def unsealed(tx: Session, limit: int) -> Sequence[AuditRow]:
    return tx.exec(select(AuditRow).where(col(AuditRow.seal).is_(None)).order_by(col(AuditRow.id)).limit(limit)).all()


def rows_of_seal(tx: Session, number: int) -> Sequence[AuditRow]:
    return tx.exec(select(AuditRow).where(AuditRow.seal == number).order_by(col(AuditRow.id))).all()


def seals(tx: Session) -> Sequence[AuditSeal]:
    return tx.exec(select(AuditSeal).order_by(col(AuditSeal.number))).all()


def last_seal(tx: Session) -> AuditSeal | None:
    return tx.exec(select(AuditSeal).order_by(col(AuditSeal.number).desc()).limit(1)).first()


def drop_old_audit(tx: Session, before: datetime) -> None:
    """Whole batches only: those whose newest row is older than this. Their seals stay, so that the chain does."""
    newest = select(AuditRow.seal).where(col(AuditRow.seal).is_not(None)).group_by(col(AuditRow.seal))
    old = newest.having(sa.func.max(AuditRow.at) < before)
    tx.execute(sa.delete(AuditRow).where(col(AuditRow.seal).in_(old)))


# --- directories ---


def directory(tx: Session, county: str) -> DirectoryVersion | None:
    """The directory that stands for this county."""
    found = select(DirectoryVersion).where(DirectoryVersion.county == county)
    return tx.exec(found.order_by(col(DirectoryVersion.version).desc()).limit(1)).first()


def directories(tx: Session) -> Sequence[DirectoryVersion]:
    """The directory that stands, for each county that has one."""
    newest = (
        select(DirectoryVersion.county, sa.func.max(DirectoryVersion.version).label("version"))
        .group_by(DirectoryVersion.county)
        .subquery()
    )
    both = sa.and_(col(DirectoryVersion.county) == newest.c.county, col(DirectoryVersion.version) == newest.c.version)
    return tx.exec(select(DirectoryVersion).join(newest, both)).all()


# --- conversations, as the console sees them: every query takes the fence ---


def conversations(
    tx: Session, counties: Sequence[str], which: str, staff_id: str, stuck: int, ids: Iterable[str], limit: int
) -> Sequence[Conversation]:
    """Within the fence: "mine" (held by them), "needs" (called, stuck, mine, or `ids`), or all; danger first, then newest."""
    listed = select(Conversation).where(col(Conversation.region).in_(counties))
    mine, called = col(Conversation.holder) == staff_id, col(Conversation.called_at).is_not(None)
    if which == "mine":
        listed = listed.where(mine)
    elif which == "needs":
        pressing = sa.or_(called, col(Conversation.stuck) >= stuck, col(Conversation.id).in_(list(ids)))
        waits = sa.and_(mine, col(Conversation.waiting_since).is_not(None))
        listed = listed.where(sa.or_(waits, sa.and_(pressing, col(Conversation.holder).in_(("", staff_id)))))
    danger = sa.case(
        (col(Conversation.called_reason) == "distress", 0), (called, 1), else_=2
    )  # never cut off by the limit
    return tx.exec(listed.order_by(danger, col(Conversation.last_at).desc()).limit(limit)).all()


def waiting(tx: Session, counties: Sequence[str], staff_id: str) -> int:
    """How many people wait: for anybody of the staff to come, or for an answer of this one."""
    called = sa.and_(col(Conversation.called_at).is_not(None), col(Conversation.holder) == "")
    mine = sa.and_(col(Conversation.holder) == staff_id, col(Conversation.waiting_since).is_not(None))
    counted = select(sa.func.count()).select_from(Conversation).where(col(Conversation.region).in_(counties))
    return tx.exec(counted.where(sa.or_(called, mine))).one()


def conversation(tx: Session, counties: Sequence[str], conversation_id: str) -> Conversation | None:
    one = select(Conversation).where(Conversation.id == conversation_id, col(Conversation.region).in_(counties))
    return tx.exec(one).one_or_none()


def visible(tx: Session, counties: Sequence[str], ids: Iterable[str]) -> set[str]:
    """Those of these ids that are conversations or applications within the fence."""
    listed = list(ids)
    talks = select(Conversation.id).where(col(Conversation.id).in_(listed), col(Conversation.region).in_(counties))
    asked = select(Application.id).where(col(Application.id).in_(listed), col(Application.county).in_(counties))
    return {*tx.exec(talks).all(), *tx.exec(asked).all()}


def sees_draft(tx: Session, counties: Sequence[str], conversation_id: str, draft_id: str) -> bool:
    """Whether this conversation, or the application that this draft became, is within the fence."""
    asked = select(Application.id).where(Application.draft_id == draft_id, col(Application.county).in_(counties))
    if draft_id and tx.exec(asked).first() is not None:
        return True
    return conversation(tx, counties, conversation_id) is not None


def applications_of(tx: Session, counties: Sequence[str], conversation_id: str) -> Sequence[Application]:
    mine = select(Application).where(
        Application.conversation_id == conversation_id, col(Application.county).in_(counties)
    )
    return tx.exec(mine.order_by(col(Application.submitted_at).desc())).all()


def pressing_cases(tx: Session, counties: Sequence[str], limit: int = 500) -> Sequence[tuple[Case, Application]]:
    """Cases within the fence that are due or overdue, or for which a supplement came in; the most urgent first."""
    pressing = sa.or_(col(Case.urgency) > 0, col(Case.supplied_at).is_not(None))
    both = select(Case, Application).join(Application, col(Application.id) == col(Case.application_id))
    mine = both.where(col(Application.county).in_(counties), pressing)
    return tx.exec(mine.order_by(col(Case.urgency).desc(), col(Case.due_on)).limit(limit)).all()


def last_said(tx: Session, conversation_ids: Iterable[str], speaker: str) -> dict[str, Said]:
    """The last entry of this speaker in each of these conversations."""
    theirs = sa.and_(col(Said.conversation_id).in_(list(conversation_ids)), col(Said.speaker) == speaker)
    ends = select(Said.conversation_id, sa.func.max(Said.seq).label("seq")).where(theirs)
    last = ends.group_by(col(Said.conversation_id)).subquery()
    mine = sa.and_(col(Said.conversation_id) == last.c.conversation_id, col(Said.seq) == last.c.seq)
    return {one.conversation_id: one for one in tx.exec(select(Said).join(last, mine)).all()}


def drafts_by_id(tx: Session, draft_ids: Iterable[str]) -> dict[str, DraftRow]:
    return {one.id: one for one in tx.exec(select(DraftRow).where(col(DraftRow.id).in_(list(draft_ids)))).all()}


def counts_by_state(tx: Session, counties: Sequence[str]) -> dict[str, int]:
    counted = select(Conversation.state, sa.func.count()).where(col(Conversation.region).in_(counties))
    return dict(tx.exec(counted.group_by(col(Conversation.state))).all())


def questions(tx: Session, counties: Sequence[str], limit: int) -> Sequence[tuple[QuestionKept, str]]:
    """Questions nobody has answered yet, newest first, each with the county of who asked (its own region names a document)."""
    kept = (
        select(QuestionKept, Conversation.region)
        .join(Conversation, col(Conversation.id) == col(QuestionKept.conversation_id))
        .where(col(QuestionKept.answered_at).is_(None), col(Conversation.region).in_(counties))
    )
    return tx.exec(kept.order_by(col(QuestionKept.at).desc()).limit(limit)).all()


def question(tx: Session, counties: Sequence[str], question_id: str) -> QuestionKept | None:
    one = (
        select(QuestionKept)
        .join(Conversation, col(Conversation.id) == col(QuestionKept.conversation_id))
        .where(QuestionKept.id == question_id, col(Conversation.region).in_(counties))
    )
    return tx.exec(one).one_or_none()
