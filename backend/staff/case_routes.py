"""The console's HTTP API of applications, cases and photos; part of the router of `routes`."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from backend.applications.routes import pdf
from backend.photos.wording import Refused
from backend.staff import cases
from backend.staff.access import HouseDep, Most, People
from backend.staff.rights import MOST
from backend.web import Problem

router = APIRouter()
Json = dict[str, Any]


class Query(BaseModel):
    q: str = Field(min_length=1, max_length=64)


class Moving(BaseModel):
    reason: str = Field(default="", max_length=500)
    says: str = Field(default="", max_length=500)
    on: date | None = None
    clause: str = Field(default="", max_length=120)


class Missing(BaseModel):
    materials: list[str] = Field(default=[], max_length=40)
    photo_ids: list[str] = Field(default=[], max_length=60)
    reason: str = Field(min_length=1, max_length=500)


class Reveal(BaseModel):
    application_id: str = Field(max_length=36)
    field: str = Field(max_length=64)
    reason: str = Field(max_length=32)
    words: str = Field(default="", max_length=200)


Verb = Literal[
    "accept", "assess", "publicise", "dispatch", "supply", "approve", "reject", "deliver", "close", "withdraw"
]


@router.get("/applications")
def applications(house: HouseDep, staff: People, filter: str = "open", most: Most = MOST) -> list[Json]:
    return cases.listed(house, staff, filter, most)


@router.post("/applications/search")
def search(body: Query, house: HouseDep, staff: People) -> list[Json]:
    """A search goes in the body: identity and phone numbers have no place in an address."""
    return cases.search(house, staff, body.q)


@router.get("/applications/{application_id}")
def application(application_id: str, house: HouseDep, staff: People) -> Json:
    return cases.application(house, staff, application_id)


@router.get("/applications/{application_id}/form.pdf")
def form(application_id: str, house: HouseDep, staff: People, reveal: str = "") -> Response:
    """The filled paper form. `reveal`: the reason to see it, from the list; without one it is refused."""
    return pdf(cases.form(house, staff, application_id, reveal))


@router.post("/cases/{case_id}/return")
def ask_again(case_id: str, body: Missing, house: HouseDep, staff: People) -> Json:
    cases.ask_again(house, staff, case_id, body.materials, body.photo_ids, body.reason)
    return {}


@router.post("/cases/{case_id}/{verb}")
def move(case_id: str, verb: Verb, body: Moving, house: HouseDep, staff: People) -> Json:
    cases.move(house, staff, case_id, verb, body.reason, body.says, body.on, body.clause)
    return {}


@router.post("/reveal")
def reveal(body: Reveal, house: HouseDep, staff: People) -> Json:
    return {"value": cases.reveal(house, staff, body.application_id, body.field, body.reason, body.words)}


@router.get("/photos/{photo_id}/portrait")
def portrait(photo_id: str, house: HouseDep, staff: People) -> Response:
    try:
        picture = cases.portrait(house, staff, photo_id)
    except Refused as hidden:
        sentence = hidden.sentence
        raise Problem(sentence.status, sentence.code, sentence.says) from None
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "no-store"})


@router.get("/photos/{photo_id}")
def photo(photo_id: str, house: HouseDep, staff: People, reveal: str = "") -> Response:
    try:
        picture = cases.photo(house, staff, photo_id, reveal)
    except Refused as hidden:
        sentence = hidden.sentence
        raise Problem(sentence.status, sentence.code, sentence.says) from None
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "no-store"})
