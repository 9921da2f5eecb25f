"""What a question asks for: an amount, a day, a name, a place, yes or no; and whether one answer can be all."""

import re
from dataclasses import dataclass

from assistant.values import folded

_AMOUNT = re.compile(
    r"\bhow (?:many|much|old|tall|long|far|large|big|high|deep|wide|heavy|fast)\b|"
    r"\bwhat(?:'s| is| was| were| are)? (?:the )?(?:\w+ ){0,3}(?:number|population|toll|percentage|proportion|share|age|"
    r"size|income|salary|area|height|length|cost|price|amount|count|total|density|elevation|capacity|speed|distance)\b|"
    r"\bwhat (?:percentage|proportion|share|number)\b",
    re.IGNORECASE,
)
_DAY = re.compile(
    r"^(?:and |but |so )?(?:since |until |by )?when\b|"
    r"\b(?:what|which|in what|in which|on what|on which) (?:\w+ )?(?:date|day|year|month|century|decade)\b|"
    r"\bwhat(?:'s| is| was) (?:the )?(?:\w+ )*(?:date|birthday|birthdate|year|day)\b",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"^(?:and |but |so )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might|isn't|aren't|"
    r"wasn't|weren't|don't|doesn't|didn't|hasn't|haven't|can't|won't)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(?:who|whom|whose)\b|\bwhich (?:person|group|organi[sz]ation|company|party|team|army|side)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:\w+ )?(?:place|city|town|village|country|state|province|county|district|region)\b",
    re.IGNORECASE,
)
_ALTERNATIVES = re.compile(r"\bor\b", re.IGNORECASE)

# A place has one state, but a city, its province and its country are all where it is.
_LEVEL = re.compile(
    r"\b(?:what|which) (?:\w+ )?(?:city|town|village|country|state|province|county|continent)\b",
    re.IGNORECASE,
)
_SEAT = re.compile(
    r"\bwhere (?:is|was|are|were)\b.*\b(?:located|situated|based|born|buried|published|filmed|headquartered|held|signed)\b",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(r"^(?:what|which)\s+(?:\w+\s+)?(?:is|was|does|did)\b", re.IGNORECASE)
_SEVERAL = re.compile(
    r"\b(?:list|name|names of|some|examples?|all|any|else|various|other)\b|"
    r"\b(?:what|which)\s+(?:\w+\s+){0,2}(?:people|countries|parties|groups|factions|women|men|children|\w{3,}(?<![siu])s)\s+"
    r"(?:are|were|have|had|did|do|was|is|took|could|can|will|would|voted|vetoed|[a-z]+ed|[a-z]+ing)\b|"
    r"\b(?:who|what|where)\s+(?:are|were)\b|"
    r"\bwhich of\b",
    re.IGNORECASE,
)
# Who does these is one: the person who wrote it, who owns it, who did it.
_ONE_DOER = re.compile(
    r"\bwho(?:se)?\b.*\b(?:is|was|'s)\s+(?:the|its|their|his|her|responsible|behind|to blame|in charge|in control|[A-Z]\w*['’]s)\b|"
    r"\bwho(?:se)?\s+(?!(?:is|are|was|were|been|gets?|got)\b)(?:\w+\s+)?"
    r"(?:directed|wrote|composed|painted|designed|invented|founded|created|built|discovered|won|leads?|led|owns?|"
    r"owned|controls?|controlled|holds?|held|rules?|governs?|commands?|succeeded|started|ordered|fired|shot|bombed|attacked|"
    r"carried|launched|killed|murdered|assassinated|poisoned|burnt|burned|destroyed|downed|produced|developed|released|married|"
    r"heads?|chairs?|runs?)\b|"
    r"\bwho did (?:\w+ ){1,4}(?:marry|succeed|replace|defeat)\b",
    re.IGNORECASE,
)
# Of these a thing has one.
_ONE_KIND = frozenset(
    "sport party religion nationality language genre medium capital currency position name title colour color cause "
    "format style type function species rank gender material composer author director artist owner creator founder "
    "winner leader president venue product industry source purpose origin result outcome mother father wife husband".split()
)


@dataclass(frozen=True, slots=True)
class Asked:
    """`kind` is "amount", "day", "verdict", "name", "place" or "text". `one`: two different answers to
    it cannot both hold, if they speak of one thing. `fixed`: a thing has one such answer, but it may be
    told more or less closely (the town, the country; a sport, a club). `several`: it asks for a list."""

    kind: str
    one: bool
    several: bool
    fixed: bool = False


def asked(question: str) -> Asked:
    """What a question asks for, by its words."""
    question = question.strip()
    several = bool(_SEVERAL.search(question))
    kind = _kind(question)
    if several and kind != "amount":
        return Asked(kind, False, True)
    if kind in ("amount", "day", "verdict"):
        return Asked(kind, True, False)
    if kind == "place":
        return Asked(kind, bool(_LEVEL.search(question)), False, bool(_SEAT.search(question)))
    if kind == "name":
        return Asked(kind, bool(_ONE_DOER.search(question)), False)
    return Asked(
        kind, any(word in _ONE_KIND for word in folded(question)), False, bool(_WHAT_IS.match(question))
    )


def _kind(question: str) -> str:
    if _VERDICT.match(question) and not _ALTERNATIVES.search(question):
        return "verdict"
    if _AMOUNT.search(question):
        return "amount"
    if _DAY.search(question):
        return "day"
    if _NAME.search(question):
        return "name"
    return "place" if _PLACE.search(question) else "text"
