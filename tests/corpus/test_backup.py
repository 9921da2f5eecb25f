"""Backups and what is restored from them: one committed state, whatever else goes on, and all or nothing."""

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from corpus import archive, sqlite, swap
from corpus.backup import Restored, restore
from corpus.library import Library
from corpus.types import BylineError, Locked
from tests.corpus.saved import OPENERS, bring_back, names, packed, put, save

# -- a backup --------------------------------------------------------------------------------------


def test_what_was_saved_comes_back(filled, good, tmp_path):
    restored = bring_back(good, tmp_path / "new" / "library")
    before, after = filled, Library(tmp_path / "new" / "library")
    assert restored == Restored(after.folder, None, (), restored.byline, restored.created)
    assert [(d, before.text(d.id)) for d in before.documents()] == [(d, after.text(d.id)) for d in after.documents()]
    assert not list(after.damage()) and [path.name for path in tmp_path.glob(".*")] == []
    put(before, "c"), put(after, "c")
    assert before.named("c").id == after.named("c").id, "and goes on with the same ids"


def test_it_is_a_plain_archive_for_its_owner_only(good):
    assert good.stat().st_mode & 0o777 == 0o600
    with tarfile.open(good) as tar:
        assert tar.getnames() == ["manifest.json", "library.sqlite"]
        manifest, library = (tar.extractfile(name).read() for name in tar.getnames())
    (member,) = json.loads(manifest)["members"]
    assert member == {"name": "library.sqlite", "bytes": len(library), "sha256": hashlib.sha256(library).hexdigest()}
    assert library.startswith(b"SQLite format 3\0")


WRITER = """
import sys
from pathlib import Path
from corpus.library import Library
from tests.corpus.saved import put
library = Library(Path(sys.argv[1]))
for number in range(100_000):
    put(library, f"{number:06}", f"{number:06} again")
    with library.writing() as writer:
        writer.remove([library.named(f"{number:06} again").id])
    print(number, flush=True)
"""


def test_a_backup_during_writing_is_one_committed_state(library, tmp_path):
    arguments = [sys.executable, "-c", WRITER, str(library.folder)]
    writer = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    try:
        for number in range(3):
            acknowledged = int(writer.stdout.readline())
            file, folder = tmp_path / f"{number}.tar", tmp_path / f"restored {number}"
            save(library, file)
            assert writer.poll() is None, "it was being written all the time"
            bring_back(file, folder)
            restored = Library(folder)
            assert not list(restored.damage())
            held = [document.name for document in restored.documents()]
            stored = [name for name in held if "again" not in name]
            assert stored == [f"{n:06}" for n in range(len(stored))] and len(stored) > acknowledged
            assert [name for name in held if "again" in name] in ([], [f"{stored[-1]} again"])
    finally:
        writer.kill()
        writer.communicate()


def test_a_file_that_is_there_is_not_replaced_unless_told(filled, good, tmp_path):
    before = good.read_bytes()
    with pytest.raises(BylineError, match="is there already.*--replace"):
        save(filled, good)
    assert good.read_bytes() == before
    put(filled, "c")
    save(filled, good, replace=True)
    bring_back(good, tmp_path / "new")
    assert names(tmp_path / "new") == ["a", "b", "c"]


def test_a_file_that_comes_meanwhile_is_not_replaced_either(filled, tmp_path, monkeypatch):
    file, write = tmp_path / "x.tar", archive.write

    def meanwhile(*arguments, **more):
        file.write_text("mine")
        write(*arguments, **more)

    monkeypatch.setattr(archive, "write", meanwhile)
    def without_links(*_):  # there are such file systems
        raise PermissionError(1, "Operation not permitted")

    for links in (True, False):
        if not links:
            file.unlink()
            monkeypatch.setattr(os, "link", without_links)
        with pytest.raises(BylineError, match="made by another program meanwhile"):
            save(filled, file)
        assert file.read_text() == "mine" and not list(tmp_path.glob(".*"))


def test_places_where_a_backup_does_not_belong(filled, tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for place, why in {
        filled.folder / "x.tar": "lies in the library itself", tmp_path / "folder": "is no file",
        tmp_path / "pipe": "is no file", Path("/dev/null"): "is no file",
        tmp_path / "none" / "x.tar": "there is no folder",
    }.items():  # fmt: skip
        with pytest.raises(BylineError, match=why):
            save(filled, place, replace=True)
    with pytest.raises(BylineError, match="there is no library in"):
        save(tmp_path / "folder", tmp_path / "x.tar")
    assert not (tmp_path / "x.tar").exists() and not list(tmp_path.rglob(".*"))


def test_a_full_disk_leaves_nothing_and_says_so(filled, good, tmp_path, monkeypatch):
    before = good.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write", full)
    with pytest.raises(BylineError, match="cannot be written.*No space left"):
        save(filled, good, replace=True)
    assert good.read_bytes() == before and not list(tmp_path.glob(".*"))


def test_what_a_killed_backup_left_is_cleared(filled, tmp_path):
    left = swap.folder_of(tmp_path / "x.tar")
    left.mkdir()
    (left / "library.sqlite").write_bytes(b"half")
    (left / "elsewhere").symlink_to(filled.folder)
    save(filled, tmp_path / "x.tar")
    assert not left.exists() and names(filled.folder) == ["a", "b"]


def test_two_backups_to_one_file_do_not_meet(filled, tmp_path):
    with swap.making(tmp_path / "x.tar"), pytest.raises(Locked, match="another `byline` is at work"):
        save(filled, tmp_path / "x.tar")
    save(filled, tmp_path / "x.tar")


def test_a_damaged_library_is_not_backed_up_silently(filled, good, tmp_path):
    before = good.read_bytes()
    with filled.transaction() as db:
        db.execute("UPDATE parts SET text = replace(text, 'mayor', 'major') WHERE document_id = 2")
    with pytest.raises(BylineError, match="not backed up.*--damaged") as error:
        save(filled, good, replace=True)
    assert "document #2 (b)" in str(error.value) and "byline remove '#2'" in str(error.value)
    assert str(filled.path) in str(error.value) and ".byline-new" not in str(error.value)
    assert good.read_bytes() == before, "the good one stays"
    saved = save(filled, tmp_path / "as-it-is.tar", damaged=True)
    restored = bring_back(tmp_path / "as-it-is.tar", tmp_path / "new")
    assert [where for _, where, _ in saved.damage] == [f"{filled.path}: document #2 (b)"]
    assert [where for _, where, _ in restored.damage] == [f"{tmp_path / 'new' / 'library.sqlite'}: document #2 (b)"]
    assert Library(tmp_path / "new").text("1")


def test_a_library_that_cannot_be_read_is_not_backed_up(filled, tmp_path):
    filled.close()
    filled.path.write_bytes(b"\0" * 5000)
    with pytest.raises(BylineError, match="byline restore FILE"):
        save(filled, tmp_path / "x.tar")
    assert not list(tmp_path.glob("*.tar"))


# -- restoring ---------------------------------------------------------------------------------------


def test_an_older_format_is_brought_up_to_date(tmp_path, filled):
    with closing(sqlite3.connect(tmp_path / "old.sqlite", isolation_level=None)) as db:
        db.executescript(sqlite.MIGRATIONS[0])
        db.execute("PRAGMA user_version = 1")
        db.execute("DELETE FROM meta")
        db.execute("ATTACH ? AS now", (str(filled.path),))
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        for (table,) in db.execute(tables).fetchall():
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM now.{table}")
    file = packed(tmp_path / "x.tar", ("library.sqlite", (tmp_path / "old.sqlite").read_bytes()))
    assert not bring_back(file, tmp_path / "new").damage
    restored = Library(tmp_path / "new")
    assert restored.text("1") == filled.text("1") and not restored.foreign() and not list(restored.damage())


def test_a_library_with_documents_is_set_aside_only_when_told(filled, good, tmp_path):
    put(filled, "c")
    (filled.folder / "files").mkdir()
    (filled.folder / "files" / "copy.txt").write_text("a copy")
    with pytest.raises(BylineError, match="holds a library with 3 documents.*--replace"):
        bring_back(good, filled.folder)
    assert names(filled.folder) == ["a", "b", "c"] and not list(tmp_path.glob(".*"))
    first, second = (bring_back(good, filled.folder, replace=True).set_aside for _ in "12")
    assert names(filled.folder) == ["a", "b"] and names(first) == ["a", "b", "c"] and names(second) == ["a", "b"]
    assert first.parent == second.parent == tmp_path and first.name.startswith("library.before-restore-")
    assert (first / "files" / "copy.txt").read_text() == "a copy"
    assert not list(first.parent.glob(".*"))


@pytest.mark.parametrize("harm", ["damaged", "gone", "empty", "folder gone", "folder empty", "newer"])
def test_what_is_lost_is_restored_over(harm, filled, good, tmp_path):
    filled.close()
    if harm == "damaged":
        filled.path.write_bytes(b"\xff" * 20_000)
    elif harm == "gone":
        filled.path.unlink()
    elif harm == "empty":
        with filled.writing() as writer:
            writer.remove(["1", "2"])
    elif harm == "newer":
        with filled.transaction() as db:
            db.execute("PRAGMA user_version = 99")
    else:
        shutil.rmtree(filled.folder)
        if harm == "folder empty":
            filled.folder.mkdir()
    if harm == "newer":
        with pytest.raises(BylineError, match="format 99.*--replace"):
            bring_back(good, filled.folder)
    restored = bring_back(good, filled.folder, replace=harm == "newer")
    assert names(filled.folder) == ["a", "b"]
    assert bool(restored.set_aside) is (not harm.startswith("folder")), "nothing is deleted"
    if harm == "damaged":
        assert (restored.set_aside / "library.sqlite").read_bytes() == b"\xff" * 20_000


def test_a_library_that_is_made_meanwhile_is_not_set_aside(good, tmp_path, monkeypatch):
    def meanwhile(new, about):
        put(Library(tmp_path / "new", create=True), "mine")

    with pytest.raises(BylineError, match="was made here meanwhile"):
        restore(good, tmp_path / "new", OPENERS, meanwhile)
    assert names(tmp_path / "new") == ["mine"] and not list(tmp_path.glob(".*"))


def test_somebody_s_folder_is_left_alone(good, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BylineError, match="holds no library, but other files"):
        bring_back(good, tmp_path / "home", replace=True)
    with pytest.raises(BylineError, match="is no folder"):
        bring_back(good, tmp_path / "file", replace=True)
    assert (tmp_path / "home" / "thesis.txt").read_text() == (tmp_path / "file").read_text() == "mine"
    assert not list(tmp_path.glob(".*"))


def test_a_library_behind_a_link_is_restored_where_it_lies(filled, good, tmp_path):
    (tmp_path / "link").symlink_to(filled.folder)
    assert bring_back(good, tmp_path / "link", replace=True).folder == filled.folder
    assert (tmp_path / "link").is_symlink() and names(tmp_path / "link") == ["a", "b"]


def test_nothing_is_restored_while_another_process_writes(filled, good):
    with filled.lock(), pytest.raises(Locked, match="another `byline` is changing this library"):
        bring_back(good, filled.folder, replace=True)
    bring_back(good, filled.folder, replace=True)


def test_who_waited_for_the_lock_of_a_library_set_aside_takes_the_new_one(filled, good, monkeypatch):
    """Else two could write at once: one that opened the old lock just before, and one that opens the new."""
    flock = fcntl.flock

    def late(file, how):
        if file.name == str(filled.folder / "writer.lock"):
            monkeypatch.setattr(fcntl, "flock", flock)
            bring_back(good, filled.folder, replace=True)
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with filled.lock(), pytest.raises(Locked), Library(filled.folder).lock():
        pass


def test_who_has_the_library_open_reads_the_restored_one(filled, good):
    """Each thread has a connection of its own, to the file that was there when it first asked."""
    put(filled, "c")
    asked, answers = threading.Barrier(2), []

    def other():
        answers.append(len(filled.documents()))
        asked.wait()
        asked.wait()
        answers.append(len(filled.documents()))

    thread = threading.Thread(target=other)
    thread.start()
    asked.wait()
    with filled.reading():
        assert len(filled.documents()) == 3 and filled.is_in_place
        set_aside = bring_back(good, filled.folder, replace=True).set_aside
        assert len(filled.documents()) == 3 and not filled.is_in_place, "a question is answered from one state"
    asked.wait()
    thread.join()
    assert answers == [3, 2] and len(filled.documents()) == 2
    put(filled, "d")
    assert names(filled.folder) == ["a", "b", "d"] and names(set_aside) == ["a", "b", "c"]


def test_a_late_writer_of_the_old_library_does_not_harm_the_restored_one(filled, good):
    """SQLite removes a log by its name when the last connection closes."""
    old = sqlite3.connect(filled.path, isolation_level=None)
    old.execute("UPDATE meta SET value = '70' WHERE key = 'revision'")
    filled.close()
    set_aside = bring_back(good, filled.folder, replace=True).set_aside
    put(filled, "d")
    old.execute("UPDATE meta SET value = '71' WHERE key = 'revision'")
    old.close()
    put(filled, "e")
    assert names(filled.folder) == ["a", "b", "d", "e"] and not list(filled.damage())
    assert Library(set_aside).revision == 71


def test_a_library_that_is_gone_is_said_to_be(filled):
    filled.documents()
    filled.folder.rename(filled.folder.with_name("elsewhere"))
    with pytest.raises(BylineError, match="is not there any more"):
        filled.documents()
    assert not filled.folder.exists(), "and no empty one is made"
    filled.folder.with_name("elsewhere").rename(filled.folder)
    assert len(filled.documents()) == 2


def killed(deed, at: int) -> bool:
    """Does something in a child that is killed before its n-th rename, link, removal or new folder; whether it was."""
    child = os.fork()
    if child == 0:
        left = at

        def deadly(real):
            def call(*arguments, **more):
                nonlocal left
                left -= 1
                if left < 0:
                    os._exit(9)
                return real(*arguments, **more)

            return call

        for name in ("rename", "replace", "link", "unlink", "mkdir"):
            setattr(os, name, deadly(getattr(os, name)))
        try:
            deed()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_restore_that_is_killed_leaves_the_old_or_the_new(filled, good, tmp_path):
    put(filled, "c")
    filled.close()
    old, new, seen = ["a", "b", "c"], ["a", "b"], []
    for at in range(100):
        folder = tmp_path / f"{at}" / "library"
        shutil.copytree(filled.folder, folder)
        was_killed = killed(lambda: bring_back(good, folder, replace=True), at)
        left = sorted(path.name for path in folder.parent.iterdir())
        between = "library" not in left
        found = names(folder)  # as any command opens it
        assert found in (old, new) and (was_killed or found == new), (at, left)
        assert not between or found == new
        seen.append((found == new, between))
        with closing(Library(folder)) as library:
            assert not list(library.damage())
        bring_back(good, folder, replace=True)
        left = {path.name: names(path) for path in folder.parent.iterdir()}
        assert left.pop("library") == new and old in left.values() and not [name for name in left if name[0] == "."]
        if not was_killed:
            break
    assert not was_killed and {(False, False), (True, True), (True, False)} <= set(seen)


def test_a_backup_that_is_killed_leaves_the_old_or_the_new(filled, good, tmp_path):
    before = good.read_bytes()
    put(filled, "c")
    filled.close()
    for at in range(100):
        good.write_bytes(before)
        was_killed = killed(lambda: save(filled, good, replace=True), at)
        bring_back(good, tmp_path / f"{at}")
        assert names(tmp_path / f"{at}") == (["a", "b"] if good.read_bytes() == before else ["a", "b", "c"])
        if not was_killed:
            break
    assert not was_killed and good.read_bytes() != before
    save(filled, good, replace=True)
    assert not list(tmp_path.glob(".*"))


def test_a_restore_whose_second_step_fails_is_undone(filled, good, monkeypatch):
    put(filled, "c")
    rename = os.rename

    def failing(source, target):
        if Path(source).name == swap.NEW:
            raise OSError(5, "Input/output error")
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(BylineError, match="cannot be restored.*Input/output error"):
        bring_back(good, filled.folder, replace=True)
    assert names(filled.folder) == ["a", "b", "c"]
    assert [path.name for path in filled.folder.parent.glob("*library*")] == ["library"]


def test_a_restore_that_can_neither_end_nor_be_undone_is_ended_later(filled, good, monkeypatch, tmp_path):
    put(filled, "c")
    rename, left = os.rename, [1]

    def failing(source, target):
        if not left:
            raise OSError(5, "Input/output error")
        left.pop()
        rename(source, target)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(BylineError, match="cannot be restored"):
        bring_back(good, filled.folder, replace=True)
    assert not filled.folder.exists()
    monkeypatch.setattr(os, "rename", rename)
    assert len(filled.documents()) == 2 and names(filled.folder) == ["a", "b"]
    (aside,) = tmp_path.glob("library.before-restore-*")
    assert names(aside) == ["a", "b", "c"] and bring_back(good, filled.folder, replace=True)
    assert not list(tmp_path.glob(".*"))


def test_a_folder_that_is_made_between_the_two_steps_goes_aside(filled, good, monkeypatch, tmp_path):
    rename = os.rename

    def meddled(source, target):
        rename(source, target)
        if Path(source) == filled.folder and not filled.folder.exists():
            (filled.folder / "files").mkdir(parents=True)
            monkeypatch.setattr(os, "rename", rename)

    monkeypatch.setattr(os, "rename", meddled)
    bring_back(good, filled.folder, replace=True)
    assert names(filled.folder) == ["a", "b"] and len(list(tmp_path.glob("library.stray-*"))) == 1


def test_the_hidden_folder_of_somebody_else_is_not_used(good, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(BylineError, match="belongs to somebody else"):
        bring_back(good, tmp_path / "new")


def test_a_link_in_the_place_of_the_hidden_folder_is_not_followed(good, filled, tmp_path):
    swap.folder_of(tmp_path / "new").symlink_to(filled.folder)
    with pytest.raises(BylineError, match="cannot be restored"):
        bring_back(good, tmp_path / "new")
    assert names(filled.folder) == ["a", "b"]


def test_a_library_larger_than_the_memory_it_takes(library, tmp_path):
    with library.transaction() as db:
        for number in range(40):
            db.execute("INSERT INTO meta VALUES (?, ?)", (f"long {number}", "x" * 1_000_000))
    library.close()
    code = """
import resource, sys
from pathlib import Path
from tests.corpus.saved import *
folder = Path(sys.argv[1])
have = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
save(folder / "library", folder / "large.tar")
bring_back(folder / "large.tar", folder / "restored")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - have) // 1024)
"""
    arguments = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 20 and (tmp_path / "large.tar").stat().st_size > 40_000_000, done.stdout
