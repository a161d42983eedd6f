"""Who is said to have or be what: claims read off the clauses, and the yes or no that they amount to.

A claim is taken only when it is said outright about the person concerned. What is hedged, stale, supposed, asked, under way
or about somebody else is marked as such, and `answer` turns it into *unsure*. A bare 有 or 没有 counts only in a clause in
which every word is known; a noun that is not the fact's own takes the claim with it (“莫得工作单”).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialogs.understanding.sayings import Saying, Told, Whole
from dialogs.understanding.sieve import Patterns, Rows
from dialogs.understanding.tables import Tables
from dialogs.understanding.words import BARE, Clause, Sense, Token, is_had

UNSURE = "unsure"
SELF = ("", "我", "本人", "自己")
_CARD_PREDS = frozenset({"card_lost", "card_damaged", "card_expired", "card_valid", "card_cancelled", "card_elsewhere"})
_QUALIFIES = {"card_lost": True, "card_damaged": True, "card_expired": True, "card_issued_in_service_county": False}
_DONE_WITH = frozenset({"holds_card"})  # "used to, not any more" is no answer for these: it may be lost


@dataclass(frozen=True, slots=True)
class Claim:
    """`fact`: "" for a bare yes or no. `value`: None for a mere mention. `who`: "", "self", "third", "not_me" or a relation.
    `clean`: every word of the clause is understood. `flaw`: hedged, stale, supposed, pending, or ""."""

    fact: str
    value: bool | None
    family: str
    who: str
    clause: int
    clean: bool
    flaw: str = ""
    now: bool = False
    pred: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value`: True, False, "unsure" (the person does not know), or None: not understood, with `doubt` saying why."""

    value: bool | str | None
    doubt: str
    facts: Mapping[str, Any]


class _Scan:
    """Reads one clause from left to right: a yes or no waits for its topic, a topic waits for its yes or no."""

    def __init__(
        self, families: frozenset[str], solo: frozenset[str], asked: str, fits: Mapping[str, frozenset[str]]
    ) -> None:
        self.families = families
        self.fits = fits  # which verbs say yes or no of a fact: nobody “wants” to have a card by having one
        self.asked = asked
        self.solo = solo
        self.out: list[tuple[str, bool | None, str, bool]] = []
        self.topics: list[Sense] = []
        self.pol: tuple[bool, str] | None = None
        self.word = ""
        self.attached = 0
        self.negations = 0
        self.foreign = self.strange = False
        self.unknown = 0
        self.verb = ""
        self.no = ""
        self.denied = False  # “没有上学”: a no of another kind of verb, in front of a saying
        self.bare = True  # nothing but particles beside what is claimed: “没啊”, but not “没去过”

    def clause(self, tokens: Sequence[Token]) -> None:
        """Reads the tokens in order; a short noun with a strange word before it, or a thing behind it, is a thing itself."""
        self.bare = not any(token.text in ("过", "着", "得", "起", "到", "来", "整", "在") for token in tokens)
        for at, token in enumerate(tokens):
            before = tokens[at - 1].sense.role if at else ""
            after = tokens[at + 1].sense.role if at + 1 < len(tokens) else ""
            compound = (before == "new" and len(token.text) <= 2 and not token.sense.strong) or after == "thing"
            role = "thing" if (token.sense.role == "topic" and compound) or is_had(tokens, at) else token.sense.role
            if role in _HANDLED:
                _HANDLED[role](self, token)

    def on_not(self, token: Token) -> None:
        self._drop_attached()
        self.negations += 1
        self.no = token.text

    def on_new(self, token: Token) -> None:
        self.unknown += len(token.text)

    def on_thing(self, _: Token) -> None:
        """A noun of its own: takes a waiting yes or no with it, else the next one."""
        waiting = self.pol is not None or bool(self.negations)
        self.foreign, self.strange, self.pol, self.topics, self.negations = not waiting, True, None, [], 0

    def on_pol(self, token: Token) -> None:
        value, family = bool(token.sense.value) ^ bool(self.negations), token.sense.family
        self.negations = 0
        if self.foreign:
            return
        if family not in self.families:
            if family != "there":
                self.unknown += 1
                self.denied = not value
            return
        if family == "do" and self.no.startswith("不") and self.no not in ("不得", "不是", "不曾"):
            self.unknown += 1  # “不办了” gives up, it does not say that nothing was done
            return
        if value and family in ("do", "get") and self.pol == (False, "have") and not self.attached:
            value, self.pol = False, None  # “冇办过”
        value = self._doubled(value, family, token)
        if (
            family == "own"
            and any(topic.fact != self.asked for topic in self.topics)
            and not self.asked.startswith("card")
        ):
            self.topics, self.foreign, self.strange = [], True, True  # “证没迁” after “户口迁来过吗”: said of the card
        elif self.topics:
            self._emit_topics(value, family)
        elif self.attached > 1:
            fact = self.out.pop()[0]
            self.out.append((fact, value, family, False))
            self.pol, self.attached = None, 0
        else:
            self.pol, self.attached, self.word = (value, family), 0, token.text

    def _doubled(self, value: bool, family: str, token: Token) -> bool:
        """不是没有 is a yes; 是有 is what comes last; 没有没有 is said twice."""
        if self.pol and not self.attached and self.word != token.text:
            before, was = self.pol
            if not before and not value and was == "be":
                return True
            if before is not value:
                self.out.append(("", before, was, False))
        return value

    def on_verb(self, token: Token) -> None:
        negated = bool(self.negations) or (self.pol is not None and not self.pol[0] and not self.attached)
        if self.foreign or token.sense.family not in self.families | {"get", "do"}:
            return
        if negated:
            self.negations = 0
            self.pol = None
            self._take(False, token)
        elif token.sense.strong:
            self._take(True, token)
        elif self.pol is None:
            self.verb = token.text

    def _take(self, value: bool, token: Token) -> None:
        if self.topics:
            self._emit_topics(value, token.sense.family)
        else:
            self.pol, self.attached, self.word = (value, token.sense.family), 0, token.text

    def on_topic(self, token: Token) -> None:
        sense = token.sense
        self.foreign = False
        if self.negations:
            self.out.append((sense.fact, False, "have", False))
            self.negations = 0
        elif self.pol:
            if self.pol[1] in self.fits.get(sense.fact, self.families):
                self.out.append((sense.fact, self.pol[0], self.pol[1], False))
                self.attached += 1
            else:
                self.pol, self.unknown = None, self.unknown + 1
        elif sense.strong:
            self.out.append((sense.fact, True, "be", False))
        else:
            self.topics.append(sense)

    def on_pred(self, token: Token) -> None:
        if self.foreign:
            return
        value = bool(token.sense.value)
        if self.pol and self.pol == (True, "be") and not self.attached:
            self.pol = None  # “是烂了”
        if self.negations or self.denied or (self.pol and not self.pol[0] and not self.attached):
            value, self.negations, self.pol, self.denied = not value, 0, None, False
        self.out.append((token.sense.fact, value, "be", True))

    def _emit_topics(self, value: bool, family: str) -> None:
        self.out += [(topic.fact, value, family, False) for topic in self.topics]
        self.topics, self.pol, self.attached = [], None, 0

    def _drop_attached(self) -> None:
        if self.attached:
            self.pol, self.attached = None, 0

    def close(self) -> None:
        if self.pol and not self.attached:
            self.out.append(("", self.pol[0], self.pol[1], False))
        elif self.negations and self.bare and not self.strange and not self.out and not self.topics:
            self.out.append(("", False, "nod", False))
        self.out += [(topic.fact, None, "", False) for topic in self.topics]


_HANDLED: Mapping[str, Callable[[_Scan, Token], None]] = {
    "not": _Scan.on_not,
    "new": _Scan.on_new,
    "thing": _Scan.on_thing,
    "pol": _Scan.on_pol,
    "verb": _Scan.on_verb,
    "topic": _Scan.on_topic,
    "pred": _Scan.on_pred,
}
_CLAIMING = ("not", "pol", "verb", "topic", "pred")  # without one of them nothing is claimed
_NOWHERE = Told(None, 0, 0)
_FLAWS = (("if", "supposed"), ("hedge", "hedged"), ("pending", "pending"))


def _flaw(clause: Clause, told: Told = _NOWHERE) -> str:
    """Why what is said is not outright; what stands inside a saying belongs to it (“差不多” of what has not changed)."""
    if not clause.has("if", "hedge", "pending"):
        return ""
    at, roles = 0, set()
    for token in clause.tokens:
        if not told.start <= at < told.end:
            roles.add(token.sense.role)
        at += len(token.text)
    return next((flaw for role, flaw in _FLAWS if role in roles), "")


def _against(claim: Claim, fact: str, head: Claim) -> bool:
    """Whether it speaks against what came first: the fact named or said outright, or the other bare word."""
    if head.value and (claim.pred or claim.value is None):
        return True
    return not claim.flaw and (
        (claim.fact == fact and claim.value is not head.value)
        or (not claim.fact and claim.value is (not head.value) and claim.clean)
    )


def _outright(claim: Claim, fact: str) -> bool:
    return claim.fact == fact and claim.value is not None and claim.clean and not claim.flaw and not claim.pred


_BY = (
    "靠",
    "叫",
    "让",
    "给",
    "被",
    "遭",
    "着",
    "由",
    "凭",
    "要",
    "跟",
    "找",
    "带",
    "养",
    "照顾",
    "照看",
    "伺候",
)  # behind them stands who does it, not whose it is


def _spoken_of(clause: Clause, told: Told) -> list[Token]:
    """The persons whom a clause is about: not those who do something for or to them (“被我娃弄丢了”, “我妈给我交的”), nor those
    who are part of a saying (“有爸有妈”)."""
    people: list[Token] = []
    by, at = False, 0
    for token, after in zip(clause.tokens, (*clause.tokens[1:], None), strict=True):
        if token.sense.role in ("self", "third", "other", "not_me"):
            for_them = token.sense.role == "other" and after is not None and after.text[0] in "给帮替"
            if not by and not for_them and not told.start <= at < told.end:
                people.append(token)
        else:
            by = token.text.endswith(_BY) and len(token.text) < 3
        at += len(token.text)
    return people


def _who(clause: Clause, before: str, told: Told = _NOWHERE) -> str:
    if not clause.has("self", "third", "other", "not_me", "us"):
        return before
    people = _spoken_of(clause, told)
    if not people and clause.has("us"):
        return ""  # “隔壁有，我们没有”
    roles = {token.sense.role for token in people}
    others = [token.sense.value for token in people if token.sense.role == "other"]
    if "not_me" in roles:
        return "not_me"
    if others and "self" in roles and _TOGETHER.search(clause.text):
        return "self"
    if others:
        return str(others[0])
    if "self" in roles:
        return "self"
    if "third" in roles:
        return "third" if before in ("", "self", "not_me") else before
    return before


_TOGETHER = re.compile(r"[我俺咱](?:和|跟|与|同).{1,5}都|.{1,3}(?:和|跟|与|同)[我俺]都")


class Claims:
    """Reads claims with the tables' families, and weighs them."""

    def __init__(self, tables: Tables, patterns: Patterns) -> None:
        self._topics = tables.topics.topics
        self._default = frozenset(tables.topics.default_families)
        self._solo = frozenset(tables.yesno.solo)
        self._fits = {name: frozenset(topic.families) for name, topic in self._topics.items() if topic.families}
        self._relation = {word: name for name, words in tables.slots.relations.items() for word in words}
        self._groups = [frozenset(group) for group in tables.slots.groups]
        told = tables.topics.told()
        self._sayings = {
            name: Saying(topic.vague, topic.tells_no, topic.tells_yes, patterns)
            for name, topic in told.items()
            if topic.tells_yes or topic.tells_no or topic.vague
        }
        self._whole = {
            name: Whole(topic.whole_no, topic.whole_yes, patterns)
            for name, topic in told.items()
            if topic.whole_no or topic.whole_yes
        }
        self._unasked = [
            (name, Saying((), topic.unasked_no, topic.unasked_yes, patterns))
            for name, topic in self._topics.items()
            if topic.unasked_yes or topic.unasked_no
        ]
        rows = [(at, needs) for at, (_, saying) in enumerate(self._unasked) for needs in saying.needs]
        self._unasked_rows = Rows([("", needs) for _, needs in rows], patterns.sieve)
        self._unasked_of = [at for at, _ in rows]

    def _families(self, fact: str) -> frozenset[str]:
        topic = self._topics.get(fact)
        return frozenset(topic.families) | {"own"} if topic and topic.families else self._default

    def read(self, clauses: tuple[Clause, ...], fact: str = "") -> list[Claim]:
        """Every claim of a text, in order. Clauses that ask claim nothing."""
        found: list[Claim] = []
        who = ""
        for at, clause in enumerate(clauses):
            before, who = who, _who(clause, who)
            if clause.asks:
                continue
            told = self._told(clause, at, before, fact)
            claims = list(self._of_clause(clause, at, who, self._families(fact), fact))
            if told and fact == "holds_card" and told[0].flaw == "vague" and any(_outright(c, fact) for c in claims):
                told = []  # “有军残证没有残疾证”: the thing itself is named
            found += [c for c in claims if not told or c.fact not in ("", fact)]
            found += told
        return found

    def _told(self, clause: Clause, at: int, before: str, fact: str) -> list[Claim]:
        """What a whole saying tells about the fact that was asked (“吃喝拉撒都要人管”)."""
        saying = self._sayings.get(fact)
        told = saying.find(clause) if saying else None
        if told is None or self._about_else(clause, fact):
            return []
        flaw = "vague" if told.value is None else _flaw(clause, told)
        stale = clause.has("stale") and not self._topics[fact].past
        who = _who(clause, before, told)
        return [Claim(fact, bool(told.value), "say", who, at, True, flaw or ("stale" if stale else ""))]

    @staticmethod
    def _about_else(clause: Clause, fact: str) -> bool:
        """Whether another fact's noun stands there and not this one's (“评定表拿到了”)."""
        nouns = {t.sense.fact for t in clause.tokens if t.sense.role == "topic"}
        if fact not in ("holds_card", "is_dibao") or fact in nouns:
            return False
        return bool(nouns) or (fact == "holds_card" and clause.has("thing"))

    def _of_clause(
        self, clause: Clause, at: int, who: str, families: frozenset[str], asked: str = ""
    ) -> Iterable[Claim]:
        if not clause.has(*_CLAIMING):
            return
        scan = _Scan(families, self._solo, asked, self._fits)
        alone = (
            len({t.text for t in clause.tokens if t.sense.role not in ("fill", "us", "self", "now", "hedge_end")}) == 1
        )
        solo = () if alone else self._solo
        scan.clause([token for token in clause.tokens if token.text not in solo or token.sense.role == "not"])
        scan.close()
        flaw = _flaw(clause)
        hedge_end = clause.tokens[-1].sense.role == "hedge_end" if clause.tokens else False
        strict = asked in self._topics and self._topics[asked].strict
        polite = ("go",) if strict else ("go", "ok")
        for name, value, family, pred in scan.out:
            own = flaw or ("hedged" if hedge_end and family not in polite else "")
            if (not own and clause.has("stale")) or (
                clause.has("then") and family in ("have", "be", "get") and not pred
            ):
                own = own or ("" if clause.has("now") and not clause.has("stale") else "stale")
            about_card = pred and name in _CARD_PREDS and any(t.sense.fact == "holds_card" for t in clause.tokens)
            if value and not own and not pred and self._once(clause, family, asked):
                own = "stale"
            if name in _CARD_PREDS and name != asked and self._about_else(clause, "holds_card"):
                own = own or "other"  # “低保卡掉了”
            clean = (not scan.unknown or about_card) and not (name == "" and scan.strange)
            yield Claim(name, value, family, who, at, clean, own, clause.has("now"), pred)

    def _once(self, clause: Clause, family: str, fact: str) -> bool:
        """“吃过低保”: was so once. A card or a registration that was made is still there."""
        topic = self._topics.get(fact)
        if (topic and topic.past) or (family == "do" and (not fact or fact == "holds_card")) or family == "nod":
            return False
        return any(t.text.endswith("过") and t.text not in ("不过", "难过", "通过") for t in clause.tokens)

    def settled(self, clauses: tuple[Clause, ...], fact: str, about: str) -> bool | None:
        """What a pattern over the whole text settles, said outright of the person concerned."""
        whole = self._whole.get(fact)
        if whole is None or any(clause.has("unknown") for clause in clauses):
            return None
        values = {
            next(iter(parts.values())).value
            for parts in whole.find(clauses)
            if self._outright_in(parts, clauses, fact, about)
        }
        return values.pop() if len(values) == 1 else None

    def _outright_in(self, parts: Mapping[int, Told], clauses: tuple[Clause, ...], fact: str, about: str) -> bool:
        anyone, who = self._topics[fact].anyone, ""
        for at, clause in enumerate(clauses):
            told = parts.get(at)
            whose = Claim(fact, None, "", _who(clause, who, told or _NOWHERE), at, True)
            polite = "go" in self._families(fact)  # “交吧” asks for it
            over = not polite and bool(clause.tokens) and clause.tokens[-1].sense.role == "hedge_end"
            if told and (clause.asks or over or _flaw(clause, told) or not (anyone or self._ours(whose, about))):
                return False
            who = who if told else _who(clause, who)
        return bool(parts)

    def tells(self, clauses: tuple[Clause, ...], fact: str) -> bool:
        """Whether sayings of its own tell the fact, beside nothing but a bare yes or no (“是的，从头开始”), or the whole text
        settles it."""
        if self.settled(clauses, fact, "") is not None:
            return True
        saying = self._sayings.get(fact)
        rest = [clause for clause in clauses if not (clause.has("pol") and clause.roles <= BARE)]
        if not rest:
            return any(token.sense.family == "own" for clause in clauses for token in clause.tokens)
        if saying is None or any(clause.asks for clause in rest):
            return False
        found = [saying.find(clause) for clause in rest]
        return all(told is not None and told.value is not None for told in found)

    def names(self, clauses: tuple[Clause, ...], fact: str) -> bool:
        """Whether the fact itself is spoken of, not only a yes or no."""
        return any(c.fact == fact for c in self.read(clauses, fact))

    def bare(self, clause: Clause) -> bool | None:
        """The yes or no of a clause that says nothing else."""
        claims = list(self._of_clause(clause, 0, "", self._default))
        return (
            claims[0].value
            if len(claims) == 1 and not claims[0].fact and not claims[0].flaw and claims[0].clean
            else None
        )

    def told_anywhere(self, clause: Clause) -> dict[str, Any]:
        """Facts whose sayings are plain without their question (“离不开人”)."""
        if clause.has("stale", "pending"):
            return {}
        likely = dict(self._unasked[self._unasked_of[row]] for row in self._unasked_rows.likely(clause.text))
        found = {fact: saying.find(clause) for fact, saying in likely.items()}
        return {fact: told.value for fact, told in found.items() if told and told.value is not None}

    def about_others(self, clauses: tuple[Clause, ...], about: str) -> bool:
        """Whether it is all said of somebody else than the person concerned."""
        who, people = "", []
        for at, clause in enumerate(clauses):
            who = _who(clause, who)
            people.append(Claim("", None, "", who, at, True))
        return bool(people) and not any(self._ours(one, about) for one in people)

    def person(self, about: str) -> str:
        """The relation that a label means (妈妈 -> 母亲), or the label."""
        return self._relation.get(about.removeprefix("我").removeprefix("的"), about)

    def _ours(self, claim: Claim, about: str) -> bool:
        return claim.who in ("", "self") if about in SELF else self.same(claim.who, self.person(about))

    def same(self, who: str, about: str) -> bool:
        """Whether this may be the person (a relation) who is helped."""
        return who in ("", "third", about) or any(who in group and about in group for group in self._groups)

    def facts(self, claims: Iterable[Claim], asked: str = "", card: bool = False) -> dict[str, Any]:
        """What is claimed outright, by fact; what contradicts itself is left out. `card`: the card is being talked about."""
        values: dict[str, set[bool]] = {}
        for claim in claims:
            if not claim.fact or claim.fact == asked or claim.value is None or claim.flaw:
                continue
            about_card = claim.fact in _CARD_PREDS
            if claim.pred and not (claim.clean or not (about_card or claim.fact == "is_deceased")):
                continue
            if claim.pred and about_card and not card:
                continue
            values.setdefault(claim.fact, set()).add(claim.value)
        out: dict[str, Any] = {}
        for fact, said in values.items():
            alias = self._topics[fact].alias
            if len(said) == 1 and not (alias and said == {False}):
                out |= alias or {fact: said.pop()}
        return out

    def answer(self, clauses: tuple[Clause, ...], fact: str, about: str) -> Verdict:
        """The yes or no to the fact that was asked for."""
        claims = self.read(clauses, fact)
        anyone = fact in self._topics and self._topics[fact].anyone
        ours = [claim for claim in claims if anyone or self._ours(claim, about)]
        card = fact == "holds_card" or fact.startswith("card_") or any(c.fact == "holds_card" for c in ours)
        facts = self.facts([claim for claim in ours if self._ours(claim, about)], fact, card)
        if (settled := self.settled(clauses, fact, about)) is not None:
            return Verdict(settled, "", facts)
        head = self._head(ours, fact, clauses)
        told = any(c.fact == fact and c.family == "say" and not c.flaw for c in ours)
        unknown = any(clause.has("unknown") for clause in clauses)
        if head is None and not told and unknown:
            return self._not_known(clauses, ours, facts)
        if told and unknown and any(clause.has("hedge") for clause in clauses):
            return Verdict(None, "hedged", facts)
        if fact == "holds_card":
            facts = self._qualified(clauses) | facts
        about_fact = self._relevant(ours, fact, clauses)
        if head and not any(_against(c, fact, head) for c in ours if c.clause):
            return Verdict(head.value, "", facts)
        facts |= self._instead(about_fact, ours, fact)
        if fact == "holds_card" and not any(c.value is False for c in about_fact):
            about_fact = about_fact + self._implied(ours, clauses)
        return self._weigh(about_fact, claims, ours, fact, facts)

    def _qualified(self, clauses: tuple[Clause, ...]) -> dict[str, Any]:
        """What is said of the card behind the answer: lost, worn, out of date, issued elsewhere."""
        out: dict[str, Any] = {}
        for clause in clauses[1:]:
            if clause.asks or clause.has("thing", "if", "hedge", "stale") or self._about_else(clause, "holds_card"):
                continue
            for fact, value in _QUALIFIES.items():
                told = self._sayings[fact].find(clause)
                if told and told.value is value:
                    out |= self._topics[fact].alias or {fact: value}
        return out

    def _head(self, ours: list[Claim], fact: str, clauses: tuple[Clause, ...]) -> Claim | None:
        """A clear no in the first words: what follows are its reasons (“没有，正打算办呢”)."""
        strict = fact in self._topics and self._topics[fact].strict
        first = next((c for c in ours if c.value is not None), None)
        if strict or first is None or first.clause or first.flaw or not first.clean or first.pred:
            return None
        if clauses[0].has("unknown") or first.fact not in ("", fact):
            return None
        alone = sum(c.clause == 0 and c.value is not None for c in ours) == 1
        return first if first.value is False or (alone and self._plain_yes(clauses)) else None

    @staticmethod
    def _plain_yes(clauses: tuple[Clause, ...]) -> bool:
        """A yes and nothing else in the first words, and behind it nothing that takes it back (“是嘞，没人要”)."""
        doubts = ("hedge", "hedge_end", "unknown", "if", "pending", "stale", "then", "other", "not_me", "question")
        return clauses[0].roles <= BARE and not any(c.asks or c.has(*doubts) for c in clauses)

    def _implied(self, ours: list[Claim], clauses: tuple[Clause, ...]) -> list[Claim]:
        """A card that is lost, worn or out of date is a card that is held."""
        return [
            replace(c, fact="holds_card", value=True, pred=False)
            for c in ours
            if c.pred and c.value and c.clean and c.fact in _CARD_PREDS - {"card_cancelled"}
        ]

    @staticmethod
    def _not_known(clauses: tuple[Clause, ...], ours: list[Claim], facts: dict[str, Any]) -> Verdict:
        """“晓不得” alone, or with nothing beside it but the thing asked for, is an answer; “不知道在哪办” is a question."""
        last = max(at for at, c in enumerate(clauses) if c.has("unknown"))
        strange = any(c.has("new", "thing", "question", "pred") for c in clauses[last:])
        strange = strange or any(c.asks or c.has("hedge") for c in clauses[:last])
        claimed = any(c.value is not None and not c.fact for c in ours)
        return Verdict(None, "hedged", facts) if strange or claimed else Verdict(UNSURE, "", facts)

    @staticmethod
    def _instead(said: list[Claim], ours: list[Claim], fact: str) -> dict[str, bool]:
        """“不是，低保”: what is named after a bare 不是 is what it is instead."""
        denied = bool(said) and all(c.value is False and c.family == "be" and not c.fact for c in said)
        named = {c.fact for c in ours if c.value is None and c.clean and c.fact != fact and c.fact.startswith("is_")}
        return dict.fromkeys(named, True) if denied and len(named) == 1 else {}

    def _relevant(self, ours: list[Claim], fact: str, clauses: tuple[Clause, ...]) -> list[Claim]:
        strict = fact in self._topics and self._topics[fact].strict
        told = {c.clause for c in ours if c.family == "say" and c.fact == fact and not c.flaw}
        strange = strict and any(
            c.has("new", "thing", "hedge", "stale", "other", "pred") for at, c in enumerate(clauses) if at not in told
        )
        named = [c for c in ours if c.fact == fact]
        bare = [c for c in ours if not c.fact and c.clean]
        dirty = [c for c in ours if not c.fact and not c.clean and c.clause not in told]
        foreign_first = bool(ours) and bool(ours[0].fact) and ours[0].fact != fact and not ours[0].pred
        if named and foreign_first:
            bare = []
        chosen = [c for c in (*named, *bare) if c.value is not None]
        if ((strict and dirty) or strange) and chosen:
            return [c if c.family == "say" and not c.value else replace(c, flaw=c.flaw or "mixed") for c in chosen]
        return chosen or self._mentions(named, ours)

    @staticmethod
    def _mentions(named: list[Claim], ours: list[Claim]) -> list[Claim]:
        """“低保。” after "are you 低保?" says yes; beside anything else it says nothing."""
        if named and len(ours) == len(named) and all(c.clean and c.value is None for c in named):
            return [replace(named[0], value=True)] if named[0].fact != "holds_card" else []
        return []

    def _weigh(
        self, said: list[Claim], every: list[Claim], ours: list[Claim], fact: str, facts: dict[str, Any]
    ) -> Verdict:
        if not said:
            return Verdict(None, "someone_else" if len(ours) < len(every) else "elsewhere", facts)
        latest = self._overtaken(said, fact)
        if latest is None:
            return Verdict(None, "stale", facts)
        flaws = [c.flaw for c in latest if c.flaw]
        if flaws:
            return Verdict(None, flaws[0], facts)
        values = {c.value for c in latest}
        if len(values) > 1:
            return Verdict(None, "contradiction", facts)
        mentioned = any(c.fact == fact and c.value is None for c in ours)
        if mentioned and not latest[0].value and not any(c.fact for c in latest):
            return Verdict(None, "contradiction", facts)
        return Verdict(latest[0].value, "", facts)

    @staticmethod
    def _overtaken(said: list[Claim], fact: str) -> list[Claim] | None:
        """“以前是，现在不是了”: what is said of now counts. None when all that is said is old."""
        stale = [c for c in said if c.flaw == "stale"]
        if not stale:
            return said
        fresh = [c for c in said if c.clause > stale[-1].clause and c.flaw == "" and not c.pred]
        if not fresh or (fact in _DONE_WITH and any(not c.value for c in fresh)):
            return None
        return fresh
