"""The process that takes in what `byline watch` has found: it has the models, and goes when it rests.

A request comes as a line of JSON on its standard input, `{"library", "folder", "source", "changes":
[[path, state]]}`; what came of it goes out as one: `{"report", "done", "problems"}`, `{"locked": true}`
or `{"error"}`.
"""

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from corpus.library import Library
from corpus.types import BylineError, Locked
from corpus.watching import Change, take
from index import encoder as encoders


def main() -> None:
    """Serves one request after another until the input ends."""

    def ended(*_: object) -> None:
        raise SystemExit

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches both, and the one that watches ends this one
    signal.signal(signal.SIGTERM, ended)
    encoding = _Encoding()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = _taken(request, encoding)
        except Locked:
            answer = {"locked": True}
        except BylineError as error:
            answer = {"error": str(error)}
        except OSError as error:
            answer = {"error": f"{error.filename or request['library']}: {error.strerror}"}
        print(json.dumps(answer), flush=True)


def _taken(request: dict, encoding: "_Encoding") -> dict:
    library = Library(Path(request["library"]))
    try:
        passed = take(
            library, Path(request["folder"]),
            [Change(path, tuple(state) if state else None) for path, state in request["changes"]],
            embed=encoding.of(library), encoder=library.encoder or encoders.DEFAULT, source=request["source"],
        )  # fmt: skip
        problems = []
        if passed.done:
            from index.sync import sync

            problems = sync(library)
        return {"report": asdict(passed.report), "done": passed.done, "problems": problems}
    finally:
        library.close()


class _Encoding:
    """The encoder of a library, loaded at the first text that needs it."""

    def __init__(self) -> None:
        self._encoder = None

    def of(self, library: Library):
        """What maps texts to the vectors of this library."""

        def embed(texts: list[str]) -> np.ndarray:
            self._encoder = encoders.following(library, self._encoder)
            return self._encoder.encode(texts)

        return embed


if __name__ == "__main__":
    main()
