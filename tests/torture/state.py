"""What a library holds, as something that can be compared; and what of it is half there."""

import json
import sqlite3
import tempfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from corpus import archive
from corpus.library import Library
from ui.conversations import Conversations

State = dict[str, str]


def state(folder: Path) -> State:
    """Everything that a person put into a library, by what it is: the hash of all that is known of it.

    Without ids and times, which say nothing; the library is opened first, as any command would.
    """
    own = _library(folder)
    # What a restore has set aside. A second one sets aside what is restored already.
    aside = [_library(path) for path in folder.parent.glob(f"{folder.name}.before-restore-*")]
    found = own | {f"aside: {key}": value for each in aside if each != own for key, value in each.items()}
    if (folder.parent / "backup").exists():
        found["backup"] = _digest(sorted(_backup(folder.parent / "backup").items()))
    return found


def _library(folder: Path) -> State:
    found: State = {}
    if Library.is_in(folder):
        Library(folder).close()
        found |= _documents(folder / "library.sqlite")
    if (folder / "chats.sqlite").exists():
        Conversations(Library(folder)).close()
        found |= _talks(folder / "chats.sqlite")
    return found


def _backup(path: Path) -> State:
    """What is in a backup; each of its hashes is compared."""
    with tempfile.TemporaryDirectory() as folder, archive.opened(path, ("library.sqlite", "chats.sqlite")) as saved:
        for member in saved.members:
            with open(Path(folder, member.name), "wb") as file:
                saved.read(member, file.write)
        return _library(Path(folder))


def _documents(path: Path) -> State:
    found = {}
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        for row in db.execute("SELECT * FROM documents"):
            told = {key: value for key, value in dict(row).items() if key not in ("id", "revision", "first_sentence")}
            told["parts"] = _rows(db, _PARTS, row["id"])
            told["sentences"] = _rows(db, _SENTENCES, row["id"])
            told["first"] = _rows(db, _FIRST, row["id"]) == [[row["first_sentence"]]]
            found[f"document {row['origin']}/{row['name']}"] = _digest(told)
        for row in db.execute("SELECT path, size, given FROM files"):
            found[f"file {row['path']}"] = _digest(tuple(row)[1:]) if row["size"] >= 0 else "unread"
        for row in db.execute(_DEPARTED):  # by name: its number depends on what could be read when
            found[f"departed {row['document_id']}"] = str(row["heir"])
        for row in db.execute("SELECT value FROM meta WHERE key = 'encoder'"):
            found["encoder"] = row["value"]
    return found


def _talks(path: Path) -> State:
    found = {}
    with closing(sqlite3.connect(path)) as db:
        for id, title in db.execute("SELECT id, title FROM conversations").fetchall():
            turns = _rows(
                db, "SELECT number, question, filters, state, answer, verdict FROM turns LEFT JOIN feedback "
                    "USING (conversation, number) WHERE conversation = ? ORDER BY number", id)  # fmt: skip
            found[f"talk {turns[0][1] if turns else id}"] = _digest([title, *turns])
    return found


def halves(folder: Path) -> list[str]:
    """What is half there: rows without what they belong to, ids that were given twice."""
    found = []
    for name, questions in (("library.sqlite", _ORPHANS), ("chats.sqlite", ())):
        if (folder / name).exists():
            with closing(sqlite3.connect(folder / name)) as db:
                found += [f"{name}: {row}" for row in db.execute("PRAGMA integrity_check") if row != ("ok",)]
                found += [f"{name}: {row}" for row in db.execute("PRAGMA foreign_key_check")]
                found += [f"{name}: {q}" for q in questions if db.execute(f"SELECT EXISTS ({q})").fetchone()[0]]
    return found


def strays(folder: Path) -> list[str]:
    """Files in a library's folder that nothing needs, once all is well."""
    derived = folder / "derived"
    if not folder.is_dir():
        return [f"there is no {folder}"]
    current = (derived / "current").read_text() if (derived / "current").exists() else None
    expected = {"library.sqlite", "chats.sqlite", "writer.lock", "chats.lock", "derived.lock", "derived"}
    found = [path.name for path in folder.iterdir() if path.name not in expected]
    beside = {folder.name, "more", "backup"}
    found += [
        path.name for path in folder.parent.iterdir()
        if path.name not in beside and not path.name.startswith(f"{folder.name}.before-restore-")
    ]  # fmt: skip
    return found + [f"derived/{path.name}" for path in derived.glob("*") if path.name not in ("current", current)]


_PARTS = "SELECT start, length, text, text_sha256, spans_sha256 FROM parts WHERE document_id = ? ORDER BY start"
_SENTENCES = (
    "SELECT start, end, hex(key), hex(vector) FROM sentences s LEFT JOIN vectors v ON v.id = s.vector_id "
    "WHERE document_id = ? ORDER BY start"
)
_DEPARTED = (
    "SELECT document_id, CASE WHEN replaced_by IS NOT NULL THEN coalesce(origin || '/' || name, 'gone') END AS heir "
    "FROM departed LEFT JOIN documents ON documents.id = replaced_by"
)
_FIRST = "SELECT min(id) FROM sentences WHERE document_id = ?"
_ORPHANS = (
    "SELECT 1 FROM vectors WHERE id NOT IN (SELECT vector_id FROM sentences)",
    "SELECT 1 FROM sentences WHERE vector_id NOT IN (SELECT id FROM vectors)",
    "SELECT 1 FROM documents JOIN departed ON documents.id = departed.document_id",
    "SELECT 1 FROM documents d WHERE sentences != (SELECT count(*) FROM sentences WHERE document_id = d.id)",
    "SELECT 1 FROM documents d WHERE length != (SELECT sum(length) FROM parts WHERE document_id = d.id)",
)


def _rows(db: sqlite3.Connection, statement: str, *values: object) -> list[list]:
    return [list(row) for row in db.execute(statement, values)]


def _digest(told: object) -> str:
    return sha256(json.dumps(told).encode()).hexdigest()[:16]

