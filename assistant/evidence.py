"""How sure an answer is, and whether it is sure enough to be given.

The reader's judgement of the best candidates, how far the first stands out, and how many of the question's
telling words it holds become, by a logistic regression, the probability that the first claim answers
the question rightly. It is fitted on questions that the reader has not learnt from, some of them
without an answer (`assistant/reader/training/fit.py`); the threshold follows from a target: of the questions
without an answer at least three in five are refused.

A name in the question that stands in no document, nor anything spelt like it, means that the
documents do not hold the answer.
"""

import re
from collections.abc import Callable, Sequence

from assistant.reader.reader import Reader, logistic
from assistant.types import Claim
from index.sync import Index
from index.wording import phrases, telling, words

# What is left of the confidence when a name of the question stands nowhere.
UNMENTIONED = 0.2
_WORD = re.compile(r"[^\W\d_]\w*")


def confidence(reader: Reader, question: str, claims: Sequence[Claim], index: Index, unmentioned: Sequence[str]) -> float:
    """The probability that the first claim answers the question; 0 without claims."""
    if not claims or claims[0].judgement is None:
        return 0.0
    sure = logistic(reader.fit["confidence"], *features(question, claims, index))
    return min(sure, UNMENTIONED * reader.fit["threshold"][0]) if unmentioned else sure


def features(question: str, claims: Sequence[Claim], index: Index) -> tuple[float, ...]:
    """What the confidence is made of: the first claim's logit of relevance, its span's margin over no
    answer, its cosine, the share of the question's words it holds, and its lead on the second."""
    first, judged = claims[0], claims[0].judgement
    others = [claim.judgement.logit for claim in claims[1:4] if claim.judgement]
    lead = judged.logit - max(others, default=judged.logit)
    return judged.logit, judged.margin, first.cosine, coverage(question, first.text, index), lead


def sufficient(reader: Reader, confidence: float) -> bool:
    """Whether to answer at all."""
    return confidence >= reader.fit["threshold"][0]


def unmentioned(question: str, index: Index, knows: Callable[[str], bool]) -> tuple[str, ...]:
    """The names in the question that stand in no document, nor anything spelt like them; where it
    quotes a phrase, nothing: the search itself holds to that.

    A name is a capitalised word after the first, of three letters or more. A question typed in
    capitals, or a headline, shows none. Where all that a question is about are words that stand nowhere
    and are no common English words (which `knows` tells), they are taken for names, too.
    """
    if phrases(question):
        return ()
    found = _WORD.findall(question)
    rest = found[1:]
    names = [word for word in rest if word[0].isupper() and len(word) >= 3]
    if 2 * len(names) <= len(rest) + 1:
        missing = tuple(name for name in dict.fromkeys(names) if not all(map(index.mentions, words(name))))
        if missing:
            return missing
    told = set(telling(question))
    about = tuple(word for word in dict.fromkeys(found) if told & set(words(word)))
    if any(knows(word) or any(map(index.mentions, words(word))) for word in about):
        return ()
    return about


def coverage(question: str, sentence: str, index: Index) -> float:
    """The share of the question's telling words that the sentence holds, weighted by their rarity."""
    weights = index.rarity(index.telling(question))
    held = set(words(sentence))
    return sum(weight for word, weight in weights.items() if word in held) / (sum(weights.values()) or 1.0)
