"""What a sentence denies: whether it is a denial, of what, and whether a clause says that something is not so."""

import re

from assistant.types import Claim
from assistant.values import Verdict, folded
from index.wording import telling, words

_NOT = re.compile(
    r"\b(?:not|never|no(?!\.)|nobody|none|neither|nor|without|cannot|unable|failed to|fails to|refus\w+|den(?:y|ies|ied|ying)|"
    r"reject(?:s|ed)|dismiss(?:es|ed))\b|n['’]t\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|reject(?:s|ed|ing)?|dismiss(?:es|ed|ing)?|refut(?:es|ed)|disput(?:es|ed))\b",
    re.IGNORECASE,
)
# Before these a participle denies nothing: "is disputed", "was denied entry", "the disputed town".
_SUFFERED = re.compile(
    r"\b(?:is|are|was|were|be|been|being|remain(?:s|ed)?|the|an?|this|that|its|their|of|in|over)\s+(?:\w+ly\s+)?$",
    re.IGNORECASE,
)
# Nouns of doing that stemming does not bring to their verb: "detention" and "detain".
_NOUNS = {"detent": "detain", "retent": "retain", "destruct": "destroy", "death": "die", "dead": "die", "withdraw": "withdraw",
          "withdrawn": "withdraw", "withdrew": "withdraw", "struck": "strike", "fought": "fight", "held": "hold",
          "shot": "shoot", "taken": "take", "took": "take", "arriv": "arriv", "departur": "depart"}  # fmt: skip
# A clause behind which, whatever is denied, is told as known: "denies a role in the attack, in which 108 died" ...
_KNOWN = re.compile(
    r"(?:,|–|—|-)\s*(?:(?:in|on|at|of|during|after|for)\s+)?(?:which|who|whom|whose|where|when)\b[^,;]*$|"
    r"\b(?:in|on|at|of|during|after|for)\s+which\b[^,;]*$|"
    r"\b(?:in|of|for|behind|over|to|with|that)\b.*\b(?:attacks?|blasts?|bombings?|killings?|massacres?|strikes?|raids?|shelling|"
    r"clashes|violence|fire|explosions?)\s+(?:that|which)\b[^,;]*$",
    re.IGNORECASE | re.DOTALL,
)
# ... unless it tells what was said, which is what is denied: "rejects the report, which said that 108 died".
_TOLD = re.compile(
    r"\b(?:say|says|said|saying|claim\w*|alleg\w*|report\w*|stat(?:e|es|ed|ing)|statements?|accounts?|rumou?r\w*|accus\w*|"
    r"den(?:y|ies|ied|ying)|finds?|found|findings?|estimat\w*|suggest\w*|figures?|tolls?)\b",
    re.IGNORECASE,
)
# What others are said to have done, in a denial: "the involvement of the militia", "the millers' part".
_DOING = r"(?:involvement|participation|responsibility|part|role|hand|complicity)"
_OF_OTHERS = re.compile(
    rf"\b{_DOING}\s+(?:of|by)\s+\w|\b(?!(?:its|his|hers|theirs|ours)\b)\w+(?:['’]s|s['’])\s+(?:\w+\s+)?{_DOING}\b",
    re.IGNORECASE,
)
_THAT = re.compile(r"\bthat\s+((?:[\w'’-]+\s+){1,5})")
_OWN = frozenset("it he she they its his her their we our i my any".split())


def negated(question: str, text: str, start: int) -> bool:
    """Whether a clause says that something is not so: a word of denial before the words that begin at
    `start`, in the same clause. What the question itself negates is not negated by the answer."""
    before = re.split(r"[,;:“”\"]|\b(?:but|although|while|because|who|which)\b", text[:start])[-1]
    return bool(_NOT.search(before[-60:])) and not _NOT.search(question)


def verdict(question: str, text: str, denied: bool) -> Verdict | None:
    """What a sentence says to a yes-or-no question: no where it negates what is asked. None where it does not
    hold most of the question's telling words."""
    wanted = {act(word) for word in telling(question)}
    held = {act(word) for word in words(text)}
    if not wanted or len(wanted & held) < 0.7 * len(wanted):
        return None
    no = denied != bool(_NOT.search(_DENIAL.sub("", text)))
    return Verdict(no == bool(_NOT.search(question)))


def denial(claim: Claim) -> bool:
    """Whether a claim is a denial: by its attribution, or by its own verb."""
    if claim.attribution is not None and claim.attribution.voice == "reported":
        return claim.attribution.denied
    for found in _DENIAL.finditer(claim.text):
        if _suffered(claim.text, found):
            continue
        return not _NOT.search(claim.text[max(0, found.start() - 12) : found.start()])
    return False


def _suffered(text: str, found: re.Match[str]) -> bool:
    return found[0].lower().endswith("ed") and bool(_SUFFERED.search(text[: found.start()]))


def denied(claim: Claim) -> bool:
    """Whether what a claim's answer says is denied: not where the answer is told as known behind what is denied."""
    if not denial(claim):
        return False
    if claim.answer is None:
        return True
    before = claim.text[: claim.answer.start - claim.quote.start]
    verbs = [found for found in _DENIAL.finditer(before) if not _suffered(before, found)]
    if not verbs:
        return True
    between = before[verbs[-1].end() :]
    return not _KNOWN.search(between) or bool(_TOLD.search(between))


def of_others(claim: Claim) -> bool:
    """Whether the answer is who denies, and what is denied is plainly what others are said to have done."""
    told = claim.attribution
    if told is None or told.claimant is None or claim.answer is None:
        return False
    who = told.claimant.mention.span
    if not who.start <= claim.answer.start <= claim.answer.end <= who.end:
        return False
    rest = claim.text[max(0, who.end - claim.quote.start) :]
    if _OF_OTHERS.search(rest):
        return True
    if not (clause := _THAT.search(rest)):
        return False
    known = {word[:4] for word in folded(claim.words(claim.answer))}
    return not any(word in _OWN or word[:4] in known for word in folded(clause[1]))


def after_denial(text: str) -> str:
    """What stands behind the verb of denial; all of it where there is none."""
    found = _DENIAL.search(text)
    return text[found.end() :] if found else text


def acts(text: str) -> set[str]:
    """The telling words of a text, nouns of doing as their verbs."""
    return {act(word) for word in telling(text)}


def act(word: str) -> str:
    return _NOUNS.get(word, word)


# What is done to people and places, and is denied.
DOINGS = frozenset(
    words(
        "detain arrest kill shoot bomb attack strike shell torture execute abduct rape loot burn use fire launch destroy "
        "withdraw surrender besiege block starve expel deport hack leak bribe poison invade occupy cover involve"
    )
)
