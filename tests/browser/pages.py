"""The pages as a person meets them: what can be tapped, typed and read, without a word about how the page is built.

`ChatPage` is the phone page at `/`. Every helper waits until the page has taken the answer; none waits for a fixed time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

CHROMIUM = ("chromium-headless-shell", "chromium", "google-chrome")  # the shell draws the same page at half the CPU
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 375, "height": 812}


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium where there is one, else the one that Playwright has installed."""
    path = next((found for name in CHROMIUM if (found := which(name))), None)
    return playwright.chromium.launch(executable_path=path, args=FLAGS)


def watched(page: Page, faults: list[str]) -> Page:
    """Writes down everything that a page complains about in silence."""
    page.on("pageerror", lambda error: faults.append(f"pageerror: {error}"))
    page.on("console", lambda line: faults.append(f"console: {line.text}") if line.type == "error" else None)
    return page


def person(browser: Browser, base: str, **more: object) -> BrowserContext:
    """A phone of its own: nothing is remembered from anybody else."""
    options = {"base_url": base, "viewport": PHONE, "locale": "zh-CN", "reduced_motion": "reduce", **more}
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(30_000)
    return context


class ChatPage:
    """The phone page. `faults` are errors of the page itself; a test that ends with any has failed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.now = page.locator(".now")
        self.log = page.get_by_role("log")
        self.bar = page.locator(".bar")

    def open(self, path: str = "/") -> ChatPage:
        """Goes to the page and waits until it can be used."""
        self.page.goto(path)
        expect(self.now).to_be_visible()
        return self

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Around something the person does: afterwards nothing is on its way any more."""
        with self.page.expect_response(lambda answer: answer.url.endswith("/api/v1/messages")):
            yield
        expect(self.page.locator(".pending")).to_have_count(0)

    def begin(self) -> None:
        with self.settled():
            self.now.get_by_role("button", name="开始").click()

    def answer(self, label: str) -> None:
        """Taps the option whose words begin with `label`."""
        with self.settled():
            self.now.locator("button.option", has_text=label).first.click()

    def type(self, text: str) -> None:
        """Writes into the question's own field and confirms."""
        self.now.locator("#answer").fill(text)
        with self.settled():
            self.now.get_by_role("button", name="确定").click()

    def date(self, iso: str) -> None:
        """Writes a day, given as YYYY-MM-DD, and confirms."""
        for name, part in zip("年月日", iso.split("-"), strict=True):
            self.now.get_by_label(name, exact=True).fill(str(int(part)))
        with self.settled():
            self.now.get_by_role("button", name="确定").click()

    def say(self, text: str) -> None:
        """Writes into the box that is always there."""
        self.page.locator("#free").fill(text)
        with self.settled():
            self.bar.get_by_role("button", name="发送").click()

    def choose(self, labels: Sequence[str]) -> None:
        """Ticks exactly these; none at all: taps 都没有."""
        for box in self.now.locator(".tick").all():
            words = box.inner_text()
            box.locator("input").set_checked(any(words.startswith(label) for label in labels))
        with self.settled():
            self.now.get_by_role("button", name="选好了" if labels else "都没有").first.click()

    def upload(self, paths: Sequence[Path | str]) -> None:
        """Chooses these pictures, several at once, and hands them over."""
        self.now.locator("input[type=file][multiple]").set_input_files([str(path) for path in paths])
        with self.settled():
            self.now.get_by_role("button", name=f"交这{len(paths)}张").click()

    def sign_typed(self, name: str) -> None:
        self.now.get_by_label("打字签名", exact=True).check()
        self.now.get_by_label("签名人的名字").fill(name)
        self.now.get_by_label("我确认，这是签名").check()
        with self.settled():
            self.now.get_by_role("button", name="签好了").click()

    def sign_drawn(self) -> None:
        self.now.get_by_label("手写签名", exact=True).check()
        pad = self.now.locator("canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        assert box
        mouse = self.page.mouse
        mouse.move(box["x"] + 40, box["y"] + 40)
        mouse.down()
        mouse.move(box["x"] + 160, box["y"] + 110, steps=6)
        mouse.move(box["x"] + 240, box["y"] + 50, steps=6)
        mouse.up()
        with self.settled():
            self.now.get_by_role("button", name="签好了").click()

    def change(self, label: str) -> None:
        """Taps 修改 on the line of the check page that is called `label`."""
        with self.settled():
            self.log.get_by_role("button", name=f"修改：{label}").last.click()

    def command(self, label: str) -> None:
        """上一步, 进度, 找工作人员 from the bar; everything else from 更多."""
        button = self.bar.get_by_role("button", name=label, exact=True)
        if not button.count():
            self.bar.get_by_role("button", name="更多").click()
            button = self.page.get_by_role("dialog").get_by_role("button", name=label)
        with self.settled():
            button.click()

    def switch(self, label: str) -> None:
        """Brings another person's draft to the table."""
        with self.settled():
            self.page.locator(".drafts").get_by_role("button", name=label).click()

    def open_question(self) -> str:
        """The question that waits for an answer, "" when none does."""
        asks = self.now.locator(".ask")
        return asks.inner_text() if self.now.locator("legend").count() else ""

    def title(self) -> str:
        """The heading of the open question."""
        return self.now.locator("legend h2").inner_text() if self.now.locator("legend").count() else ""

    def options(self) -> list[str]:
        return [text.strip() for text in self.now.locator("button.option, .tick").all_inner_texts()]

    def log_texts(self) -> list[str]:
        """Every entry of the record, in order, as it reads."""
        return self.log.locator(".entry:not(.day)").all_inner_texts()

    def last(self) -> Locator:
        return self.log.locator(".entry:not(.day)").last

    def about(self) -> str:
        """The name of the person being helped, "" when it is the speaker."""
        name = self.page.locator(".about b")
        return name.inner_text() if name.count() else ""

    def alert(self) -> str:
        """What went wrong and what to do, "" when nothing did."""
        alert = self.now.get_by_role("alert")
        return alert.inner_text() if alert.count() else ""
