"""The printed form: a document's paper form as rows of labels, values and boxes, filled from what was confirmed.

How each paper form is laid out is data (sheets/<region>.yaml); here are its shape and the filling in. Nothing is drawn
here: whoever draws gets plain words and ticks, so the same filled sheet could become a page of another kind.
"""

from __future__ import annotations

import string
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from pydantic import Field

from dialogs.days import day_says
from dialogs.policy.checks import spelled
from dialogs.policy.decide import complete, decide, judge, ways
from dialogs.policy.derive import as_date
from dialogs.policy.fields import check_value, facts_from_fields
from dialogs.policy.lines import check_facts
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.source import Data, Path, Source

EMPTY = "＿＿＿＿＿＿"  # where something is to be written in the middle of a sentence
SEVERAL = "several"  # a box that is ticked when the value holds more than one
_ALSO = frozenset(
    {"items", "receipt", "county", "commitment", "applied_on", "allowance_apply_date"}
)  # from the filling
_FORMATTER = string.Formatter()

# --- as written ---


class Boxes(Data):
    """Every option as a box. The ticked ones are those that the value of `of` is or holds (of several names, the first
    that is known); with `applied`, whether one of these items is applied for (true or false)."""

    options: dict[Any, str]
    of: str | tuple[str, ...] = ()
    applied: tuple[str, ...] = ()


class Cell(Data):
    """One entry: `label` is printed, `put` is written (words with {names} of fields or facts), `boxes` are ticked.
    `wide`: how wide label and entry are, as shares of the line. `space`: millimetres kept free for hand and seal."""

    label: str = ""
    put: str = ""
    boxes: Boxes | None = None
    wide: tuple[int, ...] = (3, 5)
    space: int = Field(0, ge=0, le=60)


class Line(Data):
    """`items`: what is written stands here only when one of these is applied for; the labels always do."""

    cells: tuple[Cell, ...]
    items: tuple[str, ...] = ()


class Photo(Data):
    """The place for a photograph, to the right of the first `lines` lines."""

    says: str
    lines: int


class Block(Data):
    """Lines that belong together. `side`: words to their left, `side_wide` millimetres wide."""

    lines: tuple[Line, ...]
    heading: str = ""
    side: str = ""
    side_wide: int = Field(12, ge=8, le=40)
    photo: Photo | None = None
    items: tuple[str, ...] = ()


class SheetFile(Data):
    """One paper form. `also`: ways that have their box here although they go on elsewhere. `above`, `below`: sentences
    around the table; one that names something stands there only when something of it is known."""

    title: str
    clause: str
    blocks: tuple[Block, ...]
    also: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()


# --- filled ---


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind`: label (printed on the paper), value (written by the person). `boxes`: (words, ticked)."""

    kind: str
    text: str
    wide: int
    boxes: tuple[tuple[str, bool], ...] = ()
    space: int = 0


@dataclass(frozen=True, slots=True)
class Rows:
    """A block filled in. `photo`: words in the place for the photograph, "" where there is none."""

    heading: str
    side: str
    side_wide: int
    photo: str
    photo_lines: int
    lines: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper form as it is to be drawn. `number`: of the document it belongs to."""

    title: str
    number: str
    receipt: str
    above: str
    blocks: tuple[Rows, ...]
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filling:
    """What a sheet is filled with. `answers`: by question key, as `dialogs.messages.Submit.snapshot` has them;
    `items`: item -> way; `receipt` "" for a draft; `counties`: code -> full name."""

    answers: Mapping[str, Any]
    items: Mapping[str, str]
    applied_on: date
    receipt: str = ""
    counties: Mapping[str, str] = field(default_factory=dict)


def load_sheets(texts: Mapping[str, str], policy: Policy) -> dict[str, SheetFile]:
    """`texts`: region, or `region@version` for one that is kept, -> YAML text. Raises PolicyError for a name that is
    neither field nor fact, and for items that the region's pack does not have."""
    sheets = {}
    for region, text in texts.items():
        source = Source(f"sheets/{region}.yaml", text)
        sheets[region] = source.read(SheetFile)
        for path, name in _names(sheets[region]):
            if name not in policy.fields and name not in policy.facts and name not in _ALSO:
                raise source.error(path, f"“{name}” is neither a field nor a fact", "Correct the name.")
        name, _, version = region.partition("@")
        pack = policy.of_version(name, version)
        for path, pattern in _patterns(sheets[region]):
            if pack and not spelled([pattern], pack.ids):
                raise source.error(path, f"no item is called “{pattern}”", "Correct the name.")
    return sheets


def filling_of(policy: Policy, pack: Pack, case: Any) -> Filling:
    """Answers as somebody writes them down to try a form: {"facts", "fields", "wants"?, "on"?, "receipt"?}. Raises ValueError
    for what cannot be; what a field's rule says against a value is told in its own words."""
    unknown = case.keys() - {"facts", "fields", "wants", "on", "receipt"} if isinstance(case, dict) else {"this"}
    if unknown:
        raise ValueError(
            f"an object of facts, fields, wants, on and receipt is wanted, not {', '.join(sorted(unknown))}"
        )
    on = as_date(case.get("on", "2026-01-01"))
    if on is None:
        raise ValueError("“on” must be a date YYYY-MM-DD")
    facts = check_facts(policy, case.get("facts", {}))
    decision = decide(pack, facts, None, on).items
    wants = case.get("wants") or [item for item, one in decision.items() if one.verdict in ("eligible", "later")]
    if unknown := set(wants) - set(pack.ids):
        raise ValueError(f"no item is called {', '.join(sorted(unknown))}; there are: {', '.join(pack.ids)}")
    known = complete(pack, facts, on)
    chosen = ways(pack, judge(pack, known, wants, reasons=False), wants, known)
    items = {item: chosen[item].mode if item in chosen else "offline" for item in wants}
    fields = _checked(policy, case.get("fields", {}), on)
    return Filling({**facts, **fields}, items, on, str(case.get("receipt", "")))


def _checked(policy: Policy, told: Any, on: date) -> dict[str, Any]:
    """field:<name> -> value; ValueError for an unknown name and for what cannot stand there."""
    if not isinstance(told, dict):
        raise ValueError("“fields” must be an object")
    taken: dict[str, Any] = {}
    for name, value in told.items():
        if name not in policy.fields:
            raise ValueError(f"no field is called “{name}”")
        taken[name], problem = check_value(policy, name, value, taken, on)
        if problem:
            raise ValueError(f"“{name}”: {problem}")
    return {f"field:{name}": value for name, value in taken.items()}


def fill(policy: Policy, pack: Pack, written: SheetFile, filling: Filling) -> Sheet:
    """The sheet with everything that is known put in; what is not known stays empty."""
    hand = _Hand(policy, pack, written, filling)
    return Sheet(
        title=written.title,
        number=pack.written.number,
        receipt=filling.receipt,
        above="　　".join(hand.words(line, True) for line in written.above if hand.says_something(line)),
        blocks=tuple(hand.block(block) for block in written.blocks),
        below=tuple(hand.words(line, True) for line in written.below if hand.says_something(line)),
    )


class _Hand:
    """Fills in one sheet for one person."""

    def __init__(self, policy: Policy, pack: Pack, written: SheetFile, filling: Filling) -> None:
        self._policy, self._pack, self._filling = policy, pack, filling
        answers = filling.answers
        self._fields = {key.removeprefix("field:"): v for key, v in answers.items() if key.startswith("field:")}
        facts = {key: value for key, value in answers.items() if key in policy.facts and value is not None}
        stated = {name: value for name, value in self._fields.items() if name in policy.fields and value != ""}
        self._known = complete(pack, {**facts, **facts_from_fields(policy, stated)}, filling.applied_on)
        elsewhere = set(pack.written.form.not_for_ways) - set(written.also)
        self._items = [item for item, way in filling.items.items() if way not in elsewhere]

    def block(self, block: Block) -> Rows:
        lines = tuple(
            self._line(line, self._applies(block.items) and self._applies(line.items)) for line in block.lines
        )
        photo = block.photo or Photo(says="", lines=0)
        return Rows(block.heading, block.side, block.side_wide, photo.says, photo.lines, lines)

    def words(self, text: str, applies: bool) -> str:
        """`text` with what is known in place of {names}; a value alone is "" when it is not known."""
        alone = len([*_FORMATTER.parse(text)]) == 1 and text.startswith("{")
        said = {name: (self._said(name) if applies else "") or ("" if alone else EMPTY) for name in _placeholders(text)}
        return text.format_map(said)

    def says_something(self, text: str) -> bool:
        names = _placeholders(text)
        return not names or any(self._said(name) for name in names)

    def _line(self, line: Line, applies: bool) -> tuple[Entry, ...]:
        return tuple(entry for cell in line.cells for entry in self._cell(cell, applies))

    def _cell(self, cell: Cell, applies: bool) -> Iterator[Entry]:
        widths = list(cell.wide)
        if cell.label:
            yield Entry("label", cell.label, widths.pop(0))
        if widths:
            boxes = self._boxes(cell.boxes, applies) if cell.boxes else ()
            yield Entry("value", self.words(cell.put, applies), widths[0], boxes, cell.space)

    def _boxes(self, boxes: Boxes, applies: bool) -> tuple[tuple[str, bool], ...]:
        if boxes.applied:
            value: Any = self._applies(boxes.applied)
        elif boxes.of == "items":
            return tuple((says, self._applies((pattern,))) for pattern, says in boxes.options.items())
        else:
            known = (self._value(name) for name in names_of(boxes))
            value = next((one for one in known if one not in (None, "")), None)
        return tuple((says, applies and _is(value, option)) for option, says in boxes.options.items())

    def _applies(self, patterns: Collection[str]) -> bool:
        return not patterns or any(fnmatchcase(item, pattern) for item in self._items for pattern in patterns)

    def _value(self, name: str) -> Any:
        """What the person wrote, else what is known of the fact behind the field."""
        text = self._policy.fields.get(name)
        if name in self._fields or text is None:
            return self._fields.get(name, self._known.get(name))
        return self._known.get(name if name in self._policy.facts else text.from_ or text.fact)

    def _said(self, name: str) -> str:
        if name in _ALSO:
            return self._said_also(name)
        value = self._value(name)
        if value is None or value == "":
            return ""
        day = as_date(value) if name in self._policy.fields and self._policy.fields[name].rule == "date" else None
        if day:
            return day_says(day)
        labels = self._labels(name)
        if isinstance(value, (list, tuple, set, frozenset)):
            return "、".join(label for one, label in labels.items() if one in value)
        if isinstance(value, bool):
            return labels.get(value, "是" if value else "否")
        return labels.get(value) or str(self._filling.counties.get(str(value), value))

    def _said_also(self, name: str) -> str:
        on, commitment = self._filling.applied_on, self._pack.written.commitment
        day = day_says(on)
        return {
            "items": "、".join(self._pack.items[item].short for item in self._items if item in self._pack.items),
            "receipt": self._filling.receipt,
            "county": self._filling.counties.get(str(self._known.get("household_county")), ""),
            "commitment": commitment.says.format(who="本人") if commitment else "",
            "applied_on": day,
            "allowance_apply_date": "" if "card.new" in self._items else day,  # with a first card: the day of its issue
        }.get(name, "")

    def _labels(self, name: str) -> dict[Any, str]:
        written = self._policy.fields.get(name) or self._policy.facts[name]
        return {option.value: option.label for option in self._policy.options(written)}


def names_of(boxes: Boxes) -> tuple[str, ...]:
    return (boxes.of,) if isinstance(boxes.of, str) else boxes.of


def _is(value: Any, option: Any) -> bool:
    if isinstance(value, (list, tuple, set, frozenset)):
        return option in value or (option == SEVERAL and len(value) > 1)
    return type(value) is type(option) and bool(value == option)


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in _FORMATTER.parse(text) if name]


def _names(written: SheetFile) -> Iterator[tuple[Path, str]]:
    """Every name that the sheet asks for, with its place."""
    for around in ("above", "below"):
        for at, text in enumerate(getattr(written, around)):
            yield from (((around, at), name) for name in _placeholders(text))
    for b, block in enumerate(written.blocks):
        for n, line in enumerate(block.lines):
            for c, cell in enumerate(line.cells):
                path: Path = ("blocks", b, "lines", n, "cells", c)
                yield from ((path, name) for name in _placeholders(cell.put))
                if cell.boxes and not cell.boxes.applied:
                    yield from (((*path, "boxes"), name) for name in names_of(cell.boxes))


def _patterns(written: SheetFile) -> Iterator[tuple[Path, str]]:
    """Every item that the sheet waits for or has a box for, with its place."""
    for b, block in enumerate(written.blocks):
        yield from ((("blocks", b, "items"), pattern) for pattern in block.items)
        for n, line in enumerate(block.lines):
            yield from ((("blocks", b, "lines", n, "items"), pattern) for pattern in line.items)
            for c, cell in enumerate(line.cells):
                if cell.boxes and (cell.boxes.applied or cell.boxes.of == "items"):
                    path: Path = ("blocks", b, "lines", n, "cells", c, "boxes")
                    yield from ((path, str(pattern)) for pattern in cell.boxes.applied or cell.boxes.options)
