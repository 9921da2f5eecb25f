"""Readers: from the bytes of a file to the exact text of its documents, one small file a format."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from corpus.readers import html, jsonl, markdown, text
from corpus.types import BylineError, Reading, Unreadable

SUFFIXES = (".txt", ".md", ".html", ".htm", ".jsonl")

# The formats that are to come. Each takes a file of its own here and a line in `read`.
LATER = (".pdf", ".docx", ".odt", ".rtf", ".epub", ".eml", ".mbox", ".csv", ".json", ".srt", ".vtt", ".zip")


def read(path: Path) -> Iterator[Reading | Unreadable]:
    """Yield what `path` holds, in its order: what was read, and what could not be, and why.

    The suffix chooses the reader, in either case. Nothing is raised for bad input: a file that is
    missing, closed to us or of another format is one Unreadable. A link is followed; whether it
    should be is for the caller to say.
    """
    suffix = path.suffix.lower()
    try:
        _must_be_a_file(path)
        if suffix == ".txt":
            yield text.read(path)
        elif suffix == ".md":
            yield markdown.read(path)
        elif suffix in (".html", ".htm"):
            yield html.read(path)
        elif suffix == ".jsonl":
            yield from jsonl.read(path)
        elif suffix in LATER:
            yield Unreadable(f"is a {suffix} file, which Byline does not read yet: save its text as .txt")
        else:
            yield Unreadable(f"is not of a format Byline reads (reads: {' '.join(SUFFIXES)})")
    except BylineError as error:
        yield Unreadable(str(error))
    except FileNotFoundError:
        yield Unreadable("does not exist: check the path")
    except PermissionError:
        yield Unreadable("may not be read by you: check its permissions")
    except OSError as error:
        yield Unreadable(f"cannot be read: {error.strerror or error}")


def _must_be_a_file(path: Path) -> None:
    if "\0" in os.fspath(path):
        raise BylineError("is not a path: it holds a NUL character")
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise BylineError("is a folder, not a file")
    if not stat.S_ISREG(mode):  # to open a pipe would wait for ever
        raise BylineError("is not an ordinary file")
