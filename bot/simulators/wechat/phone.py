"""A pretend phone at `/`: pick one of the invented people, write, send a photo, see what WeChat would show, in order.

Works without JavaScript (forms and reload); the small module only saves the reloading. Also the switches for tests, under /_sim/.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Depends, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader
from pydantic import BaseModel, Field

from bot.simulators.wechat.api import PusherDep, WorldDep
from bot.simulators.wechat.faults import Faults
from bot.simulators.wechat.push import How
from bot.simulators.wechat.world import ApiError, Contact, Door, World

phone = APIRouter()

_pages = Environment(loader=PackageLoader("bot.simulators.wechat", "pages"), autoescape=True)


def the_contact(world: WorldDep, user: str) -> Contact:
    """A person at the Official Account, by the short name in the address."""
    for contact in world.contacts.values():
        if contact.person.key == user and contact.door == "oa":
            return contact
    raise HTTPException(404)


ContactDep = Annotated[Contact, Depends(the_contact)]


@phone.get("/", response_class=HTMLResponse)
def people(world: WorldDep) -> str:
    return _pages.get_template("people.html").render(users=world.rules.users)


@phone.get("/phone.{kind}")
def asset(kind: Literal["css", "js"]) -> Response:
    text = files("bot.simulators.wechat").joinpath("pages", f"phone.{kind}").read_text("utf-8")
    return Response(text, media_type="text/css" if kind == "css" else "text/javascript")


@phone.get("/phone/{user}", response_class=HTMLResponse)
def screen(world: WorldDep, contact: ContactDep) -> str:
    return _pages.get_template("phone.html").render(contact=contact, menu=world.rules.menu, bubbles=contact.screen)


@phone.get("/phone/{user}/after/{n}", response_class=HTMLResponse)
def newer(contact: ContactDep, n: int) -> str:
    """The bubbles after the n-th, to be appended."""
    return _pages.get_template("bubbles.html").render(contact=contact, bubbles=contact.screen[n:])


@phone.post("/phone/{user}/say")
async def say(pusher: PusherDep, contact: ContactDep, text: Annotated[str, Form()]) -> Response:
    if text.strip():
        await pusher.text(contact, text.replace("\r\n", "\n"))
    return _back(contact)


@phone.post("/phone/{user}/photo")
async def photo(pusher: PusherDep, contact: ContactDep, file: Annotated[UploadFile, File()]) -> Response:
    content = await file.read()
    if content:
        await pusher.photo(contact, content, file.content_type or "image/jpeg")
    return _back(contact)


@phone.post("/phone/{user}/menu")
async def menu(pusher: PusherDep, contact: ContactDep, key: Annotated[str, Form()]) -> Response:
    await pusher.event(contact, "CLICK", EventKey=key)
    return _back(contact)


@phone.post("/phone/{user}/follow")
async def follow(pusher: PusherDep, contact: ContactDep) -> Response:
    await pusher.event(contact, "unsubscribe" if contact.follows else "subscribe", EventKey="")
    return _back(contact)


@phone.get("/phone/{user}/media/{media_id}")
def picture(world: WorldDep, contact: ContactDep, media_id: str) -> Response:
    try:
        media = world.media_of(media_id, contact.door)
    except ApiError:
        raise HTTPException(404) from None
    return Response(media.content, media_type=media.content_type)


def _back(contact: Contact) -> Response:
    return RedirectResponse(f"/phone/{contact.person.key}#end", status_code=303)


# --- switches ---


class Switch(BaseModel):
    """A fault by its name in wechat.yaml; `path`: part of the interface's path; `times`: below 0 without end."""

    fault: str
    path: str = "/"
    times: int = 1


class Said(BaseModel):
    """Something that a person does: a text, or an event with its fields. The rest as in `How`."""

    text: str = ""
    event: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)
    door: Door = "oa"
    format: Literal["xml", "json"] = "xml"
    copies: int = 1
    signed: bool = True
    late_s: float = 0.0


def the_faults(request: Request) -> Faults:
    return cast(Faults, request.app.state.faults)


FaultsDep = Annotated[Faults, Depends(the_faults)]


@phone.post("/_sim/faults", status_code=204)
def switch(faults: FaultsDep, body: Switch) -> None:
    try:
        faults.switch(body.fault, body.path, body.times)
    except KeyError:
        raise HTTPException(404) from None


@phone.delete("/_sim/faults", status_code=204)
def switch_off(faults: FaultsDep) -> None:
    faults.clear()


@phone.post("/_sim/clock/{seconds}")
def advance(world: WorldDep, seconds: float) -> dict[str, float]:
    world.clock.advance(seconds)
    return {"now": world.clock()}


@phone.get("/_sim/calls")
def calls(world: WorldDep) -> list[dict[str, Any]]:
    return [{"path": call.path, "size": call.size, "sha256": call.sha256} for call in world.calls]


@phone.post("/_sim/people/{user}")
def add_person(world: WorldDep, user: str) -> dict[str, str]:
    return {"openid": world.add_person(user).openid}


@phone.post("/_sim/push/{user}")
async def push(world: WorldDep, pusher: PusherDep, user: str, body: Said) -> dict[str, Any]:
    """What the person does, with everything that can go wrong on the way; the outcome as the platform saw it."""
    contact = _contact_at(world, user, body.door)
    how = How(body.format, body.copies, body.signed, body.late_s)
    if body.event:
        outcome = await pusher.event(contact, body.event, how, **body.fields)
    else:
        outcome = await pusher.text(contact, body.text, how)
    return {"statuses": outcome.statuses, "replies": outcome.replies, "shown": outcome.shown}


@phone.get("/_sim/screen/{user}")
def screen_of(world: WorldDep, user: str, door: Door = "oa") -> list[dict[str, Any]]:
    contact = _contact_at(world, user, door)
    return [{"n": b.n, "at": b.at, "side": b.side, "kind": b.kind, "text": b.text} for b in contact.screen]


def _contact_at(world: World, user: str, door: Door) -> Contact:
    for contact in world.contacts.values():
        if contact.person.key == user and contact.door == door:
            return contact
    raise HTTPException(404)
