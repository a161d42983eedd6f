"""`make run`: the whole desk on one machine with invented staff, an invented county directory and the local
WeChat stand-in.

Everything it keeps lies in YIJIANSHI_DATA_DIR (var/demo unless set). It only listens on loopback, and its secrets
are known to
everybody: for trying, never for people's data.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
import requests

from backend.settings import Settings

STARTED_WITHIN_SECONDS = 60


def run() -> None:
    """Set up, start both servers, print where they are, serve until Ctrl+C."""
    settings = demo_settings()
    _refuse_taken_ports(settings.port, settings.port + 1)
    from backend.app import serve
    from backend.staff.service import seed_demo
    from backend.storage import Storage
    from backend.storage.schema import migrate

    migrate(settings)
    store = Storage.open(settings)
    try:
        accounts = seed_demo(store)
    finally:
        store.close()
    with _simulator(settings):
        threading.Thread(target=_announce, args=(settings, accounts), daemon=True).start()
        serve(settings)


def demo_settings() -> Settings:
    """The demo's settings: the environment, then what a demo needs."""
    port = int(os.environ.get("PORT") or os.environ.get("YIJIANSHI_PORT") or 8000)
    os.environ.setdefault("YIJIANSHI_DEMO", "1")
    os.environ["YIJIANSHI_PORT"] = str(port)
    os.environ.setdefault("YIJIANSHI_DATA_DIR", "var/demo")
    os.environ.setdefault("YIJIANSHI_WECHAT_API_BASE", f"http://127.0.0.1:{port + 1}")
    return Settings()


def _refuse_taken_ports(*ports: int) -> None:
    """Two demos on one port would speak to each other's simulator: say so before anything is set up."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as taken:
                raise click.ClickException(
                    f"Port {port} is in use. Stop what runs there, or take others: make run PORT={ports[0] + 10}"
                ) from taken


@contextmanager
def _simulator(settings: Settings) -> Iterator[None]:
    """The WeChat stand-in beside the server, as a process of its own; it ends with this one, however it is ended: the server
    hands a signal on once it has closed, and a plain SIGTERM would end us without a word to the stand-in."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    port, target = settings.port + 1, f"http://127.0.0.1:{settings.port}"
    command = [sys.executable, "-m", "bot.simulators.wechat", "--port", str(port), "--target", target]
    process = subprocess.Popen(command)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _announce(settings: Settings, accounts: list[tuple[str, str, str]]) -> None:
    """Say where everything is, once it answers."""
    base = f"http://127.0.0.1:{settings.port}"
    until = time.monotonic() + STARTED_WITHIN_SECONDS
    while time.monotonic() < until:
        with suppress(requests.RequestException):
            if requests.get(f"{base}/readyz", timeout=2).ok:
                break
        time.sleep(0.2)
    lines = [
        "",
        "  一件事 is running (demo: everything in it is invented)",
        f"  phone page         {base}/",
        f"  without JavaScript {base}/plain",
        f"  staff console      {base}/console",
        f"  WeChat simulator   http://127.0.0.1:{settings.port + 1}/",
        "  in a terminal      .venv/bin/yijianshi chat" + (f" --server {base}" if settings.port != 8000 else ""),
        "",
        "  demo accounts (name / password / who)",
        *[f"    {name:<10} {password:<18} {who}" for name, password, who in accounts],
        "",
    ]
    click.echo("\n".join(lines))
