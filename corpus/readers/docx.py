"""DOCX (ECMA-376, part 1, section 17): the text of a Word document as it would be printed.

Deleted and hidden text, comments, headers and footers are left out; a text box follows the paragraph it
hangs on, and footnotes follow at the end.
"""

from typing import BinaryIO

from corpus.readers import archive, xml
from corpus.readers.decoding import check
from corpus.readers.office_text import Text
from corpus.readers.stated import author, line, title
from corpus.types import BylineError, Reading

_LEFT_OUT = frozenset("del moveFrom instrText delText pPr rPr tblPr sectPr Fallback commentRangeStart".split())
_BREAKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}


def read(file: BinaryIO) -> Reading:
    """Read one `.docx` file. Raises BylineError for one that is encrypted, damaged or a bomb."""
    if file.peek(8)[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":  # an OLE file: ECMA-376 has it for encryption
        raise BylineError("is encrypted, or in the format of before 2007: save it anew as .docx without a password")
    parts = archive.opened(file, "a DOCX file")
    body = archive.part(parts, "word/document.xml")
    if body is None:
        raise BylineError("is not a Word document: save it anew as .docx")
    text = Text()
    _walk(xml.parsed(body), text)
    for name in ("word/footnotes.xml", "word/endnotes.xml"):
        if (notes := archive.part(parts, name)) is not None:
            _walk(xml.parsed(notes), text)
    check(str(text))
    core = archive.part(parts, "docProps/core.xml")
    core = xml.parsed(core) if core else None
    writer = author(xml.text_of(core, "{*}creator"))
    return Reading(
        text=str(text),
        media_type="application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        title=title(xml.text_of(core, "{*}title")) or _titled(text),
        source=line(xml.text_of(core, "{*}publisher")) or writer,
        author=writer,
        sections=tuple(text.sections),
    )


def _titled(text: Text) -> str | None:
    return text.sections[0][1] if text.sections and text.sections[0][0] == 0 and text.sections[0][1] else None


def _walk(root: xml.Element, text: Text) -> None:
    """Takes every paragraph below an element, in order, without recursion."""
    # Those that are open, with their style and what hangs on them: text boxes lie inside others.
    paragraphs: list[tuple[list[str], dict, list[tuple[str, dict]]]] = []
    joined = ""  # a paragraph whose end is deleted
    rows = 0
    # (element, whether it is left now, how deep it lies)
    stack = [(root, False, 0)]
    while stack:
        element, leaving, depth = stack.pop()
        tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if leaving:
            if tag == "p":
                pieces, style, boxes = paragraphs.pop()
                boxes.insert(0, ("".join(pieces), style))
                if paragraphs:
                    paragraphs[-1][2].extend(boxes)
                    continue
                for words, style in boxes:
                    if style.pop("joined", False):
                        joined += words
                        continue
                    text.paragraph(joined + words, **style)
                    joined = ""
            elif tag == "tr":
                rows -= 1
                if not rows:
                    text.end_row()
            continue
        if tag in _LEFT_OUT:
            if tag == "pPr" and paragraphs:
                paragraphs[-1][1].update(_style(element))
            continue
        xml.depth_allowed(depth)
        if tag == "r" and _is_hidden(element):
            continue
        if tag == "p":
            paragraphs.append(([], {}, []))
        elif tag == "tr":
            rows += 1
            if rows == 1:
                text.row()
        elif tag == "tc" and rows == 1:
            text.cell()
        elif paragraphs and tag == "t":
            paragraphs[-1][0].append(element.text or "")
        elif paragraphs and tag in _BREAKS:
            paragraphs[-1][0].append(_BREAKS[tag])
        if tag in ("p", "tr"):
            stack.append((element, True, depth))
        stack.extend((child, False, depth + 1) for child in reversed(element))
    if joined:
        text.paragraph(joined)


def _is_hidden(run: xml.Element) -> bool:
    vanish = run.find("{*}rPr/{*}vanish")
    return vanish is not None and not any(
        key.endswith("}val") and value.lower() in ("0", "false", "off") for key, value in vanish.attrib.items()
    )


def _style(properties: xml.Element) -> dict[str, bool]:
    if properties.find("{*}rPr/{*}del") is not None:
        return {"joined": True}
    style = properties.find("{*}pStyle")
    name = next((value for key, value in style.attrib.items() if key.endswith("}val")), "") if style is not None else ""
    if name.lower().startswith(("heading", "title", "berschrift", "titre", "titel")) or properties.find("{*}outlineLvl") is not None:
        return {"heading": True}
    return {"item": True} if properties.find("{*}numPr") is not None else {}
