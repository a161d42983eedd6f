"""From something that happens in the office to the phone: happening, turn, notice, push, each in its own unit of work."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import backend.conversations.jobs
import backend.notices.jobs  # noqa: F401 - rooms register their handlers and jobs
from backend import jobs
from backend.people import happenings
from bot.simulators.wechat.world import World
from tests.channels.conftest import Desk, a_desk
from tests.channels.wechat_door import stand_in
from tests.databases import KINDS
from tests.storage.tiny import step

ZHOU = "oDemo_zhou_guilan_oa_000001"


@pytest.fixture(params=KINDS)
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    world = World()
    with stand_in(world) as (base, _), a_desk(tmp_path, step, world, base, request.param) as desk:
        yield desk


def happens(desk: Desk) -> None:
    store = desk.house.store
    with store.turn() as tx:
        talk = tx.execute(sa.text("SELECT id, person_id FROM conversation")).one()
        happenings.tell(store.keys, tx, talk.id, store.keys.of(tx, talk.person_id), "case_moved", {"state": "accepted"})


def screen(desk: Desk) -> list[str]:
    return [shown.text for shown in desk.world.contacts[ZHOU].screen if shown.side == "them"]


def test_what_happens_reaches_the_phone_once_and_the_log_once(desk: Desk) -> None:
    assert "你好" in desk.user().say("你好")
    desk.world.said(desk.world.contacts[ZHOU])
    happens(desk)
    happens(desk)
    jobs.drain(desk.house)
    jobs.run(desk.house, "conversations.sweep")
    jobs.drain(desk.house)
    assert screen(desk) == ["2:case_moved", "3:case_moved"]
    with desk.house.store.read() as tx:
        spoken = tx.execute(sa.text("SELECT count(*) FROM transcript WHERE speaker <> 'person'")).scalar_one()
        states = tx.execute(sa.text("SELECT state FROM notice")).scalars().all()
    assert (spoken, list(states)) == (3, ["sent", "sent"])


def test_an_answer_to_the_person_is_no_notice(desk: Desk) -> None:
    desk.user().say("你好")
    desk.user().say("在吗")
    jobs.drain(desk.house)
    with desk.house.store.read() as tx:
        assert tx.execute(sa.text("SELECT count(*) FROM notice")).scalar_one() == 0
    assert screen(desk) == []
