"""What may be asked: nothing known, nothing that changes nothing, never without end. Talks are walked."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.policy import Question, decide, facts_of, next_question
from dialogs.policy.ask import NONE, answers, question_for
from dialogs.policy.decide import complete
from tests.packs.conftest import whole
from tests.scale import sized

ON = date(2026, 3, 2)
HOME = "511702"
POLICY = whole()
PACK = POLICY.packs["tongchuan"]

UNSURE: Any = None
STARTS: list[dict[str, Any]] = [
    {},
    {"is_deceased": True},
    {"age": 9},
    {"age": 67},
    {"card_lost": True, "holds_card": True},
]
WANTS: list[list[str] | None] = [None, *([item] for item in PACK.items), ["card.new", "allowance.hardship"]]


def possible(question: Question, unsure: bool) -> Iterator[Any]:
    """The answers to try: for a group each one alone, two together, and none of them."""
    if question.key in POLICY.groups:
        chosen = [option.value for option in question.options if option.value not in (NONE, None)]
        yield from ([value] for value in chosen)
        yield chosen[:2]
        yield [NONE]
    else:
        yield from answers(POLICY, PACK, question.key)
    if unsure:
        yield UNSURE


def stated(facts: Mapping[str, Any], question: Question, answer: Any) -> dict[str, Any]:
    return {**facts_of(POLICY, question.key, answer), **facts}


def walk(facts: dict[str, Any], wants: list[str] | None, unsure: bool, asked: tuple[str, ...] = ()) -> Iterator[Any]:
    """Every talk from here: yields (facts before, question) for each question that is asked."""
    question = next_question(POLICY, PACK, facts, wants, ON)
    assert len(asked) <= 9, asked
    if question is None:
        return
    assert question.key not in asked, asked
    yield facts, question
    for answer in possible(question, unsure):
        yield from walk(stated(facts, question, answer), wants, unsure, (*asked, question.key))


@pytest.mark.parametrize(("start", "wants"), [(start, wants) for start, wants in product(STARTS, WANTS)])
def test_no_question_is_asked_that_is_known_or_whose_answers_all_come_to_the_same(
    start: dict[str, Any], wants: list[str] | None
) -> None:
    for facts, question in walk({**start, "household_county": HOME}, wants, unsure=False):
        assert all(name not in facts for name in question.facts), question
        outcomes = {
            repr(decide(PACK, stated(facts, question, answer), wants, ON, reasons=False).outcome())
            for answer in possible(question, unsure=False)
        }
        assert len(outcomes) > 1, (facts, question.key)


@pytest.mark.parametrize("wants", WANTS)
def test_asking_ends_however_often_somebody_is_not_sure(wants: list[str] | None) -> None:
    assert sum(1 for _ in walk({"household_county": HOME}, wants, unsure=True)) >= 0


def test_where_the_household_is_comes_first_and_elsewhere_nothing_is_asked() -> None:
    question = next_question(POLICY, PACK, {}, None, ON)
    assert question is not None
    assert (question.key, question.input) == ("household_county", "place")
    for code in ("510104", "330102"):
        assert next_question(POLICY, PACK, {"household_county": code}, None, ON) is None


def test_the_card_comes_before_the_minimum_living_allowance() -> None:
    first = next_question(POLICY, PACK, {"household_county": HOME}, None, ON)
    assert first is not None
    assert first.key == "holds_card"
    for card in (True, False):
        second = next_question(POLICY, PACK, {"household_county": HOME, "holds_card": card}, None, ON)
        assert second is not None
        assert second.key == "is_dibao"


def test_every_question_offers_not_being_sure_last_and_groups_none_of_them() -> None:
    for key in PACK.written.asking:
        question = question_for(POLICY, PACK, key, {})
        assert question.options[-1].value is None
        assert question.options[-1].label == "不清楚"
        if key in POLICY.groups:
            assert question.options[-2].value == NONE


def test_a_holder_is_asked_once_about_troubles_with_the_card() -> None:
    facts = {"household_county": HOME, "holds_card": True, "is_dibao": True}
    question = next_question(POLICY, PACK, facts, None, ON)
    assert question is not None
    assert question.key == "card_trouble"
    assert question.input == "choices"
    told = stated(facts, question, ["damaged", "moved"])
    decision = decide(PACK, told, None, ON)
    assert decision.items["card.renew.damaged"].verdict == "eligible"
    assert decision.items["card.transfer"].verdict == "eligible"
    assert decision.items["card.loss"].verdict == "not_eligible"


def test_who_is_not_sure_about_a_card_is_not_asked_what_is_on_it() -> None:
    for _, question in walk({"household_county": HOME, "holds_card": None}, None, unsure=True):
        assert question.key not in ("card_trouble", "card_level", "card_categories")


def test_only_one_orphan_question_is_left_out_for_a_grown_up() -> None:
    facts = {"household_county": HOME, "holds_card": False, "is_dibao": False}
    keys = [next_question(POLICY, PACK, {**facts, "age": age}, None, ON) for age in (17, 18)]
    assert [question.key if question else None for question in keys] == ["aid", "is_tekun"]


def test_of_somebody_who_died_the_words_are_in_the_past() -> None:
    question = next_question(POLICY, PACK, {"household_county": HOME, "is_deceased": True}, None, ON)
    assert question is not None
    assert "生前" in question.text
    assert "您" not in question.text


def test_the_longest_screening_takes_at_most_seven_questions() -> None:
    def longest(facts: dict[str, Any]) -> int:
        question = next_question(POLICY, PACK, facts, None, ON)
        if question is None:
            return 0
        return 1 + max(longest(stated(facts, question, answer)) for answer in possible(question, unsure=False))

    assert longest({}) <= 7


# --- correcting an answer ---

_VALUES = {
    "household_county": [HOME, "510104", "330102"],
    "card_level": [1, 2, 3, 4],
    "card_status": ["valid", "expired", "frozen", "cancelled", "moved_out"],
    "card_categories": [["mental"], ["intellectual", "physical"], ["vision"]],
    "applied_categories": [["mental"], ["vision"]],
    "age": [0, 17, 18, 60],
    "card_years_since_issue": [0, 8, 9, 10],
} | {
    name: [True, False]
    for name in [
        "holds_card",
        "is_dibao",
        "is_tekun",
        "is_orphan",
        "card_lost",
        "card_damaged",
        "card_info_changed",
        "household_moved",
        "disability_changed",
        "no_longer_disabled",
        "is_deceased",
        "assessment_done",
    ]
}
_FACTS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([*values, None]) for name, values in _VALUES.items()}
)
_WANTED = st.none() | st.lists(st.sampled_from(sorted(PACK.items)), min_size=1, max_size=3, unique=True)


@pytest.mark.proof
@settings(max_examples=sized(50, 1500), deadline=None)
@given(facts=_FACTS, wants=_WANTED, data=st.data())
def test_correcting_a_fact_is_as_if_it_had_been_so_from_the_start(
    facts: dict[str, Any], wants: list[str] | None, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(_VALUES)))
    value = data.draw(st.sampled_from(_VALUES[name]))
    before = dict(facts)
    decide(PACK, facts, wants, ON)
    next_question(POLICY, PACK, facts, wants, ON)
    assert facts == before, "deciding changes nothing that was told"
    corrected = {**facts, name: value}
    from_the_start = {name: value, **{other: facts[other] for other in facts if other != name}}
    assert decide(PACK, corrected, wants, ON) == decide(PACK, from_the_start, wants, ON)
    assert next_question(POLICY, PACK, corrected, wants, ON) == next_question(POLICY, PACK, from_the_start, wants, ON)


@pytest.mark.proof
@settings(max_examples=sized(50, 1500), deadline=None)
@given(facts=_FACTS, wants=_WANTED)
def test_every_verdict_has_a_reason_and_every_unknown_says_what_is_needed(
    facts: dict[str, Any], wants: list[str] | None
) -> None:
    decision = decide(PACK, facts, wants, ON)
    for item, one in decision.items.items():
        assert one.why, (item, one)
        assert bool(one.needs) == (one.verdict == "unknown"), (item, one)
        if one.verdict == "not_eligible":
            assert any(reason.holds is False for reason in one.why)
    bare = decide(PACK, facts, wants, ON, reasons=False)
    assert bare.outcome() == decision.outcome()


@pytest.mark.proof
@settings(max_examples=sized(50, 1500), deadline=None)
@given(facts=_FACTS)
def test_a_died_person_has_nothing_but_the_cancellation(facts: dict[str, Any]) -> None:
    decision = decide(PACK, {**facts, "is_deceased": True}, None, ON)
    others = {one.verdict for item, one in decision.items.items() if item != "card.cancel"}
    assert others == {"not_eligible"}


@pytest.mark.proof
@settings(max_examples=sized(50, 1500), deadline=None)
@given(facts=_FACTS, data=st.data())
def test_one_more_fact_never_turns_a_refusal_that_was_complete(facts: dict[str, Any], data: st.DataObject) -> None:
    """What is decided with little stays decided with more, but for what only a person can say once it is known, and for what
    an assessment decides anew (without a card, level and category that were told are none)."""
    known = complete(PACK, facts, ON)
    missing = [name for name in sorted(_VALUES) if known.get(name) is None]
    if not missing or facts.get("is_deceased") is None:
        return
    name = data.draw(st.sampled_from(missing))
    if name in (
        "holds_card",
        "card_lost",
        "household_moved",
        "disability_changed",
        "card_status",
        "no_longer_disabled",
        "is_deceased",
    ):
        return
    fuller = {**facts, name: data.draw(st.sampled_from(_VALUES[name]))}
    before, after = decide(PACK, facts, None, ON), decide(PACK, fuller, None, ON)
    for item, one in before.items.items():
        if one.verdict == "not_eligible":
            assert after.items[item].verdict == "not_eligible", (item, name)
