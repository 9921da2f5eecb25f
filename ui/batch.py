"""Batches: a JSONL file with one question a line, each answered as if alone."""

import argparse
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

from corpus.types import BylineError, Filters, is_unicode
from ui import given as checks


def run(path: Path, key: str, answer: Callable[..., dict]) -> Iterator[tuple[dict, str | None]]:
    """For each line, in order, what is to be printed and what is to be complained of, if anything.

    `answer(id, question, filters)`, with `history` where a line has it, gives the result of a line;
    `key` names the question. A bad line gives an error, and the rest goes on. Raises BylineError
    when the file cannot be read.
    """
    for number, line in _lines(path):
        id, complaint = None, None
        try:
            given = _parsed(line, key)
            id = given.pop("id", None)
            history = {"history": given.pop("history")} if "history" in given else {}
            result = answer(id, given.pop(key), Filters(**given), **history)
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


def _parsed(line: bytes, key: str) -> dict:
    """A line's fields, checked: the question under `key`, an id, filters, history."""
    allowed = {"id", key, "source", "since", "until"} | ({"history", "as_of"} if key == "question" else set())
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
    if unknown := sorted(given.keys() - allowed):
        raise _BadLine(f"unknown key {', '.join(map(repr, unknown))}: known are {', '.join(sorted(allowed))}", id)
    try:
        given[key] = checks.question(given.get(key, ""))
        for name in ("since", "until", "as_of"):
            if name in given:
                given[name] = checks.date(given[name])
        if "source" in given:
            given["source"] = checks.text(given["source"])
        if "history" in given:
            given["history"] = _history(given["history"])
    except argparse.ArgumentTypeError as error:
        raise _BadLine(str(error), id) from error
    return given


def _history(value: object) -> tuple[tuple[str, str], ...]:
    turns = value if isinstance(value, list) else [None]
    pairs = [(turn.get("question"), turn.get("answer") or "") for turn in turns if isinstance(turn, dict)]
    if len(pairs) != len(turns) or not all(isinstance(q, str) and isinstance(a, str) for q, a in pairs):
        raise argparse.ArgumentTypeError('history is a list of {"question": "...", "answer": "..."}')
    return tuple(pairs)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")
