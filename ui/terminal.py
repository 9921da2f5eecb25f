"""What a person reads in a terminal: results on stdout, what went wrong and progress on stderr."""

import json
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from corpus.types import Damage
from ui import render

# Of text that was removed or replaced while another process was reading.
UNWIPED = "the old text is never cited again; it leaves the disk when the chat that reads it is closed"


def progress() -> Callable[[int, int, int], None]:
    """Reports files, sentences, their rate and the time left on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda files, of, sentences: None
    begun = time.monotonic()

    def show(files: int, of: int, sentences: int) -> None:
        took = time.monotonic() - begun
        done, end = f"{files:,} of {of:,} files, {sentences:,} sentences", "\n" if files == of else ""
        if files and took > 1:
            left = took / files * (of - files)
            done += f", {sentences / took:,.0f} a second, {int(left // 60)}:{int(left % 60):02} left"
        print(f"\r{done}\033[K", end=end, file=sys.stderr, flush=True)

    return show


def warn(problems: list[str]) -> None:
    """Says each of several problems."""
    for problem in problems:
        complain(problem)


def complain(message: str) -> None:
    """Says what went wrong; where that cannot be said either (its file's disk is full), the exit code does."""
    with suppress(OSError):
        print(f"byline: {render.plain(message)}", file=sys.stderr, flush=True)


def damage_json(damage: Iterable[Damage]) -> list[dict[str, str]]:
    """What is damaged, as the interface describes it."""
    return [{"what": what, "where": where, "mend": mend} for what, where, mend in damage]


def say_damage(damage: Iterable[Damage]) -> None:
    """Says what is damaged, and what mends it."""
    for what, where, mend in damage:
        complain(f"{where}: {what}. To mend it: {mend}")


def print_json(value: dict) -> None:
    """Prints one JSON document, on a line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
