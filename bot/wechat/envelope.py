"""The envelope of WeChat's pushes: who may come in, and what is inside. Shared by the Official Account and the mini-program.

Only the safe mode is taken (encrypted, signed over the whole body): in plain mode the signature does not cover the body, so
whoever sees one address could say anything to us. Both formats of the console setting are read, XML and JSON, and a reply
goes back in the format of the push. Encryption is wechatpy's; its many ways to fail on hostile input all end in `BadMessage`.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
import secrets
import struct
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha1
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import InvalidAppIdException

from bot.base import BODY_LIMIT, BadMessage
from bot.text import clean

Format = Literal["xml", "json"]
_STAMP = re.compile(r"[0-9]{1,12}")
_ROOT = re.compile(r"\s*(<\?xml[^>]*\?>\s*)?<xml>")


class DoorOptions(BaseModel):
    """The console's settings of one account. `aes_key`: EncodingAESKey, 43 characters. `window`: seconds that a push may be old
    or our clock may be wrong; WeChat's own repeats come after 5 and 10 seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    app_id: str = Field(min_length=1)
    token: SecretStr
    aes_key: SecretStr
    window: int = 300


class Query(BaseModel):
    """The signed part of the address. Unknown names are ignored; a missing one is an empty one, and never verifies."""

    model_config = ConfigDict(frozen=True)
    signature: str = Field(default="", max_length=64)
    msg_signature: str = Field(default="", max_length=64)
    timestamp: str = Field(default="", max_length=16)
    nonce: str = Field(default="", max_length=64)
    echostr: str = Field(default="", max_length=512)


@dataclass(frozen=True, slots=True)
class Push:
    """One HTTP request as it came. `now`: the server's clock, aware."""

    query: Query
    body: bytes
    now: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """What was inside: the fields of the message, and the format in which an answer has to go back."""

    fields: Mapping[str, Any]
    format: Format


class _Crypto(PrpCrypto):  # type: ignore[misc]
    """The stock cipher with 16 random bytes that deserve the name."""

    def get_random_string(self) -> str:
        return secrets.token_hex(8)


class Envelope:
    """The lock of one account's door."""

    def __init__(self, options: DoorOptions) -> None:
        self.app_id = options.app_id
        self.window = options.window
        self._token = options.token.get_secret_value()
        self._cipher = _Crypto(_aes_key(options.aes_key.get_secret_value()))

    def signature(self, *parts: str) -> str:
        """SHA-1 over the sorted parts and the token, as the official page on accessing the platform says."""
        return sha1("".join(sorted((self._token, *parts))).encode("utf-8", "surrogatepass")).hexdigest()

    def echo(self, query: Query, now: datetime) -> str:
        """The answer to the console's test of the address: its own words, byte for byte."""
        self._admit(query.signature, self.signature(query.timestamp, query.nonce), query, now)
        return query.echostr

    def open(self, push: Push) -> Opened:
        """The verified and decrypted fields. Raises `BadMessage`: 403 not from WeChat, 400 not readable, 413 too big."""
        if len(push.body) > BODY_LIMIT:
            raise BadMessage("too_big", status=413)
        encrypted = text_field(parse(push.body)[0], "Encrypt")
        query = push.query
        self._admit(query.msg_signature, self.signature(query.timestamp, query.nonce, encrypted), query, push.now)
        fields, form = parse(self._decrypt(encrypted))
        return Opened(fields, form)

    def _admit(self, given: str, expected: str, query: Query, now: datetime) -> None:
        # Compared as bytes, since compare_digest refuses text that is not ASCII.
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
            raise BadMessage("wrong_signature", status=403)
        if not _STAMP.fullmatch(query.timestamp):
            raise BadMessage("wrong_signature", status=403)
        if abs(now.timestamp() - int(query.timestamp)) > self.window:
            raise BadMessage("old_signature", status=403)

    def _decrypt(self, encrypted: str) -> bytes:
        try:
            return str(self._cipher.decrypt(encrypted, self.app_id)).encode()
        except InvalidAppIdException:
            raise BadMessage("other_app", status=403) from None
        except (ValueError, IndexError, OverflowError, ArithmeticError, binascii.Error, struct.error):
            raise BadMessage("not_decryptable") from None

    def seal(self, message: str, form: Format, now: datetime) -> str:
        """An answer, encrypted and signed, in the format of the push."""
        encrypted = self._cipher.encrypt(message, self.app_id).decode()
        stamp, nonce = str(int(now.timestamp())), secrets.token_hex(8)
        signature = self.signature(stamp, nonce, encrypted)
        if form == "json":
            sealed = {"Encrypt": encrypted, "MsgSignature": signature, "TimeStamp": int(stamp), "Nonce": nonce}
            return json.dumps(sealed)
        return (
            f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>"
            f"<TimeStamp>{stamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        )


def _aes_key(encoded: str) -> bytes:
    """EncodingAESKey -> 32 bytes. Raises ValueError with the name of the setting, without its value."""
    try:
        key = base64.b64decode(encoded + "=", validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError("the AES key of WeChat must have 43 characters (EncodingAESKey in the console)")
    return key


# --- bodies ---


def parse(body: bytes) -> tuple[Mapping[str, Any], Format]:
    """A body in either format as its top-level fields. Entities, other encodings and bottomless nesting are refused."""
    form: Format = "json" if body.lstrip()[:1] == b"{" else "xml"
    try:
        text = body.decode("utf-8")
        fields = json.loads(text, strict=False) if form == "json" else _elements(text)
    except (ET.ParseError, ValueError, TypeError, RecursionError, OverflowError):
        raise BadMessage("not_readable") from None
    if not isinstance(fields, dict):
        raise BadMessage("not_readable")
    return fields, form


def _elements(text: str) -> Any:
    """The elements under the root by name. What stands where a document type would (and with it every entity) is refused."""
    if not _ROOT.match(text):
        raise ValueError
    # XML would refuse a whole message for one control character in somebody's words: without them it is read.
    return _content(ET.fromstring(clean(text)))


def _content(element: ET.Element) -> Any:
    """A text, None if it is empty; with elements inside, those by name, several of one name as a list."""
    if not len(element):
        return (element.text or "").strip() or None
    found: dict[str, Any] = {}
    for inner in element:
        content, before = _content(inner), found.get(inner.tag)
        if inner.tag not in found:
            found[inner.tag] = content
        else:
            found[inner.tag] = [*before, content] if isinstance(before, list) else [before, content]
    return found


def text_field(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A field that is one text (a number counts as its digits); without `default` it has to be there."""
    value = fields.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        raise BadMessage("missing_field")
    return value
