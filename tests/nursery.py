"""Processes of the house that are ready at once: each is a fork of one that has imported everything and read every table.

From nothing, a server spends seconds on that before it answers, and a test that kills servers starts many.
tests/test_commands.py starts one from nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

from backend.settings import Settings

READY_SECONDS = 240  # a shared machine may be busy; a quiet one takes two or three

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["tests.preloaded"])


def begin(run: Callable[[], object], environment: Mapping[str, str], log: Path) -> BaseProcess:
    """`run` in a process with this environment; what it prints goes to `log`."""
    process = _NURSERY.Process(target=_live, args=(run, dict(environment), log), daemon=True)
    process.start()
    return process


def serve() -> None:
    """What `yijianshi serve` does."""
    from backend.cli import main

    main(["serve"])


def _live(run: Callable[[], object], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as out:
        for number in (1, 2):
            os.dup2(out.fileno(), number)
    run()


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
        self._process = begin(serve, self._environment(), self._log)
        wait_until_ready(self.url, self._process.is_alive, self._log)

    def kill(self) -> None:
        """kill -9, at once and without a word."""
        self.end(signal.SIGKILL)

    def end(self, with_signal: int) -> int | None:
        """Its exit status (minus a signal that ended it); None if it was not running."""
        process, self._process = self._process, None
        if process is None or process.pid is None:
            return None
        os.kill(process.pid, with_signal)
        process.join(timeout=30)
        assert not process.is_alive(), "the server did not end"
        return process.exitcode

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
    """Until the server there answers that it is ready. Looking costs little: the machine is the server's that starts."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and lives():
        with suppress(requests.RequestException):
            if requests.get(f"{url}/readyz", timeout=2).ok:
                return
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
