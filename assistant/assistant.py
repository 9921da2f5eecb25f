"""The whole flow of a question, from its words to a cited answer."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from assistant.composition import Composition, compose
from assistant.copies import collapse, support
from assistant.dates import age
from assistant.evidence import confidence, sufficient, unmentioned
from assistant.followup import standalone
from assistant.parsing import parser
from assistant.reader.reader import Reader
from assistant.reading import READ, in_turn, read
from assistant.speakers import saying
from assistant.types import Answer, Claim
from corpus.library import Library
from corpus.types import BylineError, Filters, is_unicode
from index import encoder as encoders
from index.search import Hit, Passing, search, search_documents
from index.sync import Index
from index.wording import phrases, quotes_titles, without_marks

NEAREST = 5
NO_FILTERS = Filters()
FOUND = 50  # hits that are looked at for one answer
HURRIED = (
    "Others were asking: of the sentences that were found {} were read, not {}, and other accounts may be missing. "
    "Ask again for all of them."
)


class Assistant:
    """Answers questions from one library. Safe to use from many threads.

    Raises BylineError when there is no library in the folder, or its encoder is not at hand.
    """

    def __init__(self, library: Library):
        self.library = library
        self.encoder = encoders.following(library, encoders.Encoder())
        self.index = Index(library)
        self.reader = Reader()

    @classmethod
    def open(cls, folder: Path) -> "Assistant":
        """The assistant for the library in a folder."""
        return cls(Library(folder))

    def prepare(self) -> None:
        """Loads the models, so that the first question need not wait for them."""
        self.encoder.promise("a question").result()
        self.reader.read("who?", "Nobody.")
        parser()

    def ask(
        self, question: str, *, history: Sequence[tuple[str, str]] = (), filters: Filters = NO_FILTERS,
        most: int = READ, found: Callable[[Sequence[Claim]], None] | None = None,
    ) -> Answer:  # fmt: skip
        """Answers from the documents that pass the filters, with verbatim sentences only.

        `history` holds earlier (question, answer) pairs. Weak evidence gives an abstaining answer.
        At most `most` sentences are read; where that leaves any out, the answer says so. `found` is
        told what is about to be read, in that order; what it raises ends the asking.
        Raises BylineError when the question is empty or a cited record is damaged.
        """
        clock = _Clock()
        with self.library.reading():
            alone = self._standalone(question, history)
            passing = self.library.allowed(filters)
            hits, missing = self._hits(alone, passing)
            clock.lap("retrieve")
            claims, problems = self._claims(hits)
            claims = in_turn(alone, claims)
            if found:
                found(claims[:most])
            hurried = HURRIED.format(most, READ) if most < min(READ, len(claims)) else None
            claims = read(self.library, self.reader, alone, claims, most)
            sure = confidence(self.reader, alone, claims, self.index, missing)
            clock.lap("read")
            enough = sufficient(self.reader, sure)
            told = compose(self.library, self.reader, alone, claims) if enough else Composition(())
            clock.lap("attribute")
            answer = self._answer(question, alone, claims, told, sure, passing)
        old = age(told.claims, date.fromisoformat(filters.as_of) if filters.as_of else date.today())
        return replace(answer, unmentioned=missing, problems=problems, age=old, hurried=hurried, timings_ms=clock.laps())

    def read(self, question: str, filters: Filters = NO_FILTERS) -> list[Claim]:
        """All that was found for a question, the best of it read, in the order of how likely each
        answers; without deciding whether any does."""
        with self.library.reading():
            alone = self._standalone(question, ())
            return read(self.library, self.reader, alone, in_turn(alone, self._unread(alone, filters)))

    def found(self, question: str, filters: Filters = NO_FILTERS) -> list[Claim]:
        """What the search found, unread, in its order, copies folded together."""
        with self.library.reading():
            return self._unread(self._standalone(question, ()), filters)

    def search(self, query: str, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The k best sentences for a query, best first, without judging whether they answer it."""
        return self._found(search, query, k, filters)

    def search_documents(self, query: str, k: int, filters: Filters = NO_FILTERS) -> list[Hit]:
        """The k best documents for a query, best first, each as its best sentence."""
        return self._found(search_documents, query, k, filters)

    def _hits(self, question: str, passing: Passing) -> tuple[list[Hit], tuple[str, ...]]:
        """What was found, and what of the question stands nowhere: quoted phrases, or names."""
        hits = search(self.library, self.index, question, self.encoder.promise(question), FOUND, passing=passing)
        quoted = tuple(phrases(question))
        if not quoted:
            return hits, unmentioned(question, self.index, self.encoder.knows)
        if not hits:  # the nearest may lack the phrase: they will be shown, and said to be no answer
            return self._unquoted(question, passing), quoted
        if len(hits) < FOUND and quotes_titles(question) and not saying(question):
            # A title need not stand in each sentence of a text that is about what bears it.
            documents = np.unique([int(hit.span.document_id) for hit in hits])
            known, least = {hit.sentence_id for hit in hits}, hits[-1].score
            more = [hit for hit in self._unquoted(question, (documents, 0)) if hit.sentence_id not in known]
            hits += [replace(hit, score=min(hit.score, least)) for hit in more]
        return hits[:FOUND], ()

    def _unquoted(self, question: str, passing: Passing) -> list[Hit]:
        question = without_marks(question)
        return search(self.library, self.index, question, self.encoder.promise(question), FOUND, passing=passing)

    def _found(self, find: Callable, query: str, k: int, filters: Filters) -> list[Hit]:
        with self.library.reading():
            query = self._standalone(query, ())
            return find(self.library, self.index, query, self.encoder.promise(query), k, filters)

    def _standalone(self, question: str, history: Sequence[tuple[str, str]]) -> str:
        """The question as it is searched for: a follow-up made to stand alone, misspelt names mended."""
        question = question.strip()
        if not question:
            raise BylineError("the question is empty: ask something")
        if not is_unicode(question):
            raise BylineError("the question holds half of a surrogate pair: type it again")
        self.encoder = encoders.following(self.library, self.encoder)  # another process may have changed it
        self.index.refresh()
        return self.index.corrected(standalone(question, history).question, self.encoder.knows)

    def _unread(self, alone: str, filters: Filters) -> list[Claim]:
        hits, _ = self._hits(alone, self.library.allowed(filters))
        return self._claims(hits)[0]

    def _claims(self, hits: list[Hit]) -> tuple[list[Claim], tuple[str, ...]]:
        texts, problems = self.library.quotes(hit.span for hit in hits)
        documents = {i: self.library.document(i) for i in {span.document_id for span in texts}}
        claims = [
            Claim(
                hit.span, texts[hit.span], documents[hit.span.document_id], hit.score,
                sentence_id=hit.sentence_id, cosine=hit.cosine, found=hit.score,
            )
            for hit in hits
            if hit.span in texts
        ]  # fmt: skip
        return collapse(claims), tuple(problems)

    def _answer(
        self, question: str, alone: str, claims: list[Claim], told: Composition, sure: float, passing: Passing
    ) -> Answer:
        documents, undated = passing
        searched, newest = self.library.coverage(documents)
        # Without the words that would be the answer: to mark them would be to say that there is one.
        nearest = tuple(replace(claim, answer=None) for claim in claims[:NEAREST])
        answer = Answer(
            question=question, standalone=alone, claims=told.claims,
            nearest=() if told.claims else nearest,
            confidence=sure, abstained=not told.claims, short_answer=told.short_answer,
            accounts=told.accounts, differ=told.differ,
            excluded_undated=undated,
            searched=searched, newest=newest,
        )  # fmt: skip
        origins, cited = support([answer.claims[place] for place in answer.supporting])
        return replace(answer, origins=origins, documents=cited)


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
