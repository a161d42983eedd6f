"""Roundabout speech told straight: rhetorical questions, indefinite words, what was said before, tags.

The rules are data (`straight.yaml`); here they are only run, in their order, on the plain text. The text for questions of the
person's own stays as it was: only the reading of yes, no and facts sees the straight form.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialogs.understanding.sieve import Rows, Sieve, needs
from dialogs.understanding.tables import Turned


class Straight:
    """The rules, compiled; each is tried only where it may match."""

    def __init__(self, rules: Sequence[Turned], sieve: Sieve) -> None:
        self._rules = rules
        self._rows = Rows([(rule.from_, needs(rule.from_)) for rule in rules], sieve)

    def __call__(self, plain: str, asked: bool) -> str:
        """The text told straight; `asked`: a yes or no is open."""
        likely = list(self._rows.likely(plain))
        while likely:
            at = likely.pop(0)
            rule = self._rules[at]
            if rule.asked and not asked:
                continue
            told = self._rows.pattern(at).sub(rule.to, plain)
            if told != plain:
                plain, likely = told, [one for one in self._rows.likely(told) if one > at]
        return plain
