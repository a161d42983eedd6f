"""A pack ready to decide by, and loading packs, facts, fields and papers from YAML text into one `Policy`.

Conditions are compiled to closures and rows spelled out per item, once; what may stand in the files is in written.py.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, get_args

from dialogs.messages import Explained, Option
from dialogs.policy.checks import (
    Names,
    spelled,
)
from dialogs.policy.code import Table, compile_condition, compile_table
from dialogs.policy.decision import Channel, Deadline, Verdict
from dialogs.policy.derive import RULES, Derive, Following, Place
from dialogs.policy.logic import Condition, Reason, Rule, Test
from dialogs.policy.written import (
    Clock,
    Department,
    Fact,
    FactsFile,
    FieldText,
    First,
    Group,
    Item,
    Material,
    OptionText,
    PackFile,
    Row,
    Way,
    conditions_in,
)

ANY_BUT_REFUSED = frozenset(get_args(Verdict)) - {"not_eligible"}


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A row with its condition compiled, its items and verdicts spelled out. `rule` None: always. `gives`: the way,
    limit or reason it names. `document`: the region whose document it stands in. Each is only like itself."""

    document: str
    items: frozenset[str]
    rule: Rule | None
    written: Any
    gives: Any = None
    verdicts: frozenset[str] = ANY_BUT_REFUSED

    def fits(self, item: str, verdict: str, facts: Mapping[str, Any]) -> bool | None:
        """True, False, or None when a fact is missing."""
        if verdict not in self.verdicts or item not in self.items:
            return False
        return True if self.rule is None else self.rule.test(facts)


@lru_cache(maxsize=4096)
def meant_for(rows: tuple[Compiled, ...], verdict: str) -> tuple[tuple[Test | None, Compiled], ...]:
    """Those of an item's rows that are meant for this verdict, each behind its test (None: always)."""
    return tuple((row.rule.test if row.rule else None, row) for row in rows if verdict in row.verdicts)


@dataclass(frozen=True, eq=False)
class Pack:
    """A document ready to decide by. The same for every person: nothing in it changes after loading.

    `sources`: fact -> what a person is asked in its place. `asks`: item -> facts that can decide its verdict and
    its way; `asks_applied`: also its papers and limits. `numbers`: fact -> one value for each class that conditions, and
    what follows from it, tell apart. `offered_when`: item -> when it is offered though it is open to everybody.
    `behind`: items taken over from a wider document, which add no papers unless they are wished for;
    `also`: the ways of that document for our own items. `key`: which document and version, or which ones. `asked`: facts
    that hang together with what is asked; `bearing`: of the derivations, those that a decision or a question looks at.
    """

    key: str
    written: PackFile
    place: Place
    items: Mapping[str, Item]
    departments: Mapping[str, Department]
    asking: tuple[str, ...]
    rules: Mapping[str, Rule]
    ids: tuple[str, ...]
    automatic: frozenset[str]
    derivations: tuple[tuple[str, Following], ...]
    asked: frozenset[str]
    sources: Mapping[str, tuple[str, ...]]
    first: tuple[Compiled, ...]
    ways: Mapping[str, tuple[Compiled, ...]]
    outside: tuple[Compiled, ...]
    clocks: Mapping[str, tuple[Compiled, ...]]
    bindings: Mapping[str, tuple[Compiled, ...]]
    before: tuple[Compiled, ...]
    form: tuple[Compiled, ...]
    bundle: tuple[Compiled, ...]
    papers: Mapping[str, Material]
    stages: tuple[frozenset[str], ...]
    asks: Mapping[str, frozenset[str]]
    asks_applied: Mapping[str, frozenset[str]]
    numbers: Mapping[str, tuple[int, ...]]
    offered_when: Mapping[str, Rule]
    behind: frozenset[str] = frozenset()
    also: Mapping[str, tuple[Compiled, ...]] = field(default_factory=dict)
    bearing: tuple[tuple[str, Derive], ...] = field(init=False)

    def __post_init__(self) -> None:
        looked_at = self.asked.union(*(rule.reads for rule in self._conditions()), *self.asks_applied.values())
        follows = {name: derived.looks_at for name, derived in self.derivations}
        ahead = looked_at | {"household_in_service_county"}  # says whether somebody is served here at all
        while ahead:
            looked_at |= ahead
            ahead = frozenset[str]().union(*(follows.get(name, ()) for name in ahead)) - looked_at
        bearing = [(name, derived) for name, derived in self.derivations if name in looked_at]
        object.__setattr__(self, "bearing", tuple((name, derived.rule) for name, derived in bearing))
        ages = {age for _, derived in bearing for age in derived.ages}
        object.__setattr__(self, "numbers", _with_ages(self.numbers, ages))

    def _conditions(self) -> Iterator[Rule]:
        yield from (*self.rules.values(), *self.offered_when.values())
        by_item = (*self.ways.values(), *self.clocks.values(), *self.bindings.values(), *self.also.values())
        for rows in (self.first, self.outside, self.before, self.bundle, *by_item):
            yield from (row.rule for row in rows if row.rule)

    @cached_property
    def table(self) -> Table:
        """The conditions of its items, of what comes first and of who is served elsewhere, worked out together: by item,
        and by row."""
        rules: dict[Hashable, Rule] = dict(self.rules.items())
        return compile_table(rules | {row: row.rule for row in (*self.first, *self.outside) if row.rule})

    @property
    def region(self) -> str:
        return self.written.region

    @property
    def version(self) -> str:
        return self.written.version


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is known of policy: packs by region, and by the digits that their counties' codes begin with (`by_prefix`),
    `joined` by the regions of household and residence, versions
    of `earlier` by key; facts, groups, fields and papers by name, hard words
    explained."""

    packs: Mapping[str, Pack]
    by_prefix: Mapping[str, Pack]
    joined: Mapping[tuple[str, str], Pack]
    earlier: Mapping[str, Pack]
    facts: Mapping[str, Fact]
    groups: Mapping[str, Group]
    fields: Mapping[str, FieldText]
    materials: Mapping[str, Material]
    provinces: Mapping[str, str]
    words: Mapping[str, str]
    option_lists: Mapping[str, tuple[OptionText, ...]]

    def of_version(self, region: str, version: str) -> Pack | None:
        """The pack of this region as it was then; today's where that version is not kept. None: there is none."""
        today = self.packs.get(region)
        some = (today, *self.earlier.values())
        return next((one for one in some if one and (one.region, one.version) == (region, version)), today)

    def options(self, written: Fact | FieldText) -> tuple[Option, ...]:
        texts = self.option_lists[written.options_like] if written.options_like else written.options
        return tuple(Option(text.value, text.label, text.hint) for text in texts)

    def explained(self, words: Sequence[str]) -> tuple[Explained, ...]:
        return tuple(Explained(word, self.words[word]) for word in words)


def compile_pack(written: PackFile, names: Names, taken: tuple[str, ...] = ()) -> Pack:
    """The pack by itself. `taken`: items that it will take over; only what comes first may name them."""
    facts = names.facts
    named, ids = written.conditions, tuple(written.items)

    def rule(condition: Condition | None) -> Rule | None:
        return compile_condition(condition, named, written.region) if condition else None

    def ready(rows: Sequence[Row], every: Sequence[str] = ()) -> tuple[Compiled, ...]:
        return tuple(
            Compiled(
                document=written.region,
                items=frozenset(spelled(getattr(row, "opens", ()) or row.items or every, (*ids, *taken))),
                rule=rule(row.when),
                written=row,
                gives=_gives(row, written.region),
                verdicts=frozenset(row.verdicts) or ANY_BUT_REFUSED,
            )
            for row in rows
        )

    def by_item(rows: Sequence[Row]) -> dict[str, tuple[Compiled, ...]]:
        compiled = ready(rows)
        return {item: tuple(row for row in compiled if item in row.items) for item in ids}

    rules = {item: compile_condition(body.when, named, written.region) for item, body in written.items.items()}
    sources = _sources(facts)
    first, ways, bindings = ready(written.first), by_item(written.ways), by_item(written.materials)
    clocks, before = (
        by_item([clock for clock in written.clocks if not (clock.bundle or clock.step)]),
        ready(written.before),
    )
    asks, asks_applied = what_items_ask(ids, rules, first, ways, bindings, clocks, before, sources)
    return Pack(
        key=f"{written.region}@{written.version}",
        written=written,
        place=Place(written.province, written.counties, facts.provinces),
        items=written.items,
        departments=written.departments,
        asking=written.asking,
        rules=rules,
        ids=ids,
        automatic=frozenset(item for item, body in written.items.items() if body.automatic),
        derivations=tuple((name, RULES[fact.derive.rule]) for name, fact in facts.facts.items() if fact.derive),
        asked=_asked_together(written.asking, facts),
        sources=sources,
        first=first,
        ways=ways,
        outside=ready(written.outside),
        clocks=clocks,
        bindings=bindings,
        before=before,
        form=ready(written.form.fields, ids),
        bundle=ready([clock for clock in written.clocks if clock.bundle or clock.step]),
        papers=names.materials.materials,
        stages=tuple(frozenset(spelled(stage, ids)) for stage in written.order.stages),
        asks=asks,
        asks_applied=asks_applied,
        numbers=_classes(written),
        offered_when={
            item: compile_condition(body.offered_when, named, written.region)
            for item, body in written.items.items()
            if body.offered_when
        },
    )


def _asked_together(asking: Sequence[str], facts: FactsFile) -> frozenset[str]:
    """The facts of these questions, and those that say whether they are asked."""
    groups = [facts.groups[key] for key in asking if key in facts.groups]
    names = frozenset(key for key in asking if key in facts.facts).union(*(group.otherwise for group in groups))
    return (names | {group.if_so for group in groups} | {facts.facts[name].if_so for name in names}) - {""}


Rows = Mapping[str, Sequence[Compiled]]


def what_items_ask(
    ids: Sequence[str],
    rules: Mapping[str, Rule],
    first: Sequence[Compiled],
    ways: Rows,
    bindings: Rows,
    clocks: Rows,
    before: Sequence[Compiled],
    sources: Mapping[str, tuple[str, ...]],
) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    """For each item, what a person can be asked for its verdict and way, and for its papers and limits too."""

    def of(rows: Sequence[Compiled], item: str) -> list[Compiled]:
        return [row for row in rows if item in row.items]

    asks = {item: _asks(rules[item], [*ways[item], *of(first, item)], sources) for item in ids}
    more = {item: _asks(None, [*bindings[item], *clocks[item], *of(before, item)], sources) for item in ids}
    return asks, {item: asks[item] | more[item] for item in ids}


def _asks(rule: Rule | None, rows: Sequence[Compiled], sources: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """What a person can be asked for, of everything that these conditions look at."""
    rules = [rule, *(row.rule for row in rows)]
    names = frozenset[str]().union(*(one.asks for one in rules if one))
    return frozenset(source for name in names for source in sources[name])


def _classes(written: PackFile) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for _, condition in conditions_in(written):
        if condition.fact and condition.op in ("gte", "gt", "lte", "lt"):
            found.setdefault(condition.fact, set()).add(int(condition.value) + (condition.op in ("gt", "lte")))
    return {name: classes(turns) for name, turns in found.items()}


def classes(*turns: Iterable[int]) -> tuple[int, ...]:
    """One value of every class of a number: below the first of the places where something changes, and at each of
    them. Those of classes are all but the first."""
    every = sorted(frozenset[int]().union(*turns))
    return (every[0] - 1, *every)


def _with_ages(numbers: Mapping[str, tuple[int, ...]], ages: Collection[int]) -> Mapping[str, tuple[int, ...]]:
    """The same, and the classes of age that what follows from it tells apart."""
    return {**numbers, "age": classes(numbers.get("age", ())[1:], ages)} if ages else numbers


def _gives(row: Row, region: str) -> Channel | Deadline | Reason | None:
    if isinstance(row, First):
        return Reason(region, row.clause, row.says, False, row.reading)
    if isinstance(row, Way):
        return Channel(row.mode, row.where, row.says, row.clause, row.url, row.row, region)
    if isinstance(row, Clock):
        return Deadline(row.working_days, row.starts, row.excludes, row.clause, row.by, row.calendar_days, row.says)
    return None


def _sources(facts: FactsFile) -> dict[str, tuple[str, ...]]:
    """For each fact: the facts that a person can be asked to settle it ("" when there is none)."""

    def of(name: str, seen: frozenset[str]) -> list[str]:
        fact = facts.facts[name]
        if fact.ask:
            return [name]
        if fact.derive is None or name in seen:
            return []
        return [source for inner in fact.derive.from_ for source in of(inner, seen | {name})]

    return {name: tuple(dict.fromkeys(of(name, frozenset()))) for name in facts.facts}
