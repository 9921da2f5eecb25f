"""Plain text: its characters as they stand. It states no title, and none is guessed."""

from typing import BinaryIO

from corpus.readers.decoding import check, decode_any, load
from corpus.types import Reading


def read(file: BinaryIO) -> Reading:
    """Read one `.txt` file. Raises OSError and BylineError."""
    text, notes = decode_any(load(file))
    check(text)
    return Reading(text=text, media_type="text/plain", notes=notes)
