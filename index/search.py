"""Finding: a question to the sentences that may answer it.

Three kinds of evidence are fused, because a sentence alone lacks its context: the sentence (cosine
and BM25), its neighbours (cosine), and its document (BM25 over title and text). Each is made
comparable over the candidates, and summed with the weights below.
"""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from corpus.library import Library
from corpus.types import Filters, Span
from index.sync import Index
from index.wording import holds, phrases, words

DEPTH = 50  # sentences by cosine, and by BM25, that become candidates
DOCUMENTS = 5  # documents by BM25 all whose sentences become candidates
LONG = 400  # sentences; of a longer document only those found by themselves
WEIGHTS = (1.0, 0.7, 0.3, 1.0)  # cosine, words, neighbours, document: see tests/bench/results/retrieval.md
HOLDING = 2000  # sentences with all words of a quoted phrase that are read for the phrase itself
NO_FILTERS = Filters()
Vector = np.ndarray | Future
_BESIDE = ThreadPoolExecutor(os.cpu_count() or 1, "search")  # looks words up while vectors and documents are scored
Passing = tuple[np.ndarray | None, int]  # as `Library.allowed` gives it


@dataclass(frozen=True, slots=True)
class Hit:
    """A sentence that was found. `score` orders the hits of one search; `cosine` is the sentence's
    own similarity to the question."""

    sentence_id: int
    span: Span
    score: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """The candidates of a question (rows as `Library.live` gives them) and what speaks for each,
    float32 (n,) apiece."""

    rows: np.ndarray
    cosine: np.ndarray
    neighbours: np.ndarray  # mean cosine of the sentences before and after
    words: np.ndarray  # BM25 of the sentence
    document: np.ndarray  # BM25 of its document


def search(
    library: Library, index: Index, question: str, vector: Vector, k: int = 50, filters: Filters = NO_FILTERS,
    *, passing: Passing | None = None,
) -> list[Hit]:  # fmt: skip
    """The k best sentences, best first; fewer only when fewer pass the filters.

    `vector` is the question's unit vector, float32 (dimension,), or the promise of it: the words are
    looked up while it is made. `passing` is what
    `library.allowed(filters)` gave, where the caller has asked it in the same transaction.
    """
    with library.reading():
        evidence = gather(library, index, question, vector, k, filters, passing=passing)
    scores = fuse(evidence)
    return _hits(evidence, scores, np.argsort(-scores, kind="stable")[:k])


def search_documents(
    library: Library, index: Index, question: str, vector: Vector, k: int = 10, filters: Filters = NO_FILTERS,
    *, passing: Passing | None = None,
) -> list[Hit]:  # fmt: skip
    """The k best documents, best first, each as its best sentence."""
    with library.reading():
        evidence = gather(library, index, question, vector, k, filters, documents=k, passing=passing)
    scores = fuse(evidence)
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(evidence.rows[order, 1], return_index=True)
    return _hits(evidence, scores, order[np.sort(first)][:k])


def _hits(evidence: Evidence, scores: np.ndarray, order: np.ndarray) -> list[Hit]:
    return [
        Hit(int(id), Span(str(document), int(start), int(end)), float(scores[i]), float(evidence.cosine[i]))
        for i, (id, document, start, end, *_) in zip(order, evidence.rows[order], strict=True)
    ]


def gather(
    library: Library, index: Index, question: str, vector: Vector, k: int = 50, filters: Filters = NO_FILTERS,
    *, documents: int = 1, passing: Passing | None = None,
) -> Evidence:  # fmt: skip
    """Candidates and their evidence, all of one state of the library: at least k sentences of at
    least so many documents, where there are as many."""
    with library.reading():
        index.refresh()
        groups, _ = passing or library.allowed(filters)
        allowed = None if groups is None else library.sentence_ids(groups)
        terms = index.terms(question)
        if quoted := phrases(question):
            live = _holding(library, index, quoted, groups)
        else:
            live = _candidates(library, index, terms, vector, groups, allowed, k, documents)
        if groups is not None:  # whatever an index or a damaged row says, a filter holds
            live = live[np.isin(live[:, 1], groups)]
        return _evidence(index, live, terms, _made(vector))


def _made(vector: Vector) -> np.ndarray:
    return vector.result() if isinstance(vector, Future) else vector


def _candidates(
    library: Library, index: Index, terms: dict[str, float], vector: Vector,
    groups: np.ndarray | None, allowed: np.ndarray | None, k: int, documents: int,
) -> np.ndarray:  # fmt: skip
    """Live sentences (rows as of `Library.live`) that may answer."""
    near, _ = index.documents(terms, max(DOCUMENTS, documents), ids=groups)
    within = [np.arange(first, last + 1) for first, last in library.ranges(near) if last - first < LONG]
    depth = max(DEPTH, k)
    while True:
        lexical, _ = index.words(terms, depth, groups=groups)
        dense, _ = index.dense(_made(vector), depth, allowed)
        live = library.live(np.unique(np.concatenate([dense, lexical, *within])))
        # What was removed is still in the indexes: look deeper until k are found or all are seen.
        if len(dense) < depth or (len(live) >= k and len(np.unique(live[:, 1])) >= documents):
            return live
        depth *= 4


def _holding(library: Library, index: Index, quoted: list[str], groups: np.ndarray | None) -> np.ndarray:
    """Live sentences that hold every quoted phrase."""
    terms = dict.fromkeys((word for phrase in quoted for word in words(phrase)), 1.0)
    ids, _ = index.words(terms, HOLDING, groups=groups, every=True)
    live = library.live(ids)
    keep = [all(holds(text, phrase) for phrase in quoted) for text in library.slices(live)]
    return live[np.array(keep, bool)]


def _evidence(index: Index, rows: np.ndarray, terms: dict[str, float], vector: np.ndarray) -> Evidence:
    ids, owners, first, last = rows[:, 0], rows[:, 1], rows[:, 4], rows[:, 5]
    said = _BESIDE.submit(index.words, terms, len(ids), ids=ids)
    around = np.unique(np.concatenate([ids - 1, ids, ids + 1]))
    products = index.products(vector, around)
    cosine = np.nan_to_num(products[np.searchsorted(around, ids)])
    beside = np.full((2, len(ids)), np.nan, np.float32)
    for row, step in zip(beside, (-1, 1), strict=True):
        there = (ids + step >= first) & (ids + step <= last)
        row[there] = products[np.searchsorted(around, ids[there] + step)]
    counted = np.sum(~np.isnan(beside), axis=0)
    # A sentence that stands alone is its own context.
    neighbours = np.where(counted > 0, np.nansum(beside, axis=0) / np.maximum(counted, 1), cosine)
    documents = np.unique(owners)
    document = _scores_of(owners, *index.documents(terms, len(documents), ids=documents))
    return Evidence(rows, cosine, neighbours.astype(np.float32), _scores_of(ids, *said.result()), document)


def fuse(evidence: Evidence, weights: tuple[float, ...] = WEIGHTS) -> np.ndarray:
    """One score a candidate, float32 (n,): the weighted sum of z-scores over the candidates."""
    kinds = (evidence.cosine, evidence.words, evidence.neighbours, evidence.document)
    return sum((weight * _z(kind) for weight, kind in zip(weights, kinds, strict=True)), np.float32(0.0))


def _z(values: np.ndarray) -> np.ndarray:
    spread = values.std() if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros_like(values)


def _scores_of(wanted: np.ndarray, ids: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The score of each wanted id; 0 where no word matched."""
    if not len(ids):
        return np.zeros(len(wanted), np.float32)
    order = np.argsort(ids)
    where = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
    return np.where(ids[order[where]] == wanted, scores[order[where]], np.float32(0.0))
