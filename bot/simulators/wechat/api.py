"""The platform's endpoints, as the server of an account calls them. Errors come as JSON with HTTP 200, as they do there."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from io import BytesIO
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from PIL import Image, ImageDraw
from starlette.datastructures import UploadFile

from bot.simulators.wechat.push import Pusher
from bot.simulators.wechat.world import ApiError, Contact, Door, Template, World

api = APIRouter()


def the_world(request: Request) -> World:
    return cast(World, request.app.state.world)


def the_pusher(request: Request) -> Pusher:
    return cast(Pusher, request.app.state.pusher)


def the_caller(request: Request) -> Door:
    """Whose access token this is; every interface but the tokens' own asks for it."""
    world = the_world(request)
    door = world.door_of(request.query_params.get("access_token", ""))
    world.count(request.url.path, door, world.limits.calls_per_minute)
    return door


async def the_body(request: Request) -> Mapping[str, Any]:
    try:
        body = json.loads(await request.body())
    except ValueError:
        raise ApiError(47001) from None
    if not isinstance(body, dict):
        raise ApiError(47001)
    return body


WorldDep = Annotated[World, Depends(the_world)]
PusherDep = Annotated[Pusher, Depends(the_pusher)]
Caller = Annotated[Door, Depends(the_caller)]
Body = Annotated[Mapping[str, Any], Depends(the_body)]

OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


# --- tokens ---


@api.get("/cgi-bin/token")
def token(world: WorldDep, grant_type: str = "", appid: str = "", secret: str = "") -> dict[str, Any]:
    if grant_type != "client_credential":
        raise ApiError(40002)
    value, lives = world.classic_token(world.account_of(appid, secret))
    return {"access_token": value, "expires_in": lives}


@api.post("/cgi-bin/stable_token")
def stable_token(world: WorldDep, body: Body) -> dict[str, Any]:
    if body.get("grant_type") != "client_credential":
        raise ApiError(40002)
    door = world.account_of(str(body.get("appid", "")), str(body.get("secret", "")))
    value, lives = world.stable_token(door, body.get("force_refresh") is True)
    return {"access_token": value, "expires_in": lives}


@api.get("/cgi-bin/getcallbackip")
def callback_addresses(world: WorldDep, caller: Caller) -> dict[str, Any]:
    return {"ip_list": list(world.rules.callback_addresses)}


@api.get("/cgi-bin/ticket/getticket")
def ticket(caller: Caller) -> dict[str, Any]:
    return {**OK, "ticket": secrets.token_urlsafe(64), "expires_in": 7200}


# --- messages to people ---


@api.post("/cgi-bin/message/custom/send")
def custom_send(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    contact = world.contact(str(body.get("touser", "")), caller)
    kind, picture = _custom_kind(world, caller, body)
    world.spend_send(contact)
    if kind == "photo":
        world.show(contact, "them", "", "photo", picture)
    else:
        world.show(contact, "them", picture)
    return OK


def _custom_kind(world: World, caller: Door, body: Mapping[str, Any]) -> tuple[str, str]:
    """("text", words) or ("photo", media id) of a customer-service message that keeps the rules."""
    kind = body.get("msgtype")
    content = body.get(str(kind))
    if not isinstance(content, dict):
        raise ApiError(47001)
    match kind:
        case "text":
            text = str(content.get("content", ""))
        case "msgmenu":
            entries = [str(entry.get("content", "")) for entry in content.get("list", [])]
            text = "\n".join([str(content.get("head_content", "")), *entries, str(content.get("tail_content", ""))])
        case "image":
            media_id = str(content.get("media_id", ""))
            world.media_of(media_id, caller)
            return "photo", media_id
        case _:
            raise ApiError(47001)
    if not text.strip() or len(text.encode()) > world.limits.text_bytes:
        raise ApiError(45002)
    return "text", text


@api.post("/cgi-bin/message/custom/typing")
def typing(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    contact = world.contact(str(body.get("touser", "")), caller)
    command = body.get("command")
    if command not in ("Typing", "CancelTyping"):
        raise ApiError(45072)
    if world.clock() - contact.last_said > world.limits.typing_window_s:
        raise ApiError(45080)
    if command == "Typing" and contact.typing:
        raise ApiError(45081)
    contact.typing = command == "Typing"
    return OK


@api.post("/cgi-bin/message/template/send")
async def template_send(world: WorldDep, pusher: PusherDep, caller: Caller, body: Body) -> dict[str, Any]:
    contact = world.contact(str(body.get("touser", "")), caller)
    template, values = world.template(str(body.get("template_id", "")), body.get("data"))
    if not contact.follows:
        raise ApiError(43004)
    number = world.number()
    _card(world, contact, template, values, str(body.get("url") or ""))
    pusher.event_later(contact, "TEMPLATESENDJOBFINISH", MsgID=number, Status="success")
    return {**OK, "msgid": number}


@api.post("/cgi-bin/message/subscribe/bizsend")
async def subscribe_bizsend(world: WorldDep, pusher: PusherDep, caller: Caller, body: Body) -> dict[str, Any]:
    return _subscription(world, pusher, caller, body)


@api.post("/cgi-bin/message/subscribe/send")
async def subscribe_send(world: WorldDep, pusher: PusherDep, caller: Caller, body: Body) -> dict[str, Any]:
    page = str(body.get("page") or "")
    if page and page.split("?")[0] not in world.rules.pages:
        raise ApiError(41030)
    return _subscription(world, pusher, caller, body)


def _subscription(world: World, pusher: Pusher, caller: Door, body: Mapping[str, Any]) -> dict[str, Any]:
    contact = world.contact(str(body.get("touser", "")), caller)
    template_id = str(body.get("template_id", ""))
    template, values = world.template(template_id, body.get("data"))
    world.spend_credit(contact, template_id)
    number = world.number()
    _card(world, contact, template, values, str(body.get("page") or ""))
    sent = {"TemplateId": template_id, "MsgID": str(number), "ErrorCode": "0", "ErrorStatus": "success"}
    pusher.event_later(contact, "subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": sent})
    return {**OK, "msgid": number}


def _card(world: World, contact: Contact, template: Template, values: Mapping[str, str], link: str) -> None:
    lines = [template.title, *(f"{label}：{values[name]}" for name, label in template.fields.items()), link]
    world.show(contact, "them", "\n".join(line for line in lines if line), "card")


# --- files ---


@api.post("/cgi-bin/media/upload")
async def media_upload(request: Request, world: WorldDep, caller: Caller) -> dict[str, Any]:
    kind = request.query_params.get("type", "")
    limit = {"image": world.limits.image_bytes, "voice": world.limits.voice_bytes, "thumb": 64 * 1024}.get(kind)
    if limit is None:
        raise ApiError(40004)
    form = await request.form()
    file = form.get("media")
    content = await file.read() if isinstance(file, UploadFile) else b""
    if not content:
        raise ApiError(44001)
    if len(content) > limit:
        raise ApiError(40009)
    content_type = file.content_type if isinstance(file, UploadFile) and file.content_type else "image/jpeg"
    media_id = world.keep_media(caller, kind, content, content_type)
    return {"type": kind, "media_id": media_id, "created_at": int(world.clock())}


@api.get("/cgi-bin/media/get")
def media_get(world: WorldDep, caller: Caller, media_id: str = "") -> Response:
    media = world.media_of(media_id, caller)
    if media.kind == "video":
        return JSONResponse({"video_url": "http://127.0.0.1/video"})
    name = "voice.amr" if media.kind == "voice" else "picture.jpg"
    return Response(
        media.content, media_type=media.content_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


# --- who somebody is ---


@api.get("/sns/jscode2session")
def login(
    world: WorldDep, appid: str = "", secret: str = "", js_code: str = "", grant_type: str = ""
) -> dict[str, Any]:
    if grant_type != "authorization_code":
        raise ApiError(40002)
    contact = world.spend_code(js_code, world.account_of(appid, secret), "login")
    world.count("login", contact.openid, world.limits.login_per_minute)
    key = world.sessions[contact.openid] = secrets.token_urlsafe(18)
    return {"openid": contact.openid, "session_key": key, "unionid": _unionid(contact)}


@api.get("/sns/oauth2/access_token")
def web_login(world: WorldDep, appid: str = "", secret: str = "", code: str = "") -> dict[str, Any]:
    contact = world.spend_code(code, world.account_of(appid, secret), "web")
    return {
        "access_token": secrets.token_urlsafe(64),
        "expires_in": 7200,
        "refresh_token": secrets.token_urlsafe(64),
        "openid": contact.openid,
        "scope": "snsapi_base",
        "unionid": _unionid(contact),
    }


def _unionid(contact: Contact) -> str:
    """The same for one person at both accounts."""
    return "uDemo_" + hashlib.sha256(contact.person.key.encode()).hexdigest()[:22]


@api.get("/wxa/checksession")
def check_session(world: WorldDep, caller: Caller, openid: str = "", signature: str = "") -> dict[str, Any]:
    key = world.sessions.get(world.contact(openid, caller).openid, "")
    expected = hmac.new(key.encode(), b"", hashlib.sha256).hexdigest()
    if not key or not hmac.compare_digest(expected, signature):
        raise ApiError(87009)
    return OK


@api.post("/wxa/business/getuserphonenumber")
def phone_number(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    contact = world.spend_code(str(body.get("code", "")), caller, "phone")
    number = contact.person.phone
    mark = {"timestamp": int(world.clock()), "appid": world.accounts[caller].app_id}
    info = {"phoneNumber": number, "purePhoneNumber": number, "countryCode": "86", "watermark": mark}
    return {**OK, "phone_info": info}


# --- checks, links, codes ---


@api.post("/wxa/msg_sec_check")
def text_check(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    world.contact(str(body.get("openid", "")), caller)
    if body.get("version") != 2 or body.get("scene") not in (1, 2, 3, 4) or len(str(body.get("content", ""))) > 2500:
        raise ApiError(47001)
    return {**OK, "trace_id": secrets.token_hex(12), "result": {"suggest": "pass", "label": 100}}


@api.post("/wxa/media_check_async")
async def media_check(world: WorldDep, pusher: PusherDep, caller: Caller, body: Body) -> dict[str, Any]:
    contact = world.contact(str(body.get("openid", "")), caller)
    trace = secrets.token_hex(12)
    result = {"suggest": "pass", "label": 100}
    pusher.event_later(contact, "wxa_media_check", trace_id=trace, version=2, result=result)
    return {**OK, "trace_id": trace}


@api.post("/wxa/generate_urllink")
def url_link(caller: Caller, body: Body) -> dict[str, Any]:
    return {**OK, "url_link": f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"}


@api.post("/wxa/generatescheme")
def url_scheme(caller: Caller, body: Body) -> dict[str, Any]:
    return {**OK, "openlink": f"weixin://dl/business/?t={secrets.token_urlsafe(8)}"}


@api.post("/wxa/getwxacodeunlimit")
def mini_code(world: WorldDep, caller: Caller, body: Body) -> Response:
    """A picture that stands for the mini-program's code; it names its scene and cannot be scanned."""
    if body.get("page") and body["page"] not in world.rules.pages:
        raise ApiError(41030)
    picture, out = Image.new("RGB", (430, 430), "white"), BytesIO()
    ImageDraw.Draw(picture).text((40, 200), f"scene {body.get('scene', '')}"[:40], "black")
    picture.save(out, "JPEG")
    return Response(out.getvalue(), media_type="image/jpeg")


@api.get("/wxaapi/newtmpl/gettemplate")
def templates(world: WorldDep, caller: Caller) -> dict[str, Any]:
    return {**OK, "data": [_described(name, one) for name, one in world.rules.templates.items()]}


def _described(template_id: str, template: Template) -> dict[str, Any]:
    content = "\n".join(f"{label}:{{{{{name}.DATA}}}}" for name, label in template.fields.items())
    return {"priTmplId": template_id, "title": template.title, "content": content, "example": "", "type": 2}


@api.get("/wxaapi/newtmpl/getcategory")
def categories(caller: Caller) -> dict[str, Any]:
    return {**OK, "data": [{"id": 616, "name": "政务民生"}]}


@api.get("/wxaapi/newtmpl/getpubtemplatetitles")
def public_titles(world: WorldDep, caller: Caller) -> dict[str, Any]:
    titles = [{"tid": n, "title": one.title, "type": 2} for n, one in enumerate(world.rules.templates.values(), 1)]
    return {**OK, "count": len(titles), "data": titles}


@api.get("/wxaapi/newtmpl/getpubtemplatekeywords")
def public_keywords(world: WorldDep, caller: Caller, tid: int) -> dict[str, Any]:
    _, template = _by_number(world, tid)
    words = [
        {"kid": n, "name": label, "example": "", "rule": name.rstrip("0123456789")}
        for n, (name, label) in enumerate(template.fields.items(), 1)
    ]
    return {**OK, "count": len(words), "data": words}


@api.post("/wxaapi/newtmpl/addtemplate")
def add_template(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    return {**OK, "priTmplId": _by_number(world, body.get("tid"))[0]}


@api.post("/wxaapi/newtmpl/deltemplate")
def delete_template(world: WorldDep, caller: Caller, body: Body) -> dict[str, Any]:
    if body.get("priTmplId") not in world.rules.templates:
        raise ApiError(40037)
    return OK


def _by_number(world: World, tid: Any) -> tuple[str, Template]:
    found = list(world.rules.templates.items())
    if not str(tid).isdigit() or not 1 <= int(tid) <= len(found):
        raise ApiError(40037)
    return found[int(tid) - 1]
