"""Facts told in passing: everything outright in a text about the one person it is about (“我妈70了，肢体二级，有证也有低保”).

What is asked, hedged, supposed or contradictory is left out. When two people's facts are mixed and nobody says who is meant,
nothing is taken (`facts` gives None).
"""

from __future__ import annotations

import re
from typing import Any

from dialogs.understanding.claims import SELF, Claims, _who
from dialogs.understanding.places import Places
from dialogs.understanding.sieve import Patterns, Words
from dialogs.understanding.slots import SlotReader, chinese_number
from dialogs.understanding.tables import Tables
from dialogs.understanding.words import BARE, Clause

HELD = frozenset(("card_lost", "card_damaged", "card_status"))  # what is said of a card that one has
_OUTSIDE = ("邻居", "朋友", "同事", "村干部")  # whose facts are gossip, unless one helps them


class Harvest:
    """Takes facts from clauses with the claims, the slots and the places."""

    def __init__(self, tables: Tables, patterns: Patterns, claims: Claims, slots: SlotReader, places: Places) -> None:
        self._claims, self._slots, self._places = claims, slots, places
        self._p = patterns
        self._home = patterns.of(tables.slots.household_cues)
        self._here = patterns.of(tables.slots.residence_cues)
        names = {word: fact for fact, words in tables.slots.change_names.items() for word in words}
        self._names = names
        self._name = Words(names)

    def facts(
        self, clauses: tuple[Clause, ...], plain: str, about: str, card: bool = False, anyone: bool = False
    ) -> dict[str, Any] | None:
        """Facts by name. `anyone`: nobody has been named yet, so the one person spoken of is meant; None where facts of
        several are mixed."""
        people: dict[str, dict[str, Any]] = {}
        who = last = ""
        named: dict[str, Any] = {}
        for clause in clauses:
            if people and self._p["of_parents"].search(clause.text):
                continue  # whose parents they are, is spoken of
            who = _who(clause, who)
            if clause.tokens and not clause.asks and not clause.has("if", "hedge", "hedge_end", "not_me"):
                bare = clause.has("pol") and clause.roles <= BARE
                found = {} if bare else self._of_clause(clause, card or "证" in plain, "级" in plain)
                if "age" not in found and (years := self._years(clause, len(clauses) > 2)) is not None:
                    found["age"] = years
                again = self._claims.bare(clause) if not found else None
                if again is not None and len(named) == 1:
                    people.get(who, {}).pop(next(iter(named)), None)  # “低保，没有”: a heading and what stands under it
                    found = dict.fromkeys(named, again)
                elif again is not None and last:
                    found[last] = again  # “我妈有证，我没有”
                last = next((fact for fact in found if isinstance(found[fact], bool)), last)
                named = self._named(clause) if len(clauses) > 1 or clause.has("self") or "我家" in plain else {}
                found |= named
                if self._p["gone"].search(clause.text) and self._p["to_cancel"].search(plain):
                    found["is_deceased"] = True
                if self._p["gossip"].search(clause.text):
                    continue
                if who in _OUTSIDE and not self._p["for_others"].search(plain):
                    continue
                if who in ("丈夫", "妻子") and not self._p["card_or_benefit"].search(plain):
                    found.pop("is_deceased", None)  # a widow speaks of herself
                if found:
                    if "household_county" in found and self._p["moved_there"].search(clause.text):
                        people.get(who, {}).pop("household_county", None)  # where the household was does not count
                    _merge(people.setdefault(who, {}), found)
        if "self" not in people and len(people) == 2 and "" in people:
            people = {"": _merged({}, *people.values())}  # one person, named only after the first words
        if about not in SELF:
            about = self._claims.person(about)
            return _merged({}, *(facts for name, facts in people.items() if self._claims.same(name, about)))
        if "self" in people:
            first = next(iter(people))
            mine = _merged({}, people.pop("self"), people.get("", {}))
            if anyone and first == "self" and len(mine) > 1:
                return mine  # “我有证，二级肢体，娃娃没得证”: who speaks of oneself first and says more is meant
            others = [facts for name, facts in people.items() if name] if anyone else []
            people[""] = {f: v for f, v in mine.items() if all(o.get(f, v) == v for o in others)}  # whose is not said
        if not anyone:
            return _merged({}, people.get("", {}))
        return None if len(people) > 1 else _merged({}, *people.values())

    def _years(self, clause: Clause, listed: bool) -> int | None:
        """An age that is a mere number: beside nothing but whose it is (“我妈七十二”), or in a list of what one is."""
        rest = "".join(
            t.text for t in clause.tokens if t.sense.role not in ("self", "us", "other", "third", "now", "fill")
        )
        alone = self._p["age_bare"].fullmatch(rest)
        if alone:
            return chinese_number(alone[0]) if listed or len(rest) < len(clause.text) else None
        amid = list(self._p["age_amid"].finditer(clause.text))
        return chinese_number(next(filter(None, amid[0].groups()))) if len(amid) == 1 else None

    def _of_clause(self, clause: Clause, card: bool, level_told: bool = False) -> dict[str, Any]:
        text = clause.text
        out = self._claims.facts(self._claims.read((clause,)), card=card) if clause.has("topic", "pred") else {}
        graded = ("级" in text or "等" in text) and not self._p["wished"].search(text)
        level = self._slots.level(text) if graded else None
        if level and level.value:
            out["card_level"] = level.value
        lay = (level_told and not clause.has("thing")) or (card and self._p["impaired"].search(text) is not None)
        kinds = self._slots.categories(text, lay=lay)
        if kinds.value:
            out["card_categories"] = kinds.value
        age = self._p["age"].search(text) or self._p["age_now"].search(text)
        years = chinese_number(next(filter(None, age.groups()))) if age else None
        if years is not None and years <= 120 and not clause.has("then", "stale"):
            out["age"] = years
        nature = self._p["nature"].search(text)
        if nature:
            out["household_nature"] = "non_agricultural" if nature["town"] else "agricultural"
        out |= self._claims.told_anywhere(clause) | self._place(text)
        told = HELD & out.keys() and out.get("card_status") != "cancelled"
        if "holds_card" not in out and (told or self._p["card_of_level"].search(text)):
            out["holds_card"] = True  # a card that is lost, worn, out of date or of a level is a card that is held
        return out

    def _named(self, clause: Clause) -> dict[str, Any]:
        """“我家低保”: in a list of what one is, a clause that is nothing but the name says so."""
        claims = self._claims.read((clause,)) if clause.has("topic") else []
        if (
            len(claims) == 1
            and claims[0].clean
            and not claims[0].flaw
            and claims[0].value is None
            and claims[0].fact.startswith("is_")
        ):
            return {claims[0].fact: True}
        return {}

    def _place(self, text: str) -> dict[str, Any]:
        where = self._places.find(text)
        if len(where.codes) != 1 or not where.named or re.search(r"(?:不是|不在)", text):
            return {}
        if self._home.search(text):
            return {"household_county": where.codes[0]}
        if self._here.search(text):
            return {"residence_county": where.codes[0]}
        from_there = self._p["from_there"].search(text) or self._places.begins(text)
        return {"household_county": where.codes[0]} if from_there else {}

    def part_about(self, field: str, plain: str) -> str:
        """The part of a text about the household (“户口在万源”) or about where one lives (“人在成都”), if it says which."""
        own, other = (self._here, self._home) if field.startswith("residence") else (self._home, self._here)
        start = own.search(plain)
        if not start:
            return plain
        end = other.search(plain, start.end())
        return plain[start.start() : end.start() if end else len(plain)]

    def changed(self, clauses: tuple[Clause, ...], plain: str, about: str) -> dict[str, Any]:
        """The new values in a correction: what is said last counts (“不是三级，改成二级”)."""
        out: dict[str, Any] = {}
        for clause in clauses:
            out |= self._of_clause(clause, "证" in plain, "级" in plain)
        after = re.split(r"改成|改为|换成|应该是|该是|改到|改回|改作", plain)
        if len(after) > 1:
            level = self._slots.level(after[-1], alone="级" in plain)
            kinds = self._slots.categories(after[-1])
            out |= {"card_level": level.value} if level.value else {}
            out |= {"card_categories": kinds.value} if kinds.value else {}
        return out

    def change_name(self, plain: str) -> str:
        """The fact that a correction names; "" when it names none or several."""
        said = {self._names[word] for _, word in self._name.found(plain)}
        if "household_county" in said and "residence_county" not in said and "address" in plain:
            said.discard("household_county")
        return said.pop() if len(said) == 1 else ""

    def label_in(self, written: str) -> str:
        """What a field is called in this text as it was written, "" when nothing is."""
        return next((word for _, word in self._name.found(written)), "")


def _merge(into: dict[str, Any], found: dict[str, Any]) -> None:
    """Adds facts; one that contradicts an earlier one is dropped and stays dropped."""
    for fact, value in found.items():
        if fact in into and into[fact] != value:
            into[fact] = None
        else:
            into[fact] = value


def _merged(start: dict[str, Any], *many: dict[str, Any]) -> dict[str, Any]:
    for found in many:
        _merge(start, found)
    return {fact: value for fact, value in start.items() if value is not None}
