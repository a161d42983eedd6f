"""`/plain`: the same talk as pages without JavaScript, one question to a page, for old phones, screen readers and kiosks.

A form becomes the very message that the phone page would send and goes through the same door, so nothing is decided here. The
options of a question travel as their place in the list, so that a typed value comes back exactly as the talk gave it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Protocol
from uuid import NAMESPACE_OID, uuid5

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from starlette.datastructures import FormData, UploadFile

from backend.storage import new_id

Json = dict[str, Any]
DISPLAY = "yijianshi_display"  # the cookie that the phone page writes too: size.theme.aloud
SIZES, THEMES = ("m", "l", "xl"), ("", "light", "dark", "contrast")
MOST_PICTURES = 20
ALONE = ("none", "unsure")  # values of an option that go with no other
SIGNING = "可以打出名字，或签在纸上拍照。"  # nothing can be drawn without scripts
SIGNING_BY_HAND = "请本人签在纸上，拍一张。不方便就到窗口再签。"
NOTHING: Json = {"log": [], "open": None, "about": "", "drafts": [], "floor": None}

_BESIDE = re.compile(r"[\s，。、；：？！“”]")
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


class Unaccepted(Exception):
    """Something handed over was not taken. `says`: what to do next, for the person."""

    def __init__(self, says: str) -> None:
        super().__init__(says)
        self.says = says


class Door(Protocol):
    """One person's way into the talk: what the JSON API does, as calls. `secret`: the value of this person's cookie."""

    secret: str

    async def shown(self) -> Json:
        """What `GET /api/v1/conversation` answers."""

    async def hand(self, body: Json, key: str) -> Json:
        """What `POST /api/v1/messages` answers. Raises Unaccepted."""

    async def keep(self, picture: UploadFile, key: str) -> str:
        """Keeps one picture and gives its id. Raises Unaccepted."""

    async def forget(self) -> str:
        """Deletes everything of this person; what to say to them then, the heading in the first line."""


WayIn = Callable[[Request, Response], Awaitable[Door]]
Work = Callable[[Door, FormData, Json], Awaitable[Json]]


def token(secret: str) -> str:
    """What a form must bring back: only a page that this person was shown can know it."""
    return hmac.new(secret.encode(), b"plain form", hashlib.sha256).hexdigest()


def once(form: Mapping[str, Any], *what: Any) -> str:
    """The key of what this form hands over: the same sent twice is one event, another answer from the same page is another."""
    return str(uuid5(NAMESPACE_OID, json.dumps([str(form["key"]), *what], sort_keys=True)))


# --- from a form to a message ---


def picked(ask: Json, name: str) -> Any:
    """The value of the option at this place. Raises Unaccepted for a place that is not there."""
    if not name.isdigit() or int(name) >= len(ask["options"]):
        raise Unaccepted("这个选项不在了。请再选一次。")
    return ask["options"][int(name)]["value"]


def day(form: Mapping[str, Any]) -> str:
    """The three fields of a day as YYYY-MM-DD. Raises Unaccepted when there is no such day."""
    try:
        return date(*(int(str(form[name])) for name in ("year", "month", "day"))).isoformat()
    except (KeyError, ValueError):
        raise Unaccepted("这个日子不对。请按年、月、日写，比如 1990、5、20。") from None


def written(form: Mapping[str, Any], name: str = "words") -> str:
    """A field of text. Raises Unaccepted when it is empty."""
    text = str(form.get(name, "")).strip()
    if not text:
        raise Unaccepted("这里还空着。请写上，再点按钮。")
    return text


def several(ask: Json, form: FormData) -> list[Any]:
    """The ticked options. Raises Unaccepted when none is."""
    values = [picked(ask, str(name)) for name in form.getlist("pick")]
    if not values:
        raise Unaccepted("请先选一项，再点“选好了”。")
    return values


def number(form: Mapping[str, Any]) -> int:
    """A whole number. Raises Unaccepted for anything else."""
    text = written(form)
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Unaccepted("请只写数字，比如 12。")
    return int(text)


def signed(form: Mapping[str, Any]) -> Json:
    """A typed signature. Raises Unaccepted as long as it is not confirmed."""
    name = written(form)
    if "sure" not in form:
        raise Unaccepted("请先勾上“这是签名”，再点“签好了”。")
    return {"way": "typed", "name": name}


def answer_value(ask: Json, form: FormData) -> Any:
    """What this form answers to this question. Raises Unaccepted."""
    if "only" in form:
        value = picked(ask, str(form["only"]))
        return [value] if ask["input"] == "choices" else value
    match ask["input"]:
        case "choices":
            return several(ask, form)
        case "date":
            return day(form)
        case "number":
            return number(form)
        case "signature":
            return signed(form)
    return written(form)


# --- from an answer to a page ---


def recent(shown: Json) -> Json:
    """The same with only what was said since the person spoke last, that included."""
    log = shown["log"]
    own = [index for index, entry in enumerate(log) if entry["from"] == "person"]
    return {**shown, "log": log[own[-1] :] if own else log}


def without(wrong: str, shown: Json) -> Json:
    """The same without what `wrong` says already: it would be read aloud twice."""
    said = [
        {
            **entry,
            "blocks": [
                block for block in entry["blocks"] if block.get("tone") != "error" or block["text"] not in wrong
            ],
        }
        for entry in shown["log"]
    ]
    return {**shown, "log": [entry for entry in said if entry["blocks"]]}


def display(request: Request) -> Json:
    """How the person wants to see it: size of letters and theme, "" where the device decides."""
    size, theme, *_ = [*request.cookies.get(DISPLAY, "").split("."), "", ""]
    return {"size": size if size in SIZES else "", "theme": theme if theme in THEMES else ""}


def about(shown: Json) -> str:
    """The name of the person being helped, "" when it is the speaker."""
    if shown.get("open") and shown["open"]["about"]:
        return str(shown["open"]["about"])
    current = next((draft["label"] for draft in shown["drafts"] if draft["current"]), "")
    return "" if current in ("我", "我自己") else current


def hint(shown: Json, wrong: str) -> str:
    """The hint of the open question, "" where `wrong` says it over again. Of a signature only the ways that this page has."""
    ask = shown.get("open")
    says = str(ask["hint"]) if ask else ""
    if ask and ask["input"] == "signature":
        says = SIGNING_BY_HAND if ask["rules"] == "own_hand" else SIGNING
    signs = set(_BESIDE.sub("", says))
    return "" if len(signs & set(wrong)) > len(signs) * 0.75 else says


def rendered(name: str, request: Request, door: Door, shown: Json, **more: Any) -> str:
    """One page. `more`: wrong (what to do next), form (what was typed, to be kept)."""
    return _pages.get_template(name).render(
        shown=shown,
        ask=shown.get("open"),
        hint=hint(shown, str(more.get("wrong", ""))),
        about=about(shown),
        display={**display(request), "needs": shown.get("needs", [])},
        token=token(door.secret),
        key=new_id(),
        alone=ALONE,
        **{"wrong": "", "form": {}, **more},
    )


# --- the pages ---


def plain_pages(way_in: WayIn) -> APIRouter:
    """The routes; `way_in` finds the Door of whoever asks, and sets the cookie on the first visit."""
    router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)

    async def taken(request: Request, response: Response, work: Work) -> str:
        """Does `work` with the form and shows the next page, or the same one with what went wrong and the input kept."""
        door = await way_in(request, response)
        form = await request.form(max_files=MOST_PICTURES, max_fields=100)
        shown = await door.shown()
        try:
            check_shown(door, form)
            after = await work(door, form, shown)
            if after.get("gone"):
                return gone(request, door, after["entries"][-1]["blocks"][-1]["text"])
            wrong = complaint(shown, after)
        except Unaccepted as fault:
            wrong = fault.says
        if wrong:
            shown = without(wrong, recent(await door.shown()))
            return rendered("plain.html", request, door, shown, wrong=wrong, form=form)
        response.status_code, response.headers["location"] = 303, "/plain"
        return ""

    @router.get("/plain")
    async def page(request: Request, response: Response) -> str:
        door = await way_in(request, response)
        return rendered("plain.html", request, door, recent(await door.shown()))

    @router.get("/plain/record")
    async def record(request: Request, response: Response) -> str:
        door = await way_in(request, response)
        return rendered("record.html", request, door, await door.shown())

    @router.get("/plain/mine")
    async def mine(request: Request, response: Response) -> str:
        door = await way_in(request, response)
        return rendered("mine.html", request, door, await door.shown())

    @router.post("/plain/answer")
    async def answer(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            ask = open_question(form, shown)
            body = {"kind": "answer", "question": ask["question"], "value": answer_value(ask, form)}
            return await door.hand(body, once(form, body))

        return await taken(request, response, work)

    @router.post("/plain/photo")
    async def photo(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            ask = open_question(form, shown)
            files = [file for file in form.getlist("file") if isinstance(file, UploadFile) and file.filename]
            if not files:
                raise Unaccepted("还没有照片。请先选照片，再点“交照片”。")
            ids = [await door.keep(file, once(form, at, file.filename, file.size)) for at, file in enumerate(files)]
            body = {"kind": "photo", "question": ask["question"], "photo_ids": ids}
            return await door.hand(body, once(form, body))

        return await taken(request, response, work)

    @router.post("/plain/say")
    async def say(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            body = {"kind": "text", "text": written(form, "free")}
            return await door.hand(body, once(form, body))

        return await taken(request, response, work)

    @router.post("/plain/command")
    async def command(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            body = {"kind": "command", "command": str(form.get("command", ""))}
            if "value" in form:
                body["value"] = str(form["value"])
            return await door.hand(body, once(form, body))

        return await taken(request, response, work)

    @router.post("/plain/switch")
    async def switch(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            body = {"kind": "switch", "draft_id": str(form.get("draft_id", ""))}
            return await door.hand(body, once(form, body))

        return await taken(request, response, work)

    @router.post("/plain/display")
    async def show(request: Request, response: Response) -> str:
        async def work(door: Door, form: FormData, shown: Json) -> Json:
            size, theme = str(form.get("size", "")), str(form.get("theme", ""))
            if size in SIZES and theme in THEMES:
                response.set_cookie(DISPLAY, f"{size}.{theme}.", max_age=31_536_000, samesite="lax")
            return shown

        return await taken(request, response, work)

    @router.post("/plain/forget")
    async def forget(request: Request, response: Response) -> str:
        door, form = await way_in(request, response), await request.form()
        shown = await door.shown()
        try:
            check_shown(door, form)
            if "sure" not in form:
                raise Unaccepted("没有删除。要删，请先勾上“确定全部删除”。")
        except Unaccepted as fault:
            return rendered("mine.html", request, door, shown, wrong=fault.says)
        return gone(request, door, await door.forget())

    def gone(request: Request, door: Door, says: str) -> str:
        """What is shown once everything has been deleted: `says`, the heading in its first line."""
        title, *lines = says.split("\n")
        return rendered("gone.html", request, door, NOTHING, title=title, says=lines)

    return router


def check_shown(door: Door, form: FormData) -> None:
    """Raises Unaccepted for a form that this person was not shown."""
    if "key" not in form or not hmac.compare_digest(str(form.get("token", "")), token(door.secret)):
        raise Unaccepted("这一页放得太久了。请再点一次。")


def open_question(form: FormData, shown: Json) -> Json:
    """The question that is open, if it is still the one that this form is about. Raises Unaccepted."""
    ask: Json | None = shown.get("open")
    if not ask or form.get("question") != ask["question"]:
        raise Unaccepted("刚才那一题已经过去了。请看这一题。")
    return ask


def complaint(before: Json, after: Json) -> str:
    """What the talk found wrong with an answer, when the same question stays open; "" otherwise."""
    asked, still = before.get("open"), after.get("open")
    if not asked or not still or asked["question"] != still["question"]:
        return ""
    said = [block for entry in after.get("entries", []) for block in entry["blocks"]]
    return "\n".join(block["text"] for block in said if block.get("tone") == "error")
