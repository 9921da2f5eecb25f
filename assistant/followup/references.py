"""Pronouns and the like: what they stand for in the conversation, put in their place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.followup.conversation import (
    ANSWERS,
    Turn,
    demonstrated,
    fuller,
    in_full,
    in_time,
    inside,
    latest,
    spoken_of,
)
from assistant.followup.phrases import Phrase, parsed, phrases
from assistant.followup.subjects import subject_phrase

if TYPE_CHECKING:
    from spacy.tokens import Span, Token

SURE = 1.4  # what the antecedent of a pronoun must score
FADES = 0.35  # what a phrase loses with each turn that has passed; twice that, if it is no name
KNOWN = 0.2  # what it wins with each turn that it stands in, to at most three times this
WITHIN = 1.2  # what it loses as a part of another: "the siege of Aleppo" comes before "Aleppo"
ANSWERED, TOLD = (
    1.2,
    0.3,
)  # what it loses for coming from the answer; the second where "who" or "what" was asked
NAMED = 0.5  # what a name wins

# How well each kind of phrase goes with each pronoun.
_PERSON = {"person": 2.0, "role": 1.3, "name": 1.0, "group": 0.3, "place": 0.2}
_FITS = {
    "he": _PERSON,
    "she": _PERSON,
    "they": {"people": 2.0, "group": 2.0, "plural": 1.2, "name": 1.0, "person": 0.8, "place": 0.5},
    "it": {"thing": 1.5, "place": 1.5, "group": 1.5, "name": 1.5},
}
# How well its part in its question goes with the pronoun's: subjects like to follow subjects.
_PARTS = {
    "subject": {"subject": 0.6, "object": 0.3, "possessor": 0.3, "other": 0.1},
    "other": {"subject": 0.2, "object": 0.5, "possessor": 0.3, "other": 0.4},
}
_FORMS = {
    "he": "he him his",
    "she": "she her hers",
    "they": "they them their theirs these those",
    "it": "it its this that",
}
_PRONOUNS = {form: pronoun for pronoun, forms in _FORMS.items() for form in forms.split()}
_FULL_NAME = re.compile(r"[A-Z][\w'-]+(?: [A-Z][\w'-]+){1,3}")
# "It" that stands for nothing: "is it true that", "what is it like to", "how long does it take".
_EMPTY_IT = re.compile(
    r"\bit (?:\w+ ){0,3}(?:to|that|for|if|when|whether)\b"
    r"|\bit (?:takes?|costs?|rains?|snows?|rained|snowed)\b|\bis it (?:raining|snowing|cold|hot)\b"
    r"|\b(?:time|day|year) is it\b|\bmake it (?:big|to)\b",
    re.IGNORECASE,
)
# "There" as a place: not in "are there any", "is there".
_BEFORE_THERE = re.compile(r"\b(?:is|are|was|were|been|be|isn't|aren't) $", re.IGNORECASE)
_AFTER_THERE = re.compile(r"\W*$| (?:and|or|in|on|after|before|by|since|during)\b", re.IGNORECASE)
_TO_SINGULAR = {"are": "is", "were": "was", "do": "does", "have": "has"}
_TO_PLURAL = {old: new for new, old in _TO_SINGULAR.items()}
_ENDS_IN_AUXILIARY = re.compile(r"\b(?:is|are|was|were|do|does|did|has|have|had) $", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Edit:
    """What replaces the part from `start` to `end`; a verb beside it is made to agree, where `plural`
    says how."""

    start: int
    end: int
    text: str
    plural: bool | None = None


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A text with parts of it replaced."""
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        head, tail = text[: edit.start], text[edit.end :]
        if edit.plural is not None:
            forms = _TO_PLURAL if edit.plural else _TO_SINGULAR
            if verb := re.search(r"(\w+) $", head):
                head = f"{head[: verb.start()]}{forms.get(verb[1], verb[1])} "
            if not _ENDS_IN_AUXILIARY.search(head) and (verb := re.match(r" (\w+)", tail)):
                tail = f" {forms.get(verb[1], verb[1])}{tail[verb.end() :]}"
        text = head + edit.text + tail
    return text


@dataclass(slots=True)
class References:
    """What a question refers to: the edits that name it, and whether something was left open."""

    question: str
    turns: Sequence[Turn]
    edits: list[Edit] = field(default_factory=list)
    carried: list[str] = field(default_factory=list)
    open: bool = False
    _taken: set[str] = field(default_factory=set)

    def resolve(self) -> "References":
        """Looks at each word; of one pronoun that comes twice, the first is replaced."""
        own = phrases(self.question)
        self._taken = {phrase.key for phrase in own}
        seen: set[str] = set()
        empty = [found.span() for found in _EMPTY_IT.finditer(self.question)]
        for token in parsed(self.question):
            if token.lower_ in ("there", "then"):
                self._place_or_time(token)
            elif (
                token.tag_ == "DT"
                and token.dep_ == "det"
                and token.lower_ in ("this", "that", "these", "those")
            ):
                self._demonstrative(token)
            elif (pronoun := _PRONOUNS.get(token.lower_)) and pronoun not in seen:
                if token.lower_ in ("this", "that", "these", "those") and not _is_object(token):
                    self.open |= token.tag_ == "DT"
                elif pronoun != "it" or not any(start <= token.idx < end for start, end in empty):
                    seen.add(pronoun)
                    if not _bound(token, pronoun, own):
                        self._pronoun(token, pronoun)
        if not any(phrase.named and phrase.preposition in ("in", "at", "on", "near") for phrase in own):
            self._definites()
        return self

    def _carry(self, phrase: Phrase, *edits: Edit) -> None:
        self.edits += edits
        self.carried.append(phrase.text)
        self._taken.add(phrase.key)

    def _place_or_time(self, token: "Token") -> None:
        end = token.idx + len(token)
        before, after = self.question[: token.idx], self.question[end:]
        if token.lower_ == "then":
            if token.i and token.i >= len(token.doc) - 2 and (day := latest(self.turns, "date")):
                self._carry(day, Edit(token.idx, end, in_time(day)))
        elif not _BEFORE_THERE.search(before) and _AFTER_THERE.match(after):
            turns = self.turns  # a place that the parser does not know is a name, or a group
            if place := latest(turns, "place") or latest(turns[-3:], "name") or latest(turns[-1:], "group"):
                preposition = place.preposition if place.preposition in ("at", "on", "near") else "in"
                self._carry(place, Edit(token.idx, end, f"{preposition} {place.text}"))

    def _demonstrative(self, token: "Token") -> None:
        """ "This album", "on that day"."""
        noun = token.head
        found = demonstrated(noun.lower_, self.turns)
        if found is None:
            self.open = True
            return
        start, text = token.idx, found.text
        if found.kind == "date":
            before = token.nbor(-1) if token.i else None
            if before is not None and before.lower_ in ("on", "in", "at", "during"):
                start = before.idx
                text = in_time(found)
            elif before is None or before.dep_ != "prep":
                text = in_time(found)
        self._carry(found, Edit(start, noun.idx + len(noun), text))

    def _pronoun(self, token: "Token", pronoun: str) -> None:
        found = self._antecedent(token, pronoun)
        if found is None:
            self.open = True
            return
        end = token.idx + len(token)
        if not _owns(token):
            agrees = token.dep_ in ("nsubj", "nsubjpass") and pronoun in ("they", "it")
            if pronoun == "they" and found.kind == "group" and re.search(r"s$|\band\b", found.text):
                agrees = False  # "the Fleet Foxes"
            self._carry(found, Edit(token.idx, end, found.text, found.plural if agrees else None))
        elif len(found.text.split()) > 4 or " of " in found.text:
            after = token.head.idx + len(token.head)
            self._carry(found, Edit(token.idx, end, "the"), Edit(after, after, f" of {found.text}"))
        else:
            mark = "'" if found.plural and found.text.endswith("s") else "'s"
            self._carry(found, Edit(token.idx, end, found.text + mark))

    def _antecedent(self, token: "Token", pronoun: str) -> Phrase | None:
        """What a pronoun stands for; None where that is not sure."""
        if pronoun == "they" and (phrase := subject_phrase(self.turns[-1].question)):
            return Phrase(phrase, 0, 0, "plural", named=False, part="subject")
        part = "subject" if token.dep_ in ("nsubj", "nsubjpass", "poss") else "other"
        people = {phrase.last for phrase in spoken_of(self.turns) if phrase.kind == "person"}
        scored = [(score, p) for score, p in self._scored(pronoun, part, people) if p.key not in self._taken]
        score, found = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        if score < SURE:
            found = self._first_name() if pronoun in ("he", "she") else None
        return in_full(found, self.turns) if found else None

    def _scored(self, pronoun: str, part: str, people: set[str]) -> Iterator[tuple[float, Phrase]]:
        for ago, turn in enumerate(reversed(self.turns)):
            candidates = [(phrase, WITHIN * inside(phrase, turn.asked)) for phrase in turn.asked]
            answered = turn.answered if ago < ANSWERS else ()
            fitting = [phrase for phrase in answered if _FITS[pronoun].get(phrase.kind, 0.0) >= 1.5]
            if len({phrase.key for phrase in fitting}) == 1:
                told = re.match(r"\W*(?:who|which|what)\b", turn.question, re.IGNORECASE)
                candidates.append((fitting[0], TOLD if told else ANSWERED))
            for phrase, less in candidates:
                if fit := _fit(phrase, pronoun, people):
                    known = sum(any(phrase.key == other.key for other in t.asked) for t in self.turns)
                    fades = ago * (FADES if phrase.named else 2 * FADES)
                    score = fit + NAMED * phrase.named + _PARTS[part][phrase.part] + KNOWN * min(known, 3)
                    yield score - less - fades, phrase

    def _first_name(self) -> Phrase | None:
        """Who a conversation is about that began with nothing but a name."""
        first = next(iter(self.turns[0].asked), None)
        if first is None or first.text != self.turns[0].question or not first.named or first.kind == "place":
            return None
        return first if first.key not in self._taken else None

    def _definites(self) -> None:
        for chunk in bare_definites(self.question):
            found = fuller(chunk.root.lower_, self.turns)
            if found and found.key not in self._taken:
                self._carry(found, Edit(chunk.start_char, chunk.end_char, found.text))


def bare_definites(question: str) -> list["Span"]:
    """Phrases like "the strike", with nothing that says which."""
    return [
        chunk for chunk in parsed(question).noun_chunks
        if chunk[0].lower_ == "the" and len(chunk) == 2 and chunk.root.pos_ == "NOUN"
        and not any(child.dep_ in ("prep", "relcl", "acl") for child in chunk.root.children)
    ]  # fmt: skip


def has_pronoun(text: str) -> bool:
    """Whether any word of a text is a pronoun that may refer to something."""
    return any(token.lower_ in _PRONOUNS for token in parsed(text))


def _fit(phrase: Phrase, pronoun: str, people: set[str]) -> float:
    is_person = phrase.named and phrase.kind != "plural" and phrase.last in people
    fit = _FITS[pronoun].get("person" if is_person else phrase.kind, 0.0)
    if (
        pronoun in ("he", "she")
        and phrase.named
        and phrase.part != "other"
        and _FULL_NAME.fullmatch(phrase.text)
    ):
        return max(fit, 1.0)  # the parser takes many a name that it does not know for a place
    return fit


def _is_object(token: "Token") -> bool:
    """ "What did Turkey say about that?": elsewhere "that" stands for more than a phrase."""
    return token.tag_ == "DT" and token.dep_ == "pobj" and token.head.lower_ in ("about", "of", "on", "to")


def _owns(token: "Token") -> bool:
    """Whether a pronoun is a possessive. The tagger takes "her" before an adjective for an object."""
    if token.lower_ != "her":
        return token.tag_ == "PRP$"
    after = token.nbor() if token.i + 1 < len(token.doc) else None
    if after is None or after.lower_ in ("when", "then", "after", "there"):
        return False
    return after.pos_ in ("NOUN", "ADJ", "PROPN", "ADV", "NUM")


def _bound(token: "Token", pronoun: str, own: Sequence[Phrase]) -> bool:
    """Whether a phrase before it in the same question is what a pronoun stands for."""
    before = [
        phrase for phrase in own
        if phrase.end <= token.idx
        and (_FITS[pronoun].get(phrase.kind, 0.0) >= 0.8 or (phrase.named and pronoun in ("he", "she")))
    ]  # fmt: skip
    if _owns(token):
        return bool(before)
    if token.dep_ in ("nsubj", "nsubjpass"):
        clause = token.head.dep_ in ("ccomp", "advcl", "relcl", "acl", "conj", "xcomp", "pcomp")
        return bool(before) and clause
    return any(phrase.part != "subject" for phrase in before)
