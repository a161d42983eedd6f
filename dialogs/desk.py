"""The working table of one turn: the view, what has been said so far, what has to be kept.

Only here is a session changed, and only by making a new one. The machine of `dialogs.graph` drives a `Desk`: it
is its model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from dialogs import graph
from dialogs.library import Library
from dialogs.messages import Ask, Effect, Message, Reply, Say, Turn
from dialogs.session import Answer, Asked, Draft, DraftName, Session, Talk
from dialogs.steps import Seen
from dialogs.understanding import Reading
from dialogs.view import CONSENT, Query, View

Tone = Literal["plain", "warm", "error", "notice"]
_REPLIES: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])
# What of a talk no question depends on: the view stays as it is when only these change.
_BESIDE_THE_PATH = {
    "state",
    "asked",
    "last_at",
    "paused",
    "pending",
    "called",
    "floor",
    "lease",
    "waiting",
    "drafts",
    "burst",
}
WHO_BY_ROLE = {"self": "applicant", "legal_guardian": "guardian", "agent": "helper", "deceased": "guardian"}


class Desk:
    """One turn at work. `state` and `leads_to` are what the machine reads and moves; `replies` and `effects` only
    grow."""

    __slots__ = (
        "_before",
        "_said",
        "_view",
        "effects",
        "fresh",
        "heard",
        "library",
        "message",
        "path",
        "refused",
        "replies",
        "session",
        "state",
    )

    def __init__(self, library: Library, session: Session, message: Message) -> None:
        self.library = library
        self.message = message
        self.session = self._before = session
        self._view: View | None = None
        # what was read in this turn, by what was asked of the reader
        self.heard: list[tuple[tuple[Any, ...], Reading]] = []
        self.replies: list[Reply] = []
        self.effects: list[Effect] = []
        self.fresh: Iterator[str] = iter(message.fresh)
        self.state = self._standing()
        self.path: list[str] = [self.state]

    def _standing(self) -> str:
        """The state the talk is in. A name that the table does not know (a row of another version) is derived anew."""
        state = self.session.talk.state
        return state if state in graph.STATES else self.open.state

    # --- reading ---

    @property
    def view(self) -> View:
        if self._view is None:
            self._view = Seen(self.library, self.session, self.message.at)
        return self._view

    @property
    def talk(self) -> Talk:
        return self.session.talk

    @property
    def draft(self) -> Draft | None:
        return self.session.draft

    @property
    def open(self) -> Query:
        return self.view.open

    @property
    def leads_to(self) -> str:
        """Where the machine has to go: the state of the open question."""
        return self.open.state

    # --- writing ---

    def set_talk(self, **changes: Any) -> None:
        changes = {name: value for name, value in changes.items() if getattr(self.talk, name) != value}
        if not changes:
            return
        self.session = self.session.model_copy(update={"talk": self.talk.model_copy(update=changes)})
        if self._view is not None and changes.keys() <= _BESIDE_THE_PATH:
            self._view.session = self.session
        else:
            self._view = None

    def set_draft(self, **changes: Any) -> None:
        assert self.draft is not None
        self.session = self.session.model_copy(update={"draft": self.draft.model_copy(update=changes)})
        self._view = None

    def put(self, answers: Mapping[str, Any], by: str = "said") -> None:
        """Keep these answers; the newest is last, so a map keeps its order of asking."""
        kept = {key: self._answer(value, by) for key, value in answers.items()}
        consent = {key: kept.pop(key) for key in CONSENT if key in kept}
        if consent:
            self.set_talk(consent={**self.talk.consent, **consent})
        if kept:
            self.ensure_draft()
            assert self.draft is not None
            self.set_draft(answers={**self.draft.answers, **kept})
            self.name_draft()

    def forget(self, keys: set[str]) -> None:
        """Take these answers away, as if they had never been given."""
        if self.draft and keys & self.draft.answers.keys():
            self.set_draft(answers={key: a for key, a in self.draft.answers.items() if key not in keys})
            self.name_draft()

    def begin_draft(self) -> None:
        """A new draft comes to the table; the one before stays where it is stored."""
        draft = Draft(id=next(self.fresh))
        self.session = self.session.model_copy(update={"draft": draft})
        self.set_talk(
            drafts=(*self.talk.drafts, DraftName(id=draft.id, label="")), draft_id=draft.id, changing="", asked=None
        )

    def ensure_draft(self) -> None:
        """Whatever is kept belongs to a draft."""
        if self.draft is None:
            self.begin_draft()

    def say(self, key: str, tone: Tone = "plain", **values: Any) -> None:
        """A sentence of the wording."""
        text = self.view.words.say(key, **{"who": self.view.who, **values})
        self.replies.append(Say(text, tone=tone))

    # --- asking and ending ---

    def move(self, event: str) -> None:
        """Take the edge that leads to the open question, and ask it."""
        graph.move(self, event)

    def stay(self, event: str, quiet: bool = False) -> None:
        """Nothing moves; the open question is asked again, unless it is `quiet`: then it only stays open."""
        graph.machine().events[event].trigger(self)
        if not quiet:
            self.ask(again=True)

    def arrived(self, event: Any) -> None:
        """Called by the machine at the end of an edge."""
        self.path.append(self.state)
        self.ask()

    def ask(self, again: bool = False) -> None:
        """Put the open question last. What introduces it is shown when it is new, not when it is only asked again."""
        asking = self.view.asking(self.open)
        was = self.talk.asked
        same = was is not None and was.question == asking.ask.question
        if not same or (not again and not self._offered_just_so(asking.before)):
            self.replies.extend(asking.before)
        self.replies = [reply for reply in self.replies if not isinstance(reply, Ask)] + [asking.ask]
        self.set_talk(state=self.state, asked=self._asked(asking.ask, was), pending=None)

    def _offered_just_so(self, before: tuple[Reply, ...]) -> bool:
        """Whether this offer stood there before this message: a long list is not sent again for what changed nothing in it."""
        return any(reply.kind == "offer" for reply in before) and self.shown_just_so()

    def shown_just_so(self) -> bool:
        """Whether the open question, and what introduces it, stood there just so before this message."""
        view = Seen(self.library, self._before, self.message.at)
        return view.open.key == self.open.key and view.asking(view.open).before == self.view.asking(self.open).before

    def pend(self, ask: Ask, what: dict[str, Any]) -> None:
        """Put a question that stands beside the path (start over?); its answer is taken before anything else."""
        self.replies.append(ask)
        self.set_talk(pending=what, asked=self._asked(ask, None))

    def turn(self) -> Turn:
        """The turn as it stands. While somebody of the staff holds the floor, what the bot would say waits."""
        self.set_talk(last_at=self.message.at)
        if self.talk.floor is not None and self.replies:
            waiting = _REPLIES.dump_python(tuple(self.replies), mode="json")
            self.set_talk(waiting=(*self.talk.waiting, *(block for block in waiting if block["kind"] != "ask")))
            self.replies = []
        return Turn(self.session, tuple(self.replies), tuple(self.effects), path=tuple(self.path))

    def release_waiting(self) -> None:
        """Let out what had to wait while a person spoke."""
        self.replies.extend(_REPLIES.validate_python(self.talk.waiting))
        self.set_talk(waiting=())

    # --- inside ---

    def _answer(self, value: Any, by: str) -> Answer:
        role = self.talk_role()
        return Answer(value=value, by=by, who=role, at=self.message.at, message=self.message.id)

    def talk_role(self) -> str:
        return WHO_BY_ROLE.get(self.view.role, "applicant")

    def name_draft(self) -> None:
        """Keep the list of drafts in step with what the applicant is called."""
        assert self.draft is not None
        label = self.view.about or (self.view.words.say("myself") if self.view.role == "self" else "")
        pack = self.view.pack
        if label != self.draft.label or (pack and pack.region != self.draft.pack):
            region, version = (pack.region, pack.key) if pack else ("", "")
            self.set_draft(label=label, pack=region, pack_version=version)
        names = [self._named(name) if name.id == self.draft.id else name for name in self.talk.drafts]
        if tuple(names) != self.talk.drafts:
            self.set_talk(drafts=tuple(names))

    def _named(self, name: DraftName) -> DraftName:
        assert self.draft is not None
        done = self.draft.submitted
        changes = {"label": self.draft.label, "submitted": done is not None, "receipt": done.receipt if done else ""}
        return name.model_copy(update=changes)

    def _asked(self, ask: Ask, was: Asked | None) -> Asked:
        same = was is not None and was.question == ask.question
        shown = tuple(option.value for option in ask.options)
        tries = was.tries if was is not None and same else 0
        return Asked(question=ask.question, state=ask.state, shown=shown, tries=tries, sent_at=self.message.at)
