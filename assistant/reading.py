"""The best candidates are read, each with what stands around it, and put in order."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assistant.reader.reader import Offered, Reader
from assistant.types import Claim
from corpus.library import Library
from corpus.types import Document, Span

# Candidates that are read. The first of them, read with the sentence before, decide on the first claim: what
# more would bring and cost is in tests/bench/results/depth.md. The others are read for other accounts.
READ, FIRST = 16, 8


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
