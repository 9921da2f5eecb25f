"""Questions while the library changes: `python -m tests.bench.together [SECONDS]` (120).

Twenty people ask, each every five seconds, through the page's own calls over HTTP; first while nothing
else happens, then while another process adds, replaces and removes documents without a pause, as
`byline add` and `byline remove` do. Half of the questions are about what changes. Every quotation of
every answer is compared with the text of the version it names, and every answer with the order in
which the documents came and went.
"""

import hashlib
import itertools
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import lxml.html
import numpy as np

from corpus.add import add
from corpus.library import Library
from corpus.record import shown
from index.sync import sync
from tests.bench import collection, load

TOWNS = 12  # each of them is told of by one document, in ever newer versions, and is not told of for a while
_PLACE = re.compile(r"#cite=(\d+):(\d+)-(\d+):([0-9a-f]{12})")


@dataclass(frozen=True, slots=True)
class Cited:
    """A passage that an answer cites: its document's version, its place, and what is said to stand there
    (None where an answer gives a link alone)."""

    document: str
    start: int
    end: int
    digest: str
    quote: str | None = None


@dataclass(slots=True)
class _Version:
    text: str
    born: int  # the commit that brought it, counted from 1
    died: int | None = None  # the one that took it away
    gone: float | None = None  # when that had been acknowledged


@dataclass(slots=True)
class History:
    """What was in a library when, as its only writer tells it. `given` are the texts that never changed."""

    given: dict[str, str] = field(default_factory=dict)
    _versions: dict[str, _Version] = field(default_factory=dict)
    _commits: int = 0

    def commit(self, came: tuple[str, str] | None, went: str | None, acknowledged: float) -> None:
        """One commit, in their order: the version (id, text) that came, and the id of the one that went."""
        self._commits += 1
        if came:
            self._versions[came[0]] = _Version(came[1], self._commits)
        if went:
            version = self._versions[went]
            version.died, version.gone = self._commits, acknowledged

    def faults(self, cited: Iterable[Cited], asked: float) -> list[str]:
        """What is wrong with an answer that was asked for at a time: nothing may ever be."""
        found, faults = [], []
        for one in cited:
            version = self._versions.get(one.document)
            text = version.text if version else self.given.get(one.document)
            if text is None:
                faults.append(f"document {one.document} never was")
                continue
            there = text[one.start : one.end]
            if one.quote not in (None, there) or hashlib.sha256(there.encode()).hexdigest()[:12] != one.digest:
                faults.append(f"document {one.document} has {there!r} where {one.quote!r} is quoted")
            if version:
                found.append(version)
                if version.gone is not None and version.gone < asked:
                    late = f"{asked - version.gone:.3f} s before the question"
                    faults.append(f"document {one.document} is cited, whose removal was acknowledged {late}")
        first_end = min((version.died for version in found if version.died), default=self._commits + 1)
        if found and max(version.born for version in found) >= first_end:
            faults.append("versions are cited together that never stood together")
        return faults


def passages(message: str) -> list[Cited]:
    """The passages that a message of the page cites."""
    tree, cited = lxml.html.fromstring(message), []
    for claim in tree.xpath('//div[@class="claim"]'):
        [quote] = claim.xpath('.//blockquote/span[@class="verbatim"]')
        [chip] = claim.xpath('.//a[@class="chip"]/@href')
        cited.append(_cited(chip, quote.text_content()))
    return cited + [_cited(link) for link in tree.xpath('//a[@class="source"]/@href')]


def _cited(link: str, quote: str | None = None) -> Cited:
    document, start, end, digest = _PLACE.fullmatch(link).groups()
    return Cited(document, int(start), int(end), digest, quote)


def story(town: int, version: int) -> str:
    """What a document says of a town, as of a version."""
    name = _name(town)
    return (
        f"The harbour of {name} is held by guild number {version}. It was taken at dawn on day {version} of the siege, "
        f"a spokesman for the council of {name} said. In {name} {version + 3} people were hurt. "
        + " ".join(f"Ship {ship} of {name} left in week {version}." for ship in range(6))
    )


def question(town: int) -> str:
    """A question that the newest document on a town answers."""
    return f"Who holds the harbour of {_name(town)}?"


def _name(town: int) -> str:
    return "".join(("Qua", "Vel", "Dro", "Mis")[town % 4] + ("nor", "tha", "bek")[town // 4 % 3])


def change(library: Library, folder: Path, encoder, towns: int = TOWNS) -> Iterator[dict]:
    """Changes a library for ever: yields each commit as `History.commit` takes it."""
    held: dict[int, str] = {}
    for turn in itertools.count():
        town, version = turn % towns, turn // towns
        path = folder / f"{_name(town)}.txt"
        if version % 4 == 3:  # in every fourth round they are away
            with library.writing() as writer:
                writer.remove([held[town]])
            acknowledged = time.monotonic()
            library.wipe_log()
            sync(library)
            path.unlink()
            yield {"came": None, "went": held.pop(town), "acknowledged": acknowledged}
        else:
            path.write_text(story(town, version))
            report = add(library, [path], embed=encoder.encode, encoder=encoder.fingerprint)
            acknowledged = time.monotonic()
            assert report.added + report.replaced == 1, report
            sync(library)
            [document] = library.of_file(shown(path))
            went, held[town] = held.get(town), document.id
            yield {"came": (document.id, story(town, version)), "went": went, "acknowledged": acknowledged}


def main(seconds: float = 120.0) -> int:
    """Prints the tables. Needs `.bench/open`, which `python -m tests.bench scale` builds. Exit code 1
    when something happened that must never happen."""
    whole = collection.FOLDER / "open"
    if not (whole / "library.sqlite").exists():
        raise SystemExit(f"{whole} is not there: `python -m tests.bench scale` builds it")
    with tempfile.TemporaryDirectory() as folder:
        copied = shutil.copytree(whole, Path(folder) / "open", ignore=shutil.ignore_patterns("chats.*", "files"))
        library = Library(copied)
        history = History({document.id: library.text(document.id) for document in library.documents()})
        library.close()
        server, port = load.served(copied)
        try:
            page = load.Page(port)
            questions = _Mixed(load.open_questions())
            for _ in range(5):  # the models are loaded by the first
                page.ask(next(questions))
            idle = load.day(page, questions, seconds / 2)
            people = f"{load.PEOPLE} people, one question every {load.EVERY:.0f} s each"
            load.report(f"{people}, and nothing else", [one for _, one in idle])
            with changing(copied) as commits:
                busy = load.day(page, questions, seconds)
            load.report(f"{people}, while documents are added, replaced and removed", [one for _, one in busy])
            running = server.poll() is None
        finally:
            server.terminate()
            server.wait(20)
        return _judge(history, commits, idle, busy, running)


def _judge(history: History, commits: list[dict], idle: list, busy: list, running: bool) -> int:
    for commit in commits:
        history.commit(commit["came"], commit["went"], commit["acknowledged"])
    came, went = (sum(bool(commit[key]) for commit in commits) for key in ("came", "went"))
    both = sum(bool(commit["came"] and commit["went"]) for commit in commits)
    print(f"\n{len(commits)} commits meanwhile: {came - both} documents added, {both} replaced, {went - both} removed.")
    cited = [(asked, passages(one.message)) for asked, one in busy if one.end == "answered"]
    changing = sum(any(passage.document not in history.given for passage in found) for _, found in cited)
    faults = [fault for asked, found in cited for fault in history.faults(found, asked)]
    faults += [f"a question was not answered: {one.end}" for _, one in [*idle, *busy] if one.end != "answered"]
    faults += [] if running else ["the server has ended"]
    if not (went - both and changing):  # then nothing has been tried
        faults.append("nothing was removed, or nothing that changes was cited")
    quotes = sum(len(found) for _, found in cited)
    print(f"{len(cited)} answers, {changing} of which cite what changes; {quotes} quotations and links compared.")
    print(f"What must never happen happened {len(faults)} times.")
    for fault in faults[:20]:
        print(f"- {fault}")
    before, after = (float(np.percentile([one.whole for _, one in done], 95)) for done in (idle, busy))
    print(f"\np95 while documents change against p95 else: {after:.3f} s / {before:.3f} s = {after / before:.2f}")
    return 1 if faults else 0


@contextmanager
def changing(library: Path, towns: int = TOWNS) -> Iterator[list[dict]]:
    """Another process changes the library; the commits come into the list as they happen, and are all
    there in the end."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.together", "change", str(library), str(towns)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    commits: list[dict] = []
    reading = threading.Thread(target=lambda: commits.extend(map(json.loads, writer.stdout)))
    reading.start()
    try:
        yield commits
    finally:
        writer.terminate()
        reading.join()
        writer.wait()
        writer.stdout.close()


class _Mixed:
    """Questions on what stays and on what changes, in turn, for many threads."""

    def __init__(self, others):
        self._others, self._lock, self._count = others, threading.Lock(), 0

    def __next__(self) -> str:
        with self._lock:
            self._count += 1
            return question(self._count // 2 % TOWNS) if self._count % 2 else next(self._others)


def _change(folder: str, towns: str) -> None:
    from index.encoder import Encoder

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())  # after a commit that has been told of, and not before
    with tempfile.TemporaryDirectory() as files:
        for commit in change(Library(Path(folder)), Path(files), Encoder(), int(towns)):
            print(json.dumps(commit), flush=True)
            if ended.is_set():
                break


if __name__ == "__main__":
    if sys.argv[1:2] == ["change"]:
        _change(*sys.argv[2:])
    else:
        sys.exit(main(*map(float, sys.argv[1:])))
