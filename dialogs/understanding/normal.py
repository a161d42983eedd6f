"""A text made plain: zero-width signs out, full-width and traditional forms folded, typos of known words mended.

The plain text is only for reading: names and addresses are taken from the text as it was written (`tidy`). Everything here
takes time linear in the text, and a text longer than `LIMIT` is never read at all.
"""

from __future__ import annotations

import re
import unicodedata

from opencc import OpenCC

from dialogs.understanding.sieve import Words
from dialogs.understanding.tables import Normal

LIMIT = 1000  # characters; a long dictation has about 400
_CJK = range(0x3400, 0x9FFF)
_BLANKS = re.compile(r"(?<![a-z])\s+|\s+(?![a-z])")
_PAUSE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff0-9])|(?<=[0-9]) (?=[\u4e00-\u9fff])")
_NEWLINES = re.compile(r"\s*[\r\n]+\s*")
_HIDDEN = {0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800}  # look like nothing without being format characters
_LOOK_EMPTY = frozenset(map(chr, _HIDDEN))
_PUNCTUATION = str.maketrans({"。": ".", "；": ";", "、": "、", "“": '"', "”": '"', "…": ",", "～": "~", "〇": "零"})


def tidy(text: str) -> str:
    """The text as written, without format characters (zero-width, direction marks, BOM), controls and blanks around it."""
    if text.isprintable() and _LOOK_EMPTY.isdisjoint(text):
        return text.strip()  # nothing of the kind in it
    keep = "\n\t"
    return "".join(
        c
        for c in text
        if c in keep or (unicodedata.category(c) not in ("Cf", "Cc", "Co", "Cs") and ord(c) not in _HIDDEN)
    ).strip()


def _pauses(tidied: str, answers: frozenset[str]) -> str:
    """Blanks between pieces of a dictation become commas: three pieces or more, hardly one of them a single character; and the
    blank behind an answer (“没有 第一次办”) or before one (“红皮皮那个嘛 有”)."""
    spelled = len(tidied) > 3 and tidied[1:8:2].isspace()  # letter by letter: what was a blank is three
    pieces = re.split(r" {2,}", tidied) if spelled else re.split(r" +", tidied)
    if spelled:
        pieces = [piece.replace(" ", "") for piece in pieces]
    if len(pieces) >= 3 and (min(map(len, pieces)) >= 2 or len("".join(pieces)) >= 1.8 * len(pieces)):
        return _PAUSE.sub(",", " ".join(pieces))
    if len(pieces) >= 2 and pieces[0] in answers and len("".join(pieces[1:])) >= 4:
        return pieces[0] + "," + " ".join(pieces[1:])
    if len(pieces) == 2 and pieces[1] in answers and len(pieces[0]) >= 3:
        return ",".join(pieces)
    return tidied


class _Simple(dict[int, str | int]):
    """Traditional characters to simplified ones, for `str.translate`: OpenCC is asked once for every character that comes."""

    def __init__(self) -> None:
        super().__init__()
        self._convert = OpenCC("t2s").convert

    def __missing__(self, code: int) -> str | int:
        self[code] = self._convert(chr(code)) if code in _CJK else code
        return self[code]


class _Signs(dict[int, str | int]):
    """Punctuation to the common one and what is a picture to a pause, for `str.translate`; `kept` are signs with a meaning."""

    def __init__(self, kept: frozenset[str]) -> None:
        super().__init__(_PUNCTUATION)
        self._kept = kept

    def __missing__(self, code: int) -> str | int:
        sign = chr(code)
        self[code] = "," if sign not in self._kept and unicodedata.category(sign) == "So" else code
        return self[code]


class Plain:
    """Makes a tidied text plain. Built once."""

    def __init__(self, table: Normal) -> None:
        self._simple = _Simple()
        self._same = {wrong: right for right, wrongs in table.same.items() for wrong in wrongs}
        self._same |= {sign: f",{word}," for word, signs in table.signs.items() for sign in signs}
        self._signs = _Signs(frozenset("".join(sign for signs in table.signs.values() for sign in signs)))
        self._answers = frozenset(table.answers)
        self._mended = Words(self._same)

    def __call__(self, tidied: str) -> str:
        """Plain text: NFKC, lower case, simplified, no blanks but between Latin words, line breaks as commas."""
        text = unicodedata.normalize("NFKC", tidied).translate(self._simple)
        text = _pauses(text, self._answers) if " " in text else text
        if blank := " " in text or not text.isprintable():
            text = _NEWLINES.sub(",", text)
        text = text.lower().translate(self._signs)
        text = _BLANKS.sub("", text) if blank else text
        return self._mended.replaced(text, self._same)


def only_signs(text: str) -> bool:
    """True when nothing in the text is a letter or a digit: emoji, punctuation."""
    return not any(c.isalnum() for c in text)
