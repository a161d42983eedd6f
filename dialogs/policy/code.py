"""Conditions as Python functions: a pack is decided a thousand times for each time that it is read.

Each condition becomes three short functions: its value (True, False, None), why, and what is missing. Their text holds
nothing but names that are given here; facts' names, values, reasons and words stand beside it, so that nothing of a
file is ever run. What the kinds of conditions mean stands in logic.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType
from typing import Any

from dialogs.policy.logic import PERSON, Condition, Facts, Reason, Rule, Test, Told

LONGEST = 400
"""Characters up to which a named condition is written out where it is used; a longer one is called."""

_COMPARED = {
    "eq": "it == {}",
    "ne": "it != {}",
    "in": "it in {}",
    "gte": "it >= {}",
    "gt": "it > {}",
    "lte": "it <= {}",
    "lt": "it < {}",
    "overlaps": "not {}.isdisjoint(it)",
}
_PARAMETERS = {"value": "facts", "explain": "facts, told", "missing": "facts, out"}


def compile_condition(written: Condition, named: Mapping[str, Condition], document: str) -> Rule:
    """`named`: the pack's conditions, for `use`. Raises KeyError for an unknown name (the loader has checked
    before)."""
    author = _Author(named, document)
    functions = {role: author.function(role, written) for role in _PARAMETERS}
    made = author.run()
    return Rule(
        test=made[functions["value"]],
        explain=made[functions["explain"]],
        missing=made[functions["missing"]],
        asks=frozenset(_facts_in(written, named, asked=True)),
        reads=frozenset(_facts_in(written, named, asked=False)),
        written=written,
        named=named,
    )


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


@dataclass(slots=True)
class _Author:
    """Writes the functions of one condition. `beside`: what they know by name; `uses`: what is written of each named
    condition, by role."""

    named: Mapping[str, Condition]
    document: str
    text: list[str] = field(default_factory=list)
    beside: dict[str, Any] = field(default_factory=dict)
    uses: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    count: int = 0

    def run(self) -> dict[str, Any]:
        space = {**self.beside, "either": _either, "facts_first": _facts_first, "PERSON": PERSON}
        exec(_compiled("".join(self.text)), space)  # noqa: S102  the text is ours, see above
        return space

    def name(self, what: str) -> str:
        self.count += 1
        return f"{what}{self.count}"

    def given(self, value: Any) -> str:
        name = self.name("given")
        self.beside[name] = value
        return name

    def function(self, role: str, written: Condition) -> str:
        lines = [f"return {self.value(written)}"] if role == "value" else list(self.lines(role, written))
        return self.define(role, lines)

    def define(self, role: str, lines: Sequence[str]) -> str:
        name = self.name(role)
        body = "".join(f"    {line}\n" for line in ("f = facts.get", *lines))
        self.text.append(f"def {name}({_PARAMETERS[role]}):\n{body}")
        return name

    # --- its value, as an expression ---

    def value(self, written: Condition) -> str:
        if written.use is not None:
            return self.used("value", written.use)[0]
        if written.fact is not None:
            return self.compared(written)
        if written.all_ is not None:
            return self.joined(written.all_, "{} is False", "False", "True")
        if written.any_ is not None:
            return self.joined(written.any_, "{}", "True", "False")
        if written.not_ is not None:
            if written.not_.known is not None:
                return f"(not {self.value(written.not_)})"
            one = self.name("v")
            return f"(None if ({one} := {self.value(written.not_)}) is None else not {one})"
        if written.known is not None:
            return self.is_true(written.known)
        if written.doubt is not None:
            return f"(None if {self.is_true(written.doubt)} else True)"
        if isinstance(written.open, Condition):
            return f"(None if {self.is_true(written.open)} else False)"
        return "None"

    def is_true(self, written: Condition) -> str:
        """Whether it is known to be so; a missing fact is like no value."""
        if written.fact is not None and written.op == "eq" and written.value is not None:
            return f"(f({self.given(written.fact)}) == {self.given(written.value)})"
        return f"({self.value(written)} is True)"

    def compared(self, written: Condition) -> str:
        value = frozenset(written.value) if isinstance(written.value, list) else written.value
        test = _COMPARED[written.op or "eq"].format(self.given(value))
        return f"(None if (it := f({self.given(written.fact)})) is None else {test})"

    def joined(self, members: Iterable[Condition], settles: str, settled: str, otherwise: str) -> str:
        """The first member that settles it ends it; else one that is not known leaves it open."""
        names, tests = [], []
        for member in members:
            text = self.value(member)  # its own names first
            if self.always_known(member):
                tests.append(settles.format(text))
            else:
                names.append(self.name("v"))
                tests.append(settles.format(f"({names[-1]} := {text})"))
        if not names:
            return f"({settled} if {' or '.join(tests)} else {otherwise})"
        unknown = " or ".join(f"{name} is None" for name in names)
        return f"({settled} if {' or '.join(tests)} else None if {unknown} else {otherwise})"

    # --- why, and what is missing, as lines ---

    def lines(self, role: str, written: Condition) -> Iterator[str]:
        if written.use is not None:
            yield from self.used(role, written.use)
        elif role == "missing":
            yield from self.missing(written)
        elif written.spoken:
            yield from self.said(written)
        elif written.all_ is not None:
            for member in written.all_:
                yield from self.lines(role, member)
        elif written.any_ is not None:
            ways = tuple((self.function("value", one), self.function("explain", one)) for one in written.any_)
            yield f"either(({''.join(f'({test}, {why}), ' for test, why in ways)}), facts, told)"

    def said(self, written: Condition) -> Iterator[str]:
        """One reason, in the words written beside the condition."""

        def reason(says: str, holds: bool | None) -> list[str]:
            one = Reason(self.document, written.clause, says, holds, written.reading)
            return [f"told.why.append({self.given(one)})"] if says else []

        value = self.name("v")
        yield f"{value} = {self.value(written)}"
        yield from _under(f"if {value}:", reason(written.holds, True))
        unknown = [*reason(written.unknown, None), "out = told.needs", *self.missing(written)]
        yield from _under(f"elif {value} is None:", unknown)
        change = [f"told.change[{self.given(written.change)}] = None"] if written.change else []
        yield from _under("else:", [*reason(written.fails, False), *change])

    def missing(self, written: Condition) -> Iterator[str]:
        if written.fact is not None:
            name = self.given(written.fact)
            yield from _under(f"if f({name}) is None:", [f"out[{name}] = None"])
        elif written.all_ is not None:
            yield from self.missing_of(written.all_)
        elif written.any_ is not None:
            outer = self.name("outer")
            yield from (f"{outer} = out", "out = {}")
            yield from self.missing_of(written.any_)
            yield from (f"{outer}.update(facts_first(out))", f"out = {outer}")
        elif written.not_ is not None:
            yield from self.lines("missing", written.not_)
        elif written.known is None:
            yield "out[PERSON] = None"

    def missing_of(self, members: Iterable[Condition]) -> Iterator[str]:
        for member in members:
            inner = [*self.lines("missing", member)]
            if self.meant(member).fact is not None:
                yield from inner
            elif inner:
                yield from _under(f"if {self.value(member)} is None:", inner)

    # --- named conditions ---

    def used(self, role: str, name: str) -> list[str]:
        """What is written where a named condition is used: all of it when it is short, a call when it is not."""
        if (role, name) not in self.uses:
            written = self.named[name]
            lines = [self.value(written)] if role == "value" else [*self.lines(role, written)]
            if sum(map(len, lines)) > LONGEST:
                made = self.define(role, [f"return {lines[0]}"] if role == "value" else lines)
                lines = [f"{made}({_PARAMETERS[role]})"]
            self.uses[role, name] = lines
        return self.uses[role, name]

    def meant(self, written: Condition) -> Condition:
        """The condition itself, where only its name is written."""
        while written.use is not None:
            written = self.named[written.use]
        return written

    def always_known(self, written: Condition) -> bool:
        one = self.meant(written)
        return one.known is not None or (one.not_ is not None and self.always_known(one.not_))


def _under(head: str, lines: Sequence[str]) -> Iterator[str]:
    yield head
    yield from (f"    {line}" for line in lines or ("pass",))


def _facts_first(needs: dict[str, None]) -> dict[str, None]:
    """A person is needed only when no fact can help."""
    return {name: None for name in needs if name != PERSON} or needs


Way = tuple[Test, Callable[[Facts, Told], None]]


def _either(ways: Sequence[Way], facts: Facts, told: Told) -> None:
    """The first way that is open explains itself; when none is known to be, all of them, and what is nearest."""
    values = [test(facts) for test, _ in ways]
    if True in values:
        ways[values.index(True)][1](facts, told)
        return
    each = [Told() for _ in ways]
    for (_, explain), one in zip(ways, each, strict=True):
        explain(facts, one)
    if None in values:
        _undecided(values, each, told)
        return
    for one in each:
        told.why.extend(one.why)
    ways_on = [one for one in each if one.change]
    if ways_on:
        told.change.update(min(ways_on, key=lambda one: len(one.change)).change)


def _undecided(values: Sequence[bool | None], each: Sequence[Told], told: Told) -> None:
    """No way is open yet, some may be: what has failed is said too, and a person is needed only when no fact can
    help. A way that is closed needs nothing any more."""
    for value, one in zip(values, each, strict=True):
        if value is False:
            one.why, one.needs = [reason for reason in one.why if reason.holds is not None], {}
    asking = any(set(one.needs) - {PERSON} for one in each)
    needs: dict[str, None] = {}
    for one in each:
        if not (asking and list(one.needs) == [PERSON]):
            told.why.extend(one.why)
            needs.update(one.needs)
    told.needs.update(_facts_first(needs))
