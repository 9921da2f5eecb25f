"""What was fetched: which reader its Content-Type calls for, and the encoding that the server states.

The type is believed, and nothing is guessed from the content but that XML which calls itself a feed is
one: servers send feeds under many types.
"""

import re
from pathlib import Path, PurePosixPath

from corpus.addresses import Refused
from corpus.readers import MEDIA_TYPES, SUFFIXES
from corpus.readers.decoding import marked
from corpus.readers.html import encoding_named

FEED = "feed"  # in place of a suffix: links to pages, and no document
_SUFFIX = MEDIA_TYPES | {
    "application/xhtml+xml": ".html",
    "text/tab-separated-values": ".tsv",
    "text/vtt": ".vtt",
    "application/x-subrip": ".srt",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/mbox": ".mbox",
    "application/rss+xml": FEED,
    "application/atom+xml": FEED,
    "application/rdf+xml": FEED,
    "application/xml": FEED,
    "text/xml": FEED,
}
# Types that say little: there the name at the end of the address says which of the formats it is.
_UNSAID = ("", "application/octet-stream", "binary/octet-stream", "application/force-download")
_TEXTS = (".txt", ".md", ".csv", ".tsv", ".jsonl", ".srt", ".vtt")
_ENCODED = (".html", ".txt", ".md", ".csv", ".tsv", ".srt", ".vtt")  # whose encoding the server may state
_NAME = re.compile(r"[\w.:-]{1,40}", re.ASCII)
_FEED = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:\s++|<\?[^>]{0,500}>|<!--.{0,1000}?-->){0,20}+<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL
)


def kind(content_type: str, target: str, begins: bytes) -> str:
    """The suffix of the format of a body, or FEED; `target` is the path it came from, `begins` its
    first 4 KB. Raises Refused for what Byline does not read."""
    stated, _ = _taken_apart(content_type)
    named = PurePosixPath(target.partition("?")[0]).suffix.lower()
    found = _SUFFIX.get(stated)
    if stated in _UNSAID and named in SUFFIXES:
        found = ".html" if named == ".htm" else named
    elif found == ".txt" and named in _TEXTS:
        found = named
    if found in (".html", ".txt") and _FEED.match(begins):
        return FEED
    if found is None:
        known = re.fullmatch(r"[\w.+-]{1,80}/[\w.+-]{1,80}", stated, re.ASCII)
        raise Refused(f"is {stated if known else 'of no stated type'}, which Byline does not read")
    return found


def encode(path: Path, suffix: str, content_type: str) -> None:
    """Rewrites a page whose encoding only the server states as UTF-8 with its mark, as readers know it.

    A server's word goes before that of the page (html.spec.whatwg.org, section 13.2.3.2), but not
    before the bytes: what is UTF-8, or is not in the stated encoding, stays as it is.
    """
    _, charset = _taken_apart(content_type)
    encoding = encoding_named(charset) if charset else None
    if encoding in (None, "utf-8") or suffix not in _ENCODED:
        return
    data = path.read_bytes()
    if marked(data) or (not data.isascii() and _decoded(data, "utf-8") is not None):
        return
    text = _decoded(data, encoding)
    if text is not None:
        path.write_bytes(text.encode("utf-8-sig"))


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except ValueError:
        return None


def _taken_apart(content_type: str) -> tuple[str, str]:
    """The type and its charset, in lower case; each empty where it is not stated."""
    media_type, *parameters = content_type[:1000].split(";")
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = charset or value.strip().strip("\"'").lower()
    return media_type.strip().lower(), charset if _NAME.fullmatch(charset) else ""
