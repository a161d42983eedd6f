"""The processes that read: warm, few, renewed after some pictures, killed when they hang.

A picture that breaks its process is told so to its sender
alone; the next picture gets a new one. Threads wait for them, never the event loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from backend.photos.child import Child
from backend.photos.reading.result import ReadPhoto, Unreadable

log = logging.getLogger(__name__)

WORKERS = max(1, (os.cpu_count() or 1) // 2)  # half the cores read, the others serve
SECONDS = 20.0  # for one picture, from handing it over to the answer
PICTURES = 200  # that one process reads before it is renewed: libraries leak
_START_SECONDS = 120.0
_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    # Large pieces go back at once: 373 MB at most instead of 433, for 3 % more time.
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "4000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000",
}


class Readers:
    """A pool of reading processes. Any number of tasks and threads may call `read` and `read_now`: they wait for a free one."""

    def __init__(self, workers: int = WORKERS, *, seconds: float = SECONDS, pictures: int = PICTURES) -> None:
        self._seconds, self._pictures = seconds, pictures
        self._free: queue.LifoQueue[_Reading | None] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(None)
        self._workers = workers
        self._threads = ThreadPoolExecutor(workers, "reading")
        self._ready = threading.Event()
        self._closed = False

    def start(self) -> None:
        """Begin to warm up; returns at once."""
        self._threads.submit(self._warm)

    def ready(self) -> bool:
        """Whether a process has read the picture that it is tried with."""
        return self._ready.is_set()

    async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        """Read one picture (JPEG). `expected`: the picture of the checklist that was asked for; `region`: a pack's name.

        Unreadable when its time is over, its process ended or none can be started; nothing else is raised.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self.read_now, picture, expected, region)

    def read_now(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        """The same for whoever has a thread to wait in."""
        reading = self._free.get()
        try:
            reading = self._fresh(reading)
            return reading.read(picture, expected, region, self._seconds)
        finally:
            self._free.put(reading if reading is not None and reading.lives else None)

    def close(self) -> None:
        """End every process, after the pictures that are in work."""
        self._closed = True
        for reading in [self._free.get() for _ in range(self._workers)]:
            if reading is not None:
                reading.end()
        for _ in range(self._workers):  # whoever still waits is told
            self._free.put(None)
        self._threads.shutdown(cancel_futures=True)
        self._ready.clear()

    def _warm(self) -> None:
        reading = self._free.get()
        try:
            reading = self._fresh(reading)
            log.info("photo_reader_ready")
        except Unreadable:
            log.error("photo_reader_not_ready")
        finally:
            self._free.put(reading)

    def _fresh(self, old: _Reading | None) -> _Reading:
        """A process that may read on: this one, or a new one in its place."""
        if self._closed:
            raise Unreadable("not_ready")
        if old is not None and old.lives and old.done < self._pictures:
            return old
        if old is not None:
            old.end()
        try:
            reading = _Reading()
        except Unreadable:
            self._ready.clear()
            raise
        self._ready.set()
        return reading


class _Reading(Child):
    """One process. Unreadable not_ready if it does not start."""

    def __init__(self) -> None:
        super().__init__("backend.photos.reading.worker", **_ENVIRONMENT)
        answer, _ = self._exchange(_START_SECONDS, b"")
        if not answer.get("ready"):
            self.end()
            raise Unreadable("not_ready")

    def read(self, picture: bytes, expected: str | None, region: str | None, seconds: float) -> ReadPhoto:
        self.done += 1
        asked = {"size": len(picture), "expected": expected, "region": region}
        answer, slow = self._exchange(seconds, json.dumps(asked).encode() + b"\n" + picture)
        if not answer:
            self.end()
            reason = "slow" if slow else "ended"
            log.warning("photo_reader_ended", extra={"kind": reason})
            raise Unreadable("slow" if slow else "ended")
        return ReadPhoto.from_data(answer)

    def _exchange(self, seconds: float, said: bytes) -> tuple[dict[str, Any], bool]:
        """The answer to what is said, empty if there is none; and whether the time was over, and the process killed for it."""
        with self._watched(seconds) as watch:
            try:
                self._in.write(said)
                self._in.flush()
                line = self._out.readline()
            except BrokenPipeError:
                line = b""
        return (json.loads(line) if line.endswith(b"\n") else {}), watch.killed
