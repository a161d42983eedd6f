"""What a pack is: its schema, and loading packs, facts, fields and papers from YAML text into one `Policy`.

Everything a document says stands in the YAML; here is only its shape. Loading checks that every name exists (facts, conditions,
items, papers, fields, departments) and says in which file and line it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import Field

from dialogs.messages import Explained, InputKind, Option
from dialogs.policy.decision import Channel, Deadline, Mode, Need, Verdict
from dialogs.policy.derive import RULES, Derive, Place
from dialogs.policy.logic import Condition, Reason, Rule, compile_condition
from dialogs.policy.source import Data, Path, PolicyError, Source

Start = Literal["acceptance", "publicity", "assessment_result", "application", "card_issued", "not_stated"]
Exclusion = Literal["assessment", "publicity", "pension_payment"]
FactType = Literal["bool", "int", "number", "enum", "set", "date", "county", "text"]

# --- facts.yaml -----------------------------------------------------------------------------------------------------------


class OptionText(Data):
    value: Any
    label: str
    hint: str = ""


class Derivation(Data):
    """`rule`: a name of derive.py; `from`: what it needs; `asked_too`: the fact itself may be asked as well."""

    rule: str
    from_: tuple[str, ...] = Field((), alias="from")
    asked_too: bool = False


class Fact(Data):
    """One fact. `ask` is "" when nobody is asked for it. `values`: what it may be; `bounds`: ages and numbers where it matters."""

    title: str
    type: FactType
    ask: str = ""
    ask_dead: str = ""
    hint: str = ""
    explain: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    bounds: tuple[int, ...] = ()
    options: tuple[OptionText, ...] = ()
    options_like: str = ""
    derive: Derivation | None = None


class GroupOption(OptionText):
    sets: dict[str, Any]


class Group(Data):
    """One question with several answers and “none of them”. `otherwise`: what its facts are when no chosen answer says more.
    `door`: asked to hear which service is wanted, as long as nothing of it has been told."""

    title: str
    ask: str
    none: str
    options: tuple[GroupOption, ...]
    otherwise: dict[str, Any]
    hint: str = ""
    explain: tuple[str, ...] = ()
    door: bool = False


class FactsFile(Data):
    provinces: dict[str, str]
    words: dict[str, str]
    facts: dict[str, Fact]
    option_lists: dict[str, tuple[OptionText, ...]] = {}
    groups: dict[str, Group] = {}


# --- fields.yaml and materials.yaml ---------------------------------------------------------------------------------------


class FieldText(Data):
    """A field of a form. `rule`: how it is checked (fields.py). `from`: what it follows from. `fact`: the fact that it states.
    `same_as`: the answer “the same” takes that field's value."""

    label: str
    input: InputKind
    rule: str
    label_dead: str = ""
    ask: str = ""
    ask_dead: str = ""
    hint: str = ""
    sensitive: bool = False
    fact: str = ""
    from_: str = Field("", alias="from")
    same_as: str = ""
    same_label: str = ""
    options: tuple[OptionText, ...] = ()
    options_like: str = ""
    explained: dict[str, str] = {}


class FieldsFile(Data):
    fields: dict[str, FieldText]
    option_lists: dict[str, tuple[OptionText, ...]] = {}


class Part(Data):
    """One picture of a paper. `part`: its type as photographs are read; the talk's question is "photo:<part>"."""

    part: str
    name: str
    says: str


class Material(Data):
    """A paper in plain words. `window_only`: nothing is photographed. `made_by`: talk (filled in here), office, or the person."""

    name: str
    says: str
    parts: tuple[Part, ...] = ()
    window_only: bool = False
    made_by: Literal["person", "talk", "office"] = "person"


class MaterialsFile(Data):
    materials: dict[str, Material]


# --- packs/*.yaml ---------------------------------------------------------------------------------------------------------


class Cited(Data):
    """Something a document says, in plain words, with its clause (and the reading it rests on, if it does)."""

    says: str
    clause: str
    reading: str = ""


class Department(Data):
    name: str
    full: str
    clause: str
    system: str = ""


class Row(Data):
    """A row of a list in which the first that fits counts. `items`: ids, "*" for the rest of one; `verdicts`: () is any but
    not_eligible; `when`: absent is always."""

    items: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    when: Condition | None = None
    clause: str
    reading: str = ""


class Way(Row):
    row: str
    mode: Mode
    where: str
    says: str
    url: str = ""


class Clock(Row):
    """A limit. `working_days` null: the document promises none. `by`: MM-DD. `bundle`: the limit is of the whole, not of an item."""

    says: str
    starts: Start = "not_stated"
    working_days: int | None = Field(None, ge=1)
    calendar_days: int | None = Field(None, ge=1)
    by: str | None = Field(None, pattern=r"^\d\d-\d\d$")
    excludes: tuple[Exclusion, ...] = ()
    bundle: bool = False


class Binding(Row):
    material: str
    form: str
    need: Need = "required"
    count: int | None = None


class Before(Row):
    """Something the person needs in hand first: what it is, where, in which order."""

    id: str
    material: str
    name: str
    what: str
    where: str
    order: str


class FormField(Row):
    field: str


class Form(Data):
    name: str
    clause: str
    fields: tuple[FormField, ...]
    not_for_ways: tuple[Mode, ...] = ()


class First(Row):
    """`item` comes first while `when` is so; then `opens` are decided again with `grants`, and `assessed` not known."""

    item: str
    says: str
    opens: tuple[str, ...]
    grants: dict[str, Any] = {}
    assessed: tuple[str, ...] = ()


class Order(Data):
    stages: tuple[tuple[str, ...], ...]
    says: str
    clause: str


class Item(Data):
    """`automatic`: nobody applies, what is said about it. `offered_first`: belongs to what is screened while no wish is spoken.
    `yields_card`: ends in a card that has to reach the person."""

    name: str
    short: str
    department: str
    when: Condition
    result: Cited
    automatic: Cited | None = None
    offered_first: bool = False
    yields_card: bool = False


class Commitment(Cited):
    how: str
    signature: bool
    fingerprint: bool
    at_window: bool


class PackFile(Data):
    """One document, as written in packs/<region>.yaml."""

    region: str
    name: str
    title: str
    number: str
    dated: date
    version: str
    event: str
    lead: str
    province: str
    counties: tuple[str, ...]
    departments: dict[str, Department]
    conditions: dict[str, Condition]
    items: dict[str, Item]
    first: tuple[First, ...] = ()
    order: Order
    ways: tuple[Way, ...]
    outside: tuple[Way, ...] = ()
    clocks: tuple[Clock, ...]
    materials: tuple[Binding, ...]
    before: tuple[Before, ...] = ()
    form: Form
    commitment: Commitment | None = None
    rules: dict[str, Cited] = {}
    asking: tuple[str, ...]


class Clause(Data):
    label: str
    words: str


class ClausesFile(Data):
    documents: dict[str, tuple[Clause, ...]]
    readings: dict[str, str] = {}


# --- what is ready to be used ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compiled:
    """A row with its condition compiled and its items spelled out. `rule` None: always. `gives`: the way, limit or reason it names."""

    items: frozenset[str]
    rule: Rule | None
    written: Any
    gives: Any = None

    def fits(self, item: str, verdict: str, facts: Mapping[str, Any]) -> bool | None:
        """True, False, or None when a fact is missing."""
        verdicts = self.written.verdicts
        if item not in self.items or (verdict not in verdicts if verdicts else verdict == "not_eligible"):
            return False
        return True if self.rule is None else self.rule.test(facts)


@dataclass(frozen=True, slots=True)
class Pack:
    """A document ready to decide by. The same for every person: nothing in it changes after loading."""

    written: PackFile
    place: Place
    rules: Mapping[str, Rule]
    ids: tuple[str, ...]
    automatic: frozenset[str]
    derivations: tuple[tuple[str, Derive], ...]
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
    order_of: Mapping[str, int] = field(default_factory=dict)

    @property
    def region(self) -> str:
        return self.written.region

    @property
    def version(self) -> str:
        return self.written.version

    @property
    def items(self) -> Mapping[str, Item]:
        return self.written.items


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that is known of policy: packs by region, facts, groups, fields and papers by name, hard words explained."""

    packs: Mapping[str, Pack]
    facts: Mapping[str, Fact]
    groups: Mapping[str, Group]
    fields: Mapping[str, FieldText]
    materials: Mapping[str, Material]
    provinces: Mapping[str, str]
    words: Mapping[str, str]
    option_lists: Mapping[str, tuple[OptionText, ...]]

    def options(self, written: Fact | FieldText) -> tuple[Option, ...]:
        texts = self.option_lists[written.options_like] if written.options_like else written.options
        return tuple(Option(text.value, text.label, text.hint) for text in texts)

    def explained(self, words: Sequence[str]) -> tuple[Explained, ...]:
        return tuple(Explained(word, self.words[word]) for word in words)


def load_policy(*, packs: Mapping[str, str], facts: str, fields: str, materials: str, clauses: str = "") -> Policy:
    """`packs`: region -> YAML text; the others are the YAML texts of the files of that name; with `clauses`, every clause and
    reading that a pack cites must be in it. Raises PolicyError, which names file, line and what to do."""
    facts_file = Source("facts.yaml", facts).read(FactsFile)
    fields_file = Source("fields.yaml", fields).read(FieldsFile)
    papers = Source("materials.yaml", materials).read(MaterialsFile)
    index = Source("clauses.yaml", clauses).read(ClausesFile) if clauses else None
    _check_facts(Source("facts.yaml", facts), facts_file)
    _check_fields(Source("fields.yaml", fields), fields_file, facts_file)
    names = _Names(facts_file, fields_file, papers, index)
    return Policy(
        packs={region: _load_pack(region, text, names) for region, text in packs.items()},
        facts=facts_file.facts,
        groups=facts_file.groups,
        fields=fields_file.fields,
        materials=papers.materials,
        provinces=facts_file.provinces,
        words=facts_file.words,
        option_lists={**facts_file.option_lists, **fields_file.option_lists},
    )


@dataclass(frozen=True, slots=True)
class _Names:
    facts: FactsFile
    fields: FieldsFile
    materials: MaterialsFile
    clauses: ClausesFile | None


def _load_pack(region: str, text: str, names: _Names) -> Pack:
    source = Source(f"packs/{region}.yaml", text)
    written = source.read(PackFile)
    for path, wrong, do in _problems(written, region, names):
        raise source.error(path, wrong, do)
    return _compile(written, names)


def _compile(written: PackFile, names: _Names) -> Pack:
    facts = names.facts
    named, ids = written.conditions, tuple(written.items)

    def rule(condition: Condition | None) -> Rule | None:
        return compile_condition(condition, named, written.region) if condition else None

    def ready(rows: Sequence[Row], every: Sequence[str] = ()) -> tuple[Compiled, ...]:
        return tuple(
            Compiled(
                items=frozenset(_spelled(getattr(row, "opens", ()) or row.items or every, ids)),
                rule=rule(row.when),
                written=row,
                gives=_gives(row, written.region),
            )
            for row in rows
        )

    def by_item(rows: Sequence[Row]) -> dict[str, tuple[Compiled, ...]]:
        compiled = ready(rows)
        return {item: tuple(row for row in compiled if item in row.items) for item in ids}

    rules = {item: compile_condition(body.when, named, written.region) for item, body in written.items.items()}
    return Pack(
        written=written,
        place=Place(written.province, frozenset(written.counties), facts.provinces),
        rules=rules,
        ids=ids,
        automatic=frozenset(item for item, body in written.items.items() if body.automatic),
        derivations=tuple((name, RULES[fact.derive.rule]) for name, fact in facts.facts.items() if fact.derive),
        sources=_sources(facts),
        first=ready(written.first),
        ways=by_item(written.ways),
        outside=ready(written.outside),
        clocks=by_item([clock for clock in written.clocks if not clock.bundle]),
        bindings=by_item(written.materials),
        before=ready(written.before),
        form=ready(written.form.fields, ids),
        bundle=ready([clock for clock in written.clocks if clock.bundle]),
        papers=names.materials.materials,
        stages=tuple(frozenset(_spelled(stage, ids)) for stage in written.order.stages),
        order_of={name: at for at, name in enumerate(written.asking)},
    )


def _gives(row: Row, region: str) -> Channel | Deadline | Reason | None:
    if isinstance(row, First):
        return Reason(region, row.clause, row.says, False, row.reading)
    if isinstance(row, Way):
        return Channel(row.mode, row.where, row.says, row.clause, row.url, row.row)
    if isinstance(row, Clock):
        return Deadline(
            row.working_days, row.starts, row.excludes, row.clause, row.by, row.calendar_days, row.says
        )
    return None


def _spelled(patterns: Sequence[str], ids: Sequence[str]) -> list[str]:
    return [item for item in ids if any(item == p or fnmatchcase(item, p) for p in patterns)]


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


# --- checks: every name that is used must exist ---------------------------------------------------------------------------

Problem = tuple[Path, str, str]


def _check_facts(source: Source, written: FactsFile) -> None:
    for name, fact in written.facts.items():
        at: Path = ("facts", name)
        if fact.derive and fact.derive.rule not in RULES:
            raise source.error((*at, "derive"), f"no rule is called “{fact.derive.rule}”", f"Use one of {sorted(RULES)}.")
        for used in fact.derive.from_ if fact.derive else ():
            _must(source, (*at, "derive"), "fact", used, written.facts)
        for word in fact.explain:
            _must(source, (*at, "explain"), "word", word, written.words)
        if fact.options_like:
            _must(source, (*at, "options_like"), "list of options", fact.options_like, written.option_lists)
    for name, group in written.groups.items():
        for word in group.explain:
            _must(source, ("groups", name, "explain"), "word", word, written.words)
        for used in (*group.otherwise, *(fact for option in group.options for fact in option.sets)):
            _must(source, ("groups", name), "fact", used, written.facts)


def _check_fields(source: Source, written: FieldsFile, facts: FactsFile) -> None:
    for name, text in written.fields.items():
        if text.fact:
            _must(source, ("fields", name, "fact"), "fact", text.fact, facts.facts)
        if text.same_as:
            _must(source, ("fields", name, "same_as"), "field", text.same_as, written.fields)
        if text.options_like:
            _must(source, ("fields", name, "options_like"), "list of options", text.options_like, written.option_lists)
        if not text.ask and not text.from_:
            raise source.error(("fields", name), f"“{name}” has neither ask nor from", "Write its question, or what it follows from.")


def _must(source: Source, path: Path, what: str, name: str, names: Mapping[str, Any]) -> None:
    if name not in names:
        raise source.error(path, f"no {what} is called “{name}”", f"Correct the name or add the {what}.")


def _problems(pack: PackFile, region: str, names: _Names) -> Iterator[Problem]:
    if pack.region != region:
        yield ("region",), f"this is the pack of “{region}” but says “{pack.region}”", "Make file name and region agree."
    if pack.lead not in pack.departments:
        yield ("lead",), f"no department is called “{pack.lead}”", "Name one of the departments."
    if pack.province not in {*names.facts.provinces.values()}:
        yield ("province",), f"no province is called “{pack.province}”", "Add it to provinces in facts.yaml."
    for at, code in enumerate(pack.counties):
        if not (len(code) == 6 and code.isdigit()):
            yield ("counties", at), f"“{code}” is no six-digit division code", "Write six digits in quotes."
    yield from _circles(pack)
    for path, condition in _conditions(pack):
        yield from _problems_of_condition(path, condition, pack, names)
    for item, body in pack.items.items():
        if body.department not in pack.departments:
            yield ("items", item, "department"), f"no department is called “{body.department}”", "Name one of the departments."
        yield from _silent(("items", item, "when"), body.when, pack)
    yield from _problems_of_rows(pack, names)
    yield from _problems_of_clauses(pack, names.clauses)


def _conditions(pack: PackFile) -> Iterator[tuple[Path, Condition]]:
    """Every condition of the pack with its place, inner ones too."""
    tops: list[tuple[Path, Condition | None]] = [(("conditions", name), c) for name, c in pack.conditions.items()]
    tops += [(("items", item, "when"), body.when) for item, body in pack.items.items()]
    for block in ("first", "ways", "outside", "clocks", "materials", "before"):
        tops += [((block, at, "when"), row.when) for at, row in enumerate(getattr(pack, block))]
    tops += [(("form", "fields", at, "when"), row.when) for at, row in enumerate(pack.form.fields)]
    for path, condition in tops:
        if condition is not None:
            yield from _inside(path, condition)


def _inside(path: Path, condition: Condition) -> Iterator[tuple[Path, Condition]]:
    yield path, condition
    for kind, inner in (("all", condition.all_), ("any", condition.any_)):
        for at, each in enumerate(inner or ()):
            yield from _inside((*path, kind, at), each)
    for kind, one in (("not", condition.not_), ("known", condition.known), ("doubt", condition.doubt), ("open", condition.open)):
        if isinstance(one, Condition):
            yield from _inside((*path, kind), one)


def _problems_of_condition(path: Path, condition: Condition, pack: PackFile, names: _Names) -> Iterator[Problem]:
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
            for _, inner in _inside((), pack.conditions[ahead.pop()]):
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


def _problems_of_rows(pack: PackFile, names: _Names) -> Iterator[Problem]:
    ids = tuple(pack.items)
    for block in ("first", "ways", "clocks", "materials", "before"):
        for at, row in enumerate(getattr(pack, block)):
            for pattern in (*row.items, *getattr(row, "opens", ()), *((row.item,) if isinstance(row, First) else ())):
                if not _spelled([pattern], ids):
                    yield (block, at), f"no item is called “{pattern}”", "Correct the name."
            material = getattr(row, "material", None)
            if material is not None and material not in names.materials.materials:
                yield (block, at, "material"), f"no paper is called “{material}”", "Correct it or add it to materials.yaml."
    for at, row in enumerate(pack.form.fields):
        if row.field not in names.fields.fields:
            yield ("form", "fields", at), f"no field is called “{row.field}”", "Correct it or add it to fields.yaml."
    for at, question in enumerate(pack.asking):
        if question not in names.facts.groups and not (question in names.facts.facts and names.facts.facts[question].ask):
            yield ("asking", at), f"“{question}” is no question", "Name a group, or a fact that has ask."
    for item in ids:
        yield from _incomplete(item, pack)


def _incomplete(item: str, pack: PackFile) -> Iterator[Problem]:
    ids = tuple(pack.items)
    if not any(item in _spelled(row.items, ids) and row.when is None and not row.verdicts for row in pack.ways):
        yield ("items", item), f"“{item}” has no way for every case", "Add a row to ways without when."
    if not any(item in _spelled(row.items, ids) and row.when is None for row in pack.clocks):
        yield ("items", item), f"“{item}” has no clock", "Add a row to clocks (working_days: null where none is stated)."
    if not any(item in _spelled(stage, ids) for stage in pack.order.stages):
        yield ("items", item), f"“{item}” is in no stage of the order", "Add it to order."


def _problems_of_clauses(pack: PackFile, index: ClausesFile | None) -> Iterator[Problem]:
    if index is None:
        return
    labels = {clause.label for clause in index.documents.get(pack.region, ())}
    for path, cited in cited_in(pack):
        if cited.clause and cited.clause not in labels:
            yield path, f"the clause “{cited.clause}” is not in clauses.yaml", "Correct the label or add it with words of that place."
        if cited.reading and cited.reading not in index.readings:
            yield path, f"the reading “{cited.reading}” is not in clauses.yaml", "Correct the id or add the reading."


@dataclass(frozen=True, slots=True)
class Citation:
    clause: str
    reading: str


def cited_in(pack: PackFile) -> Iterator[tuple[Path, Citation]]:
    """Every clause and reading that the pack cites, with its place."""

    def walk(path: Path, value: Any) -> Iterator[tuple[Path, Citation]]:
        if isinstance(value, Data):
            if "clause" in type(value).model_fields:
                yield path, Citation(value.clause, getattr(value, "reading", ""))  # type: ignore[attr-defined]
            for name in type(value).model_fields:
                yield from walk((*path, name.rstrip("_")), getattr(value, name))
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                yield from walk((*path, key), inner)
        elif isinstance(value, tuple):
            for at, inner in enumerate(value):
                yield from walk((*path, at), inner)

    yield from walk((), pack)


def wrong_value(fact: Fact, told: Any) -> str:
    """Why `told` cannot be this fact's value; "" when it can. None (“不清楚”) always can."""
    if told is None:
        return ""
    return _WRONG[fact.type](fact, told)


def _wrong_bool(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, bool) else "true or false is wanted"


def _wrong_number(fact: Fact, told: Any) -> str:
    if isinstance(told, bool) or not isinstance(told, int if fact.type == "int" else (int, float)):
        return "a number is wanted"
    if fact.values and told not in fact.values:
        return f"one of {list(fact.values)} is wanted"
    if (fact.least is not None and told < fact.least) or (fact.most is not None and told > fact.most) or told != told:
        return f"{told} is out of range"
    return ""


def _wrong_enum(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and told in fact.values else f"one of {list(fact.values)} is wanted"


def _wrong_set(fact: Fact, told: Any) -> str:
    if not isinstance(told, (list, tuple, set, frozenset)):
        return "a list is wanted"
    return next((wrong for each in told if (wrong := _wrong_enum(fact, each))), "")


def _wrong_date(fact: Fact, told: Any) -> str:
    if isinstance(told, date):
        return ""
    try:
        date.fromisoformat(told)
    except (TypeError, ValueError):
        return "a date YYYY-MM-DD is wanted"
    return ""


def _wrong_county(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and len(told) == 6 and told.isdigit() else "a six-digit division code is wanted"


def _wrong_text(fact: Fact, told: Any) -> str:
    return "" if isinstance(told, str) and len(told) <= 64 else "a short text is wanted"


_WRONG = {
    "bool": _wrong_bool,
    "int": _wrong_number,
    "number": _wrong_number,
    "enum": _wrong_enum,
    "set": _wrong_set,
    "date": _wrong_date,
    "county": _wrong_county,
    "text": _wrong_text,
}

__all__ = ["Pack", "PackFile", "Policy", "PolicyError", "load_policy"]
