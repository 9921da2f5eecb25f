"""A mail message (RFC 5322, MIME): its words under who wrote to whom, and its attachments by themselves.

Of a message in two forms the plain one is taken. An attachment's name is a label, and never a path.
Headers are cut before they are looked at: no parser of addresses is let loose on a megabyte of brackets.
"""

import re
from collections.abc import Callable, Iterator
from email.errors import HeaderParseError, MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from pathlib import PurePosixPath
from typing import BinaryIO

from corpus.readers import MEDIA_TYPES
from corpus.readers.decoding import MB, check, decode_any, load
from corpus.readers.html import encoding_named
from corpus.readers.html_page import parse
from corpus.readers.stated import date_or_none, line
from corpus.types import BylineError, Reading, Unreadable

LARGEST = 64 * MB  # bytes of one message
MOST = 1000  # parts of one message
LONGEST = 4000  # characters of a header
_ADDRESS = re.compile(r"([^<>]*)<([^<>\s]{1,320})>")


def read(file: BinaryIO, inside: Callable[..., Iterator[Reading | Unreadable]]) -> Iterator[Reading | Unreadable]:
    """Yield the message of an `.eml` file (without a name), then what is attached. Raises BylineError."""
    data = load(file, LARGEST)
    message = BytesParser(policy=compat32).parsebytes(data.removeprefix(b"\xef\xbb\xbf"))
    if not any(message.get(key) for key in ("From", "Date", "Subject", "To", "Message-ID", "Received")):
        raise BylineError("is not a mail message: it has no headers")
    bodies, attached = _parts(message)
    notes: list[str] = []
    body = "\n\n".join(filter(None, (_body(part, notes) for part in bodies)))
    said = {key: _header(message, key) for key in ("From", "To", "Cc", "Date", "Subject")}
    head = "\n".join(f"{key}: {said[key]}" for key in ("From", "To", "Cc", "Date") if said[key])
    text = "\n\n".join(filter(None, (head, body)))
    check(text)
    if not body and message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
        notes.append("is encrypted: only its headers can be read")
    writer = _writer(said["From"])
    yield Reading(
        text=text,
        media_type="message/rfc822",
        title=said["Subject"],
        source=writer,
        published=date_or_none(said["Date"]),
        author=writer,
        notes=tuple(dict.fromkeys(notes)),
    )
    names: set[str] = set()
    for part in attached:
        name, suffix = _label(part, names)
        yield from inside(name, lambda part=part: _payload(part), suffix)


def _parts(message: Message) -> tuple[list[Message], list[Message]]:
    """The parts that are the words of a message, and those that are attached, in order."""
    bodies: list[Message] = []
    attached: list[Message] = []
    stack, count = [message], 0
    while stack:
        part = stack.pop()
        count += 1
        if count > MOST:
            raise BylineError(f"has over {MOST:,} parts")
        kind = part.get_content_type()
        if kind == "message/rfc822" or (part is not message and _is_attached(part)):
            attached.append(part)
        elif part.is_multipart():
            children = [child for child in part.get_payload() if isinstance(child, Message)]
            if kind == "multipart/alternative":
                children = _preferred(children)
            stack.extend(reversed(children))
        elif kind in ("text/plain", "text/html"):
            bodies.append(part)
        elif part is not message or kind.partition("/")[0] != "text":
            attached.append(part)
        else:
            bodies.append(part)
    return bodies, attached


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or part.get_filename() is not None


def _preferred(children: list[Message]) -> list[Message]:
    """Of the forms of one message: the plain one, else the last that can be read; calendars stay beside it."""
    plain = [child for child in children if child.get_content_type() == "text/plain" and (_payload(child) or b"").strip()]
    rich = [child for child in children if child.get_content_type() == "text/html" or child.is_multipart()]
    return (plain[:1] or rich[-1:]) + [child for child in children if _is_attached(child)]


def _payload(part: Message) -> bytes:
    """The bytes of a part; of a message within the message, as it would be sent. Raises BylineError."""
    if part.is_multipart():
        try:
            return b"\n".join(child.as_bytes() for child in part.get_payload())
        except (MessageError, ValueError, LookupError, TypeError, AttributeError):
            raise BylineError("is damaged: it cannot be taken out of the message") from None
    return part.get_payload(decode=True) or b""


def _body(part: Message, notes: list[str]) -> str:
    charset = part.get_content_charset()
    data = _payload(part)
    if not data.strip():
        return ""
    try:
        text, guessed = decode_any(data, encoding_named(charset) if charset else None)
    except BylineError:
        notes.append("a part of it is not text, and is left out")
        return ""
    notes.extend(guessed)
    if part.get_content_type() == "text/html":
        text = parse(text).whole()
    return text.replace("\r\n", "\n").strip("\n")


def _header(message: Message, key: str) -> str | None:
    """A header in words, on one line; None without one."""
    raw = next((str(value) for name, value in message.raw_items() if name.lower() == key.lower()), None)
    if raw is None:
        return None
    pieces = []
    try:
        for piece, charset in decode_header(raw[:LONGEST]):
            if isinstance(piece, str):  # bytes that are not ASCII came as surrogates
                piece = piece.encode("utf-8", "surrogateescape")
            try:
                pieces.append(piece.decode((charset and encoding_named(charset)) or "utf-8"))
            except UnicodeDecodeError:
                pieces.append(piece.decode("cp1252", "replace"))
    except (ValueError, HeaderParseError):  # base64 that is none
        pieces = [raw[:LONGEST].encode("ascii", "replace").decode()]
    return line("".join(pieces).replace("\0", " "))


def _writer(said: str | None) -> str | None:
    """The name of who wrote, as the header gives it, or else the address."""
    if said is None:
        return None
    match = _ADDRESS.match(said)
    if match is None:
        return said[:300]
    return line(match[1].strip().strip("\"'").replace("\\", "")) or match[2]


def _label(part: Message, names: set[str]) -> tuple[str, str]:
    """A name for an attachment, unlike the others' in `names`, and the suffix of its format."""
    given = part.get_filename()
    message = Message()
    message["Name"] = given if isinstance(given, str) else ""
    found = (_header(message, "Name") or "").replace("\\", "/").rpartition("/")[2].lstrip(".")[-200:].strip()
    kind = part.get_content_type()
    suffix = PurePosixPath(found).suffix.lower()
    stem = found[: len(found) - len(suffix)] or ("message" if kind == "message/rfc822" else "part")
    if not suffix or kind == "message/rfc822":
        suffix = MEDIA_TYPES.get(kind, "." + re.sub(r"[^a-z0-9.+-]", "", kind.rpartition("/")[2])[:20])
    name, count = stem + suffix, 1
    while name in names:
        count += 1
        name = f"{stem} ({count}){suffix}"
    names.add(name)
    return name, suffix
