"""The JSON door: a body of the wrong shape is a plain sentence, blocks survive the way out and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.base import AnyChannel, BadMessage, NoOptions, Registry, registry
from bot.web import Posted, Web, from_json, to_json
from bot.wording import words
from dialogs.messages import Ask, Option, Reply, Say

ID = "0193e2a1-1111-7222-8333-444455556666"


def read(body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Web(NoOptions()).read(Posted("cookie", "key-1", raw))


def test_the_five_kinds_are_read() -> None:
    text = read({"kind": "text", "text": "你好\r\n\x00再见"})
    assert (text.account, text.id, text.kind, text.text) == ("cookie", "key-1", "text", "你好\n再见")
    answer = read({"kind": "answer", "question": "holds_card", "value": ["a", True, 3, None, {"way": "typed"}]})
    assert (answer.question, answer.value) == ("holds_card", ["a", True, 3, None, {"way": "typed"}])
    command = read({"kind": "command", "command": "change", "value": "level"})
    assert (command.command, command.value) == ("change", "level")
    assert read({"kind": "photo", "question": "q", "photo_ids": [ID]}).photo_ids == (ID,)
    assert read({"kind": "switch", "draft_id": ID}).draft_id == ID
    assert read({"kind": "switch", "draft_id": "new"}).draft_id == "new"


def test_what_a_later_client_adds_is_no_reason_to_refuse_it() -> None:
    assert read({"kind": "text", "text": "你好", "mood": "sunny"}).text == "你好"


BAD: list[Any] = [
    b"",
    b"[]",
    b"{",
    b"\xff",
    {},
    {"kind": "telepathy"},
    {"kind": "system", "event": "case_moved"},
    {"kind": "text"},
    {"kind": "text", "text": 5},
    {"kind": "answer", "value": 1},
    {"kind": "answer", "question": "q"},
    {"kind": "answer", "question": "q" * 200, "value": 1},
    {"kind": "answer", "question": "q\x00", "value": 1},
    b'{"kind":"answer","question":"q","value":NaN}',
    b'{"kind":"answer","question":"q","value":1e999}',
    {"kind": "answer", "question": "q", "value": 2**60},
    {"kind": "answer", "question": "q", "value": list(range(300))},
    {"kind": "answer", "question": "q", "value": [[[[[[1]]]]]]},
    b'{"kind":"answer","question":"q","value":' + b"[" * 9000 + b"]" * 9000 + b"}",
    {"kind": "command", "command": "rm -rf"},
    {"kind": "photo", "photo_ids": []},
    {"kind": "photo", "photo_ids": [ID] * 21},
    {"kind": "photo", "photo_ids": ["../../etc/passwd"]},
    {"kind": "switch", "draft_id": "1"},
]


@pytest.mark.parametrize("body", BAD, ids=lambda body: repr(body)[:40])
def test_a_wrong_shape_is_a_plain_sentence(body: Any) -> None:
    with pytest.raises(BadMessage) as bad:
        read(body)
    assert (bad.value.status, bad.value.says) == (400, words().web.not_read)


def test_a_text_that_is_too_long_is_told_so_and_a_body_that_is_too_big_too() -> None:
    with pytest.raises(BadMessage) as long:
        read({"kind": "text", "text": "长" * 2001})
    assert (long.value.status, long.value.says) == (400, words().web.too_long)
    with pytest.raises(BadMessage) as big:
        read(b" " * 65537)
    assert (big.value.status, big.value.says) == (413, words().web.too_big)


def test_the_error_repeats_nothing_of_what_was_sent() -> None:
    with pytest.raises(BadMessage) as bad:
        read({"kind": "answer", "question": "q", "value": 2**60, "text": "110101199001011234"})
    assert "110101" not in repr(bad.value) and bad.value.__cause__ is None


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.text(max_size=9), lambda one: st.lists(one, max_size=3), max_leaves=6
)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200) | ANY_JSON.map(json.dumps))
def test_nothing_that_can_be_sent_raises_anything_else(body: Any) -> None:
    with pytest.raises(BadMessage):
        read(body if isinstance(body, bytes) else body.encode())


def test_blocks_come_back_as_they_went() -> None:
    blocks: tuple[Reply, ...] = (
        Say("您好。"),
        Ask("q", "s/t", "题", "有吗？", "choice", (Option(True, "有"), Option("x", "无"))),
    )
    assert from_json(to_json(blocks)) == blocks
    with pytest.raises(ValidationError):
        from_json([{"kind": "hologram", "text": "?"}])


# --- the registry ---


def test_every_channel_has_a_name_of_its_own_and_says_whether_it_has_buttons() -> None:
    names = {channel.name: channel.text_only for channel in registry}
    assert names == {"web": False, "plain": False, "terminal": True, "wechat_oa": True, "wechat_mp": True}
    assert "pigeon" not in registry and registry["web"] is Web


def test_two_channels_cannot_share_a_name() -> None:
    own = Registry()
    own.register(Web)
    other: type[AnyChannel] = type("Other", (Web,), {})
    with pytest.raises(ValueError, match="web"):
        own.register(other)


def test_what_channels_say_is_short_enough_to_understand() -> None:
    import re

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for one in value.values() for text in texts(one)]
        return [value] if isinstance(value, str) else [text for one in value for text in texts(one)]

    for text in texts(words().model_dump(exclude={"terminal": {"commands"}})):
        for sentence in re.split(r"[。！？\n]", re.sub(r"\{\w+\}", "", text)):
            assert len(sentence) <= 25, sentence
