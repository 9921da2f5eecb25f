"""What the tests of backups share: small libraries, and archives of any kind."""

import hashlib
import json
import tarfile
from contextlib import closing
from pathlib import Path

import numpy as np

from corpus import backup
from corpus.library import Library
from corpus.types import Reading

OPENERS = {"library.sqlite": Library}
TEXT = "The harbour is open, the mayor said. Nobody was hurt."


def put(library: Library, *names: str, text: str = TEXT) -> None:
    """Stores documents, each of two sentences, with vectors that are made up."""
    with library.writing() as writer:
        for name in names:
            whole = f"{text} It is {name}."
            spans = [(0, len(text)), (len(text) + 1, len(whole))]
            vectors = {whole[a:b]: np.full(4, 0.5, np.float32) for a, b in spans}
            writer.put(
                Reading(text=whole, media_type="text/plain"), origin="/made", name=name, file=f"/made/{name}",
                stated="", spans=spans, vectors=vectors,
            )  # fmt: skip


def save(library: Library | Path, file: Path, **more) -> backup.Saved:
    folder = library.folder if isinstance(library, Library) else library
    return backup.backup(folder, file, OPENERS, lambda copy: {}, **more)


def bring_back(file: Path, folder: Path, **more) -> backup.Restored:
    return backup.restore(file, folder, OPENERS, lambda new, about: None, **more)


def names(folder: Path) -> list[str]:
    with closing(Library(folder)) as library:
        return [document.name for document in library.documents()]


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, to: str = "") -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mode = size, kind, to, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)


def packed(file: Path, *members: tuple[str, bytes] | bytes, say=lambda manifest: manifest, claim=None) -> Path:
    """An archive with a manifest that fits what is in it (but see `say`); bytes go in as they are."""
    told = [
        {"name": one[0], "bytes": len(one[1]), "sha256": hashlib.sha256(one[1]).hexdigest()}
        for one in members
        if isinstance(one, tuple)
    ]
    manifest = say({"format": 1, "byline": "0.1.0", "created": "2026-01-01T00:00:00Z", "members": told, "about": {}})
    manifest["self"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
    whole = b""
    for one in (("manifest.json", json.dumps(manifest).encode()), *members):
        if isinstance(one, tuple):
            name, data = one
            one = header(name, len(data)) + data + bytes(-len(data) % 512)
        whole += one
    file.write_bytes(whole + bytes(1024))
    return file
