"""Who is at the web's door: a random token in a cookie, kept only as a keyed hash. No name, no sign-in, no tracking.

Routes of the pages for people depend on `VisitorDep` (anybody, known or not) or `PersonDep` (somebody known).
"""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from backend.people import store as rows
from backend.settings import Settings
from backend.storage import Storage
from backend.web import Pace, Problem

COOKIE = "yijianshi"
APP = "web"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(slots=True)
class Doorman:
    """How fast strangers and known persons may write, in this process. A made-up cookie does not make somebody known."""

    strangers: Pace
    persons: Pace
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)

    @classmethod
    def of(cls, settings: Settings) -> Doorman:
        return cls(Pace(settings.stranger_posts_per_minute), Pace(settings.person_posts_per_minute))

    def admit(self, token: str, address: str) -> None:
        """Let one write pass, or problem 429."""
        if token in self._known:
            self.persons.check(token)
        else:
            self.strangers.check(address)

    def know(self, token: str) -> None:
        """This token belongs to a person who has spoken."""
        self._known[token] = None
        self._known.move_to_end(token)
        if len(self._known) > 20_000:
            self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser. `token` names the account at the door "web"; `fresh`: it was made just now."""

    token: str
    fresh: bool


async def visitor(request: Request, response: Response) -> Visitor:
    """The browser of this request; a new one gets its cookie with the answer. Writes are kept to a pace. Reads no row."""
    token = request.cookies.get(COOKIE, "")
    fresh = not _TOKEN.fullmatch(token)
    if fresh:
        token = secrets.token_urlsafe(32)
        give_cookie(request, response, token)
    if request.method not in ("GET", "HEAD"):
        request.app.state.doorman.admit(token, request.client.host if request.client else "?")
    return Visitor(token, fresh)


async def person(request: Request, visitor: VisitorDep) -> str:
    """The id of the person at the door, or problem 404: nothing has been said here yet."""
    store: Storage = request.app.state.house.store
    person_id = "" if visitor.fresh else await run_in_threadpool(person_of, store, visitor.token)
    if not person_id:
        raise Problem(404, "nobody", "这里还没有您的记录。")
    request.app.state.doorman.know(visitor.token)
    return person_id


def person_of(store: Storage, token: str) -> str:
    """The id of the person whose cookie this is, "" if nobody's."""
    with store.read() as tx:
        found = rows.account(tx, APP, store.keys.find_hash(APP, token))
        return found.person_id if found else ""


def give_cookie(request: Request, response: Response, token: str) -> None:
    settings: Settings = request.app.state.house.settings
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.person_cookie_days * 86400,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/",
    )


def take_cookie(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax")


VisitorDep = Annotated[Visitor, Depends(visitor)]
PersonDep = Annotated[str, Depends(person)]
