"""What an answer is made of. The JSON of these types is written in `ui/render.py`."""

from dataclasses import dataclass, field

from assistant.reader.reader import Judgement
from corpus.types import Document, Span

CLAIMS = 8  # that an answer shows at most
BESIDE = 0.08  # of the first claim's probability: what is less likely does not carry the answer
PARTIAL = 0.4  # of a sentence; who speaks and the word of saying take up some of it


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of a document: where they stand, and what stands there."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """A claimant, as the text calls it: the whole noun phrase, with its appositions.

    `name` is the part to show and to count by ("Ban Ki-moon" of "Ban Ki-moon, the secretary
    general"). `named` is false for a pronoun or a bare "the spokesman". Where the paragraph makes
    certain who a pronoun is, `mention` is the antecedent and `surface` the pronoun.
    """

    mention: Mention
    name: Mention
    named: bool
    surface: Mention | None = None


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who says it, how surely.

    `claimant` is the outermost speaker and `cue` its word of saying; `via` is the innermost
    speaker, where there is another. `voice` is "own" where the document itself speaks, and
    "reported" otherwise, also where a quotation has no speaker (`claimant` is None). `denied`:
    the claimant says that it is not so, or did not say it. Spans are of the document's text and
    may lie in the sentences around a quote.
    """

    claimant: Speaker | None
    via: Mention | None
    cue: Mention | None
    content: tuple[Span, ...]
    voice: str  # "own" or "reported"
    denied: bool = False
    hedged: bool = False

    def is_partial(self, quote: Span) -> bool:
        """Whether what is said is the lesser part of a quote, of which the document says the rest itself."""
        parts = [(max(part.start, quote.start), min(part.end, quote.end)) for part in self.content]
        said = sum(max(0, end - start) for start, end in parts)
        return 0 < said < PARTIAL * (quote.end - quote.start)


@dataclass(frozen=True, slots=True)
class Dated:
    """Words of a quote for a time, and the day, month or year that they mean, in ISO 8601 (how is
    said in `assistant.dates.happened`)."""

    mention: Mention
    when: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence offered as evidence. `text` is `quote` of the document, checked by hash.

    `sentence_id`, `cosine` (the sentence's own similarity to the question) and `found` (its score) are
    what the search gave.
    `answer` is the span of a short answer within the quote; `copies` are the documents that
    hold a near-copy of the sentence; `score` orders the claims of one answer only: of one that was
    read it is the probability that it answers, and `judgement` is what the reader found.
    """

    quote: Span
    text: str
    document: Document
    score: float
    sentence_id: int = 0
    cosine: float = 0.0
    found: float = 0.0
    judgement: Judgement | None = None
    answer: Span | None = None
    attribution: Attribution | None = None
    copies: tuple[Document, ...] = ()
    dates: tuple[Dated, ...] = ()

    def words(self, span: Span) -> str:
        """What stands at a span of the document that lies within the quote."""
        return self.text[span.start - self.quote.start : span.end - self.quote.start]


@dataclass(frozen=True, slots=True)
class Account:
    """The claims (by position in the answer) that give the same value.

    `denied`: what these claims say is that it is not so. `published` is the newest date of their
    documents. Where the values are successive figures, the accounts stand in the order of their
    dates, and `newest` marks the last.
    """

    value: str
    claims: tuple[int, ...]
    denied: bool = False
    published: str | None = None
    newest: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one question. An abstaining answer has no claims, and `nearest` instead.

    `confidence` is the probability that the first claim answers the question, also when the
    answer abstains. `searched`
    counts the documents that were searched, `newest` is the latest published date among them.
    `unmentioned` lists names of the question that stand in no document at all. `problems` says,
    in words, which documents could not be quoted because their record is damaged. `age` says, in words,
    how old the newest of the documents cited is, where that is long ago. `hurried` says, in words, that
    less was read than usual, where that is so. `timings_ms` holds milliseconds by stage.
    """

    question: str
    standalone: str
    claims: tuple[Claim, ...]
    nearest: tuple[Claim, ...]
    confidence: float
    abstained: bool
    short_answer: str | None = None
    accounts: tuple[Account, ...] = ()
    differ: bool = False
    origins: int = 0
    documents: int = 0
    excluded_undated: int = 0
    searched: int = 0
    newest: str | None = None
    unmentioned: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    age: str | None = None
    hurried: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def supporting(self) -> tuple[int, ...]:
        """The claims (by position) that carry the answer: the first and those of its accounts, or, where it
        has none, those that are not much less likely than the first. The others are further reading."""
        grouped = {place for account in self.accounts for place in account.claims}
        grouped |= {0} if grouped else set()
        least = BESIDE * max((claim.score for claim in self.claims), default=0.0)
        return tuple(sorted(grouped)) or tuple(i for i, claim in enumerate(self.claims) if claim.score >= least)
