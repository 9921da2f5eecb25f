"""Dates: whole ones, read in one way only."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dates import iso_date


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2016-11-29", "2016-11-29"),
        (" 2016-11-29\n", "2016-11-29"),
        ("2016/11/29", "2016-11-29"),
        ("20161129", "2016-11-29"),
        ("2016-02-29", "2016-02-29"),
        ("2016-11-29T10:00:00+02:00", "2016-11-29T10:00:00+02:00"),
        ("2016-11-29T10:00:00+0200", "2016-11-29T10:00:00+02:00"),
        ("2016-11-29t10:00:00.25z", "2016-11-29T10:00:00+00:00"),
        ("2016-11-29 10:00 -05", "2016-11-29T10:00:00-05:00"),
        ("2016-11-29T10:00-03:30", "2016-11-29T10:00:00-03:30"),
        ("20161129T080000Z", "2016-11-29T08:00:00+00:00"),
        ("2016-11-29T10:00:00", "2016-11-29"),  # a time without a zone fixes no moment
        ("Tue, 29 Nov 2016 10:00:00 +0200", "2016-11-29T10:00:00+02:00"),
        ("Tue, 29 Nov 2016 10:00:00 +0200 (EET)", "2016-11-29T10:00:00+02:00"),
        ("29 Nov 2016 08:00:00 GMT", "2016-11-29T08:00:00+00:00"),
        ("Tue, 29 Nov 2016 10:00:00 IST", "2016-11-29"),  # India, Ireland or Israel
        ("29 November 2016", "2016-11-29"),
        ("1 May 2016", "2016-05-01"),
        ("Tuesday, Nov. 29, 2016", "2016-11-29"),
        ("Sept. 3, 2016 9:05 PM", "2016-09-03"),
        (date(2016, 11, 29), "2016-11-29"),
        (datetime(2016, 11, 29, 10, 0), "2016-11-29"),
        (datetime(2016, 11, 29, 10, 0, 5, 7, timezone(timedelta(hours=2))), "2016-11-29T10:00:05+02:00"),
    ],
)
def test_whole_dates(stated: object, expected: str) -> None:
    assert iso_date(stated) == expected


@pytest.mark.parametrize(
    "stated",
    [
        "",
        "2016",
        "2016-11",
        "November 2016",
        "03/04/2016",
        "29.11.2016",
        "16-11-29",
        "2016/11-29",
        "2016-13-01",
        "2016-02-30",
        "2015-02-29",
        "0000-01-01",
        "2016-11-29T25:00:00Z",
        "2016-11-29T10:61:00Z",
        "2016-11-29T10:00:00+15:00",
        "2016-11-29T10:00:00+02:75",
        "29 Foo 2016",
        "yesterday",
        "1480413600",
        "2016-11-29 or so",
        "2016-11-291",
        "٢٠١٦-١١-٢٩",
        20161129,
        2016.5,
        True,
        None,
        [],
    ],
)
def test_what_is_no_whole_date_is_refused(stated: object) -> None:
    with pytest.raises(ValueError, match="date"):
        iso_date(stated)


def test_the_message_shows_the_value_safely_and_what_to_write() -> None:
    with pytest.raises(ValueError) as raised:
        iso_date("\x1b]0;owned\x07" + "9" * 1_000_000)
    message = str(raised.value)
    assert "\x1b" not in message
    assert "2016-11-29" in message
    assert len(message) < 300


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-14 * 60, 14 * 60))
def test_what_it_writes_it_reads_as_the_same_moment(moment: datetime, offset: int) -> None:
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=offset)))
    written = iso_date(moment)
    assert datetime.fromisoformat(written) == moment
    assert iso_date(written) == written
