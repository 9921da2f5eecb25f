"""BM25 (Robertson and Zaragoza 2009, doi:10.1561/1500000019) over words: tantivy for the base, and
the same formula over a dictionary for the few texts that came after it.

Text is never parsed as a query language: it is cut into words, and each word is looked up. So no
character of a question can be an error.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import tantivy

from corpus.types import BylineError
from index.wording import ANALYZER, SURFACE, folded, words

K1, B = 1.2, 0.75  # tantivy's own
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("group", indexed=True, fast=True)
    builder.add_text_field("text", tokenizer_name="words", index_option="freq")
    builder.add_text_field("spelt", tokenizer_name="spelt", index_option="basic")
    return builder.build()


def _register(index: tantivy.Index) -> None:
    index.register_tokenizer("words", ANALYZER)
    index.register_tokenizer("spelt", SURFACE)


class Lexical:
    """An immutable BM25 index in a folder. Texts have an id and a group (their document)."""

    def __init__(self, folder: Path):
        try:
            index = tantivy.Index.open(str(folder))
        except ValueError as error:
            raise BylineError(f"{folder}: the word index cannot be opened ({error})") from error
        _register(index)
        self._schema = index.schema
        self._searcher = index.searcher()

    @staticmethod
    def build(folder: Path, texts: Iterable[tuple[int, int, str]], *, spelling: bool = False) -> "Lexical":
        """Indexes (id, group, text) into an empty folder, with their words as spelt if `spelling`. No
        text is stored."""
        folder.mkdir()
        index = tantivy.Index(_schema(), path=str(folder))
        _register(index)
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        for id, group, text in texts:
            document = tantivy.Document()
            document.add_unsigned("id", id)
            document.add_unsigned("group", group)
            document.add_text("text", folded(text))
            if spelling:
                document.add_text("spelt", text)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        return Lexical(folder)

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self._searcher.num_docs

    def frequency(self, word: str) -> int:
        """In how many texts an indexed word stands."""
        return self._searcher.doc_freq("text", word)

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Every word as it is spelt, and in how many texts; read when it is first asked for."""
        return dict(self._searcher.terms_with_prefix("spelt", ""))

    def search(
        self, terms: Mapping[str, float], k: int, *, groups: np.ndarray | None = None, ids: np.ndarray | None = None,
        every: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """The ids (at most k) and BM25 scores of the best texts, best first, for weighted words; limited
        to texts of these groups or with these ids, if given, or that hold `every` word."""
        limit, field = (groups, "group") if groups is not None else (ids, "id")
        if not terms or (limit is not None and not len(limit)) or not self.count:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        occur = tantivy.Occur.Must if every else tantivy.Occur.Should
        query = tantivy.Query.boolean_query(
            [(occur, tantivy.Query.boost_query(self._term(term), weight)) for term, weight in terms.items()]
        )
        if limit is not None:
            within = tantivy.Query.term_set_query(self._schema, field, [int(i) for i in limit])
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, query), (tantivy.Occur.Must, tantivy.Query.const_score_query(within, 0.0))]
            )
        hits = self._searcher.search(query, limit=k, count=False).hits
        found = self._searcher.fast_field_values("id", [address for _, address in hits])
        return np.array(found, np.int64), np.array([score for score, _ in hits], np.float32)

    def _term(self, term: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "text", term, index_option="freq")


class Tail:
    """BM25 over the texts that came after a base, with the statistics of both together."""

    def __init__(self, base: Lexical | None):
        self._base = base
        self._postings: dict[str, dict[int, int]] = defaultdict(dict)
        self._lengths: dict[int, int] = {}
        self._groups: dict[int, int] = {}
        self._held: dict[int, tuple[set[str], set[str]]] = {}  # the words of a text, indexed and as spelt
        self.vocabulary: Counter = Counter()  # every word as it is spelt, and in how many texts

    @property
    def count(self) -> int:
        """How many texts there are."""
        return len(self._lengths)

    def frequency(self, word: str) -> int:
        """In how many texts an indexed word stands."""
        return len(self._postings.get(word, ()))

    def add(self, texts: Iterable[tuple[int, int, str]]) -> None:
        """Takes in (id, group, text); a text whose id is here already is replaced."""
        for id, group, text in texts:
            known, spelt = self._held.get(id, (set(), set()))
            for word in known:
                del self._postings[word][id]
            self.vocabulary.subtract(spelt)
            tokens = words(text)
            counts, spelt = Counter(tokens), set(SURFACE.analyze(text))
            self.vocabulary.update(spelt)
            self._lengths[id], self._groups[id] = len(tokens), group
            self._held[id] = set(counts), spelt
            for word, count in counts.items():
                self._postings[word][id] = count

    def search(
        self, terms: Mapping[str, float], k: int, *, groups: np.ndarray | None = None, ids: np.ndarray | None = None,
        every: bool = False,
    ) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
        """As `Lexical.search`."""
        allowed = None if groups is None else set(groups.tolist())
        wanted = None if ids is None else set(ids.tolist())
        if every:
            held = set.intersection(*(set(self._postings.get(term, ())) for term in terms)) if terms else set()
            wanted = held if wanted is None else wanted & held
        count = len(self._lengths) + (self._base.count if self._base else 0)
        mean = sum(self._lengths.values()) / max(len(self._lengths), 1)
        scores: Counter = Counter()
        for word, weight in terms.items():
            postings = self._postings.get(word)
            if not postings:
                continue
            frequency = len(postings) + (self._base.frequency(word) if self._base else 0)
            idf = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
            for id, n in postings.items():
                if (allowed is None or self._groups[id] in allowed) and (wanted is None or id in wanted):
                    norm = K1 * (1 - B + B * self._lengths[id] / mean)
                    scores[id] += weight * idf * n * (K1 + 1) / (n + norm)
        best = scores.most_common(k)
        return np.array([id for id, _ in best], np.int64), np.array([score for _, score in best], np.float32)
