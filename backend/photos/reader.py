"""The one way in which this process reads pictures: a loop of its own around the pool of reading processes, for jobs, which are
threads. Whatever happens in there, a job gets an answer or learns that a person has to look.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as Late
from typing import Protocol

from prometheus_client import Gauge

from backend.photos.reading import Readers, ReadPhoto, Unreadable

log = logging.getLogger(__name__)

_READY = Gauge("yijianshi_photo_reader_ready", "1 while a process is there that has read the picture it is tried with")

WARM_SECONDS = 60.0  # a job waits so long for a pool that is still starting
LONGEST_SECONDS = 90.0  # for one picture with all that waits before it; the pool's own limit is far shorter
_LOOK_SECONDS, _SLICE_SECONDS = 0.1, 1.0


class Pool(Protocol):
    """What is needed of `backend.photos.reading.Readers`."""

    def start(self) -> None: ...
    def ready(self) -> bool: ...
    async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto: ...
    def close(self) -> None: ...


class Reader:
    """`start` and `close` once each; `read` from any thread."""

    def __init__(self, pool: Pool | None = None, *, workers: int = 1, warm_seconds: float = WARM_SECONDS) -> None:
        self._pool: Pool = pool if pool is not None else Readers(workers)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="reader", daemon=True)
        self._begun, self._warm = time.monotonic(), warm_seconds
        self._closed = threading.Event()

    def start(self) -> None:
        """Begin to warm up; returns at once."""
        self._begun = time.monotonic()
        _READY.set_function(lambda: float(self._pool.ready()))
        self._thread.start()
        self._loop.call_soon_threadsafe(self._pool.start)

    def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        """One picture (JPEG) read. Unreadable when there will be no answer: somebody has to look."""
        self._wait_until_warm()
        asked: Future[ReadPhoto] = asyncio.run_coroutine_threadsafe(
            self._pool.read(picture, expected, region), self._loop
        )
        until = time.monotonic() + LONGEST_SECONDS
        while not self._closed.is_set() and time.monotonic() < until:
            try:
                return asked.result(_SLICE_SECONDS)
            except Late:
                continue
            except CancelledError:
                break
        asked.cancel()
        raise Unreadable("ended" if self._closed.is_set() else "slow")

    def close(self) -> None:
        """End the pool; who still waits learns that nobody reads any more."""
        self._closed.set()
        self._pool.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)

    def _wait_until_warm(self) -> None:
        while not self._pool.ready():
            if self._closed.is_set() or time.monotonic() - self._begun > self._warm:
                log.error("reader_not_ready")
                raise Unreadable("not_ready")
            time.sleep(_LOOK_SECONDS)
