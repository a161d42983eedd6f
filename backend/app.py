"""The front door: puts the rooms together into one application, and serves it.

What belongs to a room stands in the room; here is only what concerns all of them: start and end, health, metrics, static files,
and the rule that a process which meets a newer schema answers 503 instead of touching it.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import importlib.util
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.conversations.plain import plain_pages
from backend.conversations.routes import router as phone_api
from backend.conversations.routes import way_in
from backend.conversations.wechat import clients
from backend.conversations.writer import Writer
from backend.jobs import Engine, House
from backend.library import freshened, load_library, stamp
from backend.people.identity import Doorman
from backend.photos.reader import Reader
from backend.settings import Settings
from backend.staff.directory import CHANGED, read_directories
from backend.storage import Locked, Storage, WrongMasterKey
from backend.storage.live import MISSED
from backend.storage.schema import SchemaNewer, SchemaOlder, check
from backend.web import Manners, configure_logs, problem, teach
from dialogs.directory import Directory
from dialogs.library import Library
from dialogs.talk import step

log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent.parent / "static"
_PAGES = {"/": "chat", "/console": "console", "/helper": "helper"}
_FOLDERS = ("chat", "console", "helper", "pictures", "style", "vendor")
# Rooms say what they do with effects and jobs when they are imported; those with a `router` are served.
_ROOMS = (
    "backend.people.service",
    "backend.applications.submission",
    "backend.applications.jobs",
    "backend.applications.routes",
    "backend.photos.service",
    "backend.photos.readings",
    "backend.photos.jobs",
    "backend.photos.routes",
    "backend.notices.service",
    "backend.notices.jobs",
    "backend.departments.service",
    "backend.departments.jobs",
    "backend.departments.routes",
    "backend.conversations.jobs",
    "backend.conversations.wechat",
    "backend.conversations.helping",
    "backend.staff.jobs",
    "backend.staff.routes",
)
_OPEN_DOORS = ("/wechat/", "/alipay/", "/departments/")  # platforms write here, each with its own signature
_CHECK_SECONDS = 30


def create_app(settings: Settings) -> FastAPI:
    """The application. Nothing is opened before it is started."""
    app = FastAPI(title="yijianshi", lifespan=_life, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.doorman = Doorman.of(settings)
    app.state.shut = ""
    rooms = [importlib.import_module(name) for name in _ROOMS if _is_there(name)]
    if settings.role != "worker":
        _serve_rooms(app, rooms)
    app.include_router(_health)
    teach(app)
    kilobytes = 1024
    if settings.role != "worker":
        app.add_middleware(_Straight, doors=[room.straight for room in rooms if hasattr(room, "straight")])
    app.add_middleware(_Shut, app=app)
    app.add_middleware(
        Manners,
        caps={
            "": settings.body_kilobytes * kilobytes,
            "/api/v1/photos": settings.photo_megabytes * kilobytes * kilobytes + 64 * kilobytes,
            "/help-photo": settings.photo_megabytes * kilobytes * kilobytes + 64 * kilobytes,
            "/plain/photo": 20 * settings.photo_megabytes * kilobytes * kilobytes,
            "/api/v1/staff/directory": 1024 * kilobytes,
        },
        open_doors=_OPEN_DOORS,
    )
    return app


def serve(settings: Settings) -> None:
    """Serve until a signal: what has been answered is on disk, what waits is finished or started again later."""
    configure_logs(settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=10,
    )


# --- start and end ---


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    try:
        store = Storage.open(settings)
    except (Locked, WrongMasterKey) as refused:
        raise _refused(refused) from None
    house = app.state.house = House(settings, store, doors=dict(clients(settings)))
    keepers: list[asyncio.Task[None]] = []
    engine = Engine(house)
    try:
        try:
            check(store)
        except SchemaNewer:
            app.state.shut = "newer"
            log.error("schema_newer")
        except SchemaOlder as older:
            raise _refused(older) from None
        else:
            await _open(app, house, engine)
            watched = (_keep_library(house), _watch_files(house), _watch_schema(app, store))
            keepers = [asyncio.create_task(one) for one in watched]
        yield
    finally:
        for task in keepers:
            task.cancel()
        if house.writer is not None:
            if settings.role != "web":
                await asyncio.to_thread(engine.close)
            if house.reader is not None:
                await asyncio.to_thread(house.reader.close)
            await asyncio.to_thread(house.writer.stop)
        store.close()


def _refused(why: Exception) -> SystemExit:
    """Say to the operator, in plain words, why this process does not start; these exceptions name no person."""
    print(f"yijianshi: {why}", file=sys.stderr, flush=True)
    return SystemExit(2)


async def _open(app: FastAPI, house: House, engine: Engine) -> None:
    """Library, writer, engine; then put what lives as long as the process out of the collector's way (p99 131 to 50 ms)."""
    house.library = await asyncio.to_thread(_library, house)
    house.writer = Writer(house.store, house.library, step)
    house.writer.start()
    if house.settings.role != "web":
        if house.settings.read_photos:
            house.reader = Reader(workers=house.settings.photo_readers)
            house.reader.start()
        await asyncio.to_thread(engine.launch)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    log.info("open", extra={"role": house.settings.role, "database": house.store.engines.url.get_backend_name()})


def _library(house: House) -> Library:
    settings = house.settings
    home = settings.public_url or f"http://{settings.host}:{settings.port}"
    return load_library(
        settings.data_dir,
        _directories(house),
        settings.retention.model_dump(),
        reads=settings.read_photos,
        home=home,
        read_by=settings.reader,
        operator=settings.operator,
    )


def _directories(house: House) -> dict[str, Directory]:
    with house.store.read() as tx:
        return read_directories(tx)


async def _keep_library(house: House) -> None:
    """Put the directories on the shelf anew when one has been saved; an unreadable one leaves the last good ones standing."""
    async with house.store.live.subscribe() as changed:
        while True:
            if await changed.get() in (CHANGED, MISSED):
                try:
                    standing = await asyncio.to_thread(_directories, house)
                except ValueError as broken:
                    log.error("directories_broken", extra={"error": type(broken).__name__})
                else:
                    house.library = house.writer.library = replace(house.library, directories=standing)


async def _watch_files(house: House) -> None:
    """Read the operator's files anew when one has changed; a broken one leaves the last good shelf standing."""
    seen = await asyncio.to_thread(stamp, house.settings.data_dir)
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        try:
            now = await asyncio.to_thread(stamp, house.settings.data_dir)
        except OSError as away:  # a share that is gone for a moment: the watch goes on
            log.error("files_not_seen", extra={"error": type(away).__name__})
            continue
        if now != seen:
            seen = now
            fresh = await asyncio.to_thread(freshened, house.settings.data_dir, house.library)
            house.library = house.writer.library = replace(fresh, directories=house.library.directories)


async def _watch_schema(app: FastAPI, store: Storage) -> None:
    """Shut the door when somebody has migrated the database under a running older process, open it when it fits again."""
    while True:
        await asyncio.sleep(_CHECK_SECONDS)
        try:
            await asyncio.to_thread(check, store)
            app.state.shut = ""
        except (SchemaNewer, SchemaOlder) as unfit:
            app.state.shut = type(unfit).__name__
            log.error("schema_unfit", extra={"error": type(unfit).__name__})
        except Exception as broken:  # noqa: BLE001 - the database may be away for a moment; /readyz says so
            log.warning("schema_unknown", extra={"error": type(broken).__name__})


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the room itself is not there
        return False


class _Shut:
    """While the schema does not fit, everything but health answers 503."""

    def __init__(self, inner: Any, app: FastAPI) -> None:
        self._inner, self._app = inner, app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shut = (
            scope["type"] == "http" and self._app.state.shut and not scope["path"].startswith(("/healthz", "/readyz"))
        )
        await (problem(503)(scope, receive, send) if shut else self._inner(scope, receive, send))


class _Straight:
    """The doors that are called most stand before the routers: finding the way through these costs as much as a whole push."""

    def __init__(self, inner: Any, doors: list[Route]) -> None:
        self._inner = inner
        self._doors = {(method, door.path): door for door in doors for method in door.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._doors.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if door is None:
            await self._inner(scope, receive, send)
            return
        scope["route"] = door
        response = await door.endpoint(Request(scope, receive))
        await response(scope, receive, send)


# --- what is served ---


def _serve_rooms(app: FastAPI, rooms: list[Any]) -> None:
    """A request is matched against one router after another: those of the talk come first, they are called most."""
    talk_first = sorted(rooms, key=lambda room: not room.__name__.startswith("backend.conversations"))
    found = [room.router for room in talk_first if isinstance(getattr(room, "router", None), APIRouter)]
    for router in (*found[:1], phone_api, *found[1:], plain_pages(way_in)):
        app.include_router(router)
    for path, folder in _PAGES.items():
        if (_STATIC / folder / "index.html").is_file():
            app.add_api_route(path, _page(_STATIC / folder / "index.html"), include_in_schema=False)
    for folder in _FOLDERS:
        if (_STATIC / folder).is_dir():
            app.mount(f"/static/{folder}", GZipMiddleware(_Files(directory=_STATIC / folder), minimum_size=500))


def _page(file: Path) -> Any:
    def page() -> FileResponse:
        return FileResponse(file, headers={"cache-control": "no-cache"})

    return page


class _Files(StaticFiles):
    """Names carry no version, so a browser asks each time whether its copy still holds; the answer is usually 304."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        response = super().file_response(*args, **more)
        response.headers["cache-control"] = "no-cache"
        return response


_health = APIRouter(include_in_schema=False)


@_health.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process is alive."""
    return {"status": "ok"}


@_health.get("/readyz")
async def readyz(request: Request) -> Response:
    """The database answers, the schema fits, the writer runs."""
    house: House = request.app.state.house
    if request.app.state.shut or house.writer is None or not house.writer.alive:
        return problem(503)
    try:
        await run_in_threadpool(check, house.store)
    except Exception as broken:  # noqa: BLE001 - whatever it is, this process is not ready
        log.warning("not_ready", extra={"error": type(broken).__name__})
        return problem(503)
    return Response('{"status":"ready"}', media_type="application/json")


@_health.get("/metrics")
async def metrics() -> Response:
    """Counters for Prometheus. No label names a person, a conversation or an application."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
