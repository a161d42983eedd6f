"""The processes that read: warm, few, renewed after some pictures, killed when they hang.

They inherit neither the environment (it holds secrets) nor open files. A picture that breaks its process is told so to its sender
alone; the next picture gets a new one. Threads wait for them, never the event loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import queue
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import backend
from backend.photos.reading.result import ReadPhoto, Unreadable

log = logging.getLogger(__name__)

WORKERS = max(1, (os.cpu_count() or 1) // 2)  # half the cores read, the others serve
SECONDS = 20.0  # for one picture, from handing it over to the answer
PICTURES = 200  # that one process reads before it is renewed: libraries leak
_START_SECONDS = 120.0


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


class _Reading:
    """One process. `lives` is False once it has ended; `done`: pictures so far. Unreadable not_ready if it does not start."""

    def __init__(self) -> None:
        self.done = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.photos.reading.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        answer, _ = self._watched(_START_SECONDS, b"")
        if not answer.get("ready"):
            self.end()
            raise Unreadable("not_ready")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def read(self, picture: bytes, expected: str | None, region: str | None, seconds: float) -> ReadPhoto:
        self.done += 1
        asked = {"size": len(picture), "expected": expected, "region": region}
        answer, slow = self._watched(seconds, json.dumps(asked).encode() + b"\n" + picture)
        if not answer:
            self.end()
            reason = "slow" if slow else "ended"
            log.warning("photo_reader_ended", extra={"kind": reason})
            raise Unreadable("slow" if slow else "ended")
        return ReadPhoto.from_data(answer)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _watched(self, seconds: float, said: bytes) -> tuple[dict[str, Any], bool]:
        """The answer to what is said, empty if there is none; and whether the time was over, and the process killed for it."""
        over = threading.Event()
        timer = threading.Timer(seconds, lambda: (over.set(), self._process.kill()))
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(said)
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            timer.cancel()
        return (json.loads(line) if line.endswith(b"\n") else {}), over.is_set()


def _environment() -> dict[str, str]:
    """Where our own code lies, and one thread for each process. Nothing of the server's environment."""
    return {
        "PYTHONPATH": str(Path(backend.__file__ or "").absolute().parent.parent),
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Large pieces go back at once: 373 MB at most instead of 433, for 3 % more time.
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "4000000",
        "MALLOC_TRIM_THRESHOLD_": "16000000",
    }


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:  # what was not yet written belongs to a process that is gone
        return
