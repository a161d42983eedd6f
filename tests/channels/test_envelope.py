"""The lock of WeChat's doors: published vectors open it, nothing else does, and whatever is malformed ends in one typed error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.base import BadMessage
from bot.simulators.wechat.push import How, as_xml, decrypt, read_reply, sealed
from bot.simulators.wechat.world import World
from bot.wechat.envelope import DoorOptions, Envelope, Push, Query, parse
from bot.wechat.mini_program import MiniProgram
from bot.wechat.official_account import OfficialAccount, Pushed, passive
from bot.wechat.pushes import Credit, Receipt

# Tencent's sample code for message encryption.
SAMPLE = DoorOptions(
    app_id="wx2c2769f8efd9abc2",
    token=SecretStr("spamtest"),
    aes_key=SecretStr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"),
)
SAMPLE_ENCRYPT = (
    "hyzAe4OzmOMbd6TvGdIOO6uBmdJoD0Fk53REIHvxYtJlE2B655HuD0m8KUePWB3+LrPXo87wzQ1QLvbeUgmBM4x6F8PGHQHFVAFmOD2LdJF9FrXp"
    "bUAh0B5GIItb52sn896wVsMSHGuPE328HnRGBcrS7C41IzDWyWNlZkyyXwon8T332jisa+h6tEDYsVticbSnyU8dKOIbgU6ux5VTjg3yt+WGzjlp"
    "Kn6NPhRjpA912xMezR4kw6KWwMrCVKSVCZciVGCgavjIQ6X8tCOp3yZbGpy0VxpAe+77TszTfRd5RJSVO/HTnifJpXgCSUdUue1v6h0EIBYYI1BD"
    "1DlD+C0CR8e6OewpusjZ4uBl9FyJvnhvQl+q5rv1ixrcpCumEPo5MJSgM9ehVsNPfUM669WuMyVWQLCzpu9GhglF2PE="
)
SAMPLE_QUERY = Query(
    msg_signature="5d197aaffba7e9b25a30732f161a50dee96bd5fa", timestamp="1409735669", nonce="1320562132"
)
# The page on message pushes of the mini-program's documentation.
DOCUMENTED = DoorOptions(app_id="wxba5fad812f8e6fb9", token=SecretStr("AAAAA"), aes_key=SecretStr("A" * 43))
DOCUMENTED_ENCRYPT = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR"
    "8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km3"
    "2IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)


def at(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def test_tencents_sample_message_opens_and_reads() -> None:
    body = f"<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><Encrypt><![CDATA[{SAMPLE_ENCRYPT}]]></Encrypt></xml>"
    pushed = OfficialAccount(SAMPLE).read(Push(SAMPLE_QUERY, body.encode(), at(1409735669)))
    assert (pushed.account, pushed.us) == ("oyORnuP8q7ou2gfYjqLzSIWZf0rs", "gh_10f6c3c3ac5a")
    assert (pushed.kind, pushed.text, pushed.id) == ("text", "abcdteT", "6054768590064713728")
    assert pushed.written_at == at(1409735668)


def test_the_documented_json_push_opens() -> None:
    body = f'{{"ToUserName":"gh_97417a04a28d","Encrypt":"{DOCUMENTED_ENCRYPT}"}}'
    query = Query(msg_signature="046e02f8204d34f8ba5fa3b1db94908f3df2e9b3", timestamp="1714112445", nonce="415670741")
    opened = Envelope(DOCUMENTED).open(Push(query, body.encode(), at(1714112445)))
    assert opened.format == "json"
    assert opened.fields["Event"] == "debug_demo" and opened.fields["debug_str"] == "hello world"


@pytest.mark.parametrize(
    ("stamp", "nonce", "signature"),
    [
        (1714036504, "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
        (1714037059, "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
    ],
)
def test_the_documented_signatures_let_the_console_in_byte_for_byte(stamp: int, nonce: str, signature: str) -> None:
    query = Query(signature=signature, timestamp=str(stamp), nonce=nonce, echostr="4375120948345356249")
    assert Envelope(DOCUMENTED).echo(query, at(stamp + 10)) == "4375120948345356249"


def test_the_documented_reply_is_signed_and_encrypted_as_ours_are() -> None:
    encrypted = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    signature = Envelope(DOCUMENTED).signature("1713424427", "415670741", encrypted)
    assert signature == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    account = World().accounts["oa"].model_copy(update={"app_id": "wxba5fad812f8e6fb9", "aes_key": "A" * 43})
    assert decrypt(account, encrypted) == '{"demo_resp":"good luck"}'


# --- who may not come in ---

WORLD = World()
ACCOUNT = WORLD.accounts["oa"]
DOOR = DoorOptions(app_id=ACCOUNT.app_id, token=SecretStr(ACCOUNT.token), aes_key=SecretStr(ACCOUNT.aes_key))
NOW = 1_790_000_000
TEXT: dict[str, Any] = {
    "ToUserName": "gh_demo00000001",
    "FromUserName": "oDemo_1",
    "CreateTime": NOW,
    "MsgType": "text",
    "Content": "你好",
    "MsgId": 7,
}


def knock(fields: dict[str, Any], how: How | None = None, now: int = NOW, **query: str) -> Pushed:
    given, body = sealed(ACCOUNT, fields, NOW, how or How())
    return OfficialAccount(DOOR).read(Push(Query.model_validate({**given, **query}), body, at(now)))


@pytest.mark.parametrize(
    ("how", "now", "query"),
    [
        (How(signed=False), NOW, {}),
        (How(), NOW, {"msg_signature": ""}),
        (How(), NOW, {"msg_signature": "ä" * 40}),
        (How(), NOW, {"nonce": "1"}),
        (How(), NOW, {"timestamp": "x"}),
        (How(), NOW + 301, {}),
        (How(late_s=301), NOW, {}),
        (How(late_s=-301), NOW, {}),
    ],
    ids=["forged", "unsigned", "not ascii", "other nonce", "no time", "replayed later", "too old", "from the future"],
)
def test_a_push_that_is_not_from_wechat_or_not_of_now_is_refused(how: How, now: int, query: dict[str, str]) -> None:
    with pytest.raises(BadMessage) as refused:
        knock(TEXT, how, now, **query)
    assert refused.value.status == 403


def test_a_push_encrypted_for_another_app_is_refused() -> None:
    other = ACCOUNT.model_copy(update={"app_id": "wxother"})
    query, body = sealed(other, TEXT, NOW, How())
    with pytest.raises(BadMessage) as refused:
        OfficialAccount(DOOR).read(Push(Query.model_validate(query), body, at(NOW)))
    assert refused.value.code == "other_app" and refused.value.status == 403


def test_a_plain_push_is_not_read_even_if_its_own_signature_is_right() -> None:
    query, _ = sealed(ACCOUNT, TEXT, NOW, How())
    with pytest.raises(BadMessage) as refused:
        OfficialAccount(DOOR).read(Push(Query.model_validate(query), as_xml(TEXT).encode(), at(NOW)))
    assert refused.value.status == 400


def test_a_wrong_aes_key_in_the_settings_is_named_without_its_value() -> None:
    wrong = DOOR.model_copy(update={"aes_key": SecretStr("short-and-secret")})
    with pytest.raises(ValueError, match="43 characters") as refused:
        Envelope(wrong)
    assert "short-and-secret" not in str(refused.value)


# --- what is malformed ---

HOSTILE = [
    b"",
    b"<",
    b"<xml>",
    b"<xml></xml>",
    b"{}",
    b"[]",
    b"{",
    b'{"Encrypt": 5}',
    b'{"Encrypt": ["a", "b"]}',
    b"\xff\xfe<xml/>",
    b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
    b"<xml><Encrypt a='1'>x</Encrypt></xml>",
    b"<a>" * 9000 + b"</a>" * 9000,
    b'{"a":' * 10000 + b"1" + b"}" * 10000,
    b'{"Encrypt": ' + b"9" * 60000 + b"}",
    b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Encrypt>&e;</Encrypt></xml>',
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><Encrypt>&b;</Encrypt></xml>',
    b'<?xml version="1.0" encoding="utf-16"?><xml><Encrypt>a</Encrypt></xml>',
    b"<xml><Encrypt>\x00</Encrypt></xml>",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_body_is_a_typed_error(body: bytes) -> None:
    with pytest.raises(BadMessage) as refused:
        Envelope(DOOR).open(Push(Query(timestamp=str(NOW)), body, at(NOW)))
    assert refused.value.status in (400, 403, 413)


def test_a_body_over_64_kilobytes_is_too_big() -> None:
    with pytest.raises(BadMessage) as refused:
        Envelope(DOOR).open(Push(Query(), b"1" * 65537, at(NOW)))
    assert refused.value.status == 413


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_get_through_or_break_the_lock(body: bytes) -> None:
    with pytest.raises(BadMessage):
        Envelope(DOOR).open(Push(Query(timestamp=str(NOW)), body, at(NOW)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_what_is_signed_but_not_decryptable_is_a_typed_error(junk: bytes) -> None:
    """Whoever knew the token alone still could not break the door."""
    import base64

    encrypted = base64.b64encode(junk).decode()
    door = Envelope(DOOR)
    query = Query(msg_signature=door.signature(str(NOW), "1", encrypted), timestamp=str(NOW), nonce="1")
    with pytest.raises(BadMessage) as refused:
        door.open(Push(query, as_xml({"Encrypt": encrypted}).encode(), at(NOW)))
    assert refused.value.status in (400, 403)


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize(
    "change",
    [
        {"MsgType": None},
        {"MsgType": {"a": "b"}},
        {"FromUserName": "<b>"},
        {"FromUserName": ["a", "b"]},
        {"FromUserName": ""},
        {"CreateTime": "never"},
        {"CreateTime": 10**15},
        {"MsgId": "x"},
        {"MsgId": None},
        {"MsgType": "image"},
        {"MsgType": "event"},
        {"Content": {"a": "b"}},
    ],
    ids=repr,
)
def test_a_message_with_a_missing_or_odd_field_is_a_typed_error(change: dict[str, Any], form: Any) -> None:
    fields = {name: value for name, value in {**TEXT, **change}.items() if value is not None}
    with pytest.raises(BadMessage) as refused:
        knock(fields, How(form))
    assert refused.value.status == 400


def test_json_with_half_a_character_is_read_without_it() -> None:
    fields, form = parse(b'{"Content": "a\\ud800b\\u0000"}')
    assert form == "json" and fields["Content"] == "a\ud800b\x00"
    assert knock({**TEXT, "Content": "a\x00b"}, How("json")).text == "ab"


# --- what comes in ---


@pytest.mark.parametrize("form", ["xml", "json"])
def test_both_formats_read_the_same(form: Any) -> None:
    pushed = knock({**TEXT, "Content": "一句话 <b>&amp;]]>"}, How(form))
    assert (pushed.kind, pushed.text, pushed.id, pushed.format) == ("text", "一句话 <b>&amp;]]>", "7", form)


def test_a_tap_in_a_menu_message_is_its_words() -> None:
    assert knock({**TEXT, "Content": "没有", "bizmsgmenuid": "102"}).text == "没有"


def test_pictures_voices_and_other_kinds_are_told_apart() -> None:
    picture = knock({**TEXT, "MsgType": "image", "MediaId": "m-1_x", "PicUrl": "http://x"})
    assert (picture.kind, picture.media) == ("photo", "m-1_x")
    voice = {**TEXT, "MsgType": "voice", "MediaId": "v", "Format": "amr"}
    assert knock(voice).kind == knock({**voice, "Recognition": "听错的话"}).kind == "voice"
    assert knock({**voice, "Recognition": "听错的话"}).text == ""
    assert knock({**TEXT, "MsgType": "location"}).kind == "unsupported"


EVENT = {name: value for name, value in TEXT.items() if name not in ("Content", "MsgId")} | {"MsgType": "event"}


def test_following_and_menu_taps_are_part_of_the_talk_and_other_events_are_not() -> None:
    assert knock({**EVENT, "Event": "subscribe", "EventKey": ""}).kind == "follow"
    tapped = knock({**EVENT, "Event": "CLICK", "EventKey": "progress"})
    assert (tapped.kind, tapped.command) == ("command", "progress")
    for fields in ({"Event": "CLICK", "EventKey": "drop table"}, {"Event": "unsubscribe"}, {"Event": "from_next_year"}):
        assert knock({**EVENT, **fields}).kind == "ignored"


def test_two_events_of_one_second_have_two_keys_and_one_event_twice_has_one() -> None:
    keys = [knock({**EVENT, "Event": "CLICK", "EventKey": key}).id for key in ("progress", "human", "progress")]
    assert keys[0] == keys[2] != keys[1]
    assert "oDemo" not in keys[0]


def test_receipts_and_credits_are_read_from_both_formats() -> None:
    pushed = knock({**EVENT, "Event": "TEMPLATESENDJOBFINISH", "MsgID": 12, "Status": "failed:user block"})
    assert pushed.kind == "notice" and pushed.told == (Receipt("12", False, "failed:user block"),)
    accepted = {"TemplateId": "t1", "SubscribeStatusString": "accept", "PopupScene": "1"}
    refused = {"TemplateId": "t2", "SubscribeStatusString": "reject", "PopupScene": "1"}
    popup = {**EVENT, "Event": "subscribe_msg_popup_event"}
    wanted = (Credit("t1", "gained"), Credit("t2", "refused"))
    assert knock({**popup, "SubscribeMsgPopupEvent": {"List": [accepted, refused]}}).told == wanted
    assert knock({**popup, "List": [accepted, refused]}, How("json")).told == wanted
    assert knock({**popup, "SubscribeMsgPopupEvent": {"List": accepted}}).told == wanted[:1]
    changed = {**EVENT, "Event": "subscribe_msg_change_event", "SubscribeMsgChangeEvent": {"List": refused}}
    assert knock(changed).told == (Credit("t2", "cancelled"),)
    sent = {"TemplateId": "t1", "MsgID": "9", "ErrorCode": "3", "ErrorStatus": "rejected by user"}
    assert knock({**EVENT, "Event": "subscribe_msg_sent_event", "SubscribeMsgSentEvent": {"List": sent}}).told == (
        Receipt("9", False, "3"),
    )


def test_the_mini_programs_pushes_are_read_by_its_own_door() -> None:
    account = WORLD.accounts["mp"]
    options = DoorOptions(app_id=account.app_id, token=SecretStr(account.token), aes_key=SecretStr(account.aes_key))
    popup = {
        **EVENT,
        "Event": "subscribe_msg_popup_event",
        "List": {"TemplateId": "t", "SubscribeStatusString": "accept"},
    }
    for fields, kind in ((popup, "notice"), ({**EVENT, "Event": "user_enter_tempsession"}, "follow"), (TEXT, "text")):
        query, body = sealed(account, fields, NOW, How("json"))
        assert MiniProgram(options).read(Push(Query.model_validate(query), body, at(NOW))).kind == kind


# --- what goes back ---


@pytest.mark.parametrize("form", ["xml", "json"])
@given(text=st.text(max_size=200))
@settings(max_examples=150, deadline=None)
def test_whatever_is_said_back_arrives_as_itself_and_as_nothing_else(form: Any, text: str) -> None:
    """The peer's parser sees the cleaned text and no element that the text could have smuggled in."""
    door = OfficialAccount(DOOR)
    to = Pushed(account="oDemo_1", id="1", kind="text", us=ACCOUNT.our_id, format=form)
    hostile = f"]]></Content><MsgType>news</MsgType>\x00\x0b{text}"
    reply = read_reply(ACCOUNT, door.answer(to, hostile, at(NOW)), "oDemo_1", form)
    assert "]]>" not in reply and "\x00" not in reply and "\x0b" not in reply
    assert reply.startswith("]]＞</Content><MsgType>news</MsgType>")


def test_a_passive_reply_changes_sides() -> None:
    to = Pushed(account="oDemo_1", id="1", kind="text", us=ACCOUNT.our_id)
    document = passive(to, "好", at(NOW))
    assert "<ToUserName><![CDATA[oDemo_1]]></ToUserName>" in document
    assert f"<FromUserName><![CDATA[{ACCOUNT.our_id}]]></FromUserName>" in document
