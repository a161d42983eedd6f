"""Lines into rows, rows into one run of characters: reading order, and for every character where it came from.

Papers lie askew and are seen from the side, so two lines stand in one row when each, drawn on, meets the other.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from backend.photos.reading.ocr import Line

_MEETS = 0.55  # of the smaller height: how far two lines of one row may miss each other
_SURE = 3.0  # times as wide as tall: a line whose own slope can be trusted
_ALIKE = str.maketrans("：，（）—－～·•．。", ":,()---··..")  # one character for one


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Characters in reading order, without blanks. `scores` and `lines` have one entry for each of `text`."""

    text: str
    scores: tuple[float, ...]
    lines: tuple[Line, ...]

    def cut(self, start: int, end: int) -> Run:
        return Run(self.text[start:end], self.scores[start:end], self.lines[start:end])

    def __add__(self, other: Run) -> Run:
        return Run(self.text + other.text, self.scores + other.scores, self.lines + other.lines)


NOTHING = Run("", (), ())


def rows(lines: Sequence[Line]) -> list[Run]:
    """The rows of a paper from top to bottom, each from left to right."""
    if not lines:
        return []
    slope = _slope(lines)
    groups: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: line.middle[0]):
        near = [(gap, group) for group in groups if (gap := _gap(group[-1], line, slope)) is not None]
        if near:
            min(near, key=lambda one: one[0])[1].append(line)
        else:
            groups.append([line])
    groups.sort(key=lambda group: np.mean([line.middle[1] - slope * line.middle[0] for line in group]))
    return [joined(group) for group in groups]


def joined(lines: Iterable[Line]) -> Run:
    """These lines one after the other."""
    kept = [(char, score, line) for line in lines for char, score in _characters(line)]
    return Run("".join(char for char, _, _ in kept), tuple(one[1] for one in kept), tuple(one[2] for one in kept))


def _characters(line: Line) -> Iterator[tuple[str, float]]:
    """Full width made half, dots and dashes of one kind, blanks left out."""
    for char, score in zip(line.text, line.scores, strict=True):
        plain = unicodedata.normalize("NFKC", char)
        plain = plain if len(plain) == 1 else char
        if not plain.isspace():
            yield plain.translate(_ALIKE), score


def _slope(lines: Sequence[Line]) -> float:
    wide = [line for line in lines if line.width > _SURE * line.height]
    return float(np.median([line.slope for line in wide or lines]))


def _gap(left: Line, right: Line, slope: float) -> float | None:
    """How far two lines miss each other when drawn on, as a part of their height; None if they are not of one row."""
    across, down = (right.middle - left.middle).tolist()
    slopes = [line.slope if line.width > _SURE * line.height else slope for line in (left, right)]
    height = min(left.height, right.height)
    missed = abs(down - across * sum(slopes) / 2) / height
    overlap = left.middle[0] + left.width / 2 - (right.middle[0] - right.width / 2)
    return missed if missed < _MEETS and overlap < height else None
