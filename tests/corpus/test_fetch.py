"""Fetching pages (THREATS 10 to 13): off unless switched on, from public machines only, within limits."""

import gzip
import io
import random
import re
import socket
import subprocess
import sys
import threading
import time
import zlib
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from corpus import addresses
from corpus.add import add
from corpus.addresses import Refused, is_public, parse
from corpus.fetching import connections, fetch
from corpus.fetching.pages import Pages
from tests.corpus.web import PUBLIC, article, moved, ok
from ui import cli

ROOT = Path(__file__).resolve().parents[2]
MB = 2**20


@pytest.fixture
def got(web):
    """Fetches an address; returns what came, and where from."""

    def get(address: str, **given) -> tuple[bytes, str]:
        file = io.BytesIO()
        fetched = web.fetcher(**given).fetch(parse(address), file)
        return file.getvalue(), str(fetched.address)

    return get


@pytest.fixture
def refused(got):
    """Fetches what must be refused, within a few seconds: why."""

    def error(address: str, **given) -> str:
        begun = time.monotonic()
        with pytest.raises(Refused) as raised:
            got(address, **given)
        assert time.monotonic() - begun < 10
        return str(raised.value)

    return error


# -- off, unless a person switches it on ---------------------------------------------------------------


@pytest.fixture
def run(web, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("BYLINE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.delenv("BYLINE_ONLINE", raising=False)
    monkeypatch.setattr("corpus.fetching.pages.Fetcher", web.fetcher)
    monkeypatch.setattr(
        "corpus.fetching.pages.Pages.__init__.__kwdefaults__", {"fetcher": None, "most": 200, "pause": 0}
    )

    def byline(*given: object):
        code = cli.main([str(one) for one in given])
        return code, *capsys.readouterr()

    return byline


def test_nothing_is_fetched_unless_it_is_switched_on(web, run, tmp_path, monkeypatch):
    web.pages["http://news.example/a"] = ok(article("The bridge is open."))
    (tmp_path / "a.txt").write_text("A note.")
    for value in (None, "", "0", "yes"):
        if value is not None:
            monkeypatch.setenv("BYLINE_ONLINE", value)
        code, out, err = run("add", tmp_path / "a.txt", "http://news.example/a")
        assert code == 2 and "--online" in err and "BYLINE_ONLINE=1" in err and out == ""
    assert not web.requests and not web.looked_up and not (tmp_path / "library").exists()
    assert run("add", "--online", "http://news.example/a")[0] == 0
    assert run("add", "http://news.example/a")[0] == 2, "to have been switched on once is not to be switched on"
    monkeypatch.setenv("BYLINE_ONLINE", "1")
    code, out, _ = run("add", "http://news.example/a")
    assert code == 0 and "1 unchanged" in out and len(web.requests) == 2


def test_only_the_add_command_can_fetch():
    """Nothing else names what fetches, or what could; and that is loaded when something is to be fetched."""
    naming, reaching = set(), set()
    for path in (path for room in ("corpus", "index", "assistant", "ui") for path in (ROOT / room).rglob("*.py")):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text()
        if not name.startswith("corpus/fetching/"):
            naming |= {name} if re.search(r"corpus\.fetching|from corpus import .*fetching", text) else set()
            reaching |= (
                {name}
                if re.search(r"(?m)^\s*(?:import|from) (?:socket|ssl|http\.client|urllib\.request|httpx)", text)
                else set()
            )
    assert naming == {"corpus/add.py", "ui/adding.py"}  # the former for a type alone
    assert reaching == {"ui/guard.py", "ui/server.py"}  # which listen
    code = "import sys, corpus.add, ui.adding\nprint([name for name in sys.modules if 'corpus.fetching' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_every_command_knows_a_page_by_its_address(web, run):
    web.pages["https://secure.example/a?b=1"] = ok(article("The bridge is open."))
    web.pages["http://news.example/old"] = moved("https://secure.example/a?b=1", 301)
    assert run("add", "--online", "http://news.example/old", "ftp://news.example/x", "http://news.example/gone")[0] == 1
    assert "secure.example/a?b=1  (The Courier" in run("list")[1]
    for name in ("https://secure.example/a?b=1", "HTTPS://Secure.Example:443/a?b=1#top", "http://news.example/old"):
        assert run("show", name)[1] == "The bridge is open.\n"
    assert "Herald (set by you)" in run("set", "https://secure.example/a?b=1", "--source", "Herald")[1]
    assert run("remove", "http://news.example/old")[0] == 0
    assert "0 documents" in run("list")[1]
    assert run("show", "https://secure.example/a?b=1")[0] == 1
    assert run("add", "--online", "http://news.example/old")[0] == 0
    assert "1 document" in run("list")[1]


# -- 10: what is not the public internet -----------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "ftp://news.example/a", "gopher://news.example/", "data://text/html,x", "javascript://x",
        "http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://0x7f000001/",
        "http://1.2.3/",
        "http://017700000001/", "http://256.1.1.1/", "http://news.example.0x7f/", "http://[fe80::1%25eth0]/",
        "http://[::1",
        "http://user@news.example/", "http://user:word@news.example/", "http://news.example\\@127.0.0.1/",
        "http://news.example:22/", "http://news.example:8080/", "http://news.example:99999/", "http://news.example:x/",
        "http://news..example/", "http://-news.example/", "http://new%73.example/", "http:///a", "http://", "http://.",
        "http://a\r\nHost: b/", "http://a/\x00", "http://" + "a" * 300, "http://news.example/" + "a" * 5000,
        "http://\u2100.example/",
    ],
)  # fmt: skip
def test_an_address_that_is_never_fetched_is_not_even_looked_up(web, put, address):
    with pytest.raises(Refused):
        parse(address)
    assert len(put(address).failed) == 1
    assert not web.looked_up and not web.connected


INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "fe80::1", "fec0::1",
    "fc00::1", "fd00::1", "ff02::1", "100::1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2001:20::1",
    "3fff::1",
    "5f00::1", "4000::1",
]  # fmt: skip


@pytest.mark.parametrize("ip", INSIDE)
def test_a_machine_that_is_not_public_is_not_connected_to(web, refused, ip):
    literal = f"[{ip}]" if ":" in ip else ip
    assert "not on the public internet" in refused(f"http://{literal}/")
    web.names["news.example"] = [ip]
    assert "not on the public internet" in refused("http://news.example/")
    web.names["news.example"] = [PUBLIC, ip]
    assert "not on the public internet" in refused("http://news.example/"), "one is enough to refuse"
    assert not web.connected


def test_no_machine_is_public_that_python_knows_not_to_be():
    chance = random.Random(7)
    blocks = [ip_address(ip) for ip in INSIDE]
    for _ in range(20_000):
        near = chance.choice(blocks)
        wide = chance.randrange(near.max_prefixlen)
        ip = type(near)(int(near) ^ chance.getrandbits(wide) if wide else int(near))
        carried = ip.version == 6 and ip in addresses._NAT64
        assert not is_public(ip) or carried or (ip.is_global and not ip.is_multicast), ip
    for ip in (
        PUBLIC,
        "8.8.8.8",
        "1.1.1.1",
        "172.32.0.1",
        "192.167.255.255",
        "223.255.255.255",
        "2606:4700::1111",
        "64:ff9b::8.8.8.8",
    ):
        assert is_public(ip_address(ip))
    assert not is_public(IPv6Address("2606:4700::1111%eth0"))


def test_the_names_of_this_machine_lead_nowhere(web, refused):
    for name in ("localhost", "localhost.", "LOCALHOST", "127.0.0.1.", "１２７.０.０.１", "⑯⑨。②⑤④。⑯⑨｡②⑤④"):
        assert "not on the public internet" in refused(f"http://{name}/", resolve=connections.look_up)
    assert not web.connected


def test_names_have_one_form(web, got):
    for address, form in {
        "HTTP://News.Example.:80": "http://news.example/",
        "http://news.example:443/a#b": "http://news.example:443/a",
        "https://secure.example/é b?ü=[1]&x=%41#y": "https://secure.example/%C3%A9%20b?%C3%BC=%5B1%5D&x=%41",
        "http://faß.example/": "http://xn--fa-hia.example/",
        "http://[2606:4700:0::1111]/?q": "http://[2606:4700::1111]/?q",
        " http://news.example//a\n": "http://news.example//a",
    }.items():
        assert str(parse(address)) == form and str(parse(form)) == form


# -- 11: redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_what_came_is_known_by_where_it_came_from(web, got, status):
    web.pages["http://news.example/a"] = moved("b/c?d#e", status)
    web.pages["http://news.example/b/c?d"] = moved("//other.example/é", status)
    web.pages["http://other.example/%C3%A9"] = ok("there")
    assert got("http://news.example/a") == (b"there", "http://other.example/%C3%A9")


@pytest.mark.parametrize(
    "to",
    [
        "http://10.0.0.1/", "http://inner.example/", "http://[::1]/", "http://169.254.169.254/latest/",
        "http://2130706433/",
        "file:///etc/passwd", "ftp://news.example/", "//0x7f.1/", "http://user@news.example/",
        "http://news.example:22/",
        "http://[", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_every_hop_is_checked(web, refused, to):
    web.names["inner.example"] = ["192.168.0.1"]
    web.pages["http://news.example/"] = moved("http://news.example/b")
    web.pages["http://news.example/b"] = moved(to)
    refused("http://news.example/")
    assert {ip for ip, _ in web.connected} == {PUBLIC} and len(web.requests) == 2


def test_redirects_end(web, refused, got):
    web.pages["http://news.example/"] = moved("/")
    assert "more than 5 times" in refused("http://news.example/")
    assert len(web.requests) == 6
    for number in range(6):
        web.pages[f"http://news.example/{number}"] = moved(f"/{number + 1}")
    web.pages["http://news.example/6"] = ok("there")
    assert got("http://news.example/1")[0] == b"there"
    assert "more than 5 times" in refused("http://news.example/0")


def test_https_is_not_left_for_http(web, refused, got):
    web.pages["https://secure.example/"] = moved("http://secure.example/a")
    assert "https to http" in refused("https://secure.example/")
    assert web.connected == [(PUBLIC, 443)]
    web.pages["http://secure.example/up"] = moved("https://secure.example/a")
    web.pages["https://secure.example/a"] = ok("there")
    assert got("http://secure.example/up") == (b"there", "https://secure.example/a")


# -- 12: the machine that was checked is the one that is asked ---------------------------------------------


def test_a_name_is_looked_up_once_and_the_machine_that_was_checked_is_asked(web, got, refused):
    answers = iter([[PUBLIC], ["10.0.0.1"]])
    web.names["news.example"] = lambda: next(answers)
    web.pages["http://news.example/"] = ok("there")
    assert got("http://news.example/")[0] == b"there"
    assert web.looked_up["news.example"] == 1 and web.connected == [(PUBLIC, 80)]
    assert "10.0.0.1" in refused("http://news.example/")


def test_a_redirect_to_the_same_name_is_looked_up_and_checked_again(web, refused):
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    web.names["news.example"] = lambda: next(answers)
    web.pages["http://news.example/"] = moved("/b")
    web.pages["http://news.example/b"] = ok("there")
    assert "127.0.0.1" in refused("http://news.example/")
    assert web.connected == [(PUBLIC, 80)]


def test_a_connection_goes_to_an_ip_address_without_looking_anything_up(monkeypatch):
    def never(*given, **named):
        raise AssertionError("looked up")

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(socket, "getaddrinfo", never)
        with connections.connect("127.0.0.1", port, 5) as opened:
            assert opened.getpeername() == ("127.0.0.1", port)
    with pytest.raises(ValueError):
        connections.connect("localhost", 80, 5)
    with pytest.raises(OSError):
        connections.connect("127.0.0.1", port, 5)


def test_the_next_machine_of_a_name_is_tried(web, got, refused):
    web.names["news.example"] = ["2606:4700::1111", PUBLIC]
    web.pages["http://news.example/"] = ok("there")
    tried = []

    def connect(ip, port, seconds):
        tried.append(ip)
        if IPv4Address(PUBLIC) != ip_address(ip):
            raise TimeoutError
        return web.connect(ip, port, seconds)

    assert got("http://news.example/", connect=connect)[0] == b"there"
    assert tried == web.names["news.example"]
    web.names["news.example"] = [f"2606:4700::{number:x}" for number in range(1, 100)]
    assert "does not answer" in refused("http://news.example/", connect=connect)
    assert len(tried) == 2 + connections.MACHINES
    web.names["news.example"] = []
    assert "no host" in refused("http://news.example/")


def test_a_certificate_must_hold_for_the_name(web, refused, got):
    web.pages["https://secure.example/"] = ok("there")
    web.pages["https://other.example/"] = ok("there")
    assert got("https://secure.example/")[0] == b"there"
    assert "cannot prove that it is other.example" in refused("https://other.example/")
    assert "cannot prove that it is" in refused("https://[2606:4700::1111]/")
    asked = len(web.requests)
    stranger = fetch.Fetcher(resolve=web.resolve, connect=web.connect)  # as a person's own, which trusts no such paper
    with pytest.raises(Refused, match="cannot prove"):
        stranger.fetch(parse("https://secure.example/"), io.BytesIO())
    assert len(web.requests) == asked
    here, there = socket.socketpair()
    with there:
        there.sendall(b"HTTP/1.1 400 Plain\r\n\r\n")
        assert "over TLS" in refused("https://secure.example/", connect=lambda *_: here)


# -- 13: how much may come, and how long it may take ---------------------------------------------------------


def test_a_page_that_unpacks_to_gigabytes_is_given_up_at_the_limit(web, refused, got, monkeypatch):
    monkeypatch.setattr(fetch, "LARGEST", MB)
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * MB) for _ in range(100)) + packer.flush()
    assert len(bomb) < MB
    web.pages["http://news.example/"] = ok(bomb, Content_Encoding="gzip")
    written = []

    class Counting(io.BytesIO):
        def write(self, data):
            written.append(len(data))
            return len(data)

    with pytest.raises(Refused, match="larger than"):
        web.fetcher().fetch(parse("http://news.example/"), Counting())
    assert sum(written) <= MB and max(written) <= 64 * 1024
    web.pages["http://news.example/"] = ok(gzip.compress(b"<p>words</p>"), Content_Encoding="gzip")
    assert got("http://news.example/")[0] == b"<p>words</p>"


PACKED = gzip.compress(b"words " * 1000)
# The same, with a file's name in its header that makes it as long as what is unpacked at once.
FITTING = PACKED[:3] + b"\x08" + PACKED[4:10] + b"n" * (64 * 1024 - len(PACKED) - 1) + b"\0" + PACKED[10:]


@pytest.mark.parametrize(
    "said",
    [
        ok(b"x", Content_Encoding="br"), ok(b"x", Content_Encoding="deflate"), ok(PACKED,
        Content_Encoding="gzip, gzip"),
        ok(PACKED[:-20], Content_Encoding="gzip"), ok(PACKED + PACKED, Content_Encoding="gzip"), ok(b"x",
        Content_Encoding="gzip"),
        ok(b"", Content_Encoding="gzip"), ok(PACKED + b"x" * 100_000, Content_Encoding="gzip"), ok(FITTING + PACKED,
        Content_Encoding="gzip"),
        ok(b"x" * 100, Content_Length="200"), ok(b"x", Transfer_Encoding="gzip"),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwords\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\nwords",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nwords",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nwords",
        b"<p>no headers</p>", b"", b"HTTP/1.1 999999 OK\r\n\r\n", b"HTTP/1.1 xx OK\r\n\r\n", b"SSH-2.0-OpenSSH_9\r\n",
        b"\0" * 70_000,
    ],
)  # fmt: skip
def test_what_comes_broken_or_packed_otherwise_is_refused(refused, web, said):
    web.pages["http://news.example/"] = said
    assert refused("http://news.example/")


@pytest.mark.parametrize(
    "status", ["204 x", "206 x", "304 x", "401 x", "403 \x1b]0;x", "404 x", "418 x", "429 x", "500 x", "503 x", "777 x"]
)
def test_only_a_page_in_full_is_taken(refused, web, status):
    web.pages["http://news.example/"] = f"HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nwords".encode()
    why = refused("http://news.example/")
    assert status[:3] in why and "\x1b" not in why and " x" not in why


def endless(begin: bytes, piece: bytes, pause: float = 0.0):
    def say(opened):
        opened.sendall(begin)
        while True:
            opened.sendall(piece)
            time.sleep(pause)

    return say


BEGUN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = BEGUN + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "begin, piece",
    [
        (BEGUN + b"\r\n", b"x" * 65536),
        (CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
        (CHUNKED, b"1\r\nx\r\n" * 1000),
        (CHUNKED + b"0\r\n", b"Trailer: x\r\n" * 1000),
        (BEGUN + b"Content-Length: 99999999999\r\n\r\n", b"x" * 65536),
    ],
)
def test_a_body_without_end_is_given_up(web, refused, monkeypatch, begin, piece):
    monkeypatch.setattr(fetch, "LARGEST", MB // 4)
    web.pages["http://news.example/"] = endless(begin, piece)
    assert "larger than" in refused("http://news.example/")


def test_a_body_that_says_it_is_too_large_is_not_waited_for(web, refused):
    web.pages["http://news.example/"] = endless(BEGUN + b"Content-Length: 99999999999\r\n\r\n", b"x", 0.05)
    assert "larger than" in refused("http://news.example/", seconds=5)


@pytest.mark.parametrize(
    "begin, piece",
    [
        (BEGUN, b"X: x\r\n" * 1000), (BEGUN, b"x" * 65536), (b"", b"x" * 65536), (b"",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        (BEGUN + b"X: " + b"x" * 60_000 + b"\r\n", b"Y: " + b"x" * 60_000 + b"\r\n"),
    ],
)  # fmt: skip
def test_headers_without_end_are_given_up(web, refused, begin, piece):
    web.pages["http://news.example/"] = endless(begin, piece)
    why = refused("http://news.example/")
    assert "over 64 KB" in why or "not HTTP" in why


@pytest.mark.parametrize("begin", [b"", BEGUN, BEGUN + b"\r\n", CHUNKED])
def test_a_server_that_drips_is_given_up_in_time(web, refused, begin):
    web.pages["http://news.example/"] = endless(begin, b"1" if begin in (CHUNKED, BEGUN + b"\r\n") else b"x", 0.05)
    assert "took too long" in refused("http://news.example/", seconds=0.6)


def test_a_server_that_keeps_still_is_given_up_in_time(web, refused, monkeypatch):
    done = threading.Event()
    web.pages["http://news.example/"] = lambda opened: done.wait(10)
    monkeypatch.setattr(connections, "SILENCE", 0.3)
    assert "does not answer" in refused("http://news.example/")
    monkeypatch.setattr(connections, "CONNECTING", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it takes the connection, and never says hello
        assert "does not answer" in refused(
            "https://secure.example/", connect=lambda *_: socket.create_connection(mute.getsockname())
        )
    web.names["slow.example"] = lambda: done.wait(10)
    assert "looked up in time" in refused("http://slow.example/")
    done.set()
    for number in range(5):  # each hop is quick, and all of them together are not
        web.pages[f"http://news.example/{number}"] = partial(late, moved(f"/{number + 1}"))
    assert "took too long" in refused("http://news.example/0", seconds=0.4)


def late(said: bytes, opened: socket.socket) -> None:
    time.sleep(0.15)
    opened.sendall(said)


def test_what_is_asked_says_little(web, got, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    web.pages["http://news.example/a"] = moved("http://other.example/b").replace(
        b"Location", b"Set-Cookie: a=b\r\nLocation"
    )
    web.pages["http://other.example/b"] = ok("there", Set_Cookie="a=b")
    assert got("http://news.example/a")[0] == b"there"
    head = web.requests[1]
    assert head.startswith("GET /b HTTP/1.1\r\nHost: other.example\r\nUser-Agent: Byline\r\n")
    sent = {line.split(":")[0] for line in head.split("\r\n")[1:] if line}
    assert sent == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


# -- from a page to a document ---------------------------------------------------------------------------------


def test_a_page_is_a_document_with_what_it_states(web, put, library):
    stated = '<meta name="author" content="N. Beridze">'
    stated += '<meta property="article:published_time" content="2016-11-29T10:00:00Z">'
    stated += '<link rel=canonical href="https://elsewhere.example/other">'
    web.pages["http://news.example/a"] = moved("https://secure.example/b#c")
    web.pages["https://secure.example/b"] = ok(article("The bridge is open.", more=stated), "text/html; charset=utf-8")
    web.pages["http://news.example/plain"] = ok("<p>Words.</p>")
    report = put("http://news.example/a", "http://news.example/plain#x", "http://news.example/plain")
    assert (report.added, report.failed, report.skipped, report.notes) == (2, [], [], [])
    plain, page = library.documents()
    assert (page.origin, page.name, page.uri) == ("https://secure.example", *["https://secure.example/b"] * 2)
    assert (page.title, page.source, page.author) == ("Bridge opens", "The Courier", "N. Beridze")
    assert page.published == "2016-11-29T10:00:00+00:00" and library.text(page.id) == "The bridge is open."
    assert (plain.name, plain.source, plain.title, plain.published) == ("http://news.example/plain", None, None, None)
    assert list(library.damage()) == []


def test_a_page_that_changes_is_replaced_and_one_that_does_not_is_unchanged(web, put, library):
    web.pages["http://news.example/a"] = ok(article("The toll is six.", more="<script>1</script>"))
    assert put("http://news.example/a", source="Given").added == 1
    web.pages["http://news.example/a"] = ok(article("The toll is six.", more="<script>2</script>"))
    report = put("http://news.example/a")
    assert (report.added, report.replaced, report.unchanged) == (0, 0, 1)
    web.pages["http://news.example/a"] = ok(article("The toll is nine.", outlet=None))
    report = put("http://news.example/a")
    assert (report.added, report.replaced, report.unchanged, report.removed) == (0, 1, 0, 0)
    (page,) = library.documents()
    assert library.text(page.id) == "The toll is nine." and page.source == "Given", "what was given for it still holds"
    del web.pages["http://news.example/a"]
    report = put("http://news.example/a")
    assert "404 Not Found" in report.failed[0][1] and len(library.documents()) == 1
    library_ids = [document.id for document in library.documents()]
    with library.writing() as writer:
        writer.remove(library_ids)
    web.pages["http://news.example/a"] = ok(article("The toll is nine."))
    assert put("http://news.example/a").added == 1


def test_an_address_that_leads_elsewhere_now_takes_nothing_away(web, put, library):
    web.pages["http://news.example/new"] = moved("/1")
    web.pages["http://news.example/1"] = ok(article("First."))
    web.pages["http://news.example/2"] = ok(article("Second."))
    put("http://news.example/new")
    web.pages["http://news.example/new"] = moved("/2")
    report = put("http://news.example/new")
    assert (report.added, report.removed) == (1, 0) and "leads to http://news.example/2 now" in report.notes[0][1]
    assert [document.name for document in library.documents()] == ["http://news.example/1", "http://news.example/2"]
    assert [library.text(document.id) for document in library.documents()] == ["First.", "Second."]
    with library.writing() as writer:
        writer.remove([library.documents()[1].id])
    assert put("http://news.example/new").added == 1


def test_pages_are_not_missing_from_folders(web, put, library, files):
    web.pages["http://news.example/a"] = ok(article("The bridge is open."))
    folder = files(a_txt="A note.")
    assert put("http://news.example/a", paths=[folder]).added == 2
    (folder / "a.txt").unlink()
    (folder / "b.txt").write_text("Another.")
    report = put(paths=[folder, folder.parent])
    assert report.missing == [f"{folder}/a.txt"]
    for top in ("/", folder):
        assert not [name for _, name in library.files_below(str(top)) if "news.example" in name]


def test_a_container_gives_its_members(web, put, library):
    web.pages["http://news.example/x.jsonl"] = ok(
        b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n', "text/plain"
    )
    assert put("http://news.example/x.jsonl").added == 2
    assert [(one.origin, one.name, one.uri) for one in library.documents()] == [
        ("http://news.example/x.jsonl", name, "http://news.example/x.jsonl") for name in "12"
    ]
    web.pages["http://news.example/x.jsonl"] = ok(b'{"id": "1", "text": "One."}\n', "text/plain")
    report = put("http://news.example/x.jsonl")
    assert (report.unchanged, report.removed) == (1, 1)
    web.pages["http://news.example/y.jsonl"] = ok(b'{"id": "1", "text": "One."}\nno\n', "text/plain")
    assert len(put("http://news.example/y.jsonl", source="Given").failed) == 1
    web.pages["http://news.example/y.jsonl"] = ok(
        b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n', "text/plain"
    )
    assert put("http://news.example/y.jsonl").added == 1
    assert [one.source for one in library.documents() if "y.jsonl" in one.origin] == ["Given", "Given"]


STATED = [
    ("text/html; charset=windows-1251", "/", "<p>Мост открыт.</p>".encode("cp1251"), "Мост открыт."),
    ("text/html;CHARSET='KOI8-R'", "/", "<p>Мост открыт.</p>".encode("koi8-r"), "Мост открыт."),
    ("text/html; charset=iso-8859-1", "/", "<p>Café, open.</p>".encode(), "Café, open."),
    ("text/html; charset=latin-1", "/", "<p>Caf\xe9.</p>".encode("latin-1"), "Café."),
    ("text/html; charset=shift_jis", "/", '<meta charset="utf-8"><p>橋が開いた。</p>'.encode("cp932"), "橋が開いた。"),
    ("text/html; charset=rot13", "/", b"<p>Words.</p>", "Words."),
    ("text/html; charset=" + "x" * 5000, "/", b"<p>Words.</p>", "Words."),
    ("text/html; charset=windows-1252", "/", b"\xff\xfe" + "<p>Café.</p>".encode("utf-16-le"), "Café."),
    ("text/html; charset=iso-2022-jp", "/", "<p>橋。</p>".encode("iso2022_jp"), "橋。"),
    ("text/plain; charset=windows-1252", "/", "“Open.”".encode("cp1252"), "“Open.”"),
    ("text/plain", "/a.md", b"---\ntitle: T\n---\nWords.", "Words."),
    ("application/octet-stream", "/a.txt?x=y.pdf", b"Words.", "Words."),
    (None, "/a.htm", b"<p>Words.</p>", "Words."),
    ("APPLICATION/XHTML+XML", "/a.pdf", b"<html><body><p>Words.</p></body></html>", "Words."),
]


def test_the_type_and_encoding_that_a_server_states_are_believed(web, put, library):
    for number, (type, path, body, _) in enumerate(STATED):
        web.pages[f"http://{number}.example{path}"] = ok(body, type)
    assert put(*web.pages).failed == []
    for (_, _, _, text), address in zip(STATED, web.pages, strict=True):
        assert library.text(library.named(address).id).strip() == text, address


@pytest.mark.parametrize(
    "type, name", [("image/png", "a.html"), ("text/css", "a.txt"), ("application/octet-stream", "a.exe"), (None, "a"),
                   ("video/mp4", "a.pdf"), ("\x1b[31mtext/x", "a"), ("application/x-sh", "a.sh")],
)  # fmt: skip
def test_a_type_that_is_not_read_is_named(web, put, library, type, name):
    web.pages[f"http://news.example/{name}"] = ok("<p>Words.</p>", type)
    ((where, why),) = put(f"http://news.example/{name}").failed
    assert where == f"http://news.example/{name}" and "which Byline does not read" in why and "\x1b" not in why
    assert library.documents() == []


def test_what_cannot_be_read_is_named_by_its_address_and_leaves_no_file(web, put, library, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "here"))
    (tmp_path / "here").mkdir()
    web.pages["http://news.example/a"] = ok(b"%PDF-1.7 no", "application/pdf")
    web.pages["http://news.example/b"] = ok("<script>words</script>")
    web.pages["http://news.example/c"] = ok("<p>Words.</p>")
    report = put("http://news.example/a", "http://news.example/b", "http://news.example/c", "nonsense://x")
    assert [where for where, _ in report.failed] == ["http://news.example/a", "http://news.example/b", "nonsense://x"]
    assert report.added == 1 and list((tmp_path / "here").iterdir()) == []


def test_a_host_is_not_asked_twice_at_once(web, library):
    for name in "abc":
        web.pages[f"http://news.example/{name}"] = ok("<p>Words.</p>")
    begun = time.monotonic()
    found = list(Pages([f"http://news.example/{name}" for name in "abca"], library, fetcher=web.fetcher(), pause=0.2))
    assert len(found) == len(web.requests) == 3 and time.monotonic() - begun >= 0.4
    begun = time.monotonic()
    list(Pages(["http://one.example/", "http://two.example/"], library, fetcher=web.fetcher(), pause=60))
    assert time.monotonic() - begun < 30
