"""The platform's side of a push: sign, encrypt, send, send again after five seconds, show what came of it on the phone.

The cipher is written here on `cryptography` alone, apart from the one that our doors use, so that a shared mistake would show.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.simulators.wechat.world import Account, Contact, World

Format = Literal["xml", "json"]
_BLOCK = 32


@dataclass(frozen=True, slots=True)
class How:
    """How a push goes out. `copies`: so many at the same time (a redelivery that overtakes). `signed`: False spoils the
    signature. `late_s`: makes the signature so much older."""

    format: Format = "xml"
    copies: int = 1
    signed: bool = True
    late_s: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What one push came to. `statuses`: of every try (0: no answer in time). `replies`: of every answered try, decrypted, ""
    for none. `shown`: what the person saw: a reply, nothing, or that the service is unavailable."""

    statuses: list[int] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    shown: Literal["reply", "nothing", "unavailable"] = "nothing"


# --- the lock ---


def sign(token: str, *parts: str) -> str:
    return hashlib.sha1("".join(sorted([token, *parts])).encode()).hexdigest()


def encrypt(account: Account, message: str) -> str:
    body = message.encode()
    plain = secrets.token_bytes(16) + struct.pack(">I", len(body)) + body + account.app_id.encode()
    fill = _BLOCK - len(plain) % _BLOCK
    cipher = Cipher(algorithms.AES(account.key), modes.CBC(account.key[:16])).encryptor()
    return _b64(cipher.update(plain + bytes([fill]) * fill) + cipher.finalize())


def decrypt(account: Account, encrypted: str) -> str:
    """Raises ValueError when it was not meant for this account."""
    cipher = Cipher(algorithms.AES(account.key), modes.CBC(account.key[:16])).decryptor()
    plain = cipher.update(base64.b64decode(encrypted, validate=True)) + cipher.finalize()
    plain = plain[: -plain[-1]]
    size = struct.unpack(">I", plain[16:20])[0]
    if plain[20 + size :].decode() != account.app_id:
        raise ValueError("encrypted for another account")
    return plain[20 : 20 + size].decode()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sealed(account: Account, message: Mapping[str, Any], now: float, how: How) -> tuple[dict[str, str], bytes]:
    """The address's query and the body of one push."""
    encrypted = encrypt(account, as_xml(message) if how.format == "xml" else json.dumps(message, ensure_ascii=False))
    stamp, nonce = str(int(now - how.late_s)), str(secrets.randbelow(1 << 31))
    signature = sign(account.token, stamp, nonce, encrypted)
    query = {
        "signature": sign(account.token, stamp, nonce),
        "timestamp": stamp,
        "nonce": nonce,
        "openid": str(message["FromUserName"]),
        "encrypt_type": "aes",
        "msg_signature": signature if how.signed else signature[::-1],
    }
    outer = {"ToUserName": account.our_id, "Encrypt": encrypted}
    return query, (as_xml(outer) if how.format == "xml" else json.dumps(outer)).encode()


def as_xml(fields: Mapping[str, Any]) -> str:
    return f"<xml>{''.join(_element(name, value) for name, value in fields.items())}</xml>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{name}>{''.join(_element(k, v) for k, v in value.items())}</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value)
    return f"<{name}>{escape(text)}</{name}>" if "]]>" in text else f"<{name}><![CDATA[{text}]]></{name}>"


def read_reply(account: Account, body: str, openid: str, form: Format) -> str:
    """The text of a passive reply, "" for none. ValueError when it is not one, in the wrong format, or not for this person."""
    if body in ("success", ""):
        return ""
    outer = _fields(body, form)
    if sign(account.token, outer["TimeStamp"], outer["Nonce"], outer["Encrypt"]) != outer["MsgSignature"]:
        raise ValueError("the reply's signature is wrong")
    inner = _fields(decrypt(account, outer["Encrypt"]), form)
    if inner["ToUserName"] != openid or inner["FromUserName"] != account.our_id or inner["MsgType"] != "text":
        raise ValueError("the reply is not a text to this person")
    return inner["Content"]


def _fields(document: str, form: Format) -> dict[str, str]:
    if form == "json":
        return {name: str(value) for name, value in json.loads(document).items()}
    return {child.tag: child.text or "" for child in ElementTree.fromstring(document)}


# --- sending ---


class Pusher:
    """Sends pushes to the target and keeps the person's screen. `client` has the target as its base address."""

    def __init__(self, world: World, client: httpx.AsyncClient) -> None:
        self.world = world
        self.client = client
        self._later: set[asyncio.Task[Any]] = set()

    async def text(self, contact: Contact, text: str, how: How = How(), menu_id: str = "") -> Outcome:
        """The person writes (or taps an entry of a menu message, `menu_id`)."""
        self.world.show(contact, "me", text)
        self.world.said(contact)
        fields: dict[str, Any] = {"Content": text, "MsgId": self.world.number()}
        if menu_id:
            fields["bizmsgmenuid"] = menu_id
        return await self.send(contact, self._message(contact, "text", **fields), how)

    async def photo(
        self, contact: Contact, content: bytes, content_type: str = "image/jpeg", how: How = How()
    ) -> Outcome:
        media_id = self.world.keep_media(contact.door, "image", content, content_type)
        self.world.show(contact, "me", "", "photo", media_id)
        self.world.said(contact)
        fields = {"PicUrl": "http://127.0.0.1/picture", "MediaId": media_id, "MsgId": self.world.number()}
        return await self.send(contact, self._message(contact, "image", **fields), how)

    async def voice(self, contact: Contact, content: bytes, how: How = How()) -> Outcome:
        """A voice message, with the empty recognition that WeChat gives today."""
        media_id = self.world.keep_media(contact.door, "voice", content, "audio/amr")
        self.world.show(contact, "me", "（语音）")
        self.world.said(contact)
        fields = {"MediaId": media_id, "Format": "amr", "Recognition": "", "MsgId": self.world.number()}
        return await self.send(contact, self._message(contact, "voice", **fields), how)

    async def event(self, contact: Contact, event: str, how: How = How(), **fields: Any) -> Outcome:
        """Something that the person did or the platform tells: subscribe, CLICK, subscribe_msg_popup_event, ..."""
        limits = self.world.limits
        if event in ("subscribe", "CLICK", "SCAN"):
            self.world.touched(contact, limits.event_sends)
        elif event == "user_enter_tempsession":
            self.world.touched(contact, limits.enter_sends)
        if event in ("subscribe", "unsubscribe"):
            contact.follows = event == "subscribe"
        return await self.send(contact, self._message(contact, "event", Event=event, **fields), how)

    def event_later(self, contact: Contact, event: str, **fields: Any) -> None:
        """An event that follows on a call, without anybody waiting for it."""
        task = asyncio.get_running_loop().create_task(self.event(contact, event, **fields))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    def _message(self, contact: Contact, kind: str, **fields: Any) -> dict[str, Any]:
        return {
            "ToUserName": self.world.accounts[contact.door].our_id,
            "FromUserName": contact.openid,
            "CreateTime": int(self.world.clock()),
            "MsgType": kind,
            **fields,
        }

    async def send(self, contact: Contact, message: Mapping[str, Any], how: How = How()) -> Outcome:
        """One push until it is answered: all copies at once, then again while there is none in time, three times in all."""
        outcome, account = Outcome(), self.world.accounts[contact.door]
        for _ in range(self.world.limits.push_tries):
            tries = [self._once(account, contact, message, how) for _ in range(how.copies)]
            began = time.monotonic()
            answered = [reply for reply in await asyncio.gather(*tries) if self._note(outcome, *reply)]
            if answered:
                break
            await asyncio.sleep(max(0.0, self.world.limits.push_patience_s - (time.monotonic() - began)))
        else:
            outcome.shown = "unavailable"
        if outcome.shown == "unavailable" and message.get("MsgType") != "event":
            self.world.show(contact, "system", account.unavailable, "line")
        text = next((reply for reply in outcome.replies if reply), "")
        if text and outcome.shown != "unavailable":
            outcome.shown = "reply"
            self.world.show(contact, "them", text)
        return outcome

    @staticmethod
    def _note(outcome: Outcome, status: int, reply: str | None) -> bool:
        """Keeps one try's result; whether the platform is content with it."""
        outcome.statuses.append(status)
        if status != 200:
            return False
        if reply is None:
            outcome.shown = "unavailable"
            return True
        outcome.replies.append(reply)
        return True

    async def _once(
        self, account: Account, contact: Contact, message: Mapping[str, Any], how: How
    ) -> tuple[int, str | None]:
        """(status, reply); a reply that cannot be read is None, and what a mini-program says in the push does not count."""
        query, body = sealed(account, message, self.world.clock(), how)
        headers = {"Content-Type": "text/xml" if how.format == "xml" else "application/json"}
        try:
            async with asyncio.timeout(self.world.limits.push_patience_s):
                answer = await self.client.post(account.path, params=query, content=body, headers=headers)
        except (TimeoutError, httpx.TransportError):
            return 0, None
        if answer.status_code != 200:
            return answer.status_code, None
        if contact.door == "mp":
            return 200, "" if answer.text in ("success", "") else None
        try:
            return 200, read_reply(account, answer.text, contact.openid, how.format)
        except (ValueError, KeyError, IndexError, struct.error, ElementTree.ParseError):
            return 200, None
