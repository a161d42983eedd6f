"""Who is at the web's door: a random token in a cookie, kept only as a keyed hash. No name, no sign-in, no tracking.

Routes of the pages for people depend on `VisitorDep` (anybody, known or not) or `PersonDep` (somebody known).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response

from backend.people import store as rows
from backend.storage import Storage
from backend.web import Problem

COOKIE = "yijianshi"
APP = "web"


@dataclass(frozen=True, slots=True)
class Visitor:
    """One browser. `token` names the account at the door "web"; `fresh`: it was made just now; `person_id`: "" if not known."""

    token: str
    fresh: bool
    person_id: str = ""


def visitor(request: Request, response: Response) -> Visitor:
    """The browser of this request; a new one gets its cookie with the answer. Strangers are kept to a pace by their address."""
    store: Storage = request.app.state.house.store
    token = request.cookies.get(COOKIE, "")
    fresh = len(token) != 43 or not token.isascii()
    writes = request.method not in ("GET", "HEAD")
    if fresh:
        token = secrets.token_urlsafe(32)
        give_cookie(request, response, token)
    person_id = "" if fresh else _person_of(store, token)
    if writes and person_id:
        request.app.state.person_pace.check(person_id)
    elif writes:
        request.app.state.stranger_pace.check(request.client.host if request.client else "?")
    return Visitor(token, fresh, person_id)


def person(visitor: VisitorDep) -> str:
    """The id of the person at the door, or problem 404: nothing has been said here yet."""
    if not visitor.person_id:
        raise Problem(404, "nobody", "这里还没有您的记录。")
    return visitor.person_id


def give_cookie(request: Request, response: Response, token: str) -> None:
    settings = request.app.state.house.settings
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


def _person_of(store: Storage, token: str) -> str:
    with store.read() as tx:
        found = rows.account(tx, APP, store.keys.find_hash(APP, token))
        return found.person_id if found else ""


VisitorDep = Annotated[Visitor, Depends(visitor)]
PersonDep = Annotated[str, Depends(person)]
