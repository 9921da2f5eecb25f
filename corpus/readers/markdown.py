"""Markdown: the body as it stands, and what a YAML block in front of it states.

A block of `---` lines is front matter only if YAML reads a mapping in it (or nothing). Any other
block (bad YAML, aliases, deep nesting, over 64 KB, a rule drawn across the page) is text like the
rest: nothing is lost, and nothing is taken from it.
"""

import re
from typing import BinaryIO

import yaml

from corpus.dates import iso_date
from corpus.readers.decoding import check, decode_any, load
from corpus.readers.stated import date_or_none, line, web_address
from corpus.types import BylineError, Reading

LONGEST = 64 * 1024  # characters of front matter
DEEPEST = 10  # levels of it

_BLOCK = re.compile(r"---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\r\n|\Z)", re.DOTALL | re.MULTILINE)


def read(file: BinaryIO) -> Reading:
    """Read one `.md` file. Raises OSError and BylineError.

    `published` must be a date if it is there: it is Byline's own key, and a slip in it is named.
    `date` belongs to many tools and means many things: it is taken only where it is a whole date.
    """
    text, notes = decode_any(load(file))
    stated, start = _front_matter(text)
    body = text[start:]
    check(body)
    return Reading(
        text=body,
        media_type="text/markdown",
        title=_first(stated, "title") or _heading(body),
        source=_first(stated, "source", "outlet", "publisher", "author"),
        published=_published(stated),
        uri=web_address(_first(stated, "uri", "url", "link")),
        author=_first(stated, "author"),
        notes=notes,
    )


class _FlatLoader(yaml.BaseLoader):
    """Every scalar stays the string it is: `title: 12:30` is not 750. No alias, no depth."""

    depth = 0

    def compose_node(self, parent: object, index: object) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("an alias")  # a few lines of them unfold into gigabytes
        self.depth += 1
        if self.depth > DEEPEST:
            raise yaml.YAMLError("nested too deeply")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _front_matter(text: str) -> tuple[dict[str, object], int]:
    """What the block in front states, and where the body begins: `{}` and 0 where there is none."""
    block = _BLOCK.match(text, 0, LONGEST)
    if block is None:
        return {}, 0
    try:
        found = yaml.load(block[1], _FlatLoader)
    except yaml.YAMLError:
        return {}, 0
    if found is None:
        found = {}
    if not isinstance(found, dict):
        return {}, 0
    return {key.lower(): value for key, value in found.items() if isinstance(key, str)}, block.end()


def _first(stated: dict[str, object], *keys: str) -> str | None:
    """The first of `keys` that states something; a list of names (`author`) is joined."""
    for key in keys:
        value = stated.get(key)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ", ".join(value)
        if (found := line(value)) and found not in ("~", "null"):
            return found
    return None


def _published(stated: dict[str, object]) -> str | None:
    if value := _first(stated, "published"):
        try:
            return iso_date(value)
        except ValueError as error:
            raise BylineError(f"front matter, published: {error}") from None
    return date_or_none(_first(stated, "date"))


def _heading(body: str) -> str | None:
    """The `# ` heading that the body begins with, without the marks around it."""
    first = body.lstrip().partition("\n")[0]
    if not first.startswith(("# ", "#\t")):
        return None
    return line(re.sub(r"[ \t]#+$", "", first[1:].rstrip()))
