"""Who says what: claimant, cue and content of the attributions in a text, or around given sentences.

Read off dependency trees (spaCy's small English model) and quotation marks by rule. What is
resolved and what is left open on purpose is listed, with examples, in docs/attribution.md.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.attribution import certainty, lexicon, speakers
from assistant.attribution.paragraphs import Paragraph, paragraphs, parse
from assistant.attribution.phrases import Range, noun_phrase
from assistant.attribution.quotations import around
from assistant.attribution.statements import Statement, labelled, statements
from assistant.types import Attribution, Mention, Speaker
from corpus.types import Span

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

FAR = 20  # sentences into a paragraph after which who "he" is counts as uncertain
NEIGHBOURS = 3  # sentences before and after one that are read to learn who speaks


@dataclass(frozen=True, slots=True)
class Context:
    """A sentence of a document, with the text around it: `text` begins at `start` of the document.

    A few sentences to each side are enough, and whole paragraphs are best: who "he" is, is looked
    for in the sentence's paragraph, and only there, and only where the text holds its beginning.
    `answer` is the part of the quote that answers a question, where there is one.
    """

    text: str
    start: int
    quote: Span
    answer: Span | None = None
    whole: bool = True  # `text` begins where a paragraph begins


def attribute(text: str, offset: int = 0, document_id: str = "") -> list[Attribution]:
    """The attributions of a text, in the order in which they stand; nested ones are `via` of the outermost.

    `offset` is where the text begins in its document. Quotations that name no speaker are among
    them, with no claimant. Raises BylineError when the parser is not installed.
    """
    parts = paragraphs(text)
    parse((paragraph, n) for paragraph in parts for n in range(len(paragraph.sentences)))
    maker = _Maker(text, offset, document_id)
    return [
        maker.attribution(statement, paragraph)
        for paragraph, found in zip(parts, _read(parts), strict=True)
        for statement in found
    ]


def attributed(contexts: Sequence[Context]) -> list[Attribution]:
    """The attribution that governs each sentence; voice "own" where the document itself speaks.

    Raises BylineError when the parser is not installed.
    """
    read = [paragraphs(context.text) for context in contexts]
    wanted = [_wanted(parts, context) for parts, context in zip(read, contexts, strict=True)]
    parse((parts[p], n) for parts, places in zip(read, wanted, strict=True) for p, n in places)
    more = [
        _more(parts, places, context) for parts, places, context in zip(read, wanted, contexts, strict=True)
    ]
    parse((parts[p], n) for parts, places in zip(read, more, strict=True) for p, n in places)
    return [_governing(parts, context) for parts, context in zip(read, contexts, strict=True)]


# -- what to parse --------------------------------------------------------------------------------------


def _wanted(parts: list[Paragraph], context: Context) -> list[tuple[int, int]]:
    """The sentences that the quote touches, by paragraph and place in it."""
    start, end = context.quote.start - context.start, context.quote.end - context.start
    return [
        (p, n)
        for p, paragraph in enumerate(parts)
        for n, (from_, to) in enumerate(paragraph.sentences)
        if from_ < end and start < to
    ]


def _more(parts: list[Paragraph], places: list[tuple[int, int]], context: Context) -> list[tuple[int, int]]:
    """The sentences that are needed besides: where a quotation or a pronoun points beyond the quote."""
    if not places:
        return []
    p, first = places[0]
    _, last = places[-1]
    paragraph = parts[p]
    begins, ends = (
        paragraph.sentences[first][0],
        paragraph.sentences[min(last, len(paragraph.sentences) - 1)][1],
    )
    quoted = any(start < ends and begins < end for start, end in paragraph.quotations)
    found = []
    if quoted:
        near = range(max(0, first - NEIGHBOURS), min(len(paragraph.sentences), last + 1 + NEIGHBOURS))
        found += [(p, n) for n in near]
        if p > 0 and first == 0:
            found.append((p - 1, len(parts[p - 1].sentences) - 1))
    if any(_points_back(statement) for statement in statements(paragraph)):
        found += [(p, n) for n in range(first)]
    return found


def _points_back(statement: Statement) -> bool:
    relation = statement.relation
    return relation is not None and relation.speaker is not None and not speakers.named(relation.speaker)


# -- reading ------------------------------------------------------------------------------------------------


def _read(parts: list[Paragraph]) -> list[list[Statement]]:
    """The statements of each paragraph, quotations carried over from one to the next."""
    result: list[list[Statement]] = []
    carried = None
    for paragraph in parts:
        found = statements(paragraph, carried)
        carried = _carried(paragraph, found)
        result.append(found)
    labelled(parts, result)
    return result


def _carried(paragraph: Paragraph, found: list[Statement]) -> Statement | None:
    """The statement that goes on in the next paragraph: after a colon, or a quotation left open."""
    if not found or found[-1].relation is None:
        return None
    last = found[-1]
    if last.sentence == len(paragraph.sentences) - 1 and paragraph.text.endswith(":", 0, paragraph.end):
        return last
    if paragraph.quotations:
        start, end = paragraph.quotations[-1]
        open_ = paragraph.text[end - 1] not in '”»"' or end - start < 2
        if open_ and end >= paragraph.end and any(start >= a and end <= b for a, b in last.content):
            return last
    return None


def _governing(parts: list[Paragraph], context: Context) -> Attribution:
    start, end = context.quote.start - context.start, context.quote.end - context.start
    maker = _Maker(context.text, context.start, context.quote.document_id, context.whole)
    best, most, home = None, 0.0, None
    for paragraph, found in zip(parts, _read(parts), strict=True):
        for statement in found:
            if not _vouches(statement):
                continue
            share = _share(statement, start, end, context)
            if share > most:
                best, most, home = statement, share, paragraph
    hedged = any(certainty.hedged(_inside(paragraph, [(start, end)])) for paragraph in parts)
    if best is None:
        return Attribution(None, None, None, (), "own", hedged=hedged)
    return maker.attribution(best, home)


def _called(statement: Statement) -> tuple[Range, list[Range]] | None:
    """The speaker's name, and the stretches in which the document describes the speaker."""
    relation = statement.relation
    if relation.speaker is None:
        return None
    described = [statement.place(part) for part in (relation.source, relation.subject) if part]
    return statement.place(speakers.name(relation.speaker)), described


def _vouches(statement: Statement) -> bool:
    """Whether the speaker, not the document, says the content.

    Of "Berg criticised the plan" or "Berg wants to leave" the document says itself that she did.
    """
    relation = statement.relation
    if relation is None or relation.pattern not in (
        "judge",
        "judged by",
        "intend",
        "address",
        "state",
        "find",
    ):
        return True
    return lexicon.lemma(relation.cue_word) in lexicon.SAYING or relation.denied or relation.pattern == "find"


def _share(statement: Statement, start: int, end: int, context: Context) -> float:
    """How much of a sentence (start to end) a statement governs: over a half, or what holds the answer."""
    parts = [(max(a, start), min(b, end)) for a, b in statement.content]
    covered = sum(max(0, b - a) for a, b in parts)
    relation = statement.relation
    own = [statement.place(part) for part in (relation.source, relation.cue) if part] if relation else []
    if context.answer is not None:
        at, to = context.answer.start - context.start, context.answer.end - context.start
        if any(a <= at and to <= b for a, b in statement.content):
            return 2.0 + covered / (end - start)
        if relation is not None and (called := _called(statement)) is not None:
            (a, b), described = called
            if 2 * (min(b, to) - max(a, at)) >= b - a:  # who says it is what was asked
                return 2.0 + covered / (end - start)
            if any(c <= at and to <= d for c, d in described):
                return 0.0  # the document itself describes the speaker
    speaking = sum(max(0, min(b, end) - max(a, start)) for a, b in own)
    share = covered / max(1, end - start - speaking)
    return share if share >= 0.5 else 0.0


# -- making -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Maker:
    """Turns statements into attributions of a document."""

    text: str
    offset: int
    document_id: str
    whole: bool = True

    def span(self, part: Range) -> Span:
        return Span(self.document_id, part[0] + self.offset, part[1] + self.offset)

    def mention(self, part: Range) -> Mention:
        return Mention(self.span(part), self.text[slice(*part)])

    def attribution(self, statement: Statement, paragraph: Paragraph) -> Attribution:
        relation = statement.relation
        content = tuple(self.span(part) for part in statement.content)
        hedged = (
            certainty.hedged(_inside(paragraph, statement.content))
            or (
                relation is not None
                and relation.cue_word is not None
                and certainty.softened(relation.cue_word)
            )
            or (relation is not None and relation.pattern == "unsaid by whom")
        )
        if relation is None:
            return Attribution(None, None, None, content, "reported", hedged=hedged)
        inner = statement.inner
        via = inner.source if inner is not None else relation.through
        return Attribution(
            self.speaker(statement, paragraph),
            self.mention(statement.place(via)) if via and via != relation.source else None,
            self.mention(statement.place(relation.cue)), content, "reported",
            denied=relation.denied or (inner is not None and inner.denied), hedged=hedged,
        )  # fmt: skip

    def speaker(self, statement: Statement, paragraph: Paragraph) -> Speaker | None:
        relation = statement.relation
        if relation.source is None:
            return None
        surface = self.mention(statement.place(relation.source))
        if relation.speaker is None:  # a label: "PENCE: ..."
            return Speaker(surface, surface, True)
        if relation.antecedent is not None:
            return self._known(relation.antecedent, statement.offset, surface)
        if speakers.named(relation.speaker):
            return self._known(relation.speaker, statement.offset, None)
        before = self._before(paragraph, statement.sentence)
        if before is not None:
            begins = {
                id(paragraph.parsed[n]): paragraph.sentences[n][0] for n in range(statement.sentence + 1)
            }

            def spoken(word: "Token") -> bool:
                at = begins[id(word.doc)] + word.idx
                said = any(start <= at < end for start, end in statement.content)
                return said or around(paragraph.quotations, at) is not None

            if (name := speakers.antecedent(relation.speaker, before, spoken)) is not None:
                return self._known(name, begins[id(name.doc)], surface)
        return self._known(relation.speaker, statement.offset, None)

    def _known(self, head, offset: int, surface: Mention | None) -> Speaker:
        start, end = noun_phrase(head)
        short = speakers.name(head)
        return Speaker(
            self.mention((start + offset, end + offset)),
            self.mention((short[0] + offset, short[1] + offset)),
            speakers.named(head),
            surface,
        )

    def _before(self, paragraph: Paragraph, n: int) -> list | None:
        """The parsed sentences before one, or None where the paragraph's beginning is not at hand."""
        if paragraph.start == 0 and not self.whole and self.offset > 0:
            return None
        if n > FAR or any(at not in paragraph.parsed for at in range(n)):
            return None
        return [paragraph.parsed[at] for at in range(n)]


def _inside(paragraph: Paragraph, content: list[Range]) -> Iterator[tuple["Doc", list[Range]]]:
    """The parsed sentences that ranges of the text reach into, with the ranges as they lie in each."""
    wanted: dict[int, list[Range]] = {}
    for start, end in content:
        first = max(0, bisect_right(paragraph.sentences, (start, end)) - 1)
        for n in range(first, len(paragraph.sentences)):
            offset = paragraph.sentences[n][0]
            if offset >= end:
                break
            wanted.setdefault(n, []).append((start - offset, end - offset))
    return ((paragraph.parsed[n], parts) for n, parts in wanted.items() if n in paragraph.parsed)
