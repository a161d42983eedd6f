"""The talk in a terminal, over the same JSON API as the phone page: `chat(server_url)`.

Plain lines from top to bottom and one prompt, nothing that moves the cursor, no colour, no animation: a screen reader or a
Braille line reads it as it comes. Options are numbered; a number is sent as the answer that it stands for.
"""

from __future__ import annotations

import os
import re
import shlex
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

import httpx
from pydantic import TypeAdapter, ValidationError

from bot.base import BadMessage, Channel, Inbound, NoOptions, channel
from bot.text import block_text, texts
from bot.web import from_json
from bot.wording import words
from dialogs.messages import Ask, Command, Reply, Say, numbered

_COMMANDS: dict[str, Command] = {name: name for name in get_args(Command)}
_ASK = TypeAdapter(Ask)
_TRIES, _PAUSE_S = 3, 1.0
COOKIE = "yijianshi"
LAST = 6
"""Entries of an earlier talk that are read again at the beginning."""


class Typed(NamedTuple):
    """One line as it was typed, and the question that was open."""

    line: str
    open: Ask | None


@channel
class Terminal(Channel[NoOptions, Typed, list[str]]):
    """What a typed line means to the talk. `BadMessage` says what is wrong with the line; `media` are file names of photos."""

    name = "terminal"
    text_only = True

    def read(self, raw: Typed) -> Inbound:
        line, key = raw.line.strip(), str(uuid.uuid4())
        if line.startswith("/"):
            return _command(line, key, raw.open)
        if raw.open and raw.open.input == "photo" and _file_of(line):
            return Inbound("", key, "photo", media=line, question=raw.open.question)
        numbers = line.replace("，", " ").replace("、", " ").replace(",", " ").split()
        if raw.open and raw.open.options and numbers and all(n.isascii() and n.isdigit() for n in numbers):
            answered = _picked(raw.open, [int(n) for n in numbers], key)
            if answered:
                return answered
        return Inbound("", key, "text", text=line)

    def render(self, replies: Sequence[Reply]) -> list[str]:
        return texts(replies)


def _command(line: str, key: str, open_: Ask | None) -> Inbound:
    """`/返回`, `/照片 file ...`; a line such as `/home/me/card.jpg` where a picture is wanted is a picture."""
    if open_ and open_.input == "photo" and _file_of(line):
        return Inbound("", key, "photo", media=line, question=open_.question)
    name, _, rest = line[1:].partition(" ")
    meant = words().terminal.commands.get(name.lower(), "")
    if meant == "photo":
        if not rest.strip():
            raise BadMessage("file_wanted", words().terminal.file_wanted)
        return Inbound("", key, "photo", media=rest.strip(), question=open_.question if open_ else "")
    if meant not in _COMMANDS:
        raise BadMessage("unknown_command", words().terminal.unknown_command)
    return Inbound("", key, "command", command=_COMMANDS[meant], value=rest.strip() or None)


def _picked(ask: Ask, numbers: list[int], key: str) -> Inbound | None:
    """The options with these numbers as an answer; None where a number can be an answer itself (a count, a house number)."""
    if ask.input in ("text", "number", "date"):
        return None
    if not all(1 <= n <= len(numbered(ask.options)) for n in numbers) or (len(numbers) > 1 and ask.input != "choices"):
        raise BadMessage("not_an_option", words().terminal.not_an_option)
    values = [ask.options[n - 1].value for n in dict.fromkeys(numbers)]
    return Inbound("", key, "answer", question=ask.question, value=values if ask.input == "choices" else values[0])


def _file_of(typed: str) -> Path | None:
    """The file that a typed or dropped name means (quotes and `~` as a shell has them)."""
    path = Path(typed.strip().strip("'\"")).expanduser()
    try:
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None


def chat(
    server_url: str,
    read: Callable[[str], str] = input,
    write: Callable[[str], None] = print,
    client: httpx.Client | None = None,
    keep: Path | None = None,
) -> int:
    """Talk until `/退出` or the end of the input. Returns the exit status: 1 if the server could not be reached at first.

    `keep`: the file (mode 600) that remembers who is talking, as a browser's cookie does; by default one for each server in
    the user's state folder. `/换人` forgets it.
    """
    w = words().terminal
    with client or httpx.Client(base_url=server_url, timeout=15, trust_env=False) as http:
        talk = _Chat(http, write, _Memory(keep or state_file(server_url)))
        write(w.hello)
        write(w.help)
        if not talk.begin():
            return 1
        while talk.say(_line(read, w.prompt)):
            pass
    write(w.bye_for_good if talk.gone else w.bye)
    return 0


def state_file(server_url: str) -> Path:
    """Where the terminal remembers its talk with this server (XDG base directories, state)."""
    home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home / "yijianshi" / (re.sub(r"[^\w.-]+", "_", server_url.partition("://")[2])[:80] + ".cookie")


@dataclass(frozen=True, slots=True)
class _Memory:
    """Who is talking, between two runs. A file that cannot be read or written is no reason not to talk."""

    file: Path

    def recall(self, http: httpx.Client) -> None:
        with suppress(OSError, ValueError):
            http.cookies.set(COOKIE, self.file.read_text("ascii").strip())

    def note(self, http: httpx.Client) -> None:
        token = next((one.value for one in http.cookies.jar if one.name == COOKIE), None)
        with suppress(OSError):
            if token and not (self.file.is_file() and self.file.read_text("utf-8").strip() == token):
                self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with open(os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as kept:
                    kept.write(token)

    def forget(self, http: httpx.Client) -> None:
        http.cookies.clear()
        with suppress(OSError):
            self.file.unlink(missing_ok=True)


def _line(read: Callable[[str], str], prompt: str) -> str:
    try:
        return read(prompt)
    except (EOFError, KeyboardInterrupt):
        return "/退出"


@dataclass(slots=True)
class _Chat:
    """One run of the terminal: what is open, and what has been shown already."""

    http: httpx.Client
    write: Callable[[str], None]
    memory: _Memory
    open: Ask | None = None
    shown: frozenset[str] = frozenset()
    gone: bool = False  # everything has been deleted, and nothing said since

    def say(self, line: str) -> bool:
        """One line by the person; False when they want to leave."""
        w = words().terminal
        own = w.commands.get(line.strip().removeprefix("/").lower(), "") if line.strip().startswith("/") else ""
        if own == "quit":
            return False
        if own == "other":
            self.memory.forget(self.http)
            self.shown, self.open = frozenset(), None
            return self.begin()
        if own == "help":
            self.write(w.help)
        if not line.strip():
            self.refresh()
            return True
        try:
            self._send(Terminal(NoOptions()).read(Typed(line, self.open)))
        except BadMessage as bad:
            if bad.says:
                self.write(bad.says)
        return True

    def begin(self) -> bool:
        """Go on where the talk was; whoever has said nothing yet is greeted. False if the server is away."""
        self.memory.recall(self.http)
        got = self._call("GET", "/api/v1/conversation")
        if got is None:
            return False
        log = got.get("log", [])
        self.shown = frozenset(entry["id"] for entry in log[:-LAST])
        self._show(log, own=True)
        if not log and not got.get("open"):
            self._send(Inbound("", str(uuid.uuid4()), "text", text="你好"))
        else:
            self._ask(got, again=True)
        self.memory.note(self.http)
        return True

    def refresh(self) -> None:
        """Show what is new."""
        got = self._call("GET", "/api/v1/conversation")
        if got is not None:
            new = self._show(got.get("log", []), own=True)
            self._ask(got, again=new)
            if not new:
                self.write(words().terminal.nothing_new)

    def _send(self, said: Inbound) -> None:
        if said.kind == "photo":
            said = replace(said, photo_ids=tuple(self._upload(said.media)))
        fields = {
            "text": ("text",),
            "answer": ("question", "value"),
            "command": ("command", "value"),
            "photo": ("question", "photo_ids"),
        }[said.kind]
        body = {"kind": said.kind, **{name: getattr(said, name) for name in fields}}
        got = self._call("POST", "/api/v1/messages", json=body, key=said.id)
        if got is not None:
            self._show(got.get("entries", []), own=False)
            self.gone = bool(got.get("gone"))
            if self.gone:
                self.memory.forget(self.http)
                self.shown, self.open = frozenset(), None
                return
            self._ask(got, again=True)

    def _upload(self, names: str) -> Iterator[str]:
        """Every named file, in order. The first that is missing or refused stops it with what the person has to do."""
        whole = _file_of(names)
        for name in [names] if whole else _split(names):
            path = _file_of(name)
            if path is None:
                raise BadMessage("file_missing", words().terminal.file_missing.format(path=name))
            got = self._call("POST", "/api/v1/photos", files={"file": (path.name, path.read_bytes())})
            if got is None:
                raise BadMessage("photo_refused", "")
            yield str(got["photo_id"])

    def _show(self, log: list[Any], own: bool) -> bool:
        """Write the entries that have not been shown; whether there were any."""
        new = [entry for entry in log if entry["id"] not in self.shown]
        self.shown |= {entry["id"] for entry in new}
        for entry in new:
            if entry["from"] != "person" or own:
                for text in _entry_lines(entry, self.open):
                    self.write(text)
        return bool(new)

    def _ask(self, got: dict[str, Any], again: bool) -> None:
        """Write the open question, unless it stands there already."""
        try:
            self.open = _ASK.validate_python(got["open"]) if got.get("open") else None
        except ValidationError:  # a newer server asks in a way that is not known here: its words still count
            self.open = None
            self.write(str(got["open"].get("text", "")))
        if got.get("floor"):
            self.write(words().terminal.floor.format(name=got["floor"].get("name", "")))
        elif self.open and again:
            self.write(block_text(self.open))

    def _call(self, method: str, path: str, key: str = "", **kwargs: Any) -> dict[str, Any] | None:
        """One call; a broken line is tried again under the same key, so that nothing is said twice. None: it did not work,
        and the person has been told."""
        headers = {"Idempotency-Key": key or str(uuid.uuid4())} if method == "POST" else {}
        for attempt in range(_TRIES):
            try:
                answer = self.http.request(method, path, headers=headers, **kwargs)
                got = answer.json()
                if answer.is_success and isinstance(got, dict):
                    return got
                if answer.status_code < 500:
                    self.write(str(got.get("says") or words().terminal.refused))
                    return None
            except (httpx.TransportError, ValueError):
                pass
            if attempt < _TRIES - 1:
                time.sleep(_PAUSE_S)
        self.write(words().terminal.unreachable)
        return None


def _split(names: str) -> list[str]:
    try:
        return shlex.split(names)
    except ValueError:
        return [names]


def _entry_lines(entry: dict[str, Any], asked: Ask | None) -> Iterator[str]:
    """One entry of the log, in words, with who said it where that is not the bot. The question just answered comes into the
    log only now; it has been read already."""
    for block in entry["blocks"]:
        if block.get("kind") == "said":
            yield f"{words().terminal.you}{block.get('text', '')}"
            continue
        if asked and block.get("kind") == "ask" and block.get("question") == asked.question:
            continue
        try:
            text = block_text(from_json([block])[0])
        except ValidationError:
            text = block_text(Say(str(block.get("text", ""))))
        if text:
            yield text
