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


def test_who_wants_what_comes_after_the_card_hears_of_the_card_and_its_papers_too(policy: Policy) -> None:
    facts = {**AT_HOME, "holds_card": False, "months_since_card_cancelled": 9999, "is_dibao": True, "age": 40}
    found = answer(policy, **SHANXI, facts=facts, wants=["allowance.hardship"])
    assert found["order"] == [["card.new"], ["allowance.hardship"]]
    assert set(found["channel"]) == set(found["deadlines"]) == {"card.new", "allowance.hardship"}
    assert {"card.new", "allowance.hardship"} == {item for paper in found["materials"] for item in paper["for"]}
    assert found["next_question"] == "applied_categories"


def test_what_is_left_to_the_window_stands_in_the_order_with_its_papers(policy: Policy) -> None:
    facts = {"household_county": "411303", "holds_card": True, "card_status": "expired", "is_dibao": True, "age": 40}
    found = answer(policy, region="henan", facts=facts, wants=["pension.subsidy", "allowance.hardship"])
    assert found["items"]["card.renew"] == {
        **found["items"]["card.renew"],
        "verdict": "unknown",
        "needs": ["card_damaged"],
    }
    told = {**facts, "card_damaged": False, "is_tekun": False, "gets_work_injury_nursing": False}
    told |= {"gets_duty_disability_allowance": False, "card_generation": "2"}
    found = answer(policy, region="henan", facts=told, wants=["allowance.hardship"])
    assert found["order"] == [["card.renew"], ["allowance.hardship"]]
    assert {item for paper in found["materials"] for item in paper["for"]} == {"card.renew", "allowance.hardship"}


def test_the_way_that_only_the_wider_document_opens_stands_beside_ours(policy: Policy) -> None:
    facts = {**GOOD["facts"], "card_lost": True}
    way = answer(policy, facts=facts, wants=["card.loss"])["channel"]["card.loss"]
    assert way["mode"] == "offline"
    assert way["also"] == {
        "mode": "online", "where": "四川省政务服务网“一件事”专区", "says": "省里和区里写的不一样，请问窗口以哪个为准。",
    }  # fmt: skip


def test_an_answer_about_the_assessment_form_changes_what_is_printed(policy: Policy) -> None:
    """A question whose answers all print the same would be one asked in vain."""
    facts = {
        "household_county": "511702",
        "holds_card": False,
        "is_dibao": False,
        "age": 40,
        "applied_categories": ["physical"],
    }
    asked = answer(policy, facts=facts, wants=["card.new"])
    assert asked["next_question"] == "assessment_done"
    assert asked["before"] == [
        {
            "id": "assessment",
            "material": "assessment_form",
            "name": "残疾评定表",
            "for": ["card.new"],
            "clause": "附件2 一（十七）",
        }
    ]
    assert "before" not in answer(policy, facts={**facts, "assessment_done": True}, wants=["card.new"])


def of_hardship(policy: Policy, region: str, **facts: Any) -> dict[str, Any]:
    return answer(policy, region=region, wants=["allowance.hardship"], facts=facts)


def test_what_comes_first_is_asked_about_with_what_waits_for_it(policy: Policy) -> None:
    for region, county in (("henan", "411303"), ("shanxi", "140728")):
        told = {
            "household_county": county,
            "residence_county": county,
            "holds_card": False,
            "is_dibao": True,
            "age": 40,
        }
        none = dict.fromkeys(("is_tekun", "gets_work_injury_nursing", "gets_duty_disability_allowance"), False)
        found = of_hardship(policy, region, **told, **none)
        assert found["items"]["allowance.hardship"]["verdict"] == "later"
        assert found["order"] == [["card.new"], ["allowance.hardship"]]
        assert found["next_question"] == "months_since_card_cancelled"
        assert any("card.new" in paper["for"] for paper in found["materials"])


def test_a_first_step_that_the_window_decides_has_its_way_and_its_papers(policy: Policy) -> None:
    holder = {"holds_card": True, "is_dibao": True, "age": 40, "card_generation": "2", "card_lost": False}
    none = dict.fromkeys(("is_tekun", "gets_work_injury_nursing", "gets_duty_disability_allowance"), False)
    expired = of_hardship(policy, "henan", household_county="411303", card_status="expired", **holder, **none)
    assert expired["order"] == [["card.renew"], ["allowance.hardship"]]
    assert expired["channel"]["card.renew"]["mode"] == "offline"
    assert any("card.renew" in paper["for"] for paper in expired["materials"])
    lately = {"card_status": "cancelled", "months_since_card_cancelled": 5, **holder}
    cancelled = of_hardship(policy, "shanxi", household_county="140728", residence_county="140728", **lately)
    assert cancelled["order"] == [["card.new"], ["allowance.hardship"]]
    assert "card.new" in cancelled["channel"]
    assert any("card.new" in paper["for"] for paper in cancelled["materials"])


def test_who_helps_somebody_with_a_guardian_hears_that_both_are_wanted(policy: Policy) -> None:
    """附件2 七4 asks for the guardian's paper, and for the helper's too."""
    facts = {"household_county": "411303", "holds_card": False, "months_since_card_cancelled": 9999, "age": 9}
    found = answer(policy, region="henan", facts={**facts, "actor_role": "agent"}, wants=["card.new"])
    paper = next(paper for paper in found["materials"] if paper["id"] == "guardian_docs")
    assert paper["name"] == "监护人、代办人的身份证"
    assert "有几位就要几位的" in paper["form"]
