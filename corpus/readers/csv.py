"""CSV and TSV (RFC 4180, with the other separators that people use): each row is a document."""

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from corpus.readers.decoding import MB, decode_any, load
from corpus.readers.records import Names, reading
from corpus.types import BylineError, Reading, Unreadable

LARGEST = 128 * MB  # bytes of one file
SEPARATORS = ",;\t|"
MOST = 1000  # columns
_TOLD = re.compile(f"\"?sep=([{SEPARATORS}])\"?\r?\n")  # as Excel has it
_NONE = "\x1f"  # separates nothing: one column, whatever stands in it


def read(file: BinaryIO) -> Iterator[Reading | Unreadable]:
    """Yield the rows of a `.csv` or `.tsv` file; the first row names the columns. Raises BylineError."""
    text, notes = decode_any(load(file, LARGEST))
    if told := _TOLD.match(text):
        text = text[told.end() :]
    separator = told[1] if told else _separator(text)
    csv.field_size_limit(64 * MB)
    rows = csv.reader(_lines(text), delimiter=separator)
    names, header, number = Names(), None, 0
    while True:
        try:
            row = next(rows)
        except StopIteration:
            break
        except csv.Error as error:
            yield Unreadable(f"is not CSV: {error}", line=rows.line_num)
            continue
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > MOST:
            raise BylineError(f"has over {MOST:,} columns: its separator is not one of , ; tab |")
        if header is None:
            header = row
            continue
        number += 1
        fields = {}
        for index, cell in enumerate(row):
            name = header[index].strip() if index < len(header) else ""
            fields[name if name and name not in fields else f"{name or 'column'} {index + 1}"] = cell
        try:
            found = reading(fields, names, number, "text/csv")
        except BylineError as error:
            yield Unreadable(str(error), line=rows.line_num)
            continue
        yield replace(found, notes=notes)
        notes = ()
    if header is None or not number:
        raise BylineError("holds no rows below the names of its columns")


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, without a copy of it."""
    end = "\n" if "\n" in text else "\r"
    start = 0
    while start < len(text):
        stop = text.find(end, start) + 1 or len(text)
        yield text[start:stop]
        start = stop


def _separator(text: str) -> str:
    """The separator that the first line uses most, outside quotation marks; one that is nowhere, if it uses none."""
    first = text.lstrip("\r\n")[: 64 * 1024].split("\n", 1)[0]
    outside = "".join(first.split('"')[::2])
    counts = Counter(character for character in outside if character in SEPARATORS)
    return counts.most_common(1)[0][0] if counts else _NONE
