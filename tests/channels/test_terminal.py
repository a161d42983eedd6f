"""The talk in a terminal: plain lines, numbers for options, photos by file name, the same JSON API as the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.app import create_app
from bot import terminal
from bot.base import BadMessage, NoOptions
from bot.terminal import Terminal, Typed, chat, state_file
from bot.wording import words
from dialogs.messages import Ask, Option
from tests.browser.serving import serving
from tests.databases import fresh

CARD = Ask(
    "card",
    "s/asking",
    "证",
    "有证吗？",
    "choice",
    (Option(True, "有"), Option(False, "没有"), Option("unsure", "不清楚")),
)
MANY = Ask("status", "s/asking", "情况", "有哪些？", "choices", (Option("lost", "丢了"), Option("moved", "搬家")))
COUNT = Ask("people", "s/asking", "人数", "几口人？", "number", (Option("unsure", "不清楚"),))
PHOTO = Ask("photo:front", "p/asking", "身份证", "请拍照。", "photo", (Option("window", "到窗口再交"),))


def typed(line: str, ask: Ask | None = None) -> Any:
    said = Terminal(NoOptions()).read(Typed(line, ask))
    return {"answer": said.value, "text": said.text, "command": said.command, "photo": said.media}[said.kind]


def test_a_number_is_the_option_that_it_stands_for() -> None:
    assert [typed(n, CARD) for n in ("1", "2", " 3 ")] == [True, False, "unsure"]
    assert typed("1，2", MANY) == ["lost", "moved"] and typed("2", MANY) == ["moved"]
    assert typed("1", PHOTO) == "window"


def test_a_number_is_itself_where_a_number_is_asked_for_or_nothing_is_open() -> None:
    assert typed("1", COUNT) == "1" and typed("2") == "2" and typed("没有", CARD) == "没有"


@pytest.mark.parametrize("line", ["4", "0", "1 2"])
def test_a_number_that_no_option_has_is_told_so(line: str) -> None:
    with pytest.raises(BadMessage) as bad:
        typed(line, CARD)
    assert bad.value.says == words().terminal.not_an_option


def test_commands_and_files_are_told_apart(tmp_path: Path) -> None:
    picture = tmp_path / "身份 证.jpg"
    picture.write_bytes(b"\xff\xd8")
    assert typed("/返回") == "back" and typed("/人工") == "human"
    assert typed("/照片 a.jpg b.jpg", CARD) == "a.jpg b.jpg"
    assert typed(str(picture), PHOTO) == str(picture) == typed(f"/照片 {picture}", CARD)
    for line in ("/飞", "/照片", "/"):
        with pytest.raises(BadMessage):
            typed(line)


# --- against a server that speaks the API ---


class Served:
    """A terminal in front of recorded answers; `sent` is what reached the server."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response], keep: Path = Path("/dev/null/none")) -> None:
        self.keep = keep
        self.written: list[str] = []
        self.sent: list[tuple[str, Any, str]] = []
        self.answer = answer

    def run(self, *lines: str) -> int:
        typing = iter(lines)

        def read(prompt: str) -> str:
            try:
                return next(typing)
            except StopIteration:
                raise EOFError from None

        client = httpx.Client(base_url="http://desk", transport=httpx.MockTransport(self._record))
        return chat("http://desk", read, self.written.append, client, self.keep)

    def _record(self, request: httpx.Request) -> httpx.Response:
        kind = request.headers.get("content-type", "")
        body = json.loads(request.content) if kind.startswith("application/json") else request.content
        self.sent.append((f"{request.method} {request.url.path}", body, request.headers.get("idempotency-key", "")))
        return self.answer(request)

    def posts(self) -> list[Any]:
        return [body for path, body, _ in self.sent if path == "POST /api/v1/messages"]


def page(open_: Any = None, log: Any = (), **more: Any) -> httpx.Response:
    return httpx.Response(200, json={"log": list(log), "entries": list(log), "open": open_, "floor": None, **more})


def ask_json(ask: Ask) -> Any:
    from bot.web import to_json

    return to_json([ask])[0]


def test_whoever_comes_for_the_first_time_is_greeted() -> None:
    served = Served(lambda request: page())
    assert served.run() == 0
    assert served.posts() == [{"kind": "text", "text": "你好"}]
    assert served.written[-1] == words().terminal.bye


def test_a_broken_line_is_tried_again_under_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_PAUSE_S", 0)
    broken = iter([False, True, True, False])

    def answer(request: httpx.Request) -> httpx.Response:
        if next(broken, False):
            raise httpx.ReadTimeout("away")
        return page(ask_json(CARD))

    served = Served(answer)
    served.run("1")
    keys = {key for path, _, key in served.sent if path == "POST /api/v1/messages"}
    assert len(served.posts()) == 3 and len(keys) == 1
    assert served.posts()[-1] == {"kind": "answer", "question": "card", "value": True}


def test_a_server_that_is_away_is_told_and_ends_the_chat_with_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_PAUSE_S", 0)
    served = Served(lambda request: httpx.Response(502, text="<html>"))
    assert served.run() == 1 and words().terminal.unreachable in served.written


def test_a_refusal_is_said_in_the_servers_own_words() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(400, json={"status": 400, "code": "too_long", "says": "这段话太长了。"})
        return page(ask_json(CARD))

    served = Served(answer)
    served.run("说个不停")
    assert "这段话太长了。" in served.written


def test_an_unknown_block_and_an_unknown_question_still_say_their_words() -> None:
    log = [{"id": "1", "at": "", "from": "bot", "blocks": [{"kind": "hologram", "text": "看这里。"}]}]
    served = Served(lambda request: page({"kind": "ask", "input": "telepathy", "text": "想一想。"}, log))
    served.run()
    assert "看这里。" in served.written and "想一想。" in served.written


def test_photos_go_by_file_name_and_a_missing_file_is_named(tmp_path: Path) -> None:
    for name in ("a.jpg", "b c.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8" + name.encode())
    ids = iter(["p1", "p2"])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/photos"):
            return httpx.Response(200, json={"photo_id": next(ids)})
        return page(ask_json(PHOTO))

    served = Served(answer)
    served.run(f"/照片 {tmp_path}/a.jpg '{tmp_path}/b c.jpg'", "/照片 没有的.jpg")
    assert served.posts() == [{"kind": "photo", "question": "photo:front", "photo_ids": ["p1", "p2"]}]
    assert words().terminal.file_missing.format(path="没有的.jpg") in served.written


def test_an_empty_line_only_looks_for_news_and_nothing_is_written_twice() -> None:
    entry = {"id": "1", "at": "", "from": "staff", "blocks": [{"kind": "say", "text": "我来了。", "by": "小陈"}]}
    served = Served(lambda request: page(ask_json(CARD), [entry], floor={"name": "小陈"}))
    served.run("", "")
    assert served.written.count("【小陈】我来了。") == 1 and served.posts() == []
    assert served.written.count(words().terminal.nothing_new) == 2


def test_the_question_just_answered_is_not_read_twice() -> None:
    old = {"id": "1", "at": "", "from": "bot", "blocks": [ask_json(CARD)]}

    def answer(request: httpx.Request) -> httpx.Response:
        return page(ask_json(MANY), [old]) if request.method == "POST" else page(ask_json(CARD))

    served = Served(answer)
    served.run("1")
    assert sum("有证吗" in line for line in served.written) == 1 == sum("有哪些" in line for line in served.written)


def test_the_next_run_goes_on_and_a_new_person_begins_anew(tmp_path: Path) -> None:
    cookies: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        cookies.append(request.headers.get("cookie"))
        answered = page(ask_json(CARD))
        answered.headers["set-cookie"] = f"yijianshi=token-{len(cookies)}; Path=/"
        return answered if cookies[-1] is None else page(ask_json(CARD))

    keep = tmp_path / "state" / "desk.cookie"
    Served(answer, keep).run()
    assert keep.read_text() == "token-1" and keep.stat().st_mode & 0o777 == 0o600
    Served(answer, keep).run("/换人")
    assert cookies == [None, "yijianshi=token-1", None] and keep.read_text() == "token-3"
    assert state_file("http://127.0.0.1:8000").name == "127.0.0.1_8000.cookie"


# --- against the desk itself ---


def test_the_talk_is_led_in_a_terminal_with_nothing_but_lines(tmp_path: Path) -> None:
    written: list[str] = []
    lines = iter(["1", "同意", "1", "1", "/退出"])
    with serving(create_app(fresh("sqlite", tmp_path))) as address:
        assert chat(address, lambda prompt: next(lines), written.append, keep=tmp_path / "cookie") == 0
    told = "\n".join(written)
    assert "“一件事”" in told and "这次是给谁办事？" in told and "户口" in told
    assert "\x1b" not in told and "\r" not in told and "\x08" not in told


def test_whoever_has_everything_deleted_is_a_stranger_to_the_terminal_too(tmp_path: Path) -> None:
    written: list[str] = []
    lines = iter(["1", "同意", "删掉我的资料", "1", "/退出"])
    with serving(create_app(fresh("sqlite", tmp_path))) as address:
        assert chat(address, lambda prompt: next(lines), written.append, keep=tmp_path / "cookie") == 0
    assert "都删掉了" in written[-2] and written[-1] == words().terminal.bye_for_good
    assert not (tmp_path / "cookie").exists()
