"""What a pack that can be loaded may still have wrong: items that nobody can reach, conditions that nothing uses,
questions that never matter, and what contradicts itself.

Each finding says what to do. The walk through every talk is in walk.py; here a few thousand people are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from dialogs.policy.ask import answers
from dialogs.policy.decide import complete
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.written import conditions_in

PEOPLE, MOST_TRIES = 3_000, 50_000


def findings(policy: Policy, pack: Pack, on: date) -> Iterator[str]:
    """Each as a sentence with what to do; none for a sound pack."""
    if pack.written.dated > on:
        yield f"dated {pack.written.dated} is still to come. Correct the date, or wait with this file until then."
    if not _is_version(pack.version):
        yield f"version {pack.version} is no day with a number. Write it as {pack.written.dated}.1."
    yield from _unused(pack)
    yield from _asked_in_vain(policy, pack)
    yield from _unreached(policy, pack, on)
    yield from _contradicting(pack, [complete(pack, facts, on) for facts in _people(policy, pack)])


def _is_version(text: str) -> bool:
    day, _, number = text.partition(".")
    try:
        return date.fromisoformat(day).isoformat() == day and number.isascii() and number.isdigit()
    except ValueError:
        return False


def _people(policy: Policy, pack: Pack) -> Iterator[Mapping[str, Any]]:
    """Invented people, the same each time: every fact takes each of its values, against changing others."""
    read = frozenset[str]().union(*(rule.reads for rule in pack.rules.values()), *pack.asks_applied.values())
    names = sorted(name for name in read if policy.facts[name].type not in ("text", "date"))
    values = {name: _values(policy, pack, name) for name in names}
    state = 1
    for _ in range(PEOPLE):
        facts: dict[str, Any] = {}
        for name, some in values.items():
            state = (state * 48271) % 2147483647  # the minimal standard generator of Park and Miller: no chance here
            facts[name] = some[state % len(some)]
        facts["is_deceased"] = state % 10 == 0
        if state % 5:
            facts["household_county"] = values["household_county"][0]
        yield {name: value for name, value in facts.items() if value is not None and not _follows(policy, name, facts)}


def _values(policy: Policy, pack: Pack, name: str) -> tuple[Any, ...]:
    fact = policy.facts[name]
    return (*(fact.values if fact.type == "enum" else answers(policy, pack, name)), None)


def _follows(policy: Policy, name: str, facts: Mapping[str, Any]) -> bool:
    """What is never told because it follows: where the household lies, whether somebody is a minor."""
    fact = policy.facts[name]
    return bool(fact.derive and not fact.ask and fact.derive.from_) and all(one in facts for one in fact.derive.from_)  # type: ignore[union-attr]


def _unused(pack: Pack) -> Iterator[str]:
    used = {condition.use for _, condition in conditions_in(pack.written)}
    for name in pack.written.conditions:
        if name not in used:
            yield f"nothing uses the condition “{name}”. Use it or take it out."


def _asked_in_vain(policy: Policy, pack: Pack) -> Iterator[str]:
    asks = frozenset[str]().union(*pack.asks_applied.values())
    for key in pack.written.asking:
        facts = policy.groups[key].otherwise if key in policy.groups else (key,)
        sources = {source for name in asks for source in (name, *pack.sources.get(name, ()))}
        reached = {name for name, fact in policy.facts.items() if fact.derive and set(fact.derive.from_) & set(facts)}
        if not sources & {*facts, *reached}:
            yield f"the question “{key}” never matters. Take it out of asking, or use its fact."
    for name in sorted(asks - {""}):
        if policy.facts[name].ask and not _has_question(policy, pack, name):
            yield f"the fact “{name}” matters and no question asks for it. Add it, or its group, to asking."


def _has_question(policy: Policy, pack: Pack, name: str) -> bool:
    return any(name in policy.groups[key].otherwise if key in policy.groups else key == name for key in pack.asking)


def _unreached(policy: Policy, pack: Pack, on: date) -> Iterator[str]:
    for item in pack.ids:
        if not _can_be(policy, pack, item, True, on):
            yield f"nobody can have “{item}”. Look for conditions that exclude each other."
        elif not _can_be(policy, pack, item, False, on):
            yield f"nobody is refused “{item}”. Look for a condition that is missing."


def _can_be(policy: Policy, pack: Pack, item: str, wanted: bool, on: date) -> bool:
    """Whether some answers make its condition so: facts are told one after the other as long as it stays possible.
    Where that takes more than `MOST_TRIES`, it is taken to be possible."""
    rule = pack.rules[item]
    told = sorted({source for name in rule.reads for source in (pack.sources[name] or (name,))})
    values = [(name, _values(policy, pack, name)) for name in told if policy.facts[name].type not in ("text", "date")]
    tries, ahead = 0, [(0, dict[str, Any]())]
    while ahead:
        at, facts = ahead.pop()
        value, tries = rule.test(complete(pack, facts, on)), tries + 1
        if value is wanted or tries > MOST_TRIES:
            return True
        if at < len(values) and (value is None):
            name, some = values[at]
            ahead += [(at + 1, {**facts, name: one}) for one in some]
    return False


def _contradicting(pack: Pack, people: list[dict[str, Any]]) -> Iterator[str]:
    """What comes first must itself be open, and never wait for what it opens; a first card and a service of a
    valid card exclude each other."""
    for row in pack.first:
        if row.written.item in row.items:
            yield f"“{row.written.item}” comes before itself. Take it out of opens."
        fits = [known for known in people if row.rule is None or row.rule.test(known)]
        if fits and not any(pack.rules[row.written.item].test(known) for known in fits):
            yield f"“{row.written.item}” is to come first where it is never open. Look at `when` of that row of first."
    holders = [known for known in people if known.get("card_status") == "valid"]
    for one, other in _exclusive(pack):
        both = next((known for known in holders if pack.rules[one].test(known) and pack.rules[other].test(known)), None)
        if both is not None:
            yield f"“{one}” and “{other}” are open at once. One of them is for those without a card only."


def _exclusive(pack: Pack) -> Iterator[tuple[str, str]]:
    services = [item for item in pack.ids if item.startswith("card.") and item != "card.new"]
    yield from (("card.new", service) for service in services if "card.new" in pack.rules)
