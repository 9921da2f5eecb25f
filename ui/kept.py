"""Answers as they are kept: spans and hashes, never a document's words.

What a person removes from the library must not live on in old conversations, so a kept answer
holds addresses only. Recalled, it is read from the library again, checked; what is gone says when.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.types import Account, Answer, Attribution, Claim, Mention, Speaker
from corpus.library import Library
from corpus.types import Document, Filters, Span

Piece = list[int]  # start and end, in the document of its claim


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question of a conversation and its answer, as they can be shown now.

    `answer` is None where there was none: it was stopped, or failed (`state`). `lost` says of
    claims (by position, in `answer.claims` or else `answer.nearest`) why they cannot be shown;
    their text is then empty. `asked` is ISO 8601 in UTC, `version` that of Byline.
    """

    number: int
    asked: str
    question: str
    filters: Filters
    state: str  # "asked", "answered", "stopped" or "failed"
    answer: Answer | None = None
    lost: dict[int, str] = field(default_factory=dict)
    version: str = ""


def sha256(text: str) -> str:
    """The hash that names a quotation: of its UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def keep(answer: Answer) -> dict[str, Any]:
    """An answer as JSON without any words of the documents."""
    return {
        "standalone": answer.standalone,
        "confidence": answer.confidence,
        "abstained": answer.abstained,
        "differ": answer.differ,
        "origins": answer.origins,
        "documents": answer.documents,
        "excluded_undated": answer.excluded_undated,
        "searched": answer.searched,
        "newest": answer.newest,
        "unmentioned": list(answer.unmentioned),
        "hurried": answer.hurried,
        "claims": [_keep_claim(claim) for claim in answer.claims],
        "nearest": [_keep_claim(claim) for claim in answer.nearest],
        "short_answer": _place(answer.short_answer, answer.claims, range(len(answer.claims))),
        "accounts": [
            {
                "value": _place(account.value, answer.claims, account.claims), "claims": list(account.claims),
                "denied": account.denied, "published": account.published, "newest": account.newest,
            }
            for account in answer.accounts
        ],
    }  # fmt: skip


def evidence(kept: dict[str, Any]) -> list[dict[str, Any]]:
    """The passages that a kept answer showed: document, start, end and hash of each."""
    shown = kept["claims"] or kept["nearest"]
    return [{key: claim[key] for key in ("document", "start", "end", "sha256")} for claim in shown]


def recall(question: str, kept: dict[str, Any], library: Library) -> tuple[Answer, dict[int, str]]:
    """The answer as it can be shown now, and why some of its claims cannot (`Exchange.lost`)."""
    stored = kept["claims"] + kept["nearest"]
    texts, _ = library.quotes({span for one in stored for span in _spans(one)})
    made = [_claim(one, texts, library) for one in stored]
    claims, nearest = made[: len(kept["claims"])], made[len(kept["claims"]) :]
    lost = {
        position: _lost(claim.quote, library)
        for position, claim in enumerate(claims or nearest)
        if not claim.text
    }
    short = kept["short_answer"]
    answer = Answer(
        question=question, standalone=kept["standalone"], claims=tuple(claims), nearest=tuple(nearest),
        confidence=kept["confidence"], abstained=kept["abstained"], differ=kept["differ"],
        short_answer=_words(short, claims) if short else None,
        accounts=tuple(_account(one, claims) for one in kept["accounts"]),
        origins=kept["origins"], documents=kept["documents"], excluded_undated=kept["excluded_undated"],
        searched=kept["searched"], newest=kept["newest"], unmentioned=tuple(kept["unmentioned"]),
        hurried=kept.get("hurried"),
    )  # fmt: skip
    return answer, lost


def _keep_claim(claim: Claim) -> dict[str, Any]:
    return {
        "document": claim.quote.document_id, "start": claim.quote.start, "end": claim.quote.end,
        "sha256": sha256(claim.text), "score": claim.score, "answer": _piece(claim.answer),
        "attribution": _keep_attribution(claim.attribution),
        "copies": [document.id for document in claim.copies],
    }  # fmt: skip


def _keep_attribution(given: Attribution | None) -> dict[str, Any] | None:
    if given is None:
        return None
    claimant = given.claimant
    return {
        "claimant": claimant and {
            "mention": _piece(claimant.mention), "name": _piece(claimant.name), "named": claimant.named,
            "surface": _piece(claimant.surface),
        },
        "via": _piece(given.via), "cue": _piece(given.cue), "content": [_piece(span) for span in given.content],
        "voice": given.voice, "denied": given.denied, "hedged": given.hedged,
    }  # fmt: skip


def _piece(given: Mention | Span | None) -> Piece | None:
    span = given.span if isinstance(given, Mention) else given
    return span and [span.start, span.end]


def _place(words: str | None, claims: Sequence[Claim], positions: Iterable[int]) -> list[int] | None:
    """Where words stand: position of the claim, start and end within its quote; None where they do not."""
    for position in positions if words else ():
        claim = claims[position]
        start = claim.text.find(words)
        if claim.answer and claim.text[claim.answer.start - claim.quote.start :].startswith(words):
            start = claim.answer.start - claim.quote.start
        if start >= 0:
            return [position, start, start + len(words)]
    return None


def _words(place: Sequence[int], claims: Sequence[Claim]) -> str | None:
    position, start, end = place
    return claims[position].text[start:end] or None


def _account(kept: dict[str, Any], claims: Sequence[Claim]) -> Account:
    """The account, named by its words in a claim that is still there: they alone are kept."""
    value = kept["value"] and _words(kept["value"], claims)
    for position in kept["claims"] if not value else ():
        claim = claims[position]
        if claim.text and claim.answer:
            value = claim.words(claim.answer)
            break
    return Account(value or "", tuple(kept["claims"]), kept["denied"], kept["published"], kept["newest"])


def _spans(kept: dict[str, Any]) -> list[Span]:
    """The quote's span, and those of the words about its speakers."""
    attribution = kept["attribution"] or {}
    claimant = attribution.get("claimant") or {}
    pieces = [claimant.get("mention"), claimant.get("name"), claimant.get("surface")]
    pieces += [attribution.get("via"), attribution.get("cue")]
    whole = Span(kept["document"], kept["start"], kept["end"])
    return [whole, *(Span(kept["document"], *piece) for piece in pieces if piece)]


def _claim(kept: dict[str, Any], texts: dict[Span, str], library: Library) -> Claim:
    """The claim; without text, and with a document that has no name, when it cannot be shown."""
    quote = Span(kept["document"], kept["start"], kept["end"])
    text, document = texts.get(quote), library.document(quote.document_id)
    if text is None or document is None or sha256(text) != kept["sha256"]:
        gone = Document(quote.document_id, "", "", None, None, None, None, "", 0, 0, "")
        return Claim(quote, "", gone, kept["score"])
    copies = (library.document(id) for id in kept["copies"])
    return Claim(
        quote, text, document, kept["score"],
        answer=kept["answer"] and Span(quote.document_id, *kept["answer"]),
        attribution=_attribution(kept["attribution"], quote.document_id, texts),
        copies=tuple(copy for copy in copies if copy),
    )  # fmt: skip


def _attribution(kept: dict[str, Any] | None, document: str, texts: dict[Span, str]) -> Attribution | None:
    if kept is None:
        return None

    def mention(piece: Piece | None) -> Mention | None:
        span = piece and Span(document, *piece)
        return Mention(span, texts[span]) if span else None

    said_by = kept["claimant"]
    claimant = said_by and Speaker(
        mention(said_by["mention"]), mention(said_by["name"]), said_by["named"], mention(said_by["surface"])
    )
    content = tuple(Span(document, *piece) for piece in kept["content"])
    return Attribution(
        claimant, mention(kept["via"]), mention(kept["cue"]), content, kept["voice"], kept["denied"], kept["hedged"]
    )


def _lost(quote: Span, library: Library) -> str:
    departed = library.departed(quote.document_id)
    if departed:
        at, replaced_by = departed
        return f"was {'changed' if replaced_by else 'removed'} on {at[:10]}"
    if library.document(quote.document_id):
        return "cannot be shown: its record in the library is damaged"
    return "is not in this library"
