"""A new version of a document while people talk: nobody is moved under their hands, and everybody hears what changed for
them."""

from dataclasses import replace
from pathlib import Path

import pytest

from backend.library import load_policies, policy_texts
from dialogs.library import Library
from tests.talks.runner import Core, library, play, words

PACK = Path(__file__).parents[2] / "dialogs" / "policy" / "packs" / "tongchuan.yaml"
OFFERED = [
    {"opening": "self"},
    {"tap": "有"},
    {"tap": "不是"},
    {"tap": "都没有，证好好的"},
    {"tap": "一级"},
    {"tap": "都不是"},
]


def published(folder: Path, *changes: tuple[str, str]) -> Library:
    """The shelf after an operator has put another Tongchuan pack into the data folder."""
    text = PACK.read_text("utf-8")
    for old, new in (
        ("version: 2022-12-22.1", "version: 2026-12-01.1"),
        ("dated: 2022-12-22", "dated: 2026-12-01"),
        *changes,
    ):
        assert text.count(old) >= 1, old
        text = text.replace(old, new)
    (folder / "policy" / "packs").mkdir(parents=True)
    (folder / "policy" / "packs" / "tongchuan.yaml").write_text(text, "utf-8")
    return replace(library(), policy=load_policies(policy_texts(folder)))


def at_the_offer() -> Core:
    core = Core()
    list(play(core, OFFERED))
    assert core.session.talk.state == "offer/choosing"
    return core


def says_next(core: Core, shelf: Library) -> str:
    core.shelf = shelf
    turn = core.say("要带什么", {})
    assert turn is not None
    return words(turn.replies)


def test_a_talk_is_led_by_the_version_that_it_began_with() -> None:
    core = at_the_offer()
    assert core.session.draft is not None
    assert core.session.draft.pack_version == library().policy.packs["tongchuan"].key
    assert "规定更新" not in says_next(core, library())


def test_at_a_safe_point_it_moves_on_and_says_what_changed(tmp_path: Path) -> None:
    ten = "says: 从受理那天起，10个工作日内办结。"
    core = at_the_offer()
    heard = says_next(
        core,
        published(tmp_path, (ten, "says: 从受理那天起，8个工作日内办结。"), ("working_days: 10", "working_days: 8")),
    )
    assert "规定更新了（2026年12月1日的版本）" in heard
    assert "“重度残疾人护理补贴”的时限变了。从受理那天起，8个工作日内办结。" in heard
    assert "规定更新" not in words(core.say("要带什么", {}).replies)


def test_who_is_not_touched_hears_that_nothing_changed_for_them(tmp_path: Path) -> None:
    heard = says_next(at_the_offer(), published(tmp_path))
    assert "对您没有变化，接着办就行" in heard


def test_verdicts_that_changed_are_named(tmp_path: Path) -> None:
    heard = says_next(at_the_offer(), published(tmp_path, ("value: [1, 2]", "value: [2]")))
    assert "“城乡居民基本养老保险补助”原来是“不用申请，自动办”，现在是“要再确认”。" in heard


def test_papers_that_changed_are_named(tmp_path: Path) -> None:
    fewer = ("items: [card.*, allowance.*]\n    form: 核原件", "items: [card.*]\n    form: 核原件")
    assert "不用再准备：身份证、户口簿。" in says_next(at_the_offer(), published(tmp_path, fewer))


@pytest.mark.parametrize("name", ["tongchuan@2022-12-22.1.yaml"])
def test_an_earlier_version_may_be_kept_under_its_name(tmp_path: Path, name: str) -> None:
    shelf = published(tmp_path)
    (tmp_path / "policy" / "packs" / name).write_text(PACK.read_text("utf-8"), "utf-8")
    assert library().policy.packs["tongchuan"].key in load_policies(policy_texts(tmp_path)).earlier
    assert library().policy.packs["tongchuan"].key in shelf.policy.earlier


def test_what_lies_before_somebody_to_be_confirmed_is_not_changed_under_their_hands(tmp_path: Path) -> None:
    core = Core()
    talk = next(
        one
        for name, one in __import__("tests.talks.runner", fromlist=["talks"]).talks()
        if "B4 a card of level one" in name
    )
    for _ in play(core, talk["talk"]):
        if core.session.talk.state == "review/checking":
            break
    assert core.session.talk.state == "review/checking"
    assert "规定更新" not in says_next(core, published(tmp_path))
