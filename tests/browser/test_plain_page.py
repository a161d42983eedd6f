"""The page without scripts does what the phone page does: every way of answering, pictures, signature, correction, safety.

Scripts are switched off in the browser. What went over the line is compared with what the phone page would have sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from backend.conversations.plain import token
from tests.browser.pages import person
from tests.browser.recorded import Person, Recorded

Sent = Callable[[], Person]


@pytest.fixture
def page(browser: Browser, base: str) -> Iterator[Page]:
    context = person(browser, base, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def sent(page: Page, recorded: Recorded) -> Sent:
    """The recordings of whoever is at the page."""

    def who() -> Person:
        cookies = {one["name"]: one["value"] for one in page.context.cookies()}
        return recorded.people[cookies["yijianshi"]]

    return who


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()


def asked(page: Page, words: str) -> None:
    expect(page.locator(".now .ask")).to_contain_text(words)


def test_the_whole_talk_can_be_had_without_scripts(page: Page, sent: Sent, tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), "#9ab").save(tmp_path / "page.jpg")
    page.goto("/plain")
    press(page, "开始")
    asked(page, "有残疾人证吗")
    press(page, "不清楚")
    page.get_by_label("听力").check()
    page.get_by_label("智力").check()
    press(page, "选好了")
    for words, answer in [
        ("什么名字", "周小树"),
        ("身份证号", "990101201701010016"),
        ("手机号", "19900000000"),
        ("几口人", "3"),
    ]:
        asked(page, words)
        page.locator("#words").fill(answer)
        page.keyboard.press("Enter")
    for label, value in [("年", "2031"), ("月", "5"), ("日", "20")]:
        page.get_by_label(label, exact=True).fill(value)
    press(page, "确定")
    asked(page, "户口在哪里")
    page.locator("#words").fill("达川区")
    page.keyboard.press("Enter")
    page.get_by_label("护理补贴").check()
    press(page, "选好了")
    asked(page, "户口簿")
    page.locator("#file").set_input_files([tmp_path / "page.jpg", tmp_path / "page.jpg"])
    press(page, "交照片")
    asked(page, "都对吗")
    press(page, "修改：残疾等级")
    asked(page, "是几级")
    press(page, "二级")
    press(page, "都对，下一步")
    page.get_by_label("签名人的名字").fill("周桂兰")
    page.get_by_label("我确认，这是签名").check()
    press(page, "签好了")
    expect(page.get_by_text("TC7K-4M29-X")).to_be_visible()
    told = [(body.get("question") or body.get("command"), body.get("value")) for body in sent().posted]
    assert told[1:10] == [
        ("holds_card", "unsure"),
        ("card_categories", ["hearing", "intellectual"]),
        ("name", "周小树"),
        ("id_number", "990101201701010016"),
        ("phone", "19900000000"),
        ("family_size", 3),
        ("valid_to", "2031-05-20"),
        ("household_place", "达川区"),
        ("wants", ["allowance.nursing34"]),
    ]
    assert len(sent().posted[10]["photo_ids"]) == 2
    assert told[11:] == [
        ("change", "card_level"),
        ("card_level", 2),
        ("confirm_submit", True),
        ("signature", {"way": "typed", "name": "周桂兰"}),
    ]


@pytest.mark.parametrize(
    ("state", "field", "written", "button", "says"),
    [
        ("text", "#words", "", "确定", "这里还空着"),
        ("number", "#words", "三口", "确定", "请只写数字"),
        ("date", "#year", "2031", "确定", "这个日子不对"),
        ("signature", "#words", "周桂兰", "签好了", "请先勾上"),
        ("wrong", "#words", "990101", "确定", "这个号码少了一位"),
    ],
)
def test_an_answer_that_cannot_be_taken_is_kept_and_the_way_on_is_said(
    page: Page, state: str, field: str, written: str, button: str, says: str
) -> None:
    page.goto(f"/_play/{state}?to=/plain")
    page.locator(field).fill(written)
    press(page, button)
    expect(page.get_by_role("alert")).to_contain_text(says)
    expect(page.locator(".log").get_by_text(says)).to_have_count(0)  # not read aloud twice
    expect(page.locator(field)).to_have_value(written)
    assert page.title().startswith("请看一下")


def test_an_option_that_goes_with_no_other_is_a_button_of_its_own(page: Page, sent: Sent) -> None:
    page.goto("/_play/choices?to=/plain")
    press(page, "选好了")
    expect(page.get_by_role("alert")).to_contain_text("请先选一项")
    press(page, "都没有")
    assert sent().posted[-1]["value"] == ["none"]


def test_a_picture_that_is_none_is_refused_with_what_to_do(page: Page, tmp_path: Path) -> None:
    (tmp_path / "scan.jpg").write_bytes(b"PK\x03\x04 a zip with another name")
    page.goto("/_play/photo?to=/plain")
    press(page, "交照片")
    expect(page.get_by_role("alert")).to_contain_text("还没有照片")
    page.locator("#file").set_input_files(tmp_path / "scan.jpg")
    press(page, "交照片")
    expect(page.get_by_role("alert")).to_contain_text("这个文件不是照片")


def test_an_old_page_sent_again_counts_once_and_another_choice_from_it_counts(base: str, recorded: Recorded) -> None:
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        hidden = fields_of(client.get("/_play/helper", params={"to": "/plain"}).text)
        first, second = "0192f0c1-0000-7000-8000-00000000000a", "0192f0c1-0000-7000-8000-00000000000c"
        for draft in (first, second, second):
            client.post("/plain/switch", data={**hidden, "draft_id": draft})
        posted = recorded.people[client.cookies["yijianshi"]].posted
        assert [body["draft_id"] for body in posted] == [first, second]


def test_a_question_that_has_passed_is_not_answered_by_an_old_page(base: str, recorded: Recorded) -> None:
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        hidden = fields_of(client.get("/_play/choice", params={"to": "/plain"}).text)
        client.post("/plain/answer", data={**hidden, "question": "holds_card", "only": "0"})
        late = client.post("/plain/answer", data={**hidden, "question": "holds_card", "only": "1"})
        assert "刚才那一题已经过去了" in late.text
        assert len(recorded.people[client.cookies["yijianshi"]].posted) == 1


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields that every form of a page carries."""
    return {name: re.findall(f'name="{name}" value="([^"]+)"', page)[0] for name in ("token", "key")}


def test_a_form_from_elsewhere_is_not_taken(base: str, recorded: Recorded) -> None:
    """No token, a made-up token, another person's token: nothing is handed over."""
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        client.get("/_play/choice", params={"to": "/plain"})
        form = {"key": "k", "question": "holds_card", "only": "0"}
        for wrong in (None, "0" * 64, token("somebody else")):
            answer = client.post("/plain/answer", data={**form, **({"token": wrong} if wrong else {})})
            assert "这一页放得太久了" in answer.text
        person = recorded.people[client.cookies["yijianshi"]]
        assert person.posted == []
        client.post("/plain/answer", data={**form, "token": token(client.cookies["yijianshi"])})
        assert person.posted[0]["value"] is True
        assert (
            client.post("/plain/answer", headers={"origin": "https://elsewhere.example"}, data=form).status_code == 403
        )


@pytest.mark.parametrize("only", ["9", "-1", "x", "999999999999999999999999"])
def test_an_option_that_does_not_exist_is_asked_for_again(base: str, only: str) -> None:
    with httpx.Client(base_url=base, follow_redirects=True) as client:
        client.get("/_play/choice", params={"to": "/plain"})
        form = {"key": "k", "question": "holds_card", "only": only, "token": token(client.cookies["yijianshi"])}
        assert "这个选项不在了" in client.post("/plain/answer", data=form).text


def test_words_are_shown_as_words(page: Page) -> None:
    page.goto("/_play/floor?to=/plain")
    page.locator("#free").fill("<b onclick=alert(1)>莫得</b> & {{ 7*7 }}")
    press(page, "发送")
    expect(page.locator(".entry.person").last).to_contain_text("<b onclick=alert(1)>莫得</b> & {{ 7*7 }}")


def test_looks_are_kept_and_everything_can_be_deleted(page: Page, sent: Sent, recorded: Recorded) -> None:
    page.goto("/_play/choice?to=/plain/mine")
    page.get_by_label("特大字").check()
    page.get_by_label("深色").check()
    press(page, "就这样")
    html = page.locator("html")
    assert (html.get_attribute("data-size"), html.get_attribute("data-theme")) == ("xl", "dark")
    mine = sent()
    page.goto("/plain/mine")
    press(page, "删除我的全部资料")
    expect(page.get_by_role("alert")).to_contain_text("没有删除")
    assert mine in recorded.people.values()
    page.goto("/plain/mine")
    page.get_by_label("确定全部删除").check()
    press(page, "删除我的全部资料")
    expect(page.get_by_role("heading", name="删好了")).to_be_visible()
    expect(page.get_by_text("您说的、填的、拍的，都删掉了")).to_be_visible()
    assert mine not in recorded.people.values()
    page.goto("/plain/mine")
    expect(page.get_by_text("这里没有存您的资料")).to_be_visible()
    assert page.get_by_role("link", name="拿走一份我的资料").count() == 0
    page.goto("/plain")
    expect(page.get_by_role("button", name="开始")).to_be_visible()


def test_an_error_that_says_the_hint_again_takes_its_place(page: Page) -> None:
    page.goto("/_play/hint?to=/plain")
    page.locator("#words").fill("路")
    press(page, "确定")
    expect(page.get_by_role("alert")).to_have_text("请写到村或社区，再写门牌。")
    expect(page.locator(".now").get_by_text("写到村或社区")).to_have_count(1)


def test_the_whole_record_is_one_tap_away(page: Page) -> None:
    page.goto("/_play/choice?to=/plain")
    press(page, "没有")
    expect(page.get_by_text("孩子有残疾人证吗？")).to_have_count(0)
    page.get_by_role("link", name="全部记录").click()
    expect(page.get_by_text("孩子有残疾人证吗？")).to_be_visible()


def test_a_signature_is_asked_for_only_in_ways_that_the_page_has(page: Page, sent: Sent, tmp_path: Path) -> None:
    Image.new("RGB", (640, 480), "#9ab").save(tmp_path / "page.jpg")
    page.goto("/_play/signature?to=/plain")
    assert "手写" not in page.locator(".now").inner_text()
    expect(page.locator("#hint")).to_have_text("可以打出名字，或签在纸上拍照。")
    page.get_by_label("签在纸上，拍一张").set_input_files(tmp_path / "page.jpg")
    press(page, "交这张签名")
    expect(page.get_by_text("TC7K-4M29-X").first).to_be_visible()
    kept = sent().posted[-1]
    assert (kept["kind"], kept["question"], len(kept["photo_ids"])) == ("photo", "signature", 1)


def test_under_a_single_place_nobody_is_asked_about_all_of_them(page: Page) -> None:
    page.goto("/_play/place?to=/plain")
    expect(page.locator(".now")).to_contain_text("都不是？写县或区的名字")
    page.goto("/_play/residence?to=/plain")
    expect(page.locator(".now")).to_contain_text("不是这个？写县或区的名字")
