"""The hashes that vouch for a stored document, the pieces its text is kept in, how paths are written.

A record hash covers what is known of a document and the hash of each part; a part has a hash of
its text and one of the sentence boundaries in it. So a quote is checked by reading one part.
"""

import hashlib
import json
import os
import re
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from corpus.types import Document, Reading

PART_BYTES = 256 * 1024
KEY_BYTES = 16


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256(text: str) -> str:
    """SHA-256 of the UTF-8 of a text, in hex. Raises UnicodeEncodeError on a lone surrogate."""
    return hashlib.sha256(text.encode()).hexdigest()


def sentence_key(text: str) -> bytes:
    """What a sentence's vector is filed under: equal texts share one vector."""
    return hashlib.sha256(text.encode()).digest()[:KEY_BYTES]


def row_crc32(*values: str | int | None) -> int:
    """What vouches for a row that nothing is quoted from."""
    return zlib.crc32(json.dumps(values).encode())


def encoder_noted(fingerprint: dict) -> str:
    """An encoder's fingerprint as it is stored: JSON with its CRC-32."""
    return json.dumps(fingerprint | {"crc32": _fingerprint_crc32(fingerprint)}, sort_keys=True)


def noted_encoder(text: str) -> dict:
    """The fingerprint that was stored as this text. Raises ValueError or TypeError when it is damaged."""
    fingerprint = dict(json.loads(text))
    # A library older than this has none.
    if fingerprint.pop("crc32", None) not in (None, _fingerprint_crc32(fingerprint)):
        raise ValueError("an altered fingerprint")
    return fingerprint


def _fingerprint_crc32(fingerprint: dict) -> int:
    return zlib.crc32(json.dumps(fingerprint, sort_keys=True).encode())


def spans_sha256(spans: Iterable[tuple[int, int]]) -> str:
    """Hash of sentence boundaries, in order."""
    return hashlib.sha256(np.array(list(spans), "<i8").tobytes()).hexdigest()


def record_sha256(document: Document, file: str, stated: str, parts: Sequence[tuple]) -> str:
    """Hash over all that is known of a document; `parts` are rows of
    (start, length, text_sha256, spans_sha256, printed_sha256 or None), ascending."""
    fields = [
        document.origin, document.name, file, document.title, document.source, document.published,
        document.uri, document.media_type, document.length, document.sentences, document.text_sha256,
        document.set_by_person, stated, [[value for value in part if value is not None] for part in parts],
    ]  # fmt: skip
    if beyond := said_beyond(document):  # absent in the records of libraries older than these fields
        fields.append(beyond)
    return sha256(json.dumps(fields))


def said_beyond(reading: Document | Reading) -> list:
    """Author, page map and sections, and of a reading how it is printed, as they are hashed; empty where
    there are none of them. (How a document is printed is under the hashes of its parts.)"""
    beyond = [reading.author, list(reading.pages), [list(section) for section in reading.sections]]
    beyond += [reading.printed] if isinstance(reading, Reading) and reading.printed else []
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


def printed_rows(printed: Sequence[tuple[int, int, str]], parts: Sequence[tuple]) -> list[str | None]:
    """What of a `Reading.printed` lies in each part, as JSON with offsets from the part's start; None for none."""
    rows: list[str | None] = []
    offsets = [at for at, _, _ in printed]
    for start, length, *_ in parts:
        near = printed[bisect_left(offsets, start) : bisect_left(offsets, start + length)]
        told = [(at - start, many, said) for at, many, said in near if at + many <= start + length]
        rows.append(json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else None)
    return rows


def as_printed(quote: str, start: int, printed: Iterable[tuple[int, int, str]]) -> str:
    """A quote that begins at `start` of its document, with what is printed instead of each piece within it."""
    pieces, done = [], 0
    for at, many, said in printed:
        begin = at - start
        if begin < done or begin + many > len(quote) or (not many and begin in (0, len(quote))):
            continue
        pieces += [quote[done:begin], said]
        done = begin + many
    return "".join(pieces) + quote[done:]


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
