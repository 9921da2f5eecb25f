"""A base: one immutable snapshot of the library as search indexes, in a folder of its own.

    derived/current            the name of the base in use
    derived/<name>/manifest    what it covers, and the hash of every file in it
    derived/<name>/vectors.faiss, sentences/, documents/

It is made beside the old one and swapped in by a rename; who has the old one open keeps it. The
library notes the names of the bases made from it and trusts no other: after it was restored from a
copy, its ids and revisions mean other sentences than the base of the lost state holds.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from corpus.library import Library
from corpus.record import file_sha256
from corpus.swap import take
from corpus.types import BylineError
from index.lexical import Lexical
from index.vectors import Vectors

# Raised whenever what is indexed changes: a base of another format is built again.
FORMAT = 3
# Up to this size a base is hashed whenever it is opened; a larger one by `byline check`.
HASH_AT_OPEN = 200 * 1024 * 1024
WAIT = 5.0  # seconds a writer waits for another process that is building


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
    manifest, problems = _checked(library, name, always_hash=False)
    if problems:
        raise BylineError(problems[0])
    return _opened(library.folder / "derived" / name, manifest)


def verify(library: Library, name: str | None, *, always_hash: bool = True) -> list[str]:
    """What is wrong with a base, each in words; nothing when it can be trusted. `always_hash` also
    compares its vectors with those of the library, one by one."""
    if name is None and not any(library.counts()):
        return []  # there is nothing to be found
    manifest, problems = _checked(library, name, always_hash)
    if problems or not always_hash:
        return problems
    folder = library.folder / "derived" / name
    try:
        vectors, other = _opened(folder, manifest).vectors, 0
        for ids, batch in library.vectors():
            covered = ids <= manifest["through"]
            other += int(vectors.differ(ids[covered], batch[covered]).sum())
    except BylineError as error:
        return [str(error)]
    except ValueError as error:  # a damaged row has a vector of another size
        return [f"{folder}: cannot be compared with the library ({error})"]
    return [f"{folder}: lacks {other:,} of the library's sentences, or holds others for them"] if other else []


def _checked(library: Library, name: str | None, always_hash: bool) -> tuple[dict, list[str]]:
    """The manifest of a base, and what is wrong with it."""
    if name is None or not name.isalnum():
        return {}, [f"{library.folder / 'derived'}: there is no search index"]
    folder = library.folder / "derived" / name
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        files, size = manifest["files"], sum(entry["bytes"] for entry in manifest["files"].values())
        if manifest["format"] != FORMAT or manifest["encoder"] != library.encoder:
            return {}, [f"{folder}: the search index was made by another encoder or version"]
        if manifest["self"] != _manifest_hash(manifest):
            return {}, [f"{folder / 'manifest.json'}: damaged"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {}, [f"{folder}: the search index is missing or damaged ({error})"]
    # Outside the caller's transaction, which may have begun before the base was made.
    with closing(Library(library.folder)) as latest:
        if name not in latest.bases or manifest["revision"] > latest.revision:
            return {}, [f"{folder}: the search index is of another state of the library"]
    problems = []
    for relative, entry in files.items():
        path = folder / relative
        try:
            if path.stat().st_size != entry["bytes"]:
                problems.append(f"{path}: has another size than when it was made")
            elif (always_hash or size <= HASH_AT_OPEN) and file_sha256(path) != entry["sha256"]:
                problems.append(f"{path}: damaged")
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
    return manifest, problems


def _opened(folder: Path, manifest: dict) -> Base:
    try:
        return Base(
            folder.name, manifest["revision"], manifest["through"], Vectors.open(folder / "vectors.faiss"),
            Lexical(folder / "sentences"), Lexical(folder / "documents"),
        )  # fmt: skip
    except (OSError, RuntimeError, ValueError) as error:  # it went or was altered since it was checked
        raise BylineError(f"{folder}: the search index cannot be opened ({error})") from error


def reach(library: Library, folder: Path) -> tuple[int, int] | None:
    """The revision and the last sentence id up to which the base in use in `folder` holds the library (or
    what it is a copy of) exactly; None where it holds rows that are gone or altered since.

    A word weighs by how many sentences of the base have it. In a base made again up to there, and the tail
    after it, all scores are what they were.
    """
    name = current(folder)
    try:
        manifest = json.loads((folder / "derived" / str(name) / "manifest.json").read_text())
        revision, through, held = (int(manifest[key]) for key in ("revision", "through", "sentences"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known = name in library.bases and revision <= library.revision and 0 <= through < 2**62
    same = known and held == library.counts(through)[0] and not library.changed(revision, through)
    return (revision, through) if same else None


def build(library: Library, *, up_to: tuple[int, int] | None = None, wait: float = WAIT) -> Base:
    """Builds a base of the library as it is now (or `up_to` a revision and a sentence id, see `reach`)
    and makes it the current one.

    Raises BylineError, and leaves the folder as it was, when it cannot be written, or when another
    process is building and does not finish within `wait` seconds.
    """
    with _building(library.folder, wait):
        return _build(library, up_to)


def renew(library: Library, old: str | None, *, wait: float) -> Base:
    """As `build`, in place of the base `old`; or the one another process has made in its place."""
    with _building(library.folder, wait):
        name = current(library.folder)
        if name != old:
            try:
                return open_base(library, name)
            except BylineError:
                pass  # that one is no better
        return _build(library)


@contextmanager
def _building(folder: Path, wait: float) -> Iterator[None]:
    """The place of the one who builds. It is not the writer's: a reader that makes a base again must
    not turn a writer away."""
    try:
        with open(folder / "derived.lock", "a") as lock:
            if not take(lock, wait):
                raise BylineError(f"{folder}: another `byline` is making the search index")
            yield
    except OSError as error:
        raise BylineError(f"{folder}: the search index cannot be made ({error})") from error


def _build(library: Library, up_to: tuple[int, int] | None = None) -> Base:
    derived = library.folder / "derived"
    folder = derived / secrets.token_hex(8)
    try:
        derived.mkdir(exist_ok=True)
        manifest = _write(library, folder, up_to)
        base = _opened(folder, manifest)
        pointer = derived / "current.new"
        pointer.write_text(folder.name)
        # By a connection of its own: this one may be in a read transaction.
        with closing(Library(library.folder)) as latest:
            latest.note_base(folder.name, current(library.folder), library.identity)
        os.replace(pointer, derived / "current")
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, (OSError, RuntimeError, ValueError)):  # as Python, FAISS and tantivy put it
            raise BylineError(f"{derived}: the search index cannot be written ({error})") from error
        raise
    _clear(derived)
    return base


def tidy(folder: Path) -> None:
    """Removes the bases that are not in use: half built by a process that was killed, or half removed."""
    derived = folder / "derived"
    if _strays(derived):
        with suppress(BylineError), _building(folder, 0.0):
            _clear(derived)


def _strays(derived: Path) -> list[Path]:
    """What is in the folder beside the base in use; nothing where it cannot be read."""
    with suppress(OSError):
        kept = ("current", current(derived.parent))
        return [path for path in derived.iterdir() if path.name not in kept]
    return []


def _clear(derived: Path) -> None:
    for path in _strays(derived):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


def _write(library: Library, folder: Path, up_to: tuple[int, int] | None) -> dict:
    """Writes everything of a base into a new folder; returns the manifest."""
    with library.reading():
        revision, encoder = library.revision, library.encoder
        revision, through = up_to or (revision, 2**63 - 1)
        later = {id for id, _ in library.texts_changed(revision)}
        folder.mkdir()
        sentences = takewhile(lambda row: row[0] <= through, library.texts())
        documents = ((id, id, text) for id, text in library.texts_changed(-1) if id not in later)
        batches = ((ids[ids <= through], rows[ids <= through]) for ids, rows in library.vectors())
        Lexical.build(folder / "sentences", sentences, spelling=True)
        Lexical.build(folder / "documents", documents)
        vectors = Vectors.build(batches, library.counts(through)[0], (encoder or {}).get("dimension", 1))
        vectors.write(folder / "vectors.faiss")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))
    manifest = {
        "format": FORMAT, "revision": revision, "encoder": encoder, "sentences": len(vectors.ids),
        "through": int(vectors.ids[-1]) if len(vectors.ids) else 0,
        "files": {
            str(path.relative_to(folder)): {"bytes": path.stat().st_size, "sha256": file_sha256(path)} for path in files
        },
    }  # fmt: skip
    manifest["self"] = _manifest_hash(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    return manifest


def _manifest_hash(manifest: dict) -> str:
    rest = {key: value for key, value in manifest.items() if key != "self"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
