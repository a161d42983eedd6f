"""The processes that decode: a few, started when they are needed, renewed after some pictures, killed when they hang.

What a picture does to its process is told to its sender alone; the next picture gets a new one.
"""

from __future__ import annotations

import json
import logging
import queue
from functools import cache
from typing import Any

from backend.photos.child import Child
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

    def decode(self, data: bytes, *, whole: bool = False) -> Decoded:
        """The picture made new, or Refused. `whole`: with every pixel that it has.

        DecoderBroken when no process can be started."""
        kind = kind_of(data)
        decoder = self._free.get()
        try:
            if decoder is None or decoder.done >= self._pictures:
                decoder = self._renewed(decoder)
            return decoder.decode(data, kind, whole, self._seconds)
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


class _Decoder(Child):
    """One process. DecoderBroken if it does not start."""

    def __init__(self) -> None:
        super().__init__("backend.photos.decode")
        with self._watched(_START_SECONDS):
            ready = self._out.readline()
        if not ready:
            self.end()
            raise DecoderBroken("`python -m backend.photos.decode` does not start; run it by hand to see why")

    def decode(self, data: bytes, kind: Kind, whole: bool, seconds: float) -> Decoded:
        self.done += 1
        with self._watched(seconds) as watch:
            answer = self._exchange(data, {"kind": kind, "size": len(data), "whole": whole})
        if answer is None:
            self.end()
            reason = "slow" if watch.killed else "broken"
            log.warning("photo_decoder_ended", extra={"kind": reason})
            raise Refused("slow" if watch.killed else "broken")
        return answer

    def _exchange(self, data: bytes, asked: dict[str, Any]) -> Decoded | None:
        """The answer, or None if the process ended before it was whole."""
        try:
            self._in.write(json.dumps(asked).encode() + b"\n")
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


@cache
def shared() -> Decoders:
    """The pool of this process."""
    return Decoders()
