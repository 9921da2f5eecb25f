"""Adding: what is new, changed, unchanged; identity; bad input; interruptions."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from corpus.add import add
from corpus.library import Library
from corpus.types import BylineError


def jsonl(path: Path, *records: object) -> Path:
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return path


def names(library):
    return [document.name for document in library.documents()]


def test_a_folder_is_added_with_what_its_documents_state(files, library, fill):
    folder = files(
        report_md="---\ntitle: Bridge reopens\nsource: The Courier\npublished: 2016-11-29\n---\nThe bridge is open.\n",
        note_txt="A note without a title. It has two sentences.",
    )
    report = fill(folder)
    assert (report.added, report.replaced, report.unchanged, report.failed) == (2, 0, 0, [])
    note, stated = library.documents()
    assert (stated.title, stated.source, stated.published) == ("Bridge reopens", "The Courier", "2016-11-29")
    assert (note.title, note.source, note.published, note.sentences) == (None, None, None, 2)
    assert library.text(note.id) == "A note without a title. It has two sentences."


def test_what_has_not_changed_is_neither_read_nor_embedded_again(files, library, encoder, monkeypatch):
    folder = files(a_txt="One sentence here. Another there.", b_txt="A third one.")
    given = {"encoder": encoder.fingerprint}
    add(library, [folder], embed=encoder.encode, **given)

    def never(*texts):
        raise AssertionError(f"read or embedded again: {texts}")

    monkeypatch.setattr("corpus.sandbox.Sandbox.read", never)
    report = add(library, [folder], embed=never, **given)
    assert (report.added, report.replaced, report.unchanged) == (0, 0, 2)


def test_a_touched_file_with_the_same_bytes_is_unchanged(files, library, fill, encoder):
    folder = files(a_txt="One sentence here.")
    fill(folder)
    os.utime(folder / "a.txt", ns=(1, 1))
    assert fill(folder).unchanged == 1


def test_a_changed_file_replaces_its_document_and_embeds_only_what_is_new(files, library, encoder):
    folder = files(a_txt="The bridge is open. The toll is six.")
    embedded = []

    def embed(texts):
        embedded.extend(texts)
        return encoder.encode(texts)

    add(library, [folder], embed=embed, encoder=encoder.fingerprint)
    (before,) = library.documents()
    (folder / "a.txt").write_text("The bridge is open. The toll is nine.")
    report = add(library, [folder], embed=embed, encoder=encoder.fingerprint)
    (after,) = library.documents()
    assert (report.added, report.replaced) == (0, 1)
    assert embedded == ["The bridge is open.", "The toll is six.", "The toll is nine."]
    assert after.id != before.id and library.document(before.id) is None
    assert library.departed(before.id)[1] == after.id


def test_the_same_article_from_two_outlets_is_two_documents(tmp_path, library, fill):
    text = "The council met on Tuesday."
    path = jsonl(
        tmp_path / "wire.jsonl",
        {"id": "a", "text": text, "source": "Courier"},
        {"id": "b", "text": text, "source": "Herald"},
    )
    assert fill(path).added == 2
    assert [document.source for document in library.documents()] == ["Courier", "Herald"]


def test_two_containers_with_the_same_ids_do_not_overwrite_each_other(tmp_path, library, fill):
    one = jsonl(tmp_path / "one.jsonl", {"id": "0", "text": "First of one."}, {"id": "1", "text": "Second of one."})
    two = jsonl(tmp_path / "two.jsonl", {"id": "0", "text": "First of two."}, {"id": "1", "text": "Second of two."})
    assert fill(one).added == fill(two).added == 2
    assert sorted(library.text(d.id) for d in library.documents()) == [
        "First of one.", "First of two.", "Second of one.", "Second of two.",
    ]  # fmt: skip
    with pytest.raises(BylineError, match="could be any of these"):
        library.named("0")
    assert library.text(library.named(f"{two}/0").id) == "First of two."


def test_a_file_known_through_one_folder_is_the_same_document_through_another(files, library, fill):
    folder = files(a_txt="One sentence here.")
    fill(folder / "a.txt")
    assert fill(folder.parent / "documents").unchanged == 1
    assert fill(folder.parent).unchanged == 1
    (folder / "a.txt").write_text("Another sentence here.")
    assert fill(folder.parent).replaced == 1
    assert len(library.documents()) == 1


def test_a_line_that_left_its_container_leaves_the_library(tmp_path, library, fill):
    path = jsonl(tmp_path / "x.jsonl", {"id": "a", "text": "Stays."}, {"id": "b", "text": "Goes."})
    fill(path)
    jsonl(path, {"id": "a", "text": "Stays."})
    report = fill(path)
    assert (report.unchanged, report.removed, names(library)) == (1, 1, ["a"])


def test_nothing_is_removed_while_a_line_cannot_be_read(tmp_path, library, fill):
    path = jsonl(tmp_path / "x.jsonl", {"id": "a", "text": "Stays."}, {"id": "b", "text": "Stays too."})
    fill(path)
    jsonl(path, {"id": "a", "text": "Stays."}, '{"id": "b", "text": ')
    report = fill(path)
    assert names(library) == ["a", "b"] and len(report.failed) == 1


def test_bad_lines_are_named_and_the_others_added(tmp_path, library, fill):
    path = jsonl(
        tmp_path / "x.jsonl", {"id": "a", "text": "Good."}, "not json", {"id": "c"},
        {"id": "d", "text": "Bad date.", "published": "soon"}, {"id": "a", "text": "Again."}, {"id": "e", "text": "Fine."},
    )  # fmt: skip
    report = fill(path)
    assert [where.rpartition(":")[2] for where, _ in report.failed] == ["2", "3", "4", "5"]
    assert names(library) == ["a", "e"]
    assert fill(path).failed == report.failed, "said again as long as it is wrong"


def test_bad_files_are_named_and_the_others_added(files, library, fill):
    folder = files(good_txt="A good sentence.", empty_txt="", zero_jsonl="", binary_txt="\0\1\2" * 50, x_pdf="%PDF")
    report = fill(folder, folder / "missing.txt")
    failed = {Path(path).name: error for path, error in report.failed}
    assert failed.keys() == {"empty.txt", "zero.jsonl", "binary.txt", "x.pdf", "missing.txt"}
    assert report.added == 1
    assert "does not exist" in failed["missing.txt"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(files, library, fill):
    folder = files(a_txt="A sentence.", b_txt="Another.")
    (folder / "a.txt").chmod(0)
    report = fill(folder)
    assert report.added == 1 and "permission" in report.failed[0][1]


def test_an_error_of_the_disk_is_named_and_the_rest_goes_on(files, library, fill, monkeypatch):
    folder = files(a_txt="A sentence.", b_txt="Another.")
    really = open

    def broken(path, *rest, **more):
        if str(path).endswith("a.txt"):
            raise PermissionError(13, "Permission denied")
        return really(path, *rest, **more)

    monkeypatch.setattr("builtins.open", broken)
    report = fill(folder, index=False)
    assert report.added == 1 and "Permission denied" in report.failed[0][1]


def test_links_and_hidden_files_in_a_folder_are_not_followed(files, tmp_path, library, fill):
    folder = files(a_txt="A sentence.")
    secret = tmp_path / "secret.txt"
    secret.write_text("Not for the library.")
    (folder / "link.txt").symlink_to(secret)
    (folder / ".hidden.txt").write_text("Nor this.")
    report = fill(folder)
    assert names(library) == ["a.txt"] and len(report.skipped) == 2


def test_what_a_person_gives_holds_where_the_document_states_nothing(files, library, fill):
    folder = files(a_txt="A sentence.", b_md="---\nsource: The Courier\n---\nAnother sentence.\n")
    fill(folder, source="My scans", published="2016-11-29")
    assert [(d.source, d.published) for d in library.documents()] == [
        ("My scans", "2016-11-29"), ("The Courier", "2016-11-29"),
    ]  # fmt: skip


def test_what_was_set_by_hand_outlasts_a_replacement(files, library, fill):
    folder = files(a_txt="A sentence.")
    fill(folder)
    with library.writing() as writer:
        writer.set(library.documents()[0].id, {"source": "The Courier"})
    (folder / "a.txt").write_text("Another sentence.")
    fill(folder, source="Somebody else")
    (document,) = library.documents()
    assert (document.source, document.set_by_person) == ("The Courier", ("source",))


def test_a_second_writer_is_refused_at_once(files, library, fill):
    folder = files(a_txt="A sentence.")
    code = "import sys, time; from corpus.library import Library; from pathlib import Path\n"
    code += "with Library(Path(sys.argv[1])).writing(): print('held', flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", code, library.folder], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"held\n"
        begun = time.monotonic()
        with pytest.raises(BylineError, match="another `byline`"):
            fill(folder)
        assert time.monotonic() - begun < 1
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    assert fill(folder).added == 1, "the lock of a killed process holds nobody back"


def test_a_killed_add_loses_nothing_and_goes_on(tmp_path, library, encoder):
    """SIGKILL in the middle: every stored document is whole, and the next add embeds only the rest."""
    path = jsonl(
        tmp_path / "many.jsonl",
        *({"id": str(n), "text": f"Convoy {n} left. " + f"It carried {n} tents. " * 150} for n in range(40)),
    )
    code = """
import os, signal, sys
from pathlib import Path
import numpy as np
from corpus.add import add
from corpus.library import Library
calls = 0
def embed(texts):
    global calls
    calls += 1
    if calls == 8:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.ones((len(texts), 4), np.float32) / 2
add(Library(Path(sys.argv[1])), [Path(sys.argv[2])], embed=embed, encoder={"model": "counting"})
"""
    killed = subprocess.run([sys.executable, "-c", code, library.folder, path], check=False)
    assert killed.returncode == -signal.SIGKILL
    reopened = Library(library.folder)
    stored = reopened.documents()
    assert 0 < len(stored) < 40
    assert not list(reopened.damage())
    embedded = []

    def embed(texts):
        embedded.extend(texts)
        return np.ones((len(texts), 4), np.float32) / 2

    report = add(reopened, [path], embed=embed, encoder={"model": "counting"})
    assert report.unchanged == len(stored) and report.added == 40 - len(stored)
    assert not {f"Convoy {d.name} left." for d in stored} & set(embedded)
    assert not list(Library(library.folder).damage())


def test_sentences_may_move_from_one_document_to_the_next(tmp_path, library, encoder):
    """A line at the top, and all ids move on by one: the texts are known, under other documents."""
    texts = [f"Convoy {n} left the town at dawn." for n in range(7)]
    path = jsonl(tmp_path / "x.jsonl", *({"id": str(n), "text": text} for n, text in enumerate(texts)))
    embedded = []

    def embed(batch):
        embedded.extend(batch)
        return encoder.encode(batch)

    add(library, [path], embed=embed, encoder=encoder.fingerprint)
    texts.insert(0, "A new line at the top.")
    jsonl(path, *({"id": str(n), "text": text} for n, text in enumerate(texts)))
    report = add(library, [path], embed=embed, encoder=encoder.fingerprint)
    assert (report.added, report.replaced) == (1, 7)
    assert [library.text(document.id) for document in library.documents()] == texts
    assert len(embedded) == 8, "what is known is not embedded again"
    assert not list(library.damage())


def test_a_damaged_vector_is_not_handed_on(tmp_path, library, fill):
    path = jsonl(tmp_path / "x.jsonl", {"id": "1", "text": "First of all."}, {"id": "2", "text": "Second."})
    fill(path, index=False)
    with library.transaction() as db:
        db.execute("UPDATE vectors SET vector = zeroblob(length(vector))")
    jsonl(path, {"id": "1", "text": "New."}, {"id": "2", "text": "First of all."})
    fill(path, index=False)
    assert not list(library.damage())


def test_what_a_person_gave_holds_when_nothing_else_is_given(files, library, fill):
    folder = files(a_txt="A sentence.", b_txt="Another.")
    fill(folder / "a.txt", source="My notes", index=False)
    assert fill(folder, index=False).unchanged == 1
    (folder / "a.txt").write_text("A sentence. And one more.")
    fill(folder, published="2016-11-29", index=False)
    a, b = library.documents()
    assert (a.source, a.published, a.sentences) == ("My notes", "2016-11-29", 2) and b.source is None
    fill(folder, source="Their notes", index=False)
    assert {document.source for document in library.documents()} == {"Their notes"}


def test_what_a_person_gave_holds_for_a_container_with_a_bad_line_or_a_removed_one(tmp_path, library, fill):
    lines = [{"id": "a", "text": "Good."}, {"id": "b", "text": "Fine."}]
    path = jsonl(tmp_path / "x.jsonl", *lines, "not json")
    fill(path, source="Courier", index=False)
    assert fill(path, index=False).unchanged == 2
    jsonl(path, *lines)
    assert fill(path, index=False).unchanged == 2
    with library.writing() as writer:
        writer.remove([library.named("a").id])
    assert fill(path, index=False).added == 1, "what was removed can be added again"
    assert {document.source for document in library.documents()} == {"Courier"}
    with library.writing() as writer:
        writer.remove([document.id for document in library.documents()])
    with library.reading() as db:
        assert db.execute("SELECT * FROM files").fetchall() == [], "nothing is left of a file without documents"


def test_a_subfolder_that_cannot_be_listed_is_named(files, library, fill, monkeypatch):
    folder = files(a_txt="A sentence.")
    (folder / "closed").mkdir()
    really = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr("os.scandir", scandir)
    report = fill(folder, index=False)
    assert report.added == 1
    assert report.failed == [(str(folder / "closed"), "cannot be listed: Permission denied")]
    report = fill(folder / "closed", index=False)
    assert len(report.failed) == 1, "of a folder that is closed nobody knows whether it is empty"


def test_links_and_hidden_folders_in_a_folder_are_listed_as_skipped(files, tmp_path, library, fill):
    folder = files(a_txt="A sentence.")
    for place in (tmp_path / "elsewhere", folder / ".hidden"):
        place.mkdir()
        (place / "b.txt").write_text("Not for the library.")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    report = fill(folder, index=False)
    assert names(library) == ["a.txt"] and not report.failed
    assert [Path(path).name for path, _ in report.skipped] == [".hidden", "link"]


def test_two_file_names_never_become_one(tmp_path, library, fill):
    folder = tmp_path / "documents"
    folder.mkdir()
    raw = [b"r\xff.txt", rb"r\xff.txt", rb"r\x5cxff.txt"]
    for number, name in enumerate(raw):
        Path(folder, os.fsdecode(name)).write_text(f"Text of number {number}.")
    assert fill(folder, index=False).added == 3
    assert fill(folder, index=False).unchanged == 3
    for called in (raw[0], os.path.join(os.fsencode(folder), raw[0])):  # as the command line gives them
        assert library.text(library.named(os.fsdecode(called)).id) == "Text of number 0."
    with pytest.raises(BylineError, match="could be any of these"):
        library.named(r"r\xff.txt")
    assert {library.text(library.named(f"#{n}").id)[:14] for n in (1, 2, 3)} == {"Text of number"}


def test_documents_whose_files_are_gone_are_named_and_kept(files, tmp_path, library, fill):
    folder = files(a_txt="A sentence.", b_txt="Another.", c_txt="A third.")
    beside = tmp_path / "documents-2"
    beside.mkdir()
    (beside / "d.txt").write_text("A fourth.")
    odd = folder / os.fsdecode(b"\xff.txt")
    odd.write_text("A fifth.")
    assert fill(folder, beside, index=False).missing == []
    (beside / "d.txt").unlink()
    (folder / "a.txt").rename(folder / "renamed.txt")
    (folder / "b.txt").unlink()
    report = fill(folder, folder, index=False)
    assert report.missing == [str(folder / "a.txt"), str(folder / "b.txt")]
    assert library.named(report.missing[0]).name == "a.txt", "kept, and called so by `byline remove`"
    assert fill(folder / "c.txt", index=False).missing == [], "nothing is said of folders that were not added"
    odd.unlink()
    assert len(fill(folder, index=False).missing) == 3


def test_replaced_text_is_not_left_on_the_disk(files, library, fill):
    folder = files(a_txt="The password of the safe is swordfish.")
    fill(folder, index=False)
    (folder / "a.txt").write_text("The safe is gone.")
    assert fill(folder, index=False).wiped
    assert b"swordfish" not in b"".join(path.read_bytes() for path in library.folder.iterdir())
