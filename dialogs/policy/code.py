"""Conditions as Python functions: a pack is decided a thousand times for each time that it is read.

A condition's value is a number (why.py says which). All conditions of a pack become one function, a line for each
that is different from the others, so that what many items ask is worked out once. Its text holds nothing but names
that are given here; facts' names and values stand beside it, so that nothing of a file is ever run. What the kinds of
conditions mean stands in logic.py.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

from dialogs.policy.derive import Place, located
from dialogs.policy.logic import PERSON, Condition, Facts, Reason, Rule
from dialogs.policy.why import FAILS, HOLDS, PERSON_BIT, Line, Lines

_COMPARED = {
    "eq": "{} == {}",
    "ne": "{} != {}",
    "in": "{} in {}",
    "gte": "{} >= {}",
    "gt": "{} > {}",
    "lte": "{} <= {}",
    "lt": "{} < {}",
    "overlaps": "not {1}.isdisjoint({0})",
}


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Many conditions, worked out together. `values`: the value of each for somebody; `at`: where a rule's value stands
    in them, by the name under which the rule was given; `lines`: what is said of it; `names`: what it may miss, in the
    order in which it looks at them, a person last; `bits`: how each stands in a value."""

    values: Callable[[Facts], tuple[int, ...]]
    at: Mapping[Hashable, int]
    lines: Mapping[Hashable, Lines]
    names: Mapping[Hashable, tuple[str, ...]]
    bits: Mapping[str, int]

    def missing(self, rule: Hashable, value: int) -> list[str]:
        """The names of what this value of a rule misses."""
        return [name for name in self.names[rule] if value & self.bits[name]]


def compile_condition(
    written: Condition, named: Mapping[str, Condition], document: str, place: Place | None = None
) -> Rule:
    """`named`: the pack's conditions, for `use`; `place`: where it is looked from, when that is not where it is used.
    Raises KeyError for an unknown name (the loader has checked before)."""
    author = _Author()
    value = author.value(written, _Where(named, document, place))
    return Rule(
        test=author.function(f"None if {value} > 0 else not {value}"),
        asks=frozenset(_facts_in(written, named, asked=True)),
        reads=frozenset(_facts_in(written, named, asked=False)),
        written=written,
        named=named,
        document=document,
        place=place,
    )


def compile_table(rules: Mapping[Hashable, Rule]) -> Table:
    """All these rules together."""
    author = _Author()
    at, lines, names = {}, {}, {}
    for key, rule in rules.items():
        where = _Where(rule.named, rule.document, rule.place)
        author.looked_at.clear()
        at[key] = author.slot(author.value(rule.written, where))
        lines[key] = tuple(author.lines(rule.written, where))
        names[key] = tuple(sorted(author.looked_at, key=lambda name: name == PERSON))
    values = author.function(f"({''.join(f'{name}, ' for name in author.slots)})")
    return Table(values, at, lines, names, author.bits)


def _facts_in(written: Condition, named: Mapping[str, Condition], *, asked: bool) -> Iterator[str]:
    """The facts that it looks at; with `asked`, those that somebody may be asked for."""
    seen, ahead = set[str](), [written]
    while ahead:
        one = ahead.pop()
        if one.fact is not None:
            yield one.fact
        if one.use is not None and one.use not in seen:
            seen.add(one.use)
            ahead.append(named[one.use])
        ahead += [*(one.all_ or ()), *(one.any_ or ()), *([one.not_] if one.not_ else ())]
        if not asked:
            ahead += [inner for inner in (one.known, one.doubt, one.open) if isinstance(inner, Condition)]


@lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType:
    """Compiled once: a pack is built again and again, all but the same, while somebody tries out a change."""
    return compile(text, "<conditions of a pack>", "exec")


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a condition stands: the conditions beside it, its document, and the place that it is looked from."""

    named: Mapping[str, Condition]
    document: str
    place: Place | None


@dataclass(slots=True)
class _Author:
    """Writes one function. `text`: its lines, what is worked out -> the name it is called by; `beside`: what the
    function knows by name; `bits`: of every fact that can be missing; `looked_at`: of these, the facts that the rule at
    hand looks at; `slots`: the names that it gives back."""

    text: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=lambda: {"either": _either, "located": located})
    givens: dict[tuple[type, str], str] = field(default_factory=dict)
    bits: dict[str, int] = field(default_factory=lambda: {PERSON: PERSON_BIT})
    looked_at: dict[str, None] = field(default_factory=dict)
    slots: dict[str, int] = field(default_factory=dict)
    reasons: dict[Reason, Reason] = field(default_factory=dict)

    def function(self, gives: str) -> Callable[[Facts], Any]:
        lines = [f"    {name} = {worked_out}\n" for worked_out, name in self.text.items()]
        text = f"def work_out(facts):\n    f = facts.get\n{''.join(lines)}    return {gives}\n"
        exec(_compiled(text), self.beside)  # noqa: S102  the text is ours, see above
        made: Callable[[Facts], Any] = self.beside["work_out"]
        return made

    def line(self, worked_out: str) -> str:
        """The name of this in the function; a new line where it is not worked out yet."""
        return self.text.setdefault(worked_out, f"v{len(self.text)}")

    def given(self, value: Any) -> str:
        name = self.givens.setdefault((type(value), repr(value)), f"given{len(self.givens)}")
        self.beside[name] = value
        return name

    def slot(self, name: str) -> int:
        return self.slots.setdefault(name, len(self.slots))

    def bit(self, name: str) -> int:
        self.looked_at[name] = None
        return self.bits.setdefault(name, 1 << len(self.bits))

    # --- values ---

    def value(self, written: Condition, where: _Where) -> str:
        """The name of its value."""
        if written.use is not None:
            return self.value(where.named[written.use], where)
        if written.fact is not None:
            return self.line(self.compared(written, written.fact, where))
        if written.all_ is not None:
            return self.line(" | ".join(dict.fromkeys(self.value(one, where) for one in written.all_)))
        if written.any_ is not None:
            members = [self.value(one, where) for one in written.any_]
            closed = " and ".join(members)
            return self.line(f"either({', '.join(members)}) if {closed} else {HOLDS}")
        if written.not_ is not None:
            return self.line(self.denied(written.not_, where))
        if written.known is not None:
            return self.line(f"{FAILS} if {self.silent(written.known, where)} else {HOLDS}")
        person, otherwise = self.bit(PERSON), HOLDS if written.doubt is not None else FAILS
        inner = written.doubt or written.open
        if not isinstance(inner, Condition):
            return self.line(f"{person}")
        return self.line(f"{otherwise} if {self.silent(inner, where)} else {person}")

    def compared(self, written: Condition, fact: str, where: _Where) -> str:
        value = frozenset(written.value) if isinstance(written.value, list) else written.value
        told = self.told(fact, where)
        test = _COMPARED[written.op or "eq"].format(told, self.given(value))
        return f"{self.bit(fact)} if {told} is None else {HOLDS} if {test} else {FAILS}"

    def told(self, fact: str, where: _Where) -> str:
        if where.place is None:
            return self.line(f"f({self.given(fact)})")
        return self.line(f"{self.line(f'located(facts, {self.given(where.place)})')}.get({self.given(fact)})")

    def denied(self, written: Condition, where: _Where) -> str:
        if written.known is not None:
            return f"{HOLDS} if {self.silent(written.known, where)} else {FAILS}"
        value = self.value(written, where)
        return f"{value} if {value} > 0 else ~{value}"

    def silent(self, written: Condition, where: _Where) -> str:
        """The value of something that nobody is asked for: what of it is missing is not missed."""
        looked_at = dict(self.looked_at)
        value = self.value(written, where)
        self.looked_at = looked_at
        return value

    # --- what is said of them ---

    def lines(self, written: Condition, where: _Where) -> Iterator[Line]:
        if written.use is not None:
            yield from self.lines(where.named[written.use], where)
        elif written.spoken:
            yield self.said(written, where)
        elif written.all_ is not None:
            for member in written.all_:
                yield from self.lines(member, where)
        elif written.any_ is not None:
            ways = tuple((self.slot(self.value(one, where)), tuple(self.lines(one, where))) for one in written.any_)
            yield Line(self.slot(self.value(written, where)), (None, None, None), "", ways)

    def said(self, written: Condition, where: _Where) -> Line:
        """One reason for each value, in the words written beside the condition."""

        def reason(says: str, holds: bool | None) -> Reason | None:
            one = Reason(where.document, written.clause, says, holds, written.reading)
            return self.reasons.setdefault(one, one) if says else None

        at = self.slot(self.value(written, where))
        says = reason(written.holds, True), reason(written.unknown, None), reason(written.fails, False)
        return Line(at, says, written.change, ())


def _either(*values: int) -> int:
    """Of ways none of which is known to be open: closed, or what is missing of those that may still be. A person is
    needed only when no fact can help."""
    missing = 0
    for value in values:
        if value != FAILS:
            missing |= value
    return (missing & ~PERSON_BIT or missing) or FAILS
