"""What an ellipsis leaves out, taken from the question before: "why?", "and in 2015?"."""

import re

from assistant.followup.conversation import Rewritten, Turn, in_time, inside
from assistant.followup.phrases import AUXILIARY, Phrase, parsed, phrases
from assistant.followup.references import Edit, edited, has_pronoun

_BARE = re.compile(
    r"(why(?: not| so| exactly)?|how(?: so| exactly| come)?|when(?: exactly)?|where(?: exactly)?|since when"
    r"|how long|how often|by whom|with whom|what for|for what|how many|how much|who|what)\W*",
    re.IGNORECASE,
)
_THAT_HAPPENED = re.compile(
    r"(when|where|why|how|(?:in )?what year) (?:is|was|did) (?:this|that)"
    r"(?: (?:happen|occur|take place|be|so))?\W*",
    re.IGNORECASE,
)
_ADVERBS = ("why", "how", "when", "where", "since when", "how long", "how often", "how come")
_YES_OR_NO = re.compile(rf"{AUXILIARY}\b", re.IGNORECASE)
_ADVERB_ASKED = re.compile(rf"(?:why|how|when|where|how long|how often) ({AUXILIARY}\b.*)", re.IGNORECASE)
_ABOUT = re.compile(r"\W*(?:(?:and|but|or|so|ok|okay)\b[\s,]+)?(?:what|how) about\s+(.+?)\W*", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"(in|on|at|by|from|during|since|before|after|with|under|for|against|near) (.+)", re.IGNORECASE
)
_AND = re.compile(r"\W*(?:and|but|or|so)\b", re.IGNORECASE)
_HOW_MANY = re.compile(r"(how (?:many|much)) \w+", re.IGNORECASE)


def completed(question: str, rest: str, last: Turn) -> Rewritten | None:
    """The question with what it leaves out; None where it leaves out nothing. `rest` is the question
    without the "and" that it begins with."""
    if bare := _BARE.fullmatch(rest) or _THAT_HAPPENED.fullmatch(rest):
        return _asked_again(bare[1].lower(), last)
    about = _ABOUT.fullmatch(question)
    fragment = about[1] if about else rest.strip(" ?!.")
    cued = about or _AND.match(question) or _PREPOSITION.match(rest)
    if cued and is_fragment(fragment) and not has_pronoun(fragment):
        return _exchanged(fragment, last, bool(about))
    return None


def is_fragment(text: str) -> bool:
    """Whether a text is short and has no verb."""
    doc = parsed(text)
    verbs = ("VB", "VBD", "VBZ", "VBP", "MD", "WDT", "WP")
    return len(doc) <= 9 and not any(token.tag_ in verbs or token.pos_ == "AUX" for token in doc)


def _asked_again(asks: str, last: Turn) -> Rewritten:
    """A question word by itself, put to the question before it."""
    before = last.question.rstrip(" ?!.")
    plain = re.sub(r" (?:so|exactly)$", "", asks)
    if plain in _ADVERBS:
        if _YES_OR_NO.match(before):
            return last.again(f"{plain} {before[0].lower()}{before[1:]}", before)
        if swapped := _ADVERB_ASKED.match(before):
            return last.again(f"{plain} {swapped[1]}", swapped[1])
    return last.again(f"{before}, and {asks}", before)


def _exchanged(fragment: str, last: Turn, about: bool) -> Rewritten:
    """The question before with one phrase exchanged, or with one more."""
    before = last.question.rstrip(" ?!.")
    new = next(iter(phrases(fragment)), None)
    counted, old = _HOW_MANY.fullmatch(fragment), _HOW_MANY.match(before)
    if counted and old and counted[1].lower() == old[1].lower():
        return last.again(fragment + before[old.end() :], before)
    slots = [phrase for phrase in phrases(last.question) if phrase.end <= len(before)]
    if _PREPOSITION.match(fragment) or (new and new.kind == "date"):
        return _placed_or_dated(fragment, new, slots, before, last)
    alike = [slot for slot in slots if _alike(slot, new)]
    alike = [slot for slot in alike if new and slot.kind == new.kind] or alike
    alike = [slot for slot in alike if not inside(slot, alike)]
    if len(alike) == 1:
        edit = Edit(alike[0].start, alike[0].end, fragment, new.plural if new else None)
        return last.again(edited(before, [edit]), before)
    if new and new.kind == "place" and not any(slot.kind == "place" for slot in slots):
        return last.again(f"{before} in {fragment}", before)
    return last.again(f"{before}, and {'what about ' if about else ''}{fragment}", before)


def _placed_or_dated(
    fragment: str, new: Phrase | None, slots: list[Phrase], before: str, last: Turn
) -> Rewritten:
    """ "And in 2015?", "and in Homs?", "what about 2015?"."""
    preposition = _PREPOSITION.match(fragment)
    dated = new is not None and new.kind == "date"
    if new and not preposition:
        fragment = in_time(new)
    same = [slot for slot in slots if slot.preposition and (slot.kind == "date") == dated]
    if preposition:
        same = [slot for slot in same if slot.preposition == preposition[1].lower()] or same
    if len(same) == 1:
        *_, found = re.finditer(rf"\b{same[0].preposition}\b", before[: same[0].start], re.IGNORECASE)
        return last.again(before[: found.start()] + fragment + before[same[0].end :], before)
    return last.again(f"{before} {fragment}", before)


def _alike(slot: Phrase, new: Phrase | None) -> bool:
    """Whether one phrase may stand where the other stood."""
    if new is None or slot.kind == "date":
        return False
    kinds = {slot.kind, new.kind}
    if slot.named and new.named:
        return len(kinds) == 1 or "name" in kinds or kinds == {"group", "place"}
    return slot.named == new.named or kinds <= {"group", "people", "person", "role"}
