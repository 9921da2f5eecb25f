"""Copies are not corroboration: near-copies become one claim, and origins are counted, not sentences.

Two sentences are near-copies where they differ in nothing that could turn what they say: articles, the
spelling of a word in Britain and America, "also", the agency's line before the text. A negation, a number,
a name, a verb of another tense, any other word keeps them apart, so that "did deny" never stands for "did not
deny". rapidfuzz compares all pairs of the few dozen candidates of an answer at once; the corpus may be of any size.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from assistant.types import Claim
from assistant.values import folded
from index.wording import folded as one_spelling

# Words without which a sentence says the same.
_EMPTY = frozenset("a an the that also meanwhile".split())
# Signs, currencies and a question mark are part of what is said: "-5", "$5", "5%".
_WORD = re.compile(r"\w+(?:[.,:]\d+)*|[-−+$€£¥%‰°?](?=\d)|(?<=\d)[%‰°$€£¥]|\?")
# "ALEPPO, Syria (AP) —", "(Reuters) -"
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z .,'’-]+(?:,\s*[A-Z][\w. ]+)?\s*)?(?:\([A-Z][\w/ .]+\)\s*)?(?:—|–|--|-)\s+(?=\S)"
)
_ON_A_DAY = re.compile(r"\bon (?=(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)")
_PERCENT = re.compile(r"\s*\bper\s?cent\b|(?<=\d)\s+(?=%)")
_SPELLINGS = (
    (re.compile(r"(?<=\w{3})is(?=e[sd]?$|ing$|ation|ers?$)"), "iz"),
    (re.compile(r"(?<=\w{3})our(?=$|s$|ed$|ing$|ite)"), "or"),
    (re.compile(r"(?<=\w{3})tre(?=s?$)"), "ter"),
    (re.compile(r"(?<=\w{3})ence(?=s?$)"), "ense"),
    (re.compile(r"(?<=\w{3})ll(?=ed$|ing$)"), "l"),
)


def collapse(claims: Sequence[Claim]) -> list[Claim]:
    """Keeps the best claim of each set of near-copies, in order, with the documents of the others."""
    kept: dict[str, Claim] = {}
    for claim in claims:
        told = _told(claim.text)
        first = kept.setdefault(told, claim)
        if all(claim.document.id != document.id for document in (first.document, *first.copies)):
            kept[told] = replace(first, copies=(*first.copies, claim.document))
    return list(kept.values())


def _told(text: str) -> str:
    """What a sentence says, in one spelling and without the empty words: near-copies give one string. Words
    run together, as "air strikes" and "airstrikes" do; figures and signs stay apart from what is beside them."""
    plain = _PERCENT.sub("%", _ON_A_DAY.sub("", one_spelling(_DATELINE.sub("", text))))
    # Within the sentence a name keeps its capital, so that "us" is not the US, nor "may" May.
    words = [
        word if at and not word.islower() else word.casefold() for at, word in enumerate(_WORD.findall(plain))
    ]
    kept = [_spelt(word) for word in words if word.casefold() not in _EMPTY]
    return "".join(word if word.isalpha() else f"|{word}|" for word in kept) or text


@cache
def _spelt(word: str) -> str:
    if word.islower():
        for pattern, plain in _SPELLINGS:
            word = pattern.sub(plain, word)
    return word


# -- support ------------------------------------------------------------------------------------------------


def support(claims: Sequence[Claim]) -> tuple[int, int]:
    """(origins, documents) of some claims. An origin is the claimant where a sentence is attributed, else
    the outlet; near-copies count once; speakers without a name and documents without a source add none."""
    documents = {document.id for claim in claims for document in (claim.document, *claim.copies)}
    return len(origins(claims)), len(documents)


def origins(claims: Sequence[Claim]) -> list[str]:
    """The names of those that claims come from, each once, by the fullest form of the name."""
    found: list[str] = []
    for claim in claims:
        name = _origin(claim)
        if name is None:
            continue
        same = next((i for i, other in enumerate(found) if _one(name, other)), None)
        if same is None:
            found.append(name)
        elif len(name) > len(found[same]):
            found[same] = name
    return found


def _origin(claim: Claim) -> str | None:
    attribution = claim.attribution
    if attribution is None or attribution.voice == "own":
        return claim.document.source
    if attribution.claimant is None or not attribution.claimant.named:
        return None
    return attribution.claimant.name.text


def _one(a: str, b: str) -> bool:
    """Whether two names are one origin's: "the Observatory" and "the Syrian Observatory for Human Rights"."""
    one, two = (
        {word for word in folded(name) if word not in ("the", "of", "for", "and", "a")} for name in (a, b)
    )
    return bool(one and two) and (one <= two or two <= one)
