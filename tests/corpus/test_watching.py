"""Watching a folder: what is taken and when, what has gone, and what must not be believed gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from corpus import watching
from corpus.add import add
from corpus.types import BylineError, Locked
from corpus.watching import REST, RETRY, Watch, batches, pause, take, watches

ENCODER = {"model": "made up", "dimension": 4}


def embed(texts):
    return np.ones((len(texts), 4), np.float32) / 2


class Follower:
    """A watch, and a clock that stands still between looks."""

    def __init__(self, library, folder):
        self.watch, self.now = Watch(library, folder), 0.0

    def look(self, later=0.0):
        """One look, after so many seconds, and what it found taken in: [(what, file name)]."""
        self.now += later
        self.failed, done = [], []
        for batch in batches(self.watch.look(self.now)):
            passed = take(self.watch._library, self.watch.folder, batch, embed=embed, encoder=ENCODER)
            self.watch.settle(batch, passed, self.now)
            self.failed += passed.report.failed
            done += [(what, Path(path).name) for what, path, _ in passed.done]
        return done

    def settle(self):
        """Two looks, far enough from each other for what is at rest to be taken."""
        return self.look() + self.look(REST)


@pytest.fixture
def folder(files):
    return files(a_txt="The bridge is open.", b_txt="The ferry is not.")


@pytest.fixture
def follower(library, folder):
    made = Follower(library, folder)
    assert made.settle() == [("added", "a.txt"), ("added", "b.txt")]
    return made


def texts(library):
    return {document.name: library.text(document.id) for document in library.documents()}


def test_a_folder_is_brought_in_step_and_its_documents_named_from_it(library, folder):
    (folder / "2016").mkdir()
    (folder / "2016" / "c.txt").write_text("A boat sank.")
    (folder / ".draft.txt").write_text("Hidden.")
    (folder / "~$c.docx").write_bytes(b"what Word leaves beside an open document")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    follower = Follower(library, folder)
    assert follower.look() == [] and not follower.watch.in_step
    assert [name for _, name in follower.look(REST)] == ["c.txt", "a.txt", "b.txt"] and follower.watch.in_step
    assert {(d.origin, d.name) for d in library.documents()} == {
        (str(folder), "2016/c.txt"), (str(folder), "a.txt"), (str(folder), "b.txt")
    }  # fmt: skip
    assert follower.settle() == [] and not follower.failed


def test_what_the_library_has_read_is_not_looked_into(library, folder, monkeypatch):
    add(library, [folder], embed=embed, encoder=ENCODER)
    monkeypatch.setattr(watching, "add", lambda *_, **__: pytest.fail("read again"))
    follower = Follower(library, folder)
    assert follower.settle() == [] and follower.watch.in_step and follower.watch.documents == 2


def test_a_file_that_is_being_written_is_not_read_half(library, folder, follower):
    report = folder / "c.txt"
    report.write_text("The mayor did not")
    assert follower.look(5) == []
    report.write_text("The mayor did not resign.")
    assert follower.look(REST) == [] and follower.look(REST / 2) == []
    assert follower.look(REST / 2) == [("added", "c.txt")]
    assert texts(library)["c.txt"] == "The mayor did not resign."


def test_a_changed_file_is_replaced_and_a_touched_one_is_not(library, folder, follower):
    (folder / "a.txt").write_text("The bridge is closed.")
    os.utime(folder / "b.txt", ns=(1, 1))
    assert follower.settle() == [("replaced", "a.txt")]
    assert texts(library) == {"a.txt": "The bridge is closed.", "b.txt": "The ferry is not."}
    assert follower.settle() == []


def test_a_deleted_file_leaves_the_library(library, folder, follower):
    (folder / "a.txt").unlink()
    assert follower.settle() == [("removed", "a.txt")]
    assert list(texts(library)) == ["b.txt"] and follower.watch.obstacle == ""
    assert follower.settle() == []


def test_a_file_that_is_saved_by_way_of_deleting_it_does_not_leave(library, folder, follower):
    before = library.named("b.txt").id
    (folder / "b.txt").rename(folder / "b.txt.bak")
    assert follower.look(5) == []
    (folder / "b.txt.bak").rename(folder / "b.txt")
    assert follower.look(REST) == [] and follower.settle() == []
    assert library.named("b.txt").id == before


def test_a_moved_file_is_there_before_it_has_gone(library, folder, follower):
    (folder / "b.txt").rename(folder / "0.txt")
    (folder / "a.txt").rename(folder / "z.txt")
    assert follower.settle() == [("added", "0.txt"), ("added", "z.txt"), ("removed", "a.txt"), ("removed", "b.txt")]


def test_a_line_that_has_gone_from_a_container_leaves_and_the_last_takes_it_along(library, folder, follower):
    rows = folder / "rows.jsonl"
    rows.write_text('{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n')
    assert follower.settle() == [("added", "rows.jsonl")] and follower.watch.documents == 4
    rows.write_text('{"id": "2", "text": "Two."}\n')
    assert follower.settle() == [("replaced", "rows.jsonl")] and set(texts(library)) == {"a.txt", "b.txt", "2"}
    rows.unlink()
    assert follower.settle() == [("removed", "rows.jsonl")] and set(texts(library)) == {"a.txt", "b.txt"}


def test_nothing_is_removed_when_the_folder_itself_has_gone(library, folder, follower):
    folder.rename(folder.with_name("elsewhere"))
    assert follower.settle() == [] and "is not there" in follower.watch.obstacle and len(texts(library)) == 2
    folder.with_name("elsewhere").rename(folder)
    (folder / "a.txt").write_text("The bridge has gone.")
    assert follower.settle() == [("replaced", "a.txt")] and follower.watch.obstacle == ""


def test_nothing_is_removed_when_every_file_has_gone_at_once(library, folder, follower):
    kept = {name: (folder / name).read_text() for name in ("a.txt", "b.txt")}
    for name in kept:
        (folder / name).unlink()
    assert follower.settle() == [] and "drive" in follower.watch.obstacle and texts(library) == kept
    for name, text in kept.items():
        (folder / name).write_text(text)
    assert follower.settle() == [] and follower.watch.obstacle == "" and texts(library) == kept
    (folder / "a.txt").unlink()
    assert follower.settle() == [("removed", "a.txt")]


def test_nor_when_that_was_before_the_watch_began(library, folder, follower):
    for name in ("a.txt", "b.txt"):
        (folder / name).unlink()
    again = Follower(library, folder)
    assert again.settle() == [] and "drive" in again.watch.obstacle
    (folder / "c.txt").write_text("Somebody writes into the bare folder.")
    assert again.settle() == [("added", "c.txt")] and again.settle() == []
    assert set(texts(library)) == {"a.txt", "b.txt", "c.txt"} and "drive" in again.watch.obstacle


def test_one_that_went_before_the_watch_began_leaves(library, folder, follower):
    (folder / "a.txt").unlink()
    assert Follower(library, folder).settle() == [("removed", "a.txt")]


def test_nothing_is_removed_when_a_drive_within_the_folder_has_gone(library, folder, monkeypatch):
    """Its mount point stays, empty, and other files are still there."""
    drive = folder / "drive"
    really = os.stat

    def stat(path, **more):
        found = really(path, **more)
        other = str(path) == str(drive) and any(drive.iterdir())
        return SimpleNamespace(st_dev=found.st_dev + 1) if other else found

    monkeypatch.setattr("corpus.watching.os.stat", stat)
    drive.mkdir()
    (drive / "c.txt").write_text("On the drive.")
    follower = Follower(library, folder)
    assert len(follower.settle()) == 3
    (drive / "c.txt").unlink()
    (folder / "a.txt").unlink()
    assert follower.settle() == [("removed", "a.txt")] and "drive" in follower.watch.obstacle
    assert set(texts(library)) == {"b.txt", "drive/c.txt"}


def test_nothing_is_removed_of_a_subfolder_that_cannot_be_listed(library, folder, monkeypatch):
    closed = folder / "closed"
    closed.mkdir()
    (closed / "c.txt").write_text("Behind a door.")
    follower = Follower(library, folder)
    assert len(follower.settle()) == 3

    def shut(really, within):
        def act(path, **more):
            if within in os.fsencode(path):
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, **more)

        return act

    monkeypatch.setattr("os.scandir", shut(os.scandir, b"closed"))
    monkeypatch.setattr("os.stat", shut(os.stat, b"closed/"))
    assert follower.settle() == [] and "cannot be listed" in follower.watch.obstacle
    monkeypatch.undo()
    assert follower.settle() == [] and follower.watch.obstacle == "" and len(texts(library)) == 3


def test_a_document_of_a_file_that_a_folder_does_not_take_stays(library, folder, follower):
    hidden = folder / ".notes.txt"
    hidden.write_text("Added by itself.")
    add(library, [hidden], embed=embed, encoder=ENCODER)
    again = Follower(library, folder)
    assert again.settle() == [] and len(texts(library)) == 3
    hidden.unlink()
    assert again.settle() == [("removed", ".notes.txt")]


def test_a_file_that_cannot_be_read_is_named_once_and_tried_again(library, folder, follower):
    spoilt = folder / "spoilt.docx"
    spoilt.write_bytes(b"no archive")
    assert follower.settle() == [] and [path for path, _ in follower.failed] == [str(spoilt)]
    assert follower.settle() == [] and follower.failed == []
    tried = follower.watch._refused[str(spoilt)].due
    follower.look(RETRY)
    assert follower.look(REST) == [] and follower.failed == [], "tried again, and not said again"
    assert follower.watch._refused[str(spoilt)].due > tried + RETRY, "ever more rarely"
    spoilt.write_bytes(b"no archive either")
    assert follower.settle() == [] and len(follower.failed) == 1, "it is another file now"
    spoilt.unlink()
    (folder / "spoilt.txt").write_text("Saved as text.")
    assert follower.settle() == [("added", "spoilt.txt")]


def test_a_file_that_was_only_out_of_reach_is_read_in_the_end(library, folder, follower, monkeypatch):
    (folder / "c.txt").write_text("On a slow drive.")

    def fails(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("corpus.add.file_sha256", fails)
    assert follower.settle() == [] and "Input/output error" in follower.failed[0][1]
    monkeypatch.undo()
    assert follower.settle() == []
    follower.look(RETRY)
    assert follower.look(REST) == [("added", "c.txt")]


def test_another_writer_is_waited_for(library, folder, follower):
    (folder / "a.txt").unlink()
    (folder / "c.txt").write_text("Later.")
    follower.look()
    with library.lock():
        for _ in range(2):
            with pytest.raises(Locked):
                follower.look(REST)
    assert follower.look() == [("added", "c.txt"), ("removed", "a.txt")]
    assert follower.settle() == []


def test_what_is_killed_in_the_middle_goes_on_where_it_was(library, folder):
    for number in range(30):
        (folder / f"{number:02}.txt").write_text(f"Convoy {number} left. " + f"It had {number} tents. " * 90)
    code = """
import os, signal, sys
from pathlib import Path
import numpy as np
from corpus.library import Library
from corpus.watching import Watch, batches, take
calls = 0
def embed(texts):
    global calls
    calls += 1
    if calls == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.ones((len(texts), 4), np.float32) / 2
library = Library(Path(sys.argv[1]))
watch = Watch(library, Path(sys.argv[2]))
for now in (0.0, 1.0):
    for batch in batches(watch.look(now)):
        take(library, watch.folder, batch, embed=embed, encoder={"model": "made up", "dimension": 4})
"""
    killed = subprocess.run([sys.executable, "-c", code, library.folder, folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    before = {document.id for document in library.documents()}
    assert 0 < len(before) < 32 and not list(library.damage())
    assert len(Follower(library, folder).settle()) == 32 - len(before)
    assert {path.name: path.read_text() for path in folder.iterdir()} == texts(library)
    assert before <= {document.id for document in library.documents()}, "what was stored is not read again"


def test_any_name_is_followed(library, folder, follower):
    odd = folder / os.fsdecode(b"r\xff\\xff.txt")
    odd.write_text("An odd name.")
    assert len(follower.settle()) == 1 and len(texts(library)) == 3
    assert Follower(library, folder).settle() == []
    odd.unlink()
    assert len(follower.settle()) == 1 and len(texts(library)) == 2


def test_the_library_may_lie_in_the_folder(library, tmp_path):
    (library.folder / "files").mkdir()
    (library.folder / "files" / "uploaded.txt").write_text("Of the library.")
    (tmp_path / "a.txt").write_text("Of the folder.")
    assert Follower(library, tmp_path).settle() == [("added", "a.txt")]


def test_a_folder_within_another_is_watched_once(library, folder):
    (folder / "in").mkdir()
    assert [watch.folder for watch in watches(library, [folder / "in", folder, folder])] == [folder]
    for wrong in (folder / "none", folder / "a.txt"):
        with pytest.raises(BylineError, match="only folders can be watched"):
            watches(library, [folder, wrong])


def test_the_pauses_grow_with_what_a_look_costs():
    assert pause(0.001) == watching.PAUSE and pause(0.1) == 10.0 and pause(100.0) == watching.LONGEST


def test_the_lock_is_held_for_seconds_only():
    many = [watching.Change(f"{number}.txt", (300_000, 1, 1)) for number in range(10)]
    assert [len(batch) for batch in batches(many)] == [3, 3, 3, 1]
