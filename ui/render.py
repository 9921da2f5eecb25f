"""Answers and documents as JSON and as plain text for a terminal."""

import re

from assistant.types import Answer, Attribution, Claim
from corpus.types import Document, Span

# Control characters could move the cursor, set the title or hide text; bidirectional ones reorder it.
# A carriage return before a line feed is a line's end like any other.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")


def plain(text: str) -> str:
    """Text that a terminal shows and does not obey: control characters become `\\x1b` and the like."""
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)


def line(text: str) -> str:
    """A name or title as one line: a line break in it could pass for another entry."""
    return plain(text).replace("\r", "\\r").replace("\n", "\\n").replace("\u2028", "\\u2028")


def answer_json(answer: Answer, id: object = None) -> dict:
    """An answer as the interface describes it."""
    return {
        "id": id,
        "question": answer.question,
        "standalone": answer.standalone,
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "unsure": answer.unsure,
        "short_answer": answer.short_answer,
        "accounts": [{"value": account.value, "claims": list(account.claims)} for account in answer.accounts],
        "differ": answer.differ,
        "support": {"origins": answer.origins, "documents": answer.documents},
        "claims": [_claim(claim) for claim in answer.claims],
        "nearest": [_claim(claim) for claim in answer.nearest],
        "unmentioned": list(answer.unmentioned),
        "excluded_undated": answer.excluded_undated,
        "problems": list(answer.problems),
        "timings_ms": {
            stage: round(answer.timings_ms.get(stage, 0.0), 2) for stage in ("retrieve", "read", "attribute", "total")
        },
    }


def _claim(claim: Claim) -> dict:
    def piece(span: Span | None) -> dict | None:
        if span is None:
            return None
        text = claim.text[span.start - claim.quote.start : span.end - claim.quote.start]
        return {"text": text, "start": span.start, "end": span.end}

    return {
        "quote": claim.text,
        "document": claim.document.id,
        "name": claim.document.name,
        "title": claim.document.title,
        "source": claim.document.source,
        "published": claim.document.published,
        "set_by_person": list(claim.document.set_by_person),
        "start": claim.quote.start,
        "end": claim.quote.end,
        "page": None,
        "answer": piece(claim.answer),
        "attribution": _attribution(claim.attribution, piece) if claim.attribution else None,
        "copies": [document.name for document in claim.copies],
        "score": round(claim.score, 4),
    }


def _attribution(attribution: Attribution, piece) -> dict:
    claimant = piece(attribution.claimant)
    return {
        "claimant": claimant and claimant | {"named": True, "surface": None},
        "via": piece(attribution.via),
        "cue": piece(attribution.cue),
        "content": [{"start": span.start, "end": span.end} for span in attribution.content],
        "voice": attribution.voice,
        "denied": attribution.denied,
        "hedged": attribution.hedged,
    }


def document_json(document: Document) -> dict:
    """A document as `byline list` describes it; `set_by_person` names what was set by hand."""
    return {
        "document": document.id,
        "name": document.name,
        "origin": document.origin,
        "title": document.title,
        "source": document.source,
        "published": document.published,
        "sentences": document.sentences,
        "set_by_person": list(document.set_by_person),
    }


def hit_json(document: Document, span: Span, text: str, score: float) -> dict:
    """A hit as `byline search` describes it."""
    return {
        "document": document.id,
        "name": document.name,
        "title": document.title,
        "source": document.source,
        "published": document.published,
        "start": span.start,
        "end": span.end,
        "text": text,
        "score": round(score, 4),
    }


def answer_text(answer: Answer) -> str:
    """An answer for a terminal."""
    lines = [f"Read as: {line(answer.standalone)}"] if answer.standalone != answer.question.strip() else []
    if answer.abstained:
        lines.append("Not in your documents.")
        lines.append(f"Searched {count(answer.searched, 'document')}, the newest of {answer.newest or 'no date'}.")
        if answer.unmentioned:
            lines.append(f"None of them mentions {line(', '.join(answer.unmentioned))}.")
        if answer.nearest:
            lines.append("The nearest passages, which do not answer it:")
    elif answer.unsure:
        lines.append("Nothing here is sure to answer this. The nearest sentences:")
    shown = answer.nearest if answer.abstained else answer.claims
    for number, claim in enumerate(shown, 1):
        quote = plain(claim.text).replace("\n", "\n    ")  # no line of a quote can pass for another entry
        lines += ["", f"[{number}] “{quote}”", f"    — {byline(claim.document)}"]
        if claim.copies:
            lines.append("    also in: " + "; ".join(line(document.name) for document in claim.copies))
    if answer.excluded_undated:
        lines += ["", f"{count(answer.excluded_undated, 'document')} without a date left out."]
    return "\n".join(lines)


def byline(document: Document) -> str:
    """Source, title and date of a document in a line; what was set by a person is marked."""

    def told(field: str, value: str | None, otherwise: str) -> str:
        if value is None:
            return otherwise
        return line(value) + (" (set by you)" if field in document.set_by_person else "")

    return ", ".join(
        (
            told("source", document.source, "source not stated"),
            told("title", document.title, line(document.name)),
            told("published", document.published, "undated"),
        )
    )


def count(number: int, noun: str) -> str:
    """ "1 document", "3 documents". """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
