"""What the tests of formats and of hostile files share, each of which has a `found` of its own; those
of backups: a library of two documents, and a backup of it; and those of fetching: a web, and adding from it."""

import shutil
from pathlib import Path

import pytest

from corpus.add import add
from corpus.fetching.pages import Pages
from corpus.library import Library
from corpus.sandbox import Sandbox
from corpus.types import Unreadable
from tests.corpus import saved
from tests.corpus.web import Web


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


@pytest.fixture
def web():
    made = Web()
    yield made
    made.close()


@pytest.fixture
def put(web, library, encoder):
    """Adds addresses to the library, as `byline add --online` does."""

    def run(*given: str, paths=(), most: int = 200, **stated):
        pages = Pages(given, library, fetcher=web.fetcher(), most=most, pause=0)
        return add(library, list(paths), embed=encoder.encode, encoder=encoder.fingerprint, pages=pages, **stated)

    return run


@pytest.fixture
def refusal(found):
    """Reads a file that holds one thing, which cannot be read: why."""

    def error(name: str, data: bytes | str) -> str:
        (only,) = found(name, data)
        assert isinstance(only, Unreadable) and not only.skipped, only
        return only.error

    return error


@pytest.fixture(scope="session")
def saved_once(tmp_path_factory) -> Path:
    """A folder with the library `library` and its backup `good.tar`, to be copied."""
    folder = tmp_path_factory.mktemp("saved")
    made = Library(folder / "library", create=True)
    saved.put(made, "a", "b")
    saved.save(made, folder / "good.tar")
    made.close()
    return folder


@pytest.fixture
def filled(saved_once, tmp_path) -> Library:
    return Library(shutil.copytree(saved_once / "library", tmp_path / "library"))


@pytest.fixture
def good(saved_once, tmp_path) -> Path:
    return shutil.copy(saved_once / "good.tar", tmp_path / "good.tar")
