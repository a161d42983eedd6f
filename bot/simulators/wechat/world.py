"""The state behind the stand-in's endpoints: accounts, people, tokens, codes, pictures, windows and credits.

All of it in memory and behind one lock; time comes from a clock that tests may move. Rules and numbers are in wechat.yaml.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

Door = Literal["oa", "mp"]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Account(_Data):
    """One account of the platform. `path`: where its pushes go at the target. `unavailable`: what people see when that fails."""

    app_id: str
    secret: str
    token: str
    aes_key: str
    our_id: str
    path: str
    unavailable: str

    @property
    def key(self) -> bytes:
        return base64.b64decode(self.aes_key + "=")


class Person(_Data):
    key: str
    name: str
    about: str
    phone: str
    openids: Mapping[Door, str]


class Template(_Data):
    title: str
    fields: Mapping[str, str]


class FieldKind(_Data):
    max: int
    pattern: str = ""


class FaultKind(_Data):
    """`code`: answered instead of doing anything. `status`: likewise over HTTP. `wire`: done, but the answer comes broken."""

    code: int = 0
    detail: str = ""
    status: int = 0
    wire: Literal["", "hang", "truncated", "html", "code_as_text", "json_like_media", "slow_drip"] = ""


class Limits(_Data):
    token_s: int
    token_overlap_s: int
    code_s: int
    media_s: int
    image_bytes: int
    voice_bytes: int
    text_bytes: int
    message_window_s: int
    message_sends: int
    event_window_s: int
    event_sends: int
    enter_sends: int
    typing_window_s: int
    calls_per_minute: int
    login_per_minute: int
    push_patience_s: float
    push_tries: int


class Button(_Data):
    key: str
    label: str


class Rules(_Data):
    """wechat.yaml."""

    accounts: Mapping[Door, Account]
    users: tuple[Person, ...]
    menu: tuple[Button, ...]
    templates: Mapping[str, Template]
    pages: tuple[str, ...]
    callback_addresses: tuple[str, ...]
    field_kinds: Mapping[str, FieldKind]
    limits: Limits
    errors: Mapping[int, str]
    faults: Mapping[str, FaultKind]


@cache
def rules() -> Rules:
    text = files("bot.simulators.wechat").joinpath("wechat.yaml").read_text("utf-8")
    return Rules.model_validate(yaml.safe_load(text))


class ApiError(Exception):
    """An error that the platform answers, with HTTP 200."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class Clock:
    """Seconds since the epoch; tests move it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass(slots=True)
class Allowance:
    """How many customer-service messages may follow something that a person did, and until when."""

    left: int
    until: float


@dataclass(slots=True)
class Media:
    content: bytes
    kind: str
    content_type: str
    until: float
    door: Door


@dataclass(frozen=True, slots=True)
class Shown:
    """One bubble on a person's phone. `side`: me, them (the account), system (WeChat itself). `media`: a picture's id."""

    n: int
    at: float
    side: Literal["me", "them", "system"]
    kind: Literal["text", "photo", "card", "line"]
    text: str
    media: str = ""


@dataclass(slots=True)
class Contact:
    """One person at one account."""

    person: Person
    door: Door
    openid: str
    follows: bool = True
    message: Allowance = field(default_factory=lambda: Allowance(0, 0.0))
    event: Allowance = field(default_factory=lambda: Allowance(0, 0.0))
    last_said: float = 0.0
    typing: bool = False
    credits: dict[str, int] = field(default_factory=dict)
    screen: list[Shown] = field(default_factory=list)


@dataclass(slots=True)
class Code:
    door: Door
    use: Literal["login", "phone", "web"]
    contact: Contact
    until: float


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made to the stand-in, for tests to look at."""

    path: str
    size: int
    sha256: str


class World:
    """Everything that the stand-in remembers. Methods raise `ApiError` as the platform would."""

    def __init__(self, accounts: Mapping[Door, Account] | None = None) -> None:
        self.rules = rules()
        self.limits = self.rules.limits
        self.accounts = dict(accounts or self.rules.accounts)
        self.clock = Clock()
        self.lock = threading.RLock()
        self.calls: list[Call] = []
        self.media: dict[str, Media] = {}
        self.sessions: dict[str, str] = {}  # openid -> session_key
        self._tokens: dict[str, tuple[Door, float]] = {}
        self._stable: dict[Door, str] = {}
        self._classic: dict[Door, str] = {}
        self._codes: dict[str, Code] = {}
        self._minutes: dict[tuple[str, str, int], int] = {}
        self._number = secrets.randbelow(1 << 40) + (1 << 52)
        self.contacts = {
            openid: Contact(person, door, openid)
            for person in self.rules.users
            for door, openid in person.openids.items()
        }

    # --- people ---

    def contact(self, openid: str, door: Door) -> Contact:
        found = self.contacts.get(openid)
        if found is None or found.door != door:
            raise ApiError(40003)
        return found

    def add_person(self, key: str, name: str = "") -> Contact:
        """Somebody new at the Official Account, for tests that need many."""
        openid = f"oTest_{key}"[:28].ljust(28, "0")
        person = Person(key=key, name=name or key, about="", phone="19900000009", openids={"oa": openid})
        with self.lock:
            return self.contacts.setdefault(openid, Contact(person, "oa", openid))

    def number(self) -> int:
        """A new 64-bit number of a message, in rising order."""
        with self.lock:
            self._number += 1
            return self._number

    def show(
        self, contact: Contact, side: Literal["me", "them", "system"], text: str, kind: Any = "text", media: str = ""
    ) -> None:
        with self.lock:
            contact.screen.append(Shown(len(contact.screen) + 1, self.clock(), side, kind, text, media))

    def said(self, contact: Contact) -> None:
        """The person wrote: the window opens anew."""
        now = self.clock()
        contact.last_said = now
        contact.message = Allowance(self.limits.message_sends, now + self.limits.message_window_s)

    def touched(self, contact: Contact, sends: int) -> None:
        """The person followed, tapped a menu or entered: a short window."""
        contact.event = Allowance(sends, self.clock() + self.limits.event_window_s)

    def spend_send(self, contact: Contact) -> None:
        now = self.clock()
        with self.lock:
            open_ = [one for one in (contact.event, contact.message) if one.until >= now]
            if not open_:
                raise ApiError(45015)
            usable = next((one for one in open_ if one.left > 0), None)
            if usable is None:
                raise ApiError(45047)
            usable.left -= 1

    # --- tokens ---

    def account_of(self, app_id: str, secret: str) -> Door:
        for door, account in self.accounts.items():
            if account.app_id == app_id:
                if account.secret != secret:
                    raise ApiError(40125)
                return door
        raise ApiError(40013)

    def stable_token(self, door: Door, force: bool = False) -> tuple[str, int]:
        """The same token to everybody; a new one shortly before the old one ends, and both hold for that while."""
        with self.lock:
            now, token = self.clock(), self._stable.get(door, "")
            until = self._tokens.get(token, (door, 0.0))[1]
            if force and token:
                self._tokens[token] = (door, min(until, now + self.limits.token_overlap_s))
            if force or until - now <= self.limits.token_overlap_s:
                token = self._stable[door] = self._new_token(door)
                until = now + self.limits.token_s
            return token, int(until - now)

    def classic_token(self, door: Door) -> tuple[str, int]:
        """A new token for every call; the one before it is refused from now on (the worst that the platform does)."""
        with self.lock:
            self._tokens.pop(self._classic.get(door, ""), None)
            self._classic[door] = self._new_token(door)
            return self._classic[door], self.limits.token_s

    def _new_token(self, door: Door) -> str:
        token = f"{len(self._tokens)}_{secrets.token_urlsafe(96)}"
        self._tokens[token] = (door, self.clock() + self.limits.token_s)
        return token

    def door_of(self, token: str) -> Door:
        """Whose call this is."""
        if not token:
            raise ApiError(41001)
        door, until = self._tokens.get(token, ("oa", -1.0))
        if until < 0:
            raise ApiError(40001)
        if until < self.clock():
            raise ApiError(42001)
        return door

    def revoke_tokens(self) -> None:
        with self.lock:
            self._tokens.clear()
            self._stable.clear()

    def count(self, what: str, whose: str, per_minute: int) -> None:
        with self.lock:
            minute = (what, whose, int(self.clock() // 60))
            self._minutes[minute] = self._minutes.get(minute, 0) + 1
            if self._minutes[minute] > per_minute:
                raise ApiError(45011)

    # --- codes ---

    def new_code(self, contact: Contact, use: Literal["login", "phone", "web"] = "login") -> str:
        """What the client of a person is given to hand over: good once, for five minutes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = Code(contact.door, use, contact, self.clock() + self.limits.code_s)
        return code

    def spend_code(self, code: str, door: Door, use: str) -> Contact:
        with self.lock:
            found = self._codes.pop(code, None)
        if found is None or found.until < self.clock() or (found.door, found.use) != (door, use):
            raise ApiError(40029)
        return found.contact

    # --- pictures ---

    def keep_media(self, door: Door, kind: str, content: bytes, content_type: str) -> str:
        media_id = secrets.token_urlsafe(48)
        with self.lock:
            self.media[media_id] = Media(content, kind, content_type, self.clock() + self.limits.media_s, door)
        return media_id

    def media_of(self, media_id: str, door: Door) -> Media:
        found = self.media.get(media_id)
        if found is None or found.door != door or found.until < self.clock():
            raise ApiError(40007)
        return found

    # --- templates ---

    def template(self, template_id: str, data: Any) -> tuple[Template, dict[str, str]]:
        """The template and its checked values; 40037, or 47003 with the field's name."""
        found = self.rules.templates.get(template_id)
        if found is None:
            raise ApiError(40037)
        return found, {name: self.field_value(name, data) for name in found.fields}

    def field_value(self, name: str, data: Any) -> str:
        """The value of one field, if it is what its kind may be; 47003 names the field otherwise."""
        entry = data.get(name) if isinstance(data, dict) else None
        value = entry.get("value") if isinstance(entry, dict) else None
        if not isinstance(value, str) or not value.strip():
            raise ApiError(47003, f"data.{name}.value is empty")
        kind = self.rules.field_kinds.get(name.rstrip("0123456789"))
        if kind is None or len(value) > kind.max or "\n" in value:
            raise ApiError(47003, f"data.{name}.value invalid")
        if kind.pattern and not re.fullmatch(kind.pattern, value):
            raise ApiError(47003, f"data.{name}.value invalid")
        return value

    def spend_credit(self, contact: Contact, template_id: str) -> None:
        with self.lock:
            if contact.credits.get(template_id, 0) < 1:
                raise ApiError(43101)
            contact.credits[template_id] -= 1
