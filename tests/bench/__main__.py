"""Speed and quality: `python -m tests.bench [PART...]` prints the parts named, or all of them."""

import platform
import subprocess
import sys

from tests.bench import (
    accounts,
    answers,
    attribution,
    depth,
    followups,
    graph,
    indexing,
    load,
    reading,
    retrieval,
    scale,
    sentences,
)

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
}


def main() -> int:
    """Runs the parts; exit code 2 for one that is not known."""
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in chosen if name not in PARTS]:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    print(f"commit {commit.stdout.strip()}, Python {platform.python_version()}, {_processor()}\n")
    for name in chosen:
        print(f"## {name}\n")
        PARTS[name]()
        print(flush=True)
    return 0


def _processor() -> str:
    try:
        lines = open("/proc/cpuinfo", encoding="utf-8").read().splitlines()
    except OSError:
        return platform.processor()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(models)} x {models[0]}" if models else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
