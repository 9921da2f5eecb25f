"""What the tests of formats and of hostile files share; each has a `found` of its own."""

import pytest

from corpus.sandbox import Sandbox
from corpus.types import Unreadable


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as opened:
        yield opened


@pytest.fixture
def refusal(found):
    """Reads a file that holds one thing, which cannot be read: why."""

    def error(name: str, data: bytes | str) -> str:
        (only,) = found(name, data)
        assert isinstance(only, Unreadable) and not only.skipped, only
        return only.error

    return error
