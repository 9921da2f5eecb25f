"""The derived indexes: rebuilt when missing, stale or damaged; never trusted before their hash."""

import fcntl
import json
import random
import resource
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import numpy as np
import pytest

from assistant.assistant import Assistant
from corpus.library import Library
from corpus.types import BylineError
from index import base, onnx
from index import encoder as encoders
from index import sync as sync_module
from index.search import search
from index.sync import Index, sync

QUESTION = "who is the headmaster?"


@pytest.fixture
def school(files, fill):
    files(school_txt="The school has 300 pupils. Its headmaster is Anna Brandt.", farm_txt="The barley is late.")
    return fill(files())


def headmaster(library):
    return Assistant(Library(library.folder)).ask(QUESTION).claims[0].text


def folder_of(library):
    return library.folder / "derived" / base.current(library.folder)


@pytest.mark.parametrize(
    "harm",
    [
        lambda library: shutil.rmtree(library.folder / "derived"),
        lambda library: shutil.rmtree(folder_of(library)),
        lambda library: shutil.rmtree(folder_of(library) / "sentences"),
        lambda library: (folder_of(library) / "vectors.faiss").unlink(),
        lambda library: (folder_of(library) / "vectors.faiss").write_bytes(b"\xff" * 100),
        lambda library: (folder_of(library) / "manifest.json").write_text("{}"),
        lambda library: (folder_of(library) / "manifest.json").write_text('{"files": [1]}'),
        lambda library: (library.folder / "derived" / "current").write_text("../../etc"),
        lambda library: (library.folder / "derived" / "current").write_bytes(b"\xff\xfe"),
    ],
)
def test_a_missing_or_damaged_index_is_made_again(school, library, harm, capsys):
    harm(library)
    problems = base.verify(library, base.current(library.folder))
    assert problems
    assert headmaster(library) == "Its headmaster is Anna Brandt."
    assert not base.verify(library, base.current(library.folder))
    assert "made again" in capsys.readouterr().err


def test_every_flipped_bit_is_noticed_before_the_file_is_loaded(school, library):
    """THREATS 29: FAISS loads most flipped files without a word."""
    folder = folder_of(library)
    dice = random.Random(7)
    targets = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    assert len(targets) > 5
    for path in targets:
        good = path.read_bytes()
        for _ in range(10):
            flipped = bytearray(good)
            flipped[dice.randrange(len(flipped))] ^= 1 << dice.randrange(8)
            path.write_bytes(flipped)
            assert base.verify(library, folder.name), path
            with pytest.raises(BylineError):
                base.open_base(library, folder.name)
        path.write_bytes(good)
    assert not base.verify(library, folder.name)


def test_another_library_s_index_is_not_used(school, library, tmp_path, encoder):
    folder, name = folder_of(library), base.current(library.folder)
    other = Library(tmp_path / "other", create=True)
    shutil.copytree(library.folder / "derived", other.folder / "derived")
    assert folder.is_dir() and base.verify(other, name)


@contextmanager
def building_elsewhere(library):
    """Another process holds the place of the one who builds."""
    with open(library.folder / "derived.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_reader_works_without_an_index_while_another_process_builds_one(school, library):
    shutil.rmtree(library.folder / "derived")
    with building_elsewhere(library):
        assert headmaster(library) == "Its headmaster is Anna Brandt."
    assert base.current(library.folder) is None


def test_a_reader_builds_while_another_process_writes_and_does_not_turn_it_away(school, library, monkeypatch):
    shutil.rmtree(library.folder / "derived")
    with library.lock():
        assert headmaster(library) == "Its headmaster is Anna Brandt."
    assert not base.verify(library, base.current(library.folder))
    monkeypatch.setattr(base, "WAIT", 0.0)
    with building_elsewhere(library), library.writing() as writer:
        writer.remove([library.named("farm.txt").id])
        [warning] = sync(library)
    assert "another `byline`" in warning and "safe" in warning
    assert sync(library) == [], "and the next one makes up for it"
    assert base.open_base(library, base.current(library.folder)).revision == library.revision


def test_a_writer_waits_a_little_for_one_that_builds(school, library):
    shutil.rmtree(library.folder / "derived")
    lock = open(library.folder / "derived.lock", "a")  # noqa: SIM115
    fcntl.flock(lock, fcntl.LOCK_EX)
    threading.Timer(0.3, lock.close).start()
    assert sync(library) == []
    assert not base.verify(library, base.current(library.folder))


def test_an_index_of_a_lost_state_is_not_trusted_after_a_restore(school, files, library, fill, tmp_path):
    """Ids and revisions are used again after a restore, for other sentences."""
    copy = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(library.path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    known = base.current(library.folder)
    files(lost_txt="The lost state spoke of barges. Nobody kept it.")
    fill(files())
    library.close()
    for path in library.folder.glob("library.sqlite*"):
        path.unlink()
    shutil.copy(copy, library.path)
    (files() / "lost.txt").unlink()
    files(found_txt="The regatta was won by Lund. Rain fell on it.")
    lost = base.current(library.folder)
    assert lost != known
    restored = Library(library.folder)
    assert any("another state" in problem for problem in base.verify(restored, lost))
    fill(files(), index=False)
    assert any("another state" in problem for problem in base.verify(restored, lost)), "the revision has caught up"
    with pytest.raises(BylineError, match="another state"):
        base.open_base(restored, lost)
    found = Assistant(restored).search("who won the regatta?", 1)
    assert restored.quote(found[0].span) == "The regatta was won by Lund."
    assert not base.verify(restored, base.current(library.folder))


def test_check_compares_the_vectors_of_the_index_with_the_library(school, library):
    with library.writing() as writer:
        writer.remove([library.named("farm.txt").id])
    name = base.build(library).name
    assert base.verify(library, name) == []
    with library.transaction() as db:
        (first,), (second,) = db.execute("SELECT id FROM sentences ORDER BY id").fetchall()
        db.execute("UPDATE sentences SET vector_id = (SELECT vector_id FROM sentences WHERE id = ?) WHERE id = ?", (first, second))
    [problem] = base.verify(library, name)
    assert "1 of the library's sentences" in problem
    with library.transaction() as db:
        db.execute("UPDATE sentences SET id = 1 WHERE id = ?", (first,))
    [problem] = base.verify(library, name)
    assert "2 of the library's sentences" in problem
    assert base.verify(library, name, always_hash=False) == []


def test_an_empty_library_needs_no_index(library):
    assert base.verify(library, base.current(library.folder)) == []


def test_what_a_killed_process_left_is_cleared_away(school, library):
    name = base.current(library.folder)
    shutil.copytree(folder_of(library), library.folder / "derived" / "0123")
    (library.folder / "derived" / "current.new").write_text("0123")
    with building_elsewhere(library):
        assert sync(library) == []
    assert (library.folder / "derived" / "0123").is_dir(), "somebody may be building it"
    assert sync(library) == []
    assert sorted(path.name for path in (library.folder / "derived").iterdir()) == sorted([name, "current"])


def test_an_index_of_a_later_revision_is_of_another_state(school, library):
    with library.transaction() as db:
        db.execute("UPDATE meta SET value = '1' WHERE key = 'revision'")
    assert any("another state" in problem for problem in base.verify(library, base.current(library.folder)))
    assert headmaster(library) == "Its headmaster is Anna Brandt."


def test_a_file_that_goes_after_it_was_checked_is_an_error_for_people(school, library, monkeypatch):
    """A writer swaps the base between a reader's two steps."""
    checked = base._checked

    def and_gone(*arguments, **named):
        found = checked(*arguments, **named)
        shutil.rmtree(library.folder / "derived")
        return found

    monkeypatch.setattr(base, "_checked", and_gone)
    with pytest.raises(BylineError, match="cannot be opened"):
        base.open_base(library, base.current(library.folder))


def test_readers_find_while_bases_are_swapped_under_them(school, library):
    done = threading.Event()

    def read():
        found = set()
        while not done.is_set():
            found.add(headmaster(library))
        return found

    with ThreadPoolExecutor() as pool:
        readers = [pool.submit(read) for _ in range(2)]
        for _ in range(15):
            base.build(library)
        done.set()
    assert [reader.result() for reader in readers] == [{"Its headmaster is Anna Brandt."}] * 2


def test_a_base_made_after_a_transaction_began_is_left_to_the_next(school, library, encoder):
    index, vector = Index(library), encoder.encode(["is the barley late?"])[0]

    def remove():
        with library.writing() as writer:
            writer.remove([library.named("farm.txt").id])
        base.build(library)

    with library.reading():
        index.refresh()
        with ThreadPoolExecutor() as pool:
            pool.submit(remove).result()
        [hit] = search(library, index, "is the barley late?", vector, 1)
        assert library.quote(hit.span) == "The barley is late."
    assert len(search(library, index, "is the barley late?", vector, 5)) == 2
    assert index._base.name == base.current(library.folder)


@contextmanager
def full_disk(limit):
    """No file may grow beyond so many bytes, as the system itself sees to it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("limit", [0, 10, 300, 1_500, 2_500])
def test_an_index_that_cannot_be_written_stops_neither_writer_nor_reader(school, library, limit):
    derived = library.folder / "derived"
    shutil.rmtree(derived)
    with full_disk(limit):
        [warning] = sync(library)
        assert "search index" in warning and str(derived) in warning
        assert headmaster(library) == "Its headmaster is Anna Brandt."
    assert not [path for path in derived.iterdir() if path.is_dir()], "nothing half-built is left"
    assert sync(library) == []
    assert not base.verify(library, base.current(library.folder))


def test_a_place_that_cannot_be_written_stops_neither_writer_nor_reader(school, library):
    derived = library.folder / "derived"
    shutil.rmtree(derived)
    derived.write_text("a file where the folder should be")
    assert len(sync(library)) == 1
    assert headmaster(library) == "Its headmaster is Anna Brandt."
    (library.folder / "derived.lock").unlink()
    (library.folder / "derived.lock").mkdir()
    assert len(sync(library)) == 1
    assert headmaster(library) == "Its headmaster is Anna Brandt."


def test_a_failed_build_leaves_the_base_before_it_in_use(school, files, library, fill, monkeypatch):
    name = base.current(library.folder)
    files(**{f"convoy{n}_txt": f"Convoy {n} brought tents." for n in range(30)})
    fill(files(), index=False)
    for _ in range(3):
        with full_disk(300):
            assert len(sync(library)) == 1

    def refused(*arguments):
        raise OSError("no space left")

    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(base.os, "replace", refused)  # the last step, when the new one is noted already
            assert len(sync(library)) == 1
    assert base.current(library.folder) == name and not base.verify(library, name)


def test_a_reader_makes_a_far_too_small_base_anew(school, tmp_path, library, fill, monkeypatch):
    """After an interrupted add nobody else does, and every question reads what is lacking."""
    path = tmp_path / "many.jsonl"
    monkeypatch.setattr(sync_module, "TAIL", 20)
    name = base.current(library.folder)
    write_many(path, 15)
    fill(path, index=False)
    assert headmaster(library) and base.current(library.folder) == name, "a short tail is quick to read"
    write_many(path, 60)
    fill(path, index=False)
    with building_elsewhere(library):
        assert headmaster(library) and base.current(library.folder) == name
    assert headmaster(library) and base.current(library.folder) != name


def test_documents_set_since_make_a_base_stale(tmp_path, library, fill):
    path = tmp_path / "many.jsonl"
    write_many(path, 100)
    fill(path)
    name = base.current(library.folder)
    for count in (5, 15):
        with library.writing() as writer:
            for document in library.documents()[:count]:
                writer.set(document.id, {"title": "Tents"})
        assert sync(library) == []
        assert (base.current(library.folder) == name) == (count == 5)


def write_many(path, count):
    path.write_text(
        "".join(json.dumps({"id": str(n), "text": f"Convoy {n} brought tents."}) + "\n" for n in range(count))
    )


def test_a_base_is_built_anew_when_a_tenth_is_new_or_gone(tmp_path, library, fill):
    path = tmp_path / "many.jsonl"
    write_many(path, 100)
    fill(path)
    first = base.current(library.folder)
    write_many(path, 105)
    fill(path)
    assert base.current(library.folder) == first, "five of a hundred are the tail"
    write_many(path, 120)
    fill(path)
    second = base.current(library.folder)
    assert second != first
    with library.writing() as writer:
        writer.remove([d.id for d in library.documents() if int(d.name) < 20])
        sync(library)
    assert base.current(library.folder) != second
    assert [path.name for path in (library.folder / "derived").iterdir() if path.is_dir()] == [
        base.current(library.folder)
    ], "old bases are cleared away"


def test_a_reader_keeps_its_base_while_a_new_one_is_swapped_in(school, files, library, fill):
    reader = Assistant(Library(library.folder))
    assert reader.ask(QUESTION).claims[0].text == "Its headmaster is Anna Brandt."
    files(**{f"convoy{n}_txt": f"Convoy {n} brought tents." for n in range(30)})
    fill(files())
    assert reader.ask("which convoy brought tents?").claims[0].text.startswith("Convoy")
    assert reader.ask(QUESTION).claims[0].text == "Its headmaster is Anna Brandt."


def test_a_library_of_another_model_is_refused_with_the_command(school, library, monkeypatch):
    """THREATS 38: a model of the same width would give vectors that mean something else."""
    monkeypatch.setattr(encoders.Encoder, "fingerprint", encoders.DEFAULT | {"weights_sha256": "0" * 64})
    with pytest.raises(BylineError, match="byline rebuild"):
        Assistant(Library(library.folder))


@pytest.mark.parametrize("text", ["who?", "who is headmaster of the school in Quorne?", "The school. " * 120, ""])
def test_a_question_gets_the_vector_that_a_sentence_gets(encoder, text):
    """A question goes over more threads: the bits of its vector must not depend on how many."""
    assert np.array_equal(encoder.promise(text).result(), encoder.encode([text, "another"])[0])


def test_an_altered_model_file_is_not_run(tmp_path):
    """THREATS 30: a model is trusted by its hash, and made again from the published weights."""
    path = tmp_path / "model.onnx"
    shutil.copy(encoders.exported_path(), path)
    shutil.copy(encoders.exported_path().with_suffix(".sha256"), path.with_suffix(".sha256"))
    assert onnx.verified(path)
    with open(path, "r+b") as handle:
        handle.seek(5_000_000)
        handle.write(b"\0\1\2\3")
    assert not onnx.verified(path)
    with pytest.raises(BylineError, match="damaged"):
        onnx.Model(path)


def test_weights_that_are_not_the_published_ones_are_not_exported(tmp_path, monkeypatch):
    """THREATS 30."""
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    monkeypatch.setattr(encoders, "weights_folder", lambda: tmp_path)
    with pytest.raises(BylineError, match="SHA-256"):
        encoders.export(tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_sentence_s_vector_does_not_depend_on_its_company(encoder):
    alone = encoder.encode(["The toll has risen to 86."])[0]
    among = encoder.encode(["A much longer sentence about something else altogether. " * 8, "The toll has risen to 86."])
    assert (among[1] == alone).all()
    assert float(alone @ alone) == pytest.approx(1, abs=1e-5)


def test_a_vector_cut_short_is_left_out_and_found_by_check(school, library):
    shutil.rmtree(library.folder / "derived")
    with library.transaction() as db:
        db.execute("UPDATE vectors SET vector = zeroblob(10) WHERE id = 1")
    assert Assistant(Library(library.folder)).ask(QUESTION).claims[0].text == "Its headmaster is Anna Brandt."
    assert any("vector" in what for what, _, _ in library.damage())
