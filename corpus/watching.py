"""Keeping a folder in step with a library, look by look: what `byline watch` does.

The folder is looked through again and again (scandir and stat), not followed by inotify or its
like. Those say nothing of what another machine writes to a network drive, nor of Windows' side of
a folder under WSL or the host's side of a container's; they have a limit for each user, and after
an overflow everything has to be looked through anyway. What a look costs (a tenth of a second
for 10,000 files) is kept small by the pauses between looks, which grow with it.

A file is taken when it has been the same for REST, so that none is read half written; a file that
has gone leaves the library after the same time, so that one that is saved by way of deleting it
does not. Nothing here is remembered on disk: what the library has read is the state to compare with.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus.add import Report, add
from corpus.folders import gone, walk
from corpus.library import Library
from corpus.readers import SUFFIXES
from corpus.record import shown, unshown
from corpus.types import BylineError

REST = 1.0  # seconds for which a file must have been the same
PAUSE, SHARE = 1.0, 100  # seconds between looks at least, and how many times as long as the look took
LONGEST = 60.0
# One hold of the writer's lock: seconds, so that removals and edits by others get their turn.
BATCH_FILES, BATCH_BYTES = 64, 1024 * 1024
# A file that could not be read may be well, and the drive not: it is tried again, ever more rarely.
RETRY, RAREST = 600.0, 86_400.0

State = tuple[int, int, int]  # size, mtime and ctime in ns
_UNREAD: State = (-1, 0, 0)


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not as the library has it, at rest; `state` is None when it has gone."""

    path: str
    state: State | None


@dataclass(slots=True)
class Pass:
    """What came of some changes: the report as of `add`, and of each file what was done with its
    documents ("added", "replaced" or "removed"), its path, and how many they are."""

    report: Report
    done: list[tuple[str, str, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Refusal:
    """A file that could not be read as it was, why, and when it is tried again."""

    state: State
    error: str
    due: float
    pause: float


class Watch:
    """One folder, and what of it the library has.

    `obstacle` says in words why something is not done just now; it is empty when nothing is amiss.
    Raises BylineError when there is no such folder.
    """

    def __init__(self, library: Library, folder: Path):
        self.folder = Path(os.path.abspath(folder))
        if not self.folder.is_dir():
            raise BylineError(f"{shown(self.folder)}: is not a folder, or is not there: only folders can be watched")
        self.obstacle = ""
        self._library = library
        below = shown(self.folder)
        known = {file: _UNREAD for file, _ in library.files_below(below)} | library.states_below(below)
        self._known: dict[str, State] = {os.fsdecode(unshown(file)): state for file, state in known.items()}
        self._restless: dict[str, tuple[State | None, float]] = {}  # how each is, and since when
        self._devices: dict[str, int] = {}  # the file system that each file was last seen on
        self._held: set[str] = set()  # gone, but perhaps not for good
        self._refused: dict[str, _Refusal] = {}

    @property
    def documents(self) -> int:
        """How many documents of this folder the library has."""
        return len(self._library.files_below(shown(self.folder)))

    @property
    def in_step(self) -> bool:
        """Whether nothing that the last look found is left to be done, now or soon."""
        return not self._restless

    def look(self, now: float) -> list[Change]:
        """What has changed and is at rest, in the order of the paths; `now` is in seconds."""
        seen = self._seen()
        if seen is None:
            self._restless.clear()
            return []
        for path, refusal in self._refused.items():
            if refusal.due <= now and path in seen:
                refusal.due = now + refusal.pause
                self._known[path] = _UNREAD
        changed: dict[str, State | None] = dict.fromkeys(self._gone(seen))
        changed |= {path: state for path, state in seen.items() if self._known.get(path) != state}
        before = self._restless
        self._restless = {
            path: before[path] if path in before and before[path][0] == state else (state, now)
            for path, state in changed.items()
        }
        at_rest = [Change(path, state) for path, (state, since) in self._restless.items() if now - since >= REST]
        return sorted(at_rest, key=lambda change: change.path)

    def _seen(self) -> dict[str, State] | None:
        """The files of the folder, and their states; None when it cannot be looked into."""
        failed: list[tuple[str, str]] = []
        seen: dict[str, State] = {}
        devices: dict[str, int] = {}
        for entry in walk(str(self.folder), self._library.folder.resolve(), [], failed):
            if os.path.splitext(entry.name)[1].lower() not in SUFFIXES:
                continue
            within = os.path.dirname(entry.path)
            try:
                stat = entry.stat(follow_symlinks=False)
                # Of the folder: where file systems are laid over one another, a file's own may change.
                device = devices[within] if within in devices else os.stat(within).st_dev
            except OSError:  # it went, or the drive did
                continue
            devices[within] = device
            seen[entry.path] = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            self._devices[entry.path] = device
        here = shown(self.folder)
        if any(path == here for path, _ in failed):
            self.obstacle = f"{here}: is not there, or is closed: nothing is changed until it is back"
            return None
        self.obstacle = "; ".join(f"{path}: {why}" for path, why in failed)
        return seen

    def _gone(self, seen: dict[str, State]) -> list[str]:
        """The files that have gone for good, as far as one can tell.

        A drive that was taken away looks like a folder that was emptied. So nothing is taken for
        gone while no file is left where it was: on its file system; or, where that is not known
        because it has not been seen since the watch began, of all that the library had.
        """
        absent = [path for path in self._known if path not in seen and gone(shown(path))]
        emptied = len(absent) == len(self._known)
        alive = {self._devices[path] for path in seen}
        held = {
            path for path in absent
            if (self._devices[path] not in alive if path in self._devices else emptied or path in self._held)
        }  # fmt: skip
        self._held = held
        if held:
            files = f"{len(held):,} file{'s' * (len(held) > 1)}"
            self.obstacle = (
                f"{shown(self.folder)}: no file is left of what was read from it ({files}), as if a drive had been "
                "taken away or the folder emptied by mistake. The documents are kept; if they are to go, `byline "
                "remove` them"
            )
        return [path for path in absent if path not in held]

    def settle(self, changes: Sequence[Change], passed: Pass, now: float) -> None:
        """Remembers changes as taken (see `take`). Of a file that could not be read, and is tried again as
        it was, what was said before is taken out of the report."""
        errors, repeated = dict(passed.report.failed), set()
        for change in changes:
            path, state = change.path, change.state
            self._restless.pop(path, None)
            before = self._refused.pop(path, None)
            if state is None:
                self._known.pop(path, None)
                self._devices.pop(path, None)
                continue
            self._known[path] = state
            if error := errors.get(shown(path)):
                again = before is not None and before.state == state
                wait = min(before.pause * 2, RAREST) if again else RETRY
                self._refused[path] = _Refusal(state, error, now + wait, wait)
                if again and before.error == error:
                    repeated.add((shown(path), error))
        passed.report.failed = [pair for pair in passed.report.failed if pair not in repeated]


def take(library: Library, folder: Path, changes: Sequence[Change], **given) -> Pass:
    """Brings the library up to changes in a folder, which are all of files that are there, or all of files
    that have gone (see `batches`); `given` is what `corpus.add.add` needs. Raises what that does: the
    changes are then found again by the next look."""
    there = [change.path for change in changes if change.state]
    if not there:
        return _remove(library, [change.path for change in changes])
    before = {path: _ids(library, path) for path in there}
    passed = Pass(add(library, [Path(path) for path in there], within=folder, **given))
    for path in there:
        after = _ids(library, path)
        if after != before[path]:
            what = "removed" if not after else "replaced" if before[path] else "added"
            passed.done.append((what, path, len(after or before[path])))
    return passed


def _remove(library: Library, paths: list[str]) -> Pass:
    begun, passed = time.monotonic(), Pass(Report())
    with library.writing() as writer:
        found = {path: ids for path in paths if gone(shown(path)) and (ids := _ids(library, path))}
        if found:
            writer.remove([id for ids in found.values() for id in ids])
            passed.report.wiped = library.wipe_log()
    passed.done = [("removed", path, len(ids)) for path, ids in found.items()]
    passed.report.removed = sum(map(len, found.values()))
    passed.report.seconds = time.monotonic() - begun
    return passed


def _ids(library: Library, path: str) -> list[str]:
    return sorted(document.id for document in library.of_file(shown(path)))


def watches(library: Library, folders: Sequence[Path]) -> list[Watch]:
    """A watch of each folder; one that lies in another of them is watched with that."""
    every = {watch.folder: watch for watch in (Watch(library, folder) for folder in folders)}
    return [watch for folder, watch in every.items() if not any(other in folder.parents for other in every)]


def batches(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """The changes in portions, each for one hold of the writer's lock; what has gone comes last and by
    itself, so that a file that was moved is never away."""
    batch: list[Change] = []
    size = 0
    for change in sorted(changes, key=lambda change: change.state is None):
        length = change.state[0] if change.state else 0
        full = len(batch) == BATCH_FILES or size + length > BATCH_BYTES
        if batch and (full or (batch[0].state is None) != (change.state is None)):
            yield batch
            batch, size = [], 0
        batch.append(change)
        size += length
    if batch:
        yield batch


def pause(took: float) -> float:
    """Seconds until the next look, after one that took so long."""
    return min(max(PAUSE, took * SHARE), LONGEST)
