"""EPUB (3.3): the chapters of a book in the order of its spine, as one text with a section each."""

import posixpath
from typing import BinaryIO
from urllib.parse import unquote
from zipfile import ZipFile

from corpus.readers import archive, xml
from corpus.readers.decoding import check, decode_any
from corpus.readers.html import declared
from corpus.readers.html_page import parse
from corpus.readers.office_text import LONGEST
from corpus.readers.stated import author, date_or_none, line, title
from corpus.types import BylineError, Reading

MOST = 10_000  # chapters
_DRM = "is protected against copying (DRM), and cannot be read"


def read(file: BinaryIO) -> Reading:
    """Read one `.epub` file. Raises BylineError for one that is protected, damaged or a bomb."""
    book = archive.opened(file, "an EPUB file")
    rights = archive.part(book, "META-INF/encryption.xml")
    if rights is not None and any(
        not (method.get("Algorithm") or "").endswith(("#RC", "/embedding"))  # those only hide its fonts
        for method in xml.parsed(rights).iterfind(".//{*}EncryptedData/{*}EncryptionMethod")
    ):
        raise BylineError(_DRM)
    container = archive.part(book, "META-INF/container.xml")
    rootfile = xml.parsed(container).find(".//{*}rootfile") if container is not None else None
    where = rootfile.get("full-path", "") if rootfile is not None else ""
    package = archive.part(book, where)
    if package is None:
        raise BylineError("is not an EPUB book: it names no contents")
    root = xml.parsed(package)
    items = {
        item.get("id"): item.get("href", "") for item in root.iterfind("{*}manifest/{*}item")
        if "nav" not in (item.get("properties") or "").split()  # its table of contents
    }  # fmt: skip
    names = [items.get(step.get("idref"), "") for step in root.iterfind("{*}spine/{*}itemref")][:MOST]
    text, sections, missing = _chapters(book, posixpath.dirname(where), names)
    check(text)
    meta = root.find("{*}metadata")
    writers = [author("".join(one.itertext())) for one in meta.iterfind("{*}creator")] if meta is not None else []
    writer = ", ".join(dict.fromkeys(filter(None, writers))) or None
    return Reading(
        text=text,
        media_type="application/epub+zip",
        title=title(xml.text_of(meta, "{*}title")),
        source=line(xml.text_of(meta, "{*}publisher")) or writer,
        published=date_or_none(xml.text_of(meta, "{*}date")),
        author=writer,
        sections=sections,
        notes=tuple(f"{missing} of its chapters cannot be read" for _ in range(missing > 0)),
    )


def _chapters(book: ZipFile, folder: str, names: list[str]) -> tuple[str, tuple[tuple[int, str], ...], int]:
    """The text of the chapters, where each begins and what it is called, and how many are missing."""
    pieces: list[str] = []
    sections: list[tuple[int, str]] = []
    length = missing = 0
    for name in dict.fromkeys(filter(None, names)):
        try:
            data = archive.part(book, posixpath.normpath(posixpath.join(folder, unquote(name.partition("#")[0]))))
            page = parse(decode_any(data, declared(data))[0]) if data else None
        except BylineError:
            page = None
        if page is None:
            missing += 1
            continue
        text = page.whole()
        if not text or text.isspace():
            continue
        before = "\n\n" if pieces else ""
        length += len(before)
        called = page.first_heading() or line("".join(page.title))
        if called:
            sections.append((length, called))
        pieces += [before, text]
        length += len(text)
        if length > LONGEST:
            raise BylineError("holds over 64 million characters of text: split it")
    return "".join(pieces), tuple(sections), missing
