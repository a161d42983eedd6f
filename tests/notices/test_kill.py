"""kill -9 at the worst moments: no notice is shown twice, none is lost without a mark."""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from tqdm import tqdm

from backend.notices.models import NOTICE
from backend.notices.service import SENDING_SECONDS
from backend.settings import Settings
from backend.storage import Storage
from tests import nursery
from tests.notices import pusher
from tests.notices.followers import WeChat, opened
from tests.scale import sized

ROUNDS, PEOPLE = sized((3, 8), (20, 20))


@contextmanager
def pushing(settings: Settings, base: str) -> Iterator[None]:
    """A worker in a process of its own, ready; killed with -9 at the end."""
    told = {
        "YIJIANSHI_DEMO": "1",
        "YIJIANSHI_DATA_DIR": str(settings.data_dir),
        "YIJIANSHI_DATABASE_URL": settings.database_url,
        "YIJIANSHI_WECHAT_API_BASE": base,
    }
    log = settings.data_dir.parent / "pusher.log"
    log.write_text("")
    process = nursery.begin(pusher.main, {**os.environ, **told}, log)
    try:
        while "ready" not in log.read_text("utf-8"):
            assert process.is_alive(), log.read_text("utf-8")
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.join(timeout=10)


def address(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def wait_for(settings: Settings, state: str) -> None:
    store = Storage.open(settings, writes=False)
    try:
        for _ in range(600):
            with store.read() as tx:
                if state in tx.execute(sa.select(NOTICE.c.state)).scalars().all():
                    return
            time.sleep(0.05)
    finally:
        store.close()
    pytest.fail(f"no notice became {state} within 30 seconds")


def test_killed_between_the_mark_and_the_call_it_is_unconfirmed_and_never_sent(
    settings: Settings, weixin: WeChat
) -> None:
    with opened(settings, weixin) as office:
        zhou = office.follower("zhou")
        office.tell(zhou, "没有通过。")
    with socket.create_server(("127.0.0.1", 0)) as deaf, pushing(settings, address(deaf)):
        wait_for(settings, "sending")  # it takes the connection and never answers
    with opened(settings, weixin) as office:
        office.sweep()
        assert office.states() == ["sending"]  # somebody may still be at it
        office.later(seconds=SENDING_SECONDS * 3)
        office.sweep()
        office.sweep()
        assert (office.states(), zhou.screen, weixin.calls("/message/")) == (["unconfirmed"], [], 0)


def test_killed_after_wechat_took_it_and_before_we_knew_it_is_shown_once(settings: Settings, weixin: WeChat) -> None:
    with opened(settings, weixin) as office:
        zhou = office.follower("zhou")
        office.tell(zhou, "没有通过。")
    weixin.faults.switch("hang", "/message/custom/send")
    with pushing(settings, weixin.base):
        wait_for(settings, "sending")
        while not zhou.screen:
            time.sleep(0.02)
    with opened(settings, weixin) as office:
        office.later(seconds=SENDING_SECONDS * 3)
        office.sweep()
        assert (office.states(), zhou.screen) == (["unconfirmed"], ["没有通过。"])


def test_killed_before_the_mark_it_is_sent_once(settings: Settings, weixin: WeChat) -> None:
    with opened(settings, weixin) as office:
        zhou = office.follower("zhou")
        office.tell(zhou, "受理了。")
    with opened(settings, weixin) as office:  # the process that wrote it is gone; nobody has begun
        office.sweep()
        office.later(minutes=5)
        office.sweep()
        assert (office.states(), zhou.screen) == (["sent"], ["受理了。"])


@pytest.mark.proof
def test_killed_at_any_moment_every_notice_is_shown_at_most_once_and_the_unknown_are_marked(
    settings: Settings, weixin: WeChat
) -> None:
    chance = random.Random(20261121)
    everybody = []
    with opened(settings, weixin) as office:
        everybody = [office.follower(f"p{n:02}") for n in range(PEOPLE)]
    for turn in tqdm(range(ROUNDS), desc="kills", unit="kill"):
        with opened(settings, weixin) as office:
            for one in everybody:
                weixin.world.said(one.contact)
                office.tell(one, f"第{turn}步")
        with pushing(settings, weixin.base):
            time.sleep(chance.uniform(0.0, 0.5))
        with opened(settings, weixin) as office:
            office.later(seconds=SENDING_SECONDS * 3)
            office.sweep()
    with opened(settings, weixin) as office:
        for one in everybody:
            states = office.states(one)
            shown = [one.screen.count(f"第{turn}步") for turn in range(ROUNDS)]
            assert len(states) == ROUNDS and set(states) <= {"sent", "unconfirmed"}
            assert all(
                times == 1 if state == "sent" else times <= 1 for state, times in zip(states, shown, strict=True)
            )
