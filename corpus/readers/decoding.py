"""From bytes to exact text: no newline is translated, nothing stripped, nothing guessed."""

import codecs
import os
import re
from pathlib import Path

from corpus.types import BylineError

MB = 2**20
LARGEST = 512 * MB  # bytes of one file that is read whole

_SAMPLE = 8192
_NOT_TEXT = "is not text (NUL or control characters): if it should be, save it as UTF-8"
_SURROGATE = re.compile("[\ud800-\udfff]")
# Controls that no writer types: the C0 set and DEL, without tab, newlines and escape.
_CONTROLS = dict.fromkeys([*range(1, 9), *range(0xE, 0x1B), *range(0x1C, 0x20), 0x7F])
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def load(path: Path, largest: int = LARGEST) -> bytes:
    """The bytes of a file. Raises OSError, and BylineError for more than `largest` bytes."""
    with path.open("rb") as file:
        # The size first, so that nothing is read in vain; then the bytes, since a file may grow.
        size = os.fstat(file.fileno()).st_size
        data = file.read(largest + 1) if size <= largest else b""
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


def check(text: str) -> None:
    """Raise BylineError for a text that cannot be quoted: blank, with lone surrogates, or binary."""
    if not text or text.isspace():
        raise BylineError("holds no text")
    if "\0" in text or _mostly_controls(text[:_SAMPLE]):
        raise BylineError(_NOT_TEXT)
    if found := _SURROGATE.search(text):
        raise BylineError(f"holds half a character (U+{ord(found[0]):04X} alone): write the text anew")


def _mostly_controls(sample: str) -> bool:
    return len(sample) - len(sample.translate(_CONTROLS)) > 0.3 * len(sample)
