"""Answers and documents as JSON and as plain text for a terminal."""

import re
from collections.abc import Callable

from assistant.reader.reader import Judgement
from assistant.types import Account, Answer, Attribution, Claim, Mention
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


def answer_json(answer: Answer, id: object = None, printed: Callable[[Claim], str | None] = lambda claim: None) -> dict:
    """An answer as the interface describes it. A claim for which `printed` knows how its page prints the quote,
    if otherwise, carries that too."""
    return {
        "id": id,
        "question": answer.question,
        "standalone": answer.standalone,
        "abstained": answer.abstained,
        "confidence": round(answer.confidence, 4),
        "short_answer": answer.short_answer,
        "accounts": [
            {
                "value": account.value, "claims": list(account.claims), "denied": account.denied,
                "published": account.published, "newest": account.newest,
            }
            for account in answer.accounts
        ],
        "differ": answer.differ,
        "support": {"origins": answer.origins, "documents": answer.documents},
        "claims": [_claim(claim) | _printed(printed(claim)) for claim in answer.claims],
        "nearest": [_claim(claim) | _printed(printed(claim)) for claim in answer.nearest],
        "unmentioned": list(answer.unmentioned),
        "age": answer.age,
        "hurried": answer.hurried,
        "excluded_undated": answer.excluded_undated,
        "problems": list(answer.problems),
        "timings_ms": {
            stage: round(answer.timings_ms.get(stage, 0.0), 2) for stage in ("retrieve", "read", "attribute", "total")
        },
    }


def _printed(told: str | None) -> dict:
    return {} if told is None else {"printed": told}


def _claim(claim: Claim) -> dict:
    def piece(span: Span | None) -> dict | None:
        if span is None:
            return None
        return {"text": claim.words(span), "start": span.start, "end": span.end}

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
        "page": claim.document.page_at(claim.quote.start),
        "section": claim.document.section_at(claim.quote.start),
        "answer": piece(claim.answer),
        "attribution": attribution_json(claim.attribution) if claim.attribution else None,
        "copies": [document.name for document in claim.copies],
        "dates": [_mention(dated.mention) | {"when": dated.when} for dated in claim.dates],
        "score": round(claim.score, 4),
    }


def attribution_json(attribution: Attribution) -> dict:
    """An attribution as the interface describes it. `name` is the part of the claimant to show and count by."""
    claimant = attribution.claimant
    return {
        "claimant": claimant and _mention(claimant.mention) | {
            "named": claimant.named, "surface": _mention(claimant.surface), "name": _mention(claimant.name),
        },
        "via": _mention(attribution.via),
        "cue": _mention(attribution.cue),
        "content": [{"start": span.start, "end": span.end} for span in attribution.content],
        "voice": attribution.voice,
        "denied": attribution.denied,
        "hedged": attribution.hedged,
    }  # fmt: skip


def _mention(mention: Mention | None) -> dict | None:
    return mention and {"text": mention.text, "start": mention.span.start, "end": mention.span.end}


def document_json(document: Document) -> dict:
    """A document as `byline list` describes it; `set_by_person` names what was set by hand."""
    return {
        "document": document.id,
        "name": document.name,
        "origin": document.origin,
        "title": document.title,
        "source": document.source,
        "published": document.published,
        "author": document.author,
        "pages": len(document.pages) or None,
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
        "page": document.page_at(span.start),
        "start": span.start,
        "end": span.end,
        "text": text,
        "score": round(score, 4),
    }


def judgement_json(text: str, judged: Judgement) -> dict:
    """What the reader finds in a text, as `byline read` describes it."""
    return {
        "answer": {"text": text[judged.start : judged.end], "start": judged.start, "end": judged.end},
        "relevance": round(judged.relevance, 4),
        "answerable": round(judged.answerable, 4),
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
    elif answer.short_answer:
        lines.append(plain(answer.short_answer))
    if len(answer.accounts) > 1:
        lines += ["", "Accounts that contradict each other:" if answer.differ else "Accounts:"]
        lines += [f"  {_account(account)}" for account in answer.accounts]
    shown = answer.nearest if answer.abstained else answer.claims
    for number, claim in enumerate(shown, 1):
        quote = plain(claim.text).replace("\n", "\n    ")  # no line of a quote can pass for another entry
        said = voice(claim.attribution, claim.quote, line) if claim.attribution else ""
        lines += ["", f"[{number}] {said}{': ' if said else ''}“{quote}”", f"    — {byline(claim.document)}{_page(claim)}"]
        if claim.copies:
            lines.append("    also in: " + "; ".join(line(document.name) for document in claim.copies))
    if answer.excluded_undated:
        lines += ["", f"{count(answer.excluded_undated, 'document')} without a date left out."]
    if answer.claims:
        lines += ["", support(answer) + ".", *filter(None, (answer.hurried, answer.age))]
    return "\n".join(lines)


def _account(account: Account) -> str:
    notes = ["denied"] if account.denied else []
    notes += [account.published[:10]] if account.published else []
    notes += ["the newest"] if account.newest else []
    cited = " ".join(f"[{place + 1}]" for place in account.claims)
    return line(account.value) + (f" ({', '.join(notes)})" if notes else "") + f" {cited}"


def voice(given: Attribution, quote: Span, foreign: Callable[[str], str]) -> str:
    """Who says a quote, and how surely, in words; nothing where the document itself does, and surely.
    Words of documents go through `foreign`."""
    sure = ", not stated as certain" if given.hedged else ""
    if given.voice == "own":
        return f"In the document's own words{sure}" if sure else ""
    via = f", through {foreign(given.via.text)}" if given.via else ""
    claimant = given.claimant
    if claimant is None:
        return f"{'Denied' if given.denied else 'Reported'}, without saying by whom{via}{sure}"
    name, notes = foreign(claimant.name.text), []
    if claimant.surface:
        notes.append(f"here “{foreign(claimant.surface.text)}”")
    if not claimant.named:
        name, notes = f"“{name}”", ["who is not named"]
    who = name + (f" ({', '.join(notes)})" if notes else "")
    verb = "Denied by" if given.denied else "According to"
    verb = f"In part {verb.lower()}" if given.is_partial(quote) else verb
    return f"{verb} {who}{via}{sure}"


def _page(claim: Claim) -> str:
    page = claim.document.page_at(claim.quote.start)
    return f", page {page}" if page else ""


def attribution_text(attribution: Attribution) -> str:
    """An attribution as one line for a terminal: who, by what word, and how surely."""
    claimant = attribution.claimant
    who = line(claimant.mention.text) if claimant else "a speaker who is not named"
    if claimant and claimant.surface:
        who += f" ({line(claimant.surface.text)})"
    notes = [f"through {line(attribution.via.text)}"] if attribution.via else []
    notes += ["denied"] * attribution.denied + ["uncertain"] * attribution.hedged
    cue = f" {line(attribution.cue.text)}" if attribution.cue else ""
    return who + cue + (f" ({', '.join(notes)})" if notes else "")


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


def support(answer: Answer) -> str:
    """What carries an answer, in words: "2 accounts, 3 sentences from 3 documents, 2 independent sources"."""
    accounts = [count(len(answer.accounts), "account")] if len(answer.accounts) > 1 else []
    documents = count(answer.documents or len({claim.document.id for claim in answer.claims}), "document")
    sources = [count(answer.origins, "independent source")] if answer.origins else []
    return ", ".join([*accounts, f"{count(len(answer.supporting), 'sentence')} from {documents}", *sources])


def count(number: int, noun: str) -> str:
    """ "1 document", "3 documents". """
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
