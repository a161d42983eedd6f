"""Somebody in danger: the form stops, the words fit, a person is called, and who else can help is named with date and source."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from dialogs.days import day_says
from dialogs.messages import Ask, CallStaff, Turn
from tests.talks.runner import Core, play

DESPAIR, VIOLENCE, CHEATED = "我不想活了", "老公天天打我", "中介收了我三千块就不见了"
ANYWHERE: list[list[dict[str, Any]]] = [
    [],
    [{"say": "你好"}],
    [{"opening": "consent"}],
    [{"opening": "self"}],
    [{"opening": "self"}, {"command": "restart"}],
    [{"opening": "self"}, {"command": "pause"}],
]


def after(moves: list[dict[str, Any]]) -> Core:
    core = Core()
    for _ in play(core, moves):
        pass
    return core


def heard(turn: Turn) -> str:
    return "\n".join(one.text for one in turn.replies)


@pytest.mark.parametrize("cry", [DESPAIR, VIOLENCE, CHEATED])
@pytest.mark.parametrize("moves", ANYWHERE)
def test_wherever_a_cry_comes_the_form_stops_and_a_person_is_called(moves: list[dict[str, Any]], cry: str) -> None:
    core = after(moves)
    turn = core.send("text", text=cry)
    assert [one.reason for one in turn.effects if isinstance(one, CallStaff)] == ["distress"]
    assert not any(isinstance(one, Ask) for one in turn.replies)
    assert turn.session.talk.paused and turn.session.talk.called is not None
    again = core.send("text", text="好一点了")
    assert isinstance(again.replies[-1], Ask)


def test_each_danger_has_its_own_words() -> None:
    said = {cry: heard(after([{"opening": "self"}]).send("text", text=cry)) for cry in (DESPAIR, VIOLENCE, CHEATED)}
    assert "别再给钱" in said[CHEATED] and "转账记录" in said[CHEATED]
    assert "离开有危险的地方" in said[VIOLENCE]
    assert "很担心您" in said[DESPAIR] and "钱" not in said[DESPAIR].split("\n现在就可以")[0]


def test_the_contacts_of_the_county_have_a_date_a_source_and_a_way_in_text() -> None:
    core = after([{"opening": "self"}])
    directory = core.view.directory
    assert directory is not None and directory.contacts
    said = heard(core.send("text", text=DESPAIR))
    for one in directory.contacts:
        assert (
            one.name in said
            and one.source in said
            and day_says(one.on, date(2026, 11, 21)) in said
            and (one.text_route or "还没有登记") in said
        )


def test_when_nobody_comes_to_somebody_in_danger_no_form_is_put_before_them() -> None:
    core = after([{"opening": "self"}])
    core.send("text", text=DESPAIR)
    turn = core.send("system", event="call_unanswered", data={})
    assert not any(isinstance(one, Ask) for one in turn.replies)
    assert "还在叫" in heard(turn) and "现在就可以找这些人" in heard(turn)
