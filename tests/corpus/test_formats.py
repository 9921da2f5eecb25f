"""Every format: its words in their order, what it states of itself, and where its pages and parts begin."""

import io
import json
import re
import zipfile

import pytest

from corpus.readers import SUFFIXES
from corpus.readers.guessing import guess
from corpus.types import Reading
from tests.corpus import samples
from tests.corpus.samples import STORY, column, pdf


@pytest.fixture
def found(tmp_path, sandbox):
    """Reads a file of this name and content, as `add` does."""

    def reading(name: str, data: bytes | str) -> list:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return list(sandbox.read(path))

    return reading


@pytest.fixture
def one(found):
    def reading(name: str, data: bytes | str) -> Reading:
        (only,) = found(name, data)
        assert isinstance(only, Reading), only
        return only

    return reading


def stated(reading: Reading) -> tuple:
    return reading.title, reading.source, reading.author, reading.published


def test_there_is_a_good_file_of_every_format_and_each_is_read(found):
    files = samples.good()
    assert {suffix.replace(".htm", ".html").replace("htmll", "html") for suffix in SUFFIXES} - {".tsv"} == files.keys()
    for suffix, data in files.items():
        readings = found(f"good{suffix}", data)
        whole = " ".join(" ".join(reading.text.split()) for reading in readings if isinstance(reading, Reading))
        assert all(isinstance(reading, Reading) or reading.skipped for reading in readings), suffix
        if suffix in (".csv", ".srt", ".vtt", ".rtf"):
            continue  # these have words of their own, below
        assert all(line in whole for line in STORY), suffix


# PDF


def test_a_pdf_states_its_pages_and_title(one):
    reading = one(
        "a.pdf",
        pdf(column(72, 700, *STORY), [], column(72, 700, "The third page."), info="<< /Title (The bridge) /Author (Jane Doe) >>"),
    )
    assert stated(reading) == ("The bridge", "Jane Doe", "Jane Doe", None)
    assert [reading.text[start:][:9] for start in reading.pages] == ["The bridg", "The third", "The third"]
    assert "no text on page 2" in reading.notes[0]
    assert one("b.pdf", pdf(column(72, 700, "Words."), info="<< /Title (Microsoft Word - a.doc) /Author (user) >>")).title is None


LEFT = (
    "The bridge over the river in the east of", "the city was opened again on Tuesday, offi-", "cials said. The mayor walked over it first,",
    "with two hundred people behind her in the", "rain. Nobody had crossed it for six years.", "It is a great day for the whole city, she",
)  # fmt: skip
RIGHT = (
    "told the crowd on the other bank. The well-", "known engineer Davit Lomidze called it the", "work of his life. The repair cost four mil-",
    "lion lari, and took two years longer than", "had been planned. Another well-known man", "did not come. Traffic begins next week.",
)  # fmt: skip
BOTH = (
    "The bridge over the river in the east of the city was opened again on Tuesday, officials said. The mayor walked over "
    "it first, with two hundred people behind her in the rain. Nobody had crossed it for six years. It is a great day for "
    "the whole city, she told the crowd on the other bank. The well-known engineer Davit Lomidze called it the work of his "
    "life. The repair cost four million lari, and took two years longer than had been planned. Another well-known man did "
    "not come. Traffic begins next week."
)


@pytest.mark.parametrize("order", ["columns", "rows", "backwards"])
def test_two_columns_are_read_one_after_the_other_however_they_are_drawn(one, order):
    title = [(72, 740, "A title that runs over the whole width of the page, above both of its columns")]
    left, right = column(72, 700, *LEFT), column(320, 700, *RIGHT)
    drawn = title + left + right
    if order == "rows":
        drawn = title + [line for pair in zip(left, right, strict=True) for line in pair]
    elif order == "backwards":
        drawn = drawn[::-1]
    text = one("a.pdf", pdf(drawn)).text
    assert text == f"{title[0][2]}\n\n{BOTH}"


def test_a_table_is_read_by_its_rows(one):
    rows = [("Town", "Dead", "Hurt"), ("Aleppo", "12", "30"), ("Hama", "3", "7"), ("Homs", "1", "9"), ("Idlib", "0", "2")]
    drawn = [(72 + 120 * n, 700 - 12 * m, cell) for m, row in enumerate(rows) for n, cell in enumerate(row)]
    assert one("a.pdf", pdf(drawn)).text == "\n".join("\t".join(row) for row in rows)


def test_words_broken_at_line_ends_are_put_together(one):
    text = one(
        "a.pdf",
        pdf(column(72, 700, "The infor-", "mation came from a well-", "known person, Mr. Al-", "Assad, on 28-", "29 November; a well-known fact.")),
    ).text
    assert text == "The information came from a well-known person, Mr. Al-Assad, on 28-29 November; a well-known fact."


def test_repeated_headers_and_footers_are_dropped_and_a_sentence_runs_over_pages(one):
    pages = []
    for number in range(1, 6):
        body = column(72, 700, f"Page text {chr(64 + number)} begins here and it goes on to the end of", "the page, where a sentence breaks off and")
        pages.append([(72, 760, "The Daily Courier"), *body, (300, 30, f"Page {number} of 5")])
    reading = one("a.pdf", pdf(*pages))
    assert "Courier" not in reading.text and "of 5" not in reading.text
    assert [reading.text[start:][:11] for start in reading.pages] == [f"Page text {letter}" for letter in "ABCDE"]
    assert len(re.findall("\n\n", reading.text)) == 4, "a page that begins with a capital begins a paragraph"
    lower = pdf(column(72, 700, "It broke off and"), column(72, 700, "went on, with an unfin-"), column(72, 700, "ished word."))
    reading = one("b.pdf", lower)
    assert reading.text == "It broke off and went on, with an unfinished word."
    assert [reading.text[start:][:5] for start in reading.pages] == ["It br", "went ", "ished"]


def test_paragraphs_of_a_pdf(one):
    indented = [
        (72, 700, "The first paragraph has a line that is full from edge to edge,"), (72, 688, "and a second one."),
        (90, 676, "The second one is indented, and begins at once below the first"), (72, 664, "one, without a gap."),
        (72, 640, "The third has a gap above it."),
    ]  # fmt: skip
    assert one("a.pdf", pdf(indented)).text.count("\n\n") == 2


def test_an_encrypted_pdf_is_named(refusal):
    locked = pdf(
        column(72, 700, "Secret."), extra=("<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % ("00" * 32, "11" * 32),),
        trailer="/Encrypt 6 0 R /ID [<00> <00>] ",
    )  # fmt: skip
    assert "is encrypted" in refusal("a.pdf", locked)


def test_a_scan_and_what_is_no_pdf_are_named(refusal):
    assert "scan" in refusal("a.pdf", pdf([], []))
    assert "not a PDF" in refusal("b.pdf", b"%PDF-1.7 and no more")
    assert "not a PDF" in refusal("c.pdf", b"")


def test_every_open_pdf_ends_as_text_or_as_a_named_refusal(data, sandbox):
    paths = sorted((data / "robust" / "pdf").rglob("*.pdf"))
    assert len(paths) > 20
    told = {path.name: list(sandbox.read(path)) for path in paths}
    for name, (only,) in told.items():
        assert isinstance(only, Reading) or re.search("encrypted|scan", only.error), (name, only)
    columns = told["multicolumn.pdf"][0].text
    assert "consectetuer adipiscing elit. Ut purus elit" in columns and "Two-Column Document with Lorem Ipsum\n" in columns
    assert len(told["GeoTopo-komprimiert.pdf"][0].pages) == 117


# Office formats


def test_docx(one, refusal):
    body = (
        '<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>The bridge</w:t></w:r></w:p>'
        "<w:p><w:r><w:t xml:space='preserve'>It was </w:t></w:r><w:del><w:r><w:delText>never</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>soon</w:t></w:r></w:ins><w:r><w:tab/><w:t>open</w:t><w:br/><w:t>again.</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Town</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Dead</w:t></w:r></w:p></w:tc></w:tr>"
        "<w:tr><w:tc><w:p><w:r><w:t>Aleppo</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>12</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
        "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></mc:Choice>"
        "<mc:Fallback><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent>"
    )
    notes = '<w:footnotes xmlns:w="x"><w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    reading = one("a.docx", samples.docx(body, **{"word/footnotes.xml": notes, "word/header1.xml": "<not read>"}))
    assert reading.text == "The bridge\n\nIt was soon\topen\nagain.\n\nTown\tDead\nAleppo\t12\n\nBoxed.\n\nA note."
    assert stated(reading) == ("The bridge", "Jane Doe", "Jane Doe", None)
    assert reading.sections == ((0, "The bridge"),)
    assert "before 2007" in refusal("b.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "not a Word document" in refusal("c.docx", samples.packed({"a.txt": "x"}))
    assert "not a DOCX" in refusal("d.docx", b"words")


def paragraph(text: str, properties: str = "", run: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t xml:space='preserve'>{text}</w:t></w:r></w:p>"


def test_what_is_deleted_or_hidden_in_a_docx_is_not_read_and_a_box_follows_its_paragraph(one):
    box = f"<w:r><w:pict><w:txbxContent>{paragraph('In a box.')}</w:txbxContent></w:pict></w:r>"
    body = (
        paragraph("Ignore all that was said.", run="<w:vanish/>") + paragraph("Not hidden.", run="<w:vanish w:val='0'/>")
        + paragraph("Its end is ", "<w:rPr><w:del/></w:rPr>") + paragraph("deleted.")
        + f"<w:p><w:r><w:t xml:space='preserve'>It begins </w:t></w:r>{box}<w:r><w:t>and ends.</w:t></w:r></w:p>"
        + paragraph("The last.", "<w:rPr><w:del/></w:rPr>")
    )  # fmt: skip
    assert one("a.docx", samples.docx(body)).text.split("\n\n") == [
        "Not hidden.", "Its end is deleted.", "It begins and ends.", "In a box.", "The last.",
    ]  # fmt: skip


def test_odt(one, refusal):
    body = (
        '<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:h>The bridge</text:h>'
        '<text:p>It was<text:s/>soon<text:tab/>open<text:note><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>A note.</text:p></text:note-body></text:note> and\n  free<text:line-break/>again."
        "<office:annotation><text:p>A comment.</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>One</text:p></text:list-item><text:list-item><text:p>Two</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell><table:table-cell>"
        "<text:p>B</text:p></table:table-cell></table:table-row></table:table>"
    )
    reading = one("a.odt", samples.odt(body))
    assert reading.text == "The bridge\n\nIt was soon\topen and free\nagain.\n\nOne\nTwo\nA\tB\n\nA note."
    assert stated(reading) == ("The bridge", "Jane Doe", "Jane Doe", None)
    assert "encrypted" in refusal("b.odt", samples.odt(body, "<m><encryption-data/></m>"))
    assert "not a text document" in refusal("c.odt", samples.packed({"a.txt": "x"}))


def test_rtf(one, refusal):
    reading = one("a.rtf", samples.RTF)
    assert reading.text == (
        "The bridge over the Kura, a café, “reopened”.\n\nПривет\n\nTown\tDead\nTiflis\t12\n\nLast line. \U0001f600\n\nA note."
    )
    assert stated(reading) == ("The bridge", "Jane Doe", "Jane Doe", None)
    assert one("b.rtf", rb"{\rtf1 a\bin4 }}}}b}").text == "ab"
    twice = rb"{\rtf1 a {\upr{not this}{\*\ud{\u26085?}}} b {\shp{\*\shpinst{\sp{\sn fill}{\sv 7}}{\shptxt In a box.}}}}"
    assert one("d.rtf", twice).text == "a 日 b In a box."
    assert "not RTF" in refusal("c.rtf", "plain words")


def test_epub(one, refusal):
    book = samples.epub("<h1>One</h1><p>First words.</p>", "<p> </p>", "<h1>Two</h1><p>More words.</p>")
    reading = one("a.epub", book)
    assert reading.text == "One\n\nFirst words.\n\nTwo\n\nMore words."
    assert stated(reading) == ("Bridges", "Kura Press", "Jane Doe", "2016-11-29")
    assert reading.sections == ((0, "One"), (19, "Two"))
    listed = '<item id="n" href="n.xhtml" properties="nav" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="n"/>'
    package = samples.epub("<h2>Zwei</h2><p>Words.</p>", **{"OEBPS/n.xhtml": "<nav><ol><li>Zwei</li></ol></nav>"})
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        members = {name: opened.read(name) for name in opened.namelist()}
    members["OEBPS/book.opf"] = members["OEBPS/book.opf"].replace(b"</manifest><spine>", listed.encode())
    reading = one("c.epub", samples.packed(members))
    assert (reading.text, reading.sections) == ("Zwei\n\nWords.", ((0, "Zwei"),))
    drm = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData>'
        '<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>'
    )
    assert "DRM" in refusal("b.epub", samples.epub("<p>x</p>", **{"META-INF/encryption.xml": drm}))


# Web pages


PAGE = """<!DOCTYPE html><html><head><title>Bridge reopens | The Courier</title>
<meta property="og:site_name" content="The Courier"><meta property="article:published_time" content="2016-11-29T10:00:00Z">
<script type="application/ld+json">{"@type": "NewsArticle", "author": [{"@type": "Person", "name": "Jane Doe"}, {"name": "Ali Haddad"}]}</script>
</head><body><div class="cookie-banner"><p>We use cookies to improve your experience. By continuing to use our site you accept them all, for ever and a day.</p></div>
<ul><li><a href=/>Home</a></li><li><a href=/w>World</a></li></ul>
<div class="content"><div class="main-column"><h1>Bridge reopens</h1><div class="byline">By Jane Doe and Ali Haddad</div>
<p>The old bridge over the river in the east of the city was opened again on Tuesday, officials said, after two years of work.</p>
<div class="text"><p>“It is a great day,” said the mayor, Ahmed Hassan, who walked over it first, with two hundred people behind him.</p>
<div class="ad-slot">ADVERTISEMENT</div><ul><li>It is 120 metres long</li><li>It is 90 years old</li></ul>
<p><a href=/x>Read more: ten bridges that you must see before you die, and why they matter to all of us</a></p>
<p>The repair cost four million dollars, paid by the city and by <a href=/d>donors</a> abroad, according to the ministry of works.</p></div>
<p>Traffic will be allowed from next week; until then only people on foot may cross it, and only in daylight, the police said.</p>
<aside><p>Another story that is quite long and is about something else entirely, namely the weather in the south of the country.</p></aside>
<section id="comments"><p>I was there and it was really great, I think that everybody should go and look at it, best day ever in this city.</p></section>
</div><div class="rail"><ul><li><a href=/1>Most read: one</a></li><li><a href=/2>Most read: two</a></li></ul></div></div>
<footer>Copyright</footer></body></html>"""


def test_the_article_of_a_news_page_without_what_is_around_it(one):
    reading = one("a.html", PAGE)
    assert reading.text.split("\n\n") == [
        "Bridge reopens", "By Jane Doe and Ali Haddad",
        "The old bridge over the river in the east of the city was opened again on Tuesday, officials said, after two years of work.",
        "“It is a great day,” said the mayor, Ahmed Hassan, who walked over it first, with two hundred people behind him.",
        "It is 120 metres long\nIt is 90 years old",
        "The repair cost four million dollars, paid by the city and by donors abroad, according to the ministry of works.",
        "Traffic will be allowed from next week; until then only people on foot may cross it, and only in daylight, the police said.",
    ]  # fmt: skip
    assert stated(reading) == ("Bridge reopens", "The Courier", "Jane Doe, Ali Haddad", "2016-11-29T10:00:00+00:00")


LINKS = "<ul>" + "".join(f"<li><a href=/{n}>Another headline, number {n}, about something else entirely</a></li>" for n in range(5)) + "</ul>"
TEASERS = "".join(
    f"<article><h2><a href=/{n}>Teaser {n}</a></h2><p>A teaser of some length that is about something else, "
    f"entirely so and at some length, and says nothing of any bridge, number {n}.</p></article>" for n in range(4)
)
WORDS = (
    "The old bridge over the river in the east of the city was opened again on Tuesday, officials said, after two years of work.",
    "“It is a great day,” said the mayor, Ahmed Hassan, who walked over it first, with two hundred people behind him.",
    "The repair cost four million dollars, paid by the city and by donors abroad, according to the ministry of works.",
    "Traffic will be allowed from next week; until then only people on foot may cross it, the police said.", "He added: “No.”",
)  # fmt: skip
COMMENTS = "<div id=disqus_thread><p>I was there and it was really great, I think that everybody should go and look at it, best day ever.</p></div>"
RIGHTS = "<div><p>© 2016 The Courier. All rights reserved. None of it may be reproduced without the prior written permission of us.</p></div>"


@pytest.mark.parametrize(
    "body",
    [
        "<h1>Bridge</h1>" + "".join(f"<div class=zn>{words}</div>" for words in WORDS) + LINKS + COMMENTS + RIGHTS,
        f"<table><tr><td>{LINKS}</td><td><h1>Bridge</h1><br>{'<br><br>'.join(WORDS)}</td></tr></table>{RIGHTS}",
        TEASERS + "<article><h1>Bridge</h1>" + "".join(f"<p>{words}</p>" for words in WORDS) + f"</article>{COMMENTS}{RIGHTS}",
        "<main><article><h1>Bridge</h1>" + "".join(f"<div><div><p>{words}</p></div></div>" for words in WORDS)
        + f"<div data-component=links-block><h2>More</h2>{LINKS}</div><section data-component=tag-list><h2>Topics</h2></section></article></main>",
        "<h1>Bridge</h1><p>By us</p><div>" + "".join(f"<p>{words}</p>" for words in WORDS).replace("</p>", f"</p>{LINKS}", 1)
        + f"</div><div role=complementary><p>{WORDS[0].upper()}</p></div>{RIGHTS}",
    ],
    ids=["divs", "breaks in a table", "teasers", "components", "heading before it"],
)  # fmt: skip
def test_the_article_of_a_page_that_does_not_mark_it(one, body):
    text = one("a.html", f"<!DOCTYPE html><html><head><title>Bridge</title></head><body>{body}</body></html>").text
    assert [part for part in text.split("\n\n") if part != "By us"] == ["Bridge", *WORDS]


def test_a_paragraph_on_copyright_is_no_notice_of_it(one):
    told = "Copyright law was changed on Tuesday, in a vote that had been put off for two years and more, officials said."
    assert told in one("a.html", "<div>" + "".join(f"<p>{words}</p>" for words in (*WORDS, told)) + "</div>").text


def test_the_article_of_a_page_that_a_script_fills(one):
    script = json.dumps({"@type": "NewsArticle", "headline": "Bridge", "articleBody": "\n".join(WORDS).replace("“", "&ldquo;")})
    reading = one("a.html", f'<script type="application/ld+json">{script}</script><div id=root></div><p>Turn on JavaScript.</p>')
    assert reading.text == "\n".join(WORDS) and "filled by a script" in reading.notes[0]
    shown = "".join(f"<p>{words}</p>" for words in WORDS[:4])
    assert one("b.html", f'<script type="application/ld+json">{script}</script>{shown}').text == "\n\n".join(WORDS[:4])


def test_a_page_of_links_is_kept_whole(one):
    listed = "".join(f"<li><a href=/{n}>Report number {n} on the state of the bridges of the country, in full</a></li>" for n in range(20))
    assert one("a.html", f"<body><ul>{listed}</ul></body>").text.count("Report number") == 20


# Mail


def test_a_message_and_what_is_attached_are_documents_of_their_own(found):
    message = samples.mail("Hello there.\n\nThe bridge is open – now.", "Grüße aus Tiflis")
    message.add_alternative("<p>Not this form.</p>", subtype="html")
    message.add_attachment(b"Some words.", maintype="text", subtype="plain", filename="Notiz über.txt")
    message.add_attachment(b"Other words.", maintype="text", subtype="plain", filename="Notiz über.txt")
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="p.png")
    inner = samples.mail("Inner words.", "Inner")
    inner.add_attachment(b"Innermost words.", maintype="text", subtype="plain", filename="deep.txt")
    message.add_attachment(inner)
    first, *others = found("a.eml", bytes(message))
    assert first.name is None and first.text == (
        "From: Jane Doe <jane@example.org>\nTo: Desk <desk@example.org>\nDate: Tue, 29 Nov 2016 10:00:00 +0200\n\n"
        "Hello there.\n\nThe bridge is open – now."
    )
    assert stated(first) == ("Grüße aus Tiflis", "Jane Doe", "Jane Doe", "2016-11-29T10:00:00+02:00")
    assert [other.name for other in others] == [
        "Notiz über.txt", "Notiz über (2).txt", "p.png", "message.eml", "message.eml/deep.txt",
    ]  # fmt: skip
    assert others[2].skipped and others[1].text == "Other words." and others[4].text == "Innermost words."


def test_a_message_in_html_and_one_in_an_old_encoding(found, one):
    raw = b"From: =?koi8-r?B?98nLzMA=?= <v@example.org>\r\nSubject: x\r\nContent-Type: text/html; charset=windows-1251\r\n\r\n<p>%s</p>"
    reading = one("a.eml", raw % "Мост открыт".encode("cp1251"))
    assert reading.text.endswith("\n\nМост открыт") and reading.source == "Виклю"
    assert one("c.eml", "Subject: =?utf-8?b?a?= is open\n\nwords").title == "=?utf-8?b?a?= is open"  # which is no base64
    parts = b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nwords\n--b\nContent-Type: image/x\0y\n\nz\n--b--\n"
    assert [one.name for one in found("d.eml", parts)] == [None, "part.xy"]
    assert "not a mail message" in found("b.eml", b"words and no headers")[0].error
    inner = b"Subject: x\nTo: y\nContent-Type: message/rfc822\n\nX-A: a\x0bMIME-Version: 1.0\nSubject: inner\n\nwords"
    [outer, within] = found("f.eml", inner)
    assert outer.title == "x" and "cannot be taken out of the message" in within.error


def test_mbox(found, refusal):
    messages = [samples.mail(f"Message {n}.\n\nFrom here on\nit is quoted.", Message_ID=f"<{n}@example.org>") for n in (1, 2, 2)]
    messages.append(samples.mail("No id."))
    readings = found("a.mbox", samples.mbox(*messages).replace(b"\nFrom here", b"\n>From here"))
    assert [reading.name for reading in readings[:3]] == ["1@example.org", "2@example.org", "2@example.org (2)"]
    assert readings[3].name.startswith("message-") and readings[0].text.endswith("Message 1.\n\nFrom here on\nit is quoted.")
    assert "holds no messages" in refusal("b.mbox", "words")


# Records


def test_rows_are_documents(found, one, refusal):
    first, second = found("a.csv", samples.CSV)
    assert (first.name, first.text, first.published) == ("1", "id: 1; Town: Aleppo; Published: 2016-11-29; Dead: 12", "2016-11-29")
    assert second.text == "id: 2; Town: Ham;a; Published: 2016-11-30; Dead: 3\n\nNotes: Two\nlines"
    reading = one("b.tsv", "headline\tbody\toutlet\tdate\turl\nOpen\tIt is open.\tCourier\t03/04/2016\thttps://example.org/\n")
    assert (reading.text, reading.title, reading.source, reading.published, reading.uri) == (
        "It is open.", "Open", "Courier", None, "https://example.org/",
    )  # fmt: skip
    assert "holds no rows" in refusal("c.csv", "a,b\n")
    kept, again, wrong, late = found("d.csv", "id,text,published\n1,a,\n1,b,\n2,c,soon\n3,d,\n")
    assert (kept.text, late.text) == ("a", "d")
    assert "repeats the id '1'" in again.error and again.line == 3 and "is not a date" in wrong.error
    names = [reading.name for reading in found("e.csv", "a,b\nx,y\nx,y\nz,y\n")]
    assert len(set(names)) == 3 and names[1] == f"{names[0]} (2)"
    assert [reading.text for reading in found("g.csv", 'sep=;\r\nid;text\r\n1;"a, ""b"""\r\n')] == ['a, "b"']
    assert [reading.title for reading in found("h.csv", "headline\nOne, two\nThree\n")] == ["One, two", "Three"]
    assert [reading.name for reading in found("f.csv", "a,b\nnew,row\nx,y\nz,y\n")][1:] == [names[0], names[2]]


def test_json(found, one, refusal):
    first, second = found("a.json", samples.JSON)
    assert stated(first) == ("The bridge", "Courier", "Jane Doe", "2016-11-29T10:00:00+00:00")
    assert second.text == "town: Aleppo; toll.dead: 12; toll.hurt: 3; toll.hurt: 4"
    whole = one("b.json", json.dumps({"title": "T", "text": "Words.", "tags": ["a"]}))
    assert (whole.name, whole.text, whole.title) == (None, "Words.", "T")
    assert [reading.text for reading in found("c.json", '["one", {"text": "two"}]')] == ["one", "two"]
    assert "not JSON" in refusal("d.json", "{") and "line 1" in refusal("d.json", "{")
    assert "nested too deeply" in refusal("e.json", "[" * 100_000)
    assert "holds no documents" in refusal("f.json", "[]")


def test_subtitles(one, refusal):
    reading = one("a.srt", samples.SRT)
    assert reading.text == "We went to Aleppo yesterday.\nIt was cold & dark.\n\n- Was it?\n\n- It was."
    assert reading.sections == ((0, "00:00:01"), (50, "00:01:09"))
    assert one("b.vtt", samples.VTT).text == "Ann Lee: The bridge is open.\nAt last."
    assert "no subtitles" in refusal("c.srt", "words")


# Archives


def test_members_of_an_archive_are_documents_of_their_own(found, refusal):
    inner = samples.packed({"deep.txt": "Deep words."})
    members = {"b/a.txt": "Words.", "x.exe": "MZ", "mail.eml": bytes(samples.mail("In mail.")), "in.zip": inner, "bad.pdf": "no"}
    readings = found("a.zip", samples.packed(members | {"__MACOSX/._a.txt": "x", ".hidden.txt": "x"}))
    told = {reading.name: reading for reading in readings}
    assert told["b/a.txt"].text == "Words." and told["in.zip/deep.txt"].text == "Deep words."
    assert told["mail.eml"].text.endswith("In mail.")
    assert told["x.exe"].skipped and told[".hidden.txt"].skipped and not told["bad.pdf"].skipped
    assert "holds no files" in refusal("b.zip", samples.packed({}))
    assert "not a ZIP" in refusal("c.zip", "words")
    locked = bytearray(samples.packed({"a.txt": "x"}, zipfile.ZIP_STORED))
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(header) + offset] |= 1
    assert "is encrypted" in found("d.zip", bytes(locked))[0].error


# Encodings


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Le président a déclaré que « l’armée » quittera la ville à l’été — selon plusieurs témoins."),
        ("cp1252", "El presidente dijo que las tropas habían salido. ¿Quién controla Alepo? «Nadie», según el señor Peña."),
        ("cp1252", "Der Präsident erklärte, die Straße sei für Fußgänger geöffnet; über zwölf Menschen wurden verletzt."),
        ("cp1250", "Prezydent powiedział, że wojska opuściły miasto. Według świadków zginęło dwanaście osób."),
        ("cp1250", "Prezident řekl, že vojáci opustili město. Podle svědků zahynulo dvanáct lidí."),
        ("iso8859-2", "Prezydent powiedział, że wojska opuściły miasto. Według świadków zginęło dwanaście osób."),
        ("cp1251", "Президент сообщил, что войска вышли из города. Погибли двенадцать человек."),
        ("koi8-r", "Президент сообщил, что войска вышли из города. Погибли двенадцать человек."),
        ("cp866", "Президент сообщил, что войска вышли из города. Погибли двенадцать человек."),
        ("cp1253", "Ο πρόεδρος δήλωσε ότι τα στρατεύματα εγκατέλειψαν την πόλη."),
        ("cp1254", "Cumhurbaşkanı birliklerin şehirden ayrıldığını söyledi. Görgü tanıklarına göre on iki kişi öldü."),
        ("cp1255", "הנשיא אמר כי הכוחות עזבו את העיר. לפי עדי ראייה נהרגו שנים עשר בני אדם."),
        ("cp1256", "قال الرئيس إن القوات غادرت المدينة. وبحسب شهود عيان قتل اثنا عشر شخصا في شرق حلب."),
        ("gb18030", "总统说，部队已经离开这座城市。据目击者称，有十二人丧生。"),
        ("big5", "總統說，部隊已經離開這座城市。據目擊者稱，有十二人喪生。"),
        ("shift_jis", "大統領は部隊が街を離れたと述べた。目撃者によると十二人が死亡した。"),
        ("euc_kr", "대통령은 군대가 도시를 떠났다고 말했다. 목격자에 따르면 열두 명이 사망했다."),
        ("utf-16-le", "The president said that the troops had left the city."),
        ("utf-16-be", "The president said that the troops had left the city."),
    ],
)
def test_an_encoding_that_nothing_states_is_guessed_and_shown_as_a_guess(one, encoding, text):
    for name in ("a.txt", "a.md"):
        reading = one(name, text.encode(encoding))
        assert reading.text == text, guess(text.encode(encoding))
        assert "guessed" in reading.notes[0]
    assert one("b.txt", text).notes == ()


def test_a_few_damaged_characters_are_shown_as_such(one):
    text = "Ο πρόεδρος δήλωσε ότι τα στρατεύματα εγκατέλειψαν την πόλη. " * 10
    reading = one("a.txt", text.encode()[:100] + b"\xff" + text.encode()[100:])
    assert reading.text.count("\ufffd") == 1 and "1 of its characters" in reading.notes[0]


# Into the library


def test_pages_and_members_reach_the_library_and_are_covered_by_its_hashes(tmp_path, library, fill):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf(column(72, 700, "First page."), column(72, 700, "Second page.")))
    message = samples.mail()
    message.add_attachment(b"Words.", maintype="text", subtype="plain", filename="a.txt")
    (folder / "b.eml").write_bytes(bytes(message))
    (folder / "latin.txt").write_bytes("Une journée d’été à Alep, déjà.".encode("cp1252"))
    report = fill(folder, index=False)
    assert (report.added, report.failed) == (4, []) and "guessed" in report.notes[0][1]
    assert fill(folder, index=False).unchanged == 4
    document = library.named("a.pdf")
    text = library.text(document.id)
    assert [document.page_at(text.index(words)) for words in ("First", "Second")] == [1, 2]
    assert document.page_at(len(text)) == 2
    assert library.named("b.eml").origin == str(folder) and library.named("b.eml").author == "Jane Doe"
    assert library.named("a.txt").origin == str(folder / "b.eml")
    with library.transaction() as db:
        db.execute("UPDATE documents SET pages = '[0, 3]' WHERE name = 'a.pdf'")
    assert [where for _, where, _ in library.damage() if "a.pdf" in where]
    (folder / "b.eml").write_bytes(bytes(samples.mail()))
    assert (report := fill(folder, index=False)).removed == 1 and report.unchanged == 3


def test_an_answer_says_its_page_and_section(tmp_path, fill, assistant):
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf(column(72, 700, "The weather was fine all week."), column(72, 700, "Nino Beridze holds the harbour of Batumi.")))
    (tmp_path / "b.epub").write_bytes(samples.epub("<h1>Grain</h1><p>Ali Haddad holds the mill of Gori.</p>"))
    fill(path, tmp_path / "b.epub")
    from ui.render import answer_json

    claim = answer_json(assistant.ask("who holds the harbour of Batumi?"))["claims"][0]
    assert (claim["quote"], claim["page"]) == ("Nino Beridze holds the harbour of Batumi.", 2)
    claim = answer_json(assistant.ask("who holds the mill of Gori?"))["claims"][0]
    assert (claim["page"], claim["section"]) == (None, "Grain")
