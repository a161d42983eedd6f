"""Whole talks on the real server, from hello to the number, through the phone page and through the page without scripts.

Nothing is played here: the server runs in a process of its own, on a database of its own, with the demo's invented county.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import ChatPage, person

CHILD, MOTHER = "99010120170101001X", "990101198501010029"
RECEIPT = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
ANSWERS = {
    "先说清楚": "同意",
    "敏感内容单独问您": "同意",
    "给谁办": "给我的孩子",
    "什么关系": "孩子",
    "户口在哪里": "四川省达州市通川区",
    "住在哪里": "和户口一样",
    "残疾人证": "有",
    "低保": "是低保",
    "残疾等级": "三级",
    "怎么办": "去窗口办",
    "民族": "汉族",
    "户籍类别": "农业户口",
    "与其关系": "父母",
    "监护人电话": "和上面的手机号一样",
    "检查一遍": "都对",
    "承诺": "我承诺",
    "交上去": "交上去",
}
WORDS = {
    "姓名": "周小树",
    "身份证号": CHILD,
    "手机号码": "19900000000",
    "现住址": "无名街道一号",
    "监护人姓名": "周桂兰",
}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "page.jpg"
    Image.radial_gradient("L").resize((1200, 900)).convert("RGB").save(path)
    return path


def go_on(chat: ChatPage, picture: Path, until: str) -> None:
    """Answers what is asked until a question with the title `until` is open."""
    for _ in range(60):
        title = chat.title()
        if title == until:
            return
        if title in WORDS:
            chat.type(WORDS[title])
        elif title.startswith("拍"):
            chat.upload([picture])
        elif title == "签名":
            chat.sign_typed("周桂兰")
        elif chat.now.locator(".tick").count():
            alone = any("都没有" in option or "都不是" in option for option in chat.options())
            chat.choose([] if alone else [chat.options()[0].split("\n")[0]])
        else:
            assert title in ANSWERS, f"an unforeseen question: {title} {chat.open_question()} {chat.options()}"
            chat.answer(ANSWERS[title])
        assert not chat.alert(), f"{title}: {chat.alert()}"
    raise AssertionError(f"never came to {until}; at {chat.title()}")


def test_a_mother_goes_from_hello_to_the_number_on_her_phone(talk: ChatPage, picture: Path) -> None:
    """With a reload in the middle, a correction on the check page, and a look at the progress afterwards."""
    talk.open().begin()
    go_on(talk, picture, "残疾等级")
    assert talk.about() == "孩子"
    talk.page.reload()
    expect(talk.now.locator("h2")).to_have_text("残疾等级")
    go_on(talk, picture, "检查一遍")
    assert talk.about() == "周小树"
    talk.change("手机号码")
    talk.type("19900000001")
    assert talk.title() == "检查一遍"
    expect(talk.log.locator(".sheet").last).to_contain_text("19900000001")
    go_on(talk, picture, "去一趟窗口")
    assert RECEIPT.search(talk.log.inner_text())
    talk.command("进度")
    assert RECEIPT.search(talk.last().inner_text())
    talk.command("找工作人员")
    assert len(talk.log.get_by_alt_text(re.compile("照片")).all()) >= 1


def test_the_notice_shows_both_answers_and_who_answers_for_it_without_moving_the_page(talk: ChatPage) -> None:
    talk.open().begin()
    for title in ("先说清楚", "敏感内容单独问您"):
        assert talk.title() == title
        for name in ("同意", "不同意"):
            expect(talk.now.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
        expect(talk.page.locator("#now h2")).to_be_in_viewport(ratio=1)
        if title == "先说清楚":
            expect(talk.now.locator(".ask")).to_contain_text("由一件事综合窗口（演示）负责")
            talk.answer("同意")


def test_what_was_said_on_the_phone_is_taken_away_and_deleted_for_good(talk: ChatPage, picture: Path) -> None:
    talk.open().begin()
    go_on(talk, picture, "残疾人证")
    talk.bar.get_by_role("button", name="更多").click()
    talk.page.get_by_role("button", name="我的资料和隐私").click()
    with talk.page.expect_download() as download:
        talk.page.get_by_role("button", name="拿走一份我的资料").click()
    assert "四川省达州市通川区" in Path(download.value.path()).read_text("utf-8")
    talk.page.get_by_role("button", name="删除我的全部资料").click()
    talk.page.get_by_role("button", name="确定，全部删除").click()
    expect(talk.now).to_contain_text("删好了")
    assert talk.log_texts() == []
    talk.page.reload()
    expect(talk.now.get_by_role("button", name="开始")).to_be_visible()
    assert talk.log_texts() == []


def test_whoever_says_so_has_everything_deleted_in_the_middle_of_the_talk(talk: ChatPage) -> None:
    talk.open().begin()
    for _ in range(2):
        talk.answer("同意")
    talk.say("删掉我的资料")
    assert talk.title() == "全部删除"
    talk.answer("确定，全部删除")
    expect(talk.now).to_contain_text("删好了")
    assert talk.log_texts() == []
    talk.page.reload()
    expect(talk.now.get_by_role("button", name="开始")).to_be_visible()
    assert talk.log_texts() == []


@pytest.fixture
def plain(browser: Browser, house: str) -> object:
    context = person(browser, house, java_script_enabled=False)
    yield context.new_page()
    context.close()


def title_of(page: Page) -> str:
    """The heading of the open question, once the page that the last answer led to is there."""
    heading = page.locator(".now h2").first
    expect(heading).to_be_visible()
    return heading.inner_text()


def test_without_scripts_too_words_are_enough_to_have_everything_deleted(plain: Page) -> None:
    plain.goto("/plain")
    plain.get_by_role("button", name="开始").click()
    for label in ("同意", "同意"):
        plain.locator("button.option", has_text=label).first.click()
    plain.locator("#free").fill("删掉我的资料")
    plain.get_by_role("button", name="发送").click()
    assert title_of(plain) == "全部删除"
    plain.locator("button.option", has_text="确定，全部删除").click()
    expect(plain.get_by_role("heading", name="删好了")).to_be_visible()
    plain.goto("/plain")
    expect(plain.get_by_role("button", name="开始")).to_be_visible()


def test_a_father_goes_from_hello_to_the_number_and_to_deletion_without_scripts(plain: Page, picture: Path) -> None:
    plain.goto("/plain")
    plain.get_by_role("button", name="开始").click()
    for _ in range(60):
        title = title_of(plain)
        if title == "去一趟窗口":
            break
        field, ticks = plain.locator("#words"), plain.locator(".now .tick")
        if title.startswith("拍"):
            plain.locator("#file").set_input_files(picture)
            plain.get_by_role("button", name="交照片").click()
        elif title == "签名":
            field.fill("周桂兰")
            plain.get_by_label("我确认，这是签名").check()
            plain.get_by_role("button", name="签好了").click()
        elif title in WORDS:
            field.fill(WORDS[title])
            with plain.expect_navigation():
                plain.keyboard.press("Enter")
        elif ticks.count():
            alone = plain.locator("button.option", has_text=re.compile("都没有|都不是"))
            if not alone.count():
                ticks.first.locator("input").check()
            (alone.first if alone.count() else plain.get_by_role("button", name="选好了")).click()
        else:
            plain.locator("button.option", has_text=ANSWERS[title]).first.click()
        assert plain.get_by_role("alert").count() == 0, f"{title}: {plain.get_by_role('alert').inner_text()}"
    assert title_of(plain) == "去一趟窗口"
    assert RECEIPT.search(plain.locator("main").inner_text())
    expect(plain.locator(".about b")).to_have_text("周小树")
    plain.get_by_role("link", name="显示和隐私").click()
    plain.get_by_label("确定全部删除").check()
    plain.get_by_role("button", name="删除我的全部资料").click()
    expect(plain.get_by_role("heading", name="删好了")).to_be_visible()
    plain.get_by_role("link", name="从头开始办").click()
    expect(plain.get_by_role("button", name="开始")).to_be_visible()
    assert "周小树" not in plain.content()
