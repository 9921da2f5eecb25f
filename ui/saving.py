"""`byline backup` and `byline restore`: what they do beyond the files themselves, and what is said of it."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from corpus import backup as backups
from corpus.library import Library
from corpus.types import BylineError
from ui import render
from ui.conversations import Conversations
from ui.terminal import complain, damage_json, print_json, say_damage, warn


def backup(options) -> int:
    """Saves a library to a file."""
    _renew_index(options.library)
    saved = backups.backup(
        options.library, options.file, OPENERS, lambda copy: _about(copy, options.library),
        replace=options.replace, damaged=options.damaged,
    )  # fmt: skip
    report = {
        "file": str(saved.file), "bytes": saved.size, "created": saved.created,
        **{key: saved.about[key] for key in ("documents", "sentences", "conversations")},
        "problems": damage_json(saved.damage),
    }  # fmt: skip
    say_damage(saved.damage)
    if options.json:
        print_json(report)
    else:
        print(f"{render.line(report['file'])}: {_counted(report)}, {report['bytes'] / 1e6:,.1f} MB")
    return 1 if saved.damage else 0


def restore(options) -> int:
    """Puts a library back from a file."""
    held: dict[str, int] = {}
    restored = backups.restore(
        options.file, options.library, OPENERS, lambda new, about: held.update(_prepare(new, about)),
        replace=options.replace,
    )  # fmt: skip
    report = {
        "library": str(restored.folder), "created": restored.created, "byline": restored.byline, **held,
        "set_aside": str(restored.set_aside) if restored.set_aside else None, "problems": damage_json(restored.damage),
    }  # fmt: skip
    say_damage(restored.damage)
    if options.json:
        print_json(report)
        return 1 if restored.damage else 0
    print(f"{render.line(report['library'])}: {_counted(report)}, as of {render.line(restored.created)}")
    if restored.set_aside:
        print(f"what was there before is in {render.line(report['set_aside'])}; remove it when you do not need it")
    return 1 if restored.damage else 0


def _conversations(folder: Path) -> Conversations:
    library = Library(folder)
    library.close()  # it opens again when a conversation is read
    return Conversations(library)


OPENERS: backups.Openers = {Library.FILE: Library, Conversations.FILE: _conversations}


def _renew_index(folder: Path) -> None:
    """Makes the search index anew where it still weighs words by sentences that are gone: nothing could
    make that one again, and answers are to have the same scores from the backup."""
    from index import base
    from index.vectors import EXACT

    library = Library(folder)
    if 0 < sum(library.counts()) <= EXACT and not base.reach(library, folder):
        try:
            base.renew(library, base.current(folder), wait=base.WAIT)
        except BylineError as error:
            complain(f"{error}. The backup is made all the same")
    library.close()


def _about(copy: Path, folder: Path) -> dict[str, object]:
    """What a backup notes of the library: for a person, and for `_prepare`."""
    from index import base

    library = Library(copy)
    reach = base.reach(library, folder)
    held = _held(copy)
    library.close()
    return held | {"index": reach}


def _held(folder: Path) -> dict[str, int]:
    library = Library(folder)
    talks = 0
    if (folder / Conversations.FILE).exists():
        with closing(Conversations(library)) as conversations:  # before the folder gets another name
            talks = len(conversations.all())
    held = {"documents": library.coverage()[0], "sentences": sum(library.counts()), "conversations": talks}
    library.close()
    return held


def _prepare(new: Path, about: Mapping[str, object]) -> dict[str, int]:
    """Makes the search index of a library that is about to be restored, divided as it was, so that the
    scores are what they were; returns what it holds."""
    from index import base

    library, reach = Library(new), about.get("index")
    known = isinstance(reach, list) and [type(number) for number in reach] == [int, int]
    whole = known and 0 <= reach[0] <= library.revision and 0 <= reach[1] < 2**62
    try:
        base.build(library, up_to=tuple(reach) if whole else None)
    except BylineError as error:
        warn([f"{error}. The library is restored all the same; the index is made at the next question"])
    library.close()
    return _held(new)


def _counted(report: Mapping[str, object]) -> str:
    parts = [render.count(report[f"{what}s"], what) for what in ("document", "sentence")]
    parts += [render.count(report["conversations"], "conversation")] * bool(report["conversations"])
    return ", ".join(parts)
