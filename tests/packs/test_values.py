"""What a condition comes to for somebody, worked out line by line with all others, is what it says by itself."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from dialogs.policy import Pack, Policy
from dialogs.policy.ask import answers
from dialogs.policy.logic import PERSON, Condition, Rule
from dialogs.policy.rest import COMPARE
from dialogs.policy.why import FAILS, HOLDS

Facts = Mapping[str, Any]


def test_a_table_gives_each_rule_the_value_and_the_missing_facts_that_it_has_by_itself(policy: Policy) -> None:
    chance, met = random.Random(5), set[bool | None]()
    for pack in policy.packs.values():
        for _ in range(25):
            facts = somebody(policy, pack, chance)
            values = pack.table.values(facts)
            for item, rule in pack.rules.items():
                held, needs = plainly(rule, rule.written, facts)
                value = values[pack.table.at[item]]
                assert (True if value == HOLDS else False if value == FAILS else None) is held, (item, facts)
                assert held is not None or set(pack.table.missing(item, value)) == needs, (item, facts)
                assert rule.test(facts) is held, (item, facts)
                met.add(held)
    assert met == {True, False, None}


def somebody(policy: Policy, pack: Pack, chance: random.Random) -> dict[str, Any]:
    told, facts = chance.random(), dict[str, Any]()
    for name in sorted(frozenset[str]().union(*(rule.reads for rule in pack.rules.values()))):
        some = () if policy.facts[name].type in ("text", "date") else answers(policy, pack, name)
        if some and chance.random() < told:
            facts[name] = chance.choice(some)
    return facts


def plainly(rule: Rule, one: Condition, facts: Facts) -> tuple[bool | None, set[str]]:
    """Whether it holds, and, when that is not known, what is missing."""
    if one.use is not None:
        return plainly(rule, rule.named[one.use], facts)
    if one.fact is not None:
        told = facts.get(one.fact)
        return (None, {one.fact}) if told is None else (COMPARE[one.op or "eq"](told, one.value), set())
    if one.not_ is not None:
        held, needs = plainly(rule, one.not_, facts)
        return (None if held is None else not held), needs
    if one.known is not None:
        return plainly(rule, one.known, facts)[0] is True, set()
    if one.all_ is not None or one.any_ is not None:
        return together(rule, one, facts)
    inner = one.doubt or one.open
    sure = isinstance(inner, Condition) and plainly(rule, inner, facts)[0] is not True
    return (one.doubt is not None, set()) if sure else (None, {PERSON})


def together(rule: Rule, one: Condition, facts: Facts) -> tuple[bool | None, set[str]]:
    settles = one.all_ is None
    each = [plainly(rule, member, facts) for member in one.all_ or one.any_ or ()]
    if any(held is settles for held, _ in each):
        return settles, set()
    needs = set[str]().union(*(needs for held, needs in each if held is None))
    if not needs:
        return not settles, set()
    return None, (needs - {PERSON} or needs) if settles else needs
