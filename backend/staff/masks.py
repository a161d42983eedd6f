"""What is hidden from the staff until they ask: numbers wherever they stand, and the names and addresses that a draft holds.

Masking is by value and by shape: a number of eleven digits or more is hidden in any text, also with blanks between, in full
width, or spoken in Chinese digits. Dates and receipt numbers are shorter or have letters and stay readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_NUMBER = re.compile(r"(?<!\d)\d(?:[ \-\u3000－·.]?\d){9,}[ \-]?[\dXxＸｘ](?![\dA-Za-z])")
_SPOKEN = re.compile(r"[〇零一二三四五六七八九幺两](?:[ ，、]?[〇零一二三四五六七八九幺两]){6,}")
_PLACE_SIGNS = 6  # how much of an address stays: province and city, seldom more
_KINDS = {"name": "name", "address": "address", "phone": "number", "number": "number"}


def number(text: str) -> str:
    """All but the last four signs hidden."""
    signs = [sign for sign in text if sign.isalnum()]
    return "*" * (len(signs) - 4) + "".join(signs[-4:]) if len(signs) > 7 else "*" * len(signs)


def name(text: str) -> str:
    """The family name (the first sign) stays."""
    return text[:1] + "*" * max(1, len(text) - 1) if text else ""


def address(text: str) -> str:
    return text[:_PLACE_SIGNS] + "…" if len(text) > _PLACE_SIGNS else "…"


_BY_KIND = {"name": name, "address": address, "number": number}


class Mask:
    """Hides the numbers of every text, and these values of one person. `answers`: a draft's answers, by question."""

    def __init__(self, answers: Iterable[Mapping[str, Any]] = ()) -> None:
        found = {str(value): kind for each in answers for value, kind in _sensitive(each)}
        self._values = {value: _BY_KIND[kind](value) for value, kind in found.items()}
        longest_first = sorted(map(re.escape, self._values), key=len, reverse=True)
        self._pattern = re.compile("|".join(longest_first)) if longest_first else None

    def text(self, text: str) -> str:
        if self._pattern is not None:
            text = self._pattern.sub(lambda found: self._values[found[0]], text)
        text = _NUMBER.sub(lambda found: number(found[0]), text)
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


_NAMES = frozenset(
    {"id", "ids", "photo_ids", "draft_id", "kind", "question", "state", "item", "document", "receipt", "url"}
)


def _sensitive(answers: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """The values of form fields that say who somebody is, with their kind: the last word of a field's name tells it."""
    for key, value in answers.items():
        kind = _KINDS.get(key.rsplit(":", 1)[-1].rsplit("_", 1)[-1])
        if key.startswith("field:") and kind and isinstance(value, str) and len(value) >= 2:
            yield value, kind
