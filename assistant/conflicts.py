"""Whether two claims contradict each other: they speak of one thing, and what they say of it cannot both hold.

To tell a fact-checker of a conflict that is none is an error, so most of this is about reasons why there
is none: another place, another day, another person of the same name, a figure of something else.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Indel

from assistant.asked import Asked
from assistant.dates import CALENDAR, happened
from assistant.denials import DOINGS, act, acts, after_denial
from assistant.types import Claim
from assistant.values import Amount, Day, Name, Value, Verdict, exclude, folded, same
from index.wording import telling, words

# Two sentences of five words or more that differ in little else than the answer are of one thing, where the
# text around them is alike, too: tables and census reports are worded alike for a thousand towns.
# The figures were chosen on half of RAMDocs' open questions (tests/bench/accounts.py).
EDITED, AROUND, TWINS = 0.6, 0.4, 0.8
# What two contexts must share (Jaccard index of their words) to be of one thing in other words.
ALIKE, ALIKE_EVENT = 0.08, 0.15
SURE = 0.4  # the least probability that an answer's words are the answer, to contradict another in other words
_FRAME = 0.25  # what two claimants' sentences in one document must share

_PLACE = re.compile(
    r"\b(?:in|at|near|outside|inside|on)\s+(?:the\s+)?(?:\w+\s+)??((?:[A-Z][\w'’-]+)(?:\s+[A-Z][\w'’-]+)*)"
)


@dataclass(frozen=True)
class Given:
    """A claim with the value that it gives. `context` is the text around the quote; `likely` the
    probability that the value's words are the answer; `best` says that its document has no likelier one.
    `subject` is the name in the question, `known` are its words as they are indexed."""

    claim: Claim
    value: Value
    shown: str
    denied: bool
    likely: float
    best: bool
    context: str
    question: str
    subject: str
    known: frozenset[str]

    @cached_property
    def words(self) -> list[str]:
        return folded(self.claim.text)

    @cached_property
    def beside(self) -> list[str]:
        """The words of the sentence without those of the answer."""
        text, answer, start = self.claim.text, self.claim.answer, self.claim.quote.start
        return folded(text[: answer.start - start]) + folded(text[answer.end - start :]) if answer else self.words

    @cached_property
    def frame(self) -> frozenset[str]:
        """The sentence's telling words besides the answer and the question's."""
        return self._telling(self.claim.text)

    @cached_property
    def around(self) -> frozenset[str]:
        """The telling words of the text around it, besides the answer and the question's."""
        return self._telling(self.context)

    @cached_property
    def bearers(self) -> tuple:
        """What tells the bearer of the question's name from others of that name, in this text."""
        return _bearers(self.context, self.subject)

    @cached_property
    def places(self) -> frozenset[str]:
        """Words of the places named in the sentence, besides those of the question and the answer."""
        known = set(folded(self.question)) | set(folded(self.shown)) | CALENDAR
        return frozenset(
            word for name in _PLACE.findall(self.claim.text) for word in folded(name) if word not in known
        )

    @cached_property
    def days(self) -> frozenset[str]:
        """The dates of which the sentence speaks, where its answer is not one of them."""
        if isinstance(self.value, Day):
            return frozenset()
        return frozenset(
            when.rstrip("~") for _, _, when in happened(self.claim.text, self.claim.document.published)
        )

    @cached_property
    def speaker(self) -> str | None:
        """Whom it is attributed to by name."""
        attribution = self.claim.attribution
        if attribution is None or attribution.claimant is None or not attribution.claimant.named:
            return None
        return " ".join(folded(attribution.claimant.name.text))

    @property
    def day(self) -> str | None:
        """The day of publication."""
        return self.claim.document.published[:10] if self.claim.document.published else None

    def _telling(self, text: str) -> frozenset[str]:
        return frozenset(telling(text)) - self.known - set(words(self.shown))


def contradict(asked: Asked, a: Given, b: Given) -> bool:
    """Whether two claims cannot both hold."""
    if a.denied != b.denied:
        return _denies(a, b) if a.denied else _denies(b, a)
    if a.denied or asked.several or not exclude(a.value, b.value):
        return False
    if _other_days(a, b) or a.places and b.places and not a.places & b.places:
        return False
    if a.claim.document.id == b.claim.document.id:
        # What one document tells twice is of two things, unless it tells who differs.
        return bool(a.speaker and b.speaker and a.speaker != b.speaker and _share(a.frame, b.frame) >= _FRAME)
    if succession(a, b):
        return False
    if (asked.one or asked.fixed) and edited(a, b):
        return True
    sure = isinstance(a.value, Verdict) or min(a.likely, b.likely) >= SURE  # yes or no is not in the reader's words
    if not (asked.one and a.best and b.best and sure) or _namesakes(a, b):
        return False
    event = isinstance(a.value, Amount) and bool(a.value.fate or b.value.fate)
    return _share(a.around, b.around) >= (ALIKE_EVENT if event else ALIKE)


def succession(a: Given, b: Given) -> bool:
    """Whether two figures, names or verdicts of different days may follow each other: a toll may rise,
    and not fall; who holds a town may change."""
    if a.day is None or b.day is None or a.day == b.day or isinstance(a.value, Day):
        return False
    if isinstance(a.value, Amount) and isinstance(b.value, Amount) and (a.value.fate or b.value.fate):
        earlier, later = (a.value, b.value) if a.day < b.day else (b.value, a.value)
        return later.high >= earlier.low
    return True


def _denies(denied: Given, asserted: Given) -> bool:
    """Whether what is denied is what the other says: the same value, or the same doing."""
    if (
        _other_days(denied, asserted)
        or denied.places
        and asserted.places
        and not denied.places & asserted.places
    ):
        return False
    if denied.speaker is not None and denied.speaker == asserted.speaker:
        return False
    shared = acts(after_denial(denied.claim.text)) & acts(asserted.claim.text)
    names = {word for part in re.findall(r"(?<!^)\b[A-Z]\w+", denied.claim.text) for word in words(part)}
    doing = shared - names - {act(word) for word in words(denied.question)}
    if isinstance(denied.value, Name) and same(denied.value, asserted.value) and shared:
        return True
    if isinstance(denied.value, Verdict):
        return isinstance(asserted.value, Verdict) and exclude(denied.value, asserted.value)
    return bool(doing & DOINGS) or len(doing) >= 2


def _other_days(a: Given, b: Given) -> bool:
    if not a.days or not b.days:
        return False
    return not any(one.startswith(two) or two.startswith(one) for one in a.days for two in b.days)


def edited(a: Given, b: Given) -> bool:
    """Whether two sentences are alike, what is around them too, and the answers are among what differs."""
    if (
        min(len(a.words), len(b.words), len(a.around), len(b.around)) < 5
        or _share(a.around, b.around) < AROUND
    ):
        return False
    if not EDITED <= Indel.normalized_similarity(a.words, b.words) < 1:
        return False
    one, two = set(folded(a.shown)), set(folded(b.shown))
    for change in Indel.opcodes(a.words, b.words):
        if change.tag != "equal" and (
            one & set(a.words[change.src_start : change.src_end])
            or two & set(b.words[change.dest_start : change.dest_end])
        ):
            return True
    return False


def twins(a: Given, b: Given) -> bool:
    """Whether two sentences are the same but for the answer: no other word that tells anything is another, or
    in one of them alone."""
    if not edited(a, b) or Indel.normalized_similarity(a.beside, b.beside) < TWINS:
        return False
    changes = [change for change in Indel.opcodes(a.beside, b.beside) if change.tag != "equal"]
    differing = [
        *(word for change in changes for word in a.beside[change.src_start : change.src_end]),
        *(word for change in changes for word in b.beside[change.dest_start : change.dest_end]),
    ]
    answers = {*folded(a.shown), *folded(b.shown)}  # the reader may have cut the one shorter than the other
    return not telling(" ".join(word for word in differing if word not in answers))


def _share(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (len(a | b) or 1)


# -- namesakes ----------------------------------------------------------------------------------------------

_YEAR = r"(?:1[5-9]|20)\d\d"
_IN_BRACKETS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\s*\(\s*(?!born|[^()]*\d{4})([^()]{3,60})\)",  # "Talk Show (the Go-Go's album)"
        rf"\s*\(\s*({_YEAR})[^()]{{0,20}}\)",  # "Deadfall (1968 film)"
    )
)
_AFTER = tuple(
    re.compile(pattern)
    for pattern in (
        r",\s+((?:[A-Z][\w.]+\s?)+)",  # "Wheatland, Kenosha County"
        # "Cuba is a city in Fulton County, Illinois"
        r"\s+(?:is|was|are|were)\s+an?\s[^.;()]{3,60}?\sin\s((?:[A-Z][\w.]+(?:,\s|\s|\b))+)",
        rf"[^.;()]{{0,20}}\((?:born\s|b\.\s)?[^()]{{0,24}}?({_YEAR})",  # "Scott Jackson (born January 19, 1979)"
    )
)
_FORENAMES = re.compile(r"\b((?:[A-Z][\w’'-]*\.?\s+){1,3})$")
_NO_FORENAME = frozenset(
    "the a an in at on of and by for to from with senator judge president mr mrs ms dr sir lord king queen when who what where "
    "his her their this that after before as but it he she city town township county village old new".split()
)


def _namesakes(a: Given, b: Given) -> bool:
    """Whether the texts tell two bearers of the question's name apart: by what stands in brackets or after
    a comma, by the place or the years of birth, or by their first names."""
    known = frozenset(folded(f"{a.shown} {b.shown}"))
    for one, two in zip(a.bearers[0], b.bearers[0], strict=True):
        if one and two and not (one <= two or two <= one):
            return True
    for one, two in zip(a.bearers[1], b.bearers[1], strict=True):
        if one - known and two - known and not (one & two) - known:
            return True
    return any(
        one and two and not any(_compatible(x, y) for x in one for y in two)
        for one, two in zip(a.bearers[2], b.bearers[2], strict=True)
    )


def _bearers(
    text: str, name: str
) -> tuple[list[frozenset[str]], list[frozenset[str]], list[set[tuple[str, ...]]]]:
    """What tells the bearer of a name from others of that name: words in brackets behind it, words after
    it, and the rows of words before it: (samuel, ray) before "Cummings", (royal, navy) before "Submarine
    Service"."""
    if not name:
        return [], [], []
    ends = [found.end() for found in re.finditer(re.escape(name), text)]
    behind = [
        [
            frozenset(
                w
                for at in ends
                if (found := p.match(text, at))
                for w in folded(found[1])
                if w not in _NO_FORENAME
            )
            for p in patterns
        ]
        for patterns in (_IN_BRACKETS, _AFTER)
    ]
    bare = [word for word in name.split() if word.lower().rstrip(".") not in _NO_FORENAME]
    anchors = [" ".join(bare), bare[-1]] if bare else []
    return behind[0], behind[1], [_rows_before(text, anchor) for anchor in anchors]


def _rows_before(text: str, anchor: str) -> set[tuple[str, ...]]:
    starts = (found.start() for found in re.finditer(re.escape(anchor) + r"\b", text))
    rows = (_FORENAMES.search(text[max(0, at - 60) : at]) for at in starts)
    kept = (tuple(word for word in folded(row[1]) if word not in _NO_FORENAME) for row in rows if row)
    return {row for row in kept if row}


def _compatible(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two rows of first names may be one person's: no word of the one is another in the other."""
    return all(x.startswith(y) or y.startswith(x) for x, y in zip(a, b, strict=False))


def subject(question: str) -> str:
    """The longest name in a question, or the title that it quotes; "" where there is none."""
    if quoted := re.search(r'["“]([^"”]+)["”]', question):
        return quoted.group(1)
    _, *rest = question.split(maxsplit=1) or [""]
    runs = re.findall(
        r"[A-Z][\w'’.-]*(?:\s+(?:[A-Z0-9][\w'’.-]*|(?:of|the|de|and)(?=\s+[A-Z])))*", " ".join(rest)
    )
    return max((run.rstrip(".?'’") for run in runs), key=len, default="")
