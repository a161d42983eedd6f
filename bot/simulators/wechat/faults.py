"""The stand-in's switches: an interface that fails as the platform's do, a number of times or until it is switched off.

A small ASGI layer around the endpoints. A fault with a code or a status answers in place of the interface; a fault of the wire
lets the interface do its work and then breaks the answer, which is what makes an outcome unconfirmed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.simulators.wechat.world import Call, FaultKind, World

PLATFORM = ("/cgi-bin/", "/wxa/", "/wxaapi/", "/sns/")
HANG_S = 60.0
DRIP_S = 0.3


@dataclass(slots=True)
class Fault:
    """One switch that is on. `path`: the interface, by a part of its path. `times`: how often yet; below 0 without end."""

    kind: FaultKind
    path: str
    times: int


class Faults:
    """The switches. Thread-safe enough for tests: they are set before the calls are made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.on: list[Fault] = []

    def switch(self, name: str, path: str = "/", times: int = 1) -> None:
        """Raises KeyError for a fault that wechat.yaml does not name."""
        self.on.append(Fault(self.world.rules.faults[name], path, times))

    def clear(self) -> None:
        self.on.clear()

    def take(self, path: str) -> FaultKind | None:
        for fault in self.on:
            if fault.path in path and fault.times != 0:
                fault.times -= 1
                return fault.kind
        return None


def error_body(world: World, code: int, detail: str = "") -> dict[str, Any]:
    """An error as the platform writes it, with its request number at the end."""
    rid = "-".join(secrets.token_hex(4) for _ in range(3))
    text = " ".join(part for part in (world.rules.errors.get(code, "error"), detail) if part)
    return {"errcode": code, "errmsg": f"{text} rid: {rid}"}


class Faulty:
    """The ASGI layer."""

    def __init__(self, app: ASGIApp, world: World, faults: Faults) -> None:
        self.app = app
        self.world = world
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PLATFORM):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        self.world.calls.append(Call(scope["path"], len(body), hashlib.sha256(body).hexdigest()))
        kind = self.faults.take(scope["path"])
        if kind is None:
            await self.app(scope, _replay(body), send)
        elif kind.wire:
            started, content = await self._answer(scope, body)
            await _broken(kind, started, content, send)
        else:
            await self._instead(kind)(scope, receive, send)

    def _instead(self, kind: FaultKind) -> Response:
        if kind.status:
            return Response("<html>error</html>", kind.status, media_type="text/html")
        return JSONResponse(error_body(self.world, kind.code, kind.detail))

    async def _answer(self, scope: Scope, body: bytes) -> tuple[Message, bytes]:
        """What the interface would have answered; it has done its work."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self.app(scope, _replay(body), keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])


async def _broken(kind: FaultKind, started: Message, content: bytes, send: Send) -> None:
    match kind.wire:
        case "hang":
            await asyncio.sleep(HANG_S)
        case "truncated":  # less than what the header promises: the server breaks the connection
            await send(_head(started, len(content)))
            await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": False})
        case "html":
            await _send_all(send, _head(started, 20, b"text/html"), b"<html>welcome</html>")
        case "code_as_text":
            answer = json.loads(content)
            answer["errcode"] = str(answer.get("errcode", 0))
            text = json.dumps(answer).encode()
            await _send_all(send, _head(started, len(text)), text)
        case "json_like_media":
            await _send_all(send, _head(started, 16, b"image/jpeg"), b'{"errcode":  0 }')
        case "slow_drip":
            await send(_head(started, len(content)))
            for at in range(len(content)):
                await asyncio.sleep(DRIP_S)
                await send({"type": "http.response.body", "body": content[at : at + 1], "more_body": True})
            await send({"type": "http.response.body", "body": b""})


def _head(started: Message, size: int, content_type: bytes | None = None) -> Message:
    kept = [
        (n, v) for n, v in started["headers"] if n not in (b"content-length", b"content-type" if content_type else b"")
    ]
    extra = [(b"content-length", str(size).encode())] + ([(b"content-type", content_type)] if content_type else [])
    return {**started, "headers": kept + extra}


async def _send_all(send: Send, head: Message, content: bytes) -> None:
    await send(head)
    await send({"type": "http.response.body", "body": content})


async def _whole(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
