"""The copies of uploaded files, kept in the folder `files` of the person's library.

What a browser calls a file is a label: it is taken apart, cleaned and put together as a path below
that folder, and the same label gives the same path, so that a file that comes again is the same document.
"""

import asyncio
import hashlib
import os
import secrets
import shutil
import time
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath

from corpus.readers import SUFFIXES
from corpus.types import BylineError

MB = 2**20
FILE_LIMIT = 512 * MB  # of one file, which is also what the readers take
RESERVE = 256 * MB  # of the disk, left free for the library and its indexes
AT_ONCE = 8  # files that may be on their way from the browser
STALLED = 60  # seconds after which one that does not come on is given up
STALE = 24 * 3600  # seconds after which nobody files what has arrived
DEEPEST, LONGEST = 12, 120  # folders of a label that are kept; bytes of each name


class Refused(BylineError):
    """A file that is not taken, and why; `status` is the HTTP status that says it."""

    def __init__(self, status: int, why: str):
        super().__init__(why)
        self.status = status


def path_of(label: str) -> PurePosixPath:
    """The relative path that a file is stored under: no `..`, no hidden or overlong name, nothing
    that a terminal or a page would obey. Different labels have different paths.

    Raises Refused for a name that says nothing, and for a format that is not read.
    """
    given = label.replace("\\", "/").split("/")
    names = [_cleaned(name) for name in given if name not in ("", ".", "..")][-DEEPEST:]
    if not names or len(label) > 4_000:
        raise Refused(400, "has no name that Byline could file it under: rename it")
    last = PurePosixPath(names[-1])
    if last.suffix.lower() not in SUFFIXES:
        raise Refused(415, f"not a format that Byline reads (reads: {' '.join(SUFFIXES)})")
    path = PurePosixPath(*names)
    if str(path) != label:  # what was cleaned away may be all that told two labels apart
        told_apart = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        path = path.with_name(f"{last.stem}~{told_apart}{last.suffix}")
    return path


def _cleaned(name: str) -> str:
    # Control, format, surrogate and unassigned characters; what begins with a dot would be hidden.
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip()
    if name.startswith("."):
        name = "_" + name
    stem, dot, suffix = name.rpartition(".")
    kept = f"{dot}{suffix}".encode()[-16:] if dot else b""
    stem = (stem if dot else suffix).encode()[: LONGEST - len(kept)]
    return (stem + kept).decode("utf-8", "ignore") or "_"


class Store:
    """The folder. Nothing outside of it is written or removed, whatever links may lie in it."""

    def __init__(self, library: Path):
        self.folder = library / "files"
        self._receiving = 0
        self._arriving = self.folder / ".arriving" / secrets.token_hex(8)

    def clear(self) -> None:
        """Removes what arrived and was not filed: here, and where another Byline was killed."""
        shutil.rmtree(self._arriving, ignore_errors=True)
        for folder in self._arriving.parent.glob("*"):
            if folder.stat().st_mtime < time.time() - STALE:
                shutil.rmtree(folder, ignore_errors=True)

    async def receive(self, chunks: AsyncIterator[bytes], size: int) -> Path:
        """Writes a body of `size` bytes to a file of its own; removes it if the body breaks off.

        Raises Refused for one that is too large, longer than it said, or more than the disk holds.
        """
        if size > FILE_LIMIT:
            raise Refused(413, f"is larger than {FILE_LIMIT // MB} MB: split it into smaller files")
        if self._receiving >= AT_ONCE:
            raise Refused(503, "came while too many others were on their way: add it again in a moment")
        self._receiving += 1
        try:
            return await self._receive(chunks, size)
        finally:
            self._receiving -= 1

    async def _receive(self, chunks: AsyncIterator[bytes], size: int) -> Path:
        try:
            self._arriving.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.chmod(self.folder, 0o700)
            if shutil.disk_usage(self._arriving).free < size + RESERVE:
                raise Refused(507, "does not fit: the disk is nearly full; make room and add it again")
            path = self._arriving / secrets.token_hex(16)
            whole = False
            try:
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    written = 0
                    while chunk := await asyncio.wait_for(anext(chunks, b""), STALLED):
                        written += len(chunk)
                        if written > size:
                            raise Refused(400, "is longer than it was said to be: add it again")
                        file.write(chunk)
                if written < size:
                    raise Refused(400, "broke off on its way: add it again")
                whole = True
            finally:
                if not whole:
                    path.unlink(missing_ok=True)
        except TimeoutError:
            raise Refused(408, f"stalled on its way for {STALLED} seconds: add it again") from None
        except OSError as error:
            raise Refused(507, f"cannot be stored: {error.strerror}") from error
        return path

    def file(self, arrived: Path, path: PurePosixPath) -> tuple[Path, Path | None]:
        """Moves a file that arrived to its place; returns that and, if there was an earlier one
        there, where that is now. Raises Refused where the place is not in the folder."""
        place = self.folder / path
        try:
            self._must_be_inside(place)
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._must_be_inside(place)
            before = None
            if place.is_file() and not place.is_symlink():
                before = arrived.with_suffix(".before")
                os.replace(place, before)
            elif os.path.lexists(place):
                raise Refused(409, "cannot be stored: a folder or a link has its name; rename it")
            os.replace(arrived, place)
        except OSError as error:
            raise Refused(507, f"cannot be stored: {error.strerror}") from error
        return place, before

    def discard(self, file: Path) -> bool:
        """Removes a stored file and the folders that are empty without it; False for one that is
        not stored here."""
        try:
            self._must_be_inside(file)
            file.unlink()
            for folder in file.parents:
                if folder == self.folder:
                    break
                folder.rmdir()
        except Refused:
            return False
        except OSError:  # gone already, or a folder that is not empty
            pass
        return True

    def withdraw(self, file: Path, before: Path | None) -> None:
        """Undoes `file`: the earlier file is in its place again."""
        self.discard(file)
        if before:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.replace(before, file)

    def label(self, file: str) -> str | None:
        """What a stored file is called, for a person; None for one that is not stored here."""
        inside = f"{os.path.abspath(self.folder)}/"
        return file.removeprefix(inside) if file.startswith(inside) else None

    def _must_be_inside(self, place: Path) -> None:
        """By its real path, component by component: neither a link nor a like-named sibling."""
        folder, parent = self.folder.resolve(), place.parent.resolve()
        if not parent.is_relative_to(folder) or place.name in ("", ".", ".."):
            raise Refused(409, "cannot be stored: its folder is a link to another place")
