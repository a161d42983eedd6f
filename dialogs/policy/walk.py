"""Every talk that the questions of a pack can lead to, walked to its end: is everything decided, with a reason, and is
nothing asked in vain?

Talks that have the same rest (rest.py) are walked once: what no answer can change any more is checked when it is
settled and then left out. Numbers are tried at the borders of their classes, several answers together in every
combination, and not being sure at every question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain, combinations, product
from operator import itemgetter
from typing import Any

from dialogs.policy.ask import NONE, Question, answers, facts_of, next_question, question_for
from dialogs.policy.decide import bearing, decide, judge
from dialogs.policy.logic import PERSON, Facts, Op
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.rest import COMPARE, ItemRest, Rests, facts_about, rules_about, tests_in
from dialogs.policy.written import Group

UNSURE: Any = None
MOST_FAULTS, MOST_PROBES = 20, 2_000
Counts = tuple[int, int, int]
"""Talks from here, questions asked in all of them together, most in one of them."""


@dataclass(slots=True)
class Walked:
    """`combinations`: talks with different answers; `states`: of these, different rests; `questions`: asked in all
    talks together; `longest`: most in one talk. `faults`: what was found, with the answers that lead there."""

    combinations: int
    states: int
    questions: int
    longest: int
    faults: list[str]

    @property
    def mean(self) -> float:
        return self.questions / self.combinations


def walk(
    policy: Policy,
    pack: Pack,
    on: date,
    *,
    start: Mapping[str, Any] | None = None,
    wants: Sequence[str] | None = None,
    merged: bool = True,
    progress: Callable[[float], object] = lambda _: None,
) -> Walked:
    """Every talk while no wish is spoken, or for these `wants`. `start`: what is known before; `merged` False: each
    talk by itself, as long as it takes; `progress`: told the share of the walk that is done since it was last told."""
    walker = Walker(policy, pack, on, merged, progress, None if wants is None else tuple(wants))
    talks, questions, longest = walker.walk(dict(start or {}), 1.0)
    return Walked(talks, walker.states, questions, longest, walker.faults)


def choices(policy: Policy, pack: Pack, question: Question) -> Iterator[Any]:
    """Every answer to a question: of several choices every combination, of numbers one for each class; not sure."""
    if question.key in policy.groups:
        chosen = [option.value for option in question.options if option.value not in (NONE, UNSURE)]
        yield from (list(some) for some in _some(chosen))
        yield [NONE]
    elif policy.facts[question.key].type == "set":
        yield from _some(policy.facts[question.key].values)
    else:
        yield from answers(policy, pack, question.key)
    yield UNSURE


def _some(values: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    return chain.from_iterable(combinations(values, size) for size in range(1, len(values) + 1))


def _together(lots: Iterator[Counts]) -> Counts:
    """Every talk about one lot with every talk about the others."""
    talks, questions, longest = 1, 0, 0
    for count, asked, most in lots:
        talks, questions, longest = talks * count, questions * count + asked * talks, longest + most
    return talks, questions, longest


@dataclass(frozen=True, slots=True)
class _Seen:
    """An item for some facts: its verdict, what is open of it, and a number for each different rest (0: nothing)."""

    verdict: str
    number: int
    rest: ItemRest

    @property
    def refused(self) -> bool:
        """It is refused, or may still be."""
        return self.rest.refusable if self.number else self.verdict == "not_eligible"


@dataclass(frozen=True, slots=True)
class _Now:
    """Where a talk stands. `matter`: the items whose rests say which questions follow, by what they are screened as;
    `sure`: what is screened stays so, whatever is answered."""

    facts: dict[str, Any]
    known: Facts
    open_: frozenset[str]
    matter: Mapping[str, tuple[str, _Seen]]
    sure: bool


@dataclass(slots=True)
class Walker:
    """Walks one pack's talks, while no wish is spoken or for what is wanted (`wants`); also knows when two of them have
    the same rest (`key`), and when the same questions follow (`ahead`)."""

    policy: Policy
    pack: Pack
    on: date
    merged: bool = True
    progress: Callable[[float], object] = lambda _: None
    wants: tuple[str, ...] | None = None
    states: int = 0
    faults: list[str] = field(default_factory=list)
    apart_by: dict[object, object] = field(default_factory=dict)
    seen: dict[object, Counts] = field(default_factory=dict)
    items: dict[object, _Seen] = field(default_factory=dict)
    classes: dict[str, dict[Any, tuple[bool, ...]]] = field(init=False)
    numbers: dict[object, int] = field(default_factory=dict)
    reached: dict[frozenset[str], frozenset[str]] = field(default_factory=dict)
    offered: tuple[str, ...] = field(init=False)
    about: dict[str, tuple[str, ...]] = field(init=False)
    tests: dict[str, tuple[tuple[Op, Any], ...]] = field(init=False)
    rests: Rests = field(init=False)
    asked: dict[str, tuple[str, ...]] = field(init=False)
    groups: tuple[Group, ...] = field(init=False)
    follows: dict[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        policy, pack, applied = self.policy, self.pack, self.wants is not None
        self.rests = Rests(pack, applied)
        self.offered = tuple(item for item, body in pack.items.items() if body.offered_first)
        self.about = {item: tuple(sorted(facts_about(pack, item, applied))) for item in pack.ids}
        rules = [rule for item in pack.ids for rule in rules_about(pack, item, applied)]
        tests = tests_in(rules)
        self.tests = {name: tests.get(name, ()) for names in self.about.values() for name in names}
        self.classes = {name: {} for name in self.tests}
        self.groups = tuple(policy.groups[key] for key in pack.asking if key in policy.groups)
        self.asked = {}
        for key in pack.asking:
            group = policy.groups.get(key)
            for name in group.otherwise if group else (key,):
                if_so = (group or policy.facts[key]).if_so
                self.asked[name] = (*self.asked.get(name, ()), if_so)
        bearing = dict(pack.bearing)
        self.follows = {name: derived.looks_at for name, derived in pack.derivations if name in bearing}

    def walk(self, facts: dict[str, Any], share: float) -> Counts:
        now = self.now(facts)
        key = self.ahead(now) if self.merged else None
        if key in self.seen:
            self.progress(share)
            return self.seen[key]
        if key is not None and len(apart := self.apart(now)) > 1:
            self.seen[key] = _together(self.walk({**aside, **facts}, share / len(apart)) for aside in apart)
            return self.seen[key]
        self.states += 1
        question = next_question(self.policy, self.pack, facts, self.wants, self.on)
        if question is None:
            self.ended(facts, now.known)
            self.progress(share)
            found = 1, 0, 0
        else:
            found = self.asking(facts, question, share)
        if key is not None:
            self.seen[key] = found
        return found

    def now(self, facts: dict[str, Any]) -> _Now:
        """What nobody is going to be asked any more stays missing: as long as something stays open of what is offered,
        only what can be asked for its sake comes to be known."""
        known = bearing(self.pack, facts, self.on)
        everything = self.open(facts, known)
        as_seen = self.seen_as(known, everything)
        items = {item: self.item(item, facts, known, everything, as_seen) for item in self.pack.ids}
        offered = {item: kind for item in items if (kind := self.screened_as(item, known, everything))}
        open_ = self.open(facts, known, self.askable({item: items[item] for item in offered}, everything))
        as_seen = self.seen_as(known, open_)
        fewer = (
            {item: self.item(item, facts, known, open_, as_seen) for item in items} if open_ != everything else items
        )
        sure = self.wants is not None or not all(fewer[item].refused for item in offered if offered[item] == "offered")
        if sure:
            items = fewer
        else:
            open_ = everything
        shared = {name for group in self.groups for name in group.otherwise if name in open_}
        matter = {
            item: (offered.get(item, ""), one)
            for item, one in items.items()
            if one.number and (item in offered or not sure or not shared.isdisjoint(self.reach(one.rest.live)))
        }
        return _Now(facts, known, open_, matter, sure)

    def askable(self, items: Mapping[str, _Seen], open_: frozenset[str]) -> set[str]:
        """What can be asked for the sake of these items, and to hear which service is wanted."""
        asks = self.pack.asks if self.wants is None else self.pack.asks_applied
        names = frozenset[str]().union(*(asks[item] & self.reach(one.rest.live) for item, one in items.items()))
        doors = (group.otherwise.keys() for group in self.groups if group.door and self.wants is None)
        return self.asked_for(names.union(*doors), open_)

    def screened_as(self, item: str, known: Facts, open_: frozenset[str]) -> str:
        """Offered, maybe still to be offered, or "" for what is looked at only when nothing else can be."""
        if self.wants is not None:
            return "offered" if item in self.wants else ""
        if item not in self.offered:
            return ""
        if self.pointed_to(item, known):
            return "offered"
        return "maybe" if self.rests.of(self.pack.offered_when[item], known, open_)[1] else ""

    def apart(self, now: _Now) -> list[dict[str, Any]]:
        """Items that share no open fact are walked by themselves: for each lot of items, the facts of the other lots,
        put aside as not clear. Not while it is open whether there is anything to be screened for at all."""
        if not now.sure:
            return []
        lots: list[set[str]] = []
        for _, one in now.matter.values():
            lot = self.asked_for(one.rest.live, now.open_)
            lots = [*(other for other in lots if not lot & other), lot.union(*(x for x in lots if lot & x))]
        lots = [lot for lot in lots if lot]
        every = set[str]().union(*lots)
        return [dict.fromkeys(sorted(every - lot)) for lot in lots]

    def ahead(self, now: _Now) -> object:
        """What two talks have in common when the same questions follow in both: the shapes of what is still open, what
        has been asked of it, and what else follows from what was told."""
        asks = self.pack.asks if self.wants is None else self.pack.asks_applied
        live = set[str]().union(*(one.rest.live for _, one in now.matter.values()))
        settled, told = self.so_far(live, now.facts, now.known, now.open_)
        shapes = frozenset(
            (kind, one.rest.shape, asks[item] & self.reach(one.rest.live)) for item, (kind, one) in now.matter.items()
        )
        fits = tuple(sorted(name for name in live if any(now.known.get(so) for so in self.asked.get(name, ()))))
        return now.sure, shapes, settled, told, fits

    def reach(self, live: frozenset[str]) -> frozenset[str]:
        """These facts and all that they may follow from."""
        if live not in self.reached:
            found, ahead = set[str](), set(live)
            while ahead:
                found |= ahead
                ahead = {one for name in ahead for one in self.follows.get(name, ())} - found
            self.reached[live] = frozenset(found)
        return self.reached[live]

    def asked_for(self, live: frozenset[str], open_: frozenset[str]) -> set[str]:
        """The open facts that can be asked for the sake of these, with all that is asked in one question with them."""
        found: set[str] = set()
        ahead = list(live & open_)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                more: list[Collection[str]] = [self.follows.get(name, frozenset())]
                more += [group.otherwise.keys() for group in self.groups if name in group.otherwise]
                ahead += [one for names in more for one in names if one in open_]
        return found & self.asked.keys()

    def asking(self, facts: dict[str, Any], question: Question, share: float) -> Counts:
        if any(name in facts for name in question.facts):
            self.fault(facts, f"“{question.key}” is asked though it has been answered")
            return 1, 0, 0
        counts = Counter[object]()
        after: dict[object, dict[str, Any]] = {}
        for answer in choices(self.policy, self.pack, question):
            stated = facts_of(self.policy, question.key, answer)
            alike = self.alike(stated) if self.merged else len(after)
            counts[alike] += 1
            after.setdefault(alike, {**stated, **facts})
        if not self.matters([*after.values()][:-1]):
            self.fault(facts, f"“{question.key}” is asked, and every answer leads to the same decision")
        talks, questions, longest, every = 0, 0, 0, counts.total()
        for alike, each in after.items():
            count, asked, most = self.walk(each, share * counts[alike] / every)
            talks, questions = talks + counts[alike] * count, questions + counts[alike] * asked
            longest = max(longest, most)
        return talks, talks + questions, 1 + longest

    def alike(self, stated: Mapping[str, Any]) -> object:
        """The same for answers that no condition can tell apart, whatever else is told."""
        return tuple([(name, self.told_apart(name, value)) for name, value in stated.items()])

    def told_apart(self, name: str, value: Any, seen: frozenset[str] = frozenset()) -> object:
        """What the tests of a fact come to for this value, and so of all that follows from it."""
        key = name, tuple(value) if isinstance(value, list) else value, seen
        if value is None or key in self.apart_by:
            return self.apart_by.get(key)
        seen |= {name}
        found: list[object] = [self.come_to(name, key[1]) if name in self.tests else None]
        for other, rule in self.pack.bearing:
            if name in self.follows[other] and other not in seen:
                beside = [(one, self.values(one)) for one in sorted(self.follows[other] - {name})]
                for some in product(*(values for _, values in beside)):
                    known = {name: value, **dict(zip((one for one, _ in beside), some, strict=True))}
                    found.append(self.told_apart(other, rule(known, self.pack.place, self.on), seen))
        self.apart_by[key] = tuple(found)
        return self.apart_by[key]

    def values(self, name: str) -> tuple[Any, ...]:
        """Values to look with; nobody is asked for a date or a number of a paper here."""
        fact = self.policy.facts[name]
        if fact.type in ("text", "date"):
            return (None,)
        return (None, *(fact.values if fact.type == "enum" else answers(self.policy, self.pack, name)))

    def matters(self, after: Sequence[Facts]) -> bool:
        """Whether two answers lead to different decisions; the last, mostly “none of them”, is the likeliest to."""
        outcomes = (decide(self.pack, facts, self.wants, self.on, reasons=False).outcome() for facts in reversed(after))
        usual = next(outcomes)
        return any(outcome != usual for outcome in outcomes)

    # --- what is checked ---

    def ended(self, facts: Facts, known: Facts) -> None:
        """Nothing more is asked: what an unknown verdict needs had its question, or only a person can say."""
        open_ = self.open(facts, known)
        screened = self.wants or self.screened(
            {item: self.item(item, facts, known, open_).verdict for item in self.pack.ids}, known
        )
        for item, one in judge(self.pack, known, screened, reasons=False).items():
            for name in one.needs:
                if name != PERSON and name not in facts and name not in self.asked:
                    self.fault(facts, f"“{item}” stays unknown and no question of “asking” settles “{name}”")

    def screened(self, verdicts: Mapping[str, str], known: Facts) -> Sequence[str]:
        """As the questions do: benefits and a first card, or all there is when none of these can be."""
        offered = [item for item in self.offered if self.pointed_to(item, known)]
        return offered if any(verdicts[item] != "not_eligible" for item in offered) else self.pack.ids

    def pointed_to(self, item: str, known: Facts) -> bool:
        rule = self.pack.offered_when.get(item) if item in self.pack.behind else None
        return rule is None or bool(rule.test(known))

    def decided(self, item: str, facts: Facts, known: Facts) -> str:
        """The verdict, with its reasons looked at."""
        one = judge(self.pack, known, [item])[item]
        if not one.why:
            self.fault(facts, f"“{item}” is {one.verdict} and nobody hears why")
        if bool(one.needs) != (one.verdict == "unknown"):
            self.fault(facts, f"“{item}” is {one.verdict} and needs {one.needs}")
        return one.verdict

    def fault(self, facts: Facts, wrong: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            told = ", ".join(f"{name}={value}" for name, value in facts.items() if value is not None)
            self.faults.append(f"{wrong} (after {told or 'nothing'})")

    # --- what two talks must have in common to have the same rest ---

    def key(self, facts: Facts, known: Facts) -> object:
        """What is open of every item, what has been asked of it, and what else follows from what was told."""
        open_ = self.open(facts, known)
        items = {item: self.item(item, facts, known, open_) for item in self.pack.ids}
        live = set[str]().union(*(one.rest.live for one in items.values()))
        settled, told = self.so_far(live, facts, known, open_)
        screened = tuple(self.screened({item: one.verdict for item, one in items.items()}, known))
        return screened, tuple(one.number for one in items.values()), settled, told

    def so_far(self, live: set[str], facts: Facts, known: Facts, open_: frozenset[str]) -> tuple[object, object]:
        """Of what is live and what is asked with it: what has been settled, and what something may follow from."""
        told = self.sources(live, known, open_)
        groups = (group.otherwise.keys() for group in self.groups)
        live |= {name for names in groups if live & names for name in names}
        return tuple(sorted((name, name in facts or known.get(name) is not None) for name in live)), told

    def open(self, facts: Facts, known: Facts, among: Collection[str] | None = None) -> frozenset[str]:
        """The facts that an answer may still settle; `among`: when only these are asked."""
        found: set[str] = set()
        for name, if_sos in self.asked.items():
            if known.get(name) is None and name not in facts and (among is None or name in among):
                for if_so in if_sos:
                    if not if_so or if_so in found or known.get(if_so) is True:
                        found.add(name)
        for name, sources in self.follows.items():
            if known.get(name) is None and not found.isdisjoint(sources):
                found.add(name)
        return frozenset(found)

    def seen_as(self, known: Facts, open_: frozenset[str]) -> dict[str, object]:
        """Every fact as conditions see it: what the tests of it come to, or whether it is open."""
        seen: dict[str, object] = {}
        for name, comes_to in self.classes.items():
            told = known.get(name)
            if told is None:
                seen[name] = name in open_
            else:
                told = tuple(told) if isinstance(told, list) else told
                seen[name] = comes_to[told] if told in comes_to else self.come_to(name, told)
        return seen

    def come_to(self, name: str, told: Any) -> tuple[bool, ...]:
        self.classes[name][told] = found = tuple([COMPARE[op](told, value) for op, value in self.tests[name]])
        return found

    def item(
        self, item: str, facts: Facts, known: Facts, open_: frozenset[str], as_seen: Mapping[str, object] | None = None
    ) -> _Seen:
        as_seen = as_seen or self.seen_as(known, open_)
        seen = item, tuple([as_seen[name] for name in self.about[item]])
        if seen not in self.items:
            rest = self.rests.item(item, known, open_)
            rests = len(self.numbers)
            number = self.numbers.setdefault((item, rest.parts), rests + 1) if rest.parts else 0
            self.items[seen] = _Seen(self.decided(item, facts, known), number, rest)
            if number > rests and (self.wants is None or item in self.wants):
                self.answered(item, rest, facts, open_)
        return self.items[seen]

    def answered(self, item: str, rest: ItemRest, facts: Facts, open_: frozenset[str]) -> None:
        """The item with every answer to the first question that it may be asked: talks that are walked once for the
        questions that follow are decided each."""
        names = self.asked_for(rest.live, open_)
        for key in self.pack.asking:
            some = names.intersection(self.policy.groups[key].otherwise if key in self.policy.groups else (key,))
            if some:
                for stated in self.stated(key, some):
                    after = {**stated, **facts}
                    known = bearing(self.pack, after, self.on)
                    self.item(item, after, known, self.open(after, known))
                return

    def stated(self, key: str, names: Collection[str]) -> Iterator[dict[str, Any]]:
        """What each answer to a question states, as far as it is about these facts; of like ones the first."""
        question = question_for(self.policy, self.pack, key, {})
        if group := self.policy.groups.get(key):
            about = {option.value for option in group.options if not option.sets.keys().isdisjoint(names)}
            question = replace(question, options=tuple(one for one in question.options if one.value in about))
        found: dict[object, dict[str, Any]] = {}
        for answer in choices(self.policy, self.pack, question):
            stated = facts_of(self.policy, key, answer)
            found.setdefault(self.alike(stated), stated)
        yield from found.values()

    def sources(self, live: set[str], known: Facts, open_: frozenset[str]) -> tuple[tuple[str, Any], ...]:
        """What has been told of what a live fact may still follow from; all that it may follow from is added to
        `live`. Nothing follows any more where nothing of it is open."""
        told: dict[str, Any] = {}
        ahead = list(live)
        while ahead:
            name = ahead.pop()
            if known.get(name) is not None:
                told[name] = self.told_apart(name, known[name])
                continue
            follows = self.follows.get(name, frozenset())
            if not follows.isdisjoint(open_):
                ahead += follows - live
                live |= follows
        return tuple(sorted(told.items(), key=itemgetter(0)))
