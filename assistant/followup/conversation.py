"""A conversation as it was understood: its turns, and what was spoken of in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.followup.phrases import Phrase, names_in

ANSWERS = 2  # the last turns whose answers are looked at
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d")
_TIMES = frozenset("day date night time year month week period era season moment".split())
_DAYS = frozenset("day date night".split())


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A question that stands alone, and what it took in from the conversation: nothing, where it was
    left as it is."""

    question: str
    carried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question as it was understood, what it speaks of, and its answer. `topic` is what had
    to be put in front of the question."""

    question: str
    topic: str
    asked: tuple[Phrase, ...]
    answer: str

    @property
    def answered(self) -> tuple[Phrase, ...]:
        """What the answer speaks of: parsed only when it is looked at."""
        return names_in(self.answer)

    def again(self, question: str, carried: str) -> Rewritten:
        """The question asked again in another form, with what had to be in front of it."""
        return Rewritten(f"{self.topic}: {question}?" if self.topic else f"{question}?", (carried,))


def inside(phrase: Phrase, others: Sequence[Phrase]) -> bool:
    """Whether a phrase is part of another one of the same text."""
    return any(o is not phrase and o.start <= phrase.start and phrase.end <= o.end for o in others)


def spoken_of(turns: Sequence[Turn]) -> list[Phrase]:
    """Every phrase of the questions, and of the last answers."""
    return [p for turn in turns for p in turn.asked] + [p for turn in turns[-ANSWERS:] for p in turn.answered]


def in_full(name: Phrase, turns: Sequence[Turn]) -> Phrase:
    """A surname with the first name that the conversation gave it."""
    if name.named:
        for other in spoken_of(turns):
            longer = other.named and other.kind in (name.kind, "person") and len(other.text.split()) <= 4
            if longer and other.key.endswith(f" {name.key}"):
                return replace(name, text=other.text)
    return name


def latest(turns: Sequence[Turn], kind: str) -> Phrase | None:
    """The last that was spoken of that kind; None where there are several at once."""
    for ago, turn in enumerate(reversed(turns)):
        answered = turn.answered if ago < ANSWERS else ()
        # An answer tells the day that is meant; which place is meant, the question does.
        for said in (answered, turn.asked) if kind == "date" else (turn.asked, answered):
            if found := [phrase for phrase in said if phrase.kind == kind]:
                return found[0] if len({phrase.key for phrase in found}) == 1 else None
    return None


def demonstrated(noun: str, turns: Sequence[Turn]) -> Phrase | None:
    """What "this album", "that day" or "that year" is."""
    if noun in _TIMES:
        day = latest(turns, "date")
        if day is None or noun in _DAYS:
            return day
        year = _YEAR.search(day.text)
        return replace(day, text=year.group(), preposition="in") if year else None
    for ago, turn in enumerate(reversed(turns)):
        for phrase in (*turn.asked, *(turn.answered if ago < ANSWERS else ())):
            if len(phrase.key.split()) > 1 and noun in phrase.key.split():
                return phrase
    return None


def fuller(noun: str, turns: Sequence[Turn]) -> Phrase | None:
    """What "the strike" was called a little earlier: "the strike on the hospital in Orme"."""
    named = (
        p for turn in reversed(turns[-3:]) for p in turn.asked if p.head == noun and len(p.key.split()) > 1
    )
    return next(named, None)


def in_time(day: Phrase) -> str:
    """A day, month or year with its preposition."""
    if day.preposition in ("in", "on", "during"):
        return f"{day.preposition} {day.text}"
    if re.match(r"(?:last|this|next) |yesterday|today|tomorrow", day.text, re.IGNORECASE):
        return day.text
    whole_day = re.search(r"day$|^\d{1,2}\D|^\d{4}-|[a-z]{3}\.? \d{1,2}(?:\D|$)", day.text, re.IGNORECASE)
    return f"{'on' if whole_day else 'in'} {day.text}"
