"""Every state of both pages keeps the rules of accessibility at every size and in every theme (T1-T5, T8, T10, T13-T16).

Which looks are asked for what stands at `checks.looks`. How a state reads to a screen reader is kept in `readings/`; after
a wanted change: `YIJIANSHI_READINGS=new pytest tests/browser/test_every_state.py`, and look at the difference.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import checks
from tests.browser.pages import PHONE, person, watched
from tests.browser.recorded import STATES, drawn_picture

pytestmark = pytest.mark.proof
READINGS = Path(__file__).parent / "readings"
SMALL = [(320, 568, ""), (188, 406, ""), (375, 812, "225%")]  # a small phone; the usual one at 200 %; letters at 200 %
MOVING = """() => document.getAnimations().length + [...document.querySelectorAll("*")]
  .filter((one) => parseFloat(getComputedStyle(one).transitionDuration) > 0).length"""
ALONE = """() => document.querySelectorAll(".page > :not(dialog)")
  .forEach((part) => { part.style.visibility = "hidden"; })"""  # axe does not know that a dialog lies over everything
DOORS = {"chat": "/", "plain": "/plain"}


@pytest.fixture(scope="module")
def screen_of_all(browser: Browser, base: str) -> Iterator[tuple[Page, list[str]]]:
    """One page for all states: opening one for each would take longer than looking."""
    faults: list[str] = []
    context = person(browser, base)
    yield watched(context.new_page(), faults), faults
    context.close()


@pytest.fixture
def page(screen_of_all: tuple[Page, list[str]]) -> Iterator[Page]:
    page, faults = screen_of_all
    page.set_viewport_size(PHONE)
    faults.clear()
    yield page
    assert not faults, "the page complained: " + "; ".join(faults)


def come_to(page: Page, door: str, state: str) -> None:
    page.goto(f"/_play/{state}?to={DOORS[door]}")
    expect(page.locator(".now").first).to_be_visible()
    expect(page.get_by_text("正在打开")).to_have_count(0)


def wrong_in_every_look(page: Page, number: int = 0) -> list[str]:
    """Every size and theme of what is shown just now, the state with this number."""

    def wrong(size: str, rules: list[str]) -> list[str]:
        found = checks.axe(page, rules) + checks.letters(page, size) + checks.targets(page, size)
        return found + checks.too_wide(page) + checks.covered(page)

    return checks.in_every_look(page, wrong, number)


def wrong_on_small_screens(page: Page) -> list[str]:
    wrong = []
    for width, height, root in SMALL:
        checks.screen(page, width, height, root)
        found = checks.too_wide(page) + checks.covered(page)
        wrong += [f"{width} {root}: {line}" for line in found]
    return wrong


def compare(page: Page, name: str) -> None:
    """How the page reads, against how it read when somebody last looked."""
    reading = page.locator("body").aria_snapshot()
    kept = READINGS / f"{name}.yaml"
    if os.environ.get("YIJIANSHI_READINGS") == "new":
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(reading + "\n", "utf-8")
    assert reading == kept.read_text("utf-8").rstrip("\n"), f"{kept.name} reads differently"


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("door", DOORS)
def test_a_state_is_accessible_at_every_size_and_in_every_theme(page: Page, door: str, state: str) -> None:
    come_to(page, door, state)
    compare(page, f"{door}-{state}")
    assert page.get_by_role("button", name="找工作人员").count() == 1
    assert page.get_by_role("button", name="进度", exact=True).count() == 1
    assert page.locator("a[href^='tel:']").count() == 0, "a way that needs a call"
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert not checks.pictures(page)
    assert not checks.words(page)
    assert not wrong_in_every_look(page, list(STATES).index(state) + list(DOORS).index(door))
    assert not wrong_on_small_screens(page)


@pytest.mark.parametrize("panel", ["显示", "更多", "我的资料和隐私"])
def test_a_panel_is_accessible_at_every_size_and_in_every_theme(page: Page, panel: str) -> None:
    come_to(page, "chat", "choice")
    if panel == "显示":
        page.get_by_role("button", name="显示").click()
    else:
        page.get_by_role("button", name="更多").click()
    if panel == "我的资料和隐私":
        page.get_by_role("dialog").get_by_role("button", name=panel).click()
    expect(page.get_by_role("dialog", name=panel)).to_be_visible()
    compare(page, f"panel-{panel}")
    page.evaluate(ALONE)
    assert not checks.words(page)
    assert not wrong_in_every_look(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("moment", ["an empty answer", "pictures chosen", "an answer not sent", "sure to delete"])
def test_a_passing_moment_is_accessible_at_every_size_and_in_every_theme(
    page: Page, tmp_path: Path, moment: str
) -> None:
    """What is on the screen only between two states."""
    now = page.locator(".now")
    if moment == "an empty answer":
        come_to(page, "chat", "text")
        now.get_by_role("button", name="确定").click()
        expect(now.get_by_role("alert")).to_be_visible()
    elif moment == "pictures chosen":
        come_to(page, "chat", "photo")
        (tmp_path / "page.jpg").write_bytes(drawn_picture())
        now.locator("input[type=file][multiple]").set_input_files([tmp_path / "page.jpg"] * 2)
        expect(now.get_by_role("button", name="交这2张")).to_be_visible()
    elif moment == "an answer not sent":
        page.route("**/api/v1/messages", lambda route: route.fulfill(status=200, body="a page of somebody else's"))
        come_to(page, "chat", "choice")
        now.locator("button.option").first.click()
        expect(page.get_by_role("button", name="再试一次")).to_be_visible()
    else:
        come_to(page, "chat", "choice")
        for name in ("更多", "我的资料和隐私", "删除我的全部资料"):
            page.get_by_role("button", name=name).click()
        page.evaluate(ALONE)
    wrong = checks.words(page) + wrong_in_every_look(page)
    if moment == "an answer not sent":  # nothing may wait for the next state
        page.get_by_role("button", name="先不发了").click()
        page.unroute_all()
    assert not wrong


@pytest.mark.parametrize("path", ["/plain/record", "/plain/mine"])
def test_the_other_plain_pages_are_accessible(page: Page, path: str) -> None:
    page.goto("/_play/offer?to=/plain")
    page.goto(path)
    assert not checks.words(page)
    assert not wrong_in_every_look(page)


@pytest.mark.parametrize("size", checks.LETTERS)
@pytest.mark.parametrize(
    ("door", "state"), [*product(DOORS, ["choices", "review"]), ("chat", "offer"), ("chat", "helper")]
)
def test_the_focus_is_always_seen(page: Page, door: str, state: str, size: str) -> None:
    come_to(page, door, state)
    checks.look(page, size, "light")
    assert not checks.unseen_focus(page)


@pytest.mark.parametrize("door", DOORS)
def test_the_page_says_its_language_its_step_and_lets_itself_be_enlarged(page: Page, door: str) -> None:
    titles = set()
    for state in ("choice", "text", "photo"):
        come_to(page, door, state)
        titles.add(page.title())
    assert len(titles) == 3
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    viewport = page.locator("meta[name=viewport]").get_attribute("content") or ""
    assert not re.search("user-scalable|maximum-scale", viewport)
    assert page.evaluate(MOVING) == 0, "somebody who wants no motion gets some"
