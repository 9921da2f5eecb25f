"""The derived indexes: rebuilt when missing, stale or damaged; never trusted before their hash."""

import json
import random
import shutil

import pytest

from assistant.assistant import Assistant
from corpus.library import Library
from corpus.types import BylineError
from index import base, encoder as encoders, onnx
from index.sync import sync

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


def test_it_works_without_an_index_while_another_process_writes(school, library):
    shutil.rmtree(library.folder / "derived")
    reader = Library(library.folder)
    with library.lock():
        assert Assistant(reader).ask(QUESTION).claims[0].text == "Its headmaster is Anna Brandt."
    assert base.current(library.folder) is None


def test_a_base_is_built_anew_when_a_tenth_is_new_or_gone(tmp_path, library, fill):
    path = tmp_path / "many.jsonl"
    write = lambda count: path.write_text(  # noqa: E731
        "".join(json.dumps({"id": str(n), "text": f"Convoy {n} brought tents."}) + "\n" for n in range(count))
    )
    write(100)
    fill(path)
    first = base.current(library.folder)
    write(105)
    fill(path)
    assert base.current(library.folder) == first, "five of a hundred are the tail"
    write(120)
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
    monkeypatch.setattr(encoders, "_package_folder", lambda: tmp_path)
    with pytest.raises(BylineError, match="SHA-256"):
        encoders.export(tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_sentence_s_vector_does_not_depend_on_its_company(encoder):
    alone = encoder.encode(["The toll has risen to 86."])[0]
    among = encoder.encode(["A much longer sentence about something else altogether. " * 8, "The toll has risen to 86."])
    assert (among[1] == alone).all()
    assert float(alone @ alone) == pytest.approx(1, abs=1e-5)
