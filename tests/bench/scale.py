"""Speed against size: `python -m tests.bench scale` measures libraries of 10 thousand, about 80
thousand (all the open text there is) and 1 million sentences.

The million are copies of the open text with their vectors multiplied by noise: for latency and
memory only. Building it takes long, so it is measured where `.bench/million` has been made by
`python -m tests.bench.scale million`.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from assistant.assistant import Assistant
from corpus.add import add
from corpus.library import Library
from corpus.types import Filters, Reading
from index.encoder import Encoder
from index.sync import sync
from tests.bench import collection, open_sets

QUERIES = 300
SIZES = {"10 thousand": ("ten", 10_000), "all open text": ("open", None), "1 million, noise": ("million", 1_000_000)}


def main() -> None:
    """Prints a row for each library, and writes them to results/scale.json for the plot."""
    encoder = Encoder()
    rows = []
    print("The million are copies with noise: for latency and memory only.\n")
    print("| library | sentences | search p50 | p95 | filtered p50 | encode p50 | start to hits | memory a sentence | add one | remove one |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for label, (name, size) in SIZES.items():
        if name == "million":
            if not (collection.FOLDER / name).exists():
                continue
        else:
            collection.library(name, _some(size), encoder)
        row = json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.bench.scale", "measure", name], capture_output=True, text=True, check=True
            ).stdout
        )
        rows.append(row | {"label": label})
        print(
            f"| {label} | {row['sentences']:,} | {row['p50']:.1f} ms | {row['p95']:.1f} ms | {row['filtered']:.1f} ms "
            f"| {row['encode']:.1f} ms | {row['start']:.2f} s | {row['bytes']:.0f} B | {row['add']:.2f} s | {row['remove']:.2f} s |",
            flush=True,
        )
    results = Path(__file__).with_name("results") / "scale.json"
    results.write_text(json.dumps(rows, indent=1) + "\n")
    print("\n![Time of a search and memory against the number of sentences](scale.svg)")


def _some(size: int | None) -> list[dict]:
    records = [r | {"source": "one in thirty" if n % 30 == 0 else "other"} for n, r in enumerate(open_sets.everything())]
    if size is None:
        return records
    # The articles first: 10 thousand sentences of news and Wikipedia.
    return records[: next(n for n in range(len(records)) if sum(len(r["text"]) for r in records[:n]) > size * 130)]


def measure(name: str) -> dict:
    """One library, in a process of its own: times in ms and s, resident bytes a sentence."""
    library = Library(collection.FOLDER / name)
    questions = [question.text for _, asked in (open_sets.newsqa(), open_sets.xquad()) for question in asked]
    questions = questions[:: len(questions) // QUERIES][:QUERIES]
    encoder = Encoder()
    encoder.promise("warm").result()
    before = _resident()
    asker = Assistant(library)
    asker.encoder = encoder
    asker.search("warm", 10)
    took = _times(lambda question: asker.search(question, 10), questions)
    grown = _resident() - before
    filtered = _times(lambda question: asker.search(question, 10, Filters(source="one in thirty")), questions[:100])
    encode = _times(lambda question: encoder.promise(question).result(), questions[:100])
    start = min(_started(name) for _ in range(3))
    sentences = sum(library.counts())
    return {
        "sentences": sentences, "p50": statistics.median(took), "p95": float(np.quantile(took, 0.95)),
        "filtered": statistics.median(filtered), "encode": statistics.median(encode), "start": start,
        "bytes": grown / sentences, **_changes(library, asker, encoder),
    }  # fmt: skip


def _times(act, questions: list[str]) -> list[float]:
    took = []
    for question in questions:
        begun = time.perf_counter()
        act(question)
        took.append((time.perf_counter() - begun) * 1000)
    return took


def _started(name: str) -> float:
    begun = time.perf_counter()
    command = [sys.executable, "-m", "ui.cli", "search", "who controls the city?", "--library", str(collection.FOLDER / name)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begun


def _changes(library: Library, asker: Assistant, encoder: Encoder) -> dict:
    """Seconds from a new article until it is found, and from its removal until it is not."""
    text = "The lighthouse keepers of Quorne went on strike. " + "They ask for oil and better boots. " * 20
    begun = time.perf_counter()
    path = collection.FOLDER / "one.txt"
    path.write_text(text)
    add(library, [path], embed=encoder.encode, encoder=encoder.fingerprint)
    sync(library)
    assert library.quote(asker.search("who went on strike in Quorne?", 1)[0].span).startswith("The lighthouse keepers")
    added = time.perf_counter() - begun
    begun = time.perf_counter()
    with library.writing() as writer:
        writer.remove([library.named(str(path)).id])
    sync(library)
    assert "Quorne" not in library.quote(asker.search("who went on strike in Quorne?", 1)[0].span)
    return {"add": added, "remove": time.perf_counter() - begun}


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def million() -> None:
    """Builds `.bench/million` from the library of all open text: copies of its sentences, twenty
    documents in one, with noise on their vectors."""
    source, dice = Library(collection.FOLDER / "open"), np.random.default_rng(1)
    made = Library(collection.FOLDER / "million", create=True)
    batches = list(source.vectors())
    vectors = dict(zip(np.concatenate([b[0] for b in batches]).tolist(), np.concatenate([b[1] for b in batches]), strict=True))
    merged: dict[int, list[tuple[int, str]]] = {}
    for id, document, text in source.texts():
        merged.setdefault(document // 20, []).append((id, text))
    with made.writing() as writer:
        writer.claim_encoder(source.encoder)
        for copy in range(math.ceil(1_000_000 / len(vectors))):
            for document, sentences in merged.items():
                texts = [f"{text} ({copy})" for _, text in sentences]
                ends = np.cumsum([len(text) + 1 for text in texts])
                spans = [(int(end) - len(text) - 1, int(end) - 1) for text, end in zip(texts, ends, strict=True)]
                noisy = np.stack([vectors[id] for id, _ in sentences]).astype(np.float32)
                noisy *= 1 + 0.3 * dice.standard_normal(noisy.shape, np.float32)
                noisy /= np.linalg.norm(noisy, axis=1, keepdims=True)
                kind = "one in thirty" if document % 30 == 0 else "other"
                writer.put(
                    Reading("\n".join(texts), "text/plain", source=kind),
                    origin=str(copy), name=str(document), file=f"{copy}/{document}", stated=str(copy),
                    spans=spans, vectors=dict(zip(texts, noisy, strict=True)),
                )  # fmt: skip
            print(f"{sum(made.counts()):,} sentences", file=sys.stderr, flush=True)
    print(sync(made), file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "million":
        million()
    else:
        print(json.dumps(measure(sys.argv[2])))
