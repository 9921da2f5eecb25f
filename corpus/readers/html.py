"""HTML: the text a browser would show, block by block, and what the page states of itself.

Of a page with one `<article>` (else one `<main>`) that holds at least half of the text, that part
is the document, and what lies around it (menus, links to other pages, footers) is left out;
`<nav>` likewise, where the navs hold less than half. Else the article is found by its prose
(`Page._find_article`); where there is none, all of the text is kept.
"""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import BinaryIO

from corpus.readers.decoding import MB, check, decode_any, load
from corpus.readers.html_page import ARTICLE, Page, parse
from corpus.readers.stated import date_or_none, line, web_address
from corpus.types import BylineError, Reading

LARGEST = 64 * MB  # bytes of one page
_DATES = ("date", "dc.date", "dc.date.issued", "dcterms.issued", "pubdate", "datepublished")
_ENCODINGS = frozenset(
    "utf-8 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 "
    "iso8859-5 iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r "
    "koi8-u cp866 cp874 mac-roman mac-cyrillic gb18030 big5hkscs euc_jp iso2022_jp cp932 cp949".split()
)
# What browsers read under these names (encoding.spec.whatwg.org, section 4.2), as Python calls it.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc_kr": "cp949",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "x-mac-cyrillic": "mac-cyrillic",
}
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_CHARSET = re.compile(
    rb"""<(?:\?xml\s[^<>]{0,100}?\sencoding|meta\s[^<>]{0,500}?charset)\s*=\s*["']?\s*([\w.:-]{1,40})""",
    re.IGNORECASE,
)


def read(file: BinaryIO) -> Reading:
    """Read one `.html` or `.htm` file. Raises OSError and BylineError.

    Title, outlet, date and address are those that the page's head, its JSON-LD or its marked-up
    elements state. Where several articles in its JSON-LD, or several `<time>` elements, state
    different things, the page is not known to be any one of them, and none is believed.
    """
    data = load(file, LARGEST)
    markup, notes = decode_any(data, declared(data))
    page = parse(markup)
    text = page.text()
    articles = list(_articles(page.linked))
    if len(text) < ARTICLE and (told := _body(articles)):
        text = told
        notes += ("the page is filled by a script: this is the article that it states for search engines",)
    if not text or text.isspace():
        raise BylineError("holds no text to see: if a script fills the page, save it from the browser")
    check(text)
    return Reading(
        text=text,
        media_type="text/html",
        title=_title(page),
        source=_outlet(page.meta, articles),
        published=_published(page.meta, articles, page.times),
        uri=web_address(page.canonical) or web_address(page.meta.get("og:url")),
        author=_author(page.meta, articles),
        notes=notes,
    )


def declared(data: bytes) -> str:
    """The encoding that a page declares, as browsers read the name; UTF-8 where it names none."""
    found = _CHARSET.search(_COMMENT.sub(b"", data[:4096]))
    return (found and encoding_named(found[1].decode("ascii"))) or "utf-8"


def encoding_named(name: str) -> str | None:
    """The encoding that browsers read under a name, as Python calls it; None where they know none."""
    try:
        name = _READ_AS.get(name.lower()) or codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    name = _READ_AS.get(name, name)
    return name if name in _ENCODINGS else None  # Python also knows rot13, zip and idna by name


def _title(page: Page) -> str | None:
    """The page's title; an `<h1>` only inside an article, since elsewhere it is often the outlet."""
    heading = page.heading()
    named = line("".join(page.title))
    return line(page.meta.get("og:title")) or (heading if page.is_a_part() else None) or named or heading


def _outlet(meta: dict[str, str], articles: list[dict[str, object]]) -> str | None:
    publishers = [
        article["publisher"].get("name") for article in articles if isinstance(article.get("publisher"), dict)
    ]
    stated = (
        meta.get("og:site_name"),
        _only(map(line, publishers)),
        *(meta.get(key) for key in ("publisher", "dc.publisher", "author")),
    )
    return next((name for name in map(line, stated) if name and "://" not in name), None)


def _author(meta: dict[str, str], articles: list[dict[str, object]]) -> str | None:
    """Who wrote it, as the page says; addresses of profiles (`article:author` at some outlets) are no names."""
    told = [_names(article.get("author")) for article in articles if "author" in article]
    stated = (meta.get("author"), _only(told), *(meta.get(key) for key in ("article:author", "dc.creator", "byl")))
    return next((name for name in map(line, stated) if name and "://" not in name), None)


def _names(value: object) -> str | None:
    """The names in a schema.org author: a string, a person, or a list of them."""
    people = value if isinstance(value, list) else [value]
    names = [line(one.get("name") if isinstance(one, dict) else one) for one in people[:20]]
    return ", ".join(dict.fromkeys(filter(None, names))) or None


def _published(meta: dict[str, str], articles: list[dict[str, object]], times: list[str]) -> str | None:
    in_articles = [article["datePublished"] for article in articles if "datePublished" in article]
    dates = (
        date_or_none(meta.get("article:published_time")),
        _only(map(date_or_none, in_articles)),
        *(date_or_none(meta.get(key)) for key in _DATES),
        _only(map(date_or_none, times)),
    )
    return next(filter(None, dates), None)


def _body(articles: list[dict[str, object]]) -> str | None:
    """The whole article, where the page states one beside what it shows, and no other."""
    body = _only(one["articleBody"] for one in articles if isinstance(one.get("articleBody"), str))
    if body is None or len(body) < ARTICLE:
        return None
    return parse(body).whole() if "<" in body else unescape(body)


def _only(values: Iterable[str | None]) -> str | None:
    """The value that all of `values` share; None where they differ or there is none."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _articles(scripts: list[list[str]]) -> Iterator[dict[str, object]]:
    """The articles that JSON-LD describes, at its top level or in its `@graph` (schema.org/Article)."""
    for script in scripts:
        try:
            found = json.loads("".join(script))
        except (ValueError, RecursionError):  # what is not JSON states nothing
            continue
        for item in found if isinstance(found, list) else [found]:
            graph = item.get("@graph") if isinstance(item, dict) else None
            for node in [item, *graph] if isinstance(graph, list) else [item]:
                if isinstance(node, dict) and _is_article(node.get("@type")):
                    yield node


def _is_article(types: object) -> bool:
    return any(
        isinstance(one, str) and one.endswith(("Article", "BlogPosting", "Report"))
        for one in (types if isinstance(types, list) else [types])
    )
