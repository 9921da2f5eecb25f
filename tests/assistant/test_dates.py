"""Dates in sentences, counted from the published date and from nothing else."""

from datetime import date

import pytest

from assistant.dates import age, dated, happened
from assistant.types import Claim
from corpus.types import Document, Span


def when(text, published):
    return [found for _, _, found in happened(text, published)]


def claim(text, published, at=0):
    document = Document("1", "1.txt", "news", None, None, published, None, "text/plain", 1, 1, "0")
    return Claim(Span("1", at, at + len(text)), text, document, 1.0)


@pytest.mark.parametrize(
    ("text", "published", "found"),
    [
        # 2016-11-30 was a Wednesday
        ("The ministry said Tuesday that half was taken.", "2016-11-30", ["2016-11-29"]),
        ("Eight people were killed on Wednesday.", "2016-11-30", ["2016-11-30"]),
        ("He will meet the envoy on Friday in Paris.", "2016-11-30", ["2016-12-02"]),
        ("He said on Tuesday that he will leave on Friday.", "2016-11-30", ["2016-11-29", "2016-12-02"]),
        ("The council is set to meet on November 30.", "2016-11-29", ["2016-11-30"]),
        ("The bridge was hit on November 30.", "2017-02-01", ["2016-11-30"]),
        ("The bridge was hit on 30 November 2015.", "2017-02-01", ["2015-11-30"]),
        ("It fell two weeks ago.", "2016-11-30", ["2016-11-16~"]),
        ("It fell three days ago.", "2016-12-01", ["2016-11-28"]),
        ("It fell yesterday.", "2017-01-01", ["2016-12-31"]),
        ("It fell last month.", "2017-01-15", ["2016-12"]),
        ("It fell last year.", "2017-01-15", ["2016"]),
        ("It fell last week.", "2016-11-30", ["2016-11-21/2016-11-27"]),
        ("It fell last Friday.", "2016-11-30", ["2016-11-25"]),
        ("The war has gone on since March 2011.", "2016-11-30", ["2011-03"]),
        ("It has lasted since July.", "2016-11-30", ["2016-07"]),
        ("It was signed in December.", "2016-11-30", ["2015-12"]),
        ("The town was founded in 1842.", "2016-11-30", ["1842"]),
        ("Published late on Monday.", "2016-11-29T23:10:00+02:00", ["2016-11-28"]),
    ],
)
def test_resolved(text, published, found):
    assert when(text, published) == found


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("The ministry said Tuesday that half was taken.", None),
        ("It fell two weeks ago, on November 30.", None),
        ("It fell last Tuesday.", "2016-12-02"),  # this week's, or the one before
        ("“I came here yesterday,” he wrote.", "2016-11-30"),  # the speaker's yesterday
        ("The vote on November 30", "2016-11-29"),
        ("It may rain, and they march on.", "2016-11-30"),
        ("The Tuesdays were quiet.", "2016-11-30"),
        ("2000 people fled.", "2016-11-30"),
        ("It was on 30 February 2016.", "2016-11-30"),
        ("It was on 03/04/2016.", "2016-11-30"),
    ],
)
def test_left_as_written(text, published):
    assert when(text, published) == []


def test_whole_dates_need_no_published_date():
    assert when("He died on 1 December 1737, not on June 15, 1745.", None) == ["1737-12-01", "1745-06-15"]


def test_places_are_the_words_themselves():
    text = "The ministry said Tuesday that it fell in November."
    assert [text[start:end] for start, end, _ in happened(text, "2016-11-30")] == ["Tuesday", "November"]
    (one, two) = dated(claim(text, "2016-11-30", at=100))
    assert (one.mention.span.start, one.mention.text, one.when) == (118, "Tuesday", "2016-11-29")
    assert two.when == "2016-11"


def test_age():
    old = claim("It fell.", "2016-11-30")
    assert age([old], date(2026, 3, 1)) == "The newest of these is from 2016-11-30, 9 years ago."
    assert age([old, claim("It rose.", "2026-02-01")], date(2026, 3, 1)) is None
    assert age([old, claim("It rose.", None)], date(2026, 3, 1)) is None
    assert age([], date(2026, 3, 1)) is None
