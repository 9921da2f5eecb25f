"""The lines of a PDF's page: runs of characters on one baseline, with the boxes they are printed in."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import pypdfium2.raw as pdfium

from corpus.readers.decoding import LIGATURES

MOST = 200_000  # characters of one page that are read; a newspaper's page has under 60,000

_HYPHENS = ("\x02", "\xad")  # as PDFium tells that a hyphen ends a line, and the soft hyphen
_LETTERS = {letters: sign for sign, letters in LIGATURES.items()}
_LIGATED = re.compile("f(?:f[il]?|[il])")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2,}")
_GONE = "\uffff"  # holds the place of a letter that a ligature has taken, so that indices stay right
_UNSEEN = re.compile("[\0-\x08\x0e-\x1f\x7f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_NONE = re.compile("\ufffe")
_SPACES = re.compile(r"\s+")
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_WORDS = re.compile("([^\\s\x02]+\x02?|\x02)|[\r\n]+")
_RECT = pdfium.FS_RECTF()  # where PDFium writes a box; this process has one thread
_WHERE = ctypes.byref(_RECT)


@dataclass(slots=True)
class Line:
    """Text on one baseline, with its ligatures as they are printed. Boxes are in points, y upwards; the
    bottom and top are those of the type that most of it is set in. `hyphen`: it ends in one that broke a word;
    `order`: how many lines of its page are drawn before it.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    hyphen: bool = False
    order: int = 0

    @property
    def size(self) -> float:
        """The height of its letters' boxes, which goes with the size of the type."""
        return max(self.top - self.bottom, 1.0)


def lines(page: object) -> tuple[list[Line], int]:
    """The lines of a pypdfium2 page in the order they are drawn in, and how many characters were left out."""
    textpage = page.get_textpage()
    try:
        handle = textpage.raw
        count = max(pdfium.FPDFText_CountChars(handle), 0)
        # Where most of the text runs up or down the page, the page is turned for reading.
        angles = Counter(_angle(handle, index) for index in range(0, count, count // 100 + 1))
        turned = angles.most_common(1)[0][0] if angles else 0
        found, aside = [], []
        for first, run in _runs(handle, min(count, MOST), turned):
            if len(run) < 3 and _angle(handle, first) != turned:  # one letter below the other
                aside.append(run)
            elif line := _line(run):
                found.append(line)
        if aside and (line := _line([box for run in aside for box in run])):
            line.top = line.bottom = min((other.bottom for other in found), default=0.0) - line.size
            found.append(line)
        found = _set_full(found)
        for order, line in enumerate(found):
            line.order = order
        return found, count - min(count, MOST)
    finally:
        textpage.close()


def _angle(handle: object, index: int) -> int:
    """In quarters of a circle, counter-clockwise."""
    angle = pdfium.FPDFText_GetCharAngle(handle, index)
    return round(angle / (math.pi / 2)) % 4 if math.isfinite(angle) else 0


def _runs(handle: object, count: int, turned: int) -> list[tuple[int, list[tuple]]]:
    """(index of the first character, [(word, left, right, bottom, top), ...]) for each run.

    A run ends where the next word does not stand beside the one before, in either direction of
    writing. Of a word only the first and last character are looked up, and the last only where the
    next word begins further on than its letters may reach: PDFium puts a space or a line's end
    wherever there is a gap, and to ask for every character takes five times as long.
    """
    runs: list[tuple[int, list[tuple]]] = []
    run: list[tuple] = []
    open_word: tuple | None = None  # the last one of the run, its right edge not yet looked up: its last index
    for index, word in _words(handle, count, turned):
        first = _box(handle, index, turned) if word else None
        if open_word is not None:
            before, left, right, bottom, top = run[-1]
            size = top - bottom
            if first and bottom == first[2] and top == first[3] and right < first[0] < left + (0.35 * len(before) + 1.0) * size:
                run[-1] = before, left, first[0], bottom, top
            elif last := _box(handle, open_word, turned):
                run[-1] = before, min(left, last[0]), max(right, last[1]), min(bottom, last[2]), max(top, last[3])
                if min(top, last[3]) <= max(bottom, last[2]):  # a word on two lines: its letters, one by one
                    run.pop()
                    begin = open_word + 1 - len(before)
                    boxes = [(place, _box(handle, begin + place, turned)) for place in range(len(before))]
                    for place, box in boxes:
                        run = _put(runs, run, begin + place, before[place], box) if box else run
            open_word = None
        if word is None:
            run = []
            continue
        if first is None:
            continue
        run = _put(runs, run, index, word, first)
        open_word = index + len(word) - 1
        if word.endswith("\x02"):
            if last := _box(handle, open_word, turned):
                _, left, right, bottom, top = run[-1]
                run[-1] = word, min(left, last[0]), max(right, last[1]), bottom, top
            run, open_word = [], None
    if open_word is not None and (last := _box(handle, open_word, turned)):
        word, left, right, bottom, top = run[-1]
        run[-1] = word, min(left, last[0]), max(right, last[1]), bottom, top
    return runs


def _put(runs: list, run: list[tuple], index: int, word: str, box: tuple) -> list[tuple]:
    """Puts a word at the end of the run, or of a new one where it does not stand beside the last."""
    left, right, bottom, top = box
    if run:
        _, last_left, last_right, last_bottom, last_top = run[-1]
        overlap = min(top, last_top) - max(bottom, last_bottom)
        size = max(last_top - last_bottom, 1.0)
        if overlap < 0.35 * min(top - bottom, last_top - last_bottom) or max(left - last_right, last_left - right) > size:
            run = []
    if not run:
        runs.append((index, run))
    run.append((word, left, right, bottom, top))
    return run


def _words(handle: object, count: int, turned: int) -> Iterator[tuple[int, str | None]]:
    """(index of the first character, word), and (index, None) for each end of a line."""
    units = (ctypes.c_ushort * (count + 1))()
    text = ""
    if pdfium.FPDFText_GetText(handle, 0, count, units) == count + 1:
        text = bytes(units)[: 2 * count].decode("utf-16-le", "replace")
    if len(text) != count:  # it leaves out what has no character, and pairs up halves
        codes = (pdfium.FPDFText_GetUnicode(handle, index) for index in range(count))
        text = "".join(chr(code) if 0 < code < 0x110000 else "\ufffd" for code in codes)
    # What stands for no letter comes as \ufffe; as hyphens at the end of a line did in older PDFiums.
    text = _NONE.sub(lambda match: "\x02" if pdfium.FPDFText_IsHyphen(handle, match.start()) == 1 else "\ufffd", text)
    text = _LIGATED.sub(lambda match: _ligated(handle, match), text)
    text = _RTL.sub(lambda match: _right_to_left(handle, match, turned), text)
    for match in _WORDS.finditer(text):
        yield match.start(), match[0] if match.lastindex else None


def _ligated(handle: object, match: re.Match[str]) -> str:
    """The letters of a match, or the ligature where they are printed as one: PDFium spells it out, and
    gives each letter the box of the whole."""
    letters, start = match[0], match.start()
    boxes = [_box(handle, index, 0) for index in range(start, match.end())]
    same = [left == right is not None for left, right in pairwise(boxes)]
    if not any(same):
        return letters
    # What lies in one box with its neighbours is a word that is given for a picture of it (ActualText).
    if start and _box(handle, start - 1, 0) == boxes[0] or _box(handle, match.end(), 0) == boxes[-1]:
        return letters
    if all(same):
        return _LETTERS[letters] + _GONE * (len(letters) - 1)
    if same[0]:
        return _LETTERS[letters[:2]] + _GONE + letters[2]
    return letters[0] + _LETTERS[letters[1:]] + _GONE


def _right_to_left(handle: object, match: re.Match[str], turned: int) -> str:
    """Letters of Hebrew or Arabic in the order of reading, which goes by where they are printed: PDFium turns
    every word round, so that one drawn in the order of reading comes out backwards, and in the others the
    letters of one sign."""
    boxes = [_box(handle, index, turned) or (0.0,) * 4 for index in range(match.start(), match.end())]
    letters = list(zip(boxes, match[0], strict=True))
    if boxes[0][0] < boxes[-1][0]:
        return match[0][::-1]
    signs = (reversed(list(sign)) for _, sign in groupby(letters, key=lambda letter: letter[0]))
    return "".join(letter for sign in signs for _, letter in sign)


def _box(handle: object, index: int, turned: int) -> tuple[float, float, float, float] | None:
    """(left, right, bottom, top) of a character, as high as its font is."""
    if not pdfium.FPDFText_GetLooseCharBox(handle, index, _WHERE):
        return None
    box = _RECT.left, _RECT.right, _RECT.bottom, _RECT.top
    for _ in range(turned):  # a quarter of a circle each
        box = box[2], box[3], -box[1], -box[0]
    return box if -1e6 < box[0] + box[1] + box[2] + box[3] < 1e6 else None  # neither endless nor NaN


def _set_full(found: list[Line]) -> list[Line]:
    """The lines, with those put together that are words of one, set from edge to edge as in narrow columns:
    three and more at the same distance, and those that reach from a left to a right edge of other lines."""
    whole: list[Line] = []
    lefts = Counter(round(line.left, 1) for line in found)
    for row in _rows(found):
        begin = 0
        while begin < len(row):
            end = begin + 2
            while end < len(row) and abs(_gap(row, end) - _gap(row, begin + 1)) < 0.5:
                end += 1
            if end - begin > 2 and _gap(row, begin + 1) < 4 * row[begin].size and _are_words(row[begin:end], lefts):
                whole.append(_as_one(row[begin:end]))
            else:
                end = max(end - 1, begin + 1)  # the last one may begin others
                whole += row[begin:end]
            begin = end
    edges = Counter((round(line.left), round(line.right)) for line in whole if " " in line.text)
    found, whole = whole, []
    for row in _rows(found):
        while row:
            many = max(_between(row, edges), 1)
            whole.append(_as_one(row[:many]) if many > 1 else row[0])
            del row[:many]
    return whole


def _rows(found: list[Line]) -> Iterator[list[Line]]:
    """Lines that follow each other on one baseline, not too far apart."""
    row: list[Line] = []
    for line in found:
        last = row[-1] if row else line
        if row and not ((line.bottom, line.top) == (last.bottom, last.top) and 0 < line.left - last.right < 8 * line.size):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _gap(row: list[Line], index: int) -> float:
    return row[index].left - row[index - 1].right


def _as_one(row: list[Line]) -> Line:
    first, last = row[0], row[-1]
    return Line(" ".join(line.text for line in row), first.left, last.right, first.bottom, first.top, last.hyphen)


def _are_words(row: list[Line], lefts: Counter) -> bool:
    """And not cells: those begin below each other, and those of numbers are as wide as each other."""
    widths = [line.right - line.left for line in row]
    aligned = all(lefts[round(line.left, 1)] > 1 for line in row[1:])
    return 2 * sum(line.text[0].isalpha() for line in row) > len(row) and max(widths) > 1.2 * min(widths) and not aligned


def _between(row: list[Line], edges: Counter) -> int:
    """How many words, from the first on, lie between a left and a right edge that three lines of prose have."""
    first = row[0]
    starts = range(round(first.left) - round(2.5 * first.size), round(first.left) + 2)
    for many, last in enumerate(row[1:10], 2):
        gaps = [_gap(row, index) for index in range(1, many)]
        width = last.right - first.left
        widest = (0.25 if last.text[0].isdigit() else 0.75 if width < 20 * first.size else 0.5) * width
        if " " in first.text + last.text or max(gaps) > min(1.1 * min(gaps) + 0.5, widest):
            return 0
        if any(sum(edges[start, round(last.right) + near] for near in (-1, 0, 1)) > 2 for start in starts):
            return many
    return 0


def _line(run: list[tuple]) -> Line | None:
    if any(_RTL.search(word) for word, *_ in run):
        same = [list(words) for _, words in groupby(run, key=lambda box: _RTL.search(box[0]) is not None)]
        run = [box for words in same for box in (sorted(words, key=lambda box: -box[1]) if _RTL.search(words[0][0]) else words)]
    text = " ".join(word for word, *_ in run)
    hyphen = text.endswith(_HYPHENS)
    if hyphen:
        text = text[:-1] + "-"
    text = _HALVES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text.replace("\xad", ""))
    text = _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()
    if not text:
        return None
    left, right = min(box[1] for box in run), max(box[2] for box in run)
    heights: Counter = Counter()  # a raised number, or a sign of another font, does not make a line higher
    for word, _, _, bottom, top in run:
        heights[bottom, top] += len(word)
    (bottom, top), _ = heights.most_common(1)[0]
    return Line(text, left, right, bottom, top, hyphen)
