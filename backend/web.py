"""HTTP manners that every room shares: problems as JSON, the headers of safety, limits, logs without people, metrics.

No route lives here and no row is read. What a person reads in a problem is `says`; what a program reads is `code`.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections import OrderedDict
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.storage import new_id

log = logging.getLogger(__name__)

_REQUESTS = Counter("yijianshi_requests_total", "HTTP requests", ["route", "method", "status"])
_SECONDS = Histogram("yijianshi_request_seconds", "Time to the first byte of the answer", ["route"])
_request_id: ContextVar[str] = ContextVar("request_id", default="")

_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"permissions-policy", b"geolocation=(), microphone=(), camera=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_SAYS = {
    400: ("bad_request", "这次没有看懂。请再试一次。"),
    401: ("sign_in", "请先登录。"),
    403: ("forbidden", "这里不能打开。"),
    404: ("not_found", "没有找到这一页。"),
    405: ("method", "这里不能这样操作。"),
    413: ("too_big", "内容太大了。请少发一些。"),
    422: ("bad_request", "这次没有看懂。请再试一次。"),
    429: ("slow_down", "发得太快了。请过一分钟再试。"),
    503: ("not_ready", "系统正在准备。请稍后再试。"),
}
_OURS_FAILED = ("failed", "对不起，刚才出了错。请再发一次。")


class Problem(Exception):
    """A request that cannot be done. `says`: one plain sentence for the person, with what to do next."""

    def __init__(self, status: int, code: str, says: str, **more: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.says, self.more = status, code, says, more


def problem(status: int, code: str = "", says: str = "", **more: Any) -> JSONResponse:
    """The answer for a problem, as application/problem+json."""
    usual_code, usual_says = _SAYS.get(status, _OURS_FAILED)
    body = {"status": status, "code": code or usual_code, "says": says or usual_says, **more}
    return JSONResponse(body, status, media_type="application/problem+json", headers={"cache-control": "no-store"})


def teach(app: FastAPI) -> None:
    """Give an app the handlers that turn every error into a problem. Nothing of the request is repeated in the answer."""

    @app.exception_handler(Problem)
    async def ours(request: Request, met: Problem) -> Response:
        return problem(met.status, met.code, met.says, **met.more)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, met: RequestValidationError) -> Response:
        return problem(422)

    @app.exception_handler(HTTPException)
    async def http(request: Request, met: HTTPException) -> Response:
        return problem(met.status_code)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, met: Exception) -> Response:
        log.error("request_failed", extra={"error": type(met).__name__, "where": place(met)})
        return problem(500)


def place(error: BaseException) -> str:
    """File and line where it broke: enough to look, without the words of the exception, which may name a person."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{one.filename.rsplit('/', 1)[-1]}:{one.lineno}" for one in reversed(frames[-3:]))


class Manners:
    """Outermost: a request id, the headers of safety, the cap on bodies, same-origin writes, one log line, metrics.

    `caps`: longest body in bytes by the beginning of the path, longest beginning first; "" is the rule for the rest.
    `open_doors`: beginnings of paths where a platform writes from outside, with its own signature instead of an origin.
    """

    def __init__(self, app: ASGIApp, *, caps: dict[str, int], open_doors: tuple[str, ...]) -> None:
        self._app = app
        self._caps = sorted(caps.items(), key=lambda one: -len(one[0]))
        self._open = open_doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _request_id.set(new_id())
        began, seen = time.perf_counter(), _Seen()

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status, seen.after = message["status"], time.perf_counter() - began
                have = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(one for one in _HEADERS if one[0] not in have)]
                message["headers"].append((b"x-request-id", _request_id.get().encode()))
            await send(message)

        try:
            await self._guarded(scope, receive, watch)
        finally:
            _record(scope, seen)
            _request_id.reset(token)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not self._same_origin(scope, headers):
            await problem(403)(scope, receive, send)
            return
        cap = next(size for start, size in self._caps if scope["path"].startswith(start))
        declared = headers.get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > cap:
            await problem(413 if declared.isdigit() else 400)(scope, receive, send)
            return
        await self._app(scope, _capped(receive, cap), send)

    def _same_origin(self, scope: Scope, headers: dict[bytes, bytes]) -> bool:
        if scope["method"] in ("GET", "HEAD", "OPTIONS") or scope["path"].startswith(self._open):
            return True
        origin = headers.get(b"origin")
        return origin is None or urlsplit(origin.decode("latin-1")).netloc == headers.get(b"host", b"").decode(
            "latin-1"
        )


class _Seen:
    __slots__ = ("after", "status")

    def __init__(self) -> None:
        self.status, self.after = 0, 0.0


def _capped(receive: Receive, cap: int) -> Receive:
    """Count what comes in, for clients that declare no length."""
    left = cap

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return counted


def _record(scope: Scope, seen: _Seen) -> None:
    """One line a request: the route's pattern, never the path (paths carry ids) and never the query."""
    route = getattr(scope.get("route"), "path", "") or "static"
    _REQUESTS.labels(route, scope["method"], str(seen.status)).inc()
    _SECONDS.labels(route).observe(seen.after)
    told = {"route": route, "method": scope["method"], "status": seen.status, "ms": round(seen.after * 1000, 1)}
    log.info("request", extra=told)


class Pace:
    """So many posts a minute for each name (an address, a hashed cookie). In this process only; forgets who is quiet."""

    def __init__(self, per_minute: int, *, names: int = 50_000) -> None:
        self._rate, self._full, self._names = per_minute / 60, float(per_minute), names
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def check(self, name: str) -> None:
        """Problem 429 when this name has used up its minute."""
        left, last = self._left.pop(name, (self._full, time.monotonic()))
        moment = time.monotonic()
        left = min(self._full, left + (moment - last) * self._rate)
        self._left[name] = (left - 1 if left >= 1 else left, moment)
        if len(self._left) > self._names:
            self._left.popitem(last=False)
        if left < 1:
            raise Problem(429, *_SAYS[429])


# --- logs ---

_FIELDS = (
    "route", "method", "status", "ms", "error", "where", "job", "id", "count", "role", "host", "port", "door", "state",
    "database", "queue", "seconds", "kind",
)  # fmt: skip


class _Lines(logging.Formatter):
    """One JSON object a line with allow-listed fields. A foreign library's message is kept as its pattern, without arguments."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "from": record.name,
            "says": str(record.msg)[:200],
        }
        if request_id := _request_id.get():
            line["request"] = request_id
        line |= {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": type(record.exc_info[1]).__name__, "where": place(record.exc_info[1])}
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logs(level: str) -> None:
    """Everything that logs goes through one formatter. Foreign libraries speak from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for ours in ("backend", "bot", "dialogs", "uvicorn"):
        logging.getLogger(ours).setLevel(level.upper())
    for named in ("uvicorn", "uvicorn.error", "uvicorn.access", "dbos"):
        logging.getLogger(named).handlers = []
        logging.getLogger(named).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # its lines hold whole addresses
    logging.getLogger("dbos").addHandler(handler)
    logging.getLogger("dbos").propagate = False
