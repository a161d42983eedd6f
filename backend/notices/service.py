"""From what was said aside (by the bot or the staff, to somebody who is not looking) to a push, at most once.

The writer's unit of work inserts the notices and starts one job for each account; the job marks a notice `sending` and commits
before it calls WeChat. A notice that is found in `sending` with nobody at work on it is `unconfirmed` and stays so: WeChat takes
no key, and a second message about a refused application is worse than one that has to be looked up.
The ladder: a message in the chat, else a template message if one is set up, else nothing more than the log. Whether the chat's
window (48 hours, five messages) is open is WeChat's to say: taps on menus and answers in pieces count too, and its refusal is
sure and costs one call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from backend import jobs
from backend.jobs import House
from backend.notices import store as rows
from backend.notices.templates import template_of
from backend.people import effects, service
from backend.people import store as people
from backend.people.effects import Aside, Wanted
from backend.storage import DataKey, Storage, new_id, now
from bot.wechat.client import HardenedClient, Outcome
from bot.wechat.official_account import OfficialAccount, in_pieces

log = logging.getLogger(__name__)

PUSH = "notices.push"
PUSHED = (OfficialAccount.name,)  # doors that can reach somebody who is not looking
CUSTOM, TEMPLATE = "custom", "template"
TRIES = 6
SENDING_SECONDS = 60  # no call takes longer; a notice that is `sending` for longer has lost whoever sent it
_BACKOFF_SECONDS = 30


# --- in the writer's unit of work ---


def said_aside(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Write the notices of a group of turns, and start their jobs."""
    accounts = rows_by_person(people.accounts_at(tx, [one.person_id for one in wanted], PUSHED))
    notices: list[dict[str, Any]] = []
    for one in wanted:
        for account in accounts.get(one.person_id, ()):
            notices += _pieces(store, one, account)
            jobs.start(tx, PUSH, key=notices[-1]["id"], args=(account.id,))
    rows.insert_many(tx, notices)


def rows_by_person(accounts: Iterable[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for account in accounts:
        found.setdefault(account.person_id, []).append(account)
    return found


def _pieces(store: Storage, one: Wanted, account: Any) -> list[dict[str, Any]]:
    """One notice for each message that WeChat will take of it; at least one."""
    aside: Aside = one.effect
    return [_row(store, one, account, part, text) for part, text in enumerate(in_pieces(aside.replies) or [""])]


def _row(store: Storage, one: Wanted, account: Any, part: int, text: str) -> dict[str, Any]:
    notice_id = new_id()
    return {
        "id": notice_id,
        "person_id": one.person_id,
        "account_id": account.id,
        "app": account.app,
        "kind": one.effect.event,
        "source": one.effect.entry_ids[0],
        "part": part,
        "sealed_text": store.keys.seal(one.key, text, f"notice.text:{notice_id}"),
        "at": one.at,
        "state": "due",
        "rung": CUSTOM,
        "due_at": one.at,
        "attempts": 0,
        "moved_at": one.at,
        "code": 0,
        "message": "",
    }


# --- in the job ---


def push(house: House, account_id: str) -> None:
    """Send what is due to this account, in its order, until nothing is due or somebody else is at it."""
    while _push_head(house, account_id):
        pass


def _push_head(house: House, account_id: str) -> bool:
    """One step for the oldest notice on its way; False when there is no more to do now."""
    at = now()
    with house.store.turn() as tx:
        notice = rows.head(tx, account_id)
        if notice is None:
            return False
        if notice.state == "sending":
            return _lost(tx, notice, at)
        if notice.due_at > at:
            _again(tx, notice, notice.due_at - at)
            return False
        ready = _ready(house, tx, notice)
        if ready is None:
            return rows.move(tx, notice, "inbox_only", at)
        if not rows.move(tx, notice, "sending", at, attempts=notice.attempts + 1):
            return False
        marked = rows.one(tx, notice.id)
    outcome = _call(house, marked, *ready)  # the mark is on disk
    with house.store.turn() as tx:
        return _note(house, tx, marked, outcome)


def _lost(tx: sa.Connection, notice: Any, at: datetime) -> bool:
    """Found in the middle: somebody is at it, or died at it. What a dead one did, nobody knows."""
    if at - notice.moved_at < timedelta(seconds=SENDING_SECONDS):
        return False
    log.warning("notice_unconfirmed", extra={"notice": notice.id, "job": PUSH})
    return rows.move(tx, notice, "unconfirmed", at)


def _ready(house: House, tx: sa.Connection, notice: Any) -> tuple[HardenedClient, str, str] | None:
    """(client, openid, text) for the call; None where nobody can be called: door shut, account or person gone, no words."""
    client = house.doors.get(notice.app)
    account = people.account_by_id(tx, notice.account_id)
    key: DataKey | None = house.store.keys.load(tx, [notice.person_id]).get(notice.person_id)
    if client is None or account is None or key is None:
        return None
    keys = house.store.keys
    openid = keys.unseal_text(key, account.sealed_key, f"account.key:{account.id}")
    text = keys.unseal_text(key, notice.sealed_text, f"notice.text:{notice.id}")
    return (client, openid, text) if text else None


def _call(house: House, notice: Any, client: HardenedClient, openid: str, text: str) -> Outcome:
    if notice.rung == CUSTOM:
        return client.send_text(openid, text)
    found = template_of(house.settings, notice.app)
    if found is None:
        return Outcome("refused")
    template_id, template = found
    return client.send_template(openid, template_id, template.filled(notice.at))


def _note(house: House, tx: sa.Connection, notice: Any, outcome: Outcome) -> bool:
    """Write down what became of the call. True when the next notice may follow at once."""
    at = now()
    if outcome.alarm:
        log.error("push_alarm", extra={"code": outcome.code, "rid": outcome.rid, "notice": notice.id})
    match outcome.kind:
        case "sent":
            return rows.move(tx, notice, "sent", at, message=outcome.message)
        case "unconfirmed":
            return rows.move(tx, notice, "unconfirmed", at)
        case "retry_later":
            return _later(tx, notice, outcome, at)
        case "refused":
            return _down(house, tx, notice, outcome, at)


def _later(tx: sa.Connection, notice: Any, outcome: Outcome, at: datetime) -> bool:
    """It surely did not arrive: again after a while, further and further apart, not for ever."""
    if notice.attempts >= TRIES:
        return rows.move(tx, notice, "failed", at, code=outcome.code)
    wait = timedelta(seconds=outcome.wait or _BACKOFF_SECONDS * 2 ** (notice.attempts - 1))
    rows.move(tx, notice, "due", at, code=outcome.code, due_at=at + wait)
    _again(tx, notice, wait)
    return False


def _down(house: House, tx: sa.Connection, notice: Any, outcome: Outcome, at: datetime) -> bool:
    """It will never be taken this way: the next rung of the ladder. One template message is enough for all pieces."""
    if notice.rung == CUSTOM and notice.part == 0 and not outcome.alarm and template_of(house.settings, notice.app):
        return rows.move(tx, notice, "due", at, code=outcome.code, rung=TEMPLATE, attempts=0)
    return rows.move(tx, notice, "failed" if outcome.alarm else "inbox_only", at, code=outcome.code)


def _again(tx: sa.Connection, notice: Any, wait: timedelta) -> None:
    key = f"{notice.id}:{notice.rung}:{notice.attempts}"
    jobs.start(tx, PUSH, key=key, args=(notice.account_id,), delay_seconds=max(1.0, wait.total_seconds()))


# --- what belongs to a person ---


def _export(tx: Session, store: Storage, key: DataKey, person_id: str) -> list[dict[str, str]]:
    """When a push was made and what became of it; its words stand in the log."""
    return [{"at": one.at.isoformat(), "what": one.kind, "state": one.state} for one in rows.of_person(tx, person_id)]


def _forget(tx: Session, person_id: str) -> list[str]:
    rows.forget_person(tx, person_id)
    return []


effects.register("aside", said_aside)
service.keeps("notices", export=_export, forget=_forget)
