"""What a newsroom does to it: `python -m tests.bench.load [SECONDS]` (60).

Twenty people, each asking every five seconds, put questions of XQuAD and NewsQA to the open library
through the page's own calls over HTTP; then more ask at one moment than can be answered soon. A time
counts from when a person would have asked, so that a server that falls behind cannot hide it.
"""

import http.client
import itertools
import json
import os
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench import collection, open_sets

PEOPLE, EVERY = 20, 5.0  # people; seconds between the questions of each
CROWD = 80  # who then ask at once
ALLOWED = 60.0  # seconds that an answer may take at all


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of a question: seconds to the first stage and to the end; how it ended; the message, as HTML."""

    first: float
    whole: float
    end: str  # "answered", "busy", or what went wrong
    message: str = ""


def main(seconds: float = 60.0) -> None:
    """Prints the table. Needs `.bench/open`, which `python -m tests.bench scale` builds."""
    library = collection.FOLDER / "open"
    if not (library / "library.sqlite").exists():
        raise SystemExit(f"{library} is not there: `python -m tests.bench scale` builds it")
    with tempfile.TemporaryDirectory() as folder:
        # A copy: conversations are kept beside the library, and these are nobody's.
        copied = shutil.copytree(library, Path(folder) / "open", ignore=shutil.ignore_patterns("chats.*", "files"))
        server, port = served(copied)
        try:
            page = Page(port)
            questions = open_questions()
            for _ in range(5):  # the models are loaded by the first
                page.ask(next(questions))
            asked = [asked for _, asked in day(page, questions, seconds)]
            report(f"{PEOPLE} people, one question every {EVERY:.0f} s each", asked)
            crowd = _crowd(page, questions)
            report(f"{CROWD} people at one moment", crowd)
            busy = [asked.whole for asked in crowd if asked.end == "busy"]
            if busy:
                print(f"\nTold that it is busy: {len(busy)}, the last after {max(busy):.2f} s.")
            report("then, one after the other", [page.ask(next(questions)) for _ in range(10)])
        finally:
            server.terminate()
            server.wait(20)


class Page:
    """The calls that the chat page makes."""

    def __init__(self, port: int):
        self._port = port
        config = json.loads(self._request("GET", "/config")[1])
        boxes = {part["id"] for part in config["components"] if part["props"].get("elem_id") == "question"}
        [call] = [
            each for each in config["dependencies"]
            if any(target[0] in boxes and target[1] == "submit" for target in each["targets"]) and each["backend_fn"]
        ]  # fmt: skip
        self._function, self._inputs = call["id"], len(call["inputs"])

    def ask(self, question: str, due: float | None = None) -> Asked:
        """Asks as a page that has just been opened, and follows the stages to the end."""
        begun, first = due or time.monotonic(), 0.0
        session = secrets.token_hex(8)
        # The question; then the page's state, which is the server's; then filters, which are empty.
        data = [question, None, *[""] * (self._inputs - 2)]
        call = {"data": data, "fn_index": self._function, "session_hash": session, "event_data": None}
        said = message = ""
        try:
            status, body = self._request("POST", "/gradio_api/queue/join", json.dumps(call))
            if status != 200:
                return Asked(0.0, time.monotonic() - begun, "busy" if status == 429 else f"{status}: {body[:80]}")
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ALLOWED)
            connection.request("GET", f"/gradio_api/queue/data?session_hash={session}")
            for line in connection.getresponse():
                told = json.loads(line[5:]) if line.startswith(b"data:") else {}
                first = first or (time.monotonic() - begun) * (told.get("msg") == "process_generating")
                if told.get("msg") in ("process_generating", "process_completed"):
                    said += json.dumps(told.get("output"))
                if told.get("msg") == "process_completed":
                    end = "answered" if told["success"] else "failed"
                    message = _message(told) if told["success"] else ""
                    break
            else:
                end = "broken off"
            connection.close()
        except OSError as error:
            end = type(error).__name__
        if "Byline is busy" in said:
            end = "busy"
        elif end == "answered" and "byline answer" not in said:
            end = "no answer"
        return Asked(first, time.monotonic() - begun, end, message)

    def _request(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ALLOWED)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        reply = connection.getresponse()
        try:
            return reply.status, reply.read().decode()
        finally:
            connection.close()


def _message(told: dict) -> str:
    """The last message of the conversation, from what the page is told at the end."""
    return told["output"]["data"][0][-1]["content"][0]["text"]


def day(page: Page, questions, seconds: float) -> list[tuple[float, Asked]]:
    """PEOPLE ask for so many seconds: when each question was put, and what came of it."""
    start, done = time.monotonic() + 0.5, []

    def person(number: int) -> None:
        for turn in range(int(seconds / EVERY)):
            due = start + EVERY * (turn + number / PEOPLE)
            time.sleep(max(due - time.monotonic(), 0))
            put = time.monotonic()
            done.append((put, page.ask(next(questions), due)))

    _together(person, PEOPLE)
    return done


def _crowd(page: Page, questions) -> list[Asked]:
    done = []
    _together(lambda number: done.append(page.ask(next(questions))), CROWD)
    return done


def _together(act, count: int) -> None:
    threads = [threading.Thread(target=act, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def open_questions():
    """Questions of both sets, in an order that is always the same, without end."""
    every = [question.text for question in open_sets.xquad()[1] + open_sets.newsqa()[1]]
    random.Random(0).shuffle(every)
    lock, endless = threading.Lock(), itertools.cycle(every)

    class Shared:
        def __next__(self) -> str:
            with lock:
                return next(endless)

    return Shared()


def served(library: Path) -> tuple[subprocess.Popen, int]:
    """The real server over a library, in a process of its own, and its port."""
    environment = {name: value for name, value in os.environ.items() if name != "BYLINE_TOKEN"}
    server = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "--library", str(library), "serve", "--port", "0"],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    said = server.stdout.readline()
    if not said:
        raise SystemExit("the server did not start")
    return server, int(said.rsplit(":", 1)[1])


def report(what: str, done: list[Asked]) -> None:
    """Prints how many were answered, and the table of times."""
    answered = [asked for asked in done if asked.end == "answered"]
    others = {end: sum(asked.end == end for asked in done) for end in {asked.end for asked in done} - {"answered"}}
    print(f"\n{what}: {len(done)} questions, {len(answered)} answered{''.join(f', {n} {end}' for end, n in others.items())}")
    if not answered:
        return
    print("\n| seconds to | p50 | p95 | worst |\n|---|---|---|---|")
    for name in ("first", "whole"):
        took = [getattr(asked, name) for asked in answered]
        label = {"first": "the first stage", "whole": "the whole answer"}[name]
        print(f"| {label} | {np.percentile(took, 50):.3f} | {np.percentile(took, 95):.3f} | {max(took):.3f} |")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
