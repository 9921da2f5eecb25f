"""Putting a folder that was made beside another one in its place, so that a kill at any moment leaves
the one or the other.

The new folder is made in a hidden one beside its place, which one process holds by a lock. Two renames
swap the two; a process that was killed between them is made up for by whoever next misses the folder.
"""

import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from corpus.types import BylineError, Locked

NEW, ASIDE = "new", "aside"  # in the hidden folder: what is made; the name that what was there gets
PATIENCE = 10.0  # seconds to wait for another process that is between the two renames

logger = logging.getLogger(__name__)


def folder_of(place: Path) -> Path:
    """The hidden folder beside a place, in which what is to go there is made."""
    place = Path(os.path.realpath(place))
    return place.with_name(f".{place.name}.byline-new")


@contextmanager
def making(place: Path) -> Iterator[Path]:
    """An empty folder for what is to go to `place`, cleared of what a killed process left there, and
    removed at the end. Raises Locked while another process has it, and OSError."""
    folder = folder_of(place)
    while (held := _held(folder, wait=0.0, make=True)) is None:
        pass  # the process that had it has just removed it
    try:
        _finish(place, folder)
        _clear(folder)
        yield folder
    finally:
        if not _is_cut_short(place, folder):
            with suppress(OSError):
                _clear(folder)
                folder.rmdir()
        os.close(held)


def swap(place: Path, new: Path, word: str) -> Path | None:
    """Renames `new`, which is NEW in the folder of `making`, to `place`. What is there is set aside beside
    it, under its name and the word; returns where, None when there was nothing. Raises OSError, and then
    all is as before."""
    place = Path(os.path.realpath(place))
    aside = _free(place, word) if place.is_dir() and any(place.iterdir()) else None
    try:
        if aside:
            _write(new.parent / ASIDE, aside.name)
            sync_folder(new.parent)
            os.rename(place, aside)
        _rename(new, place, _free(place, "stray") if aside else None)
    except BaseException:
        if aside and aside.is_dir() and not os.path.lexists(place):
            os.rename(aside, place)
        raise
    sync_folder(place.parent)
    return aside


def _rename(new: Path, place: Path, stray: Path | None) -> None:
    """In the place of an empty folder too. A program that misses its folder may just have made it again:
    that goes to `stray`."""
    try:
        os.rename(new, place)
    except OSError as error:
        if stray is None or error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        os.rename(place, stray)
        os.rename(new, place)


def is_there(place: Path) -> bool:
    """Whether there is a folder; it is put there first if a swap was cut short, or awaited if one is under way."""
    folder = folder_of(place)
    if os.path.isdir(place):
        return True
    if _is_cut_short(place, folder):
        with suppress(OSError, BylineError):
            held = _held(folder, wait=PATIENCE, make=False)
            if held is not None:
                _finish(place, folder)
                os.close(held)
    return os.path.isdir(place)


def take(held: IO | int, wait: float) -> bool:
    """Takes the lock of an open file or folder, waiting so many seconds; False when another process has it."""
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)


def sync_folder(folder: Path) -> None:
    """Brings the names in a folder to the disk."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _held(folder: Path, *, wait: float, make: bool) -> int | None:
    """A locked descriptor of the hidden folder; None when it was removed meanwhile. Raises Locked."""
    if make:
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(held).st_uid != os.geteuid():
            raise BylineError(f"{folder}: belongs to somebody else. Remove it, or choose another place")
        if not take(held, wait):
            raise Locked(f"{folder}: another `byline` is at work there; wait until it has finished")
        if os.path.lexists(folder) and os.path.samestat(os.fstat(held), os.lstat(folder)):
            return held
    except BaseException:
        os.close(held)
        raise
    os.close(held)
    return None


def _is_cut_short(place: Path, folder: Path) -> bool:
    """Whether what was at a place has been set aside, and the new folder is not there yet."""
    try:
        name = (folder / ASIDE).read_text()
    except (OSError, UnicodeDecodeError):
        return False
    place = Path(os.path.realpath(place))
    known = name.startswith(f"{place.name}.") and "/" not in name
    return known and not os.path.lexists(place) and (place.parent / name).is_dir() and (folder / NEW).is_dir()


def _finish(place: Path, folder: Path) -> None:
    if _is_cut_short(place, folder):
        aside = (folder / ASIDE).read_text()
        os.rename(folder / NEW, os.path.realpath(place))
        sync_folder(folder.parent)
        logger.warning("byline: a restore that was cut short is finished; what was in %s before is in %s", place, aside)
        _clear(folder)


def _clear(folder: Path) -> None:
    for entry in list(os.scandir(folder)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _free(place: Path, word: str) -> Path:
    """A name beside a place that nothing has."""
    name = f"{place.name}.{word}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number, free = 1, place.with_name(name)
    while os.path.lexists(free):
        number += 1
        free = place.with_name(f"{name}-{number}")
    return free


def _write(path: Path, text: str) -> None:
    with open(path, "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
