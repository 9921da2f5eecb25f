"""Adding files to a library: find them, skip the unchanged, read, split, embed, store.

Each document is stored by itself in one transaction and is then safe, so an interrupted `add`
goes on where it stopped: what is stored is not embedded again.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from corpus.library import Library
from corpus.readers import LATER, SUFFIXES, read
from corpus.record import sha256
from corpus.sentences import sentences
from corpus.types import FileState, Reading, Unreadable
from corpus.writer import Writer

# Sentences that are gathered over documents before they are embedded: enough to keep two cores
# busy, little enough that an interruption costs seconds.
BATCH = 256
# Files that hold many documents, each with a name of its own.
CONTAINERS = (".jsonl",)


@dataclass(slots=True)
class Report:
    """What an `add` did: documents by their fate, failures and skipped files with the reason."""

    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    removed: int = 0
    sentences: int = 0
    seconds: float = 0.0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)


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
    progress: Callable[[int, int, int], None] = lambda files, of, sentences: None,
) -> Report:
    """Adds files and folders (recursively); `embed` maps texts to unit vectors (n, dimension).

    `source` and `published` hold for the documents that do not state their own. `progress` is told
    the files done, the files in all, and the sentences stored. Raises BylineError when another
    process writes, or when the library's vectors were made by another encoder.
    """
    begun = time.monotonic()
    report = Report()
    given = json.dumps({"source": source, "published": published}, sort_keys=True)
    with library.writing() as writer:
        writer.claim_encoder(encoder)
        files = list(dict.fromkeys(_files(paths, report)))
        for done, (origin, path) in enumerate(files):
            progress(done, len(files), report.sentences)
            try:
                _add_file(writer, library, path, origin, given, embed, report)
            except OSError as error:
                report.failed.append((_shown(path), f"cannot be read: {error.strerror}"))
        progress(len(files), len(files), report.sentences)
    report.seconds = time.monotonic() - begun
    return report


def _files(paths: list[Path], report: Report) -> Iterator[tuple[Path, Path]]:
    """(origin folder, file) for everything to be read, in the order of the names."""
    for path in paths:
        absolute = Path(os.path.abspath(path))
        if not absolute.is_dir():
            yield absolute.parent, absolute
            continue
        empty = True
        for folder, subfolders, names in os.walk(absolute):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            for name in sorted(names):
                file = Path(folder, name)
                if name.startswith(".") or file.is_symlink():
                    report.skipped.append((_shown(file), "hidden files and links in a folder are not followed"))
                elif file.suffix.lower() not in SUFFIXES + LATER:
                    report.skipped.append((_shown(file), "not a format that Byline reads"))
                else:
                    empty = False
                    yield absolute, file
        if empty:
            report.failed.append((_shown(absolute), f"holds no file that Byline reads ({', '.join(SUFFIXES)})"))


def _add_file(
    writer: Writer, library: Library, path: Path, folder: Path, given: str, embed: Callable, report: Report
) -> None:
    file = _shown(path)
    if not path.is_file() or path.suffix.lower() not in SUFFIXES:
        report.failed += [(file, found.error) for found in read(path)]  # says what is wrong with it
        return
    stat = path.stat()
    known = library.known_file(file)
    seen = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, given)
    if known and seen == (known.size, known.mtime_ns, known.ctime_ns, known.given):
        report.unchanged += len(library.of_file(file))
        return
    with open(path, "rb") as handle:
        digest = hashlib.file_digest(handle, "sha256").hexdigest()
    state = FileState(*seen[:3], digest, given)
    if known and (digest, given) == (known.sha256, known.given):
        report.unchanged += len(library.of_file(file))
        writer.note_file(file, state)
        return
    before = {document.name: document for document in library.of_file(file)}
    container = path.suffix.lower() in CONTAINERS
    failures = len(report.failed)
    kept: set[str] = set()
    pending: list[_Pending] = []
    for found in read(path):
        if isinstance(found, Unreadable):
            where = f"{file}:{found.line}" if found.line else file
            report.failed.append((where, found.error))
            continue
        if container:
            origin, name = file, found.name
        elif before:
            # A file that is known already keeps its identity, however it was named this time.
            origin, name = next((d.origin, d.name) for d in before.values())
        else:
            origin, name = _shown(folder), _shown(path.relative_to(folder))
        kept.add(name)
        reading, stated = _completed(found, given)
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
    gone = [document.id for name, document in before.items() if name not in kept]
    if gone:
        writer.remove(gone)
        report.removed += len(gone)
    writer.note_file(file, state)


def _completed(reading: Reading, given: str) -> tuple[Reading, str]:
    """The reading with what the person gave for what it does not state, and the hash of all that."""
    absent = {key: value for key, value in json.loads(given).items() if getattr(reading, key) is None}
    reading = replace(reading, **absent)
    fields = [reading.title, reading.source, reading.published, reading.uri, reading.media_type]
    return reading, sha256(json.dumps([sha256(reading.text), *fields]))


def _store(
    writer: Writer, library: Library, pending: list[_Pending], embed: Callable, report: Report
) -> None:
    texts = library.without_vector(text for item in pending for text in item.texts)
    vectors = dict(zip(texts, embed(texts), strict=True)) if texts else {}
    for item in pending:
        replaces = library.find(item.origin, item.name) is not None
        writer.put(
            item.reading, origin=item.origin, name=item.name, file=item.file,
            stated=item.stated, spans=item.spans, vectors=vectors,
        )  # fmt: skip
        report.replaced += replaces
        report.added += not replaces
        report.sentences += len(item.spans)


def _shown(path: Path) -> str:
    """A path as text; bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
