"""The statements of a paragraph: which speaker says which stretches of it."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from assistant.attribution import lexicon
from assistant.attribution.paragraphs import Paragraph
from assistant.attribution.phrases import Range, noun_phrase
from assistant.attribution.quotations import around
from assistant.attribution.relations import relations
from assistant.attribution.speakers import only_person
from assistant.attribution.verbs import Relation

if TYPE_CHECKING:
    pass

NEAR = 50  # characters before a quotation that are looked at
QUOTED_WORDS = 4  # a shorter quotation is a phrase in somebody's sentence
_CONTINUING = frozenset(
    "say add continue tell write explain note go ask respond reply speak react recall".split()
)


@dataclass(slots=True)
class Statement:
    """A relation that stands in no other, with all that it governs. Ranges are of the whole text."""

    relation: Relation | None
    sentence: int  # in the paragraph
    offset: int  # where the sentence begins in the text
    content: list[Range] = field(default_factory=list)
    inner: Relation | None = None  # the innermost speaker's

    def place(self, part: Range) -> Range:
        """A range of the sentence as a range of the text."""
        return part[0] + self.offset, part[1] + self.offset


def statements(paragraph: Paragraph, before: Statement | None = None) -> list[Statement]:
    """The statements of a paragraph whose sentences are parsed, as far as they are, in order.

    `before` is the last statement of the paragraph before, if its quotation was left open or it ended with
    a colon: what this paragraph begins with then belongs to it, and is added to it.
    """
    found: list[Statement] = []
    for n in sorted(paragraph.parsed):
        found += _of_sentence(paragraph, n)
    _spread(paragraph, found, before)
    # "He continued" without a quotation or a clause says nothing. A colon may yet be followed by one.
    return [each for each in found if each.content or paragraph.text.endswith(":", 0, paragraph.end)]


def _of_sentence(paragraph: Paragraph, n: int) -> Iterator[Statement]:
    doc, offset = paragraph.parsed[n], paragraph.sentences[n][0]
    every = relations(doc)
    for relation in every:
        if _within(relation, every) or _quoted(paragraph, relation.cue[0] + offset, relation):
            continue
        if (source := _outside(paragraph, relation, offset)) is None:
            continue
        relation = source
        statement = Statement(relation, n, offset, inner=_innermost(relation, every))
        statement.content = [statement.place(part) for part in relation.content]
        yield statement


def _within(relation: Relation, every: list[Relation]) -> bool:
    """Whether it is part of what another says."""
    at = relation.cue[0]
    return any(
        other is not relation
        and any(start <= at < end for start, end in other.content)
        and not any(start <= other.cue[0] < end for start, end in relation.content)
        for other in every
    )


def _quoted(paragraph: Paragraph, at: int, relation: Relation) -> bool:
    region = around(paragraph.quotations, at)
    return region is not None and long(paragraph.text, region)


def _outside(paragraph: Paragraph, relation: Relation, offset: int) -> Relation | None:
    """The relation, if its speaker does not stand in a quotation that its cue is outside of.

    There the parser was led astray (`"One of the best," Mr Berg said`): the speaker is then the only
    noun phrase between the quotation and the cue, or not to be had.
    """
    if relation.pattern == "unsaid by whom":
        return relation
    if relation.speaker is not None:
        region = around(paragraph.quotations, relation.speaker.idx + offset)
        if not region or not long(paragraph.text, region):
            return relation
    cue = relation.cue_word
    doc = cue.doc
    before = [
        word for word in doc[: cue.i] if not word.is_punct and not _marked(paragraph, word.idx + offset)
    ]
    quoted_before = any(_marked(paragraph, word.idx + offset) for word in doc[: cue.i])
    # Only `"...," Berg said` with nothing else before the cue, or `"...," said Berg` with nothing at all.
    if not quoted_before or len({word.sent.start for word in doc}) > 1:
        return None
    if before and not _marked(paragraph, doc[cue.i - 1].idx + offset) and doc[cue.i - 1] == before[-1]:
        piece = doc[before[0].i : cue.i]
        if len(before) != len([word for word in piece if not word.is_punct]):
            return None
    elif not before:
        piece = doc[cue.i + 1 : len(doc)]
    else:
        return None
    words = [word for word in piece if not _marked(paragraph, word.idx + offset)]
    heads = [word for word in words if word.head not in words and not word.is_punct]
    if not heads or heads[0].pos_ not in ("NOUN", "PROPN", "PRON") or before and len(heads) > 1:
        return None
    if not before and words[0] != heads[0].left_edge:
        return None
    source = noun_phrase(heads[0]) if not before else (before[0].idx, before[-1].idx + len(before[-1]))
    return replace(relation, speaker=heads[0], source=source)


def _marked(paragraph: Paragraph, at: int) -> bool:
    region = around(paragraph.quotations, at)
    return region is not None and long(paragraph.text, region)


def long(text: str, region: Range) -> bool:
    """Whether a quotation is more than a phrase."""
    return len(text[slice(*region)].split()) >= QUOTED_WORDS


def _innermost(relation: Relation, every: list[Relation]) -> Relation | None:
    """The last of the chain "the agency reported that the minister said that ..."."""
    inner = None
    for _ in range(5):
        outer = inner or relation
        following = [
            other for other in every if other is not outer and other is not relation and _heads(outer, other)
        ]
        if not following:
            return inner
        inner = following[0]
    return inner


def _heads(outer: Relation, other: Relation) -> bool:
    """Whether all that the outer speaker says is what the other says."""
    word, cue = other.cue_word, outer.cue_word
    if word.dep_ in ("ccomp", "xcomp", "pcomp") and word.head == cue:
        return outer.pattern not in ("judge", "intend")
    if outer.pattern in ("according", "per"):
        return cue.head == word
    if other.pattern in ("according", "per"):
        return word.head.dep_ == "ccomp" and word.head.head == cue and word.i > cue.i
    return False


def _spread(paragraph: Paragraph, found: list[Statement], before: Statement | None) -> None:
    """Gives each quotation, whole, to the statement that it belongs to."""
    owner: dict[Range, Statement] = {}
    for statement in found:
        for region in _near(paragraph, statement):
            if region not in owner and _touches(paragraph, statement, region):
                owner[region] = statement
    spoken: dict[int, list[Statement]] = {}  # by sentence
    for statement in found:
        spoken.setdefault(statement.sentence, []).append(statement)
    for at, region in enumerate(paragraph.quotations):
        if region in owner or not _whole(paragraph, region):
            continue
        n = max(0, bisect_right(paragraph.sentences, (region[0], float("inf"))) - 1)
        speaker = before if region[0] <= paragraph.start + 1 else None
        speaker = speaker or _sentence_before(paragraph, region, spoken.get(n - 1, []), owner)
        speaker = speaker or _quotation_before(paragraph, at, owner)
        if speaker is not None:
            owner[region] = speaker
        elif long(paragraph.text, region):
            found.append(Statement(None, n, paragraph.sentences[n][0], [region]))
    gathered: dict[int, list[Range]] = {}
    for region, statement in owner.items():
        gathered.setdefault(id(statement), []).append(region)
    for statement in {id(each): each for each in owner.values()}.values():
        statement.content = _joined([*statement.content, *gathered[id(statement)]])
    found.sort(key=lambda statement: min([*statement.content, paragraph.sentences[statement.sentence]]))


def _near(paragraph: Paragraph, statement: Statement) -> list[Range]:
    """The quotations that a statement may touch: in its sentence and content, and beside them."""
    parts = [*statement.content, paragraph.sentences[statement.sentence]]
    start, end = min(start for start, _ in parts) - NEAR, max(end for _, end in parts) + NEAR
    first = max(0, bisect_right(paragraph.quotations, (start, 0)) - 1)
    return paragraph.quotations[first : bisect_right(paragraph.quotations, (end, 0))]


def _touches(paragraph: Paragraph, statement: Statement, region: Range) -> bool:
    """Whether a quotation is what a statement says, or a part of it."""
    relation = statement.relation
    if not relation.pattern.startswith(("say", "told", "quoted")):
        return False
    start, end = region
    if any(from_ < end and start < to for from_, to in statement.content):
        return True
    # The parser lost it: it stands before or after the speaker and the cue, with a comma or colon between.
    parts = [statement.place(part) for part in (relation.source, relation.cue) if part]
    first, last = min(parts)[0], max(end for _, end in parts)
    text = paragraph.text
    if not (long(text, region) or _speech(text, region)):
        return False
    if end <= first:
        return not text[end:first].strip(" ,.\n—-")
    return last <= start and text[last:start].strip() in ("", ",", ":")


def _speech(text: str, region: Range) -> bool:
    """Whether a short quotation ends as speech does: "No," he said."""
    return (
        text[region[0] : region[1] - 1].rstrip().endswith((",", ".", "!", "?", "…"))
        or text[region[1] : region[1] + 1] == ","
    )


def _sentence_before(
    paragraph: Paragraph, region: Range, previous: list[Statement], owner: dict[Range, Statement]
) -> Statement | None:
    """Whose a quotation is by the sentence before it: `"..." he said.`, `He said:`, `He spoke.` """
    if len(previous) != 1 or previous[0].relation is None:
        return None
    (last,) = previous
    ends = paragraph.sentences[last.sentence][1]
    if paragraph.text[ends : region[0]].strip():
        return None
    if paragraph.text.endswith(":", 0, ends):
        return last
    cue, speaker = last.relation.cue_word, last.relation.speaker
    if cue is None or lexicon.lemma(cue) not in _CONTINUING:
        return None
    if last.relation.pattern == "say+quote" and not last.content and speaker is not None:
        return last if only_person(cue.doc, speaker) else None
    return last if any(owner.get(each) is last for each in _near(paragraph, last)) else None


def _quotation_before(paragraph: Paragraph, at: int, owner: dict[Range, Statement]) -> Statement | None:
    """Whose a quotation is by the one that it follows at once."""
    if at == 0:
        return None
    before, region = paragraph.quotations[at - 1], paragraph.quotations[at]
    gap = paragraph.text[before[1] : region[0]]
    return owner.get(before) if not gap.strip(" .\n") else None


def _whole(paragraph: Paragraph, region: Range) -> bool:
    """Whether a quotation makes sentences by itself: it begins where one may begin, and ends as one ends."""
    text, (start, end) = paragraph.text, region
    before = text[max(paragraph.start, start - NEAR) : start].rstrip()
    within = text[start:end].strip('"“”„«» \n')
    ended = within.endswith((".", "!", "?", "…")) or text[end : end + 1] == "." or end >= paragraph.end
    return (
        ended and within != "" and (not before or before.endswith((".", "!", "?", "…", ":", '"', "”", "»")))
    )


def _joined(parts: list[Range]) -> list[Range]:
    """Ranges in order, those that overlap made one."""
    result: list[Range] = []
    for start, end in sorted(parts):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


# -- labels: "PENCE: That is not so." -----------------------------------------------------------------------

_LABEL = re.compile(r"[\"“]?((?:[A-Z][\w.'’-]*\s+){0,4}[A-Z][\w.'’-]+)(:)\s+(?=\S+\s+\S+\s+\S)")


def labelled(parts: list[Paragraph], found: list[list[Statement]]) -> None:
    """Adds the paragraphs that a name and a colon open, where the text shows that it is a speaker's.

    "Syria: dozens killed" is not said by Syria. So the label must come again, as in a transcript, or
    its last word be a speaker's elsewhere in the text, or a quotation follow.
    """
    labels = [_LABEL.match(paragraph.text, paragraph.start, paragraph.end) for paragraph in parts]
    names = [label[1].split()[-1].casefold() if label else "" for label in labels]
    speaking = {
        word.casefold()
        for statements_ in found
        for each in statements_
        if each.relation is not None and each.relation.source and each.relation.pattern.startswith("say")
        for word in re.findall(r"[\w'’-]+", each.relation.cue_word.doc.text[slice(*each.relation.source)])
        if word[0].isupper()
    }
    for paragraph, label, name, statements_ in zip(parts, labels, names, found, strict=True):
        if label is None or not (
            names.count(name) > 1 or name in speaking or paragraph.text[label.end()] in '"“'
        ):
            continue
        offset = paragraph.start
        source, cue = (
            (label.start(1) - offset, label.end(1) - offset),
            (label.start(2) - offset, label.end(2) - offset),
        )
        said = (label.end() - offset, paragraph.end - offset)
        relation = Relation(None, source, None, cue, (said,), "label")
        statements_[:] = [Statement(relation, 0, offset, [(label.end(), paragraph.end)])]
