"""Readers: exact characters, stated titles and dates only, and a message for whatever is amiss."""

import codecs
import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.readers import SUFFIXES, decoding, html, html_page, jsonl, read
from corpus.types import Reading, Unreadable

NAUGHTY = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "robust" / "blns.json"
with_naughty = pytest.mark.skipif(not NAUGHTY.is_file(), reason="needs ../shared/data/robust/blns.json")


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def one(path: Path) -> Reading:
    (found,) = read(path)
    assert isinstance(found, Reading), found
    return found


def refusal(path: Path) -> str:
    (found,) = read(path)
    assert isinstance(found, Unreadable), found
    assert str(path) not in found.error  # whoever shows it puts the path in front
    return found.error


# Any file


def test_what_is_not_a_readable_file_is_named(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.txt")
    (tmp_path / "folder.txt").mkdir()
    assert "is a folder" in refusal(tmp_path / "folder.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not an ordinary file" in refusal(tmp_path / "pipe.txt")
    assert "NUL" in refusal(Path("nul\0.txt"))
    assert "cannot be read" in refusal(tmp_path / ("x" * 300 + ".txt"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_is_closed_to_us_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    closed = write(tmp_path / f"a{suffix}", "text")
    if os.geteuid() == 0:  # root may read anything, so the refusal is the system's in name only

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(Path, "open", refuse)
    closed.chmod(0)
    assert "permissions" in refusal(closed)


def test_formats_that_are_not_read(tmp_path: Path) -> None:
    for name in ("a.exe", "a", "a.txt.bak"):
        assert "reads: .txt .md .html .htm .jsonl .json" in refusal(write(tmp_path / name, "x"))


def test_the_suffix_counts_in_either_case(tmp_path: Path) -> None:
    assert one(write(tmp_path / "A.TXT", "x")).media_type == "text/plain"
    assert one(write(tmp_path / "A.Md", "x")).media_type == "text/markdown"
    assert one(write(tmp_path / "A.HTM", "x")).media_type == "text/html"
    assert one(write(tmp_path / "A.JsonL", '{"text": "x"}')).media_type == "text/plain"


# Plain text


@pytest.mark.parametrize(
    "text",
    [
        "a\r\nb\rc\n\nd",
        "  leading and trailing  \n\n",
        "\u2028x\u2029\x85\x0b\x0c",
        "e\u0301 \u00e9",
        "\U0001f600\u200d\U0001f468",
        "no newline",
        "mid\ufeffdle",
        "\ttab",
        "\u202eabc",
        "\ufffe\uffff",
    ],
)
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_text_keeps_its_characters(tmp_path: Path, text: str, mark: bytes, encoding: str) -> None:
    reading = one(write(tmp_path / "a.txt", mark + text.encode(encoding)))
    assert reading == Reading(text=text, media_type="text/plain")


@given(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text))
def test_any_text_is_exact_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    (found,) = read(write(tmp_path_factory.mktemp("any") / "a.txt", text))
    if isinstance(found, Reading):
        assert found.text == text.removeprefix("\ufeff")
    else:
        assert "no text" in found.error or "not text" in found.error


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
def test_bytes_that_are_not_the_encoding_are_placed(tmp_path: Path, suffix: str) -> None:
    error = refusal(
        write(tmp_path / f"b{suffix}", codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"\x00\xd8")
    )
    assert "UTF-16-LE" in error
    assert "offset 6 " in error
    error = refusal(write(tmp_path / f"c{suffix}", codecs.BOM_UTF8 + b"ab\xed\xa0\x80"))  # a surrogate
    assert "offset 5 " in error


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        b"text and \0 then more",
        "no mark".encode("utf-16-le"),  # too short to tell
        b"\x01\x02\x03\x04ab",
        codecs.BOM_UTF16_LE + "a\0b".encode("utf-16-le"),
    ],
)
def test_what_is_binary_is_not_text(tmp_path: Path, suffix: str, data: bytes) -> None:
    assert "is not text" in refusal(write(tmp_path / f"a{suffix}", data))


@pytest.mark.parametrize("suffix", [".txt", ".md"])
@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", codecs.BOM_UTF8, "\u2003\u00a0".encode()])
def test_what_is_blank_holds_no_text(tmp_path: Path, suffix: str, data: bytes) -> None:
    assert refusal(write(tmp_path / f"a{suffix}", data)) == "holds no text"


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    huge = write(tmp_path / "a.txt", "x")
    os.truncate(huge, decoding.LARGEST + 1)  # sparse
    started = time.perf_counter()
    assert "larger than 512 MB" in refusal(huge)
    assert time.perf_counter() - started < 0.5  # it is not read to find that out
    page = write(tmp_path / "a.html", "x")
    os.truncate(page, html.LARGEST + 1)
    assert "larger than 64 MB" in refusal(page)


# Markdown


def test_front_matter_states_the_document(tmp_path: Path) -> None:
    body = "\r\n# Another heading\r\n\r\nText  \n"
    head = (
        "---\r\ntitle: The title\r\nsource: The Paper\r\npublished: 2016-11-29\r\n"
        "uri: https://example.org/a?b=c\r\ntags: [a, b]\r\n---\r\n"
    )
    assert one(write(tmp_path / "a.md", head + body)) == Reading(
        text=body,
        media_type="text/markdown",
        title="The title",
        source="The Paper",
        published="2016-11-29",
        uri="https://example.org/a?b=c",
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Title: 12:30", ("12:30", None, None, None)),  # as it is written, not YAML's 750
        ("title: 007", ("007", None, None, None)),
        ("title: yes", ("yes", None, None, None)),
        ("title: ~\nsource: null\npublished:\ndate: 2016-11-29", (None, None, "2016-11-29", None)),
        ("outlet: A\nauthor: B", (None, "A", None, None)),
        ("author: [B, C]", (None, "B, C", None, None)),
        ("author: {name: B}", (None, None, None, None)),
        ("date: 2016-11-29 10:00:00 +0200", (None, None, "2016-11-29T10:00:00+02:00", None)),
        ("date: 2016-11", (None, None, None, None)),
        ("published: Tue, 29 Nov 2016 08:00:00 GMT", (None, None, "2016-11-29T08:00:00+00:00", None)),
        ("url: http://example.org/", (None, None, None, "http://example.org/")),
        ("link: javascript:alert(1)", (None, None, None, None)),
        ("uri: file:///etc/passwd", (None, None, None, None)),
        ('title: "a\\ud800b"\nsource: "a\\0b"', (None, None, None, None)),
        ("title: !!python/object/apply:os.system [id]", ("id", None, None, None)),  # only a list of strings
        ("", (None, None, None, None)),
    ],
)
def test_front_matter_keys(tmp_path: Path, head: str, expected: tuple[str | None, ...]) -> None:
    reading = one(write(tmp_path / "a.md", f"---\n{head}\n---\nbody"))
    assert reading.text == "body"
    assert (reading.title, reading.source, reading.published, reading.uri) == expected


def test_a_published_that_is_no_date_is_named(tmp_path: Path) -> None:
    error = refusal(write(tmp_path / "a.md", "---\npublished: last Tuesday\n---\nbody"))
    assert "'last Tuesday' is not a date" in error
    assert "front matter" in error


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: a: b\n---\nbody",  # not YAML
        "---\n\tx\n---\nbody",
        "---\njust prose between rules\n---\nbody",
        "---\n- a\n- list\n---\nbody",
        "---\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n---\nbody",  # aliases: the first lines of a bomb
        "---\na: " + "[" * 60_000 + "\n---\nbody",
        "---\na: " + "{a: " * 10_000 + "\n---\nbody",
        "---\ntitle: x\n" + "#\n" * 40_000 + "---\nbody",  # over 64 KB
        "---\ntitle: never closed\n\nbody",
        "----\ntitle: x\n----\nbody",
        " ---\ntitle: x\n---\nbody",
        "---\n\ud7ff\ufffe: x\n---\nbody",  # a character that YAML does not have
    ],
)
def test_what_is_no_front_matter_stays_text(tmp_path: Path, text: str) -> None:
    assert one(write(tmp_path / "a.md", text)) == Reading(text=text, media_type="text/markdown")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("# A heading\n\ntext", "A heading"),
        ("\n\n#\tA heading ##  \r\ntext", "A heading"),
        ("# C#\n", "C#"),
        ("## Second level\n", None),
        ("#hashtag\n", None),
        ("text\n\n# Later\n", None),
        ("#  \n", None),
    ],
)
def test_a_heading_that_the_body_begins_with_is_its_title(
    tmp_path: Path, body: str, title: str | None
) -> None:
    reading = one(write(tmp_path / "a.md", body))
    assert (reading.text, reading.title) == (body, title)


# JSON lines


def test_records_are_read_line_by_line(tmp_path: Path) -> None:
    first = {
        "id": "a",
        "title": "T",
        "text": " x\r\n\u2028y\n",
        "source": "S",
        "published": "2016-11-29",
        "uri": "https://example.org/",
        "extra": [1],
    }
    lines = [
        json.dumps(first),
        "",
        json.dumps({"id": 7, "text": "y", "title": None, "published": "", "uri": "ftp://x/"}),
    ]
    assert list(read(write(tmp_path / "a.jsonl", codecs.BOM_UTF8 + "\r\n".join(lines).encode()))) == [
        Reading(
            text=" x\r\n\u2028y\n",
            media_type="text/plain",
            name="a",
            title="T",
            source="S",
            published="2016-11-29",
            uri="https://example.org/",
        ),
        Reading(text="y", media_type="text/plain", name="7"),
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{not JSON}", "is not JSON"),
        ('{"text": "cut', "is not JSON"),
        ('{"text": "x"} {"text": "y"}', "is not JSON"),
        ('{"text": "x", "n": NaN}', "is not JSON"),
        ('{"text": "x", "n": -Infinity}', "is not JSON"),
        ('{"text": "x", "n": ' + "9" * 5000 + "}", "is not JSON"),
        ('{"text": ' + "[" * 100_000, "nested too deeply"),
        ('["text"]', "not an object"),
        ('"text"', "not an object"),
        ("null", "not an object"),
        ("{}", 'no "text"'),
        ('{"text": null}', 'no "text"'),
        ('{"text": " \\n"}', 'no "text"'),
        ('{"text": 5}', '"text" must be a string'),
        ('{"text": "x", "title": ["a"]}', '"title" must be a string'),
        ('{"text": "x", "source": 1}', '"source" must be a string'),
        ('{"text": "x", "uri": {}}', '"uri" must be a string'),
        ('{"text": "x", "id": 1.5}', '"id" must be'),
        ('{"text": "x", "id": true}', '"id" must be'),
        ('{"text": "x", "published": 20161129}', '"published" must be a string'),
        ('{"text": "x", "published": "soon"}', "'soon' is not a date"),
        ('{"text": "x", "published": "2016-02-30"}', "is not a date"),
        ('{"text": "a\\ud800b"}', '"text" holds half a character (U+D800'),
        ('{"text": "x", "title": "\\udfff"}', '"title" holds half a character'),
        ('{"text": "x", "id": "\\udc80"}', '"id" holds half a character'),
        ('{"text": "a\\u0000b"}', '"text" is not text'),
        ('{"text": "x", "id": "first"}', "repeats the document 'first' of line 1"),
        (b'{"text": "caf\xe9"}', "offset 13 "),
        (b'{"text": "a\0b"}', "is not text"),
    ],
)
def test_a_bad_line_costs_that_line_alone(tmp_path: Path, line: str | bytes, message: str) -> None:
    line = line.encode() if isinstance(line, str) else line
    # The first line is longer than what is looked at to tell a binary file.
    first = json.dumps({"id": "first", "text": "x" * 300_000}).encode()
    before, bad, after = read(
        write(tmp_path / "a.jsonl", first + b"\n" + line + b'\n{"id": "last", "text": "ok"}')
    )
    assert isinstance(before, Reading)
    assert isinstance(bad, Unreadable)
    assert message in bad.error
    assert bad.line == 2
    assert isinstance(after, Reading)
    assert after.name == "last"


def test_a_pair_of_surrogate_escapes_is_a_character(tmp_path: Path) -> None:
    assert one(write(tmp_path / "a.jsonl", '{"text": "\\ud83d\\ude00"}')).text == "\U0001f600"


def test_a_line_too_long_to_hold_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LONGEST", 100)
    fits = json.dumps({"text": "x" * 86}) + "\n"
    assert len(fits) == 99
    long = json.dumps({"text": "y" * 1000}) + "\n"
    found = list(read(write(tmp_path / "a.jsonl", fits + long + '{"text": "z"}')))
    assert [type(one) for one in found] == [Reading, Unreadable, Reading]
    assert found[1].line == 2
    assert "is longer than" in found[1].error


def test_a_name_comes_from_what_the_record_says(tmp_path: Path) -> None:
    records = [{"text": "a"}, {"text": "a", "title": "T"}, {"text": "b"}]
    names = [found.name for found in read(write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, records))))]
    assert len(set(names)) == 3
    canonical = '["a",null,null,null,null]'.encode()
    assert names[0] == "text-" + hashlib.sha256(canonical).hexdigest()[:12]
    shifted = [{"text": "new"}, *({"x": 1, **record} for record in records)]
    found = list(read(write(tmp_path / "b.jsonl", "\n".join(map(json.dumps, shifted)))))
    assert [one.name for one in found[1:]] == names


def test_the_same_record_twice_is_kept_once(tmp_path: Path) -> None:
    kept, again = read(write(tmp_path / "a.jsonl", '{"text": "a"}\n{"text": "a"}'))
    assert isinstance(kept, Reading)
    assert isinstance(again, Unreadable)
    assert again.line == 2
    number, string = read(write(tmp_path / "b.jsonl", '{"id": 1, "text": "a"}\n{"id": "1", "text": "b"}'))
    assert isinstance(number, Reading)
    assert isinstance(string, Unreadable)


def test_a_file_without_documents(tmp_path: Path) -> None:
    assert refusal(write(tmp_path / "a.jsonl", "")) == "holds no documents"
    assert refusal(write(tmp_path / "b.jsonl", "\n \r\n")) == "holds no documents"
    assert refusal(write(tmp_path / "c.jsonl", codecs.BOM_UTF8)) == "holds no documents"
    assert "is not text" in refusal(write(tmp_path / "d.jsonl", b"\x1f\x8b\0\0\n\n\n" * 1000))
    assert "UTF-16" in refusal(write(tmp_path / "e.jsonl", '{"text": "x"}'.encode("utf-16")))


def test_a_file_is_read_as_a_stream(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "")
    with path.open("w") as file:
        for number in range(20_000):
            file.write(json.dumps({"id": number, "text": "x" * 100}) + "\n")
    found = read(path)
    assert next(found).name == "0"
    os.truncate(path, 0)  # what is still to come is read only when it is asked for
    assert sum(1 for _ in found) < 10_000


# HTML


def page(tmp_path: Path, markup: str | bytes) -> Reading:
    return one(write(tmp_path / "page.html", markup))


def body(tmp_path: Path, markup: str) -> str:
    return page(
        tmp_path, f"<!DOCTYPE html><html><head><title>T</title></head><body>{markup}</body></html>"
    ).text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One  two\n\tthree</p><p>Four</p>", "One two three\n\nFour"),
        ("<div>One<div>two</div>three</div>", "One\n\ntwo\n\nthree"),
        ("<p>One<b>two </b> <i> three</i></p>", "Onetwo three"),
        ("<p> a <!-- note --> b<!-- x -->c</p>", "a bc"),
        ("<p>a <br> b<br/>c<br><br><br>d<br></p>e", "a\nb\nc\n\nd\n\ne"),
        ("<ul><li>One</li> <li>Two<ul><li>Two a</ul></li></ul><p>After", "One\nTwo\nTwo a\n\nAfter"),
        ("<dl><dt>T<dd>D</dl>", "T\nD"),
        ("x<pre>\n  a\n    b \n</pre>y", "x\n\n  a\n    b \n\n\ny"),
        ("<table><tr><th>Name</th> <th>Age</th></tr><tr><td>A<td>5</table>z", "Name\tAge\nA\t5\n\nz"),
        ("<p>&lt;b&gt; &amp;amp; &eacute; &#8212; &#x1F600; &hellip; &#150;", "<b> &amp; é — \U0001f600 … –"),
        ("<p>no&nbsp;break \u00a0 kept", "no\u00a0break \u00a0 kept"),
        (
            "a<script>if (a < b) '<p>x</p>'</script><style>p{}</style><noscript>n</noscript>b",
            "ab",
        ),
        ("a<template><p>t</template><svg><title>s</title><text>v</text></svg><textarea>w</textarea>b", "ab"),
        (
            "<p>a<p hidden>b</p><p style='x;DISPLAY : none'>c</p><p style='visibility:hidden'>d<b>e</b></p>f",
            "a\n\nf",
        ),
        ("<p hidden=until-found>kept</p><p style='x-display:none'>kept</p>", "kept\n\nkept"),
        ("<p>unclosed <b>bold<p>next</i></p></div></table>end", "unclosed bold\n\nnext\n\nend"),
        ("3 < 4 and 5 > 4 &c", "3 < 4 and 5 > 4 &c"),
        ("<o:p>office</o:p> <my-tag>own</my-tag>", "office own"),
        ("e\u0301 \u202e \U0001f468\u200d\U0001f469", "e\u0301 \u202e \U0001f468\u200d\U0001f469"),
    ],
)
def test_the_text_is_what_a_browser_shows(tmp_path: Path, markup: str, text: str) -> None:
    assert body(tmp_path, markup) == text


def test_text_without_any_markup_is_text(tmp_path: Path) -> None:
    assert page(tmp_path, "just text") == Reading(text="just text", media_type="text/html")


def test_a_page_that_waits_for_a_script_to_be_shown_is_read(tmp_path: Path) -> None:
    assert page(tmp_path, "<html hidden><body style='visibility: hidden'>text").text == "text"


def test_menus_are_left_out_unless_they_are_the_page(tmp_path: Path) -> None:
    assert body(tmp_path, "<nav>Home</nav><p>The text of the page.</p>") == "The text of the page."
    assert (
        body(tmp_path, "<nav><p>All that the page says is in here</nav>Top")
        == "All that the page says is in here\n\nTop"
    )


def test_the_article_is_the_document_where_it_holds_most(tmp_path: Path) -> None:
    story = "<h1>Head</h1><p>A story of some length.</p>"
    shown = "Head\n\nA story of some length."
    assert body(tmp_path, f"<div>Menu</div><article>{story}</article><p>Footer") == shown
    assert body(tmp_path, f"<div>Menu</div><main>{story}</main><p>Footer") == shown
    assert body(tmp_path, f"<main>Related<article>{story}</article></main>") == shown
    # An article inside the article (a comment) is a part of it.
    assert body(tmp_path, f"x<article>{story}<article>So true</article></article>") == shown + "\n\nSo true"
    # Two articles, or one that holds little: all of the page.
    assert (
        body(tmp_path, f"Menu<article>{story}</article><article>More</article>") == f"Menu\n\n{shown}\n\nMore"
    )
    assert body(tmp_path, f"<article>Teaser</article>{story}") == f"Teaser\n\n{shown}"


FULL = """<html><head>
<title>Title tag | The Paper</title>
<meta property="og:title" content="The  story">
<meta property="og:site_name" content="The Paper">
<meta property="article:published_time" content="2016-11-29T10:00:00+0200">
<meta name="author" content="A. Writer">
<link rel="canonical" href="https://example.org/story">
<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2016-11-28",
"publisher": {"@type": "Organization", "name": "Linked Paper"}}</script>
</head><body><p>Published 1 January 2015 in The Other Paper.</p></body></html>"""


def test_what_the_head_states(tmp_path: Path) -> None:
    assert page(tmp_path, FULL) == Reading(
        text="Published 1 January 2015 in The Other Paper.",
        media_type="text/html",
        title="The story",
        source="The Paper",
        author="A. Writer",
        published="2016-11-29T10:00:00+02:00",
        uri="https://example.org/story",
    )


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("", (None, None, None, None)),
        ("<title> A\n title </title>", ("A title", None, None, None)),
        ('<meta name=author content="A. Writer">', (None, "A. Writer", None, None)),
        (
            '<meta name=author content="https://example.org/w"><meta name=publisher content=P>',
            (None, "P", None, None),
        ),
        ('<META NAME="DC.Date" CONTENT="2016-11-29">', (None, None, "2016-11-29", None)),
        (
            '<meta name=pubdate content="Tue, 29 Nov 2016 08:00:00 GMT">',
            (None, None, "2016-11-29T08:00:00+00:00", None),
        ),
        ('<meta name=date content="03/04/2016">', (None, None, None, None)),
        ('<meta name=date content="2016-11">', (None, None, None, None)),
        ('<meta property="article:modified_time" content="2016-11-29">', (None, None, None, None)),
        (
            '<meta property="og:url" content="http://example.org/x">',
            (None, None, None, "http://example.org/x"),
        ),
        ('<link rel=canonical href="javascript:alert(1)">', (None, None, None, None)),
        ('<link rel=canonical href="/relative">', (None, None, None, None)),
        ('<link rel=canonical href="http://[x">', (None, None, None, None)),
    ],
)
def test_what_other_heads_state(tmp_path: Path, head: str, expected: tuple[str | None, ...]) -> None:
    reading = page(tmp_path, f"<head>{head}</head><body>Posted on 29 November 2016</body>")
    assert (reading.title, reading.source, reading.published, reading.uri) == expected


def linked(tmp_path: Path, data: object) -> tuple[str | None, str | None]:
    script = data if isinstance(data, str) else json.dumps(data)
    reading = page(tmp_path, f'<script type="application/ld+json">{script}</script><body>text')
    return reading.source, reading.published


def test_what_linked_data_states(tmp_path: Path) -> None:
    article = {"@type": ["NewsArticle"], "datePublished": "2016-11-29", "publisher": {"name": "P"}}
    assert linked(tmp_path, article) == ("P", "2016-11-29")
    assert linked(tmp_path, [{"@type": "WebSite"}, article]) == ("P", "2016-11-29")
    assert linked(tmp_path, {"@graph": [{"@type": "Person", "datePublished": "2015-01-01"}, article]}) == (
        "P",
        "2016-11-29",
    )
    # Several articles that state different things: none is believed.
    other = {"@type": "BlogPosting", "datePublished": "2016-11-30", "publisher": {"name": "P"}}
    assert linked(tmp_path, [article, other]) == ("P", None)
    # What is not as schema.org has it states nothing.
    assert linked(tmp_path, {"@type": "Article", "datePublished": 5, "publisher": {"name": [1]}}) == (
        None,
        None,
    )
    for broken in (
        "{",
        "null",
        "[[]]",
        "[" * 100_000,
        '{"@type": "Article", "x": ' + "9" * 10_000 + "}",
        '{"@graph": 1}',
    ):
        assert linked(tmp_path, broken) == (None, None)


def test_time_elements_state_the_date_where_they_say_so(tmp_path: Path) -> None:
    assert page(tmp_path, "<time datetime='2016-11-29' pubdate>Tuesday</time>").published == "2016-11-29"
    marked = "<time itemprop=datePublished datetime='2016-11-29'>x</time>"
    assert page(tmp_path, marked).published == "2016-11-29"
    assert page(tmp_path, marked + "<time pubdate datetime='2016-11-30'>a comment's").published is None
    assert page(tmp_path, "<time datetime='2016-11-29'>x</time>").published is None
    assert page(tmp_path, "<meta itemprop=datePublished content='2016-11-29'>x").published == "2016-11-29"


def test_a_heading_is_the_title_where_no_better_is_stated(tmp_path: Path) -> None:
    story = "<article><h1>The <i>story</i></h1>some text</article>"
    assert page(tmp_path, f"<title>Story | Paper</title><h1>The Paper</h1>{story}").title == "The story"
    assert page(tmp_path, "<title>Story</title><h1>The Paper</h1>text").title == "Story"
    assert page(tmp_path, "<h1>Only heading</h1>text").title == "Only heading"
    assert page(tmp_path, "<h1>One</h1><h1>Two</h1>text").title is None
    assert page(tmp_path, "<svg><title>An icon</title></svg>text").title is None


@pytest.mark.parametrize(
    ("head", "encoding", "text"),
    [
        ('<meta charset="utf-8">', "utf-8", "caf\u00e9 \u2014"),
        ("<meta charset=iso-8859-1>", "cp1252", "caf\u00e9 \u201cquoted\u201d"),  # as browsers read it
        (
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
            "cp1251",
            "\u0410\u043b\u0435\u043f\u043f\u043e",
        ),
        ('<?xml version="1.0" encoding="ISO-8859-15"?>', "iso8859-15", "5 \u20ac"),
        ("<meta charset='Shift_JIS'>", "cp932", "\u65e5\u672c\u8a9e"),
        ("<meta charset=gb2312>", "gb18030", "\u4e2d\u6587"),
        ("<meta charset=windows-1256>", "cp1256", "\u062d\u0644\u0628"),
        ("<!-- <meta charset=windows-1251> -->", "utf-8", "caf\u00e9"),
        ("<meta charset=utf-16>", "utf-8", "caf\u00e9"),  # it could not have been read if it were
        ("<meta charset=rot13>", "utf-8", "caf\u00e9"),
        ("<meta charset=unheard-of>", "utf-8", "caf\u00e9"),
        ("<meta charset=iso-8859-1>", "utf-8-sig", "caf\u00e9"),  # a byte order mark outweighs it
        ("<meta charset=iso-8859-1>", "utf-16", "caf\u00e9"),
    ],
)
def test_a_declared_encoding_is_honoured(tmp_path: Path, head: str, encoding: str, text: str) -> None:
    assert page(tmp_path, f"{head}<title>{text}</title><p>{text}</p>".encode(encoding)) == Reading(
        text=text, media_type="text/html", title=text
    )


def test_a_declared_encoding_that_is_not_so_is_named(tmp_path: Path) -> None:
    error = refusal(write(tmp_path / "a.html", b"<meta charset=cp1252>\x81\x8d\x8f"))
    assert "CP1252" in error
    assert "offset 21 " in error


@pytest.mark.parametrize(
    "markup", ["", " \n", "<p></p>", "<!-- x -->", "<script>document.write('x')</script>", "<p>&nbsp;"]
)
def test_a_page_without_visible_text(tmp_path: Path, markup: str) -> None:
    assert "holds no text" in refusal(write(tmp_path / "a.html", markup))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("<div>" * 100_000 + "deep", None),
        ("<b><i>" * 100_000 + "deep", None),
        ("<div>" * (html_page.DEEPEST - 2) + "deep", "deep"),  # html and body are two
        ("<div>" * (html_page.DEEPEST - 2) + "</b>" * 250_000 + "end", "end"),
        ("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + ">end", "end"),
        ("<p style='" + "display " * 500_000 + "'>end", "end"),
        ("<p style='display" + " " * 5_000_000 + "'>end", "end"),
        ("<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><p>end", "]>\n\nend"),
        ("<meta " * 200_000 + "charset=x>end", "end"),
        ("<nav>x</nav>" * 50_000, "\n\n".join(["x"] * 50_000)),
        ("<article>x</article>" * 50_000, "\n\n".join(["x"] * 50_000)),
        ("x" * 12_000_000, "x" * 12_000_000),  # more than the parser takes by default
        ("<" + "p" * 1_000_000 + ">end", "end"),
    ],
    ids=[
        "divs",
        "inline",
        "deepest",
        "stray",
        "attributes",
        "style",
        "spaces",
        "entities",
        "meta",
        "navs",
        "articles",
        "text",
        "name",
    ],
)
def test_pages_made_to_break_readers(tmp_path: Path, markup: str, expected: str | None) -> None:
    path = write(tmp_path / "a.html", markup)
    started = time.process_time()
    (found,) = read(path)
    assert time.process_time() - started < 5  # quadratic time is minutes here
    if expected is None:
        assert isinstance(found, Unreadable)
        assert "nests over 1000 elements" in found.error
    else:
        assert isinstance(found, Reading)
        assert found.text == expected


@given(st.text(alphabet=st.sampled_from("<>/!-&;= \n\"'abpthdlnsx#")))
def test_any_markup_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, markup: str) -> None:
    (found,) = read(write(tmp_path_factory.mktemp("any") / "a.html", markup))
    assert isinstance(found, (Reading, Unreadable))


# The naughty strings


@with_naughty
def test_naughty_strings_come_back_as_they_are(tmp_path: Path) -> None:
    strings = json.loads(NAUGHTY.read_text("utf-8"))
    together = "\n".join(strings)
    assert any(ord(character) > 0xFFFF for character in together)
    assert one(write(tmp_path / "all.txt", together)).text == together
    records = [
        json.dumps({"id": number, "text": f"{text}.", "title": text}) for number, text in enumerate(strings)
    ]
    found = list(read(write(tmp_path / "all.jsonl", "\n".join(records))))
    assert len(found) == len(strings)
    for text, reading in zip(strings, found, strict=True):
        if isinstance(reading, Unreadable):  # the two strings of nothing but control characters
            assert sum(character < " " or character == "\x7f" for character in text) > len(text) / 3
        else:
            assert reading.text == f"{text}."
    assert sum(isinstance(reading, Unreadable) for reading in found) <= 2


@with_naughty
def test_naughty_strings_survive_each_by_itself(tmp_path: Path) -> None:
    for text in json.loads(NAUGHTY.read_text("utf-8")):
        for suffix in (".txt", ".md", ".html", ".jsonl"):
            (found,) = read(write(tmp_path / f"a{suffix}", text))
            assert isinstance(found, (Reading, Unreadable))
            if suffix == ".txt" and isinstance(found, Reading):
                assert found.text == text.removeprefix("\ufeff")
