"""Feeds: the pages that RSS 0.9 to 2.0, Atom or a sitemap lists, and nothing else of what stands in them.

What is cited is the page, so an entry's own text is not read. Only links and dates are needed, for
which lxml does with the guards of `corpus.readers.xml`; feedparser would take broken XML too, by
regular expressions over all of it. A feed is parsed in a process of its own, within limits.
"""

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urljoin

from corpus.addresses import LONGEST, Refused, normal
from corpus.readers.stated import date_or_none
from corpus.types import BylineError

MB = 2**20
LARGEST = 16 * MB  # bytes of a feed
MOST = 10_000  # entries that are looked at
MEMORY, PROCESSOR, WAIT = 512 * MB, 10, 60.0  # bytes, and seconds, of the process; seconds for its answer
_ANSWER = 64 * MB  # bytes of it


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a feed lists, and the dates that the feed states for it (ISO 8601)."""

    address: str
    published: str | None = None
    updated: str | None = None


def read(path: Path, base: str) -> list[Entry]:
    """The entries of a feed that was fetched from `base`, each page once, in the feed's order.

    Raises Refused for what is no feed, is broken, or costs more than a feed may.
    """
    if path.stat().st_size > LARGEST:
        raise Refused(f"is a feed of over {LARGEST // MB} MB")
    root = str(Path(__file__).resolve().parents[2])
    child = subprocess.Popen(
        [sys.executable, "-P", "-s", "-m", "corpus.fetching.feeds", os.path.abspath(path), base],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "PYTHONPATH": root, "PYTHONUTF8": "1"},
    )  # fmt: skip
    late = threading.Timer(WAIT, child.kill)
    late.start()
    try:
        said = child.stdout.read(_ANSWER)
    finally:
        late.cancel()
        child.kill()  # it has said all, or too much
        child.stdout.close()
        child.wait()
    try:
        answer = json.loads(said)
        if "error" in answer:
            raise Refused(" ".join(str(answer["error"]).split()))
        return [_believed(**entry) for entry in answer["entries"][:MOST]]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Refused("is a feed that broke its reader: it is damaged, or made to do so") from None


def entries(data: bytes, base: str) -> Iterator[Entry]:
    """The entries of a feed, in its order. Raises BylineError for what is none."""
    from corpus.readers.xml import parsed

    root = parsed(data)
    match _name(root):
        case "rss" | "RDF":
            yield from (_item(item, base) for item in root.iter("{*}item"))
        case "feed":
            yield from (_atom(entry, base) for entry in root.iter("{*}entry"))
        case "urlset":
            for url in root.iter("{*}url"):
                yield Entry(_joined(base, _text(url, "loc")), None, _text(url, "lastmod"))
        case "sitemapindex":
            raise BylineError("is a list of sitemaps: add those that you want")
        case _:
            raise BylineError("is XML, but neither a feed nor a sitemap")


def _item(item, base: str) -> Entry:
    """An item of RSS 2.0 (rssboard.org/rss-specification) or of RSS 1.0."""
    link, guid = _text(item, "link"), item.find("{*}guid")
    if not link and guid is not None and guid.get("isPermaLink", "true").strip().lower() != "false":
        link = _text(item, "guid")
    return Entry(_joined(base, link or _atom(item, base).address), _text(item, "pubDate") or _text(item, "date"))


def _atom(entry, base: str) -> Entry:
    """An entry of Atom: RFC 4287, section 4.1.2; its link is the one to itself in another form."""
    links = [link for link in entry.iterchildren("{http://www.w3.org/2005/Atom}link") if _is_page(link)]
    link = min(links, key=lambda link: "html" not in link.get("type", "html"), default=None)
    href = "" if link is None else urljoin(_joined(base, link.base), (link.get("href") or "").strip())
    return Entry(_joined(base, href), _text(entry, "published"), _text(entry, "updated"))


def _is_page(link) -> bool:
    return link.get("rel", "alternate").strip().lower() == "alternate" and bool(link.get("href"))


def _text(element, name: str) -> str:
    """The text of the first child of a name, in whatever namespace, that has some."""
    for child in element.iterchildren(f"{{*}}{name}"):
        if text := "".join(child.itertext()).strip():
            return text
    return ""


def _joined(base: str, link: str | None) -> str:
    try:
        return urljoin(base, link) if link else ""
    except ValueError:  # a bracket that opens no IPv6 address
        return ""


def _name(element) -> str:
    return element.tag.rpartition("}")[2]


def _believed(address: object, published: object, updated: object) -> Entry:
    """What the process said, if it is what it may say. Raises TypeError for anything else."""
    if not isinstance(address, str) or len(address) > LONGEST:
        raise TypeError("not an address")
    # On one line, since what is no address is shown to a person.
    return Entry(" ".join(address.split()), date_or_none(published), date_or_none(updated))


def main(path: str, base: str) -> dict:
    """What the process says of a feed."""
    found: dict[str, Entry] = {}
    try:
        for entry in islice(entries(Path(path).read_bytes(), base), MOST):
            address = normal(entry.address) or entry.address
            if address and len(address) <= LONGEST:
                found.setdefault(address, Entry(address, date_or_none(entry.published), date_or_none(entry.updated)))
    except BylineError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "needs more memory to read than a feed may take"}
    return {"entries": [asdict(entry) for entry in found.values()]}


def limit() -> None:
    """Holds this process to what the reading of a feed may cost."""
    for what, most in (
        (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_AS, MEMORY),
    ):  # fmt: skip
        try:
            resource.setrlimit(what, (most, resource.getrlimit(what)[1]))
        except (ValueError, OSError):  # macOS has no limit of memory
            continue


if __name__ == "__main__":
    limit()
    json.dump(main(*sys.argv[1:]), sys.stdout)
