"""What lies in a folder: the files that are taken from it, and whether a file has gone."""

import os
from collections.abc import Iterator
from pathlib import Path

from corpus.record import shown, unshown

_HIDDEN = (".", "~$")  # the latter: what Word leaves beside a document while it is open


def walk(
    top: str, library: Path, skipped: list[tuple[str, str]], failed: list[tuple[str, str]]
) -> Iterator[os.DirEntry]:
    """The files below a folder, in the order of their names, those of a folder before its subfolders.

    What is hidden or a link, and the folder `library`, are noted as skipped (path, why); what
    cannot be listed as failed.
    """
    ahead = [top]
    while ahead:
        folder, subfolders = ahead.pop(), []
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except OSError as error:
            failed.append((shown(folder), f"cannot be listed: {error.strerror}"))
            continue
        for entry in entries:
            is_folder = _is_folder(entry)
            if entry.name == library.name and Path(entry.path).resolve() == library:
                skipped.append((shown(entry.path), "is the library itself"))
            elif entry.name.startswith(_HIDDEN) or entry.is_symlink():
                what = "folders" if is_folder else "files"
                skipped.append((shown(entry.path), f"hidden {what} and links in a folder are not followed"))
            elif is_folder:
                subfolders.append(entry.path)
            else:
                yield entry
        ahead.extend(reversed(subfolders))


def _is_folder(entry: os.DirEntry) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere for us
        return False


def gone(file: str) -> bool:
    """Whether a file, given as `shown` writes its path, is not there any more."""
    try:
        os.stat(unshown(file))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # it cannot be looked at, which says nothing of whether it is there
        pass
    return False
