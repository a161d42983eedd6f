"""The drawn form: every region's page can be read by eye, by program and by screen reader, and no sign is lost silently."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

import pypdfium2
import pytest
from fontTools.ttLib import TTFont

from backend.applications import paper
from backend.applications.paper import MISSING, Drawn, draw
from dialogs.library import Library
from dialogs.policy.sheets import Entry, Filling, Rows, Sheet, fill

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NAME, IDENTITY = "阿卜杜热合曼·买买提吐尔逊江", "990101201706010019"
LONG = "某省某市某县某某街道某某社区居民委员会凤凰大道一百二十八号锦绣花园小区十六栋二单元三十楼三零零一号房"
CHILD: dict[str, Any] = {
    "field:name": NAME,
    "field:id_number": IDENTITY,
    "field:ethnicity": "维吾尔族",
    "field:residence_address": LONG,
    "field:guardian_name": "周桂兰",
    "field:guardian_relation": "parent",
    "field:guardian_phone": "13800002222",
    "holds_card": False,
    "applied_categories": ["intellectual"],
    "actor_role": "legal_guardian",
}


def drawn(library: Library, region: str, answers: dict[str, Any], items: dict[str, str], receipt: str = "R") -> Drawn:
    pack = library.policy.packs[region]
    filling = Filling(answers, items, date(2026, 11, 22), receipt, library.county_names)
    return draw(fill(library.policy, pack, library.sheets[region], filling), AT)


def pages(pdf: bytes) -> list[str]:
    """What a program reads on each page, without line breaks."""
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range().replace("\r", "").replace("\n", "") for page in document]


def sheet(*lines: tuple[Entry, ...], below: tuple[str, ...] = (), side: str = "") -> Sheet:
    return Sheet("申请表", "", "R", "", (Rows("", side, 12, "", 0, lines),), below)


def row(text: str, label: str = "姓名", **more: Any) -> tuple[Entry, Entry]:
    return Entry("label", label, 3), Entry("value", text, 5, **more)


@pytest.mark.parametrize("region", ["sichuan", "yunnan", "tongchuan", "shanxi", "henan"])
def test_each_regions_paper_can_be_read(library: Library, region: str) -> None:
    """Name of the form, what was said, all boxes, the ticked one among them; long names and addresses are whole."""
    made = drawn(library, region, CHILD, {"card.new": "offline"}, "7K3M-9QXA-W2DH")
    text = "".join(pages(made.pdf))
    written = library.sheets[region]
    for said in (written.title, NAME, IDENTITY, LONG, "2017年6月1日", "维吾尔族", "周桂兰", "7K3M-9QXA-W2DH"):
        assert said in text, said
    labels = [cell.label for block in written.blocks for line in block.lines for cell in line.cells]
    options = [words for block in written.blocks for line in block.lines for cell in line.cells if cell.boxes
               for words in cell.boxes.options.values()]  # fmt: skip
    assert [words for words in (*labels, *options) if words not in text] == []
    assert text.count("□√") == sum(
        ticked
        for block in _filled(library, region).blocks
        for line in block.lines
        for one in line
        for _, ticked in one.boxes
    )
    assert made.missing == () and MISSING not in text


def _filled(library: Library, region: str) -> Sheet:
    filling = Filling(CHILD, {"card.new": "offline"}, date(2026, 11, 22), "R", library.county_names)
    return fill(library.policy, library.policy.packs[region], library.sheets[region], filling)


def test_the_file_says_what_it_is_and_in_which_language_but_not_whose(library: Library) -> None:
    made = drawn(library, "tongchuan", CHILD, {"card.new": "offline"})
    document = pypdfium2.PdfDocument(made.pdf)
    assert document.get_metadata_dict()["Title"] == "“扶残助困一件事”申请表"
    assert b"/Lang (zh-CN)" in made.pdf and b"/DisplayDocTitle true" in made.pdf
    told = " ".join(document.get_metadata_dict().values())
    assert not any(one in told for one in (NAME, IDENTITY, "周桂兰"))
    assert len(made.pdf) < 200_000


@pytest.mark.parametrize("name", ["张䶮", "王𬭎", "𠮷田", "龘靐", "李〇", "张㛃", "买买提·𫍯"])
def test_rare_signs_of_names_are_drawn(name: str) -> None:
    made = draw(sheet(row(name)), AT)
    assert made.missing == ()
    assert name in pages(made.pdf)[0]


def test_a_sign_that_no_font_has_leaves_a_gap_that_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = draw(sheet(row("张\U000323ae\ue000"), row("张\U000323ae", "又名")), AT)
    text = pages(made.pdf)[0]
    assert made.missing == ("\U000323ae", "\ue000")
    assert f"张{MISSING}{MISSING}" in text and "U+323AE、U+E000" in text and "请用笔写上" in text
    assert "\U000323ae" not in caplog.text and "323AE" not in caplog.text.upper()


def test_marks_without_a_sign_of_their_own_are_no_gap() -> None:
    assert draw(sheet(row("葛\U000e0100\u200b飾")), AT).missing == ()


def test_the_face_is_the_one_for_simplified_chinese() -> None:
    with TTFont(paper._font(), fontNumber=paper._FACE, lazy=True) as font:
        assert font["name"].getDebugName(1) == "Noto Sans CJK SC"


def test_a_draft_says_that_it_has_not_been_handed_in(library: Library) -> None:
    assert "还没有交" in pages(drawn(library, "tongchuan", CHILD, {"card.new": "offline"}, "").pdf)[0]
    assert "还没有交" not in pages(drawn(library, "tongchuan", CHILD, {"card.new": "offline"}).pdf)[0]


def test_what_does_not_fit_goes_to_the_next_page_and_every_page_is_numbered() -> None:
    lines = [row(f"第{at}行", f"标{at}") for at in range(90)]
    read = pages(draw(sheet(*lines, below=("表下的话。",), side="一块很长的表"), AT).pdf)
    assert len(read) == 3
    assert [f"第 {at + 1} 页，共 3 页" in text for at, text in enumerate(read)] == [True] * 3
    assert all(any(f"标{at}" in text and f"第{at}行" in text for text in read) for at in range(90))
    assert "表下的话。" in read[-1]


def test_a_cell_grows_with_its_words_and_nothing_runs_over_its_frame() -> None:
    """Ink of a long entry stays within the table: the margin beside it is white."""
    made = draw(sheet(row("很长的地址" * 30), row("1234567890" * 9, "号码"), side="一个很长很长的边上的标签"), AT)
    assert "很长的地址" * 30 in pages(made.pdf)[0] and "1234567890" * 9 in pages(made.pdf)[0]
    picture = pypdfium2.PdfDocument(made.pdf)[0].render(scale=2).to_pil().convert("L")
    wide, high = picture.size
    for beside in (
        picture.crop((0, 0, int(wide * 14.5 / 210), high)),
        picture.crop((int(wide * 195.5 / 210), 0, wide, high)),
    ):
        assert beside.getextrema() == (255, 255)


def test_a_tick_is_on_the_box_it_belongs_to() -> None:
    boxes = (("甲", False), ("乙", True), ("很长的选项" * 12, True), ("丁", False))
    text = pages(draw(sheet(row("", boxes=boxes)), AT).pdf)[0]
    assert "□甲" in text and "□√乙" in text and f"□√{'很长的选项' * 12}" in text and "□丁" in text
