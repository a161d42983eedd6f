"""Who is said to have or be what: claims read off the clauses, and the yes or no that they amount to.

A claim is taken only when it is said outright about the person concerned. What is hedged, stale, supposed, asked, under way
or about somebody else is marked as such, and `answer` turns it into *unsure*. A bare 有 or 没有 counts only in a clause in
which every word is known; a noun that is not the fact's own takes the claim with it (“莫得工作单”).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dialogs.understanding.cues import ANY, needs
from dialogs.understanding.tables import Tables, Topic
from dialogs.understanding.words import Clause, Sense, Token

UNSURE = "unsure"
SELF = ("", "我", "本人", "自己")
_CARD_PREDS = frozenset({"card_lost", "card_damaged", "card_expired", "card_valid", "card_cancelled", "card_elsewhere"})
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

    def __init__(self, families: frozenset[str], solo: frozenset[str]) -> None:
        self.families = families
        self.solo = solo
        self.out: list[tuple[str, bool | None, str, bool]] = []
        self.topics: list[Sense] = []
        self.pol: tuple[bool, str] | None = None
        self.word = ""
        self.attached = 0
        self.negations = 0
        self.foreign = False
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
            role = "thing" if token.sense.role == "topic" and compound else token.sense.role
            handler = getattr(self, f"on_{role}", None)
            if handler:
                handler(token)

    def on_not(self, token: Token) -> None:
        self._drop_attached()
        self.negations += 1
        self.no = token.text

    def on_new(self, token: Token) -> None:
        self.unknown += len(token.text)

    def on_thing(self, _: Token) -> None:
        """A noun of its own: takes a waiting yes or no with it, and a later one too."""
        self.foreign, self.pol, self.topics, self.negations = True, None, [], 0

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
        if family == "do" and self.no.startswith("不") and self.no not in ("不得", "不是"):
            self.unknown += 1  # “不办了” gives up, it does not say that nothing was done
            return
        value = self._doubled(value, family, token)
        if self.topics:
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
            self.out.append((sense.fact, self.pol[0], self.pol[1], False))
            self.attached += 1
        elif sense.strong and not self.topics:
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
        elif self.negations and self.bare and not self.foreign and not self.out and not self.topics:
            self.out.append(("", False, "nod", False))
        self.out += [(topic.fact, None, "", False) for topic in self.topics]


def _flaw(clause: Clause) -> str:
    if clause.has("if"):
        return "supposed"
    if clause.has("hedge"):
        return "hedged"
    if clause.has("pending"):
        return "pending"
    return ""


def _who(clause: Clause, before: str) -> str:
    others = [t.sense.value for t in clause.tokens if t.sense.role == "other"]
    if clause.has("not_me"):
        return "not_me"
    if others:
        return str(others[0])
    if clause.has("self"):
        return "self"
    if clause.has("third"):
        return "third" if before in ("", "self", "not_me") else before
    return before


def _first_person(clause: Clause) -> int:
    """Where in the clause's text somebody other than the speaker is named; far away when nobody is."""
    at = 0
    for token in clause.tokens:
        if token.sense.role in ("other", "third", "not_me"):
            return at
        at += len(token.text)
    return 10_000


_DENIED = re.compile(r"(?:[没不未冇莫无别]|没有|没得|莫得|不是)$")  # in front of a saying: then it is not said


class Saying:
    """The patterns of one fact."""

    def __init__(self, topic: Topic) -> None:
        told = ((None, topic.vague), (False, topic.tells_no), (True, topic.tells_yes))
        self._patterns = [(value, re.compile("|".join(says))) for value, says in told if says]
        wanted = [needs(say) for _, says in told for say in says]
        self._wanted = frozenset().union(*wanted) if all(wanted) else ANY

    def find(self, clause: Clause) -> tuple[bool | None, int] | None:
        """What the clause tells (None: nothing certain) and where; None where no pattern is in it."""
        text = clause.text
        if self._wanted and self._wanted.isdisjoint(text):
            return None
        found: dict[bool | None, int] = {}
        for value, pattern in self._patterns:
            hit = next((m for m in pattern.finditer(text) if not _DENIED.search(text[: m.start()])), None)
            if hit:
                found[value] = hit.start()
                text = pattern.sub(lambda m: "#" * len(m[0]), text)
        if not found:
            return None
        return next(iter(found.items())) if len(found) == 1 else (None, min(found.values()))


class Claims:
    """Reads claims with the tables' families, and weighs them."""

    def __init__(self, tables: Tables) -> None:
        self._topics = tables.topics.topics
        self._default = frozenset(tables.topics.default_families)
        self._solo = frozenset(tables.yesno.solo)
        self._relation = {word: name for name, words in tables.slots.relations.items() for word in words}
        self._groups = [frozenset(group) for group in tables.slots.groups]
        self._sayings = {
            name: Saying(topic)
            for name, topic in self._topics.items()
            if topic.tells_yes or topic.tells_no or topic.vague
        }

        self._anywhere = [name for name, topic in self._topics.items() if topic.anywhere]

    def _families(self, fact: str) -> frozenset[str]:
        topic = self._topics.get(fact)
        return frozenset(topic.families) if topic and topic.families else self._default

    def read(self, clauses: tuple[Clause, ...], fact: str = "") -> list[Claim]:
        """Every claim of a text, in order. Clauses that ask claim nothing."""
        found: list[Claim] = []
        who = ""
        for at, clause in enumerate(clauses):
            who = _who(clause, who)
            if clause.asks:
                continue
            told = self._told(clause, at, found[-1].who if found else "", who, fact)
            claims = self._of_clause(clause, at, who, self._families(fact))
            found += [c for c in claims if not told or c.fact not in ("", fact)]
            found += told
        return found

    def _told(self, clause: Clause, at: int, before: str, who: str, fact: str) -> list[Claim]:
        """What a whole saying tells about the fact that was asked (“吃喝拉撒都要人管”). A person named behind it is not whom
        it is about (“全靠老伴”)."""
        saying = self._sayings.get(fact)
        told = saying.find(clause) if saying else None
        if told is None:
            return []
        value, start = told
        behind = _first_person(clause) >= start
        flaw = "vague" if value is None else _flaw(clause)
        stale = clause.has("stale") and not self._topics[fact].past
        return [
            Claim(fact, bool(value), "say", before if behind else who, at, True, flaw or ("stale" if stale else ""))
        ]

    def _of_clause(self, clause: Clause, at: int, who: str, families: frozenset[str]) -> Iterable[Claim]:
        scan = _Scan(families, self._solo)
        alone = len({t.text for t in clause.tokens if t.sense.role not in ("fill", "self", "now", "hedge_end")}) == 1
        solo = () if alone else self._solo
        scan.clause([token for token in clause.tokens if token.text not in solo or token.sense.role == "not"])
        scan.close()
        flaw = _flaw(clause)
        hedge_end = clause.tokens[-1].sense.role == "hedge_end" if clause.tokens else False
        for name, value, family, pred in scan.out:
            own = flaw or ("hedged" if hedge_end and family not in ("go", "ok") else "")
            if (not own and clause.has("stale")) or (
                clause.has("then") and family in ("have", "be", "get") and not pred
            ):
                own = own or ("" if clause.has("now") and not clause.has("stale") else "stale")
            about_card = pred and name in _CARD_PREDS and any(t.sense.fact == "holds_card" for t in clause.tokens)
            clean = (not scan.unknown or about_card) and not (name == "" and scan.foreign)
            yield Claim(name, value, family, who, at, clean, own, clause.has("now"), pred)

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
        found = {fact: self._sayings[fact].find(clause) for fact in self._anywhere}
        return {fact: told[0] for fact, told in found.items() if told and told[0] is not None}

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
        if about in SELF:
            return claim.who in ("", "self")
        about = self.person(about)
        if claim.who in ("", "third", about):
            return True
        return any(claim.who in group and about in group for group in self._groups)

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
        facts = self.facts(ours, fact, card)
        if any(clause.has("unknown") for clause in clauses):
            return self._not_known(clauses, ours, facts)
        about_fact = self._relevant(ours, fact, clauses)
        facts |= self._instead(about_fact, ours, fact)
        if fact == "holds_card" and not any(c.value is False for c in about_fact):
            about_fact = about_fact + self._implied(ours, clauses)
        return self._weigh(about_fact, claims, ours, fact, facts)

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
        strange = any(t.sense.role in ("new", "thing", "question", "pred") for c in clauses for t in c.tokens)
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
        strange = strict and any(c.has("new", "thing", "hedge", "stale", "other", "pred") for c in clauses)
        named = [c for c in ours if c.fact == fact]
        bare = [c for c in ours if not c.fact and c.clean]
        dirty = [c for c in ours if not c.fact and not c.clean]
        foreign_first = bool(ours) and bool(ours[0].fact) and ours[0].fact != fact and not ours[0].pred
        if named and foreign_first:
            bare = []
        chosen = [c for c in (*named, *bare) if c.value is not None]
        if ((strict and dirty) or strange) and chosen:
            return [replace(c, flaw=c.flaw or "mixed") for c in chosen]
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
