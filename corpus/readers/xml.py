"""XML as it is in documents: no DTD, so no entities to unfold, and nothing fetched."""

import re

from lxml import etree

from corpus.readers.html_page import DEEPEST
from corpus.types import BylineError

Element = etree._Element
_DTD = re.compile(rb"<\0?!\0?(?:D\0?O\0?C\0?T\0?Y\0?P\0?E|E\0?N\0?T\0?I\0?T\0?Y)", re.IGNORECASE)
_REFUSED = "holds a DTD, which no document needs and attacks use: save it anew"


def parsed(data: bytes) -> Element:
    """The root of an XML file. Raises BylineError for a DTD, deep nesting, and what is not XML."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    if _DTD.search(data[:65536]):  # before anything of it is read
        raise BylineError(_REFUSED)
    try:
        root = etree.fromstring(data, parser)
    except (etree.LxmlError, ValueError):
        raise BylineError("is damaged: a part of it is not well-formed XML; save it anew") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BylineError(_REFUSED)
    return root


def depth_allowed(depth: int) -> None:
    """Raises BylineError where elements nest deeper than in any document."""
    if depth > DEEPEST:
        raise BylineError(f"nests over {DEEPEST} elements: save its text as .txt")


def text_of(root: Element | None, path: str) -> str | None:
    """All text of the first element at an ElementPath with `{*}` for any namespace; None without one."""
    found = root.find(path) if root is not None else None
    return "".join(found.itertext()) if found is not None else None
