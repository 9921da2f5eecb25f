"""Why a graph: exact search, HNSW and inverted files side by side on all open text.

`python -m tests.bench graph` prints the recall of the nearest 10 and 200 sentences against exact
search, with real questions, with and without filters, and the time of one search.
"""

import math
import time

import faiss
import numpy as np

import index.vectors
from corpus.library import Library
from index.encoder import Encoder
from index.vectors import Vectors
from tests.bench import collection, open_sets

K = 200


def main() -> None:
    """Prints both tables."""
    library = Library(collection.FOLDER / "open")
    questions = [q.text for q in open_sets.newsqa()[1]][::12] + [q.text for q in open_sets.xquad()[1]][::10]
    queries = Encoder().encode(questions)
    batches = list(library.vectors())
    everything = np.concatenate([batch[1] for batch in batches]).astype(np.float32)
    count, dimension = everything.shape
    exact = _built(batches, count, dimension, exactly=True)
    truth = [exact.search(query, K)[0] for query in queries]
    print(f"{count:,} sentences, {len(queries)} questions\n")
    print("| index | built in | recall of 10 | of 200 | median search |\n|---|---|---|---|---|")
    _row("exact (float16)", 0.0, truth, truth, _took(lambda query: exact.search(query, K), queries))
    begun = time.perf_counter()
    graph = _built(batches, count, dimension, exactly=False)
    built = time.perf_counter() - begun
    _row("**HNSW, 16 links, 200 in view (shipped)**", built, *_compared(lambda query: graph.search(query, K)[0], queries, truth))
    begun = time.perf_counter()
    cells = int(4 * math.sqrt(count))
    inverted = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(dimension), dimension, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    inverted.train(everything)
    inverted.add(everything)
    built = time.perf_counter() - begun
    for share in (0.02, 0.05, 0.12):
        probes = faiss.SearchParametersIVF(nprobe=max(1, int(share * cells)))
        found = lambda query: graph.ids[inverted.search(query[None], K, params=probes)[1][0]]  # noqa: E731
        _row(f"inverted file, {cells} cells, {share:.0%} looked into", built, *_compared(found, queries, truth))
    print("\n| filter lets through | recall of 10 | of 200 | median search | exact search |\n|---|---|---|---|---|")
    dice = np.random.default_rng(1)
    for share in (0.9, 0.5, 0.3, 0.2, 0.03):
        allowed = np.sort(dice.choice(graph.ids, int(share * count), replace=False))
        truth = [exact.search(query, K, allowed)[0] for query in queries]
        got, truth, took = _compared(lambda query: graph.search(query, K, allowed)[0], queries, truth)
        slow = _took(lambda query: exact.search(query, K, allowed), queries)
        print(f"| {share:.0%} | {_recall(got, truth, 10):.4f} | {_recall(got, truth, K):.4f} | {took:.1f} ms | {slow:.1f} ms |")


def _built(batches: list, count: int, dimension: int, *, exactly: bool) -> Vectors:
    shipped = index.vectors.EXACT
    index.vectors.EXACT = count if exactly else shipped
    try:
        return Vectors.build(batches, count, dimension)
    finally:
        index.vectors.EXACT = shipped


def _compared(search, queries: np.ndarray, truth: list) -> tuple[list, list, float]:
    return [search(query) for query in queries], truth, _took(search, queries)


def _row(name: str, built: float, got: list, truth: list, took: float) -> None:
    print(f"| {name} | {built:.0f} s | {_recall(got, truth, 10):.4f} | {_recall(got, truth, K):.4f} | {took:.1f} ms |", flush=True)


def _recall(got: list, truth: list, k: int) -> float:
    return float(np.mean([len(set(g[:k]) & set(t[:k])) / len(t[:k]) for g, t in zip(got, truth, strict=True)]))


def _took(search, queries: np.ndarray) -> float:
    took = []
    for query in queries:
        begun = time.perf_counter()
        search(query)
        took.append((time.perf_counter() - begun) * 1000)
    return float(np.median(took))
