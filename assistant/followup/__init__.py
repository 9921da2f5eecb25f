"""A follow-up question made to stand alone, by rules over the parsed conversation.

What a question leaves to the conversation is put back: pronouns ("what did he say?"), places and
days ("what happened there?"), what an ellipsis drops ("why?", "and in 2015?", "how many of them were
children?"). Where no grammatical form is sure, what the conversation is about goes in front ("Aleppo:
what else happened?"). A question that shows no sign of leaning on the conversation stays as it is: to
bend a new topic to the old one is worse than to miss a follow-up.

The weights were chosen on dialogues of CANARD and INSCIT; `tests/bench/followups.py` shows on others
what is gained and what is harmed.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from assistant.followup.conversation import ANSWERS, Rewritten, Turn, in_full, inside
from assistant.followup.ellipsis import completed, is_fragment
from assistant.followup.phrases import GROUPS, Phrase, clean, one_line, phrases
from assistant.followup.references import References, bare_definites, edited
from index.wording import telling, words

__all__ = ["Rewritten", "standalone"]

TURNS = 16  # earlier questions that are looked at
LONGEST = 300  # characters of a question; a longer one brings its own context
ANSWER = 300  # characters of an answer that are looked at

# Signs that a question may lean on what was said. Whether it does is decided over its parse.
_SIGNS = re.compile(
    r"\b(?:he|him|his|she|hers?|they|them|theirs?|it|its|this|that|these|those|there|then|ones?|same|else|others?"
    r"|another|more|besides|any|the)\b"
    r"|^\W*(?:and|but|or|so|also|what about|how about|yes|yeah|ok|okay)\b"
    r"|^\W*(?:why|how|when|where|who|what|since when|by whom|with whom|how \w+)\W*$"
    r"|^\W*(?:in|on|at|by|from|during|since|before|after|with|under|for|against|near)\b"
    r"|\b(?:die[ds]?|killed|injured|wounded|happen|happened|responsible|afterwards|next|reaction|react|respond"
    r"|cause[ds]?|dead|victims|casualties|toll|survived?|blamed|involved|arrested)\b",
    re.IGNORECASE,
)
_LEADS = re.compile(r"\W*(?:(?:and|but|or|so|also|ok|okay|yes|yeah)\b[\s,.!]+)+", re.IGNORECASE)
_AND = re.compile(r"and|but|or|so", re.IGNORECASE)
_MORE = re.compile(r"\b(?:else|another|more)\b|\bothers?\b(?! than)", re.IGNORECASE)
_TOPIC = re.compile(r"([^:?]{1,100}): (.+)", re.DOTALL)
# What an earlier question was given at its end is not given to the next one.
_AND_WHY = re.compile(
    r", and (?:(?:why|how|when|where|who|what|since when|by whom|with whom|for what)[a-z ]{0,8}"
    r"|what about [^,?]+)\?$"
)
_TELLS_NOTHING = frozenset(
    words("tell know like more else other another information interesting find anything please")
)
# Words that leave open what a question is about: "how many people were killed?"
_HAPPENINGS = frozenset(
    words(
        "people person killed dead die died death deaths toll injured wounded hurt casualties victims "
        "civilians happened happen occur responsible blame blamed cause caused reason next afterwards later "
        "reaction respond react survive begin start end last damage arrested involved attack"
    )
)


def standalone(question: str, history: Sequence[tuple[str, str]]) -> Rewritten:
    """The question in the light of earlier (question, answer) pairs, the oldest first.

    Takes some milliseconds, however long the history is, and a second or two to load the parser the
    first time that a question may lean on its history. Raises BylineError when there is no parser.
    """
    if not history or len(question) > LONGEST or not _SIGNS.search(question):
        return Rewritten(question)
    near = tuple((clean(earlier, LONGEST), clean(answer, ANSWER)) for earlier, answer in history[-TURNS:])
    found = _rewritten(one_line(question), _turns(near))
    return found if found.carried and len(found.question) <= LONGEST else Rewritten(question)


@lru_cache(maxsize=256)
def _turns(history: tuple[tuple[str, str], ...]) -> tuple[Turn, ...]:
    """A conversation as it was understood, each turn in the light of those before it. Kept, so that
    the next question finds all but the last turn done."""
    if not history:
        return ()
    before = _turns(history[:-1])
    question, answer = history[-1]
    understood = _rewritten(question, before) if before and _SIGNS.search(question) else Rewritten(question)
    question, topic = understood.question, ""
    asked = phrases(question)
    if understood.carried and (parts := _TOPIC.match(question)):
        topic, question = parts[1], parts[2]
    if not asked and 0 < len(question.split()) <= 4 and is_fragment(question):  # "aleppo"
        asked = (Phrase(question.strip(" ?!."), 0, len(question), "name", named=True, part="other"),)
    return (*before, Turn(_AND_WHY.sub("?", question), topic, asked, answer))


def _rewritten(question: str, turns: Sequence[Turn]) -> Rewritten:
    lead = _LEADS.match(question)
    rest = question[lead.end() :] if lead else question
    if not rest:
        return Rewritten(question)
    if whole := completed(question, rest, turns[-1]):
        return whole
    found = References(rest, turns).resolve()
    if found.edits:
        made = Rewritten(edited(rest, found.edits), tuple(found.carried))
        if all(_is_bare_group(text) for text in found.carried) and not any(p.named for p in phrases(rest)):
            front = _in_front(made.question, turns)
            return Rewritten(front.question, made.carried + front.carried)
        return made
    if _leans(rest, turns, led=bool(lead and _AND.search(lead.group())), open_=found.open):
        return _in_front(rest, turns)
    return Rewritten(question)


def _is_bare_group(text: str) -> bool:
    """ "What does the army want?" still leaves open which."""
    return text.startswith("the ") and text[4:] in GROUPS


def _leans(question: str, turns: Sequence[Turn], *, led: bool, open_: bool) -> bool:
    """Whether a question in which nothing was put back leans on the conversation all the same: never
    one with a name or a date of its own, or with much to say."""
    if any(phrase.named or phrase.kind == "date" for phrase in phrases(question)):
        return False
    tells = set(telling(question)) - _TELLS_NOTHING
    if open_:
        return len(tells) <= 4
    if tells <= _HAPPENINGS or (led and len(tells) <= 1) or (_MORE.search(question) and len(tells) <= 2):
        return True
    said = " ".join(f"{turn.question} {turn.answer}" for turn in turns[-ANSWERS:]).casefold()
    return len(tells) <= 2 and any(
        re.search(rf"\b{re.escape(chunk.root.lower_)}", said) for chunk in bare_definites(question)
    )


def _in_front(question: str, turns: Sequence[Turn]) -> Rewritten:
    """The question with what the conversation is about in front of it."""
    topic = tuple(text for text in _topic(turns) if text.casefold() not in question.casefold())
    return Rewritten(f"{' and '.join(topic)}: {question}", topic) if topic else Rewritten(question)


def _topic(turns: Sequence[Turn]) -> list[str]:
    """What the conversation is about: the names of the last question that has any, or a full phrase
    ("the price of oil") that came after them."""
    others: list[Phrase] = []
    for turn in reversed(turns):
        asked = [phrase for phrase in turn.asked if phrase.kind != "date"]
        outer = [phrase for phrase in asked if not inside(phrase, asked)]
        if names := [phrase for phrase in asked if phrase.named]:
            named = [p for p in outer if any(p.start <= name.start and name.end <= p.end for name in names)]
            return [in_full(phrase, turns).text for phrase in named[:2]]
        for phrase in asked:
            long = len(phrase.text.split()) >= (4 if phrase.text.startswith("the ") else 3)
            if long and " other " not in phrase.text:
                return [phrase.text]
        others = others or outer[:2]
    return [phrase.text for phrase in others]
