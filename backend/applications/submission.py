"""What the talk asks of the office: keep a submission once, take what was supplied, keep a rating; and what a person takes away.

These are the handlers of the effects Submit, Supply and Rate; the writer calls them inside the unit of work of the turn. Whatever
is said twice is kept once, and a supplement that nobody waits for any more changes nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from backend.applications import store as rows
from backend.applications.service import EVENT_WORDS, SNAPSHOT, Actor, Desk, Step, event_row, make, opened
from backend.applications.states import CaseProblem
from backend.people import effects, service
from backend.people.effects import Wanted
from backend.storage import DataKey, Storage
from dialogs.messages import CaseToOpen, Rate, Submit, Supply

log = logging.getLogger(__name__)
PERSON = Actor("person")


def submitted(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """One application per draft, with its cases and their first event."""
    known = rows.drafts_known(tx, [one.effect.draft_id for one in wanted])
    fresh = {one.effect.draft_id: one for one in reversed(wanted) if one.effect.draft_id not in known}
    applications = {draft_id: _application(store, one) for draft_id, one in fresh.items()}
    cases = [row for one in fresh.values() for row in _cases(one)]
    rows.insert(tx, "application", list(applications.values()))
    rows.insert(tx, "case", cases)
    rows.insert(tx, "case_event", [row for one in fresh.values() for row in _first_events(tx, store, one)])
    store.live.changed(tx, [one.effect.application_id for one in fresh.values()])


def supplied(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """What was asked for again is there: the case goes back to where it was."""
    for one in wanted:
        effect: Supply = one.effect
        try:
            case, desk = opened(tx, store, effect.case_id, one.at)
            if case.person_id == one.person_id:
                given = {"wanted": effect.parts, "photo_ids": effect.photo_ids}
                make(desk, case, Step("supply", PERSON, says=effect.words, **given))
        except CaseProblem as late:  # withdrawn or decided meanwhile: the pictures are kept, the case stays
            log.info("supply_late", extra={"code": late.code})


def rated(tx: sa.Connection, store: Storage, wanted: Sequence[Wanted]) -> None:
    """A rating, once per application; only of one's own."""
    first = {(one.effect.application_id, one.effect.about): one for one in reversed(wanted)}
    for known in rows.rated(tx, {application_id for application_id, _ in first}):
        first.pop(known, None)
    mine = {row.id for row in rows.owned(tx, {id_: one.person_id for (id_, _), one in first.items()})}
    rows.insert(tx, "rating", [_rating(store, one) for (id_, _), one in first.items() if id_ in mine])


# --- rows ---


def _application(store: Storage, one: Wanted) -> dict[str, Any]:
    effect: Submit = one.effect
    text = json.dumps(effect.snapshot, ensure_ascii=False, default=str)
    return {
        "id": effect.application_id,
        "conversation_id": one.conversation_id,
        "person_id": one.person_id,
        "draft_id": effect.draft_id,
        "receipt": effect.receipt,
        "county": effect.county,
        "pack": effect.pack,
        "pack_version": effect.pack_version,
        "submitted_at": one.at,
        "sealed_snapshot": store.keys.seal(one.key, text, f"{SNAPSHOT}:{effect.application_id}"),
        "identity_hash": _hash(store, "identity", _field(effect.snapshot, "id_number").upper()),
        "phone_hash": _hash(store, "phone", _field(effect.snapshot, "phone")),
        "ended_at": None,
    }


def _cases(one: Wanted) -> list[dict[str, Any]]:
    effect: Submit = one.effect
    return [_case(one, case) for case in effect.cases]


def _case(one: Wanted, case: CaseToOpen) -> dict[str, Any]:
    effect: Submit = one.effect
    decision = effect.snapshot.get("decision", {})
    limits = decision.get("deadlines", {})
    limit = limits.get(case.item) or limits.get("bundle", {})
    waits = waits_for(case.item, (other.item for other in effect.cases), decision)
    return {
        "id": case.case_id,
        "application_id": effect.application_id,
        "person_id": one.person_id,
        "county": effect.county,
        "item": case.item,
        "department": case.department,
        "way": case.way,
        "state": "submitted",
        "version": 1,
        "opened_at": one.at,
        "moved_at": one.at,
        "state_before": "",
        "limit_days": limit.get("working_days"),
        "limit_calendar_days": limit.get("calendar_days"),
        "limit_by": limit.get("by") or "",
        "excludes": list(limit.get("excludes", ())),
        "stood_still": 0,
        "starts": limit.get("starts", ""),
        "limit_clause": limit.get("clause", ""),
        "waits_for": waits,
        "urgency": 0,
        "estimate": False,
        "stale": False,
    }


def waits_for(item: str, applied: Iterable[str], decision: Mapping[str, Any]) -> list[str]:
    """The items of this application that must be granted before `item` can go on: those of the stages before its own, for an
    item that the decision calls `later`."""
    if decision.get("items", {}).get(item, {}).get("verdict") != "later":
        return []
    stages = [set(stage) for stage in decision.get("order", [])]
    own = next((at for at, stage in enumerate(stages) if item in stage), 0)
    before = set().union(*stages[:own])
    return [other for other in applied if other in before]


def _first_events(tx: sa.Connection, store: Storage, one: Wanted) -> list[dict[str, Any]]:
    desk = Desk(tx, store, one, one.key, one.at)  # the first event needs only whose it is and when
    step = Step("submit", PERSON)
    return [event_row(desk, case.case_id, step, "drafted", "submitted", 1) for case in one.effect.cases]


def _rating(store: Storage, one: Wanted) -> dict[str, Any]:
    effect: Rate = one.effect
    words = effect.words and store.keys.seal(one.key, effect.words, f"rating.words:{effect.application_id}")
    return {
        "application_id": effect.application_id,
        "person_id": one.person_id,
        "about": effect.about,
        "stars": effect.stars,
        "sealed_words": words or None,
        "at": one.at,
    }


def _field(snapshot: Mapping[str, Any], name: str) -> str:
    return str((snapshot.get("answers", {}).get(f"field:{name}") or {}).get("value") or "")


def _hash(store: Storage, kind: str, value: str) -> str:
    return store.keys.find_hash(kind, value) if value else ""


# --- what belongs to a person ---


def _export(tx: Session, store: Storage, key: DataKey, person_id: str) -> list[dict[str, Any]]:
    """Every application with what was confirmed, and every move of its cases with its reason."""
    return [_exported(tx, store, key, row) for row in rows.applications_of(tx, person_id)]


def _exported(tx: Session, store: Storage, key: DataKey, row: Any) -> dict[str, Any]:
    cases = rows.cases_of(tx, [row.id])
    events = rows.events_of(tx, [case.id for case in cases])
    return {
        "receipt": row.receipt,
        "submitted_at": row.submitted_at.isoformat(),
        "confirmed": json.loads(store.keys.unseal_text(key, row.sealed_snapshot, f"{SNAPSHOT}:{row.id}")),
        "cases": [
            {
                "item": case.item,
                "state": case.state,
                "due": case.due_on.isoformat() if case.due_on else None,
                "moves": [_moved(store, key, one) for one in events if one.case_id == case.id],
            }
            for case in cases
        ],
    }


def _moved(store: Storage, key: DataKey, event: Any) -> dict[str, Any]:
    said = store.keys.unseal_text(key, event.sealed_words, f"{EVENT_WORDS}:{event.id}") if event.sealed_words else "{}"
    return {"at": event.at.isoformat(), "to": event.after, "by": event.by_kind, **json.loads(said)}


def _forget(tx: Session, person_id: str) -> list[str]:
    rows.forget_person(tx, person_id)
    return []


effects.register("submit", submitted)
effects.register("supply", supplied)
effects.register("rate", rated)
service.keeps("applications", export=_export, forget=_forget)
