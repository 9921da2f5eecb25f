"""Kills, fails and damages, and looks at what is left.

    python -m tests.torture [--kills 1000] [--share 0.25] [--harms 1000] [--only add,replace] [--journal FILE] [--write]

`--share` is how many of the calls that change files are struck, of all that the operations make, each by
SIGKILL, ENOSPC and EIO; with `--journal` a run that was cut short is gone on with; `--write` writes
tests/torture/results.md. Prints what went wrong, and exits with 1 then.
"""

import argparse
import json
import random
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.bench.written import commit
from tests.torture import crash, damage, stage
from tests.torture.operations import operations

MEMORY = Path("/dev/shm")  # where there is no disk to wait for: nothing here depends on one
RESULTS = Path(__file__).with_name("results.md")
Run = crash.Strike | damage.Verdict


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="how many operations are killed at a random moment")
    parser.add_argument("--share", type=float, default=0.25, help="the share of system calls that are struck")
    parser.add_argument("--harms", type=int, default=1000, help="how many times a file is damaged")
    parser.add_argument("--only", help="operations, with commas between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", type=Path, help="where each run is noted, and read when this is begun again")
    parser.add_argument("--write", action="store_true", help="write the results down")
    options = parser.parse_args()
    stage.prepare()
    with Journal(options.journal) as journal, _folder() as root:
        why = stage.cannot_trace(root) if options.share else "none is to be"
        chosen = [one for one in operations() if not options.only or one.name in options.only.split(",")]
        cases = [crash.ready(one, root) for one in chosen]
        strikes, made = _kill(cases, options, journal), {}
        verdicts = _damage(root, options, journal)
        if why:
            print(f"no system call is struck: {why}", flush=True)
        else:
            more, made = _strike(cases, options, journal)
            strikes += more
    wrong = [one for one in (*strikes, *verdicts) if one.wrong]
    told = "\n".join(_tables(strikes, verdicts, made, journal.seconds))
    print(told)
    if options.write:
        RESULTS.write_text(told + "\n")
    return 1 if wrong else 0


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


class Journal:
    """What each run came to, by its name, in a file that is added to; without a file, in memory only."""

    def __init__(self, path: Path | None):
        self._file = open(path, "a+") if path else None  # noqa: SIM115
        self.seconds = 0.0
        self._known: dict[str, dict] = {}
        if self._file:
            self._file.seek(0)
            for line in self._file:
                told = json.loads(line)
                self._known[told.pop("name")] = told

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def once(self, name: str, kind: type[Run], run: Callable[[], Run]) -> Run:
        """What a run came to; it is run if that is not known. Prints at once what is wrong."""
        if name not in self._known:
            begun = time.monotonic()
            found = run()
            told = asdict(found) | {"seconds": round(time.monotonic() - begun, 3)}
            for each in found.wrong:
                print(f"{found}: {each}", file=sys.stderr, flush=True)
            self._known[name] = told
            if self._file:
                print(json.dumps({"name": name} | told), file=self._file, flush=True)
        told = dict(self._known[name])
        self.seconds += told.pop("seconds")
        return kind(**told)


def _kill(cases: Sequence[crash.Case], options, journal: Journal) -> list[crash.Strike]:
    """Kills the operations, in turn, at random moments, until so many have been killed before their end."""
    strikes, number = [], -1
    while sum(one.struck for one in strikes) < options.kills:
        number += 1
        name = f"{options.seed} kill {number}"
        run = partial(crash.strike, cases[number % len(cases)], random.Random(name), asks=number % 10 == 0)
        strikes.append(journal.once(name, crash.Strike, run))
    return strikes


def _strike(cases: Sequence[crash.Case], options, journal: Journal) -> tuple[list[crash.Strike], dict[str, int]]:
    """Strikes the operations at their system calls; returns that, and how many calls each makes."""
    strikes, made = [], {}
    for case in cases:
        points = crash.points(case)
        made[case.operation.name] = len(points) // len(crash.FAULTS)
        name = f"{options.seed} {case.operation.name}"
        for point in random.Random(name).sample(points, max(1, round(options.share * len(points)))):
            named = f"{name}, {point}"
            run = partial(crash.strike, case, random.Random(named), point, asks=len(strikes) % 10 == 0)
            strikes.append(journal.once(named, crash.Strike, run))
    return strikes, made


def _damage(root: Path, options, journal: Journal) -> list[damage.Verdict]:
    wholes = damage.ready(root) if options.harms else []
    verdicts = []
    for number in range(options.harms):
        name = f"{options.seed} harm {number}"
        whole = wholes[number % len(wholes)]
        harm = damage.harm(whole, random.Random(name))
        verdicts.append(journal.once(name, damage.Verdict, partial(damage.suffer, whole, harm)))
    return verdicts


def _tables(
    strikes: Sequence[crash.Strike], verdicts: Sequence[damage.Verdict], made: dict[str, int], seconds: float
) -> Iterable[str]:
    command = shlex.join(["python", "-m", "tests.torture", *sys.argv[1:]])
    yield f"# Torture\n\nPrinted by `{command}` at commit {commit()}, in {seconds / 60:.0f} minutes.\n"
    struck, wrong = sum(one.struck for one in strikes), sum(bool(one.wrong) for one in (*strikes, *verdicts))
    yield f"{struck:,} runs were struck, {len(verdicts):,} files damaged; in {wrong} something was wrong.\n"
    if strikes:
        yield from _crash_table(strikes, made)
    if verdicts:
        yield from _damage_table(verdicts)


def _crash_table(strikes: Sequence[crash.Strike], made: dict[str, int]) -> Iterable[str]:
    yield "## Crash\n"
    yield (
        "Runs that a fault struck, by fault, and in what state all of them left the library: the one before, one "
        "between (some documents of several, each whole), the one after. `calls` are those that change files. Not "
        "struck were runs that had ended at the moment, or that came with fewer calls than before.\n"
    )
    columns = ("calls", *crash.FAULTS, "SIGKILL at random", "not struck", "old", "between", "new", "wrong")
    yield f"| operation | {' | '.join(columns)} |"
    yield "|---|" + "---:|" * len(columns)
    for name in dict.fromkeys(one.operation for one in strikes):
        of = [one for one in strikes if one.operation == name]
        struck = Counter(one.fault for one in of if one.struck)
        left = Counter(one.left for one in of)
        cells = [made.get(name, ""), *(struck[what] for what in (*crash.FAULTS, crash.RANDOM))]
        cells += [sum(not one.struck for one in of), left["old"], left["between"], left["new"]]
        cells.append(sum(bool(one.wrong) for one in of))
        yield f"| {name} | {' | '.join(map(str, cells))} |"
    yield ""


def _damage_table(verdicts: Sequence[damage.Verdict]) -> Iterable[str]:
    yield "## Damage\n"
    yield (
        "Files in which bits were flipped or whose end was cut off, and where that was noticed. What is harmless "
        "changed neither what the library holds nor anything that is shown.\n"
    )
    columns = ("at open", "by check", "at quoting", "harmless")
    yield f"| file | damaged | {' | '.join(columns)} | wrong |"
    yield "|---|" + "---:|" * (len(columns) + 2)
    for name in sorted({one.kind for one in verdicts}):
        of = [one for one in verdicts if one.kind == name]
        noticed = Counter(one.noticed for one in of)
        cells = [len(of), *(noticed[column] for column in columns), sum(bool(one.wrong) for one in of)]
        yield f"| {name} | {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
