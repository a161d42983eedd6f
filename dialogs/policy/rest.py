"""What is still open of an item once some facts are known: its conditions with these facts put in.

Two people for whom the rest of an item is the same will be told the same of it, whatever they answer from now on.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Any, get_args

from dialogs.policy.decision import Verdict
from dialogs.policy.logic import PERSON, Condition, Facts, Op, Rule
from dialogs.policy.pack import Compiled, Pack
from dialogs.policy.written import inside

COMPARE: dict[Op, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "in": lambda told, value: told in value,
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
    "overlaps": lambda told, value: not set(value).isdisjoint(told),
}
"""What each way of comparing means, as plain functions (code.py writes the quick ones)."""

MOST_MAYBES = 4
Rest = Any
"""True, False, ("?", what is missing for good), or a tuple with a live test of a fact in it."""


Live = frozenset[str]
"""The facts that something open still looks at."""
_SETTLED: Live = frozenset()
_Ahead = tuple[Compiled, Rest, bool, Live]
"""A row of what comes first, its rest, whether it may still turn out either way, and what it looks at."""


@dataclass(frozen=True, slots=True)
class ItemRest:
    """`parts`: what is still open, () when nothing is; `live`: the facts that it looks at; `refusable`: it may be, or is,
    refused; `shape`: what of it says which questions still matter, the same for items that need the same answers."""

    parts: tuple[Rest, ...]
    live: frozenset[str]
    refusable: bool
    shape: Rest


def rules_about(pack: Pack, item: str, applied: bool = False) -> list[Rule]:
    """Every condition that what is said of this item may hang on; `applied`: its papers and limits too."""
    first = [row for row in pack.first if item in row.items]
    rows = (*first, *pack.ways[item], *(_rows_applied(pack, item) if applied else ()))
    rules = [pack.rules[item], *(row.rule for row in rows if row.rule)]
    rules += [pack.rules[row.written.item] for row in first if not row.written.elsewhere]
    return rules + ([pack.offered_when[item]] if item in pack.offered_when else [])


def facts_about(pack: Pack, item: str, applied: bool = False) -> frozenset[str]:
    """Every fact that these look at."""
    first = [row for row in pack.first if item in row.items]
    granted = {name for row in first for name in (*row.written.grants, *row.written.assessed)}
    return frozenset(granted).union(*(rule.reads for rule in rules_about(pack, item, applied)))


def tests_in(rules: Iterable[Rule]) -> dict[str, tuple[tuple[Op, Any], ...]]:
    """For each fact, how it is tested: what these conditions tell apart of it."""
    found: dict[str, dict[str, tuple[Op, Any]]] = {}
    for rule in rules:
        for written in (rule.written, *rule.named.values()):
            for _, one in inside((), written):
                if one.fact and one.op:
                    found.setdefault(one.fact, {})[f"{one.op} {one.value!r}"] = one.op, one.value
    return {name: tuple(tests.values()) for name, tests in found.items()}


def _rows_applied(pack: Pack, item: str) -> tuple[Compiled, ...]:
    """What papers and limits of an item hang on."""
    rows = (*pack.bindings[item], *pack.clocks[item], *pack.before, *pack.bundle)
    return tuple(row for row in rows if item in row.items or row in pack.bundle)


@dataclass(slots=True)
class Rests:
    """The rests of one pack's items; `applied`: with those of their papers and limits. `known`: as `complete` gives it;
    `open_`: the facts that may still become known; others that are missing stay so. Each condition is put in once for
    the facts that it reads."""

    pack: Pack
    applied: bool = False
    seen: dict[object, tuple[Rest, Live]] = field(default_factory=dict)
    reads: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def item(self, item: str, known: Facts, open_: frozenset[str]) -> ItemRest:
        """Of its verdict, what it needs, and its way."""
        today, live = self.of(self.pack.rules[item], known, open_)
        later = [] if today is True else [*self.later(item, known, open_)]
        if today is False and not later:
            verdicts = frozenset({"not_eligible"})
        else:
            verdicts = frozenset({"automatic", "eligible"} if today is True else get_args(Verdict))
        beside = [*self.ways(item, verdicts, known, open_)]
        if verdicts != {"not_eligible"}:
            beside += self.papers(item, known, open_) if self.applied else ()
            beside += [self.of(self.pack.offered_when[item], known, open_)] if item in self.pack.offered_when else []
        parts = [(today, live), *later, *beside]
        names = _SETTLED.union(*(live for _, live in parts))
        if not names:
            return ItemRest((), names, _may_fail(today), ())
        whole = tuple(part for part, _ in parts)
        shape = (item, *whole) if any(live for _, live in beside) else _shape(today, [part for part, _ in later])
        return ItemRest(whole, names, _may_fail(today), shape)

    def papers(self, item: str, known: Facts, open_: frozenset[str]) -> Iterator[tuple[Rest, Live]]:
        for at, row in enumerate(_rows_applied(self.pack, item)):
            when, live = self.of(row.rule, known, open_)
            if when is not False:
                yield ("row", at, when), live

    def of(self, rule: Rule | None, known: Facts, open_: frozenset[str]) -> tuple[Rest, Live]:
        """The rest of one condition, and what of it is live."""
        if rule is None:
            return True, _SETTLED
        reads = self.reads.get(id(rule)) or self.reads.setdefault(id(rule), tuple(rule.reads))
        key = id(rule), tuple([(known.get(name), name in open_) for name in reads])
        if key not in self.seen:
            part = _Putting(rule.named, known, open_).put(rule.written)
            self.seen[key] = part, frozenset(_live(part))
        return self.seen[key]

    def later(self, item: str, known: Facts, open_: frozenset[str]) -> Iterator[tuple[Rest, Live]]:
        """As if what comes first were granted, for each choice of what may still turn out to come first; nothing where
        that opens nothing."""
        sure: list[_Ahead] = []
        maybe: list[_Ahead] = []
        for row in self.pack.first:
            if item not in row.items:
                continue
            when, live = self.of(row.rule, known, open_)
            refusing = None if row.written.elsewhere else self.pack.rules[row.written.item]
            opens, live_too = self.of(refusing, known, open_)
            if (when is True or live) and opens is not False:
                open_yet = when is not True or bool(live_too)
                one = row, (tuple(row.written.assessed), when, opens), open_yet, live | live_too
                (maybe if open_yet else sure).append(one)
        if len(maybe) > MOST_MAYBES:
            yield tuple((name, known.get(name)) for name in sorted(facts_about(self.pack, item))), _SETTLED
        some = chain.from_iterable(combinations(maybe, size) for size in range(len(maybe) + 1))
        for rows in ((*sure, *more) for more in some if sure or more):
            supposed, live = self.supposed(item, [row for row, *_ in rows], known, open_)
            if supposed is not False:  # which of the sure ones it is changes nothing but the words
                assessed = tuple(sorted({name for row, *_ in rows for name in row.written.assessed}))
                unsure = tuple(dict.fromkeys(part for _, part, open_yet, _ in rows if open_yet))
                yield (assessed, *unsure, supposed), live.union(*(one for *_, one in rows))

    def supposed(self, item: str, rows: Sequence[Compiled], known: Facts, open_: frozenset[str]) -> tuple[Rest, Live]:
        granted = {name: value for row in rows for name, value in row.written.grants.items()}
        assessed = {name: None for row in rows for name in row.written.assessed}
        return self.of(self.pack.rules[item], {**known, **granted, **assessed}, open_.difference(assessed))

    def ways(
        self, item: str, verdicts: frozenset[str], known: Facts, open_: frozenset[str]
    ) -> Iterator[tuple[Rest, Live]]:
        for at, row in enumerate(self.pack.ways[item]):
            if row.verdicts & verdicts:
                when, live = self.of(row.rule, known, open_)
                if when is not False:
                    yield ("way", at, when), live
                if when is True and row.verdicts >= verdicts:
                    return


def _shape(today: Rest, later: Sequence[Rest]) -> Rest:
    """Which answers can still change something does not hang on whether it comes today or after something that is sure
    to come first, nor on what stays missing beside all that is open."""
    bare = _bare(today)
    if len(later) == 1 and len(later[0]) == 2:
        assessed, supposed = later[0]
        then = _bare(supposed)
        if (today is False or then == bare) and not (_kinds(then, "?") and (assessed or today is not False)):
            return then
    if today is False and len(later) == 1 and not any(_live(later[0][-1])):
        return ("after", *later[0][1:-1])  # what comes first is open or not; what would follow is settled
    return (today, *later) if later else bare


def _bare(part: Rest) -> Rest:
    """Without what stays missing for good, where nothing else in it can be missing for good or for a person."""
    if not isinstance(part, tuple) or part[0] != "all":
        return part
    kept = [one for one in _flat(part) if any(_live(one))]
    if not kept or any(_kinds(one, "?", "doubt", "open") for one in kept):
        return part
    return kept[0] if len(kept) == 1 else ("all", *kept)


def _flat(part: Rest) -> Iterator[Rest]:
    for one in part[1:]:
        if one[0] == "all":
            yield from _flat(one)
        else:
            yield one


def _kinds(part: Rest, *kinds: str) -> bool:
    """Whether something of these kinds is in it."""
    return isinstance(part, tuple) and (part[:1] in {(kind,) for kind in kinds} or any(_kinds(x, *kinds) for x in part))


def _live(part: Rest) -> Iterator[str]:
    """The facts that are still tested in it."""
    if isinstance(part, tuple):
        if part[:1] == ("fact",):
            yield part[1]
        else:
            for inner in part:
                yield from _live(inner)


def _may_fail(part: Rest) -> bool:
    """Whether it can become, or is, False."""
    if isinstance(part, bool):
        return not part
    kind, *inner = part
    if kind in ("?", "doubt"):
        return False
    return any(map(_may_fail, inner)) if kind == "all" else all(map(_may_fail, inner)) if kind == "any" else True


# --- conditions ---


@dataclass(frozen=True, slots=True)
class _Putting:
    named: Mapping[str, Condition]
    known: Facts
    open_: frozenset[str]

    def put(self, one: Condition) -> Rest:
        if one.use is not None:
            return self.put(self.named[one.use])
        if one.fact is not None:
            return self.fact(one.fact, one)
        if one.all_ is not None:
            return self.joined("all", one.all_, False)
        if one.any_ is not None:
            return self.joined("any", one.any_, True)
        if one.not_ is not None:
            inner = self.put(one.not_)
            return not inner if isinstance(inner, bool) else ("not", inner)
        if one.known is not None:
            inner = self.put(one.known)
            return inner if isinstance(inner, bool) else ("known", inner) if any(_live(inner)) else False
        return self.left_open(one)

    def fact(self, name: str, one: Condition) -> Rest:
        told = self.known.get(name)
        if told is not None:
            return COMPARE[one.op or "eq"](told, one.value)
        return ("fact", name, one.op, repr(one.value)) if name in self.open_ else ("?", name)

    def joined(self, kind: str, members: Sequence[Condition], settles: bool) -> Rest:
        parts = []
        for member in members:
            part = self.put(member)
            if part is settles:
                return settles
            if not isinstance(part, bool):
                parts.append(part)
        return (kind, *parts) if parts else not settles

    def left_open(self, one: Condition) -> Rest:
        """`doubt` and `open`: a person decides once it is known to be so."""
        inner = one.doubt or one.open
        if not isinstance(inner, Condition):
            return ("?", PERSON)
        part = self.put(inner)
        if part is True:
            return ("?", PERSON)
        return ("doubt" if one.doubt else "open", part) if any(_live(part)) else one.doubt is not None
