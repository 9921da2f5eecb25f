"""Readers: from the bytes of a file to the exact text of its documents, one small file a format.

A reader takes an open file and gives one `Reading`, or yields several. What lies inside another file
(a member of an archive, an attachment) is handed back to `_members`, which knows how deep it lies.
"""

import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from corpus.types import BylineError, Reading, Unreadable

SUFFIXES = (
    ".txt", ".md", ".html", ".htm", ".jsonl", ".json", ".csv", ".tsv", ".pdf", ".docx", ".odt", ".rtf", ".epub",
    ".eml", ".mbox", ".srt", ".vtt", ".zip",
)  # fmt: skip
# What mail and web servers call some of these.
MEDIA_TYPES = {
    "application/pdf": ".pdf", "text/html": ".html", "text/plain": ".txt", "text/csv": ".csv", "application/zip": ".zip",
    "application/rtf": ".rtf", "text/rtf": ".rtf", "application/json": ".json", "message/rfc822": ".eml",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.text": ".odt", "application/epub+zip": ".epub", "text/markdown": ".md",
}  # fmt: skip
# These may hold many documents, each with a name of its own.
CONTAINERS = (".jsonl", ".json", ".csv", ".tsv", ".eml", ".mbox", ".zip")
DEEPEST = 4  # containers that may lie one in another

# Takes the name of what lies inside a file, what gives its bytes, and its suffix, if the name does
# not tell; yields its documents.
Members = Callable[..., Iterator[Reading | Unreadable]]


def read(path: Path) -> Iterator[Reading | Unreadable]:
    """Yield what `path` holds, in its order: what was read, and what could not be, and why.

    The suffix chooses the reader, in either case. Nothing is raised for bad input: a file that is
    missing, closed to us or of another format is one Unreadable. A link is followed; whether it
    should be is for the caller to say. A `Reading` without a name is the file itself.
    """
    try:
        _must_be_a_file(path)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            raise BylineError(f"is not of a format Byline reads (reads: {' '.join(SUFFIXES)})")
        with path.open("rb") as file:
            yield from _guarded(_documents(file, suffix, 1), suffix)
    except BylineError as error:
        yield Unreadable(str(error))
    except FileNotFoundError:
        yield Unreadable("does not exist: check the path")
    except PermissionError:
        yield Unreadable("may not be read by you: check its permissions")
    except OSError as error:
        yield Unreadable(f"cannot be read: {error.strerror or error}")


def _guarded(found: Iterator[Reading | Unreadable], suffix: str) -> Iterator[Reading | Unreadable]:
    """What a file holds; whatever its reader raises over it, but for errors of the disk, is an Unreadable."""
    try:
        yield from found
    except BylineError as error:
        yield Unreadable(str(error))
    except OSError:
        raise
    except MemoryError:
        yield Unreadable("needs more memory to read than one file may take: split it, or save its text as .txt")
    except RecursionError:
        yield Unreadable("is nested too deeply to be a document")
    except Exception as error:  # the libraries under the readers give up on broken input in many ways
        yield Unreadable(
            f"cannot be read as {suffix} ({type(error).__name__}): it is damaged or not such a file; "
            "save it anew, or its text as .txt"
        )


def _documents(file: io.BufferedReader, suffix: str, depth: int) -> Iterator[Reading | Unreadable]:
    """The documents of one file, by the reader of its format, which is loaded when it is needed."""
    inside: Members = partial(_members, depth)
    match suffix:
        case ".txt":
            from corpus.readers import text

            yield text.read(file)
        case ".md":
            from corpus.readers import markdown

            yield markdown.read(file)
        case ".html" | ".htm":
            from corpus.readers import html

            yield html.read(file)
        case ".jsonl":
            from corpus.readers import jsonl

            yield from jsonl.read(file)
        case ".pdf":
            from corpus.readers import pdf

            yield pdf.read(file)
        case ".docx":
            from corpus.readers import docx

            yield docx.read(file)
        case ".odt":
            from corpus.readers import odt

            yield odt.read(file)
        case ".epub":
            from corpus.readers import epub

            yield epub.read(file)
        case ".rtf":
            from corpus.readers import rtf

            yield rtf.read(file)
        case ".srt" | ".vtt":
            from corpus.readers import subtitles

            yield subtitles.read(file)
        case ".csv" | ".tsv":
            from corpus.readers import csv

            yield from csv.read(file)
        case ".json":
            from corpus.readers import json

            yield from json.read(file)
        case ".eml":
            from corpus.readers import mail

            yield from mail.read(file, inside)
        case ".mbox":
            from corpus.readers import mbox

            yield from mbox.read(file, inside)
        case ".zip":
            from corpus.readers import zip

            yield from zip.read(file, inside)
        case _:
            raise BylineError(f"is a {suffix} file, which Byline does not read yet: save its text as .txt")


def _members(depth: int, name: str, load: Callable[[], bytes], suffix: str = "") -> Iterator[Reading | Unreadable]:
    """What lies inside a file, under its own name, and what lies inside that under both."""
    suffix = suffix or PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        yield Unreadable("not a format that Byline reads", name, skipped=True)
        return
    if depth == DEEPEST:
        yield Unreadable(f"lies more than {DEEPEST - 1} containers deep: unpack what it lies in", name)
        return

    def loaded() -> Iterator[Reading | Unreadable]:
        yield from _documents(io.BufferedReader(io.BytesIO(load())), suffix, depth + 1)

    for found in _guarded(loaded(), suffix):
        yield replace(found, name=f"{name}/{found.name}" if found.name else name)


def _must_be_a_file(path: Path) -> None:
    if "\0" in os.fspath(path):
        raise BylineError("is not a path: it holds a NUL character")
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise BylineError("is a folder, not a file")
    if not stat.S_ISREG(mode):  # to open a pipe would wait for ever
        raise BylineError("is not an ordinary file")
