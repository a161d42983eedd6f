"""Roundabout speech told straight: rhetorical questions, indefinite words, what was said before, tags.

The rules are data (`straight.yaml`); here they are only run, in their order, on the plain text. The text for questions of the
person's own stays as it was: only the reading of yes, no and facts sees the straight form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dialogs.understanding.cues import Sieve, needs
from dialogs.understanding.tables import Turned


class Straight:
    """The rules, compiled; each is tried only where the text has a character without which it cannot match."""

    def __init__(self, rules: Sequence[Turned]) -> None:
        self._rules = [(re.compile(rule.from_), rule.to, rule.asked) for rule in rules]
        self._sieve = Sieve(needs(rule.from_) for rule in rules)

    def __call__(self, plain: str, asked: bool) -> str:
        """The text told straight; `asked`: a yes or no is open."""
        likely = self._sieve.candidates(plain)
        while likely:
            at = likely.pop(0)
            pattern, to, only_asked = self._rules[at]
            if only_asked and not asked:
                continue
            told = pattern.sub(to, plain)
            if told != plain:
                plain, likely = told, [one for one in self._sieve.candidates(told) if one > at]
        return plain
