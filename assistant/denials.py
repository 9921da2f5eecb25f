"""What a sentence denies: whether it is a denial, of what, and whether a clause says that something is not so."""

import re

from assistant.types import Claim
from assistant.values import Verdict
from index.wording import telling, words

_NOT = re.compile(
    r"\b(?:not|never|no(?!\.)|nobody|none|neither|nor|without|cannot|unable|failed to|fails to|refus\w+|den(?:y|ies|ied|ying)|"
    r"reject(?:s|ed)|dismiss(?:es|ed))\b|n['’]t\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|reject(?:s|ed|ing)?|dismiss(?:es|ed|ing)?|refut(?:es|ed)|disput(?:es|ed)|"
    r"(?<=to )(?:refute|dispute))\b",
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
# A clause behind which, whatever is denied, is told as known: "denies a role in the attack, in which 108 died".
_KNOWN = re.compile(
    r"(?:,|–|—|-)\s*(?:(?:in|on|at|of|during|after|for)\s+)?(?:which|who|whom|whose|where|when)\b[^,;]*$|"
    r"\b(?:in|on|at|of|during|after|for)\s+which\b[^,;]*$|"
    r"\b(?:attacks?|blasts?|bombings?|killings?|massacres?|strikes?|raids?|shelling|clashes|violence|fire|explosions?)\s+"
    r"(?:that|which)\b[^,;]*$",
    re.IGNORECASE,
)
# By these somebody denies what they are themselves said to have done.
_OWN = re.compile(
    r"^\W*(?:\w+ing|responsibility|involvement|wrongdoing)\b|"
    r"\b(?:his|her|its|their|own|he|she|it|they|we|our|us|i|my|any\s+(?:\w+\s+)?(?:role|involvement|responsibility|part|hand|"
    r"connection|knowledge|link|wrongdoing))\b",
    re.IGNORECASE,
)


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
        if found[0].lower().endswith("ed") and _SUFFERED.search(claim.text[: found.start()]):
            continue
        return not _NOT.search(claim.text[max(0, found.start() - 12) : found.start()])
    return False


def denied(claim: Claim) -> bool:
    """Whether what a claim's answer says is denied: not where the answer is told as known behind what is denied."""
    if claim.answer is None or not denial(claim):
        return denial(claim)
    before = claim.text[: claim.answer.start - claim.quote.start]
    verb = _DENIAL.search(before)
    return verb is None or not _KNOWN.search(before[verb.end() :])


def of_others(claim: Claim) -> bool:
    """Whether the answer is who denies, and what others are said to have done."""
    verb = _DENIAL.search(claim.text)
    if verb is None or claim.answer is None or claim.answer.end - claim.quote.start > verb.start():
        return False
    return not _OWN.search(claim.text[verb.end() :])


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
