"""Who is at the console's door: the cookie, the header that only our own page sends, the right that a route needs.

A route names its right in its signature (`People`, `Keepers` ...). Without a session it is 401, without the right 403.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Query, Request, Response

from backend.jobs import House
from backend.staff import service
from backend.staff.rights import Right, Staff
from backend.staff.words import words
from backend.web import Problem

COOKIE = "yijianshi_staff"
PATH = "/api/v1/staff"
_HEADER = "yijianshi"


def house_of(request: Request) -> House:
    house: House = request.app.state.house
    return house


def own_page(request: Request, response: Response) -> None:
    """Refuse writes without the header that a foreign page cannot send; keep every answer out of caches."""
    response.headers["cache-control"] = "no-store"
    if request.method not in ("GET", "HEAD") and request.headers.get("x-requested-with") != _HEADER:
        raise refused(403, "header")


def staff_of(request: Request) -> Staff:
    with house_of(request).store.read() as tx:
        staff = service.signed_in(tx, request.cookies.get(COOKIE, ""))
    if staff is None:
        raise refused(401, "sign_in")
    return staff


def _with(right: Right) -> Callable[[Staff], Staff]:
    def allowed(staff: StaffDep) -> Staff:
        if not staff.may(right):
            raise refused(403, "right")
        return staff

    return allowed


def give_cookie(house: House, response: Response, token: str) -> None:
    response.set_cookie(
        COOKIE,
        token,
        max_age=house.settings.staff_session_hours * 3600,
        httponly=True,
        samesite="strict",
        secure=house.settings.secure_cookies,
        path=PATH,
    )


def refused(status: int, code: str, **values: str) -> Problem:
    """A problem in the console's own words."""
    return Problem(status, code, words().problems[code].format(**values), **values)


Most = Annotated[int, Query(ge=1, le=2001)]
HouseDep = Annotated[House, Depends(house_of)]
StaffDep = Annotated[Staff, Depends(staff_of)]
People = Annotated[Staff, Depends(_with("people"))]
DirectoryReader = Annotated[Staff, Depends(_with("read_directory"))]
DirectoryKeeper = Annotated[Staff, Depends(_with("directory"))]
QuestionReader = Annotated[Staff, Depends(_with("questions"))]
GraphReader = Annotated[Staff, Depends(_with("graph"))]
Auditor = Annotated[Staff, Depends(_with("audit"))]
