"""How the desk speaks: short sentences, plain words, never “您” about somebody who has died."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dialogs.days import span_says
from tests.talks.runner import Core, library, play, talks, words

LONGEST = 25
OFFICIALESE = ("予以", "办理人员", "贵", "特此", "相关材料", "审批", "受理条件", "申请人", "兹", "敬请", "逾期")


def sentences() -> Iterator[str]:
    said = library().words
    texts = [*said.says.values(), *said.explained.values()]
    for question in said.questions.values():
        texts += [question.title, question.text, question.hint, *(o.label for o in question.options)]
    texts += [text for kind in ("retake_why", "retake_do") for text in said.names[kind].values()]
    for text in texts:
        yield from re.split(r"[。！？\n]", re.sub(r"\{[^}]*\}", "", text))


def test_no_sentence_is_longer_than_twenty_five_characters() -> None:
    assert [one for one in sentences() if len(one) > LONGEST] == []


def test_nothing_is_said_in_officialese() -> None:
    assert [one for one in sentences() for word in OFFICIALESE if word in one] == []


@pytest.mark.parametrize("question", ["consent", "consent_sensitive"])
def test_consent_can_be_refused(question: str) -> None:
    assert "refuse" in [option.value for option in library().words.questions[question].options]


def test_the_privacy_notice_states_the_retention_of_the_settings() -> None:
    core = Core()
    core.say("你好", {})
    keeps = library().keeps
    assert span_says(keeps["drafts"]) in core.ask.text
    assert span_says(keeps["applications"]) in core.ask.text


@pytest.mark.parametrize("operator", ["", "甲县政务服务中心"])
def test_the_privacy_notice_names_who_answers_for_it_and_is_short(operator: str) -> None:
    core = Core(shelf=replace(library(), operator=operator))
    core.say("你好", {})
    assert f"由{operator or '本服务的办理单位'}负责" in core.ask.text
    assert len(core.ask.text.splitlines()) <= 7


def test_nobody_says_you_about_somebody_who_has_died() -> None:
    one = next(one for name, one in talks() if "has died" in name)
    core = Core()
    for _ in play(core, one["talk"]):
        pass
    about_the_dead = words([r for r in core.told if "过世" in words([r])])
    assert not re.search("您(的户口|有残疾|的身份证|的姓名|是哪个民族|的残疾|现在)", about_the_dead)


def test_that_somebody_has_died_is_not_read_out_as_a_field() -> None:
    core = Core()
    for said in ("你好", "同意", "同意", "我爸去世了，要注销他的残疾证"):
        core.say(said, {})
    assert core.last is not None
    assert core.ask.question == "household_county" and "已经去世：" not in words(core.last.replies)


def test_nobody_is_told_to_tap_where_a_chat_has_nothing_to_tap() -> None:
    words = library().words
    assert "点“" not in words.says["refused"] + words.says["not_sent"] + words.questions["refused"].text
