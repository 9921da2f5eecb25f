"""A base: one immutable snapshot of the library as search indexes, in a folder of its own.

    derived/current            the name of the base in use
    derived/<name>/manifest    what it covers, and the hash of every file in it
    derived/<name>/vectors.faiss, sentences/, documents/

It is made beside the old one and swapped in by a rename; who has the old one open keeps it.
"""

import hashlib
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from corpus.library import Library
from corpus.types import BylineError
from index.lexical import Lexical
from index.vectors import Vectors

# Raised whenever what is indexed changes: a base of another format is built again.
FORMAT = 3
# Up to this size a base is hashed whenever it is opened; a larger one by `byline check`.
HASH_AT_OPEN = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Base:
    """Everything indexed up to a revision of the library and a sentence id."""

    name: str
    revision: int
    through: int
    vectors: Vectors
    sentences: Lexical
    documents: Lexical


def current(folder: Path) -> str | None:
    """The name of the base in use, or None."""
    try:
        return (folder / "derived" / "current").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def open_base(library: Library, name: str | None) -> Base:
    """Opens a base. Raises BylineError when it is missing, damaged, of another library state or
    another encoder: then it is to be built again."""
    problems = verify(library, name, always_hash=False)
    if problems:
        raise BylineError(problems[0])
    folder = library.folder / "derived" / name
    manifest = json.loads((folder / "manifest.json").read_text())
    return Base(
        name, manifest["revision"], manifest["through"], Vectors.open(folder / "vectors.faiss"),
        Lexical(folder / "sentences"), Lexical(folder / "documents"),
    )  # fmt: skip


def verify(library: Library, name: str | None, *, always_hash: bool = True) -> list[str]:
    """What is wrong with a base, each in words; nothing when it can be trusted."""
    if name is None or not name.isalnum():
        return [f"{library.folder / 'derived'}: there is no search index"]
    folder = library.folder / "derived" / name
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        files, size = manifest["files"], sum(entry["bytes"] for entry in manifest["files"].values())
        if manifest["format"] != FORMAT or manifest["encoder"] != library.encoder:
            return [f"{folder}: the search index was made by another encoder or version"]
        if manifest["revision"] > library.revision:
            return [f"{folder}: the search index is of another state of the library"]
        if manifest["self"] != _manifest_hash(manifest):
            return [f"{folder / 'manifest.json'}: damaged"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return [f"{folder}: the search index is missing or damaged ({error})"]
    problems = []
    for relative, entry in files.items():
        path = folder / relative
        try:
            if path.stat().st_size != entry["bytes"]:
                problems.append(f"{path}: has another size than when it was made")
            elif (always_hash or size <= HASH_AT_OPEN) and _sha256(path) != entry["sha256"]:
                problems.append(f"{path}: damaged")
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    return problems


def build(library: Library) -> Base:
    """Builds a base of the library as it is now and makes it the current one. The caller holds the
    writer's lock, so only one is built at a time."""
    derived = library.folder / "derived"
    derived.mkdir(exist_ok=True)
    name = secrets.token_hex(8)
    folder = derived / name
    with library.reading():
        revision, encoder = library.revision, library.encoder
        folder.mkdir()
        Lexical.build(folder / "sentences", library.texts(), spelling=True)
        Lexical.build(folder / "documents", ((id, id, text) for id, text in library.texts_changed(-1)))
        vectors = Vectors.build(library.vectors(), sum(library.counts()), (encoder or {}).get("dimension", 1))
        vectors.write(folder / "vectors.faiss")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    manifest = {
        "format": FORMAT, "revision": revision, "encoder": encoder, "sentences": len(vectors.ids),
        "through": int(vectors.ids[-1]) if len(vectors.ids) else 0,
        "files": {
            str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": _sha256(path)} for path in files
        },
    }  # fmt: skip
    manifest["self"] = _manifest_hash(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    pointer = derived / "current.new"
    pointer.write_text(name)
    os.replace(pointer, derived / "current")
    for other in derived.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other, ignore_errors=True)
    return open_base(library, name)


def _manifest_hash(manifest: dict) -> str:
    rest = {key: value for key, value in manifest.items() if key != "self"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
