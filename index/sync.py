"""Keeps the search indexes in step with the library: a base on disk, and a tail in memory of what
came after it. What was removed is still in them; `search` drops whatever is not live any more."""

import math
import sys
import threading
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from corpus.library import Library
from corpus.types import BylineError
from index import base as bases
from index.base import Base
from index.lexical import Tail
from index.wording import corrected, nearest, respelt, telling, words

# A base is built anew when the rows it lacks and the rows it holds in vain reach this share of it.
STALE = 0.1
TAIL = 2_000  # sentences read into the tail in some 0.2 s; for more, a reader too makes a stale base anew
WORDS = 64  # of a question; a longer one is a pasted text, whose first words say what it is about
EMPTY = 0.5  # the weight of a word that asks or joins, beside one that tells
COMMON = 20_000  # sentences; an asking word that stands in more is left out: it costs time and tells nothing
RESPELT = 0.5  # the weight of another spelling beside the question's own


class Index:
    """The indexes of one library in one process. Safe to search from any thread."""

    def __init__(self, library: Library):
        self._library = library
        self._lock = threading.Lock()
        self._base: Base | None = None
        self._pointer: tuple | None = None  # the library's identity and the base in use, when last looked at
        self._tail = _Tail(None)

    def refresh(self) -> None:
        """Takes in what was added since; to be called inside the transaction that will search. Raises
        BylineError when that began on a library in whose place another has been restored."""
        with self._lock:
            identity, name = self._library.identity, bases.current(self._library.folder)
            if (identity, name) != self._pointer and self._library.is_in_place:
                base = _usable_base(self._library)
                # One that was made after this transaction began is left to the next; so is that of a library
                # that was restored in the place of this one meanwhile.
                if not (base and self._base and base.revision > self._library.revision) and self._library.is_in_place:
                    self._base, self._tail = base, _Tail(base)
                    self._pointer = identity, base.name if base else name
            if self._pointer is None or self._pointer[0] != identity:
                raise BylineError(f"{self._library.folder}: the library was restored at this moment; try again")
            self._tail.follow(self._library)

    def dense(self, query: np.ndarray, k: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """The ids and inner products of the k nearest sentences, best first."""
        base, tail = self._base, self._tail
        found = [tail.search(query, k, allowed)]
        if base:
            found.append(base.vectors.search(query, k, allowed))
        return _best(found, k)

    def products(self, query: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Inner products with these sentences, float32; NaN where an id is unknown."""
        base, tail = self._base, self._tail
        result = tail.products(query, ids)
        if base:
            result = np.where(np.isnan(result), base.vectors.products(query, ids), result)
        return result

    def words(
        self, terms: Mapping[str, float], k: int, *, groups: np.ndarray | None = None, ids: np.ndarray | None = None,
        every: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """The ids and BM25 scores of the k best sentences (of these documents; of these ids; of those
        that hold every word)."""
        return self._lexical("sentences", terms, k, groups=groups, ids=ids, every=every)

    def documents(
        self, terms: Mapping[str, float], k: int, *, ids: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The ids and BM25 scores of the k best documents (of these)."""
        return self._lexical("documents", terms, k, ids=ids)

    def _lexical(self, kind: str, terms: Mapping[str, float], k: int, **limits) -> tuple[np.ndarray, np.ndarray]:
        with self._lock:
            found = [getattr(self._tail, kind).search(terms, k, **limits)]
        if self._base:
            found.append(getattr(self._base, kind).search(terms, k, **limits))
        return _best(found, k)

    def terms(self, question: str) -> dict[str, float]:
        """The words to look a question up by, with their weights."""
        every = words(question)
        told = set(telling(question) or every)
        own = [word for word in dict.fromkeys(every) if word in told or self.frequency(word) <= COMMON][:WORDS]
        return {word: 1.0 if word in told else EMPTY for word in own} | dict.fromkeys(self._respelt(question), RESPELT)

    def telling(self, question: str) -> list[str]:
        """Those of its words, and of their other spellings, that tell what a question is about."""
        told = telling(question)
        return told + self._respelt(question) if told else []

    def _respelt(self, question: str) -> list[str]:
        return respelt(question, self.frequency)

    def corrected(self, question: str, english: Callable[[str], bool]) -> str:
        """The question with misspelt words replaced by what the texts have; see `wording.corrected`."""
        return corrected(question, self.frequency, english, self._vocabulary)

    def mentions(self, word: str) -> bool:
        """Whether an indexed word, or one spelt nearly so, stands in any text."""
        return bool(self.frequency(word) or nearest(word, self._vocabulary()))

    def rarity(self, terms: Iterable[str]) -> dict[str, float]:
        """The inverse document frequency of each word, over sentences."""
        total = self._tail.sentences.count + (self._base.sentences.count if self._base else 0)
        seen = {term: self.frequency(term) for term in terms}
        return {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in seen.items()}

    def frequency(self, word: str) -> int:
        """In how many sentences an indexed word stands."""
        base = self._base.sentences.frequency(word) if self._base else 0
        return base + self._tail.sentences.frequency(word)

    def _vocabulary(self) -> Mapping[str, int]:
        """Every word as it is spelt, and how many sentences hold it (of the base, else of the tail)."""
        with self._lock:
            tail = dict(self._tail.sentences.vocabulary)
        return ChainMap(self._base.sentences.vocabulary, tail) if self._base else tail


class _Tail:
    """What a base lacks, read from the library and searched exactly."""

    def __init__(self, base: Base | None):
        self.sentences = Tail(base.sentences if base else None)
        self.documents = Tail(base.documents if base else None)
        self._through = base.through if base else 0
        self._revision = base.revision if base else -1
        self._ids = np.zeros(0, np.int64)
        self._vectors = np.zeros((0, 0), np.float32)

    def follow(self, library: Library) -> None:
        revision = library.revision
        if revision == self._revision:
            return
        self.sentences.add(library.texts(self._through))
        self.documents.add((id, id, text) for id, text in library.texts_changed(self._revision))
        if batches := list(library.vectors(self._through)):
            grown = np.concatenate([vectors for _, vectors in batches]).astype(np.float32)
            self._vectors = np.concatenate([self._vectors, grown]) if len(self._ids) else grown
            self._ids = np.concatenate([self._ids, *(ids for ids, _ in batches)])
            self._through = int(self._ids[-1])
        self._revision = revision

    def search(self, query: np.ndarray, k: int, allowed: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        ids, vectors = self._ids, self._vectors
        if not len(ids):
            return ids, np.zeros(0, np.float32)
        vectors = vectors[: len(ids)]
        scores = vectors @ query
        if allowed is not None:
            keep = np.isin(ids, allowed)
            ids, scores = ids[keep], scores[keep]
        order = np.argsort(-scores, kind="stable")[:k]
        return ids[order], scores[order]

    def products(self, query: np.ndarray, ids: np.ndarray) -> np.ndarray:
        result = np.full(len(ids), np.nan, np.float32)
        if len(self._ids):
            where = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
            here = self._ids[where] == ids
            result[here] = self._vectors[where[here]] @ query
        return result


def _best(found: list[tuple[np.ndarray, np.ndarray]], k: int) -> tuple[np.ndarray, np.ndarray]:
    """Merges results, best first; of an id that comes twice the first result's score is kept."""
    ids, scores = np.concatenate([f[0] for f in found]), np.concatenate([f[1] for f in found])
    _, first = np.unique(ids, return_index=True)
    order = first[np.lexsort((ids[first], -scores[first]))][:k]
    return ids[order], scores[order]


def _usable_base(library: Library) -> Base | None:
    """The current base; made again when it is missing, damaged, or so stale that reading what it lacks
    would slow down every process. Where it cannot be made: the stale one, or None, and then everything
    is the tail; searching works all the same."""
    base, problem = None, ""
    for _ in range(3):  # a writer may swap it between the two steps
        name = bases.current(library.folder)
        try:
            base = bases.open_base(library, name)
            break
        except BylineError as error:
            problem = str(error)
    if base is None and not any(library.counts()):
        return None
    if base and _lacking(library, base) <= max(TAIL, STALE * len(base.vectors.ids)):
        return base
    try:
        made = bases.renew(library, name, wait=0.0)
    except BylineError:
        return base
    if base is None:
        print(f"byline: {problem}: made again from the library", file=sys.stderr)
    return made


def sync(library: Library) -> list[str]:
    """Builds a new base where there is none to be trusted, or where it is stale. Whether the caller
    holds the writer's lock does not matter.

    Returns what went wrong, in words: the library is as good as before, only slower to search.
    """
    name = bases.current(library.folder)
    try:
        base = bases.open_base(library, name)
    except BylineError:
        base = None
    if base:
        size = len(base.vectors.ids)
        gone = size - library.counts(base.through)[0]
        if gone + _lacking(library, base) <= STALE * size:
            bases.tidy(library.folder)
            return []
    try:
        bases.renew(library, name, wait=bases.WAIT)
    except BylineError as error:
        return [f"{error}. What was stored is safe, and searching works all the same, only slower"]
    return []


def _lacking(library: Library, base: Base) -> int:
    """How many sentences the tail of a base reads: the new ones, and those of documents set since."""
    return library.counts(base.through)[1] + library.changed(base.revision, base.through)
