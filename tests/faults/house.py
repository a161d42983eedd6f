"""A real server that can be killed at any moment, and people who talk with it as phones do: what got no answer is sent again."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from backend.settings import Settings
from tests import nursery
from tests.scale import sized

KILLS, PEOPLE = sized((3, 4), (20, 20))
READY_SECONDS = 240  # a shared machine may be busy; a quiet one takes two or three
_WORDS = ("你好", "同意", "同意", "给我自己办", "通川区", "没有证", "要多久", "怎么申请", "不清楚", "返回")


class Server:
    """One process of the house (as `yijianshi serve`), on loopback. `role` as in the settings; `more`: other settings by name."""

    def __init__(self, settings: Settings, role: str = "all", *, log: Path, **more: str) -> None:
        self.settings, self.role, self._log, self._more = settings, role, log, more
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: BaseProcess | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, met: BaseException | None, at: TracebackType | None) -> None:
        self.end(signal.SIGKILL)

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process = nursery.begin(nursery.serve, self._environment(), self._log)
        wait_until_ready(self.url, self._process.is_alive, self._log)

    def kill(self) -> None:
        """kill -9, at once and without a word."""
        self.end(signal.SIGKILL)

    def end(self, with_signal: int) -> None:
        if self._process is not None and self._process.pid is not None:
            os.kill(self._process.pid, with_signal)
            self._process.join(timeout=30)
            assert not self._process.is_alive(), "the server did not end"
            self._process = None

    def _environment(self) -> dict[str, str]:
        given = {
            "demo": "1",
            "role": self.role,
            "data_dir": str(self.settings.data_dir),
            "database_url": self.settings.database_url,
            "port": str(self.port),
            "wechat_api_base": self.url,
            "stranger_posts_per_minute": "100000",
            "person_posts_per_minute": "100000",
            **self._more,
        }
        return {**os.environ, **{f"YIJIANSHI_{name.upper()}": value for name, value in given.items()}}


def wait_until_ready(url: str, lives: Callable[[], bool], log: Path | None = None) -> None:
    """Until the server there answers that it is ready."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if not lives():
            break
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    words = log.read_text("utf-8")[-2000:] if log else ""
    raise AssertionError(f"the server was not ready in {READY_SECONDS} s, or ended by itself: {words}")


def free_port() -> int:
    """A port that nobody listens on, and that no connection going out is given: a server can come back to it."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port between 20000 and 30000")


@dataclass(slots=True)
class Talker:
    """One person at a phone. `acknowledged`: what each message was answered with, in the order of sending."""

    number: int
    url: str
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    sent_again: int = 0
    wrong: list[str] = field(default_factory=list)
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    def talk(self, stop: threading.Event) -> None:
        """Say one thing after the other until told to stop; nothing is left behind unanswered. Nobody types without a breath:
        without one, few people take all of the machine from the server that has to start again."""
        with httpx.Client(base_url=self.url, timeout=10) as client:
            self._arrive(client)
            while not stop.is_set():
                at = len(self.acknowledged)
                self.acknowledged[f"m{at}"] = self.say(
                    client, f"m{at}", _WORDS[at % len(_WORDS)] + words(self.number, at)
                )
                stop.wait(random.uniform(0, 0.1))

    def _arrive(self, client: httpx.Client) -> None:
        """The cookie comes before the first word: a retry has to be the same person."""
        while not client.cookies:
            try:
                client.get("/api/v1/conversation")
            except httpx.HTTPError:
                time.sleep(0.1)
        self.cookies = client.cookies

    def say(self, client: httpx.Client, key: str, text: str) -> bytes:
        """Hand in one message, again and again with the same key until it is answered."""
        for _ in range(5_000):
            try:
                answer = client.post(
                    "/api/v1/messages",
                    json={"kind": "text", "text": text},
                    headers={"Idempotency-Key": key},
                )
                if answer.status_code == 200:
                    return answer.content
                if answer.status_code < 500:
                    self.wrong.append(f"{key}: {answer.status_code}")
            except httpx.HTTPError:
                time.sleep(0.05)
            self.sent_again += 1
            time.sleep(random.uniform(0.1, 0.4))
        raise AssertionError(f"message {key} of talker {self.number} was never answered")


def words(number: int, at: int) -> str:
    """Something that no other message says."""
    return f"（{number}之{at}）"
