"""Understanding: milliseconds of processor time a sentence, seconds to load the reader, and what it adds to memory.

The sentences are those of the corpus that is looked at (`tests/understanding/seen`); nothing is scored here.
"""

from __future__ import annotations

import resource
import statistics
import time

from dialogs.understanding import Reader
from tests.understanding import score as corpus

TIMES = 3
"""Readings of each sentence; the quickest counts, for others use the machine too."""


def taken(reader: Reader, line: corpus.Line) -> float:
    """Milliseconds of processor time of one reading."""
    best = float("inf")
    for _ in range(TIMES):
        begun = time.process_time_ns()
        reader.read(line.context, line.text, line.region, line.shown, line.about)
        best = min(best, (time.process_time_ns() - begun) / 1e6)
    return best


def main() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    reader = corpus.reader()
    loaded = time.process_time() - begun
    times = sorted(taken(reader, line) for line in corpus.lines("seen"))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    p50, p99 = statistics.median(times), times[int(0.99 * len(times))]
    print(
        f"understand: p50 {p50:.2f} ms, p99 {p99:.2f} ms of {len(times)} sentences; load {loaded:.2f} s, {grown:.0f} MB"
    )


if __name__ == "__main__":
    main()
