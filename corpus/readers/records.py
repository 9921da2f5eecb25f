"""Records (a row of a table, an object of a JSON file) as documents, each under a name that lasts.

A column that is called so holds the text, the title, the outlet, the date, the address. Where none
holds a text, the record itself is the text: each field after its name, as in `town: Aleppo; dead: 12`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping

from corpus.dates import iso_date
from corpus.readers.decoding import check
from corpus.readers.stated import date_or_none, line, web_address
from corpus.types import BylineError, Reading

_KEYS = {
    "text": ("text", "body", "content", "full_text", "fulltext", "articlebody", "article_text", "article"),
    "title": ("title", "headline", "subject"),
    "source": ("source", "outlet", "publisher", "publication", "newspaper"),
    "date": ("date", "publishedat", "published_at", "pubdate", "pub_date", "datepublished", "date_published", "publish_date"),
    "uri": ("uri", "url", "link"),
    "author": ("author", "authors", "byline", "creator"),
}
_SHORT = 200  # characters of a field that stands in one line with others


class Names:
    """Tells apart the records of one file."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}
        self._derived: dict[str, int] = {}

    def given(self, name: str, line_number: int) -> str:
        """A name that the file gives. Raises BylineError where it did so before."""
        first = self._given.setdefault(name, line_number)
        if first != line_number:
            raise BylineError(f"repeats the id {name!r} of record {first}, which is kept: give each an id of its own")
        return name

    def derived(self, kind: str, *said: object) -> str:
        """A name from what a record says: it stays when records are put in above it."""
        canonical = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
        name = f"{kind}-" + hashlib.sha256(canonical.encode(errors="replace")).hexdigest()[:12]
        self._derived[name] = count = self._derived.get(name, 0) + 1
        return name if count == 1 else f"{name} ({count})"


def reading(fields: Mapping[str, object], names: Names, number: int, media_type: str) -> Reading:
    """The document of one record. `number` (from 1) places it in its file. Raises BylineError."""
    keys = {key.strip().lower(): key for key in reversed(fields) if isinstance(key, str)}
    found = {what: _first(fields, keys, known) for what, known in _KEYS.items()}
    text = found["text"] or "\n\n".join(_spelt(fields))
    try:
        check(text)
    except BylineError as error:
        raise BylineError(f"record {number} {error}") from None
    published, name = (_string(fields[keys[key]]) if key in keys else None for key in ("published", "id"))
    try:
        published = iso_date(published) if published else date_or_none(found["date"])
    except ValueError as error:
        raise BylineError(f'record {number}, "published": {error}') from None
    name = line(name)
    author = line(found["author"])
    return Reading(
        text=text,
        media_type=media_type,
        name=names.given(name[:1000], number) if name else names.derived("record", *sorted(_flat(fields))),
        title=line(found["title"]),
        source=line(found["source"]) or author,
        published=published,
        uri=web_address(found["uri"]),
        author=author,
    )


def _first(fields: Mapping[str, object], keys: Mapping[str, str], known: tuple[str, ...]) -> str | None:
    return next((said for key in known if key in keys and (said := _string(fields[keys[key]]))), None)


def _string(value: object) -> str | None:
    """What a field says in words: a string, a number, the name of an object, or several of these."""
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("title")
    if isinstance(value, list):
        value = ", ".join(filter(None, (_string(one) for one in value if not isinstance(one, list))))
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip() else None


def _flat(fields: object, name: str = "") -> Iterator[tuple[str, str]]:
    """(name, value) of each field, those of objects within objects as `outer.inner`, without recursion."""
    stack = [(name, fields)]
    while stack:
        name, value = stack.pop()
        if isinstance(value, Mapping):
            stack.extend((f"{name}.{key}"[-200:].lstrip("."), value[key]) for key in reversed(value))
        elif isinstance(value, list):
            stack.extend((name, one) for one in reversed(value))
        elif isinstance(value, bool):
            yield name, str(value).lower()
        elif value is not None and str(value).strip():
            yield name, str(value)


def _spelt(fields: Mapping[str, object]) -> Iterator[str]:
    """Paragraphs that hold the fields of a record: the short ones in one line, each long one by itself."""
    short: list[str] = []
    for name, value in _flat(fields):
        said = f"{' '.join(name.split())}: {value.strip()}" if name.strip() else value.strip()
        if len(said) <= _SHORT and "\n" not in said:
            short.append(said)
            continue
        if short:
            yield "; ".join(short)
            short = []
        yield said
    if short:
        yield "; ".join(short)
