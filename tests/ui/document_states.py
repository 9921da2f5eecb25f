"""Every state that the documents page can be in, one after the other: for pictures."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page

from ui import intake as intakes

CUTTINGS = [
    {"id": "bridge", "title": "Harbour Bridge closed until spring", "source": "Harbour Gazette",
     "published": "2016-11-29", "text": "The Harbour Bridge is closed, the mayor said on Tuesday.\n" * 4},
    {"id": "minutes", "title": "Minutes of the council", "text": "The council met in the old town hall.\n" * 9},
]  # fmt: skip


@contextmanager
def held_up() -> Iterator[tuple[threading.Event, threading.Event]]:
    """Meanwhile texts that say that they are held up are not embedded: the first event says that one has
    begun, the second lets them go on."""
    begun, go = threading.Event(), threading.Event()
    real = intakes.encoders.Encoder.encode

    def encode(self, texts):
        if any("held up" in text for text in texts):
            begun.set()
            go.wait(60)
        return real(self, texts)

    intakes.encoders.Encoder.encode = encode
    try:
        yield begun, go
    finally:
        go.set()
        intakes.encoders.Encoder.encode = real


def walk(page: Page, url: str) -> Iterator[str]:
    """Leads the page, over a library of the person's own, through its states, and names each."""
    page.goto(f"{url}documents")
    page.locator(".document").first.wait_for()
    yield "documents"
    with held_up():
        lines = "".join(json.dumps(line) + "\n" for line in CUTTINGS)
        _give(page, ("cuttings.jsonl", lines.encode()), ("scan.txt", b"\0\1\2\3"))
        page.locator("#jobs .failed").wait_for()
        _give(
            page, ("monday.txt", b"A note of Monday. " * 100), ("tuesday.txt", b"A note that is held up. " * 60),
            ("wednesday.txt", b"A note of Wednesday. " * 200), ("photo.png", b"x"),
        )  # fmt: skip
        page.locator("#jobs .reading, #jobs .indexing").first.wait_for()
        page.locator("#progress-words", has_text="left").wait_for()
        yield "documents-adding"
    page.locator("#busy").wait_for(state="hidden")
    page.get_by_role("button", name="Harbour Bridge closed until spring", exact=True).click()
    page.locator("#reader-text:not(:empty)").wait_for()
    yield "documents-open"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit Minutes of the council").click()
    page.get_by_label("Date").fill("last week")
    page.get_by_role("button", name="Save").click()
    page.locator("#editor-error:not(:empty)").wait_for()
    yield "documents-edit"
    page.get_by_label("Date").fill("30 November 2016")
    page.get_by_role("button", name="Save").click()
    page.locator(".document", has_text="set by you").wait_for()
    page.get_by_label("Search").fill("council")
    page.locator("#found", has_text=" of ").wait_for()
    yield "documents-found"
    page.get_by_role("button", name="Remove Minutes of the council").click()
    yield "documents-remove"
    page.get_by_role("button", name="Keep").click()


def _give(page: Page, *files: tuple[str, bytes]) -> None:
    page.locator("#files").set_input_files(
        [{"name": name, "mimeType": "text/plain", "buffer": body} for name, body in files]
    )
