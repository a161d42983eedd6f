"""Which document an item goes by when somebody lives elsewhere than the household is: item by item, as each document
says whom it serves."""

from datetime import date

import pytest

from dialogs.policy import Decision, Policy, decide, next_question, pack_for

ON = date(2026, 11, 23)
PINGYAO, KUNMING, NANYANG, CHENGDU, GUIYANG = "140728", "530102", "411303", "510104", "520102"
NO_CARD = {
    "holds_card": False,
    "months_since_card_cancelled": 9999,
    "is_dibao": True,
    "age": 40,
    "is_deceased": False,
}


def decided(policy: Policy, household: str, residence: str) -> Decision:
    pack = pack_for(policy, household, residence)
    assert pack is not None
    return decide(pack, {**NO_CARD, "household_county": household, "residence_county": residence}, None, ON)


def documents(decision: Decision, item: str) -> set[str]:
    return {reason.document for reason in decision.items[item].why}


def test_a_household_in_shanxi_that_lives_in_kunming_gets_its_card_there_and_the_allowances_at_home(
    policy: Policy,
) -> None:
    decision = decided(policy, PINGYAO, KUNMING)
    assert decision.items["card.new"].verdict == "eligible"
    assert documents(decision, "card.new") == {"yunnan"}
    assert decision.channel["card.new"].document == "yunnan"
    assert decision.items["allowance.hardship"].verdict in ("later", "unknown")
    assert documents(decision, "allowance.hardship") == {"shanxi"}
    assert {paper.document for paper in decision.materials if paper.for_items == ("card.new",)} == {"yunnan"}


def test_the_card_comes_before_what_it_opens_across_documents(policy: Policy) -> None:
    decision = decided(policy, PINGYAO, KUNMING)
    assert decision.order[0] == ("card.new",)
    assert "card.new" not in {item for stage in decision.order[1:] for item in stage}


@pytest.mark.parametrize(("household", "residence"), [(NANYANG, KUNMING), (CHENGDU, PINGYAO), (KUNMING, PINGYAO)])
def test_where_the_household_decides_the_residence_changes_nothing(
    policy: Policy, household: str, residence: str
) -> None:
    assert pack_for(policy, household, residence) is pack_for(policy, household, household)


def test_living_outside_every_document_leaves_the_household_s(policy: Policy) -> None:
    pack = pack_for(policy, PINGYAO, GUIYANG)
    assert pack is not None and pack.key == policy.packs["shanxi"].key


@pytest.mark.parametrize(
    ("residence", "region"), [(KUNMING, "yunnan"), (PINGYAO, "shanxi"), (NANYANG, None), (GUIYANG, None)]
)
def test_a_household_outside_every_document_is_served_only_where_one_serves_who_lives_there(
    policy: Policy, residence: str, region: str | None
) -> None:
    pack = pack_for(policy, GUIYANG, residence)
    assert (pack and pack.region) == region


def test_who_only_lives_there_gets_no_allowance_there(policy: Policy) -> None:
    for residence in (KUNMING, PINGYAO):
        decision = decided(policy, GUIYANG, residence)
        assert decision.items["card.new"].verdict == "eligible"
        assert decision.items["allowance.hardship"].verdict == "not_eligible"


def test_two_documents_together_ask_until_everything_is_decided(policy: Policy) -> None:
    pack = pack_for(policy, PINGYAO, KUNMING)
    assert pack is not None
    facts: dict[str, object] = {"household_county": PINGYAO, "residence_county": KUNMING, "is_deceased": False}
    asked = 0
    while question := next_question(policy, pack, facts, None, ON):
        values = [option.value for option in question.options if option.value is not None]
        value = values[0] if values else 40
        facts |= (
            dict.fromkeys(question.facts, value) if question.key not in policy.groups else _none(policy, question.key)
        )
        asked += 1
        assert asked < 30
    assert asked > 2


def _none(policy: Policy, key: str) -> dict[str, object]:
    return dict(policy.groups[key].otherwise)
