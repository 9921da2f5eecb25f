"""Damage that no hash of a document covers: logs that lose their end, notes, ids, files that are emptied."""

import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from corpus.add import add
from corpus.library import Library
from corpus.types import BylineError

ENCODER = {"model": "made up", "dimension": 4, "weights_sha256": "0" * 64}


@pytest.fixture
def store(library, files):
    """Adds documents, given by name and text, with vectors that mean nothing."""

    def run(into=library, **texts):
        def embed(texts):
            return np.eye(4, dtype=np.float32)[[len(text) % 4 for text in texts]]

        report = add(into, [files(**texts)], embed=embed, encoder=ENCODER, source="Courier")
        assert not report.failed
        return into

    return run


def altered(library, statement):
    """The library after a row has been changed behind its back."""
    library.close()
    with closing(sqlite3.connect(library.path, isolation_level=None)) as db:
        assert db.execute(statement).rowcount > 0
    return Library(library.folder)


@pytest.fixture
def killed(library, store, tmp_path):
    """What a killed process leaves: the last changes are in the log only."""
    store(a_txt="The harbour is open.")
    library.wipe_log()
    with closing(Library(library.folder)) as reader, reading(reader):
        store(b_txt="The bridge is closed.")
        shutil.copytree(library.folder, tmp_path / "killed")
    return tmp_path / "killed"


def reading(library):
    context = library.reading()
    db = context.__enter__()
    db.execute("SELECT count(*) FROM documents").fetchone()
    return closing(type("Held", (), {"close": lambda self: context.__exit__(None, None, None)})())


def test_a_whole_log_loses_nothing(killed):
    library = Library(killed)
    assert len(library.documents()) == 2 and library.lost() is None


@pytest.mark.parametrize("harm", ["cut", "flipped", "deleted"])
def test_changes_that_a_damaged_log_has_lost_are_missed(killed, store, caplog, harm):
    log = killed / "library.sqlite-wal"
    data = bytearray(log.read_bytes())
    if harm == "deleted":
        log.unlink()
    else:
        data[len(data) // 2] ^= 1
        log.write_bytes(data if harm == "flipped" else data[: len(data) // 2])
    library = Library(killed)
    assert len(library.documents()) == 1, "SQLite says nothing of it"
    assert "last changes are missing" in library.lost()
    assert "byline add" in caplog.text and str(killed) in caplog.text
    store(library)
    assert len(library.documents()) == 2 and Library(killed).lost() is None, "they are there again"


def test_a_damaged_note_of_the_commits_is_no_alarm(killed):
    note = killed / "writer.lock"
    data = bytearray(note.read_bytes())
    for place in range(4 * len(data.rstrip())):
        flipped = data.copy()
        flipped[place // 4] ^= 1 << place % 4
        note.write_bytes(flipped)
        assert Library(killed).lost() is None


def test_another_library_in_its_place_is_no_alarm(store, tmp_path):
    mine = store(a_txt="The harbour is open.")
    other = Library(tmp_path / "other", create=True)
    other.close()
    mine.close()
    shutil.copy(other.path, mine.path)
    assert Library(mine.folder).lost() is None


def test_a_library_that_was_emptied_is_no_new_one(store):
    library = store(a_txt="The harbour is open.")
    library.close()
    library.path.write_bytes(b"")
    with pytest.raises(BylineError, match="empty.*byline restore FILE"):
        Library(library.folder)


def test_a_library_whose_making_was_cut_short_is_made(tmp_path):
    (tmp_path / "library.sqlite").write_bytes(b"")
    assert Library(tmp_path).documents() == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE files SET given = replace(given, 'Courier', 'Herald')", "noted of a file"),
        ("UPDATE files SET path = path || 'x'", "noted of a file"),
        ("UPDATE departed SET at = '2001-01-01T00:00:00+00:00'", "was removed"),
        ("UPDATE departed SET replaced_by = 1", "was removed"),
    ],
)
def test_altered_notes_are_found_and_not_believed(store, statement, said):
    library = store(a_txt="The harbour is open.", b_txt="The bridge is closed.")
    file, gone = library.known_file, library.named("b.txt").id
    with library.writing() as writer:
        writer.remove([gone])
    path = str(next(path for path, _ in library.files_below("/") if path.endswith("a.txt")))
    assert not list(library.damage()) and file(path).given and library.departed(gone)
    library = altered(library, statement)
    ((what, where, mend),) = library.damage()
    assert said in what and str(library.path) in where and "byline add" in mend
    assert library.known_file(path) is None or library.departed(gone) is None
    store(library)
    assert not list(library.damage())
    assert library.named("a.txt").source == "Courier"


def test_altered_numbers_of_sentences_are_found(store):
    library = altered(store(a_txt="One is here. Two are here."), "UPDATE documents SET first_sentence = 2")
    ((what, _, mend),) = library.damage()
    assert "numbers of its sentences" in what and "byline remove '#1'" in mend


def test_ids_that_would_be_given_again_are_found(store):
    library = altered(store(a_txt="One.", b_txt="Two."), "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'documents'")
    ((what, _, mend),) = library.damage()
    assert "ids" in what and "byline restore FILE" in mend


def test_an_altered_encoder_is_not_taken_for_another(store):
    statement = "UPDATE meta SET value = replace(value, 'made up', 'made us') WHERE key = 'encoder'"
    library = altered(store(a_txt="One."), statement)
    with pytest.raises(BylineError, match="damaged.*byline rebuild --encoder"):
        library.encoder  # noqa: B018


def test_a_vector_that_is_no_bytes_is_damage(store):
    library = store(a_txt="One is here.")
    with library.transaction() as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = 'vectors'")
    library = altered(library, "UPDATE vectors SET vector = 'text'")
    ((what, _, _),) = library.damage()
    assert "vector" in what and library.known_vectors(["One is here."]) == {}


@pytest.mark.parametrize("error", ["disk I/O error", "unable to open database file"])
def test_a_disk_that_fails_is_not_called_damage(library, error):
    with pytest.raises(BylineError, match="the disk is") as told, library.transaction():
        raise sqlite3.OperationalError(error)
    assert "damaged" not in str(told.value)
