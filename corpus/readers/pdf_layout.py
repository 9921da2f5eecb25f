"""The order in which the lines of a page are read, and where its paragraphs begin.

A page is cut where a vertical gutter runs between lines (two or more columns), zone by zone between
the lines that cross the gutter (titles, wide captions); what is left is read row by row, from the
top. So the order does not depend on the order in which a program happened to draw the page.
"""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from statistics import median

from corpus.readers.decoding import LIGATURES
from corpus.readers.pdf_lines import Line

FEWEST = 4  # lines a column has; or 2, if it is drawn apart from the other
MOST = 5000  # lines of a page that is looked at for columns
NARROWEST = 12  # characters a line of a column has, in the middle of them: cells of tables have fewer
_BULLET = re.compile(r"(?:[-*•‣◦▪●○–—]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s")
_LEADERS = re.compile(r"(?:(?:\. ?){4}|…{2}|_{4})[. …_]*\w{0,8}$")  # as in a list of contents, before the page
_SIGN = re.compile("|".join(LIGATURES))
_ENDED = re.compile(r"[.!?…:;؟。！？][\"'”’»)\]\d]*$")


@dataclass(slots=True)
class Row:
    """A line of the text: all that stands on it, and what sets it apart from the row before.

    `apart`: "" at the beginning of a column or page, where the text may run on, else " " within a
    paragraph, "\\n" or "\\n\\n". `ends`: whether the row ends like the end of a sentence. Ligatures
    are spelt out in `text`; `ligatures` says at which offset in it, and by which sign, they are printed.
    """

    text: str
    apart: str
    hyphen: bool
    ligatures: list[tuple[int, str]]

    @property
    def ends(self) -> bool:
        return _ENDED.search(self.text) is not None


def bands(lines: list[Line]) -> list[list[Line]]:
    """Lines side by side, from the top of the page; each band from the left."""
    found: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (-(line.top + line.bottom), line.left)):
        first = found[-1][0] if found else None
        if first and min(first.top, line.top) - max(first.bottom, line.bottom) >= 0.5 * min(first.size, line.size):
            found[-1].append(line)
        else:
            found.append([line])
    return [sorted(band, key=lambda line: line.left) for band in found]


def rows(lines: list[Line]) -> list[Row]:
    """The rows of a page, in the order of reading."""
    return [row for block in _columns(lines, 6) for row in _paragraphs(block)]


def _columns(lines: list[Line], depth: int) -> list[list[Line]]:
    """The page in blocks that are read from top to bottom, in their order."""
    gutter = _gutter(lines) if depth else None
    if gutter is None:
        return [lines] if lines else []
    blocks: list[list[Line]] = []
    zone: list[Line] = []

    def close() -> None:
        left = [line for line in zone if line.right <= gutter + 1]
        right = [line for line in zone if line.right > gutter + 1]
        for side in (left, right) if len(left) > 1 and len(right) > 1 else (zone,):
            blocks.extend(_columns(list(side), depth - 1))
        zone.clear()

    whole: list[Line] = []
    for line in sorted(lines, key=lambda line: -line.top):
        if line.left < gutter - 1 and line.right > gutter + 1:
            close()
            whole.append(line)
        else:
            if whole:
                blocks.append(whole)
                whole = []
            zone.append(line)
    close()
    return [*blocks, whole] if whole else blocks


def _gutter(lines: list[Line]) -> float | None:
    """Where a page is cut in columns: left of an edge that many lines share, right of as many."""
    if not 4 <= len(lines) <= MOST:
        return None
    edges = Counter(round(line.left) for line in lines)
    best, most = None, 0.0
    for edge in sorted(edge for edge, _ in edges.most_common(40)):
        if sum(edges[edge + near] for near in (-1, 0, 1)) < 2:
            continue
        gutter = edge - 2.0
        left = [line for line in lines if line.right <= gutter + 1]
        right = [line for line in lines if line.left >= gutter - 1]
        fewest = min(len(left), len(right), sum(abs(line.left - edge) < 1.5 for line in right))
        if fewest < 2 or fewest < FEWEST and not _are_drawn_apart(left, right) or not (_is_prose(left) and _is_prose(right)):
            continue
        shared = min(max(line.top for line in left), max(line.top for line in right)) - max(
            min(line.bottom for line in left), min(line.bottom for line in right)
        )
        height = min(
            max(line.top for line in side) - min(line.bottom for line in side) for side in (left, right)
        )
        score = min(len(left), len(right)) - 0.5 * (len(lines) - len(left) - len(right))
        if shared >= 0.5 * height and score > most:
            best, most = gutter, score
    return best


def _are_drawn_apart(left: list[Line], right: list[Line]) -> bool:
    return max(line.order for line in left) < min(line.order for line in right)


def _is_prose(lines: list[Line]) -> bool:
    return median(len(line.text) for line in lines) >= NARROWEST


def _paragraphs(lines: list[Line]) -> list[Row]:
    """The rows of one block, each with what sets it apart from the row above it."""
    block = bands(lines)
    lefts = Counter(round(min(line.left for line in band) / 2) for band in block)
    base = 2.0 * lefts.most_common(1)[0][0]  # where most rows begin
    edge = max(line.right for line in lines)
    steps = [_main(above).bottom - _main(below).bottom for above, below in zip(block, block[1:], strict=False)]
    leading = median(steps) if steps else 0.0
    found: list[Row] = []
    above: list[Line] = []
    for band in block:
        row = _row(_text(band), band[-1].hyphen)
        if above:
            row.apart = _apart(above, band, found[-1], row, base, edge, leading)
        found.append(row)
        above = band
    return found


def _row(printed: str, hyphen: bool) -> Row:
    ligatures, grown = [], 0
    for sign in _SIGN.finditer(printed):
        ligatures.append((sign.start() + grown, sign[0]))
        grown += len(LIGATURES[sign[0]]) - 1
    text = _SIGN.sub(lambda sign: LIGATURES[sign[0]], printed) if ligatures else printed
    return Row(text, "", hyphen, ligatures)


def _apart(
    above: list[Line], band: list[Line], before: Row, row: Row, base: float, edge: float, leading: float
) -> str:
    size, size_above = _main(band).size, _main(above).size
    step = _main(above).bottom - _main(band).bottom
    small = row.text[0].islower()
    if before.hyphen and small and step < 2.5 * max(leading, size) and abs(band[0].left - above[0].left) < 2 * size:
        return " "
    if step > 1.35 * max(leading, 0.9 * min(size, size_above)) or not 0.85 < size / size_above < 1.18:
        return "\n\n"
    if "\t" in row.text or "\t" in before.text or _LEADERS.search(row.text[-40:]) or _LEADERS.search(before.text[-40:]):
        return "\n"
    if before.text.endswith("-") and not before.text.endswith(" -") or small and not before.ends:
        return " "
    left, left_above = band[0].left, above[0].left
    if _BULLET.match(row.text):
        return "\n"
    if abs(left - base) > 0.8 * size and abs(left_above - left) > 0.8 * size or left < left_above - 0.8 * size < base - 1.6 * size:
        return "\n\n"
    # A word that would have fitted on the line above was put on the next one on purpose.
    word = row.text.split(" ", 1)[0]
    width = (band[-1].right - left) / max(len(row.text), 1)
    fits = above[-1].right + (len(word) + 3) * width < edge
    return ("\n\n" if before.ends else "\n") if fits else " "


def _main(band: list[Line]) -> Line:
    return max(band, key=lambda line: line.right - line.left)


def _text(band: list[Line]) -> str:
    """What stands on a row; a wide gap, as between cells of a table, is a tab."""
    rtl = sum(unicodedata.bidirectional(character) in ("R", "AL") for line in band for character in line.text[:40])
    if 2 * rtl > sum(len(line.text[:40]) for line in band):
        return " ".join(line.text for line in reversed(band))
    text, end = "", 0.0
    for line in band:
        if text:
            text += "\t" if line.left - end > 2 * line.size else " "
        text, end = text + line.text, line.right
    return text
