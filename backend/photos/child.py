"""A process of our own that opens what strangers sent: shut off from the server, watched, killed when it hangs.

It inherits neither the environment (it holds secrets) nor open files. What it is asked and how it answers is the business of
`pool` (decoding) and `reading.readers`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

import backend


class Child:
    """`python -m <module>`, spoken to by its pipes. `lives` is False once it has ended; `done`: pictures so far."""

    def __init__(self, module: str, **environment: str) -> None:
        self.done = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**_environment(), **environment},
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            _close(pipe)

    def _watched(self, seconds: float) -> Watch:
        return Watch(self._process, seconds)

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


class Watch:
    """Kills the process when the time is over: reading and writing its pipes then end by themselves."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._timer = threading.Timer(seconds, self._kill)
        self._timer.daemon = True
        self.killed = False

    def __enter__(self) -> Watch:
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
