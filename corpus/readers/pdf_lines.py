"""The lines of a PDF's page: runs of characters on one baseline, with the boxes they are printed in."""

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2.raw as pdfium

MOST = 200_000  # characters of one page that are read; a newspaper's page has under 60,000

_HYPHENS = ("\x02", "\ufffe", "\xad")  # as PDFium tells that a hyphen ends a line, and the soft hyphen
_LIGATURES = dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "ft", "st"), strict=True))
_UNSEEN = re.compile("[\0-\x08\x0e-\x1f\x7f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"\s+")
_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_WORDS = re.compile("([^\\s\x02\ufffe]+[\x02\ufffe]?|[\x02\ufffe])|[\r\n]+")
_RECT = pdfium.FS_RECTF()  # where PDFium writes a box; this process has one thread
_WHERE = ctypes.byref(_RECT)


@dataclass(slots=True)
class Line:
    """Text on one baseline. Boxes are in points, y upwards; `hyphen`: it ends in one that broke a word."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    hyphen: bool = False

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
    for index, word in _words(handle, count):
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
        if word.endswith(_HYPHENS[:2]):
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


def _words(handle: object, count: int) -> Iterator[tuple[int, str | None]]:
    """(index of the first character, word), and (index, None) for each end of a line."""
    units = (ctypes.c_ushort * (count + 1))()
    text = ""
    if pdfium.FPDFText_GetText(handle, 0, count, units) == count + 1:
        text = bytes(units)[: 2 * count].decode("utf-16-le", "replace")
    if len(text) != count:  # it leaves out what has no character, and pairs up halves
        codes = (pdfium.FPDFText_GetUnicode(handle, index) for index in range(count))
        text = "".join(chr(code) if code < 0x110000 else "\0" for code in codes)
    for match in _WORDS.finditer(text):
        yield match.start(), match[0] if match.lastindex else None


def _box(handle: object, index: int, turned: int) -> tuple[float, float, float, float] | None:
    """(left, right, bottom, top) of a character, as high as its font is."""
    if not pdfium.FPDFText_GetLooseCharBox(handle, index, _WHERE):
        return None
    box = _RECT.left, _RECT.right, _RECT.bottom, _RECT.top
    for _ in range(turned):  # a quarter of a circle each
        box = box[2], box[3], -box[1], -box[0]
    return box if -1e6 < box[0] + box[1] + box[2] + box[3] < 1e6 else None  # neither endless nor NaN


def _line(run: list[tuple]) -> Line | None:
    text = " ".join(word for word, *_ in run)
    hyphen = text.endswith(_HYPHENS)
    if hyphen:
        text = text[:-1] + "-"
    text = _HALVES.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text.replace("\xad", ""))
    text = _SPACES.sub(" ", _UNSEEN.sub("", text.translate(_LIGATURES))).strip()
    if not text:
        return None
    left, right = min(box[1] for box in run), max(box[2] for box in run)
    return Line(text, left, right, min(box[3] for box in run), max(box[4] for box in run), hyphen)
