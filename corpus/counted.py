"""How many commits a database file has had, noted outside of it, in its lock file.

SQLite takes a log (`library.sqlite-wal`) whose end is damaged or cut off for one that ends there, and what was
committed after that is gone without a word. So each commit counts itself in the database and is then noted
here: a database that has counted fewer than are noted has lost some. The note is of one database, by a name
that was made at random with it.
"""

import os
import zlib
from contextlib import suppress
from pathlib import Path

_BYTES = 64  # of a note: always as many, so that one is written over another


def noted(lock: Path) -> tuple[str, int]:
    """The name of the database and its commits as they are noted in a lock file; ("", 0) where nothing is,
    or what is not whole."""
    try:
        name, count, crc32 = lock.read_bytes()[:_BYTES].decode().split()
        if zlib.crc32(f"{name} {count}".encode()) == int(crc32):
            return name, int(count)
    except (OSError, ValueError):
        pass
    return "", 0


def note(lock: Path, name: str, count: int) -> None:
    """Notes so many commits. Where that cannot be written, an earlier note stays."""
    told = f"{name} {count}"
    with suppress(OSError):
        held = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(held, f"{told} {zlib.crc32(told.encode())}".ljust(_BYTES).encode(), 0)
        finally:
            os.close(held)
