"""Accounts of the staff and how they sign in: a random token in a cookie, kept as its hash, for one working day.

Five wrong passwords for one name shut that name for a quarter of an hour, whether there is such an account or not.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import get_args

from sqlmodel import Session

from backend.staff import audit, directory, passwords, store
from backend.staff.models import LoginFailure, StaffAccount, StaffSession
from backend.staff.rights import ROLES, UNPLACED, Role, Staff, check_counties
from backend.storage import Storage, new_id, now

FAILURES, SHUT_FOR = 5, timedelta(minutes=15)


class WrongPassword(Exception):
    """Name and password do not belong together (or there is no such name: that is not said)."""


class Shut(Exception):
    """Too many wrong passwords for this name; later again."""


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account of the demo, with its password in the open: outside the demo it does not exist."""

    name: str
    shown: str
    role: Role
    counties: tuple[str, ...]
    password: str
    about: str


DEMO = (
    DemoAccount("chenyu", "陈雨", "clerk", ("511702",), "demo-tongchuan-window", "通川区窗口工作人员"),
    DemoAccount("liuzhuren", "刘主任", "supervisor", ("511702",), "demo-tongchuan-head", "通川区负责人，可看操作记录"),
    DemoAccount("hekezhang", "何科长", "keeper", ("511702",), "demo-policy-keeper", "管政策和办事指南，不看个人资料"),
    DemoAccount("zhaomin", "赵敏", "clerk", ("140728",), "demo-pingyao-window", "平遥县窗口工作人员，看不到通川区的人"),
)


def add_account(house: Storage, name: str, shown: str, role: str, counties: Iterable[str], password: str) -> str:
    """Make an account; returns its id. ValueError (in words) when the name is taken or something does not fit."""
    if role not in get_args(Role):
        raise ValueError(f"there is no role {role!r}: {', '.join(get_args(Role))}")
    if not name or name != name.strip() or len(name) > 64 or not shown.strip():
        raise ValueError("an account needs a name of at most 64 signs and a shown name")
    listed = check_counties(counties)
    if "people" in ROLES[role] and not any(listed):  # type: ignore[index]
        raise ValueError(f"a {role} needs at least one county")
    passwords.check_new(password, name)
    sealed, staff_id = passwords.seal(password), new_id()
    with house.work() as tx:
        if store.account_named(tx, name):
            raise ValueError(f"the name {name!r} is taken")
        tx.add(
            StaffAccount(
                id=staff_id, name=name, shown=shown, role=role, counties=listed, password=sealed, created_at=now()
            )
        )
        audit.record(house.keys, tx, audit.BY_COMMAND, "add_account", "staff", staff_id)
    return staff_id


def set_password(house: Storage, name: str, password: str) -> None:
    """Give an account a new password, end its sessions and open its name again. ValueError when there is no such account."""
    passwords.check_new(password, name)
    sealed = passwords.seal(password)
    with house.work() as tx:
        account = store.account_named(tx, name)
        if account is None:
            raise ValueError(f"there is no account {name!r}")
        account.password = sealed
        store.end_sessions_of(tx, account.id)
        store.forgive(tx, _name_hash(house, name))
        audit.record(house.keys, tx, audit.BY_COMMAND, "set_password", "staff", account.id)


def seed_demo(house: Storage) -> list[tuple[str, str, str]]:
    """Make the demo's accounts and directories that are not there yet; returns (name, password, who) to be printed."""
    directory.seed_demo(house)
    with house.read() as tx:
        there = {account.name for account in store.accounts(tx)}
    for one in DEMO:
        if one.name not in there:
            add_account(house, one.name, one.shown, one.role, one.counties, one.password)
    return [(one.name, one.password, f"{one.shown}，{one.about}") for one in DEMO]


def sign_in(house: Storage, name: str, password: str) -> tuple[str, Staff]:
    """The token for the cookie and who it is. WrongPassword, or Shut after too many of them."""
    name_hash = _name_hash(house, name)
    account = _try(house, name, name_hash)
    kept = account.password if account and not account.disabled_at else None
    if not passwords.fits(password, kept) or account is None:
        raise WrongPassword
    token = secrets.token_urlsafe(32)
    with house.work() as tx:
        store.forgive(tx, name_hash)
        until = now() + timedelta(hours=house.settings.staff_session_hours)
        tx.add(StaffSession(id=_session_id(token), staff_id=account.id, created_at=now(), until=until))
        audit.record(house.keys, tx, account.id, "sign_in", "staff", account.id)
    return token, as_staff(account)


def _try(house: Storage, name: str, name_hash: str) -> StaffAccount | None:
    """Count this try as failed before it is looked at: a hundred at the same moment are a hundred. Success forgives."""
    with house.work() as tx:
        if store.failures(tx, name_hash, now() - SHUT_FOR) >= FAILURES:
            raise Shut
        tx.add(LoginFailure(id=new_id(), name_hash=name_hash, at=now()))
        return store.account_named(tx, name)


def signed_in(tx: Session, token: str) -> Staff | None:
    """Who holds this token, if it has not run out."""
    account = store.account_of_session(tx, _session_id(token), now()) if token else None
    return as_staff(account) if account else None


def sign_out(house: Storage, token: str, staff: Staff) -> None:
    with house.work() as tx:
        store.end_session(tx, _session_id(token))
        audit.record(house.keys, tx, staff, "sign_out", "staff", staff.id)


def as_staff(account: StaffAccount) -> Staff:
    """Whoever serves people also sees those who have not said yet where they live: a call of theirs reaches everybody."""
    role: Role = account.role  # type: ignore[assignment]
    counties = dict.fromkeys((*account.counties, *([UNPLACED] if "people" in ROLES[role] else [])))
    return Staff(account.id, account.name, account.shown, role, tuple(counties))


def _session_id(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _name_hash(house: Storage, name: str) -> str:
    return house.keys.find_hash("staff_name", name)
