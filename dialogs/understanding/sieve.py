"""What a text must hold for a pattern to match it, and patterns and words that are looked for only where they can be.

There are thousands of patterns and nearly every text matches none. Which characters an alternative of a pattern cannot do
without is read off its own text (`ways`); `Sieve` tells for a whole table at once, in one pass over the text, what is worth
trying. What is found is the same as without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

Need = frozenset[str]
"""Characters of which a text has to have at least one; empty where nothing of the kind can be said."""

_TRIED = 3  # needs of one alternative that are looked at, the rarest first
_AGAIN = 8  # texts that are remembered: what was said, told straight, and its clauses
_NOTHING: Need = frozenset()
_MOST = 60  # a class with more characters than this tells nothing
_COMMON = frozenset("不没有的了我是就都一要这那上得到还过人给在")  # in so many texts that they hardly tell anything
_CLASS = re.compile(r"\[(\^?)((?:\\.|[^\]\\])*)\]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|P=\w+|[:=!]|<[=!]))?")
_TIMES = re.compile(r"(?:[?*+]|\{(\d*),?\d*\})[?+]?")


def ways(pattern: str) -> list[tuple[str, tuple[Need, ...]]]:
    """The alternatives of a pattern, each with what a text must hold for it: one character at least of every set."""
    spans, _ = _ways(pattern, 0)
    return [(pattern[start:end], tuple(sorted(needs, key=_usual)[:_TRIED])) for start, end, needs in spans]


def needs(*patterns: str) -> tuple[Need, ...]:
    """What a text must hold for all of these patterns to match it."""
    found = [need for pattern in patterns for need in _either([each for _, _, each in _ways(pattern, 0)[0]])]
    return tuple(sorted(found, key=_usual)[:_TRIED])


def _usual(need: Need) -> int:
    return len(need) + 20 * len(need & _COMMON)


def _ways(pattern: str, at: int) -> tuple[list[tuple[int, int, list[Need]]], int]:
    """The alternatives from here to the closing bracket, each with its place and its needs, and where they end."""
    spans: list[tuple[int, int, list[Need]]] = []
    while True:
        start = at
        needs, at = _one_way(pattern, at)
        spans.append((start, at, needs))
        if at >= len(pattern) or pattern[at] == ")":
            return spans, at
        at += 1


def _one_way(pattern: str, at: int) -> tuple[list[Need], int]:
    """What one alternative needs, and where it ends."""
    needs: list[Need] = []
    while at < len(pattern) and pattern[at] not in "|)":
        found, at = _part(pattern, at)
        times = _TIMES.match(pattern, at)
        if times:
            at = times.end()
            if times[0][0] in "?*" or (times[0][0] == "{" and int(times[1] or 0) == 0):
                continue
        needs += found
    return needs, at


def _part(pattern: str, at: int) -> tuple[list[Need], int]:
    """What one character, class or group needs, and where it ends."""
    sign = pattern[at]
    if sign == "(":
        opened = _GROUP.match(pattern, at)
        assert opened is not None  # it begins with a bracket
        spans, end = _ways(pattern, opened.end())
        looks = opened[0][2:] in ("=", "!", "<=", "<!") or opened[0].startswith("(?P=")
        return ([] if looks else _either([needs for _, _, needs in spans])), end + 1
    if sign == "[" and (members := _CLASS.match(pattern, at)):
        return _some(frozenset() if members[1] else _members(members[2])), members.end()
    if sign == "\\" and (escape := _ESCAPE.match(pattern, at)):
        return _some(_escaped(escape)), escape.end()
    return ([] if sign in ".^$" else [frozenset(sign)]), at + 1


def _either(each: list[list[Need]]) -> list[Need]:
    """What alternatives need together: of each its rarest."""
    if len(each) == 1:
        return each[0]
    return [frozenset().union(*(min(needs, key=_usual) for needs in each))] if all(each) else []


def _some(need: Need) -> list[Need]:
    return [need] if need else []


def _escaped(escape: re.Match[str]) -> Need:
    code = escape[1] or escape[2]
    if code:
        return frozenset(chr(int(code, 16)))
    return frozenset() if escape[3].isalnum() else frozenset(escape[3])


def _members(inside: str) -> Need:
    """The characters of a class; none where it has a named set or a wide range."""
    signs = [
        _escaped(e) if (e := _ESCAPE.fullmatch(s)) else frozenset(s) for s in re.findall(r"\\u\w{4}|\\.|.", inside)
    ]
    if not all(signs):
        return frozenset()
    chars: set[str] = set()
    at = 0
    while at < len(signs):
        first = ord(min(signs[at]))
        last = ord(min(signs[at + 2])) if signs[at + 1 : at + 2] == [frozenset("-")] and at + 2 < len(signs) else first
        if last - first > _MOST:
            return frozenset()
        chars.update(map(chr, range(first, last + 1)))
        at += 3 if last != first else 1
    return frozenset(chars)


class Sieve:
    """What all patterns of a reader need, asked of a text in one pass. Every alternative is a bit of one number; a character
    sets the bits of those that it serves: once for the first need of each, once for the second, once for the third."""

    def __init__(self) -> None:
        self._count = 0
        self._free = [0] * _TRIED  # alternatives that need no more than that
        self._masks: dict[str, list[int]] = {}
        self.hits = lru_cache(maxsize=_AGAIN)(self._hits)

    def add(self, each: Iterable[Sequence[Need]]) -> tuple[int, int]:
        """Takes in what each of some alternatives needs; gives the place of the first and a number of as many bits."""
        first = self._count
        for needs in each:
            for which in range(_TRIED):
                if which >= len(needs):
                    self._free[which] |= 1 << self._count
                for char in needs[which] if which < len(needs) else ():
                    self._masks.setdefault(char, [0] * _TRIED)[which] |= 1 << self._count
            self._count += 1
        self.hits.cache_clear()
        return first, (1 << (self._count - first)) - 1

    def _hits(self, text: str) -> int:
        """The bits of all alternatives that may match this text; a clause is asked for many times in a row."""
        first, second, third = self._free
        masks = self._masks
        for char in set(text):
            if char in masks:
                one, two, three = masks[char]
                first |= one
                second |= two
                third |= three
        return first & second & third


class Rows:
    """Some alternatives of a sieve, by their place among themselves; each is compiled when it is first tried."""

    def __init__(self, each: Iterable[tuple[str, Sequence[Need]]], sieve: Sieve) -> None:
        rows = list(each)
        self.count = len(rows)
        self._hits = sieve.hits
        self._first, self._all = sieve.add(needs for _, needs in rows)
        self._says = [say for say, _ in rows]
        self._compiled: list[re.Pattern[str] | None] = [None] * len(rows)

    def likely(self, text: str) -> Iterable[int]:
        """Places of those that may match, from the first."""
        left = self._hits(text) >> self._first & self._all
        return _bits(left) if left else ()

    def pattern(self, at: int) -> re.Pattern[str]:
        """The regular expression of this row. Raises re.error where it is none."""
        known = self._compiled[at]
        if known is None:
            known = self._compiled[at] = re.compile(self._says[at])
        return known


def _bits(left: int) -> list[int]:
    found: list[int] = []
    while left:
        lowest = left & -left
        found.append(lowest.bit_length() - 1)
        left ^= lowest
    return found


class Pattern(Rows):
    """A regular expression of many alternatives, of which only those are tried that may match. Numbers of groups are those of
    the alternative that matched."""

    def __init__(self, says: Iterable[str], sieve: Sieve) -> None:
        self.says = tuple(says)
        each = ways("|".join(self.says))
        super().__init__(each, sieve)
        self.needs = [needs for _, needs in each]
        # one alone is asked at once: often it is anchored to the end of a new piece of text each time
        self._alone = next(iter(self.needs[0]), _NOTHING) if len(each) == 1 else None

    def _likely(self, text: str) -> list[re.Pattern[str]]:
        if self._alone is not None:
            return [] if self._alone and self._alone.isdisjoint(text) else [self.pattern(0)]
        left = self._hits(text) >> self._first & self._all
        return [self.pattern(at) for at in _bits(left)] if left else []

    def search(self, text: str, pos: int = 0) -> re.Match[str] | None:
        """The first match; of two at one place that of the first alternative."""
        return _first(self._likely(text), text, pos)

    def match(self, text: str, pos: int = 0) -> re.Match[str] | None:
        return next((hit for one in self._likely(text) if (hit := one.match(text, pos))), None)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return next((hit for one in self._likely(text) if (hit := one.fullmatch(text))), None)

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        likely = self._likely(text)
        at = 0
        while likely and at <= len(text) and (hit := _first(likely, text, at)):
            yield hit
            at = hit.end() + (hit.end() == hit.start())

    def split(self, text: str) -> list[str]:
        """The pieces between the matches."""
        pieces, at = [], 0
        for hit in self.finditer(text):
            pieces.append(text[at : hit.start()])
            at = hit.end()
        return [*pieces, text[at:]]

    def without(self, text: str) -> str:
        """The text without its matches."""
        return "".join(self.split(text))


def _first(likely: Sequence[re.Pattern[str]], text: str, pos: int) -> re.Match[str] | None:
    best: re.Match[str] | None = None
    for one in likely:
        hit = one.search(text, pos)
        if hit and (best is None or hit.start() < best.start()):
            best = hit
    return best


class Patterns(dict[str, Pattern]):
    """Patterns by name, and others made beside them over the same sieve."""

    def __init__(self, named: Mapping[str, Iterable[str]]) -> None:
        self.sieve = Sieve()
        super().__init__({name: self.of(says) for name, says in named.items()})

    def of(self, says: Iterable[str]) -> Pattern:
        return Pattern(says, self.sieve)


class Words:
    """Many words, looked for from left to right, the longest at each place: thousands cost no more than ten."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def found(self, text: str) -> Iterator[tuple[int, str]]:
        """Each word in the text and where it begins."""
        at = 0
        for start, char in enumerate(text):
            if start < at or char not in self._lengths:
                continue
            word = next((w for n in self._lengths[char] if (w := text[start : start + n]) in self._words), "")
            if word:
                yield start, word
                at = start + len(word)

    def replaced(self, text: str, by: dict[str, str]) -> str:
        """The text with each word found as `by` has it."""
        out, end = "", 0
        for start, word in self.found(text):
            out += text[end:start] + by[word]
            end = start + len(word)
        return out + text[end:] if end else text
