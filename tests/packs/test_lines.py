"""JSON lines in and out, in the shape that others rely on."""

import json
from typing import Any

import pytest

from dialogs.policy import Policy, decide_lines

GOOD: dict[str, Any] = {
    "id": "a",
    "region": "tongchuan",
    "on": "2026-03-02",
    "facts": {
        "household_county": "511702",
        "holds_card": True,
        "is_dibao": True,
        "card_status": "valid",
        "card_level": 2,
    },
}


def answers(policy: Policy, *lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in decide_lines(policy, lines)]


def answer(policy: Policy, **change: Any) -> dict[str, Any]:
    return answers(policy, json.dumps({**GOOD, **change}))[0]


def test_a_line_is_answered_in_the_agreed_shape(policy: Policy) -> None:
    found = answer(policy)
    assert list(found) == [
        "id",
        "region",
        "pack",
        "items",
        "order",
        "materials",
        "deadlines",
        "channel",
        "next_question",
    ]
    assert found["pack"] == "tongchuan@2022-12-22.1"
    hardship = found["items"]["allowance.hardship"]
    assert hardship["verdict"] == "eligible"
    assert hardship["needs"] == []
    assert all(set(reason) == {"clause", "says", "holds"} for reason in hardship["why"])
    assert all("{who}" not in reason["says"] for one in found["items"].values() for reason in one["why"])
    assert found["deadlines"]["allowance.hardship"] == {
        "working_days": 10, "starts": "acceptance", "excludes": [], "clause": "附件2 一（十三）",
    }  # fmt: skip
    assert found["channel"]["allowance.hardship"] == {"mode": "jump", "where": "全国残疾人两项补贴系统"}
    assert set(found["materials"][0]) == {"id", "name", "need", "for", "form", "count", "clause"}
    assert found["order"] == [["allowance.hardship", "allowance.nursing"]]
    assert found["next_question"] is None


def test_the_next_question_is_a_fact_also_where_a_group_would_be_asked(policy: Policy) -> None:
    facts = {"household_county": "511702", "holds_card": True, "is_dibao": True}
    assert answer(policy, facts=facts)["next_question"] in policy.facts
    assert answer(policy, facts={})["next_question"] == "household_county"


def test_nobody_who_died_is_spoken_to(policy: Policy) -> None:
    found = answer(policy, facts={**GOOD["facts"], "is_deceased": True})
    assert "您" not in json.dumps(found, ensure_ascii=False)


def test_papers_are_for_what_is_wanted(policy: Policy) -> None:
    found = answer(policy, wants=["allowance.nursing"])
    assert {tuple(paper["for"]) for paper in found["materials"]} == {("allowance.nursing",)}
    assert list(found["channel"]) == ["allowance.nursing"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "1",
        "null",
        '"a"',
        "[" * 100_000,
        json.dumps({**GOOD, "region": "nowhere"}),
        json.dumps({**GOOD, "region": ["tongchuan"]}),
        json.dumps({**GOOD, "on": "2026-02-30"}),
        json.dumps({**GOOD, "on": 5}),
        json.dumps({"id": "a", "region": "tongchuan", "facts": {}}),
        json.dumps({**GOOD, "facts": []}),
        json.dumps({**GOOD, "facts": {"is_dibo": True}}),
        json.dumps({**GOOD, "facts": {"is_dibao": "yes"}}),
        json.dumps({**GOOD, "facts": {"is_dibao": 1}}),
        json.dumps({**GOOD, "facts": {"age": -1}}),
        json.dumps({**GOOD, "facts": {"age": 10**30}}),
        json.dumps({**GOOD, "facts": {"card_level": 5}}),
        json.dumps({**GOOD, "facts": {"card_categories": "mental"}}),
        json.dumps({**GOOD, "facts": {"card_categories": ["soul"]}}),
        json.dumps({**GOOD, "facts": {"household_county": "5117"}}),
        json.dumps({**GOOD, "facts": {"card_valid_to": "soon"}}),
        json.dumps({**GOOD, "facts": {"card_years_since_issue": float("nan")}}),
        json.dumps({**GOOD, "wants": "card.new"}),
        json.dumps({**GOOD, "wants": ["card.nw"]}),
        json.dumps({**GOOD, "want": ["card.new"]}),
    ],
)
def test_a_bad_line_gets_its_error_and_the_others_their_answer(policy: Policy, line: str) -> None:
    first, bad, last = answers(policy, json.dumps(GOOD), line, json.dumps({**GOOD, "id": "z"}))
    assert "error" not in first
    assert set(bad) == {"id", "error"}
    assert bad["error"]
    assert (last["id"], "error" in last) == ("z", False)


def test_blank_lines_are_passed_over(policy: Policy) -> None:
    assert len(answers(policy, "", "  \n", json.dumps(GOOD))) == 1


def test_every_name_of_the_vocabulary_is_taken_or_refused_by_its_type(policy: Policy) -> None:
    for name, fact in policy.facts.items():
        value = {"bool": True, "int": 1, "number": 1, "set": [], "date": "2020-01-01", "county": "511702", "text": "x"}
        told = fact.values[0] if fact.type == "enum" else value[fact.type]
        assert "error" not in answer(policy, facts={name: told}), name
        assert "error" not in answer(policy, facts={name: None}), name
        assert "error" in answer(policy, facts={name: {"a": 1}}), name


SHANXI = {"region": "shanxi", "on": "2026-11-22"}
AT_HOME = {"household_county": "140728", "residence_county": "140728"}


def test_of_a_group_the_next_question_is_the_fact_that_is_waited_for(policy: Policy) -> None:
    facts = {**AT_HOME, "holds_card": True, "card_level": 2}
    found = answer(policy, **SHANXI, facts=facts, wants=["card.cancel.partial"])
    assert found["items"]["card.cancel.partial"]["needs"] == ["wants_cancel"]
    assert found["next_question"] == "wants_cancel"


def test_a_null_is_never_where_something_may_never_have_been(policy: Policy) -> None:
    """As the vocabulary has it: months since a card was cancelled, null for one that never was."""
    facts = {**AT_HOME, "holds_card": False}
    never, unknown = ({**facts, "months_since_card_cancelled": None}, facts)
    verdicts = [
        answer(policy, **SHANXI, facts=one, wants=["card.new"])["items"]["card.new"] for one in (never, unknown)
    ]
    assert [one["verdict"] for one in verdicts] == ["eligible", "unknown"]
    assert verdicts[1]["needs"] == ["months_since_card_cancelled"]
