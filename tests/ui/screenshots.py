"""Pictures of every state of the page, wide and narrow, light and dark:

    .venv/bin/python tests/ui/screenshots.py FOLDER

Serves the bundled sample, whatever the person's library holds, and stands in for nothing but the
error, which the sample does not give.
"""

import os
import sys
import tempfile
import threading
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright

from corpus.types import BylineError
from ui.sample import open_or_sample
from ui.server import app

ANSWERED = "who controls eastern Aleppo?"
UNANSWERED = "Who won the chess championship?"
FAILING = "What is damaged?"


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    assistant, _, starters = open_or_sample(Path(tempfile.mkdtemp()) / "none")
    banner = (
        "This is the bundled sample: short dispatches written for Byline, with editorial dates. "
        "Add your own: byline add FOLDER"
    )
    config = uvicorn.Config(
        app(_Failing(assistant), port=7899, banner=banner, starters=starters), port=7899, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for width in (1280, 390):
                for theme in ("light", "dark"):
                    picture(browser, folder, width, theme)
            browser.close()
    finally:
        server.should_exit = True
        thread.join()


class _Failing:
    """The assistant, which fails on one question."""

    def __init__(self, assistant) -> None:
        self._assistant, self.library = assistant, assistant.library

    def ask(self, question: str, **more):
        if question == FAILING:
            raise BylineError(
                "library.sqlite: it is damaged or not a library. Restore it from a copy, or move the "
                "folder away and add the documents again"
            )
        return self._assistant.ask(question, **more)


def picture(browser: Browser, folder: Path, width: int, theme: str) -> None:
    def take(state: str, whole: bool = False) -> None:
        # Not Playwright's full_page, in which the box at the bottom covers the middle.
        height = page.evaluate("document.documentElement.scrollHeight") if whole else 844
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=folder / f"{state}-{width}-{theme}.png")
        page.set_viewport_size({"width": width, "height": 844})

    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(f"http://127.0.0.1:7899/?__theme={theme}")
    page.locator("#starters button").first.wait_for()
    page.locator("#banner").wait_for()
    take("empty")
    ask(page, ANSWERED, ".answer")
    take("answer", whole=True)
    page.locator(".answer .chip").nth(1).hover()
    page.locator("#card").wait_for()
    take("card")
    page.locator(".answer .chip").nth(1).click()
    page.locator("#source mark").wait_for()
    page.locator("#card").wait_for(state="hidden")
    take("panel")
    page.keyboard.press("Escape")
    page.goto(f"http://127.0.0.1:7899/?__theme={theme}&again")
    ask(page, UNANSWERED, ".answer")
    take("not-in-documents", whole=True)
    ask(page, FAILING, ".problem")
    take("error")
    page.close()


def ask(page: Page, question: str, reply: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator(reply).wait_for()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
