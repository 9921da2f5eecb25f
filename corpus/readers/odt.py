"""ODT (OpenDocument 1.3, part 3): the text of a LibreOffice document as it would be printed.

Deleted text and comments are left out; footnotes follow at the end.
"""

from typing import BinaryIO

from corpus.readers import archive, xml
from corpus.readers.decoding import check
from corpus.readers.office_text import Text
from corpus.readers.stated import author, line, title
from corpus.types import BylineError, Reading

_LEFT_OUT = frozenset(
    "tracked-changes annotation forms sequence-decls note-citation variable-decls user-field-decls bibliography-mark".split()
)


def read(file: BinaryIO) -> Reading:
    """Read one `.odt` file. Raises BylineError for one that is encrypted, damaged or a bomb."""
    parts = archive.opened(file, "an ODT file")
    manifest = archive.part(parts, "META-INF/manifest.xml")
    if manifest is not None and b"encryption-data" in manifest:
        raise BylineError("is encrypted: open it with its password, and save it without one")
    content = archive.part(parts, "content.xml")
    body = xml.parsed(content).find("{*}body/{*}text") if content is not None else None
    if body is None:
        raise BylineError("is not a text document: save it anew as .odt")
    text = Text()
    notes = Text()
    _walk(body, text, notes)
    if str(notes):
        text.paragraph(str(notes))
    check(str(text))
    meta = archive.part(parts, "meta.xml")
    meta = xml.parsed(meta).find("{*}meta") if meta else None
    writer = author(xml.text_of(meta, "{*}initial-creator")) or author(xml.text_of(meta, "{*}creator"))
    first = text.sections[0] if text.sections else (1, "")
    return Reading(
        text=str(text),
        media_type="application/vnd.oasis.opendocument.text",
        title=title(xml.text_of(meta, "{*}title")) or (first[1] or None if first[0] == 0 else None),
        source=line(xml.text_of(meta, "{*}publisher")) or writer,
        author=writer,
        sections=tuple(text.sections),
    )


def _walk(root: xml.Element, text: Text, notes: Text) -> None:
    """Takes every paragraph below an element, in order, without recursion."""
    into: list[Text] = [text]
    paragraphs: list[list[str]] = []
    rows = items = 0
    stack: list[tuple[xml.Element | str, bool, int]] = [(root, False, 0)]
    while stack:
        element, leaving, depth = stack.pop()
        if isinstance(element, str):  # what follows an element, within its parent
            if paragraphs:
                paragraphs[-1].append(element)
            continue
        tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if leaving:
            if tag in ("p", "h"):
                into[-1].paragraph("".join(paragraphs.pop()), heading=tag == "h", item=items > 0)
            elif tag == "list-item":
                items -= 1
            elif tag == "note":
                into.pop()
            elif tag == "table-row":
                rows -= 1
                if not rows:
                    into[-1].end_row()
            continue
        if tag in _LEFT_OUT:
            continue
        xml.depth_allowed(depth)
        if tag in ("p", "h"):
            paragraphs.append([])
        elif tag == "list-item":
            items += 1
        elif tag == "note":
            into.append(notes)
        elif tag == "table-row":
            rows += 1
            if rows == 1:
                into[-1].row()
        elif tag == "table-cell" and rows == 1:
            into[-1].cell()
        elif paragraphs and tag == "s":
            paragraphs[-1].append(" ")
        elif paragraphs and tag in ("tab", "line-break"):
            paragraphs[-1].append("\t" if tag == "tab" else "\n")
        if tag in ("p", "h", "list-item", "note", "table-row"):
            stack.append((element, True, depth))
        if paragraphs and element.text and tag not in ("tab", "line-break", "s"):
            paragraphs[-1].append(_flat(element.text))
        for child in reversed(element):
            if child.tail:
                stack.append((_flat(child.tail), False, depth))
            stack.append((child, False, depth + 1))


def _flat(text: str) -> str:
    """White space as OpenDocument reads it (part 3, section 6.1.2): newlines in the file are spaces."""
    return text.replace("\n", " ").replace("\t", " ")
