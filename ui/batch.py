"""Batches: a JSONL file with one question or text a line, each answered as if alone."""

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from corpus.types import BylineError, is_unicode
from ui import given as checks


def run(
    path: Path, required: Sequence[str], optional: Sequence[str], answer: Callable[[object, dict], dict]
) -> Iterator[tuple[dict, str | None]]:
    """For each line, in order, what is to be printed and what is to be complained of, if anything.

    `answer(id, fields)` gives the result of a line; which fields it needs and may have are named, and
    each is checked as its name says. A bad line gives an error, and the rest goes on. Raises
    BylineError when the file cannot be read.
    """
    for number, line in _lines(path):
        id, complaint = None, None
        try:
            given = _parsed(line, required, optional)
            id = given.pop("id", None)
            result = answer(id, given)
            complaint = "; ".join(result.get("problems", ())) or None
        except BylineError as error:
            complaint = str(error)
            result = {"id": getattr(error, "id", id), "line": number, "error": complaint}
        yield result, complaint and f"{path}:{number}: {complaint}"


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with open(path, "rb") as lines:
            yield from ((number, line) for number, line in enumerate(lines, 1))
    except OSError as error:
        raise BylineError(f"{path}: cannot be read: {error.strerror}") from error


class _BadLine(BylineError):
    def __init__(self, message: str, id: object = None):
        super().__init__(message)
        self.id = id


def _parsed(line: bytes, required: Sequence[str], optional: Sequence[str]) -> dict:
    """A line's fields and its id, checked. In optional fields null means absent."""
    try:
        given = json.loads(line.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise _BadLine("is not a JSON object")
    id = given.get("id")
    if not isinstance(id, (str, int, float, type(None))) or id in (math.inf, -math.inf):
        raise _BadLine("its id is neither text nor a number")
    if isinstance(id, str) and not is_unicode(id):
        raise _BadLine("its id holds half of a surrogate pair")
    given = {name: value for name, value in given.items() if value is not None}
    allowed = {"id", *required, *optional}
    if unknown := sorted(given.keys() - allowed):
        raise _BadLine(f"unknown key {', '.join(map(repr, unknown))}: known are {', '.join(sorted(allowed))}", id)
    if missing := [name for name in required if name not in given]:
        raise _BadLine(f"the {missing[0]} is missing", id)
    try:
        return given | {name: _CHECKS[name](value) for name, value in given.items() if name != "id"}
    except argparse.ArgumentTypeError as error:
        raise _BadLine(str(error), id) from error


def _history(value: object) -> tuple[tuple[str, str], ...]:
    turns = value if isinstance(value, list) else [None]
    pairs = [(turn.get("question"), turn.get("answer") or "") for turn in turns if isinstance(turn, dict)]
    if len(pairs) != len(turns) or not all(isinstance(q, str) and isinstance(a, str) for q, a in pairs):
        raise argparse.ArgumentTypeError('history is a list of {"question": "...", "answer": "..."}')
    return tuple(pairs)


_CHECKS: dict[str, Callable] = {
    "question": checks.question, "query": checks.question, "text": checks.passage, "source": checks.text,
    "since": checks.date, "until": checks.date, "as_of": checks.date, "history": _history,
}  # fmt: skip


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
