"""The child process that reads files: what a hostile file can break is this process, and no other.

It speaks in frames on its standard input and output, a length in four bytes and then JSON:
`{"path", "seconds"}` comes in; documents and failures go out, and at last `{"done": whether to go on}`.
It may write to no file, and take no more memory than MEMORY, nor more processor time than it is given.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO

from corpus.readers import read
from corpus.types import Reading, Unreadable

MEMORY = 512 * 2**20  # bytes of address space
TIRED = 192 * 2**20  # of memory still in use after a file, above which a new process takes over
LONGEST = 64 * 2**20  # bytes of one document's text as UTF-8


def main() -> None:
    """Serves one file after another until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent has it too, and ends this process
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # so that no library can write between the frames, or to the terminal
        os.dup2(nowhere, stream)
    for what, most in (
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, MEMORY),
    ):  # fmt: skip
        _limit(what, most)
    sys.setrecursionlimit(1000)
    while request := _request(sys.stdin.buffer):
        used = resource.getrusage(resource.RUSAGE_SELF)
        _limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + request["seconds"]) + 1)
        for frame in _frames(Path(request["path"])):
            data = json.dumps(frame, ensure_ascii=False).encode(errors="replace")
            answers.write(len(data).to_bytes(4, "big") + data)
            answers.flush()
        data = json.dumps({"done": _memory() < TIRED}).encode()
        answers.write(len(data).to_bytes(4, "big") + data)
        answers.flush()


def _frames(path: Path) -> Iterator[dict]:
    for found in read(path):
        if isinstance(found, Reading) and len(found.text) > LONGEST // 4 and len(found.text.encode()) > LONGEST:
            found = Unreadable(f"holds over {LONGEST // 2**20} MB of text: split it", found.name)
        # Not `asdict`, whose copies of what a document holds take longer than reading a row.
        said = {each.name: getattr(found, each.name) for each in fields(found)}
        yield {"reading" if isinstance(found, Reading) else "unreadable": said}


def _request(stream: BinaryIO) -> dict | None:
    size = int.from_bytes(stream.read(4), "big")
    return json.loads(stream.read(size)) if size else None


def _memory() -> int:
    """Bytes in use. (What `getrusage` tells begins, on Linux, with what the parent had in use.)"""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _limit(what: int, most: int) -> None:
    """Sets a soft limit; where the system has none such (macOS has none of memory) goes on without."""
    _, hard = resource.getrlimit(what)
    try:
        resource.setrlimit(what, (most, hard))
    except (ValueError, OSError):
        return


if __name__ == "__main__":
    main()
