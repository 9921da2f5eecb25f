"""ZIP files, which DOCX, ODT and EPUB are too, opened so that a small file stays small.

Nothing is unpacked to the disk: a member is bytes in memory, and its name a label. What the archive
claims is added up before anything is read; no member can give more than it claims.
"""

import stat
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import BinaryIO

from corpus.readers.decoding import MB
from corpus.readers.stated import line
from corpus.types import BylineError

LARGEST = 64 * MB  # bytes of one member
TOTAL = 2048 * MB  # of all
MOST = 100_000  # members
RATIO = 200  # times its packed size that a member of over a megabyte may have; text has 3 to 30
_BOMB = "unpacks to far more than its size, as only an archive made to fill memory does"
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, UnicodeDecodeError)


def opened(file: BinaryIO, what: str) -> zipfile.ZipFile:
    """The archive in a file. Raises BylineError where it is none (`what` it should be), or is a bomb."""
    try:
        archive = zipfile.ZipFile(file)
    except _BROKEN:
        raise BylineError(f"is not {what}, or is damaged: save it anew") from None
    members = archive.infolist()
    if len(members) > MOST:
        raise BylineError(f"holds over {MOST:,} members: split it")
    whole, packed = sum(one.file_size for one in members), sum(one.compress_size for one in members)
    size = file.seek(0, 2)
    if packed > size:  # members that share their bytes: bamsoftware.com/hacks/zipbomb
        raise BylineError("holds members that overlap, as only an archive made to fill memory does")
    if whole > TOTAL:
        raise BylineError(f"unpacks to over {TOTAL // MB:,} MB: split it")
    if whole > RATIO * size + 4 * MB:
        raise BylineError(_BOMB)
    return archive


def member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The bytes of a member. Raises BylineError where it is too large, protected or damaged."""
    if info.flag_bits & 0x1:
        raise BylineError("is encrypted: unpack it with its password")
    if info.file_size > LARGEST:
        raise BylineError(f"is larger than {LARGEST // MB} MB: unpack it, and add it by itself")
    if info.file_size > MB and info.file_size > RATIO * info.compress_size:
        raise BylineError(_BOMB)
    try:
        with archive.open(info) as file:
            data = file.read(LARGEST + 1)
    except RuntimeError:  # zipfile's word for a password
        raise BylineError("is encrypted: unpack it with its password") from None
    except (*_BROKEN, OSError):
        raise BylineError("is damaged: its bytes do not agree with its checksum") from None
    if len(data) > LARGEST:
        raise BylineError(_BOMB)
    return data


def part(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """The bytes of the member of this name; None without one. Raises as `member` does."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        return None
    return member(archive, info)


def label(info: zipfile.ZipInfo) -> str | None:
    """A member's name as a label, without what would lead elsewhere if it were a path; None for a
    folder, a link, and what systems put in by themselves."""
    mode = info.external_attr >> 16
    if info.is_dir() or (stat.S_IFMT(mode) and not stat.S_ISREG(mode)):
        return None
    steps = [step for step in PurePosixPath(info.filename.replace("\\", "/")).parts if step.strip("/") not in ("", ".", "..")]
    if not steps or any(step.startswith(".") or step == "__MACOSX" for step in steps):
        return None
    return line("/".join(steps)[:1000])
