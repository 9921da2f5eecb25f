"""Addresses of quotations, and the passage that each of them opens.

An address, `<document id>:<start>-<end>:<first 12 hex digits of the quotation's SHA-256>`,
names a passage without the answer that showed it, so it stays good in the address bar, in a
later conversation and after a restart. It comes back from the page, and is not trusted.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from corpus.library import Library
from corpus.types import BylineError, Document, Passage, Span

REACH = 100_000  # characters shown on each side of a quotation: more makes a browser slow

_ADDRESS = re.compile(r"([0-9A-Za-z_-]{1,64}):(0|[1-9][0-9]{0,9})-([1-9][0-9]{0,9}):([0-9a-f]{12})")


def address(span: Span, text: str) -> str:
    """The address of the quotation `text`, which lies at `span`.

    Raises ValueError when the document's id could not be told apart from the rest.
    """
    made = f"{span.document_id}:{span.start}-{span.end}:{_digest(text)}"
    if _ADDRESS.fullmatch(made) is None:
        raise ValueError(f"no address can be made of {made!r}")
    return made


def parse(address: str) -> tuple[Span, str] | None:
    """The span and the digest that an address names; None when it is not an address."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        return None
    span = Span(match[1], int(match[2]), int(match[3]))
    return (span, match[4]) if span.start < span.end else None


def passage(library: Library, address: str) -> dict:
    """What the source panel and the card show for `address`, as JSON.

    With `"state": "open"` the document's text comes as `before`, `quote` and `after` (never as
    offsets, since JavaScript counts UTF-16 units), `cut_before` and `cut_after` saying that it
    goes on, and `printed` how its page prints the quotation, if otherwise. Any other state
    ("unknown", "removed", "changed", "damaged") has a `message` for the person instead of a text.
    """

    def read(span: Span) -> Passage:
        return library.passage(span, REACH)

    return _read(library, address, read)


def around(library: Library, address: str) -> dict:
    """The quotation with the sentences next to it, in the same form as `passage`."""

    def read(span: Span) -> Passage:
        wider = library.around(span)
        found = library.passage(span, max(span.start - wider.start, wider.end - span.end))
        before, after = span.start - wider.start, wider.end - span.end
        return replace(found, before=found.before[len(found.before) - before :], after=found.after[:after])

    return _read(library, address, read)


def _read(library: Library, address: str, read: Callable[[Span], Passage]) -> dict:
    parsed = parse(address)
    if parsed is None:
        return _closed("unknown", "This link does not name a passage. Open the source from an answer.")
    span, digest = parsed
    try:
        document = library.document(span.document_id)
        if document is None:
            return _gone(library.departed(span.document_id))
        found = read(span)
    except BylineError as error:
        return _closed("damaged", str(error))
    # A text never changes under its id, so a digest that differs is an address of other words.
    if _digest(found.quote) != digest:
        return _closed(
            "changed",
            "The document does not have the quoted words at this place, so nothing is "
            "highlighted. Ask again to see what the documents say now.",
        )
    return {
        "state": "open",
        **describe(document),
        "page": document.page_at(span.start),
        "section": document.section_at(span.start),
        "before": found.before,
        "quote": found.quote,
        "printed": printed(library, document, span, found.quote),
        "after": found.after,
        "cut_before": found.cut_before,
        "cut_after": found.cut_after,
    }


def printed(library: Library, document: Document, span: Span, quote: str) -> str | None:
    """The quotation as its page prints it, to be shown beside it; None where that is the same, or not known."""
    if not document.pages:
        return None
    try:
        found = library.printed(span)
    except BylineError:  # removed, or damaged, since it was quoted: the panel will say so
        return None
    return found if found != quote else None


def describe(document: Document) -> dict:
    """The document's own particulars as the page names them; `uri` only where it is a web address."""
    return {
        "title": document.title or document.name,
        "source": document.source,
        "published": document.published,
        "set_by_person": list(document.set_by_person),
        "uri": document.uri if _is_web(document.uri) else None,
    }


def _is_web(uri: str | None) -> bool:
    # An allow-list: "javascript:", "data:" and the schemes not invented yet are never linked.
    try:
        parts = urlsplit(uri or "")
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:12]


def _gone(departed: tuple[str, str | None] | None) -> dict:
    if departed is None:
        return _closed("unknown", "There is no such document in this library.")
    at, replaced_by = departed
    fate = "replaced by another version" if replaced_by else "removed from the library"
    return _closed(
        "removed",
        f"This document was {fate} on {at[:10]}, after it was quoted. "
        "Ask again to see what the documents say now.",
    )


def _closed(state: str, message: str) -> dict:
    return {"state": state, "message": message}
