"""Reading files in a child process, so that a hostile one costs that file and nothing else.

Formats that only Python's own string functions touch are read here; the others by `corpus.sandboxed`,
one persistent process for many files. It is killed at its limits, replaced when it dies, and not
believed: whatever it says is checked before it is taken.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from corpus import sandboxed
from corpus.dates import iso_date
from corpus.readers import SUFFIXES, read
from corpus.readers.decoding import LIGATURES, MB, check
from corpus.readers.stated import line, web_address
from corpus.types import BylineError, Reading, Unreadable

HERE = (".txt", ".md", ".jsonl")  # read in this process: text alone, in linear time
# Seconds of processor time that one file may take, and for each of its megabytes; and of waiting, which
# is longer on a busy machine.
SECONDS, SECONDS_A_MB = 8.0, 8.0
WAIT, WAIT_A_MB = 60.0, 60.0
# Bytes of one answer, and of all answers about one file with what each of its bytes may add.
LARGEST_FRAME = sandboxed.LONGEST + 8 * MB
OUTPUT, OUTPUT_A_BYTE = 256 * MB, 20


class Sandbox:
    """A context in which files are read; its process is started when the first file needs it."""

    def __init__(self) -> None:
        self._child: subprocess.Popen | None = None

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def read(self, path: Path) -> Iterator[Reading | Unreadable]:
        """Yield what `path` holds, as `corpus.readers.read` does, within the limits."""
        suffix = path.suffix.lower()
        if suffix in HERE or suffix not in SUFFIXES or not path.is_file():
            yield from read(path)
            return
        size = path.stat().st_size
        whole = False
        try:
            answers = self._answers(path, size)
            for found in answers:
                yield found
            whole = True
        except _Stopped as stopped:
            yield Unreadable(str(stopped))
        finally:
            if not whole:  # it may still be at work on this file
                self._end()

    def _answers(self, path: Path, size: int) -> Iterator[Reading | Unreadable]:
        child = self._started()
        seconds = SECONDS + SECONDS_A_MB * size / MB
        request = json.dumps({"path": os.path.abspath(path), "seconds": seconds}).encode()
        try:
            child.stdin.write(len(request).to_bytes(4, "big") + request)
            child.stdin.flush()
        except BrokenPipeError:
            raise _Stopped(_death(child)) from None
        frames = _Frames(child, WAIT + WAIT_A_MB * size / MB, OUTPUT + OUTPUT_A_BYTE * size)
        while "done" not in (answer := frames.next()):
            yield _believed(answer)
        if answer["done"] is not True:
            self._end()

    def _started(self) -> subprocess.Popen:
        if self._child is None or self._child.poll() is not None:
            # -P: the current folder may hold anything, and must not be where modules come from.
            root = str(Path(__file__).resolve().parents[1])
            environment = {"PATH": os.defpath, "PYTHONPATH": root, "PYTHONUTF8": "1"}
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-s", "-m", "corpus.sandboxed"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
            )  # fmt: skip
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()  # it holds nothing that could be lost
            child.stdin.close()
            child.stdout.close()
            child.wait()


class _Stopped(Exception):
    """The child died, or had to be stopped; the message says why, of the file."""


class _Frames:
    """The answers about one file. Only the time spent waiting for them counts."""

    def __init__(self, child: subprocess.Popen, seconds: float, output: int):
        self._child, self._allowed, self._left, self._output = child, seconds, seconds, output
        self._poll = select.poll()
        self._poll.register(child.stdout, select.POLLIN)

    def next(self) -> dict:
        size = int.from_bytes(self._bytes(4), "big")
        self._output -= size
        if size > LARGEST_FRAME or self._output < 0:
            raise _Stopped("gives more text than a file of its size may: unpack or split it")
        try:
            answer = json.loads(self._bytes(size))
        except (ValueError, RecursionError):
            raise _Stopped(_BROKE) from None
        if not isinstance(answer, dict):
            raise _Stopped(_BROKE)
        return answer

    def _bytes(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            begun = time.monotonic()
            ready = self._poll.poll(max(self._left, 0) * 1000)
            self._left -= time.monotonic() - begun
            if not ready:
                raise _Stopped(
                    f"could not be read within {self._allowed:.0f} s, and was given up: it may be made to stall "
                    "readers; split it, or save its text as .txt"
                )
            piece = os.read(self._child.stdout.fileno(), min(count - len(data), MB))
            if not piece:
                raise _Stopped(_death(self._child))
            data += piece
        return bytes(data)


_BROKE = "broke its reader: it is damaged, or made to do so; save its text as .txt"


def _death(child: subprocess.Popen) -> str:
    child.wait()
    if child.returncode == -signal.SIGXCPU:
        return "took too long to read, and was given up: split it, or save its text as .txt"
    return _BROKE


def _believed(answer: dict) -> Reading | Unreadable:
    """What the child said, if it is what a reader may say. Raises _Stopped for anything else."""
    try:
        if "reading" in answer:
            found = Reading(**answer["reading"])
            found = Reading(
                text=_text(found.text), media_type=_line(found.media_type) or "", name=_name(found.name),
                title=_line(found.title), source=_line(found.source),
                published=None if found.published is None else iso_date(found.published),
                uri=web_address(found.uri), author=_line(found.author),
                pages=tuple(map(int, found.pages)),
                sections=tuple((int(start), _line(title) or "") for start, title in found.sections),
                notes=tuple(_line(note) or "" for note in found.notes), printed=_printed(found.printed, found.text),
            )  # fmt: skip
            for starts in (found.pages, [start for start, _ in found.sections]):
                if sorted(starts) != list(starts) or any(not 0 <= start <= len(found.text) for start in starts):
                    raise ValueError("a map that is not one")
            return found
        said = Unreadable(**answer["unreadable"])
        where = None if said.line is None else int(said.line)
        return Unreadable(_line(said.error) or _BROKE, _name(said.name), where, said.skipped is True)
    except (KeyError, TypeError, ValueError, BylineError):
        raise _Stopped(_BROKE) from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    check(value)
    return value


def _printed(value: list, text: str) -> tuple[tuple[int, int, str], ...]:
    """What is printed instead of pieces of a text, if it is that: a line's end, with a word or without, or a
    ligature, each in its place, in order and apart."""
    end = 0
    for at, many, said in value:
        if not type(at) is type(many) is int or not end <= at <= at + many <= len(text):
            raise ValueError("a map that is not one")
        end = at + many
        if text[at:end] not in {"\n": ("", " "), "-\n": ("",)}.get(said, (LIGATURES.get(said),)):
            raise ValueError("not what is printed")
    return tuple((at, many, said) for at, many, said in value)


def _line(value: object) -> str | None:
    return None if value is None else line(value)


def _name(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not value or "\0" in value or len(value) > 10_000):
        raise TypeError("not a name")
    return value
