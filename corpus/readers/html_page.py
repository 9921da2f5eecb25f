"""The visible text of an HTML page and what its elements state, from the stream of its tags.

No tree is built: time is linear in the page, and nothing recurses. Whitespace is collapsed and
blocks are set apart much as by a browser's `innerText`: a blank line between blocks, a newline
between list items and table rows, a tab between cells, `<pre>` as it stands.
"""

import re
from itertools import accumulate

from lxml import etree

from corpus.readers.stated import line
from corpus.types import BylineError

# A stray end tag costs the parser a walk through all open elements, so their number is bounded:
# this keeps the worst page at about a second a megabyte. Browsers themselves stop nesting at 512.
DEEPEST = 1000

_UNSEEN = frozenset(
    "script style template noscript title svg iframe object canvas audio video select datalist "
    "textarea".split()
)
_LINES = frozenset("li tr dt dd option caption legend summary".split())
_BLOCKS = frozenset(
    "address article aside blockquote body center details dialog dir div dl fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html main menu nav ol p pre search section table "
    "tbody tfoot thead ul".split()
)
_LISTS = frozenset(("ul", "ol", "menu", "dir", "dl"))
_RANGES = frozenset(("article", "main", "nav", "h1", "h2", "h3"))
_HOLDERS = frozenset("article aside blockquote body div footer form header main nav p section table td ul ol dl".split())
_AROUND = frozenset(("aside", "nav", "footer", "form"))  # what is no part of an article, wherever it stands
_ROLES = frozenset(("navigation", "complementary", "contentinfo", "search"))
_RIGHTS = re.compile(r"©|copyright *(?:©|\(c\)|\d{4})", re.IGNORECASE)  # how the line at the foot of a page begins
# Names that designers give to what is no part of an article.
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:nav|navigation|navbar|menu|breadcrumbs?|sidebar|foot|footer|masthead|related|relatedposts|tag-list|links-block|recommended|recommendations|"
    r"recirculation|trending|popular|most-?read|read-?more|more-?on|newsletter|subscribe|subscription|signup|sign-up|"
    r"promo|sponsored|advert|advertisement|ads?|comments?|disqus|share|sharing|social|cookies?|consent|gdpr|paywall|"
    r"pagination|pager|toolbar|modal|popup|outbrain|taboola|skip-link|tags|author-bio)(?:$|[\s_-])",
    re.IGNORECASE,
)
PROSE = 80  # characters that a paragraph of an article has, and more
ARTICLE = 400  # and all of them together
_HIDING = re.compile(r"(?:^|[\s;])(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n\r\f]+")  # not the no-break space, which browsers keep


def parse(markup: str) -> "Page":
    """Read a whole page. Raises BylineError where it cannot be read to its end."""
    parser = etree.HTMLParser(target=Page(), encoding="utf-8", huge_tree=True)
    try:
        page = etree.fromstring(markup.encode(), parser)
    except etree.LxmlError as error:
        raise BylineError(f"cannot be read as HTML: {error}") from None
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise BylineError("cannot be read as HTML to its end: save it from the browser as text, in a .txt")
    return page


class Page:
    """What lxml's parser tells, tag by tag, gathered: the visible text, and what the page states.

    The text is a list of pieces, each with the whitespace in front of it, so that any range of
    pieces can be taken or left out.
    """

    def __init__(self) -> None:
        self.meta: dict[str, str] = {}
        self.canonical: str | None = None
        self.title: list[str] = []
        self.linked: list[list[str]] = []  # JSON-LD, a list of strings a script
        self.times: list[str] = []
        self._pieces: list[tuple[str, str]] = []
        self._ranges: list[tuple[str, int, int]] = []  # tag, first and last piece: outermost parts, and h1
        self._open: list[tuple[str, int]] = []
        self._caught: list[str] | None = None  # takes the text of a title or of JSON-LD
        self._depth = self._unseen = self._pre = self._lists = 0  # open elements of these kinds
        self._linked: list[bool] = []  # of each piece: whether it is a link
        self._links = 0  # open links
        self._held: list[list] = []  # open holders of text: tag, first piece, whether around, whether it holds none
        self._holders: list[tuple[str, int, int, bool, bool]] = []  # and those that were closed: with their last piece
        self._cells: list[int] = []  # so far, in each open row
        self._breaks = 0  # newlines due before the next piece; else a tab, else a space
        self._tab = self._space = self._pre_starts = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BylineError(f"nests over {DEEPEST} elements: save it from the browser as text, in a .txt")
        if self._unseen:
            self._unseen += 1
            return
        self._note(tag, attributes)
        if tag in _UNSEEN or _is_hidden(tag, attributes):
            self._unseen = 1
            return
        self._break(tag)
        if tag in _LISTS:
            self._lists += 1
        elif tag == "pre":
            self._pre += 1
            self._pre_starts = True
        elif tag == "tr":
            self._cells.append(0)
        elif tag in ("td", "th") and self._cells:
            self._tab = self._cells[-1] > 0
            self._cells[-1] += 1
        elif tag == "br":
            self._breaks = min(self._breaks + 1, 2)
        elif tag == "a" and "href" in attributes:
            self._links += 1
        if tag in _RANGES:
            self._open.append((tag, len(self._pieces)))
        if tag in _HOLDERS:
            named = " ".join(attributes.get(key, "") for key in ("class", "id", "data-component"))[:500]
            around = tag in _AROUND or attributes.get("role") in _ROLES
            around = around or (tag not in ("body", "article", "main") and bool(_NAMED.search(named)))
            if self._held:
                self._held[-1][3] = False
            self._held.append([tag, len(self._pieces), around, True])

    def end(self, tag: str) -> None:
        self._depth -= 1
        if self._unseen:
            self._unseen -= 1
            if not self._unseen:
                self._caught = None
            return
        if tag in _LISTS:
            self._lists -= 1
        elif tag == "pre":
            self._pre -= 1
        elif tag == "tr":
            self._cells.pop()
        elif tag == "a":
            self._links = max(self._links - 1, 0)
        self._break(tag)
        if tag in _HOLDERS and self._held:
            _, first, around, alone = self._held.pop()
            around = around or (alone and first < len(self._pieces) and bool(_RIGHTS.match(self._pieces[first][1])))
            self._holders.append((tag, first, len(self._pieces), around, alone))
        if tag in _RANGES:
            _, first = self._open.pop()
            if all(tag != other for other, _ in self._open):
                self._ranges.append((tag, first, len(self._pieces)))

    def data(self, text: str) -> None:
        if self._unseen:
            if self._caught is not None:
                self._caught.append(text)
        elif self._pre:
            self._add(text.removeprefix("\n") if self._pre_starts else text)
            self._pre_starts = False
        else:
            words = _SPACES.sub(" ", text)
            self._space = self._space or words.startswith(" ")
            self._add(words.strip(" "))
            self._space = self._space or words.endswith(" ")

    def close(self) -> "Page":
        """Leave out the navs, and find the part of the page that is the document."""
        navs = [(first, last) for tag, first, last in self._ranges if tag == "nav"]
        sizes = self._sizes()
        if 2 * sum(sizes[last] - sizes[first] for first, last in navs) < sizes[-1]:
            for first, last in navs:
                self._pieces[first:last] = [("", "")] * (last - first)
            sizes = self._sizes()
        self._part = (0, len(self._pieces))
        self._left_out: list[tuple[int, int]] = []
        for wanted in ("main", "article"):
            found = [(first, last) for tag, first, last in self._ranges if tag == wanted]
            if len(found) == 1 and 2 * (sizes[found[0][1]] - sizes[found[0][0]]) >= sizes[-1]:
                self._part = found[0]
        # Of several articles, the one that has the heading of the page, where it is no teaser.
        headings = [(first, last) for tag, first, last in self._ranges if tag == "h1"]
        if len(found) > 1 and len(headings) == 1:
            largest = max(found, key=lambda part: sizes[part[1]] - sizes[part[0]])
            if largest[0] <= headings[0][0] < largest[1] and sizes[largest[1]] - sizes[largest[0]] >= ARTICLE:
                self._part = largest
        self._find_article()
        return self

    def text(self) -> str:
        """The text of the part that is the document."""
        kept, (first, last) = [], self._part
        for begin, end in sorted(self._left_out):
            if begin >= first:
                kept += self._pieces[first:begin]
            first = max(first, end)
        return _written(kept + self._pieces[first:last])

    def _find_article(self) -> None:
        """Where there is an article's worth of prose: the innermost element that holds nearly all of it
        is the document, without what is around it by its tag or name, and without lists of links."""
        sizes = self._sizes()
        links = list(accumulate((len(text) * link for (_, text), link in zip(self._pieces, self._linked)), initial=0))
        around = _merged([(first, last) for _, first, last, is_around, _ in self._holders if is_around])
        outside = list(accumulate(_marks(around, len(self._pieces)), initial=0))
        prose = [0] * (len(self._pieces) + 1)
        for tag, first, last, _, alone in self._holders:
            size, linked = sizes[last] - sizes[first], links[last] - links[first]
            if (tag == "p" or alone) and size >= PROSE and linked < 0.4 * size and not outside[last] - outside[first]:
                prose[first] += size
        prose = [0, *accumulate(prose)]  # prose[n]: in paragraphs that begin before piece n
        if prose[-1] < ARTICLE:
            return
        if not self.is_a_part():
            holding = [
                (first, last)
                for tag, first, last, is_around, _ in self._holders
                if tag != "p" and not is_around and prose[last] - prose[first] >= 0.8 * prose[-1]
            ]
            self._part = min(holding, key=lambda part: part[1] - part[0], default=self._part)
            # Its heading often stands before it, and little between.
            headings = [first for tag, first, _ in self._ranges if tag == "h1"]
            first, last = self._part
            if len(headings) == 1 and headings[0] < first and sizes[first] - sizes[headings[0]] < ARTICLE:
                self._part = headings[0], last
        first, last = self._part
        whole = sizes[last] - sizes[first]
        for tag, begin, end, is_around, _ in self._holders:
            size = sizes[end] - sizes[begin]
            if first <= begin and end <= last and 0 < size < 0.4 * whole:
                listed = tag not in ("body", "td") and links[end] - links[begin] > 0.6 * size
                if is_around or (listed and prose[end] == prose[begin]):
                    self._left_out.append((begin, end))
        self._left_out = _merged(self._left_out)

    def whole(self) -> str:
        """All visible text, whatever part of it is the document."""
        return self._text(0, len(self._pieces))

    def first_heading(self) -> str | None:
        """The first `<h1>` of all of the page, or else the first `<h2>`, or `<h3>`."""
        found = min(((tag, first, last) for tag, first, last in self._ranges if tag[0] == "h"), default=None)
        return line(self._text(*found[1:])) if found else None

    def heading(self) -> str | None:
        """The one `<h1>` of the part that is the document; None where there are more."""
        found = [
            (first, last)
            for tag, first, last in self._ranges
            if tag == "h1" and self._part[0] <= first and last <= self._part[1]
        ]
        return line(self._text(*found[0])) if len(found) == 1 else None

    def is_a_part(self) -> bool:
        return self._part != (0, len(self._pieces))

    def _note(self, tag: str, attributes: dict[str, str]) -> None:
        """Keep what an element states of the page."""
        get = attributes.get
        if tag == "meta":
            key = get("property") or get("name") or get("itemprop") or ""
            self.meta.setdefault(key.strip().lower(), get("content", ""))
        elif tag == "link" and "canonical" in get("rel", "").lower().split():
            self.canonical = self.canonical or get("href")
        elif tag == "time" and ("pubdate" in attributes or get("itemprop") == "datePublished"):
            self.times.append(get("datetime", ""))
        elif tag == "title" and not self.title:
            self._caught = self.title
        elif tag == "script" and get("type", "").strip().lower() == "application/ld+json":
            self._caught = []
            self.linked.append(self._caught)

    def _break(self, tag: str) -> None:
        if tag in _LINES or (tag in _LISTS and self._lists):
            self._breaks = max(self._breaks, 1)
        elif tag in _BLOCKS:
            self._breaks = 2

    def _add(self, text: str) -> None:
        if not text:
            return
        before = "\n" * self._breaks or "\t" * self._tab or " " * self._space
        self._pieces.append((before, text))
        self._linked.append(self._links > 0)
        self._breaks, self._tab, self._space = 0, False, False

    def _sizes(self) -> list[int]:
        return list(accumulate((len(text) for _, text in self._pieces), initial=0))

    def _text(self, first: int, last: int) -> str:
        return _written(self._pieces[first:last])


def _written(pieces: list[tuple[str, str]]) -> str:
    seen = [piece for piece in pieces if piece[1]]
    return "".join(before + text for before, text in seen)[len(seen[0][0]) :] if seen else ""


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ranges without those that lie within another."""
    kept: list[tuple[int, int]] = []
    for first, last in sorted(ranges, key=lambda one: (one[0], -one[1])):
        if last > first and (not kept or last > kept[-1][1]):
            kept.append((first, last))
    return kept


def _marks(ranges: list[tuple[int, int]], length: int) -> list[int]:
    marks = [0] * length
    for first, last in ranges:
        marks[first:last] = [1] * (last - first)
    return marks


def _is_hidden(tag: str, attributes: dict[str, str]) -> bool:
    if tag in ("html", "body"):  # hidden until a script shows the page
        return False
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    return _HIDING.search(attributes.get("style", "")) is not None
