"""Pictures of every state of the chat page, wide and narrow, light and dark:

    .venv/bin/python -m tests.ui.screenshots FOLDER

Serves a copy of the bundled sample, and stands in for what the sample does not give (`states.Staged`).
"""

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from playwright.sync_api import Page, sync_playwright

from assistant.assistant import Assistant
from corpus.library import Library
from tests.ui import document_states
from tests.ui.states import Staged, dressed, walk
from ui.desk import Desk
from ui.sample import open_or_sample
from ui.server import app

PORT = 7899
WHOLE = {"answer", "opened", "accounts", "not-in-documents", "stopped", "reopened"}  # not only what is seen at once


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        sample, _, starters = open_or_sample(Path(made) / "none")
        library = shutil.copytree(sample.library.folder, Path(made) / "sample")
        for kept in library.glob("chats.sqlite*"):
            kept.unlink()
        assistant = Staged(Assistant(Library(library)))
        banner = (
            "This is the bundled sample: short dispatches written for Byline, with editorial dates. "
            "Add your own: byline add FOLDER"
        )
        desk = Desk.of(assistant, banner=banner, starters=starters)
        with _browsing(desk, PORT) as page:
            for state in walk(page, f"http://127.0.0.1:{PORT}/", assistant):
                _picture(page, folder, state, state in WHOLE)
        with _browsing(Desk.of(Assistant(Library(library))), PORT + 1) as page:
            for state in document_states.walk(page, f"http://127.0.0.1:{PORT + 1}/"):
                _picture(page, folder, state, state in WHOLE)


@contextmanager
def _browsing(desk: Desk, port: int) -> Iterator[Page]:
    """A page of a browser, and a server that it can visit."""
    server = uvicorn.Server(uvicorn.Config(app(desk, port=port), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with sync_playwright() as playwright:
            chromium = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_page(color_scheme="light", reduced_motion="reduce")
            page.set_viewport_size({"width": 1280, "height": 844})
            page.set_default_timeout(60_000)
            yield page
            browser.close()
    finally:
        server.should_exit = True
        thread.join()


def _picture(page: Page, folder: Path, state: str, whole: bool) -> None:
    print(state, file=sys.stderr)
    for width, theme in dressed(page, (1280, 390)):
        _take(page, folder / f"{state}-{width}-{theme}.png", width, whole)


def _take(page: Page, path: Path, width: int, whole: bool) -> None:
    # Not Playwright's full_page, in which the box at the bottom covers the middle.
    height = page.evaluate("document.documentElement.scrollHeight") if whole else 844
    page.set_viewport_size({"width": width, "height": max(height, 844)})
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": 844})


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
