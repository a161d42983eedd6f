"""Runs talks written as YAML, so that somebody of the office can read, write and correct them.

A talk is a list of moves. Each move is one thing a person (or the office) does, and what must be so afterwards:

    - say: 我儿子有残疾证        # typed words
    - tap: 同意                 # an option by its label (a list of labels where several are chosen)
    - fill: 13800000000         # written into the field of the open question
    - photo: 2                  # so many pictures
    - sign: typed               # typed, drawn or window
    - command: back             # a button: back, pause, progress, human, restart, change (with `of: the question`)
    - switch: new               # another applicant: "new" or the label of one
    - wait: 7d                  # time passes (m, h, d)
    - read: {kind: id_front, fields: {name: 李小满, id_number: "..."}}   # a picture has been read: the last one, or `photo: 1`,
      # the first of the talk (in a talk with `reading: true`); `checked`: fields borne out, `doubtful: {name: [1]}`, `problems`
    - office: {event: case_moved, item: allowance.nursing, state: accepted}
    expectations of any move: state, asks (question key), hears / not_hears (pieces of what is said), verdicts,
    submitted, refused

`Core` plays it through the pure `step`, with the session written out and read again between every two moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml
from pydantic import TypeAdapter

from backend.library import load_library
from backend.storage.ids import new_id, new_receipt
from dialogs import talk
from dialogs.directory import Directory
from dialogs.library import Library
from dialogs.messages import Ask, Effect, Message, Offer, Reply, Submit, Turn
from dialogs.session import Draft, Session, begin
from dialogs.steps import Seen
from dialogs.view import View

HERE = Path(__file__).parent
OPENINGS = "openings.yaml"
ACTIONS = ("opening", "say", "tap", "fill", "photo", "sign", "command", "switch", "wait", "read", "office")
CHECKED = ("id_number", "disability_card_no", "card_level", "card_categories", "bank_account")
_STEP = {"m": "minutes", "h": "hours", "d": "days"}
REPLIES: TypeAdapter[tuple[Reply, ...]] = TypeAdapter(tuple[Reply, ...])


@cache
def reads() -> Library:
    """The same where pictures are read."""
    return replace(library(), reads=True, home="https://example.org")


@cache
def library() -> Library:
    """The demo's shelf: package data and the invented county directory."""
    return load_library(directories={directory.county: directory for directory in demo_directories()})


def demo_directories() -> list[Directory]:
    from backend.staff.directory import demo_directories as demo

    return demo()


def talks(folder: Path = HERE) -> list[tuple[str, dict[str, Any]]]:
    """Every talk below the folder as (name, talk); one file may hold several."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        if path.name == OPENINGS:
            continue
        for one in yaml.load(path.read_text("utf-8"), yaml.CSafeLoader):
            found.append((f"{path.stem}: {one['title']}", one))
    return found


@dataclass
class Core:
    """One person at the pure core. `told` grows with every reply; `drafts` stands for the table where drafts lie."""

    at: datetime = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
    session: Session = field(default_factory=begin)
    told: list[Reply] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)
    drafts: dict[str, Draft] = field(default_factory=dict)
    last: Turn | None = None
    channel: str = "web"
    shelf: Library = field(default_factory=lambda: library())
    states: set[str] = field(default_factory=set)
    edges: set[tuple[str, str]] = field(default_factory=set)
    photos: list[str] = field(default_factory=list)
    _asked: tuple[tuple[Any, ...], Ask | None] = ((), None)

    def send(self, kind: str, **parts: Any) -> Turn:
        """One message, with the session round-tripped through its JSON before it."""
        self.at += timedelta(seconds=1 if parts.get("event") == "photo_read" else 20)
        session = Session.model_validate_json(self.session.model_dump_json())
        fresh = tuple(new_id() for _ in range(24))
        message = Message(
            id=new_id(), kind=kind, at=self.at, fresh=fresh, receipt=new_receipt(), channel=self.channel, **parts
        )
        turn = talk.step(self.shelf, session, message)
        if turn.needs_draft:
            session = session.model_copy(update={"draft": self.drafts[turn.needs_draft]})
            turn = talk.step(self.shelf, session, message)
        return self._take(turn)

    def _take(self, turn: Turn) -> Turn:
        self.session, self.last = turn.session, turn
        if turn.session.draft:
            self.drafts[turn.session.draft.id] = turn.session.draft
        self.told += turn.replies
        self.effects += turn.effects
        self.states |= set(turn.path)
        self.edges |= set(zip(turn.path, turn.path[1:], strict=False))
        REPLIES.validate_json(REPLIES.dump_json(turn.replies))
        return turn

    @property
    def ask(self) -> Ask:
        """The open question as the page would show it."""
        assert self.asked is not None, "nothing is being asked"
        return self.asked

    @property
    def asked(self) -> Ask | None:
        """The same, None where nothing is asked. Between two moves it is worked out once."""
        now = (self.shelf, self.session, self.drafts.get(self.session.talk.draft_id), self.at)
        of = self._asked[0]
        if not of or any(one is not other for one, other in zip(now, of, strict=True)):
            self._asked = now, talk.open_ask(self.shelf, self.seen, self.at)
        return self._asked[1]

    @property
    def view(self) -> View:
        return Seen(self.shelf, self.seen, self.at)

    @property
    def seen(self) -> Session:
        """The conversation as it is stored: with the draft that it names, whatever news was told of another."""
        current = self.drafts.get(self.session.talk.draft_id, self.session.draft)
        return self.session.model_copy(update={"draft": current})

    def submits(self) -> list[Submit]:
        return [effect for effect in self.effects if isinstance(effect, Submit)]

    # --- what a person does ---

    def say(self, text: str, move: dict[str, Any]) -> Turn:
        return self.send("text", text=str(text), written_at=None)

    def tap(self, label: Any, move: dict[str, Any]) -> Turn:
        labels = label if isinstance(label, list) else [label]
        values = [self._option(one) for one in labels]
        several = self.ask.input == "choices"
        return self.send("answer", question=self.ask.question, value=values if several else values[0])

    def fill(self, value: Any, move: dict[str, Any]) -> Turn:
        return self.send("answer", question=self.ask.question, value=value)

    def photo(self, count: int, move: dict[str, Any]) -> Turn:
        ids = tuple(new_id() for _ in range(count))
        self.photos += ids
        return self.send("photo", photo_ids=ids, question=move.get("of", ""))

    def sign(self, way: str, move: dict[str, Any]) -> Turn:
        from dialogs.steps.signing import signer

        value = {"typed": {"way": "typed", "name": signer(self.view)}, "drawn": {"way": "drawn", "png": new_id()}}
        return self.send("answer", question=self.ask.question, value=value.get(way, {"way": way}))

    def command(self, command: str, move: dict[str, Any]) -> Turn:
        return self.send("command", command=command, value=move.get("of"))

    def switch(self, label: str, move: dict[str, Any]) -> Turn:
        named = {name.label: name.id for name in self.session.talk.drafts}
        return self.send("switch", draft_id=named.get(label, label))

    def wait(self, span: str, move: dict[str, Any]) -> None:
        self.at += timedelta(**{_STEP[span[-1]]: int(span[:-1])})

    def read(self, what: dict[str, Any], move: dict[str, Any]) -> Turn:
        doubtful, checked = what.get("doubtful", {}), what.get("checked", CHECKED)
        fields = [
            {"name": name, "value": str(value), "checked": name in checked, "doubtful": doubtful.get(name, ())}
            for name, value in what.get("fields", {}).items()
        ]
        given = {key: what[key] for key in ("kind", "problems", "others", "failed") if key in what}
        hard = [code for code in what.get("problems", ()) if code not in ("not_white", "size")]
        photo_id = self.photos[what["photo"] - 1 if "photo" in what else -1]
        draft_id = what.get("draft", self.session.talk.draft_id)
        data = {"photo_id": photo_id, "draft_id": draft_id, "readable": not hard, "fields": fields, **given}
        return self.send("system", event="photo_read", data=data)

    def office(self, data: dict[str, Any], move: dict[str, Any]) -> Turn:
        return self.send("system", event=data["event"], data=self._office_data(dict(data)))

    def _office_data(self, data: dict[str, Any]) -> dict[str, Any]:
        data.pop("event")
        if "item" in data:
            draft = self._submitted_with(data["item"])
            case = next(case for case in draft.submitted.cases if case.item == data["item"])  # type: ignore[union-attr]
            data |= {"case_id": case.case_id, "application_id": draft.submitted.application_id, "draft_id": draft.id}  # type: ignore[union-attr]
        if "until" not in data and "holder" in data:
            data["until"] = (self.at + timedelta(minutes=20)).isoformat()
        if data.get("lease") == "current":
            data["lease"] = self.session.talk.lease
        return data

    def _submitted_with(self, item: str) -> Draft:
        held = [d for d in self.drafts.values() if d.submitted and any(c.item == item for c in d.submitted.cases)]
        return held[-1]

    def _option(self, label: str) -> Any:
        ask = self.ask
        found = [o.value for o in ask.options if o.label == label] or [
            o.value for o in ask.options if str(label) in o.label
        ]
        assert found, f"“{label}” is not among {[o.label for o in ask.options]} of {ask.question}: {ask.text}"
        return found[0]


@cache
def openings() -> dict[str, list[dict[str, Any]]]:
    """The named stretches of talk that several talks share."""
    found: dict[str, list[dict[str, Any]]] = yaml.load((HERE / OPENINGS).read_text("utf-8"), yaml.CSafeLoader)
    return found


def spelled_out(moves: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The moves with every `opening: name` replaced by what it stands for; its other keys are expected of its
    last move."""
    out: list[dict[str, Any]] = []
    for move in moves:
        if "opening" not in move:
            out.append(move)
            continue
        inner = spelled_out(openings()[move["opening"]])
        expected = {key: value for key, value in move.items() if key != "opening"}
        out += [*inner[:-1], {**inner[-1], **expected}]
    return out


def play(core: Core, moves: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Play every move and check what it says must be so; yields each move after it was played."""
    for number, move in enumerate(spelled_out(moves), 1):
        action = next(name for name in ACTIONS if name in move)
        turn = getattr(core, action)(move[action], move)
        where = f"move {number} ({action}: {move[action]})"
        if turn is not None:
            _check(core, turn, move, where)
        yield move


class Door(Protocol):
    """The same talk through a real door: every action is something a person does there, and gives back what they then read."""

    def say(self, text: str, move: dict[str, Any]) -> str: ...
    def tap(self, label: Any, move: dict[str, Any]) -> str: ...
    def fill(self, value: Any, move: dict[str, Any]) -> str: ...
    def photo(self, count: int, move: dict[str, Any]) -> str: ...
    def sign(self, way: str, move: dict[str, Any]) -> str: ...
    def command(self, command: str, move: dict[str, Any]) -> str: ...


def for_doors(most: int | None = None) -> list[Any]:
    """The talks that are played through the doors too (`most`: so many of them), as pytest parameters; those with pictures have a
    test of their own."""
    found = [one for _, one in talks() if one.get("doors") and not one.get("reading")]
    return [pytest.param(one, id=one["title"]) for one in found[:most]]


def play_at(door: Door, moves: list[dict[str, Any]]) -> None:
    """Play a talk at a door: what must be heard must be read there."""
    for number, move in enumerate(spelled_out(moves), 1):
        action = next(name for name in ACTIONS if name in move)
        heard = getattr(door, action)(move[action], move)
        for piece in _list(move.get("hears")):
            assert piece in heard, f"move {number} ({action}: {move[action]}): did not read {piece!r}:\n{heard}"
        for piece in _list(move.get("not_hears")):
            assert piece not in heard, f"move {number} ({action}: {move[action]}): read {piece!r}:\n{heard}"


def check_end(core: Core, ends: dict[str, Any]) -> None:
    """What must be so when a talk is over: state, verdicts, ways, answers, what is unreachable, effects, submissions, and which
    picture (by its number) a place holds."""
    view = core.view
    strange = ends.keys() - {"state", "verdicts", "ways", "answers", "unreachable", "effects", "submissions", "placed"}
    assert not strange, f"the talk's end says what nobody checks: {strange}"
    if "state" in ends:
        assert core.session.talk.state == ends["state"]
    if "verdicts" in ends:
        found = {item: view.decision.items[item].verdict for item in ends["verdicts"]}
        assert found == ends["verdicts"]
    if "ways" in ends:
        assert {item: view.decision.channel[item].mode for item in ends["ways"]} == ends["ways"]
    for key, value in ends.get("answers", {}).items():
        assert view.value(key) == value, f"{key} is {view.value(key)!r}"
    for part, number in ends.get("placed", {}).items():
        assert view.value(f"photo:{part}") == {"way": "photo", "ids": [core.photos[number - 1]]}, part
    for key in ends.get("unreachable", []):
        assert key not in view.reachable, f"{key} would be submitted"
    if "effects" in ends:
        assert [effect.kind for effect in core.effects if effect.kind in ends["effects"]] == ends["effects"]
    if "submissions" in ends:
        assert len(core.submits()) == ends["submissions"]


def words(replies: tuple[Reply, ...] | list[Reply]) -> str:
    """Everything that a person reads in these blocks."""
    return "\n".join(
        str(value) for reply in REPLIES.dump_python(tuple(replies), mode="json") for value in _texts(reply)
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _check(core: Core, turn: Turn, move: dict[str, Any], where: str) -> None:
    heard = words(turn.replies)
    state = core.session.talk.state
    assert move.get("state", state) == state, f"{where}: state is {state}, heard:\n{heard}"
    if "asks" in move:
        assert core.ask.question == move["asks"], f"{where}: asks {core.ask.question}, heard:\n{heard}"
    for piece in _list(move.get("hears")):
        assert piece in heard, f"{where}: did not hear {piece!r}:\n{heard}"
    for piece in _list(move.get("not_hears")):
        assert piece not in heard, f"{where}: heard {piece!r}:\n{heard}"
    if "verdicts" in move:
        offered = {i.item: i.verdict for r in turn.replies if isinstance(r, Offer) for i in r.items}
        for item, verdict in move["verdicts"].items():
            assert offered.get(item) == verdict, f"{where}: {item} is {offered.get(item)}: {offered}"
    if "submitted" in move:
        sent = {case.item: case.way for effect in turn.effects if isinstance(effect, Submit) for case in effect.cases}
        assert sent == move["submitted"], f"{where}: submitted {sent}"
    assert turn.refused == move.get("refused", ""), f"{where}: refused {turn.refused!r}"


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]
