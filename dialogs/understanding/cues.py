"""What can be said at any moment: commands, a person wanted, distress, small talk, hostile input. Patterns from tables.

There are hundreds of patterns and nearly every text matches none: so each is tried only where the text has one of the
characters without which it cannot match (`needs`), which are read off the pattern itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from dialogs.understanding.tables import Cue

ANY: frozenset[str] = frozenset()
_MOST = 60  # a class with more characters than this tells nothing


def needs(pattern: str) -> frozenset[str]:
    """Characters of which a text that the pattern matches has at least one; ANY where nothing of the kind can be said."""
    return _of_sequence(_parser.parse(pattern))


def _of_sequence(parts: Iterable[Any]) -> frozenset[str]:
    found = [chars for part in parts if (chars := _of_part(*part))]
    return min(found, key=len, default=ANY)


def _of_part(code: Any, value: Any) -> frozenset[str]:
    if code is op.LITERAL:
        return frozenset(chr(value))
    if code is op.IN:
        return _of_class(value)
    if code is op.BRANCH:
        ways = [_of_sequence(way) for way in value[1]]
        return reduce(frozenset.union, ways) if all(ways) else ANY
    if code is op.SUBPATTERN:
        return _of_sequence(value[3])
    if code in (op.MAX_REPEAT, op.MIN_REPEAT) and value[0] > 0:
        return _of_sequence(value[2])
    return ANY


def _of_class(members: Iterable[Any]) -> frozenset[str]:
    chars: set[str] = set()
    for code, value in members:
        if code is op.LITERAL:
            chars.add(chr(value))
        elif code is op.RANGE and value[1] - value[0] < _MOST:
            chars.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return ANY
    return frozenset(chars)


class Cues:
    """The first cue of a table that a plain text matches."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._cues = [(cue, [(needs(say), re.compile(say)) for say in cue.say]) for cue in cues]

    def find(self, plain: str) -> Cue | None:
        chars = frozenset(plain)
        for cue, says in self._cues:
            for wanted, say in says:
                if (not wanted or not wanted.isdisjoint(chars)) and say.search(plain):
                    if not any(word in plain for word in cue.not_):
                        return cue
                    break
        return None
