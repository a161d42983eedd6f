"""Puts the stand-in together, and keeps it on this machine: it neither listens to nor calls anything but loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from bot.simulators.wechat.api import api
from bot.simulators.wechat.faults import Faults, Faulty, error_body
from bot.simulators.wechat.phone import phone
from bot.simulators.wechat.push import Pusher
from bot.simulators.wechat.world import Account, ApiError, Door, World, rules

LOCAL = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def only_loopback(host: str) -> str:
    """The host, if it is this machine; ValueError otherwise."""
    try:
        local = host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        local = False
    if not local:
        raise ValueError(f"the WeChat stand-in stays on this machine: {host!r} is not a loopback address")
    return host


def accounts_from(environment: Mapping[str, str]) -> dict[Door, Account]:
    """The demo's two accounts, or those that the server under test has in its settings (YIJIANSHI_WECHAT_OA_..., _MP_...)."""
    found: dict[Door, Account] = {}
    for door, account in rules().accounts.items():
        given = {
            name: environment.get(f"YIJIANSHI_WECHAT_{door.upper()}_{name.upper()}", "")
            for name in ("app_id", "secret", "token", "aes_key")
        }
        found[door] = account.model_copy(update={name: value for name, value in given.items() if value})
    return found


def create(world: World, target: str, transport: httpx.AsyncBaseTransport | None = None) -> FastAPI:
    """The stand-in as an app. `target`: where pushes go; `transport`: for tests, straight into an app of this process."""
    only_loopback(urlsplit(target).hostname or "")

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        yield
        await client.aclose()

    client = httpx.AsyncClient(base_url=target, transport=transport, timeout=60, trust_env=False)
    app = FastAPI(title="WeChat stand-in", lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    faults = Faults(world)
    app.state.world, app.state.faults, app.state.pusher = world, faults, Pusher(world, client)
    app.include_router(api)
    app.include_router(phone)
    app.add_middleware(Faulty, world=world, faults=faults)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL)

    @app.exception_handler(ApiError)
    async def as_wechat_says(request: Request, error: ApiError) -> JSONResponse:
        return JSONResponse(error_body(world, error.code, error.detail))

    return app
