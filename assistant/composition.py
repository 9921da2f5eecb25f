"""From what was read to what is shown: which claims, who says each, and which accounts they are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.accounts import LEAST as SURE_OF_WORDS
from assistant.accounts import choose, group
from assistant.attribution import Context, attributed
from assistant.dates import dated
from assistant.reader.reader import Reader
from assistant.speakers import said, saying
from assistant.types import Account, Claim
from corpus.library import Library

CLAIMS = 8
# Behind the first, a claim is shown if it answers with this probability, and this share of the first's.
LEAST, BESIDE = 0.01, 0.08
REACH = 1200  # characters to each side of a quote that are read to learn who speaks
NEAR = 300  # of these, what tells whether two claims speak of one thing


@dataclass(frozen=True, slots=True)
class Composition:
    """What an answer shows: at most CLAIMS claims, their accounts, whether two of these contradict each
    other, and the answer in a few words of the documents."""

    claims: tuple[Claim, ...]
    accounts: tuple[Account, ...] = ()
    differ: bool = False
    short_answer: str | None = None


def compose(library: Library, reader: Reader, question: str, claims: Sequence[Claim]) -> Composition:
    """What to show of the claims that were read, the most likely first."""
    least = max(LEAST, BESIDE * claims[0].score)
    likely = [claim for claim in claims if claim is claims[0] or claim.judgement and claim.score >= least]
    short = _short(reader, likely[0])
    # A question about speaking is answered by who speaks: it is known only of claims that were looked at.
    if asked := saying(question):
        likely = [claim for claim in claims if claim.judgement]
        told = said(asked, _attributed(likely, _contexts(library, likely)))
        speaking = {*told.says, *told.otherwise}
        kept = [claim for i, claim in enumerate(told.claims) if i in speaking or claim.score >= least]
        shown, short = kept[:CLAIMS] or told.claims[:1], told.short
        around = _contexts(library, shown)
    else:
        shown = choose(question, likely, CLAIMS, _near(likely, _contexts(library, likely)))
        around = _contexts(library, shown)
        shown = _attributed(shown, around)
    shown = tuple(replace(claim, dates=dated(claim)) for claim in shown)
    accounts, differ = group(question, shown, _near(shown, around))
    return Composition(tuple(map(_marked, shown)), accounts, differ, short)


def _marked(claim: Claim) -> Claim:
    """The claim without the words of an answer where they are unlikely to be one: nothing is marked then."""
    if claim.judgement and claim.judgement.answerable < SURE_OF_WORDS:
        return replace(claim, answer=None)
    return claim


def _short(reader: Reader, first: Claim) -> str | None:
    """The answer in the document's own words, where the reader is sure of them."""
    if first.answer is None or first.judgement.answerable < reader.fit["short"][0]:
        return None
    return first.text[first.answer.start - first.quote.start : first.answer.end - first.quote.start]


def _contexts(library: Library, claims: Sequence[Claim]) -> list[Context]:
    """Each quote with the text around it, which begins with a paragraph where it can."""
    contexts = []
    for claim in claims:
        passage = library.passage(claim.quote, REACH)
        before, whole = passage.before, not passage.cut_before
        if not whole and "\n" in before:
            before, whole = before[before.index("\n") + 1 :], True
        text = before + passage.quote + passage.after
        contexts.append(Context(text, claim.quote.start - len(before), claim.quote, claim.answer, whole))
    return contexts


def _attributed(claims: Sequence[Claim], contexts: Sequence[Context]) -> list[Claim]:
    return [
        replace(claim, attribution=attribution)
        for claim, attribution in zip(claims, attributed(contexts), strict=True)
    ]


def _near(claims: Sequence[Claim], contexts: Sequence[Context]) -> list[str]:
    near = []
    for claim, context in zip(claims, contexts, strict=True):
        start, end = claim.quote.start - context.start, claim.quote.end - context.start
        near.append(f"{claim.document.title or ''}\n{context.text[max(0, start - NEAR) : end + NEAR]}")
    return near
