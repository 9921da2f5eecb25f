"""The pages that a person names, and those that their feeds list, fetched one after another.

A page is the document that is cited, under the address it came from in the end. A feed is only a list
of pages: what it lists is fetched, but a feed in a feed is not followed.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from corpus.addresses import Address, Refused, parse
from corpus.fetching import feeds, kinds
from corpus.fetching.feeds import Entry
from corpus.fetching.fetch import Busy, Fetched, Fetcher
from corpus.library import Library
from corpus.types import Unreadable

MOST = 200  # pages of feeds that one `add` fetches
PAUSE = 1.0  # seconds between two requests to one host
PATIENCE = 10.0  # seconds that fetching a page of a feed may take on the average


@dataclass(frozen=True, slots=True)
class Page:
    """A page, in a file that is there until the next is asked for.

    `asked` is the address that led to it, `address` where it came from in the end, `published` the date
    that a feed of the same host states for it. `path` is None where the library has the page already,
    and it was not asked for again.
    """

    asked: str
    address: Address
    path: Path | None
    published: str | None = None


class Pages:
    """What is at some addresses: an iterable of pages, of known ones, and of what cannot be had.

    `total` counts the addresses known of so far. Each address is asked once, each host not more
    often than every `pause` seconds, and at most `most` pages of feeds in all.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        library: Library,
        *,
        fetcher: Fetcher | None = None,
        most: int = MOST,
        pause: float = PAUSE,
    ):
        self.total = len(addresses)
        self._addresses, self._library = addresses, library
        self._fetcher, self._left, self._pause = fetcher or Fetcher(), most, pause
        self._patience = PATIENCE * most
        self._visited: set[str] = set()
        self._asked_at: dict[str, float] = {}

    def __iter__(self) -> Iterator[Page | Unreadable]:
        for address in self._addresses:
            try:
                yield from self._at(address, None)
            except Refused as refused:
                yield Unreadable(str(refused), address)
            except OSError as error:
                yield Unreadable(f"cannot be kept while it is read: {error.strerror}", address)

    def _at(self, asked: str, listed: Entry | None) -> Iterator[Page | Unreadable]:
        """What is at one address; `listed` where a feed named it. Raises Refused."""
        address = parse(asked)
        if str(address) in self._visited:
            return
        self._visited.add(str(address))
        with tempfile.TemporaryDirectory(prefix="byline-") as folder:
            path = Path(folder, "fetched")
            fetched = self._fetch(address, path)
            at = str(fetched.address)
            if at != str(address) and at in self._visited:
                return
            self._visited.add(at)
            with path.open("rb") as file:
                kind = kinds.kind(fetched.content_type, fetched.address.target, file.read(4096))
            if kind != kinds.FEED:
                named = path.rename(path.with_suffix(kind))
                kinds.encode(named, kind, fetched.content_type)
                yield Page(str(address), fetched.address, named, listed.published if listed else None)
                return
            if listed:
                yield Unreadable("is a feed in a feed, and is not followed: add it by itself", asked, skipped=True)
                return
            entries = feeds.read(path, at)
        yield from self._listed(fetched.address, entries)

    def _fetch(self, address: Address, path: Path) -> Fetched:
        if address.host in self._asked_at:
            time.sleep(max(self._asked_at[address.host] + self._pause - time.monotonic(), 0))
        begun = time.monotonic()
        try:
            with path.open("wb") as file:
                return self._fetcher.fetch(address, file)
        finally:
            self._asked_at[address.host] = time.monotonic()
            self._patience -= self._asked_at[address.host] - begun

    def _listed(self, feed: Address, entries: Sequence[Entry]) -> Iterator[Page | Unreadable]:
        """The pages of a feed; those that the library has are not asked for again, unless the feed
        says that they have changed since."""
        if not entries:
            raise Refused("is a feed that lists no page")
        self.total += len(entries)
        for place, entry in enumerate(entries):
            if entry.address in self._visited:
                continue
            if self._is_known(entry):
                yield Page(entry.address, parse(entry.address), None)
                continue
            if not self._left:
                rest = sum(not self._is_known(entry) for entry in entries[place:])
                more = f"lists {rest:,} more: `--most N` takes more, or add it again"
                yield Unreadable(more, str(feed), skipped=True)
                return
            if self._patience < 0:
                raise Refused(f"is too slow: left after {place:,} of its {len(entries):,} pages; add it again later")
            self._left -= 1
            try:
                own = _host(entry.address) == feed.host
                yield from self._at(entry.address, entry if own else Entry(entry.address))
            except Busy as refused:
                yield Unreadable(str(refused), entry.address)
                left = f"was left after {place + 1:,} of its {len(entries):,} pages: add it again later"
                raise Refused(left) from None
            except Refused as refused:
                yield Unreadable(str(refused), entry.address)

    def _is_known(self, entry: Entry) -> bool:
        if not self._library.of_file(entry.address):
            return False
        state = self._library.known_file(entry.address)
        if entry.updated is None or state is None:
            return True
        updated = datetime.fromisoformat(entry.updated)
        fetched = datetime.fromtimestamp(max(state.mtime_ns, 0) / 1e9, UTC)
        if updated.tzinfo is None:  # a day
            return updated.date() <= fetched.date()
        return updated <= fetched


def _host(address: str) -> str | None:
    try:
        return parse(address).host
    except Refused:
        return None
