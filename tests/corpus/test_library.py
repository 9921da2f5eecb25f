"""The library: exact text, hashes that vouch for it, removal, formats, damage."""

import json
import os
import sqlite3
import time

import numpy as np
import pytest

from corpus.library import Library
from corpus.record import PART_BYTES, cut_parts, part_rows, shown, spans_sha256, unshown
from corpus.sentences import sentences
from corpus.sqlite import MIGRATIONS
from corpus.types import BylineError, Filters, Reading, Span

FINGERPRINT = {"model": "test", "dimension": 4, "weights_sha256": "0" * 64}


def put(library, text, name="a.txt", **fields):
    spans = sentences(text)
    vectors = {text[start:end]: np.eye(4, dtype=np.float32)[n % 4] for n, (start, end) in enumerate(spans)}
    reading = Reading(text, "text/plain", **fields)
    with library.writing() as writer:
        writer.claim_encoder(FINGERPRINT)
        return writer.put(
            reading, origin="/x", name=name, file=f"/x/{name}", stated=text, spans=spans, vectors=vectors
        )


def altered(library, statement, *values):
    """Changes a row behind the library's back, as a bit flip on the disk does."""
    library.close()
    with sqlite3.connect(library.path) as db:
        assert db.execute(statement, values).rowcount > 0
    db.close()
    return Library(library.folder)


def test_text_comes_back_to_the_character(library, data):
    strings = json.loads((data / "robust" / "blns.json").read_text())
    for number, text in enumerate(text for text in strings if text.strip()):
        document = put(library, text, f"{number}")
        assert library.text(document.id) == text
        for start, end in sentences(text):
            assert library.quote(Span(document.id, start, end)) == text[start:end]


def test_a_long_text_is_kept_in_parts_and_quoted_across_them(library):
    text = "".join(f"Paragraph {n} tells of 雪 and of the {n}th convoy. It is long enough.\n\n" for n in range(12_000))
    document = put(library, text)
    with library.reading() as db:
        lengths = [row[0] for row in db.execute("SELECT length(CAST(text AS BLOB)) FROM parts")]
    assert len(lengths) > 2 and max(lengths) <= PART_BYTES
    assert library.text(document.id) == text
    for start, end in sentences(text)[::997]:
        passage = library.passage(Span(document.id, start, end), reach=300_000)
        assert passage.quote == text[start:end] == library.quote(Span(document.id, start, end))
        assert passage.before == text[max(start - 300_000, 0) : start] and passage.cut_before == (start > 300_000)
        assert passage.after == text[end : end + 300_000] and passage.cut_after == (end + 300_000 < len(text))


def test_parts_are_cut_at_sentences_and_join_to_the_text():
    text = "word " * 200_000
    ranges = cut_parts(text, sentences(text))
    assert [start for start, _ in ranges[1:]] == [end for _, end in ranges[:-1]]
    assert ranges[0][0] == 0 and ranges[-1][1] == len(text)
    assert all(end - start <= PART_BYTES for start, end in ranges)
    assert {start for start, _ in ranges[1:]} <= {start for start, _ in sentences(text)}


def test_an_id_is_never_used_again(library):
    first = put(library, "First.", "a")
    with library.writing() as writer:
        writer.remove([first.id])
    second = put(library, "Second.", "a")
    assert second.id != first.id
    assert library.document(first.id) is None
    assert library.departed(first.id) is not None and library.departed(second.id) is None


def test_removed_text_is_not_left_on_the_disk(library):
    document = put(library, "The password of the safe is swordfish.")
    put(library, "Something else stays here.", "b.txt")
    with library.writing() as writer:
        writer.remove([document.id])
    on_disk = b"".join(path.read_bytes() for path in library.folder.rglob("*") if path.is_file())
    assert b"swordfish" not in on_disk and b"Something else" in on_disk


def test_a_vector_goes_with_its_last_sentence_only(library):
    one, two = put(library, "Shared sentence. Only one.", "1"), put(library, "Shared sentence. Only two.", "2")
    with library.writing() as writer:
        writer.remove([one.id])
    assert list(library.known_vectors(["Shared sentence.", "Only one.", "Only two."])) == ["Shared sentence.", "Only two."]
    with library.writing() as writer:
        writer.remove([two.id])
    assert library.known_vectors(["Shared sentence."]) == {}


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("a word", "UPDATE parts SET text = replace(text, 'repelled', 'rewarded') WHERE document_id = 1"),
        ("the outlet", "UPDATE documents SET source = 'Herald' WHERE id = 1"),
        ("the date", "UPDATE documents SET published = '2016-11-30' WHERE id = 1"),
        ("the title", "UPDATE documents SET title = NULL WHERE id = 1"),
        ("the name", "UPDATE documents SET name = 'b.txt' WHERE id = 1"),
        ("a boundary", "UPDATE sentences SET end = end - 3 WHERE id = 1"),
        ("a missing sentence", "DELETE FROM sentences WHERE id = 1"),
        ("a sentence of another document", "UPDATE sentences SET document_id = 1 WHERE id = 3"),
        ("a part's place", "UPDATE parts SET start = 1 WHERE document_id = 1"),
        ("a part's hash", "UPDATE parts SET text_sha256 = text_sha256 || ' ' WHERE document_id = 1"),
        ("the record's hash", "UPDATE documents SET record_sha256 = record_sha256 || ' ' WHERE id = 1"),
        ("the marks", "UPDATE documents SET set_by_person = '[1' WHERE id = 1"),
        ("a part that is gone", "DELETE FROM parts WHERE document_id = 1"),
        ("a byte of the title", "UPDATE documents SET title = CAST(x'ff' AS TEXT) WHERE id = 1"),
        ("a byte of the text", "UPDATE parts SET text = CAST(x'ff' || substr(text, 2) AS TEXT) WHERE document_id = 1"),
        ("a byte of a hash", "UPDATE parts SET text_sha256 = CAST(x'ff' AS TEXT) WHERE document_id = 1"),
    ],
)
def test_nothing_is_quoted_from_an_altered_record(library, what, statement):
    text = "They were repelled. The toll is six."
    document = put(library, text, source="Courier", published="2016-11-29", title="T")
    whole = put(library, "Another document. With a second sentence.", "c.txt")
    library = altered(library, statement)
    for attempt in (library.quote, library.passage):
        with pytest.raises(BylineError, match="damaged"):
            attempt(Span(document.id, 0, 19))
    with pytest.raises(BylineError, match="byline remove '#1'"):
        library.text(document.id)
    texts, problems = library.quotes([Span(document.id, 0, 19), Span(whole.id, 0, 17)])
    assert Span(document.id, 0, 19) not in texts and problems[0].count("damaged") == 1
    if what != "a sentence of another document":
        assert texts == {Span(whole.id, 0, 17): "Another document."} and len(problems) == 1
    assert f"{library.path}: document #1 ({library.document('1').name})" in [where for _, where, _ in library.damage()]


def test_a_flipped_vector_is_found_by_check(library):
    put(library, "They were repelled.")
    assert not list(library.damage())
    library = altered(library, "UPDATE vectors SET vector = zeroblob(length(vector))")
    ((what, _, mend),) = library.damage()
    assert "vector" in what and "byline rebuild" in mend


def test_a_file_that_is_not_a_library_is_refused(tmp_path):
    (tmp_path / "library.sqlite").write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    with pytest.raises(BylineError, match="damaged or not a library"):
        Library(tmp_path)
    with pytest.raises(BylineError, match="there is no library"):
        Library(tmp_path / "nowhere")


def test_a_newer_format_is_refused_with_both_numbers(library):
    library.close()
    with sqlite3.connect(library.path) as db:
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    db.close()
    with pytest.raises(BylineError, match=rf"format {len(MIGRATIONS) + 1}.*up to {len(MIGRATIONS)}"):
        Library(library.folder)


def test_another_encoder_is_refused_with_both_and_the_command(library):
    put(library, "A sentence.")
    with pytest.raises(BylineError, match=r"test \(4 dim.*other \(768 dim.*byline rebuild"):
        library.check_encoder({"model": "other", "dimension": 768, "weights_sha256": "1" * 64})


def test_a_model_of_the_same_width_is_refused_too(library):
    """THREATS 38: the width alone does not tell two models apart."""
    put(library, "A sentence.")
    with library.writing() as writer, pytest.raises(BylineError, match="byline rebuild"):
        writer.claim_encoder(FINGERPRINT | {"weights_sha256": "2" * 64})


def test_filters_leave_undated_documents_out_and_count_them(library):
    put(library, "One.", "1", source="Courier", published="2016-11-28")
    put(library, "Two.", "2", source="Courier")
    put(library, "Three.", "3", source="Herald", published="2016-11-30T10:00:00+02:00")
    assert library.allowed(Filters()) == (None, 0)

    def passing(**given):
        ids, undated = library.allowed(Filters(**given))
        return ids.tolist(), undated

    assert passing(source="COURIER") == ([1, 2], 0)
    assert passing(since="2016-11-29") == ([3], 1)
    assert passing(until="2016-11-30") == ([1, 3], 1)
    assert passing(until="2016-12-05", as_of="2016-11-29") == ([1], 1)
    assert passing(source="Herald", since="2016-01-01") == ([3], 0)
    assert passing(source="nobody") == ([], 0) and passing(source="") == ([], 0)


def test_filters_follow_every_change(library):
    """What they compare is kept from one question to the next: a change is seen at once, by another process too."""
    first = put(library, "One.", "1", source="Courier")
    other = Library(library.folder)
    for reader in (library, other):
        assert reader.allowed(Filters(source="Courier"))[0].tolist() == [1]
    put(library, "Two.", "2", source="Courier")
    with library.writing() as writer:
        writer.set(first.id, {"source": "Herald", "published": "2016-11-28"})
    for reader in (library, other):
        assert reader.allowed(Filters(source="Courier"))[0].tolist() == [2]
        assert reader.allowed(Filters(since="2016-11-28")) == (np.array([1]), 1)
    with library.writing() as writer:
        writer.remove([first.id])
    for reader in (library, other):
        assert reader.allowed(Filters(source="Herald"))[0].tolist() == []


def test_setting_by_hand_is_marked_and_vouched_for(library):
    document = put(library, "A sentence.")
    with library.writing() as writer:
        writer.set(document.id, {"source": "Courier"})
    (after,) = library.documents()
    assert (after.id, after.source, after.set_by_person) == (document.id, "Courier", ("source",))
    assert library.text(document.id) == "A sentence." and not list(library.damage())


def test_an_older_format_is_brought_up_and_loses_nothing(library, monkeypatch, tmp_path):
    monkeypatch.setattr("corpus.sqlite.MIGRATIONS", MIGRATIONS[:1])
    old = Library(tmp_path / "old", create=True)
    with sqlite3.connect(old.path) as db:  # as the first format stored it
        db.execute("INSERT INTO vectors VALUES (1, x'00', x'00', 0)")
        db.execute("INSERT INTO documents VALUES (3, 1, '/x', 'a', '/x/a', NULL, NULL, NULL, NULL, 't', 9, 2, '', '', '[]', '')")
        db.executemany("INSERT INTO sentences VALUES (?, 3, ?, ?, 1)", [(7, 0, 4), (8, 5, 9)])
    db.close()
    old.close()
    monkeypatch.undo()
    new = Library(old.folder)
    assert new.ranges(np.array([3])) == [(7, 8)]
    assert new.live(np.array([7, 8, 9])).tolist() == [[7, 3, 0, 4, 7, 8], [8, 3, 5, 9, 7, 8]]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE documents SET title = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE documents SET name = CAST(x'ff' AS TEXT) WHERE id = 1",
        "UPDATE parts SET text = CAST(x'ff' || substr(text, 2) AS TEXT) WHERE document_id = 1",
        "DELETE FROM parts WHERE document_id = 1",
    ],
)
def test_one_damaged_row_does_not_take_the_others_down(library, statement):
    put(library, "Ships came in. They were repelled.", title="T")
    whole = put(library, "Another document.", "c.txt")
    library = altered(library, statement)
    assert [document.id for document in library.documents() if document.id == whole.id] == [whole.id]
    assert library.text(library.named("c.txt").id) == "Another document."
    assert [text for _, document, text in library.texts() if document == int(whole.id)] == ["Another document."]
    assert len(library.slices(library.live(np.arange(9)))) == 3
    assert [number for number, _ in library.texts_changed(0)] == [1, 2]
    assert len(list(library.damage())) == 1
    with library.writing() as writer:  # as `byline rebuild` with another encoder does
        writer.reencode(FINGERPRINT | {"model": "other"}, lambda texts: np.ones((len(texts), 4), np.float32))
    (vectors,) = library.vectors()
    assert (vectors[1] == 1).all() and len(list(library.damage())) == 1
    with library.writing() as writer:
        writer.remove(["1"])
    assert not list(library.damage())


@pytest.mark.parametrize(
    "statement", ["DELETE FROM meta WHERE key = 'revision'", "UPDATE meta SET value = CAST(x'ff' AS TEXT)"]
)
def test_a_library_without_its_revision_is_refused(library, statement):
    """A revision that began again at 1 would make stale indexes look current."""
    put(library, "A sentence.")
    library = altered(library, statement)
    with pytest.raises(BylineError, match="damaged"):
        library.revision  # noqa: B018
    with pytest.raises(BylineError, match="damaged"), library.writing() as writer:
        writer.remove(["1"])
    assert library.text("1") == "A sentence.", "nothing was changed"


def test_an_unreadable_encoder_is_damage(library):
    put(library, "A sentence.")
    library = altered(library, "UPDATE meta SET value = '{' WHERE key = 'encoder'")
    with pytest.raises(BylineError, match="damaged"):
        library.check_encoder(FINGERPRINT)


def test_a_flipped_byte_in_the_tables_definitions_is_damage(library):
    put(library, "A sentence.")
    library.close()
    damaged = library.path.read_bytes().replace(b"CREATE TABLE documents", b"CREATE TABLE docu\xffents", 1)
    library.path.write_bytes(damaged)
    with pytest.raises(BylineError, match="damaged"):
        Library(library.folder).documents()


def test_a_refused_change_is_not_called_damage(library):
    document = put(library, "A sentence.")
    with pytest.raises(BylineError, match="undone") as error, library.transaction() as db:
        db.execute("INSERT INTO documents SELECT * FROM documents")
    assert "damaged" not in str(error.value) and library.text(document.id) == "A sentence."


def test_a_document_is_removed_once_however_often_it_is_named(library):
    first, second = put(library, "First.", "1"), put(library, "Second.", "2")
    with library.writing() as writer:
        writer.remove([first.id, "0" + first.id, first.id])
        revision = library.revision
        writer.remove([first.id, "999"])
    assert library.revision == revision, "nothing was there to be removed"
    assert [document.id for document in library.documents()] == [second.id]


def test_a_reader_holds_the_wiping_of_the_log_up_for_a_second_only(library):
    document = put(library, "The password of the safe is swordfish.")
    other = Library(library.folder)
    with other.reading() as db:
        db.execute("SELECT * FROM parts").fetchall()
        begun = time.monotonic()
        with library.writing() as writer:
            writer.remove([document.id])
        assert library.wipe_log() is False
        assert time.monotonic() - begun < 5
    with library.reading() as db:
        assert db.execute("PRAGMA busy_timeout").fetchone() == (10_000,)
    assert library.wipe_log() is True
    assert b"swordfish" not in b"".join(path.read_bytes() for path in library.folder.iterdir())


def test_a_number_is_a_name_unless_it_is_written_as_an_id(library):
    for name in ("a", "3", "c", "note", "#2"):
        put(library, f"Text of {name}.", name)
    called = {name: library.named(name).name for name in ("#1", "1", "#2", "#3", "/x/#2", "/x/3", "4")}
    assert called == {"#1": "a", "1": "a", "#2": "3", "#3": "c", "/x/#2": "#2", "/x/3": "3", "4": "note"}
    with pytest.raises(BylineError, match=r"(?s)could be any of these.*  #2  /x/3\n  #3  /x/c"):
        library.named("3")
    for name in ("#9", "9", "#", "#x", "\ud800"):
        with pytest.raises(BylineError, match="no document is called"):
            library.named(name)


def test_a_document_whose_name_is_its_own_id_is_no_riddle(library):
    put(library, "One.", "1")
    assert library.named("1").name == library.named("#1").name == "1"


def test_the_parts_of_a_long_text_are_not_each_sought_in_all_its_sentences(library):
    class Counted(list):
        walks = 0

        def __iter__(self):
            Counted.walks += 1
            return super().__iter__()

    text = "Twelve words make up each of the sentences of this very long text. " * 50_000
    rows = part_rows(text, spans := Counted(sentences(text)))
    assert len(rows) > 10 and Counted.walks <= 2
    for start, length, _, hashed in rows:
        assert hashed == spans_sha256(span for span in spans if start <= span[0] < start + length)


@pytest.mark.parametrize("raw", [b"a.txt", b"r\xff.txt", rb"r\xff.txt", rb"r\x5cxff", b"\\\xff", b"\\x\xff", rb"a\b\\x5", "雪\\é".encode()])
def test_a_path_is_written_so_that_it_can_be_read_back(raw):
    assert unshown(shown(os.fsdecode(raw))) == raw


def test_an_ordinary_path_is_written_as_it_is():
    assert shown("/x/雪 a\\b.txt") == "/x/雪 a\\b.txt"


def test_a_sentence_whose_place_is_no_number_is_passed_over(library):
    put(library, "One sentence. Two sentences.")
    with library.transaction() as db:  # as a flipped bit leaves it: STRICT looks at writes only
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ') STRICT', ')') WHERE name = 'sentences'")
    library = altered(library, "UPDATE sentences SET start = 'w' WHERE id = 2")
    assert library.live(np.array([1, 2])).tolist() == [[1, 1, 0, 13, 1, 2]]
    assert [text for *_, text in library.texts()] == ["One sentence.", ""]
