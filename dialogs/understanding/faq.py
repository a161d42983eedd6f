"""Questions from the middle of the talk, answered from the region's own entries.

Retrieval is by character bigrams and unigrams (measured: the right entry first for 15 of 16 questions, against 6 of 16 with
words): BM25 finds the nearest wordings, and among their entries the one wins whose wordings share most of what tells entries
apart. People of every region ask alike, so an entry is found by the wordings of its namesakes elsewhere too; the answer is
always the region's own. Two bars keep answers and small talk from being taken for questions: how much of the asker's text the
entry covers, and how much of the entry's wording is there.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dialogs.understanding.sieve import Pattern, Patterns, Rows, Words, needs
from dialogs.understanding.tables import Aspect, Entry

_K1, _B = 1.2, 0.6
_SMALL = frozenset(
    "为什么要怎办能不可以吗有没的了我你去个是在哪里会这那给想需得多少就还到"
)  # say how, not what, is asked
_SMALL_WEIGHT = 0.4
_SHORT = 8  # of a longer question the pairs alone find what may fit; its single characters stand in hundreds of texts
_SINGLE, _STRANGE = 0.3, 0.35  # weight of single characters where texts are compared; of grams that no entry has
_SINGLE_TELLS = 1.2  # among entries: “牢”, “邮”, however the words around it are put
# Ranking of entries: weight of the nearest wording, of what any wording covers, and of how usual a gram is among the wordings
# (its share to this power). Chosen by leaving each wording out in turn and looking for its entry: 54 % found before, 63 % so.
_NEAREST, _ANYWHERE, _USUAL = 0.1, 0.2, 0.4
_RARELY = (
    10  # wordings that every entry is taken to have besides: one with few of them is not found by each of its grams
)
_NEIGHBOURS = 40


def _kind_of(gram: str, single: float) -> float:
    """What a gram counts by its form, as a pair or a `single` character; what is asked counts more than how."""
    return (1.0 if len(gram) > 1 else single) * (1.0 if set(gram) - _SMALL else _SMALL_WEIGHT)


@dataclass(frozen=True, slots=True)
class Hit:
    entry: Entry
    score: float  # 0 to 1: how much of the question the entry covers, in any wording, and how alike they are
    alike: float  # 0 to 1: how alike the question and one way of asking are
    matter: bool  # something is shared that says what, not only how, is asked
    lead: float = 0.0  # how far ahead of the next entry it fits


def wordings(regions: Iterable[Sequence[Entry]]) -> dict[str, tuple[str, ...]]:
    """Every way of asking for the entries of one id, in whichever region it was written down."""
    ways: dict[str, dict[str, None]] = {}
    for entries in regions:
        for entry in entries:
            ways.setdefault(entry.id, {}).update(dict.fromkeys(entry.ask))
    return {name: tuple(asks) for name, asks in ways.items()}


class Faq:
    """The index of one region. Each way of asking is a text of its own; `ways` adds those of other regions to entries of the
    same id, where no other entry of this region claims them."""

    def __init__(
        self,
        entries: Sequence[Entry],
        alike: Mapping[str, list[str]],
        fillers: Pattern,
        ways: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self._fillers = fillers
        self._one = {other: word for word, others in alike.items() for other in (word, *others)}
        self._other = Words(self._one)
        self._entries: list[Entry] = []
        self._by_id: dict[str, Entry] = {}
        self._texts: list[Counter[str]] = []
        claimed = {ask: entry.id for entry in entries for ask in entry.ask}
        for entry in entries:
            self._by_id[entry.id] = entry
            for ask in dict.fromkeys((*entry.ask, *(ways or {}).get(entry.id, ()))):
                if claimed.get(ask, entry.id) == entry.id:
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
        self._weights = {gram: self._weight(gram) for gram in self._idf}
        self._mass = [sum(self._weights[gram] for gram in text) for text in self._texts]
        self._wide: dict[str, Counter[str]] = {}
        for entry, text in zip(self._entries, self._texts, strict=True):
            self._wide.setdefault(entry.id, Counter()).update(text.keys())
        many = Counter(entry.id for entry in self._entries)
        self._usual: dict[str, dict[str, float]] = {
            name: {g: (n / (many[name] + _RARELY)) ** _USUAL for g, n in wide.items()}
            for name, wide in self._wide.items()
        }
        self._telling = {gram: self._tells(n) * _kind_of(gram, _SINGLE_TELLS) for gram, n in self._in_entries()}

    def _in_entries(self) -> Iterator[tuple[str, int]]:
        """Each gram with the number of entries that have it in any wording."""
        return iter(Counter(gram for wide in self._wide.values() for gram in wide).items())

    def _tells(self, having: int) -> float:
        return math.log(1 + (len(self._wide) - having + 0.5) / (having + 0.5))

    def entry(self, ids: Sequence[str]) -> Entry | None:
        """The first of these that the region has."""
        return next((self._by_id[one] for one in ids if one in self._by_id), None)

    def _grams(self, plain: str) -> Counter[str]:
        text = self._fillers.without(self._other.replaced(plain, self._one))
        return Counter([*text, *(text[i : i + 2] for i in range(len(text) - 1))])

    def _weight(self, gram: str) -> float:
        """Rarity; a gram that no entry has says little against an entry, for people talk around their question."""
        known = self._idf.get(gram)
        if known is None:
            return self._rare * (_STRANGE if len(gram) > 1 else _STRANGE / 4)
        return known * _kind_of(gram, _SINGLE)

    def best(self, plain: str) -> Hit | None:
        """The entry nearest to the question, with how alike they are; None where nothing is shared."""
        query = {gram: self._weights.get(gram) or self._weight(gram) for gram in self._grams(plain[:120])}
        scores: dict[int, float] = {}
        for gram in query:
            if len(gram) > 1 or len(query) < _SHORT:
                for at, weight in self._postings.get(gram, ()):
                    scores[at] = scores.get(at, 0.0) + weight
        if not scores:
            return None
        mass = sum(query.values())
        nearest: dict[str, Hit] = {}
        for at in heapq.nlargest(_NEIGHBOURS, scores, key=scores.__getitem__):
            hit = self._hit(query, mass, at)
            known = nearest.get(hit.entry.id)
            if known is None or hit.alike > known.alike:
                nearest[hit.entry.id] = hit
        telling = {gram: self._telling.get(gram, 0.0) for gram in query}
        ranked = sorted(((self._rank(telling, hit), name) for name, hit in nearest.items()), reverse=True)[:2]
        return replace(nearest[ranked[0][1]], lead=ranked[0][0] - ranked[1][0] if len(ranked) > 1 else 1.0)

    def _hit(self, query: Mapping[str, float], mass: float, at: int) -> Hit:
        """`alike`: a Dice coefficient weighted by rarity; `score`: its mean with what any wording of the entry covers."""
        entry, text = self._entries[at], self._texts[at]
        wide = self._wide[entry.id]
        shared = covered = 0.0
        matter = False
        for gram, weight in query.items():
            if gram in wide:
                covered += weight
                shared += weight if gram in text else 0.0
                matter = matter or bool(set(gram) - _SMALL)
        alike = 2 * shared / (mass + self._mass[at])
        return Hit(entry, (alike + covered / mass) / 2, alike, matter)

    def _rank(self, telling: Mapping[str, float], hit: Hit) -> float:
        """How well the entry fits among the others: a gram that few entries have tells most."""
        usual = self._usual[hit.entry.id]
        mass = sum(telling.values()) or 1.0
        shared = sum(weight * (usual[gram] + _ANYWHERE) for gram, weight in telling.items() if gram in usual)
        return _NEAREST * hit.alike + shared / mass


class Aspects:
    """Questions by what they ask about what, for any wording that no entry is near to."""

    def __init__(self, rows: Sequence[Aspect], patterns: Patterns) -> None:
        self._rows = [(row, [patterns.of([say]) for say in row.all]) for row in rows]
        self._likely = Rows([("", needs(*row.all)) for row in rows], patterns.sieve)

    def find(self, plain: str, index: Faq, first: bool = False) -> Entry | None:
        """The region's entry of the first row that fits, of those tried before the index or behind it; None where none does."""
        for row, says in map(self._rows.__getitem__, self._likely.likely(plain)):
            if (
                row.first is first
                and all(say.search(plain) for say in says)
                and not any(word in plain for word in row.not_)
            ):
                return index.entry(row.entries)
        return None
