"""Every talk that the questions of a pack can lead to, walked to its end: is everything decided, with a reason, and is
nothing asked in vain?

Talks that have the same rest (rest.py) are walked once: what no answer can change any more is checked when it is
settled and then left out. Numbers are tried at the borders of their classes, several answers together in every
combination, and not being sure at every question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, combinations, islice, product
from typing import Any

from dialogs.policy.ask import NONE, Question, answers, facts_of, next_question
from dialogs.policy.decide import complete, decide, judge
from dialogs.policy.derive import Derive
from dialogs.policy.logic import PERSON, Facts
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.rest import ItemRest, Rests, facts_about

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
    merged: bool = True,
    progress: Callable[[float], object] = lambda _: None,
) -> Walked:
    """Every talk while no wish is spoken. `start`: what is known before; `merged` False: each talk by itself, as long
    as it takes; `progress`: told the share of the walk that is done since it was last told."""
    walker = Walker(policy, pack, on, merged, progress)
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


class _Looking(dict[str, Any]):
    """Remembers what a derivation looks at."""

    def __init__(self, known: Facts) -> None:
        super().__init__(known)
        self.looked_at: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.looked_at.add(name)
        return super().get(name, default)


def follows_from(policy: Policy, pack: Pack, name: str, rule: Derive, on: date) -> frozenset[str]:
    """What a derived fact may follow from: what facts.yaml says, and what its rule looks at for values of these."""
    derive = policy.facts[name].derive
    sources = set(derive.from_ if derive else ())
    while True:
        looked_at: set[str] = set()
        values = [(None, *_values(policy, pack, source)) for source in sorted(sources)]
        for some in islice(product(*values), MOST_PROBES):
            looking = _Looking(dict(zip(sorted(sources), some, strict=True)))
            rule(looking, pack.place, on)
            looked_at |= looking.looked_at
        if looked_at <= sources:
            return frozenset(sources)
        sources |= looked_at


def _values(policy: Policy, pack: Pack, name: str) -> tuple[Any, ...]:
    """Values to look with; nobody is asked for a date or a number of a paper here."""
    fact = policy.facts[name]
    if fact.type in ("text", "date"):
        return ()
    return fact.values if fact.type == "enum" else answers(policy, pack, name)


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


@dataclass(slots=True)
class Walker:
    """Walks one pack's talks; also knows when two of them have the same rest (`key`)."""

    policy: Policy
    pack: Pack
    on: date
    merged: bool = True
    progress: Callable[[float], object] = lambda _: None
    states: int = 0
    faults: list[str] = field(default_factory=list)
    seen: dict[object, Counts] = field(default_factory=dict)
    items: dict[object, _Seen] = field(default_factory=dict)
    numbers: dict[object, int] = field(default_factory=dict)
    offered: tuple[str, ...] = field(init=False)
    about: dict[str, tuple[str, ...]] = field(init=False)
    rests: Rests = field(init=False)
    asked: dict[str, tuple[str, ...]] = field(init=False)
    follows: dict[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        policy, pack = self.policy, self.pack
        self.rests = Rests(pack)
        self.offered = tuple(item for item, body in pack.items.items() if body.offered_first)
        self.about = {item: tuple(sorted(facts_about(pack, item))) for item in pack.ids}
        self.asked = {}
        for key in pack.asking:
            group = policy.groups.get(key)
            for name in group.otherwise if group else (key,):
                if_so = (group or policy.facts[key]).if_so
                self.asked[name] = (*self.asked.get(name, ()), if_so)
        self.follows = {}
        for name, rule in pack.derivations:
            self.follows[name] = follows_from(policy, pack, name, rule, self.on)

    def walk(self, facts: dict[str, Any], share: float) -> Counts:
        known = complete(self.pack, facts, self.on)
        key = self.key(facts, known) if self.merged else None
        if key in self.seen:
            self.progress(share)
            return self.seen[key]
        if key is not None and len(apart := self.apart(facts, known)) > 1:
            self.seen[key] = _together(self.walk({**aside, **facts}, share / len(apart)) for aside in apart)
            return self.seen[key]
        self.states += 1
        question = next_question(self.policy, self.pack, facts, None, self.on)
        if question is None:
            self.ended(facts, known)
            self.progress(share)
            found = 1, 0, 0
        else:
            found = self.asking(facts, question, share)
        if key is not None:
            self.seen[key] = found
        return found

    def apart(self, facts: Facts, known: Facts) -> list[dict[str, Any]]:
        """Items that share no open fact are walked by themselves: for each lot of items, the facts of the other lots,
        put aside as not clear. Not while it is open whether there is anything to be screened for at all."""
        open_ = self.open(facts, known)
        items = {item: self.item(item, facts, known, open_) for item in self.pack.ids}
        if all(items[item].refused for item in self.offered if self.pointed_to(item, known)):
            return []
        lots: list[set[str]] = []
        for one in items.values():
            if one.number:
                lot = self.asked_for(one.rest.live, open_)
                lots = [*(other for other in lots if not lot & other), lot.union(*(x for x in lots if lot & x))]
        lots = [lot for lot in lots if lot]
        every = set[str]().union(*lots)
        return [dict.fromkeys(sorted(every - lot)) for lot in lots]

    def asked_for(self, live: frozenset[str], open_: frozenset[str]) -> set[str]:
        """The open facts that can be asked for the sake of these, with all that is asked in one question with them."""
        found: set[str] = set()
        ahead = list(live & open_)
        while ahead:
            name = ahead.pop()
            if name not in found:
                found.add(name)
                more: list[Collection[str]] = [self.follows.get(name, frozenset())]
                more += [group.otherwise.keys() for group in self.policy.groups.values() if name in group.otherwise]
                ahead += [one for names in more for one in names if one in open_]
        return found & self.asked.keys()

    def asking(self, facts: dict[str, Any], question: Question, share: float) -> Counts:
        if any(name in facts for name in question.facts):
            self.fault(facts, f"“{question.key}” is asked though it has been answered")
            return 1, 0, 0
        stated = [facts_of(self.policy, question.key, one) for one in choices(self.policy, self.pack, question)]
        after = [{**one, **facts} for one in stated]
        if not self.matters(after[:-1]):
            self.fault(facts, f"“{question.key}” is asked, and every answer leads to the same decision")
        rests = [self.walk(each, share / len(after)) for each in after]
        talks = sum(count for count, _, _ in rests)
        return talks, talks + sum(asked for _, asked, _ in rests), 1 + max(most for _, _, most in rests)

    def matters(self, after: Sequence[Facts]) -> bool:
        """Whether two answers lead to different decisions; the last, mostly “none of them”, is the likeliest to."""
        outcomes = (decide(self.pack, facts, None, self.on, reasons=False).outcome() for facts in reversed(after))
        usual = next(outcomes)
        return any(outcome != usual for outcome in outcomes)

    # --- what is checked ---

    def ended(self, facts: Facts, known: Facts) -> None:
        """Nothing more is asked: what an unknown verdict needs had its question, or only a person can say."""
        open_ = self.open(facts, known)
        screened = self.screened({item: self.item(item, facts, known, open_).verdict for item in self.pack.ids}, known)
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
        told = self.sources(live, known, open_)
        groups = (group.otherwise.keys() for group in self.policy.groups.values())
        live |= {name for names in groups if live & names for name in names}
        settled = tuple(sorted((name, name in facts or known.get(name) is not None) for name in live))
        screened = tuple(self.screened({item: one.verdict for item, one in items.items()}, known))
        return screened, tuple(one.number for one in items.values()), settled, told

    def open(self, facts: Facts, known: Facts) -> frozenset[str]:
        """The facts that an answer may still settle."""

        def fits(if_so: str) -> bool:
            return not if_so or known.get(if_so) is True or (known.get(if_so) is None and if_so in found)

        found: set[str] = set()
        for name, if_sos in self.asked.items():
            if name not in facts and known.get(name) is None and any(map(fits, if_sos)):
                found.add(name)
        for name, sources in self.follows.items():
            if known.get(name) is None and not found.isdisjoint(sources):
                found.add(name)
        return frozenset(found)

    def item(self, item: str, facts: Facts, known: Facts, open_: frozenset[str]) -> _Seen:
        about = self.about[item]
        seen = item, tuple([(known.get(name), name in open_) for name in about])
        if seen not in self.items:
            rest = self.rests.item(item, known, open_)
            number = self.numbers.setdefault((item, rest.parts), len(self.numbers) + 1) if rest.parts else 0
            self.items[seen] = _Seen(self.decided(item, facts, known), number, rest)
        return self.items[seen]

    def sources(self, live: set[str], known: Facts, open_: frozenset[str]) -> tuple[tuple[str, Any], ...]:
        """What has been told of what a live fact may still follow from; all that it may follow from is added to
        `live`. Nothing follows any more where nothing of it is open."""
        told: dict[str, Any] = {}
        ahead = list(live)
        while ahead:
            name = ahead.pop()
            if known.get(name) is not None:
                told[name] = known[name]
                continue
            follows = self.follows.get(name, frozenset())
            if not follows.isdisjoint(open_):
                ahead += follows - live
                live |= follows
        return tuple(sorted(told.items()))
