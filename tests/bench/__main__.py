"""Speed and quality: `python -m tests.bench [PART...]` prints the parts named, or all of them, and keeps each
in `results/`."""

import sys

from tests.bench import (
    accounts,
    answers,
    attribution,
    depth,
    followups,
    formats,
    graph,
    indexing,
    load,
    page,
    reading,
    retrieval,
    scale,
    sentences,
    together,
)
from tests.bench.written import written

PARTS = {
    "sentences": ("Sentence splitters", sentences.main),
    "retrieval": ("Finding", retrieval.main),
    "reading": ("Reading", reading.main),
    "depth": ("How many sentences are read", depth.main),
    "answers": ("Answering", answers.main),
    "indexing": ("Taking documents in", indexing.main),
    "graph": ("Why a graph above twenty thousand sentences", graph.main),
    "attribution": ("Who says what", attribution.main),
    "followups": ("Follow-up questions", followups.main),
    "accounts": ("Accounts", accounts.main),
    "scale": ("Size", scale.main),
    "load": ("Many people at once", load.main),
    "page": ("The chat page", page.main),
    "together": ("Questions while the library changes", together.main),
    "formats": ("Reading files", formats.main),
}


def main() -> int:
    """Runs the parts; exit code 2 for one that is not known, 1 where something happened that must never."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    failed = False
    for name in chosen:
        title, part = PARTS[name]
        print(f"\n## {title}\n")
        try:
            with written(name, title):
                failed |= bool(part())
        except SystemExit as told:  # what it needs is not there: its results stay as they are
            print(told)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
