"""Adding files to a library: find them, skip the unchanged, read, split, embed, store.

Each document is stored by itself in one transaction and is then safe, so an interrupted `add`
goes on where it stopped: what is stored is not embedded again.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from corpus.folders import gone, walk
from corpus.library import Library
from corpus.readers import CONTAINERS, SUFFIXES
from corpus.record import file_sha256, said_beyond, sha256, shown
from corpus.sandbox import Sandbox
from corpus.sentences import sentences
from corpus.types import Document, FileState, Reading, Unreadable
from corpus.writer import Writer

if TYPE_CHECKING:
    from corpus.fetching.pages import Page, Pages

# Sentences that are gathered over documents before they are embedded: enough to keep two cores
# busy, little enough that an interruption costs seconds.
BATCH = 256


@dataclass(slots=True)
class Report:
    """What an `add` did: documents by their fate, failures and skipped files with the reason.

    `missing` are documents (`origin/name`) whose files are gone from the folders that were added;
    they are kept. `notes` are (path, what a reader guessed or left out). `wiped` is False when text that was replaced or removed may still be in the
    library's log (see `Database.wipe_log`).
    """

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    sentences: int = 0
    seconds: float = 0.0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    wiped: bool = True


@dataclass(frozen=True, slots=True)
class _Pending:
    reading: Reading
    origin: str
    name: str
    file: str
    stated: str
    spans: list[tuple[int, int]]

    @property
    def texts(self) -> list[str]:
        return [self.reading.text[start:end] for start, end in self.spans]


def add(
    library: Library,
    paths: list[Path],
    *,
    embed: Callable[[list[str]], np.ndarray],
    encoder: dict,
    source: str | None = None,
    published: str | None = None,
    within: Path | None = None,
    pages: "Pages | None" = None,
    progress: Callable[[int, int, int], None] = lambda files, of, sentences: None,
) -> Report:
    """Adds files and folders (recursively); `embed` maps texts to unit vectors (n, dimension).

    `source` and `published` hold for the documents that do not state their own; each holds for a
    file until another is given for it. Documents are named from `within`, or else from the folder
    that is given, or that a file which is given lies in. `pages` are fetched, after the files; without
    them nothing is. `progress` is told the files (and pages) done, those in all, and the sentences
    stored. Raises Locked when another process writes, and BylineError when the library's vectors were
    made by another encoder.
    """
    begun = time.monotonic()
    report = Report()
    given = {"source": source, "published": published}
    with library.writing() as writer, Sandbox() as sandbox:
        writer.claim_encoder(encoder)
        writer.drop_altered_notes()
        files = list(dict.fromkeys(_files(paths, within, library.folder.resolve(), report)))
        total = len(files) + (pages.total if pages else 0)
        for done, (origin, path) in enumerate(files):
            progress(done, total, report.sentences)
            try:
                _add_file(writer, library, sandbox.read, path, origin, given, embed, report)
            except OSError as error:
                report.failed.append((shown(path), f"cannot be read: {error.strerror}"))
        for done, page in enumerate(pages or (), len(files)):
            total = max(len(files) + pages.total, done + 1)
            progress(done, total, report.sentences)
            if isinstance(page, Unreadable):
                (report.skipped if page.skipped else report.failed).append((page.name, page.error))
            else:
                _add_page(writer, library, sandbox.read, page, given, embed, report)
        progress(total, total, report.sentences)
        report.missing = list(dict.fromkeys(name for path in paths for name in _missing(library, path)))
        if report.replaced or report.removed:
            report.wiped = library.wipe_log()
    report.seconds = time.monotonic() - begun
    return report


def _files(
    paths: list[Path], within: Path | None, library: Path, report: Report
) -> Iterator[tuple[Path, Path]]:
    """(origin folder, file) for everything to be read, in the order of the names; not the library's own."""
    for path in paths:
        absolute = Path(os.path.abspath(path))
        if not os.path.isdir(absolute):
            yield within or absolute.parent, absolute
            continue
        empty, failures = True, len(report.failed)
        for entry in walk(str(absolute), library, report.skipped, report.failed):
            file = Path(entry.path)
            if file.suffix.lower() in SUFFIXES:
                empty = False
                yield within or absolute, file
            else:
                report.skipped.append((shown(file), "not a format that Byline reads"))
        if empty and len(report.failed) == failures:
            report.failed.append((shown(absolute), f"holds no file that Byline reads ({', '.join(SUFFIXES)})"))


def _missing(library: Library, folder: Path) -> Iterator[str]:
    """The documents (`origin/name`) that were read from files in a folder that are not there now."""
    known = library.files_below(shown(os.path.abspath(folder))) if os.path.isdir(folder) else []
    missing = {file: gone(file) for file, _ in known}
    return (name for file, name in known if missing[file])


def _add_file(
    writer: Writer,
    library: Library,
    read: Callable[[Path], Iterator[Reading | Unreadable]],
    path: Path,
    folder: Path,
    now: dict,
    embed: Callable,
    report: Report,
) -> None:
    file = shown(path)
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        report.failed += [(file, found.error) for found in read(path)]  # says what is wrong with it
        return
    stat = path.stat()
    known = library.known_file(file)
    given = _given(known, now)
    seen = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, given)
    if known and seen == (known.size, known.mtime_ns, known.ctime_ns, known.given):
        report.unchanged += len(library.of_file(file))
        return
    digest = file_sha256(path)
    state = FileState(*seen[:3], digest, given)
    if known and (digest, given) == (known.sha256, known.given):
        report.unchanged += len(library.of_file(file))
        writer.note_file(file, state)
        return
    before = {(document.origin, document.name): document for document in library.of_file(file)}
    # A file that is known already keeps its identity, however it was named this time.
    itself = next((known_as for known_as in before if known_as[0] != file), None)
    itself = itself or (shown(folder), shown(path.relative_to(folder)))
    if path.suffix.lower() in CONTAINERS:  # so that what is given holds even if not all of it can be read
        writer.note_given(file, given)
    _take(writer, library, read(path), file, itself, state, before, embed, report)


def _add_page(
    writer: Writer,
    library: Library,
    read: Callable[[Path], Iterator[Reading | Unreadable]],
    page: "Page",
    now: dict,
    embed: Callable,
    report: Report,
) -> None:
    """Takes a page, under the address that it came from in the end.

    It is read even where its bytes have not changed, since what led to it may lead elsewhere now. What
    it led to before is kept: an address that shows a front page today says nothing of an article.
    """
    file, at = page.asked, str(page.address)
    had = {(document.origin, document.name): document for document in library.of_file(file)}
    if page.path is None:
        report.unchanged += len(had)
        return
    known = library.known_file(file)
    if known is None and now["published"] is None:
        now = now | {"published": page.published}
    given = _given(known, now)
    stat = page.path.stat()
    state = FileState(stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, "", given)
    if page.path.suffix in CONTAINERS:
        writer.note_given(file, given)
    itself = (page.address.origin, at)
    members = {known_as: document for known_as, document in had.items() if known_as[0] == file}
    if had.keys() - members.keys() - {itself}:
        report.notes.append((file, f"leads to {at} now; what it led to before is still cited: `byline list` shows it"))
    found = (
        replace(one, uri=one.uri if one.name and one.uri else at) if isinstance(one, Reading) else one
        for one in read(page.path)
    )
    _take(writer, library, found, file, itself, state, members, embed, report)


def _take(
    writer: Writer,
    library: Library,
    read: Iterator[Reading | Unreadable],
    file: str,
    itself: tuple[str, str],
    state: FileState,
    before: dict[tuple[str, str], Document],
    embed: Callable,
    report: Report,
) -> None:
    """Stores what was read of a file; of what was there `before`, removes what is not any more.

    `itself` is the (origin, name) of the file where it is one document.
    """
    failures = len(report.failed)
    kept: set[tuple[str, str]] = set()
    pending: list[_Pending] = []
    for found in read:
        if isinstance(found, Unreadable):
            where = f"{file}/{found.name}" if found.name else file
            where = f"{where}:{found.line}" if found.line else where
            (report.skipped if found.skipped else report.failed).append((where, found.error))
            continue
        origin, name = (file, found.name) if found.name else itself
        kept.add((origin, name))
        report.notes += [(f"{file}/{found.name}" if found.name else file, note) for note in found.notes]
        reading, stated = _completed(found, state.given)
        have = library.find(origin, name)
        if have and have[1] == stated:
            report.unchanged += 1
            continue
        pending.append(_Pending(reading, origin, name, file, stated, sentences(reading.text)))
        if sum(len(item.spans) for item in pending) >= BATCH:
            _store(writer, library, pending, embed, report)
            pending = []
    _store(writer, library, pending, embed, report)
    if len(report.failed) > failures:
        return  # not noted as read, so that the next `add` says again what is wrong
    gone = [document.id for known_as, document in before.items() if known_as not in kept]
    if gone:
        writer.remove(gone)
        report.removed += len(gone)
    writer.note_file(file, state)


def _given(known: FileState | None, now: dict[str, str | None]) -> str:
    """What a person has given for a file, now or else before, as JSON."""
    try:
        before = dict(json.loads(known.given)) if known else {}
    except (TypeError, ValueError):  # damaged; no hash covers it
        before = {}
    return json.dumps({key: before.get(key) if now[key] is None else now[key] for key in now}, sort_keys=True)


def _completed(reading: Reading, given: str) -> tuple[Reading, str]:
    """The reading with what the person gave for what it does not state, and the hash of all that."""
    absent = {key: value for key, value in json.loads(given).items() if getattr(reading, key) is None}
    reading = replace(reading, **absent)
    fields = [reading.title, reading.source, reading.published, reading.uri, reading.media_type]
    return reading, sha256(json.dumps([sha256(reading.text), *fields, *said_beyond(reading)]))


def _store(
    writer: Writer, library: Library, pending: list[_Pending], embed: Callable, report: Report
) -> None:
    texts = list(dict.fromkeys(text for item in pending for text in item.texts))
    # Known vectors are held too: one goes with its last sentence, and a later document of the
    # batch may have that sentence now.
    vectors = library.known_vectors(texts)
    texts = [text for text in texts if text not in vectors]
    if texts:
        vectors |= zip(texts, embed(texts), strict=True)
    for item in pending:
        replaces = library.find(item.origin, item.name) is not None
        writer.put(
            item.reading, origin=item.origin, name=item.name, file=item.file,
            stated=item.stated, spans=item.spans, vectors=vectors,
        )  # fmt: skip
        report.replaced += replaces
        report.added += not replaces
        report.sentences += len(item.spans)
