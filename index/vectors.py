"""Nearest sentences by inner product: a FAISS file that is written once and then only read.

Vectors are kept as float16, as in the library. Up to EXACT of them every one is compared; above, a
graph is walked (HNSW: Malkov and Yashunin 2018, arXiv:1603.09320). Under a narrow filter a graph
loses what passes it, so then all that pass are compared. `tests/bench/graph.py` has the figures.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import faiss
import numpy as np

# One question does not gain from a second thread; two questions at once do.
faiss.omp_set_num_threads(1)

EXACT = 20_000  # vectors: as many are compared in 2 to 3 ms
LINKS = 16  # neighbours a vector has in the graph, twice as many on the lowest level
BUILDING, WALKING = 80, 200  # vectors kept in view while the graph is built, and while it is walked
NARROW = 0.25  # a filter that lets less than this share through is searched exactly
MAPPED = 200 * 1024 * 1024  # bytes: a larger file is mapped, not read

class Vectors:
    """An immutable store of unit vectors under sentence ids. Safe to search from any thread."""

    def __init__(self, index: faiss.IndexIDMap):
        self.ids = faiss.vector_to_array(index.id_map)  # ascending; the inner index counts from 0
        self.dimension = index.d
        self._index = index
        self._inner = faiss.downcast_index(index.index)
        self._is_graph = isinstance(self._inner, faiss.IndexHNSW)
        self._stored = faiss.downcast_index(self._inner.storage) if self._is_graph else self._inner

    @classmethod
    def build(cls, batches: Iterable[tuple[np.ndarray, np.ndarray]], count: int, dimension: int) -> "Vectors":
        """From about `count` vectors in batches of (ids int64 (n,), ascending over all, float16
        (n, dimension))."""
        half = faiss.ScalarQuantizer.QT_fp16
        if count <= EXACT:
            inner = faiss.IndexScalarQuantizer(dimension, half, faiss.METRIC_INNER_PRODUCT)
        else:
            inner = faiss.IndexHNSWSQ(dimension, half, LINKS, faiss.METRIC_INNER_PRODUCT)
            inner.hnsw.efConstruction = BUILDING
        index = faiss.IndexIDMap(inner)
        faiss.omp_set_num_threads(os.cpu_count() or 1)
        try:
            inner.train(np.zeros((1, dimension), np.float32))  # float16 has nothing to learn
            for ids, vectors in batches:
                index.add_with_ids(vectors.astype(np.float32), ids)
        finally:
            faiss.omp_set_num_threads(1)
        return cls(index)

    @classmethod
    def open(cls, path: Path) -> "Vectors":
        """From a file whose hash was checked: FAISS itself loads many damaged files without a word."""
        flags = faiss.IO_FLAG_MMAP_IFC if path.stat().st_size > MAPPED else 0
        return cls(faiss.read_index(str(path), flags))

    def write(self, path: Path) -> None:
        """Writes one file."""
        faiss.write_index(self._index, str(path))

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The ids (at most k) of the nearest vectors and their inner products, best first.

        `query` is float32 (dimension,); `allowed` limits the search to these ids (ascending).
        """
        inner, selector, share = self._inner, None, 1.0
        if allowed is not None:
            where, here = self._where(allowed)
            mask = np.zeros(len(self.ids), bool)
            mask[where[here]] = True
            bits = np.packbits(mask, bitorder="little")  # FAISS reads it: it must outlive the search
            selector, share = faiss.IDSelectorBitmap(bits), mask.mean() if len(mask) else 0.0
            k = min(k, int(mask.sum()))
        k = min(k, len(self.ids))
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if self._is_graph and share >= NARROW:
            parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=int(max(WALKING, k) / share))
        else:
            inner, parameters = self._stored, faiss.SearchParameters(sel=selector)
        scores, found = inner.search(query[None], k, params=parameters)
        kept = found[0] >= 0
        return self.ids[found[0][kept]], scores[0][kept]

    def products(self, query: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Inner products with the vectors of these ids, float32 (n,); NaN where an id is not here."""
        where, here = self._where(ids)
        result = np.full(len(ids), np.nan, np.float32)
        if here.any():
            result[here] = self._stored.reconstruct_batch(where[here]) @ query
        return result

    def differ(self, ids: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Whether each id is missing here, or has another vector than this one: bool (n,).

        `vectors` is float16 (n, dimension).
        """
        where, here = self._where(ids)
        result = ~here
        if here.any():
            result[here] = (self._stored.reconstruct_batch(where[here]) != vectors[here]).any(axis=1)
        return result

    def _where(self, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Positions of ids, and whether each is here at all."""
        if not len(self.ids):
            return np.zeros(len(ids), np.int64), np.zeros(len(ids), bool)
        where = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return where, self.ids[where] == ids
