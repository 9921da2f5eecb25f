"""What a question or an answer speaks of: its noun phrases, as they can be put into another question."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.parsing import parser

if TYPE_CHECKING:
    from spacy.tokens import Doc, Span, Token

LONGEST = 80  # characters of a phrase that is carried
# What spaCy's entity labels mean for pronouns. Money, percentages and counts are nothing to refer to.
_KINDS = {
    "PERSON": "person", "GPE": "place", "LOC": "place", "FAC": "place", "ORG": "group", "NORP": "group",
    "DATE": "date", "TIME": "date",
    "EVENT": "thing", "WORK_OF_ART": "thing", "PRODUCT": "thing", "LAW": "thing",
    "MONEY": "", "PERCENT": "", "CARDINAL": "", "QUANTITY": "", "ORDINAL": "",
}  # fmt: skip
_PEOPLE = frozenset(
    "president minister mayor leader chief king queen prince princess director spokesman spokeswoman general "
    "spokesperson commander officer doctor author writer singer actor actress player coach manager founder "
    "inventor ambassador envoy senator governor judge lawyer man woman boy girl father mother son daughter "
    "brother sister husband wife candidate suspect victim journalist reporter pope bishop chancellor premier "
    "composer painter".split()
)
GROUPS = frozenset(
    "army band board cabinet church club committee company council court crew family force government group "
    "militia ministry opposition parliament party police public staff team union un".split()
)
_PLURAL_PEOPLE = re.compile(
    r"(?:people|children|police|rebels|civilians|troops|forces|refugees|militants|residents|victims|hostages|officials|members"
    r"|students|patients|parents|friends|kids|migrants|prisoners|[a-z]{3}(?:ers|ors|ists|ians|ants|men|women))$"
)
# Nouns that say what sort of thing is asked for, and are nothing to come back to.
_EMPTY = frozenset(
    "kind type sort name number amount example way reason thing things something anything information "
    "details aspects article lot part year time date day people person role world section kinds types sorts "
    "names examples ways reasons".split()
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|(?:{_DAY} (?:of )?)?{_MONTH}(?: {_DAY}\b)?(?:,? (?:1[0-9]|20)\d\d\b)?"
    r"|(?:early |late |mid-)?(?:1[0-9]|20)\d\ds?"
    r"|(?:last|this|next) (?:week|month|year|night|summer|winter|spring|autumn)"
    r"|(?:last |on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|yesterday|today|tomorrow)(?!\w)",
    re.IGNORECASE,
)
_BEFORE_DATE = re.compile(r"\b(in|on|during|since|by|before|after|until|from|of)(?: the)? $", re.IGNORECASE)
_NAMES = ("PERSON", "GPE", "ORG", "LOC", "FAC", "NORP")
_PARTS = {"nsubj": "subject", "nsubjpass": "subject", "dobj": "object", "attr": "object"}
_ARTICLE = re.compile(r"(?:an?|any|some|another|your|my|no|all|both)\s+", re.IGNORECASE)
AUXILIARY = r"(?:is|are|was|were|be|been|do|does|did|has|have|had|can|could|will|would|should|may|might|must)"
_ASKING = frozenset("what which whose how many much what's".split())


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of a text: `text` as it reads in another sentence, `start` and `end` where it stands in
    its own (half-open, code points). `kind` is person, role, people, place, group, plural, thing, date
    or name (of something); `part` is subject, object, possessor or other; `preposition` is the one
    before it, `head` its main word in lower case."""

    text: str
    start: int
    end: int
    kind: str
    named: bool
    part: str
    preposition: str = ""
    head: str = ""

    @property
    def plural(self) -> bool:
        """Whether a verb after it stands in the plural."""
        return self.kind in ("plural", "people")

    @property
    def key(self) -> str:
        """What two mentions of the same share."""
        return re.sub(r"^(?:the|a|an) ", "", self.text.casefold())

    @property
    def last(self) -> str:
        """Its last word, in lower case: of a person the surname."""
        return self.text.casefold().rsplit(None, 1)[-1]


def clean(text: str, longest: int) -> str:
    """The beginning of an earlier text on one line, without quotation marks (in a question, what stands
    between them must occur) and without what cannot be encoded."""
    text = text[: 2 * longest].encode("utf-8", "ignore").decode()
    return one_line(re.sub(r"[“”\"«»„]", " ", text))[:longest].strip()


def one_line(text: str) -> str:
    """A text with single spaces, and no control characters."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", text).split())


@lru_cache(maxsize=256)
def parsed(text: str) -> "Doc":
    """The parse of a text, from `clean`; kept for the next question of the conversation."""
    # Finding names takes half of the time, and finds few where nothing is capitalised.
    skipped = ["lemmatizer"] if any(c.isupper() for c in text[1:]) else ["lemmatizer", "ner"]
    return parser()(text, disable=skipped)


@lru_cache(maxsize=256)
def phrases(text: str) -> tuple[Phrase, ...]:
    """What a text speaks of, in order."""
    return tuple(_found(parsed(text))) if text else ()


@lru_cache(maxsize=256)
def names_in(text: str) -> tuple[Phrase, ...]:
    """The names and dates of a text; of an answer of a few words the whole."""
    if not text:
        return ()
    doc = parsed(text)
    found = phrases(text)
    if len(doc) <= 8 and not any(token.pos_ in ("VERB", "AUX") for token in doc):
        return found
    return tuple(phrase for phrase in found if phrase.named or phrase.kind == "date")


def _dates(text: str) -> Iterator[Phrase]:
    """The days, months and years of a text."""
    for found in _DATE.finditer(text):
        if found.group().casefold() not in (
            "may",
            "march",
            "mar",
            "dec",
            "jan",
        ):  # by themselves words, or names
            before = _BEFORE_DATE.search(text, 0, found.start())
            preposition = before[1].lower() if before else ""
            yield Phrase(
                found.group(), *found.span(), "date", named=False, part="other", preposition=preposition
            )


def _found(doc: "Doc") -> Iterator[Phrase]:
    yield from _dates(doc.text)
    chunks = list(_chunks(doc))
    yield from chunks
    for entity in doc.ents:  # names in what the parser took for no phrase
        if not any(m.start < entity.end_char and entity.start_char < m.end for m in chunks):
            before = doc[entity.start - 1].pos_ if entity.start else "AUX"
            part = {"AUX": "subject", "ADP": "other"}.get(before, "object")
            yield from _phrase(doc, entity, part, entity.root if entity.root.pos_ == "PROPN" else entity[-1])


def _chunks(doc: "Doc") -> Iterator[Phrase]:
    for chunk in doc.noun_chunks:
        for token in chunk:
            if token.dep_ == "poss" and token.pos_ in ("NOUN", "PROPN"):
                yield from _phrase(doc, doc[token.left_edge.i : token.i + 1], "possessor", token)
        start = chunk.start
        while start < chunk.end and (
            doc[start].lower_ in _ASKING or doc[start].tag_ in ("WDT", "WP$", "WRB")
        ):
            start += 1
        if start < chunk.end and chunk.root.pos_ in ("NOUN", "PROPN", "NUM") and chunk.root.i >= start:
            part = _PARTS.get(chunk.root.dep_, "other")
            yield from _phrase(doc, doc[start : _end(doc, chunk)], part, chunk.root)


def _end(doc: "Doc", chunk: "Span") -> int:
    """Where a phrase ends with what hangs on it: "the strike on the hospital in Orme"."""
    end = chunk.end
    named = chunk.root.pos_ == "PROPN"
    while end < len(doc) and doc[end].dep_ == "prep" and chunk.start <= doc[end].head.i < end:
        if named and doc[end].lower_ != "of":
            break
        last = doc[end].right_edge.i + 1
        if last - chunk.start > 9 or any(token.pos_ in ("VERB", "AUX") for token in doc[end:last]):
            break
        end = last
    # "Why did it bomb the hospital in Orme?": the parser hangs the place on the verb, the reader on the noun.
    if (
        end == chunk.end < len(doc)
        and chunk.root.dep_ == "dobj"
        and not named
        and doc[end].lower_ in ("in", "on", "at", "near")
    ):
        last = doc[end].right_edge.i + 1
        if doc[end].head == chunk.root.head and last - end <= 4 and doc[last - 1].pos_ == "PROPN":
            return end if _DATE.search(doc[end:last].text) else last
    return end


def _phrase(doc: "Doc", span: "Span", part: str, root: "Token") -> Iterator[Phrase]:
    text = re.sub(r"['’]s?$", "", span.text.strip(" ,;:.?!-–—'’()"))
    label = next((entity.label_ for entity in doc.ents if entity.start <= root.i < entity.end), "")
    kind = _kind(root, label, text)
    misread = span[0].pos_ == "AUX" or text.casefold().startswith("there ")
    if not kind or misread or any(token.tag_ == "PRP$" for token in span):  # "his critics": whose?
        return
    if len(text) > LONGEST or not any(c.isalnum() for c in text) or _DATE.fullmatch(text):
        return
    if root.lower_ in _EMPTY and not any(token.pos_ == "PROPN" for token in span):
        return
    named = root.pos_ == "PROPN" or label in _NAMES
    before = doc[span.start - 1] if span.start else None
    preposition = before.lower_ if before is not None and before.dep_ == "prep" else ""
    asked = before is not None and before.lower_ in ("what", "which")
    text = _definite(text, kind, named=named, asked=asked)
    yield Phrase(text, span.start_char, span.end_char, kind, named, part, preposition, root.lower_)


def _definite(text: str, kind: str, *, named: bool, asked: bool) -> str:
    """A phrase as it is called the second time: "a strike" is then "the strike"."""
    text = _ARTICLE.sub("" if named else "the ", text, count=1) if _ARTICLE.match(text) else text
    text = re.sub(
        r"^(?:(?:the|an?) )+",
        lambda found: found.group().split()[-1].lower() + " ",
        text,
        flags=re.IGNORECASE,
    )
    if kind in ("plural", "people") and not named:
        return text
    text = re.sub(r"^(?:this|that|these|those) ", "the ", text, flags=re.IGNORECASE)
    return f"the {text}" if asked and not text.startswith("the ") else text


def _kind(root: "Token", label: str, text: str) -> str:
    if label in _KINDS and (kind := _KINDS[label]) != "date":
        return "group" if kind == "person" and text.casefold().startswith("the ") else kind
    if root.pos_ == "NUM":
        return ""
    if root.lower_ in GROUPS:
        return "group"
    if root.lower_ in _PEOPLE:
        return "role"
    if root.tag_ == "NNPS" or any(token.dep_ == "conj" and token.pos_ == "PROPN" for token in root.rights):
        return "group"
    if root.tag_ == "NNS" or root.lower_ in ("people", "children", "police"):
        return "people" if _PLURAL_PEOPLE.search(root.lower_) else "plural"
    return "name" if root.pos_ == "PROPN" else "thing"
