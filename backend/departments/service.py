"""Handing a case to its department, and hearing from it. Sent at least once under one idempotency key, signed both ways.

Out: POST to the department's address, JSON {"key", "round", "receipt", "county", "item", "department", "submitted_at", "answers",
"lines", "signer", "bring"}, headers `Idempotency-Key`, `X-Yijianshi-Time` (seconds) and `X-Yijianshi-Signature` (see `Way.sign`).
Any 2xx means taken; 4xx other than 408, 425 and 429 means refused, which an operator looks at; everything else is tried again.
In: see `routes`. What a department says moves the case through the same table as everybody (by kind "department").
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import requests
import sqlalchemy as sa
from sqlmodel import Session

from backend import jobs
from backend.departments import store as rows
from backend.departments.ways import Way, way_of
from backend.jobs import House
from backend.people import effects, service
from backend.people.effects import Wanted
from backend.storage import DataKey, Storage, new_id, now

log = logging.getLogger(__name__)

SEND = "departments.send"
TRIES = 12
_CALL_SECONDS = (3.0, 10.0)  # to connect; for each byte
_BACKOFF_SECONDS, _LONGEST_SECONDS = 15, 6 * 3600
_PASSING = (408, 425, 429)


@dataclass(frozen=True, slots=True)
class DepartmentSaid:
    """A department has moved its case: the applications' room carries it out, or refuses, in the same unit of work."""

    case_id: str
    department: str
    verb: str
    reason: str
    says: str
    on: date | None
    parts: tuple[str, ...]
    holidays: Mapping[date, bool]
    kind: str = "department_said"


# --- out ---


def handed_over(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """Cases that go to their department. At a desk they are already; a system is told by a job."""
    for one in wanted:
        if way_of(store.settings, one.effect.county, one.effect.department).way == "webhook":
            dispatch_id, turn = _write(tx, store, one)
            jobs.start(tx, SEND, key=f"{dispatch_id}:{turn}", args=(dispatch_id,))


def _write(tx: sa.Connection, store: Storage, one: Wanted) -> tuple[str, int]:
    """The row of this (application, item, department), new or in its next round."""
    over = one.effect
    before = rows.of_case(tx, over.application_id, over.item, over.department)
    dispatch_id: str = before.id if before else new_id()
    turn: int = before.round + 1 if before else 1
    payload = json.dumps(over.payload, ensure_ascii=False, default=str)
    changes = {
        "sealed_payload": store.keys.seal(one.key, payload, f"dispatch.payload:{dispatch_id}"),
        "round": turn,
        "state": "due",
        "due_at": one.at,
        "attempts": 0,
        "code": 0,
    }
    if before:
        rows.move(tx, before, one.at, **changes)
    else:
        named = {name: getattr(over, name) for name in ("application_id", "case_id", "item", "department", "county")}
        whose = {"person_id": one.person_id, "conversation_id": one.conversation_id}
        rows.insert(tx, {"id": dispatch_id, "moved_at": one.at, **named, **whose, **changes})
    return dispatch_id, turn


def send(house: House, dispatch_id: str) -> None:
    """Tell the department's system of one case. Safe to repeat: the key is the same each time."""
    with house.store.read() as tx:
        one = rows.dispatch(tx, dispatch_id)
        key = house.store.keys.load(tx, [one.person_id]).get(one.person_id) if one else None
    if one is None or key is None or one.state != "due" or one.due_at > now():
        return
    way = way_of(house.settings, one.county, one.department)
    payload = json.loads(house.store.keys.unseal(key, one.sealed_payload, f"dispatch.payload:{one.id}"))
    code = _post(way, one.id, {"key": one.id, "round": one.round, **payload}) if way.way == "webhook" else 0
    with house.store.turn() as tx:
        _note(tx, one, code)


def _post(way: Way, key: str, payload: Mapping[str, Any]) -> int:
    """The HTTP status; 0 when nothing came back."""
    body, moment = json.dumps(payload, ensure_ascii=False).encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-Yijianshi-Time": str(moment),
        "X-Yijianshi-Signature": way.sign(moment, body),
    }
    try:
        with requests.post(
            way.url, data=body, headers=headers, timeout=_CALL_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            return int(answer.status_code)
    except requests.RequestException as broken:
        log.warning("department_unreachable", extra={"error": type(broken).__name__, "id": key})
        return 0


def _note(tx: sa.Connection, one: Any, code: int) -> None:
    """Taken, refused, or again later, further and further apart."""
    at, attempts = now(), one.attempts + 1
    if 200 <= code < 300:
        rows.move(tx, one, at, state="taken", attempts=attempts, code=code)
    elif 400 <= code < 500 and code not in _PASSING:
        log.error("department_refused", extra={"code": code, "id": one.id})
        rows.move(tx, one, at, state="refused", attempts=attempts, code=code)
    elif attempts >= TRIES:
        log.error("department_failed", extra={"code": code, "id": one.id})
        rows.move(tx, one, at, state="failed", attempts=attempts, code=code)
    else:
        wait = min(_BACKOFF_SECONDS * 2**one.attempts, _LONGEST_SECONDS)
        if rows.move(tx, one, at, attempts=attempts, code=code, due_at=at + timedelta(seconds=wait)):
            jobs.start(tx, SEND, key=f"{one.id}:{one.round}:{attempts}", args=(one.id,), delay_seconds=wait + 1)


# --- in ---


def said(
    house: House, one: Any, event_id: str, verb: str, reason: str, says: str, on: date | None, parts: Sequence[str]
) -> bool:
    """Carry out what a department says of its case; False when this event has been heard before. Raises what the case's table
    raises (409, 422), and then nothing has been kept of the event."""
    told = DepartmentSaid(one.case_id, one.department, verb, reason, says, on, tuple(parts), house.library.holidays)
    with house.store.turn() as tx:
        key = house.store.keys.of(tx, one.person_id)
        row = {"id": new_id(), "dispatch_id": one.id, "event_id": event_id, "person_id": one.person_id, "at": now()}
        if not rows.keep_event(tx, row):
            return False
        effects.carry_out(tx, house.store, [Wanted(one.person_id, one.conversation_id, told, now(), key)])
    return True


# --- what belongs to a person ---


def _export(tx: Session, store: Storage, key: DataKey, person_id: str) -> list[dict[str, str]]:
    """Which department's system was given what, and when."""
    return [
        {"department": one.department, "item": one.item, "state": one.state, "at": one.moved_at.isoformat()}
        for one in rows.of_person(tx, person_id)
    ]


def _forget(tx: Session, person_id: str) -> list[str]:
    rows.forget_person(tx, person_id)
    return []


effects.register("hand_over", handed_over)
service.keeps("departments", export=_export, forget=_forget)
