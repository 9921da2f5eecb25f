"""What of a library is damaged: every hash over it is compared, and what belongs together is looked at."""

import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from corpus.record import row_crc32, sentence_key
from corpus.sqlite import MEND, Connection
from corpus.types import BylineError, Damage, Document

if TYPE_CHECKING:
    from corpus.library import Library


def damaged(library: "Library", db: Connection) -> Iterator[Damage]:
    """What is damaged in what a library holds."""
    for document in library.documents():
        yield from _in_document(library, db, document)
    files, departed = altered_notes(db)
    for _, path in files:
        yield "what is noted of a file is damaged", f"{library.path}: {path}", (
            "`byline add` that file again, with --source and --published if you gave them"
        )
    for number in departed:
        yield f"when document #{number} was removed is damaged", str(library.path), "the next `byline add` mends it"
    (given,) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'documents'").fetchone()
    (used,) = db.execute(
        "SELECT max(coalesce((SELECT max(id) FROM documents), 0), coalesce((SELECT max(document_id) FROM departed), 0))"
    ).fetchone()
    if not isinstance(given, int) or given < used:
        yield "how many ids were given to documents is damaged", str(library.path), MEND


def _in_document(library: "Library", db: Connection, document: Document) -> Iterator[Damage]:
    where, number = f"{library.path}: document #{document.id} ({document.name})", int(document.id)
    again = f"`byline remove '#{document.id}'`, then add its file again"
    try:
        text = library.text_and_print(document.id)
    except BylineError:
        yield "its record does not agree with its hashes", where, again
        return
    (first,) = db.execute("SELECT first_sentence FROM documents WHERE id = ?", (number,)).fetchone()
    rows = db.execute(
        "SELECT s.id, s.start, s.end, v.key, v.vector, v.crc32 FROM sentences s "
        "LEFT JOIN vectors v ON v.id = s.vector_id WHERE s.document_id = ? ORDER BY s.id",
        (number,),
    ).fetchall()
    if rows and [row[0] for row in rows] != [first + n if isinstance(first, int) else None for n in range(len(rows))]:
        yield "the numbers of its sentences are damaged", where, again
    for _, start, end, key, vector, crc32 in rows:
        whole = key == sentence_key(text[start:end]) and isinstance(vector, bytes) and zlib.crc32(key + vector) == crc32
        if not whole:
            yield "a sentence's vector is damaged", where, "`byline rebuild` makes the vectors again"
            break


def altered_notes(db: Connection) -> tuple[list[tuple[int, str]], list[int]]:
    """What is noted and was altered: (row, path) of files, and ids of departed documents."""
    files = db.execute("SELECT rowid, path, given, crc32 FROM files")
    departed = db.execute("SELECT document_id, at, replaced_by, crc32 FROM departed")
    altered = [row[:2] for row in files if not is_whole(row[-1], *row[1:-1])]
    return altered, [row[0] for row in departed if not is_whole(row[-1], *row[:-1])]


def is_whole(crc32: int | None, *row: str | int | None) -> bool:
    """Whether a row is what it was when its `row_crc32` was made; rows of an older format have none."""
    return crc32 is None or crc32 == row_crc32(*row)
