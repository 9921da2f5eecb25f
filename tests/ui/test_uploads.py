"""Names of files are labels: whatever they are, what is stored lies in the folder `files`."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import uploads
from ui.uploads import Refused, Store, path_of


@pytest.mark.parametrize("label", ["report.txt", "articles/2016/Nov 29.html", "Ärger im Büro.md", "新闻/文章.txt", "a..b.txt"])
def test_an_ordinary_name_stays(label):
    assert str(path_of(label)) == label


@pytest.mark.parametrize(
    "label",
    [
        "../../x.txt", "/etc/cron.d/x.txt", "..\\..\\x.txt", "C:\\x.txt", "a/../../b.txt", "./././x.txt", ".bashrc.txt",
        ".ssh/x.txt", "a\0b.txt", "a\nb.txt", "\x1b]0;owned\x07.txt", "\u202etxt.exe.txt", "a/./b.txt", "//host/share.txt",
        "x" * 3_000 + ".txt", "/".join("abcdefghijklmnopqrstuvwxyz") + ".txt", "\ud800.txt", " .txt", "..txt", ".txt", "a.txt/",
    ],
)  # fmt: skip
def test_a_hostile_name_becomes_a_path_inside(label):
    path = path_of(label)
    assert not path.is_absolute() and path.suffix == ".txt"
    assert all(part not in ("..", ".", "") and part[0] != "." and part.isprintable() for part in path.parts)
    assert all(len(os.fsencode(part)) <= 255 for part in path.parts) and len(path.parts) <= uploads.DEEPEST


@pytest.mark.parametrize("label", ["x", "x.exe", "x.txt.exe", "txt", "", "/", "..", "x.php\0.gif"])
def test_what_is_not_read_is_refused(label):
    with pytest.raises(Refused):
        path_of(label)


@given(st.text(max_size=60).map(lambda text: text + ".txt"))
def test_any_name_is_a_path_inside(label):
    path = path_of(label)
    inside = PurePosixPath(os.path.normpath(PurePosixPath("/files") / path))
    assert inside.is_relative_to("/files") and inside != PurePosixPath("/files")
    assert path_of(label) == path
    os.fsencode(path)


@given(st.lists(st.text("ab./\\ \0", max_size=8).map(lambda text: text + "x.txt"), max_size=6, unique=True))
def test_different_names_have_different_paths(labels):
    assert len({path_of(label) for label in labels}) == len(labels)


def run(work):
    """What an asynchronous function gives; in a thread, as a browser's tests may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def arrive(store: Store, body: bytes = b"text", size: int | None = None) -> Path:
    async def chunks():
        for begin in range(0, len(body), 3):
            yield body[begin : begin + 3]

    return run(store.receive(chunks(), len(body) if size is None else size))


def stored(store: Store) -> list[Path]:
    return [path for path in store.folder.rglob("*") if path.is_file()] if store.folder.exists() else []


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "library")


def test_a_file_is_kept_for_its_owner_alone(store):
    place, before = store.file(arrive(store), PurePosixPath("a/b.txt"))
    assert place.read_bytes() == b"text" and before is None
    for path in (store.folder, place.parent, place):
        assert path.stat().st_mode & 0o077 == 0
    again, before = store.file(arrive(store, b"newer"), PurePosixPath("a/b.txt"))
    assert again == place and place.read_bytes() == b"newer" and before.read_bytes() == b"text"
    store.withdraw(place, before)
    assert place.read_bytes() == b"text"


@pytest.mark.parametrize(("size", "status"), [(3, 400), (5, 400), (uploads.FILE_LIMIT + 1, 413)])
def test_what_is_not_as_long_as_it_says_leaves_nothing(store, size, status):
    with pytest.raises(Refused) as refused:
        arrive(store, b"text", size)
    assert refused.value.status == status and stored(store) == []


def test_a_full_disk_is_said_before(store, monkeypatch):
    monkeypatch.setattr(uploads, "RESERVE", 2**60)
    with pytest.raises(Refused, match="disk is nearly full"):
        arrive(store)
    assert stored(store) == []


def test_a_stalled_or_broken_upload_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr(uploads, "STALLED", 0.05)

    async def stalls():
        yield b"te"
        await asyncio.sleep(5)

    async def breaks():
        yield b"te"
        raise ConnectionResetError

    with pytest.raises(Refused, match="stalled"):
        run(store.receive(stalls(), 4))
    with pytest.raises((Refused, ConnectionResetError)):
        run(store.receive(breaks(), 4))
    assert stored(store) == [] and store._receiving == 0


def test_only_some_are_taken_at_once(store):
    async def slow(go):
        yield b"te"
        await go.wait()
        yield b"xt"

    async def many():
        go = asyncio.Event()
        first = [asyncio.create_task(store.receive(slow(go), 4)) for _ in range(uploads.AT_ONCE)]
        await asyncio.sleep(0.01)
        with pytest.raises(Refused) as refused:
            await store.receive(slow(go), 4)
        go.set()
        await asyncio.gather(*first)
        return refused.value.status

    assert run(many()) == 503


def test_a_link_or_a_sibling_is_never_followed(store, tmp_path):
    outside = tmp_path / "library" / "files-evil"
    outside.mkdir(parents=True)
    (outside / "kept.txt").write_text("kept")
    arrive(store)
    (store.folder / "link").symlink_to(outside)
    (store.folder / "itself.txt").symlink_to(outside / "kept.txt")
    for path in ("link/kept.txt", "link/new/x.txt", "itself.txt", "../files-evil/x.txt"):
        with pytest.raises(Refused):
            store.file(arrive(store), PurePosixPath(path))
        store.discard(store.folder / path)
    assert not store.discard(outside / "kept.txt")
    assert sorted(path.name for path in outside.iterdir()) == ["kept.txt"]
    assert (outside / "kept.txt").read_text() == "kept"


def test_a_folder_in_the_way_is_said(store):
    store.file(arrive(store), PurePosixPath("a.txt/b.txt"))
    with pytest.raises(Refused, match="folder or a link"):
        store.file(arrive(store), PurePosixPath("a.txt"))
    store.file(arrive(store), PurePosixPath("c.txt"))
    with pytest.raises(Refused, match="cannot be stored"):
        store.file(arrive(store), PurePosixPath("c.txt/d.txt"))


def test_discarding_leaves_no_empty_folder(store):
    place, _ = store.file(arrive(store), PurePosixPath("a/b/c.txt"))
    other, _ = store.file(arrive(store), PurePosixPath("a/d.txt"))
    assert store.discard(place) and not place.parent.exists() and other.exists()
    assert store.label(str(other)) == "a/d.txt" and store.label("/etc/passwd") is None


def test_what_never_was_filed_is_cleared(store, tmp_path):
    arrived, old = arrive(store), store.folder / ".arriving" / "old"
    old.mkdir()
    (old / "left").write_text("x")
    os.utime(old, (0, 0))
    Store(tmp_path / "library").clear()  # another one: what has just arrived here is not its own
    assert arrived.exists() and not old.exists()
    store.clear()
    assert not arrived.exists()
