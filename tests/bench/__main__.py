"""Speed and quality: `python -m tests.bench [PART...]` prints the parts named, or all of them."""

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
from tests.bench.written import machine

PARTS = {
    "sentences": sentences.main,
    "retrieval": retrieval.main,
    "reading": reading.main,
    "depth": depth.main,
    "answers": answers.main,
    "indexing": indexing.main,
    "graph": graph.main,
    "attribution": attribution.main,
    "followups": followups.main,
    "accounts": accounts.main,
    "scale": scale.main,
    "load": load.main,
    "page": page.main,
    "together": together.main,
    "formats": formats.main,
}


def main() -> int:
    """Runs the parts; exit code 2 for one that is not known."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(f"{machine()}\n")
    for name in chosen:
        print(f"## {name}\n")
        PARTS[name]()
        print(flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
