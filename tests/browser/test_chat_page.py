"""What the phone page does with what a person does: focus, words, pictures, broken lines, voices, weight.

Here against recorded answers, so that every fault can be played at will; whole talks run against the real server.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import ChatPage, person, watched
from tests.browser.recorded import Person, Recorded

PAGE_BUDGET = 40_000  # bytes over the line until the page can be used
REQUEST_BUDGET = 8
SLOW = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}  # 400 kbit/s

VOICE = """() => {
  window.spoken = [];
  window.cancelled = 0;
  const voices = [{ lang: "zh-CN", name: "Xiaoxiao" }];
  Object.defineProperty(window, "speechSynthesis", { value: {
    getVoices: () => voices, addEventListener() {}, removeEventListener() {},
    speak(words) { window.spoken.push(words.text); }, cancel() { window.cancelled += 1; },
  } });
  window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
}"""
WHEN_USABLE = """() => new MutationObserver((_, watch) => {
  if (!document.querySelector("button.option")) return;
  window.usable = Date.now();
  watch.disconnect();
}).observe(document, { childList: true, subtree: true })"""
NO_VOICE = """() => Object.defineProperty(window, "speechSynthesis", { value: {
  getVoices: () => [{ lang: "en-US", name: "Joe" }], addEventListener() {}, removeEventListener() {} } })"""


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that is larger than what is sent."""
    path = tmp_path_factory.mktemp("photo") / "photo.jpg"
    Image.radial_gradient("L").resize((2400, 1800)).convert("RGB").save(path, quality=90)
    return path


@pytest.fixture
def me(page: Page, recorded: Recorded) -> Iterator[object]:
    """The recordings of whoever is at the page."""

    def who() -> Person:
        cookies = {one["name"]: one["value"] for one in page.context.cookies()}
        return recorded.people[cookies["yijianshi"]]

    return who  # type: ignore[return-value]


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.innerText || document.activeElement.outerHTML"))


# --- the talk ---


def test_the_whole_talk_can_be_had_from_the_keyboard_alone(page: Page, photo: Path) -> None:
    """From hello to the packet with Tab, space and Enter; a mouse is never touched (T6)."""
    page.goto("/_play/empty")
    keys = page.keyboard

    def reach(name: str) -> None:
        for _ in range(80):
            here = page.evaluate(
                "() => { const e = document.activeElement; return [...(e.labels ?? [])].map((l) => l.innerText).join()"
                " || e.innerText || e.getAttribute('aria-label') || ''; }"
            )
            if here.strip().startswith(name):
                return
            keys.press("Tab")
        raise AssertionError(f"{name} cannot be reached; the focus is at {focused(page)}")

    def press(name: str, key: str = "Enter") -> None:
        reach(name)
        keys.press(key)

    def asked(words: str) -> None:
        expect(page.locator(".now .ask")).to_contain_text(words)

    press("开始")
    asked("有残疾人证吗")
    press("没有")
    asked("哪一类")
    press("智力", "Space")
    press("选好了")
    for words, answer in [
        ("什么名字", "周小树"),
        ("身份证号", "990101201701010016"),
        ("手机号", "19900000000"),
        ("几口人", "3"),
    ]:
        asked(words)
        page.locator("#answer").focus()
        keys.type(answer)
        keys.press("Enter")
    asked("到哪一天")
    for label, value in [("年", "2031"), ("月", "5"), ("日", "20")]:
        reach(label)
        keys.type(value)
    press("确定")
    asked("户口在哪里")
    press("通川区")
    asked("办哪几项")
    press("护理补贴", "Space")
    press("选好了")
    asked("户口簿")
    with page.expect_file_chooser() as chooser:
        press("拍照或选照片")
    chooser.value.set_files(str(photo))
    press("交这1张")
    asked("都对吗")
    press("都对")
    asked("请签名")
    reach("手写签名")
    keys.press("ArrowDown")
    reach("签名人的名字")
    keys.type("周桂兰")
    press("我确认", "Space")
    press("签好了")
    expect(page.get_by_text("TC7K-4M29-X").first).to_be_visible()


def test_after_an_answer_the_focus_is_on_the_new_question_and_one_region_announces(chat: ChatPage) -> None:
    chat.open("/_play/choice")
    chat.answer("有")
    assert chat.open_question() == "证上写的是哪一类？"
    assert chat.page.evaluate("() => document.activeElement.tagName") == "LEGEND"
    assert "证上写的是哪一类" in focused(chat.page)
    live = "[role=log], [role=alert], [role=status], [aria-live]"
    assert chat.page.locator(live).count() == 1
    expect(chat.log).to_contain_text("孩子有残疾人证吗？")  # the question has moved into the record, once
    assert chat.page.get_by_text("孩子有残疾人证吗？").count() == 1


def test_an_error_is_said_at_the_question_and_the_input_is_kept(chat: ChatPage) -> None:
    chat.open("/_play/wrong")
    chat.type("990101")
    assert chat.alert() == "这个号码少了一位。请照证上再写一遍。"
    assert "这个号码少了一位" in focused(chat.page)
    assert chat.now.locator("#answer").input_value() == "990101"
    assert chat.now.locator("#answer").get_attribute("aria-invalid") == "true"
    assert chat.log.get_by_text("这个号码少了一位").count() == 1, "it is announced by the record as well"


@pytest.mark.parametrize(
    ("state", "button", "says"),
    [
        ("text", "确定", "这里还空着"),
        ("date", "确定", "这个日子不对"),
        ("choices", "选好了", "请先选一项"),
        ("signature", "签好了", "框里还空着"),
    ],
)
def test_an_empty_answer_never_leaves_the_page_and_the_way_on_is_said(
    chat: ChatPage, state: str, button: str, says: str
) -> None:
    chat.open(f"/_play/{state}")
    chat.now.get_by_role("button", name=button).click()
    expect(chat.now.get_by_role("alert")).to_contain_text(says)
    assert says in focused(chat.page)


def test_what_a_refusal_says_is_shown_and_the_words_come_back(chat: ChatPage, faults: list[str]) -> None:
    chat.open("/_play/choice?fault=422")
    chat.page.locator("#free").fill("莫得工作单")
    chat.bar.get_by_role("button", name="发送").click()
    expect(chat.now.get_by_role("alert")).to_contain_text("这个没看懂")
    expect(chat.page.locator("#free")).to_have_value("莫得工作单")
    assert len(faults) == 1
    faults.clear()


def test_each_way_of_answering_sends_what_the_question_defines(chat: ChatPage, me, photo: Path) -> None:
    chat.open("/_play/choice")
    chat.answer("不清楚")
    chat.choose(["听力", "智力"])
    chat.type("周小树")
    chat.answer("现在没有")
    chat.type("19900000000")
    chat.type("3")
    chat.date("2031-05-20")
    chat.answer("达川区")
    chat.choose(["护理补贴"])
    chat.upload([photo, photo])
    chat.change("残疾等级")
    chat.answer("二级")
    chat.answer("都对")
    chat.sign_drawn()
    sent = [(body.get("question") or body.get("command"), body.get("value")) for body in me().posted]
    assert sent[:9] == [
        ("holds_card", "unsure"),
        ("card_categories", ["hearing", "intellectual"]),
        ("name", "周小树"),
        ("id_number", "unsure"),
        ("phone", "19900000000"),
        ("family_size", 3),
        ("valid_to", "2031-05-20"),
        ("household_place", "511703"),
        ("wants", ["allowance.nursing34"]),
    ]
    assert len(me().posted[9]["photo_ids"]) == 2
    assert sent[10:13] == [("change", "card_level"), ("card_level", 2), ("confirm_submit", True)]
    assert sent[13][1]["way"] == "drawn" and sent[13][1]["png"].startswith("0192f0c1")


def test_none_of_these_and_a_typed_signature_and_the_commands_arrive(chat: ChatPage, me) -> None:
    chat.open("/_play/choices")
    chat.choose([])
    chat.command("上一步")
    chat.command("先放一放")
    chat.open("/_play/signature_by_hand")
    expect(chat.now.get_by_text("打字签名")).to_have_count(0)
    expect(chat.now.locator("canvas")).to_be_visible()
    chat.open("/_play/signature")
    posted = me()
    chat.sign_typed("周桂兰")
    assert posted.posted[-1]["value"] == {"way": "typed", "name": "周桂兰"}


def test_a_helper_changes_the_person_with_one_tap_and_always_sees_whom(chat: ChatPage, me) -> None:
    chat.open("/_play/helper")
    assert chat.about() == "李秀英"
    chat.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    expect(chat.page.locator(".about b")).to_be_in_viewport()
    chat.switch("陈家老二")
    assert me().posted[-1] == {"kind": "switch", "draft_id": "0192f0c1-0000-7000-8000-00000000000c"}


def test_several_messages_in_a_row_leave_in_order_while_one_is_on_its_way(chat: ChatPage, me) -> None:
    chat.open("/_play/floor")
    for words in ("在吗", "我娃九岁", "有证", "莫得低保"):
        chat.page.locator("#free").click()
        chat.page.locator("#free").fill(words)
        chat.page.keyboard.press("Enter")
    expect(chat.page.locator(".pending")).to_have_count(0)
    assert [body["text"] for body in me().posted] == ["在吗", "我娃九岁", "有证", "莫得低保"]


@pytest.mark.parametrize("state", ["floor", "choice", "wrong"])
def test_an_answer_does_not_take_the_field_from_whoever_writes_on(chat: ChatPage, me, state: str) -> None:
    chat.open(f"/_play/{state}")
    box, held = chat.page.locator("#free"), []
    chat.page.route("**/api/v1/messages", lambda route: held.append(route))
    box.fill("在吗")
    chat.page.keyboard.press("Enter")
    box.click()
    box.press_sequentially("我娃")
    while not held:
        chat.page.wait_for_timeout(20)
    held.pop().continue_()
    expect(chat.page.locator(".pending")).to_have_count(0)
    chat.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")
    expect(box).to_be_focused()
    chat.page.keyboard.type("九岁")
    expect(box).to_have_value("我娃九岁")
    chat.page.unroute("**/api/v1/messages")
    with chat.settled():
        chat.page.keyboard.press("Enter")
    assert [body["text"] for body in me().posted] == ["在吗", "我娃九岁"]
    chat.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 200)))")
    expect(box).not_to_be_focused()


def come(page: Page, name: str) -> None:
    """News of this state comes by itself."""
    page.evaluate("(name) => fetch(`/_staff/${name}`, { method: 'POST' })", name)


NEWS = re.compile("^有新消息")


def test_what_staff_say_waits_for_whoever_answers_in_the_form_and_is_a_tap_away(chat: ChatPage) -> None:
    chat.open("/_play/text")
    field = chat.now.locator("#answer")
    field.fill("周小")
    come(chat.page, "floor")
    expect(chat.page.locator(".banner")).to_have_text("现在由工作人员小陈回复您")
    expect(field).to_be_focused()
    expect(field).to_have_value("周小")
    assert chat.open_question() == "孩子叫什么名字？"
    expect(chat.log).to_contain_text("有新消息")  # heard too, in the one region that announces
    chat.page.get_by_role("button", name=NEWS).click()
    expect(chat.log).to_contain_text("您好，我是小陈")
    expect(chat.log).not_to_contain_text("有新消息")
    expect(chat.page.get_by_role("button", name=NEWS)).to_have_count(0)


def test_what_staff_say_is_shown_at_once_to_whoever_writes_in_the_box_without_moving_anything(chat: ChatPage) -> None:
    chat.open("/_play/floor")
    box = chat.page.locator("#free")
    box.click()
    box.press_sequentially("我娃")
    come(chat.page, "floor")
    expect(chat.log.get_by_text("您好，我是小陈")).to_have_count(2)
    expect(box).to_be_focused()
    expect(box).to_have_value("我娃")


HEADING = "#now"


def test_news_takes_the_place_of_the_open_question_and_comes_into_sight(chat: ChatPage) -> None:
    """Somebody waits on the check page; their pictures are refused."""
    chat.open("/_play/photo")
    chat.answer("以后再补")
    assert chat.title() == "核对"
    come(chat.page, "refused")
    expect(chat.now.locator(".ask")).to_contain_text("刚才那张没拍全")
    expect(chat.page.locator(HEADING)).to_be_in_viewport(ratio=1)
    expect(chat.log.get_by_text("“社保卡”这张用不了。")).to_be_in_viewport()
    expect(chat.now.get_by_text("拍照或选照片")).to_be_in_viewport()
    assert chat.page.evaluate("() => document.activeElement.tagName") == "LEGEND"
    assert chat.page.get_by_role("button", name=NEWS).count() == 0
    chat.page.wait_for_timeout(50)
    expect(chat.log.get_by_text("“社保卡”这张用不了。")).to_have_count(1)


def test_news_moves_nobody_who_writes_and_a_button_leads_to_it(chat: ChatPage) -> None:
    chat.open("/_play/offer")
    chat.page.evaluate("() => scrollTo(0, 0)")
    box = chat.page.locator("#free")
    box.click()
    box.press_sequentially("还有个问题")
    before = chat.page.evaluate("() => scrollY")
    come(chat.page, "refused")
    button = chat.page.get_by_role("button", name=NEWS)
    expect(button).to_be_in_viewport(ratio=1)
    expect(box).to_be_focused()
    assert chat.page.evaluate("() => scrollY") == before
    button.click()
    expect(chat.page.locator(HEADING)).to_be_in_viewport(ratio=1)
    expect(button).to_have_count(0)
    expect(box).to_have_value("还有个问题")


def test_pictures_chosen_but_not_handed_in_outlast_a_question_that_comes_in_between(
    chat: ChatPage, photo: Path, me
) -> None:
    chat.open("/_play/photo")
    chat.now.locator("input[type=file][multiple]").set_input_files([str(photo)] * 2)
    expect(chat.now.get_by_role("button", name="交这2张")).to_be_visible()
    come(chat.page, "refused")
    chat.page.get_by_role("button", name=NEWS).click()
    expect(chat.now.locator(".ask")).to_contain_text("刚才那张没拍全")
    expect(chat.now.get_by_role("button", name="交这2张")).to_have_count(0)
    come(chat.page, "photo")
    expect(chat.now.get_by_role("button", name="交这2张")).to_be_visible()
    chat.page.wait_for_function(
        "() => [...document.querySelectorAll('.now .pictures img')].every((one) => one.naturalWidth)"
    )


def test_the_whole_of_a_new_question_is_in_sight_where_it_fits(chat: ChatPage) -> None:
    """Its inputs come in later, as a module of their own; the page makes room for them."""
    chat.open("/_play/offer")
    chat.choose(["护理补贴"])
    expect(chat.now.get_by_role("button", name="请别人帮忙拍")).to_be_in_viewport(ratio=1)
    expect(chat.page.locator(HEADING)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("state", ["review", "helper", "photo"])
def test_a_change_of_letters_keeps_the_question_in_sight_under_a_low_head(chat: ChatPage, state: str) -> None:
    chat.open(f"/_play/{state}")
    expect(chat.page.locator(HEADING)).to_be_in_viewport()
    for size in ("大字", "特大字", "标准"):
        chat.page.get_by_role("button", name="显示").click()
        chat.page.get_by_label(size, exact=True).check()
        chat.page.get_by_role("button", name="关上").click()
        expect(chat.page.locator(HEADING)).to_be_in_viewport()
        assert chat.page.evaluate(HEAD, 150 if size == "标准" else 120) == [], size


HEAD = """(most) => {
  const top = document.querySelector(".top").getBoundingClientRect();
  const parts = [...document.querySelectorAll(".top :is(.about, .title, .quiet, [aria-current])")];
  const clipped = parts.filter((part) => getComputedStyle(part).clipPath === "none" && part.getClientRects().length
    && !part.closest(".top.several h1")).filter((part) => {
    const { left, right, top: begins, bottom } = part.getBoundingClientRect();
    return left < 0 || right > innerWidth || begins < top.top || bottom > top.bottom;
  });
  return [...(top.height > most ? [`the head takes ${top.height}`] : []), ...clipped.map((part) => `clipped: ${part.outerHTML}`)];
}"""


OVERLAP = """() => [...document.querySelectorAll(".sheet .said")].flatMap((line) => {
  const button = line.querySelector("button")?.getBoundingClientRect();
  const parts = button ? [...line.querySelectorAll("dt, dd:not(.do), img")] : [];
  return parts.filter((part) => [...part.getClientRects()].some((box) => {
    const [width, high] = [Math.min(box.right, button.right) - Math.max(box.left, button.left),
      Math.min(box.bottom, button.bottom) - Math.max(box.top, button.top)];
    return width > 1 && high > 1;
  })).map((part) => part.outerHTML);
})"""


@pytest.mark.parametrize("size", ["m", "l", "xl"])
def test_the_check_page_is_short_and_nothing_on_it_lies_over_anything(chat: ChatPage, base: str, size: str) -> None:
    chat.page.context.add_cookies([{"name": "yijianshi_display", "value": f"{size}.light.", "url": base}])
    chat.open("/_play/review")
    assert chat.page.evaluate(OVERLAP) == []
    heights = chat.page.evaluate("() => [...document.querySelectorAll('.said.open')].map((line) => line.offsetHeight)")
    if size == "m":
        assert max(heights[:3]) < 60, "an answer takes more than its own line"


def test_an_error_that_says_the_hint_again_takes_its_place(chat: ChatPage) -> None:
    chat.open("/_play/hint")
    chat.type("路")
    assert chat.alert() == "请写到村或社区，再写门牌。"
    assert chat.now.get_by_text("写到村或社区").count() == 1
    assert chat.now.locator("#answer").get_attribute("aria-describedby") == "wrong"
    expect(chat.now.get_by_role("button", name="确定")).to_be_in_viewport(ratio=1)


# --- pictures ---


def test_a_picture_is_made_small_on_the_phone_shown_and_can_be_taken_out(
    chat: ChatPage, recorded: Recorded, me, photo: Path
) -> None:
    chat.open("/_play/photo")
    chat.now.locator("input[type=file][multiple]").set_input_files([str(photo), str(photo), str(photo)])
    expect(chat.now.get_by_alt_text("第3张照片，还没交")).to_be_visible()
    chat.now.get_by_role("button", name="删除第2张照片").click()
    with chat.settled():
        chat.now.get_by_role("button", name="交这2张").click()
    ids = me().posted[-1]["photo_ids"]
    assert len(ids) == 2
    assert Image.open(io.BytesIO(recorded.pictures[ids[0]])).size == (1600, 1200)
    expect(chat.log.get_by_alt_text("您发的照片，第2张")).to_be_visible()


@pytest.mark.parametrize(
    ("ground", "size"),
    [((252, 252, 250), (3000, 4000)), ((120, 90, 60), (1200, 1600))],
)
def test_what_may_be_a_portrait_goes_with_every_pixel_whatever_was_asked(
    chat: ChatPage, recorded: Recorded, me, tmp_path: Path, ground: tuple[int, int, int], size: tuple[int, int]
) -> None:
    picture = Image.new("RGB", (3000, 4000), ground)
    picture.paste((150, 110, 90), (900, 800, 2100, 2600))
    picture.save(tmp_path / "a.jpg", quality=90)
    chat.open("/_play/photo")
    chat.upload([tmp_path / "a.jpg"])
    assert Image.open(io.BytesIO(recorded.pictures[me().posted[-1]["photo_ids"][0]])).size == size


def test_a_document_is_handed_in_as_it_is_and_shown_by_its_name(
    chat: ChatPage, recorded: Recorded, me, tmp_path: Path
) -> None:
    paper = tmp_path / "户口簿.pdf"
    Image.new("RGB", (400, 300), "white").save(paper)
    chat.open("/_play/photo")
    chat.now.get_by_label("选PDF文件").set_input_files(paper)
    expect(chat.now.get_by_role("img", name="第1张照片，还没交，这里显示不了")).to_have_text("户口簿.pdf")
    with chat.settled():
        chat.now.get_by_role("button", name="交这1张").click()
    assert recorded.pictures[me().posted[-1]["photo_ids"][0]] == paper.read_bytes()


def test_one_file_that_is_no_picture_takes_none_of_the_others_with_it(
    chat: ChatPage, me, photo: Path, tmp_path: Path, faults: list[str]
) -> None:
    bad = tmp_path / "scan.jpg"
    bad.write_bytes(b"PK\x03\x04 a zip with another name")
    chat.open("/_play/photo")
    chat.upload([photo, bad, photo])
    assert len(me().posted[-1]["photo_ids"]) == 2
    expect(chat.now.get_by_role("alert")).to_contain_text("第2张：这个文件不是照片")
    faults.clear()  # the browser itself notes the 400


def test_a_file_that_is_no_picture_is_refused_with_what_to_do_and_the_choice_stays(
    chat: ChatPage, tmp_path: Path, faults: list[str]
) -> None:
    bad = tmp_path / "scan.jpg"
    bad.write_bytes(b"PK\x03\x04 a zip with another name")
    chat.open("/_play/photo")
    chat.now.locator("input[type=file][multiple]").set_input_files(str(bad))
    chat.now.get_by_role("button", name="交这1张").click()
    expect(chat.now.get_by_role("alert")).to_contain_text("这个文件不是照片")
    expect(chat.now.get_by_role("button", name=re.compile("^删除"))).to_have_count(1)
    faults.clear()  # the browser itself notes the 422 and the picture that it cannot draw


# --- broken lines ---


@pytest.mark.parametrize("fault", ["500", "cut"])
def test_an_answer_that_meets_a_broken_server_is_sent_again_and_counts_once(
    chat: ChatPage, me, faults: list[str], fault: str
) -> None:
    chat.open(f"/_play/choice?fault={fault}")
    chat.now.locator("button.option", has_text="没有").click()
    expect(chat.page.locator(".bar .note")).to_contain_text("没发出去")
    expect(chat.log).to_contain_text("还没发出去")
    with chat.settled():
        chat.page.get_by_role("button", name="再试一次").click()
    assert chat.open_question() == "证上写的是哪一类？"
    assert len(me().posted) == 1
    faults.clear()


def test_without_a_signal_answers_and_pictures_stay_on_the_phone_and_go_when_it_is_back(
    chat: ChatPage, me, faults: list[str], photo: Path
) -> None:
    chat.open("/_play/photo")
    chat.now.locator("input[type=file][multiple]").set_input_files(str(photo))
    expect(chat.now.get_by_role("button", name="交这1张")).to_be_visible()
    chat.page.context.set_offline(True)
    chat.now.get_by_role("button", name="交这1张").click()
    chat.page.locator("#free").fill("还有一张明天拍")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator(".bar .note")).to_contain_text("还有2条没发出去")
    chat.page.context.set_offline(False)
    expect(chat.page.locator(".pending")).to_have_count(0)
    assert [body["kind"] for body in me().posted] == ["photo", "text"]
    faults.clear()


def test_what_could_not_be_sent_survives_a_reload_and_is_then_gone_from_the_phone(
    chat: ChatPage, me, faults: list[str], photo: Path
) -> None:
    chat.open("/_play/photo?fault=" + ",".join(["500"] * 2))
    chat.now.locator("input[type=file][multiple]").set_input_files(str(photo))
    chat.now.get_by_role("button", name="交这1张").click()
    expect(chat.page.locator(".bar .note")).to_contain_text("还有1条没发出去")
    assert kept_on_the_phone(chat.page)["waiting"] == 1
    chat.page.reload()
    expect(chat.now.locator("h2")).to_have_text("核对", timeout=20_000)
    assert len(me().posted) == 1 and len(me().posted[0]["photo_ids"]) == 1
    assert kept_on_the_phone(chat.page) == {"waiting": 0, "local": {}, "session": {}}
    faults.clear()


def test_words_not_yet_sent_survive_a_reload_and_nothing_else_stays_on_the_phone(chat: ChatPage) -> None:
    chat.open("/_play/id_number")
    chat.now.locator("#answer").fill("9901")
    chat.page.locator("#free").fill("等哈儿再弄")
    chat.page.reload()
    expect(chat.now.locator("#answer")).to_have_value("9901")
    expect(chat.page.locator("#free")).to_have_value("等哈儿再弄")
    chat.type("990101201701010016")
    chat.say("等哈儿再弄")
    assert kept_on_the_phone(chat.page) == {"waiting": 0, "local": {}, "session": {}}


def kept_on_the_phone(page: Page) -> dict[str, object]:
    """Everything that a page can leave on a phone, cookies apart."""
    kept = page.evaluate("""async () => {
      const names = (await indexedDB.databases()).map((one) => one.name);
      const count = (name) => new Promise((done) => { const open = indexedDB.open(name); open.onsuccess = () => {
        const asked = open.result.transaction("waiting").objectStore("waiting").count();
        asked.onsuccess = () => { open.result.close(); done(asked.result); }; }; });
      const counts = await Promise.all(names.map(count));
      return { waiting: counts.reduce((a, b) => a + b, 0), local: { ...localStorage }, session: { ...sessionStorage } };
    }""")
    return dict(kept)


def test_a_page_that_cannot_reach_the_server_says_so_and_comes_back(chat: ChatPage, faults: list[str]) -> None:
    chat.page.route("**/api/v1/conversation", lambda route: route.abort())
    chat.page.goto("/_play/choice")
    expect(chat.page.locator(".bar .note")).to_contain_text("连不上网")
    chat.page.unroute("**/api/v1/conversation")
    chat.page.get_by_role("button", name="再试一次").click()
    expect(chat.now.locator("legend")).to_be_visible()
    faults.clear()


def test_without_live_events_the_page_reads_again_quietly(browser: Browser, base: str) -> None:
    context = person(browser, base)
    context.add_init_script("delete window.EventSource")
    page = context.new_page()
    page.clock.install()
    page.goto("/_play/text")
    expect(page.locator(".now legend")).to_be_visible()
    page.evaluate("() => fetch('/_staff/floor', { method: 'POST' })")
    page.clock.run_for(25_000)
    expect(page.locator(".banner")).to_be_visible()
    context.close()


# --- voices, looks, one's own data ---


def test_what_is_read_aloud_is_what_stands_there_and_it_can_be_stopped(
    browser: Browser, base: str, faults: list[str]
) -> None:
    context = person(browser, base)
    context.add_init_script(f"({VOICE})()")
    chat = ChatPage(watched(context.new_page(), faults)).open("/_play/choice")
    assert chat.page.evaluate("() => window.spoken") == [], "it speaks without being asked"
    chat.now.get_by_role("button", name="读给我听").click()
    spoken = chat.page.evaluate("() => window.spoken[0]")
    for line in filter(None, spoken.split("\n")):
        assert chat.page.get_by_text(line, exact=False).first.is_visible(), line
    for words in ("我帮您办残疾人的几件事", "孩子有残疾人证吗", "不清楚"):
        assert words in spoken
    before = chat.page.evaluate("() => window.cancelled")
    chat.now.get_by_role("button", name="停止朗读").click()
    assert chat.page.evaluate("() => window.cancelled") > before
    chat.page.get_by_role("button", name="显示").click()
    chat.page.get_by_label("每一步自动读给我听").check()
    chat.page.keyboard.press("Escape")
    chat.answer("有")
    expect(chat.now.get_by_role("button", name="停止朗读")).to_be_visible()
    assert "证上写的是哪一类" in chat.page.evaluate("() => window.spoken.at(-1)")
    context.close()
    assert not faults


def test_where_the_device_has_no_chinese_voice_there_is_no_dead_button(browser: Browser, base: str) -> None:
    context = person(browser, base)
    context.add_init_script(f"({NO_VOICE})()")
    chat = ChatPage(context.new_page()).open("/_play/choice")
    assert chat.page.get_by_text("读给我听").count() == 0
    chat.page.get_by_role("button", name="显示").click()
    expect(chat.page.get_by_role("dialog")).to_be_visible()
    assert chat.page.get_by_text("自动读").count() == 0
    context.close()


def test_letters_and_colours_are_kept_and_hold_for_the_page_without_scripts_too(chat: ChatPage) -> None:
    chat.open("/_play/choice")
    chat.page.get_by_role("button", name="显示").click()
    chat.page.get_by_label("特大字").check()
    chat.page.get_by_label("高对比").check()
    chat.page.get_by_role("button", name="关上").click()
    for path in ("/", "/plain"):
        chat.page.goto(path)
        expect(chat.now).to_be_visible()
        html = chat.page.locator("html")
        assert (html.get_attribute("data-size"), html.get_attribute("data-theme")) == ("xl", "contrast"), path


def test_a_person_takes_the_data_away_and_deletes_everything_after_saying_so_twice(
    chat: ChatPage, recorded: Recorded, me
) -> None:
    chat.open("/_play/choice")
    mine = me()
    chat.page.get_by_role("button", name="更多").click()
    chat.page.get_by_role("button", name="我的资料和隐私").click()
    with chat.page.expect_download() as download:
        chat.page.get_by_role("button", name="拿走一份我的资料").click()
    assert "你好" in Path(download.value.path()).read_text("utf-8")
    chat.page.get_by_role("button", name="删除我的全部资料").click()
    assert mine in recorded.people.values()
    chat.page.get_by_role("button", name="确定，全部删除").click()
    expect(chat.now).to_contain_text("删好了")
    expect(chat.now).to_contain_text("您说的、填的、拍的，都删掉了")
    assert focused(chat.page) == "删好了"
    assert mine not in recorded.people.values()
    assert chat.log_texts() == []
    chat.page.get_by_role("button", name="更多").click()
    chat.page.get_by_role("button", name="我的资料和隐私").click()
    expect(chat.page.get_by_role("dialog")).to_contain_text("这里没有存您的资料")
    expect(chat.page.get_by_role("dialog").get_by_role("button")).to_have_count(1)
    chat.page.keyboard.press("Escape")
    with chat.settled():
        chat.now.get_by_role("button", name="从头开始办").click()
    expect(chat.now).to_contain_text("有残疾人证吗")


def test_a_packet_prints_alone(chat: ChatPage) -> None:
    chat.page.add_init_script("window.print = () => { window.printed = document.querySelectorAll('.printed').length; }")
    chat.open("/_play/packet")
    chat.page.get_by_role("button", name="打印这一页").click()
    chat.page.emulate_media(media="print")
    assert chat.page.evaluate("() => window.printed") == 1
    expect(chat.page.get_by_text("TC7K-4M29-X")).to_be_visible()
    for gone in (".top", ".bar", ".now", ".entry.person"):
        expect(chat.page.locator(gone).first).to_be_hidden()


# --- weight ---


def test_the_page_is_light_enough_for_a_thin_line(browser: Browser, base: str) -> None:
    """At 400 kbit/s with 400 ms, until the first control can be used: few bytes, few requests, nobody else's server (T18)."""
    context = person(browser, base)
    page = context.new_page()
    page.goto("/_play/choice", wait_until="commit")
    page.goto("about:blank")
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.clearBrowserCache")
    session.send("Network.emulateNetworkConditions", SLOW)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    weights: dict[str, float] = {}
    session.on("Network.loadingFinished", lambda told: weights.update({told["requestId"]: told["encodedDataLength"]}))
    asked: list[dict[str, Any]] = []
    session.on("Network.requestWillBeSent", lambda told: asked.append(told))
    page.add_init_script(f"({WHEN_USABLE})()")
    page.goto(base)
    expect(page.locator("button.option").first).to_be_visible()
    usable = page.evaluate("() => window.usable / 1000")
    urls = {told["requestId"]: told["request"]["url"] for told in asked if told["wallTime"] <= usable}
    real = {key: url for key, url in urls.items() if not url.startswith("data:")}
    assert 4 <= len(real) <= REQUEST_BUDGET, list(real.values())
    assert 10_000 < sum(weights.get(key, 0) for key in real) <= PAGE_BUDGET
    assert {url.startswith(base) for url in real.values()} == {True}
    context.close()


def test_without_scripts_the_first_page_leads_to_the_plain_one(browser: Browser, base: str) -> None:
    context = person(browser, base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="简易版").click()
    expect(page.get_by_role("button", name="开始")).to_be_visible()
    context.close()


# --- where the eyes land ---

SLOW_PICTURES = """() => {
  const read = window.createImageBitmap;
  let before = Promise.resolve();
  const late = (file) => new Promise((done) => setTimeout(done, 300)).then(() => read(file));
  window.createImageBitmap = (file) => (before = before.then(() => late(file)));
}"""
WHERE = """() => {
  window.where = [];
  const look = () => { if (document.querySelector("#now")) window.where.push(Math.round(scrollY)); requestAnimationFrame(look); };
  requestAnimationFrame(look);
}"""


def test_pictures_are_handed_in_together_and_none_while_one_is_being_made_ready(
    chat: ChatPage, me, photo: Path
) -> None:
    chat.page.add_init_script(f"({SLOW_PICTURES})()")
    chat.open("/_play/photo")
    chat.now.locator("input[type=file][multiple]").set_input_files([str(photo)] * 3)
    expect(chat.now.get_by_alt_text("第1张照片，还没交")).to_be_visible()
    expect(chat.now.get_by_text("共3张")).to_be_visible()
    assert chat.now.get_by_role("button", name=re.compile("^交这")).count() == 0
    with chat.settled():
        chat.now.get_by_role("button", name="交这3张").click()
    assert len(me().posted[-1]["photo_ids"]) == 3


def test_a_page_to_check_opens_at_its_top_and_the_question_after_it_is_covered_by_nothing(chat: ChatPage) -> None:
    chat.page.set_viewport_size({"width": 375, "height": 560})
    chat.open("/_play/photo")
    come(chat.page, "review")  # after the last picture has been read
    expect(chat.now.locator(".ask")).to_contain_text("都对吗")
    sheet, head = chat.log.locator(".sheet").last, chat.page.locator(".top")
    expect(sheet.get_by_text("请看一遍")).to_be_in_viewport(ratio=1)
    begins, ends = sheet.bounding_box(), head.bounding_box()
    assert begins and ends and -1 <= begins["y"] - ends["y"] - ends["height"] < 40
    chat.page.mouse.wheel(0, 5000)
    right = chat.now.get_by_role("button", name="都对")
    expect(right).to_be_in_viewport(ratio=1)
    button, bar = right.bounding_box(), chat.bar.bounding_box()
    assert button and bar and button["y"] + button["height"] <= bar["y"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", ["photo", "helper"])
def test_a_person_is_a_tap_away_with_the_largest_letters_wherever_the_page_stands(
    chat: ChatPage, me, base: str, state: str, theme: str
) -> None:
    chat.page.context.add_cookies([{"name": "yijianshi_display", "value": f"xl.{theme}.", "url": base}])
    chat.open(f"/_play/{state}")
    person = chat.page.get_by_role("button", name="找工作人员")
    for part in (0, 0.5, 1):
        chat.page.evaluate("(part) => scrollTo(0, part * document.documentElement.scrollHeight)", part)
        expect(person).to_have_count(1)
        expect(person).to_be_in_viewport(ratio=1)
    with chat.settled():
        person.click()
    assert me().posted[-1] == {"kind": "command", "command": "human"}


def test_a_long_talk_opens_at_its_question_without_a_flight_over_it(browser: Browser, base: str) -> None:
    context = person(browser, base, reduced_motion="no-preference")
    page = context.new_page()
    ChatPage(page).open("/_play/offer")
    for _ in range(4):
        page.evaluate("() => fetch('/_staff/offer', { method: 'POST' })")
    page.add_init_script(f"({WHERE})()")
    page.goto("/")
    expect(page.locator(HEADING)).to_be_in_viewport()
    page.wait_for_function("() => window.where.length > 30")
    seen = page.evaluate("() => window.where")
    assert min(seen) > 2000, "the talk is not long"
    assert max(seen) - min(seen) < 400, f"it moved: {seen}"
    context.close()
