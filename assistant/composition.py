"""From what was read to what is shown: which claims, who says each, and which accounts they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.accounts import LEAST as SURE_OF_WORDS
from assistant.accounts import choose, group
from assistant.asked import asked as asked_for
from assistant.attribution import Context, attributed
from assistant.dates import dated
from assistant.reader.reader import Reader
from assistant.speakers import said, saying
from assistant.types import CLAIMS, Account, Claim
from corpus.library import Library
from corpus.types import Span

# Behind the first, a claim is shown if it answers with this probability, and this share of the first's.
LEAST, BESIDE = 0.002, 0.01
# Where another account is at least so likely beside the first, neither is put above the other as the
# short answer (XQuAD: F1 .69 of those left out, .83 of the others).
RIVAL = 0.5
REACH = 1200  # characters to each side of a quote that are read to learn who speaks
NEAR = 300  # of these, what tells whether two claims speak of one thing
# Words after which an answer tells where somebody went, no longer who it is.
_ONWARD = re.compile(r"\s(?:into|onto|towards?|across|through|against)\s", re.IGNORECASE)


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
    kind = asked_for(question).kind
    if kind == "name":
        claims = [_ending(claim) for claim in claims]
    least = max(LEAST, BESIDE * claims[0].score)
    looked_at = [claim for claim in claims if claim.judgement]
    around = contexts(library, looked_at)
    # A question about speaking is answered by who speaks: it is known only of claims that were looked at.
    if asked := saying(question):
        told = said(asked, _attributed(looked_at, around))
        speaking = {*told.says, *told.otherwise}
        kept = [claim for i, claim in enumerate(told.claims) if i in speaking or claim.score >= least]
        shown = kept[:CLAIMS] or told.claims[:1]
    else:
        likely = [claim for claim in looked_at if claim is claims[0] or claim.score >= least]
        shown = _attributed(choose(question, likely, CLAIMS, _near(likely, around)), around)
    shown = tuple(replace(claim, dates=dated(claim)) for claim in shown)
    # Who speaks is no value of the reader's: of what was said, each says it in their own words.
    accounts, differ = ((), False) if asked else group(question, shown, _near(shown, around))
    short = told.short if asked else _short(reader, shown, accounts)
    # However unlikely: the words that give an account its value. A verdict or a denial is not in the answer's words.
    valued = {i for account in accounts if kind != "verdict" and not account.denied for i in account.claims}
    marked = tuple(claim if i in valued else _marked(claim) for i, claim in enumerate(shown))
    return Composition(marked, accounts, differ, short)


def _ending(claim: Claim) -> Claim:
    """The claim with an answer that ends where who it is does: not with "allied troops into the north"."""
    if claim.answer is None or not (onward := _ONWARD.search(claim.words(claim.answer))):
        return claim
    return replace(claim, answer=replace(claim.answer, end=claim.answer.start + onward.start()))


def _marked(claim: Claim) -> Claim:
    """The claim without the words of an answer where they are unlikely to be one: nothing is marked then."""
    if claim.judgement and claim.judgement.answerable < SURE_OF_WORDS:
        return replace(claim, answer=None)
    return claim


def _short(reader: Reader, claims: Sequence[Claim], accounts: Sequence[Account]) -> str | None:
    """The answer in the document's own words, where the reader is sure of them and no other account rivals it."""
    first = claims[0]
    if first.answer is None or (sure := first.judgement.answerable) < reader.fit["short"][0]:
        return None
    others = [claims[i].judgement for account in accounts if 0 not in account.claims for i in account.claims]
    if any(judged and judged.answerable >= RIVAL * sure for judged in others):
        return None
    return first.words(first.answer)


def contexts(library: Library, claims: Sequence[Claim]) -> dict[Span, Context]:
    """By quote, the text around it, which begins with a paragraph where it can."""
    around = {}
    for claim in claims:
        passage = library.passage(claim.quote, REACH)
        before, whole = passage.before, not passage.cut_before
        if not whole and "\n" in before:
            before, whole = before[before.index("\n") + 1 :], True
        text = before + passage.quote + passage.after
        around[claim.quote] = Context(text, claim.quote.start - len(before), claim.quote, claim.answer, whole)
    return around


def _attributed(claims: Sequence[Claim], around: dict[Span, Context]) -> list[Claim]:
    given = attributed([around[claim.quote] for claim in claims])
    return [replace(claim, attribution=attribution) for claim, attribution in zip(claims, given, strict=True)]


def _near(claims: Sequence[Claim], around: dict[Span, Context]) -> list[str]:
    near = []
    for claim in claims:
        context = around[claim.quote]
        start, end = claim.quote.start - context.start, claim.quote.end - context.start
        near.append(f"{claim.document.title or ''}\n{context.text[max(0, start - NEAR) : end + NEAR]}")
    return near
