"""The Official Account's door over HTTP with the real writer behind it: one effect and one reply a message, never a 500."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from backend import jobs
from bot.simulators.wechat.push import How, as_xml, encrypt, sealed, sign
from bot.simulators.wechat.world import World
from bot.wording import words
from dialogs.messages import Message, Offer, OfferedItem, PlacePhotos, Say, Turn
from dialogs.session import Session
from tests.channels.conftest import Desk, MakeDesk
from tests.channels.wechat_door import stand_in
from tests.scale import sized
from tests.storage.tiny import step as tiny_step

PATH = "/wechat/official-account"


def count(desk: Desk, table: str) -> int:
    with desk.house.store.read() as tx:
        return int(tx.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_message_is_answered_in_the_same_request_in_its_own_format(desk: Desk, form: Any) -> None:
    user = desk.user(form=form)
    assert user.say("你好") == "1:你好"
    assert user.say("再来") == "2:再来"


def test_the_console_gets_its_words_back_only_with_the_right_signature(desk: Desk) -> None:
    token, stamp = desk.world.accounts["oa"].token, str(int(time.time()))
    query = {"timestamp": stamp, "nonce": "9", "echostr": "<b>5</b>", "signature": sign(token, stamp, "9")}
    answer = desk.client.get(PATH, params=query)
    assert (answer.status_code, answer.text) == (200, "<b>5</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert desk.client.get(PATH, params={**query, "nonce": "8"}).status_code == 403
    assert desk.client.get(PATH).status_code == 403


def test_three_copies_at_once_have_one_effect_and_one_reply(desk: Desk) -> None:
    user = desk.user()
    user.say("你好")
    fields = {**user.last, "MsgId": user.world.number(), "Content": "三次"}
    user.last = fields
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda _: user.again(), range(3)))
    assert replies == ["2:三次"] * 3 and count(desk, "inbox") == 2
    assert user.again() == "2:三次"
    assert user.say("后来") == "3:后来"


def test_two_events_of_one_second_are_both_handled_and_a_repeated_one_once(desk: Desk) -> None:
    user, now = desk.user(), int(time.time())
    for key in ("progress", "human"):
        user.event("CLICK", EventKey=key, CreateTime=now)
        user.again()
    assert count(desk, "inbox") == 2


def test_two_people_never_share_a_message_number(desk: Desk) -> None:
    zhou, lei = desk.user(), desk.user("oDemo_lei_yongfu_oa_0000002")
    assert zhou.say("一", MsgId=5) == "1:一"
    assert lei.say("二", MsgId=5) == "1:二"


def test_whoever_is_not_wechat_or_comes_late_is_refused_and_nothing_happens(desk: Desk) -> None:
    user = desk.user()
    user.say("你好")
    for how in (How(signed=False), How(late_s=301)):
        assert user.knock(how).status_code == 403
    assert count(desk, "inbox") == 1


def test_a_replayed_request_gets_its_old_reply_and_changes_nothing(desk: Desk) -> None:
    """Byte for byte the same request: the signature covers the number, and the number has been answered."""
    user = desk.user()
    user.say("你好")
    query, body = sealed(user.account, user.last, time.time(), How())
    answers = [desk.client.post(PATH, params=query, content=body) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200} and count(desk, "inbox") == 1


def test_a_body_of_more_than_64_kilobytes_is_413(desk: Desk) -> None:
    assert desk.client.post(PATH, content=b"7" * 65537).status_code == 413
    assert desk.client.post(PATH, content=iter([b"7" * 40000, b"7" * 40000])).status_code == 413


@pytest.mark.proof
def test_strange_bodies_meet_no_server_error(desk: Desk) -> None:
    """Seeded: mutations of a good push, some of them signed as WeChat would sign them."""
    chance, user = random.Random(20261121), desk.user()
    user.say("你好")
    statuses = set()
    for n in range(sized(300, 3000)):
        query, body = sealed(user.account, user.last, time.time(), How(chance.choice(["xml", "json"])))
        if n % 3 == 0:
            body = bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
        elif n % 3 == 1:
            at = chance.randrange(len(body))
            body = body[:at] + bytes([chance.randrange(256)]) * chance.randrange(4) + body[at + chance.randrange(9) :]
        else:
            query, body = _signed(user.account, _strange(chance, user.last))
        statuses.add(desk.client.post(PATH, params=query, content=body).status_code)
    assert statuses <= {200, 400, 403, 413} and {400, 403} <= statuses


def _strange(chance: random.Random, fields: dict[str, Any]) -> str:
    """A decrypted message that is wrong somewhere."""
    odd: list[Any] = ["", "x" * 300, None, 10**30, -1, {"a": {"b": "c"}}, ["1", "2"], "]]>", "\ufffe", "０"]
    wrong = {**fields, chance.choice(list(fields)): chance.choice(odd), "MsgId": chance.randrange(10**9)}
    text = as_xml({name: value for name, value in wrong.items() if value is not None})
    return text if chance.random() < 0.8 else text[: chance.randrange(len(text))]


def _signed(account: Any, message: str) -> tuple[dict[str, str], bytes]:
    encrypted, stamp = encrypt(account, message), str(int(time.time()))
    query = {"timestamp": stamp, "nonce": "1", "msg_signature": sign(account.token, stamp, "1", encrypted)}
    return query, as_xml({"Encrypt": encrypted}).encode()


def test_a_turn_that_breaks_tells_the_person_what_to_do_and_never_says_500(desk: Desk) -> None:
    assert desk.user().say("poison") == words().wechat.trouble
    assert desk.user().say("好了") == "1:好了"


@dataclass(frozen=True)
class Hologram:
    """A block of a program that is newer than this one."""

    text: str = "看这里。"
    kind: str = "hologram"


def test_an_answer_of_a_newer_program_says_its_words_or_what_to_do_and_is_no_server_error(make_desk: MakeDesk) -> None:
    def step(library: Any, session: Session, message: Message) -> Turn:
        return Turn(silent(library, session, message).session, (Hologram(),))  # type: ignore[arg-type]

    with make_desk(step, World()) as desk:
        user = desk.user()
        assert user.say("你好") == "看这里。"
        assert user.again() in ("看这里。", words().wechat.trouble)


def test_a_desk_that_takes_no_more_says_so_and_keeps_nothing(desk: Desk) -> None:
    desk.house.writer.stop()
    assert desk.user().say("你好") == words().wechat.busy
    assert count(desk, "inbox") == 0


def test_what_is_no_turn_gets_a_sentence_and_leaves_no_trace(desk: Desk) -> None:
    user = desk.user()
    assert user.voice() == words().wechat.voice
    assert user.push("location", Location_X="1") == words().wechat.unsupported
    assert user.say("【收到不支持的消息类型，暂无法显示】") == words().wechat.unsupported
    assert user.event("unsubscribe") == user.event("TEMPLATESENDJOBFINISH", MsgID=1, Status="success") == ""
    assert count(desk, "inbox") == 0


def test_what_a_person_writes_back_cannot_break_out_of_the_reply(desk: Desk) -> None:
    reply = desk.user().say("]]></Content><MsgType>news</MsgType>\x0b")
    assert reply == "1:]]＞</Content><MsgType>news</MsgType>"


def test_a_door_without_settings_is_not_there(desk: Desk) -> None:
    desk.app.state.house.settings = desk.house.settings.model_copy(update={"wechat_oa_app_id": ""})
    assert desk.client.post(PATH, content=b"x").status_code == desk.client.get(PATH).status_code == 404


def test_the_mini_programs_pushes_are_acknowledged_and_never_answered(desk: Desk) -> None:
    account = desk.world.accounts["mp"]
    fields = {"ToUserName": account.our_id, "FromUserName": "mDemo", "CreateTime": int(time.time()), "MsgType": "event"}
    credit = {"TemplateId": "t", "SubscribeStatusString": "accept"}
    popup = {**fields, "Event": "subscribe_msg_popup_event", "List": [credit]}
    query, body = sealed(account, popup, time.time(), How("json"))
    answer = desk.client.post(account.path, params=query, content=body)
    assert (answer.status_code, answer.text) == (200, "success")
    query["msg_signature"] = "0" * 40
    assert desk.client.post(account.path, params=query, content=body).status_code == 403


# --- silence, photos, long answers ---


def silent(library: Any, session: Session, message: Message) -> Turn:
    return Turn(session.model_copy(update={"talk": session.talk.model_copy(update={"last_at": message.at})}))


def test_while_nobody_answers_wechat_only_hears_that_it_arrived(make_desk: MakeDesk) -> None:
    with make_desk(silent, World()) as desk:
        user = desk.user()
        user.say("您好？")
        assert user.knock(How()).text == "success"


def test_a_photo_is_named_and_its_media_goes_with_the_turn(make_desk: MakeDesk) -> None:
    seen: list[Message] = []

    def step(library: Any, session: Session, message: Message) -> Turn:
        seen.append(message)
        turn = silent(library, session, message)
        effect = PlacePhotos(message.photo_ids, "d1", "id_card_front", media=message.data["media"])
        return Turn(turn.session, (Say("收到。"),), (effect,))

    with make_desk(step, World()) as desk:
        user = desk.user()
        assert user.photo(b"\xff\xd8\xff") == "收到。" == user.again()
        message = seen[0]
        assert len(seen) == 1 and len(message.photo_ids) == 1
        assert dict(message.data["media"]) == {message.photo_ids[0]: user.last["MediaId"]}


def long_talk(library: Any, session: Session, message: Message) -> Turn:
    turn = silent(library, session, message)
    items = tuple(
        OfferedItem(
            f"i{n}", f"事项{n}", "eligible", "可以办。" + "这里说得很长。" * 20, (), "online", "在这里办", "十天"
        )
        for n in range(12)
    )
    return Turn(turn.session, (Offer("能办的有这些：", items), Say("您要办哪几项？")))


def test_a_long_answer_comes_whole_and_in_order_the_first_part_at_once(make_desk: MakeDesk) -> None:
    world = World()
    with stand_in(world) as (base, _), make_desk(long_talk, world, base) as desk:
        user = desk.user()
        contact = world.contacts[user.openid]
        world.said(contact)
        first = user.say("能办什么")
        assert user.again() == first
        jobs.drain(desk.house, late=True)
        told = [first, *(bubble.text for bubble in contact.screen)]
        assert "后面还有" in told[0] and told[-1].endswith("您要办哪几项？")
        assert all(len(part.encode()) <= 2048 for part in told)
        names = [name for part in told for name in part.split("【")[1:]]
        assert [name.split("】")[0] for name in names] == [f"事项{n}" for n in range(12)]


def test_a_question_that_has_been_answered_is_not_put_again_by_the_rest_of_a_long_answer(make_desk: MakeDesk) -> None:
    def step(library: Any, session: Session, message: Message) -> Turn:
        turn = tiny_step(library, session, message)
        offer = long_talk(library, session, message).replies[:1] if message.text == "ask:items" else ()
        return Turn(turn.session, (*offer, *turn.replies))

    world = World()
    with stand_in(world) as (base, _), make_desk(step, world, base) as desk:
        user = desk.user()
        contact = world.contacts[user.openid]
        world.said(contact)
        user.say("ask:items")
        jobs.drain(desk.house, late=True)
        assert "请问items" in contact.screen[-1].text
        user.say("ask:items")
        user.say("ask:level")
        world.said(contact)
        before = len(contact.screen)
        jobs.drain(desk.house, late=True)
        assert len(contact.screen) > before
        assert not any("请问items" in bubble.text for bubble in contact.screen[before:])


@pytest.mark.parametrize(
    ("fault", "times", "shown"), [("busy", 2, "all"), ("hang", 1, "all"), ("window_over", -1, "none")]
)
def test_the_rest_of_a_long_answer_survives_a_bad_moment_and_is_never_said_twice(
    make_desk: MakeDesk, fault: str, times: int, shown: str
) -> None:
    world = World()
    with stand_in(world) as (base, app), make_desk(long_talk, world, base) as desk:
        user, client = desk.user(), desk.house.doors["wechat_oa"]
        client.callback_addresses()
        client.timeout = 1.5
        contact = world.contacts[user.openid]
        world.said(contact)
        app.state.faults.switch(fault, "/custom/send", times=times)
        user.say("能办什么")
        jobs.drain(desk.house, late=True)
        parts = [bubble.text for bubble in contact.screen]
        assert len(parts) == len(set(parts))
        assert (parts[-1].endswith("您要办哪几项？") if shown == "all" else parts == []) is True


def test_no_job_carries_an_openid_or_a_word(make_desk: MakeDesk) -> None:
    with make_desk(long_talk, World()) as desk:
        user = desk.user()
        user.say("能办什么")
        with desk.house.store.read() as tx:
            rows = tx.execute(sa.text("SELECT workflow_uuid FROM workflow_status")).all()
            inputs = tx.execute(sa.text("SELECT inputs FROM workflow_status")).all()
        assert rows and user.openid not in repr([rows, inputs]) and "能办" not in repr([rows, inputs])
