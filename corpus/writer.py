"""Changing a library: every method is one transaction, on the disk when it returns."""

import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from corpus.damage import altered_notes
from corpus.record import (
    encoder_noted,
    part_rows,
    printed_rows,
    record_sha256,
    row_crc32,
    sentence_key,
    sha256,
)
from corpus.sqlite import Connection, TextOf
from corpus.types import Document, FileState, Reading

if TYPE_CHECKING:
    from corpus.library import Library

SETTABLE = ("title", "source", "published")


class Writer:
    """The one who may change a library; got from `Library.writing()`."""

    def __init__(self, library: "Library"):
        self._library = library

    def claim_encoder(self, fingerprint: dict) -> None:
        """Notes the encoder of a new library. Raises BylineError when the library has another."""
        self._library.check_encoder(fingerprint)
        if self._library.encoder is None:
            with self._library.transaction() as db:
                db.execute("INSERT INTO meta VALUES ('encoder', ?)", (encoder_noted(fingerprint),))

    def note_file(self, path: str, state: FileState) -> None:
        """Remembers a file as read completely."""
        with self._library.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                (path, *astuple(state), row_crc32(path, state.given)),
            )

    def drop_altered_notes(self) -> None:
        """Drops what is noted of files and of departed documents and was altered: the files are read again."""
        with self._library.reading() as db:
            files, departed = altered_notes(db)
        if files or departed:
            with self._library.transaction() as db:
                db.executemany("DELETE FROM files WHERE rowid = ?", [(row,) for row, _ in files])
                db.executemany("DELETE FROM departed WHERE document_id = ?", [(number,) for number in departed])

    def note_given(self, path: str, given: str) -> None:
        """Remembers what a person gave for a file, which counts as unread until `note_file`."""
        self.note_file(path, FileState(-1, 0, 0, "", given))

    def put(
        self,
        reading: Reading,
        *,
        origin: str,
        name: str,
        file: str,
        stated: str,
        spans: Sequence[tuple[int, int]],
        vectors: Mapping[str, np.ndarray],
    ) -> Document:
        """Stores a document in one transaction, in place of the one of the same (origin, name).

        `spans` are its sentences, ascending; `vectors` maps the text of each sentence that has none yet to
        its unit vector. Fields that a person had set are kept. When this returns, the document is
        on the disk.
        """
        before = self._library.find(origin, name)
        kept = {key: getattr(before[0], key) for key in before[0].set_by_person} if before else {}
        fields = {key: getattr(reading, key) for key in SETTABLE} | kept
        document = Document(
            id="", name=name, origin=origin, uri=reading.uri, media_type=reading.media_type,
            length=len(reading.text), sentences=len(spans), text_sha256=sha256(reading.text),
            set_by_person=tuple(sorted(kept)), author=reading.author, pages=reading.pages,
            sections=reading.sections, **fields,
        )  # fmt: skip
        parts = part_rows(reading.text, spans)
        printed = printed_rows(reading.printed, parts)
        parts = [(*part, told and sha256(told)) for part, told in zip(parts, printed, strict=True)]
        with self._library.transaction() as db:
            loose = _delete(db, int(before[0].id)) if before else []
            number = db.execute(
                "INSERT INTO documents VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                (
                    self._next_revision(db), origin, name, file, document.title, document.source, document.published,
                    document.uri, document.media_type, document.length, document.sentences, document.text_sha256,
                    stated, json.dumps(document.set_by_person), record_sha256(document, file, stated, parts),
                    document.author, json.dumps(document.pages) if document.pages else None,
                    json.dumps(document.sections) if document.sections else None,
                ),
            ).lastrowid  # fmt: skip
            db.executemany(
                "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (number, *part[:2], reading.text[part[0] : part[0] + part[1]], *part[2:4], told, part[4])
                    for part, told in zip(parts, printed, strict=True)
                ],
            )
            db.executemany(
                "INSERT INTO sentences VALUES (NULL, ?, ?, ?, ?)",
                [(number, *span, _vector_id(db, reading.text[slice(*span)], vectors)) for span in spans],
            )
            db.execute(
                "UPDATE documents SET first_sentence = (SELECT min(id) FROM sentences WHERE document_id = ?1) "
                "WHERE id = ?1",
                (number,),
            )
            _delete_unused(db, loose)
            if before:
                _note_departure(db, int(before[0].id), number)
        return replace(document, id=str(number))

    def remove(self, document_ids: Iterable[str]) -> None:
        """Removes documents and wipes their text from the file and its log (but see
        `Database.wipe_log`). Ids of documents that are gone already are passed over."""
        with self._library.transaction() as db:
            removed = [number for number in dict.fromkeys(map(int, document_ids)) if _remove(db, number)]
            if removed:
                self._next_revision(db)
        self._library.wipe_log()

    def set(self, document_id: str, values: Mapping[str, str | None]) -> Document:
        """Sets title, source or published by hand, and marks them so."""
        document = replace(self._library.document(document_id), **values)
        document = replace(document, set_by_person=tuple(sorted({*document.set_by_person, *values})))
        with self._library.transaction() as db:
            number, parts = self._library.verified(db, document_id)
            file, stated = db.execute("SELECT file, stated FROM documents WHERE id = ?", (number,)).fetchone()
            db.execute(
                "UPDATE documents SET revision = ?, title = ?, source = ?, published = ?, set_by_person = ?, "
                "record_sha256 = ? WHERE id = ?",
                (
                    self._next_revision(db), document.title, document.source, document.published,
                    json.dumps(document.set_by_person), record_sha256(document, file, stated, parts), number,
                ),
            )  # fmt: skip
        return document

    def reencode(self, fingerprint: dict, encode: Callable[[list[str]], np.ndarray]) -> None:
        """Makes every vector again with another encoder, in one transaction."""
        with self._library.transaction() as db:
            text_of = TextOf(db)
            rows = db.execute(
                "SELECT s.vector_id, v.key, s.document_id, s.start, s.end FROM sentences s "
                "JOIN vectors v ON v.id = s.vector_id GROUP BY s.vector_id ORDER BY min(s.id)"
            ).fetchall()
            # Where two texts are the same only by damage, each row keeps its own key.
            keys = {key for _, key, *_ in rows}
            for begin in range(0, len(rows), 256):
                batch = rows[begin : begin + 256]
                texts = [text_of(document, start, end) for _, _, document, start, end in batch]
                for (vector_id, have, *_), text, vector in zip(batch, texts, encode(texts), strict=True):
                    blob, key = np.asarray(vector, np.float16).tobytes(), sentence_key(text)
                    if key in keys:
                        key = have
                    keys.add(key)
                    db.execute(
                        "UPDATE vectors SET key = ?, vector = ?, crc32 = ? WHERE id = ?",
                        (key, blob, zlib.crc32(key + blob), vector_id),
                    )
            db.execute("INSERT OR REPLACE INTO meta VALUES ('encoder', ?)", (encoder_noted(fingerprint),))
            self._next_revision(db)

    def _next_revision(self, db: Connection) -> int:
        revision = self._library.revision + 1
        db.execute("UPDATE meta SET value = ? WHERE key = 'revision'", (str(revision),))
        return revision


def _vector_id(db: Connection, text: str, vectors: Mapping[str, np.ndarray]) -> int:
    key = sentence_key(text)
    row = db.execute("SELECT id FROM vectors WHERE key = ?", (key,)).fetchone()
    if row is not None:
        return row[0]
    blob = np.asarray(vectors[text], np.float16).tobytes()
    return db.execute("INSERT INTO vectors VALUES (NULL, ?, ?, ?)", (key, blob, zlib.crc32(key + blob))).lastrowid


def _remove(db: Connection, number: int) -> bool:
    """Removes a document that nothing replaces; whether it was here."""
    row = db.execute("SELECT file FROM documents WHERE id = ?", (number,)).fetchone()
    if row is None:
        return False
    _delete_unused(db, _delete(db, number))
    _note_departure(db, number, None)
    # The file counts as unread, so that it can be added again; what was given for it still holds
    # for the other documents in it.
    db.execute("UPDATE files SET size = -1, sha256 = '' WHERE path = ?", row)
    db.execute("DELETE FROM files WHERE path = ?1 AND NOT EXISTS (SELECT 1 FROM documents WHERE file = ?1)", row)
    return True


def _delete(db: Connection, number: int) -> list[tuple[int]]:
    """Deletes a document, its parts and sentences; returns the vectors that it used."""
    used = db.execute("SELECT DISTINCT vector_id FROM sentences WHERE document_id = ?", (number,)).fetchall()
    db.execute("DELETE FROM documents WHERE id = ?", (number,))
    return used


def _delete_unused(db: Connection, vector_ids: Sequence[tuple[int]]) -> None:
    db.executemany(
        "DELETE FROM vectors WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM sentences WHERE vector_id = ?1)", vector_ids
    )


def _note_departure(db: Connection, number: int, replaced_by: int | None) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    row = (number, now, replaced_by)
    db.execute("INSERT INTO departed VALUES (?, ?, ?, ?)", (*row, row_crc32(*row)))
