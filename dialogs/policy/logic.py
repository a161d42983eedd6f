"""Conditions: all / any / not over {fact, op, value}, three-valued, compiled once to closures.

True, False or None (not known). A fact that is missing, or that the person is not sure of, is None. `known` counts
only what has been told; `open` and `doubt` mark where a document leaves it to a person. Nothing here knows a region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field, model_validator

from dialogs.policy.source import Data

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool | None]
PERSON = "person"

Op = Literal["eq", "ne", "in", "gte", "gt", "lte", "lt", "overlaps"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, in plain words ({who} is filled by the talk): it `holds` (True), fails (False) or is not known (None).
    `reading`: the id of the reading it rests on where the document itself leaves it open, else ""."""

    document: str
    clause: str
    says: str
    holds: bool | None
    reading: str = ""


class Condition(Data):
    """One condition as written. Exactly one of the first eight says what is tested; the rest says it in words, with
    its clause."""

    use: str | None = None
    all_: tuple[Condition, ...] | None = Field(None, alias="all")
    any_: tuple[Condition, ...] | None = Field(None, alias="any")
    not_: Condition | None = Field(None, alias="not")
    known: Condition | None = None
    doubt: Condition | None = None
    open: Condition | Literal["always"] | None = None
    fact: str | None = None

    op: Op | None = None
    value: Any = None

    clause: str = ""
    reading: str = ""
    holds: str = ""
    fails: str = ""
    unknown: str = ""
    change: str = ""

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        kinds = ("use", "all_", "any_", "not_", "known", "doubt", "open", "fact")
        if sum(getattr(self, kind) is not None for kind in kinds) != 1:
            raise ValueError("write exactly one of use, all, any, not, known, doubt, open, fact")
        if (self.fact is None) != (self.op is None) or (self.op and "value" not in self.model_fields_set):
            raise ValueError("a test of a fact needs fact, op and value")
        if self.op in ("in", "overlaps") and not isinstance(self.value, list):
            raise ValueError(f"“{self.op}” needs a list of values")
        if self.all_ == () or self.any_ == ():
            raise ValueError("the list of conditions is empty")
        return self

    @property
    def spoken(self) -> bool:
        return bool(self.clause or self.holds or self.fails or self.unknown)


@dataclass(slots=True)
class Told:
    """What an explanation gathers: reasons, facts that are missing ("person": nobody but a person can say), what
    would help."""

    why: list[Reason] = field(default_factory=list)
    needs: dict[str, None] = field(default_factory=dict)
    change: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled condition. `test`: its value. `explain`: the value, and why, told to a `Told`. `missing`: names of
    what makes it unknown. `asks`: facts that may be asked for it; `reads`: every fact it looks at."""

    test: Test
    explain: Callable[[Facts, Told], bool | None]
    missing: Callable[[Facts, dict[str, None]], None]
    asks: frozenset[str]
    reads: frozenset[str]


def compile_condition(written: Condition, named: Mapping[str, Condition], document: str) -> Rule:
    """`named`: the pack's conditions, for `use`. Raises KeyError for an unknown name (the loader has checked
    before)."""
    if written.use is not None:
        return compile_condition(named[written.use], named, document)
    rule = _KINDS[_kind(written)](written, lambda inner: compile_condition(inner, named, document))
    return _spoken(rule, written, document) if written.spoken else rule


def _kind(written: Condition) -> str:
    for kind in ("all_", "any_", "not_", "known", "doubt", "fact"):
        if getattr(written, kind) is not None:
            return kind
    return "open"


Compile = Callable[[Condition], Rule]


def _quiet(test: Test) -> Callable[[Facts, Told], bool | None]:
    return lambda facts, _: test(facts)


def _join(rules: Iterable[Rule], what: Literal["asks", "reads"]) -> frozenset[str]:
    return frozenset[str]().union(*(getattr(rule, what) for rule in rules))


# One closure for each way of comparing, without a call in between: these run a hundred times a decision.
_TESTS: dict[Op, Callable[[str, Any], Test]] = {
    "eq": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told == value,
    "ne": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told != value,
    "in": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told in value,
    "gte": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told >= value,
    "gt": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told > value,
    "lte": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told <= value,
    "lt": lambda name, value: lambda facts: None if (told := facts.get(name)) is None else told < value,
    "overlaps": lambda name, value: (
        lambda facts: None if (told := facts.get(name)) is None else not value.isdisjoint(told)
    ),
}


def _leaf(written: Condition, _: Compile) -> Rule:
    name = written.fact or ""
    value = frozenset(written.value) if isinstance(written.value, list) else written.value
    test = _TESTS[written.op or "eq"](name, value)

    def missing(facts: Facts, out: dict[str, None]) -> None:
        if facts.get(name) is None:
            out[name] = None

    names = frozenset({name})
    return Rule(test, _quiet(test), missing, names, names)


def _missing_of(rules: Sequence[Rule]) -> Callable[[Facts, dict[str, None]], None]:
    pairs = tuple((rule.test, rule.missing) for rule in rules)

    def missing(facts: Facts, out: dict[str, None]) -> None:
        for test, inner in pairs:
            if test(facts) is None:
                inner(facts, out)

    return missing


def _all(written: Condition, compile_: Compile) -> Rule:
    rules = tuple(compile_(inner) for inner in written.all_ or ())
    tests = tuple(rule.test for rule in rules)

    def test(facts: Facts) -> bool | None:
        verdict: bool | None = True
        for each in tests:
            value = each(facts)
            if value is False:
                return False
            if value is None:
                verdict = None
        return verdict

    explains = tuple(rule.explain for rule in rules)

    def explain(facts: Facts, told: Told) -> bool | None:
        verdict: bool | None = True
        for each in explains:
            value = each(facts, told)
            if value is False:
                verdict = False
            elif value is None and verdict is not False:
                verdict = None
        return verdict

    return Rule(test, explain, _missing_of(rules), _join(rules, "asks"), _join(rules, "reads"))


def _any(written: Condition, compile_: Compile) -> Rule:
    rules = tuple(compile_(inner) for inner in written.any_ or ())
    tests = tuple(rule.test for rule in rules)
    undecided = _missing_of(rules)

    def test(facts: Facts) -> bool | None:
        verdict: bool | None = False
        for each in tests:
            value = each(facts)
            if value:
                return True
            if value is None:
                verdict = None
        return verdict

    def explain(facts: Facts, told: Told) -> bool | None:
        values = [each(facts) for each in tests]
        if True in values:
            return rules[values.index(True)].explain(facts, told)
        if None in values:
            _explain_undecided(rules, facts, told)
            return None
        closest = [Told() for _ in rules]
        for rule, one in zip(rules, closest, strict=True):
            rule.explain(facts, one)
            told.why.extend(one.why)
        told.change.update(min(closest, key=lambda one: len(one.change)).change)
        return False

    def missing(facts: Facts, out: dict[str, None]) -> None:
        inner: dict[str, None] = {}
        undecided(facts, inner)
        out.update(_facts_before_person(inner))

    return Rule(test, explain, missing, _join(rules, "asks"), _join(rules, "reads"))


def _explain_undecided(rules: Sequence[Rule], facts: Facts, told: Told) -> None:
    """No way is open yet, some may be: what has failed is said too, and a person is needed only when no fact can
    help."""
    each = [Told() for _ in rules]
    for rule, one in zip(rules, each, strict=True):
        if rule.explain(facts, one) is False:  # a way that is closed needs nothing any more
            one.why, one.needs = [reason for reason in one.why if reason.holds is not None], {}
    asking = any(set(one.needs) - {PERSON} for one in each)
    for one in each:
        if not (asking and list(one.needs) == [PERSON]):
            told.why.extend(one.why)
            told.needs.update(one.needs)


def _facts_before_person(needs: dict[str, None]) -> dict[str, None]:
    facts = {name: None for name in needs if name != PERSON}
    return facts or needs


def _not(written: Condition, compile_: Compile) -> Rule:
    inner = compile_(written.not_ or written)
    inside = inner.test

    def test(facts: Facts) -> bool | None:
        value = inside(facts)
        return None if value is None else not value

    return Rule(test, _quiet(test), inner.missing, inner.asks, inner.reads)


def _nothing_missing(facts: Facts, out: dict[str, None]) -> None:
    return None


def _known(written: Condition, compile_: Compile) -> Rule:
    inner = compile_(written.known or written)
    inside = inner.test

    def test(facts: Facts) -> bool | None:
        return inside(facts) is True

    return Rule(test, _quiet(test), _nothing_missing, frozenset(), inner.reads)


def _person_missing(facts: Facts, out: dict[str, None]) -> None:
    out[PERSON] = None


def _doubt(written: Condition, compile_: Compile) -> Rule:
    inner = compile_(written.doubt or written)
    inside = inner.test

    def test(facts: Facts) -> bool | None:
        return None if inside(facts) is True else True

    return Rule(test, _quiet(test), _person_missing, frozenset(), inner.reads)


def _open(written: Condition, compile_: Compile) -> Rule:
    if written.open is None or written.open == "always":
        return Rule(lambda facts: None, lambda facts, told: None, _person_missing, frozenset(), frozenset())
    inner = compile_(written.open)
    inside = inner.test

    def test(facts: Facts) -> bool | None:
        return None if inside(facts) is True else False

    return Rule(test, _quiet(test), _person_missing, frozenset(), inner.reads)


_KINDS: dict[str, Callable[[Condition, Compile], Rule]] = {
    "all_": _all,
    "any_": _any,
    "not_": _not,
    "known": _known,
    "doubt": _doubt,
    "open": _open,
    "fact": _leaf,
}


def _spoken(rule: Rule, written: Condition, document: str) -> Rule:
    """The same rule, explained in the words written beside it, as one reason."""
    test, missing, change = rule.test, rule.missing, written.change

    def reason(says: str, holds: bool | None) -> Reason | None:
        return Reason(document, written.clause, says, holds, written.reading) if says else None

    if_so, if_not, if_unknown = reason(written.holds, True), reason(written.fails, False), reason(written.unknown, None)

    def explain(facts: Facts, told: Told) -> bool | None:
        value = test(facts)
        said = if_so if value else if_unknown if value is None else if_not
        if said is not None:
            told.why.append(said)
        if value is None:
            missing(facts, told.needs)
        elif value is False and change:
            told.change[change] = None
        return value

    return Rule(test, explain, missing, rule.asks, rule.reads)
