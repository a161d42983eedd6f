"""Roundabout speech told straight: rhetorical questions, indefinite words, what was said before, tags.

The rules are data (`straight.yaml`); here they are only run, in their order, on the plain text. The text for questions of the
person's own stays as it was: only the reading of yes, no and facts sees the straight form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from dialogs.understanding.cues import needs
from dialogs.understanding.tables import Turned


class Straight:
    """The rules, compiled; each is tried only where the text has a character without which it cannot match."""

    def __init__(self, rules: Iterable[Turned]) -> None:
        self._rules = [(needs(rule.from_), re.compile(rule.from_), rule.to, rule.asked) for rule in rules]

    def __call__(self, plain: str, asked: bool) -> str:
        """The text told straight; `asked`: a yes or no is open."""
        chars = frozenset(plain)
        for wanted, pattern, to, only_asked in self._rules:
            if (asked or not only_asked) and (not wanted or not wanted.isdisjoint(chars)):
                plain = pattern.sub(to, plain)
        return plain
