"""The desk itself behind the encrypted door: the talk in numbers, photos fetched from WeChat, and only after consent."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from PIL import Image

from backend.app import create_app
from bot.simulators.wechat.world import World
from tests.channels.wechat_door import WeChatUser, stand_in
from tests.databases import fresh


@dataclass(frozen=True)
class Running:
    """The desk, started once for these tests; each has a follower of its own."""

    client: TestClient
    world: World


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    world = World()
    with stand_in(world) as (base, _):
        app = create_app(fresh("sqlite", tmp_path_factory.mktemp("desk"), wechat_api_base=base))
        with TestClient(app, raise_server_exceptions=False) as client:
            yield Running(client, world)


@pytest.fixture
def zhou(running: Running, request: pytest.FixtureRequest) -> WeChatUser:
    contact = running.world.add_person(str(abs(hash(request.node.name))))
    return WeChatUser(running.client, contact.openid, running.world)


def picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (900, 600), (shade, 180, 90)).save(out, "JPEG")
    return out.getvalue()


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    """The background work runs by itself: wait for what it must come to."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def known(user: WeChatUser) -> int:
    """How many accounts the desk has of this follower."""
    store: Any = user.client.app.state.house.store  # type: ignore[attr-defined]
    with store.read() as tx:
        found = tx.execute(
            sa.text("SELECT count(*) FROM account WHERE key_hash = :door"),
            {"door": store.keys.find_hash("wechat_oa", user.openid)},
        )
        return int(found.scalar_one())


def states(user: WeChatUser) -> list[str]:
    """Of this person's photos."""
    store: Any = user.client.app.state.house.store  # type: ignore[attr-defined]
    mine = "SELECT p.state FROM photo p JOIN account a ON a.person_id = p.person_id WHERE a.key_hash = :door"
    with store.read() as tx:
        return [
            row.state for row in tx.execute(sa.text(mine), {"door": store.keys.find_hash("wechat_oa", user.openid)})
        ]


def test_the_talk_is_led_by_numbers_and_words_alike(zhou: WeChatUser) -> None:
    assert "1 同意" in zhou.say("你好")
    assert "私密" in zhou.say("1")
    assert "给谁办" in zhou.say("同意")
    assert "户口" in zhou.say("1")
    assert "住在哪" in zhou.say("1")
    asked = zhou.say("一样")
    assert "残疾人证" in asked and "1 有  2 没有  3 不清楚" in asked


def test_a_photo_before_consent_is_not_fetched_and_one_after_it_is_fetched_and_kept(zhou: WeChatUser) -> None:
    zhou.say("你好")
    zhou.photo(picture(10))
    assert states(zhou) == []
    for words in ("同意", "同意", "1"):
        zhou.say(words)
    reply = zhou.photo(picture(20))
    assert zhou.again() == reply and reply
    until(lambda: states(zhou) == ["kept"])


def test_nine_photos_in_a_row_are_all_kept(zhou: WeChatUser) -> None:
    for words in ("你好", "同意", "同意", "1"):
        zhou.say(words)
    for shade in range(9):
        zhou.photo(picture(shade * 20))
    until(lambda: states(zhou) == ["kept"] * 9)


def test_whoever_says_so_is_asked_once_more_and_then_has_everything_deleted(zhou: WeChatUser) -> None:
    for words in ("你好", "同意", "同意", "1"):
        zhou.say(words)
    zhou.photo(picture(7))
    until(lambda: states(zhou) == ["kept"])
    assert "1 确定，全部删除  2 不删，先留着" in zhou.say("删掉我的资料")
    assert "接着来" in zhou.say("2")
    zhou.say("删掉我的资料")
    assert "都删掉了" in zhou.say("1")
    until(lambda: known(zhou) == 0)
    assert "1 同意" in zhou.say("你好")


def test_no_openid_and_no_word_of_a_talk_reaches_the_log(zhou: WeChatUser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    zhou.say("你好")
    zhou.say("我的身份证号是990101198502030005")
    zhou.photo(picture(1))
    # httpx and urllib3 write addresses at this level; the house lets foreign libraries speak from warning on.
    told = "".join(repr(one.__dict__) for one in caplog.records if not one.name.startswith(("httpx", "urllib3")))
    for secret in (zhou.openid, "990101198502030005", zhou.account.token, zhou.last["MediaId"]):
        assert secret not in told


def test_the_door_before_the_routers_keeps_the_manners_of_all_doors(running: Running, zhou: WeChatUser) -> None:
    zhou.say("你好")
    path = "/wechat/official-account"
    refused = running.client.post(path, content=b"<xml></xml>")
    assert refused.status_code == 400 and refused.json()["code"] == "not_readable"
    assert refused.headers["x-content-type-options"] == "nosniff" and refused.headers["x-request-id"]
    assert running.client.post(path, content=iter([b"7" * 40_000, b"7" * 40_000])).status_code == 413
    assert running.client.put(path, content=b"").status_code == 405
    told = f'yijianshi_requests_total{{method="POST",route="{path}",status="200"}}'
    assert told in running.client.get("/metrics").text
