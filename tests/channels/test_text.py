"""Blocks as plain text: every option once and in order, nothing left out, never over the limit."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.text import WECHAT_BYTES, block_text, clean, fits, option_lines, pack, pieces
from bot.wechat.official_account import in_pieces
from dialogs.messages import (
    FIRST_OF_IT,
    LONG_LIST,
    Ask,
    Cite,
    Explained,
    Link,
    Offer,
    OfferedItem,
    Option,
    Packet,
    Progress,
    ProgressLine,
    Review,
    ReviewLine,
    ReviewSection,
    Say,
    Why,
)

words = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=20)
labels = st.lists(words.filter(lambda word: clean(word).strip()), min_size=1, max_size=60)


def ask(options: list[Option], **more: object) -> Ask:
    return Ask("q", "screening/asking", "问题", "请选一个。", "choice", tuple(options), **more)  # type: ignore[arg-type]


@given(labels, st.booleans())
def test_every_option_is_shown_once_in_the_order_of_its_number(names: list[str], hinted: bool) -> None:
    lines = option_lines([Option(n, name, "提示" if hinted else "") for n, name in enumerate(names)])
    first = names if len(names) < LONG_LIST else names[:FIRST_OF_IT]
    numbered = [
        f"{n} {' '.join(clean(name).split())}" + ("（提示）" if hinted else "") for n, name in enumerate(first, 1)
    ]
    assert "  ".join(lines) == "  ".join(numbered)


def test_a_list_of_all_peoples_shows_the_first_and_how_to_say_another() -> None:
    text = block_text(ask([Option(n, f"第{n}族") for n in range(1, 58)]))
    rows = "1 第1族  2 第2族  3 第3族  4 第4族\n5 第5族  6 第6族  7 第7族  8 第8族"
    assert text == f"请选一个。\n{rows}\n回复数字。别的直接说，比如：第9族。"
    assert len(option_lines([Option(n, f"第{n}项") for n in range(1, 9)])) == 8


def test_a_signature_in_a_chat_is_asked_for_only_in_ways_that_a_chat_has() -> None:
    asked = replace(
        ask([Option("window", "到窗口再签")]), input="signature", hint="可以手写、打出名字，或签在纸上拍照。"
    )
    assert block_text(asked) == "请选一个。\n1 到窗口再签\n打出名字就行。也可以签在纸上，拍照发来。"
    assert block_text(replace(asked, rules="own_hand")) == "请选一个。\n1 到窗口再签\n要本人签在纸上，拍照发来。"


def test_a_few_short_options_share_a_line_that_can_be_read_at_a_glance() -> None:
    text = block_text(ask([Option(True, "有"), Option(False, "没有"), Option("unsure", "不清楚")]))
    assert text == "请选一个。\n1 有  2 没有  3 不清楚\n回复数字，或直接说。"


def test_a_question_asked_again_says_who_it_is_about_and_what_was_said() -> None:
    text = block_text(ask([Option(True, "有"), Option(False, "没有")], about="王大爷", said=True))
    assert text.splitlines()[0] == "现在办的是王大爷的事。" and "上次的回答：有" in text


def test_difficult_words_explain_themselves_where_they_stand() -> None:
    known = (Explained("低保", "最低生活保障。"),)
    for block in (Say("您有低保吗？", explained=known), ask([], explained=known)):
        assert "“低保”：最低生活保障。" in block_text(block)


def test_what_staff_say_is_named_and_what_documents_say_is_cited() -> None:
    assert block_text(Say("您好。", by="小陈")) == "【小陈】您好。"
    cites = (Cite("tongchuan", "附件2 二（二）"), Cite("tongchuan", "附件2 二（二）"))
    assert block_text(Say("十级。", cites=cites)) == "十级。\n依据：附件2 二（二）"


def item(name: str, verdict: str, *why: Why, change: str = "") -> OfferedItem:
    return OfferedItem(name, name, verdict, "一句话", why, "online", "网上", "10个工作日", ("身份证",), change)  # type: ignore[arg-type]


def test_a_refusal_gives_its_reason_its_clause_and_what_would_change_it_and_no_papers() -> None:
    why = (Why("等级不够。", False, Cite("p", "二（三）")), Why("有证。", True, Cite("p", "二（一）")))
    text = block_text(Offer("看过了。", (item("护理补贴", "not_eligible", *why, change="一级或二级才行。"),)))
    assert "为什么：等级不够。（二（三））" in text and "怎样才行：一级或二级才行。" in text
    assert "有证" not in text and "身份证" not in text


def test_a_reason_common_to_several_items_is_said_once_but_no_item_stands_without_one() -> None:
    common, own = Why("户口在这里。", True, Cite("p", "三")), Why("有低保。", True, Cite("p", "四"))
    offer = Offer(
        "看过了。",
        tuple(item(n, "eligible", *w) for n, w in (("甲", [common]), ("乙", [common, own]), ("丙", [common]))),
    )
    paragraphs = block_text(offer).split("\n\n")[1:]
    assert ["户口在这里" in part for part in paragraphs] == [True, False, True]
    assert all("为什么" in part for part in paragraphs)


def test_answers_on_the_check_page_are_numbered_where_they_can_be_changed() -> None:
    lines = (ReviewLine("name", "姓名", "张三"), ReviewLine("", "年龄", "40"), ReviewLine("phone", "电话", "199"))
    text = block_text(Review("请看一遍。", (ReviewSection("谁办", lines[:2]), ReviewSection("怎么找您", lines[2:]))))
    assert "第1条 姓名：张三\n年龄：40" in text and "第2条 电话：199" in text and "改第2条" in text


def test_packet_progress_and_link_say_everything_they_hold() -> None:
    packet = Packet("拿好这个。", "7K3M", ("姓名：张三", "民族：汉族"), ("身份证", "户口簿"), ("一楼三号窗口",))
    assert all(word in block_text(packet) for word in ("7K3M", "姓名、民族", "身份证", "户口簿", "一楼三号窗口"))
    assert "张三" not in block_text(packet)
    lines = (ProgressLine("a", "残疾证", "doing", "残联在审核。", "11月30日前"), ProgressLine("b", "补贴", "todo", ""))
    assert block_text(Progress("到这一步了。", "7K3M", lines)).endswith(
        "残疾证：残联在审核，11月30日前。\n补贴：还没开始。"
    )
    assert block_text(Link("在那边接着办。", "https://example.gov.cn")) == "在那边接着办。\nhttps://example.gov.cn"
    assert block_text(Link("去窗口。", "")) == "去窗口。"


SENTENCE = st.text(alphabet="一二三四五六七八九，、abc 😀🏽\u0301", min_size=1, max_size=60).map(
    lambda text: text + "。"
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SENTENCE, max_size=30).map("".join), max_size=6))
def test_no_message_is_too_long_and_no_character_is_lost(blocks: list[str]) -> None:
    parts = pack(blocks)
    assert all(fits(part) for part in parts)
    assert _letters("".join(parts)) == _letters("".join(blocks))


@settings(max_examples=100, deadline=None)
@given(st.lists(SENTENCE, min_size=1, max_size=80))
def test_a_sentence_that_fits_is_never_cut(sentences: list[str]) -> None:
    for part in pack(["".join(sentences)]):
        assert part.endswith("。")


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=4000))
def test_whatever_is_said_fits_into_messages(text: str) -> None:
    for part in in_pieces([Say(text), ask([Option(1, text[:50] or "x")])]):
        assert len(part.encode()) <= WECHAT_BYTES and part.strip()


def test_a_question_stays_in_one_piece_with_its_options() -> None:
    question = ask([Option(n, f"第{n}种情况，说得比较长一点") for n in range(20)])
    assert pieces([Say("前面的话。" * 110), question])[-1] == block_text(question)


def test_one_endless_word_is_cut_between_characters_and_never_inside_one() -> None:
    family = "👨‍👩‍👧"
    parts = pack([family * 300])
    assert "".join(parts) == family * 300 and all(fits(part) for part in parts)
    assert all(part.startswith("👨") and part.endswith("👧") for part in parts)


def _letters(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_several_are_only_spoken_of_where_several_can_be_chosen() -> None:
    def how(*values: str) -> str:
        several = replace(ask([Option(value, value) for value in values]), input="choices")
        return block_text(several).splitlines()[-1]

    assert "可以选几个" not in how("card", "none")
    assert "可以选几个，比如：1 2" in how("card", "allowance")
    assert "可以选几个，比如：1 3" in how("card", "allowance", "job", "none")
