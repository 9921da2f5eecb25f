"""MBOX (RFC 4155): its messages one after the other, each under its Message-ID, read as a stream."""

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from corpus.readers.decoding import MB
from corpus.readers.mail import LARGEST
from corpus.readers.stated import line
from corpus.types import BylineError, Reading, Unreadable

_BEGINS = re.compile(rb"From \S.{0,200}\d\d:\d\d")  # "From jane@example.org Tue Nov 29 10:00:00 2016"
_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?<?([^<>\s]{1,300})", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read(file: BinaryIO, inside: Callable[..., Iterator[Reading | Unreadable]]) -> Iterator[Reading | Unreadable]:
    """Yield the messages of an `.mbox` file and what is attached to them. Raises BylineError."""
    seen: dict[str, int] = {}
    for data in _messages(file):
        if data is None:
            yield Unreadable(f"holds a message of over {LARGEST // MB} MB, which is left out: save it by itself")
            continue
        name = _name(data)
        seen[name] = count = seen.get(name, 0) + 1
        name = name if count == 1 else f"{name} ({count})"
        yield from inside(name, lambda data=data: _ESCAPED.sub(rb"\1", data), ".eml")
    if not seen:
        raise BylineError("holds no messages: an mbox begins with a line such as `From jane@example.org Tue Nov 29 10:00:00 2016`")


def _messages(file: BinaryIO) -> Iterator[bytes | None]:
    """The bytes of each message, without its `From ` line; None for one that is too large to hold."""
    held: list[bytes] | None = None
    size, blank = 0, True
    while raw := file.readline(MB):
        if blank and _BEGINS.match(raw):
            if held is not None:
                yield b"".join(held) if size <= LARGEST else None
            held, size = [], 0
        elif held is not None:
            size += len(raw)
            if size <= LARGEST:
                held.append(raw)
            else:
                held.clear()
        blank = not raw.strip()
    if held is not None:
        yield b"".join(held) if size <= LARGEST else None


def _name(data: bytes) -> str:
    match = _ID.search(data[: 64 * 1024].partition(b"\n\n")[0].partition(b"\r\n\r\n")[0])
    found = line(match[1].decode("utf-8", "replace").replace("/", "_")) if match else None
    return found or "message-" + hashlib.sha256(data).hexdigest()[:12]
