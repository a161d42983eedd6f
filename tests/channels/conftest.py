"""What the tests of the channels share: WeChat's stand-in behind a socket, and a desk with the real writer behind the doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import jobs
from backend.conversations import wechat
from backend.conversations.writer import Writer
from backend.storage import Storage
from backend.web import teach
from bot.simulators.wechat.faults import Faults
from bot.simulators.wechat.world import World
from bot.wechat.client import HardenedClient
from tests.channels.wechat_door import WeChatUser, stand_in
from tests.databases import fresh
from tests.storage.tiny import step as tiny_step


@dataclass(frozen=True)
class WeChat:
    """The stand-in of one test."""

    world: World
    base: str
    faults: Faults

    def client(self, **more: Any) -> HardenedClient:
        account = self.world.accounts["oa"]
        return HardenedClient(account.app_id, more.pop("secret", account.secret), more.pop("base", self.base), **more)

    def calls(self, part: str = "") -> int:
        return sum(part in call.path for call in self.world.calls)


@pytest.fixture
def weixin() -> Iterator[WeChat]:
    world = World()
    with stand_in(world) as (base, app):
        yield WeChat(world, base, app.state.faults)


@dataclass(frozen=True)
class Desk:
    """The doors with a real writer behind them."""

    house: jobs.House
    app: FastAPI
    client: TestClient
    world: World

    def user(self, openid: str = "oDemo_zhou_guilan_oa_000001", **more: Any) -> WeChatUser:
        return WeChatUser(self.client, openid, self.world, **more)


@contextmanager
def a_desk(
    folder: Path, step: Any, world: World, base: str = "http://127.0.0.1:9", kind: str = "sqlite"
) -> Iterator[Desk]:
    settings = fresh(kind, folder, wechat_api_base=base)
    store = Storage.open(settings)
    writer = Writer(store, None, step)
    house = jobs.House(settings, store, None, writer, dict(wechat.clients(settings)))
    app = FastAPI()
    teach(app)
    app.include_router(wechat.router)
    app.state.house = house
    writer.start()
    try:
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Desk(house, app, client, world)
    finally:
        writer.stop()
        store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """The doors with a talk that echoes and counts."""
    with a_desk(tmp_path, tiny_step, World()) as desk:
        yield desk


MakeDesk = Callable[..., Any]


@pytest.fixture
def make_desk(tmp_path: Path) -> MakeDesk:
    """A desk with a step of the test's own."""
    return lambda step, world, base="http://127.0.0.1:9": a_desk(tmp_path, step, world, base)
