"""How well the papers are read: the sums that the bars of `make proof` and the lines of `make bench` are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.photos.reading.result import ReadPhoto
from tests.photos.papers import Photographed

NUMBERS = ("id_number", "bank_account", "guardian_id_number")
NAMES = ("name", "householder_name", "guardian_name")


@dataclass(slots=True)
class Score:
    """What came out right. A part is right out of a whole, 1.0 where there was nothing to read."""

    right: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)
    other_papers: int = 0  # taken for another paper than they are
    wrong_checked: int = 0  # values told to be checked that are not what stands there

    def add(self, shown: Photographed, read: ReadPhoto) -> None:
        told = {one.name: one.value for one in read.fields}
        for name, value in shown.says.items():
            self.whole[name] += 1
            self.right[name] += told.get(name) == value
        self.whole["kind"] += 1
        self.right["kind"] += read.kind == shown.kind
        self.other_papers += read.kind not in (shown.kind, "unknown")
        self.wrong_checked += sum(
            one.checked and shown.says.get(one.name, one.value) != one.value for one in read.fields
        )

    def part(self, names: Iterable[str]) -> float:
        names = list(names)
        whole = sum(self.whole[name] for name in names)
        return sum(self.right[name] for name in names) / whole if whole else 1.0

    @property
    def fields(self) -> float:
        return self.part(name for name in self.whole if name != "kind")
