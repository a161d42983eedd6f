"""Pictures of every state for looking at: `python -m tests.browser.shots [folder] [state ...]`, into /tmp/shots by default.

Looking is the one check that no rule replaces. Each state is taken as a whole page: usual, large and extra large letters,
dark, high contrast; and the page without scripts.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.pages import launch, person
from tests.browser.recorded import STATES, Recorded, create
from tests.browser.serving import serving

LOOKS = {"m": "m.light.", "l": "l.light.", "xl": "xl.light.", "dark": "m.dark.", "contrast": "l.contrast."}


def main(folder: Path, states: list[str]) -> None:
    """Writes <state>-<look>.png for each."""
    folder.mkdir(parents=True, exist_ok=True)
    with serving(create(Recorded())) as base, sync_playwright() as playwright:
        browser = launch(playwright)
        for look, cookie in LOOKS.items():
            context = person(browser, base)
            context.add_cookies([{"name": "yijianshi_display", "value": cookie, "url": base}])
            page = context.new_page()
            for state in states:
                for door in ("/", "/plain"):
                    page.goto(f"/_play/{state}?to={door}", wait_until="networkidle" if door == "/plain" else "load")
                    page.locator(".now").wait_for()
                    name = state if door == "/" else f"plain-{state}"
                    page.screenshot(path=folder / f"{name}-{look}.png")
                    page.screenshot(path=folder / f"{name}-{look}-full.png", full_page=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "/tmp/shots"), sys.argv[2:] or list(STATES))
