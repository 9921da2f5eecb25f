"""Where commands are put to the torture: each runs in a process forked from this one, in which
everything is loaded already, and can be killed at any moment or made to fail at any system call.

The encoder is made up, since how sentences are found is not looked at here; all else is the real thing.
"""

import gc
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

import assistant.assistant
import corpus.add
import corpus.record
import ui.adding  # noqa: F401 (a command would import it)
import ui.conversations  # noqa: F401
from assistant.parsing import parser
from assistant.reader.reader import Reader
from corpus.sqlite import Database
from corpus.types import BylineError
from corpus.writer import Writer
from index import encoder as encoders
from ui import cli
from ui.terminal import complain

DIMENSION = 16
LIMIT = 60.0  # seconds after which a command hangs
Tell = Callable[[object], None]
Deed = Callable[[Path, Tell], int]
_tell: Tell = lambda message: None  # noqa: E731 (each child has its own)


class MadeUp:
    """An encoder without a model: a vector at random for each text, always the same one."""

    def __init__(self, model: str = "made up") -> None:
        digest = sha256(model.encode()).hexdigest()
        self.fingerprint = {"model": model, "dimension": DIMENSION, "weights_sha256": digest}

    def encode(self, texts: list[str]) -> np.ndarray:
        """Unit vectors, float32 (len(texts), DIMENSION)."""
        hashes = [sha256((self.fingerprint["model"] + text).encode()).digest() for text in texts]
        vectors = np.frombuffer(b"".join(hashes), np.int16).astype(np.float32).reshape(-1, DIMENSION)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def promise(self, text: str) -> Future:
        """The unit vector of one text."""
        future: Future = Future()
        future.set_result(self.encode([text])[0])
        return future

    def knows(self, word: str) -> bool:
        """Every word, so that none is corrected."""
        return True


@dataclass(frozen=True, slots=True)
class Fault:
    """What strikes at the n-th call of a system call: SIGKILL before it is made, or an error in its place;
    "" only notes the calls. With `threads`, the calls of each thread count by themselves, and the first
    that makes so many is struck; else only the first thread is looked at."""

    what: str  # "SIGKILL", "ENOSPC", "EIO" or ""
    syscall: str
    n: int = 0
    threads: bool = False

    def __str__(self) -> str:
        return f"{self.what} at {self.syscall} {self.n}{' of any thread' * self.threads}"

    def strace(self) -> list[str]:
        """As strace is told it."""
        does = "signal=KILL" if self.what == "SIGKILL" else f"error={self.what}"
        rule = ["-e", f"inject={self.syscall}:{does}:when={self.n}"] if self.what else []
        return ["strace", *["-f"] * self.threads, "-e", f"trace={self.syscall}", "-e", "signal=none", *rule]


@dataclass(slots=True)
class Outcome:
    """How a child ended: its exit code (negative: the signal; None: it hung), what it printed and told,
    what strace wrote of it, whether it was struck."""

    process: int
    code: int | None = None
    out: str = ""
    err: str = ""
    told: list = field(default_factory=list)
    trace: str = ""
    struck: bool = False
    seconds: float = 0.0


class CannotTrace(Exception):
    """strace is not here, or may not trace."""


def prepare() -> None:
    """Loads what the commands need and puts the made-up encoder in the real one's place. No thread is
    started: a process with threads cannot be forked safely."""
    reader = Reader()
    reader._model, reader._pieces, reader.fit  # noqa: B018 (they load when they are first looked at)
    parser()
    assistant.assistant.Reader = lambda: reader
    encoders.DEFAULT = MadeUp().fingerprint
    encoders.Encoder = encoders.named = MadeUp
    # So that a small document has several parts, and a small batch is encoded in several goes.
    corpus.record.PART_BYTES, corpus.add.BATCH = 1500, 10
    _announce_commits()
    gc.collect()
    gc.freeze()


def _announce_commits() -> None:
    """Each child tells of every commit, and of every document stored, when it is acknowledged."""
    transaction, put = Database.transaction, Writer.put

    @contextmanager
    def told_transaction(self):
        with transaction(self) as db:
            yield db
        _tell(["commit", str(self.folder)])

    def told_put(self, reading, **given):
        document = put(self, reading, **given)
        _tell(["put", f"{document.origin}/{document.name}"])
        return document

    Database.transaction, Writer.put = told_transaction, told_put


def plain(deed: Deed) -> Deed:
    """The deed, its errors said as the command line says them."""

    def run(library: Path, tell: Tell) -> int:
        try:
            return deed(library, tell)
        except BylineError as error:
            complain(str(error))
            return 1

    return run


def byline(*arguments: object) -> Deed:
    """The deed of running a command on a library."""

    def run(library: Path, tell: Tell) -> int:
        try:
            return cli.main(["--library", str(library), *map(str, arguments)])
        except SystemExit as usage:
            return int(usage.code or 0)

    return run


def perform(
    deed: Deed, library: Path, *, fault: Fault | None = None, kill_after: float | None = None, limit: float = LIMIT
) -> Outcome:
    """Does a deed in a forked child, and waits for its end. Raises CannotTrace when a fault cannot strike."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    gate, opener = os.pipe()
    beside = {"mode": "w+", "dir": library.parent}
    with ours, tempfile.TemporaryFile(**beside) as out, tempfile.TemporaryFile(**beside) as err:
        child = os.fork()
        if not child:
            os.close(opener)
            _child(deed, library, theirs, gate, out.fileno(), err.fileno())
        theirs.close()
        os.close(gate)
        done = Outcome(child)
        with _strace(child, fault, done):
            begun = time.monotonic()
            os.close(opener)  # the child begins
            hung = _listen(ours, done, begun, limit, kill_after)
            _, status = os.waitpid(child, 0)
        done.code = None if hung else os.waitstatus_to_exitcode(status)
        done.seconds = time.monotonic() - begun
        for stream, attribute in ((out, "out"), (err, "err")):
            stream.seek(0)
            setattr(done, attribute, stream.read())
    killed = done.code == -signal.SIGKILL
    done.struck = killed if not fault or fault.what == "SIGKILL" else "(INJECTED)" in done.trace
    return done


def _listen(ours: socket.socket, done: Outcome, begun: float, limit: float, kill_after: float | None) -> bool:
    """Takes in what the child tells until it ends, which it is made to do at its time; whether it hung."""
    ends = begun + (limit if kill_after is None else kill_after)
    hung = False
    while True:
        if select.select([ours], [], [], max(ends - time.monotonic(), 0))[0]:
            message = ours.recv(1 << 20)
            if not message:
                return hung
            done.told.append(json.loads(message))
        elif time.monotonic() >= ends:
            hung, ends = kill_after is None, ends + 10
            os.kill(done.process, signal.SIGKILL)


def _child(deed: Deed, library: Path, told: socket.socket, gate: int, out: int, err: int) -> None:
    """Runs the deed as the process of a command would, and ends this process."""
    global _tell
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    _tell = lambda message: told.send(json.dumps(message).encode())  # noqa: E731
    os.read(gate, 1)
    code = 70
    try:
        code = int(deed(library, _tell))
    except BaseException:
        traceback.print_exc()
    gc.collect()  # as at the end of a process: what nobody has closed is closed now
    try:
        sys.stdout.flush()
    except OSError as error:  # as Python says it when it ends
        code = 120
        os.write(2, f"Exception ignored in: {sys.stdout!r}\n{error!r}\n".encode())
    os._exit(code)


@contextmanager
def _strace(child: int, fault: Fault | None, done: Outcome) -> Iterator[None]:
    """Has strace watch the child, and strike it; what it wrote goes to `done.trace`."""
    if fault is None:
        yield
        return
    with tempfile.NamedTemporaryFile("r") as trace:
        try:
            strace = subprocess.Popen(
                [*fault.strace(), "-o", trace.name, f"-p{child}"], stderr=subprocess.PIPE, text=True
            )
        except OSError as error:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise CannotTrace("strace is not installed") from error
        line = strace.stderr.readline()
        if "attached" not in line:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise CannotTrace(f"strace may not trace here: {line.strip()}")
        yield
        strace.communicate()
        done.trace = trace.read()


def cannot_trace(folder: Path) -> str | None:
    """Why strace cannot strike here, or None where it can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    try:
        done = perform(
            lambda library, tell: print("hello", flush=True) or 0, folder / "any", fault=Fault("EIO", "write", 1)
        )
    except CannotTrace as error:
        return str(error)
    return None if done.struck else "strace does not strike here"
