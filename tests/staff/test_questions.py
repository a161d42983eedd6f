"""Questions nobody could answer: like ones together, within the fence, masked, and settled as a group."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.conversations.models import QuestionKept
from backend.staff.questions import ALIKE, Kept, bigrams, grouped, likeness
from backend.storage import now
from tests.staff.world import AT_HOME, PHONE, Office

API = "/api/v1/staff"
SAME = [
    ("轮椅坏了能换新的吗", "轮椅坏了可以换新的吗"),
    ("公交车能不能免费坐", "坐公交车能不能免费"),
    ("搬到成都以后补贴还发吗", "搬到成都后补贴还发不发"),
    ("助听器多久能换一次", "请问助听器多久可以换一次"),
]
OTHER = [
    ("轮椅坏了能换新的吗", "助听器多久能换一次"),
    ("公交车能不能免费坐", "搬到成都以后补贴还发吗"),
    ("残疾证丢了怎么补", "低保丢了资格怎么办"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_of_asking_the_same_are_alike(one: str, other: str) -> None:
    assert likeness(bigrams(one), bigrams(other)) >= ALIKE


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_two_questions_are_not_alike(one: str, other: str) -> None:
    assert likeness(bigrams(one), bigrams(other)) < ALIKE


def kept(text: str, minute: int, county: str = "511702", reason: str = "unanswered") -> Kept:
    at = now() + timedelta(minutes=minute)
    row = QuestionKept(id=str(minute), conversation_id="c", person_id="p", reason=reason, sealed_text=b"", at=at)
    return Kept(row, county, text)


def test_a_group_keeps_its_newest_first_and_crosses_no_county_and_no_reason() -> None:
    one, other = SAME[0]
    found = grouped([kept(one, 1), kept(other, 2), kept(one, 3, county="140728"), kept(one, 4, reason="asked")])
    assert sorted(([each.row.id for each in same] for same in found), key=str) == [["2", "1"], ["3"], ["4"]]


def test_like_questions_of_several_people_are_one_line_and_settled_together(desk: Office) -> None:
    for text in ("我要找人工，我的轮椅坏了能换新的吗", f"我要找人工，轮椅坏了可以换新的吗，电话{PHONE}"):
        desk.applicant([*AT_HOME, {"say": text}])
    clerk = desk.staff()
    [group] = [one for one in clerk.get(f"{API}/questions").json() if "轮椅" in one["text"]]
    assert group["count"] == 2 and len(group["others"]) == 1 and group["county"] == "511702"
    assert PHONE not in str(group)
    body = {"ids": group["ids"], "outcome": "dismiss_question"}
    assert desk.staff("zhaomin").post(f"{API}/questions/settle", json=body).status_code == 404
    assert clerk.post(f"{API}/questions/settle", json=body).status_code == 200
    assert clerk.get(f"{API}/questions").json() == []


def test_a_question_that_no_document_answers_reaches_the_clerk_of_the_county(desk: Office) -> None:
    desk.applicant([*AT_HOME, {"say": "我们村的桥什么时候修好啊？"}])
    assert "桥" in str(desk.staff().get(f"{API}/questions").json())
