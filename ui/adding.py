"""`byline add`: files, folders and, if a person says so, web pages into the library, and what is said of them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.addresses import is_address
from corpus.library import Library
from ui import render
from ui.terminal import UNWIPED, complain, print_json, progress, warn

if TYPE_CHECKING:
    from corpus.add import Report


def place(value: str) -> Path | str:
    """What a person wants added: a path, or the address of a page as it was typed."""
    return value if is_address(value) else Path(value)


def run(options) -> int:
    from corpus.add import add
    from index import encoder as encoders
    from index.sync import sync

    addresses = [given for given in options.paths if isinstance(given, str)]
    if addresses and not (options.online or os.environ.get("BYLINE_ONLINE") == "1"):
        complain(
            f"{addresses[0]}: Byline does not go online unless you say so: `byline add --online {addresses[0]}`, "
            "or BYLINE_ONLINE=1 in the environment. Nothing was added"
        )
        return 2
    library = Library(options.library, create=True)
    encoder = encoders.named(options.encoder or (library.encoder or encoders.DEFAULT)["model"])
    report = add(
        library, [path for path in options.paths if path not in addresses], embed=encoder.encode,
        encoder=encoder.fingerprint, source=options.source, published=options.published, progress=progress(),
        pages=_pages(addresses, library, options.most) if addresses else None,
    )  # fmt: skip
    warn(sync(library))
    if not report.wiped:
        complain(UNWIPED)
    for path, error in report.failed:
        complain(f"{path}: {error}")
    for path, note in report.notes:
        complain(f"{path}: {note}")
    if report.missing:
        gone = render.count(len(report.missing), "document")
        print(f"{gone} of these folders have no file any more, and are still cited; `byline remove` them:", file=sys.stderr)
        for name in report.missing[:10]:
            print(f"  {render.line(name)}", file=sys.stderr)
    if report.skipped:
        print(f"{render.count(len(report.skipped), 'file')} passed over:", file=sys.stderr)
        for path, why in report.skipped[:10]:
            print(f"  {render.plain(path)}: {why}", file=sys.stderr)
        if len(report.skipped) > 10:
            print(f"  and {len(report.skipped) - 10:,} more", file=sys.stderr)
    if options.json:
        print_json(report_json(report))
    else:
        parts = [f"{report.added:,} added", f"{report.replaced:,} replaced", f"{report.unchanged:,} unchanged"]
        parts += [f"{report.removed:,} removed"] * bool(report.removed)
        parts += [f"{len(report.failed):,} failed"] * bool(report.failed)
        print(f"{', '.join(parts)}; {report.sentences:,} sentences in {report.seconds:.1f} s")
    return 1 if report.failed else 0


def _pages(addresses: list[str], library: Library, most: int | None):
    from corpus.fetching import pages

    return pages.Pages(addresses, library, most=most or pages.MOST)


def report_json(report: "Report") -> dict:
    """What an `add` did, as the interface describes it."""
    return {
        "added": report.added, "replaced": report.replaced, "unchanged": report.unchanged,
        "removed": report.removed, "missing": report.missing,
        "notes": [{"path": path, "note": note} for path, note in report.notes],
        "failed": [{"path": path, "error": error} for path, error in report.failed],
        "sentences": report.sentences, "seconds": round(report.seconds, 3),
    }  # fmt: skip
