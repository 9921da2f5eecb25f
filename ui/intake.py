"""Adds uploaded files to the person's library in the background, one batch after another."""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

from corpus.add import Report, add
from corpus.library import Library
from corpus.record import shown
from corpus.types import BylineError, Locked
from corpus.writer import Writer
from index import encoder as encoders
from index.sync import sync
from ui.desk import Desk
from ui.uploads import Refused, Store

# A batch is what is added between two chances for a person to remove or edit: seconds, not minutes.
BATCH_FILES, BATCH_BYTES = 32, 256 * 1024
SLICE = 16  # sentences that are embedded before a question may go first
PATIENCE = 20.0  # seconds that a removal or an edit waits for its turn
REMEMBERED = 2_000  # files that are done, and whose fate is still shown
QUEUED = 5_000  # files that may wait

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """A file on its way: `state` is queued, reading, indexing, ready or failed; `why` says more."""

    id: str
    label: str
    path: PurePosixPath
    arrived: Path | None
    size: int
    run: int  # files that came while others were waiting have one, and a progress, in common
    state: str = "queued"
    why: str = ""
    documents: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    done: float = 0.0  # share of it

    @property
    def over(self) -> bool:
        return self.state in ("ready", "failed")


class Intake:
    """The queue and the thread that works on it. Made for a desk, to whose library it adds."""

    def __init__(self, desk: Desk):
        self.store = Store(desk.folder)
        self._desk = desk
        self._jobs: dict[str, Job] = {}
        self._wake = threading.Condition()
        self._turn = threading.Lock()  # to write to the library, in this process
        self._changes = 0  # removals and edits that are waiting or at work
        self._run = 0
        self._closed = False
        self._thread: threading.Thread | None = None
        self._begun = time.monotonic()
        self._encoder = None
        self.obstacle = ""  # why nothing goes on just now, in words

    # -- what the page asks ------------------------------------------------------------------------

    def submit(self, label: str, path: PurePosixPath, arrived: Path, size: int) -> Job:
        """Puts a file that has arrived in the queue. Raises Refused when that is full."""
        with self._wake:
            waiting = [job for job in self._jobs.values() if not job.over]
            if len(waiting) >= QUEUED:
                raise Refused(503, f"{QUEUED:,} files are waiting already: add it when they are done")
            if not waiting:  # a new run: progress counts from here
                self._begun, self._run = time.monotonic(), self._run + 1
                self._forget(keep=REMEMBERED)
            for earlier in [job for job in self._jobs.values() if job.path == path and job.over]:
                del self._jobs[earlier.id]  # what became of this file the last time is past
            job = Job(secrets.token_hex(16), label, path, arrived, size, self._run)
            self._jobs[job.id] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="byline-intake", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return job

    def jobs(self) -> list[Job]:
        """All files of which something is to be said: those at work, waiting, failed, and done."""
        with self._wake:
            order = {"reading": 0, "indexing": 0, "failed": 1, "queued": 2, "ready": 3}
            return sorted(self._jobs.values(), key=lambda job: order[job.state])

    def progress(self) -> dict:
        """Files and the share of bytes that are done, and an estimate of the seconds left (None at first)."""
        with self._wake:
            jobs = [job for job in self._jobs.values() if job.run == self._run]
            busy = [job for job in jobs if not job.over]
            total = sum(job.size for job in jobs) or 1
            share = sum(job.size if job.over else job.size * job.done for job in jobs) / total
            took = time.monotonic() - self._begun
            known = busy and took > 2 and share > 0.01
            return {
                "busy": bool(busy), "files": len(jobs), "done": len(jobs) - len(busy), "share": round(share, 4),
                "seconds_left": round(took / share * (1 - share)) if known else None, "obstacle": self.obstacle,
            }  # fmt: skip

    def forget(self) -> None:
        """Says no more of the files that are ready or failed."""
        with self._wake:
            self._forget(keep=0)

    def _forget(self, keep: int) -> None:
        over = [job.id for job in self._jobs.values() if job.over]
        for id in over[: max(len(over) - keep, 0)]:
            del self._jobs[id]

    @contextmanager
    def changing(self) -> Iterator[tuple[Library, Writer]]:
        """The person's library and its writer, for a removal or an edit, between two batches of what is
        being added; the indexes follow. Raises BylineError when its turn does not come."""
        with self._wake:
            self._changes += 1
        try:
            if not self._turn.acquire(timeout=PATIENCE):
                raise BylineError("A large file is being added, and nothing was changed. Try again when it is done.")
            try:
                library = Library(self._desk.folder)
                with library.writing() as writer:
                    yield library, writer
                self._sync(library)
            finally:
                self._turn.release()
        finally:
            with self._wake:
                self._changes -= 1
                self._wake.notify_all()

    def close(self) -> None:
        """Ends the work after the batch at hand; what is committed stays, what waits is dropped."""
        with self._wake:
            self._closed = True
            self._wake.notify_all()
        if self._thread:
            self._thread.join(timeout=5)
        self.store.clear()

    # -- the thread --------------------------------------------------------------------------------

    def _work(self) -> None:
        while batch := self._next():
            try:
                with self._turn:
                    self._add(batch)
            except BylineError as error:
                self._fail(batch, str(error))
            except Exception:  # a fault of ours: the log has the traceback, the person a sentence
                logger.exception("files could not be added")
                self._fail(
                    batch,
                    "Something went wrong inside Byline, and this file was not added. "
                    "The details are in the terminal where Byline runs.",
                )
            finally:
                for job in batch:
                    if job.arrived:
                        job.arrived.unlink(missing_ok=True)

    def _next(self) -> list[Job]:
        """The next files of the queue, each place once; waits for some. None when closed."""
        with self._wake:
            while not self._closed:
                batch: dict[PurePosixPath, Job] = {}
                for job in self._jobs.values() if not self._changes else ():
                    if job.state != "queued":
                        continue
                    full = len(batch) == BATCH_FILES or sum(j.size for j in batch.values()) + job.size > BATCH_BYTES
                    if job.path in batch or batch and full:
                        break
                    batch[job.path] = job
                if batch:
                    return list(batch.values())
                self._wake.wait()
        return []

    def _add(self, batch: list[Job]) -> None:
        library = Library(self._desk.folder, create=True)
        self._wait_for(library)
        self._encoder = encoders.following(library, self._encoder)
        filed: list[tuple[Job, Path, Path | None]] = []
        for job in batch:
            try:
                filed.append((job, *self.store.file(job.arrived, job.path)))
            except Refused as error:
                self._fail([job], str(error))
        earlier = {job.id: _ids(library, at) for job, at, _ in filed}
        watch = _Watch([job for job, _, _ in filed])
        report = Report()
        try:
            while True:
                try:
                    report = add(
                        library, [at for _, at, _ in filed], embed=self._embedding(watch),
                        encoder=self._encoder.fingerprint, progress=watch.files,
                    )  # fmt: skip
                    break
                except Locked:  # another process was quicker
                    if self._closed:
                        raise
                    self._wait_for(library)
        finally:  # what is stored is stored, even if not all of the batch could be
            for job, at, before in filed:
                now = _ids(library, at)
                if not self._settle(job, at, report, earlier[job.id], now):
                    self.store.withdraw(at, before)
                elif before:
                    before.unlink(missing_ok=True)
        self._sync(library)

    def _wait_for(self, library: Library) -> None:
        """Waits while another process writes to the library."""
        while not _is_free(library) and not self._closed:
            self.obstacle = "Another byline is changing this library; this goes on when it has finished."
            time.sleep(0.5)
        self.obstacle = ""

    def _embedding(self, watch: "_Watch") -> Callable[[Sequence[str]], np.ndarray]:
        def embed(texts: Sequence[str]) -> np.ndarray:
            vectors = []
            for begin in range(0, len(texts), SLICE):
                self._desk.after_you(1.0)
                part = texts[begin : begin + SLICE]
                vectors.append(self._encoder.encode(part))
                watch.embedded(sum(map(len, part)))
            return np.concatenate(vectors)

        return embed

    def _settle(self, job: Job, at: Path, report: Report, earlier: set[str], now: set[str]) -> bool:
        """Says what has become of a file; False when nothing of it was taken."""
        wrong = [said for path, why in report.failed if (said := _of(at, path, why))]
        notes = [said for path, why in [*report.notes, *report.skipped] if (said := _of(at, path, why))]
        whole = any(path == shown(at) for path, _ in report.failed)
        new = now - earlier
        read = report.seconds > 0  # the report is only there when `add` came to its end
        with self._wake:
            job.notes = notes[:20]
            if not new and (whole or not now or not read):
                if read:
                    job.state, job.why = "failed", wrong[0] if wrong else "holds no text that Byline reads"
                return False
            job.state, job.documents = "ready", tuple(sorted(now, key=int))
            if wrong:
                job.why = f"{len(wrong):,} of its parts failed: {'; '.join(wrong[:5])}"
            elif now == earlier:
                job.why = "unchanged: it was here already"
        return True

    def _fail(self, batch: Sequence[Job], why: str) -> None:
        with self._wake:
            for job in batch:
                if not job.over:
                    job.state, job.why = "failed", why

    def _sync(self, library: Library) -> None:
        for problem in sync(library):
            logger.warning(problem)


class _Watch:
    """Follows the files of one `add` through its callbacks."""

    def __init__(self, jobs: list[Job]):
        self._jobs = jobs
        self._current: Job | None = None
        self._characters = 0

    def files(self, done: int, of: int, sentences: int) -> None:
        if self._current:
            self._current.done = 1.0
        self._current = self._jobs[done] if done < len(self._jobs) else None
        self._characters = 0
        if self._current:
            self._current.state = "reading"

    def embedded(self, characters: int) -> None:
        self._characters += characters
        if self._current:
            self._current.state = "indexing"
            self._current.done = min(self._characters / max(self._current.size, 1), 0.95)


def _ids(library: Library, file: Path) -> set[str]:
    return {document.id for document in library.of_file(shown(file))}


def _is_free(library: Library) -> bool:
    try:
        with library.lock():
            return True
    except BylineError:
        return False


def _of(file: Path, path: str, why: str) -> str:
    """What is said of a file or of a part of it; empty for what is said of another."""
    name = shown(file)
    if path == name:
        return why
    return f"{path[len(name) + 1 :]}: {why}" if path.startswith((f"{name}/", f"{name}:")) else ""
