"""What the corpus speaks of: documents, and spans of their text.

Every offset counts Unicode code points of `Document.text` as it is stored, half-open:
`text[span.start:span.end]` is what the span names. Text is never normalised after reading,
so an offset, once taken, stays right for as long as the document exists.
"""

from dataclasses import dataclass


class BylineError(Exception):
    """An error for a person: its message says what happened, to what, and what to do."""


def is_unicode(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` of one document, in code points: the only address in the system."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader took from one document of a file, before the library has it.

    `name` tells a container's members apart (the id of a JSONL line); None for a file that is
    one document. `title`, `source` and `published` (ISO 8601: a date, perhaps with time and
    zone) are None where the document does not state them.
    """

    text: str
    media_type: str
    name: str | None = None
    title: str | None = None
    source: str | None = None
    published: str | None = None
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a reader could not take, said for a person; whoever shows it puts the path in front.

    `name` is the container's member and `line` its line (from 1), where there is one.
    """

    error: str
    name: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the library holds it; its text is fetched by `Library.text`.

    `id` is opaque and never used again: a replaced document comes back under a new one.
    A person knows it by (`origin`, `name`): the folder or container that was added, and the
    relative path or member's name. `set_by_person` lists the fields that were set by hand.
    """

    id: str
    name: str
    origin: str
    title: str | None
    source: str | None
    published: str | None
    uri: str | None
    media_type: str
    length: int
    sentences: int
    text_sha256: str
    set_by_person: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the library a question is put to; None means no limit.

    `source` is compared without case; `since`, `until` and `as_of` are dates (YYYY-MM-DD,
    inclusive) compared with the published date. A document without a date passes no date filter.
    """

    source: str | None = None
    since: str | None = None
    until: str | None = None
    as_of: str | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was when it was last read: times in nanoseconds, `given` what the person
    stated for it on the command line (JSON)."""

    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str
    given: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A quote with the text around it, in pieces, so that no reader has to count characters.

    `cut_before` and `cut_after` say that the document goes on beyond what is here.
    """

    before: str
    quote: str
    after: str
    cut_before: bool
    cut_after: bool
