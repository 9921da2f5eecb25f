"""`byline watch` as a person runs it: a process, its lines, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from corpus.library import Library


@pytest.fixture
def watching(tmp_path):
    """Starts the command on a folder, and ends it whatever happens."""

    @contextmanager
    def start(*arguments) -> Iterator[subprocess.Popen]:
        command = [sys.executable, "-m", "ui.cli", "watch", *map(str, arguments)]
        watch = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"BYLINE_LIBRARY": str(tmp_path / "library")},
            # A test run that was started in the background has Ctrl-C ignored, which is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        try:
            yield watch
        finally:
            watch.kill()
            watch.communicate()

    return start


def ended(watch, how) -> str:
    """Ends a watch by a signal; what was left on its stderr."""
    begun = time.monotonic()
    watch.send_signal(how)
    _, said = watch.communicate(timeout=30)
    assert watch.returncode == 0 and "Traceback" not in said, said
    assert time.monotonic() - begun < 10
    return said


def test_a_folder_is_kept_in_step_until_it_is_interrupted(watching, files, tmp_path):
    folder = files(a_txt="The bridge is open. It was shut for a year.", b_txt="The ferry has stopped.")
    with watching(folder, "--json", "--source", "Courier") as watch:
        first = json.loads(watch.stdout.readline())
        assert (first["added"], first["sentences"], first["failed"]) == (2, 3, [])
        assert "2 documents, in step" in watch.stderr.readline()
        library = Library(tmp_path / "library")
        with library.lock():
            (folder / "c.txt").write_text("A boat has sunk.")
            assert "another byline" in watch.stderr.readline()
        assert json.loads(watch.stdout.readline()).keys() == first.keys()
        assert {(d.name, d.source) for d in library.documents()} == {(f"{name}.txt", "Courier") for name in "abc"}
        (folder / "a.txt").unlink()
        assert json.loads(watch.stdout.readline())["removed"] == 1
        assert ended(watch, signal.SIGINT) == ""
    assert [d.name for d in library.documents()] == ["b.txt", "c.txt"]


def test_it_ends_in_the_middle_of_its_work_too_and_goes_on_from_there(watching, files, tmp_path):
    lorries = {n: " ".join(f"Lorry {m} of {n}." for m in range(40)) for n in range(40)}
    folder = files(**{f"{n:02}_txt": f"Convoy {n} left. {text}" for n, text in lorries.items()})
    (folder / "spoilt.pdf").write_bytes(b"no PDF")
    library = Library(tmp_path / "library", create=True)
    with watching(folder) as watch:
        until = time.monotonic() + 60
        while len(library.documents()) < 3 and time.monotonic() < until:
            time.sleep(0.05)
        ended(watch, signal.SIGTERM)
    stored = {document.id for document in library.documents()}
    assert 0 < len(stored) < 40 and not list(library.damage())
    for n in range(3, 40):
        (folder / f"{n:02}.txt").unlink()
    (folder / "00.txt").write_text("Convoy 0 came back.")
    with watching(folder) as watch:
        done = [watch.stdout.readline() for _ in range(len(stored) - 2)]
        assert done[0] == f"replaced {folder}/00.txt\n" and set(done[1:]) == {
            f"removed {folder}/{n:02}.txt\n" for n in range(3, len(stored))
        }  # fmt: skip
        said = watch.stderr.readline() + watch.stderr.readline()
        assert f"{folder}/spoilt.pdf: is not a PDF" in said and "3 documents, in step" in said
        ended(watch, signal.SIGTERM)


def test_what_is_no_folder_is_said(byline, files):
    done = byline("watch", files(a_txt="A sentence.") / "a.txt")
    assert done.returncode == 1 and "only folders can be watched" in done.stderr and "Traceback" not in done.stderr
