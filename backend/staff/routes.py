"""The console's HTTP API: signing in, conversations and the floor, directories, questions, the graph, the audit, the live stream.

Applications, cases and photos are in `case_routes`. Everything is under /api/v1/staff and answers with ids and masked words.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from backend.applications import states
from backend.staff import audit, case_routes, cases, deeds, desk, directory, floor, questions, service, store
from backend.staff.access import (
    COOKIE,
    PATH,
    Auditor,
    DirectoryKeeper,
    DirectoryReader,
    GraphReader,
    HouseDep,
    Most,
    People,
    QuestionReader,
    StaffDep,
    give_cookie,
    own_page,
    refused,
)
from backend.staff.rights import MOST, ROLES, Staff
from backend.staff.words import words
from backend.storage.live import MISSED
from dialogs import graph as dialog_graph
from dialogs.directory import Directory

router = APIRouter(prefix=PATH, dependencies=[Depends(own_page)])
Json = dict[str, Any]
_GATHER_SECONDS = 0.3  # ids that come together go out together
_STILL_SIGNED_IN_SECONDS = 30.0


# --- signing in ---


class Login(BaseModel):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


@router.post("/login")
def login(body: Login, house: HouseDep, response: Response) -> Json:
    try:
        token, staff = service.sign_in(house.store, body.name, body.password)
    except service.WrongPassword:
        raise refused(401, "wrong_password") from None
    except service.Shut:
        raise refused(429, "shut") from None
    give_cookie(house, response, token)
    return _me(house.library, staff, house.settings.lease_minutes)


@router.post("/logout")
def logout(house: HouseDep, staff: StaffDep, request: Request, response: Response) -> Json:
    service.sign_out(house.store, request.cookies.get(COOKIE, ""), staff)
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")
    return {}


@router.get("/me")
def me(house: HouseDep, staff: StaffDep) -> Json:
    return _me(house.library, staff, house.settings.lease_minutes)


def _me(library: Any, staff: Staff, lease_minutes: int) -> Json:
    return {
        "id": staff.id,
        "name": staff.shown,
        "role": staff.role,
        "role_name": words().roles[staff.role],
        "rights": sorted(ROLES[staff.role]),
        "counties": [{"code": code, "name": library.county_names.get(code, code)} for code in staff.counties if code],
        "reasons": [{"code": code, "says": says} for code, says in words().reasons.items()],
        "return_reasons": [{"label": label, "says": says} for label, says in words().return_reasons.items()],
        "verbs": states.words().verbs,
        "need_reason": [move.verb for move in states.TABLE.values() if move.reason],
        "lease_minutes": lease_minutes,
    }


# --- conversations and the floor ---


class Words(BaseModel):
    text: str = Field(min_length=1, max_length=2000)


class Returning(BaseModel):
    """`anyway`: though the person has not been answered; what they asked is kept."""

    anyway: bool = False


@router.get("/conversations")
def conversations(house: HouseDep, staff: People, filter: str = "needs", most: Most = MOST) -> list[Json]:
    with house.store.read() as tx:
        return desk.rows(house, tx, staff, filter, cases.reasons(house, tx, staff), most)


@router.get("/waiting")
def waiting(house: HouseDep, staff: People) -> dict[str, int]:
    """How many people wait ("talks"), and how many applications each list has in which something waits."""
    with house.store.read() as tx:
        people = store.waiting(tx, staff.counties, staff.id)
    return {"talks": people, **cases.waiting(house, staff)}


@router.get("/conversations/{conversation_id}")
def conversation(conversation_id: str, house: HouseDep, staff: People) -> Json:
    with house.store.read() as tx:
        known = store.conversation(tx, staff.counties, conversation_id) is not None
        recorded = audit.seen_lately(tx, staff, "conversation", conversation_id)
    if known and not recorded:
        with house.store.work() as work:
            audit.record(house.store.keys, work, staff, "open", "conversation", conversation_id)
    with house.store.read() as tx:
        more = cases.reasons(house, tx, staff).get(conversation_id, [])
        shown = desk.talk(house, tx, staff, conversation_id, more)
        if shown is None:
            raise refused(404, "not_found")
        return shown | {"applications": cases.of_conversation(tx, staff, conversation_id)}


@router.post("/conversations/{conversation_id}/take")
def take(conversation_id: str, house: HouseDep, staff: People) -> Json:
    floor.take(house, staff, conversation_id)
    return {}


@router.post("/conversations/{conversation_id}/renew")
def renew(conversation_id: str, house: HouseDep, staff: People) -> Json:
    floor.renew(house, staff, conversation_id)
    return {}


@router.post("/conversations/{conversation_id}/say")
def say(
    conversation_id: str,
    body: Words,
    house: HouseDep,
    staff: People,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=64)],
) -> Json:
    if not body.text.strip():
        raise refused(422, "empty")
    floor.say(house, staff, conversation_id, body.text.strip(), idempotency_key)
    return {}


@router.post("/conversations/{conversation_id}/return")
def give_back(conversation_id: str, house: HouseDep, staff: People, body: Returning | None = None) -> Json:
    floor.give_back(house, staff, conversation_id, anyway=body is not None and body.anyway)
    return {}


# --- directories ---


class Saving(BaseModel):
    version: int = Field(ge=0)
    entries: Json


@router.get("/directory/{county}")
def read_directory(county: str, house: HouseDep, staff: DirectoryReader) -> Json:
    _inside(staff, county)
    with house.store.read() as tx:
        version, entries = directory.read(tx, county)
    entries = entries or directory.blank(county, house.library.county_names.get(county, county))
    return {
        "version": version,
        "entries": entries.model_dump(mode="json"),
        "schema": Directory.model_json_schema(),
        "labels": words().directory,
        "kinds": words().kinds,
        "may_save": staff.may("directory"),
    }


@router.put("/directory/{county}")
def save_directory(county: str, body: Saving, house: HouseDep, staff: DirectoryKeeper) -> Json:
    _inside(staff, county)
    try:
        version = directory.save(house.store, staff, county, body.version, body.entries)
    except directory.Unfit as unfit:
        raise _unfit(unfit) from None
    except directory.Outdated:
        raise refused(409, "outdated") from None
    return {"version": version}


def _unfit(unfit: directory.Unfit) -> Exception:
    problem = refused(422, "unfit")
    problem.more["places"] = unfit.places
    return problem


def _inside(staff: Staff, county: str) -> None:
    if not county or not staff.sees(county):
        raise refused(404, "not_found")


# --- questions nobody could answer, the graph, the audit ---


class Settled(BaseModel):
    ids: list[str] = Field(min_length=1, max_length=questions.MOST)
    outcome: questions.Outcome = "answer_question"


@router.get("/questions")
def read_questions(house: HouseDep, staff: QuestionReader) -> list[Json]:
    with house.store.read() as tx:
        return questions.groups(house, tx, staff)


@router.post("/questions/{question_id}/done")
def question_done(question_id: str, house: HouseDep, staff: QuestionReader) -> Json:
    return settle_questions(Settled(ids=[question_id]), house, staff)


@router.post("/questions/settle")
def settle_questions(body: Settled, house: HouseDep, staff: QuestionReader) -> Json:
    with house.store.work() as tx:
        settled = questions.settle(house, tx, staff, body.ids, body.outcome)
    if not settled:
        raise refused(404, "not_found")
    return {}


@router.get("/graph")
def graph(house: HouseDep, staff: GraphReader) -> Json:
    with house.store.read() as tx:
        counts = store.counts_by_state(tx, staff.counties)
    shown = [
        {"id": state, "phase": phase, "name": desk.state_name(house, state), "count": counts.get(state, 0)}
        for phase, inside in dialog_graph.PHASES.items()
        for state in inside
    ]
    return {
        "phases": [{"id": phase, "name": desk.state_name(house, phase)} for phase in dialog_graph.PHASES],
        "states": shown,
        "edges": [{"event": event, "from": one, "to": other} for event, one, other in dialog_graph.edges()],
    }


@router.get("/audit")
def read_audit(house: HouseDep, staff: Auditor, before: str = "") -> Json:
    with house.store.read() as tx:
        return {
            "rows": deeds.read(house, tx, staff, before),
            "broken_seals": audit.broken_seals(house.store.keys, tx) if not before else [],
        }


router.include_router(case_routes.router)


# --- live ---


@router.get("/events")
async def events(house: HouseDep, staff: StaffDep, request: Request) -> EventSourceResponse:
    """Server-sent events: "changed" with {"ids": [...]}, and nothing else; only ids within the fence. "*": read all again."""
    token = request.cookies.get(COOKIE, "")
    return EventSourceResponse(_events(house, staff, token), ping=15, headers={"cache-control": "no-store"})


async def _events(house: Any, staff: Staff, token: str) -> AsyncIterator[ServerSentEvent]:
    async with house.store.live.subscribe() as queue:
        while True:
            ids: set[str] = set()
            try:
                ids.add(await asyncio.wait_for(queue.get(), _STILL_SIGNED_IN_SECONDS))
                await asyncio.sleep(_GATHER_SECONDS)
                while not queue.empty():
                    ids.add(queue.get_nowait())
            except TimeoutError:
                pass
            allowed = await run_in_threadpool(_allowed, house, staff, token, ids)
            if allowed is None:
                return
            if allowed:
                yield ServerSentEvent(json.dumps({"ids": allowed}), event="changed")


def _allowed(house: Any, staff: Staff, token: str, ids: set[str]) -> list[str] | None:
    """Of these ids those that this person may hear of; None when they are no longer signed in."""
    with house.store.read() as tx:
        if service.signed_in(tx, token) != staff:
            return None
        general = ids & {MISSED, directory.CHANGED}
        theirs = store.visible(tx, staff.counties, ids - general) if staff.may("people") else set()
    return sorted(general | theirs)
