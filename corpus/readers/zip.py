"""ZIP: its members are documents of their own, under their names."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO

from corpus.readers import archive
from corpus.types import BylineError, Reading, Unreadable


def read(
    file: BinaryIO, inside: Callable[[str, Callable[[], bytes]], Iterator[Reading | Unreadable]]
) -> Iterator[Reading | Unreadable]:
    """Yield the documents of a `.zip` file; `inside` reads a member. Raises BylineError."""
    parts = archive.opened(file, "a ZIP file")
    seen: set[str] = set()
    for info in parts.infolist():
        name = archive.label(info)
        if name is None:
            if not info.is_dir():
                yield Unreadable("hidden members and links are not followed", _shown(info.filename), skipped=True)
            continue
        if name in seen:
            yield Unreadable("stands in the archive twice, and the first is kept: rename one", name)
            continue
        seen.add(name)
        yield from inside(name, partial(archive.member, parts, info))
    if not seen:
        raise BylineError("holds no files")


def _shown(name: str) -> str:
    return " ".join(name.encode(errors="replace").decode().replace("\0", " ").split())[:200] or "(no name)"
