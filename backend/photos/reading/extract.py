"""What a paper is, by the words on it, and what it says, by where words stand beside each other. All rules are in papers.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.fuzz import partial_ratio

from backend.photos.reading import values
from backend.photos.reading.layout import NOTHING, Run, joined, rows
from backend.photos.reading.ocr import Line
from backend.photos.reading.papers import Field, Paper, papers
from backend.photos.reading.result import Kind, ReadField
from backend.photos.reading.values import Value

_ALIKE = 80  # of 100: so much of a long word has to be there
_LONG_WORD = 5  # characters: shorter ones have to be there whole
_FULL = 1.6  # times `enough`: nothing surer
_DOUBTFUL = 0.95  # a character with a lower score may be another one
_STEP = 2.4  # heights of a line from one line of an address to the next, at most
_ROUND = 1.8  # heights around a label in which the lines of its cell begin


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """One kind of paper and what it says. `lines`: where each field stands."""

    kind: Kind
    score: float
    fields: tuple[ReadField, ...] = ()
    lines: tuple[tuple[Line, ...], ...] = ()

    @property
    def readable(self) -> bool:
        """What the paper is wanted for is there."""
        return self.kind in papers() and set(papers()[self.kind].wanted) <= {field.name for field in self.fields}

    @property
    def worth(self) -> tuple[int, int, float]:
        """Of two readings of one picture the worthier is kept: the proven first, then how many, then how sure."""
        checked = sum(field.checked for field in self.fields)
        return checked, len(self.fields), sum(field.score for field in self.fields)


def kinds(lines: Sequence[Line]) -> list[tuple[Kind, float]]:
    """The papers whose words stand here, the surest first; none where no paper's words do."""
    texts = [joined([line]).text for line in lines] + [row.text for row in rows(lines)]
    whole = "\n".join(texts)
    weighed = [(kind, _weight(paper, texts, whole), paper.enough) for kind, paper in papers().items() if paper.anchors]
    found = [
        (kind, min(1.0, weight / (enough * _FULL)))
        for kind, weight, enough in weighed
        if weight >= enough and _bears_number(papers()[kind], lines)
    ]
    return sorted(found, key=lambda one: -one[1])


def _weight(paper: Paper, texts: list[str], whole: str) -> int:
    if any(word in whole for word in paper.against):
        return 0
    return sum(weight for word, weight in paper.anchors.items() if _stands(word, texts, whole))


def _stands(word: str, texts: list[str], whole: str) -> bool:
    if word in whole:
        return True
    return len(word) >= _LONG_WORD and any(
        len(text) >= len(word) - 1 and partial_ratio(word, text) >= _ALIKE for text in texts
    )


def _bears_number(paper: Paper, lines: Sequence[Line]) -> bool:
    return not paper.number or any(
        (value := values.read(paper.number, row)) is not None and value.checked for row in rows(lines)
    )


# --- what it says ---


@dataclass(frozen=True, slots=True, eq=False)
class _Label:
    word: str
    row: int
    start: int
    end: int


def read(kind: Kind, score: float, lines: Sequence[Line]) -> Found:
    """Everything that this kind of paper says in these lines."""
    paper = papers()[kind]
    page = _Page(rows(lines), paper)
    told = {field.name: value for field in paper.fields if (value := page.value(field)) is not None}
    proven = _proven(told)
    return Found(
        kind,
        score,
        tuple(_as_field(name, value) for name, value in proven.items()),
        tuple(tuple(dict.fromkeys(value.run.lines)) for value in proven.values()),
    )


class _Page:
    """One paper's rows with its labels in them."""

    def __init__(self, page: list[Run], paper: Paper) -> None:
        self._rows, self._paper = page, paper
        self._labels = [label for number, row in enumerate(page) for label in _labels(number, row, paper.every_label)]
        self._prose = sum(page, NOTHING)

    def value(self, field: Field) -> Value | None:
        runs = self._runs(field)
        found = [value for run in runs if (value := values.read(field.as_, run)) is not None]
        return next((value for value in found if value.checked), found[0] if found else None)

    def _runs(self, field: Field) -> Iterator[Run]:
        """Where this field may stand, the likeliest place first."""
        for word in field.labels:
            for label in self._labels:
                if label.word == word:
                    yield self._cell(label, field) if field.as_ == "address" else self._beside(label)
        for pattern in field.patterns:
            for found in pattern.finditer(self._prose.text):
                yield self._prose.cut(*found.span(1))
        if not any(label.word in field.labels for label in self._labels):
            yield from self._over(field)
            yield from self._in_front(field)
        if not field.patterns and self._is_alone(field):
            yield from self._rows
            yield self._prose

    def _is_alone(self, field: Field) -> bool:
        """Whether there is one such number at most, so that it needs no label."""
        if field.as_ not in ("id_number", "card_number", "bank_number"):
            return False
        found = (values.read(field.as_, row) for row in self._rows)
        return len({value.text for value in found if value is not None and value.checked}) < 2

    def _beside(self, label: _Label) -> Run:
        """From the label to the next one in its row."""
        later = [other.start for other in self._labels if other.row == label.row and other.start >= label.end]
        row = self._rows[label.row]
        return row.cut(label.end, min(later, default=len(row.text)))

    def _over(self, field: Field) -> Iterator[Run]:
        """The row over a label that stands under this field's own."""
        for label in self._labels:
            if label.word in field.above and label.row > 0 and label.start == 0:
                row = self._rows[label.row - 1]
                if row.lines and not any(other.row == label.row - 1 for other in self._labels):
                    yield row

    def _in_front(self, field: Field) -> Iterator[Run]:
        """What stands before a label that comes after this field's own in its row, without what is left of that one."""
        for label in self._labels:
            run = self._rows[label.row].cut(0, label.start)
            if label.word in field.before and (found := values.SHORT_NAME.search(run.text)):
                yield run.cut(*found.span(1))

    def _cell(self, label: _Label, field: Field) -> Run:
        """Everything that goes on to the right of a label and below: an address takes several lines."""
        row = self._rows[label.row]
        first = row.cut(label.end, self._ends(label))
        edge = row.lines[label.end - 1]
        left = _x_at(row, label.end) - edge.height
        if field.table:
            return self._around(label, left, edge, -1) + first + self._around(label, left, edge, 1)
        cell, last = first, (first.lines[-1] if first.text else edge)
        for number in range(label.row + 1, min(label.row + 4, len(self._rows))):
            more = self._rows[number]
            if not more.text or self._is_labelled(number) or not _goes_on(last, more.lines[0], left):
                break
            cell, last = cell + more, more.lines[-1]
        return cell

    def _around(self, label: _Label, left: float, edge: Line, step: int) -> Run:
        number = label.row + step
        if not 0 <= number < len(self._rows) or self._is_labelled(number) or not self._rows[number].text:
            return NOTHING
        near = self._rows[number].lines[0]
        down = abs(float(near.middle[1] - edge.middle[1]) - edge.slope * float(near.middle[0] - edge.middle[0]))
        return self._rows[number] if down < _ROUND * edge.height and _left(near) > left else NOTHING

    def _ends(self, label: _Label) -> int:
        """Where the value behind a label ends in its row: at a label that begins a line (民族 is also the name of a road)."""
        row = self._rows[label.row]
        starts = [
            other.start
            for other in self._labels
            if other.row == label.row
            and other.start >= label.end
            and row.lines[other.start] is not row.lines[other.start - 1]
        ]
        return min(starts, default=len(row.text))

    def _is_labelled(self, number: int) -> bool:
        """Whether a row begins with a label. Short ones are also the beginnings of names of roads."""
        return any(label.row == number and label.start == 0 and len(label.word) > 2 for label in self._labels)


def _labels(number: int, row: Run, words: Sequence[str]) -> Iterator[_Label]:
    """The labels in a row. A longer one is not also the shorter one in it."""
    taken: set[int] = set()
    for word in words:
        at = row.text.find(word)
        while at >= 0:
            if taken.isdisjoint(range(at, at + len(word))):
                taken.update(range(at, at + len(word)))
                yield _Label(word, number, at, at + len(word))
            at = row.text.find(word, at + 1)


def _goes_on(last: Line, line: Line, left: float) -> bool:
    down = float(line.middle[1] - last.middle[1]) - last.slope * float(line.middle[0] - last.middle[0])
    return down < _STEP * last.height and _left(line) > left


def _left(line: Line) -> float:
    return float(line.quad[[0, 3], 0].mean())


def _x_at(row: Run, place: int) -> float:
    """Where, from the left, the character before this place ends."""
    line = row.lines[place - 1]
    own = [at for at, other in enumerate(row.lines) if other is line]
    return _left(line) + line.width * (place - own[0]) / len(own)


# --- what proves what ---


def _proven(told: dict[str, Value]) -> dict[str, Value]:
    """A card's number is proven by the level and the category printed beside it, and proves them."""
    number, level, categories = (told.get(name) for name in ("disability_card_no", "card_level", "card_categories"))
    if number is None or level is None or level.text != number.text[19]:
        return told
    digit = number.text[18]
    same = categories is not None and categories.text == values.CATEGORY_DIGITS.get(digit)
    several = digit == values.SEVERAL and (categories is None or "," in categories.text)
    if not (same or several):
        return told
    sure = {"disability_card_no": number, "card_level": level} | (
        {"card_categories": categories} if same and categories else {}
    )
    return told | {name: replace(value, checked=True) for name, value in sure.items()}


def _as_field(name: str, value: Value) -> ReadField:
    scores = value.run.scores
    score = round(min(scores), 3) if scores else 0.0
    plain = value.text == value.run.text
    doubtful = () if value.checked else tuple(at for at, one in enumerate(scores) if one < _DOUBTFUL)
    if doubtful and not plain:  # it is written otherwise than it stands there: all of it
        doubtful = tuple(range(len(value.text)))
    return ReadField(name, value.text, value.checked, score, doubtful)


def is_personal(name: str) -> bool:
    """Names, numbers and addresses: what a preview for others does not show."""
    return name.endswith(("name", "_number", "_no", "_account", "_address", "_phone"))


def personal_fields(kind: Kind) -> frozenset[str]:
    """Those that every paper of this kind bears; a guardian's stand only on some."""
    paper = papers().get(kind)
    named = (field.name for field in paper.fields) if paper else ()
    return frozenset(name for name in named if is_personal(name) and not name.startswith("guardian_"))


def with_digits(lines: Iterable[Line], least: int = 6) -> list[Line]:
    """Lines that bear a number of so many digits: what a preview for others never shows."""
    return [line for line in lines if sum(char.isdigit() for char in line.text) >= least]
