"""Words and their roles: a plain text cut by jieba into clauses of tokens, each with what it does in the clause.

The tokenizer is our own instance: jieba's common words, the domain dictionary and every word of the tables, built in memory
(jieba's shared cache file in the temp directory is never read or written). Roles come from the tables alone.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jieba

from dialogs.understanding.sieve import Patterns
from dialogs.understanding.tables import Tables, Topic

# Of jieba's 349,000 words 66,000 are short and seen 30 times or more; the rest only cost start-up time and memory.
_COMMON = re.compile(r"^(\S{1,4} (?:[3-9]\d|\d{3,})) ", re.MULTILINE)
_TABLE_FREQUENCY = 4000
_CLAUSES = re.compile(
    r"[,.;!~|/:()]+|(?<=\?)|(?=(?:那|我|该|要|那我|我该|那该|那要|这)?(?:咋个?|怎么|啷个|如何)(?:办|整|弄|搞))"
    r"|(?<=...)(?=(?:我|就)?(?:想问|请问|想咨询|咨询一?下|问一?下|问哈|想知道|想晓得))"
    r"|(?<=..)(?=(?:现在|如今|而今|后来|目前|但是|不过|可是|结果)(?!就是|的话|$))"
)
_NO = ("没有", "没得", "莫得", "没", "不", "未", "冇", "莫")
_DROP = re.compile(r"[\"'“”‘’\[\]{}<>《》【】、·*_=+\-^%$#@&\\]+")


@dataclass(frozen=True, slots=True)
class Sense:
    """What a word does. `role`: pol, verb, not, unknown, hedge, topic, pred, thing, self, other, ...; `fact`: for topic and
    pred; `family` for pol and verb; `value`: yes or no of it, or the relation of a person; `strong`: holds, assert_verbs."""

    role: str
    value: Any = None
    family: str = ""
    fact: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    sense: Sense


def is_had(tokens: Sequence[Token], at: int) -> bool:
    """Whether a person stands behind a 有 and does nothing: “我有儿子”, but not “我有儿子没有”."""
    after = tokens[at + 1].sense.role if at + 1 < len(tokens) else ""
    behind_have = at > 0 and tokens[at - 1].sense.family == "have"
    return behind_have and tokens[at].sense.role == "other" and after not in ("pol", "not", "verb", "topic", "fill")


@dataclass(frozen=True, slots=True)
class Clause:
    tokens: tuple[Token, ...]
    roles: frozenset[str]
    asks: bool  # ends with a question mark or has a question word
    text: str
    goes_on: bool = False  # parted from the clause before it only because somebody else comes in

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)


_NEW, _NOT = Sense("new"), Sense("not")
# what a pattern of this name finds has this role
_ASIDE = {"either": Sense("either"), "hearsay": Sense("hedge"), "soon": Sense("pending"), "beside": Sense("fill")}
# In a clause of a yes or no and these nothing else is told.
BARE = frozenset(("pol", "fill", "us", "not", "self", "now", "hedge_end"))
_PERSONS = ("self", "us", "other", "third")
_CONTENT = ("pol", "topic", "pred", "thing", "verb", "new")


def _topic_senses(name: str, topic: Topic) -> Iterable[tuple[str, Sense]]:
    yield from ((word, Sense("topic", fact=name)) for word in topic.nouns)
    yield from ((word, Sense("topic", fact=name, strong=True)) for word in topic.holds)
    yield from ((word, Sense("pol", True, "own")) for word in topic.bare.affirm)
    yield from ((word, Sense("pol", False, "own")) for word in topic.bare.deny)
    yield from ((word, Sense("pred", True, fact=name)) for word in topic.affirm)
    yield from ((word, Sense("pred", False, fact=name)) for word in topic.deny)


def _small_senses(tables: Tables) -> Iterable[tuple[str, Sense]]:
    small = tables.yesno
    roles = {
        "not": small.not_,
        "unknown": small.unknown,
        "hedge": small.hedge,
        "hedge_end": small.hedge_end,
        "stale": small.stale,
        "then": small.then,
        "if": small.if_,
        "pending": small.pending,
        "self": small.self_,
        "us": small.us,
        "third": small.third,
        "not_me": small.not_me,
        "either": small.either_or,
        "question": small.question,
    }
    for role, words in roles.items():
        yield from ((word, Sense(role)) for word in words)
    for family, forms in small.families.items():
        yield from ((word, Sense("pol", True, family)) for word in forms.affirm)
        yield from ((word, Sense("pol", False, family)) for word in forms.deny)
        yield from ((word, Sense("verb", None, family)) for word in forms.verbs)
        yield from ((word, Sense("verb", None, family, strong=True)) for word in forms.assert_verbs)
    yield from ((word, Sense("pol", True, "nod")) for word in small.solo_yes)
    yield from ((word, Sense("now")) for word in small.now)
    yield from ((word, Sense("fill")) for word in small.fill)


def _other_senses(tables: Tables) -> Iterable[tuple[str, Sense]]:
    yield from ((word, Sense("thing")) for word in tables.topics.things)
    for relation, words in tables.slots.relations.items():
        yield from ((word, Sense("other", relation)) for word in words if word not in ("女", "达", "男的"))


def _common_words() -> list[str]:
    with jieba.get_dict_file() as lines:
        return _COMMON.findall(lines.read().decode())


class _Tokenizer(jieba.Tokenizer):  # type: ignore[misc]
    """jieba's most likely way through a sentence, with the logarithms taken beforehand: a third of the time."""

    def __init__(self, words: io.BytesIO) -> None:
        super().__init__()
        seen, total = self.gen_pfdict(words)
        self._unseen = -math.log(total)
        self._weight = {word: math.log(count) + self._unseen if count else None for word, count in seen.items()}
        self.initialized = True

    def get_DAG(self, sentence: str) -> None:
        """Nothing: `calc` looks the words up itself."""

    def calc(self, sentence: str, DAG: None, route: dict[int, tuple[float, int]]) -> None:
        """Fills `route`: for each place the best weight from there to the end, and where the word at it ends."""
        weight = self._weight
        route[len(sentence)] = (0, 0)
        for start in range(len(sentence) - 1, -1, -1):
            best: tuple[float, int] | None = None
            end = start + 1
            while end <= len(sentence) and (piece := sentence[start:end]) in weight:
                if (one := weight[piece]) is not None and (best is None or (one + route[end][0], end - 1) > best):
                    best = (one + route[end][0], end - 1)
                end += 1
            route[start] = best or (self._unseen + route[start + 1][0], start)


class Lexicon:
    """The words of all tables with their senses, and the tokenizer that knows them."""

    def __init__(self, dictionary: str, tables: Tables, patterns: Patterns) -> None:
        self._beside = patterns.of(f"(?P<{name}>{'|'.join(patterns[name].says)})" for name in _ASIDE)
        self._asking = patterns["asking_clause"]
        self._boundary, self._particle = frozenset(tables.yesno.boundary), frozenset(tables.yesno.particle)
        self._senses: dict[str, Sense] = {}
        self._of_fact: dict[str, dict[str, Sense]] = {}
        for word, sense in (*_small_senses(tables), *_other_senses(tables)):
            self._senses.setdefault(word, sense)
        for name, topic in tables.topics.topics.items():
            own = dict(_topic_senses(name, topic))
            self._of_fact[name] = own
            for word, sense in own.items():
                if sense.role != "pol":
                    self._senses.setdefault(word, sense)
        self._tokenizer = self._build(dictionary)

    def _build(self, dictionary: str) -> jieba.Tokenizer:
        common = _common_words()
        words = {word for own in (self._senses, *self._of_fact.values()) for word in own if len(word) > 1}
        common += [f"{word} {_TABLE_FREQUENCY * len(word)}" for word in sorted(words)]
        common += [line for line in dictionary.splitlines() if line.strip() and not line.startswith("#")]
        return _Tokenizer(io.BytesIO("\n".join(common).encode()))

    def cut(self, plain: str) -> tuple[tuple[str, ...], ...]:
        """The words of a plain text, clause by clause."""
        pieces = (_DROP.sub("", piece) for piece in _CLAUSES.split(plain))
        return tuple(tuple(self._tokenizer.lcut(piece, HMM=False)) for piece in pieces if piece)

    def clauses(self, cut: tuple[tuple[str, ...], ...], fact: str = "") -> tuple[Clause, ...]:
        """The clauses of a cut text, words read in the light of the fact that was asked for."""
        own = self._of_fact.get(fact, {})
        return tuple(clause for words in cut for clause in self._of(words, own))

    def _of(self, words: tuple[str, ...], own: dict[str, Sense]) -> Iterable[Clause]:
        """A clause, parted where a second person comes in (“我老公有证我没得”)."""
        tokens = self._aside([token for word in words if word.strip("?") for token in self._token(word, own)])
        parts: list[list[Token]] = [[]]
        person = said = False
        before = False
        for at, token in enumerate(tokens):
            is_person = token.sense.role in _PERSONS and token.text != "自己"
            new_one = is_person and person and said and not before and not is_had(tokens, at)
            if new_one or self._ends_answer(parts[-1], token):
                parts.append([])
                said = False
            person, before = person or is_person, is_person
            said = said or token.sense.role in _CONTENT
            parts[-1].append(token)
        yield from self._as_clauses(words, parts)

    def _token(self, word: str, own: dict[str, Sense]) -> Iterator[Token]:
        """The word with its sense; an unknown one that is a no and a known word (“没上班”) as these two."""
        sense = own.get(word) or self._senses.get(word)
        no = "" if sense else next((no for no in _NO if word.startswith(no)), "")
        rest = (own.get(word[len(no) :]) or self._senses.get(word[len(no) :])) if no else None
        if rest is None:
            yield Token(word, sense or _NEW)
        else:
            yield Token(no, own.get(no) or self._senses.get(no) or _NOT)
            yield Token(word[len(no) :], rest)

    def _aside(self, tokens: list[Token]) -> list[Token]:
        """Tokens with what stands beside an answer (since when, how much, who says so, that it comes soon) in its role."""
        text = "".join(token.text for token in tokens)
        spans = [(hit.span(), _ASIDE[hit.lastgroup or ""]) for hit in self._beside.finditer(text)]
        if not spans:
            return tokens
        out, at = [], 0
        for token in tokens:
            end = at + len(token.text)
            sense = next((sense for (a, b), sense in spans if a <= at and end <= b), token.sense)
            out.append(token if sense is token.sense else Token(token.text, sense))
            at = end
        return out

    def _ends_answer(self, part: list[Token], token: Token) -> bool:
        """Whether a bare yes or no is over here: a word that begins something else, or anything strange after a particle."""
        begins = token.text in self._boundary
        if not part or not (begins or token.sense.role in ("new", "question", *_PERSONS)):
            return False
        roles = {t.sense.role for t in part}
        if "pol" not in roles or not roles.isdisjoint(("new", "topic", "thing", "verb", "pred", "not", "either")):
            return False
        over = part[-1].text[-1] in self._particle and (len(part[-1].text) == 1 or part[-1].sense.role == "pol")
        return begins or over

    def _as_clauses(self, words: tuple[str, ...], parts: list[list[Token]]) -> Iterable[Clause]:
        for at, part in enumerate(parts, 1):
            roles = frozenset(token.sense.role for token in part)
            text = "".join(token.text for token in part)
            asks = ("?" in words[-1] and at == len(parts)) or not roles.isdisjoint(("question", "either"))
            yield Clause(tuple(part), roles, asks or self._asking.match(text) is not None, text, at > 1)
