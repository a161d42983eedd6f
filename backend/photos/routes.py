"""The door for pictures: hand one in, look at one's own.

A body is read only when its person is known, has agreed, and there is room for it in memory: whoever comes when it is full waits
at the socket, not in here. It is never written to disk. Whoever hands in many at once is served in turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import JSONResponse

from backend.people.identity import PersonDep, VisitorDep, person_of
from backend.photos import pool, readings, service
from backend.photos.intake import MOST_BYTES
from backend.photos.wording import Refused, sentences
from backend.storage import Storage
from backend.web import Pace, Problem

router = APIRouter(prefix="/api/v1/photos")

PER_MINUTE = 60  # pictures of one person
_AT_ONCE = 20  # of one person; a page sends nine
_MEMORY = 128 * 1024 * 1024  # bytes of bodies held at one time
_LARGEST_BODY = MOST_BYTES + 64 * 1024  # the picture and what multipart puts around it
_BODY_SECONDS = 180  # for a body to come in: a village's line needs that for two megabytes

PhotoId = Annotated[str, Path(max_length=36)]


class Door:
    """What the uploads of one process share: memory, each person's turn, the threads that wait for the decoders."""

    def __init__(self) -> None:
        self._left = _MEMORY
        self._freed = asyncio.Condition()
        self._of: Counter[str] = Counter()
        self._pace = Pace(PER_MINUTE)
        self._threads = ThreadPoolExecutor(pool.WORKERS * 2, "photos")

    @asynccontextmanager
    async def room(self, person_id: str, size: int) -> AsyncIterator[None]:
        """Room for a body of this size; Refused too_many for a person who takes more than a share."""
        self._check_share(person_id)
        self._of[person_id] += 1
        try:
            async with self._freed:
                await self._freed.wait_for(lambda: self._left >= size)
                self._left -= size
            try:
                yield
            finally:
                await asyncio.shield(self._give_back(size))
        finally:
            self._of[person_id] -= 1
            self._of += Counter()  # forget who has none left

    async def take(self, store: Storage, person_id: str, data: bytes) -> service.Taken:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, service.take, store, person_id, data)

    def _check_share(self, person_id: str) -> None:
        if self._of[person_id] >= _AT_ONCE:
            raise Refused("too_many")
        try:
            self._pace.check(person_id)
        except Problem:
            raise Refused("too_many") from None

    async def _give_back(self, size: int) -> None:
        async with self._freed:
            self._left += size
            self._freed.notify_all()


@router.post("", status_code=201)
async def hand_in(request: Request, visitor: VisitorDep) -> JSONResponse:
    """Take one picture (multipart, field `file`). Sent again it is the same photo: a retry needs nothing else."""
    store: Storage = request.app.state.house.store
    try:
        person_id = await run_in_threadpool(_who, store, visitor.token)
        request.app.state.doorman.know(visitor.token)
        async with one_file(request, person_id) as data:
            taken = await _door(request.app).take(store, person_id, data)
    except Refused as refused:
        raise problem_of(refused) from None
    return JSONResponse(_answer(taken), 201, headers={"cache-control": "no-store"})


@asynccontextmanager
async def one_file(request: Request, person_id: str) -> AsyncIterator[bytes]:
    """The one picture that this request brings for this person, held in memory while there is room for it. For every room that
    takes one. Refused: too_many, too_big, not_a_picture, empty, incomplete."""
    async with _door(request.app).room(person_id, _declared(request)):
        yield await _file(request)


@router.get("/{photo_id}/preview")
def preview(request: Request, person_id: PersonDep, photo_id: PhotoId) -> Response:
    """One's own photo, small."""
    return _picture(request, person_id, photo_id, "preview")


@router.get("/{photo_id}/full")
def full(request: Request, person_id: PersonDep, photo_id: PhotoId) -> Response:
    """One's own photo as it is kept: what the export of everything points to."""
    return _picture(request, person_id, photo_id, "full")


@router.get("/{photo_id}/portrait")
def portrait(request: Request, person_id: PersonDep, photo_id: PhotoId) -> Response:
    """One's own portrait, cut to the size that the region wants."""
    try:
        return jpeg(readings.own_portrait(request.app.state.house.store, photo_id, person_id))
    except Refused as refused:
        raise problem_of(refused) from None


def jpeg(data: bytes) -> Response:
    """A picture as an answer that no cache keeps. For every room that shows one."""
    return Response(data, media_type="image/jpeg", headers={"cache-control": "private, no-store"})


def _picture(request: Request, person_id: str, photo_id: str, size: service.Size) -> Response:
    try:
        return jpeg(service.own_picture(request.app.state.house.store, person_id, photo_id, size))
    except Refused as refused:
        raise problem_of(refused) from None


def _answer(taken: service.Taken) -> dict[str, Any]:
    answer = {"photo_id": taken.photo_id, "preview": f"/api/v1/photos/{taken.photo_id}/preview"}
    if taken.pages > 1:
        answer["says"] = sentences()["first_page"].says.format(pages=taken.pages)
    return answer


def problem_of(refused: Refused) -> Problem:
    """A refusal as HTTP tells it. For every room that takes or shows one."""
    sentence = refused.sentence
    return Problem(sentence.status, sentence.code, sentence.says)


def _door(app: FastAPI) -> Door:
    if not hasattr(app.state, "photo_door"):
        app.state.photo_door = Door()
    door: Door = app.state.photo_door
    return door


def _who(store: Storage, token: str) -> str:
    """The person at the door, who has agreed. Refused: consent_first, also for whoever has not said a word yet."""
    person_id = person_of(store, token)
    if not person_id:
        raise Refused("consent_first")
    with store.read() as tx:
        service.check_may(tx, person_id)
    return person_id


def _declared(request: Request) -> int:
    """How long the body says it is; the longest allowed if it does not say."""
    told = request.headers.get("content-length", "")
    size = int(told) if told.isdigit() else _LARGEST_BODY
    if size > _LARGEST_BODY:
        raise Refused("too_big")
    return size


class _InMemory(MultiPartParser):
    """Keeps parts in memory: a picture as it was sent is never written anywhere."""

    spool_max_size = _LARGEST_BODY


async def _file(request: Request) -> bytes:
    """The bytes of the one file in this body."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refused("not_a_picture")
    try:
        async with asyncio.timeout(_BODY_SECONDS), AsyncExitStack() as stack:
            form = await _InMemory(request.headers, _bounded(request), max_files=1, max_fields=4).parse()
            stack.push_async_callback(form.close)
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise Refused("empty")
            return await file.read()
    except (MultiPartException, TimeoutError):
        raise Refused("incomplete") from None


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    """The body, as long as it may be: a client that declares no length is counted."""
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > _LARGEST_BODY:
            raise Refused("too_big")
        yield chunk
