"""Saving a library to one file while others write, and putting it back.

What is saved is the truth alone: the SQLite files. The search indexes are made again from it; a file of
FAISS out of an archive that anybody may have written is not to be loaded (THREATS 29).
"""

import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from corpus import archive
from corpus.library import Library
from corpus.sqlite import Database, locked
from corpus.swap import NEW, making, swap, sync_folder
from corpus.types import BylineError, Damage, Unsound

# How each file of a library is opened in a folder: the library first.
Openers = Mapping[str, Callable[[Path], Database]]

# What Byline itself makes in a library's folder. With anything else in it, a folder without a library is
# somebody's, and is left alone.
OWN = {
    "library.sqlite", "library.sqlite-wal", "library.sqlite-shm", "writer.lock", "derived", "derived.lock", "files",
    "chats.sqlite", "chats.sqlite-wal", "chats.sqlite-shm", "chats.lock",
}  # fmt: skip
BYLINE = version("byline")  # read once: later the disk may fail
RESERVE = 64 * 1024 * 1024  # bytes of the disk that are left free
SHOWN = 20  # kinds of damage that a backup notes, and a refusal names


@dataclass(frozen=True, slots=True)
class Saved:
    """A backup that was made: its file, its size in bytes, when, what was said of it, what is damaged in it."""

    file: Path
    size: int
    created: str
    about: Mapping[str, object]
    damage: tuple[Damage, ...]


@dataclass(frozen=True, slots=True)
class Restored:
    """A library that was restored; where the one before it was set aside, if there was one; what is
    damaged in it, and by which Byline the backup was made, and when."""

    folder: Path
    set_aside: Path | None
    damage: tuple[Damage, ...]
    byline: str
    created: str


def backup(
    folder: Path, file: Path, openers: Openers, about: Callable[[Path], Mapping[str, object]], *,
    replace: bool = False, damaged: bool = False,
) -> Saved:  # fmt: skip
    """Saves one committed state of a library to a file, which is there when it is whole, and not before.

    `about` tells of a copy in a folder what is to be noted with it. Raises BylineError when there is no
    library, when the file exists (unless `replace`), when the copy is damaged (unless `damaged`), and
    when it cannot be written.
    """
    file = Path(os.path.abspath(file))
    _must_be_free(file, folder, replace)
    with _told(file, "the backup cannot be written"), making(file) as made:
        # The library last: then it has every document that a conversation cites.
        for name in reversed(openers):
            if name == Library.FILE or (folder / name).exists():
                with closing(openers[name](folder)) as database:
                    database.copy_to(made / name)
        copies = {name: made / name for name in openers if (made / name).exists()}
        damage = _damage(made, {name: openers[name] for name in copies}, shown=folder)
        if damage and not damaged:
            raise BylineError(
                f"{folder}: not backed up, since it is damaged. Mend it first, or back it up as it is with --damaged:\n"
                + "\n".join(f"  {where}: {what}. To mend it: {mend}" for what, where, mend in damage[:SHOWN])
            )
        told = dict(about(made)) | ({"damaged": [what[:200] for what, *_ in damage[:SHOWN]]} if damage else {})
        whole, created = made / "whole", int(time.time())
        with open(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            archive.write(handle, byline=BYLINE, created=created, about=told, paths=copies)
        with archive.opened(whole, list(openers)) as made_now:  # as `restore` will read it
            for member in made_now.members:
                made_now.read(member)
        _publish(whole, file, replace)
        return Saved(file, file.stat().st_size, made_now.created, told, damage)


def restore(
    file: Path, folder: Path, openers: Openers, prepare: Callable[[Path, Mapping[str, object]], object], *,
    replace: bool = False,
) -> Restored:  # fmt: skip
    """Puts the library of a backup in a folder, all or nothing; what is there is set aside beside it.

    `prepare` is given the folder in which the library stands before it gets its place, and what the
    backup notes of it. Raises BylineError when the file is not a whole backup of a format that is known,
    when the folder has a library with documents (unless `replace`) or somebody's files, when another
    process is changing it, and when it cannot be written.
    """
    folder = Path(os.path.realpath(folder))
    with _told(folder, "the library cannot be restored"), archive.opened(file, list(openers)) as saved:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with making(folder) as made, _replaceable(folder, replace) as is_held:
            _must_have_room(made, sum(member.size for member in saved.members))
            new = made / NEW
            new.mkdir(mode=0o700)
            for member in saved.members:
                _extract(saved, member, new)
            held = {member.name: openers[member.name] for member in saved.members}
            try:
                damage = _damage(new, held, shown=folder)
                prepare(new, saved.about)
            except Unsound as error:
                raise archive.refused(file, f"the library in it is damaged ({error.what})") from error
            except BylineError as error:
                said = str(error).replace(f"{new}/", f"{file}: ").replace(str(new), str(file))
                raise BylineError(f"{said} (it was made by Byline {saved.byline}). Nothing was restored") from error
            _sync(new)
            if not is_held:
                _must_be_nobodys(folder)  # still
            set_aside = swap(folder, new, "before-restore")
    return Restored(folder, set_aside, damage, saved.byline, saved.created)


# -- saving -----------------------------------------------------------------------------------------


def _must_be_free(file: Path, folder: Path, replace: bool) -> None:
    if Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder)):
        raise BylineError(f"{file}: lies in the library itself, and would go when that goes: give another place")
    if not file.parent.is_dir():
        raise BylineError(f"{file}: there is no folder {file.parent}: make it, or give another place")
    if not os.path.lexists(file):
        return
    if not stat.S_ISREG(os.lstat(file).st_mode):
        raise BylineError(f"{file}: is there already, and is no file: give the name of a file")
    if not replace:
        raise BylineError(f"{file}: is there already. Give another name, or --replace to have it replaced")


def _publish(whole: Path, file: Path, replace: bool) -> None:
    """Gives a file its name; never that of another one, unless told."""
    if not replace:
        try:
            os.link(whole, file)
        except FileExistsError:
            raise BylineError(f"{file}: was made by another program meanwhile. Give another name") from None
        except OSError:  # some file systems have no links
            if os.path.lexists(file):
                raise BylineError(f"{file}: was made by another program meanwhile. Give another name") from None
            os.replace(whole, file)
    else:
        os.replace(whole, file)
    sync_folder(file.parent)


# -- restoring --------------------------------------------------------------------------------------


@contextmanager
def _replaceable(folder: Path, replace: bool) -> Iterator[bool]:
    """Holds the writer's place of the library that is in a folder; yields whether there is one. Raises
    BylineError for a folder that is not to be set aside."""
    if not (folder / Library.FILE).exists():
        _must_be_nobodys(folder)
        yield False
        return
    try:
        library = None if replace else Library(folder)  # before the lock: it may want to migrate
    except Unsound:  # which is why one restores
        library = None
    except BylineError as error:
        raise BylineError(f"{error}. Or give --replace: it is then set aside, not deleted") from error
    with locked(folder / Library.LOCK):
        try:
            count = library.coverage()[0] if library else 0
        except Unsound:
            count = 0
        finally:
            if library:
                library.close()
        if count:
            raise BylineError(
                f"{folder}: holds a library with {count:,} document{'s' * (count != 1)}. Give --replace to restore all "
                "the same (it is then set aside beside it, not deleted), or another place with --library"
            )
        yield True


def _must_be_nobodys(folder: Path) -> None:
    if (folder / Library.FILE).exists():
        raise BylineError(f"{folder}: a library was made here meanwhile. Try again")
    if os.path.lexists(folder) and not folder.is_dir():
        raise BylineError(f"{folder}: is no folder: give another place with --library")
    others = sorted(set(os.listdir(folder)) - OWN) if folder.exists() else ()
    if others:
        raise BylineError(
            f"{folder}: holds no library, but other files ({ascii(others[0])}): give an empty or a new folder"
        )


def _must_have_room(place: Path, size: int) -> None:
    free = shutil.disk_usage(place).free
    if size + RESERVE > free:
        raise BylineError(f"{place.parent}: has {free:,} bytes left, and the library takes {size:,}: make room")


def _extract(saved: archive.Archive, member: archive.Member, new: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with open(os.open(new / member.name, flags, 0o600), "wb") as handle:
        saved.read(member, handle.write)
    with open(new / member.name, "rb") as handle:
        head = handle.read(100)
    # A file without a format (at 60 to 63) would be taken for a library that is still to be made.
    if not head.startswith(b"SQLite format 3\0") or not int.from_bytes(head[60:64], "big"):
        raise archive.refused(saved.path, f"{member.name} in it is no file of Byline's")


def _sync(folder: Path) -> None:
    """Brings a folder and all that is in it to the disk."""
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as handle:
                os.fsync(handle.fileno())
        sync_folder(Path(path))


# -- both -------------------------------------------------------------------------------------------


def _damage(made: Path, openers: Openers, *, shown: Path) -> tuple[Damage, ...]:
    """Verifies every hash of the files in a folder. Raises BylineError for what is no file of Byline's."""
    found: list[Damage] = []
    for name, opened in openers.items():
        with closing(opened(made)) as database:
            if foreign := database.foreign():
                raise BylineError(f"{made / name}: is not as Byline makes it ({ascii(foreign[0])})")
            found += [(what, where.replace(str(made), str(shown)), mend) for what, where, mend in database.damage()]
    return tuple(found)


@contextmanager
def _told(place: Path, what: str) -> Iterator[None]:
    """Says in words what the system says of a file."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise BylineError(f"{place}: {what} ({where}: {error.strerror})") from error
