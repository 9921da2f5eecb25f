"""Plain text: its characters as they stand. It states no title, and none is guessed."""

from pathlib import Path

from corpus.readers.decoding import check, decode, load
from corpus.types import Reading


def read(path: Path) -> Reading:
    """Read one `.txt` file. Raises OSError and BylineError."""
    text = decode(load(path))
    check(text)
    return Reading(text=text, media_type="text/plain")
