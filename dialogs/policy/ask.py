"""Which question comes next: one whose answer can still change the outcome for what the person wants, or none.

A question is tried out before it is asked: its possible answers are decided one after the other, and when all lead
to the same outcome it is not asked. Facts of a group are asked together, once, with “none of them”. What is known,
or was asked already and is not clear to the person, is never asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dialogs.messages import Explained, InputKind, Option
from dialogs.policy.checklist import in_hand_first, materials
from dialogs.policy.clocks import deadlines
from dialogs.policy.decide import bearing, judge, unpointed, ways, with_bundle
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.written import Fact, Group

Facts = Mapping[str, Any]
NONE = "none"
UNSURE = Option(None, "不清楚")

_INPUTS: dict[str, InputKind] = {
    "bool": "choice",
    "enum": "choice",
    "set": "choices",
    "int": "number",
    "number": "number",
    "county": "place",
    "date": "date",
    "text": "text",
}


@dataclass(frozen=True, slots=True)
class Question:
    """`key`: a fact's or a group's name. `facts`: what the answer settles. `text` holds {who}. An answer None is
    “不清楚”; a group's answer is the list of chosen values, ["none"] for none of them: `facts_of` turns it into
    facts."""

    key: str
    facts: tuple[str, ...]
    title: str
    text: str
    input: InputKind
    options: tuple[Option, ...]
    explained: tuple[Explained, ...]
    hint: str


def next_question(policy: Policy, pack: Pack, facts: Facts, wants: Sequence[str] | None, on: date) -> Question | None:
    """`wants`: the items that the person wants; None: no wish is spoken, benefits and a first card are screened.
    None: nothing that can still be asked would change anything."""
    trial = _Trial(policy, pack, facts, wants, on)
    for key in pack.asking:
        question = trial.group(key) if key in policy.groups else trial.fact(key)
        if question is not None:
            return question
    return None


def question_for(policy: Policy, pack: Pack, key: str, facts: Facts) -> Question:
    """The question of this name, to ask it again when an answer is to be changed. Raises KeyError when there is
    none."""
    if key in policy.groups:
        group = policy.groups[key]
        return _group_question(policy, key, group, [option.value for option in group.options], facts)
    return _fact_question(policy, pack, key, facts)


def facts_of(policy: Policy, key: str, value: Any) -> dict[str, Any]:
    """The facts that this answer states. `value` None: each of them is not clear to the person."""
    group = policy.groups.get(key)
    if group is None:
        return {key: value}
    if value is None:
        return dict.fromkeys(group.otherwise)
    chosen = [value] if isinstance(value, str) else list(value)
    stated = dict(group.otherwise)
    for option in group.options:
        if option.value in chosen:
            stated.update(option.sets)
    return stated


@dataclass(slots=True)
class _Trial:
    """The decisions that the possible answers to a question would lead to."""

    policy: Policy
    pack: Pack
    facts: Facts
    wants: Sequence[str] | None
    on: date
    known: Facts = field(init=False)
    items: Sequence[str] = field(init=False)

    def __post_init__(self) -> None:
        self.known = bearing(self.pack, self.facts, self.on)
        self.items = tuple(self.wanted())

    def fits(self, asked: Fact | Group) -> bool:
        return not asked.if_so or self.known.get(asked.if_so) is True

    def settled(self, name: str) -> bool:
        return name in self.facts or self.known.get(name) is not None

    def wanted(self) -> Iterable[str]:
        """What the person wants; with no wish, benefits and a first card, or all there is when none of these can be."""
        if self.wants is not None:
            return self.wants
        offered = [item for item, body in self.pack.items.items() if body.offered_first and self.pointed_to(item)]
        judged = judge(self.pack, self.known, offered, reasons=False)
        return offered if any(one.verdict != "not_eligible" for one in judged.values()) else self.pack.ids

    def pointed_to(self, item: str) -> bool:
        """What comes from a wider document is screened only for those who ask for it."""
        pack = self.pack
        return (
            item not in pack.behind or item not in pack.offered_when or bool(pack.offered_when[item].test(self.known))
        )

    def concerned(self, names: Iterable[str]) -> tuple[str, ...]:
        """The wanted items that one of these facts may be asked for."""
        asks = self.pack.asks if self.wants is None else self.pack.asks_applied
        names = frozenset(names)
        return tuple(item for item in self.items if not names.isdisjoint(asks[item]))

    def outcome(self, stated: Facts, items: Sequence[str]) -> object:
        """What these items come to with these facts added (as Decision.outcome, for these items only)."""
        known = bearing(self.pack, {**self.facts, **stated}, self.on)
        judged = judge(self.pack, known, items, reasons=False)
        verdicts = tuple((one.verdict, one.needs) for one in judged.values())
        channel = tuple((item, way.mode, way.where) for item, way in ways(self.pack, judged, self.wants, known).items())
        if self.wants is None:
            return verdicts, channel, unpointed(self.pack, judged, known)
        applied = {item: one.verdict for item, one in judged.items() if one.verdict != "not_eligible"}
        papers = materials(self.pack, applied, known), in_hand_first(self.pack, applied, known)
        return verdicts, channel, papers, deadlines(self.pack, applied, with_bundle(known, applied))

    def fact(self, name: str) -> Question | None:
        if self.settled(name) or not self.fits(self.policy.facts[name]):
            return None
        items = self.concerned([name, *self.led_to(name)])
        if not items or not self.differ([{name: value} for value in answers(self.policy, self.pack, name)], items):
            return None
        return _fact_question(self.policy, self.pack, name, self.facts)

    def led_to(self, name: str) -> list[str]:
        """What need not be asked any more once this number is known: of an age, whether it is one for work."""
        facts = self.policy.facts
        if facts[name].type != "int":
            return []
        return [other for other, fact in facts.items() if fact.ask and fact.derive and name in fact.derive.from_]

    def differ(self, stated: Sequence[Facts], items: Sequence[str]) -> bool:
        first = self.outcome(stated[0], items)
        return any(self.outcome(each, items) != first for each in stated[1:])

    def group(self, key: str) -> Question | None:
        group = self.policy.groups[key]
        free = [name for name in group.otherwise if not self.settled(name)]
        door = group.door and self.wants is None and len(free) == len(group.otherwise)
        items = self.pack.ids if door else self.concerned(free)
        if not free or not items or not self.fits(group):
            return None
        asked = frozenset(free) if door else self.asks_of(items).intersection(free)
        nothing = {name: group.otherwise[name] for name in free}
        stated = {option.value: self.choice(option.sets, nothing) for option in group.options}
        tried = [stated[option.value] for option in group.options if not asked.isdisjoint(option.sets)]
        if not self.differ([nothing, *tried], items):
            return None
        usual = self.outcome(nothing, self.pack.ids)
        shown = [value for value, facts in stated.items() if self.outcome(facts, self.pack.ids) != usual]
        return self.alone(group, shown) or _group_question(self.policy, key, group, shown, self.facts)

    def asks_of(self, items: Sequence[str]) -> frozenset[str]:
        asks = self.pack.asks if self.wants is None else self.pack.asks_applied
        return frozenset[str]().union(*(asks[item] for item in items))

    def choice(self, sets: Facts, nothing: Facts) -> Facts:
        return {**nothing, **{name: value for name, value in sets.items() if name in nothing}}

    def alone(self, group: Group, shown: Sequence[str]) -> Question | None:
        """One answer is left: its fact is asked by itself."""
        if len(shown) != 1:
            return None
        option = next(option for option in group.options if option.value == shown[0])
        return self.fact(next(iter(option.sets)))


def answers(policy: Policy, pack: Pack, name: str) -> tuple[Any, ...]:
    """The answers that can make a difference: every choice, one value for each class of a number, a place inside
    and outside."""
    fact = policy.facts[name]
    if fact.type == "bool":
        return True, False
    if fact.type == "set":
        return (*((value,) for value in fact.values), tuple(fact.values))
    if fact.type == "county":
        home = next(prefix for prefix, province in policy.provinces.items() if province == pack.place.province)
        return f"{pack.place.counties[0]}0102"[:6], f"{home}9999", "990101"
    if name in pack.numbers:
        return pack.numbers[name]
    return tuple(option.value for option in policy.options(fact))


def _fact_question(policy: Policy, pack: Pack, name: str, facts: Facts) -> Question:
    fact = policy.facts[name]
    if not fact.ask:
        raise KeyError(name)
    options = policy.options(fact)
    if fact.type == "county":
        options = tuple(Option(code, pack.written.name) for code in pack.place.counties if len(code) == 6)
    return Question(
        key=name,
        facts=(name,),
        title=fact.title,
        text=_text(fact, facts),
        input="choice" if fact.type in ("int", "number") and options else _INPUTS[fact.type],
        options=(*options, UNSURE),
        explained=policy.explained(fact.explain),
        hint=fact.hint,
    )


def _text(fact: Fact, facts: Facts) -> str:
    return fact.ask_dead if facts.get("is_deceased") and fact.ask_dead else fact.ask


def _group_question(policy: Policy, key: str, group: Group, shown: Sequence[str], facts: Facts) -> Question:
    options = [option for option in group.options if option.value in shown]
    said = group.ask + "".join(option.label + option.hint for option in options)
    return Question(
        key=key,
        facts=tuple(dict.fromkeys(name for option in options for name in option.sets if name not in facts)),
        title=group.title,
        text=group.ask,
        input="choices",
        options=(*(Option(o.value, o.label, o.hint) for o in options), Option(NONE, group.none), UNSURE),
        explained=policy.explained([word for word in group.explain if word in said]),
        hint=group.hint,
    )
