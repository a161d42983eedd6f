"""Starts a server for the browser on a free port of this machine and stops it again: recorded answers, or the house itself."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from backend.settings import Settings
from backend.staff.service import seed_demo
from backend.storage import Storage
from backend.storage.schema import migrate

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "static/vendor/preact.js"
SERVE = "from backend.cli import main; main()"


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


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The address under which `app` answers, in a thread of this process."""
    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, args=([door],), daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server of recorded answers did not start")
        time.sleep(0.02)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    server.should_exit = True
    server.force_exit = True
    thread.join(timeout=5)


def set_up_pages() -> None:
    """Fetches the libraries of the pages, if the set-up has not done it."""
    if not PAGES.exists():
        subprocess.run([sys.executable, ROOT / "static/vendor.py"], check=True)


@contextmanager
def the_house(folder: Path) -> Iterator[str]:
    """The address of the real server, a process of its own, on a new SQLite in `folder` with the demo's staff and county."""
    port = free_port()
    values = {
        "demo": "1",
        "data_dir": str(folder),
        "port": str(port),
        "wechat_api_base": f"http://127.0.0.1:{port}",
        "log_level": "warning",
        "stranger_posts_per_minute": "100000",
        "person_posts_per_minute": "100000",
    }
    settings = Settings(_env_file=None, **values)
    migrate(settings)
    store = Storage.open(settings)
    try:
        seed_demo(store)
    finally:
        store.close()
    environment = {**os.environ, **{f"YIJIANSHI_{name.upper()}": value for name, value in values.items()}}
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([sys.executable, "-c", SERVE, "serve"], cwd=ROOT, env=environment, stderr=log)
        try:
            yield _ready(server, f"http://127.0.0.1:{port}", folder / "server.log")
        finally:
            server.terminate()
            server.wait(timeout=20)


def _ready(server: subprocess.Popen[bytes], address: str, log: Path) -> str:
    """The address, once the server says that it is ready. RuntimeError with its last words if it does not get there."""
    for _ in range(600):
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{address}/readyz").status_code == 200:
                return address
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError("the server did not start: " + log.read_text("utf-8")[-2000:])
