"""What is put to the torture: each operation with the library that it starts from.

Every operation lives in a folder of its own: `library` is the state before, `documents` what is added, and
`backup` is a backup. A run has a copy of `library` and of `backup`.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from assistant.types import Answer, Attribution, Claim, Mention, Speaker
from corpus.add import add
from corpus.library import Library
from corpus.tables import MIGRATIONS
from corpus.types import Filters, Span
from index.sync import sync
from tests.torture.stage import Deed, MadeUp, Tell, byline, plain
from ui.conversations import Conversations

HARBOUR = "The Harbour Bridge is closed, the mayor said. Engineers told the council that it is safe."
QUESTION, QUOTE = "Who repaired the lighthouse of Norrvik?", "The lighthouse of Norrvik was repaired by Ada Lund."
EXTRA = f"Nobody asked about it for years. {QUOTE}"


@dataclass(frozen=True, slots=True)
class Operation:
    """`prepare` makes the state before in a folder, `deed` gives what is then done. When a `repeatable` one is
    done again, the new state is reached, and nothing is said to be wrong."""

    name: str
    prepare: Callable[[Path], object]
    deed: Callable[[Path], Deed]
    repeatable: bool = True


def write(folder: Path, **texts: str) -> None:
    """Documents by their names (`a_txt`) and texts."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text)


def council(changed: str = "") -> str:
    """A text of several parts."""
    told = [f"Councillor {n} told the chamber that quay {n} needs {n + 3} new bollards." for n in range(60)]
    return "\n\n".join(told) + f"\n\nThe session {changed}ended at nine."


def wires(numbers: range, changed: int = -1) -> str:
    """A file of several documents, one of them changed."""
    return "".join(
        json.dumps(
            {
                "id": f"wire-{n}", "title": f"Convoy {n}", "source": "Courier", "published": f"2016-11-{n + 10}",
                "text": f"Convoy {n} reached the {'old' if n == changed else 'new'} camp. It brought {n + 20} tents.",
            }
        ) + "\n"
        for n in numbers
    )  # fmt: skip


def first_documents(folder: Path) -> None:
    """Documents of several kinds."""
    head = "---\ntitle: A school\ndate: 2016-11-29\nsource: Gazette\n---"
    school = f"{head}\n\nThe school has 300 pupils.\n\nAnna leads it."
    write(folder, harbour_txt=HARBOUR, school_md=school, council_txt=council(), wire_jsonl=wires(range(8)))


def changed_documents(folder: Path) -> None:
    """The same, some of them changed, one row gone and one new."""
    write(
        folder, harbour_txt=HARBOUR.replace("safe", "unsafe"), council_txt=council("almost "),
        wire_jsonl=wires(range(1, 9), changed=3),
    )  # fmt: skip


def fill(folder: Path) -> Library:
    """A library of the first documents, with its search index."""
    first_documents(folder / "documents")
    library = Library(folder / "library", create=True)
    encoder = MadeUp()
    report = add(library, [folder / "documents"], embed=encoder.encode, encoder=encoder.fingerprint)
    assert not report.failed
    assert not sync(library)
    library.close()
    return library


def _for_the_first(folder: Path) -> None:
    first_documents(folder / "documents")


def _to_add_to(folder: Path) -> None:
    fill(folder)
    first_documents(folder / "more")
    write(folder / "more", opera_txt="The opera of Velm opens in May. Its roof is new.")


def _to_replace(folder: Path) -> None:
    fill(folder)
    changed_documents(folder / "documents")


def _old(folder: Path) -> None:
    """A library as the first format stored it, without what came later."""
    fill(folder)
    new = folder / "library" / "library.sqlite"
    old = folder / "old.sqlite"
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        for statement in MIGRATIONS[0].split(";\n"):
            db.execute(statement)
        db.execute("PRAGMA user_version = 1")
        db.execute("DELETE FROM meta")
        db.execute("ATTACH ? AS new", (str(new),))
        db.execute("BEGIN")
        for (table,) in db.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall():
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"DELETE FROM main.{table}")
            db.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM new.{table}")
        db.execute("COMMIT")
    shutil.move(old, new)


def _without_index(folder: Path) -> None:
    fill(folder)
    shutil.rmtree(folder / "library" / "derived")


def _talked(folder: Path) -> None:
    library = fill(folder)
    talk(library.folder, lambda message: None)
    Conversations(library).close()
    library.close()


def talk(folder: Path, tell: Tell) -> int:
    """A conversation as the chat keeps it: asked, answered, judged, asked again, renamed; one removed."""
    library = Library(folder)
    kept = Conversations(library)
    document = library.named("harbour.txt")
    quote = Span(document.id, 0, HARBOUR.index(" Engineers"))
    mayor = Mention(Span(document.id, HARBOUR.index("the mayor"), HARBOUR.index(" said")), "the mayor")
    said = Attribution(Speaker(mayor, mayor, named=False), None, None, (quote,), "reported")
    claim = Claim(quote, library.quote(quote), document, 1.0, attribution=said)
    answer = Answer(
        question="How is the bridge?", standalone="How is the bridge?", claims=(claim,), nearest=(),
        confidence=0.7, abstained=False,
    )  # fmt: skip
    gone, number = kept.ask(None, f"A question that goes, after {len(kept.all())}", Filters())
    kept.answered(gone, number, answer)
    id, number = kept.ask(None, f"How is the bridge, after {len(kept.all())}?", Filters(source="Gazette"))
    kept.answered(id, number, answer)
    kept.judge(id, number, "helpful")
    kept.ask(id, "And the school?", Filters())
    kept.rename(id, f"Bridges, with {len(kept.all())}")
    kept.remove(gone)
    return 0


def _to_back_up(folder: Path) -> None:
    """A library that has grown since it was last backed up."""
    fill(folder)
    _run(byline("backup", folder / "backup"), folder)
    _grow(folder)


def _to_restore(folder: Path) -> None:
    """A library, and a backup of what it was before."""
    _talked(folder)
    _run(byline("backup", folder / "backup"), folder)
    _grow(folder)


def _to_restore_anew(folder: Path) -> None:
    _to_restore(folder)
    shutil.rmtree(folder / "library")


def _grow(folder: Path) -> None:
    write(folder / "more", opera_txt="The opera of Velm opens in May. Its roof is new.")
    _run(byline("add", folder / "more"), folder)


def _run(deed: Deed, folder: Path) -> None:
    assert deed(folder / "library", lambda message: None) == 0


def _backup(library: Path, tell: Tell) -> int:
    return byline("backup", "--replace", library.parent / "backup")(library, tell)


def _restore(library: Path, tell: Tell) -> int:
    return byline("restore", "--replace", library.parent / "backup")(library, tell)


def operations() -> list[Operation]:
    """Everything that writes."""
    return [
        Operation("first", _for_the_first, lambda folder: byline("add", folder / "documents")),
        Operation("add", _to_add_to, lambda folder: byline("add", folder / "more")),
        Operation("replace", _to_replace, lambda folder: byline("add", folder / "documents")),
        Operation("remove", fill, lambda folder: byline("remove", "harbour.txt", "wire-2", "wire-4")),
        Operation("set", fill, lambda folder: byline("set", "school.md", "--source", "Herald", "--title", "Pupils")),
        Operation("migrate", _old, lambda folder: byline("list")),
        Operation("rebuild", fill, lambda folder: byline("rebuild", "--encoder", "another")),
        Operation("index", _without_index, lambda folder: byline("search", "the harbour bridge")),
        Operation("talk", _talked, lambda folder: plain(talk), repeatable=False),
        Operation("first talk", fill, lambda folder: plain(talk), repeatable=False),
        Operation("backup", _to_back_up, lambda folder: _backup),
        Operation("restore", _to_restore, lambda folder: _restore),
        Operation("first restore", _to_restore_anew, lambda folder: _restore),
    ]  # fmt: skip
