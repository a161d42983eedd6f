"""What every page must keep at every size and in every theme, as functions that return what is wrong.

The numbers are those of WCAG 2.2 AA and of the ministry's design rules for pages that the old can use: letters of 18, 24 and
30 px, lines at least 1.3 high, a gap between paragraphs of at least 1.3 line gaps, targets of 44 px (60 px with large letters).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

from tests.scale import sized

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LETTERS = {"m": 18, "l": 24, "xl": 30}
TARGETS = {"m": 44, "l": 60, "xl": 60}
THEMES = ("light", "dark", "contrast")
LOOKED_AT_BY_HAND: set[str] = set()
"""Rules that axe may leave undecided. None may at present."""

Look = tuple[str, str, list[str]]
"""Size, theme, and what axe is asked."""


def looks(number: int) -> list[Look]:
    """The looks of the state with this number. Roles, names and order are the same in every look, so axe is asked for all of it
    once; for contrast in one of the other themes, turn about, with the smallest letters, for larger ones need less.
    `make proof` asks for everything in all nine."""
    few: list[Look] = [("m", "light", TAGS), ("m", THEMES[1 + number % 2], ["color-contrast"]), ("xl", "light", [])]
    return sized(few, [(size, theme, TAGS) for size, theme in product(LETTERS, THEMES)])


_AXE_RUN = """async (only) => {
  const found = await axe.run(document, { runOnly: only, resultTypes: ["violations", "incomplete"] });
  const told = (kind) => found[kind].flatMap((rule) => rule.nodes.map((node) =>
    `${kind} ${rule.id}: ${node.html.slice(0, 140)} ${node.any.map((any) => any.message).join(" ").slice(0, 160)}`));
  return [...told("violations"), ...told("incomplete")];
}"""

_LETTERS = """([least]) => {
  const wrong = [];
  const seen = (element) => element.checkVisibility() && !element.closest(".unseen, .skip");
  for (const element of document.body.querySelectorAll("*")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!(own || element.matches("input, textarea")) || !seen(element)) continue;
    const style = getComputedStyle(element);
    const [size, line] = [parseFloat(style.fontSize), parseFloat(style.lineHeight)];
    if (size < least - 0.01) wrong.push(`letters ${size}px: ${element.outerHTML.slice(0, 120)}`);
    if (line / size < 1.3) wrong.push(`lines ${line / size}: ${element.outerHTML.slice(0, 120)}`);
  }
  for (const next of document.querySelectorAll(".bubble p + p, .block p + p, .now p + p, .ask span + span, dialog p + p")) {
    const style = getComputedStyle(next);
    const gap = next.getBoundingClientRect().top - next.previousElementSibling.getBoundingClientRect().bottom;
    const least = 1.3 * (parseFloat(style.lineHeight) - parseFloat(style.fontSize));
    if (seen(next) && gap < least - 0.6) wrong.push(`paragraphs ${gap} < ${least}: ${next.outerHTML.slice(0, 120)}`);
  }
  return wrong;
}"""

_TARGETS = """([least]) => {
  const wrong = [];
  for (const element of document.querySelectorAll("a, button, summary, select, textarea, input, label.tick, label.pick")) {
    if (!element.checkVisibility() || element.type === "hidden" || element.closest(".skip")) continue;
    if (element.matches("input") && element.closest("label.tick, label.pick")) continue;
    const { width, height } = element.getBoundingClientRect();
    if (Math.min(width, height) < least - 0.5) wrong.push(`target ${width}x${height}: ${element.outerHTML.slice(0, 120)}`);
  }
  return wrong;
}"""

_COVERED = """() => {
  const parts = [...document.querySelectorAll(".top, .bar, .reach")];
  const held = parts.filter((part) => getComputedStyle(part).position === "sticky");
  return held.reduce((sum, part) => sum + part.offsetHeight, 0) / innerHeight;
}"""

_UNSEEN_FOCUS = """() => {
  const element = document.activeElement.closest("label.tick, label.pick") ?? document.activeElement;
  if (element === document.body) return "";
  const { left, top, right, bottom, height } = element.getBoundingClientRect();
  const told = `${element.outerHTML.slice(0, 120)} at ${Math.round(top)}..${Math.round(bottom)}`;
  if (height < innerHeight / 2 && (top < -1 || bottom > innerHeight + 1)) return `focus out of sight: ${told}`;
  const points = [[(left + right) / 2, top + 3], [(left + right) / 2, bottom - 3]];
  const hidden = points.some(([x, y]) => {
    const hit = document.elementFromPoint(Math.max(1, Math.min(x, innerWidth - 1)), Math.max(1, Math.min(y, innerHeight - 1)));
    return hit && !element.contains(hit) && !hit.contains(element);
  });
  const outlined = ["outlineStyle", "boxShadow"].some((name) => getComputedStyle(element)[name] !== "none");
  return hidden ? `focus is covered: ${told}` : outlined ? "" : `focus cannot be seen: ${told}`;
}"""

_PICTURES = """() => [
  ...[...document.images].filter((image) => !image.alt.trim()).map((image) => `no alt: ${image.outerHTML.slice(0, 120)}`),
  ...[...document.querySelectorAll("svg:not([aria-hidden='true'], [aria-label])")]
    .map((svg) => `svg neither hidden nor named: ${svg.outerHTML.slice(0, 120)}`),
  ...[...document.querySelectorAll(".chip")].filter((chip) => chip.innerText.trim().length < 2)
    .map((chip) => `a mark without a word: ${chip.outerHTML}`),
]"""

_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u26ff\ufe0f]")
_SENTENCE = re.compile(r"[。？！；\n]")


def look(page: Page, size: str, theme: str) -> None:
    """Turns the page to this size and theme and waits until it stands."""
    page.evaluate(
        """([size, theme]) => { Object.assign(document.documentElement.dataset, { size, theme });
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); }""",
        [size, theme],
    )


def in_every_look(page: Page, wrong: Callable[[str, list[str]], list[str]], number: int) -> list[str]:
    """Turns the page to one look after the other and gathers what `wrong` says of it, given the size and the rules for axe."""
    found = []
    for size, theme, rules in looks(number):
        look(page, size, theme)
        found += [f"{size} {theme}: {line}" for line in wrong(size, rules)]
    look(page, "m", "light")
    return found


def screen(page: Page, width: int, height: int, root: str = "") -> None:
    """Turns the screen to this size, and the letters to this part of the browser's usual ones."""
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate(
        """(root) => { document.documentElement.style.fontSize = root;
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))); }""",
        root,
    )


def axe(page: Page, rules: list[str] = TAGS) -> list[str]:
    """What axe finds or cannot decide: all rules of WCAG 2.2 AA and best practice, or only `rules`."""
    if not rules:
        return []
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    only: dict[str, Any] = {"type": "tag" if rules == TAGS else "rule", "values": rules}
    page.evaluate(
        "() => document.querySelectorAll('.top, .bar, .reach').forEach((part) => part.style.position = 'static')"
    )  # axe cannot decide a contrast under a bar that lies over the text
    found: list[str] = page.evaluate(_AXE_RUN, only)
    page.evaluate("() => document.querySelectorAll('.top, .bar, .reach').forEach((part) => part.style.position = '')")
    return [line for line in found if not any(f"incomplete {rule}:" in line for rule in LOOKED_AT_BY_HAND)]


def letters(page: Page, size: str) -> list[str]:
    return list(page.evaluate(_LETTERS, [LETTERS[size]]))


def targets(page: Page, size: str) -> list[str]:
    return list(page.evaluate(_TARGETS, [TARGETS[size]]))


def too_wide(page: Page) -> list[str]:
    """Whether the page can be moved sideways."""
    wide, inner = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    return [f"{wide} px wide on a screen of {inner} px"] if wide > inner else []


def covered(page: Page) -> list[str]:
    """Whether head and bar take more than half of the screen."""
    part = page.evaluate(_COVERED)
    return [f"head and bar cover {part:.0%} of the screen"] if part > 0.5 else []


def pictures(page: Page) -> list[str]:
    return list(page.evaluate(_PICTURES))


def unseen_focus(page: Page, steps: int = 60) -> list[str]:
    """Tabs once round the page: every stop must be in sight, uncovered and outlined."""
    wrong, first = [], ""
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    for _ in range(steps):
        page.keyboard.press("Tab")
        if problem := page.evaluate(_UNSEEN_FOCUS):
            wrong.append(problem)
        here = page.evaluate("() => document.activeElement.outerHTML.slice(0, 200) + document.activeElement.offsetTop")
        if here == first or page.evaluate("() => document.activeElement === document.body"):
            break
        first = first or here
    return wrong


def words(page: Page) -> list[str]:
    """Sentences too long for plain Chinese, and signs that are pictures on some phones and boxes on others."""
    text = page.locator("body").inner_text()
    long = [part for part in _SENTENCE.split(text) if len(re.findall(r"[\u4e00-\u9fff]", part)) > 25]
    return [f"too long: {part}" for part in long] + [f"emoji: {sign}" for sign in _EMOJI.findall(text)]
