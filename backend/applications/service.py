"""The verbs of a case: each is one unit of work that moves the case, writes its event, starts its clock and tells the applicant.

For the console and the departments:

    move(house, case_id, verb, by, *, reason="", says="", on=None, clause=None) -> None
        verb: accept | assess | publicise | dispatch | supply | approve | reject | deliver | close | withdraw
        assess with `on` is the result of the assessment of that day; `on` is also the day of an acceptance or a publicity that
        is written down later, never before the day of the submission or after today. `reason` is needed to reject; the
        applicant hears `reason`, `says` and the `clause` of a refusal.
    return_for(house, case_id, by, materials, reason, *, photo_ids=()) -> None
        everything that is missing at once: material ids or photo parts, and pictures to be taken again.

Both raise `states.CaseProblem` (404, 403, 409, 422), which the doors answer as it is. `by` is an `Actor`. What the console reads
is in `shown`; what the talk asks for (submit, supply, rate) is in `submission`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from backend.applications import store as rows
from backend.applications.clocks import Calendar, Limit
from backend.applications.states import (
    EXCLUDED,
    GRANTED,
    OPEN,
    REFUSED,
    WHERE_IT_WAS,
    BadRequest,
    By,
    MovedMeanwhile,
    NotFound,
    Waits,
    all_ended,
    check,
    words,
)
from backend.jobs import House
from backend.people import effects
from backend.people.happenings import tell
from backend.storage import DataKey, Storage, new_id, now
from dialogs.directory import SHANGHAI
from dialogs.messages import Cite
from dialogs.policy.clocks import MONTH_OF_CARD

_MAY_LIE_BEFORE = ("assessed",)  # who was assessed already brings the result along
SUPPLEMENT_REASON, EVENT_WORDS, SNAPSHOT = "supplement.reason", "case_event.words", "application.snapshot"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it: a member of the staff (their id), a department (its name), the applicant, or the house itself."""

    kind: By
    id: str = ""


SYSTEM = Actor("system")


@dataclass(frozen=True, slots=True)
class Step:
    """One move to be made. `wanted`: photo parts asked for again, or what each given picture shows; `photo_ids`: pictures sent
    back, or given; `clause`: by which a case is refused, where one was named."""

    verb: str
    by: Actor
    reason: str = ""
    says: str = ""
    on: date | None = None
    wanted: tuple[str, ...] = ()
    photo_ids: tuple[str, ...] = ()
    clause: Cite | None = None


@dataclass(frozen=True, slots=True)
class HandOver:
    """A case goes to its department: the departments' room takes it from here, in the same unit of work."""

    application_id: str
    case_id: str
    item: str
    department: str
    county: str
    payload: Mapping[str, Any] = field(repr=False, default_factory=dict)
    kind: str = "hand_over"


@dataclass(frozen=True, slots=True)
class Desk:
    """What a move works with: the unit of work, the application with its person's key, the moment, the calendar (None where no
    clock can start)."""

    tx: sa.Connection
    store: Storage
    application: Any
    key: DataKey
    at: datetime
    calendar: Calendar | None = None


# --- what the console calls ---


def move(
    house: House,
    case_id: str,
    verb: str,
    by: Actor,
    *,
    reason: str = "",
    says: str = "",
    on: date | None = None,
    clause: Cite | None = None,
) -> None:
    """Move a case by a verb; see the head of this module."""
    named = "assessed" if verb == "assess" and on is not None else verb
    if named == "return":
        raise BadRequest("nothing_wanted")
    _in_one_unit(house, case_id, Step(named, by, reason.strip(), says.strip(), on, clause=clause))


def return_for(
    house: House, case_id: str, by: Actor, materials: Sequence[str], reason: str, *, photo_ids: Sequence[str] = ()
) -> None:
    """Send a case back for everything that is missing, at once, with one reason."""
    if not materials and not photo_ids:
        raise BadRequest("nothing_wanted")
    parts = _parts(house, materials)
    _in_one_unit(house, case_id, Step("return", by, reason.strip(), wanted=parts, photo_ids=tuple(photo_ids)))


def _in_one_unit(house: House, case_id: str, step: Step) -> None:
    calendar = Calendar(house.library.holidays)
    if step.on is not None and step.on > calendar.today(now()):
        raise BadRequest("in_future")
    with house.store.turn() as tx:
        case, desk = opened(tx, house.store, case_id, now(), calendar)
        make(desk, case, step)


def opened(
    tx: sa.Connection, store: Storage, case_id: str, at: datetime, calendar: Calendar | None = None
) -> tuple[Any, Desk]:
    """The case and the desk to move it on, or NotFound."""
    case = rows.case(tx, case_id)
    application = rows.application_to_move(tx, case.application_id) if case else None
    key = store.keys.load(tx, [application.person_id]).get(application.person_id) if application else None
    if case is None or key is None:
        raise NotFound()
    return case, Desk(tx, store, application, key, at, calendar)


def _parts(house: House, materials: Sequence[str]) -> tuple[str, ...]:
    """Photo parts for material ids; a part is taken as it is. Papers that only the window can take have none."""
    materials_known = house.library.policy.materials
    papers = {name: [part.part for part in material.parts] for name, material in materials_known.items()}
    every = {part for parts in papers.values() for part in parts}
    found: dict[str, None] = {}
    for name in materials:
        if name not in papers and name not in every:
            raise BadRequest("unknown_material")
        found |= dict.fromkeys(papers.get(name, [name]))
    return tuple(found)


# --- one move ---


def make(desk: Desk, case: Any, step: Step) -> None:
    """Move a case: check, change its row, write the event, tell the applicant, see to what depends on it."""
    row = check(case.state, step.verb, step.by.kind, step.reason)
    if step.verb == "accept" and case.waits_for:
        raise Waits(step.verb)
    if step.verb == "publicise" and case.starts == "assessment_result":
        raise BadRequest("no_publicity")
    if step.on is not None and step.verb not in _MAY_LIE_BEFORE and step.on < _day_of(case.opened_at):
        raise BadRequest("before_submission")
    step = _with_pictures(desk, step)
    after = (case.state_before or "submitted") if row.target == WHERE_IT_WAS else row.target
    changes = {
        "state": after,
        "state_before": case.state if step.verb == "return" else "",
        "moved_at": desk.at,
        "stale": False,
        "supplied_at": desk.at if step.verb == "supply" else None,
        **({"waits_for": []} if step.verb == "dispatch" else {}),
        **_clock(desk, case, row.starts, after, step.on),
    }
    if after not in OPEN:
        changes["urgency"] = 0
    if not rows.move(desk.tx, case, changes):
        raise MovedMeanwhile()
    _write_event(desk, case, step, after)
    _keep_supplement(desk, case, step)
    moved = rows.case(desk.tx, case.id)
    say(desk, moved, step, says=_says(step))
    _see_to_others(desk, moved, step.verb)


def _clock(desk: Desk, case: Any, events: Collection[str], after: str, on: date | None) -> dict[str, Any]:
    """Start the clock if this is the event it waits for; stop it and let it go on where the document says so. A clock that
    runs is never started anew."""
    if desk.calendar is None or not (limit := Limit.of(case)):
        return {}
    received = desk.calendar.today(case.opened_at) if case.starts == "application" and after == "accepted" else None
    day = max(on, _day_of(case.opened_at)) if on else received or desk.calendar.today(desk.at)
    stands = EXCLUDED.get(after) in case.excludes
    if case.paused_on:
        return {} if stands else desk.calendar.resume(case, day, desk.at)
    may_start = case.starts in events and not case.started_on
    if limit.by == MONTH_OF_CARD and after == "accepted":
        may_start = False  # who holds a card already is promised no month
    started = desk.calendar.start(day, limit, desk.at) if may_start else {}
    runs = case.started_on or started
    return {**started, **(desk.calendar.pause(day) if stands and runs else {})}


def _day_of(moment: datetime) -> date:
    """The day that it was in China: no limit begins before the day on which it was handed in."""
    return moment.astimezone(SHANGHAI).date()


def _says(step: Step) -> str:
    """The house's own words for a verb, and what the member of the staff adds; never what the applicant told the office."""
    own = {"supply": words().supplied, "assessed": words().assessed}.get(step.verb, "")
    added = "" if step.by.kind == "person" else step.says
    return "\n".join(part for part in (own, added) if part)


def _with_pictures(desk: Desk, step: Step) -> Step:
    """A return names the parts of the pictures that are sent back, so that the talk asks for them again."""
    if step.verb != "return" or not step.photo_ids:
        return step
    places = pictures(desk)
    if not set(step.photo_ids) <= places.keys():
        raise BadRequest("unknown_photo")
    parts = dict.fromkeys((*step.wanted, *(places[photo_id] for photo_id in step.photo_ids)))
    return Step(step.verb, step.by, step.reason, step.says, step.on, tuple(parts), step.photo_ids)


def pictures(desk: Desk) -> dict[str, str]:
    """Every picture of an application: photo id -> part. Those given later for a returned part stand under that part."""
    found = {
        photo_id: key.removeprefix("photo:")
        for key, answer in snapshot(desk)["answers"].items()
        if key.startswith("photo:") and isinstance(answer.get("value"), dict)
        for photo_id in answer["value"].get("ids", ())
    }
    cases = [case.id for case in rows.cases_of(desk.tx, [desk.application.id])]
    for supplement in rows.supplements_of(desk.tx, cases):
        given = json.loads(_open(desk, supplement.sealed_given, "supplement.given", supplement.id) or "{}")
        parts = given.get("parts") or (supplement.wanted[:1] if len(supplement.wanted) == 1 else ["unplaced"])
        found |= {photo_id: parts[min(at, len(parts) - 1)] for at, photo_id in enumerate(supplement.given_photo_ids)}
    return found


def snapshot(desk: Desk) -> Mapping[str, Any]:
    """What the person submitted, opened. Personal."""
    text = _open(desk, desk.application.sealed_snapshot, SNAPSHOT, desk.application.id)
    return dict(json.loads(text or "{}"))


def _open(desk: Desk, sealed: bytes | None, place: str, row_id: str) -> str:
    return desk.store.keys.unseal_text(desk.key, sealed, f"{place}:{row_id}") if sealed else ""


# --- what is written and told ---


def _write_event(desk: Desk, case: Any, step: Step, after: str) -> None:
    rows.insert(desk.tx, "case_event", [event_row(desk, case.id, step, case.state, after, case.version + 1)])


def event_row(desk: Desk, case_id: str, step: Step, before: str, after: str, version: int) -> dict[str, Any]:
    event_id = new_id()
    clause = step.clause.clause if step.clause else ""
    said = {name: text for name, text in (("reason", step.reason), ("says", step.says), ("clause", clause)) if text}
    return {
        "id": event_id,
        "case_id": case_id,
        "person_id": desk.application.person_id,
        "at": desk.at,
        "by_kind": step.by.kind,
        "by_id": step.by.id,
        "verb": step.verb,
        "before": before,
        "after": after,
        "version": version,
        "happened_on": step.on,
        "sealed_words": seal(desk, json.dumps(said, ensure_ascii=False), EVENT_WORDS, event_id) if said else None,
    }


def seal(desk: Desk, text: str, place: str, row_id: str) -> bytes:
    return desk.store.keys.seal(desk.key, text, f"{place}:{row_id}")


def _keep_supplement(desk: Desk, case: Any, step: Step) -> None:
    """A return opens a supplement; what is given, or any other end of it, closes it."""
    if step.verb == "return":
        supplement_id = new_id()
        row = {
            "id": supplement_id,
            "case_id": case.id,
            "person_id": desk.application.person_id,
            "wanted": list(step.wanted),
            "photo_ids": list(step.photo_ids),
            "sealed_reason": seal(desk, step.reason, SUPPLEMENT_REASON, supplement_id),
            "asked_at": desk.at,
            "given_photo_ids": [],
        }
        rows.insert(desk.tx, "supplement", [row])
    elif case.state == "returned" and (open_one := rows.open_supplement(desk.tx, case.id)):
        changes: dict[str, Any] = {"given_at": desk.at, "given_photo_ids": list(step.photo_ids)}
        if step.verb == "supply":
            parts = list(step.wanted or open_one.wanted)
            given = json.dumps({"words": step.says, "parts": parts}, ensure_ascii=False)
            changes["sealed_given"] = seal(desk, given, "supplement.given", open_one.id)
        rows.give(desk.tx, open_one.id, changes)


def say(desk: Desk, case: Any, step: Step | None = None, *, says: str = "") -> None:
    """Have the applicant's conversation hear where this case is now (and by which step); the console's pages hear that
    something moved."""
    told: dict[str, Any] = {
        "application_id": desk.application.id,
        "case_id": case.id,
        "draft_id": desk.application.draft_id,
        "item": case.item,
        "state": case.state,
        "says": says,
        "reason": step.reason if step else "",
        "due": case.due_on.isoformat() if case.due_on else None,
        "wanted": list(step.wanted) if step and step.verb == "return" else [],
        "quiet": step is not None and step.by.kind == "person",  # the talk has answered its own person already
    }
    if step is not None and step.verb == "reject":
        told |= {"clause": step.clause.clause, "document": step.clause.document} if step.clause else {"clause": ""}
    tell(desk.store.keys, desk.tx, desk.application.conversation_id, desk.key, "case_moved", told)
    desk.store.live.changed(desk.tx, [desk.application.id, desk.application.conversation_id])


# --- what follows ---


def _see_to_others(desk: Desk, case: Any, verb: str) -> None:
    """Hand over, let go what waited for this case, and note when everything has ended."""
    if verb == "dispatch":
        _hand_over(desk, case)
    mine = rows.cases_of(desk.tx, [desk.application.id])
    if verb == "reject" and case.item in snapshot(desk).get("ends_on_refusal", ()):
        for other in mine:
            if other.id != case.id and other.state in OPEN:
                make(desk, other, Step("end", SYSTEM, words().whole_ended))
    elif verb in ("approve", "reject", "withdraw"):
        for other in mine:
            if case.item in other.waits_for and other.state in OPEN:
                _after(desk, other, case, mine)
    ended = all_ended(other.state for other in rows.cases_of(desk.tx, [desk.application.id]))
    if ended != (desk.application.ended_at is not None):
        rows.end(desk.tx, desk.application.id, desk.at if ended else None)


def _hand_over(desk: Desk, case: Any) -> None:
    over = HandOver(desk.application.id, case.id, case.item, case.department, case.county, _payload(desk, case))
    wanted = effects.Wanted(desk.application.person_id, desk.application.conversation_id, over, desk.at, desk.key)
    effects.carry_out(desk.tx, desk.store, [wanted])


def _payload(desk: Desk, case: Any) -> dict[str, Any]:
    """What the department is given: what the person confirmed that it would be. Personal."""
    confirmed = snapshot(desk)
    given = {name: confirmed.get(name) for name in ("answers", "lines", "signer", "bring")}
    return {
        "receipt": desk.application.receipt,
        "county": case.county,
        "item": case.item,
        "department": case.department,
        "submitted_at": desk.application.submitted_at.isoformat(),
        **given,
    }


def _after(desk: Desk, waiting: Any, first: Any, mine: Sequence[Any]) -> None:
    """The case that `waiting` waits for has been decided: it goes on when all it waits for are granted; else it is told."""
    if first.state in REFUSED:
        say(desk, waiting, says=words().card_refused)
        return
    blockers = [other for other in mine if other.item in waiting.waits_for]
    if waiting.state == "submitted" and all(other.state in GRANTED for other in blockers):
        make(desk, waiting, Step("dispatch", SYSTEM, says=words().card_granted))


# --- what a department's own system says ---


def department_said(tx: sa.Connection, store: Storage, wanted: Sequence[effects.Wanted]) -> None:
    """Move a case as its department says; raises what the table raises, so that the department hears why not."""
    for one in wanted:
        told = one.effect
        calendar = Calendar(told.holidays)
        if told.on is not None and told.on > calendar.today(one.at):
            raise BadRequest("in_future")
        case, desk = opened(tx, store, told.case_id, one.at, calendar)
        by = Actor("department", told.department)
        make(desk, case, Step(told.verb, by, told.reason, told.says, told.on, told.parts))


effects.register("department_said", department_said)
