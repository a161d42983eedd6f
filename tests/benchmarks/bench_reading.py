"""How fast papers are read: with one and two workers, beside the bare engine on the same pictures, and what a worker takes.

CPU seconds are what counts; a minute on a busy machine says little. The bare engine reads in this process with the settings it is
shipped with and with those of the house's notes (960 pixels, one line at a time), one thread, knowing nothing of papers.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from rapidocr import RapidOCR

from backend.photos.reading import Readers
from tests.photos import papers

PICTURES = 11
_ONE_THREAD = {
    "Global.log_level": "error",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
}
_BARE = {**_ONE_THREAD, "Det.limit_type": "max", "Det.limit_side_len": 960, "Rec.rec_batch_num": 1}


def main() -> None:
    kinds = list(papers.PAPERS)
    pictures = [papers.photographed(kinds[at % len(kinds)], "normal", 2_000_000 + at).jpeg for at in range(PICTURES)]
    print(f"reading {PICTURES} papers, level normal:")
    for workers in (1, 2):
        _ours(pictures, workers)
    for name, settings in (("bare engine, its settings", _ONE_THREAD), ("bare engine, 960 pixels", _BARE)):
        each, wall = _timed(_engine(settings), pictures)
        _report(name, wall, sum(each) / len(each), median(each))


@dataclass(frozen=True, slots=True)
class Taken:
    """What one worker takes. `each`: CPU seconds of every picture; `bare`: the same of the bare engine at 960 pixels; `peak`:
    MB."""

    each: list[float]
    bare: list[float]
    peak: int

    @property
    def overhead(self) -> float:
        """Of the whole path over the bare engine, as a part of that."""
        return sum(self.each) / sum(self.bare) - 1


def taken(pictures: list[bytes]) -> Taken:
    """One worker and the bare engine over the same pictures, one after the other."""
    readers = Readers(1, seconds=600)
    readers.read_now(pictures[0])
    worker = readers._free.queue[0]
    assert worker is not None
    each = [_used(readers, worker.pid, picture) for picture in pictures]
    peak = _peak(worker.pid)
    readers.close()
    return Taken(each, _timed(_engine(_BARE), pictures)[0], peak)


def _ours(pictures: list[bytes], workers: int) -> None:
    readers = Readers(workers, seconds=600)
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(readers.read_now, pictures[:workers]))
        pids = [one.pid for one in readers._free.queue if one is not None]
        before, start = sum(map(_cpu, pids)), time.perf_counter()
        each = list(threads.map(lambda picture: _used(readers, pids[0], picture), pictures))
        wall = time.perf_counter() - start
    mean = (sum(map(_cpu, pids)) - before) / len(pictures)
    middle = median(each) if workers == 1 else None  # of several, nobody knows which one a picture went to
    name = f"this desk, {workers} worker{'s' * (workers > 1)}"
    _report(name, wall, mean, middle, f"   {max(map(_peak, pids))} MB a worker")
    readers.close()


def _used(readers: Readers, pid: int, picture: bytes) -> float:
    before = _cpu(pid)
    readers.read_now(picture)
    return _cpu(pid) - before


def _engine(settings: dict[str, object]) -> Callable[[bytes], object]:
    engine = RapidOCR(params=settings)
    return lambda picture: engine(_small(picture))


def _small(picture: bytes) -> np.ndarray:
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    by = 1600 / max(image.shape[:2])
    return cv2.resize(image, None, fx=by, fy=by, interpolation=cv2.INTER_AREA)


def _timed(read: Callable[[bytes], object], pictures: list[bytes]) -> tuple[list[float], float]:
    read(pictures[0])
    each, start = [], time.perf_counter()
    for picture in pictures:
        before = time.process_time()
        read(picture)
        each.append(time.process_time() - before)
    return each, time.perf_counter() - start


def _report(name: str, wall: float, mean: float, middle: float | None, more: str = "") -> None:
    p50 = f" (p50 {middle:.2f})" if middle is not None else ""
    print(f"  {name:28} {60 * PICTURES / wall:6.0f} a minute   {mean:.2f} s CPU a photo{p50}{more}")


def _cpu(pid: int) -> float:
    """Seconds that a process has used."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / 100


def _peak(pid: int) -> int:
    """Megabytes that it has taken at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
