"""The tree that results from asking, as a picture: a box for each question, a row for each answer, and what is settled
by it. Talks with the same rest share their boxes.

Drawn for somebody of the place who answers each question with one answer; not being sure and several answers together
are walked by walk.py and left out of the picture, which would not be readable with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from html import escape
from textwrap import wrap
from typing import Any

from dialogs.policy.ask import Question, answers, facts_of, next_question
from dialogs.policy.decide import complete, judge
from dialogs.policy.pack import Pack, Policy
from dialogs.policy.plain import VERDICTS
from dialogs.policy.walk import Walker

CHARACTER, LINE, GAP_X, GAP_Y, MARGIN = 13, 20, 90, 18, 20
"""Pixels: a character's width, a row's height, between columns, between boxes, around the picture."""
WIDEST, FEW = 24, 2
"""Characters in a line; refusals that are named."""


@dataclass(slots=True)
class Branch:
    """An answer, or several with the same rest: what is settled by it, and the box it leads to (None: all is said)."""

    answers: list[str]
    settles: tuple[tuple[str, str], ...]
    to: int | None


@dataclass(slots=True)
class Box:
    """A question. `depth`: how many come before it at most."""

    title: str
    branches: list[Branch] = field(default_factory=list)
    depth: int = 0


@dataclass(slots=True)
class Tree:
    name: str
    boxes: list[Box] = field(default_factory=list)


def tree(policy: Policy, pack: Pack, on: date) -> Tree:
    """The tree of questions while no wish is spoken."""
    drawing = _Drawing(policy, pack, on, Tree(f"{pack.written.name}：怎么问，问到什么"))
    drawing.box({})
    _deepen(drawing.tree, 0, 0)
    return drawing.tree


def _deepen(drawn: Tree, at: int, depth: int) -> None:
    """A box stands to the right of everything that leads to it."""
    box = drawn.boxes[at]
    if depth and depth <= box.depth:
        return
    box.depth = depth
    for branch in box.branches:
        if branch.to is not None:
            _deepen(drawn, branch.to, depth + 1)


@dataclass(slots=True)
class _Drawing:
    policy: Policy
    pack: Pack
    on: date
    tree: Tree
    boxes: dict[object, int | None] = field(default_factory=dict)
    walker: Walker = field(init=False)

    def __post_init__(self) -> None:
        self.walker = Walker(self.policy, self.pack, self.on)

    def box(self, facts: dict[str, Any]) -> int | None:
        key = self.walker.key(facts, complete(self.pack, facts, self.on))
        if key in self.boxes:
            return self.boxes[key]
        question = next_question(self.policy, self.pack, facts, None, self.on)
        self.boxes[key] = None if question is None else len(self.tree.boxes)
        if question is None:
            return None
        box = Box(question.title)
        self.tree.boxes.append(box)
        for label, value in self.labelled(question):
            after = {**facts_of(self.policy, question.key, value), **facts}
            to = self.box(after)
            settles = self.settled(facts, after, to is None)
            same = next((one for one in box.branches if (one.settles, one.to) == (settles, to)), None)
            if same is None:
                box.branches.append(Branch([label], settles, to))
            elif label not in same.answers:
                same.answers.append(label)
        return self.boxes[key]

    def labelled(self, question: Question) -> Iterator[tuple[str, Any]]:
        """The single answers of a question, in words."""
        if question.key in self.policy.groups:
            yield from ((one.label, [one.value]) for one in question.options if one.value is not None)
            return
        fact = self.policy.facts[question.key]
        labels = {option.value: option.label for option in self.policy.options(fact)}
        values = answers(self.policy, self.pack, question.key)
        if fact.type == "county":
            yield from zip((self.pack.written.name, "同省别处", "外省"), values, strict=True)
        elif fact.type == "set":
            yield from ((labels[value], (value,)) for value in fact.values)
        elif question.key in self.pack.numbers and not labels:
            yield from zip(_ranges(values), values, strict=True)
        else:
            words = {True: "是", False: "不是"}
            yield from ((labels.get(value) or words.get(value) or str(value), value) for value in values)

    def settled(self, before: Mapping[str, Any], after: Mapping[str, Any], ended: bool) -> tuple[tuple[str, str], ...]:
        """The items that no answer can change any more after this one, of what could be changed before; when nothing
        more is asked, all of these."""
        was, now = (complete(self.pack, facts, self.on) for facts in (before, after))
        judged = judge(self.pack, now, self.pack.ids, reasons=False)
        return tuple(
            (self.pack.items[item].short, judged[item].verdict)
            for item in self.pack.ids
            if self.open(item, before, was) and (ended or not self.open(item, after, now))
        )

    def open(self, item: str, facts: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
        return bool(self.walker.item(item, facts, known, self.walker.open(facts, known)).number)


def closed(branch: Branch) -> list[str]:
    """What is settled by it, one line for each verdict; of many refusals only how many."""
    lines = []
    for verdict, word in VERDICTS.items():
        names = [name for name, one in branch.settles if one == verdict]
        many = verdict == "not_eligible" and len(names) > FEW
        if names:
            lines.append(f"{word}：{f'{len(names)}项' if many else '、'.join(names)}")
    return lines or (["问完了"] if branch.to is None else [])


# --- Mermaid ---


def mermaid(drawn: Tree) -> str:
    lines = ["flowchart LR"]
    for at, box in enumerate(drawn.boxes):
        lines.append(f'    q{at}["{box.title}"]')
        for row, branch in enumerate(box.branches):
            label, settled = "、".join(branch.answers), closed(branch)
            if branch.to is None:
                lines.append(f'    q{at} -->|"{label}"| e{at}_{row}(["{"<br>".join(settled)}"])')
            else:
                lines.append(f'    q{at} -->|"{"<br>".join([label, *settled])}"| q{branch.to}')
    return "\n".join(lines) + "\n"


# --- SVG ---


def _ranges(values: Sequence[int]) -> Iterator[str]:
    """Each class of a number, of which one value is tried, from its first to its last."""
    ends = [after - 1 for after in values[1:]]
    yield f"{ends[0]}以下"
    yield from (f"{low}" if low == high else f"{low}到{high}" for low, high in zip(values[1:], ends[1:], strict=False))
    yield f"{values[-1]}以上"


@dataclass(slots=True)
class _Placed:
    """`rows`: the lines of each branch, its answers first."""

    x: int
    y: int
    width: int
    rows: list[list[str]]

    @property
    def height(self) -> int:
        return LINE * (1 + sum(map(len, self.rows))) + 8

    def row(self, at: int) -> int:
        """How many lines stand above this branch."""
        return 1 + sum(map(len, self.rows[:at]))


def svg(drawn: Tree) -> str:
    """One column for each depth, one box for each question, a line from each answer to the next question."""
    placed = _placed(drawn)
    width = max(one.x + one.width for one in placed) + MARGIN
    height = max(one.y + one.height for one in placed) + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title desc" font-family="sans-serif" font-size="13">',
        f'<title id="title">{escape(drawn.name)}</title>',
        f'<desc id="desc">{escape(described(drawn))}</desc>',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for at, box in enumerate(drawn.boxes):
        lines += _lines_from(placed, at, box)
    for box, one in zip(drawn.boxes, placed, strict=True):
        lines += _box(box, one)
    return "\n".join([*lines, "</svg>"]) + "\n"


def described(drawn: Tree) -> str:
    """The same as sentences, for whom the picture is read aloud."""
    said = []
    for at, box in enumerate(drawn.boxes, 1):
        for branch in box.branches:
            goes = "问完" if branch.to is None else f"到第{branch.to + 1}问"
            said.append(
                f"第{at}问{box.title}，答{'、'.join(branch.answers)}：{'；'.join(closed(branch)) or '还没有定的'}，{goes}。"
            )
    return "".join(said)


def _placed(drawn: Tree) -> list[_Placed]:
    rows = [[_rows(branch) for branch in box.branches] for box in drawn.boxes]
    wide: dict[int, int] = {}
    for box, branches in zip(drawn.boxes, rows, strict=True):
        most = max(len(text) for text in (box.title, *(line for lines in branches for line in lines)))
        wide[box.depth] = max(wide.get(box.depth, 0), most * CHARACTER + 36)
    placed: list[_Placed] = []
    below: dict[int, int] = {}
    for box, branches in zip(drawn.boxes, rows, strict=True):
        x = MARGIN + sum(wide[depth] + GAP_X for depth in range(box.depth))
        one = _Placed(x, below.get(box.depth, MARGIN), wide[box.depth], branches)
        below[box.depth] = one.y + one.height + GAP_Y
        placed.append(one)
    return placed


def _rows(branch: Branch) -> list[str]:
    return [line for text in ("、".join(branch.answers), *closed(branch)) for line in wrap(text, WIDEST)]


def _box(box: Box, one: _Placed) -> Iterator[str]:
    yield (
        f'<rect x="{one.x}" y="{one.y}" width="{one.width}" height="{one.height}" rx="6" fill="#f6f8fa" '
        'stroke="#57606a"/>'
    )
    yield f'<text x="{one.x + 12}" y="{one.y + LINE - 4}" font-weight="bold" fill="#1f2328">{escape(box.title)}</text>'
    for at, lines in enumerate(one.rows):
        for line, text in enumerate(lines):
            x, y = one.x + (24 if line else 12), one.y + LINE * (one.row(at) + line + 1) - 4
            yield f'<text x="{x}" y="{y}" fill="{"#57606a" if line else "#1f2328"}">{escape(text)}</text>'


def _lines_from(placed: list[_Placed], at: int, box: Box) -> Iterator[str]:
    one = placed[at]
    for row, branch in enumerate(box.branches):
        if branch.to is not None:
            other = placed[branch.to]
            x, y, to_x, to_y = one.x + one.width, one.y + LINE * (one.row(row) + 1) - 8, other.x, other.y + LINE // 2
            middle = (x + to_x) // 2
            yield f'<path d="M{x},{y} C{middle},{y} {middle},{to_y} {to_x},{to_y}" fill="none" stroke="#8c959f"/>'
