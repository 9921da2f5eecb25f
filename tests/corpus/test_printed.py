"""Quotes as they are printed: kept beside the text, under the record's hash, and never in its place."""

import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from corpus.library import Library
from corpus.record import PART_BYTES
from corpus.sentences import sentences
from corpus.sqlite import MIGRATIONS
from corpus.types import BylineError, Reading, Span
from tests.corpus.samples import column, pdf
from ui import cite, cli

FINGERPRINT = {"model": "test", "dimension": 4, "weights_sha256": "0" * 64}
LINES = ("The weather was fine all week, and the", "o#ce of the mayor was closed. Nino Beri-", "dze holds the harbour of Batumi.")
QUOTE = "The weather was fine all week, and the office of the mayor was closed."
PRINTED = "The weather was fine all week, and the\no\ufb03ce of the mayor was closed."


def put(library, reading, name="a.pdf"):
    spans = sentences(reading.text)
    vectors = {reading.text[start:end]: np.eye(4, dtype=np.float32)[0] for start, end in spans}
    with library.writing() as writer:
        writer.claim_encoder(FINGERPRINT)
        return writer.put(reading, origin="/x", name=name, file=f"/x/{name}", stated="", spans=spans, vectors=vectors)


def paper(library):
    text = "The information of the office is here. A second sentence."
    printed = ((9, 0, "-\n"), (24, 3, "\ufb03"), (38, 1, "\n"))
    return put(library, Reading(text, "application/pdf", pages=(0,), printed=printed)), text


def test_a_quote_is_given_as_it_is_printed_and_quoted_as_it_is_stored(library):
    document, text = paper(library)
    whole = Span(document.id, 0, len(text))
    assert library.quote(whole) == library.text(document.id) == text
    assert library.printed(whole) == "The infor-\nmation of the o\ufb03ce is here.\nA second sentence."
    first, second = (Span(document.id, start, end) for start, end in sentences(text))
    assert library.printed(first) == "The infor-\nmation of the o\ufb03ce is here." and library.printed(second) == "A second sentence."
    # Where a quote begins or ends in the middle of a word or sign, nothing is put at its edge.
    assert library.printed(Span(document.id, 9, 25)) == "mation of the of" and library.printed(Span(document.id, 0, 9)) == "The infor"
    with pytest.raises(BylineError):
        library.printed(Span(document.id, 0, len(text) + 1))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parts SET printed = replace(printed, '24', '25')", "UPDATE parts SET printed = NULL",
        "UPDATE parts SET printed_sha256 = NULL", "UPDATE parts SET printed_sha256 = printed_sha256 || ' '",
        "UPDATE parts SET printed = NULL, printed_sha256 = NULL",
    ],
)
def test_an_altered_map_is_found(library, statement):
    document, text = paper(library)
    library.close()
    with closing(sqlite3.connect(library.path)) as db, db:
        assert db.execute(statement).rowcount == 1
    library = Library(library.folder)
    with pytest.raises(BylineError, match="damaged"):
        library.printed(Span(document.id, 0, len(text)))
    assert [what for what, *_ in library.damage()]


def test_the_map_of_a_long_text_is_kept_with_its_parts(library):
    text = "Twelve words make up each of the sentences of this very long text. " * 8_000
    printed = tuple((at, 1, "\n") for at in range(6, len(text), 67))
    document = put(library, Reading(text, "application/pdf", pages=(0,), printed=printed))
    with library.reading() as db:
        starts = [start for start, in db.execute("SELECT start FROM parts ORDER BY start")]
        longest = max(size for size, in db.execute("SELECT length(printed) FROM parts"))
    assert len(starts) > 2 and longest < PART_BYTES
    span = Span(document.id, starts[1] - 67, starts[1] + 66)
    assert library.printed(span) == text[span.start : span.end].replace("Twelve ", "Twelve\n")


def test_a_library_of_the_format_before_is_brought_up_and_stays_whole(library, tmp_path):
    put(library, Reading("One sentence. Two sentences.", "text/plain"), "a.txt")
    library.close()
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / "library.sqlite")) as db:
        db.executescript("".join(MIGRATIONS[:3]) + "PRAGMA user_version = 3; DELETE FROM meta;")
        db.execute("ATTACH ? AS new", (str(library.path),))
        for table in ("meta", "documents", "parts", "vectors", "sentences"):
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM new.{table}")
        db.execute("DELETE FROM meta WHERE key NOT IN ('revision', 'encoder')")
        db.commit()
    library = Library(old)
    (document,) = library.documents()
    assert library.printed(Span(document.id, 0, 13)) == "One sentence." and not list(library.damage())
    with library.reading() as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS)


def test_from_a_page_to_the_panel(tmp_path, library, fill, capsys, assistant):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(column(72, 700, "A first page."), column(72, 700, *LINES), signs={"#": "\ufb03"}))
    fill(path)
    document = library.named("a.pdf")
    text = library.text(document.id)
    span = Span(document.id, text.index(QUOTE), text.index(QUOTE) + len(QUOTE))
    found = cite.passage(library, cite.address(span, QUOTE))
    assert (found["quote"], found["printed"], found["page"]) == (QUOTE, PRINTED, 2)
    plain = Span(document.id, 0, len("A first page."))
    assert cite.passage(library, cite.address(plain, library.quote(plain)))["printed"] is None
    # What is printed as one sign, or on two lines, is found by the words it is.
    assert library.quote(assistant.search("office", 1)[0].span) == QUOTE
    command = ["--library", str(library.folder), "show", "a.pdf", "--span", f"{span.start}:{span.end}"]
    assert cli.main([*command, "--printed"]) == 0 and capsys.readouterr().out == f"{PRINTED}\n"
    assert cli.main([*command, "--printed", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["text"], told["printed"]) == (QUOTE, PRINTED)
    assert cli.main(["--library", str(library.folder), "ask", "who holds the harbour of Batumi?", "--json"]) == 0
    claim = json.loads(capsys.readouterr().out)["claims"][0]
    assert claim["quote"] == "Nino Beridze holds the harbour of Batumi."
    assert claim["printed"] == "Nino Beri-\ndze holds the harbour of Batumi."

