"""Two processes serve one database, as behind a proxy: whichever gets a copy of a message, there is one effect and one reply."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from backend.storage import Storage
from tests.channels.wechat_door import WeChatUser
from tests.databases import fresh
from tests.faults.test_kill import transcripts
from tests.nursery import Server
from tests.scale import sized

pytestmark = pytest.mark.proof
ROUNDS = sized(8, 200)


def test_three_copies_at_two_processes_on_postgresql_have_one_effect_and_one_reply(tmp_path: Path) -> None:
    settings = fresh("postgres", tmp_path)
    with ExitStack() as stack:
        servers = [Server(settings, "web", log=tmp_path / f"{name}.log", burst_seconds="0") for name in ("one", "two")]
        pool = stack.enter_context(ThreadPoolExecutor(3))
        list(pool.map(lambda server: stack.enter_context(server), servers))
        doors = [stack.enter_context(httpx.Client(base_url=server.url, timeout=30)) for server in servers]
        copies = [WeChatUser(doors[at % 2]) for at in range(3)]
        for round_ in range(ROUNDS):
            copies[0].say(f"第{round_}句") if round_ == 0 else _say_thrice(copies, pool, f"第{round_}句")
        ended = {server.end(signal.SIGTERM) for server in servers}
    assert ended <= {0, -signal.SIGTERM}, "told to end, a server puts all away; then uvicorn raises the signal again"
    store = Storage.open(settings)
    (heard,) = transcripts(store).values()
    assert [text for text in heard if text.startswith("第")] == [f"第{round_}句" for round_ in range(ROUNDS)]
    store.close()


def _say_thrice(copies: list[WeChatUser], pool: ThreadPoolExecutor, text: str) -> None:
    """WeChat sends a message again when no answer came in time, and not always to the same process."""
    first = copies[0]
    fields = {**first.last, "MsgId": first.world.number(), "CreateTime": first.last["CreateTime"] + 10, "Content": text}
    for copy in copies:
        copy.last = fields
    replies = set(pool.map(lambda copy: copy.again(), copies))
    assert len(replies) == 1 and replies != {""}
