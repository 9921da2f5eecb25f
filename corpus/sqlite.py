"""The SQLite files under a library: their tables, connections, transactions and errors.

One connection a thread; one read transaction a question; one writer at a time, across processes.
"""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from corpus.types import BylineError

Connection = sqlite3.Connection

# How long to wait for another connection: for its turn, and for readers to let the log be emptied.
BUSY_SECONDS = 10
WIPE_SECONDS = 1

MIGRATIONS = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    INSERT INTO meta VALUES ('revision', '0');
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT, revision INTEGER NOT NULL,
        origin TEXT NOT NULL, name TEXT NOT NULL, file TEXT NOT NULL,
        title TEXT, source TEXT, published TEXT, uri TEXT, media_type TEXT NOT NULL,
        length INTEGER NOT NULL, sentences INTEGER NOT NULL, text_sha256 TEXT NOT NULL,
        stated TEXT NOT NULL, set_by_person TEXT NOT NULL, record_sha256 TEXT NOT NULL,
        UNIQUE (origin, name)) STRICT;
    CREATE INDEX documents_by_file ON documents (file);
    CREATE INDEX documents_by_name ON documents (name);
    CREATE INDEX documents_by_revision ON documents (revision);
    CREATE TABLE parts (
        document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        start INTEGER NOT NULL, length INTEGER NOT NULL, text TEXT NOT NULL,
        text_sha256 TEXT NOT NULL, spans_sha256 TEXT NOT NULL,
        PRIMARY KEY (document_id, start)) STRICT;
    CREATE TABLE vectors (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE,
        vector BLOB NOT NULL, crc32 INTEGER NOT NULL) STRICT;
    CREATE TABLE sentences (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents ON DELETE CASCADE,
        start INTEGER NOT NULL, end INTEGER NOT NULL,
        vector_id INTEGER NOT NULL REFERENCES vectors) STRICT;
    CREATE INDEX sentences_by_document ON sentences (document_id, start);
    CREATE INDEX sentences_by_vector ON sentences (vector_id);
    CREATE TABLE files (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL, sha256 TEXT NOT NULL, given TEXT NOT NULL) STRICT;
    CREATE TABLE departed (
        document_id INTEGER PRIMARY KEY, at TEXT NOT NULL, replaced_by INTEGER) STRICT;
    """,
    # The only writer gives a document's sentences ids without gaps, so the first one tells them all.
    """
    ALTER TABLE documents ADD COLUMN first_sentence INTEGER;
    UPDATE documents SET first_sentence = (SELECT min(id) FROM sentences WHERE document_id = documents.id);
    """,
    # JSON: where pages begin; where sections begin, and their names. NULL where there are none.
    """
    ALTER TABLE documents ADD COLUMN author TEXT;
    ALTER TABLE documents ADD COLUMN pages TEXT;
    ALTER TABLE documents ADD COLUMN sections TEXT;
    """,
)

class Database:
    """`library.sqlite` in a folder, made there if `create`.

    Raises BylineError when there is none, when the file is damaged or not a library, and when it
    was written by a newer Byline. A file of another kind names itself, its lock and its tables.
    """

    FILE, LOCK = "library.sqlite", "writer.lock"

    @property
    def migrations(self) -> Sequence[str]:
        """The statements that lead from each format of the file to the next."""
        return MIGRATIONS

    def __init__(self, folder: Path, *, create: bool = False):
        self.folder = Path(folder)
        self.path = self.folder / self.FILE
        self._local = threading.local()
        if not self.path.exists():
            if not create:
                raise BylineError(f"there is no library in {self.folder}: make one with `byline add PATH`")
            try:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise BylineError(f"{self.folder}: cannot make a library here: {error.strerror}") from error
        if not self.path.exists() or self._version() < len(self.migrations):
            with self.lock():
                self._migrate()

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
        with open(self.folder / self.LOCK, "a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BylineError(
                    f"{self.folder}: another `byline` is changing this library; "
                    "wait until it has finished, then try again"
                ) from None
            yield

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction; on the disk when the block has ended, undone if it raises."""
        with self._errors():
            db = self._connection()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.commit()
            except BaseException:
                db.rollback()
                raise

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
                message = "another program holds it; try again"
            elif "full" in str(error):
                message = "the disk is full; nothing was lost, make room and try again"
            elif "readonly" in str(error):
                message = "it cannot be written to; check its permissions"
            else:
                raise self.unsound(str(error)) from error
            raise BylineError(f"{self.path}: {message}") from error

    def unsound(self, what: str) -> BylineError:
        """The error for a file that cannot be trusted as a whole, to be raised."""
        return BylineError(
            f"{self.path}: it is damaged or not a library ({what}). "
            "Restore it from a copy, or move the folder away and add the documents again"
        )

    def _connection(self) -> Connection:
        db = getattr(self._local, "db", None)
        if db is None:
            db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
            # One flipped byte must not make the others unreadable: its record's hash fails alone.
            db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            # FULL: a commit is on the disk before it is acknowledged.
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
                db.execute(f"PRAGMA {pragma}").fetchall()
            self._local.db = db
        return db

    def close(self) -> None:
        """Closes this thread's connection."""
        db = getattr(self._local, "db", None)
        if db is not None:
            db.close()
            self._local.db = None

    def _version(self) -> int:
        with self._errors():
            version = self._connection().execute("PRAGMA user_version").fetchone()[0]
        if version > len(self.migrations):
            raise BylineError(
                f"{self.path}: this library has format {version}, and this Byline knows formats up to "
                f"{len(self.migrations)}: use a newer Byline"
            )
        return version

    def _migrate(self) -> None:
        for number in range(self._version(), len(self.migrations)):
            with self.transaction() as db:
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
