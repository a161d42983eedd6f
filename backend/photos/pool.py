"""The processes that decode: a few, started when they are needed, renewed after some pictures, killed when they hang.

They inherit neither the environment (it holds secrets) nor open files. What a picture does to its process is told to its sender
alone; the next picture gets a new one.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path
from typing import IO, Any

import backend
from backend.photos.intake import Decoded, Kind, kind_of
from backend.photos.wording import Refused

log = logging.getLogger(__name__)

WORKERS = 2
SECONDS = 20.0  # for one picture, from handing it over to the answer
PICTURES = 50  # that one process decodes before it is renewed: libraries leak
_START_SECONDS = 60.0


class DecoderBroken(Exception):
    """The decoding process does not start: a fault of this installation, not of the picture."""


class Decoders:
    """A pool of decoding processes. Any thread may call `decode`; it waits for a free one."""

    def __init__(self, workers: int = WORKERS, *, seconds: float = SECONDS, pictures: int = PICTURES) -> None:
        self._seconds, self._pictures = seconds, pictures
        self._free: queue.LifoQueue[_Decoder | None] = queue.LifoQueue()
        for _ in range(workers):
            self._free.put(None)
        self._workers = workers

    def decode(self, data: bytes) -> Decoded:
        """The picture made new, or Refused. DecoderBroken when no process can be started."""
        kind = kind_of(data)
        decoder = self._free.get()
        try:
            if decoder is None or decoder.done >= self._pictures:
                decoder = self._renewed(decoder)
            return decoder.decode(data, kind, self._seconds)
        finally:
            self._free.put(decoder if decoder is not None and decoder.lives else None)

    def close(self) -> None:
        """End every process, after the pictures that are in work."""
        for _ in range(self._workers):
            decoder = self._free.get()
            if decoder is not None:
                decoder.end()

    @staticmethod
    def _renewed(old: _Decoder | None) -> _Decoder:
        if old is not None:
            old.end()
        return _Decoder()


class _Decoder:
    """One process. `lives` is False once it has been ended; `done`: pictures so far."""

    def __init__(self) -> None:
        self.done = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "backend.photos.decode"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        with _Watch(self._process, _START_SECONDS):
            ready = self._out.readline()
        if not ready:
            self.end()
            raise DecoderBroken("`python -m backend.photos.decode` does not start; run it by hand to see why")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def decode(self, data: bytes, kind: Kind, seconds: float) -> Decoded:
        self.done += 1
        with _Watch(self._process, seconds) as watch:
            answer = self._exchange(data, kind)
        if answer is None:
            self.end()
            reason = "slow" if watch.killed else "broken"
            log.warning("photo_decoder_ended", extra={"kind": reason})
            raise Refused("slow" if watch.killed else "broken")
        return answer

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                _close(pipe)

    def _exchange(self, data: bytes, kind: Kind) -> Decoded | None:
        """The answer, or None if the process ended before it was whole."""
        try:
            self._in.write(json.dumps({"kind": kind, "size": len(data)}).encode() + b"\n")
            self._in.write(data)
            self._in.flush()
        except BrokenPipeError:
            return None
        head: dict[str, Any] = json.loads(self._out.readline() or b"{}")
        if "refused" in head:
            raise Refused(head["refused"])
        sizes = head.get("parts", ())
        parts = [self._out.read(size) for size in sizes]
        if not parts or [len(part) for part in parts] != sizes:
            return None
        full, preview, masked = parts
        return Decoded(full, preview, masked, head["width"], head["height"], head["pages"])

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


class _Watch:
    """Kills the process when the time is over: reading and writing its pipes then end by themselves."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True
        self.killed = False

    def __enter__(self) -> _Watch:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _kill(self) -> None:
        self.killed = True
        self._process.kill()


def _environment() -> dict[str, str]:
    """Where our own code lies, and one thread for each process. Nothing of the server's environment."""
    return {
        "PYTHONPATH": str(Path(backend.__file__ or "").absolute().parent.parent),
        "PATH": os.defpath,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
    }


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:  # what was not yet written belongs to a process that is gone
        return


@cache
def shared() -> Decoders:
    """The pool of this process."""
    return Decoders()
