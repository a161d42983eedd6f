"""Pictures that are read, as people meet them: the result comes by itself, what is wrong is drawn and said, clerks see it all.

The engine and the live stream are real; what the reader finds is known by heart.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from backend.app import create_app
from backend.photos.reader import Reader
from backend.staff import service
from tests.browser import checks
from tests.browser.pages import watched
from tests.browser.serving import serving
from tests.browser.test_console import wrong
from tests.databases import fresh
from tests.photos import pictures
from tests.photos.test_readings import BLURRED, CARD, NUMBER, ByHeart
from tests.staff.world import IN_THE_FORM, Applicant, Office

PHONE = {"width": 390, "height": 844}
REST = [{"tap": "到窗口再交"}] * 4 + [{"tap": "都对"}, {"tap": "我承诺"}, {"sign": "typed"}, {"tap": "交上去"}]


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str, ByHeart]]:
    app = create_app(fresh("sqlite", tmp_path_factory.mktemp("reading")))
    with serving(app) as base:
        house, pool = app.state.house, ByHeart()
        house.store.settings = house.settings.model_copy(update={"read_photos": True})
        house.library = house.writer.library = replace(house.library, reads=True, home=base)
        house.reader = Reader(pool)
        house.reader.start()
        service.seed_demo(house.store)
        yield Office(house, app), base, pool


@pytest.fixture
def person(reading: tuple[Office, str, ByHeart]) -> Applicant:
    return Applicant(reading[0], secrets.token_urlsafe(32)).play(IN_THE_FORM)


@pytest.fixture
def phone(
    browser: Browser, reading: tuple[Office, str, ByHeart], person: Applicant, faults: list[str]
) -> Iterator[Page]:
    """The person's own phone, at the first picture."""
    context: BrowserContext = browser.new_context(base_url=reading[1], viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "yijianshi", "value": person.door, "url": reading[1]}])
    page = watched(context.new_page(), faults)
    page.goto("/")
    expect(page.get_by_role("heading", name="拍“身份证头像面”")).to_be_visible()
    yield page
    context.close()
    assert not faults, "the page complained: " + "; ".join(faults)


def hand_in(page: Page, folder: Path, *seeds: int) -> None:
    files = [folder / f"{seed}.jpg" for seed in seeds]
    for seed, file in zip(seeds, files, strict=True):
        file.write_bytes(pictures.jpeg(seed))
    page.locator("input[type=file][multiple]").set_input_files(files)
    page.get_by_role("button", name=f"交这{len(seeds)}张").click()


def test_what_was_read_is_told_without_being_asked_for(
    phone: Page, reading: tuple[Office, str, ByHeart], tmp_path: Path
) -> None:
    reading[2].found = CARD
    hand_in(phone, tmp_path, 1)
    expect(phone.locator(".log")).to_contain_text("收到“身份证头像面”，正在看。")
    expect(phone.locator(".log")).to_contain_text("“身份证头像面”看清了。")
    expect(phone.get_by_role("heading", name="拍“身份证国徽面”")).to_be_visible()


def test_what_is_wrong_with_a_picture_is_drawn_and_said_with_what_to_do(
    phone: Page, reading: tuple[Office, str, ByHeart], tmp_path: Path
) -> None:
    reading[2].found = BLURRED
    hand_in(phone, tmp_path, 2)
    drawn = phone.locator("img.how")
    expect(drawn).to_be_visible()
    expect(phone.locator("#hint")).to_have_text("手机放稳，等字清楚了再按。")
    assert drawn.evaluate("image => image.naturalWidth") > 0
    assert not checks.axe(phone)
    phone.get_by_role("button", name="就用刚才那张").click()
    expect(phone.locator(".log")).to_contain_text("工作人员会再看一看")
    expect(phone.get_by_role("heading", name="拍“身份证国徽面”")).to_be_visible()


def test_a_link_for_a_helper_is_shown_to_be_sent_on_and_opens_without_scripts(phone: Page, browser: Browser) -> None:
    phone.get_by_role("button", name="请人帮忙拍").click()
    address = phone.locator(".address").inner_text()
    context = browser.new_context(java_script_enabled=False, locale="zh-CN", viewport=PHONE)  # type: ignore[arg-type]
    friend = context.new_page()
    friend.goto(address)
    expect(friend.get_by_role("heading", name="请帮忙拍“身份证头像面”")).to_be_visible()
    friend.locator("input[type=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": pictures.jpeg(9)}
    )
    friend.get_by_role("button", name="交照片").click()
    expect(friend.get_by_role("heading", name="收到了，谢谢您")).to_be_visible()
    context.close()
    expect(phone.locator(".log")).to_contain_text("帮忙拍的“身份证头像面”到了")


def test_a_paper_can_be_shown_before_it_is_asked_for_and_its_doubtful_sign_stands_large_in_brackets(
    browser: Browser, reading: tuple[Office, str, ByHeart], tmp_path: Path, faults: list[str]
) -> None:
    office, base, pool = reading
    pool.found = CARD
    person = Applicant(office, secrets.token_urlsafe(32)).play([{"opening": "self"}])
    context: BrowserContext = browser.new_context(base_url=base, viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "yijianshi", "value": person.door, "url": base}])
    page = watched(context.new_page(), faults)
    page.goto("/")
    page.get_by_role("button", name="更多").click()
    (tmp_path / "card.jpg").write_bytes(pictures.jpeg(40))
    page.get_by_label("拍证件，少写几个字").set_input_files(tmp_path / "card.jpg")
    expect(page.locator(".log")).to_contain_text("尾号 0039")
    person.play(
        [{"say": "有"}, *[{"tap": one} for one in ("不是", "都没有", "一级", "都不是", ["重度残疾人护理补贴"])]]
    )
    expect(page.locator(".now .large")).to_have_text("姓名：李小【满】")
    expect(page.locator("#hint")).to_contain_text("没看准")
    context.close()
    assert not faults


def test_the_clerk_works_with_the_picture_by_keys_and_sees_what_was_read(
    browser: Browser, reading: tuple[Office, str, ByHeart], person: Applicant, faults: list[str]
) -> None:
    _, base, pool = reading
    pool.found = CARD
    person.photo(1)
    person.play(REST)
    context = browser.new_context(base_url=base, viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = watched(context.new_page(), faults)
    page.goto("/console")
    page.get_by_label("名字").fill("chenyu")
    page.get_by_label("密码").fill("demo-tongchuan-window")
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="各页").wait_for()
    page.goto("/console#/applications")
    page.locator(".line").first.click()
    read = page.get_by_role("region", name="照片上写的")
    expect(read).to_contain_text("校验过")
    assert NUMBER not in page.content()
    frame, image = page.locator(".frame"), page.locator(".frame img")
    frame.focus()
    for key in ("+", "+", "r"):
        page.keyboard.press(key)
    style = image.get_attribute("style") or ""
    assert "200%" in style and "rotate(90deg)" in style
    page.keyboard.press("-")
    assert "150%" in (image.get_attribute("style") or "")
    for key in ("-", "r", "r", "r"):
        page.keyboard.press(key)
    line = read.locator(".line-of", has_text="身份证号")
    line.get_by_role("button", name="看全").click()
    line.get_by_role("button", name="核对材料").click()
    expect(line).to_contain_text(NUMBER)
    expect(line).to_contain_text("已记录")
    assert not wrong(page)
    context.close()
    assert not faults
