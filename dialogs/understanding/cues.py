"""What can be said at any moment: commands, a person wanted, distress, small talk, hostile input. Patterns from tables.

There are hundreds of patterns and nearly every text matches none; the sieve tells which are worth trying.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.understanding.sieve import Rows, Sieve, ways
from dialogs.understanding.tables import Cue


class Cues:
    """The first cue of a table that a plain text matches."""

    def __init__(self, cues: Sequence[Cue], sieve: Sieve) -> None:
        each = [(cue, way, needs) for cue in cues for say in cue.say for way, needs in ways(say)]
        self._cues = [cue for cue, _, _ in each]
        self._rows = Rows([(way, needs) for _, way, needs in each], sieve)

    def find(self, plain: str, asked: str = "") -> Cue | None:
        """`asked`: the fact that is asked for."""
        out: Cue | None = None  # the last cue that matched but was ruled out by another word
        for at in self._rows.likely(plain):
            cue = self._cues[at]
            if cue is not out and asked not in cue.but_at and self._rows.pattern(at).search(plain):
                if not any(word in plain for word in cue.not_):
                    return cue
                out = cue
        return None
