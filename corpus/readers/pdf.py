"""PDF: the text of its pages as it is read, and where each page begins in it.

PDFium reads the file and says where each character is printed; `pdf_lines` and `pdf_layout` make
rows of them. Here repeated headers and footers are dropped, words that were broken at line ends are
put together, and paragraphs that run over columns or pages are joined.
"""

import re
from collections import Counter
from itertools import chain, takewhile
from typing import BinaryIO

import pypdfium2

from corpus.readers.decoding import LIGATURES, check
from corpus.readers.pdf_layout import Row, bands, rows
from corpus.readers.pdf_lines import Line, lines
from corpus.readers.stated import author, title
from corpus.types import BylineError, Reading

MOST_PAGES = 20_000
PRINTED = 200_000  # lines and ligatures of a text that is shown as printed too: some 4,000 pages
MARGIN = 3  # rows at the top, and at the bottom, that may be headers and footers
_ERRORS = {
    "password": "is encrypted: open it with its password, and save it without one",
    "security": "is encrypted in a way that cannot be read: save it without protection",
}
_PAGE_NUMBER = re.compile(r"\W*(?:p(?:age|g)?\.?|seite|página|стр\.?)?\s*#(?:\s*(?:of|/|de|von|из)\s*#)?\W*", re.IGNORECASE)
_UNSPACED = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")  # Chinese and Japanese, without spaces between words
# First parts of words that keep their hyphen wherever a line ends.
_COMPOUND = frozenset(
    "well self vice half twenty thirty forty fifty sixty seventy eighty ninety anglo franco sino russo north south east west "
    "северо юго военно социально научно англо франко вице".split()
)
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")


def read(file: BinaryIO) -> Reading:
    """Read one `.pdf` file. Raises BylineError for one that is encrypted, scanned or damaged."""
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        found = next((told for word, told in _ERRORS.items() if word in str(error).lower()), None)
        raise BylineError(found or "is not a PDF, or is damaged: open it in a viewer, and print it to a new one") from None
    try:
        count = len(document)
        if not 0 < count <= MOST_PAGES:
            raise BylineError("holds no pages" if count < 1 else f"has over {MOST_PAGES:,} pages: split it")
        pages, notes = _pages(document, count)
        stated = {key: _stated(document, key) for key in ("Title", "Author")}
    finally:
        document.close()
    _drop_repeated(pages)
    text, starts, printed = _joined([rows(page) for page in pages])
    check(text)
    if unnamed := text.count("\ufffd"):
        notes += (f"{unnamed:,} of its characters stand for no letter in its fonts, and are shown as \ufffd",)
    if len(printed) > PRINTED:
        notes += ("it is too long for its lines to be shown as they are printed",)
        printed = []
    writer = author(stated["Author"])
    return Reading(
        text=text, media_type="application/pdf", title=title(stated["Title"]), source=writer, author=writer,
        pages=starts, notes=notes, printed=tuple(printed),
    )  # fmt: skip


def _stated(document: pypdfium2.PdfDocument, key: str) -> str:
    try:
        return document.get_metadata_value(key).strip("\0")
    except UnicodeDecodeError:  # half of a surrogate pair: it states nothing that could be shown
        return ""


def _pages(document: pypdfium2.PdfDocument, count: int) -> tuple[list[list[Line]], tuple[str, ...]]:
    """The lines of each page. Raises BylineError where no page has any."""
    pages: list[list[Line]] = []
    broken, left_out = [], 0
    for number in range(count):
        try:
            page = document[number]
            found, cut = lines(page)
            page.close()
        except pypdfium2.PdfiumError:
            found, cut = [], 0
            broken.append(number + 1)
        pages.append(found)
        left_out += cut
    if not any(pages):
        if len(broken) == count:
            raise BylineError("is damaged: none of its pages can be read")
        raise BylineError(
            "holds pictures of pages and no text (a scan, perhaps): let a program for text recognition (OCR) "
            "put the text into it, then add it again"
        )
    empty = [number for number, page in enumerate(pages, 1) if not page and number not in broken]
    notes = []
    if empty:
        notes.append(f"no text on {_listed(empty)}: if they are scans, let a program for text recognition (OCR) read them")
    if broken:
        notes.append(f"damaged, and left out: {_listed(broken)}")
    if left_out:
        notes.append(f"{left_out:,} characters on overfull pages are left out")
    return pages, tuple(notes)


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (f" and {len(numbers) - 10:,} more" if len(numbers) > 10 else "")
    return f"page{'s' * (len(numbers) > 1)} {shown}"


def _drop_repeated(pages: list[list[Line]]) -> None:
    """Takes out, from the edge of each page inwards, rows that stand at the same place on others."""
    if len(pages) < 2:
        return
    needed = 2 if len(pages) < 4 else 3
    full = sum(map(bool, pages))
    dropped: list[list[list[Line]]] = [[] for _ in pages]
    for top in (True, False):
        edges = [_edge(page, top) for page in pages]
        seen = Counter(key for edge in edges for key in {key for key, _ in edge})
        for page, edge in enumerate(edges):
            repeated = takewhile(
                lambda row: row[0] and seen[row[0]] >= needed and (len(pages) > 3 or seen[row[0]] == full), edge
            )
            dropped[page].append([band for _, band in repeated])
    for page, (above, below) in zip(pages, dropped, strict=True):
        for most in (MARGIN, 1):
            gone = {id(line) for band in (*above[:most], *below[:most]) for line in band}
            if 2 * len(gone) <= len(page):  # else what repeats is the page: slides, forms
                page[:] = [line for line in page if id(line) not in gone]
                break


def _edge(page: list[Line], top: bool) -> list[tuple[tuple | None, list[Line]]]:
    """The outermost rows of a page with a key each: what is in it, numbers aside, and where."""
    found = bands(page)
    found = found[:MARGIN] if top else found[: -MARGIN - 1 : -1]
    return [(_key(band), band) for band in found]


def _key(band: list[Line]) -> tuple | None:
    text = re.sub(r"\d+|\b[ivxlc]+\b", "#", " ".join(line.text for line in band).lower())
    if not _PAGE_NUMBER.fullmatch(text) and sum(character.isalpha() for character in text) < 3:
        return None
    return text, round(band[0].bottom / 4)


def _joined(pages: list[list[Row]]) -> tuple[str, tuple[int, ...], list[tuple[int, int, str]]]:
    """The text of all pages, where each begins in it, and how it differs from what is printed."""
    words = _words(pages)
    pieces: list[str] = []
    starts: list[int | None] = []
    printed: list[tuple[int, int, str]] = []
    length, before = 0, None
    for page in pages:
        starts.append(None)
        for row in page:
            glue, keep = _glue(before, row, words) if before else ("", True)
            if not keep:
                pieces[-1] = pieces[-1][:-1]
                length -= 1
            if before and len(glue) < 2 and glue != "\n":
                printed.append((length, len(glue), "\n" if keep else "-\n"))
            if starts[-1] is None:
                starts[-1] = length + len(glue)
            pieces += [glue, row.text]
            length += len(glue)
            printed += [(length + at, len(LIGATURES[sign]), sign) for at, sign in row.ligatures]
            length += len(row.text)
            before = row
    following = length
    for index in range(len(starts) - 1, -1, -1):  # an empty page begins where the next one does
        following = starts[index] = following if starts[index] is None else starts[index]
    return "".join(pieces), tuple(starts), printed


def _words(pages: list[list[Row]]) -> Counter:
    """How often each word stands in the text, those aside that a line's end may have broken."""
    words: Counter = Counter()
    broken = False
    for row in chain.from_iterable(pages):
        found = _WORD.findall(row.text)
        words.update(word.lower() for word in found[broken : len(found) - row.text.endswith("-")])
        broken = row.text.endswith("-")
    return words


def _glue(before: Row, row: Row, words: Counter) -> tuple[str, bool]:
    """What stands between two rows, and whether a hyphen at the end of the first is kept."""
    runs_on = before.hyphen or (not before.ends and row.text[0].islower())
    apart = row.apart or (" " if runs_on else "\n\n")
    if apart == " " and _UNSPACED.match(before.text[-1]) and _UNSPACED.match(row.text):
        return "", True
    if apart != " " or not before.text.endswith("-"):
        return apart, True
    first, second = _WORD.findall(before.text.rstrip("-")[-60:]), _WORD.match(row.text)
    if not first or not second or not before.text[:-1].endswith(first[-1]):
        return (" " if before.text.endswith(" -") else ""), True
    whole, parted = (first[-1] + second[0]).lower(), f"{first[-1]}-{second[0]}".lower()
    if words[whole] or words[parted]:
        return "", words[parted] > words[whole]
    if words[first[-1].lower()] and words[second[0].lower()]:
        return "", True
    last = first[-1].rpartition("-")[2]
    return "", not (second[0][0].islower() and len(last) > 1 and last.lower() not in _COMPOUND)
