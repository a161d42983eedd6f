"""One group of turns, from what is read to the sets of rows that are written. The only place where a session is opened or sealed.

`load` reads, `plan` steps each message in the order of its coming (two of one person see each other, and so does a message that
came twice), `save` writes. A step that raises gives its error as that message's outcome and adds nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

import sqlalchemy as sa
from pydantic import BaseModel
from pydantic_core import to_json

from backend.conversations import store as rows
from backend.conversations.entries import Answer, Entry, Json, of_turn, page
from backend.conversations.projection import project
from backend.people import happenings
from backend.people.effects import Aside, Wanted
from backend.storage import DataKey, Storage, new_id, new_receipt, now
from backend.web import place
from dialogs.messages import CallStaff, ForgetDraft, ForgetMe, KeepQuestion, Message, Turn
from dialogs.session import Draft, Session, Talk

log = logging.getLogger(__name__)
_FRESH = 16  # ids a turn may use up
_LONGEST = 1000  # signs of one message, and of everything, that are kept with a call
_BARE_CALL = 12  # signs: “能不能给我找个真人”; what is longer says more than that


class Unknown(LookupError):
    """A message about a conversation, or a draft of it, that is not there (any more)."""


class _Kept(BaseModel):
    """What is sealed in `conversation.sealed_talk`."""

    talk: Talk
    open: Json | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message and the door it came through. `door`: the account's keyed hash; "" for the house's own messages."""

    key_hash: str
    message: Message
    door: str = ""
    app: str = ""
    door_key: str = ""
    conversation_id: str = ""

    @classmethod
    def from_door(cls, store: Storage, app: str, key: str, message: Message) -> Self:
        door = store.keys.find_hash(app, key)
        return cls(store.keys.find_hash("inbox", f"{door}:{message.id}"), message, door, app, key)

    @classmethod
    def from_house(cls, store: Storage, conversation_id: str, message: Message) -> Self:
        key_hash = store.keys.find_hash("inbox", f"{conversation_id}:{message.id}")
        return cls(key_hash, message, conversation_id=conversation_id)


@dataclass(slots=True)
class Talking:
    """One conversation while its group is worked on. `known`: drafts that have a row; `drafts`: those to be written."""

    id: str
    person_id: str
    key: DataKey
    session: Session
    open: Json | None = None
    version: int = 0
    last_seq: int = 0
    waiting_since: datetime | None = None
    channel: str = ""
    known: set[str] = field(default_factory=set)
    drafts: dict[str, Draft] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    columns: Json = field(default_factory=dict)
    begun_by: Incoming | None = None  # set while it has no row yet
    key_row: Json = field(default_factory=dict)  # of its new key


class Group:
    """The work of one group. Used once: a group that is done again is a new one."""

    def __init__(self, store: Storage, library: Any, step: Callable[..., Turn], incoming: list[Incoming]) -> None:
        self._keys, self._library, self._step, self._incoming = store.keys, library, step, incoming
        self._answers: dict[str, Answer] = {}
        self._by_door: dict[str, Talking] = {}
        self._by_id: dict[str, Talking] = {}
        self._moved: dict[str, Talking] = {}
        self._inbox: list[Json] = []
        self._said: list[Json] = []
        self._questions: list[Json] = []
        self._reworded: dict[str, Json] = {}  # questions that were kept before, as they are now
        self._consents: list[Json] = []
        self._told: list[str] = []  # ids of system messages, which are the ids of their happenings
        self.effects: list[Wanted] = []

    @property
    def changed(self) -> list[str]:
        """Ids for the live stream."""
        return list(self._moved)

    # --- load ---

    def load(self, tx: sa.Connection) -> None:
        doors = list({one.door for one in self._incoming if one.door})
        ids = list({one.conversation_id for one in self._incoming if one.conversation_id})
        rows.lock(tx, [*doors, *ids])
        for seen in rows.seen(tx, list({one.key_hash for one in self._incoming})):
            key = self._keys.unwrap(seen.person_id, seen.wrapped)
            body = self._keys.unseal(key, seen.sealed_answer, f"inbox.answer:{seen.key_hash}")
            self._answers[seen.key_hash] = Answer(seen.person_id, seen.conversation_id, body)
        for row in rows.talking_by_door(tx, doors):
            self._by_door[row.key_hash] = self._opened(row)
        for row in rows.talking_by_id(tx, ids):
            self._opened(row)

    def _opened(self, row: sa.Row[Any]) -> Talking:
        """The conversation of a row; the one already open when two doors lead to it."""
        if row.id in self._by_id:
            return self._by_id[row.id]
        key = self._keys.unwrap(row.person_id, row.wrapped)
        kept = _Kept.model_validate_json(self._keys.unseal(key, row.sealed_talk, f"conversation.talk:{row.id}"))
        draft = None
        if row.sealed_body is not None:
            body = self._keys.unseal(key, row.sealed_body, f"draft.body:{row.draft_id}")
            draft = Draft.model_validate_json(body)
        talking = self._by_id[row.id] = Talking(
            id=row.id,
            person_id=row.person_id,
            key=key,
            session=Session(talk=kept.talk, draft=draft),
            open=kept.open,
            version=row.version,
            last_seq=row.last_seq,
            waiting_since=row.waiting_since,
            channel=row.channel,
            known={row.draft_id} if draft else set(),
        )
        return talking

    # --- plan ---

    def plan(self, tx: sa.Connection) -> list[Answer | Exception]:
        """Step every message; the outcome of each, in their order."""
        return [self._outcome(tx, one) for one in self._incoming]

    def _outcome(self, tx: sa.Connection, incoming: Incoming) -> Answer | Exception:
        if incoming.key_hash in self._answers:
            return self._answers[incoming.key_hash]
        try:
            talking = self._talking(incoming)
            message = replace(incoming.message, fresh=tuple(new_id() for _ in range(_FRESH)), receipt=new_receipt())
            turn, drafts = self._stepped(tx, talking, message)
            answer = self._kept(tx, talking, incoming, message, turn, drafts)
        except Exception as broken:  # noqa: BLE001 - one message's failure is its own outcome; the others go on
            if not isinstance(broken, Unknown):
                log.error("step_failed", extra={"error": type(broken).__name__, "where": place(broken)})
            return broken
        self._answers[incoming.key_hash] = answer
        return answer

    def _talking(self, incoming: Incoming) -> Talking:
        if incoming.conversation_id:
            if incoming.conversation_id not in self._by_id:
                raise Unknown
            return self._by_id[incoming.conversation_id]
        if incoming.door in self._by_door:
            return self._by_door[incoming.door]
        person_id = new_id()
        key, key_row = self._keys.made(person_id)
        return Talking(
            id=new_id(), person_id=person_id, key=key, session=Session(talk=Talk()), begun_by=incoming, key_row=key_row
        )

    def _stepped(self, tx: sa.Connection, talking: Talking, message: Message) -> tuple[Turn, dict[str, Draft]]:
        """The turn, and the drafts brought to the table for it."""
        brought: dict[str, Draft] = {}
        gone: set[str] = set()
        session = talking.session
        turn = self._step(self._library, session, message)
        while wanted := turn.needs_draft:
            if wanted in brought or wanted in gone:
                raise Unknown
            draft = self._draft(tx, talking, wanted)
            if draft is None:  # retention took it, or it was never this person's: the talk may say so
                gone.add(wanted)
                session = Session(talk=_without(session.talk, wanted), draft=session.draft)
            else:
                brought[wanted] = draft
                session = Session(talk=session.talk, draft=draft)
            turn = self._step(self._library, session, message)
        return turn, brought

    def _draft(self, tx: sa.Connection, talking: Talking, draft_id: str) -> Draft | None:
        if draft_id in talking.drafts:
            return talking.drafts[draft_id]
        if talking.session.draft is not None and talking.session.draft.id == draft_id:
            return talking.session.draft
        sealed = rows.draft_body(tx, talking.id, draft_id)
        if sealed is None:
            return None
        return Draft.model_validate_json(self._keys.unseal(talking.key, sealed, f"draft.body:{draft_id}"))

    # --- what a turn leaves ---

    def _kept(
        self,
        tx: sa.Connection,
        talking: Talking,
        incoming: Incoming,
        message: Message,
        turn: Turn,
        brought: dict[str, Draft],
    ) -> Answer:
        """Everything that this turn leaves. All that can fail comes first; only then is the group changed."""
        if turn.refused:
            return self._answered(talking, incoming, turn, [], False)
        entries, now_open, asked = of_turn(turn, message, talking.open)
        columns = project(turn.session, message, talking.waiting_since, talking.channel)
        lines = [self._line(talking, at, entry, message.at) for at, entry in enumerate(entries, talking.last_seq + 1)]
        wanted, questions = self._wanted(talking, turn, message, entries)
        questions = self._with_the_call(tx, talking, turn, message, questions)
        self._said += lines
        self.effects += wanted
        self._questions += questions
        self._consents += _consents(talking, turn.session)
        talking.known |= brought.keys()
        self._keep_drafts(talking, turn)
        talking.session, talking.open, talking.columns = turn.session, now_open, columns
        talking.last_seq += len(entries)
        talking.waiting_since, talking.channel = columns["waiting_since"], columns["channel"]
        self._move(talking, incoming)
        return self._answered(talking, incoming, turn, entries, asked)

    def _move(self, talking: Talking, incoming: Incoming) -> None:
        """This conversation is to be written; a new one is from now on found by the next message of its group."""
        if incoming.door:
            self._by_door[incoming.door] = talking
        self._by_id[talking.id] = self._moved[talking.id] = talking

    def _answered(self, talking: Talking, incoming: Incoming, turn: Turn, entries: list[Entry], asked: bool) -> Answer:
        """The answer, as the page gets it and as the inbox keeps it."""
        message = incoming.message
        shown = {**page(entries, talking.session, talking.open), "asked": asked, "refused": turn.refused}
        shown["may_grow"] = turn.may_grow
        shown["gone"] = any(isinstance(effect, ForgetMe) for effect in turn.effects)
        body = to_json(shown)
        if message.kind == "system":
            self._told.append(message.id)
        self._inbox.append(
            {
                "key_hash": incoming.key_hash,
                "person_id": talking.person_id,
                "conversation_id": talking.id,
                "at": message.at,
                "sealed_answer": self._keys.seal(talking.key, body, f"inbox.answer:{incoming.key_hash}"),
            }
        )
        return Answer(talking.person_id, talking.id, body, turn.replies)

    def _line(self, talking: Talking, seq: int, entry: Entry, at: datetime) -> Json:
        return {
            "conversation_id": talking.id,
            "seq": seq,
            "id": entry.id,
            "at": at,
            "speaker": entry.speaker,
            "sealed_blocks": self._keys.seal(talking.key, to_json(entry.blocks), f"transcript.blocks:{entry.id}"),
        }

    def _wanted(
        self, talking: Talking, turn: Turn, message: Message, entries: list[Entry]
    ) -> tuple[list[Wanted], list[Json]]:
        """What other rooms are to do, and the questions that are kept."""
        wanted, questions = [], []
        for effect in turn.effects:
            wanted.append(Wanted(talking.person_id, talking.id, effect, message.at, talking.key))
            if isinstance(effect, KeepQuestion):
                questions.append(self._question(talking, "unanswered", effect.text, effect.region, message.at))
            elif isinstance(effect, CallStaff) and (kept := effect.keep or _tapped(effect, entries)):
                questions.append(self._question(talking, effect.reason, kept, "", message.at))
        unasked = tuple(entry.id for entry in entries if entry.speaker != "person")
        if message.kind == "system" and unasked:
            aside = Aside(message.event, unasked, talking.channel, turn.replies)
            wanted.append(Wanted(talking.person_id, talking.id, aside, message.at, talking.key))
        return wanted, questions

    def _with_the_call(
        self, tx: sa.Connection, talking: Talking, turn: Turn, message: Message, questions: list[Json]
    ) -> list[Json]:
        """What somebody says who has called and to whom nobody has come belongs to the call: it is added to what is kept of it
        (or kept again, once that has been settled), unless it answered the open question or meant the desk itself."""
        called = talking.session.talk.called
        if (
            called is None
            or message.kind != "text"
            or turn.session.talk.floor
            or _answers(talking.session, turn.session)
        ):
            return questions
        text = message.text.strip()[:_LONGEST]
        kind = self._library.read("open", text).kind
        anew = any(isinstance(e, CallStaff) and e.reason != called.reason for e in turn.effects)
        if anew or kind in ("chat", "command", "refused"):
            return questions
        kept = next((one for one in reversed(self._questions) if _is_call_of(one, talking)), None)
        kept = kept or rows.open_call(tx, talking.id)
        if kept is None:
            return [self._question(talking, called.reason, text, "", message.at)]
        kept = self._reworded.get(kept["id"], kept)
        where = f"question_kept.text:{kept['id']}"
        before = self._keys.unseal_text(talking.key, kept["sealed_text"], where)
        bare = kind == "human" and len(text) <= _BARE_CALL
        if not bare and text not in before.split("\n") and len(before) < _LONGEST:
            kept["sealed_text"] = self._keys.seal(talking.key, f"{before}\n{text}", where)
        kept["at"] = message.at
        if kept not in self._questions:
            self._reworded[kept["id"]] = kept
        return []

    def _question(self, talking: Talking, reason: str, text: str, region: str, at: datetime) -> Json:
        question_id = new_id()
        return {
            "id": question_id,
            "conversation_id": talking.id,
            "person_id": talking.person_id,
            "reason": reason,
            "region": region[:12],
            "sealed_text": self._keys.seal(talking.key, text, f"question_kept.text:{question_id}"),
            "at": at,
        }

    def _keep_drafts(self, talking: Talking, turn: Turn) -> None:
        after, before = turn.session.draft, talking.session.draft
        if after is not None and after is not before:
            talking.drafts[after.id] = after
            talking.forgotten.discard(after.id)
        for effect in turn.effects:
            if isinstance(effect, ForgetDraft):
                talking.forgotten.add(effect.draft_id)
                talking.drafts.pop(effect.draft_id, None)

    # --- save ---

    def save(self, tx: sa.Connection) -> None:
        self._begin(tx)
        standing = [one for one in self._moved.values() if one.begun_by is None]
        rows.move(tx, [{"b_id": one.id, "b_version": one.version, **self._columns(one)} for one in standing])
        self._save_drafts(tx)
        rows.append(tx, self._inbox, self._said, self._questions, self._consents)
        rows.reword(tx, list(self._reworded.values()))
        if self._told:
            happenings.told(tx, self._told, now())

    def _begin(self, tx: sa.Connection) -> None:
        begun = [(one.begun_by, one) for one in self._moved.values() if one.begun_by is not None]
        rows.begin(
            tx,
            people=[{"id": one.person_id, "created_at": first.message.at} for first, one in begun],
            keys=[one.key_row for _, one in begun],
            accounts=[self._account(first, one) for first, one in begun],
            conversations=[self._first_row(first, one) for first, one in begun],
        )

    def _first_row(self, first: Incoming, one: Talking) -> Json:
        made = {"id": one.id, "person_id": one.person_id, "version": 1, "created_at": first.message.at}
        return {**made, **self._columns(one)}

    def _account(self, first: Incoming, one: Talking) -> Json:
        account_id = new_id()
        return {
            "id": account_id,
            "person_id": one.person_id,
            "app": first.app,
            "key_hash": first.door,
            "sealed_key": self._keys.seal(one.key, first.door_key, f"account.key:{account_id}"),
            "created_at": first.message.at,
        }

    def _columns(self, one: Talking) -> Json:
        kept = _Kept.model_construct(talk=one.session.talk, open=one.open).model_dump_json()
        sealed = self._keys.seal(one.key, kept, f"conversation.talk:{one.id}")
        return {**one.columns, "sealed_talk": sealed, "last_seq": one.last_seq}

    def _save_drafts(self, tx: sa.Connection) -> None:
        new, changed = [], []
        for one in self._moved.values():
            for draft in one.drafts.values():
                row = self._draft_row(one, draft)
                if draft.id in one.known:
                    changed.append({"b_id": draft.id, **row})
                else:
                    new.append({"id": draft.id, "conversation_id": one.id, "person_id": one.person_id, **row})
        forgotten = [gone for one in self._moved.values() for gone in one.forgotten]
        rows.keep_drafts(tx, new, changed, forgotten)

    def _draft_row(self, one: Talking, draft: Draft) -> Json:
        return {
            "sealed_body": self._keys.seal(one.key, draft.model_dump_json(), f"draft.body:{draft.id}"),
            "sealed_label": self._keys.seal(one.key, draft.label, f"draft.label:{draft.id}"),
            "submitted": draft.submitted is not None,
            "updated_at": one.columns["last_at"],
        }


def _answers(before: Session, after: Session) -> bool:
    """Whether something was kept of what was said: then it was an answer."""
    kept = [(one.id, one.answers, one.submitted) if one else None for one in (before.draft, after.draft)]
    return kept[0] != kept[1] or before.talk.consent != after.talk.consent


def _is_call_of(question: Json, talking: Talking) -> bool:
    return question["conversation_id"] == talking.id and question["reason"] in rows.CALLS


def _tapped(effect: CallStaff, entries: list[Entry]) -> str:
    """A call by a button has no words of its own: it is kept as it stands in the log."""
    mine = (entry.blocks[0]["text"] for entry in entries if entry.speaker == "person")
    return next(mine, "") if effect.reason == "asked" else ""


def _without(talk: Talk, draft_id: str) -> Talk:
    return talk.model_copy(update={"drafts": tuple(one for one in talk.drafts if one.id != draft_id)})


def _consents(talking: Talking, after: Session) -> list[Json]:
    """A row for every answer to a notice that is new or another than before."""
    before = talking.session.talk.consent
    return [
        {
            "id": new_id(),
            "person_id": talking.person_id,
            "kind": kind[:64],
            "value": str(given.value)[:32],
            "at": given.at,
        }
        for kind, given in after.talk.consent.items()
        if kind not in before or before[kind].value != given.value
    ]
