"""`byline watch`: folders and the library in step, until it is interrupted."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from corpus.add import Report
from corpus.library import Library
from corpus.record import shown
from corpus.types import BylineError
from corpus.watching import Change, Pass, Watch, batches, pause, watches
from ui import adding, render
from ui.terminal import UNWIPED, complain, print_json, warn

# Seconds between two holds of the writer's lock, so that others who wait for it find it free.
BREATH = 0.6
IDLE = 20.0  # seconds without work after which the process that does it is let go, and its memory with it
PATIENCE = 10.0  # seconds that it has to end


def run(options) -> int:
    """Follows the folders until Ctrl-C or SIGTERM, which are the ways to end it."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupted)
    library = Library(options.library, create=True)
    worker = _Worker(library, options.source)
    try:
        _follow(library, options, worker)
    except KeyboardInterrupt:
        return 0
    finally:
        worker.end()
        signal.signal(signal.SIGTERM, before)


def _follow(library: Library, options, worker: "_Worker") -> None:
    following: list[_Followed] = []
    place = None
    in_step = has_said = False
    while True:
        took = 0.0
        if place != (place := _place(library) or place):  # the first time, and when a backup was restored
            following = [_Followed(watch) for watch in watches(library, options.folders)]
        for followed in following:
            begun = time.monotonic()
            changes = followed.watch.look(begun)
            took += time.monotonic() - begun
            followed.say()
            for passed in worker.take(followed.watch, changes):
                has_said |= _say(passed, options.json)
        if not in_step and all(followed.watch.in_step for followed in following):
            in_step = True
            documents = sum(followed.watch.documents for followed in following)
            complain(f"{render.count(documents, 'document')}, in step; Ctrl-C ends it")
            if options.json and not has_said:
                print_json(adding.report_json(Report(unchanged=documents)))
        library.close()
        worker.rest()
        time.sleep(pause(took))


def _place(library: Library) -> tuple[int, int] | None:
    """What tells the library's file from another of its name; None while there is none."""
    try:
        found = library.path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _say(passed: Pass, as_json: bool) -> bool:
    """Says what came of some changes; whether that was anything."""
    report = passed.report
    if not report.wiped:
        complain(UNWIPED)
    for path, why in [*report.failed, *report.notes]:
        complain(f"{path}: {why}")
    if as_json and (passed.done or report.failed):
        print_json(adding.report_json(report))
    for what, path, documents in () if as_json else passed.done:
        several = f" ({render.count(documents, 'document')})" if documents > 1 else ""
        print(f"{what} {render.line(shown(path))}{several}", flush=True)
    return bool(passed.done or report.failed)


@dataclass(slots=True)
class _Followed:
    watch: Watch
    said: str = ""

    def say(self) -> None:
        """Says what stands in the way, when that has changed."""
        if self.watch.obstacle != self.said:
            complain(self.watch.obstacle or f"{shown(self.watch.folder)}: is back")
            self.said = self.watch.obstacle


class _Worker:
    """Has changes taken in by a process (`ui.taking`) that is there only as long as there is work: the
    models and indexes are hundreds of megabytes, which nobody needs who only looks."""

    def __init__(self, library: Library, source: str | None):
        self._request = {"library": str(library.folder.absolute()), "source": source}
        self._process: subprocess.Popen | None = None
        self._worked = 0.0
        self._waiting = False

    def take(self, watch: Watch, changes: list[Change]) -> Iterator[Pass]:
        """Yields what came of each batch of the changes, as far as the library could be had."""
        for number, batch in enumerate(batches(changes)):
            if number:
                time.sleep(BREATH)
            answer = self._ask(watch.folder, batch)
            self._worked = time.monotonic()
            if "error" in answer:
                raise BylineError(answer["error"])
            if "locked" in answer:
                if not self._waiting:
                    complain("another byline is changing this library; this goes on when it has finished")
                self._waiting = True
                return
            self._waiting = False
            pairs = {key: [tuple(pair) for pair in answer["report"][key]] for key in ("failed", "skipped", "notes")}
            passed = Pass(Report(**answer["report"] | pairs), [tuple(one) for one in answer["done"]])
            watch.settle(batch, passed, self._worked)
            warn(answer["problems"])
            yield passed

    def _ask(self, folder: Path, batch: list[Change]) -> dict:
        if self._process is None:
            # -P: the current folder may hold anything, and must not be where modules come from.
            root = str(Path(__file__).resolve().parents[1])
            paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ui.taking"], env=os.environ | {"PYTHONPATH": paths},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        changes = [(change.path, change.state) for change in batch]
        request = self._request | {"folder": str(folder), "changes": changes}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise BylineError(
                "the process that adds what was found has ended by itself: what was stored is safe. Start again; if "
                f"it ends again, one of these files may be too large for this machine: {shown(folder)}"
            )
        return json.loads(answer)

    def rest(self) -> None:
        """Lets go of the process when there has been nothing to do for some time."""
        if time.monotonic() - self._worked > IDLE:
            self.end()

    def end(self) -> None:
        """Ends the process; what it was doing is undone, or stored."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(BrokenPipeError):  # of a request that it did not live to read
            process.stdin.close()
        process.stdout.close()
