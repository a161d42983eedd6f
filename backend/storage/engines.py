"""The engines on one database, the gate that every writer of a SQLite file passes, and the lock file of the server.

SQLite: the engine of turns begins IMMEDIATE (it means to write), the engine of pages only reads, and DBOS has its own, which
takes the gate at its first write and gives it back when its connection returns to the pool. Without the gate DBOS starves in
silence: SQLite's waiting is polling, and a writer that locks again at once always wins. PostgreSQL needs none of this.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import QueuePool

from backend.settings import Settings

_BUSY_MS = 30_000
_GATE_SECONDS = 30.0
_WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN ", "CREATE", "ALTER ", "DROP T", "REPLAC")


class GateJammed(Exception):
    """No writer let go for 30 seconds: something holds a unit of work open across I/O."""


class Gate:
    """One writer at a time inside this process. Given back by whichever thread returns the connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def take(self) -> None:
        if not self._lock.acquire(timeout=_GATE_SECONDS):
            raise GateJammed("a writer has held the database for 30 seconds")

    def give(self) -> None:
        self._lock.release()

    @contextmanager
    def passed(self) -> Iterator[None]:
        self.take()
        try:
            yield
        finally:
            self.give()


class OpenGate(Gate):
    """PostgreSQL lets many write at once."""

    def take(self) -> None:
        return

    def give(self) -> None:
        return


class Engines:
    """`turns` writes, `pages` only reads, `engine` is DBOS's own. On PostgreSQL the three are pools of one server."""

    def __init__(self, settings: Settings) -> None:
        self.url = sa.make_url(settings.sqlalchemy_url)
        self.on_postgres = settings.on_postgres
        self.gate = OpenGate() if self.on_postgres else Gate()
        if self.on_postgres:
            self.turns = _postgres(self.url, 10)
            self.pages = _postgres(self.url, 10).execution_options(postgresql_readonly=True)
            self.jobs = _postgres(self.url, 10)
        else:
            Path(self.url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
            self.turns = _sqlite(self.url, begin="BEGIN IMMEDIATE")
            self.pages = _sqlite(self.url, begin="BEGIN", only_read=True)
            self.jobs = _gated(_sqlite(self.url, begin=None), self.gate)

    def dispose(self) -> None:
        for engine in (self.turns, self.pages, self.jobs):
            engine.dispose()


def _postgres(url: sa.URL, size: int) -> sa.Engine:
    # A dead peer is noticed within about 20 seconds instead of two hours.
    keepalive = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "connect_timeout": 10}
    return sa.create_engine(url, pool_size=size, max_overflow=10, pool_pre_ping=True, connect_args=keepalive)


def _sqlite(url: sa.URL, *, begin: str | None, only_read: bool = False) -> sa.Engine:
    """`begin` None leaves transactions to the driver, as DBOS needs it (its migration says BEGIN IMMEDIATE itself)."""
    connect_args: dict[str, Any] = {"check_same_thread": False, "timeout": _BUSY_MS / 1000}
    engine = sa.create_engine(url, poolclass=QueuePool, pool_size=10, max_overflow=20, connect_args=connect_args)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = "IMMEDIATE" if begin is None else None
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=ON")
        if only_read:
            connection.execute("PRAGMA query_only=ON")

    if begin is not None:

        @event.listens_for(engine, "begin")
        def start(connection: sa.Connection) -> None:
            connection.exec_driver_sql(begin)

    return engine


def _gated(engine: sa.Engine, gate: Gate) -> sa.Engine:
    """Make every transaction of this engine that writes pass the gate, from its first write to the return to the pool."""

    @event.listens_for(engine, "before_cursor_execute")
    def take(connection: sa.Connection, cursor: Any, sql: str, values: Any, context: Any, many: bool) -> None:
        if not connection.info.get("gate") and sql.lstrip()[:6].upper() in _WRITES:
            gate.take()
            connection.info["gate"] = True

    @event.listens_for(engine, "checkin")
    def give(connection: Any, record: Any) -> None:
        if record.info.pop("gate", None):
            gate.give()

    @event.listens_for(engine, "invalidate")
    def broken(connection: Any, record: Any, error: Any) -> None:
        if record.info.pop("gate", None):
            gate.give()

    return engine


class Locked(Exception):
    """Another process serves this database file."""


class LockFile:
    """Held for the life of a process that writes to a SQLite file; the system frees it when the process dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: IO[str] = self._path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "?"
            self._file.close()
            raise Locked(
                f"{database} is already served by process {holder}. One server per SQLite file: stop that one, "
                "or set YIJIANSHI_DATABASE_URL to PostgreSQL for several"
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def free(self) -> None:
        self._file.close()
