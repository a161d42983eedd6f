"""`Storage`: the one object through which the house reaches its database, keys and files.

`with store.work() as tx` is one unit of work: it commits at the end or not at all, and nothing slow belongs inside (no network,
no files: on SQLite everybody else waits). `with store.read() as tx` only reads. Turns are committed by the writer of the
conversations, through `store.turn()`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import sqlalchemy as sa
from sqlmodel import Session

from backend.settings import Settings
from backend.storage.blobs import Blobs
from backend.storage.engines import Engines, Gate, Locked, LockFile
from backend.storage.keys import FIND, Keys
from backend.storage.live import Live

__all__ = ["Locked", "Storage"]


class Storage:
    """Engines, keys, blobs and the live stream of one process. Made by `open`, given up by `close`."""

    def __init__(self, settings: Settings, *, writes: bool) -> None:
        self.settings = settings
        self.engines = Engines(settings)
        self.writes = writes
        self.on_postgres = self.engines.on_postgres
        self._lock = self._locked() if writes and not self.on_postgres else None
        self.keys = Keys(settings, self.engines.pages)
        self.blobs = Blobs(settings, self.keys)
        self.live = Live(self.engines.url, on_postgres=self.on_postgres)

    @classmethod
    def open(cls, settings: Settings, *, writes: bool = True) -> Self:
        """Open the database named in the settings. On SQLite a writer takes the lock file: `Locked` if a server has it.

        WrongMasterKey if the master key is not this database's. A database without tables opens, and waits for `migrate`.
        """
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        store = cls(settings, writes=writes)
        try:
            if sa.inspect(store.engines.pages).has_table("person_key"):
                with store.read() as tx:
                    store.keys.load(tx, [FIND])
        except BaseException:
            store.close()
            raise
        return store

    @property
    def gate(self) -> Gate:
        return self.engines.gate

    @contextmanager
    def turn(self) -> Iterator[sa.Connection]:
        """One unit of work as a Core connection: for those who write whole sets."""
        if not self.writes:
            raise RuntimeError("this process opened the database only to read")
        with self.gate.passed(), self.engines.turns.connect() as connection:
            connection.info.pop("changed", None)
            with connection.begin():
                yield connection
            changed = connection.info.pop("changed", None)
        if changed:
            self.live.publish(dict.fromkeys(changed))

    @contextmanager
    def work(self) -> Iterator[Session]:
        """One unit of work: commits at the end, rolls back on an exception. Never I/O inside, never one inside another."""
        with self.turn() as connection, Session(bind=connection, expire_on_commit=False) as tx:
            yield tx
            tx.flush()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A view of the database at one moment (SQLite) or statement (PostgreSQL). Writing fails."""
        with self.engines.pages.connect() as connection, Session(bind=connection, expire_on_commit=False) as tx:
            yield tx

    def close(self) -> None:
        self.live.close()
        self.engines.dispose()
        if self._lock is not None:
            self._lock.free()

    def _locked(self) -> LockFile:
        return LockFile(Path(self.engines.url.database or "").absolute())
