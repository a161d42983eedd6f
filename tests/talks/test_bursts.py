"""Several short messages that belong together: none goes to a question that had not been sent when it was written."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from backend.storage.ids import new_id, new_receipt
from dialogs import talk
from dialogs.messages import Ask, CallStaff, Message, Say, Turn
from dialogs.session import Session
from tests.talks.runner import Core, play

HOLDS = 2.5


class Chat(Core):
    """Somebody in a chat: every message has its time of writing, whole seconds as WeChat gives it."""

    def write(self, text: str, written: float, came: float | None = None, holds: float = HOLDS) -> Turn:
        """`written`, `came`: seconds after the last ordinary move."""
        at = self.at + timedelta(seconds=written if came is None else came)
        wrote = (self.at + timedelta(seconds=written)).replace(microsecond=0)
        session = Session.model_validate_json(self.session.model_dump_json())
        message = Message(
            id=new_id(),
            kind="text",
            at=at,
            written_at=wrote,
            text=text,
            fresh=tuple(new_id() for _ in range(16)),
            receipt=new_receipt(),
            channel="wechat_oa",
            holds=holds,
        )
        return self._take(talk.step(self.shelf, session, message))

    def answered(self) -> dict[str, Any]:
        draft = self.session.draft
        return {key: one.value for key, one in draft.answers.items()} if draft else {}


def chat(*moves: dict[str, Any]) -> Chat:
    core = Chat(channel="wechat_oa")
    for _ in play(core, list(moves)):
        pass
    return core


def at_who() -> Chat:
    return chat({"opening": "consent"})


def at_card() -> Chat:
    core = chat({"opening": "yunnan_self"})
    assert core.ask.question == "holds_card"
    return core


def texts(turn: Turn) -> str:
    return "\n".join(one.text for one in turn.replies)


FACTS = ("我有残疾证", "肢体二级", "今年70了", "有低保")


def test_four_messages_in_six_seconds_are_read_as_one() -> None:
    apart, together = at_card(), at_card()
    for second, words in zip((0, 2, 4, 6), FACTS, strict=True):
        last = apart.write(words, second)
    together.write("，".join(FACTS), 6)
    assert apart.answered() == together.answered()
    assert apart.answered()["card_level"] == 2 and apart.answered()["age"] == 70
    assert apart.ask.question == together.ask.question
    assert texts(last).count("我记下了") == 1
    assert sum(isinstance(one, Ask) for one in last.replies) == 1


@pytest.mark.parametrize("order", list(permutations(range(4)))[::5])
def test_the_order_of_delivery_does_not_matter(order: tuple[int, ...]) -> None:
    straight, mixed = at_card(), at_card()
    for second, words in zip((0, 2, 4, 6), FACTS, strict=True):
        straight.write(words, second)
    for place, index in enumerate(order):
        mixed.write(FACTS[index], 2 * index, came=6 + place / 100)
    assert mixed.answered() == straight.answered()
    assert mixed.ask.question == straight.ask.question


def test_the_first_words_of_a_draft_are_read_again_without_a_second_draft() -> None:
    core = at_who()
    for second, words in zip((0, 2, 4, 6), ("给我妈办的", "她70了", "肢体二级", "户口在通川区"), strict=True):
        core.write(words, second)
    assert len(core.session.talk.drafts) == len(core.drafts) == 1
    answers = core.answered()
    assert (answers["age"], answers["card_level"], answers["household_county"]) == (70, 2, "511702")


def test_a_bare_word_written_before_the_question_is_no_answer_to_it() -> None:
    core = at_card()
    core.write("我有残疾证", 0)
    asked = core.ask.question
    turn = core.write("没有", 1)
    assert asked not in core.answered()
    assert core.answered()["holds_card"] is True
    assert core.ask.question == asked and "没弄准" in texts(turn)


def test_the_same_word_written_after_the_question_is_its_answer() -> None:
    core = at_card()
    core.write("我有残疾证，肢体二级，今年70了", 0)
    asked = core.ask.question
    core.write("没有", 9)
    assert core.answered()[asked] is False


def test_within_the_second_of_the_sending_what_fits_is_an_answer() -> None:
    core = at_card()
    core.at = core.at.replace(microsecond=400_000)
    core.write("我有残疾证，肢体二级，今年70了", 0, holds=0)
    asked = core.ask.question
    core.write("没有", 0.1, holds=0)
    assert core.answered()[asked] is False


def test_within_the_second_of_the_sending_what_does_not_fit_joins_what_came_before() -> None:
    core = at_card()
    core.at = core.at.replace(microsecond=400_000)
    core.write("我有残疾证", 0, holds=0)
    core.write("肢体二级", 0.2, holds=0)
    assert core.answered()["holds_card"] is True and core.answered()["card_level"] == 2
    assert core.session.talk.burst is not None and len(core.session.talk.burst.pieces) == 2


def test_a_clock_that_is_far_off_proves_nothing() -> None:
    core = at_card()
    core.write("我有残疾证，肢体二级，今年70了", -3600, came=0)
    asked = core.ask.question
    core.write("没有", -3600, came=9)
    assert core.answered()[asked] is False


def test_a_cry_in_the_middle_of_a_burst_is_heard_at_once() -> None:
    core = at_card()
    core.write("我有残疾证", 0)
    turn = core.write("我不想活了", 1)
    assert [one.reason for one in turn.effects if isinstance(one, CallStaff)] == ["distress"]
    assert not turn.may_grow and isinstance(turn.replies[0], Say) and turn.replies[0].tone == "warm"


def test_a_cry_that_only_all_the_pieces_make_is_heard() -> None:
    core = at_card()
    core.write("我不想", 0)
    turn = core.write("活了", 2)
    assert [one.reason for one in turn.effects if isinstance(one, CallStaff)] == ["distress"]


def test_a_question_in_the_middle_is_answered_and_what_was_held_back_is_said() -> None:
    core = at_card()
    core.write("我有残疾证，今年70了", 0)
    turn = core.write("办证要多少钱", 2)
    assert "我记下了" in texts(turn)
    assert core.answered()["age"] == 70
    core.write("肢体二级", 3)
    assert core.answered()["card_level"] == 2 and core.answered()["age"] == 70


def test_words_before_consent_are_not_kept_and_do_not_call_the_staff() -> None:
    core = Chat(channel="wechat_oa")
    turns = [core.write(words, second) for second, words in enumerate(("你好", "我妈70了", "肢体二级", "有低保"))]
    assert "您好" in texts(turns[-1])
    assert "70" not in core.session.model_dump_json().replace(str(core.at.year), "")
    assert not core.effects and core.session.draft is None


def test_an_early_piece_is_not_written_into_a_line_of_the_form() -> None:
    core = at_card()
    core.send("text", text="帮助", question="holds_card")
    turn = core.send("text", text="没有", question="field:name")
    assert "holds_card" not in core.answered() and "没弄准" in texts(turn)


def test_a_second_tap_on_another_button_changes_the_first_and_answers_nothing_else() -> None:
    core = at_card()
    first = core.send("answer", question="holds_card", value=True)
    assert isinstance(first.replies[-1], Ask)
    core.send("answer", question="holds_card", value=False)
    assert core.answered()["holds_card"] is False
    assert set(core.answered()) == set(at_card().answered()) | {"holds_card"}


@pytest.mark.parametrize("taps", [("agree", "agree"), ("agree", "refuse")])
def test_a_button_tapped_twice_before_consent_goes_nowhere_wrong(taps: tuple[str, str]) -> None:
    core = Chat()
    core.send("text", text="你好")
    for value in taps:
        core.send("answer", question="consent", value=value)
    assert core.session.talk.consent["consent"].value == taps[-1]
    assert "consent_sensitive" not in core.session.talk.consent
