"""Whether something is said to be so, or only that it may be."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.attribution.lexicon import HEDGED_TO, HEDGES
from assistant.attribution.phrases import Range

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token


def hedged(pieces: Iterable[tuple["Doc", list[Range]]]) -> bool:
    """Whether a word within the ranges of a sentence leaves open that it is so."""
    return any(
        _leaves_open(word)
        for doc, ranges in pieces
        for word in doc
        if any(start <= word.idx < end for start, end in ranges)
    )


def softened(cue: "Token") -> bool:
    """Whether the saying itself is uncertain: "he reportedly said"."""
    return any(_leaves_open(child) for child in cue.children if child.dep_ in ("advmod", "aux"))


def _leaves_open(word: "Token") -> bool:
    lower = word.lower_
    if lower in HEDGES:
        return True
    if word.tag_ == "MD" and lower in ("could", "may", "might"):
        # "could not reach" is a thing that did not happen; "could not have known" goes the same way.
        return lower != "could" or not any(child.dep_ == "neg" for child in word.head.children)
    if lower in ("appear", "appears", "appeared", "seem", "seems", "seemed"):
        return any(child.dep_ in ("xcomp", "oprd", "ccomp") for child in word.children)
    if word.tag_ == "VBN" and word.lemma_.lower() in HEDGED_TO:  # "believed to be", "is said to have"
        return any(child.dep_ in ("xcomp", "oprd") for child in word.children) and not any(
            child.dep_ in ("nsubj", "agent") for child in word.children
        )
    return False
