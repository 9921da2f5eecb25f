"""Who says what in one parsed sentence: speaker, cue and content, read off the dependency tree.

The labels are those of spaCy's English models (CLEAR style: nsubj, ccomp, agent, ...). Offsets are
code points from the beginning of the parsed text.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.attribution import lexicon
from assistant.attribution.complements import VERBAL, author
from assistant.attribution.phrases import noun_phrase, ranges, token_range
from assistant.attribution.verbs import RELATIVE, Relation, by_verb

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token


def relations(doc: "Doc") -> list[Relation]:
    """All relations of a parsed text, nested ones included, in the order of their cues."""
    found = {}
    for word in doc:
        for relation in _of(word):
            found.setdefault(relation.cue_word.i, relation)
    return [found[at] for at in sorted(found)]


def _of(word: "Token") -> Iterator[Relation]:
    if word.lower_ == "according":
        yield from _according(word)
    elif word.pos_ in VERBAL and word.tag_ != "MD" and word.dep_ not in ("aux", "auxpass") or _mistaken(word):
        yield from by_verb(word)
    elif word.pos_ == "NOUN" and word.lemma_ in lexicon.NOUNS:
        yield from _by_noun(word)
    if word.lower_ == "per" and word.dep_ == "prep":
        yield from _per(word)


def _mistaken(word: "Token") -> bool:
    """Whether a "noun" is a verb that the tagger mistook: "Trump claims that he ..." has a subject."""
    return (
        word.pos_ in ("NOUN", "PROPN")
        and word.tag_ in ("NNS", "NN", "NNP")
        and lexicon.lemma(word) in lexicon.SAYING
        and any(child.dep_ == "nsubj" and child.i == word.i - 1 for child in word.children)
        and any(child.dep_ == "ccomp" for child in word.children)
    )


def _according(word: "Token") -> Iterator[Relation]:
    for child in word.children:
        if child.lower_ == "to":
            for name in child.children:
                if name.dep_ == "pobj":
                    cue = (word.idx, child.idx + len(child))
                    clause = word.head
                    content = ranges([clause], word, word) if clause != word else ()
                    source, speaker = noun_phrase(name), name
                    if name.lemma_ in lexicon.DOCUMENTS and (writer := author(name)) is not None:
                        speaker, source = writer, noun_phrase(writer)
                    yield Relation(speaker, source, word, cue, tuple(content), "according")


def _per(word: "Token") -> Iterator[Relation]:
    for name in word.children:
        if name.dep_ == "pobj" and name.pos_ == "PROPN" and word.head.pos_ in VERBAL:
            content = ranges([word.head], word, word)
            yield Relation(name, noun_phrase(name), word, token_range(word), tuple(content), "per")


def _by_noun(noun: "Token") -> Iterator[Relation]:
    """ "X's claim that ...", "the claim by X that ..." """
    clauses = [child for child in noun.rights if child.dep_ in ("acl", "relcl", "ccomp", "appos")]
    content = [clause for clause in clauses if clause.pos_ in VERBAL and _that(clause)]
    if not content:
        return
    for child in noun.children:
        if child.dep_ == "poss":
            speaker = child
            break
    else:
        speaker = author(noun)
    if speaker is None:
        return
    parts, denied = tuple(ranges(content, noun, speaker)), noun.lemma_ == "denial"
    yield Relation(speaker, noun_phrase(speaker), noun, token_range(noun), parts, "noun", denied=denied)


def _that(clause: "Token") -> bool:
    """Whether a clause says what the noun says ("that he left", "to leave"), not which one is meant."""
    if clause.dep_ == "relcl" and any(
        c.dep_ in ("nsubj", "dobj") and c.lower_ in RELATIVE for c in clause.children
    ):
        return False
    return any(child.dep_ == "mark" or child.lower_ == "to" for child in clause.children)
