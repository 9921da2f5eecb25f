"""What the corpus speaks of: documents, and spans of their text.

Every offset counts Unicode code points of `Document.text` as it is stored, half-open:
`text[span.start:span.end]` is what the span names. Text is never normalised after reading,
so an offset, once taken, stays right for as long as the document exists.
"""

from bisect import bisect_right
from dataclasses import dataclass


Damage = tuple[str, str, str]  # what is wrong, where, what mends it


class BylineError(Exception):
    """An error for a person: its message says what happened, to what, and what to do."""


class Locked(BylineError):
    """Another process is writing: what was to be done can be tried again when it has finished."""


class Unsound(BylineError):
    """A file of the library is damaged as a whole, or something else: nothing in it can be trusted. `what`
    says how that shows."""

    def __init__(self, message: str, what: str):
        super().__init__(message)
        self.what = what


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
    zone) are None where the document does not state them; so is `author`, which is given beside
    the outlet and is itself the source where no outlet is stated.

    `pages` says where each page of a paged document begins in `text` (ascending; an empty page
    begins where the next one does), `sections` where each part begins and what it is called.
    `printed` are (offset in `text`, length there, what is printed instead), ascending and apart:
    the line ends, broken words and ligatures of a page that the reader has made words of.
    `notes` are for the person who adds it: what was guessed, what was left out.
    """

    text: str
    media_type: str
    name: str | None = None
    title: str | None = None
    source: str | None = None
    published: str | None = None
    uri: str | None = None
    author: str | None = None
    pages: tuple[int, ...] = ()
    sections: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    printed: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What a reader could not take, said for a person; whoever shows it puts the path in front.

    `name` is the container's member and `line` its line (from 1), where there is one. `skipped`
    says that it is not a failure: a picture in a mail, a member of a format that is not read.
    """

    error: str
    name: str | None = None
    line: int | None = None
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the library holds it; its text is fetched by `Library.text`.

    `id` is opaque and never used again: a replaced document comes back under a new one.
    A person knows it by (`origin`, `name`): the folder or container that was added, and the
    relative path or member's name. `set_by_person` lists the fields that were set by hand.
    `author`, `pages` and `sections` are as in `Reading`.
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
    author: str | None = None
    pages: tuple[int, ...] = ()
    sections: tuple[tuple[int, str], ...] = ()

    def page_at(self, offset: int) -> int | None:
        """The number, from 1, of the page that a character stands on; None in what has no pages."""
        return bisect_right(self.pages, offset) or None

    def section_at(self, offset: int) -> str | None:
        """The name of the section that a character stands in, where the document has such."""
        found = bisect_right(self.sections, offset, key=lambda section: section[0])
        return self.sections[found - 1][1] if found else None


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
