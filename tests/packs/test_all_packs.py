"""What holds for every pack: nothing is asked in vain, no talk ends in the middle, and a corrected fact is as if it had
been told so from the start. The whole walk of each pack is `yijianshi packs cover`; here each is entered part of the way.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialogs.policy import Pack
from dialogs.policy import decide as decided
from dialogs.policy import next_question as asked
from dialogs.policy.ask import answers
from dialogs.policy.walk import walk
from tests.packs.conftest import whole

ON = date(2026, 3, 2)
POLICY = whole()
REGIONS = sorted(POLICY.packs)


def home(pack: Pack) -> str:
    return str(answers(POLICY, pack, "household_county")[0])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("card", [{"holds_card": False}, {"holds_card": True, "card_status": "valid", "card_level": 3}])
def test_no_question_is_asked_in_vain_and_no_talk_ends_in_the_middle(region: str, card: dict[str, Any]) -> None:
    pack = POLICY.packs[region]
    troubles = POLICY.groups["card_trouble"].otherwise if card["holds_card"] else {}
    start = {**troubles, **card, "household_county": home(pack), "age": 30}
    done = walk(POLICY, pack, ON, start=start)
    assert done.faults == []
    assert done.combinations > 1


@pytest.mark.parametrize("region", REGIONS)
def test_of_somebody_who_died_little_is_asked_and_all_is_decided(region: str) -> None:
    done = walk(POLICY, POLICY.packs[region], ON, start={"is_deceased": True})
    assert done.faults == []
    assert done.longest <= 3


def values(pack: Pack) -> dict[str, tuple[Any, ...]]:
    names = sorted(frozenset[str]().union(*pack.asks_applied.values()))
    return {
        name: (*answers(POLICY, pack, name), None) for name in names if POLICY.facts[name].type not in ("text", "date")
    }


@settings(max_examples=60, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("region", REGIONS)
def test_a_corrected_fact_is_as_if_it_had_been_told_so_from_the_start(region: str, data: st.DataObject) -> None:
    pack = POLICY.packs[region]
    known = values(pack)
    facts = data.draw(st.fixed_dictionaries({}, optional={name: st.sampled_from(some) for name, some in known.items()}))
    wants = data.draw(st.none() | st.lists(st.sampled_from(pack.ids), min_size=1, max_size=3, unique=True))
    name = data.draw(st.sampled_from(sorted(known)))
    value = data.draw(st.sampled_from(known[name]))
    decided(pack, facts, wants, ON)
    asked(POLICY, pack, facts, wants, ON)
    bare = decided(pack, facts, wants, ON, reasons=False)
    assert bare.outcome() == decided(pack, facts, wants, ON).outcome(), "the reasons change nothing"
    corrected = {**facts, name: value}
    at_first = {name: value, **{other: one for other, one in facts.items() if other != name}}
    assert decided(pack, corrected, wants, ON) == decided(pack, at_first, wants, ON)
    assert asked(POLICY, pack, corrected, wants, ON) == asked(POLICY, pack, at_first, wants, ON)
