"""How sure an answer is. Two simple rules for now, until a reader that was trained for it judges.

A name in the question that stands in no document, nor anything spelt like it, means that the
documents do not hold the answer.

Otherwise two things are looked at in the best sentence: its cosine with the question, and the share of the
question's words that it holds, weighted by their rarity (inverse document frequency). A logistic
regression turns them into the probability that this sentence answers the question. It was fitted
on the open NewsQA articles of even hash, once with the article that answers and once without:
`tests/bench/answers.py` does it again and shows how it holds on the others.
"""

import math
import re
from collections.abc import Sequence

from assistant.types import Claim
from index.sync import Index
from index.wording import phrases, words

COSINE, COVERAGE, CONSTANT = 4.85, 3.08, -6.30
# Below this there is next to nothing in common with the question: it lies above what questions on
# other matters get (cosine under .3, no word shared) and below the paraphrased ones of the seed.
# A higher one would refuse those: words cannot tell a sentence on the topic from one that answers.
THRESHOLD = 0.009
# Below this the sentences are shown, and said to be no more than the nearest.
UNSURE = 0.06
# What is left when a name of the question stands nowhere.
UNMENTIONED = 0.0025
_WORD = re.compile(r"[^\W\d_]\w*")


def confidence(question: str, claims: list[Claim], index: Index, unmentioned: Sequence[str]) -> float:
    """The probability that the first claim answers the question; 0 without claims."""
    if not claims:
        return 0.0
    sure = probability(claims[0].cosine, coverage(question, claims[0].text, index))
    return min(sure, UNMENTIONED) if unmentioned else sure


def unmentioned(question: str, index: Index) -> tuple[str, ...]:
    """The names in the question that stand in no document, nor anything spelt like them; where it
    quotes a phrase, nothing: the search itself holds to that.

    A name is a capitalised word after the first, of three letters or more. A question typed in
    capitals, or a headline, shows none.
    """
    if phrases(question):
        return ()
    _, *rest = _WORD.findall(question) or [""]
    names = [word for word in rest if word[0].isupper() and len(word) >= 3]
    if 2 * len(names) > len(rest) + 1:
        return ()
    return tuple(name for name in dict.fromkeys(names) if not all(map(index.mentions, words(name))))


def coverage(question: str, sentence: str, index: Index) -> float:
    """The share of the question's telling words that the sentence holds, weighted by their rarity."""
    weights = index.rarity(index.telling(question))
    held = set(words(sentence))
    return sum(weight for word, weight in weights.items() if word in held) / (sum(weights.values()) or 1.0)


def probability(cosine: float, coverage: float) -> float:
    """The fitted logistic function of the two."""
    return 1 / (1 + math.exp(-(COSINE * cosine + COVERAGE * coverage + CONSTANT)))


def sufficient(confidence: float) -> bool:
    """Whether to answer at all."""
    return confidence >= THRESHOLD
