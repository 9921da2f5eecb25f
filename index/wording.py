"""Words as they are compared: what a text and a question are cut into, and what one may be spelt like.

Text and question go through the same `words`, so that "U.S." meets "US", "ten thousand"-style
commas do not matter, "eight" meets "8" and "Kılıç" meets "Kilic".
"""

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA


def _analyzer(*, stemmed: bool) -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(r"[\p{L}\p{N}\p{M}_]+"))
    builder = builder.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.ascii_fold())
    return (builder.filter(tantivy.Filter.stemmer("english")) if stemmed else builder).build()


ANALYZER = _analyzer(stemmed=True)
SURFACE = _analyzer(stemmed=False)  # as they are spelt, to mend spelling by

_NUMBERS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety".split(),
        map(str, [*range(2, 20), *range(20, 100, 10)]),
        strict=True,
    )
)
# One pass: dotted capitals, commas between thousands, small numbers in words ("one" is a pronoun too).
_VARIANTS = re.compile(
    rf"\b(?P<dotted>(?:[A-Za-z]\.){{2,}})|(?<=\d),(?=\d{{3}}\b)|\b(?P<number>{'|'.join(_NUMBERS)})\b", re.IGNORECASE
)


def folded(text: str) -> str:
    """A text for the word index: variants that mean the same written in one way."""

    def one_way(found: re.Match[str]) -> str:
        if found["dotted"]:
            return found["dotted"].replace(".", "")
        return _NUMBERS[found["number"].lower()] if found["number"] else ""

    return _VARIANTS.sub(one_way, text)


def words(text: str) -> list[str]:
    """The words of a text as they are indexed: folded, lower case, without accents, stemmed."""
    return ANALYZER.analyze(folded(text))


# Words that ask or join and tell little of what is asked about.
_EMPTY = frozenset(
    words(
        "a an and are as at be been but by for from if in into is it its of on or such that the their then there these "
        "they this to was were will with what who whom whose which when where why how did do does has have had i you "
        "he she we his her them than no not many much can could would should may might about after before"
    )
)


def telling(question: str) -> list[str]:
    """The words of a question that tell what it is about."""
    return [word for word in words(question) if word not in _EMPTY]


def respelt(question: str, known: Callable[[str], int]) -> list[str]:
    """What words of a question may be spelt like elsewhere, as far as texts hold it (`known` counts
    the texts that hold a word): "air strikes" for "airstrikes", the reverse, and names of which
    `spellings.json` lists several."""
    letters = re.findall(r"[^\W\d_]+", question)
    found = [word for one, two in pairwise(letters) for word in words(one + two)]
    for word in letters:
        if len(word) >= 6 and not any(map(known, words(word))):
            halves = ((words(word[:at]), words(word[at:])) for at in range(3, len(word) - 2))
            split = max(
                (pair for pair in halves if all(map(known, (*pair[0], *pair[1])))),
                key=lambda pair: min(map(known, (*pair[0], *pair[1]))),
                default=None,
            )
            found += [*split[0], *split[1]] if split else []
    present = words(question)
    running = f" {' '.join(present)} "
    as_written = "" if question.isupper() else folded(question)
    for group in _groups():
        for spelling, form in group:
            # "us" and "who" are no countries or organisations unless they are written so.
            meant = len(spelling) > 3 or spelling in as_written
            if meant and f" {form} " in running:
                found += [word for _, other in group for word in other.split() if word not in present]
    return [word for word in dict.fromkeys(found) if known(word)]


@cache
def _groups() -> list[list[tuple[str, str]]]:
    """Spellings of one name, each with its indexed form."""
    groups = json.loads(Path(__file__).with_name("spellings.json").read_text("utf-8"))
    return [[(spelling, " ".join(words(spelling))) for spelling in group] for group in groups]


def corrected(
    question: str, known: Callable[[str], int], english: Callable[[str], bool], vocabulary: Callable[[], Mapping[str, int]]
) -> str:
    """The question with words that stand nowhere replaced by the nearest that does.

    `known` counts the texts that hold an indexed word, `vocabulary` gives every word as it is spelt
    and how often. A word that is `english` is taken to be meant as it stands, though no text holds it.
    """

    def mended(found: re.Match[str]) -> str:
        word = found.group()
        stems = words(word)
        if len(word) < 4 or len(stems) != 1 or known(stems[0]) or english(word):
            return word
        return nearest("".join(SURFACE.analyze(word)), vocabulary()) or word

    return re.sub(r"[^\W\d_]+", mended, question)


def nearest(word: str, vocabulary: Mapping[str, int]) -> str | None:
    """The word within one edit of another, or two from six letters on (optimal string alignment: two
    letters swapped are one edit). Of those as near, one that starts alike, and then the commonest."""
    edits = 2 if len(word) >= 6 else 1
    near = process.extract(word, list(vocabulary), scorer=OSA.distance, score_cutoff=edits, limit=50)
    if not near:
        return None
    return min(near, key=lambda match: (match[1], match[0][0] != word[0], -vocabulary[match[0]]))[0]


_QUOTED = re.compile(r"[“”\"«]([^“”\"«»]{2,200})[“”\"»]")
_SMALL = frozenset("a an the of in on at and or nor but to for with from by over into upon as de la le el del der".split())
_WORKS = re.compile(
    r"\b(?:film|movie|documentary|album|song|single|track|book|novel|memoir|poem|play|opera|musical|symphony|series|show|"
    r"episode|game|painting|sculpture|magazine|newspaper|journal|artist|author|director|composer|producer|publisher|genre)s?\b",
    re.IGNORECASE,
)


def phrases(question: str) -> list[str]:
    """What stands between quotation marks in a question: a sentence must hold it to be found."""
    return [phrase.strip() for phrase in _QUOTED.findall(question) if words(phrase)]


def quotes_titles(question: str) -> bool:
    """Whether what a question quotes is written as titles are, each word with a capital but for small ones within: two
    words of it at least, unless the question names what bears titles ("the film")."""
    for phrase in phrases(question):
        written = re.findall(r"[^\W\d_][\w'’-]*", phrase)
        large = [word for word in written if word[0].isupper()]
        if not written or written[0] not in large or not set(written) <= {*large, *_SMALL}:
            return False
        if len(large) < 2 and not _WORKS.search(question):
            return False
    return True


def without_marks(question: str) -> str:
    """The question without its quotation marks, so that nothing in it must occur."""
    return re.sub(r"[“”\"«»]", " ", question)


def holds(text: str, phrase: str) -> bool:
    """Whether a text holds a phrase; case, apostrophes and spacing do not matter."""
    return plain(phrase) in plain(text)


def plain(text: str) -> str:
    """A text in lower case with single spaces and straight quotation marks."""
    straight = text.translate({0x2018: "'", 0x2019: "'", 0x02BC: "'", 0x201C: '"', 0x201D: '"', 0x00AD: None})
    return " ".join(straight.casefold().split())
