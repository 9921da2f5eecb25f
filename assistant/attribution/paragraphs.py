"""A text in paragraphs and sentences, each sentence parsed when it is asked for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.attribution.phrases import Range
from assistant.attribution.quotations import quotations
from assistant.parsing import parser
from corpus.sentences import sentences

if TYPE_CHECKING:
    from spacy.tokens import Doc


_BLANK = re.compile(r"\n\s*\n")
# The parser was trained on straight marks. One character for one, so that offsets hold.
_STRAIGHT = str.maketrans("“”„«»‘’\n\r\t\xa0", '"""""\'\'    ')


@dataclass(slots=True)
class Paragraph:
    """Its sentences and quotations, as ranges of the whole text; `parsed` by a sentence's place in it."""

    text: str
    sentences: list[Range]
    quotations: list[Range]
    parsed: dict[int, "Doc"] = field(default_factory=dict)

    @property
    def start(self) -> int:
        return self.sentences[0][0]

    @property
    def end(self) -> int:
        return self.sentences[-1][1]


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs of a text. A line is one, unless the lines are wrapped: then blank lines part them."""
    found: list[list[Range]] = []
    wrapped = False
    for start, end in sentences(text):
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if start >= end:
            continue
        gap = text[found[-1][-1][1] : start] if found else "\n\n"
        wrapped = "\n" in text[start:end] or wrapped and not _BLANK.search(gap)
        if not found or _BLANK.search(gap) or "\n" in gap and not wrapped:
            found.append([])
        found[-1].append((start, end))
    return [Paragraph(text, spans, list(_quotations(text, spans[0][0], spans[-1][1]))) for spans in found]


def _quotations(text: str, start: int, end: int) -> Iterator[Range]:
    yield from ((start + opens, start + closes) for opens, closes in quotations(text[start:end]))


def parse(wanted: Iterable[tuple[Paragraph, int]]) -> None:
    """Parses the sentences asked for that are not yet parsed, all at once. One sentence is one tree."""
    wanted = [(paragraph, n) for paragraph, n in wanted if n not in paragraph.parsed]
    if not wanted:
        return
    language = parser()

    def made() -> Iterator["Doc"]:
        for paragraph, n in wanted:
            start, end = paragraph.sentences[n]
            doc = language.make_doc(paragraph.text[start:end].translate(_STRAIGHT))
            for token in doc[1:]:
                token.is_sent_start = False  # the splitter knows better: "..." he said.
            yield doc

    for (paragraph, n), doc in zip(wanted, language.pipe(made(), disable=["ner"]), strict=True):
        paragraph.parsed[n] = doc
