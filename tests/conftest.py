"""What the tests share: the real encoder, small libraries, and the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from corpus.add import Report, add
from corpus.library import Library
from index.encoder import Encoder
from index.sync import sync

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder()


@pytest.fixture
def data() -> Path:
    """The open data, read where it lies; tests that need it are skipped where it is not."""
    if not DATA.is_dir():
        pytest.skip("the open data is not beside the project")
    return DATA


@pytest.fixture
def files(tmp_path):
    """Writes files, given by name and text, into a folder, and returns the folder."""

    def write(**texts: str) -> Path:
        folder = tmp_path / "documents"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            stem, _, suffix = name.rpartition("_")
            (folder / f"{stem}.{suffix}").write_bytes(text.encode())
        return folder

    return write


@pytest.fixture
def library(tmp_path) -> Library:
    return Library(tmp_path / "library", create=True)


@pytest.fixture
def fill(library, encoder):
    """Adds paths to the library and brings the indexes up to it, as `byline add` does."""

    def run(*paths: Path, index: bool = True, **given: str) -> Report:
        report = add(library, list(paths), embed=encoder.encode, encoder=encoder.fingerprint, **given)
        if index:
            with library.lock():
                sync(library)
        return report

    return run


@pytest.fixture
def assistant(library) -> Assistant:
    """The assistant of the library; ask for it after the library has been filled."""
    return Assistant(library)


@pytest.fixture
def byline(tmp_path):
    """Runs the real command in a process of its own, on a library in the test's folder."""

    def run(*arguments: object, library: Path = tmp_path / "library", **environment: str):
        return subprocess.run(
            [sys.executable, "-m", "ui.cli", *map(str, arguments)],
            env=os.environ | {"BYLINE_LIBRARY": str(library)} | environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


def lines(path: Path, *records: object) -> Path:
    """Writes a JSONL file; a string is written as it stands."""
    path.write_text("".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in records))
    return path
