"""The best candidates are read, each with what stands around it, and put in order."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.asked import asked
from assistant.dates import CALENDAR
from assistant.reader.reader import Offered, Reader
from assistant.types import Claim
from assistant.values import amounts, days
from corpus.library import Library
from corpus.types import Document, Span
from index.wording import telling, words

# Candidates that are read. The first of them, read with the sentence before, decide on the first claim: what
# more would bring and cost is in tests/bench/results/depth.md. The others are read for other accounts.
READ, FIRST = 16, 8
# What is taken from the score in the search of those others for each sentence of their document that is read
# before, and where they hold nothing of the kind that is asked for: chosen on half of RAMDocs' open questions,
# by the share of the answers that stand in what is read (tests/bench/accounts.py prints it).
HELD, OTHER_KIND = 0.5, 1.0
_NAME = re.compile(r"\b[^\W\d_a-z][\w’'-]+")
_CALENDAR = frozenset(words(" ".join(CALENDAR)))


def in_turn(question: str, claims: Sequence[Claim]) -> list[Claim]:
    """What was found in the order in which it is read: the FIRST as they are, then by turns what may give another
    account: of documents of which less is read, and with an amount, a day or a name where one is asked for."""
    first, rest = list(claims[:FIRST]), list(claims[FIRST:])
    held = Counter(claim.document.id for claim in first)
    kind = asked(question).kind
    left = {id(claim): claim.found - OTHER_KIND * (not _may_give(kind, question, claim.text)) for claim in rest}
    while rest and len(first) < READ:
        best = max(rest, key=lambda claim: left[id(claim)] - HELD * held[claim.document.id])
        held[best.document.id] += 1
        rest.remove(best)
        first.append(best)
    return first + rest


def _may_give(kind: str, question: str, text: str) -> bool:
    """Whether a sentence holds anything of the kind that a question asks for."""
    if kind == "amount":
        return bool(amounts(text))
    if kind == "day":
        return bool(days(text))
    if kind in ("name", "place"):
        known = set(telling(question))
        return any(name[0].isupper() and set(telling(name)) - known - _CALENDAR for name in _NAME.findall(text))
    return True


def read(
    library: Library, reader: Reader, question: str, claims: Sequence[Claim], most: int = READ
) -> list[Claim]:
    """The claims in the order of how likely each answers, which is their new `score`, but first the likeliest
    of the FIRST: the first `most` of them read, the others behind, as they were."""
    first, rest = claims[:most], claims[most:]
    judged = reader.judge(question, offered(library, first))
    found = []
    for claim, one in zip(first, judged, strict=True):
        start = claim.quote.start
        answer = Span(claim.document.id, start + one.start, start + one.end) if one.end > one.start else None
        likely = reader.likely(one, claim.found)
        found.append(replace(claim, answer=answer, score=likely, judgement=one))
    decided = sorted(found[:FIRST], key=lambda claim: -claim.score)[:1]
    others = sorted((claim for claim in found if claim not in decided), key=lambda claim: -claim.score)
    return decided + others + [replace(claim, score=0.0) for claim in rest]


def offered(library: Library, claims: Sequence[Claim]) -> list[Offered]:
    """What is read for each claim: the sentence, and as context its document's title and date and, of the
    first ones, the sentence before it. (The one after would cost as much again, and bring nothing.)"""
    rows = library.live(np.array([claim.sentence_id - 1 for claim in claims[:FIRST]], np.int64))
    before = {
        (owner, id): text for (id, owner, *_), text in zip(rows.tolist(), library.slices(rows), strict=True)
    }
    places = [(int(claim.document.id), claim.sentence_id - 1) for claim in claims]
    return [
        Offered(claim.text, f"{_heading(claim.document)} {before.get(place, '')}".strip())
        for claim, place in zip(claims, places, strict=True)
    ]


def _heading(document: Document) -> str:
    """Title and date, as the reader has learnt to see them."""
    shown = [document.title] if document.title else []
    shown += [document.published[:10]] if document.published else []
    return ", ".join(shown) + "." if shown else ""
