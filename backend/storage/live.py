"""The live stream: who changed, never what. Pages that are open hear ids and read again what they may see.

On PostgreSQL one NOTIFY a unit of work reaches every process, after the commit; on SQLite there is one process and the ids
are handed over in memory, after the commit too.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import psycopg
import sqlalchemy as sa
from sqlmodel import Session

log = logging.getLogger(__name__)
_CHANNEL = "yijianshi_changed"
_PAYLOAD = 7_500  # PostgreSQL refuses 8,000 bytes
_WAITING = 256  # ids a slow page may have waiting; then it only hears that it has missed some
MISSED = "*"


class Live:
    """The stream of one process. `changed` inside a unit of work, `subscribe` from an async page."""

    def __init__(self, url: sa.URL, *, on_postgres: bool) -> None:
        self._url = url if on_postgres else None
        self._lock = threading.Lock()
        self._pages: dict[asyncio.Queue[str], asyncio.AbstractEventLoop] = {}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def changed(self, tx: Session | sa.Connection, ids: Iterable[str]) -> None:
        """These rows changed in this unit of work; said when it commits, unsaid when it does not."""
        fresh = [one for one in dict.fromkeys(ids) if one]
        if not fresh:
            return
        if self._url is None:
            connection = tx.connection() if isinstance(tx, Session) else tx
            connection.info.setdefault("changed", []).extend(fresh)
            return
        for part in _parts(fresh):
            tx.execute(_NOTIFY, {"channel": _CHANNEL, "ids": part})

    def publish(self, ids: Iterable[str]) -> None:
        """Hand ids to the pages open in this process. From any thread; never waits."""
        with self._lock:
            pages = list(self._pages.items())
        ids = list(ids)
        for queue, loop in pages:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_offer, queue, ids)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[str]]:
        """A queue of ids, from now on; `MISSED` in it means: read everything again."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=_WAITING + 1)
        with self._lock:
            self._pages[queue] = asyncio.get_running_loop()
        self._listen()
        try:
            yield queue
        finally:
            with self._lock:
                del self._pages[queue]

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _listen(self) -> None:
        with self._lock:
            if self._url is None or self._thread is not None:
                return
            self._thread = threading.Thread(target=self._hear, name="live", daemon=True)
            self._thread.start()

    def _hear(self) -> None:
        """Listen on a connection of its own; after a break say MISSED, because what was said meanwhile is lost."""
        assert self._url is not None
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stop.is_set():
            try:
                with psycopg.connect(address, autocommit=True) as connection:
                    connection.execute(f"LISTEN {_CHANNEL}")
                    self.publish([MISSED])
                    while not self._stop.is_set():
                        for said in connection.notifies(timeout=1.0):
                            self.publish(json.loads(said.payload))
            except psycopg.Error as broken:
                log.warning("live_broken", extra={"error": type(broken).__name__})
                self._stop.wait(2.0)


_NOTIFY = sa.text("SELECT pg_notify(:channel, :ids)")


def _parts(ids: list[str]) -> list[str]:
    """JSON lists that each fit a payload."""
    size = max(1, _PAYLOAD // (max(map(len, ids)) + 4))
    return [json.dumps(ids[at : at + size]) for at in range(0, len(ids), size)]


def _offer(queue: asyncio.Queue[str], ids: list[str]) -> None:
    for one in ids:
        if queue.qsize() < _WAITING:
            queue.put_nowait(one)
        elif not queue.full():
            queue.put_nowait(MISSED)
