"""What the people are called for whom somebody acts: over every question, in the list to turn to, in the record."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from backend.conversations.entries import drafts, said
from dialogs.messages import Message
from tests.talks.runner import Core, play

TO_THE_NAME: list[dict[str, Any]] = [
    {"opening": "child"}, {"tap": "有"}, {"tap": "是低保"}, {"tap": "都没有"}, {"tap": "三级"}, {"tap": "智力"},
    {"say": "都要"}, {"tap": "去窗口办"}, {"tap": "去窗口办", "asks": "field:name"},
]  # fmt: skip


def at(moves: list[dict[str, Any]]) -> Core:
    core = Core()
    for _ in play(core, moves):
        pass
    return core


def names(core: Core) -> list[str]:
    return [one["label"] for one in drafts(core.session.talk)]


def test_a_child_is_called_by_name_once_the_name_is_known() -> None:
    core = at(TO_THE_NAME)
    assert (core.ask.about, names(core)) == ("孩子", ["孩子"])
    core.fill("周小树", {})
    assert (core.ask.about, names(core)) == ("周小树", ["周小树"])
    assert "孩子" in core.ask.text, "a question calls a child a child"
    core.say("改姓名", {})
    core.fill("周小禾", {})
    assert (core.ask.about, names(core)) == ("周小禾", ["周小禾"])


def test_somebody_not_yet_known_is_a_new_one_and_no_two_are_called_the_same() -> None:
    core = at(TO_THE_NAME)
    core.switch("new", {})
    assert names(core) == ["孩子", "新的一份"]
    core.tap("给我的孩子", {})
    core.tap("孩子", {})
    assert names(core) == ["孩子", "孩子（2）"]


def test_the_record_names_whom_the_person_turned_to() -> None:
    core = at(TO_THE_NAME)
    core.switch("new", {})
    first, second = (one.id for one in core.session.talk.drafts)

    def line(draft_id: str) -> str:
        message = Message("m", "switch", datetime(2026, 11, 20, tzinfo=UTC), draft_id=draft_id)
        return str((said(message, None, core.session) or {})["text"])

    assert [line(first), line(second), line("new")] == ["换到：孩子", "换到：新的一份", "给另一个人办"]
