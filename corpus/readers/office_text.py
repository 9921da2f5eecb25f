"""What the readers of office formats gather: paragraphs, tables and headings, as text."""

import re

from corpus.types import BylineError

LONGEST = 64 * 2**20  # characters of one document
_SPACES = re.compile(r"[ \r\f\v\u00a0]+")


class Text:
    """A text under way: blocks a blank line apart, rows and list items a newline, cells a tab."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.length = 0
        self.sections: list[tuple[int, str]] = []
        self._cells: list[str] | None = None  # of the open row
        self._rows = False  # whether the last thing was a row or an item

    def paragraph(self, text: str, *, heading: bool = False, item: bool = False) -> None:
        """Takes a paragraph as it stands in the source; in a table it belongs to the open cell."""
        text = "\n".join(_SPACES.sub(" ", part).strip(" ") for part in text.split("\n")).strip("\n\t ")
        if not text:
            return
        if self._cells is not None:
            cell = " ".join(text.split())
            self._cells[-1] += " " * bool(self._cells[-1]) + cell
            return
        self._put(text, close=item)
        if heading:
            self.sections.append((self.length - len(text), " ".join(text.split())))

    def row(self) -> None:
        """Begins a table's row."""
        self._cells = []

    def cell(self) -> None:
        """Begins a cell of the open row."""
        if self._cells is not None:
            self._cells.append("")

    def end_row(self) -> None:
        """Ends it."""
        cells, self._cells = self._cells, None
        if cells and any(cells):
            self._put("\t".join(cells).rstrip("\t"), close=True)

    def _put(self, text: str, *, close: bool) -> None:
        before = "" if not self._pieces else "\n" if close and self._rows else "\n\n"
        self._pieces.append(before + text)
        self.length += len(before) + len(text)
        self._rows = close
        if self.length > LONGEST:
            raise BylineError("holds over 64 million characters of text: split it")

    def __str__(self) -> str:
        return "".join(self._pieces)
