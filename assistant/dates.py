"""When what a sentence tells happened: its words for a day, month or year, as ISO 8601.

Published, said and happened are three things. "Tuesday", "two weeks ago", "November 30" are counted from
the day on which the document was published, and from nothing else; without one they stay as they are
written. So does what could be read in two ways ("last Tuesday" on a Friday; "today" in a quotation, where the
day is the speaker's). The rules are written out because a general parser always finds some day.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from assistant.types import Claim, Dated, Mention
from corpus.types import Span

_MONTHS = {name.lower(): n for n, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): n for n, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_WEEKDAYS = {name.lower(): n for n, name in enumerate(calendar.day_name)}
CALENDAR = frozenset(name.lower() for name in (*calendar.month_name, *calendar.day_name) if name)
_COUNTS = {
    word: n
    for n, word in enumerate("one two three four five six seven eight nine ten eleven twelve".split(), 1)
}
_COUNTS |= {"a": 1, "an": 1, "a couple of": 2}
_OLD = 365  # days after which what an answer rests on is called old

_MONTH = "|".join(sorted((name.capitalize() for name in _MONTHS), key=len, reverse=True))
_WEEKDAY = "|".join(name.capitalize() for name in _WEEKDAYS)
_DAY = r"(?:3[01]|[12]\d|0?[1-9])"
_YEAR = r"(?:1[5-9]|20)\d\d"
_WRITTEN = re.compile(
    rf"\b(?P<iso>{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))\b"
    rf"|\b(?P<day>{_DAY})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<year>{_YEAR})\b)?"
    rf"|\b(?P<month2>{_MONTH})\b\.?\s+(?P<day2>{_DAY})(?:st|nd|rd|th)?\b(?![:.,]\d)(?:\s?,?\s+(?P<year2>{_YEAR})\b)?"
    rf"|\b(?P<month3>{_MONTH})\b\.?,?\s+(?:of\s+)?(?P<year3>{_YEAR})\b"
    rf"|\b(?:in|since|until|by|during|of|from)\s+(?:early\s+|late\s+|mid-?)?(?P<month4>{_MONTH})\b(?!\s+\d)"
    rf"|(?<![\d.,$€£/-])\b(?P<year5>{_YEAR})\b(?![\d%/-]|[.,]\d|\s+(?:people|men|women|children|civilians|troops|soldiers))"
    rf"|\b(?:(?P<which>last|next|this|past|coming)\s+)?(?P<weekday>{_WEEKDAY})\b(?!s|['’]s\s+(?:[A-Z]|paper|edition))"
    r"|\b(?P<near>today|yesterday|tomorrow)\b"
    rf"|\b(?P<count>{'|'.join(sorted(_COUNTS, key=len, reverse=True))}|\d{{1,3}})\s+(?P<unit>day|week|month|year)s?\s+ago\b"
    r"|\b(?P<which2>last|this|next)\s+(?P<unit2>week|month|year)\b",
    re.IGNORECASE,
)
# In lower case these are other words; a month needs its capital.
_NO_MONTH = re.compile(r"\b(?:may|march|mar|jan|sun|sat|dec)\b")
_FUTURE = re.compile(
    r"\b(?:will|shall|won['’]t|is to|are to|set to|due|scheduled|plan(?:s|ned)? (?:to|for)|expect(?:s|ed) to|"
    r"going to|intends? to|next|coming|upcoming)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|has|have|did|said|told|\w{2,}ed|killed|took|went|came|fell|hit|left|began)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"][^“”\"]*[”\"]")


def happened(text: str, published: str | None) -> list[tuple[int, int, str]]:
    """(start, end, date) of the words of a text for a day, month or year, in order.

    Dates are ISO 8601: a day, month or year; "2016-11-21/2016-11-27" for a week, and a tilde after
    what is only about so (ISO 8601-2): "two weeks ago". What the words and the published date do
    not make certain is left out.
    """
    day = date.fromisoformat(published[:10]) if published else None
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    result = []
    for found in _WRITTEN.finditer(text):
        inside = any(start <= found.start() < end for start, end in quoted)
        if when := _resolved(text, found, None if inside else day):
            result.append((*_trimmed(found), when))
    return result


def dated(claim: Claim) -> tuple[Dated, ...]:
    """The dates in the quote of a claim, counted from its document's published date."""
    document, at = claim.document, claim.quote.start
    return tuple(
        Dated(Mention(Span(claim.quote.document_id, at + start, at + end), claim.text[start:end]), when)
        for start, end, when in happened(claim.text, document.published)
    )


def stated(text: str) -> list[tuple[int | None, int | None, int | None]]:
    """(year, month, day) of the dates that a text writes out, with None for what it leaves open."""
    result = []
    for found in _WRITTEN.finditer(text):
        if parts := _parts(text, found):
            result.append(parts)
    return result


def age(claims: Sequence[Claim], today: date) -> str | None:
    """How old an answer is, in words, where the newest document that it rests on is over a year old;
    None where it is newer, or some document has no date."""
    days = [claim.document.published[:10] if claim.document.published else None for claim in claims]
    if not days or None in days:
        return None
    newest = date.fromisoformat(max(days))
    old = (today - newest).days
    if old <= _OLD:
        return None
    years = today.year - newest.year - ((today.month, today.day) < (newest.month, newest.day))
    return f"The newest of these is from {newest.isoformat()}, {'a year' if years <= 1 else f'{years} years'} ago."


# -- what is written ------------------------------------------------------------------------------------------


def _trimmed(found: re.Match[str]) -> tuple[int, int]:
    """Without the preposition that a bare month needs before it."""
    return (found.start("month4") if found["month4"] else found.start(), found.end())


def _parts(text: str, found: re.Match[str]) -> tuple[int | None, int | None, int | None] | None:
    if found["iso"]:
        year, month, day = map(int, found["iso"].split("-"))
        return year, month, day
    name = found["month"] or found["month2"] or found["month3"] or found["month4"]
    if name:
        if _NO_MONTH.fullmatch(name) or not name[0].isupper():
            return None
        year = found["year"] or found["year2"] or found["year3"]
        day = found["day"] or found["day2"]
        return int(year) if year else None, _MONTHS[name.lower()], int(day) if day else None
    if found["year5"]:
        return int(found["year5"]), None, None
    return None


def _resolved(text: str, found: re.Match[str], published: date | None) -> str | None:
    if parts := _parts(text, found):
        year, month, day = parts
        if year is not None:
            return _iso(year, month, day)
        return _of_the_year(text, month, day, published) if published else None
    if published is None or not any(found[name] for name in ("weekday", "near", "count", "which2")):
        return None
    if found["near"]:
        return (
            published + timedelta({"yesterday": -1, "today": 0, "tomorrow": 1}[found["near"].lower()])
        ).isoformat()
    if found["weekday"]:
        return _weekday(text, found, published)
    if found["count"]:
        count = found["count"].lower()
        return _ago(int(count) if count.isdigit() else _COUNTS[count], found["unit"].lower(), published)
    return _neighbour(found["which2"].lower(), found["unit2"].lower(), published)


def _iso(year: int, month: int | None, day: int | None) -> str | None:
    if month is None:
        return f"{year}"
    if day is None:
        return f"{year}-{month:02}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:  # 30 February
        return None


def _of_the_year(text: str, month: int, day: int | None, published: date) -> str | None:
    """A day or month without its year: the last one, or the next where the sentence looks ahead."""
    ahead = _looks_ahead(text)
    found = list(_years(month, day, published))
    before = [when for when, first in found if first <= published]
    after = [when for when, first in found if first > published or _same(when, published)]
    if ahead:
        return after[0] if after else None
    distance = {when: abs((first - published).days) for when, first in found}
    # "the vote on November 30", in a paper of November 29: nothing says that it is past.
    if after and before and distance[before[-1]] > 300 and distance[after[0]] < 60 and not _PAST.search(text):
        return None
    return before[-1] if before else None


def _years(month: int, day: int | None, published: date) -> Iterator[tuple[str, date]]:
    for year in (published.year - 1, published.year, published.year + 1):
        if when := _iso(year, month, day):
            yield when, date(year, month, day or 1)


def _same(when: str, published: date) -> bool:
    return published.isoformat().startswith(when)


def _looks_ahead(text: str) -> bool:
    return bool(_FUTURE.search(text))


def _weekday(text: str, found: re.Match[str], published: date) -> str | None:
    """In news a bare weekday is the last one, the day of publication included, or the next one where
    the sentence looks ahead. "Last Tuesday" on a Friday may be of this week or of the one before."""
    if not found["weekday"][0].isupper():
        return None
    wanted, today = _WEEKDAYS[found["weekday"].lower()], published.weekday()
    which = (found["which"] or "").lower()
    back, on = (today - wanted) % 7, (wanted - today) % 7
    if which in ("last", "past"):
        return None if 0 < back == today - wanted else (published - timedelta(back or 7)).isoformat()
    if which in ("next", "coming"):
        return None if 0 < on == wanted - today else (published + timedelta(on or 7)).isoformat()
    clause = _clause(text, found.start(), found.end())
    if _looks_ahead(clause):
        return (published + timedelta(on)).isoformat()
    if which == "this" and not _PAST.search(clause):
        return None
    return (published - timedelta(back)).isoformat()


def _clause(text: str, start: int, end: int) -> str:
    """What stands around a word up to the next comma, semicolon or quotation mark: "said Tuesday that it
    will" is not ahead, so what a word of saying opens is a clause of its own."""
    before = re.split(r"[,;:“”\"]|\b(?:that|after|before|when|while|as|because|who|which)\b", text[:start])[
        -1
    ]
    after = re.split(r"[,;:“”\"]|\b(?:that|after|before|when|while|as|because|who|which)\b", text[end:])[0]
    said = re.search(
        r"\b(?:said|says|told|announced|reported|warned|added|confirmed|denied)\b", before, re.IGNORECASE
    )
    if said and len(before) - said.end() < 6:  # "said on Tuesday he will": the day is that of the saying
        after = ""
    return before + text[start:end] + after


def _ago(count: int, unit: str, published: date) -> str | None:
    if unit == "day":
        return (published - timedelta(count)).isoformat()
    if unit == "week":
        return (published - timedelta(7 * count)).isoformat() + "~"
    if unit == "month":
        months = published.year * 12 + published.month - 1 - count
        return f"{months // 12}-{months % 12 + 1:02}~"
    return f"{published.year - count}~"


def _neighbour(which: str, unit: str, published: date) -> str:
    step = {"last": -1, "this": 0, "next": 1}[which]
    if unit == "week":
        monday = published + timedelta(7 * step - published.weekday())
        return f"{monday.isoformat()}/{(monday + timedelta(6)).isoformat()}"
    if unit == "month":
        months = published.year * 12 + published.month - 1 + step
        return f"{months // 12}-{months % 12 + 1:02}"
    return str(published.year + step)
