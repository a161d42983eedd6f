"""The shelf that a turn reads from: policy, understanding, wording, county directories, holidays.

The caller fills it from package data, `YIJIANSHI_DATA_DIR` and the database; the dialog only reads it. It is
replaced whole,
never changed in place, so a turn sees one state of it from beginning to end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from dialogs.directory import Directory
from dialogs.messages import Option
from dialogs.papers import Papers
from dialogs.policy import Pack, Policy
from dialogs.policy.sheets import SheetFile
from dialogs.understanding import Reader, Reading, Understands
from dialogs.wording import Wording

T = TypeVar("T")
_MOST_REMEMBERED = 20_000  # a county's common answers are a few hundred


@dataclass(frozen=True, slots=True)
class Library:
    """`directories` by 6-digit county code; `holidays`: the operator's overrides, date -> is a day off;
    `county_names`: code
    -> full name; `keeps`: how long what is kept, in days, for the privacy notice; `sheets`: paper forms by region
    (`henan@<version>`: of an earlier one).
    `papers`: what pictures can show; `reads`: whether pictures are being read here; `home`: the address people reach us at;
    `operator`: who answers for what is kept here, by name ("": nobody has said).
    `read_by`, `other_reader`: the reader that the operator has laid in the place of the rules, by name ("" none).
    `remembered`: results of pure
    functions of the policy,
    kept because thousands of people give the same answers; it changes no outcome."""

    policy: Policy
    reader: Reader
    words: Wording
    directories: Mapping[str, Directory] = field(default_factory=dict)
    holidays: Mapping[date, bool] = field(default_factory=dict)
    county_names: Mapping[str, str] = field(default_factory=dict)
    keeps: Mapping[str, int] = field(default_factory=dict)
    sheets: Mapping[str, SheetFile] = field(default_factory=dict)
    papers: Papers = field(default_factory=Papers)
    reads: bool = False
    home: str = ""
    operator: str = ""
    read_by: str = ""
    other_reader: Understands | None = None
    remembered: dict[Any, Any] = field(default_factory=dict, compare=False)

    def read(self, context: str, text: str, region: str = "", shown: Sequence[Option] = (), about: str = "") -> Reading:
        """What was meant. A cry is heard by the rules, whoever else reads."""
        heard = self.reader.read(context, text, region, shown, about)
        if self.other_reader is None or heard.kind == "distress":
            return heard
        return self.other_reader.read(context, text, region, shown, about)

    def sheet(self, pack: Pack) -> SheetFile | None:
        """The paper form of this document, the one kept for its version if there is one; else of the document it lies over;
        None where neither prints one."""
        parent = pack.written.parent
        kept = self.sheets.get(f"{pack.region}@{pack.version}")
        return kept or self.sheets.get(pack.region) or (self.sheets.get(parent.region) if parent else None)

    def remember(self, key: Any, make: Callable[[], T]) -> T:
        """What the pure function `make` gives for this key, made once. Only for keys without anything personal in
        them."""
        if key not in self.remembered:
            if len(self.remembered) >= _MOST_REMEMBERED:
                self.remembered.clear()
            self.remembered[key] = make()
        found: T = self.remembered[key]
        return found
