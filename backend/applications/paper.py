"""Draws a filled form as PDF, with the Chinese font of a package (Noto Sans CJK, embedded as a subset).

What stands on the paper is decided in `dialogs.policy.sheets`; here are only millimetres. A sign that the font does not have is
replaced by 〓, and the foot of the page asks to write it by hand: a box that says nothing is worse than a gap that says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.prefs import ViewerPreferences

from dialogs.policy.sheets import Entry, Rows, Sheet

MISSING, BOX, TICK = "〓", "□", "√"
_PAGE, _DRAFT = "第 {page} 页，共 {{nb}} 页", "这一份还没有交，只用来核对。"
_BY_HAND = MISSING + " 是字库里没有的字（{codes}），请用笔写上。"
_OWN = f"{BOX}{TICK}（）、\u3000{_PAGE}{_DRAFT}{_BY_HAND}{''.join(map(chr, range(0x20, 0x7F)))}"  # signs that we write
_FONT, _FACE = "noto", 2  # the third face of the collection is Simplified Chinese
_LEFT, _TOP, _BOTTOM, _WIDTH, _HIGH = 15.0, 14.0, 16.0, 180.0, 297.0  # A4, millimetres
_PAD, _LEAST, _PHOTO_WIDE, _PHOTO_HIGH = 1.4, 7.4, 33.0, 44.0
_SIZE, _LINE = 9.5, 4.6  # points, millimetres
_GREY = 242
_TOKENS = re.compile(r"[0-9A-Za-z.·:/_\-]+|.", re.DOTALL)
_NOT_FIRST = "，。、；：？！）》”’·%"
_UNSEEN = re.compile(
    "[\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200d\u2060\ufeff]"
)  # variants and joiners: no sign of their own


@dataclass(frozen=True, slots=True)
class Drawn:
    """`missing`: the signs that are to be written by hand."""

    pdf: bytes
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words at `x` millimetres of their line; `ticked`: the box they begin with gets its tick."""

    x: float
    text: str
    ticked: bool = False


def draw(sheet: Sheet, made_at: datetime) -> Drawn:
    """The sheet on A4. `made_at`: aware, stands in the file's properties; nothing personal does."""
    page = _Page(sheet, made_at)
    page.head()
    for block in sheet.blocks:
        page.block(block)
    page.foot()
    return Drawn(bytes(page.output()), tuple(page.missing))


@cache
def _signs() -> frozenset[int]:
    """Every sign that the font has."""
    return frozenset(TTFont(_font(), fontNumber=_FACE, lazy=True).getBestCmap())


def _font() -> Path:
    return Path(str(resources.files("noto_cjk_sans_otc") / "NotoSansCJK-Regular.ttc"))


def _texts(sheet: Sheet) -> Iterator[str]:
    yield from (sheet.title, sheet.number, sheet.receipt, sheet.above, *sheet.below)
    for block in sheet.blocks:
        yield from (block.heading, block.side, block.photo)
        for entry in (one for line in block.lines for one in line):
            yield entry.text
            yield from (words for words, _ in entry.boxes)


class _Page(FPDF):
    """A pen on A4 paper that goes down the page; `y` is where the next row begins."""

    def __init__(self, sheet: Sheet, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.sheet = sheet
        self.missing: dict[str, None] = {}
        wanted = sorted(_signs() & {ord(sign) for text in (_OWN, *_texts(sheet)) for sign in text})
        self.add_font(_FONT, fname=_font(), collection_font_number=_FACE, unicode_range=wanted)
        self.fonts[
            _FONT
        ].ttfont.recalcBBoxes = False  # the subset's own frame is not needed, and it costs a third of the time
        self.set_title(sheet.title)
        self.set_lang("zh-CN")
        self.set_creator("yijianshi")
        self.set_creation_date(made_at)
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_auto_page_break(False)
        self.set_margins(_LEFT, _TOP)
        self.set_line_width(0.2)
        self.c_margin = 0
        self.set_font(_FONT, size=_SIZE)
        self.add_page()

    def footer(self) -> None:
        """The page's number, and the receipt: loose sheets find each other again."""
        receipt = f"{self.sheet.receipt}　" if self.sheet.receipt else ""
        self.set_font(_FONT, size=8)
        self.set_xy(_LEFT, _HIGH - 11)
        self.cell(_WIDTH, 5, receipt + _PAGE.format(page=self.page_no()), align="C")
        self.set_font(_FONT, size=_SIZE)

    # --- from top to bottom ---

    def head(self) -> None:
        self.set_xy(_LEFT, _TOP)
        with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.12):
            self.set_font(_FONT, size=16)
            self.cell(_WIDTH, 9, self.clean(self.sheet.title), align="C")
        self.set_font(_FONT, size=_SIZE)
        self.set_y(_TOP + 10)
        number = f"（{self.sheet.number}）" if self.sheet.number else ""
        draft = "" if self.sheet.receipt else _DRAFT
        for text, align in ((number, "C"), (draft, "C"), (self.sheet.above, "L")):
            if text:
                self._sentence(text, align)
        self.set_y(self.y + 1)

    def block(self, block: Rows) -> None:
        """One block; it goes to the next page whole unless it is longer than a page."""
        side = block.side_wide if block.side else 0
        left, wide = _LEFT + side, _WIDTH - side
        rows = [
            self._row(line, wide - (_PHOTO_WIDE if at < block.photo_lines else 0))
            for at, line in enumerate(block.lines)
        ]
        heights = _stretched([high for _, high in rows], block.photo_lines, _PHOTO_HIGH)
        beside = self._broken(Entry("label", block.side, 1), side - 2 * _PAD)
        heights = _stretched(heights, len(heights), len(beside) * _LINE + 2 * _PAD)
        heading = _LEAST if block.heading else 0
        if self.y + heading + sum(heights) > self._end and heading + sum(heights) < self._end - _TOP:
            self._turn()
        if block.heading:
            self._heading(block.heading)
        self._side_and_photo(block, left, heights)
        for (cells, _), high in zip(rows, heights, strict=True):
            if self.y + high > self._end:
                self._turn()
                self._box(_LEFT, side, high, block.side)
            x, y = left, self.y
            for entry, lines, width in cells:
                self._entry(entry, lines, x, y, width, high)
                x += width
            self.set_y(y + high)

    def foot(self) -> None:
        """What is said below the table, and the signs that are to be written by hand."""
        codes = "、".join(map(_code, self.missing))
        by_hand = (_BY_HAND.format(codes=codes),) if codes else ()
        self.set_y(self.y + 1.5)
        for text in (*self.sheet.below, *by_hand):
            if self.y + _LINE > self._end:
                self._turn()
            self._sentence(text, "L")

    # --- rows and cells ---

    @property
    def _end(self) -> float:
        return _HIGH - _BOTTOM

    def _turn(self) -> None:
        self.add_page()
        self.set_y(_TOP)

    def _row(self, line: Sequence[Entry], wide: float) -> tuple[list[tuple[Entry, list[list[_Piece]], float]], float]:
        """The cells of a line with their words broken and their widths, and how high the line is."""
        shares = sum(entry.wide for entry in line)
        cells = []
        for entry in line:
            width = wide * entry.wide / shares
            cells.append((entry, self._broken(entry, width - 2 * _PAD), width))
        return cells, max(self._high(entry, lines) for entry, lines, _ in cells)

    def _high(self, entry: Entry, lines: Sequence[object]) -> float:
        return max(_LEAST, len(lines) * _LINE + 2 * _PAD, entry.space)

    def _entry(self, entry: Entry, lines: list[list[_Piece]], x: float, y: float, width: float, high: float) -> None:
        label = entry.kind == "label"
        self._frame(x, y, width, high, label)
        below = y + _PAD if entry.space else y + (high - len(lines) * _LINE) / 2
        for line in lines:
            shift = (width - 2 * _PAD - self._length(line)) / 2 if label else 0
            for piece in line:
                self._piece(piece, x + _PAD + shift, below)
            below += _LINE

    def _piece(self, piece: _Piece, x: float, y: float) -> None:
        """Words; a tick is written over the box, so that whoever reads the text meets both."""
        first, rest = (piece.text[:1], piece.text[1:]) if piece.ticked else (piece.text, "")
        self._put(x + piece.x, y, first)
        if piece.ticked:
            with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.15):
                self._put(x + piece.x, y, TICK)
            self._put(x + piece.x + self.get_string_width(first), y, rest)

    def _put(self, x: float, y: float, text: str) -> None:
        if text:
            self.set_xy(x, y)
            self.cell(self.get_string_width(text), _LINE, text)

    def _heading(self, text: str) -> None:
        with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=0.08):
            self._box(_LEFT, _WIDTH, _LEAST, text)
        self.set_y(self.y + _LEAST)

    def _side_and_photo(self, block: Rows, left: float, heights: Sequence[float]) -> None:
        """The words left of the rows that fit on this page, and the place for the photograph to the right."""
        room = [sum(heights[: at + 1]) for at in range(len(heights))]
        fits = max((one for one in room if self.y + one <= self._end), default=0)
        if block.side and fits:
            self._box(_LEFT, left - _LEFT, fits, block.side)
        if block.photo:
            high = sum(heights[: block.photo_lines])
            self._box(_LEFT + _WIDTH - _PHOTO_WIDE, _PHOTO_WIDE, high, block.photo, filled=False)

    def _box(self, x: float, width: float, high: float, text: str, filled: bool = True) -> None:
        """A frame with words in its middle; the pen stays where it is."""
        if not width:
            return
        y = self.y
        self._frame(x, y, width, high, filled)
        lines = self._broken(Entry("label", text, 1), width - 2 * _PAD)
        below = y + (high - len(lines) * _LINE) / 2
        for line in lines:
            for piece in line:
                self._piece(piece, x + (width - self._length(line)) / 2, below)
            below += _LINE
        self.set_xy(_LEFT, y)

    def _frame(self, x: float, y: float, width: float, high: float, filled: bool) -> None:
        self.set_fill_color(_GREY)
        self.rect(x, y, width, high, style="DF" if filled else "D")

    def _sentence(self, text: str, align: str) -> None:
        for line in self._broken(Entry("value", text, 1), _WIDTH):
            y = self.y
            for piece in line:
                self._put(_LEFT + piece.x + ((_WIDTH - self._length(line)) / 2 if align == "C" else 0), y, piece.text)
            self.set_y(y + _LINE)

    # --- words into lines ---

    def clean(self, text: str) -> str:
        """`text` with 〓 for what the font does not have."""
        seen = _UNSEEN.sub("", text)
        gone = [sign for sign in seen if sign != "\n" and ord(sign) not in _signs()]
        self.missing.update(dict.fromkeys(gone))
        return "".join(MISSING if sign in gone else sign for sign in seen)

    def _broken(self, entry: Entry, width: float) -> list[list[_Piece]]:
        lines: list[list[_Piece]] = []
        if entry.text:
            for paragraph in self.clean(entry.text).split("\n"):
                lines += [[_Piece(0, line)] for line in self._wrapped(paragraph, width)]
        return lines + self._flowing(entry.boxes, width) if entry.boxes else lines

    def _wrapped(self, text: str, width: float) -> Iterator[str]:
        """Lines that fit; numbers and Latin words stay whole where they can, and no line begins with a full stop."""
        line = ""
        for token in _TOKENS.findall(text):
            for part in [token] if self.get_string_width(token) <= width else list(token):
                if line and self.get_string_width(line + part) > width and part not in _NOT_FIRST:
                    yield line
                    line = ""
                line += part
        yield line

    def _flowing(self, boxes: Sequence[tuple[str, bool]], width: float) -> list[list[_Piece]]:
        """Boxes with their words one after the other; one that does not fit begins a new line."""
        lines: list[list[_Piece]] = [[]]
        for words, ticked in boxes:
            text, gap = BOX + self.clean(words), self._length(lines[-1]) + 3 if lines[-1] else 0
            if gap and gap + self.get_string_width(text) > width:
                lines.append([])
                gap = 0
            first, *more = self._wrapped(text, width)
            lines[-1].append(_Piece(gap, first, ticked))
            lines += [[_Piece(0, line)] for line in more]
        return lines

    def _length(self, line: Sequence[_Piece]) -> float:
        return line[-1].x + self.get_string_width(line[-1].text) if line else 0


def _stretched(heights: list[float], lines: int, least: float) -> list[float]:
    """The same, with the first `lines` rows high enough for what stands beside them."""
    lacks = least - sum(heights[:lines]) if lines else 0
    return [high + lacks / lines if lacks > 0 and at < lines else high for at, high in enumerate(heights)]


def _code(sign: str) -> str:
    return f"U+{ord(sign):04X}"
