"""What a person types, checked: each function takes a value and returns it in its one form.

Raises argparse.ArgumentTypeError with a message for the person; argparse and batches both show it.
"""

import argparse
import re

from corpus.dates import iso_date
from corpus.types import is_unicode

QUESTION_LIMIT = 4_000  # characters


def text(value: object) -> str:
    """A text that is not empty, without space around it."""
    if not isinstance(value, str) or not value.strip():
        raise argparse.ArgumentTypeError("is not a text, or an empty one")
    if not is_unicode(value):
        raise argparse.ArgumentTypeError("holds bytes that are not UTF-8")
    return value.strip()


def question(value: object) -> str:
    """A question of at most QUESTION_LIMIT characters."""
    if isinstance(value, str) and not value.strip():
        raise argparse.ArgumentTypeError("the question is missing or empty")
    value = text(value)
    if len(value) > QUESTION_LIMIT:
        raise argparse.ArgumentTypeError(f"the question has {len(value):,} characters, at most {QUESTION_LIMIT:,} go")
    return value


def passage(value: object) -> str:
    """A text as it stands, so that offsets into it hold."""
    if not isinstance(value, str):
        raise argparse.ArgumentTypeError("the text is missing, or not a text")
    if not is_unicode(value):
        raise argparse.ArgumentTypeError("the text holds half of a surrogate pair")
    return value


def date(value: object) -> str:
    """A whole date, as YYYY-MM-DD."""
    try:
        return iso_date(value)[:10]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def span(value: str) -> tuple[int, int]:
    """START:END, with START not after END."""
    found = re.fullmatch(r"(\d{1,12}):(\d{1,12})", value, re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{value!r} is not START:END, such as 120:180")
    return int(found[1]), int(found[2])


def count(value: str) -> int:
    """A number from 1 to 10,000."""
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000:
        raise argparse.ArgumentTypeError("a number from 1 to 10,000")
    return int(value)
