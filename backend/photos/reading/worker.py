"""The process that reads: `python -m backend.photos.reading.worker`, started and watched by `readers`.

It has no keys, no database and no network, little memory, and may write no file. One JSON line and bytes come in on stdin, one
JSON line goes out on stdout. It says that it is ready only after it has read the picture that it is tried with.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from typing import BinaryIO

MEMORY = 2_500_000_000  # bytes of address space; what is really used stays under a fifth of it
_OUTSIDE = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.sendto",
    "subprocess.Popen",
    "os.exec",
    "os.system",
)


def main() -> None:
    """Read one picture after the other until stdin ends."""
    heard, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints does not get between the answers
    shut_in()
    from backend.photos.reading.reader import Reader

    reader = Reader()
    _tell(told, {"ready": reader.reads()})
    while line := heard.readline():
        asked = json.loads(line)
        read = reader.read(heard.read(asked["size"]), asked["expected"], asked["region"])
        _tell(told, read.as_data())


def shut_in() -> None:
    """Give up what reading does not need, before a line of any library runs."""
    os.nice(5)
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(what, (most, most))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: object) -> None:
    """A hook that cannot be taken away again: whatever wants to download a model fails here, at the start."""
    if event in _OUTSIDE:
        raise PermissionError(f"a reading process does not do {event}")


def _tell(told: BinaryIO, answer: dict[str, object]) -> None:
    told.write(json.dumps(answer).encode() + b"\n")
    told.flush()


if __name__ == "__main__":
    main()
