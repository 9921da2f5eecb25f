"""Kills, fails and damages, and looks at what is left.

    python -m tests.torture [--kills 1000] [--share 0.25] [--harms 1000] [--only add,replace] [--write]

`--share` is how many of the calls that change files are struck, of all that the operations make, each by
SIGKILL, ENOSPC and EIO; `--write` writes tests/torture/results.md. Prints what went wrong, and exits with 1 then.
"""

import argparse
import random
import shlex
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.torture import crash, damage, stage
from tests.torture.operations import operations

MEMORY = Path("/dev/shm")  # where there is no disk to wait for: nothing here depends on one
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="how many operations are killed at a random moment")
    parser.add_argument("--share", type=float, default=0.25, help="the share of system calls that are struck")
    parser.add_argument("--harms", type=int, default=1000, help="how many times a file is damaged")
    parser.add_argument("--only", help="operations, with commas between")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write the results down")
    options = parser.parse_args()
    begun = time.monotonic()
    stage.prepare()
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as root:
        strikes, made = _crash(Path(root), options)
        verdicts = _damage(Path(root), options)
    wrong = [one for one in (*strikes, *verdicts) if one.wrong]
    told = "\n".join(_tables(strikes, verdicts, made, time.monotonic() - begun))
    print(told)
    if options.write:
        RESULTS.write_text(told + "\n")
    return 1 if wrong else 0


def _crash(root: Path, options) -> tuple[list[crash.Strike], dict[str, int]]:
    """Strikes the operations; returns that, and how many calls each makes."""
    chance = random.Random(f"crash {options.seed}")
    chosen = [one for one in operations() if not options.only or one.name in options.only.split(",")]
    if not options.kills and not options.share:
        return [], {}
    cases = [crash.ready(one, root) for one in chosen]
    strikes, made = [], {}
    if options.share and (why := stage.cannot_trace(root)):
        print(f"no system call is struck: {why}", flush=True)
    else:
        for case in cases if options.share else ():
            points = crash.points(case)
            made[case.operation.name] = len(points) // len(crash.FAULTS)
            for point in chance.sample(points, max(1, round(options.share * len(points)))):
                strikes.append(_told(crash.strike(case, chance, point, asks=len(strikes) % 10 == 0)))
    for number in range(options.kills):
        strikes.append(_told(crash.strike(chance.choice(cases), chance, asks=number % 10 == 0)))
    return strikes, made


def _damage(root: Path, options) -> list[damage.Verdict]:
    chance = random.Random(f"damage {options.seed}")
    wholes = damage.ready(root) if options.harms else []
    return [
        _told(damage.suffer(whole, harm))
        for number, whole in enumerate(wholes)
        for harm in damage.harms(whole, chance, (options.harms + number) // len(wholes))
    ]


def _told(one: crash.Strike | damage.Verdict, done: Counter = Counter()) -> crash.Strike | damage.Verdict:  # noqa: B008
    """Prints at once what is wrong, and now and then how many runs are done."""
    for each in one.wrong:
        print(f"{one}: {each}", file=sys.stderr, flush=True)
    kind = type(one).__name__.lower()
    done[kind] += 1
    if done[kind] % 100 == 0:
        print(f"{done[kind]:,} times: {kind}", file=sys.stderr, flush=True)
    return one


def _tables(
    strikes: Sequence[crash.Strike], verdicts: Sequence[damage.Verdict], made: dict[str, int], seconds: float
) -> Iterable[str]:
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    command = shlex.join(["python", "-m", "tests.torture", *sys.argv[1:]])
    yield f"# Torture\n\nPrinted by `{command}` at commit {commit.stdout.strip()}, in {seconds / 60:.0f} minutes.\n"
    wrong = sum(bool(one.wrong) for one in (*strikes, *verdicts))
    yield f"{len(strikes):,} runs were struck, {len(verdicts):,} files damaged; in {wrong} something was wrong.\n"
    if strikes:
        yield from _crash_table(strikes, made)
    if verdicts:
        yield from _damage_table(verdicts)


def _crash_table(strikes: Sequence[crash.Strike], made: dict[str, int]) -> Iterable[str]:
    yield "## Crash\n"
    yield (
        "Runs that a fault struck, by fault, and in what state they left the library: the one before, one between "
        "(some documents of several, each whole), the one after. `calls` are those that change files.\n"
    )
    yield "| operation | calls | SIGKILL | ENOSPC | EIO | SIGKILL at random | not struck | old | between | new | wrong |"
    yield "|---|" + "---:|" * 10
    for name in dict.fromkeys(one.operation for one in strikes):
        of = [one for one in strikes if one.operation == name]
        struck = Counter(one.fault for one in of if one.struck)
        left = Counter(one.left for one in of)
        cells = [made.get(name, ""), *(struck[what] for what in (*crash.FAULTS, crash.RANDOM))]
        cells += [sum(not one.struck for one in of), left["old"], left["between"], left["new"], sum(bool(one.wrong) for one in of)]
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
    for name in sorted({one.harm.kind for one in verdicts}):
        of = [one for one in verdicts if one.harm.kind == name]
        noticed = Counter(one.noticed for one in of)
        cells = [len(of), *(noticed[column] for column in columns), sum(bool(one.wrong) for one in of)]
        yield f"| {name} | {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
