"""What can be said at any moment: commands, a person wanted, distress, small talk, hostile input. Patterns from tables.

There are hundreds of patterns and nearly every text matches none: so each is tried only where the text has one of the
characters without which it cannot match (`needs`), which are read off the pattern's own text. `Sieve` keeps them by character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dialogs.understanding.tables import Cue

ANY: frozenset[str] = frozenset()
_MOST = 60  # a class with more characters than this tells nothing
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])*)\]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|P=\w+|[:=!]|<[=!]))?")
_TIMES = re.compile(r"(?:[?*+]|\{(\d*),?\d*\})[?+]?")


def needs(pattern: str) -> frozenset[str]:
    """Characters of which a text that the pattern matches has at least one; ANY where nothing of the kind can be said."""
    return _ways(pattern, 0)[0]


def _ways(pattern: str, at: int) -> tuple[frozenset[str], int]:
    """What the alternatives from here to the closing bracket need together, and where they end."""
    ways: list[frozenset[str]] = []
    while True:
        needed, at = _one_way(pattern, at)
        ways.append(needed)
        if at >= len(pattern) or pattern[at] == ")":
            return (frozenset().union(*ways) if all(ways) else ANY), at
        at += 1


def _one_way(pattern: str, at: int) -> tuple[frozenset[str], int]:
    """The smallest set that one alternative needs, and where it ends."""
    found: list[frozenset[str]] = []
    while at < len(pattern) and pattern[at] not in "|)":
        chars, at = _part(pattern, at)
        times = _TIMES.match(pattern, at)
        if times:
            at = times.end()
            if times[0][0] in "?*" or (times[0][0] == "{" and int(times[1] or 0) == 0):
                chars = ANY
        if chars:
            found.append(chars)
    return min(found, key=len, default=ANY), at


def _part(pattern: str, at: int) -> tuple[frozenset[str], int]:
    """What one character, class or group needs, and where it ends."""
    sign = pattern[at]
    if sign == "(":
        opened = _GROUP.match(pattern, at)
        assert opened is not None  # it begins with a bracket
        inner, end = _ways(pattern, opened.end())
        looks = opened[0][2:] in ("=", "!", "<=", "<!") or opened[0].startswith("(?P=")
        return (ANY if looks else inner), end + 1
    if sign == "[" and (members := _CLASS.match(pattern, at)):
        return (ANY if members[1] else _members(members[2])), members.end()
    if sign == "\\" and (escape := _ESCAPE.match(pattern, at)):
        return _escaped(escape), escape.end()
    return (ANY if sign in ".^$" else frozenset(sign)), at + 1


def _escaped(escape: re.Match[str]) -> frozenset[str]:
    code = escape[1] or escape[2]
    if code:
        return frozenset(chr(int(code, 16)))
    return ANY if escape[3].isalnum() else frozenset(escape[3])


def _members(inside: str) -> frozenset[str]:
    """The characters of a class; ANY where it has a named set or a wide range."""
    signs = [
        _escaped(e) if (e := _ESCAPE.fullmatch(s)) else frozenset(s) for s in re.findall(r"\\u\w{4}|\\.|.", inside)
    ]
    if not all(signs):
        return ANY
    chars: set[str] = set()
    at = 0
    while at < len(signs):
        first = ord(min(signs[at]))
        last = ord(min(signs[at + 2])) if signs[at + 1 : at + 2] == [frozenset("-")] and at + 2 < len(signs) else first
        if last - first > _MOST:
            return ANY
        chars.update(map(chr, range(first, last + 1)))
        at += 3 if last != first else 1
    return frozenset(chars)


class Sieve:
    """Which of many patterns are worth trying on a text, in their order, by the characters that each needs."""

    def __init__(self, wanted: Iterable[frozenset[str]]) -> None:
        self._always: list[int] = []
        self._by: dict[str, list[int]] = {}
        for at, chars in enumerate(wanted):
            if not chars:
                self._always.append(at)
            for char in chars:
                self._by.setdefault(char, []).append(at)

    def candidates(self, text: str) -> list[int]:
        """Places of the patterns that may match, from the first."""
        found = self._always.copy()
        for char in text:
            if char in self._by:
                found += self._by[char]
        return sorted(set(found)) if len(found) > 1 else found


class Cues:
    """The first cue of a table that a plain text matches."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._says = [(cue, re.compile(say)) for cue in cues for say in cue.say]
        self._sieve = Sieve(needs(say) for cue in cues for say in cue.say)

    def find(self, plain: str) -> Cue | None:
        out: Cue | None = None  # the last cue that matched but was ruled out by another word
        for at in self._sieve.candidates(plain):
            cue, say = self._says[at]
            if cue is not out and say.search(plain):
                if not any(word in plain for word in cue.not_):
                    return cue
                out = cue
        return None
