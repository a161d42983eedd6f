"""The calls to WeChat against the stand-in: nothing loops, leaks, hangs or uploads nothing, and every fault has its outcome."""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bot.simulators.wechat import world as world_module
from bot.simulators.wechat.world import Contact, rules
from bot.wechat.client import (
    HardenedClient,
    MemoryTokens,
    Outcome,
    PlatformError,
    Unanswered,
    Unreachable,
    error_rules,
)
from tests.channels.conftest import WeChat

CODE = "code-of-zhou"
SECRET = rules().accounts["oa"].secret
CARD = {"thing1": "残疾人证", "phrase2": "已受理", "time3": "2026年11月22日 10:00", "thing4": "等通知"}
TEMPLATE = next(iter(rules().templates))


def zhou(weixin: WeChat, *, wrote: bool = True) -> Contact:
    contact = weixin.world.contacts["oDemo_zhou_guilan_oa_000001"]
    if wrote:
        weixin.world.said(contact)
    return contact


# --- the token ---


def test_a_token_refused_for_ever_costs_three_calls_and_no_more(weixin: WeChat) -> None:
    client = weixin.client()
    client.callback_addresses()
    weixin.world.calls.clear()
    weixin.faults.switch("token_refused", "/message/", times=-1)
    outcome = client.send_text(zhou(weixin).openid, "在吗")
    assert (outcome.kind, outcome.code, outcome.alarm) == ("retry_later", 40001, True)
    assert len(weixin.world.calls) <= 3 and weixin.calls("stable_token") <= 2


def test_a_cold_client_with_a_refused_token_costs_three_calls_and_no_more(weixin: WeChat) -> None:
    weixin.faults.switch("token_refused", "/message/", times=-1)
    assert weixin.client().send_text(zhou(weixin).openid, "在吗").kind == "retry_later"
    assert len(weixin.world.calls) <= 3


def test_a_token_that_was_revoked_is_replaced_once_and_the_message_goes_out_once(weixin: WeChat) -> None:
    client = weixin.client()
    client.callback_addresses()
    weixin.world.revoke_tokens()
    assert client.send_text(zhou(weixin).openid, "好了").kind == "sent"
    assert [bubble.text for bubble in zhou(weixin).screen] == ["好了"]
    assert weixin.calls("stable_token") == 2


def test_a_token_is_fetched_anew_before_it_runs_out(weixin: WeChat) -> None:
    client = weixin.client(clock=weixin.world.clock)
    client.callback_addresses()
    weixin.world.clock.advance(7200 - 50)
    client.callback_addresses()
    assert weixin.calls("stable_token") == 2


def test_32_threads_without_a_token_fetch_one(weixin: WeChat) -> None:
    client = weixin.client()
    barrier = threading.Barrier(32)

    def call(_: int) -> list[str]:
        barrier.wait()
        return client.callback_addresses()

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(call, range(32))) == [["127.0.0.1"]] * 32
    assert weixin.calls("stable_token") == 1


def test_two_threads_with_the_same_refused_token_replace_it_once(weixin: WeChat) -> None:
    client = weixin.client()
    old, _ = client.current_token()
    weixin.world.revoke_tokens()
    with ThreadPoolExecutor(2) as pool:
        tokens = list(pool.map(lambda _: client.current_token(refused=old)[0], range(2)))
    assert tokens[0] == tokens[1] != old and weixin.calls("stable_token") == 2


def test_clients_of_two_processes_share_the_stable_token_without_sharing_a_store(weixin: WeChat) -> None:
    clients = [weixin.client(tokens=MemoryTokens()) for _ in range(4)]
    assert len({client.access_token for client in clients}) == 1
    assert all(client.send_text(zhou(weixin).openid, "x").kind == "sent" for client in clients)


def test_the_token_request_names_no_secret_in_its_address(weixin: WeChat) -> None:
    weixin.client().callback_addresses()
    assert weixin.calls("stable_token") == 1 and weixin.calls("cgi-bin/token") == 0


def test_a_wrong_secret_is_an_alarm_and_not_a_reason_to_try_again(weixin: WeChat) -> None:
    outcome = weixin.client(secret="wrong").send_text(zhou(weixin).openid, "x")
    assert (outcome.kind, outcome.code, outcome.alarm) == ("refused", 40125, True)
    assert len(weixin.world.calls) == 1


# --- files ---


def test_a_picture_sent_again_after_an_expired_token_is_sent_whole(weixin: WeChat) -> None:
    client = weixin.client()
    client.callback_addresses()
    weixin.world.revoke_tokens()
    content = bytes(range(256)) * 200
    media_id = client.upload_image(content)
    uploads = [call for call in weixin.world.calls if "upload" in call.path]
    assert len(uploads) == 2 and all(call.size > len(content) for call in uploads)
    assert weixin.world.media[media_id].content == content
    assert client.download(media_id).content == content


def test_a_file_object_uploaded_by_the_stock_call_is_sent_whole_twice(weixin: WeChat, tmp_path: Any) -> None:
    client = weixin.client()
    client.callback_addresses()
    weixin.world.revoke_tokens()
    path = tmp_path / "card.jpg"
    path.write_bytes(b"\xff\xd8" + b"x" * 5000)
    with path.open("rb") as file:
        got = client.media.upload("image", file)
    assert weixin.world.media[got["media_id"]].content == path.read_bytes()


def test_a_picture_whose_bytes_look_like_json_stays_bytes(weixin: WeChat) -> None:
    media_id = weixin.world.keep_media("oa", "image", b'{"errcode": 40007}', "image/jpeg")
    assert weixin.client().download(media_id).content == b'{"errcode": 40007}'
    weixin.faults.switch("json_like_media", "/media/get")
    assert weixin.client().download(media_id).content == b'{"errcode":  0 }'


def test_a_picture_that_is_gone_is_an_error_and_never_a_file(weixin: WeChat) -> None:
    media_id = weixin.world.keep_media("oa", "image", b"x", "image/jpeg")
    weixin.world.clock.advance(3 * 86400 + 1)
    with pytest.raises(PlatformError) as gone:
        weixin.client().download(media_id)
    assert gone.value.code == 40007
    video = weixin.world.keep_media("oa", "video", b"x", "video/mp4")
    with pytest.raises(PlatformError):
        weixin.client().download(video)


@pytest.mark.parametrize("fault", ["truncated", "html"])
def test_a_broken_download_is_never_taken_for_a_picture(weixin: WeChat, fault: str) -> None:
    media_id = weixin.world.keep_media("oa", "image", b"\xff\xd8" + b"x" * 4000, "image/jpeg")
    weixin.faults.switch(fault, "/media/get")
    with pytest.raises(Unanswered):
        weixin.client().download(media_id)


# --- what becomes of a message ---

SENDS: dict[str, Callable[[HardenedClient, str], Outcome]] = {
    "text": lambda client, openid: client.send_text(openid, "您好"),
    "template": lambda client, openid: client.send_template(openid, TEMPLATE, CARD),
    "subscription": lambda client, openid: client.send_subscription(openid, TEMPLATE, CARD),
}

OUTCOMES = {
    "busy": ("retry_later", -1, False),
    "token_expired": ("sent", 0, False),
    "daily_quota": ("retry_later", 45009, True),
    "minute_quota": ("retry_later", 45011, False),
    "window_over": ("refused", 45015, False),
    "count_over": ("refused", 45047, False),
    "no_credit": ("refused", 43101, False),
    "bad_field": ("refused", 47003, False),
    "http_500": ("retry_later", 0, False),
    "http_502": ("unconfirmed", 0, True),
    "http_503": ("retry_later", 0, False),
    "truncated": ("unconfirmed", 0, True),
    "html": ("unconfirmed", 0, True),
    "code_as_text": ("sent", 0, False),
}


@pytest.mark.parametrize("send", SENDS)
@pytest.mark.parametrize("fault", OUTCOMES)
def test_every_fault_of_the_platform_has_its_outcome(weixin: WeChat, fault: str, send: str) -> None:
    contact = zhou(weixin)
    contact.credits[TEMPLATE] = 1
    weixin.faults.switch(fault, "/message/")
    client = weixin.client()
    client.callback_addresses()
    outcome = SENDS[send](client, contact.openid)
    assert (outcome.kind, outcome.code, outcome.alarm) == OUTCOMES[fault]
    assert (outcome.rid != "") == (outcome.code != 0)
    if outcome.kind == "sent":
        assert len(contact.screen) == 1


def test_no_fault_of_the_stand_in_is_left_without_a_test() -> None:
    others = {"hang", "slow_drip", "token_refused", "media_gone", "json_like_media", "code_used", "high_risk"}
    assert set(rules().faults) == set(OUTCOMES) | others


@pytest.mark.parametrize(("fault", "kept"), [("hang", 1), ("slow_drip", 1)])
def test_a_platform_that_does_not_answer_gives_up_the_caller_in_time_and_the_outcome_is_open(
    weixin: WeChat, fault: str, kept: int
) -> None:
    client = weixin.client()
    client.callback_addresses()
    client.timeout = 1.0
    weixin.faults.switch(fault, "/message/")
    assert client.send_text(zhou(weixin).openid, "在吗").kind == "unconfirmed"
    assert len(zhou(weixin).screen) == kept  # it did arrive: that is why nothing may be sent again by itself


def test_the_usual_deadlines_end_before_ten_seconds() -> None:
    from bot.wechat import client

    usual = HardenedClient("wx", "s")
    assert client.CONNECT_S + client.SILENCE_S < 10 and usual.timeout < 10


def test_a_token_server_that_hangs_leaves_nothing_unconfirmed(weixin: WeChat) -> None:
    weixin.faults.switch("hang", "/stable_token")
    assert weixin.client(deadline=0.5).send_text(zhou(weixin).openid, "x").kind == "retry_later"


def test_a_closed_port_means_later_and_a_connection_that_breaks_means_unconfirmed() -> None:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{port.getsockname()[1]}"
    assert warm(address).send_text("o", "x").kind == "retry_later"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
        assert warm(f"http://127.0.0.1:{listening.getsockname()[1]}").send_text("o", "x").kind == "unconfirmed"


def warm(address: str, token: str = "token-that-nobody-may-see") -> HardenedClient:
    """A client that holds a token already."""
    tokens = MemoryTokens()
    client = HardenedClient("wxdemo00000000oa01", SECRET, address, tokens=tokens)
    tokens.set(client.access_token_key, {"token": token, "until": client.clock() + 7000})
    return client


def test_codes_without_a_rule_are_refused_and_parked_ones_wait_for_tomorrow(weixin: WeChat) -> None:
    assert all(
        code in error_rules() for code in rules().errors if code not in (40002, 40004, 40009, 41001, 44001, 47001)
    )
    weixin.faults.switch("daily_quota", "/message/")
    assert 0 < weixin.client().send_text(zhou(weixin).openid, "x").wait <= 86400


def test_the_field_that_breaks_its_rule_is_named(weixin: WeChat) -> None:
    outcome = weixin.client().send_template(zhou(weixin).openid, TEMPLATE, {**CARD, "phrase2": "已经受理了吧"})
    assert (outcome.code, outcome.field) == (47003, "phrase2")


def test_a_template_message_arrives_with_its_number(weixin: WeChat) -> None:
    outcome = weixin.client().send_template(zhou(weixin, wrote=False).openid, TEMPLATE, CARD, url="http://127.0.0.1/p")
    assert outcome.kind == "sent" and outcome.message.isdigit()
    assert "进度：已受理" in zhou(weixin, wrote=False).screen[0].text


# --- the other calls ---


def test_login_works_while_the_token_server_is_down_and_a_code_works_once(weixin: WeChat) -> None:
    weixin.faults.switch("http_500", "token", times=-1)
    code = weixin.world.new_code(zhou(weixin))
    login = weixin.client().login(code)
    assert login.openid == zhou(weixin).openid and login.session_key and login.unionid
    with pytest.raises(PlatformError) as used:
        weixin.client().login(code)
    assert used.value.code == 40029
    for fault, code_ in (("code_used", 40029), ("high_risk", 40226)):
        weixin.faults.switch(fault, "jscode2session")
        with pytest.raises(PlatformError) as refused:
            weixin.client().login(weixin.world.new_code(zhou(weixin)))
        assert refused.value.code == code_


def test_typing_is_shown_only_to_somebody_who_just_wrote(weixin: WeChat) -> None:
    client, contact = weixin.client(), zhou(weixin)
    assert client.show_typing(contact.openid).kind == "sent" and contact.typing
    assert client.show_typing(contact.openid).code == 45081
    assert client.show_typing(contact.openid, typing=False).kind == "sent"
    weixin.world.clock.advance(31)
    assert client.show_typing(contact.openid).code == 45080


def test_groups_of_interfaces_with_their_own_address_go_to_the_configured_one(weixin: WeChat) -> None:
    client = weixin.client()
    assert client.template.get_subscribe_message_templates()[0]["priTmplId"] == TEMPLATE
    contact = zhou(weixin)
    key = weixin.world.sessions[contact.openid] = "session"
    signature = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
    got = client.get(
        f"{weixin.base}/wxa/checksession", params={"openid": contact.openid, "signature": signature, "sig_method": "x"}
    )
    assert got["errcode"] == 0
    phone = weixin.world.new_code(contact, "phone")
    assert client.wxa.get_phone_number(phone)["phone_info"]["purePhoneNumber"] == "19900000001"


def test_no_call_leaves_the_configured_address() -> None:
    with pytest.raises(Unreachable):
        warm("http://127.0.0.1:9").get("https://api.weixin.qq.com/cgi-bin/getcallbackip")


# --- secrets ---


@pytest.mark.parametrize("fault", ["http_500", "truncated", "html", "token_refused", "busy", ""])
def test_no_secret_stands_in_any_error(weixin: WeChat, fault: str) -> None:
    if fault:
        weixin.faults.switch(fault, "/", times=-1)
    client = weixin.client() if fault else HardenedClient("wxdemo00000000oa01", SECRET, "http://127.0.0.1:9/")
    for call in (
        client.callback_addresses,
        lambda: client.login(CODE),
        lambda: client.media.upload("image", b"x"),
    ):
        with pytest.raises((PlatformError, Unreachable, Unanswered)) as raised:
            call()
        told = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + repr(client)
        chained = [raised.value.__cause__, raised.value.__context__]
        assert SECRET not in told and CODE not in told
        assert not any(isinstance(one, OSError) for one in chained)  # nor in an exception that hangs on it


def test_a_token_does_not_stand_in_the_error_of_a_broken_connection() -> None:
    with pytest.raises(Unreachable) as raised:
        warm("http://127.0.0.1:9").callback_addresses()
    assert (
        "nobody-may-see" not in "".join(traceback.format_exception(raised.value)) and raised.value.__context__ is None
    )


def test_every_error_that_the_stand_in_can_answer_has_its_words() -> None:
    sources = [path.read_text("utf-8") for path in Path(world_module.__file__).parent.glob("*.py")]
    raised = {int(code) for source in sources for code in re.findall(r"ApiError\((-?\d+)", source)}
    assert len(raised) > 20 and raised <= set(rules().errors)
