"""The calls that we make to WeChat: a `WeChatClient` of wechatpy, hardened, and what each outcome means.

The stock client calls itself without end on a revoked secret, uploads an empty file on its one retry, fetches a token per
thread, waits for ever, and puts the secret into its exceptions (all measured). Here: stable_token, one fetch at a time, a
deadline on every call, at most one retry, bytes stay bytes, and errors that carry a code and nothing else.
Sync: call it from a job or a worker thread, never on the event loop. Where tokens are kept is the caller's business.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol

import requests
import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError, ProxyError, SSLError
from wechatpy import WeChatClient
from wechatpy.client.api.base import BaseWeChatAPI

OFFICIAL_BASE = "https://api.weixin.qq.com/"
JSON_LIMIT = 1024 * 1024
MEDIA_LIMIT = 20 * 1024 * 1024
"""Bytes that an answer may have. WeChat's pictures end at 10 MB."""
CONNECT_S, SILENCE_S = 2.0, 5.0
"""Seconds to wait for a connection, and for the next byte on it."""
MEDIA_S = 30.0
"""Seconds that a whole file may take."""
EARLY_S = 60
"""A token is fetched anew this long before it runs out."""

Doing = Literal["refresh", "retry", "park", "never", "alarm"]


class ErrorRule(BaseModel):
    """What to do about one error code: see the head of errors.yaml. `wait`: seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    do: Doing
    means: str
    wait: int = 0


UNKNOWN = ErrorRule(do="never", means="a code that is not in our table")


@cache
def error_rules() -> dict[int, ErrorRule]:
    text = files("bot.wechat").joinpath("errors.yaml").read_text("utf-8")
    return TypeAdapter(dict[int, ErrorRule]).validate_python(yaml.safe_load(text))


class TokenStore(Protocol):
    """Where access tokens are kept between processes: the session storage of wechatpy. Values are secrets; `ttl` in seconds."""

    def get(self, key: str, default: Any = None) -> Any: ...
    def set(self, key: str, value: Any, ttl: int | None = None) -> None: ...
    def delete(self, key: str) -> None: ...


class MemoryTokens:
    """A token store of one process, for tools and tests. It forgets nothing by itself: the client looks at the expiry."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self._kept.get(key, default)

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        self._kept[key] = value

    def delete(self, key: str) -> None:
        self._kept.pop(key, None)


class PlatformError(Exception):
    """WeChat answered with an error. `rid`: WeChat's own request number, to quote to its support. Nothing personal, no secret."""

    def __init__(self, code: int, rid: str = "", field: str = "") -> None:
        super().__init__(f"WeChat error {code}{f' rid {rid}' if rid else ''}{f' field {field}' if field else ''}")
        self.code = code
        self.rid = rid
        self.field = field
        self.rule = error_rules().get(code, UNKNOWN)


class Unreachable(Exception):
    """The call did not reach WeChat, or WeChat refused to take it: nothing has happened there."""


class Unanswered(Exception):
    """The request went out and no answer that can be read came back: it may have happened or not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message to a person.

    sent: WeChat has taken it. refused: it never will be taken this way (`code`). retry_later: try again after `wait` seconds (0:
    as the caller pleases). unconfirmed: the connection broke after the request was sent; WeChat takes no key, so sending
    again could send twice. `alarm`: the operator must look. `message`: WeChat's number of it, for the receipt that may follow.
    """

    kind: Literal["sent", "refused", "retry_later", "unconfirmed"]
    code: int = 0
    wait: int = 0
    alarm: bool = False
    rid: str = ""
    field: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """A downloaded file, byte for byte. `content_type` is what WeChat says it is: the photo door looks for itself."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Login:
    """What a login code is worth. `session_key` is a secret of the server."""

    openid: str
    session_key: str
    unionid: str = ""


class HardenedClient(WeChatClient):  # type: ignore[misc]
    """One account's calls. `base_url` alone decides where they go; `deadline` is for a whole call, in seconds.

    `clock`: seconds since the epoch. The token is refreshed by at most one thread at a time, and only if the one in the store
    is still the one that was refused; stable_token gives every process the same token, so a race between them is harmless.
    """

    def __init__(
        self,
        app_id: str,
        secret: str,
        base_url: str = OFFICIAL_BASE,
        tokens: TokenStore | None = None,
        deadline: float = 8.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(app_id, secret, session=tokens or MemoryTokens(), timeout=deadline, auto_retry=False)
        self.base = base_url.rstrip("/") + "/"
        self.clock = clock
        self.API_BASE_URL = f"{self.base}cgi-bin/"
        for api in [part for part in vars(self).values() if isinstance(part, BaseWeChatAPI)]:
            if getattr(api, "API_BASE_URL", None):
                api.API_BASE_URL = api.API_BASE_URL.replace(OFFICIAL_BASE, self.base)
        self._http.trust_env = not re.match(r"http://(127\.0\.0\.1|localhost|\[::1])[:/]", self.base)
        # A kept connection that the other side is just closing would make a message unconfirmed for nothing.
        self._http.headers.update({"Connection": "close", "Accept-Encoding": "identity"})
        self._fetching = threading.Lock()

    def __repr__(self) -> str:
        return f"HardenedClient({self.appid!r})"

    # --- the access token ---

    def fetch_access_token(self) -> dict[str, Any]:
        """One call of stable_token. It is asked for in the body, so that no log of addresses holds the secret."""
        body = {"grant_type": "client_credential", "appid": self.appid, "secret": self.secret}
        got: dict[str, Any] = {}
        with suppress(Unanswered):  # whoever wanted the token has sent nothing yet
            got = _as_json(self._send("POST", f"{self.base}cgi-bin/stable_token", json=body))
        token, lives = got.get("access_token"), got.get("expires_in", 7200)
        if not isinstance(token, str) or not token or not isinstance(lives, int):
            raise Unreachable("stable_token gave no token")
        self.session.set(self.access_token_key, {"token": token, "until": self.clock() + lives}, lives)
        return got

    @property
    def access_token(self) -> str:
        return self.current_token()[0]

    def current_token(self, refused: str = "") -> tuple[str, bool]:
        """(a token other than `refused`, whether it was fetched just now). May return `refused` if WeChat still gives that."""
        kept = self._kept_token(refused)
        if kept:
            return kept, False
        with self._fetching:
            kept = self._kept_token(refused)
            if kept:
                return kept, False
            return str(self.fetch_access_token()["access_token"]), True

    def _kept_token(self, refused: str) -> str:
        kept = self.session.get(self.access_token_key)
        if isinstance(kept, dict) and kept.get("token") != refused and kept.get("until", 0) - self.clock() > EARLY_S:
            return str(kept["token"])
        return ""

    # --- one call ---

    def _request(self, method: str, url_or_endpoint: str, **kwargs: Any) -> Any:
        """Every call of the stock client ends here. At most: one token, the call, one new token, the call again; and three
        requests in all, since a token that was fetched just now and is refused all the same is not fetched again."""
        base = kwargs.pop("api_base_url", self.API_BASE_URL)
        url = url_or_endpoint if url_or_endpoint.startswith(("http://", "https://")) else f"{base}{url_or_endpoint}"
        if not url.startswith(self.base):
            raise Unreachable("the call would leave the configured address")
        processor = kwargs.pop("result_processor", None)
        raw = kwargs.pop("raw", False)
        kwargs.pop("timeout", None)
        if isinstance(kwargs.get("data"), dict):
            kwargs["data"] = json.dumps(kwargs["data"], ensure_ascii=False).encode()
        if kwargs.get("files"):
            kwargs["files"] = {name: _as_bytes(file) for name, file in kwargs["files"].items()}
        if raw or "files" in kwargs:
            kwargs["deadline"] = max(MEDIA_S, self.timeout)
        answer = self._with_token(method, url, kwargs, raw)
        return processor(answer) if processor else answer

    def _with_token(self, method: str, url: str, kwargs: dict[str, Any], raw: bool) -> Any:
        read = _as_media if raw else _as_json
        params = dict(kwargs.pop("params", None) or {})
        token, fresh = self.current_token()
        try:
            return read(self._send(method, url, params={**params, "access_token": token}, **kwargs))
        except PlatformError as error:
            if error.rule.do != "refresh" or fresh:
                self._forget(token, error)
                raise
        again, _ = self.current_token(refused=token)
        try:
            return read(self._send(method, url, params={**params, "access_token": again}, **kwargs))
        except PlatformError as error:
            self._forget(again, error)
            raise

    def _forget(self, token: str, error: PlatformError) -> None:
        """A token that WeChat refused although it was new is of no use to the next caller either."""
        if error.rule.do == "refresh" and self._kept_token("") == token:
            self.session.delete(self.access_token_key)

    def _send(self, method: str, url: str, deadline: float | None = None, **kwargs: Any) -> _Answer:
        """One HTTP exchange within the deadline. Errors are made anew, outside the handler, so that none carries the address."""
        until = time.monotonic() + (deadline or self.timeout)
        silence = (min(CONNECT_S, self.timeout), min(SILENCE_S, self.timeout))
        fault: Exception
        try:
            with self._http.request(
                method, url, timeout=silence, allow_redirects=False, stream=True, **kwargs
            ) as response:
                return _read(response, until)
        except (requests.RequestException, HTTPError) as broken:
            fault = Unreachable(type(broken).__name__) if _never_sent(broken) else Unanswered(type(broken).__name__)
        raise fault

    # --- what we call ---

    def send_text(self, openid: str, text: str) -> Outcome:
        """A customer-service message; only within 48 hours of the person's last message, five for each."""
        return self.deliver(lambda: self.message.send_text(openid, text))

    def show_typing(self, openid: str, typing: bool = True) -> Outcome:
        data = {"touser": openid, "command": "Typing" if typing else "CancelTyping"}
        return self.deliver(lambda: self.post("message/custom/typing", data=data))

    def send_template(self, openid: str, template: str, fields: Mapping[str, str], url: str = "") -> Outcome:
        """A template message of an Official Account."""
        return self.deliver(lambda: self.message.send_template(openid, template, _values(fields), url=url or None))

    def send_subscription(self, openid: str, template: str, fields: Mapping[str, str], page: str = "") -> Outcome:
        """A subscription notice of an Official Account; uses up one credit."""
        return self.deliver(
            lambda: self.message.send_subscribe_message(openid, template, _values(fields), page=page or None)
        )

    def send_mini_subscription(self, openid: str, template: str, fields: Mapping[str, str], page: str = "") -> Outcome:
        """A subscription message of a mini-program; uses up one credit."""
        data = {"touser": openid, "template_id": template, "data": _values(fields), "lang": "zh_CN"}
        if page:
            data["page"] = page
        return self.deliver(lambda: self.post("message/subscribe/send", data=data))

    def upload_image(self, content: bytes, name: str = "photo.jpg") -> str:
        """A temporary picture (three days); returns its media id."""
        got = self.post("media/upload", params={"type": "image"}, files={"media": (name, content)})
        return str(got["media_id"])

    def download(self, media_id: str) -> Media:
        """A picture or voice message that a person sent. Raises `PlatformError` 40007 when it is gone."""
        media: Media = self.get("media/get", params={"media_id": media_id}, raw=True)
        return media

    def login(self, code: str) -> Login:
        """What wx.login's code is worth. Needs no access token, so that people can log in when its source is down."""
        params = {"appid": self.appid, "secret": self.secret, "js_code": code, "grant_type": "authorization_code"}
        got = _as_json(self._send("GET", f"{self.base}sns/jscode2session", params=params))
        if not got.get("openid") or not got.get("session_key"):
            raise Unanswered("jscode2session gave no openid")
        return Login(str(got["openid"]), str(got["session_key"]), str(got.get("unionid", "")))

    def callback_addresses(self) -> list[str]:
        """Where WeChat's pushes come from: the cheapest call that proves app id, secret and allow-list to be right."""
        return [str(ip) for ip in self.get("getcallbackip").get("ip_list", [])]

    def deliver(self, call: Callable[[], Any]) -> Outcome:
        """Makes a call that tells a person something, and says what became of it. Never raises for what the platform does."""
        try:
            got = call()
        except PlatformError as error:
            return outcome_of(error, self.clock())
        except Unreachable:
            return Outcome("retry_later")
        except Unanswered:
            return Outcome("unconfirmed", alarm=True)
        number = got.get("msgid", "") if isinstance(got, dict) else ""
        return Outcome("sent", message=str(number or ""))


def outcome_of(error: PlatformError, now: float) -> Outcome:
    """The table of errors.yaml as an outcome; `now`: seconds since the epoch, for the way to tomorrow in China."""

    def outcome(kind: Literal["refused", "retry_later"], wait: int = 0, alarm: bool = False) -> Outcome:
        return Outcome(kind, error.code, wait, alarm, error.rid, error.field)

    match error.rule.do:
        case "retry":
            return outcome("retry_later", error.rule.wait)
        case "refresh":  # it has been refreshed once already
            return outcome("retry_later", 60, alarm=True)
        case "park":
            return outcome("retry_later", _until_tomorrow(now), alarm=True)
        case "alarm":
            return outcome("refused", alarm=True)
        case "never":
            return outcome("refused")


def _until_tomorrow(now: float) -> int:
    """Seconds to the next midnight at UTC+8, where WeChat's quotas begin anew."""
    return 86400 - int(now + 8 * 3600) % 86400


def _values(fields: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in fields.items()}


# --- answers ---


@dataclass(frozen=True, slots=True)
class _Answer:
    content: bytes
    content_type: str
    is_file: bool


def _read(response: requests.Response, until: float) -> _Answer:
    """The whole body, within the deadline and the limit. A gateway's error page is told from an answer."""
    if response.status_code in (502, 504):  # a gateway lost its upstream: nobody knows how far the request came
        raise Unanswered(f"HTTP {response.status_code}")
    if response.status_code != 200:
        raise Unreachable(f"HTTP {response.status_code}")
    content = bytearray()
    while chunk := response.raw.read1(65536, decode_content=True):  # iter_content would wait for a full block
        content += chunk
        if len(content) > MEDIA_LIMIT or time.monotonic() > until:
            raise Unanswered("too long" if len(content) > MEDIA_LIMIT else "too slow")
    expected = response.headers.get("Content-Length")
    if (
        expected
        and expected.isdigit()
        and len(content) < int(expected)
        and not response.headers.get("Content-Encoding")
    ):
        raise Unanswered("truncated")
    kind = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
    named = "filename" in response.headers.get("Content-Disposition", "")
    is_file = kind.startswith(("image/", "audio/", "voice/", "video/")) or (
        named and kind == "application/octet-stream"
    )
    return _Answer(bytes(content), kind, is_file)


def _as_json(answer: _Answer) -> dict[str, Any]:
    got: Any = None
    if len(answer.content) <= JSON_LIMIT:
        with _unreadable_is_none():
            got = json.loads(answer.content.decode("utf-8", "replace"), strict=False)
    if not isinstance(got, dict):
        raise Unanswered("the answer is no JSON object")
    _raise_for(got)
    return got


def _as_media(answer: _Answer) -> Media:
    """A file stays bytes even if they look like JSON; an error that comes where a file should is an error."""
    if answer.is_file:
        return Media(answer.content, answer.content_type)
    _as_json(answer)
    raise PlatformError(40007)  # JSON without an error and without a file: a video's address, of which we have no use


def _raise_for(got: Mapping[str, Any]) -> None:
    """WeChat's error codes come as a number or as text, 0 for none; errmsg ends in its request number."""
    base = got.get("base_resp")
    said = {**got, **base} if isinstance(base, dict) else got
    try:
        code = int(said.get("errcode") or 0)
    except (TypeError, ValueError):
        raise Unanswered("the error code is no number") from None
    if code:
        text = str(said.get("errmsg", ""))
        rid = re.search(r"rid:\s*([\w-]{1,64})", text)
        field = re.search(r"\bdata\.([a-z_]{1,32}\d{1,3})\b", text)
        raise PlatformError(code, rid.group(1) if rid else "", field.group(1) if field else "")


@contextmanager
def _unreadable_is_none() -> Iterator[None]:
    try:
        yield
    except (ValueError, RecursionError):
        return


def _as_bytes(file: Any) -> Any:
    """A file to upload as (name, bytes), so that sending it a second time sends all of it again."""
    if isinstance(file, tuple):
        return (file[0], _as_bytes(file[1]), *file[2:])
    return file.read() if hasattr(file, "read") else file


def _never_sent(broken: Exception) -> bool:
    """Whether the connection failed before the request went out. When in doubt it went out."""
    if isinstance(broken, requests.ConnectTimeout | requests.exceptions.SSLError | requests.exceptions.ProxyError):
        return True
    if isinstance(broken, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return True
    cause: Any = broken.args[0] if broken.args else None
    reason = getattr(cause, "reason", cause)
    return isinstance(reason, NewConnectionError | NameResolutionError | SSLError | ProxyError)
