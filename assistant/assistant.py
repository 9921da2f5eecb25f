"""The whole flow of a question, from its words to a cited answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from assistant.accounts import collapse
from assistant.evidence import UNSURE, confidence, sufficient, unmentioned
from assistant.types import Answer, Claim
from corpus.library import Library
from corpus.types import BylineError, Filters, is_unicode
from index import encoder as encoders
from index.search import Hit, Passing, search, search_documents
from index.sync import Index
from index.wording import phrases, without_marks

CLAIMS = 8
NEAREST = 5
NO_FILTERS = Filters()
FOUND = 50  # hits that are looked at for one answer


class Assistant:
    """Answers questions from one library. Safe to use from many threads.

    Raises BylineError when there is no library in the folder, or its encoder is not at hand.
    """

    def __init__(self, library: Library):
        self.library = library
        self._encoder = encoders.Encoder()
        self._follow_encoder()
        self._index = Index(library)

    @classmethod
    def open(cls, folder: Path) -> "Assistant":
        """The assistant for the library in a folder."""
        return cls(Library(folder))

    def ask(self, question: str, *, history: Sequence[tuple[str, str]] = (), filters: Filters = NO_FILTERS) -> Answer:
        """Answers from the documents that pass the filters, with verbatim sentences only.

        `history` holds earlier (question, answer) pairs. Weak evidence gives an abstaining answer.
        Raises BylineError when the question is empty or a cited record is damaged.
        """
        clock = _Clock()
        with self.library.reading():
            standalone = self._standalone(question, history)
            passing = self.library.allowed(filters)
            hits, missing = self._hits(standalone, passing)
            clock.lap("retrieve")
            claims, problems = self._claims(hits)
            clock.lap("read")
            sure = confidence(standalone, claims, self._index, missing)
            clock.lap("attribute")
            answer = self._answer(question, standalone, claims, sure, passing)
        return replace(answer, unmentioned=missing, problems=problems, timings_ms=clock.laps())

    def search(self, query: str, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The k best sentences for a query, best first, without judging whether they answer it."""
        return self._found(search, query, k, filters)

    def search_documents(self, query: str, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The k best documents for a query, best first, each as its best sentence."""
        return self._found(search_documents, query, k, filters)

    def _hits(self, question: str, passing: Passing) -> tuple[list[Hit], tuple[str, ...]]:
        """What was found, and what of the question stands nowhere: quoted phrases, or names."""
        hits = search(self.library, self._index, question, self._encoder.promise(question), FOUND, passing=passing)
        quoted = tuple(phrases(question))
        if hits or not quoted:
            return hits, unmentioned(question, self._index)
        # The nearest may lack the phrase: they will be shown, and said to be no answer.
        unquoted = without_marks(question)
        return search(self.library, self._index, unquoted, self._encoder.promise(unquoted), FOUND, passing=passing), quoted

    def _found(self, find: Callable, query: str, k: int, filters: Filters) -> list[Hit]:
        with self.library.reading():
            query = self._standalone(query, ())
            return find(self.library, self._index, query, self._encoder.promise(query), k, filters)

    def _standalone(self, question: str, history: Sequence[tuple[str, str]]) -> str:
        """The question as it is searched for: misspelt names mended. Follow-ups are not rewritten
        yet: history is not used."""
        question = question.strip()
        if not question:
            raise BylineError("the question is empty: ask something")
        if not is_unicode(question):
            raise BylineError("the question holds half of a surrogate pair: type it again")
        self._follow_encoder()
        self._index.refresh()
        return self._index.corrected(question, self._encoder.knows)

    def _follow_encoder(self) -> None:
        """Takes the encoder that made the library's vectors: another process may have changed it."""
        made_by = self.library.encoder
        if made_by not in (None, self._encoder.fingerprint):
            self._encoder = encoders.named(made_by["model"])
            self.library.check_encoder(self._encoder.fingerprint)

    def _claims(self, hits: list[Hit]) -> tuple[list[Claim], tuple[str, ...]]:
        texts, problems = self.library.quotes(hit.span for hit in hits)
        documents = {i: self.library.document(i) for i in {span.document_id for span in texts}}
        claims = [
            Claim(hit.span, texts[hit.span], documents[hit.span.document_id], hit.score, hit.cosine)
            for hit in hits
            if hit.span in texts
        ]
        return collapse(claims), tuple(problems)

    def _answer(
        self, question: str, standalone: str, claims: list[Claim], sure: float, passing: Passing
    ) -> Answer:
        enough = sufficient(sure)
        shown = tuple(claims[:CLAIMS]) if enough else ()
        documents, undated = passing
        searched, newest = self.library.coverage(documents)
        cited = {document.id for claim in shown for document in (claim.document, *claim.copies)}
        sources = {claim.document.source.casefold() for claim in shown if claim.document.source}
        return Answer(
            question=question, standalone=standalone, claims=shown,
            nearest=() if enough else tuple(claims[:NEAREST]),
            confidence=sure, abstained=not enough, unsure=sure < UNSURE,
            origins=len(sources), documents=len(cited),
            excluded_undated=undated,
            searched=searched, newest=newest,
        )  # fmt: skip


@dataclass(slots=True)
class _Clock:
    begun: float = field(default_factory=time.perf_counter)
    last: float = field(default_factory=time.perf_counter)
    took: dict[str, float] = field(default_factory=dict)

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self.took[stage], self.last = (now - self.last) * 1000, now

    def laps(self) -> dict[str, float]:
        return self.took | {"total": (time.perf_counter() - self.begun) * 1000}
