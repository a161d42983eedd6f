"""What is known at one moment, derived from the answers and from nothing else.

A `View` is made anew whenever an answer changes, so nothing in it can be stale: who is meant, which pack holds,
the path of
questions that these answers lead along, the question that is open, the decision. Steps read a view; only
`dialogs.talk` writes.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from dialogs.directory import SHANGHAI, Directory
from dialogs.library import Library
from dialogs.messages import Ask, Effect, Reply
from dialogs.policy import Decision, Field, Pack, Question, decide, pack_for
from dialogs.session import Answer, Draft, Session

CONSENT = ("consent", "consent_sensitive")
_FIRST = ("consent/", "who/", "where/")


@dataclass(frozen=True, slots=True)
class Query:
    """One question on the path. `covers`: the facts that it settles when these are kept under their own names (a
    question with
    several answers); empty when the answer is kept under `key`. `stands`: whether an answer given still settles
    it. `question`: the
    policy's question, where it is one of the policy's."""

    key: str
    state: str
    covers: tuple[str, ...] = ()
    stands: Callable[[Any], bool] = lambda value: True
    question: Question | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        return self.covers or (self.key,)


@dataclass(frozen=True, slots=True)
class Taken:
    """A value that was understood: the answers to keep (None deletes), what to say to it, what the office has to
    keep."""

    answers: Mapping[str, Any]
    says: tuple[Reply, ...] = ()
    effects: tuple[Effect, ...] = ()
    pauses: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A value that cannot be taken, with what to do, in words for the person."""

    says: str


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as a person reads it on the check page: what it is about, in words, with its pictures."""

    label: str
    words: str
    photo_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asking:
    """A question as it is put: what is shown before it when it is new, and the question itself."""

    ask: Ask
    before: tuple[Reply, ...] = ()


class View(ABC):
    """`session` seen at `at` (aware). Everything else is derived on first use and then kept for this view's life."""

    def __init__(self, library: Library, session: Session, at: datetime) -> None:
        self.library = library
        self.session = session
        self.at = at
        self.today: date = at.astimezone(SHANGHAI).date()
        self.words = library.words
        self.policy = library.policy
        self.draft: Draft | None = session.draft

    # --- answers ---

    @cached_property
    def answers(self) -> Mapping[str, Answer]:
        drafted = self.draft.answers if self.draft else {}
        return {**self.session.talk.consent, **drafted}

    def value(self, key: str, default: Any = None) -> Any:
        answer = self.answers.get(key)
        return default if answer is None else answer.value

    def settled(self, query: Query) -> bool:
        """Whether every key of the query has an answer that still stands."""
        return all(key in self.answers and query.stands(self.answers[key].value) for key in query.keys)

    # --- the path ---

    @cached_property
    def open(self) -> Query:
        """The question to be asked now: the one being changed, else what a picture leaves open, else the end of the path."""
        changing = self.session.talk.changing
        named = self.find(changing) if changing else None
        return named or self._doubt or self.path[-1]

    @property
    def _doubt(self) -> Query | None:
        """The first question about a picture; none before it is known whom the talk is about, and where."""
        early = self.path[-1].state.startswith(_FIRST)
        return next(iter(self.doubts), None) if not early else None

    def find(self, key: str) -> Query | None:
        """The query that `key` belongs to, by its own key or by a fact it covers: on the path, or about a picture."""
        return next((q for q in (*self.path, *self.doubts) if q.key == key or key in q.covers), None)

    @cached_property
    def reachable(self) -> Mapping[str, Answer]:
        """The answers on the path: what may be submitted. What was said on a way no longer taken is not here."""
        keys = [key for query in self.path for key in query.keys]
        return {key: self.answers[key] for key in keys if key in self.answers}

    # --- who and where ---

    @property
    def role(self) -> str:
        """self, legal_guardian, agent (a helper), deceased; "" before it is known."""
        return str(self.value("actor_role", ""))

    @property
    def is_dead(self) -> bool:
        return self.role == "deceased"

    @cached_property
    def label(self) -> str:
        """What the applicant is called when it is not the speaker, else ""."""
        if self.role == "agent":
            return str(self.value("called", ""))
        if self.role in ("legal_guardian", "deceased"):
            return self.words.name(f"label_{self.role}", str(self.value("relation", "")))
        return ""

    @property
    def about(self) -> str:
        """The applicant over every question and in the list of drafts: a ward by name once it is known. "" for the speaker."""
        name = self.value("field:name") if self.role == "legal_guardian" else None
        return name if isinstance(name, str) and name else self.label

    @property
    def who(self) -> str:
        """The applicant in a sentence: 您, 孩子, 王大爷."""
        return self.label or "您"

    @cached_property
    def county(self) -> str:
        return str(self.value("household_county", "") or "")

    @cached_property
    def residence(self) -> str | None:
        value = self.value("residence_county")
        return self.county if value == "same" else value

    @cached_property
    def pack(self) -> Pack | None:
        """The pack that serves the household; outside every pack the nearest one, which then says where to go
        instead."""
        if not self.county:
            return None
        return self._serving or self._nearest_pack()

    @cached_property
    def _serving(self) -> Pack | None:
        """Today's pack, or the earlier version of it that this draft began with."""
        today = self.pack_today
        kept = self.policy.earlier.get(self.draft.pack_version) if self.draft else None
        return kept if kept and today and kept.region == today.region else today

    @property
    def pack_today(self) -> Pack | None:
        """The pack that a talk beginning now would be led by."""
        return pack_for(self.policy, self.county, self.residence)

    @property
    def region(self) -> str:
        """The document that is talked about; "" before it is known, and far from every document."""
        return self.pack.region if self.pack and self.is_near else ""

    @property
    def is_served(self) -> bool:
        return self._serving is not None

    @property
    def is_near(self) -> bool:
        """Whether the pack that is talked about is of the household's province at least."""
        return self.pack is not None and self.pack.place.province == self.policy.provinces.get(self.county[:2])

    def _nearest_pack(self) -> Pack:
        packs = list(self.policy.packs.values())
        province = self.policy.provinces.get(self.county[:2])
        return next((pack for pack in packs if pack.place.province == province), packs[0])

    @cached_property
    def directory(self) -> Directory | None:
        return self.library.directories.get(self.county)

    def county_name(self, code: str) -> str:
        return self.library.county_names.get(code, code)

    # --- policy ---

    @cached_property
    def decision(self) -> Decision:
        """What there could be."""
        return self._decided(self.facts, None)

    @cached_property
    def plan(self) -> Decision:
        """The decision for the items chosen: papers, limits and ways are for these."""
        return self._decided(self.facts_chosen, self.wants)

    def decided_for(self, item: str) -> Decision:
        """The decision for this item alone: its papers, limit and way, whatever else was chosen."""
        return self._decided(self.facts, (item,))

    def _decided(self, facts: Mapping[str, Any], wants: tuple[str, ...] | None) -> Decision:
        assert self.pack is not None, "the path asks where before anything is decided"
        pack = self.pack
        return self.library.remember(
            ("decide", pack.key, self.today, wants, frozen(facts)),
            lambda: decide(pack, facts, wants, self.today),
        )

    # --- what the steps lay out of it: `dialogs.steps.Seen` ---

    @property
    @abstractmethod
    def path(self) -> tuple[Query, ...]:
        """The questions these answers lead along, in order; the last one is open."""

    @property
    @abstractmethod
    def doubts(self) -> tuple[Query, ...]:
        """What the pictures that have been read leave open: asked before anything else, and no part of the path."""

    @property
    @abstractmethod
    def content(self) -> tuple[Query, ...]:
        """The part of the path that the check page shows: everything between consent and the check itself."""

    @property
    @abstractmethod
    def facts(self) -> Mapping[str, Any]:
        """What the offer is decided on: who, where, the answers on the screening path, and what was told besides."""

    @property
    @abstractmethod
    def facts_asked(self) -> Mapping[str, Any]:
        """The same without what was told besides: what the path leads on from."""

    @property
    @abstractmethod
    def facts_chosen(self) -> Mapping[str, Any]:
        """What the chosen items are decided on: more was asked for their papers."""

    @property
    @abstractmethod
    def wants(self) -> tuple[str, ...]:
        """The items chosen, of those that this decision offers."""

    @property
    @abstractmethod
    def form(self) -> tuple[Field, ...]:
        """Every field of the form for what goes through this desk."""

    @abstractmethod
    def asking(self, query: Query) -> Asking:
        """The question as it is put now."""

    @abstractmethod
    def said(self, query: Query) -> Said:
        """The answer to it as a person reads it."""

    # --- fingerprints ---

    def digest(self, keys: Iterable[str] | None = None) -> str:
        """A short fingerprint of the reachable answers (or of these keys): a confirmation stands only for what it
        was given for."""
        chosen = self.reachable.keys() if keys is None else keys
        told = {key: self.answers[key].value for key in sorted(chosen) if key in self.answers}
        return fingerprint(told)


def frozen(facts: Mapping[str, Any]) -> tuple[Any, ...]:
    """These facts as a key: the same for the same facts in any order."""
    return tuple((name, tuple(v) if isinstance(v, list) else v) for name, v in sorted(facts.items()))


def fingerprint(value: Any) -> str:
    """12 hexadecimal digits that stand for this JSON-like value."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
