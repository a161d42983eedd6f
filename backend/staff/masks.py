"""What is hidden from the staff in a talk until they ask: long numbers wherever they stand, and what a draft says of a person.

How each kind of value is masked stands in `people.masking`. Here is only where to look: a number of eleven digits or more in any
text (also with blanks between, in full width, or spoken in Chinese digits), and every value of the form that is personal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from backend.people import masking

# Dates and times are shorter, receipt numbers have letters: both stay readable.
_NUMBER = re.compile(r"(?<!\d)\d(?:[ \-\u3000－·.]?\d){9,}[ \-]?[\dXxＸｘ](?![\dA-Za-z])")
_SPOKEN = re.compile(r"[〇零一二三四五六七八九幺两](?:[ ，、]?[〇零一二三四五六七八九幺两]){6,}")
_NAMES = frozenset({"id", "photo_ids", "draft_id", "kind", "question", "state", "item", "document", "receipt", "url"})


class Mask:
    """Hides long numbers in every text, and the personal values of one person. `answers`: of their drafts, by question."""

    def __init__(self, answers: Iterable[Mapping[str, Any]] = ()) -> None:
        self._hidden = {value: hidden for each in answers for value, hidden in _personal(each)}
        longest_first = sorted(map(re.escape, self._hidden), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first)) if longest_first else None

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._hidden[found[0]], text)
        text = _NUMBER.sub(lambda found: masking.number(found[0]), text)
        return _SPOKEN.sub(lambda found: "*" * len(found[0]), text)

    def every(self, value: Any) -> Any:
        """The same for every text inside lists and objects, but for the names of things (ids, kinds, questions)."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.every(one) for one in value]
        if isinstance(value, dict):
            return {key: one if key in _NAMES else self.every(one) for key, one in value.items()}
        return value


def _personal(answers: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The values of form fields that say who somebody is, each with how it is shown."""
    for key, value in answers.items():
        if key.startswith("field:") and isinstance(value, str) and len(value) >= 2:
            hidden = masking.field(key, value)
            if hidden != value:
                yield value, hidden
