"""The SQLite files under a library: their tables, connections, transactions and errors.

One connection a thread; one read transaction a question; one writer at a time, across processes.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from corpus.counted import note, noted
from corpus.swap import is_there, take
from corpus.tables import MIGRATIONS
from corpus.types import BylineError, Damage, Locked, Unsound

Connection = sqlite3.Connection

# How long to wait for another connection: for its turn, and for readers to let the log be emptied.
BUSY_SECONDS = 10
WIPE_SECONDS = 1

MEND = "restore the library from a backup (`byline restore FILE`), or add the files to a new one"

logger = logging.getLogger(__name__)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds the lock that this file stands for. Raises Locked when another process has it, and
    BylineError when the file cannot be opened."""
    while True:
        try:
            file = open(path, "a")
        except OSError as error:
            raise BylineError(f"{path}: cannot be opened ({error.strerror}): see to the disk, try again") from error
        with file as lock:
            if not take(lock, 0.0):
                raise Locked(
                    f"{path.parent}: another `byline` is changing this library; "
                    "wait until it has finished, then try again"
                )
            if _place(path) == _place(lock.fileno()):  # else the folder was swapped for a restored one
                yield
                return


class Database:
    """`library.sqlite` in a folder, made there if `create`.

    Raises BylineError when there is none, when the file is damaged or not a library, and when it
    was written by a newer Byline. A file of another kind names itself, its lock and its tables.
    """

    FILE, LOCK = "library.sqlite", "writer.lock"
    # What mends it when changes are missing.
    AGAIN = "`byline add` the folders again; `byline restore FILE` where a newer backup is at hand"

    @property
    def migrations(self) -> Sequence[str]:
        """The statements that lead from each format of the file to the next."""
        return MIGRATIONS

    def __init__(self, folder: Path, *, create: bool = False):
        self.folder = Path(folder)
        self.path = self.folder / self.FILE
        self._local = threading.local()
        is_new = not self.is_in(self.folder)
        if is_new:
            if not create:
                raise BylineError(f"there is no library in {self.folder}: make one with `byline add PATH`")
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self.path.touch()  # which is a file without tables
            except OSError as error:
                raise BylineError(f"{self.folder}: cannot make a library here: {error.strerror}") from error
        version, (_, commits) = self._version(), noted(self.folder / self.LOCK)
        if version == 0 and commits and not is_new:
            raise self.unsound(f"it is empty, and {commits:,} changes were stored in it")
        if version < len(self.migrations):
            with self.lock():
                self._migrate()
        if lost := self.lost():
            _warn(f"byline: {self.path}: {lost}. To mend it: {self.AGAIN}")

    @classmethod
    def is_in(cls, folder: Path) -> bool:
        """Whether a folder has such a file. A restore that was cut short is finished first."""
        return is_there(folder) and (folder / cls.FILE).exists()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One read transaction: everything read inside is of one state. Nests."""
        with self._errors():
            db = self._connection()
            if db.in_transaction:
                yield db
                return
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.rollback()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the advisory lock that allows one writer; a killed process lets go of it."""
        with locked(self.folder / self.LOCK):
            yield

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction; on the disk when the block has ended, undone if it raises."""
        with self._uncounted() as db:
            yield db
            (name, count), (of, commits) = _commits(db), noted(self.folder / self.LOCK)
            count = 1 + max(count, commits if of == name else 0)
            db.execute("UPDATE meta SET value = ? WHERE key = 'commits'", (str(count),))
        if self.is_in_place:  # else it is the note of a library that was restored meanwhile
            note(self.folder / self.LOCK, name, count)

    @contextmanager
    def _uncounted(self) -> Iterator[Connection]:
        with self._errors():
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

    def lost(self) -> str | None:
        """What is missing of what was committed, in words; None where nothing is. Not to be asked within a
        transaction, which others may have overtaken."""
        name, commits = noted(self.folder / self.LOCK)  # before what is counted, which may grow meanwhile
        with self.reading() as db:
            have = _commits(db)
        if have[0] != name or have[1] >= commits:
            return None
        return (
            f"{commits - have[1]:,} of the last changes are missing: its log was damaged or deleted, or an older copy "
            "was put in its place"
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise BylineError(
                f"{self.path}: the change does not fit what is stored ({error}) and was undone; nothing was lost. "
                "See whether all is well with `byline check`, then try again"
            ) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: in the tables' definitions
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise Locked(f"{self.path}: another program holds it; try again") from error
            if "full" in str(error):
                message = "the disk is full; nothing was lost, make room and try again"
            elif "readonly" in str(error):
                message = "it cannot be written to; check its permissions"
            elif "I/O error" in str(error) or "unable to open" in str(error):
                message = f"{error}: the disk is full, failing or gone. What was stored is safe; see to it, try again"
            else:
                raise self.unsound(str(error)) from error
            raise BylineError(f"{self.path}: {message}") from error

    def unsound(self, what: str) -> BylineError:
        """The error for a file that cannot be trusted as a whole, to be raised."""
        return Unsound(
            f"{self.path}: it is damaged or not a library ({what}). Restore it from a backup with "
            "`byline restore FILE`, or move the folder away and add the documents again",
            what,
        )

    @property
    def identity(self) -> object:
        """What tells the file that this thread reads from another of its name: it changes with a restore."""
        self._connection()
        return self._local.place

    @property
    def is_in_place(self) -> bool:
        """Whether the file that this thread reads has its name still, so that others open the same."""
        return getattr(self._local, "place", None) == _place(self.path)

    def _connection(self) -> Connection:
        db = getattr(self._local, "db", None)
        # A restore puts another file in the place of one that is open; who reads, goes on with the old one
        # until its transaction has ended.
        if db is None or not db.in_transaction and not self.is_in_place:
            self.close()
            db = self._local.db = self._connected()
        return db

    def _connected(self) -> Connection:
        while True:
            place = _place(self.path) or is_there(self.folder) and _place(self.path)
            if not place:
                raise BylineError(f"{self.path}: is not there any more. Put it back, or `byline restore FILE` a backup")
            # rw: a file that is not there is not made.
            db = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None
            )
            if _place(self.path) == place:
                break
            db.close()
        self._local.place = place
        # One flipped byte must not make the others unreadable: its record's hash fails alone.
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        # FULL: a commit is on the disk before it is acknowledged.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        return db

    def close(self) -> None:
        """Closes this thread's connection."""
        db = getattr(self._local, "db", None)
        if db is not None:
            db.close()
            self._local.db = None

    def copy_to(self, path: Path) -> None:
        """Copies one state, that of the last commit, to a new file; others may write meanwhile."""
        with self._errors():
            source = self._connection()
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as target:
                target.execute("PRAGMA synchronous=OFF")  # whoever wants it on the disk sees to that
                source.backup(target)
        except sqlite3.Error as error:
            raise BylineError(f"{self.path}: cannot be copied to {path} ({error})") from error

    def damage(self) -> Iterator[Damage]:
        """Verifies the file as such; yields (what is wrong, where, what mends it)."""
        with self.reading() as db:
            for (line,) in db.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"SQLite: {line}", str(self.path), MEND

    def foreign(self) -> list[str]:
        """What the file has beside its tables, and which of them are not as they should be, by name: a
        trigger or a view that somebody put there could change what is read."""
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as model, self.reading() as db:
            for migration in self.migrations:
                model.executescript(migration)
            ours, have = _schema(model), _schema(db)
        return sorted(str(name) for _, name, _ in ours ^ have)

    def _version(self) -> int:
        with self._errors():
            version = self._connection().execute("PRAGMA user_version").fetchone()[0]
        if version > len(self.migrations):
            raise BylineError(
                f"{self.path}: this library has format {version}, and this Byline knows formats up to "
                f"{len(self.migrations)}: use a newer Byline. If no newer one has ever opened it, it is damaged: "
                "`byline restore FILE` a backup"
            )
        return version

    def _migrate(self) -> None:
        for number in range(self._version(), len(self.migrations)):
            with self._uncounted() as db:
                for statement in self.migrations[number].split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {number + 1}")

    def wipe_log(self) -> bool:
        """Empties the write-ahead log, so that removed text is not on the disk any more.

        False when another connection was reading for longer than WIPE_SECONDS: the text then stays
        in the log until the next time.
        """
        with self._errors():
            db = self._connection()
            db.execute(f"PRAGMA busy_timeout={WIPE_SECONDS * 1000}")
            try:
                busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                db.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        return not busy


def _place(path: Path | int) -> tuple[int, int] | None:
    """The device and inode of a file (or an open one); None where there is none."""
    try:
        stat = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return stat.st_dev, stat.st_ino


def _commits(db: Connection) -> tuple[str, int]:
    """The name that a database was given when it was made, and how many commits it has counted."""
    found = dict(db.execute("SELECT key, value FROM meta WHERE key IN ('made', 'commits')").fetchall())
    count = str(found.get("commits", ""))
    return str(found.get("made", "-")), int(count) if count.isascii() and count.isdigit() else 0


@cache
def _warn(message: str) -> None:
    """Says something once."""
    logger.warning(message)


def _schema(db: Connection) -> set[tuple[str, str, str]]:
    """(kind, name, definition) of everything that is in a file; SQLite's own tables are left out."""
    rows = db.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    own = ("sqlite_autoindex_", "sqlite_sequence", "sqlite_stat")
    return {
        (kind, name, " ".join((sql or "").split()))
        for kind, name, sql in rows
        if kind not in ("table", "index") or not str(name).startswith(own)
    }


class TextOf:
    """Slices of the documents' text, keeping the part last read (rows come in document order).

    Unchecked, so never to be quoted; where a part or an offset is damaged, the slice is empty.
    """

    def __init__(self, db: Connection):
        self._db = db
        self._document, self._start, self._text = None, 0, ""

    def __call__(self, document: int, start: int, end: int) -> str:
        if type(start) is not int or type(end) is not int:
            return ""
        if document != self._document or not self._start <= start < self._start + len(self._text):
            row = self._db.execute(
                "SELECT start, CAST(text AS TEXT) FROM parts WHERE document_id = ? AND start <= ? "
                "ORDER BY start DESC LIMIT 1",
                (document, start),
            ).fetchone()
            self._document, (self._start, self._text) = document, row or (start, "")
        return self._text[start - self._start : end - self._start]
