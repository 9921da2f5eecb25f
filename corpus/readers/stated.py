"""What a document states of itself, made fit to show: one line of text, a web address."""

import re
from urllib.parse import urlsplit

from corpus.dates import iso_date

_UNFIT = re.compile("[\0\ud800-\udfff]")


def line(value: object) -> str | None:
    """`value` on one line; None where it is no string, blank, or holds NUL or lone surrogates."""
    if not isinstance(value, str) or _UNFIT.search(value):
        return None
    return " ".join(value.split()) or None


def web_address(value: object) -> str | None:
    """`value` if it is a whole http or https address, else None."""
    address = line(value)
    if address is None or " " in address or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
        return address if parts.scheme in ("http", "https") and parts.hostname else None
    except ValueError:  # a bracket that opens no IPv6 address
        return None


def date_or_none(value: object) -> str | None:
    """`value` as `corpus.dates.iso_date` gives it, or None where it is no whole date."""
    try:
        return iso_date(value)
    except ValueError:
        return None
