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


# What programs write where a person wrote nothing.
_NO_TITLES = re.compile(
    r"untitled.*|no title|title|document\d*|microsoft \w+ - .*|.*\.(?:docx?|odt|rtf|pdf|indd|qxd|pub|pptx?|xlsx?|tmp|tex|dvi|html?|fm|cdr|ai)",
    re.IGNORECASE,
)
_NO_AUTHORS = re.compile(
    r"(?:\(?anonymous\)?|unknown|author|user|admin(?:istrator)?|owner|default|microsoft(?: office)?(?: user)?|guest|root|"
    r"python-docx|libreoffice|openoffice\S*|.*\\.*|pc|hp|dell|lenovo|unspecified|test)",
    re.IGNORECASE,
)


def title(value: object) -> str | None:
    """`value` as a document's title, unless it is what a program puts in for want of one."""
    found = line(value)
    return None if found is None or len(found) > 1000 or _NO_TITLES.fullmatch(found) else found


def author(value: object) -> str | None:
    """`value` as a document's author, unless it is what a program puts in for want of one."""
    found = line(value)
    return None if found is None or len(found) > 300 or _NO_AUTHORS.fullmatch(found) else found
