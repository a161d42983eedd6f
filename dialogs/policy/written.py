"""The policy files as written: the shape of facts.yaml, fields.yaml, materials.yaml,
clauses/*.yaml and packs/*.yaml.

What a document says stands in the YAML; what may stand there, and what it means, stands here. Nothing is decided
here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from pydantic import Field

from dialogs.messages import InputKind
from dialogs.policy.decision import Mode, Need, Verdict
from dialogs.policy.logic import Condition
from dialogs.policy.source import Data, Path

Start = Literal["acceptance", "publicity", "assessment_result", "application", "card_issued", "not_stated"]
Exclusion = Literal["assessment", "publicity", "pension_payment"]
FactType = Literal["bool", "int", "number", "enum", "set", "date", "county", "text"]

# --- facts.yaml ---


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
    """One fact. `ask` is "" when nobody is asked for it; `if_so`: asked only of those for whom this other fact is true.
    `values`: what it may be; `never`: what a null that is told stands for (a card that was never cancelled)."""

    title: str
    type: FactType
    if_so: str = ""
    ask: str = ""
    ask_dead: str = ""
    hint: str = ""
    explain: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    never: int | None = None
    options: tuple[OptionText, ...] = ()
    options_like: str = ""
    derive: Derivation | None = None


class GroupOption(OptionText):
    sets: dict[str, Any]


class Group(Data):
    """One question with several answers and “none of them”. `otherwise`: what its facts are when no chosen answer
    says more. `door`: asked to hear which service is wanted, until something of it has been told. `if_so`: as above."""

    title: str
    ask: str
    none: str
    options: tuple[GroupOption, ...]
    otherwise: dict[str, Any]
    hint: str = ""
    explain: tuple[str, ...] = ()
    door: bool = False
    if_so: str = ""


class FactsFile(Data):
    provinces: dict[str, str]
    words: dict[str, str]
    facts: dict[str, Fact]
    option_lists: dict[str, tuple[OptionText, ...]] = Field(default_factory=dict)
    groups: dict[str, Group] = Field(default_factory=dict)


# --- fields.yaml and materials.yaml ---


class FieldText(Data):
    """A field of a form. `rule`: how it is checked (fields.py). `from`: what it follows from. `fact`: the fact that
    it states. `same_as`: the answer “the same” takes that field's value. `may_be_blank`: the form is taken without it.
    `among`: a fact; only what it holds can be chosen."""

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
    may_be_blank: bool = False
    among: str = ""
    options: tuple[OptionText, ...] = ()
    options_like: str = ""
    explained: dict[str, str] = Field(default_factory=dict)


class FieldsFile(Data):
    fields: dict[str, FieldText]
    option_lists: dict[str, tuple[OptionText, ...]] = Field(default_factory=dict)


class Part(Data):
    """One picture of a paper. `part`: its type as photographs are read; the talk's question is "photo:<part>"."""

    part: str
    name: str
    says: str


class Material(Data):
    """A paper in plain words. `window_only`: nothing is photographed. `made_by`: talk (filled in here), office, or
    the person."""

    name: str
    says: str
    parts: tuple[Part, ...] = ()
    window_only: bool = False
    made_by: Literal["person", "talk", "office"] = "person"


class MaterialsFile(Data):
    materials: dict[str, Material]


# --- packs/*.yaml ---


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
    """A row of a list in which the first that fits counts. `items`: ids, "*" for the rest of one; `verdicts`: () is
    any but not_eligible; `when`: absent is always."""

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
    """A limit. `working_days` null: the document promises none. `by`: MM-DD, or the month in which the card is issued.
    `bundle`: the limit is of the whole, not of an item. `step`: it is of a step on the way ("assessment")."""

    says: str
    starts: Start = "not_stated"
    working_days: int | None = Field(None, ge=1)
    calendar_days: int | None = Field(None, ge=1)
    by: str | None = Field(
        None,
        pattern=r"^((0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31|month_of_card)$",
    )
    excludes: tuple[Exclusion, ...] = ()
    bundle: bool = False
    step: str = ""


class Binding(Row):
    """A paper that items need. `name`, `says`: what this document wants of it, where that differs from the paper in
    general. `on_paper`: a picture does not do, whatever the way."""

    material: str
    form: str
    name: str = ""
    says: str = ""
    need: Need = "required"
    count: int | None = None
    on_paper: bool = False


class Before(Row):
    """Something the person needs in hand first: what it is, where, in which order."""

    id: str
    material: str
    name: str
    what: str
    where: str
    order: str


class FormField(Row):
    """`section`: the heading of the printed form under which the field stands."""

    field: str
    section: str = ""


class Form(Data):
    name: str
    clause: str
    fields: tuple[FormField, ...]
    not_for_ways: tuple[Mode, ...] = ()


class First(Row):
    """`item` comes first while `when` is so; then `opens` are decided again with `grants`, and `assessed` not
    known. `elsewhere`: another place may do it for the person, so that its refusal here holds nothing back."""

    item: str
    says: str
    opens: tuple[str, ...]
    grants: dict[str, Any] = Field(default_factory=dict)
    assessed: tuple[str, ...] = ()
    elsewhere: bool = False


class Order(Data):
    """`ends_on_refusal`: when one of these is refused, the whole ends, not only what depends on it."""

    ends_on_refusal: tuple[str, ...] = ()
    stages: tuple[tuple[str, ...], ...]
    says: str
    clause: str


class Item(Data):
    """`automatic`: nobody applies, what is said about it. `offered_first`: belongs to what is screened while no
    wish is spoken. `offered_when`: what the document opens to everybody (to cancel a card) is offered only to those of
    whom this is known. `yields_card`: ends in a card that has to reach the person."""

    name: str
    short: str
    department: str
    when: Condition
    result: Cited
    automatic: Cited | None = None
    offered_first: bool = False
    offered_when: Condition | None = None
    yields_card: bool = False


class Serves(Data):
    """Where these items are handled: by the household's county (the default), the residence's, either of them,
    anyone's, or the county that the household has moved to."""

    items: tuple[str, ...]
    by: Literal["household", "residence", "either", "anyone", "moved_to"]
    says: str = ""
    clause: str
    reading: str = ""


class Rating(Cited):
    """When the person is invited to rate the service: once it is accepted, once a result is there."""

    after: tuple[Literal["acceptance", "result"], ...]


class Parent(Data):
    """The wider document that this one lies over. `items`: what only the parent has, taken over behind our own;
    `when`: these are screened and offered; else `hint` says how to ask for them. `like`: our item -> the parent's
    under another name; `says`: where both open a way, who is asked which holds."""

    region: str
    items: tuple[str, ...] = ()
    when: Condition | None = None
    hint: str = ""
    like: dict[str, str] = Field(default_factory=dict)
    says: str


class Commitment(Cited):
    """What is promised (`says`, "" where nothing is) and how it is signed; without `signature` the person's own
    confirmation sends it."""

    how: str
    signature: bool
    fingerprint: bool
    at_window: bool


class PackFile(Data):
    """One document, as written in packs/<region>.yaml."""

    region: str
    parent: Parent | None = None
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
    serves: tuple[Serves, ...] = ()
    clocks: tuple[Clock, ...]
    materials: tuple[Binding, ...]
    before: tuple[Before, ...] = ()
    form: Form
    commitment: Commitment | None = None
    rating: Rating | None = None
    complaint: Cited | None = None
    rules: dict[str, Cited] = Field(default_factory=dict)
    asking: tuple[str, ...]


class Clause(Data):
    label: str
    words: str


class ClausesFile(Data):
    """The index of one document: its clauses in order, each with words of that place, and how it is read where it is
    open."""

    document: tuple[Clause, ...]
    readings: dict[str, str] = Field(default_factory=dict)


# --- walking through a pack ---


def conditions_in(pack: PackFile) -> Iterator[tuple[Path, Condition]]:
    """Every condition of the pack with its place, inner ones too."""
    tops: list[tuple[Path, Condition | None]] = [(("conditions", name), c) for name, c in pack.conditions.items()]
    tops += [(("items", item, "when"), body.when) for item, body in pack.items.items()]
    tops += [(("parent", "when"), pack.parent.when if pack.parent else None)]
    tops += [(("items", item, "offered_when"), body.offered_when) for item, body in pack.items.items()]
    for block in ("first", "ways", "outside", "clocks", "materials", "before"):
        tops += [((block, at, "when"), row.when) for at, row in enumerate(getattr(pack, block))]
    tops += [(("form", "fields", at, "when"), row.when) for at, row in enumerate(pack.form.fields)]
    for path, condition in tops:
        if condition is not None:
            yield from inside(path, condition)


def inside(path: Path, condition: Condition) -> Iterator[tuple[Path, Condition]]:
    yield path, condition
    for kind, inner in (("all", condition.all_), ("any", condition.any_)):
        for at, each in enumerate(inner or ()):
            yield from inside((*path, kind, at), each)
    for kind, one in (
        ("not", condition.not_),
        ("known", condition.known),
        ("doubt", condition.doubt),
        ("open", condition.open),
    ):
        if isinstance(one, Condition):
            yield from inside((*path, kind), one)


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
