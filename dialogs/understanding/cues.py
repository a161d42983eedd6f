"""What can be said at any moment: commands, a person wanted, distress, small talk, hostile input. Patterns from tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogs.understanding.tables import Cue


class Cues:
    """The first cue of a table that a plain text matches. One alternation first, so that most texts cost one search."""

    def __init__(self, cues: Sequence[Cue]) -> None:
        self._any = re.compile("|".join(f"(?:{say})" for cue in cues for say in cue.say))
        self._cues = [(cue, re.compile("|".join(f"(?:{say})" for say in cue.say))) for cue in cues]

    def find(self, plain: str) -> Cue | None:
        if not self._any.search(plain):
            return None
        for cue, says in self._cues:
            if says.search(plain) and not any(word in plain for word in cue.not_):
                return cue
        return None
