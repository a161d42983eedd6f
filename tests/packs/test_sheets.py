"""The printed forms: what a person was asked for stands on the paper, with every box and only the right ones ticked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from backend.library import load_library
from dialogs import policy
from dialogs.library import Library
from dialogs.policy import PolicyError
from dialogs.policy.checks import spelled
from dialogs.policy.sheets import EMPTY, SEVERAL, Boxes, Cell, Filling, Sheet, SheetFile, fill, filling_of, load_sheets
from dialogs.policy.written import Parent

REGIONS = ("sichuan", "yunnan", "tongchuan", "shanxi", "henan")
ON = date(2026, 11, 22)
COUNTIES = {"sichuan": "511102", "yunnan": "530102", "tongchuan": "511702", "shanxi": "140728", "henan": "411302"}
# On no paper form by themselves: what is applied for is ticked by item, and which card it is by the number or the box.
TICKED_BY_ITEM = {"card_service_type", "allowance_kinds", "graduate_subsidy", "pension_register", "pension_claim"}
# Asked for because the text of the document wants it, though its paper form has no place for it.
NOT_ON_PAPER = {"henan": {"is_dibao"}, "tongchuan": set[str](), "yunnan": set[str]()}
CHILD = {
    "field:name": "阿卜杜热合曼·买买提",
    "field:id_number": "990101201706010019",
    "field:guardian_name": "周桂兰",
    "field:guardian_relation": "parent",
    "field:guardian_phone": "13800002222",
    "actor_role": "legal_guardian",
}


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


def cells(written: SheetFile) -> Iterator[Cell]:
    yield from (cell for block in written.blocks for line in block.lines for cell in line.cells)


def boxes_of(written: SheetFile) -> Iterator[Boxes]:
    yield from (cell.boxes for cell in cells(written) if cell.boxes)


def filled(library: Library, region: str, answers: dict[str, Any], items: dict[str, str], receipt: str = "") -> Sheet:
    pack = library.policy.packs[region]
    told = {"household_county": COUNTIES[region], **answers}
    filling = Filling(told, items, ON, receipt, library.county_names)
    return fill(library.policy, pack, library.sheets[region], filling)


def values(sheet: Sheet) -> dict[str, str]:
    """What is written beside each label; the first one counts."""
    found: dict[str, str] = {}
    for block in sheet.blocks:
        for line in block.lines:
            for label, value in pairwise(line):
                if (label.kind, value.kind) == ("label", "value"):
                    found.setdefault(label.text.removesuffix("*"), value.text)
    return found


def ticks(sheet: Sheet) -> list[str]:
    return [
        words
        for block in sheet.blocks
        for line in block.lines
        for entry in line
        for words, ticked in entry.boxes
        if ticked
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_every_field_that_is_asked_stands_on_the_paper(library: Library, region: str) -> None:
    written, pack = library.sheets[region], library.policy.packs[region]
    text = written.model_dump_json()
    named = {name for boxes in boxes_of(written) for name in ([boxes.of] if isinstance(boxes.of, str) else boxes.of)}
    asked = {row.field for row in pack.written.form.fields if row.field not in TICKED_BY_ITEM}
    lost = {name for name in asked if name not in named and f"{{{name}}}" not in text}
    assert lost <= NOT_ON_PAPER.get(region, set())


@pytest.mark.parametrize("region", REGIONS)
def test_every_box_can_be_ticked(library: Library, region: str) -> None:
    """A box stands for an item of the pack, or for a value that its field or fact can have."""
    policy, pack = library.policy, library.policy.packs[region]
    for boxes in boxes_of(library.sheets[region]):
        if boxes.applied or boxes.of == "items":
            for pattern in boxes.applied or boxes.options:
                assert spelled([pattern], pack.ids), pattern
            continue
        for name in [boxes.of] if isinstance(boxes.of, str) else boxes.of:
            texts = [policy.fields.get(name), policy.facts.get(policy.fields[name].fact or policy.fields[name].from_)]
            can = {option.value for text in texts if text for option in policy.options(text)}
            fact = policy.facts.get(name) or texts[1]
            can |= set(fact.values) if fact else set()
            can |= {True, False} if fact and fact.type == "bool" else set()
            assert set(boxes.options) - {SEVERAL} <= can, (name, boxes.options, can)


@pytest.mark.parametrize("region", REGIONS)
def test_lines_wait_for_items_that_there_are(library: Library, region: str) -> None:
    written, pack = library.sheets[region], library.policy.packs[region]
    rows = [*written.blocks, *(line for block in written.blocks for line in block.lines)]
    assert [p for row in rows for p in row.items if not spelled([p], pack.ids)] == []


@pytest.mark.parametrize("region", REGIONS)
def test_the_paper_carries_the_name_that_the_pack_gives_it(library: Library, region: str) -> None:
    assert library.sheets[region].title == library.policy.packs[region].written.form.name


@pytest.mark.parametrize("region", REGIONS)
def test_a_child_stands_there_with_the_guardian_and_what_follows_from_the_number(library: Library, region: str) -> None:
    sheet = filled(library, region, CHILD, {"card.new": "offline"}, "7K3M-9QXA-W2DH")
    said = values(sheet)
    assert said["姓名"] == "阿卜杜热合曼·买买提"
    assert "2017年6月1日" in (said.get("出生日期"), said.get("出生年月"))
    assert said.get("性别", "男") == "男"
    every = [entry.text for block in sheet.blocks for line in block.lines for entry in line]
    assert {"周桂兰", "父母", "13800002222"} <= set(every)
    assert "7K3M-9QXA-W2DH" in sheet.above


@pytest.mark.parametrize("region", REGIONS)
def test_a_form_of_which_nothing_is_known_is_empty_but_whole(library: Library, region: str) -> None:
    pack = library.policy.packs[region]
    sheet = fill(library.policy, pack, library.sheets[region], Filling({}, {}, ON))
    assert [words for words in ticks(sheet) if words != "否"] == []
    full = filled(library, region, CHILD, {"card.new": "offline"})
    labels = [entry.text for block in sheet.blocks for line in block.lines for entry in line if entry.kind == "label"]
    assert labels == [e.text for block in full.blocks for line in block.lines for e in line if e.kind == "label"]


HOLDER = {"holds_card": True, "card_level": 1, "card_categories": ["physical"], "is_dibao": True}


@pytest.mark.parametrize(
    ("region", "facts", "items", "ticked"),
    [
        (
            "tongchuan",
            {**HOLDER, "field:delivery": "post", "field:household_nature": "agricultural"},
            {"card.loss": "offline", "allowance.nursing": "offline"},
            ["农业", "残疾人证挂失补办", "残疾人两项补贴", "是", "邮寄送达"],
        ),
        ("tongchuan", HOLDER, {"card.loss": "offline", "allowance.nursing": "jump"}, ["残疾人证挂失补办"]),
        (
            "sichuan",
            {**HOLDER, "field:training_course": ["embroidery", "data"]},
            {"allowance.hardship": "jump", "employment.training": "online", "pension.subsidy": "auto"},
            ["困难残疾人生活补贴", "残疾人职业培训申请", "刺绣", "数据处理"],
        ),
        (
            "yunnan",
            {"holds_card": False, "applied_categories": ["vision", "hearing"]},
            {"card.new": "online"},
            ["是", "1.新办证申请", "视力残疾", "听力残疾", "多重残疾", *["否"] * 6],
        ),
        (
            "shanxi",
            {**HOLDER, "in_employee_pension": False, "is_dibao_edge": False},
            {"allowance.hardship": "online", "pension.subsidy": "online"},
            ["是", "否", "否"],
        ),
        (
            "henan",
            {**HOLDER, "is_tekun": False, "willing_to_work": True, "field:job_type": ["part"]},
            {"allowance.hardship": "online", "allowance.nursing": "online", "employment.help": "online"},
            ["困难生活补贴", "重度护理补贴", "低保", "是", "兼职"],
        ),
        (
            "henan",
            {"is_deceased": True, "actor_role": "deceased", "field:cancel_categories": ["vision"]},
            {"card.cancel": "offline"},
            ["视力", "死亡"],
        ),
    ],
)
def test_exactly_the_right_boxes_are_ticked(
    library: Library, region: str, facts: dict[str, Any], items: dict[str, str], ticked: list[str]
) -> None:
    assert ticks(filled(library, region, facts, items)) == ticked


def test_what_is_not_applied_for_stays_blank_though_it_is_known(library: Library) -> None:
    told = {**HOLDER, "field:yikatong_account": "6217000000000000000"}
    with_it = values(filled(library, "henan", told, {"allowance.nursing": "online"}))
    without = values(filled(library, "henan", told, {"card.loss": "online"}))
    assert with_it["一卡通银行账户"] == "6217000000000000000"
    assert without["一卡通银行账户"] == ""


def test_the_allowance_counts_from_the_application_but_with_a_first_card_from_its_issue(library: Library) -> None:
    label = "申请日期（新办时，按残疾人证核发时间）"
    holder = filled(library, "henan", HOLDER, {"allowance.nursing": "online"})
    first = filled(library, "henan", {}, {"card.new": "online", "allowance.nursing": "online"})
    assert (values(holder)[label], values(first)[label]) == ("2026年11月22日", "")


def test_the_way_of_a_sentence_without_its_value_is_left_to_the_pen(library: Library) -> None:
    sheet = filled(library, "henan", {"field:delivery": "post", "field:post_name": "周桂兰"}, {"card.loss": "online"})
    assert f"邮寄到：{EMPTY}　收件人：周桂兰　电话：{EMPTY}" in sheet.below
    assert not any("邮寄" in line for line in filled(library, "henan", {}, {"card.loss": "online"}).below)


def test_what_was_handed_in_by_an_earlier_version_prints_on_the_sheet_of_that_version(
    library: Library, tmp_path: Path
) -> None:
    """The operator keeps the sheet beside the pack, under the same name."""
    own = library.policy.packs["henan"]
    folder = Path(policy.__file__).parent
    for kind, change in (("packs", ("version: ", "version: 2030-01-01.1 #")), ("sheets", ("title: ", "title: 新的 #"))):
        text = (folder / kind / "henan.yaml").read_text("utf-8")
        (tmp_path / "policy" / kind).mkdir(parents=True)
        (tmp_path / "policy" / kind / "henan.yaml").write_text(text.replace(*change, 1), "utf-8")
        (tmp_path / "policy" / kind / f"henan@{own.version}.yaml").write_text(text, "utf-8")
    fresh = load_library(tmp_path)
    then, now = fresh.policy.of_version("henan", own.version), fresh.policy.of_version("henan", "")
    assert then is not None and now is not None
    assert (then.version, now.version) == (own.version, "2030-01-01.1")
    assert [sheet.title for sheet in (fresh.sheet(then), fresh.sheet(now)) if sheet] == [
        library.sheets["henan"].title,
        "新的",
    ]


def test_a_county_without_a_form_of_its_own_takes_that_of_the_document_it_lies_over(library: Library) -> None:
    pack = library.policy.packs["tongchuan"]
    over = pack.written.model_copy(update={"parent": Parent(region="sichuan", says="")})
    tongchuan = replace(pack, written=over)
    others = Library(library.policy, library.reader, library.words, sheets={"sichuan": library.sheets["sichuan"]})
    assert library.sheet(tongchuan) is library.sheets["tongchuan"]
    assert others.sheet(tongchuan) is library.sheets["sichuan"]
    assert others.sheet(library.policy.packs["henan"]) is None


@pytest.mark.parametrize(
    "text",
    [
        'title: 表\nclause: ""\nblocks: [{lines: [{cells: [{put: "{nonsense}"}]}]}]\n',
        'title: 表\nclause: ""\nblocks: [{lines: [{cells: [{boxes: {of: nonsense, options: {a: b}}}]}]}]\n',
        'title: 表\nclause: ""\nblocks: []\nbelow: ["{nonsense}"]\n',
        'title: 表\nclause: ""\nblocks: [{lines: [], items: [nonsense.*]}]\n',
        'title: 表\nclause: ""\nblocks: [{lines: [{cells: [], items: [nonsense]}]}]\n',
        'title: 表\nclause: ""\nblocks: [{lines: [{cells: [{boxes: {of: items, options: {nonsense: a}}}]}]}]\n',
        'title: 表\nclause: ""\nblocks: [{lines: [{cells: [{boxes: {applied: [nonsense], options: {true: a}}}]}]}]\n',
        "title: 表\nblocks: []\nclause: x\nunknown: 1\n",
    ],
)
def test_a_sheet_that_names_what_there_is_not_is_refused_with_its_line(library: Library, text: str) -> None:
    with pytest.raises(PolicyError) as told:
        load_sheets({"henan": text}, library.policy)
    assert told.value.file == "sheets/henan.yaml" and told.value.line


@pytest.mark.parametrize(
    ("case", "word"),
    [
        ([], "object"),
        ({"nonsense": 1}, "nonsense"),
        ({"facts": {"nonsense": 1}}, "nonsense"),
        ({"fields": {"nonsense": 1}}, "nonsense"),
        ({"fields": {"id_number": "123"}}, "18位"),
        ({"wants": ["nonsense"]}, "nonsense"),
        ({"on": "tomorrow"}, "date"),
    ],
)
def test_answers_in_a_file_are_checked_like_a_persons(library: Library, case: Any, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        filling_of(library.policy, library.policy.packs["henan"], case)


def test_answers_in_a_file_apply_for_what_can_be_had(library: Library) -> None:
    facts = {
        "household_county": "411302",
        "card_status": "valid",
        "needs_ltc_6m": True,
        "age": 46,
        **HOLDER,
        "card_generation": "2",
    }
    exclusions = ("is_tekun", "gets_work_injury_nursing", "gets_elderly_allowance", "gets_duty_disability_allowance")
    facts |= dict.fromkeys((*exclusions, "gets_retired_cadre_allowance", "is_orphan"), False)
    filling = filling_of(library.policy, library.policy.packs["henan"], {"facts": facts, "on": "2026-11-22"})
    assert {"allowance.hardship", "allowance.nursing"} <= filling.items.keys()
