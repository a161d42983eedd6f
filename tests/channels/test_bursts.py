"""Several short messages in a row through the encrypted door: one reply is read, and no piece answers a later question."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from backend.app import create_app
from bot.simulators.wechat.world import World
from tests.channels.wechat_door import WeChatUser
from tests.databases import fresh


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The desk as it waits for more words, longer than this machine can be slow."""
    app = create_app(fresh("sqlite", tmp_path_factory.mktemp("desk"), burst_seconds=4))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def follower(client: TestClient, name: str) -> WeChatUser:
    world = World()
    return WeChatUser(client, world.add_person(name).openid, world)


def at_first_question(client: TestClient, name: str) -> WeChatUser:
    """Consent given, the person and the county chosen by their numbers: such an answer waits for nothing."""
    user = follower(client, name)
    user.event("subscribe")
    for number in ("1", "1"):
        read = user.say(number)
    assert "办" in read
    return user


def burst(user: WeChatUser, pieces: Sequence[tuple[str, int]]) -> list[str]:
    """Send each as soon as the one before is committed, without waiting for its reply; (words, CreateTime) each."""
    replies = [""] * len(pieces)
    threads = []
    for place, (words, written) in enumerate(pieces):
        mine = WeChatUser(user.client, user.openid, user.world)

        def send(place: int = place, mine: WeChatUser = mine, words: str = words, written: int = written) -> None:
            replies[place] = mine.say(words, CreateTime=written)

        threads.append(threading.Thread(target=send))
        before = answered(user)
        threads[-1].start()
        end = time.monotonic() + 20
        while answered(user) == before and time.monotonic() < end:
            time.sleep(0.02)
    for thread in threads:
        thread.join(30)
    return replies


def answered(user: WeChatUser) -> int:
    client: Any = user.client
    with client.app.state.house.store.read() as tx:
        return int(tx.execute(sa.text("SELECT count(*) FROM inbox")).scalar_one())


def test_four_messages_in_six_seconds_get_one_reply_that_knows_them_all(client: TestClient) -> None:
    user = at_first_question(client, "burst_one")
    began = int(time.time()) - 6
    words = ("给我妈办的", "她70了", "肢体二级", "户口在通川区")
    replies = burst(user, [(piece, began + 2 * place) for place, piece in enumerate(words)])
    assert replies[:3] == ["", "", ""]
    assert replies[3].count("我记下了") == 1
    for piece in ("70", "二级", "通川区"):
        assert piece in replies[3]


def test_a_repeat_of_an_earlier_piece_gets_what_that_piece_got(client: TestClient) -> None:
    user = at_first_question(client, "burst_two")
    began = int(time.time()) - 2
    pieces = [WeChatUser(client, user.openid, user.world) for _ in range(2)]
    replies = ["", ""]

    def send(place: int, words: str) -> None:
        replies[place] = pieces[place].say(words, CreateTime=began + place)

    before = answered(user)
    first = threading.Thread(target=send, args=(0, "给我妈办的"))
    first.start()
    while answered(user) == before:
        time.sleep(0.02)
    send(1, "她70了")
    first.join(30)
    assert replies[0] == "" and replies[1] != ""
    assert [one.again() for one in pieces] == replies


def test_a_bare_word_written_before_the_question_went_out_is_asked_back(client: TestClient) -> None:
    user = at_first_question(client, "burst_three")
    began = int(time.time()) - 3
    replies = burst(user, [("给我自己办，户口在通川区", began), ("没有", began + 1)])
    assert replies[0] == ""
    assert "没弄准" in replies[1] and "通川区" in replies[1]
