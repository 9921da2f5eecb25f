"""A real library, a real server and a real Chromium; only the answering is stood in for here."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from assistant.types import Answer, Claim
from corpus.add import add
from corpus.library import Library
from corpus.types import Span
from tests.ui import document_states

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def made_up_vectors(texts: list[str]) -> np.ndarray:
    """Unit vectors without a model: what these tests look at is not how sentences are found."""
    return np.eye(8, dtype=np.float32)[[len(text) % 8 for text in texts]]


@pytest.fixture(scope="session")
def build() -> Callable[[Path, dict[str, str]], Library]:
    """Builds a library in a folder from files given as name -> text."""

    def build(folder: Path, files: dict[str, str]) -> Library:
        documents = folder / "documents"
        documents.mkdir(parents=True)
        for name, text in files.items():
            (documents / name).write_bytes(text.encode())
        library = Library(folder / "library", create=True)
        report = add(library, [documents], embed=made_up_vectors, encoder={"name": "made up", "dimension": 8})
        assert not report.failed
        return library

    return build


def claim(library: Library, name: str, quote: str, **more) -> Claim:
    """A claim that quotes the first occurrence of `quote` in the document called `name`."""
    document = library.named(name)
    start = library.text(document.id).index(quote)
    return Claim(Span(document.id, start, start + len(quote)), quote, document, score=1.0, **more)


def answer(question: str, claims: tuple[Claim, ...] = (), **more) -> Answer:
    """An answer of these claims, or an abstention when there are none."""
    given = {"standalone": question, "nearest": (), "confidence": 0.5, "abstained": not claims, **more}
    return Answer(question=question, claims=tuple(claims), **given)


@pytest.fixture
def say() -> SimpleNamespace:
    """`claim` and `answer`, for test files (which cannot import from this one)."""
    return SimpleNamespace(claim=claim, answer=answer)


class StandIn:
    """An assistant whose answers a test states: `answers` is called with the question."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.answers: Callable[[str], Answer] = answer
        self.asked: list[tuple] = []  # (question, history, filters) of each asking

    def ask(self, question: str, *, history=(), filters=None, most=0, found=None) -> Answer:
        self.asked.append((question, history, filters))
        given = self.answers(question)
        if found:
            found(given.claims or given.nearest)
        return given

    def found(self, question: str, filters=None) -> list[Claim]:
        return []


class Served:
    """A server in a thread, and where it is; for an assistant, or for what a desk opens."""

    def __init__(self, assistant, *, desk=None, token=None, host="127.0.0.1", **more) -> None:
        from ui.desk import Desk
        from ui.server import app

        self.assistant = assistant
        desk = desk or Desk.of(assistant, **more)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app(desk, host=host, port=self.port, token=token), log_level="warning", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()  # the socket listens already: a browser waits until it is answered

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


@pytest.fixture(scope="session")
def serve_page() -> Iterator[Callable[..., Served]]:
    """Serves the page for an assistant until the end of the session."""
    running: list[Served] = []

    def serve(assistant, **more) -> Served:
        running.append(Served(assistant, **more))
        return running[-1]

    yield serve
    for served in running:
        served.stop()


@pytest.fixture(scope="session")
def stand_in() -> type[StandIn]:
    return StandIn


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # No sandbox: test machines run as root in a container, where Chromium has none.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        expect.set_options(timeout=10_000)  # a busy machine is slow, not wrong
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> BrowserContext:
    """One context for most pages: Gradio's own files are then fetched once."""
    return browser.new_context()


@pytest.fixture
def visit(browser: Browser, shared_context: BrowserContext) -> Iterator[Callable[..., Page]]:
    """Opens pages, and fails the test on any script error, console error or foreign request."""
    faults: list[str] = []
    opened: list[Page | BrowserContext] = []

    def visit(
        url: str, *, width: int = 1280, height: int = 800, drawn: str = "#question textarea", refused: bool = False, **special
    ) -> Page:
        """`drawn` is waited for; `refused` says that the server will refuse something, which Chromium notes."""
        context = browser.new_context(**special) if special else shared_context
        page = context.new_page()
        opened.append(context if special else page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(10_000)
        own = url.split("/", 3)[2]
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        noted = "Failed to load resource: the server responded with a status of" if refused else "\0"
        page.on(
            "console",
            lambda line: line.type != "error" or line.text.startswith(noted) or faults.append(f"console: {line.text}"),
        )
        page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request", lambda request: _local(request.url, own) or faults.append(f"request: {request.url}")
        )
        page.goto(url)
        page.locator(drawn).wait_for()
        page.locator("#holdings:not(:empty)").wait_for()
        return page

    yield visit
    for page in opened:
        page.close()
    assert faults == []


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Runs axe-core on a page: its violations, each with the elements that it is about."""
    found = find_spec("axe_playwright_python")
    script = os.environ.get("AXE") or (found and Path(found.origin).with_name("axe.min.js"))
    if not script:
        pytest.skip("axe-core is not here: it comes with axe-playwright-python, or its path in AXE")
    source = Path(script).read_text("utf-8")

    def run(page: Page) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        violations = page.evaluate("async () => (await axe.run()).violations")
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['failureSummary'][:300]}"
            for violation in violations
            for node in violation["nodes"]
        ]

    return run


def _local(url: str, own: str) -> bool:
    return url.startswith((f"http://{own}/", "data:", "blob:", "about:"))


@pytest.fixture
def held_up() -> Iterator[tuple[threading.Event, threading.Event]]:
    """As in `document_states`."""
    with document_states.held_up() as events:
        yield events


@pytest.fixture
def open_assistant() -> Callable[[Path, list[Path]], object]:
    """The real assistant over a new library of these files, found with the real encoder."""

    def open_assistant(folder: Path, files: list[Path]):
        from assistant.assistant import Assistant
        from index import encoder as encoders
        from index.sync import sync

        library = Library(folder, create=True)
        encoder = encoders.named(encoders.DEFAULT["model"])
        report = add(library, files, embed=encoder.encode, encoder=encoder.fingerprint)
        assert not report.failed
        with library.lock():
            sync(library)
        return Assistant(library)

    return open_assistant
