"""The chat page in a real browser: `python -m tests.bench page`.

A browser without a cache opens the page over the bundled sample: how much comes over the wire, when the
box takes a question, and, once it is sent, when the first stage and the answer are on the screen.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from tests.bench.load import served

ROUNDS = 12
QUESTION = "Who controls eastern Aleppo?"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_WATCH = """() => {
  window.seen = {};
  const painted = (name) => requestAnimationFrame(() => setTimeout(() => { window.seen[name] ??= performance.now(); }));
  new MutationObserver(() => {
    if (document.querySelector('.stage, #sent:not([hidden])')) painted('stage');
    if (document.querySelector('.answer')) painted('answer');
  }).observe(document.body, {childList: true, subtree: true, attributes: true});
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') window.seen.asked ??= event.timeStamp;
  }, true);
}"""


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        server, port = served(Path(folder) / "none")
        try:
            with sync_playwright() as playwright:
                arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
                url = f"http://127.0.0.1:{port}/"
                size = _size(browser, url)
                found = [_visit(browser, url) for _ in range(ROUNDS)]
                browser.close()
        finally:
            server.terminate()
            server.wait(20)
        print(f"{size:.0f} KB come over the wire.")
        print(f"{len(found)} visits, each with an empty cache; server and browser on the same processors.\n")
        print("| | p50 | worst |\n|---|---|---|")
        names = (
            "s until a question can be typed", "s until Gradio's box is there", "s from sending to the first stage",
            "s to the answer",
        )  # fmt: skip
        for name, values in zip(names, zip(*found, strict=True), strict=True):
            print(f"| {name} | {np.median(values):.3g} | {max(values):.3g} |")


def _size(browser: Browser, url: str) -> float:
    """KB that one page takes. Looked at apart: to count them slows the page down."""
    context = browser.new_context()
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    sizes: list[float] = []
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(url)
    page.locator("#question textarea").fill(QUESTION)
    page.wait_for_timeout(3000)
    context.close()
    return sum(sizes) / 1000


def _visit(browser: Browser, url: str) -> tuple[float, float, float, float]:
    """Seconds until a question can be typed, and until Gradio has drawn its box; from sending it to the first
    stage, and to the answer."""
    context = browser.new_context()
    page = context.new_page()
    begun = time.monotonic()
    page.goto(url, wait_until="commit")
    page.locator("#early textarea, #question textarea").first.fill(QUESTION)  # waits until it is there, and takes words
    typed = time.monotonic() - begun
    box = page.locator("#question textarea")
    box.wait_for()
    drawn = time.monotonic() - begun
    page.wait_for_timeout(1500)  # what comes later; a stream stays open, so that the network is never idle
    page.evaluate(_WATCH)
    box.press("Enter")
    page.wait_for_function("window.seen.answer")
    seen = page.evaluate("window.seen")
    context.close()
    return typed, drawn, (seen["stage"] - seen["asked"]) / 1000, (seen["answer"] - seen["asked"]) / 1000
