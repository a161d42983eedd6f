"""The console as the staff meet it: the real server, real talks, worked by keyboard alone, seen by axe at every look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.app import create_app
from backend.staff import service
from tests.browser import checks
from tests.browser.pages import watched
from tests.browser.serving import serving
from tests.databases import fresh
from tests.staff.world import AT_HOME, HERE, IDENTITY, IN_THE_FORM, PASSWORDS, SUBMITTED, Applicant, Office

DESK = {"width": 1366, "height": 768}
PAGES = ("talks", "applications", "questions", "directory", "graph", "audit")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    app = create_app(fresh("sqlite", tmp_path_factory.mktemp("console")))
    with serving(app) as base:
        office = Office(app.state.house, app)
        service.seed_demo(office.house.store)
        office.applicant(SUBMITTED)
        office.applicant([*AT_HOME, *({"say": "豆腐脑咸的"} for _ in range(4))])
        yield office, base


@pytest.fixture
def office(console: tuple[Office, str]) -> Office:
    return console[0]


@pytest.fixture
def desk(browser: Browser, console: tuple[Office, str], faults: list[str]) -> Iterator[Page]:
    """A clerk's screen, signed in by keyboard."""
    context = browser.new_context(base_url=console[1], viewport=DESK, locale="zh-CN", reduced_motion="reduce")  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    page = watched(context.new_page(), faults)
    sign_in(page, "chenyu")
    yield page
    context.close()
    assert not faults, "the page complained: " + "; ".join(faults)


def sign_in(page: Page, name: str) -> None:
    page.goto("/console")
    expect(page.get_by_label("名字")).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS[name])
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation", name="各页")).to_be_visible()


def open_talk(page: Page, applicant: Applicant) -> None:
    page.goto(f"/console#/talks/{applicant.id}")
    expect(page.locator("#talk-title")).to_be_focused()


def open_application(page: Page) -> None:
    page.goto("/console#/applications")
    page.locator(".line").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#application-title")).to_be_focused()


_OPENED = """() => document.querySelectorAll("body, .two, .pane, .lines, .record-box, .record, .drawing, .table-box, .frame")
  .forEach((box) => Object.assign(box.style, { overflow: "visible", height: "auto", maxHeight: "none", flex: "none" }))"""


def wrong(page: Page, rules: list[str] = checks.TAGS) -> list[str]:
    """What is not as it must be. Boxes that scroll are opened first: axe cannot decide what lies outside of them.

    Of a word drawn over a box axe cannot tell the ground either: those of the graph have the page's own ink on the page's own
    card, and stand below it in a table, which is checked.
    """
    page.evaluate(_OPENED)
    seen = [line for line in checks.axe(page, rules) if "color-contrast: <text" not in line]
    return [*seen, *checks.targets(page, "m"), *checks.pictures(page), *checks.words(page)]


# --- taking over, by keyboard ---


def test_a_clerk_takes_writes_and_hands_back_without_a_mouse(desk: Page, office: Office) -> None:
    applicant = office.applicant([*IN_THE_FORM, {"say": "我要找人工"}])
    expect(desk.locator(f'[data-row="{applicant.id}"]')).to_be_visible()
    while applicant.id not in desk.url:
        desk.keyboard.press("j")
    expect(desk.locator("#talk-title")).to_be_visible()
    desk.keyboard.press("t")
    expect(desk.get_by_label("回复申请人")).to_be_focused()
    expect(desk.locator(".silent")).to_contain_text("机器人先不说话")
    desk.keyboard.type("etj 您好，我来帮您。")
    desk.keyboard.press("Enter")
    expect(desk.locator(".entry.staff").last).to_contain_text("etj 您好，我来帮您。")
    expect(desk.get_by_label("回复申请人")).to_have_value("")
    desk.keyboard.press("Escape")
    desk.keyboard.press("e")
    expect(desk.locator(".silent")).to_contain_text("机器人在接待")
    expect(desk.locator("#talk-title")).to_be_focused()
    expect(desk.get_by_role("status").first).to_contain_text("已交还")


def test_who_hands_back_over_an_open_question_is_asked_first(desk: Page, office: Office, faults: list[str]) -> None:
    applicant = office.applicant(IN_THE_FORM)
    open_talk(desk, applicant)
    desk.get_by_role("button", name="接管").press("Enter")
    expect(desk.locator(".silent")).to_contain_text("您在接待")
    applicant.say("我的低保证明丢了，还能办吗")
    desk.get_by_role("button", name="交还").press("Enter")
    expect(desk.get_by_role("alert")).to_contain_text("我的低保证明丢了，还能办吗")
    faults.clear()  # Chromium tells of the 409 itself
    desk.get_by_role("button", name="照样交还").press("Enter")
    expect(desk.locator(".silent")).to_contain_text("机器人在接待")
    desk.goto("/console#/questions")
    expect(desk.locator(".questions")).to_contain_text("我的低保证明丢了，还能办吗")


def test_the_list_hears_of_somebody_who_needs_help_without_being_asked(desk: Page, office: Office) -> None:
    applicant = office.applicant([*AT_HOME, {"say": "不想活了"}])
    first = desk.locator(".lines .line").first
    expect(desk.locator(".head nav .chip")).to_contain_text("人在等")
    expect(first).to_have_attribute("data-row", applicant.id)
    expect(first).to_contain_text("可能有危险")


def test_who_comes_second_is_told_who_holds_it(desk: Page, office: Office, faults: list[str]) -> None:
    applicant = office.applicant(AT_HOME)
    open_talk(desk, applicant)
    desk.route(
        "**/conversations/*", lambda route: route.abort() if route.request.method == "GET" else route.continue_()
    )
    office.staff("liuzhuren").post(f"/api/v1/staff/conversations/{applicant.id}/take")
    desk.keyboard.press("t")
    expect(desk.get_by_role("alert").first).to_contain_text("刘主任")
    desk.unroute("**/conversations/*")
    desk.reload()
    expect(desk.locator(".silent")).to_contain_text("刘主任正在接待")
    expect(desk.get_by_role("button", name="接管")).to_have_count(0)
    faults[:] = [fault for fault in faults if "409" not in fault and "ERR_FAILED" not in fault]  # asked for above


def test_the_record_does_not_move_while_somebody_reads_it(desk: Page, office: Office) -> None:
    applicant = office.applicant(IN_THE_FORM)
    open_talk(desk, applicant)
    record = desk.locator(".record")
    record.evaluate("box => { box.scrollTop = 0; }")
    applicant.say("还有一件事想问")
    expect(desk.get_by_role("button", name="条新的")).to_be_visible()
    assert record.evaluate("box => box.scrollTop") == 0
    desk.get_by_role("button", name="条新的").focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".entry.person").last).to_be_in_viewport()
    expect(desk.get_by_role("button", name="条新的")).to_have_count(0)


def test_single_keys_can_be_turned_off(desk: Page, office: Office) -> None:
    applicant = office.applicant(AT_HOME)
    open_talk(desk, applicant)
    desk.get_by_role("button", name="显示和按键").click()
    desk.get_by_label("用单个字母的快捷键").uncheck()
    desk.keyboard.press("Escape")
    expect(desk.get_by_role("button", name="显示和按键")).to_be_focused()
    desk.keyboard.press("t")
    desk.keyboard.press("j")
    expect(desk.locator(".silent")).to_contain_text("机器人在接待")
    assert applicant.id in desk.url


# --- applications ---


def test_one_photo_is_sent_back_with_a_reason_in_two_taps(desk: Page, office: Office) -> None:
    office.applicant(SUBMITTED)
    open_application(desk)
    desk.get_by_role("button", name="退回这张").press("Enter")
    desk.get_by_role("button", name="看不清").press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("申请人会收到通知")
    expect(desk.locator(".case .chip").first).to_contain_text("待补正")
    expect(desk.locator(".case")).to_contain_text("这张看不清")


def test_a_case_is_accepted_and_refused_with_a_reason(desk: Page, office: Office) -> None:
    office.applicant(SUBMITTED)
    open_application(desk)
    desk.get_by_role("button", name="受理", exact=True).press("Enter")
    desk.get_by_role("button", name="确定受理").press("Enter")
    expect(desk.locator(".case .chip").first).to_have_text("已受理")
    expect(desk.locator(".case .clock").first).to_contain_text("正常")
    assert not desk.get_by_role("button", name="送评定").count(), "an allowance is not assessed"
    desk.get_by_label("按编号、整个身份证号或手机号找").fill(desk.locator("#application-title .number").inner_text())
    desk.keyboard.press("Enter")
    expect(desk.locator(".lines .line")).to_have_count(1)
    desk.get_by_role("button", name="不通过").press("Enter")
    expect(desk.get_by_role("radio").first).to_be_focused()
    desk.get_by_label("原因，申请人会看到").fill("材料和本人不符")
    desk.get_by_role("button", name="确定不通过").press("Enter")
    expect(desk.locator(".case .chip").first).to_have_text("已受理")  # no clause has been chosen
    desk.get_by_role("radio", name="其他").check()
    desk.get_by_role("button", name="确定不通过").press("Enter")
    expect(desk.locator(".case .chip").first).to_have_text("未通过")
    expect(desk.locator(".case .clock").first).to_have_text("")
    expect(desk.locator(".lines .chip")).to_have_text("未通过")  # what was found shows what has become of it


def test_j_and_k_go_through_the_applications(desk: Page, office: Office) -> None:
    office.applicant(SUBMITTED)
    open_application(desk)
    second = desk.locator(".lines .line").nth(1)
    desk.keyboard.press("j")
    expect(second).to_be_focused()
    expect(desk.locator("#application-title")).to_contain_text(second.locator(".number").inner_text())
    desk.keyboard.press("k")
    expect(desk.locator(".lines .line").first).to_be_focused()


def test_a_hidden_number_is_seen_only_after_a_reason(desk: Page, office: Office) -> None:
    open_application(desk)
    line = desk.locator(".line-of", has_text="身份证号").first
    assert IDENTITY not in desk.content()
    line.get_by_role("button", name="看全").press("Enter")
    expect(line.get_by_role("button", name="核对材料")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(line).to_contain_text(IDENTITY)
    expect(line).to_contain_text("已记录")


def test_the_paper_form_opens_only_after_a_reason(desk: Page, office: Office) -> None:
    open_application(desk)
    asked: list[str] = []
    desk.context.on("request", lambda request: asked.append(request.url))
    desk.get_by_role("button", name="看申请表").press("Enter")
    expect(desk.get_by_role("button", name="核对材料")).to_be_focused()
    assert not any("form.pdf" in url for url in asked)
    with desk.context.expect_event("request", lambda request: "form.pdf" in request.url) as sent:
        desk.keyboard.press("Enter")
    assert sent.value.url.endswith("/form.pdf?reveal=check")
    assert not any(IDENTITY in url for url in asked)


def test_a_search_by_identity_number_leaves_no_trace_in_the_address(desk: Page, office: Office) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto("/console#/applications")
    desk.get_by_label("按编号、整个身份证号或手机号找").fill(IDENTITY)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status").first).to_contain_text("找到")
    assert not [url for url in [*asked, desk.url] if IDENTITY in url]


def test_a_search_that_finds_nothing_says_what_was_sought_and_shows_no_case(desk: Page, office: Office) -> None:
    open_application(desk)
    desk.get_by_label("按编号、整个身份证号或手机号找").fill("13800000000")
    desk.keyboard.press("Enter")
    expect(desk.locator(".list")).to_contain_text("按手机号（末四位0000），没有找到申请。")
    expect(desk.locator(".list")).to_contain_text("完整的编号、整个身份证号、整个手机号")
    expect(desk.locator("#application-title")).to_have_count(0)


def test_an_application_does_not_go_on_below_its_end(desk: Page, office: Office) -> None:
    open_application(desk)
    pane = desk.locator(".pane.application")
    expect(pane.locator(".lines-of").first).to_be_visible()
    below = pane.evaluate(
        """pane => pane.scrollHeight - Math.max(pane.clientHeight,
          ...[...pane.children].map((one) => one.offsetTop + one.offsetHeight))"""
    )
    grown = desk.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert below < 40 and grown < 40, (below, grown)


# --- directory, graph, audit ---


def test_the_directory_is_changed_and_a_mistake_is_named_at_its_place(
    browser: Browser, console: tuple[Office, str]
) -> None:
    page = browser.new_page(base_url=console[1], viewport=DESK, locale="zh-CN")  # type: ignore[arg-type]
    sign_in(page, "hekezhang")
    page.goto(f"/console#/directory/{HERE}")
    hours = page.locator('[id="places.0.hours"]')
    hours.fill("")
    page.locator('[id="places.0.name"]').fill("")
    page.get_by_role("button", name="保存").press("Enter")
    alert = page.get_by_role("alert")
    expect(alert).to_be_focused()
    alert.get_by_role("link").first.press("Enter")
    expect(page.locator('[id="places.0.name"]')).to_be_focused()
    assert not checks.axe(page)
    page.keyboard.type("一件事窗口（示例）")
    page.get_by_role("button", name="保存").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("已保存")
    page.reload()
    expect(page.locator('[id="places.0.name"]')).to_have_value("一件事窗口（示例）")
    expect(hours).to_have_value("")
    page.close()


def test_the_graph_says_in_words_what_it_shows(desk: Page) -> None:
    desk.goto("/console#/graph")
    expect(desk.locator(".states tbody tr").first).to_be_visible()
    drawn = desk.locator(".state .name").all_text_contents()
    listed = desk.locator(".states tbody th").all_text_contents()
    assert drawn and sorted(drawn) == sorted(listed)


# --- what every page must keep ---


@pytest.fixture(scope="module")
def full(console: tuple[Office, str]) -> Applicant:
    """Somebody who waits for a person, with a need and a picture; and above all others in the list, a new application."""
    console[0].applicant(SUBMITTED)
    return console[0].applicant([*IN_THE_FORM, {"photo": 1}, {"say": "证上写的是听力二级"}, {"say": "我要找人工"}])


@pytest.mark.proof
def test_every_page_keeps_the_rules_at_every_look(desk: Page, full: Applicant) -> None:
    def wrong_now() -> list[str]:
        return checks.in_every_look(desk, lambda size, rules: wrong(desk, rules), len(found))

    found: dict[str, list[str]] = {}
    open_talk(desk, full)
    found["talk"] = wrong_now()
    desk.keyboard.press("t")
    expect(desk.get_by_label("回复申请人")).to_be_focused()
    found["taken"] = wrong_now()
    desk.get_by_label("回复申请人").fill("您好，我看到了。")
    desk.get_by_label("回复申请人").press("Enter")
    expect(desk.locator(".entry.staff")).to_contain_text("您好，我看到了。")
    desk.get_by_role("button", name="交还").click()
    expect(desk.locator(".silent")).to_contain_text("机器人在接待")
    open_application(desk)
    found["application"] = wrong_now()
    desk.get_by_role("button", name="退回补正").first.click()
    desk.get_by_role("button", name="看原图").click()
    found["asking again"] = wrong_now()
    desk.get_by_role("button", name="不通过").first.click()
    found["refusing"] = wrong_now()
    for name in PAGES[2:5]:
        desk.goto(f"/console#/{name}")
        desk.locator("h2").first.wait_for()
        expect(desk.get_by_text("正在打开")).to_have_count(0)
        found[name] = wrong_now()
    assert not {name: lines for name, lines in found.items() if lines}


def test_the_door_keeps_the_rules_and_says_what_is_wrong(browser: Browser, console: tuple[Office, str]) -> None:
    page = browser.new_page(base_url=console[1], viewport=DESK, locale="zh-CN")  # type: ignore[arg-type]
    page.goto("/console")
    page.get_by_label("名字").fill("chenyu")
    page.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("不对")
    assert not wrong(page)
    page.close()


@pytest.mark.parametrize("width", [683, 400])
def test_enlarged_pages_need_no_moving_sideways(desk: Page, office: Office, width: int) -> None:
    talk = office.applicant(IN_THE_FORM)
    desk.set_viewport_size({"width": width, "height": 600})
    open_talk(desk, talk)
    assert not checks.too_wide(desk)
    for name in PAGES[1:5]:
        desk.goto(f"/console#/{name}")
        desk.locator("h2").first.wait_for()
        assert not checks.too_wide(desk), name


@pytest.fixture
def crowded(office: Office) -> None:
    """More talks than a screen has room for."""
    for _ in range(8):
        office.applicant(AT_HOME)


def test_a_long_list_moves_by_itself_and_keeps_its_place(desk: Page, office: Office, crowded: None) -> None:
    applicant = office.applicant([*IN_THE_FORM, {"say": "我要找人工"}])
    desk.get_by_role("button", name="全部").press("Enter")
    expect(desk.locator(".lines .line").nth(8)).to_be_visible()
    desk.locator(".lines .line").last.click()
    expect(desk.locator("#talk-title")).to_be_focused()
    assert desk.evaluate("document.documentElement.scrollHeight") <= DESK["height"]
    row = desk.locator(".lines .line").last.bounding_box()
    assert row is not None and 0 < row["y"] < DESK["height"]
    open_talk(desk, applicant)
    desk.keyboard.press("t")
    expect(desk.get_by_label("回复申请人")).to_be_in_viewport(ratio=1)
    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="交还").click(trial=True)


def test_on_a_narrow_screen_the_list_is_found_again_where_it_was_left(
    desk: Page, office: Office, crowded: None
) -> None:
    desk.set_viewport_size({"width": 390, "height": 700})
    desk.get_by_role("button", name="全部").press("Enter")
    expect(desk.locator(".lines .line").nth(8)).to_be_visible()
    assert desk.locator(".head").bounding_box()["height"] < 110  # type: ignore[index]
    last = desk.locator(".lines .line").last
    last.click()
    desk.get_by_role("link", name="回到列表").click()
    expect(last).to_be_in_viewport()


def test_on_a_narrow_screen_what_was_chosen_stands_alone_with_the_way_back(desk: Page, office: Office) -> None:
    desk.set_viewport_size({"width": 390, "height": 844})
    open_talk(desk, office.applicant(IN_THE_FORM))
    expect(desk.locator(".list")).to_be_hidden()
    assert desk.locator("#talk-title").bounding_box()["y"] < 300  # type: ignore[index]
    desk.get_by_role("link", name="回到列表").click()
    expect(desk.locator(".list")).to_be_visible()
    expect(desk.locator(".pane.empty")).to_be_hidden()


def test_wherever_the_focus_goes_it_is_seen(desk: Page, office: Office) -> None:
    open_talk(desk, office.applicant(IN_THE_FORM))
    assert not checks.unseen_focus(desk)
    open_application(desk)
    assert not checks.unseen_focus(desk)


def test_the_record_of_deeds_keeps_the_rules(browser: Browser, console: tuple[Office, str]) -> None:
    page = browser.new_page(base_url=console[1], viewport=DESK, locale="zh-CN")  # type: ignore[arg-type]
    sign_in(page, "liuzhuren")
    page.goto("/console#/audit")
    expect(page.locator(".states tbody tr").first).to_be_visible()
    assert not wrong(page)
    page.close()
