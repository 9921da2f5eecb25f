"""From bytes to exact text: no newline is translated, nothing stripped, nothing guessed."""

import codecs
import os
import re
from typing import BinaryIO

from corpus.readers.guessing import guess, utf16
from corpus.types import BylineError

MB = 2**20
LARGEST = 512 * MB  # bytes of one file that is read whole

# Letters that are printed as one sign, and what they spell.
LIGATURES = dict(zip(map(chr, range(0xFB00, 0xFB07)), ("ff", "fi", "fl", "ffi", "ffl", "ft", "st"), strict=True))

_SAMPLE = 8192
_NOT_TEXT = "is not text (NUL or control characters): if it should be, save it as UTF-8"
_SURROGATE = re.compile("[\ud800-\udfff]")
# Controls that no writer types: the C0 set and DEL, without tab, newlines and escape.
_CONTROLS = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def load(file: BinaryIO, largest: int = LARGEST) -> bytes:
    """The bytes of a file. Raises OSError, and BylineError for more than `largest` bytes."""
    # The size first, so that nothing is read in vain; then the bytes, since a file may grow.
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    data = file.read(size) if size <= largest else b""
    while 0 < size <= len(data) <= largest and (more := file.read(MB)):
        data += more
    if max(size, len(data)) > largest:
        raise BylineError(f"is larger than {largest // MB} MB: split it into smaller files")
    return data


def marked(data: bytes) -> tuple[str, int] | None:
    """The encoding that a byte order mark names, and the mark's length; None without one."""
    return next(((encoding, len(mark)) for mark, encoding in _MARKS if data.startswith(mark)), None)


def decode(data: bytes, declared: str = "utf-8") -> str:
    """The text of `data`, whole: its byte order mark (dropped) or else `declared` names the encoding.

    Raises BylineError where the bytes are not text in it, with the offset of the first wrong one.
    """
    encoding, start = marked(data) or (declared, 0)
    if not encoding.startswith(("utf-16", "utf-32")):
        # Before decoding, so that a picture is called a picture and not faulty UTF-8.
        if b"\0" in data or _mostly_controls(data[:_SAMPLE].decode("latin-1")):
            raise BylineError(_NOT_TEXT)
    try:
        text = data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        offset = start + error.start
        raise BylineError(
            f"is not {encoding.upper()} at byte offset {offset} (0x{data[offset]:02x}): save it as UTF-8"
        ) from None
    if "\0" in text:
        raise BylineError(_NOT_TEXT)
    return text


def decode_any(data: bytes, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    """The text of `data` in whatever encoding, and a note for a person where that was guessed.

    A byte order mark names the encoding, or else `declared`, if the bytes agree; or they are UTF-8,
    or what `guess` says. Raises BylineError for bytes that are not text.
    """
    refused = None
    for encoding in dict.fromkeys((declared or "utf-8", "utf-8")):
        try:
            return decode(data, encoding), ()
        except BylineError as error:
            refused = refused or error
    if marked(data):
        raise refused
    binary = str(refused) == _NOT_TEXT
    text = "" if binary else data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(character > "\x7f" for character in text) - wrong if wrong < 0.01 * len(text) else 0
    guessed = utf16(data) if binary else None if right > 10 * wrong else guess(data)
    if guessed is None:
        if binary or wrong > 0.005 * len(text):
            raise refused
        return text, (f"{wrong} of its characters are damaged (not UTF-8), and are shown as \ufffd",)
    try:
        text = data.decode(guessed)
    except UnicodeDecodeError:
        text = data.decode(guessed, "replace")
        if text.count("\ufffd") > 0.001 * len(text) + 2:
            raise refused from None
    if "\0" in text or _mostly_controls(text[:_SAMPLE]):
        raise BylineError(_NOT_TEXT)
    said = f"says it is {declared.upper()}, and is not; " if declared and declared != "utf-8" else ""
    return text, (
        f"{said}its encoding was guessed to be {guessed.upper().replace('_', '-')}: "
        "if letters look wrong, save it as UTF-8",
    )


def check(text: str) -> None:
    """Raise BylineError for a text that cannot be quoted: blank, with lone surrogates, or binary."""
    if not text or text.isspace():
        raise BylineError("holds no text")
    if "\0" in text or _mostly_controls(text[:_SAMPLE]):
        raise BylineError(_NOT_TEXT)
    if found := _SURROGATE.search(text):
        raise BylineError(f"holds half a character (U+{ord(found[0]):04X} alone): write the text anew")


def _mostly_controls(sample: str) -> bool:
    return len(_CONTROLS.findall(sample)) > 0.3 * len(sample)
