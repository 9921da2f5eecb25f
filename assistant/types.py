"""What an answer is made of. The JSON of these types is written in `ui/render.py`."""

from dataclasses import dataclass, field

from corpus.types import Document, Span


@dataclass(frozen=True, slots=True)
class Attribution:
    """Who says it, how surely. `claimant` is the outermost speaker, `via` the innermost."""

    claimant: Span | None
    via: Span | None
    cue: Span | None
    content: tuple[Span, ...]
    voice: str  # "own" or "reported"
    denied: bool = False
    hedged: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence offered as evidence. `text` is `quote` of the document, checked by hash.

    `cosine` is the sentence's own similarity to the question.
    `answer` is the span of a short answer within the quote; `copies` are the documents that
    hold a near-copy of the sentence; `score` orders the claims of one answer only.
    """

    quote: Span
    text: str
    document: Document
    score: float
    cosine: float = 0.0
    answer: Span | None = None
    attribution: Attribution | None = None
    copies: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The claims (by position in the answer) that give the same value."""

    value: str
    claims: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one question. An abstaining answer has no claims, and `nearest` instead.

    `confidence` is the probability that the first claim answers the question, also when the
    answer abstains; `unsure` says that it is too low to call the claims an answer. `searched`
    counts the documents that were searched, `newest` is the latest published date among them.
    `unmentioned` lists names of the question that stand in no document at all. `problems` says,
    in words, which documents could not be quoted because their record is damaged. `timings_ms`
    holds milliseconds by stage.
    """

    question: str
    standalone: str
    claims: tuple[Claim, ...]
    nearest: tuple[Claim, ...]
    confidence: float
    abstained: bool
    unsure: bool = False
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
    timings_ms: dict[str, float] = field(default_factory=dict)
