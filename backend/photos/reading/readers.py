"""The processes that read: warm, few, renewed after some pictures, killed when they hang."""

from __future__ import annotations

from backend.photos.reading.result import ReadPhoto


class Readers:
    """A pool of reading processes. Any number of tasks may call `read`: they wait for a free one."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers

    def start(self) -> None:
        """Begin to warm up; returns at once."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether a process stands that has read the picture that it is tried with."""
        raise NotImplementedError

    async def read(self, picture: bytes, expected: str | None = None, region: str | None = None) -> ReadPhoto:
        """Read one picture (JPEG). `expected`: the picture of the checklist that was asked for; `region`: a pack's name.

        Unreadable when its time is over or its process ended; nothing else is raised.
        """
        raise NotImplementedError

    def close(self) -> None:
        """End every process."""
        raise NotImplementedError
