"""JSON lines: one document a line, read as a stream; a bad line costs that line alone."""

import hashlib
import json
from collections.abc import Iterator
from io import BufferedReader

from corpus.dates import iso_date
from corpus.readers.decoding import MB, check, decode, marked
from corpus.readers.stated import line, web_address
from corpus.types import BylineError, Reading, Unreadable

LONGEST = 64 * MB  # bytes of one line


def read(file: BufferedReader) -> Iterator[Reading | Unreadable]:
    """Yield the documents of a `.jsonl` file in their order. Raises OSError and BylineError.

    A line is `{"id", "title", "text", "source", "published", "uri"}`: only `text` is required,
    null or a blank string is the same as absent, other keys are passed over. The `id` (a string
    or a whole number) is the document's name. Without one the name comes from what the record
    says, so that it stays when lines are put in above it.
    """
    first_line: dict[str | None, int] = {}
    blank = True
    _pass_mark(file)
    for number, raw in enumerate(_lines(file), 1):
        if raw is not None and not raw.strip():
            continue
        blank = False
        try:
            reading = _reading(raw)
            first = first_line.setdefault(reading.name, number)
            if first != number:
                raise BylineError(
                    f"repeats the document {reading.name!r} of line {first}, which is kept: "
                    "give each an id of its own"
                )
            yield reading
        except BylineError as error:
            yield Unreadable(str(error), line=number)
    if blank:
        raise BylineError("holds no documents")


def _pass_mark(file: BufferedReader) -> None:
    """Go past a byte order mark. Raises BylineError for another encoding than UTF-8, and for binary."""
    start = file.peek()
    encoding, length = marked(start) or ("utf-8", 0)
    if encoding != "utf-8":  # RFC 8259, section 8.1
        raise BylineError(f"is {encoding.upper()}, and JSON lines are UTF-8: save it as UTF-8")
    if b"\0" in start:
        raise BylineError("is not text, and JSON lines are: save its documents as text")
    file.seek(length)


def _lines(file: BufferedReader) -> Iterator[bytes | None]:
    """The lines of `file`; None for each that is too long to hold."""
    while raw := file.readline(LONGEST + 1):
        if len(raw) <= LONGEST:
            yield raw
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST)
        yield None


def _reading(raw: bytes | None) -> Reading:
    """The document of one line. Raises BylineError for anything that is not one."""
    if raw is None:
        raise BylineError(f"is longer than {LONGEST // MB} MB: split its document")
    record = _record(decode(raw))
    text = _string(record, "text")
    if text is None:
        raise BylineError('has no "text"')
    try:
        published = _string(record, "published")
        published = published and iso_date(published)
    except ValueError as error:
        raise BylineError(f'"published": {error}') from None
    title, source = line(_string(record, "title")), line(_string(record, "source"))
    uri = web_address(_string(record, "uri"))
    return Reading(
        text=text,
        media_type="text/plain",
        name=_name(record) or _name_from((text, title, source, published, uri)),
        title=title,
        source=source,
        published=published,
        uri=uri,
    )


def _record(text: str) -> dict[str, object]:
    try:
        record = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BylineError(f"is not JSON: {error.msg} at column {error.colno}") from None
    except ValueError:  # thousands of digits, or NaN
        raise BylineError("is not JSON: it holds a number that JSON does not have, or one too long") from None
    except RecursionError:
        raise BylineError("is nested too deeply to be a document") from None
    if not isinstance(record, dict):
        raise BylineError('is JSON but not an object such as {"text": "..."}')
    return record


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _string(record: dict[str, object], key: str) -> str | None:
    """The string under `key`, None where it is absent, null or blank; raises BylineError for others."""
    value = record.get(key)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if not isinstance(value, str):
        raise BylineError(f'"{key}" must be a string')
    try:
        check(value)
    except BylineError as error:
        raise BylineError(f'"{key}" {error}') from None
    return value


def _name(record: dict[str, object]) -> str | None:
    value = record.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is not None and not isinstance(value, str):
        raise BylineError('"id" must be a string or a whole number')
    return _string(record, "id")


def _name_from(said: tuple[str | None, ...]) -> str:
    canonical = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return "text-" + hashlib.sha256(canonical.encode()).hexdigest()[:12]
