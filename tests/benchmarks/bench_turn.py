"""What one turn costs at the WeChat door: signed and encrypted text in, the reply encrypted out, 16 clients, one server process.

Printed for a bare FastAPI + wechatpy echo, for the whole line with an empty step, and with the real one, at 100 and at 10,000
open conversations, all in one run on one machine; `step` alone is measured apart, without a server. The clients run beside the
server, so turns/s is what both reach together; CPU ms a turn is the server process alone. A shared machine drifts: the servers
take turns, each is compared with the echo of its own round, and the middle round is shown.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI, Request, Response
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.replies import TextReply

from backend.settings import DEMO_SECRETS, Settings
from dialogs.messages import Message, Say, Turn
from dialogs.session import Session, begin
from tests.nursery import free_port, wait_until_ready

CLIENTS = 16
SECONDS = float(os.environ.get("YIJIANSHI_BENCH_SECONDS", "4"))
ROUNDS = int(os.environ.get("YIJIANSHI_BENCH_ROUNDS", "3"))
OPEN = (100, 10_000)
_PATH = "/wechat/official-account"
_WORDS = (
    "同意",
    "给我自己办",
    "通川区",
    "有证，二级",
    "要多久",
    "不清楚",
    "返回",
    "低保是什么",
    "你好",
    "怎么申请残疾证",
)
_CLOCK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `cpu_ms`: of the server process, a turn; `p50`, `p99`: milliseconds as a client sees them."""

    name: str
    open: int
    turns: int
    seconds: float
    cpu_ms: float
    p50: float
    p99: float

    def line(self, times_echo: float) -> str:
        return (
            f"  {self.name:<12} {self.open:>7,} {self.turns / self.seconds:>9,.0f} {self.cpu_ms:>9.2f} "
            f"{self.p50:>8.1f} {self.p99:>8.1f} {times_echo:>8.2f}"
        )


def main() -> None:
    """Measure everything and print it."""
    print(
        f"WeChat text turns, signed and encrypted, {CLIENTS} clients, {SECONDS:g} s a run, middle of {ROUNDS}, SQLite\n"
    )
    print(f"  {'server':<12} {'open':>7} {'turns/s':>9} {'CPU ms':>9} {'p50 ms':>8} {'p99 ms':>8} {'x echo':>8}")
    found = rounds()
    for runs in found.values():
        print(middle(runs).line(compared(runs, found["echo", 0])))
    walls, cpus = step_alone()
    print(
        f"\n  step alone: p50 {statistics.median(walls):.3f} ms, p99 {quantile(walls, 0.99):.3f} ms, CPU {cpus:.3f} ms a turn"
    )
    ratio = compared(found["empty step", OPEN[0]], found["echo", 0])
    print(f"  empty step, CPU against the echo:           {ratio:.2f}x  (bar: 3x)")
    for name in ("empty step", "real step"):
        ratio = compared(found[name, OPEN[1]], found[name, OPEN[0]])
        print(f"  {name}, CPU at 10,000 open against 100: {ratio:.2f}x  (bar: 1.2x)")


def rounds() -> dict[tuple[str, int], list[Measured]]:
    """Every server once a round, the echo first; by (server, open conversations)."""
    folders = {count: Path(tempfile.mkdtemp(prefix="yijianshi-bench-")) for count in (0, *OPEN)}
    for count in OPEN:
        seed(folders[count], count)
    found: dict[tuple[str, int], list[Measured]] = {("echo", 0): []}
    found |= {(name, count): [] for count in OPEN for name in ("empty step", "real step")}
    for _ in range(ROUNDS):
        for (name, count), runs in found.items():
            runs.append(run(name, count, folders[count]))
    return found


def middle(runs: list[Measured]) -> Measured:
    """The run whose CPU lies in the middle."""
    return sorted(runs, key=lambda one: one.cpu_ms)[len(runs) // 2]


def compared(runs: list[Measured], others: list[Measured]) -> float:
    """How many times the CPU of the others' run in the same round, in the middle of the rounds."""
    return statistics.median(one.cpu_ms / other.cpu_ms for one, other in zip(runs, others, strict=True))


# --- the servers ---


def serve(name: str, port: int, folder: str) -> None:
    """In a process of its own: the echo, or the house with its own step or an empty one."""
    if name == "echo":
        uvicorn.run(bare_echo(), host="127.0.0.1", port=port, log_level="warning", access_log=False)
        return
    import backend.app as app

    if name == "empty step":
        app.step = empty_step
    app.serve(bench_settings(Path(folder), port))


def bench_settings(folder: Path, port: int = 8000) -> Settings:
    """A reply that waits for more words would measure the waiting: here each goes at once."""
    return Settings(_env_file=None, demo=True, data_dir=folder, port=port, log_level="warning", burst_seconds=0)


def bare_echo() -> FastAPI:
    """The least that a WeChat server in Python does: verify, decrypt, parse, reply, encrypt."""
    app = FastAPI()
    crypto = cipher()

    @app.post(_PATH)
    async def push(request: Request) -> Response:
        query = request.query_params
        sealed = await request.body()
        xml = crypto.decrypt_message(sealed, query["msg_signature"], query["timestamp"], query["nonce"])
        message = parse_message(xml)
        reply = TextReply(content=message.content, message=message).render()
        return Response(crypto.encrypt_message(reply, query["nonce"], query["timestamp"]), media_type="application/xml")

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def empty_step(library: Any, session: Session, message: Message) -> Turn:
    """Says one thing and remembers when: everything around the talk, without the talk."""
    talk = session.talk.model_copy(update={"last_at": message.at})
    return Turn(Session(talk=talk, draft=session.draft), (Say("收到了。"),))


def cipher() -> WeChatCrypto:
    secrets = DEMO_SECRETS
    return WeChatCrypto(secrets["wechat_oa_token"], secrets["wechat_oa_aes_key"], secrets["wechat_oa_app_id"])


# --- what lies open before the first measured turn ---


def seed(folder: Path, count: int) -> None:
    """`count` people who have said hello, through the real line."""
    from backend.conversations.writer import Writer
    from backend.library import load_library
    from backend.storage import Storage, now
    from backend.storage.schema import create_tables
    from dialogs.talk import step

    settings = bench_settings(folder)
    create_tables(settings)
    store = Storage.open(settings)
    writer = Writer(store, load_library(), step)
    writer.start()

    async def greet(first: int) -> None:
        people = range(first, min(first + 500, count))
        hello = [Message(f"seed{n}", "text", now(), text="你好", channel="wechat_oa") for n in people]
        await asyncio.gather(*(writer.say("wechat_oa", openid(n), one) for n, one in zip(people, hello, strict=True)))

    for first in range(0, count, 500):
        asyncio.run(greet(first))
    writer.stop()
    store.close()


def openid(number: int) -> str:
    return f"oBench{number:020d}"


def step_alone() -> tuple[list[float], float]:
    """Milliseconds of `step` by itself over whole talks of invented people: wall times, and mean CPU."""
    from backend.library import load_library
    from backend.storage import new_id, new_receipt, now
    from dialogs.talk import step

    library = load_library()
    walls: list[float] = []
    cpu = 0.0
    for person in range(40):
        session = begin()
        for at, text in enumerate(("你好", *_WORDS, *_WORDS)):
            fresh = tuple(new_id() for _ in range(16))
            message = Message(f"{person}.{at}", "text", now(), text=text, fresh=fresh, receipt=new_receipt())
            session = Session.model_validate_json(session.model_dump_json())
            began, busy = time.perf_counter(), time.process_time()
            turn = step(library, session, message)
            if person:  # the first talk warms what is remembered for all
                walls.append((time.perf_counter() - began) * 1000)
                cpu += time.process_time() - busy
            session = turn.session
    return walls, cpu * 1000 / len(walls)


# --- the clients ---


def run(name: str, count: int, folder: Path) -> Measured:
    """Start a server, warm it up, measure it, stop it."""
    port = free_port()
    with serving(name, port, folder) as pid:
        asyncio.run(crowd(port, max(count, 1), 1.0))
        busy = cpu_seconds(pid)
        began = time.perf_counter()
        times = asyncio.run(crowd(port, max(count, 1), SECONDS))
        seconds = time.perf_counter() - began
        busy = cpu_seconds(pid) - busy
    milliseconds = sorted(one * 1000 for one in times)
    return Measured(
        name,
        count,
        len(times),
        seconds,
        busy * 1000 / len(times),
        statistics.median(milliseconds),
        quantile(milliseconds, 0.99),
    )


@contextmanager
def serving(name: str, port: int, folder: Path) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bench_turn", name, str(port), str(folder)])
    try:
        wait_until_ready(f"http://127.0.0.1:{port}", lambda: process.poll() is None)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


async def crowd(port: int, people: int, seconds: float) -> list[float]:
    """Each client sends, waits for the answer, and sends again; the messages are signed and sealed beforehand."""
    until = time.perf_counter() + seconds
    chunks = await asyncio.gather(*(client(port, people, until) for _ in range(CLIENTS)))
    return [one for chunk in chunks for one in chunk]


async def client(port: int, people: int, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    try:
        while time.perf_counter() < until:
            request = pushed(openid(random.randrange(people)))
            began = time.perf_counter()
            writer.write(request)
            await writer.drain()
            await answered(reader)
            times.append(time.perf_counter() - began)
    finally:
        writer.close()
    return times


async def answered(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"the server answered {head[:200]!r}")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


_crypto: list[WeChatCrypto] = []


def pushed(who: str) -> bytes:
    """One text message as WeChat pushes it: the whole HTTP request."""
    if not _crypto:
        _crypto.append(cipher())
    moment, number = str(int(time.time())), random.getrandbits(60)
    text = random.choice(_WORDS)
    xml = (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[{who}]]></FromUserName>"
        f"<CreateTime>{moment}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content><MsgId>{number}</MsgId></xml>"
    )
    nonce = str(random.getrandbits(40))
    sealed = _crypto[0].encrypt_message(xml, nonce, moment)
    signature = sealed.split("<MsgSignature><![CDATA[", 1)[1].split("]]>", 1)[0]
    query = urlencode(
        {"signature": "x", "timestamp": moment, "nonce": nonce, "encrypt_type": "aes", "msg_signature": signature}
    )
    body = sealed.encode()
    return (
        f"POST {_PATH}?{query} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/xml\r\ncontent-length: {len(body)}\r\n\r\n"
    ).encode() + body


def cpu_seconds(pid: int) -> float:
    """User and system time of this process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), sys.argv[3])
