"""Where words, phrases and clauses of a dependency tree stand, in code points of the parsed text."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Token

Range = tuple[int, int]


def token_range(token: "Token") -> Range:
    """Where a word stands."""
    return token.idx, token.idx + len(token)


def noun_phrase(head: "Token") -> Range:
    """A noun with what belongs to it, appositions too; a relative clause after a comma is left out."""
    first, last = head.left_edge, head
    for child in head.rights:
        if child.dep_ in ("relcl", "acl", "advcl", "ccomp", "parataxis"):
            if child.left_edge.i > 0 and head.doc[child.left_edge.i - 1].text in (",", "--", "—"):
                break
        last = child.right_edge
    if (
        head.dep_ == "nsubj" and head.i > head.head.i
    ):  # "..., said Berg, who saw it": nothing follows that it would part
        return _trimmed(first, head.right_edge)
    for word in head.doc[head.i + 2 : last.i + 1]:
        if word.tag_ in ("WP", "WDT") and word.nbor(-1).text == ",":
            return _trimmed(first, word.nbor(-1))
    return _trimmed(first, last)


def _trimmed(first: "Token", last: "Token") -> Range:
    doc = first.doc
    start, end = first.i, last.i
    while start < end and (
        doc[start].is_punct
        or doc[start].is_space
        or doc[start].dep_ in ("cc", "advmod")
        and doc[start].pos_ in ("CCONJ", "ADV")
    ):
        start += 1
    while end > start and (
        doc[end].text in {",", ";", ":", "--", "—", "-", ".", "”", '"', "“"}
        or doc[end].is_space
        or doc[end].tag_ == "POS"
    ):
        end -= 1
    return doc[start].idx, doc[end].idx + len(doc[end])


def cue_range(verb: "Token", first: "Token") -> Range:
    """The verb with its auxiliaries, negation, adverbs beside it, and particle."""
    start = min(verb.i, first.i)
    doc = verb.doc
    words = {verb.i} | {
        child.i
        for child in (*verb.children, *first.children)
        if child.dep_ in ("aux", "auxpass", "neg", "prt", "advmod")
    }
    while start > 0 and start - 1 in words and doc[start - 1].i < start:
        start -= 1
    end = verb.i
    while (
        end + 1 < len(doc)
        and doc[end + 1].dep_ in ("prt", "advmod")
        and doc[end + 1].head == verb
        and doc[end + 1].pos_ in ("ADP", "ADV")
    ):
        end += 1
    return doc[start].idx, doc[end].idx + len(doc[end])


def ranges(heads: Iterable["Token"], cue: "Token", source: "Token") -> Iterator[Range]:
    """The stretches of text under the heads, without the cue's own words where it stands within."""
    for head in heads:
        doc = head.doc
        words = {token.i for token in head.subtree}
        for own in (cue, source):
            if own.i in words and own != head:
                words -= {token.i for token in own.subtree}
        runs: list[list[int]] = []
        for i in sorted(words):
            if runs and i == runs[-1][1] + 1:
                runs[-1][1] = i
            else:
                runs.append([i, i])
        for first, last in runs:
            while first < last and (doc[first].text == "," or doc[first].is_space):
                first += 1
            while last > first and (doc[last].text == "," or doc[last].is_space):
                last -= 1
            if first < last or not doc[first].is_punct:
                yield doc[first].idx, doc[last].idx + len(doc[last])
