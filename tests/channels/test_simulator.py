"""WeChat's stand-in keeps the platform's rules, knocks as WeChat knocks, and never leaves this machine."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from backend.notices.templates import Template as NoticeTemplate
from backend.notices.templates import template_of
from backend.settings import DEMO_SECRETS, Settings
from bot.simulators.wechat.__main__ import main
from bot.simulators.wechat.app import accounts_from, create, only_loopback
from bot.simulators.wechat.push import How, Outcome, Pusher
from bot.simulators.wechat.world import ApiError, Contact, World, rules
from tests.channels.conftest import Desk, WeChat

ZHOU = "oDemo_zhou_guilan_oa_000001"
TEMPLATE = next(iter(rules().templates))


@pytest.fixture
def world() -> World:
    return World()


def quick(world: World) -> World:
    """A platform that waits a fifth of a second instead of five."""
    world.limits = world.limits.model_copy(update={"push_patience_s": 0.2})
    return world


# --- the rules ---


def refused(call: Callable[[], Any]) -> int:
    with pytest.raises(ApiError) as error:
        call()
    return error.value.code


def test_five_messages_follow_one_and_the_sixth_is_too_many(world: World) -> None:
    zhou = world.contacts[ZHOU]
    assert refused(lambda: world.spend_send(zhou)) == 45015
    world.said(zhou)
    for _ in range(5):
        world.spend_send(zhou)
    assert refused(lambda: world.spend_send(zhou)) == 45047
    world.said(zhou)
    world.spend_send(zhou)
    world.clock.advance(48 * 3600 + 1)
    assert refused(lambda: world.spend_send(zhou)) == 45015


def test_a_tap_on_the_menu_opens_a_minute_for_three(world: World) -> None:
    zhou = world.contacts[ZHOU]
    world.touched(zhou, 3)
    for _ in range(3):
        world.spend_send(zhou)
    assert refused(lambda: world.spend_send(zhou)) == 45047
    world.touched(zhou, 3)
    world.clock.advance(61)
    assert refused(lambda: world.spend_send(zhou)) == 45015


def test_the_stable_token_is_the_same_for_all_and_overlaps_with_the_next(world: World) -> None:
    first, lives = world.stable_token("oa")
    assert world.stable_token("oa")[0] == first and lives == 7200
    world.clock.advance(7200 - 200)
    second, _ = world.stable_token("oa")
    assert second != first and world.door_of(first) == world.door_of(second) == "oa"
    world.clock.advance(201)
    assert refused(lambda: world.door_of(first)) == 42001 and world.door_of(second) == "oa"
    assert world.stable_token("mp")[0] != second


def test_the_classic_token_kills_the_one_before_it_and_leaves_the_stable_one(world: World) -> None:
    stable, _ = world.stable_token("oa")
    first, _ = world.classic_token("oa")
    world.classic_token("oa")
    assert refused(lambda: world.door_of(first)) == 40001 and world.door_of(stable) == "oa"
    assert refused(lambda: world.door_of("")) == 41001


def test_a_code_works_once_for_its_use_at_its_account_and_for_five_minutes(world: World) -> None:
    zhou = world.contacts[ZHOU]
    code = world.new_code(zhou)
    assert world.spend_code(code, "oa", "login") is zhou
    assert refused(lambda: world.spend_code(code, "oa", "login")) == 40029
    for door, use in (("mp", "login"), ("oa", "phone")):
        assert refused(lambda d=door, u=use: world.spend_code(world.new_code(zhou), d, u)) == 40029  # type: ignore[misc]
    late = world.new_code(zhou)
    world.clock.advance(301)
    assert refused(lambda: world.spend_code(late, "oa", "login")) == 40029


def test_a_credit_is_spent_by_one_message(weixin: WeChat) -> None:
    contact, card = weixin.world.contacts[ZHOU], {"thing1": "一", "phrase2": "好", "time3": "10:00", "thing4": "无"}
    client = weixin.client()
    assert client.send_subscription(ZHOU, TEMPLATE, card).code == 43101
    contact.credits[TEMPLATE] = 1
    assert [client.send_subscription(ZHOU, TEMPLATE, card).kind for _ in range(2)] == ["sent", "refused"]
    assert client.send_subscription(ZHOU, "unknown", card).code == 40037
    assert client.send_subscription("oNobody", TEMPLATE, card).code == 40003
    contact.follows = False
    assert client.send_template(ZHOU, TEMPLATE, card).code == 43004


FIELDS = [
    ("thing1", "二十个字以内都可以abc-12。", True),
    ("thing1", "长" * 21, False),
    ("thing1", "两\n行", False),
    ("thing1", " ", False),
    ("phrase2", "已受理", True),
    ("phrase2", "已经受理了吧", False),
    ("phrase2", "ok", False),
    ("time3", "2026年11月22日 10:00", True),
    ("time3", "10:00", True),
    ("time3", "1790000000", False),
    ("date1", "2026-11-22", True),
    ("name1", "周桂兰", True),
    ("name1", "周桂兰2", False),
    ("character_string1", "7K3M-9QXA", True),
    ("character_string1", "编号7", False),
    ("number1", "12.5", True),
    ("number1", "十二", False),
    ("phone_number1", "+86-19900000001", True),
    ("amount1", "80.00元", True),
    ("colour1", "红", False),
]


@pytest.mark.parametrize(("name", "value", "fits"), FIELDS)
def test_fields_keep_their_kind(world: World, name: str, value: str, fits: bool) -> None:
    if fits:
        assert world.field_value(name, {name: {"value": value}}) == value
    else:
        assert refused(lambda: world.field_value(name, {name: {"value": value}})) == 47003


@given(st.text(max_size=30))
def test_a_text_field_is_as_long_as_it_may_be_and_no_longer(value: str) -> None:
    if 0 < len(value) <= 20 and value.strip() and "\n" not in value:
        assert World().field_value("thing1", {"thing1": {"value": value}}) == value
    else:
        assert refused(lambda: World().field_value("thing1", {"thing1": {"value": value}})) == 47003


def test_a_token_is_asked_for_and_a_bad_body_is_told(weixin: WeChat) -> None:
    send = f"{weixin.base}/cgi-bin/message/custom/send"
    with httpx.Client(trust_env=False) as client:
        assert client.post(send, json={}).json()["errcode"] == 41001
        token = weixin.client().access_token
        assert client.post(send, params={"access_token": token}, content=b"{").json()["errcode"] == 47001
        assert "rid: " in client.post(send, params={"access_token": "x"}, json={}).json()["errmsg"]


# --- knocking ---

Handler = Callable[[Request], Awaitable[Response]]


async def pushed(world: World, handler: Handler, act: Callable[[Pusher, Contact], Awaitable[Outcome]]) -> Outcome:
    """What the platform saw when the person did something and this handler answered."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (await handler(Request(scope, receive)))(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        return await act(Pusher(world, client), world.contacts[ZHOU])


def said(text: str = "你好", **how: Any) -> Callable[[Pusher, Contact], Awaitable[Outcome]]:
    return lambda pusher, contact: pusher.text(contact, text, How(**how))


async def success(request: Request) -> Response:
    return PlainTextResponse("success")


async def nonsense(request: Request) -> Response:
    return PlainTextResponse("<html>")


async def forbidden(request: Request) -> Response:
    return PlainTextResponse("", 403)


async def asleep(request: Request) -> Response:
    await asyncio.sleep(10)
    return PlainTextResponse("success")


def test_silence_shows_nothing_and_nonsense_shows_that_the_service_is_unavailable(world: World) -> None:
    assert asyncio.run(pushed(world, success, said())).shown == "nothing"
    assert asyncio.run(pushed(world, nonsense, said())).shown == "unavailable"
    assert [bubble.side for bubble in world.contacts[ZHOU].screen] == ["me", "me", "system"]


@pytest.mark.parametrize(("handler", "status"), [(asleep, 0), (forbidden, 403)])
def test_an_unanswered_push_is_sent_three_times_and_then_given_up(world: World, handler: Handler, status: int) -> None:
    outcome = asyncio.run(pushed(quick(world), handler, said()))
    assert outcome.statuses == [status] * 3 and outcome.shown == "unavailable"
    assert world.contacts[ZHOU].screen[-1].text == world.accounts["oa"].unavailable


def test_the_mini_program_must_not_be_answered_in_the_push(world: World) -> None:
    mini = world.contacts["mDemo_zhou_guilan_mp_000001"]
    outcome = asyncio.run(pushed(world, nonsense, lambda pusher, _: pusher.text(mini, "在吗")))
    assert outcome.shown == "unavailable" and mini.screen[-1].text == world.accounts["mp"].unavailable


@pytest.mark.parametrize("form", ["xml", "json"])
def test_the_desk_and_the_stand_in_understand_each_other(desk: Desk, form: Any) -> None:
    async def act() -> list[Outcome]:
        transport = httpx.ASGITransport(desk.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            pusher, zhou = Pusher(desk.world, client), desk.world.contacts[ZHOU]
            return [
                await pusher.text(zhou, "三份", How(form, copies=3)),
                await pusher.event(zhou, "CLICK", How(form), EventKey="progress"),
                await pusher.photo(zhou, b"\xff\xd8", how=How(form)),
                await pusher.voice(zhou, b"#!AMR", how=How(form)),
            ]

    copies, tap, photo, voice = asyncio.run(act())
    assert copies.statuses == [200] * 3 and set(copies.replies) == {"1:三份"}
    assert (tap.statuses, photo.statuses, voice.shown) == ([200], [200], "reply")
    shown = [bubble.text for bubble in desk.world.contacts[ZHOU].screen if bubble.side == "them"]
    assert shown[0] == "1:三份" and shown.count("1:三份") == 1


def test_a_template_message_is_followed_by_its_receipt(world: World) -> None:
    seen: list[bytes] = []

    async def handler(request: Request) -> Response:
        seen.append(await request.body())
        return PlainTextResponse("success")

    async def act(pusher: Pusher, contact: Contact) -> Outcome:
        pusher.event_later(contact, "TEMPLATESENDJOBFINISH", MsgID=1, Status="success")
        while not seen:
            await asyncio.sleep(0.01)
        return Outcome()

    asyncio.run(pushed(world, handler, act))
    assert len(seen) == 1


# --- the phone ---


@pytest.fixture
def phone(desk: Desk) -> TestClient:
    return TestClient(create(desk.world, "http://127.0.0.1:9", httpx.ASGITransport(desk.app)))


def test_the_phone_shows_what_was_said_and_answered_without_any_script(phone: TestClient) -> None:
    assert "周桂兰" in phone.get("/").text
    page = phone.post("/phone/zhou/say", data={"text": "<b>你好</b>"}).text
    assert page.index("&lt;b&gt;你好&lt;/b&gt;") < page.index("1:&lt;b&gt;你好&lt;/b&gt;")
    page = phone.post("/phone/zhou/photo", files={"file": ("a.jpg", b"\xff\xd8", "image/jpeg")}).text
    picture = re.search(r'src="(/phone/zhou/media/[^"]+)"', page)
    assert picture and phone.get(picture[1]).content == b"\xff\xd8"
    assert "2:" in page and "2:" in phone.get("/phone/zhou/after/2").text
    assert "<b>" not in page and phone.get("/phone/nobody").status_code == 404
    assert phone.post("/phone/zhou/menu", data={"key": "progress"}).status_code == 200


def test_every_field_of_the_phone_has_a_label_and_the_log_announces_itself(phone: TestClient) -> None:
    page = phone.get("/phone/lei").text
    for field in re.findall(r'<(?:input|textarea) id="(\w+)"', page):
        assert f'<label for="{field}">' in page
    assert 'lang="zh-CN"' in page and 'role="log"' in page and page.count("<h1>") == 1
    assert {phone.get(f"/phone.{kind}").headers["content-type"].split(";")[0] for kind in ("css", "js")} == {
        "text/css",
        "text/javascript",
    }


def test_following_is_greeted_and_leaving_is_not_answered(phone: TestClient, desk: Desk) -> None:
    phone.post("/phone/ma/follow")
    assert desk.world.contacts["oDemo_ma_xiaolin_oa_0000003"].follows is False
    phone.post("/phone/ma/follow")
    assert [bubble.side for bubble in desk.world.contacts["oDemo_ma_xiaolin_oa_0000003"].screen] == ["them"]


def test_the_switches_work_over_http(phone: TestClient) -> None:
    assert phone.post("/_sim/faults", json={"fault": "busy"}).status_code == 204
    assert phone.get("/cgi-bin/token").json()["errcode"] == -1
    assert phone.get("/cgi-bin/token").json()["errcode"] == 40002
    assert phone.post("/_sim/faults", json={"fault": "sunshine"}).status_code == 404
    pushed_ = phone.post("/_sim/push/zhou", json={"text": "你好", "copies": 2}).json()
    assert pushed_["statuses"] == [200, 200] and pushed_["shown"] == "reply"
    assert [bubble["side"] for bubble in phone.get("/_sim/screen/zhou").json()] == ["me", "them"]
    before = phone.post("/_sim/clock/0").json()["now"]
    assert phone.post("/_sim/clock/3600").json()["now"] - before >= 3600
    assert phone.post("/_sim/people/qian").json()["openid"].startswith("oTest_qian")
    assert phone.get("/_sim/calls").json()[0]["path"] == "/cgi-bin/token"


# --- it stays here ---


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "example.com", "", "::", "127.0.0.1.example.com"])
def test_it_neither_listens_to_nor_calls_anything_but_this_machine(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        only_loopback(host)
    with pytest.raises(ValueError):
        create(World(), f"http://{host}:8000" if ":" not in host else f"http://[{host}]:8000")
    refused_ = CliRunner().invoke(main, ["--host", host])
    assert refused_.exit_code == 2 and "loopback" in refused_.output


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_has_several_names(host: str) -> None:
    assert only_loopback(host) == host


def test_a_page_of_another_site_cannot_reach_it_by_a_name_of_its_own(phone: TestClient) -> None:
    assert phone.get("/", headers={"Host": "evil.example.com"}).status_code == 400


# --- it fits the desk ---


def test_its_accounts_are_the_demos_and_can_be_those_of_the_settings() -> None:
    for door, account in rules().accounts.items():
        for name in ("app_id", "secret", "token", "aes_key"):
            assert getattr(account, name) == DEMO_SECRETS[f"wechat_{door}_{name}"]
    changed = accounts_from({"YIJIANSHI_WECHAT_OA_TOKEN": "mine", "YIJIANSHI_WECHAT_MP_TOKEN": ""})
    assert changed["oa"].token == "mine" and changed["mp"].token == DEMO_SECRETS["wechat_mp_token"]


def test_the_templates_that_the_demo_sends_are_known_and_filled_as_it_wants(world: World, tmp_path: Any) -> None:
    from datetime import UTC, datetime

    found = template_of(Settings(_env_file=None, demo=True, data_dir=tmp_path), "wechat_oa")
    assert found is not None
    template_id, template = found
    assert isinstance(template, NoticeTemplate)
    values = {name: {"value": value} for name, value in template.filled(datetime(2026, 11, 22, tzinfo=UTC)).items()}
    assert world.template(template_id, values)[0].title
