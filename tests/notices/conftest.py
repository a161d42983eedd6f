"""A house with followers of the Official Account, and WeChat's stand-in behind a socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.settings import Settings
from bot.simulators.wechat.world import World
from tests.channels.wechat_door import stand_in
from tests.databases import KINDS, fresh
from tests.notices.followers import Office, WeChat, opened


@pytest.fixture
def weixin() -> Iterator[WeChat]:
    world = World()
    with stand_in(world) as (base, app):
        yield WeChat(world, base, app.state.faults)


@pytest.fixture(params=KINDS)
def settings(request: pytest.FixtureRequest, tmp_path: Path, weixin: WeChat) -> Settings:
    return fresh(request.param, tmp_path, wechat_api_base=weixin.base)


@pytest.fixture
def office(settings: Settings, weixin: WeChat) -> Iterator[Office]:
    with opened(settings, weixin) as office:
        yield office
