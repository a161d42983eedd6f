"""The form in the talk: numbers agree with what was said before, and what may be left out can be left out in any words."""

from __future__ import annotations

from typing import Any

import pytest
from stdnum.iso7064 import mod_11_2

from dialogs.steps import form
from tests.talks.runner import Core, play, words

IDENTITY = "990101198601010034"
TO_THE_CARD_NUMBER: list[dict[str, Any]] = [
    {"opening": "henan_self"}, {"tap": "有"}, {"tap": "是低保"}, {"tap": "都没有"}, {"tap": "一级"}, {"fill": 40},
    {"tap": "都没有"}, {"tap": "要人照顾"}, {"tap": "都不是"}, {"tap": "想找"}, {"tap": "没有工作"}, {"tap": "能"},
    {"say": "都要"}, {"tap": "肢体"}, {"fill": "李小满"}, {"tap": "汉族"},
    {"fill": IDENTITY, "asks": "field:disability_card_no"},
]  # fmt: skip
TO_WORK: list[dict[str, Any]] = [
    *TO_THE_CARD_NUMBER, {"fill": f"{IDENTITY}41"}, {"tap": "已婚"}, {"tap": "小学"}, {"fill": "13900000001"},
    {"tap": "农业"}, {"fill": "南阳市卧龙区甲乙镇丙丁村1号"}, {"tap": "和户籍地址一样"},
    {"fill": "河南省南阳市卧龙区甲乙镇丙丁村"}, {"fill": "6217000000000000012", "asks": "field:work_area"},
]  # fmt: skip


def at(moves: list[dict[str, Any]]) -> Core:
    core = Core()
    for _ in play(core, moves):
        pass
    return core


def number(body: str) -> str:
    return body + mod_11_2.calc_check_digit(body)


@pytest.mark.parametrize(
    ("tail", "word"), [("43", "等级"), ("11", "类别"), ("1", "20位"), ("4", "20位"), ("41C", "20位")]
)
def test_a_card_number_that_says_otherwise_than_the_person_is_asked_again(tail: str, word: str) -> None:
    core = at(TO_THE_CARD_NUMBER)
    turn = core.fill(IDENTITY + tail, {})
    assert core.ask.question == "field:disability_card_no"
    assert word in words(turn.replies) and IDENTITY not in words(turn.replies)


@pytest.mark.parametrize("tail", ["41", "41B1", " 41 b2"])
def test_a_card_number_that_agrees_is_taken_and_nothing_of_it_is_asked(tail: str) -> None:
    core = at(TO_THE_CARD_NUMBER)
    core.fill(IDENTITY + tail, {})
    assert core.ask.question == "field:marital_status"
    derived = {field.name: field.value for field in core.view.form if field.derived}
    assert (derived["gender"], str(derived["birth_date"])) == ("male", "1986-01-01")


def test_a_card_number_is_asked_again_when_the_identity_number_has_been_corrected() -> None:
    """It began with the old one: that question alone is open again."""
    core = at([*TO_THE_CARD_NUMBER, {"fill": f"{IDENTITY}41"}, {"tap": "已婚", "asks": "field:education"}])
    core.say("改身份证号", {})
    core.fill(number("99010119860101005"), {})
    assert core.ask.question == "field:disability_card_no"
    core.fill(number("99010119860101005") + "41", {})
    assert core.ask.question == "field:education"


def test_a_place_named_in_a_line_of_text_stands_there_by_its_name() -> None:
    core = at(TO_WORK)
    core.say("南阳卧龙区", {})
    assert core.view.value("field:work_area") == "河南省南阳市卧龙区"


@pytest.mark.parametrize("way", ["不填", "没有", "不知道", "不清楚", "跳过"])
def test_what_may_be_left_out_is_left_out_in_any_words(way: str) -> None:
    core = at([*TO_WORK, {"fill": "卧龙区", "asks": "field:skills"}])
    core.say(way, {})
    assert core.ask.question == "field:job_type"
    assert core.view.value("field:skills") == ""
    assert form.in_words(core.view, "skills", "") == core.view.words.say("blank")


def test_what_must_be_there_cannot_be_left_out() -> None:
    core = at(TO_THE_CARD_NUMBER)
    for way in ("none", "unsure", "", "不填"):
        core.fill(way, {})
        assert core.ask.question == "field:disability_card_no"


def test_the_paper_form_is_offered_where_something_stands_on_it() -> None:
    assert form.paper(at(TO_WORK).view) == "残疾人服务“一件事”申请表"
    assert form.paper(at(TO_THE_CARD_NUMBER[:9]).view) == ""


def test_of_a_number_the_list_of_what_can_be_changed_shows_only_the_end() -> None:
    core = at([{"opening": "to_the_papers"}, {"say": "改"}])
    shown = words(core.told[-3:])
    assert "尾号 0039" in shown and "990101198801010039" not in shown
    assert "尾号 0001" in shown and "13900000001" not in shown
    assert "李小满" in shown
