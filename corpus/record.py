"""The hashes that vouch for a stored document, the pieces its text is kept in, how paths are written.

A record hash covers what is known of a document and the hash of each part; a part has a hash of
its text and one of the sentence boundaries in it. So a quote is checked by reading one part.
"""

import hashlib
import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np

from corpus.types import Document, Reading

PART_BYTES = 256 * 1024
KEY_BYTES = 16


def sha256(text: str) -> str:
    """SHA-256 of the UTF-8 of a text, in hex. Raises UnicodeEncodeError on a lone surrogate."""
    return hashlib.sha256(text.encode()).hexdigest()


def sentence_key(text: str) -> bytes:
    """What a sentence's vector is filed under: equal texts share one vector."""
    return hashlib.sha256(text.encode()).digest()[:KEY_BYTES]


def spans_sha256(spans: Iterable[tuple[int, int]]) -> str:
    """Hash of sentence boundaries, in order."""
    return hashlib.sha256(np.array(list(spans), "<i8").tobytes()).hexdigest()


def record_sha256(document: Document, file: str, stated: str, parts: Sequence[tuple]) -> str:
    """Hash over all that is known of a document; `parts` are rows of
    (start, length, text_sha256, spans_sha256), ascending."""
    fields = [
        document.origin, document.name, file, document.title, document.source, document.published,
        document.uri, document.media_type, document.length, document.sentences, document.text_sha256,
        document.set_by_person, stated, [list(part) for part in parts],
    ]  # fmt: skip
    if beyond := said_beyond(document):  # absent in the records of libraries older than these fields
        fields.append(beyond)
    return sha256(json.dumps(fields))


def said_beyond(reading: Document | Reading) -> list:
    """Author, page map and sections, as they are hashed; empty where there are none of them."""
    beyond = [reading.author, list(reading.pages), [list(section) for section in reading.sections]]
    return beyond if any(beyond) else []


def shown(path: str | os.PathLike) -> str:
    """A path as text, different for different paths: a byte that is not UTF-8 is written `\\xff`, and
    a backslash that begins something of that look `\\x5c`. Raises UnicodeEncodeError on a lone
    surrogate that stands for no byte."""
    return re.sub(rb"\\(?=x[0-9a-f]{2})", rb"\\x5c", os.fsencode(path)).decode("utf-8", "backslashreplace")


def unshown(text: str) -> bytes:
    """The path that `shown` wrote as this text."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda escape: bytes.fromhex(escape[1].decode()), text.encode())


def part_rows(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int, str, str]]:
    """(start, length, text_sha256, spans_sha256) of each part of a text; `spans` ascend."""
    starts = [start for start, _ in spans]
    return [
        (
            start, end - start, sha256(text[start:end]),
            spans_sha256(spans[bisect_left(starts, start) : bisect_left(starts, end)]),
        )
        for start, end in cut_parts(text, spans)
    ]  # fmt: skip


def cut_parts(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cuts a text into parts of at most PART_BYTES of UTF-8, at sentence starts, at a paragraph
    where one begins in the second half of the part. Returns half-open code-point ranges."""
    if len(text.encode()) <= PART_BYTES:
        return [(0, len(text))]
    ranges, begin, size, paragraph = [], 0, 0, None
    starts = [start for start, _ in spans[1:]]
    for here, after in zip(starts, [*starts[1:], len(text)], strict=True):
        size = len(text[begin:here].encode()) if not size else size
        step = len(text[here:after].encode())
        if here > begin and size > PART_BYTES // 2 and "\n" in text[max(here - 2, begin) : here]:
            paragraph = here
        if size + step > PART_BYTES:
            cut = paragraph or here
            ranges.append((begin, cut))
            begin, paragraph = cut, None
            size = len(text[begin:here].encode())
        size += step
    return [*ranges, (begin, len(text))]
