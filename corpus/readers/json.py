"""JSON: a list of records, or an object that holds one, is a document a record; another object is one."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from corpus.readers.decoding import MB, decode, load
from corpus.readers.records import Names, reading
from corpus.types import BylineError, Reading, Unreadable

LARGEST = 48 * MB  # bytes of one file, which is held whole
DEEPEST = 100


def read(file: BinaryIO) -> Iterator[Reading | Unreadable]:
    """Yield the documents of a `.json` file. Raises BylineError for what is not JSON."""
    whole = parsed(decode(load(file, LARGEST)))
    records = _records(whole)
    if records is None:
        names = Names()
        found = reading(whole if isinstance(whole, Mapping) else {"": whole}, names, 1, "application/json")
        yield replace(found, name=None)  # it is the file itself
        return
    if not records:
        raise BylineError("holds no documents")
    names = Names()
    for number, record in enumerate(records, 1):
        try:
            yield reading(record if isinstance(record, Mapping) else {"": record}, names, number, "application/json")
        except BylineError as error:
            yield Unreadable(str(error))


def parsed(text: str) -> object:
    """The value of a JSON text. Raises BylineError for what is none, and for deep nesting."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BylineError(f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}") from None
    except ValueError:  # thousands of digits
        raise BylineError("is not JSON: it holds a number that is too long") from None
    except RecursionError:
        raise BylineError("is nested too deeply to be a document") from None


def _records(whole: object) -> list | None:
    """The list of objects that a file is, or that it holds (`{"articles": [...]}`); None for neither."""
    if isinstance(whole, list):
        return whole
    if not isinstance(whole, Mapping):
        return None
    lists = [value for value in whole.values() if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value)]
    text = any(isinstance(whole.get(key), str) for key in ("text", "body", "content"))
    return max(lists, key=len) if lists and not text else None
