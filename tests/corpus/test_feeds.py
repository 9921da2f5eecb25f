"""Feeds (THREATS 17 and 22): their pages are added, once, so many at a time, and a feed leads to no other."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from corpus.add import add
from corpus.addresses import Refused
from corpus.fetching import feeds, pages
from corpus.fetching.feeds import Entry
from corpus.fetching.kinds import FEED as FEEDS
from corpus.fetching.kinds import kind
from tests.corpus.web import article, moved, ok

FEED = "http://news.example/feed"
ATOM = "http://www.w3.org/2005/Atom"


@pytest.fixture
def fetched(tmp_path):
    """A feed as a file."""

    def write(feed: str | bytes) -> Path:
        path = tmp_path / "fetched"
        path.write_bytes(feed.encode() if isinstance(feed, str) else feed)
        return path

    return write


@pytest.fixture
def told(fetched):
    """The entries of a feed, as the process that reads it says them."""
    return lambda feed: feeds.read(fetched(feed), FEED)


@pytest.fixture
def found(fetched):
    """The same, without the process: it costs more than most feeds."""

    def read(feed: str | bytes) -> list[Entry]:
        said = feeds.main(str(fetched(feed)), FEED)
        if "error" in said:
            raise Refused(said["error"])
        return [Entry(**entry) for entry in said["entries"]]

    return read


def rss(*items: str) -> str:
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>News</title><link>/</link>'
    return f"{head}{''.join(items)}</channel></rss>"


def item(link: str, date: str = "", more: str = "") -> str:
    return f"<item><title>T</title><link>{link}</link>{f'<pubDate>{date}</pubDate>' if date else ''}{more}</item>"


def atom(*entries: str, more: str = "") -> str:
    return f'<feed xmlns="{ATOM}" {more}><title>News</title><link href="/"/>{"".join(entries)}</feed>'


def names(library) -> list[str]:
    return [document.name for document in library.documents()]


# -- reading ---------------------------------------------------------------------------------------------------


def test_rss_gives_links_and_dates(told):
    listed = told(
        "\n" + rss(
            item("\n /a?x=1&amp;y=2#top \n", "Tue, 29 Nov 2016 10:00:00 +0200"),
            item("http://NEWS.example/b", "soon", f'<a:link xmlns:a="{ATOM}" rel="self" href="/no"/>'),
            "<item><guid>http://other.example/c</guid></item>",
            '<item><guid isPermaLink="false">http://other.example/no</guid><description>/no</description></item>',
            item("/a?x=1&amp;y=2"),
            '<item><link/><guid isPermaLink="true">/d</guid></item>',
            f'<item><a:link xmlns:a="{ATOM}" href="/e"/></item>',
        ).replace("<?xml version=\"1.0\"?>", "")
    )  # fmt: skip
    assert listed == [
        Entry("http://news.example/a?x=1&y=2", "2016-11-29T10:00:00+02:00"), Entry("http://news.example/b"),
        Entry("http://other.example/c"), Entry("http://news.example/d"), Entry("http://news.example/e"),
    ]  # fmt: skip


def test_rss_1_gives_links_and_dates(found):
    head = 'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    head += ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    body = '<channel rdf:about="/"><link>/</link></channel>'
    body += '<item rdf:about="/a"><link>/a</link><dc:date>2016-11-29</dc:date></item>'
    assert found(f"<rdf:RDF {head}>{body}</rdf:RDF>") == [Entry("http://news.example/a", "2016-11-29")]


def test_atom_gives_links_and_dates(found):
    dates = "<published>2016-11-29T10:00:00Z</published><updated>2016-11-30T10:00:00Z</updated>"
    listed = found(
        atom(
            '<entry xml:base="sub/"><link rel="enclosure" href="/no"/>'
            '<link rel="alternate" type="text/plain" href="/no2"/>'
            f'<link rel="alternate" type="text/html" href="a"/>{dates}</entry>',
            '<entry><link href="b"/><content type="xhtml"><link href="/no"/></content></entry>',
            "<entry><id>/no</id></entry>",
            more='xml:base="http://other.example/x/"',
        )
    )  # fmt: skip
    assert listed == [
        Entry("http://other.example/x/sub/a", "2016-11-29T10:00:00+00:00", "2016-11-30T10:00:00+00:00"),
        Entry("http://other.example/x/b"),
    ]


def test_a_sitemap_gives_pages_and_a_list_of_sitemaps_none(found):
    url = '<url><i:image xmlns:i="i"><i:loc>/no</i:loc></i:image>'
    url += "<loc>http://news.example/a</loc><lastmod>2016-11-29</lastmod></url>"
    assert found(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{url}</urlset>') == [
        Entry("http://news.example/a", None, "2016-11-29")
    ]
    with pytest.raises(Refused, match="list of sitemaps"):
        found("<sitemapindex><sitemap><loc>http://news.example/s.xml</loc></sitemap></sitemapindex>")


LAUGHS = '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
FETCH = '<!DOCTYPE rss [<!ENTITY c SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    "prolog",
    [
        LAUGHS,
        FETCH,
        '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE rss [<!ENTITY % c SYSTEM "file:///etc/passwd"> %c;]>',
    ],
)
def test_a_feed_with_a_dtd_is_refused(found, prolog):
    for feed in (
        prolog + rss(item("/a&c;")).partition("?>")[2],
        " " * 70_000 + prolog + rss(item("/a&c;")).partition("?>")[2],
    ):
        for data in (feed.encode(), feed.encode("utf-16")):
            with pytest.raises(Refused, match="holds a DTD"):
                found(data)


@pytest.mark.parametrize(
    "feed",
    [
        "", "<rss", "<rss><channel><item><link>/a</link></item>", "<html><a href='/a'>x</a></html>", "[]",
        "\0" * 1000, "<rss>&nbsp;</rss>",
        "<a>" * 100_000, rss("<item>" * 5000), "<rss " + "a" * 5_000_000 + "='b'/>",
    ],
)  # fmt: skip
def test_what_is_no_feed_is_refused(found, feed):
    with pytest.raises(Refused):
        found(feed)


def test_a_feed_of_a_hundred_thousand_entries_is_read_in_time_and_not_whole(told, tmp_path):
    many = rss(*(item(f"/{number}") for number in range(100_000)))
    listed = told(many)
    assert len(listed) == feeds.MOST and listed[0].address == "http://news.example/0"
    with pytest.raises(Refused, match="over 16 MB"):
        told(" " * (16 * 2**20) + rss())


def test_a_feed_that_stalls_fills_or_breaks_its_reader_costs_that_feed(told, monkeypatch, tmp_path):
    monkeypatch.setattr(feeds, "WAIT", 0.01)
    with pytest.raises(Refused, match="broke its reader"):
        told(rss(item("/a")))
    monkeypatch.setattr(feeds, "WAIT", 60.0)
    monkeypatch.setattr(feeds, "_ANSWER", 20)
    with pytest.raises(Refused, match="broke its reader"):
        told(rss(item("/a")))
    monkeypatch.undo()
    assert told(rss(item("/a"))) == [Entry("http://news.example/a")]
    code = "from corpus.fetching import feeds\nfeeds.limit()\n"
    for costs, sign in (
        ("bytearray(2**29)", b"MemoryError"),
        ("import os; os.write(os.open('x', os.O_CREAT | os.O_WRONLY), b'x')", b"File too large"),
    ):
        done = subprocess.run([sys.executable, "-c", code + costs], capture_output=True, check=False, cwd=tmp_path)
        assert done.returncode and sign in done.stderr
    assert feeds.PROCESSOR == 10
    with open(tmp_path / "wide", "wb") as file:
        file.truncate(feeds.MEMORY + 2**20)
    said = subprocess.run(
        [sys.executable, "-m", "corpus.fetching.feeds", tmp_path / "wide", FEED], capture_output=True, check=False
    ).stdout
    assert b"needs more memory" in said, "the process sets its limits itself"


@pytest.mark.parametrize("said", ['[]', '{}', '5', '{"entries": [5]}',
'{"entries": [{"address": 5, "published": null, "updated": null}]}',
                                  '{"entries": [{"address": ["x"], "published": null, "updated": null}]}',
                                  '{"entries": 5}', '{"entries": [{"address": "x"}]}', "[" * 10_000])  # fmt: skip
def test_a_reader_that_was_taken_over_is_not_believed(told, monkeypatch, tmp_path, said):
    monkeypatch.setattr(feeds.sys, "executable", str(tmp_path / "python"))
    (tmp_path / "python").write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
    os.chmod(tmp_path / "python", 0o700)
    with pytest.raises(Refused, match="broke its reader"):
        told(rss())
    (tmp_path / "python").write_text(
        '#!/bin/sh\necho \'{"entries": [{"address": "a\\\\nb", "published": "soon", "updated": null}]}\''
    )
    assert told(rss()) == [Entry("a b")]


# -- adding ----------------------------------------------------------------------------------------------------


def test_a_feed_adds_its_pages(web, put, library):
    items = (item("/a"), item("https://secure.example/b"), item("/gone"), item("ftp://x/"), item("/a#x"))
    web.pages[FEED] = ok(rss(*items), "application/rss+xml; charset=utf-8")
    web.pages["http://news.example/a"] = ok("First.", "text/plain")
    web.pages["https://secure.example/b"] = ok("Second.", "text/plain")
    report = put(FEED)
    assert names(library) == ["http://news.example/a", "https://secure.example/b"]
    assert [where for where, _ in report.failed] == ["http://news.example/gone", "ftp://x/"]
    assert web.asked == [FEED, "http://news.example/a", "https://secure.example/b", "http://news.example/gone"]


def test_feeds_are_known_under_the_types_that_servers_send_them_with():
    for feed in (
        rss(),
        "\n<!-- a --><?xml-stylesheet href='x'?>" + atom(),
        "\ufeff" + rss(),
        "<rdf:RDF xmlns:rdf='x'/>",
    ):
        for type in ("application/rss+xml", "text/xml; charset=x", "Application/Atom+XML", "text/html", "text/plain"):
            assert kind(type, "/feed", feed.encode()) == FEEDS
    for page in (
        "<p><rss>",
        "<html><feed>",
        "<rssx>",
        " " * 4000 + "<?" * 100,
        "<!--" + "-" * 4000,
        "<? >" * 30 + "<rss>",
    ):
        begun = time.process_time()
        assert kind("text/html", "/feed", page.encode()) == ".html" and time.process_time() - begun < 0.1


def test_the_date_of_a_page_that_states_none_is_its_own_feeds(web, put, library):
    date = "Tue, 29 Nov 2016 10:00:00 GMT"
    dated = '<meta property="article:published_time" content="2016-11-28">'
    web.pages[FEED] = ok(rss(item("/a", date), item("/b", date), item("http://other.example/c", date)), "text/xml")
    web.pages["http://news.example/a"] = ok("First.", "text/plain")
    web.pages["http://news.example/b"] = ok(article("Second.", more=dated))
    web.pages["http://other.example/c"] = ok("Third.", "text/plain")
    put(FEED)
    assert [one.published for one in library.documents()] == ["2016-11-29T10:00:00+00:00", "2016-11-28", None]
    report = put("http://news.example/a")
    assert report.unchanged == 1 and library.documents()[0].published == "2016-11-29T10:00:00+00:00"
    assert put("http://news.example/a", published="2016-11-30").replaced == 1


def test_what_the_library_has_is_not_fetched_again_unless_it_was_updated(web, put, library):
    now = datetime.now(UTC)

    def feed(**updated):
        return ok(
            atom(
                *(f'<entry><link href="/{name}"/><updated>{when}</updated></entry>' for name, when in updated.items())
            ),
            "text/xml",
        )

    for name in "abc":
        web.pages[f"http://news.example/{name}"] = ok(name, "text/plain")
    web.pages["http://news.example/r"] = moved("/c")
    early, late = (now - timedelta(days=2)).isoformat(), (now + timedelta(days=2)).isoformat()
    web.pages[FEED] = feed(a=early, b=early, r=early)
    assert put(FEED).added == 3
    web.asked.clear()
    web.pages[FEED] = feed(a=early, b=late, r=early)
    report = put(FEED)
    assert (report.added, report.unchanged, report.failed) == (0, 3, [])
    assert web.asked == [FEED, "http://news.example/b"]
    with library.writing() as writer:
        writer.remove([library.named("http://news.example/a").id])
    web.pages[FEED] = feed(a=(now - timedelta(days=2)).date().isoformat(), b=now.date().isoformat())
    web.asked.clear()
    assert put(FEED).added == 1 and web.asked == [FEED, "http://news.example/a"]


def test_a_feed_that_lists_itself_or_others_ends(web, put, library):
    other = "http://news.example/other"
    web.pages[FEED] = ok(rss(item(FEED), item(other), item("/round"), item("/a")), "text/xml")
    web.pages[other] = ok(rss(item(FEED), item("/b"), item("/c")), "application/rss+xml")
    web.pages["http://news.example/round"] = moved(FEED)
    web.pages["http://news.example/a"] = ok("First.", "text/plain")
    report = put("http://news.example/a", FEED, FEED)
    assert names(library) == ["http://news.example/a"] and report.failed == [] and report.unchanged == 0
    assert [where for where, _ in report.skipped] == [other]
    assert web.asked == ["http://news.example/a", FEED, other, "http://news.example/round", FEED]


def test_so_many_pages_and_no_more(web, put, library):
    web.pages[FEED] = ok(rss(*(item(f"/{number}") for number in range(10))), "text/xml")
    for number in range(10):
        web.pages[f"http://news.example/{number}"] = ok(f"Words {number}.", "text/plain")
    del web.pages["http://news.example/0"]
    report = put(FEED, most=4)
    assert (report.added, len(report.failed)) == (3, 1) and len(web.asked) == 5
    assert report.skipped[0][0] == FEED and "6 more" in report.skipped[0][1] and "--most" in report.skipped[0][1]
    report = put(FEED, most=4)
    assert (report.added, report.unchanged) == (3, 3), "what is there already is not counted"
    web.pages["http://news.example/feed2"] = ok(rss(*(item(f"/{number}") for number in range(6, 10))), "text/xml")
    assert put(FEED, "http://news.example/feed2", most=2).added == 1


def test_a_server_that_asks_to_wait_is_left_alone(web, put, library):
    web.pages[FEED] = ok(rss(*(item(f"/{number}") for number in range(10))), "text/xml")
    web.pages["http://news.example/0"] = ok("Words.", "text/plain")
    web.pages["http://news.example/1"] = b"HTTP/1.1 429 x\r\nContent-Length: 0\r\n\r\n"
    report = put(FEED)
    assert report.added == 1 and len(web.asked) == 3
    assert [where for where, _ in report.failed] == ["http://news.example/1", FEED]
    assert "2 of its 10" in report.failed[1][1]


def test_pages_that_take_for_ever_cost_so_much_and_no_more(web, put, monkeypatch):
    """Each alone may take as long as a page may; two hundred of them, hours."""
    web.pages[FEED] = ok(rss(*(item(f"/{number}") for number in range(10))), "text/xml")
    for number in range(10):
        web.pages[f"http://news.example/{number}"] = lambda opened: time.sleep(0.2)
    monkeypatch.setattr(pages, "PATIENCE", 0.3 / 200)
    report = put(FEED)
    assert report.failed[-1][0] == FEED and "too slow" in report.failed[-1][1] and 2 <= len(web.asked) <= 4


@pytest.mark.parametrize(
    "link",
    ["http://10.0.0.1/", "http://inner.example/", "http://169.254.169.254/x", "file:///etc/passwd", "http://[::1]/"],
)
def test_the_links_of_a_feed_are_checked_like_any_other(web, put, library, link):
    web.names["inner.example"] = ["10.0.0.1"]
    web.pages[FEED] = ok(rss(item(link)), "text/xml")
    report = put(FEED)
    assert len(report.failed) == 1 and web.asked == [FEED] and len(web.connected) == 1


def test_a_feed_without_pages_is_named(web, put):
    web.pages[FEED] = ok(rss(), "text/xml")
    ((where, why),) = put(FEED).failed
    assert where == FEED and "lists no page" in why
