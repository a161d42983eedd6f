"""Starts a server for the browser on a free port of this machine and stops it again: recorded answers, or the house itself."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from backend.staff.service import seed_demo
from tests.databases import fresh
from tests.nursery import Server

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "static/vendor/preact.js"


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
    settings = fresh("sqlite", folder, fill=seed_demo)
    with Server(settings, log=folder / "server.log", log_level="warning") as server:
        yield server.url
