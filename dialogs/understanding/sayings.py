"""Whole sayings that tell a fact (“吃喝拉撒都要人管”): the patterns of a topic, run on one clause with the scope of a no.

A no in front of a saying turns it round, “cannot” behind it does too, and what looks like yes and no at once tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialogs.understanding.sieve import Patterns
from dialogs.understanding.words import Clause

_GAP = "[^没不未冇莫别无]{"  # no gap of a yes hides a no
_EITHER = re.compile(r"(?<![没不])([\u4e00-\u9fff])[没不](?:有)?\1")  # “交没交” asks, or does not know


@dataclass(frozen=True, slots=True)
class Told:
    """What a saying tells of its fact (None: nothing certain), and from where to where it stands in the clause."""

    value: bool | None
    start: int
    end: int


class Saying:
    """The patterns of one fact: what makes it vague, what says no, what says yes."""

    def __init__(self, vague: Sequence[str], no: Sequence[str], yes: Sequence[str], patterns: Patterns) -> None:
        told = ((None, vague), (False, no), (True, [say.replace(".{", _GAP) for say in yes]))
        self._patterns = [(value, patterns.of(says)) for value, says in told if says]
        self._p = patterns
        self.needs = [needs for _, pattern in self._patterns for needs in pattern.needs]

    def find(self, clause: Clause) -> Told | None:
        """What the clause tells (value None: nothing certain) and where; None where no pattern is in it."""
        text = clause.text
        if "没" in text or "不" in text:
            text = _EITHER.sub(lambda m: "#" * len(m[0]), text)
        found: dict[bool | None, Told] = {}
        for value, pattern in self._patterns:
            for hit in list(pattern.finditer(text)):
                denied = self._denied(clause.text, hit)
                if denied and not value:
                    continue  # a no denied says nothing
                said = False if denied else value
                found.setdefault(said, Told(said, hit.start(), hit.end()))
                text = text[: hit.start()] + "#" * (hit.end() - hit.start()) + text[hit.end() :]
        if len(found) > 1:
            return Told(None, 0, 0)
        return next(iter(found.values()), None)

    def _denied(self, text: str, hit: re.Match[str]) -> bool:
        """Whether a no stands before a saying, or “cannot” behind it."""
        before = text[: hit.start()]
        denied = self._p["denied"].search(before) and not self._p["not_denied"].search(before)
        return bool(denied or self._p["cannot"].match(text, hit.end()))


class Whole:
    """The patterns of one fact that settle it over a whole text, clauses parted by commas (“停过，今年又恢复了”)."""

    def __init__(self, no: Sequence[str], yes: Sequence[str], patterns: Patterns) -> None:
        self._patterns = [(value, patterns.of(says)) for value, says in ((False, no), (True, yes)) if says]

    def find(self, clauses: Sequence[Clause]) -> list[dict[int, Told]]:
        """What each pattern found tells, and where it stands in every clause that it goes through."""
        text = "".join("," * (at > 0 and not clause.goes_on) + clause.text for at, clause in enumerate(clauses))
        return [_parts(hit, value, clauses) for value, pattern in self._patterns if (hit := pattern.search(text))]


def _parts(hit: re.Match[str], value: bool, clauses: Sequence[Clause]) -> dict[int, Told]:
    out, at = {}, 0
    for number, clause in enumerate(clauses):
        at += number > 0 and not clause.goes_on
        if hit.start() < at + len(clause.text) and hit.end() > at:
            out[number] = Told(value, hit.start() - at, hit.end() - at)
        at += len(clause.text)
    return out
