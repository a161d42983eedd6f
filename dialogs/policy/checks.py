"""Checks of a pack before it is used: every name that it uses exists, every verdict has a reason, every item a way
and a clock.

Each problem is a place in the file, what is wrong and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from dialogs.policy.derive import RULES
from dialogs.policy.logic import Condition
from dialogs.policy.source import Path, Source
from dialogs.policy.told import wrong_value
from dialogs.policy.written import (
    ClausesFile,
    FactsFile,
    FieldsFile,
    First,
    Group,
    MaterialsFile,
    PackFile,
    cited_in,
    conditions_in,
    inside,
)


@dataclass(frozen=True, slots=True)
class Names:
    """What a pack may name."""

    facts: FactsFile
    fields: FieldsFile
    materials: MaterialsFile
    clauses: Mapping[str, ClausesFile] | None


def spelled(patterns: Sequence[str], ids: Sequence[str]) -> list[str]:
    """The items that these ids and patterns ("card.*") mean, in the order of the pack."""
    return [item for item in ids if any(item == p or fnmatchcase(item, p) for p in patterns)]


Problem = tuple[Path, str, str]


def check_facts_file(source: Source, written: FactsFile) -> None:
    for name, fact in written.facts.items():
        at: Path = ("facts", name)
        if fact.derive and fact.derive.rule not in RULES:
            raise source.error(
                (*at, "derive"), f"no rule is called “{fact.derive.rule}”", f"Use one of {sorted(RULES)}."
            )
        for used in fact.derive.from_ if fact.derive else ():
            _must(source, (*at, "derive"), "fact", used, written.facts)
        if fact.if_so:
            _must(source, (*at, "if_so"), "fact", fact.if_so, written.facts)
        for word in fact.explain:
            _must(source, (*at, "explain"), "word", word, written.words)
        if fact.options_like:
            _must(source, (*at, "options_like"), "list of options", fact.options_like, written.option_lists)
        for option in fact.options:
            _can_be(source, (*at, "options"), name, [option.value] if fact.type == "set" else option.value, written)
    for name, group in written.groups.items():
        _check_group(source, ("groups", name), group, written)


def _check_group(source: Source, at: Path, group: Group, written: FactsFile) -> None:
    for word in group.explain:
        _must(source, (*at, "explain"), "word", word, written.words)
    if group.if_so:
        _must(source, (*at, "if_so"), "fact", group.if_so, written.facts)
    for fact, value in group.otherwise.items():
        _can_be(source, (*at, "otherwise", fact), fact, value, written)
    for place, option in enumerate(group.options):
        for fact, value in option.sets.items():
            _must(source, (*at, "options", place), "fact of this group", fact, group.otherwise)
            _can_be(source, (*at, "options", place), fact, value, written)


def _can_be(source: Source, at: Path, fact: str, value: Any, written: FactsFile) -> None:
    _must(source, at, "fact", fact, written.facts)
    if wrong := wrong_value(written.facts[fact], value):
        raise source.error(at, f"“{fact}” can never be {value!r}: {wrong}", "Correct the value.")


def check_fields_file(source: Source, written: FieldsFile, facts: FactsFile) -> None:
    for name, text in written.fields.items():
        if text.fact:
            _must(source, ("fields", name, "fact"), "fact", text.fact, facts.facts)
        if text.same_as:
            _must(source, ("fields", name, "same_as"), "field", text.same_as, written.fields)
        if text.options_like:
            _must(source, ("fields", name, "options_like"), "list of options", text.options_like, written.option_lists)
        if not text.ask and not text.from_:
            raise source.error(
                ("fields", name), f"“{name}” has neither ask nor from", "Write its question, or what it follows from."
            )


def _must(source: Source, path: Path, what: str, name: str, names: Mapping[str, Any]) -> None:
    if name not in names:
        raise source.error(path, f"no {what} is called “{name}”", f"Correct the name or add the {what}.")


def parents_first(sources: Mapping[str, Source], written: Mapping[str, PackFile]) -> Iterator[str]:
    """The regions, each after the one it lies over. Raises PolicyError for a parent that is not there or a circle."""
    done: set[str] = set()
    for region in written:
        chain: list[str] = []
        at: str | None = region
        while at is not None and at not in done:
            if at in chain:
                raise sources[at].error(("parent",), f"“{at}” lies over itself", "Break the circle of parents.")
            chain.append(at)
            parent = written[at].parent
            if parent and parent.region not in written:
                wrong = f"no pack is called “{parent.region}”"
                raise sources[at].error(("parent", "region"), wrong, "Correct the parent, or add its file.")
            at = parent.region if parent else None
        done.update(chain)
        yield from reversed(chain)


def problems(
    pack: PackFile, region: str, names: Names, parent: Sequence[str] = (), taken: Sequence[str] = ()
) -> Iterator[Problem]:
    """`parent`: the items of the pack that this one lies over; `taken`: those of them that it takes over."""
    if pack.region != region:
        yield (
            ("region",),
            f"this is the pack of “{region}” but says “{pack.region}”",
            "Make file name and region agree.",
        )
    if pack.lead not in pack.departments:
        yield ("lead",), f"no department is called “{pack.lead}”", "Name one of the departments."
    if pack.province not in {*names.facts.provinces.values()}:
        yield ("province",), f"no province is called “{pack.province}”", "Add it to provinces in facts.yaml."
    for at, code in enumerate(pack.counties):
        if not (len(code) in (2, 4, 6) and code.isdigit()):
            wrong = f"“{code}” is no division code"
            yield ("counties", at), wrong, "Write six digits in quotes, or the two or four that its codes begin with."
    yield from _problems_of_parent(pack, parent, taken)
    yield from _circles(pack)
    for path, condition in conditions_in(pack):
        yield from _problems_of_condition(path, condition, pack, names)
    for item, body in pack.items.items():
        if body.department not in pack.departments:
            yield (
                ("items", item, "department"),
                f"no department is called “{body.department}”",
                "Name one of the departments.",
            )
        yield from _silent(("items", item, "when"), body.when, pack)
    yield from _problems_of_rows(pack, names, taken)
    yield from _problems_of_clauses(pack, names.clauses)


def _problems_of_parent(pack: PackFile, parent: Sequence[str], taken: Sequence[str]) -> Iterator[Problem]:
    for at, pattern in enumerate(pack.parent.items if pack.parent else ()):
        if not spelled([pattern], parent):
            yield ("parent", "items", at), f"the parent has no item “{pattern}”", "Correct the name."
    for item in taken:
        if item in pack.items:
            yield ("parent", "items"), f"“{item}” is an item of this pack already", "Take over only what it lacks."
    for ours, theirs in (pack.parent.like if pack.parent else {}).items():
        if ours not in pack.items or theirs not in parent:
            yield ("parent", "like", ours), f"“{ours}” or “{theirs}” is no item", "Name our item: the parent's."


def _problems_of_condition(path: Path, condition: Condition, pack: PackFile, names: Names) -> Iterator[Problem]:
    if condition.use is not None and condition.use not in pack.conditions:
        yield path, f"no condition is called “{condition.use}”", "Correct the name or write it under conditions."
    if condition.fact is not None:
        fact = names.facts.facts.get(condition.fact)
        if fact is None:
            yield path, f"no fact is called “{condition.fact}”", "Correct the name or add it to facts.yaml."
            return
        values = condition.value if isinstance(condition.value, list) else [condition.value]
        for value in values:
            if wrong := wrong_value(fact, [value] if fact.type == "set" else value):
                yield path, f"“{condition.fact}” can never be {value!r}: {wrong}", "Correct the value."
    if condition.spoken and not condition.clause:
        yield path, "this says something without naming a clause", "Add clause."


def _circles(pack: PackFile) -> Iterator[Problem]:
    for name in pack.conditions:
        seen, ahead = set[str](), [name]
        while ahead:
            for _, inner in inside((), pack.conditions[ahead.pop()]):
                if inner.use == name:
                    yield ("conditions", name), f"“{name}” uses itself", "Break the circle."
                    return
                if inner.use and inner.use in pack.conditions and inner.use not in seen:
                    seen.add(inner.use)
                    ahead.append(inner.use)


def _silent(path: Path, condition: Condition, pack: PackFile) -> Iterator[Problem]:
    """A verdict needs its reason: every test of an item must be said somewhere on the way to it."""
    if condition.use is not None:
        if condition.use in pack.conditions:
            yield from _silent(("conditions", condition.use), pack.conditions[condition.use], pack)
    elif not condition.spoken:
        inner = condition.all_ or condition.any_
        if not inner:
            yield path, "nobody would hear why", "Add clause, holds, fails and unknown."
        for each in inner or ():
            yield from _silent(path, each, pack)


def _problems_of_rows(pack: PackFile, names: Names, taken: Sequence[str]) -> Iterator[Problem]:
    ids = tuple(pack.items)
    for at, served in enumerate(pack.serves):
        for pattern in served.items:
            if not spelled([pattern], ids):
                yield ("serves", at), f"no item is called “{pattern}”", "Correct the name."
    for block in ("first", "ways", "clocks", "materials", "before"):
        for at, row in enumerate(getattr(pack, block)):
            for pattern in (
                *row.items,
                *getattr(row, "opens", ()),
                *((row.item,) if isinstance(row, First) else ()),
            ):
                if not spelled([pattern], (*ids, *taken) if block == "first" else ids):
                    yield (block, at), f"no item is called “{pattern}”", "Correct the name."
            material = getattr(row, "material", None)
            if material is not None and material not in names.materials.materials:
                yield (
                    (block, at, "material"),
                    f"no paper is called “{material}”",
                    "Correct it or add it to materials.yaml.",
                )
    for at, first in enumerate(pack.first):
        for name, value in (*first.grants.items(), *((name, None) for name in first.assessed)):
            fact = names.facts.facts.get(name)
            if fact is None:
                yield ("first", at), f"no fact is called “{name}”", "Correct the name or add it to facts.yaml."
            elif wrong := wrong_value(fact, value):
                yield ("first", at), f"“{name}” can never be {value!r}: {wrong}", "Correct the value."
    for at, row in enumerate(pack.form.fields):
        if row.field not in names.fields.fields:
            yield ("form", "fields", at), f"no field is called “{row.field}”", "Correct it or add it to fields.yaml."
    for at, question in enumerate(pack.asking):
        if question not in names.facts.groups and not (
            question in names.facts.facts and names.facts.facts[question].ask
        ):
            yield ("asking", at), f"“{question}” is no question", "Name a group, or a fact that has ask."
    for item in ids:
        yield from _incomplete(item, pack)


def _incomplete(item: str, pack: PackFile) -> Iterator[Problem]:
    ids = tuple(pack.items)
    if not any(item in spelled(row.items, ids) and row.when is None and not row.verdicts for row in pack.ways):
        yield ("items", item), f"“{item}” has no way for every case", "Add a row to ways without when."
    if not any(item in spelled(row.items, ids) and row.when is None for row in pack.clocks):
        yield (
            ("items", item),
            f"“{item}” has no clock",
            "Add a row to clocks (working_days: null where none is stated).",
        )
    if not any(item in spelled(stage, ids) for stage in pack.order.stages):
        yield ("items", item), f"“{item}” is in no stage of the order", "Add it to order."


def _problems_of_clauses(pack: PackFile, indexes: Mapping[str, ClausesFile] | None) -> Iterator[Problem]:
    if indexes is None:
        return
    index = indexes.get(pack.region)
    file = f"clauses/{pack.region}.yaml"
    if index is None:
        yield ("region",), f"there is no {file}", "Write the document's clauses down there."
        return
    labels = {clause.label for clause in index.document}
    for path, cited in cited_in(pack):
        if cited.clause and cited.clause not in labels:
            yield (
                path,
                f"the clause “{cited.clause}” is not in {file}",
                "Correct the label or add it with words of that place.",
            )
        if cited.reading and cited.reading not in index.readings:
            yield path, f"the reading “{cited.reading}” is not in {file}", "Correct the id or add the reading."
