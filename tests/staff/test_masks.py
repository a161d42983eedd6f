"""What was said of a person stays hidden from who reads the talk, also when it was said anew, taken back or was no answer."""

from __future__ import annotations

import pytest

from backend.people import masking
from backend.staff.masks import Mask
from tests.staff.world import AT_HOME, IDENTITY, IN_THE_FORM, NAME, PHONE, STREET, Office

API = "/api/v1/staff"
OTHER_NAME, OTHER_STREET, OTHER_PHONE = "王小红", "达州市通川区戊己街道庚辛社区9号", "13900000002"


def seen(desk: Office, conversation_id: str) -> str:
    return desk.staff().get(f"{API}/conversations/{conversation_id}").text


def test_a_name_an_address_and_a_phone_that_were_replaced_stay_hidden(desk: Office) -> None:
    applicant = desk.applicant(IN_THE_FORM)
    applicant.say(f"名字改成{OTHER_NAME}")
    applicant.say("地址写错了")
    applicant.fill(OTHER_STREET)
    applicant.say(f"电话改成{OTHER_PHONE}")
    applicant.say("找人工")
    text = seen(desk, applicant.id) + desk.staff().get(f"{API}/conversations?filter=all").text
    for value in (NAME, OTHER_NAME, STREET, OTHER_STREET, PHONE, OTHER_PHONE, IDENTITY, "小满", "丙丁社区1号"):
        assert value not in text, value


def test_what_was_said_before_starting_over_stays_hidden(desk: Office) -> None:
    applicant = desk.applicant(IN_THE_FORM)
    applicant.send("command", command="restart")
    applicant.fill(True)
    text = seen(desk, applicant.id)
    assert not [value for value in (NAME, STREET, "丙丁社区1号") if value in text]


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        (f"我叫{NAME}，想问多久能办好", NAME),
        (f"我住在{STREET}，找人工", STREET),
        ("我孩子叫李小红，九岁了", "李小红"),
        (f"地址写错了，改成{OTHER_STREET}", OTHER_STREET),
    ],
)
def test_what_was_said_in_passing_is_hidden_though_it_was_no_answer(desk: Office, words: str, hidden: str) -> None:
    applicant = desk.applicant(AT_HOME)
    applicant.say("我要找人工")
    applicant.say(words)
    text = seen(desk, applicant.id) + desk.staff().get(f"{API}/questions").text
    assert (hidden not in text and "想问多久能办好" in text) or "找人工" in text or "九岁了" in text
    assert hidden not in text


def test_a_question_stays_readable_beside_what_is_hidden(desk: Office) -> None:
    applicant = desk.applicant(IN_THE_FORM)
    applicant.say("照片在哪里拍？要多久？")
    assert "照片在哪里拍？要多久？" in seen(desk, applicant.id)


def test_a_value_is_found_with_blanks_and_without_its_family_name_or_county() -> None:
    mask = Mask([{"field:name": NAME, "field:residence_address": STREET}])
    for text in ("李 小 满", "小满来过", "我家丙丁社区1号", "甲乙街道丙丁社区1号"):
        assert "*" in mask.text(text), text


def test_values_stand_with_their_questions_in_pages_of_answers_and_in_questions_asked_again() -> None:
    review = {
        "kind": "review",
        "text": "",
        "sections": [{"title": "", "lines": [{"question": "field:name", "value": NAME}]}],
    }
    again = {"kind": "ask", "question": "field:guardian_name", "said": OTHER_NAME}
    paper = {"kind": "ask", "question": "paper:1:values", "large": ["户主姓名：赵【六】一"], "said": None}
    mask = Mask(log=[review, again, paper], labels={"户主姓名": "householder_name"})
    assert mask.text(f"{NAME}、{OTHER_NAME}、赵六一") == "李*满、王*红、赵*一"


@pytest.mark.parametrize(("key", "value"), [("field:name", "李红"), ("field:card_level", "二级"), ("field:phone", "")])
def test_a_piece_is_never_a_single_sign(key: str, value: str) -> None:
    assert all(len(piece) >= 2 for piece in masking.pieces(key, value))
