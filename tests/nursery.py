"""Processes of the house that are ready at once: each is a fork of one that has imported everything and read every table.

From nothing, a server spends seconds on that before it answers, and a test that kills servers starts many.
tests/test_commands.py starts one from nothing.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(["tests.preloaded"])


def begin(run: Callable[[], object], environment: Mapping[str, str], log: Path) -> BaseProcess:
    """`run` in a process with this environment; what it prints goes to `log`."""
    process = _NURSERY.Process(target=_live, args=(run, dict(environment), log), daemon=True)
    process.start()
    return process


def serve() -> None:
    """What `yijianshi serve` does."""
    from backend.cli import main

    main(["serve"])


def _live(run: Callable[[], object], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as out:
        for number in (1, 2):
            os.dup2(out.fileno(), number)
    run()
