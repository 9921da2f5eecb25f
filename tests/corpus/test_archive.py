"""Files that are no whole backup of Byline's, or would do harm as one: refused, and nothing comes of them
(THREATS 31)."""

import hashlib
import os
import random
import re
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from corpus import archive
from corpus.types import BylineError
from tests.corpus.saved import OPENERS, bring_back, header, names, packed


@pytest.fixture
def refused(tmp_path):
    """Restores a file: why not; and that nothing came of it."""

    def refused(file: Path) -> str:
        folder = tmp_path / "elsewhere" / "library"
        with pytest.raises(BylineError) as error:
            bring_back(file, folder)
        assert not folder.exists() and not any(folder.parent.iterdir() if folder.parent.exists() else ())
        return str(error.value)

    return refused


@pytest.fixture(scope="module")
def library_bytes(saved_once) -> bytes:
    with tarfile.open(saved_once / "good.tar") as tar:
        return tar.extractfile("library.sqlite").read()


def test_the_tests_pack_as_byline_does(library_bytes, tmp_path):
    bring_back(packed(tmp_path / "x.tar", ("library.sqlite", library_bytes)), tmp_path / "new")
    assert names(tmp_path / "new") == ["a", "b"]


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (header("library.sqlite", kind=tarfile.SYMTYPE, to="/etc/passwd"), "holds a link .*'/etc/passwd'"),
        (header("library.sqlite", kind=tarfile.SYMTYPE, to="../library/library.sqlite"), "holds a link"),
        (header("library.sqlite", kind=tarfile.LNKTYPE, to="/etc/passwd"), "holds a hard link"),
        (header("library.sqlite", kind=tarfile.CHRTYPE), "holds a device"),
        (header("library.sqlite", kind=tarfile.BLKTYPE), "holds a device"),
        (header("library.sqlite", kind=tarfile.FIFOTYPE), "holds a pipe"),
        (header("library.sqlite", kind=tarfile.DIRTYPE), "holds a folder"),
        (header("library.sqlite", kind=tarfile.AREGTYPE), "no plain file"),
        (header("library.sqlite", 10**9, kind=tarfile.XHDTYPE), "no plain file"),
        (header("library.sqlite", 10**9, kind=tarfile.GNUTYPE_LONGNAME), "no plain file"),
        (header("/tmp/library.sqlite"), "belongs in another place"),
        (header("../library.sqlite"), "belongs in another place"),
        (header("x/../../library.sqlite"), "belongs in another place"),
        (header("./library.sqlite"), "holds './library.sqlite' where library.sqlite should be"),
        (header("notes.txt"), "holds 'notes.txt'"),
        (header("manifest.json"), "'manifest.json' twice"),
        (header("library.sqlite", 10**9), "is damaged where"),
        (b"\xff" * 512, "is damaged where"),
    ],
)  # fmt: skip
def test_an_archive_holds_what_a_backup_holds(entry, why, library_bytes, tmp_path, refused):
    """THREATS 31: in the place of the library, before it, and after it."""
    data = library_bytes + bytes(-len(library_bytes) % 512)
    honest = ("library.sqlite", library_bytes)
    told = {"name": "library.sqlite", "bytes": len(library_bytes), "sha256": hashlib.sha256(library_bytes).hexdigest()}
    instead = packed(tmp_path / "instead.tar", entry + data, say=lambda manifest: manifest | {"members": [told]})
    for file in (instead, packed(tmp_path / "before.tar", entry, honest)):
        assert re.search(why, refused(file)), file
    assert "holds more than its manifest says" in refused(packed(tmp_path / "after.tar", honest, entry))


@pytest.mark.parametrize(
    ("say", "why"),
    [
        (lambda m: m | {"members": m["members"] * 2}, "'library.sqlite' twice"),
        (lambda m: m | {"members": []}, "holds no library.sqlite"),
        (lambda m: m | {"members": [m["members"][0] | {"name": "../../library.sqlite"}]}, "which no backup has"),
        (lambda m: m | {"members": [m["members"][0] | {"name": ["library.sqlite"]}]}, "which no backup has"),
        (lambda m: m | {"members": [*m["members"], m["members"][0] | {"name": ".bashrc"}]}, "which no backup has"),
        (lambda m: m | {"members": [m["members"][0] | {"bytes": -1}]}, "does not say what"),
        (lambda m: m | {"members": [m["members"][0] | {"bytes": True}]}, "does not say what"),
        (lambda m: m | {"members": [m["members"][0] | {"bytes": 2**62}]}, "is damaged where"),
        (lambda m: m | {"members": [m["members"][0] | {"sha256": "0" * 64}]}, "library.sqlite in it is damaged"),
        (lambda m: m | {"members": 7}, "manifest is damaged"),
        (lambda m: m | {"members": ["library.sqlite"]}, "manifest is damaged"),
        (lambda m: m | {"format": "1"}, "manifest is damaged"),
        (lambda m: m | {"format": 0}, "manifest is damaged"),
        (lambda m: m | {"format": 7, "byline": "3.2.1"}, "format 7, made by Byline 3.2.1, .*: use a newer Byline"),
    ],
)
def test_a_manifest_that_does_not_fit(say, why, library_bytes, tmp_path, refused):
    assert re.search(why, refused(packed(tmp_path / "x.tar", ("library.sqlite", library_bytes), say=say)))


def test_files_that_are_no_backup(tmp_path, refused, good):
    made = {
        "empty": b"", "text": b"hello", "zeros": bytes(5000), "zip": b"PK\3\4" + bytes(600),
        "gzip": b"\x1f\x8b" + bytes(600),
        "bomb": header("manifest.json", 10**12), "huge": header("manifest.json", 300_000) + bytes(300_032),
        "deep": header("manifest.json", 200_000) + b"[" * 200_000 + bytes(1024 + 192),
        "link": header("manifest.json", kind=tarfile.SYMTYPE, to="/etc/passwd") + bytes(1024),
    }  # fmt: skip
    for name, data in made.items():
        (tmp_path / name).write_bytes(data)
        assert str(tmp_path / name) in refused(tmp_path / name)
    assert "is not a file" in refused(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in refused(tmp_path / "pipe")
    assert "No such file" in refused(tmp_path / "none")
    (tmp_path / "linked.tar").symlink_to(good)
    assert bring_back(tmp_path / "linked.tar", tmp_path / "new"), "where the file itself lies is the person's matter"


def test_what_is_larger_than_the_disk_is_not_begun(good, refused, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=67_000_000))
    assert "make room" in refused(good)


def test_every_flipped_bit_and_every_cut_is_noticed(good, tmp_path):
    whole, dice = good.read_bytes(), random.Random(7)

    def is_good(data: bytes) -> bool:
        (tmp_path / "x.tar").write_bytes(data)
        try:
            with archive.opened(tmp_path / "x.tar", list(OPENERS)) as found:
                for member in found.members:
                    found.read(member)
        except BylineError as error:
            assert "Nothing was restored" in str(error) or "newer Byline" in str(error)
            return False
        return True

    assert is_good(whole)
    headers = [*range(1024), *range(len(whole) - 1100, len(whole))]
    for position in [*dice.sample(headers, 250), *(dice.randrange(len(whole)) for _ in range(150))]:
        flipped = bytearray(whole)
        flipped[position] ^= 1 << dice.randrange(8)
        assert not is_good(bytes(flipped)), position
    for length in [*range(0, len(whole), 4001), len(whole) - 512, len(whole) - 1]:
        assert not is_good(whole[:length]), length
    assert not is_good(whole + b"\0") and not is_good(whole + whole)


def altered(library_bytes: bytes, tmp_path: Path, *statements: str) -> bytes:
    path = tmp_path / "altered.sqlite"
    path.write_bytes(library_bytes)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        for statement in statements:
            db.execute(statement)
        db.commit()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM documents; END", "not as Byline makes it"),
        ("CREATE VIEW v AS SELECT 1", "not as Byline makes it"),
        ("CREATE TABLE more (x)", "not as Byline makes it"),
        ("CREATE VIRTUAL TABLE found USING fts5(x)", "not as Byline makes it"),
        ("ALTER TABLE files ADD COLUMN more TEXT", "not as Byline makes it"),
        ("DROP INDEX documents_by_name", "not as Byline makes it"),
        ("PRAGMA user_version = 99", "has format 99, and this Byline knows formats up to .*use a newer.*Byline 0.1.0"),
    ],
)
def test_a_library_that_byline_did_not_make(statement, why, library_bytes, tmp_path, refused):
    data = altered(library_bytes, tmp_path, statement)
    said = refused(packed(tmp_path / "x.tar", ("library.sqlite", data)))
    assert re.search(why, said) and ".byline-new" not in said and said.startswith(str(tmp_path / "x.tar"))


def test_what_is_no_database(tmp_path, refused, library_bytes):
    overwritten = library_bytes[:100] + b"\xff" * (len(library_bytes) - 100)
    for data in (b"", b"hello" * 1000, library_bytes[:4096], overwritten):
        said = refused(packed(tmp_path / "x.tar", ("library.sqlite", data)))
        assert str(tmp_path / "x.tar") in said and ".byline-new" not in said
