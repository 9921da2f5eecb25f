"""`byline check`: whether the library, its conversations and its search index are what they were."""

from collections.abc import Iterator

from corpus.library import Library
from corpus.types import BylineError, Damage
from ui import render
from ui.conversations import Conversations
from ui.terminal import damage_json, print_json, say_damage


def run(options) -> int:
    """Verifies every hash, and that the search index agrees with the library."""
    library = Library(options.library)
    problems = list(_problems(library))
    if options.json:
        print_json({"ok": not problems, "problems": damage_json(problems)})
    say_damage(problems)
    if not problems and not options.json:
        print(f"every hash agrees: {render.count(library.coverage()[0], 'document')}")
    return 1 if problems else 0


def _problems(library: Library) -> Iterator[Damage]:
    from index import base

    if lost := library.lost():
        yield lost, str(library.path), library.AGAIN
    yield from library.damage()
    yield from _in_conversations(library)
    mend = "it is made again at the next question, or by `byline rebuild`"
    for problem in base.verify(library, base.current(library.folder)):
        yield "the search index cannot be trusted", problem, mend


def _in_conversations(library: Library) -> Iterator[Damage]:
    path = library.folder / Conversations.FILE
    if not path.exists():
        return
    try:
        kept = Conversations(library)
        if lost := kept.lost():
            yield lost, str(kept.path), kept.AGAIN
        yield from kept.damage()
    except BylineError as error:
        mend = "`byline restore FILE`; or move it away: the library does not need it"
        yield f"it cannot be read ({error})", str(path), mend
