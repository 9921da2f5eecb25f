"""What an answer says, in a form that can be compared: amounts, days, names, yes and no."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import combining, normalize

from rapidfuzz import fuzz

from assistant.dates import stated

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_NUMBERS = {word: n for n, word in enumerate(_SMALL)}
_NUMBERS |= {
    w: 10 * n for n, w in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
_SCALES = {
    "dozen": 12, "hundred": 100, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9,
    "bn": 1e9, "trillion": 1e12,
}  # fmt: skip
# What vague words leave possible: wide on purpose, so that "dozens" does not contradict 58, nor 130.
_VAGUE = {
    "no one": (0, 0), "nobody": (0, 0), "none": (0, 0), "no": (0, 0), "a couple": (2, 3), "a few": (2, 12),
    "a handful": (2, 12), "several": (2, 20), "many": (3, math.inf), "scores": (20, 300), "dozens": (20, 300),
    "tens of thousands": (1e4, 3e5), "hundreds of thousands": (1e5, 3e6), "tens of millions": (1e7, 3e8),
    "hundreds of millions": (1e8, 3e9), "hundreds": (100, 3e3), "thousands": (1e3, 3e4), "millions": (1e6, 3e7),
    "billions": (1e9, 3e10),
}  # fmt: skip
_SPELT = rf"(?:(?:{'|'.join(_NUMBERS)}|hundred|thousand|million)\b(?:[\s-]+(?:and\s+)?(?=(?:{'|'.join(_NUMBERS)}|hundred|thousand|million)\b)|))+"
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_NUMBER = rf"(?:{_DIGITS}|\ba dozen\b|\b(?:a\s+)?(?=(?:hundred|thousand|million)\b)|\b)(?:{_SPELT})?"
_FLOOR = r"more than|at least|over|upwards of|no fewer than|no less than|not less than|a minimum of|exceeding|in excess of"
_CEILING = r"fewer than|less than|at most|no more than|not more than|up to|under|as many as|a maximum of"
_ABOUT = (
    r"about|around|some|nearly|almost|approximately|roughly|close to|an estimated|estimated at|circa|c\.|~"
)
_UNITS = (
    r"%|per\s?cent\b|percent\b|years?[\s-]old\b|years?\b|months?\b|weeks?\b|days?\b|hours?\b|minutes?\b|"
    r"kilomet(?:er|re)s?\b|km²?\b|miles?\b|met(?:er|re)s?\b|feet\b|hectares?\b|acres?\b|tons?\b|tonnes?\b|kg\b|degrees?\b|"
    r"dollars?\b|euros?\b|pounds?\b"
)
_AMOUNT = re.compile(
    rf"\b(?P<vague>{'|'.join(sorted(_VAGUE, key=len, reverse=True))})\b(?!\s+(?:of\s+)?(?:{'|'.join(_NUMBERS)}|fewer|less|more|longer)\b)"
    rf"|(?:(?P<floor>\b(?:{_FLOOR}))|(?P<ceiling>\b(?:{_CEILING}))|(?P<about>(?:\b(?:{_ABOUT})|~)))?\s*"
    rf"(?P<low>[$€£]?\s?(?:{_DIGITS}|\b(?:a dozen\b|{_SPELT})))"
    rf"(?:\s*(?:-|–|to|and|or)\s*(?P<high>{_DIGITS}|{_SPELT}))?"
    rf"\s*(?P<scale>(?:thousand|million|billion|trillion|mn|bn|m|k)\b)?[\s-]*(?P<unit>{_UNITS})?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\bbetween\s+$", re.IGNORECASE)
# What happened to those who are counted; figures of two kinds say nothing against each other.
_FATES = {
    "killed": "killed dead die died deaths death fatalities lives slain perished bodies executed",
    "wounded": "wounded injured injuries hurt wounding injuring",
    "held": "arrested detained held captured arrests imprisoned",
    "missing": "missing disappeared trapped",
    "fled": "fled displaced evacuated refugees fleeing left",
}
_FATE = {word: fate for fate, words in _FATES.items() for word in words.split()}
_EVERYONE = frozenset("people person persons inhabitants residents individuals others lives in".split())

# Titles and the like, without which a name is the same.
_TITLES = frozenset(
    "the a an mr mrs ms dr sir lord lady president prime minister senator sen gen general col colonel captain king queen "
    "prince princess judge justice governor mayor professor prof rev saint st chancellor secretary foreign former then "
    "sheikh imam chief".split()
)
_DEMONYM = re.compile(r"(?<=[a-z]{4})(?:ians?|ia|ans?|is?|ese|ish|a|n)$")
_WORD = re.compile(r"\w+(?:['’.]\w+)*")


@dataclass(frozen=True, slots=True)
class Amount:
    """A number between `low` and `high`, of `unit` ("" for a count), counting `what`, to whom `fate` came.
    `start` and `end` are its place in the text that it was read from."""

    low: float
    high: float
    unit: str
    what: str
    fate: str
    start: int
    end: int

    @property
    def exact(self) -> bool:
        """Whether one number is meant."""
        return self.low == self.high


@dataclass(frozen=True, slots=True)
class Day:
    """A day, month or year; None for what is left open."""

    year: int | None
    month: int | None
    day: int | None


@dataclass(frozen=True, slots=True)
class Name:
    """The words of a name, or of any other short answer, folded."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Yes or no."""

    yes: bool


Value = Amount | Day | Name | Verdict


def folded(text: str) -> list[str]:
    """The words of a text without case, accents, dots and possessives: what names are compared by."""
    if not text.isascii():
        text = "".join(c for c in normalize("NFKD", text) if not combining(c))
    plain = text.casefold()
    return [re.sub(r"['’]s$|['’.]", "", word) for word in _WORD.findall(plain)]


def amounts(text: str) -> list[Amount]:
    """The amounts of a text in order; what looks like a year after "in" is none."""
    return list(_amounts(text))


def days(text: str) -> list[Day]:
    """The dates that a text writes out."""
    return [Day(*parts) for parts in stated(text)]


def name(text: str) -> Name | None:
    """A short answer as a name; None where nothing is left of it."""
    words = folded(text)
    kept = [word for word in words if word not in _TITLES] or words
    return Name(tuple(kept)) if kept else None


# -- the same, or not ---------------------------------------------------------------------------------------


def same(a: Value, b: Value) -> bool:
    """Whether two values are one: the same number, day, name or verdict, the one perhaps less whole."""
    match a, b:
        case Amount(), Amount():
            # "at least 58" and "58" are one; "dozens" is its own.
            return (_figure(a), a.unit) == (_figure(b), b.unit) and not _of_others(a, b)
        case Day(), Day():
            return bool(_shared(a, b)) and all(x == y for x, y in _shared(a, b))
        case Name(), Name():
            return _one_name(a.words, b.words)
        case Verdict(), Verdict():
            return a.yes == b.yes
    return False


def exclude(a: Value, b: Value) -> bool:
    """Whether two values cannot both be the one that was asked for. Values of two kinds can."""
    match a, b:
        case Amount(), Amount():
            return a.unit == b.unit and not _of_others(a, b) and (a.high < b.low or b.high < a.low)
        case Day(), Day():
            return any(x != y for x, y in _shared(a, b))
        case Name(), Name():
            return not _one_name(a.words, b.words) and not _alike(a.words, b.words)
        case Verdict(), Verdict():
            return a.yes != b.yes
    return False


def fuller(a: Value, b: Value) -> bool:
    """Whether `a` says more of the same than `b`: the longer name, the day rather than the year."""
    match a, b:
        case Name(), Name():
            return len(a.words) > len(b.words)
        case Day(), Day():
            return sum(x is not None for x in (a.year, a.month, a.day)) > sum(
                x is not None for x in (b.year, b.month, b.day)
            )
        case Amount(), Amount():
            return a.exact and not b.exact
    return False


def _figure(amount: Amount) -> tuple[float, float] | float:
    """The number that is written; of "at least 58" that is 58, of "dozens" its whole range."""
    if amount.high == math.inf:
        return amount.low
    if amount.low == 0 and amount.high > 0:
        return amount.high
    if amount.exact:
        return amount.low
    middle = (amount.low + amount.high) / 2
    return middle if abs(amount.low / middle - 0.85) < 1e-6 else (amount.low, amount.high)


def _of_others(a: Amount, b: Amount) -> bool:
    """Whether two figures count different things: the wounded and the dead, children and people."""
    if a.fate and b.fate and a.fate != b.fate:
        return True
    counted = [x.what for x in (a, b) if x.what and x.what not in _EVERYONE and x.what not in _FATE]
    if a.unit or len(counted) == 0:
        return False
    return len(counted) == 1 and bool(a.what and b.what) or len(counted) == 2 and counted[0] != counted[1]


def _shared(a: Day, b: Day) -> list[tuple[int, int]]:
    """What both dates state; a day or month says something only where the years do not leave it open."""
    pairs = [(a.year, b.year), (a.month, b.month), (a.day, b.day)]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _one_name(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Assad and Bashar al-Assad; OPCW and its long form; Russia and Russian warplanes. Two persons of one
    first name are not one: the shorter must hold the last word of the longer, or be its beginning."""
    if "".join(a) == "".join(b):
        return True
    short, long = sorted(([_stem(w) for w in words] for words in (a, b)), key=len)
    if len(short) == len(long):
        return short == long
    if len(short) == 1 and len(a if len(a) == 1 else b) == 1:
        letters = (a if len(a) == 1 else b)[0]
        if len(letters) >= 3 and letters == "".join(
            word[0] for word in (b if len(a) == 1 else a) if word not in _LINKS
        ):
            return True
    if not set(short) <= set(long):
        return False
    # "Hospital" does not name a hospital, nor "James" James Howe: names that begin alike may be two.
    return long[-len(short) :] == short or (len(short) > 1 and long[: len(short)] == short) or len(short) >= 2


_LINKS = frozenset("of and the for on in to de du des la al".split())


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return _DEMONYM.sub("", word)


def _alike(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    """Whether two names may be one and the same all the same: the one within the other, or spelt nearly so."""
    one, two = {_stem(w) for w in a}, {_stem(w) for w in b}
    if one <= two or two <= one:
        return True
    joined = "".join(a), "".join(b)
    short, long = sorted(joined, key=len)
    return (len(short) > 4 and short in long) or fuzz.ratio(*joined) >= 85


def same_bearer(asked: str, found: str) -> bool:
    """Whether a name in a question is that of somebody in a text: "the Observatory" is the Syrian Observatory
    for Human Rights, "Sergei Lavrov" is Lavrov; the "Russian Ministry of Defence" is not just Russia."""
    one, two = ([_stem(word) for word in folded(text) if word not in _TITLES] for text in (asked, found))
    one, two = ([word for word in row if word not in _LINKS] or row for row in (one, two))
    if not one or not two:
        return False
    return set(one) <= set(two) or (set(two) <= set(one) and two[-1] == one[-1])


# -- numbers ------------------------------------------------------------------------------------------------


def _amounts(text: str) -> Iterator[Amount]:
    for found in _AMOUNT.finditer(text):
        start, end = found.span()
        start += len(found.group()) - len(found.group().lstrip())
        if found["vague"]:
            low, high = map(float, _VAGUE[" ".join(found["vague"].lower().split())])
        else:
            if _is_year(text, found) or _is_part(text, found):
                continue
            low, high = _range(found, bool(_BETWEEN.search(text[: found.start("low")])))
        what, fate = _counted(text, found.end(), found.start())
        if low == high == 0 and found["vague"] == "no" and not what:
            continue
        end -= len(found.group()) - len(found.group().rstrip(" \n-"))
        yield Amount(low, high, _unit(found), what, fate, start, end)


def _is_year(text: str, found: re.Match[str]) -> bool:
    written = found["low"]
    if (
        found["scale"]
        or found["unit"]
        or found["floor"]
        or found["ceiling"]
        or not re.fullmatch(r"(?:1[5-9]|20)\d\d", written)
    ):
        return False
    before = text[max(0, found.start("low") - 12) : found.start("low")].lower().split()
    after = text[found.end("low") :].lstrip()
    return bool(before and before[-1].strip("(") in _YEARLY) or not re.match(r"[a-z]", after)


_YEARLY = frozenset(
    "in of since by until during from to and census for year january february march april may june july august september "
    "october november december , the".split()
)


def _is_part(text: str, found: re.Match[str]) -> bool:
    """A number within a word, a decimal or a time ("T-72", "10:30"), a rank, or "one" as a pronoun."""
    before, after = text[max(0, found.start("low") - 1) : found.start("low")], text[found.end("low") :]
    if (
        before
        and (before.isalpha() or before in ":/.")
        or (before == "-" and text[max(0, found.start("low") - 2)].isalpha())
    ):
        return True
    if re.match(r":\d|/\d|(?:st|nd|rd|th)\b|[A-Za-z]", after) and not found["scale"] and not found["unit"]:
        return True
    return found["low"].lower() == "one" and not re.match(r"\s+(?!of|another|day\b)[a-z]", after)


def _range(found: re.Match[str], between: bool) -> tuple[float, float]:
    scale = _SCALES[found["scale"].lower()] if found["scale"] else 1.0
    low = _number(found["low"]) * scale
    if found["high"]:
        joint = found.string[found.end("low") : found.start("high")].strip().lower()
        high = _number(found["high"]) * scale
        if high > low and (joint in ("-", "–", "to", "or") or between):
            return low, high
    if found["floor"]:
        return low, math.inf
    if found["ceiling"]:
        return 0.0, low
    if found["about"]:
        return low * 0.85, low * 1.15
    return low, low


def _number(written: str) -> float:
    written = re.sub(r"[$€£,\s]+", " ", written.lower().replace(",", "")).strip()
    digits = re.match(r"\d+(?:\.\d+)?", written)
    if digits:
        return float(digits.group())
    total, part = 0.0, 0.0
    for word in re.findall(r"[a-z]+", written):
        if word in _NUMBERS:
            part += _NUMBERS[word]
        elif word in _SCALES:
            scale = _SCALES[word]
            part = (part or 1) * scale
            if scale > 100:
                total, part = total + part, 0.0
    return total + part


def _unit(found: re.Match[str]) -> str:
    if found["vague"]:
        return ""
    sign = found["low"][0]
    if sign in "$€£":
        return {"$": "dollar", "€": "euro", "£": "pound"}[sign]
    unit = (found["unit"] or "").lower().replace("-", " ").rstrip("s")
    return {"per cent": "%", "percent": "%", "kilometre": "km", "kilometer": "km", "metre": "meter"}.get(
        unit, unit
    )


def _counted(text: str, end: int, start: int) -> tuple[str, str]:
    """(noun, fate) after a number: what is counted, and what came to them, looked for up to the next number or comma."""
    after = re.split(r"[,;:.()]|\d|\band\b|\bwhile\b", text[end : end + 90])[0]
    words = re.findall(r"[a-z]+", after.lower())
    fate = next((_FATE[word] for word in words if word in _FATE), "")
    if not fate:  # "killed at least 58", "a death toll of 58"
        before = re.split(r"[,;:.()]|\d|\band\b|\bwhile\b", text[max(0, start - 40) : start])[-1]
        fate = next(
            (_FATE[word] for word in reversed(re.findall(r"[a-z]+", before.lower())) if word in _FATE), ""
        )
    noun = next((word for word in words[:3] if word not in _BETWEEN_WORDS), "")
    return noun.removesuffix("s") if noun not in _EVERYONE else noun, fate


_BETWEEN_WORDS = frozenset(
    "of the other more others were was have had are is at least to by from on with their them as that who which than young "
    "armed civilian local syrian russian israeli iraqi iranian turkish american british french ukrainian".split()
)
