"""The one file that a backup is: a plain tar archive (POSIX.1-1988, IEEE 1003.1), which any `tar` lists.

First `manifest.json`, then the members that it names, in its order, each with its size and SHA-256; nothing
else. Nothing is compressed, so that nothing can be larger than the archive. A member's name is compared
with those that are known, and never becomes a path. One altered bit anywhere is an error.
"""

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from corpus.record import file_sha256
from corpus.types import BylineError

# Raised when what is written changes in a way that this reader would not understand.
FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES = 256 * 1024
BLOCK = tarfile.BLOCKSIZE
CHUNK = 1024 * 1024
END = 2 * BLOCK  # zeros

_KINDS = {
    tarfile.LNKTYPE: "a hard link", tarfile.SYMTYPE: "a link", tarfile.CHRTYPE: "a device", tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: "a folder", tarfile.FIFOTYPE: "a pipe",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup: what it is called there, its size, its hash in hex, and where its bytes begin."""

    name: str
    size: int
    sha256: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive whose order, sizes and names are right; its members' hashes are compared in `read`.

    `byline` is the version that made it, `created` when (ISO 8601, UTC), `about` what that said of it.
    """

    path: Path
    file: BinaryIO
    byline: str
    created: str
    about: Mapping[str, object]
    members: tuple[Member, ...]

    def read(self, member: Member, take: Callable[[bytes], object] = lambda chunk: None) -> None:
        """Gives a member's bytes, in pieces. Raises BylineError at the end when they are not what they were."""
        self.file.seek(member.offset)
        digest, left = hashlib.sha256(), member.size
        while left and (chunk := self.file.read(min(left, CHUNK))):
            digest.update(chunk)
            take(chunk)
            left -= len(chunk)
        if left or digest.hexdigest() != member.sha256:
            raise refused(self.path, f"{member.name} in it is damaged")


def refused(path: Path, why: str) -> BylineError:
    """The error for a file that cannot be restored, to be raised."""
    return BylineError(f"{path}: {why}. Nothing was restored from it; use another backup")


def write(file: BinaryIO, *, byline: str, created: int, about: Mapping[str, object], paths: Mapping[str, Path]) -> None:
    """Writes an archive of the files `paths` under their names, and brings it to the disk. `created` is in
    seconds since 1970."""
    members = [{"name": name, "bytes": path.stat().st_size, "sha256": file_sha256(path)} for name, path in paths.items()]
    at = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"format": FORMAT, "byline": byline, "created": at, "members": members, "about": about}
    manifest = json.dumps(told | {"self": _own_sha256(told)}, indent=1).encode()
    if len(manifest) > MANIFEST_BYTES:
        raise ValueError(f"the manifest has {len(manifest)} bytes")
    file.write(_header(MANIFEST, len(manifest), created) + manifest + bytes(-len(manifest) % BLOCK))
    for member in members:
        file.write(_header(member["name"], member["bytes"], created))
        with open(paths[member["name"]], "rb") as source:
            while chunk := source.read(CHUNK):
                file.write(chunk)
        file.write(bytes(-member["bytes"] % BLOCK))
    file.write(bytes(END))
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def opened(path: Path, known: Sequence[str]) -> Iterator[Archive]:
    """An archive, which may hold the members `known`, the first of them always. Raises BylineError for
    anything else."""
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):  # it might never end
            raise refused(path, "is not a file")
        file = open(path, "rb")  # noqa: SIM115
    except OSError as error:
        raise BylineError(f"{path}: cannot be read: {error.strerror}") from error
    with file:
        manifest, end = _manifest(path, file)
        members = []
        for member in _members(path, manifest, known):
            end = _follows(path, file, end, member.name, member.size, [MANIFEST, *(m.name for m in members)])
            members.append(Member(member.name, member.size, member.sha256, end))
            end = _padded(path, file, end, member.size, found.st_size)
        _ends(path, file, end, found.st_size)
        about = manifest.get("about")
        yield Archive(
            path, file, str(manifest.get("byline"))[:40], str(manifest.get("created"))[:40],
            about if isinstance(about, dict) else {}, tuple(members),
        )  # fmt: skip


def _manifest(path: Path, file: BinaryIO) -> tuple[dict, int]:
    """The manifest, and where it ends."""
    try:
        size = tarfile.TarInfo.frombuf(file.read(BLOCK), "utf-8", "strict").size
    except (tarfile.HeaderError, ValueError):
        raise refused(path, "is not a backup that Byline made, or its beginning is damaged") from None
    begin = _follows(path, file, 0, MANIFEST, size, [])
    if not 0 < size <= MANIFEST_BYTES:
        raise refused(path, f"its manifest cannot have {size:,} bytes")
    raw = file.read(size)
    end = _padded(path, file, begin, size, os.fstat(file.fileno()).st_size)
    try:
        manifest = json.loads(raw)
        made = manifest["format"]
        if type(made) is int and made > FORMAT:
            raise BylineError(
                f"{path}: this backup has format {made}, made by Byline {str(manifest.get('byline'))[:40]}, and this "
                f"Byline knows formats up to {FORMAT}: use a newer Byline"
            )
        whole = made == FORMAT and manifest.pop("self") == _own_sha256(manifest)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise refused(path, "its manifest is damaged")
    return manifest, end


def _members(path: Path, manifest: dict, known: Sequence[str]) -> list[Member]:
    try:
        members = [Member(one["name"], one["bytes"], one["sha256"]) for one in manifest["members"]]
    except (KeyError, TypeError):
        raise refused(path, "its manifest is damaged") from None
    for at, member in enumerate(members):
        if member.name not in known:
            raise refused(path, f"holds {_quoted(member.name)}, which no backup has")
        if member.name in [before.name for before in members[:at]]:
            raise refused(path, f"holds {_quoted(member.name)} twice")
        if type(member.size) is not int or member.size < 0 or not isinstance(member.sha256, str):
            raise refused(path, f"its manifest does not say what {_quoted(member.name)} is")
    if known[0] not in [member.name for member in members]:
        raise refused(path, f"holds no {known[0]}")
    return members


def _follows(path: Path, file: BinaryIO, at: int, name: str, size: int, before: Sequence[str]) -> int:
    """Where the bytes of a member begin, whose header has to stand at `at`."""
    file.seek(at)
    block = file.read(BLOCK)
    if len(block) < BLOCK or block == bytes(BLOCK):
        raise refused(path, f"is cut short: {name} is missing")
    try:
        found = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except (tarfile.HeaderError, ValueError):
        raise refused(path, f"is damaged where {name} should begin") from None
    if found.type != tarfile.REGTYPE or found.linkname:
        to = f" to {_quoted(found.linkname)}" if found.linkname else ""
        raise refused(path, f"holds {_KINDS.get(found.type, 'what is no plain file')} ({_quoted(found.name)}{to})")
    if found.name.startswith("/") or ".." in found.name.split("/"):
        raise refused(path, f"holds a file that belongs in another place ({_quoted(found.name)})")
    if found.name in before:
        raise refused(path, f"holds {_quoted(found.name)} twice")
    if found.name != name:
        raise refused(path, f"holds {_quoted(found.name)} where {name} should be")
    if found.size != size or block != _header(name, size, found.mtime):
        raise refused(path, f"is damaged where {name} begins, or was not made by Byline")
    return at + BLOCK


def _padded(path: Path, file: BinaryIO, begin: int, size: int, length: int) -> int:
    """Where a member ends that begins at `begin`, the zeros that fill its last block included."""
    fill = -size % BLOCK
    if begin + size + fill > length:
        raise refused(path, "is cut short")
    file.seek(begin + size)
    if file.read(fill) != bytes(fill):
        raise refused(path, "is damaged between its members")
    return begin + size + fill


def _ends(path: Path, file: BinaryIO, at: int, length: int) -> None:
    if length < at + END:
        raise refused(path, "is cut short")
    file.seek(at)
    if file.read(BLOCK) != bytes(BLOCK):
        raise refused(path, f"holds more than its manifest says{_next(file, at)}")
    if length > at + END or file.read(END) != bytes(END - BLOCK):
        raise refused(path, "goes on after its end")


def _next(file: BinaryIO, at: int) -> str:
    file.seek(at)
    try:
        found = tarfile.TarInfo.frombuf(file.read(BLOCK), "utf-8", "strict")
    except (tarfile.HeaderError, ValueError):
        return ""
    return f": {_KINDS.get(found.type, 'a file')} ({_quoted(found.name)})"


def _header(name: str, size: int, created: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = size, created, 0o600
    return info.tobuf(tarfile.GNU_FORMAT)  # which has a way to write sizes of over 8 GB


def _own_sha256(manifest: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _quoted(name: object) -> str:
    return ascii(str(name)[:80])
