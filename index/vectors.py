"""Nearest sentences by inner product: a FAISS file that is written once and then only read.

Vectors are kept as float16, as in the library, and every one is compared: the search is exact.
"""

from collections.abc import Iterable
from pathlib import Path

import faiss
import numpy as np

# One question does not gain from a second thread; two questions at once do.
faiss.omp_set_num_threads(1)


class Vectors:
    """An immutable store of unit vectors under sentence ids. Safe to search from any thread."""

    def __init__(self, index: faiss.IndexIDMap):
        self._index = index
        self._flat = faiss.downcast_index(index.index)
        self.ids = faiss.vector_to_array(index.id_map)  # ascending
        self.dimension = index.d
        # FAISS's own memory, seen as an array: no copy.
        codes = faiss.rev_swig_ptr(self._flat.codes.data(), len(self.ids) * self._flat.code_size)
        self._codes = codes.view(np.float16).reshape(len(self.ids), self.dimension)

    @classmethod
    def build(cls, batches: Iterable[tuple[np.ndarray, np.ndarray]], dimension: int) -> "Vectors":
        """From batches of (ids int64 (n,) ascending over all, float16 vectors (n, dimension))."""
        flat = faiss.IndexScalarQuantizer(dimension, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        index = faiss.IndexIDMap(flat)
        for ids, vectors in batches:
            index.add_with_ids(vectors.astype(np.float32), ids)
        return cls(index)

    @classmethod
    def open(cls, path: Path) -> "Vectors":
        """From a file whose hash was checked: FAISS itself loads many damaged files without a word."""
        return cls(faiss.read_index(str(path)))

    def write(self, path: Path) -> None:
        """Writes one file."""
        faiss.write_index(self._index, str(path))

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The ids (at most k) of the nearest vectors and their inner products, best first.

        `query` is float32 (dimension,); `allowed` limits the search to these ids (ascending).
        """
        k = min(k, len(self.ids) if allowed is None else len(allowed))
        if k == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        parameters, bits = None, None
        if allowed is not None:
            mask = np.zeros(int(allowed[-1]) + 1, bool)
            mask[allowed] = True
            bits = np.packbits(mask, bitorder="little")
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        scores, ids = self._index.search(query[None], k, params=parameters)
        found = ids[0] >= 0
        return ids[0][found], scores[0][found]

    def products(self, query: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Inner products with the vectors of these ids, float32 (n,); NaN where an id is not here."""
        where = np.minimum(np.searchsorted(self.ids, ids), max(len(self.ids) - 1, 0))
        here = self.ids[where] == ids if len(self.ids) else np.zeros(len(ids), bool)
        result = np.full(len(ids), np.nan, np.float32)
        result[here] = self._codes[where[here]].astype(np.float32) @ query
        return result
