"""The phone page's API: the conversation, messages, live events, taking away and deleting. JSON under /api/v1.

A message is handed to the writer and its answer is sent as it was kept, byte for byte. The plain pages use the same way in.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response, UploadFile
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from backend.applications.routes import pdf
from backend.conversations import service
from backend.conversations.entries import Answer, Json
from backend.conversations.writer import Away, Busy
from backend.jobs import House
from backend.people import identity
from backend.people import service as people
from backend.people.identity import PersonDep, Visitor, VisitorDep
from backend.photos import service as photos
from backend.photos.wording import Refused
from backend.storage.live import MISSED
from backend.web import Pace, Problem
from bot.base import BadMessage, NoOptions
from bot.web import Plain, Posted, Web

router = APIRouter(prefix="/api/v1")
KeyDep = Annotated[str | None, Header(alias="Idempotency-Key")]
_web, _plain = Web(NoOptions()), Plain(NoOptions())
_streams: Counter[str] = Counter()
_form_pace = Pace(10)  # drawings of one person in a minute
_MOST_STREAMS = 8  # live streams of one person at once


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


HouseDep = Annotated[House, Depends(house_of)]


@router.get("/conversation")
async def conversation(house: HouseDep, visitor: VisitorDep) -> Json:
    return await run_in_threadpool(_shown, house, visitor)


@router.post("/messages")
async def messages(
    request: Request, response: Response, house: HouseDep, visitor: VisitorDep, key: KeyDep = None
) -> Response:
    said = await _handed(request, house, visitor, _web, await request.body(), service.message_key(key))
    if said.gone:
        identity.take_cookie(response)
    answer = Response(said.body, media_type="application/json")
    answer.raw_headers += [one for one in response.raw_headers if one[0] == b"set-cookie"]
    return answer


@router.get("/conversation/form.pdf")
def draft_form(house: HouseDep, person_id: PersonDep) -> Response:
    """The paper form as far as it is filled in: to check it before it is handed in."""
    _form_pace.check(person_id)
    return pdf(service.draft_form(house, person_id))


@router.get("/events")
async def events(request: Request, house: HouseDep, person_id: PersonDep) -> Response:
    standing = await run_in_threadpool(service.conversation_of, house, person_id)
    if standing is None or _streams[person_id] >= _MOST_STREAMS:
        raise Problem(404, "nobody", "这里还没有您的记录。")
    return EventSourceResponse(_changes(house, person_id, standing.id), ping=20)


@router.get("/me/export")
def export(house: HouseDep, person_id: PersonDep) -> Response:
    everything = json.dumps(people.export(house.store, person_id), ensure_ascii=False, indent=2)
    headers = {"content-disposition": 'attachment; filename="yijianshi.json"'}
    return Response(everything, media_type="application/json", headers=headers)


@router.delete("/me")
def forget(house: HouseDep, person_id: PersonDep, response: Response) -> Json:
    says = service.forget(house, person_id)
    identity.take_cookie(response)
    return {"says": says}


# --- the same for pages without JavaScript ---


@dataclass(frozen=True, slots=True)
class PlainDoor:
    """One person's way into the talk, for `plain_pages`."""

    request: Request
    response: Response
    house: House
    visitor: Visitor

    @property
    def secret(self) -> str:
        return self.visitor.token

    async def shown(self) -> Json:
        return await run_in_threadpool(_shown, self.house, self.visitor)

    async def hand(self, body: Json, key: str) -> Json:
        sent = json.dumps(body).encode()
        try:
            said = await _handed(self.request, self.house, self.visitor, _plain, sent, key)
        except Problem as met:
            raise _unaccepted(met.says) from None
        if said.gone:
            identity.take_cookie(self.response)
        return said.shown

    async def keep(self, picture: UploadFile, key: str) -> str:
        try:
            person_id = await identity.person(self.request, self.visitor)
            kept = await run_in_threadpool(_keep_photo, self.house, person_id, await picture.read())
        except Problem as met:
            raise _unaccepted(met.says) from None
        return str(kept["photo_id"])

    async def forget(self) -> str:
        person_id = await run_in_threadpool(identity.person_of, self.house.store, self.visitor.token)
        says = await run_in_threadpool(service.forget, self.house, person_id)
        identity.take_cookie(self.response)
        return says


async def way_in(request: Request, response: Response) -> PlainDoor:
    return PlainDoor(request, response, house_of(request), await identity.visitor(request, response))


def _unaccepted(says: str) -> Exception:
    from backend.conversations.plain import Unaccepted

    return Unaccepted(says)


# --- inside ---


def _shown(house: House, visitor: Visitor) -> Json:
    person_id = "" if visitor.fresh else identity.person_of(house.store, visitor.token)
    return service.shown(house, person_id)


async def _handed(request: Request, house: House, visitor: Visitor, channel: Web, body: bytes, key: str) -> Answer:
    """Hand a message in and wait for its answer, which is on disk then."""
    try:
        inbound = channel.read(Posted(visitor.token, key, body))
    except BadMessage as bad:
        raise Problem(bad.status, bad.code, bad.says) from None
    message = service.message_of(inbound, channel.name)
    try:
        answer = await house.writer.say(identity.APP, visitor.token, message)
    except (Away, Busy):
        raise Problem(503, "busy", "现在人很多。请等一会儿再发。") from None
    request.app.state.doorman.know(visitor.token)
    return answer


def _keep_photo(house: House, person_id: str, data: bytes) -> Json:
    try:
        taken = photos.take(house.store, person_id, data)
    except Refused as refused:
        raise _problem(refused) from None
    return {"photo_id": taken.photo_id, "preview": f"/api/v1/photos/{taken.photo_id}/preview", "pages": taken.pages}


def _problem(refused: Refused) -> Problem:
    return Problem(refused.sentence.status, refused.sentence.code, refused.sentence.says)


async def _changes(house: House, person_id: str, conversation_id: str) -> AsyncIterator[Any]:
    """Say "changed" whenever this conversation has; the page reads again."""
    _streams[person_id] += 1
    try:
        async with house.store.live.subscribe() as changed:
            while True:
                if await changed.get() in (conversation_id, MISSED):
                    yield {"event": "changed", "data": json.dumps({"id": conversation_id})}
    finally:
        _streams[person_id] -= 1
        if not _streams[person_id]:
            del _streams[person_id]
