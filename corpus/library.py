"""The library: one SQLite file that is the single truth about a person's documents.

    documents   what is known of each document, under a record hash
    parts       its text in pieces of at most 256 KB, each with a hash
    sentences   spans of the text; `id` is also the id in the search indexes
    vectors     one float16 vector for each distinct sentence, shared by all its copies
    files       what was read from disk, so that the unchanged is not read again
    departed    ids of documents that were removed or replaced, and when

Nothing is quoted before the hashes over it agree (`quote`, `text`): SQLite itself returns altered
rows after a bit flips on disk. Everything else on disk is derived from this file.
"""

import json
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from corpus.addresses import normal
from corpus.damage import damaged, is_whole
from corpus.record import (
    as_printed,
    noted_encoder,
    record_sha256,
    sentence_key,
    sha256,
    shown,
    spans_sha256,
)
from corpus.sqlite import Connection, Database, TextOf
from corpus.types import (
    BylineError,
    Damage,
    Document,
    FileState,
    Filters,
    Passage,
    Span,
    Unsound,
)
from corpus.writer import Writer

# The columns of `Document`, in its order.
_FIELDS = (
    "id, name, origin, title, source, published, uri, media_type, length, sentences, text_sha256, set_by_person, "
    "author, pages, sections"
)


@dataclass(frozen=True, slots=True)
class _Stated:
    """Of each document its id (ascending), its source, as a number that is `known` by its folded name, and the
    day it was published ("" where it is undated), as of a state of the library."""

    state: tuple[object, int]
    known: dict[str, int]
    ids: np.ndarray
    sources: np.ndarray
    days: np.ndarray


class Library(Database):
    """What a person's library holds. Reading needs no lock; writing goes through `writing()`."""

    _last_stated: _Stated | None = None

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """Holds the one writer's place. Raises BylineError at once when another process has it."""
        with self.lock():
            yield Writer(self)

    # -- what is here --------------------------------------------------------------------------

    @property
    def revision(self) -> int:
        """A number that grows with every change to the documents."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'revision'").fetchone()
        if row is None or not (row[0].isascii() and row[0].isdigit()):
            raise self.unsound("its revision is gone")
        return int(row[0])

    @property
    def encoder(self) -> dict | None:
        """The fingerprint of the encoder that made the vectors; None before the first document."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'encoder'").fetchone()
        try:
            return noted_encoder(row[0]) if row else None
        except (TypeError, ValueError):
            raise Unsound(
                f"{self.path}: the name of the encoder of its sentences is damaged. Encode them again with "
                "`byline rebuild --encoder MODEL`", "the name of its encoder"
            ) from None  # fmt: skip

    @property
    def bases(self) -> list[str]:
        """The names of the search indexes that were built from this library: the latest, and the one before."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = 'bases'").fetchone()
        return row[0].split() if row else []

    def note_base(self, name: str, before: str | None, built_from: object) -> None:
        """Notes a search index as built from this library, whose `identity` was `built_from`. The one
        before, if it was noted, stays so: it is in use until the new one is swapped in. Raises BylineError
        when another library has been restored in its place."""
        with self.transaction() as db:
            if self.identity != built_from:
                raise BylineError(f"{self.folder}: another library was restored here meanwhile")
            names = [noted for noted in self.bases if noted == before]
            db.execute("INSERT OR REPLACE INTO meta VALUES ('bases', ?)", (" ".join([*names, name]),))

    def check_encoder(self, fingerprint: dict) -> None:
        """Raises BylineError when the library's vectors were made by another encoder."""
        have = self.encoder
        if have is None or have == fingerprint:
            return

        def described(encoder: dict) -> str:
            weights = str(encoder.get("weights_sha256"))[:12]
            return f"{encoder.get('model')} ({encoder.get('dimension')} dimensions, weights {weights})"

        raise BylineError(
            f"{self.folder}: its sentences were encoded by {described(have)}, and this is {described(fingerprint)}. "
            "Vectors of two encoders cannot be compared: encode the library again with `byline rebuild`"
        )

    def documents(self) -> list[Document]:
        """All documents, in the order of their names."""
        with self.reading() as db:
            return [_document(row) for row in db.execute(f"SELECT {_FIELDS} FROM documents ORDER BY name, origin")]

    def document(self, document_id: str) -> Document | None:
        """One document, or None when it was removed or replaced, or never was."""
        if not document_id.isascii() or not document_id.isdigit() or len(document_id) > 18:
            return None
        with self.reading() as db:
            row = db.execute(f"SELECT {_FIELDS} FROM documents WHERE id = ?", (int(document_id),)).fetchone()
        return _document(row) if row else None

    def departed(self, document_id: str) -> tuple[str, str | None] | None:
        """When a document went (ISO 8601, UTC) and the id that replaced it, or None if it did not."""
        if not document_id.isascii() or not document_id.isdigit() or len(document_id) > 18:
            return None
        with self.reading() as db:
            row = db.execute("SELECT * FROM departed WHERE document_id = ?", (int(document_id),)).fetchone()
        if row is None or not is_whole(row[3], *row[:3]):
            return None
        return row[1], str(row[2]) if row[2] is not None else None

    def named(self, name: str) -> Document:
        """The document a person means by NAME: its name, `origin/name`, file path, or id as `#5`.

        A bare number is a name too, and else an id. Bytes that are not UTF-8 may come as
        surrogates (PEP 383), as the command line gives them. Raises BylineError when there is no
        such document, or more than one (the choices are listed).
        """
        if name.startswith("#") and name[1:].isdigit():
            found, numbered = [], self.document(name[1:])
        else:
            found, numbered = self._called(name), self.document(name)
        if numbered and numbered.id == name.removeprefix("#") and numbered not in found:
            found.append(numbered)
        if not found:
            raise BylineError(f"no document is called {name!r}: `byline list` shows them all")
        if len(found) > 1:
            choices = "\n".join(f"  #{document.id}  {document.origin}/{document.name}" for document in found)
            raise BylineError(f"{name!r} could be any of these; give the '#number' or the whole path:\n{choices}")
        return found[0]

    def _called(self, name: str) -> list[Document]:
        try:
            written, path = shown(name), shown(os.path.abspath(name))
        except UnicodeEncodeError:  # a lone surrogate that stands for no byte: nothing has such a name
            return []
        # Members of containers are named as they are, files as `shown` writes them.
        typed = written if any("\ud800" <= letter <= "\udfff" for letter in name) else normal(name) or name
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_FIELDS} FROM documents WHERE name IN (?1, ?2) OR origin || '/' || name IN (?1, ?2) "
                "OR file IN (?1, ?2, ?3) AND origin != file ORDER BY origin",
                (typed, written, path),
            ).fetchall()
        return [_document(row) for row in rows]

    def allowed(self, filters: Filters) -> tuple[np.ndarray | None, int]:
        """The ids of the documents that pass (int64, ascending; None: all), and how many were left
        out for want of a date."""
        if filters == Filters():
            return None, 0
        stated = self._stated()
        passes = np.ones(len(stated.ids), bool)
        if filters.source is not None:
            passes &= stated.sources == stated.known.get(filters.source.casefold(), -1)
        latest = min((day for day in (filters.until, filters.as_of) if day), default=None)
        undated = 0
        if filters.since or latest:
            dated = stated.days != ""
            undated = int(np.sum(passes & ~dated))
            passes &= dated
            if filters.since:
                passes &= stated.days >= filters.since
            if latest:
                passes &= stated.days <= latest
        return stated.ids[passes], undated

    def _stated(self) -> _Stated:
        """What filters compare, of all documents; read anew when one has changed."""
        with self.reading() as db:
            state = self.identity, self.revision
            stated = self._last_stated  # once: another thread may put another state there
            if stated is None or stated.state != state:
                rows = db.execute("SELECT id, source, published FROM documents ORDER BY id").fetchall()
                known: dict[str, int] = {}
                # A flipped bit can change a value's type; the record's hash tells of it when it is quoted.
                texts = [[text if isinstance(text, str) else "" for text in row[1:]] for row in rows]
                sources = [known.setdefault(source.casefold(), len(known)) for source, _ in texts]
                stated = self._last_stated = _Stated(
                    state, known, np.array([id for id, *_ in rows], np.int64), np.array(sources, np.int32),
                    np.array([published[:10] for _, published in texts], "U10"),
                )  # fmt: skip
            return stated

    def coverage(self, document_ids: np.ndarray | None = None) -> tuple[int, str | None]:
        """How many documents there are (of these), and the latest published date among them."""
        within = "" if document_ids is None else "WHERE id IN (SELECT value FROM json_each(?))"
        given = () if document_ids is None else (json.dumps(document_ids.tolist()),)
        with self.reading() as db:
            count, newest = db.execute(f"SELECT count(*), max(published) FROM documents {within}", given).fetchone()
        return count, newest[:10] if newest else None

    # -- sentences and vectors, for the indexes --------------------------------------------------

    def live(self, sentence_ids: np.ndarray) -> np.ndarray:
        """Those of the sentences that are in the library, ascending: int64 (n, 6), with the columns
        sentence id, document id, start, end, and the first and last sentence id of the document."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT s.id, s.document_id, s.start, s.end, d.first_sentence, d.first_sentence + d.sentences - 1 "
                "FROM sentences s JOIN documents d ON d.id = s.document_id "
                "WHERE s.id IN (SELECT value FROM json_each(?)) ORDER BY s.id",
                (json.dumps(sentence_ids.tolist()),),
            ).fetchall()
        try:
            return np.array(rows, np.int64).reshape(-1, 6)
        except (TypeError, ValueError, OverflowError):  # a flipped bit can change a value's type
            whole = [row for row in rows if all(type(value) is int for value in row)]
            return np.array(whole, np.int64).reshape(-1, 6)

    def slices(self, rows: np.ndarray) -> list[str]:
        """The texts of sentences given as by `live`, unchecked: to compare with, never to quote."""
        with self.reading() as db:
            text_of = TextOf(db)
            return [text_of(document, start, end) for _, document, start, end, *_ in rows.tolist()]

    def sentence_ids(self, document_ids: np.ndarray) -> np.ndarray:
        """The ids of all sentences of these documents (int64, ascending)."""
        ranges = np.array(self.ranges(document_ids), np.int64).reshape(-1, 2)
        first, counts = ranges[:, 0], ranges[:, 1] - ranges[:, 0] + 1
        # Each range starts anew from its first id: what was counted before it is taken off again.
        return np.sort(np.arange(counts.sum()) + np.repeat(first - np.cumsum(counts) + counts, counts))

    def ranges(self, document_ids: np.ndarray) -> list[tuple[int, int]]:
        """The first and last sentence id of each of these documents that is here."""
        with self.reading() as db:
            return db.execute(
                "SELECT first_sentence, first_sentence + sentences - 1 FROM documents "
                "WHERE id IN (SELECT value FROM json_each(?)) AND sentences > 0 AND first_sentence > 0",
                (json.dumps(document_ids.tolist()),),
            ).fetchall()

    def changed(self, since_revision: int, through: int) -> int:
        """How many sentences with ids up to `through` stand in documents set after a revision."""
        with self.reading() as db:
            return db.execute(
                "SELECT coalesce(sum(sentences), 0) FROM documents WHERE revision > ? AND first_sentence <= ?",
                (since_revision, through),
            ).fetchone()[0]

    def counts(self, through: int = 0) -> tuple[int, int]:
        """How many live sentences there are with ids up to `through`, and above it."""
        with self.reading() as db:
            below = db.execute("SELECT count(*) FROM sentences WHERE id <= ?", (through,)).fetchone()[0]
            above = db.execute("SELECT count(*) FROM sentences WHERE id > ?", (through,)).fetchone()[0]
        return below, above

    def texts(self, above: int = 0) -> Iterator[tuple[int, int, str]]:
        """(sentence id, document id, text) of the sentences with ids > `above`, ascending."""
        with self.reading() as db:
            text_of = TextOf(db)
            for sentence_id, document, start, end in db.execute(
                "SELECT id, document_id, start, end FROM sentences WHERE id > ? ORDER BY id", (above,)
            ):
                yield sentence_id, document, text_of(document, start, end)

    def vectors(self, above: int = 0, batch: int = 4096) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches of (ids int64 (n,), unit vectors float16 (n, dimension)), ids > `above` ascending. A
        vector that is not as long as the encoder's is left out, and reported by `damage`."""
        size = 2 * (self.encoder or {}).get("dimension", 0)
        with self.reading() as db:
            cursor = db.execute(
                "SELECT s.id, v.vector FROM sentences s JOIN vectors v ON v.id = s.vector_id "
                "WHERE s.id > ? ORDER BY s.id",
                (above,),
            )
            while rows := cursor.fetchmany(batch):
                rows = [row for row in rows if not size or (isinstance(row[1], bytes) and len(row[1]) == size)]
                vectors = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
                yield np.array([row[0] for row in rows], np.int64), vectors.reshape(len(rows), -1 if rows else size // 2)

    def texts_changed(self, since_revision: int) -> Iterator[tuple[int, str]]:
        """(document id, title and text) of the documents added or set after a revision."""
        with self.reading() as db:
            for document_id, title in db.execute(
                "SELECT id, title FROM documents WHERE revision > ? ORDER BY id", (since_revision,)
            ):
                parts = db.execute(
                    "SELECT CAST(text AS TEXT) FROM parts WHERE document_id = ? ORDER BY start", (document_id,)
                )
                yield document_id, "\n".join([title or "", *(row[0] for row in parts)])

    # -- quoting: only what the hashes vouch for ---------------------------------------------------

    def quote(self, span: Span) -> str:
        """The text of a span. Raises BylineError when the document is gone or its record is damaged."""
        texts, problems = self.quotes([span])
        if problems:
            raise BylineError(problems[0])
        return texts[span]

    def quotes(self, spans: Iterable[Span]) -> tuple[dict[Span, str], list[str]]:
        """The texts of spans, each document checked once; and what is wrong with those that are
        missing from the result, in words, once a document."""
        texts: dict[Span, str] = {}
        problems: list[str] = []
        by_document: dict[str, list[Span]] = {}
        for span in spans:
            by_document.setdefault(span.document_id, []).append(span)
        with self.reading() as db:
            for document_id, wanted in by_document.items():
                try:
                    number, parts = self.verified(db, document_id)
                    text_of = cache(partial(self._part, db, number))
                    for span in wanted:
                        near = [part[0] for part in parts if part[0] < span.end and part[0] + part[1] > span.start]
                        quote = "".join(map(text_of, near))[span.start - near[0] : span.end - near[0]] if near else ""
                        if len(quote) != span.end - span.start:
                            raise self._damaged(document_id)
                        texts[span] = quote
                except BylineError as error:
                    problems.append(str(error))
        return texts, problems

    def printed(self, span: Span) -> str:
        """The quote as its page prints it, with its line ends, the words broken there and ligatures; where
        nothing is known of that, as `quote` gives it. To be shown beside the quote, never as it. Raises
        BylineError as `quote` does."""
        with self.reading() as db:
            quote = self.quote(span)
            number, parts = self.verified(db, span.document_id)
            near = [part for part in parts if part[0] < span.end and part[0] + part[1] > span.start]
            return as_printed(quote, span.start, self._told(db, number, near))

    def text(self, document_id: str) -> str:
        """The whole text of a document, checked. Raises BylineError as `quote` does."""
        with self.reading() as db:
            number, parts = self.verified(db, document_id)
            return self._join(db, number, parts)

    def text_and_print(self, document_id: str) -> str:
        """The whole text of a document; it and what is known of how it is printed are checked. Raises
        BylineError as `quote` does."""
        with self.reading() as db:
            number, parts = self.verified(db, document_id)
            self._told(db, number, parts)
            return self._join(db, number, parts)

    def passage(self, span: Span, reach: int = 100_000) -> Passage:
        """The quote with up to `reach` characters of its document before and after, checked."""
        with self.reading() as db:
            number, parts = self.verified(db, span.document_id)
            first, last = span.start - reach, span.end + reach
            near = [part for part in parts if part[0] + part[1] > first and part[0] < last]
            if not near or span.end > parts[-1][0] + parts[-1][1]:
                raise BylineError(f"document {span.document_id} is shorter than that: it has changed")
            text, offset = self._join(db, number, near), near[0][0]
            begin, end = max(first - offset, 0), min(last - offset, len(text))
            return Passage(
                before=text[begin : span.start - offset],
                quote=text[span.start - offset : span.end - offset],
                after=text[span.end - offset : end],
                cut_before=offset + begin > 0,
                cut_after=offset + end < parts[-1][0] + parts[-1][1],
            )

    def around(self, span: Span) -> Span:
        """The span with the sentences next to it, as the document has them."""
        with self.reading() as db:
            number = int(self.verified(db, span.document_id)[0])
            before = db.execute(
                "SELECT max(start) FROM sentences WHERE document_id = ? AND end <= ?", (number, span.start)
            ).fetchone()[0]
            after = db.execute(
                "SELECT min(end) FROM sentences WHERE document_id = ? AND start >= ?", (number, span.end)
            ).fetchone()[0]
        return Span(span.document_id, span.start if before is None else before, span.end if after is None else after)

    def verified(self, db: Connection, document_id: str) -> tuple[int, list[tuple]]:
        """The document's number and its rows (start, length, text_sha256, spans_sha256, printed_sha256 or None)."""
        document = self.document(document_id)
        if document is None:
            raise BylineError(f"document {document_id} is no longer in the library")
        number = int(document_id)
        parts = db.execute(
            "SELECT start, length, text_sha256, spans_sha256, printed_sha256 FROM parts WHERE document_id = ? "
            "ORDER BY start", (number,)
        ).fetchall()  # fmt: skip
        file, stated, record = db.execute(
            "SELECT file, stated, record_sha256 FROM documents WHERE id = ?", (number,)
        ).fetchone()
        try:
            whole = record_sha256(document, file, stated, parts) == record
        except (TypeError, ValueError):  # a flipped bit can change a value's type
            whole = False
        if not whole:
            raise self._damaged(document_id)
        return number, parts

    def _part(self, db: Connection, document_id: int, start: int) -> str:
        row = db.execute(
            "SELECT text, length, text_sha256, spans_sha256 FROM parts WHERE document_id = ? AND start = ?",
            (document_id, start),
        ).fetchone()
        text, length, text_sha256, spans = row or ("", 0, "", "")
        inside = db.execute(
            "SELECT start, end FROM sentences WHERE document_id = ? AND start >= ? AND start < ? ORDER BY start",
            (document_id, start, start + length),
        ).fetchall()
        try:
            whole = len(text) == length and sha256(text) == text_sha256 and spans_sha256(inside) == spans
        except (TypeError, ValueError, AttributeError):
            whole = False
        if not whole:
            raise self._damaged(str(document_id))
        return text

    def _join(self, db: Connection, document_id: int, parts: Sequence[tuple]) -> str:
        return "".join(self._part(db, document_id, part[0]) for part in parts)

    def _told(self, db: Connection, document_id: int, parts: Sequence[tuple]) -> list[tuple[int, int, str]]:
        """What is known of how these parts are printed, as `as_printed` takes it."""
        told: list[tuple[int, int, str]] = []
        for start, *_, hashed in parts:
            if hashed is None:
                continue
            place = (document_id, start)
            (row,) = db.execute("SELECT printed FROM parts WHERE document_id = ? AND start = ?", place).fetchone()
            if not isinstance(row, str) or sha256(row) != hashed:
                raise self._damaged(str(document_id))
            told += [(start + at, many, said) for at, many, said in json.loads(row)]
        return told

    def _damaged(self, document_id: str) -> BylineError:
        document = self.document(document_id)
        return BylineError(
            f"{self.path}: the stored record of document #{document_id} ({document.name if document else 'gone'}) is "
            f"damaged, so nothing is quoted from it. Mend it: `byline remove '#{document_id}'`, then add its file again"
        )

    # -- what was read before, for adding ----------------------------------------------------------

    def known_file(self, path: str) -> FileState | None:
        """The state in which a file was last read completely; or, where that was not possible, one that
        no file is in, with what the person gave for it."""
        with self.reading() as db:
            row = db.execute(
                "SELECT size, mtime_ns, ctime_ns, sha256, given, crc32 FROM files WHERE path = ?", (path,)
            ).fetchone()
        return FileState(*row[:-1]) if row and is_whole(row[-1], path, row[-2]) else None

    def of_file(self, path: str) -> list[Document]:
        """The documents that were read from a file."""
        with self.reading() as db:
            return [_document(row) for row in db.execute(f"SELECT {_FIELDS} FROM documents WHERE file = ?", (path,))]

    def find(self, origin: str, name: str) -> tuple[Document, str] | None:
        """The document of this identity, and the hash of what its file stated when it was read."""
        with self.reading() as db:
            row = db.execute(
                f"SELECT {_FIELDS}, stated FROM documents WHERE origin = ? AND name = ?", (origin, name)
            ).fetchone()
        return (_document(row[:-1]), row[-1]) if row else None

    def files_below(self, folder: str) -> list[tuple[str, str]]:
        """(file, `origin/name`) of the documents whose files are in a folder, in that order."""
        with self.reading() as db:
            return db.execute(
                "SELECT file, origin || '/' || name FROM documents WHERE file >= ? AND file < ? ORDER BY file, name",
                _below(folder),
            ).fetchall()

    def states_below(self, folder: str) -> dict[str, tuple[int, int, int]]:
        """The size, mtime and ctime (ns) at which each file in a folder was last read, as in `known_file`."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT path, size, mtime_ns, ctime_ns FROM files WHERE path >= ? AND path < ?", _below(folder)
            )
            return {path: tuple(state) for path, *state in rows}

    def known_vectors(self, texts: Iterable[str]) -> dict[str, np.ndarray]:
        """The vectors (float16) of those of the sentences that have a whole one."""
        with self.reading() as db:
            found = {}
            for text in texts:
                key = sentence_key(text)
                row = db.execute("SELECT vector, crc32 FROM vectors WHERE key = ?", (key,)).fetchone()
                if row and isinstance(row[0], bytes) and zlib.crc32(key + row[0]) == row[1]:
                    found[text] = np.frombuffer(row[0], np.float16)
        return found

    # -- verification ------------------------------------------------------------------------------

    def damage(self) -> Iterator[Damage]:
        """Verifies every hash; yields (what is wrong, where, what mends it)."""
        with self.reading() as db:
            yield from super().damage()
            yield from damaged(self, db)


def _below(folder: str) -> tuple[str, str]:
    """From where to where the paths of what lies in a folder sort."""
    below = folder.rstrip("/") + "/"
    return below, below[:-1] + "0"  # "0" comes next after "/"


def _document(row: Sequence) -> Document:
    try:
        by_person = tuple(json.loads(row[11]))
        pages = tuple(map(int, json.loads(row[13] or "[]")))
        sections = tuple((int(start), str(title)) for start, title in json.loads(row[14] or "[]"))
    except (TypeError, ValueError):
        by_person, pages, sections = ("unreadable",), (), ()  # the record hash will not agree
    return Document(
        str(row[0]), *row[1:11], set_by_person=by_person, author=row[12], pages=pages, sections=sections
    )
