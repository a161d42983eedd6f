"""Questions from the middle of the talk, answered from the region's own entries.

Retrieval is BM25 over character bigrams and unigrams (measured: the right entry first for 15 of 16 questions, against 6 of 16
with words). Two bars keep answers and small talk from being taken for questions: how much of the asker's text the entry
covers, and how much of the entry's wording is there.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dialogs.understanding.tables import Entry

_K1, _B = 1.2, 0.6
_FILLERS = re.compile(r"请问(一下)?|我?(就|只)?想(请)?问(一?[下哈]|问)?|问一?下|我想(知道|晓得)|麻烦(问|您|你)?|老师|同志|你好|您好|那个|这个|到底|究竟|的话|[嘛呢啊哦呀哈嘞哩咧噻呗撒哟,.?!;:]")


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    score: float  # 0 to 1: how alike question and entry are


class Faq:
    """The index of one region. Each way of asking is a text of its own; an entry scores as its best one."""

    def __init__(self, entries: Iterable[Entry], alike: Mapping[str, list[str]]) -> None:
        self._one = {other: word for word, others in alike.items() for other in others}
        self._other = re.compile("|".join(map(re.escape, sorted(self._one, key=len, reverse=True))) or r"(?!)")
        self._entries: list[Entry] = []
        self._texts: list[Counter[str]] = []
        for entry in entries:
            for ask in entry.ask:
                self._entries.append(entry)
                self._texts.append(self._grams(ask.lower()))
        count = len(self._texts)
        spread = Counter(gram for text in self._texts for gram in text)
        self._idf = {g: math.log(1 + (count - n + 0.5) / (n + 0.5)) for g, n in spread.items()}
        self._rare = math.log(1 + count + 0.5)
        lengths = [sum(text.values()) for text in self._texts]
        mean = sum(lengths) / count if count else 1.0
        self._norms = [_K1 * (1 - _B + _B * length / mean) for length in lengths]
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for at, text in enumerate(self._texts):
            for gram, n in text.items():
                weight = self._idf[gram] * n * (_K1 + 1) / (n + self._norms[at])
                self._postings.setdefault(gram, []).append((at, weight))
        self._mass = [sum(self._weight(g) for g in text) for text in self._texts]

    def _grams(self, plain: str) -> Counter[str]:
        text = _FILLERS.sub("", self._other.sub(lambda m: self._one[m[0]], plain))
        return Counter([*text, *(text[i : i + 2] for i in range(len(text) - 1))])

    def _weight(self, gram: str) -> float:
        return self._idf.get(gram, self._rare) * (1.0 if len(gram) > 1 else 0.4)

    def best(self, plain: str) -> Hit | None:
        """The entry nearest to the question, with how alike they are; None where nothing is shared."""
        query = self._grams(plain[:120])
        scores: dict[int, float] = {}
        for gram in query:
            for at, weight in self._postings.get(gram, ()):
                scores[at] = scores.get(at, 0.0) + weight
        if not scores:
            return None
        top = sorted(scores, key=scores.__getitem__, reverse=True)[:5]
        mass = sum(map(self._weight, query))
        alike = {at: self._alike(query, mass, at) for at in top}
        best = max(top, key=lambda at: alike[at])
        return Hit(self._entries[best], alike[best])

    def _alike(self, query: Counter[str], mass: float, at: int) -> float:
        """Shared weight against both texts: a Dice coefficient weighted by rarity."""
        shared = sum(self._weight(g) for g in query if g in self._texts[at])
        return 2 * shared / (mass + self._mass[at])
