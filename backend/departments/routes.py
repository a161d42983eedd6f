"""Where a department's own system tells us what it did: POST /departments/{key}, signed as we sign what we send.

`key`: the idempotency key under which we handed the case over. Body: {"event": "id of this event, at most 64 signs", "verb":
"accept | assess | assessed | publicise | return | approve | reject | deliver | close", "reason", "says", "on": "YYYY-MM-DD",
"parts": [photo parts wanted again]}.
200 {"heard": "now" | "before"}; 401 wrong signature or an unknown key; 409 the case cannot be moved so; 422 the body.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.departments import service
from backend.departments import store as rows
from backend.departments.ways import way_of
from backend.jobs import House
from backend.web import Problem

router = APIRouter()


class Said(BaseModel):
    """What a department says of its case."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    event: Annotated[str, Field(min_length=1, max_length=64)]
    verb: Literal["accept", "assess", "assessed", "publicise", "return", "approve", "reject", "deliver", "close"]
    reason: Annotated[str, Field(max_length=500)] = ""
    says: Annotated[str, Field(max_length=500)] = ""
    on: date | None = None
    parts: Annotated[tuple[str, ...], Field(max_length=30)] = ()


@router.post("/departments/{key}")
async def hear(key: str, request: Request) -> dict[str, str]:
    """See the head of this module."""
    house: House = request.app.state.house
    body = await request.body()
    moment, signature = (request.headers.get(f"x-yijianshi-{name}", "") for name in ("time", "signature"))
    heard = await anyio.to_thread.run_sync(_hear, house, key, moment, signature, body)
    return {"heard": "now" if heard else "before"}


def _hear(house: House, key: str, moment: str, signature: str, body: bytes) -> bool:
    with house.store.read() as tx:
        one = rows.dispatch(tx, key)
    way = way_of(house.settings, one.county, one.department) if one else None
    if one is None or way is None or way.way != "webhook" or not way.signed(moment, signature, body, time.time()):
        raise Problem(401, "signature", "签名不对，或者没有这一件。")
    try:
        told = Said.model_validate_json(body)
    except ValidationError:
        raise Problem(422, "bad_request", "这次没有看懂。请按接口说明再发。") from None
    known = {part.part for material in house.library.policy.materials.values() for part in material.parts}
    if not set(told.parts) <= known:
        raise Problem(422, "unknown_part", "材料的名称不对。请按接口说明再发。")
    return service.said(house, one, told.event, told.verb, told.reason.strip(), told.says.strip(), told.on, told.parts)
