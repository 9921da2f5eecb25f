"""The one parser of dates: whole dates that can be read in one way only, as ISO 8601."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

_TIME = r"(?P<hour>\d\d?):?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,]\d+)?)?"
_ZONE = r"(?P<zone>[+-]\d\d(?::?\d\d)?|[A-Za-z]{1,5})(?:\s*\([^()]*\))?"
_CLOCK = rf"{_TIME}(?:\s?{_ZONE})?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s)?"
_MONTH = r"(?P<month>[a-z]{3,9})\.?,?"
_FORMS = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        # 2016-11-29, 2016-11-29T10:00:00+02:00, 20161129T080000Z, 2016/11/29 10:00
        rf"(?P<year>\d{{4}})(?P<dash>[-/]?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)(?:[T\s]\s?{_CLOCK})?",
        # Tue, 29 Nov 2016 10:00:00 +0200 (RFC 2822, section 3.3); 29 November 2016
        rf"{_WEEKDAY}(?P<day>\d\d?)\s{_MONTH}\s(?P<year>\d{{4}})(?:,?\s{_CLOCK})?",
        # November 29, 2016
        rf"{_WEEKDAY}{_MONTH}\s(?P<day>\d\d?),?\s(?P<year>\d{{4}})(?:,?\s{_CLOCK})?",
    )
)
_NAMES = "january february march april may june july august september october november december".split()
_MONTHS = {name[:length]: number for number, name in enumerate(_NAMES, 1) for length in (3, len(name))}
_MONTHS["sept"] = 9
_LONGEST = 100  # characters; nothing longer is a date, and nothing longer is shown


def iso_date(value: object) -> str:
    """Return `value` as `YYYY-MM-DD`, or `YYYY-MM-DDTHH:MM:SS+HH:MM` where it states time and zone.

    Takes a string, a date or a datetime. A time without a zone, or with a zone known by a name
    that several share (EST, IST), fixes no moment: its date alone is kept. Parts of a second are
    dropped. Raises ValueError, with a message for a person, for anything that is not a whole date
    or that may be read in two ways (03/04/2016, 2016-11, yesterday).
    """
    if isinstance(value, date):  # a datetime is a date too
        value = value.isoformat()
    if not isinstance(value, str):
        raise ValueError(f"a date is text such as 2016-11-29, not {type(value).__name__}")
    stated = " ".join(value.split()) if len(value) <= _LONGEST else ""
    for form in _FORMS:
        if match := form.fullmatch(stated):
            try:
                return _iso(**match.groupdict())
            except ValueError:  # month 13, 30 February, 25:00
                break
    shown = value if len(value) <= _LONGEST else value[:_LONGEST] + "..."
    raise ValueError(f"{shown!r} is not a date: write it as 2016-11-29 or 2016-11-29T10:00:00+02:00")


def _iso(
    year: str,
    month: str,
    day: str,
    hour: str | None,
    minute: str | None,
    second: str | None,
    zone: str | None,
    **_: str,
) -> str:
    whole = date(int(year), _MONTHS.get(month.lower()) or int(month), int(day))
    if hour is None:
        return whole.isoformat()
    moment = datetime(whole.year, whole.month, whole.day, int(hour), int(minute), int(second or 0))
    offset = _offset(zone)
    return whole.isoformat() if offset is None else moment.replace(tzinfo=offset).isoformat()


def _offset(zone: str | None) -> timezone | None:
    if zone is None:
        return None
    if zone.upper() in ("Z", "UTC", "GMT", "UT"):
        return UTC
    if zone[0] not in "+-":
        return None
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
    if hours > 14 or minutes > 59:  # no clock on Earth is further from UTC
        raise ValueError(zone)
    return timezone((-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
