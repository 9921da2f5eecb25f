"""Commands that are killed, or whose system calls fail: what is on the disk afterwards.

After each, in fresh processes: the library opens by itself in a state that was acknowledged, or in the next
one; nothing is half there; it is searched and checked; the same command is given again, then another, and
then a question is answered.
"""

import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from corpus.library import Library
from corpus.types import BylineError
from tests.torture import stage
from tests.torture.operations import EXTRA, QUESTION, QUOTE, Operation, write
from tests.torture.stage import Fault, Outcome, byline, perform
from tests.torture.state import State, halves, state, strays

FAULTS, RANDOM = ("SIGKILL", "ENOSPC", "EIO"), "at random"
# What changes files on Linux; some processors lack those with a "?".
CALLS = (
    "write", "pwrite64", "?writev", "?pwritev", "fsync", "fdatasync", "?rename", "?renameat", "?renameat2",
    "?unlink", "unlinkat", "?rmdir", "ftruncate", "fallocate", "?mkdir", "mkdirat", "openat",
)  # fmt: skip


@dataclass(slots=True)
class Case:
    """An operation that is ready to be done: its states after each commit, the first being the one before;
    the texts of its documents by name, and how long it takes."""

    operation: Operation
    folder: Path
    states: list[State] = field(default_factory=list)
    texts: dict[str, set[str]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Strike:
    """One run: what struck it, whether it did, where it left the library, and what is wrong with that."""

    operation: str
    fault: str  # of FAULTS, or RANDOM
    how: str
    struck: bool
    left: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.operation}, {self.how}"


def ready(operation: Operation, root: Path) -> Case:
    """Prepares an operation and does it once undisturbed."""
    case = Case(operation, root / operation.name.replace(" ", "-"))
    case.folder.mkdir()
    made = perform(lambda library, tell: [operation.prepare(case.folder), 0][1], case.folder / "library")
    _expect(made, "preparing", operation)
    library = _copy(case)
    before = perform(lambda library, tell: _tell_state(library, tell, case), library)
    _expect(before, "looking at the state before", operation)
    library = _copy(case)
    done = perform(_recorded(operation.deed(case.folder)), library)
    _expect(done, "doing it", operation)
    after = perform(lambda library, tell: _tell_state(library, tell, case), library)
    _expect(after, "looking at the state after", operation)
    case.states = [before.told[-2]]
    for _, found in done.told:
        case.states.append(case.states[-1] if found is None else found)
    if case.states[-1] != after.told[-2]:  # something other than a commit was last
        case.states.append(after.told[-2])
    for told in (before, after):
        for name, text in told.told[-1].items():
            case.texts.setdefault(name, set()).add(text)
    case.seconds = done.seconds
    return case


def _tell_state(folder: Path, tell: stage.Tell, case: Case) -> int:
    tell(state(folder))
    library = Library(folder) if Library.is_in(folder) else None
    tell({document.name: library.text(document.id) for document in library.documents()} if library else {})
    return 0


def _recorded(deed: stage.Deed) -> stage.Deed:
    """The deed, telling the state after each commit."""

    def run(library: Path, tell: stage.Tell) -> int:
        def note(message: list) -> None:
            if message[0] == "commit":
                tell(["state", _state_now(library)])

        stage._tell = note
        return deed(library, tell)

    return run


def _state_now(library: Path) -> State | None:
    try:
        return state(library)
    except BylineError:  # it is brought up to the present format just now, and its lock is held
        return None


def _expect(done: Outcome, what: str, operation: Operation) -> None:
    if done.code != 0:
        raise SystemExit(f"{operation.name}: {what} failed ({done.code}):\n{done.err}")


def _copy(case: Case) -> Path:
    """A fresh copy of the state before."""
    target = case.folder / "run" / "library"
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    if (case.folder / "library").exists():
        shutil.copytree(case.folder / "library", target)
    if (case.folder / "backup").exists():
        shutil.copy(case.folder / "backup", target.parent)
    return target


def points(case: Case) -> list[Fault]:
    """Every call that an operation makes, once for each fault that can strike it."""
    calls: Counter = Counter()
    for threads in (False, True):
        everything = Fault("", ",".join(CALLS), threads=threads)
        done = perform(case.operation.deed(case.folder), _copy(case), fault=everything)
        for process, call in re.findall(r"^(?:(\d+) +)?(\w+)\(", done.trace, re.MULTILINE):
            if not threads:
                calls[call, False] += 1
            elif int(process) != done.process:
                calls[call, process] += 1
    counts: Counter = Counter()
    for (call, where), n in calls.items():
        counts[call, bool(where)] = max(counts[call, bool(where)], n)
    return [
        Fault(what, call, n, threads)
        for (call, threads), count in sorted(counts.items())
        for n in range(1, count + 1)
        for what in FAULTS
    ]


def strike(case: Case, chance: random.Random, fault: Fault | None = None, *, asks: bool = True) -> Strike:
    """Does an operation under a fault (or killed at any moment), and looks at what is left."""
    library = _copy(case)
    deed = case.operation.deed(case.folder)
    moment = None if fault else chance.uniform(0, case.seconds)
    done = perform(deed, library, fault=fault, kill_after=moment)
    if not done.struck:  # as fast as the machine is now
        case.seconds = done.seconds
    wrong = list(_ended(done, fault))
    left, found = _examined(case, library, done)
    wrong += found
    if fault is None and case.operation.repeatable and chance.random() < 0.5:  # and again while it recovers
        perform(deed, library, kill_after=chance.uniform(0, case.seconds))
        wrong += _examined(case, library, done, again=True)[1]
    wrong += _recovered(case, library, asks)
    how = str(fault) if fault else f"SIGKILL after {moment:.3f} s"
    return Strike(case.operation.name, fault.what if fault else RANDOM, how, done.struck, left, tuple(wrong))


def _ended(done: Outcome, fault: Fault | None = None) -> Iterator[str]:
    """What is wrong with how a command ended."""
    if done.code is None:
        yield "it hung"
    elif done.code < 0 and not done.struck:
        yield f"it died of signal {-done.code}"
    elif done.code > 1:
        yield f"it ended with {done.code}"
    if "Traceback" in done.err or "Exception ignored" in done.err:
        yield f"it showed its inside: {done.err[-1500:]}"
    is_silenced = fault is not None and fault.syscall == "write"  # what it says is written, too
    if done.code == 1 and "byline: " not in done.err and not is_silenced:
        yield f"it failed without a word ({done.err})"
    if "damaged" in done.err:
        yield f"it spoke of damage: {done.err}"


def _examined(case: Case, library: Path, done: Outcome, *, again: bool = False) -> tuple[str, list[str]]:
    """Where a run has left the library, and what is wrong with that."""

    def look(library: Path, tell: stage.Tell) -> int:
        there = Library.is_in(library)
        codes = [byline("search", "--json", "the harbour bridge and the convoy")(library, tell)]
        stage._tell = lambda message: None
        tell(["state", state(library), halves(library)])
        codes.append(byline("check", "--json")(library, tell))
        tell(["codes", there, codes])
        return 0

    seen = perform(look, library)
    if seen.code != 0:
        return "unknown", [*_ended(seen), f"it cannot be looked at: {seen.err[-1500:]}"]
    (_, found, half), (_, there, codes) = seen.told[-2:]
    wrong = [f"half there: {each}" for each in half]
    if codes != [0, 0] and (there or "there is no library" not in seen.err):
        wrong.append(f"search and check ended with {codes}: {seen.err} {seen.out[-600:]}")
    if "Traceback" in seen.err:
        wrong.append(f"it showed its inside: {seen.err[-1500:]}")
    if codes[0] == 0:
        wrong += _misquoted(case, json.loads(seen.out.splitlines()[0])["hits"])
    states = case.states
    if done.code == -9 and not again:
        commits = sum(told[0] == "commit" for told in done.told)
        if found not in states[commits : commits + 2]:
            differs = _differences(states, found)
            wrong.append(f"it is not in the state after {commits} commits, nor in the next: {differs}")
    for key in {*found, *(key for each in states for key in each)}:
        may_be = {each.get(key) for each in states} | ({"unread"} if key.startswith("file ") else set())
        if found.get(key) not in may_be:
            wrong.append(f"{key} is neither old nor new")
    for told in done.told:
        if told[0] == "put" and found.get(f"document {told[1]}") != states[-1].get(f"document {told[1]}"):
            wrong.append(f"{told[1]} was acknowledged and is not there")
    if done.code == 0 and found != states[-1]:
        wrong.append(f"it said that all was done, and is not in the new state: {_differences(states[-1:], found)}")
    left = "old" if found == states[0] else "new" if found == states[-1] else "between"
    return left, wrong


def _differences(states: Sequence[State], found: State) -> str:
    nearest = min(states, key=lambda each: len(set(each.items()) ^ set(found.items())), default={})
    return f"{sorted(set(nearest.items()) ^ set(found.items()))[:6]}"


def _misquoted(case: Case, hits: list[dict]) -> list[str]:
    texts = case.texts
    return [
        f"{hit['name']}: quoted {hit['text']!r}"
        for hit in hits
        if not any(text[hit["start"] : hit["end"]] == hit["text"] for text in texts.get(hit["name"], ()))
    ]


def _recovered(case: Case, library: Path, asks: bool) -> list[str]:
    """What is wrong when the command is given again, and work goes on."""
    more = case.folder / "run" / "more"
    write(more, lighthouse_txt=EXTRA)
    command = ("ask", "--json", QUESTION) if asks else ("search", "--json", "-k", "1", QUOTE)

    def go_on(library: Path, tell: stage.Tell) -> int:
        codes = [case.operation.deed(case.folder)(library, tell)]
        stage._tell = lambda message: None
        tell(["state", state(library), halves(library)])
        print("\0", flush=True)
        codes.append(byline("add", more)(library, tell))
        print("\0", flush=True)
        codes.append(byline(*command)(library, tell))
        codes.append(byline("check", "--json")(library, tell))
        tell(["codes", codes])
        return 0

    seen = perform(go_on, library)
    if seen.code != 0:
        return [*_ended(seen), f"it does not go on: {seen.err[-1500:]}"]
    (_, found, half), (_, codes) = seen.told[-2:]
    wrong = [f"half there, after it was done again: {each}" for each in half]
    done = codes[0] == 0 or "no document is called" in seen.err  # as of what is removed already
    if case.operation.repeatable and not (done and found == case.states[-1]):
        wrong.append(f"done again, it ended with {codes[0]}: {_differences(case.states[-1:], found)} {seen.err}")
    if any(codes[1:]):
        return [*wrong, f"add, {command[0]} and check ended with {codes[1:]}: {seen.err}"]
    answer = json.loads(seen.out.split("\0")[2].strip().splitlines()[0])
    said = [one["quote"] for one in answer["claims"]] if asks else [one["text"] for one in answer["hits"]]
    if said[:1] != [QUOTE]:
        wrong.append(f"asked, it said {said}")
    if found := strays(library):
        wrong.append(f"left over: {found}")
    return wrong
