"""WeChat's doors: `/wechat/official-account`, where people chat, and `/wechat/mini-program`, where WeChat tells us things.

A push becomes a message, goes through the writer like any other, and its answer goes back sealed within the same request.
No nonce is kept: a push outside the window of time is refused, and one inside it carries, under the signature, the number by
which the inbox gives the stored reply again without a second effect. A turn that takes longer than WeChat waits is not given
up: it is committed, and WeChat's repeat gets its reply. Of several short messages in a row only the last is answered, with
everything (`held.py`). What does not fit into one passive reply follows by a job.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar
from urllib.parse import parse_qsl

import anyio.to_thread
from fastapi import APIRouter, Request
from prometheus_client import Counter
from pydantic import SecretStr, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend import jobs
from backend.conversations import store as rows
from backend.conversations.entries import Answer
from backend.conversations.group import Incoming
from backend.conversations.held import Holder
from backend.conversations.service import message_of
from backend.conversations.writer import Busy, Writer
from backend.people import store as people
from backend.settings import Settings
from backend.storage import Storage, new_id, now
from backend.web import place, problem
from bot.base import BODY_LIMIT, BadMessage
from bot.wechat.client import HardenedClient, Outcome
from bot.wechat.envelope import DoorOptions, Push, Query
from bot.wechat.mini_program import MiniProgram
from bot.wechat.official_account import NOTHING, OfficialAccount, Pushed, in_pieces
from bot.wechat.pushes import Credit, Receipt, Told
from bot.wording import words
from dialogs.messages import Ask, Message

log = logging.getLogger(__name__)

D = TypeVar("D", OfficialAccount, MiniProgram)
OA, MP = OfficialAccount.name, MiniProgram.name
REST = "conversations.say_rest"
REST_TRIES = 5  # of one piece, further and further apart
_PATIENCE_SECONDS = 20

_TOLD = Counter(
    "yijianshi_wechat_told_total", "What WeChat told of messages sent: receipts and credits", ["door", "what"]
)

router = APIRouter()


# --- the doors ---


def official_account(settings: Settings) -> OfficialAccount | None:
    """The door of the Official Account, None if it is shut (no app id)."""
    given = (settings.wechat_oa_app_id, settings.wechat_oa_token, settings.wechat_oa_aes_key)
    return _door(OfficialAccount, *given) if given[0] else None


def mini_program(settings: Settings) -> MiniProgram | None:
    """The door of the mini-program, None if it is shut."""
    given = (settings.wechat_mp_app_id, settings.wechat_mp_token, settings.wechat_mp_aes_key)
    return _door(MiniProgram, *given) if given[0] else None


@lru_cache(maxsize=8)
def _door(kind: type[D], app_id: str, token: SecretStr, aes_key: SecretStr) -> D:
    return kind(DoorOptions(app_id=app_id, token=token, aes_key=aes_key))


def clients(settings: Settings) -> dict[str, HardenedClient]:
    """The outgoing clients for `House.doors`, one for each account that is set up. Access tokens stay in memory: stable_token
    gives every process the same one, so there is nothing to share and no secret to keep on disk."""
    return {
        door: HardenedClient(
            getattr(settings, f"{door}_app_id"),
            getattr(settings, f"{door}_secret").get_secret_value(),
            settings.wechat_api_base,
        )
        for door in (OA, MP)
        if getattr(settings, f"{door}_app_id")
    }


# --- the routes ---


@router.get("/wechat/official-account")
async def prove(request: Request) -> Response:
    """The console's test of the address."""
    return _proved(request, official_account(request.app.state.house.settings))


@router.get("/wechat/mini-program")
async def prove_mini_program(request: Request) -> Response:
    return _proved(request, mini_program(request.app.state.house.settings))


def _proved(request: Request, door: OfficialAccount | MiniProgram | None) -> Response:
    if door is None:
        return problem(404)
    try:
        return PlainTextResponse(door.envelope.echo(_query(request), now()))
    except BadMessage as bad:
        return problem(bad.status, bad.code)


async def push(request: Request) -> Response:
    """What a person wrote to the Official Account, or what WeChat tells about it."""
    house: jobs.House = request.app.state.house
    door = official_account(house.settings)
    if door is None:
        return problem(404)
    try:
        pushed = door.read(Push(_query(request), await _body(request), now()))
    except BadMessage as bad:
        return problem(bad.status, bad.code)
    except HTTPException as met:
        return problem(met.status_code)
    except ClientDisconnect:
        return problem(400)
    _count(OA, pushed.told)
    text = await _answer(house, door, pushed, _holder(request))
    if not text:
        return PlainTextResponse(NOTHING)
    kind = "application/json" if pushed.format == "json" else "application/xml"
    return Response(door.answer(pushed, text, now()), media_type=kind)


straight = Route("/wechat/official-account", push, methods=["POST"])
router.routes.append(straight)


@router.post("/wechat/mini-program")
async def push_mini_program(request: Request) -> Response:
    """Receipts and credits of the mini-program. Its people talk through the JSON API; here nobody may be answered."""
    door = mini_program(request.app.state.house.settings)
    if door is None:
        return problem(404)
    try:
        pushed = door.read(Push(_query(request), await _body(request), now()))
    except BadMessage as bad:
        return problem(bad.status, bad.code)
    except ClientDisconnect:
        return problem(400)
    _count(MP, pushed.told)
    return PlainTextResponse(NOTHING)


def _query(request: Request) -> Query:
    try:
        return Query.model_validate(dict(parse_qsl(request.scope["query_string"].decode("latin-1"))))
    except ValidationError:
        raise BadMessage("bad_query") from None


async def _body(request: Request) -> bytes:
    """The whole body, as long as it is no longer than a message can be."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BadMessage("too_big", status=413)
    return bytes(body)


# --- one push ---


def _holder(request: Request) -> Holder:
    """The one of this process."""
    state = request.app.state
    if not hasattr(state, "holder"):
        state.holder = Holder()
    holder: Holder = state.holder
    return holder


async def _answer(house: jobs.House, door: OfficialAccount, pushed: Pushed, holder: Holder) -> str:
    """What to say back in the push itself, "" for nothing. Whatever breaks, the person hears what to do."""
    message = _message(pushed)
    if message is None:
        return _aside(pushed)
    try:
        return await _turn(house, door, pushed.account, replace(message, holds=house.settings.burst_seconds), holder)
    except Busy:
        return words().wechat.busy
    except Exception as broken:  # noqa: BLE001 - WeChat would show its own fault for a 500, and send the same again
        log.error("push_failed", extra={"error": type(broken).__name__, "where": place(broken)})
        return words().wechat.trouble


async def _turn(house: jobs.House, door: OfficialAccount, openid: str, message: Message, holder: Holder) -> str:
    writer: Writer = house.writer
    answer = await writer.say(OA, openid, message)
    until = message.at + timedelta(seconds=message.holds)
    shown = door.render(await holder.let_go(openid, message, answer, until))
    if len(shown) > 1:
        key_hash = Incoming.from_door(house.store, OA, openid, message).key_hash
        await anyio.to_thread.run_sync(_start_rest, house.store, key_hash)
    return shown[0] if shown else ""


def _message(pushed: Pushed) -> Message | None:
    """The push as a message of the talk; None for what is no turn."""
    match pushed.kind:
        case "text" if pushed.text.strip() and pushed.text.strip() not in words().wechat.unshowable:
            return message_of(pushed, OA)
        case "command":
            return message_of(pushed, OA)
        case "follow":
            return message_of(replace(pushed, kind="command", command="resume"), OA)
        case "photo":  # only named here: it is fetched once the talk has placed it, so nothing is kept before consent
            photo_id = new_id()
            message = message_of(replace(pushed, photo_ids=(photo_id,)), OA)
            return replace(message, data={"media": {photo_id: pushed.media}})
        case _:
            return None


def _count(door: str, told: Sequence[Told]) -> None:
    """Receipts and credits, for the operator: templates that never arrive are seen in /metrics."""
    for one in told:
        arrived = "arrived" if isinstance(one, Receipt) and one.arrived else "not_arrived"
        _TOLD.labels(door, one.change if isinstance(one, Credit) else arrived).inc()


def _aside(pushed: Pushed) -> str:
    """What to say to something that is no turn: a voice message, a sticker, a place."""
    match pushed.kind:
        case "voice":
            return words().wechat.voice
        case "text" | "unsupported":
            return words().wechat.unsupported
        case _:
            return ""


# --- what did not fit ---


def _start_rest(store: Storage, key_hash: str, piece: int = 1, attempt: int = 0) -> None:
    """Have the next piece sent. Before the first one leaves: if this process dies now, WeChat's repeat comes here again."""
    key, delay = f"{key_hash}:{piece}:{attempt}", 1 if attempt == 0 else _PATIENCE_SECONDS * attempt
    with store.work() as tx:
        jobs.start(tx, REST, key=key, args=(key_hash, piece, attempt), delay_seconds=delay)


@jobs.job(REST)
def say_rest(house: jobs.House, key_hash: str, piece: int, attempt: int) -> None:
    """Send one piece of a long answer, then have the next one sent. Nothing to do if the person or the answer is gone."""
    found = _kept(house.store, key_hash)
    client: HardenedClient | None = house.doors.get(OA)
    if found is None or client is None:
        return
    openid, pieces = found
    if piece >= len(pieces):
        return
    outcome: Outcome = client.send_text(openid, pieces[piece])
    if outcome.kind == "retry_later" and attempt < REST_TRIES:
        _start_rest(house.store, key_hash, piece, attempt + 1)
    elif outcome.kind in (
        "sent",
        "unconfirmed",
    ):  # an unconfirmed piece may have arrived: saying it twice would be worse
        _start_rest(house.store, key_hash, piece + 1)
    else:
        log.warning("rest_not_sent", extra={"error": outcome.code, "count": len(pieces) - piece})


def _kept(store: Storage, key_hash: str) -> tuple[str, list[str]] | None:
    """(openid, pieces) of a stored answer. A question that has been answered meanwhile is not put any more."""
    with store.read() as tx:
        for row in rows.seen(tx.connection(), [key_hash]):
            key = store.keys.unwrap(row.person_id, row.wrapped)
            body = store.keys.unseal(key, row.sealed_answer, f"inbox.answer:{key_hash}")
            for account in people.accounts_of(tx, row.person_id):
                if account.app == OA:
                    openid = store.keys.unseal_text(key, account.sealed_key, f"account.key:{account.id}")
                    answer, asked = (
                        Answer(row.person_id, row.conversation_id, body),
                        rows.open_question(tx, row.conversation_id),
                    )
                    replies = [one for one in answer.replies if not isinstance(one, Ask) or one.question[:64] == asked]
                    return openid, in_pieces(replies)
    return None
