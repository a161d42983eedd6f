"""`/help-photo/<token>`: the page on which somebody else takes one picture for a person who cannot.

Whoever has the link can hand in this one picture, once, for a day. The page names the paper and nothing else: neither whose it is
nor anything that they said. The picture goes to its place by a system event, like everything that is not the person's own word.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool

from backend.conversations import store as rows
from backend.jobs import House
from backend.people import effects, happenings
from backend.people.effects import Wanted
from backend.photos import helping, service
from backend.photos.models import HelpLink
from backend.photos.routes import one_file
from backend.photos.wording import Refused
from backend.storage import Storage, now
from backend.web import Pace, Problem

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_pace = Pace(10)  # pictures through one link in a minute: a blurred one is tried again
Token = Annotated[str, InPath(max_length=128)]


def let_help(tx: Any, store: Storage, wanted: Any) -> None:
    """Effect LetHelp: the link is good for a day."""
    for one in wanted:
        helping.allow(tx, one.effect.token, _link(one))


def _link(one: Wanted) -> dict[str, Any]:
    return {
        "person_id": one.person_id,
        "conversation_id": one.conversation_id,
        "draft_id": one.effect.draft_id,
        "question": one.effect.question[:64],
        "until": one.at + timedelta(hours=helping.HOURS),
    }


effects.register("let_help", let_help)


@router.get("/help-photo/{token}")
def page(request: Request, token: Token) -> HTMLResponse:
    """What is to be photographed, and the button."""
    house: House = request.app.state.house
    link = _good(house, token)
    return _page(house, link)


@router.post("/help-photo/{token}")
async def hand_in(request: Request, token: Token) -> HTMLResponse:
    """Take the one picture; what is wrong with it is said here, and it may be taken again."""
    house: House = request.app.state.house
    link = await run_in_threadpool(_good, house, token)
    if link is None:
        return _page(house, None)
    try:
        _pace.check(link.token_hash)
        async with one_file(request, link.person_id) as data:
            taken = await run_in_threadpool(_take, house, link, data)
    except Refused as refused:
        return _page(house, link, wrong=refused.sentence.says)
    except Problem as met:
        return _page(house, link, wrong=met.says)
    return _page(house, link if taken else None, done=taken)


def _good(house: House, token: str) -> HelpLink | None:
    """The link, while it can be used."""
    with house.store.read() as tx:
        link = helping.link(tx, token, now())
        draft = rows.draft(tx, link.conversation_id, link.draft_id) if link else None
    return link if draft is not None and not draft.submitted else None


def _take(house: House, link: HelpLink, data: bytes) -> bool:
    """Keep the picture and have the talk hear of it; False if somebody was quicker."""
    store = house.store
    taken = service.take(store, link.person_id, data, link.question)
    with store.work() as tx:
        if not helping.used(tx, link.token_hash, now()):
            return False
        key = store.keys.of(tx, link.person_id)
        told = {"draft_id": link.draft_id, "question": link.question, "photo_ids": [taken.photo_id]}
        happenings.tell(store.keys, tx, link.conversation_id, key, "photo_helped", told)
    return True


def _page(house: House, link: HelpLink | None, *, wrong: str = "", done: bool = False) -> HTMLResponse:
    name, says = _paper(house, link.question) if link else ("", "")
    text = _pages.get_template("help.html").render(
        name=name, says=says, wrong=wrong, done=done, display={"size": "", "theme": "", "needs": []}, shown={}, about=""
    )
    headers = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
    return HTMLResponse(text, 200 if link else 404, headers=headers)


def _paper(house: House, question: str) -> tuple[str, str]:
    """The plain name of what is to be photographed, and how."""
    part = question.split(":", 1)[-1]
    words, materials = house.library.words, house.library.policy.materials.values()
    found = next((one for material in materials for one in material.parts if one.part == part), None)
    return (found.name, found.says) if found else (words.say("mandate_letter"), words.say("mandate_letter_how"))
