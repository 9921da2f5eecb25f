"""Good files of every format, made here from words alone, for tests and for the fuzzer to spoil."""

import io
import json
import zipfile
import zlib
from email.message import EmailMessage

STORY = (
    "The bridge over the Kura was opened again on Tuesday, officials said.",
    "“It is a great day,” said the mayor, Nino Beridze, who walked over it first.",
    "The repair cost four million lari, and took two years longer than had been planned.",
)


def pdf(
    *pages: list[tuple[float, float, str | bytes]], size: float = 10, info: str = "", extra: tuple[str, ...] = (), trailer: str = "",
    signs: dict[str, str] | None = None,
) -> bytes:
    """A PDF whose pages have these lines, each at (x, y), drawn in the order given (windows-1252). With `signs`,
    what some characters stand for, all of them are half as wide as the type is high."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"]
    kids = []
    for page in pages:
        drawn = b"BT /F1 %g Tf\n" % size
        for x, y, text in page:
            if isinstance(text, bytes):  # the operator itself
                drawn += b"1 0 0 1 %g %g Tm %s\n" % (x, y, text)
                continue
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("cp1252")
            drawn += b"1 0 0 1 %g %g Tm (%s) Tj\n" % (x, y, escaped)
        packed = zlib.compress(drawn + b"ET")
        objects.append(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b" ".join(kids), len(kids))
    objects += [one.encode("latin-1") for one in (*((info,) if info else ()), *extra)]
    if signs:
        told = "".join(f"<{ord(drawn):02x}> <{sign.encode('utf-16-be').hex()}>\n" for drawn, sign in signs.items())
        cmap = f"begincmap 1 begincodespacerange <00> <ff> endcodespacerange {len(signs)} beginbfchar {told} endbfchar endcmap"
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap.encode()))
        wide = b"/ToUnicode %d 0 R /FirstChar 0 /LastChar 255 /Widths [%s] >>" % (len(objects), b"500 " * 256)
        objects[2] = objects[2].removesuffix(b">>") + wide
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, 2)
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    told = f"/Info {3 + 2 * len(pages) + 1} 0 R " if info else ""
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {told}{trailer}>>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def column(x: float, top: float, *lines: str, leading: float = 12) -> list[tuple[float, float, str]]:
    """Lines one below the other."""
    return [(x, top - leading * number, line) for number, line in enumerate(lines)]


def packed(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


_CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The bridge</dc:title><dc:creator>Jane Doe</dc:creator>'
    "</cp:coreProperties>"
)


def docx(body: str, prolog: str = "", **parts: str) -> bytes:
    """A DOCX whose body is this WordprocessingML."""
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>{prolog}<w:document '
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        f'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{body}</w:body></w:document>'
    )
    return packed({"word/document.xml": document, "docProps/core.xml": _CORE} | parts)


def odt(body: str, manifest: str = "<manifest/>") -> bytes:
    """An ODT whose body is this OpenDocument text."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "table", "meta")
    )
    content = f"<office:document-content {names}><office:body><office:text>{body}</office:text></office:body></office:document-content>"
    meta = (
        f'<office:document-meta {names} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>The bridge'
        "</dc:title><meta:initial-creator>Jane Doe</meta:initial-creator></office:meta></office:document-meta>"
    )
    return packed(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content, "meta.xml": meta,
         "META-INF/manifest.xml": manifest}
    )  # fmt: skip


def epub(*chapters: str, **more: str) -> bytes:
    """An EPUB of these chapters (XHTML bodies)."""
    items = "".join(f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters)))
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>Bridges</dc:title><dc:creator>Jane Doe</dc:creator><dc:publisher>Kura Press</dc:publisher>"
        f"<dc:date>2016-11-29</dc:date></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OEBPS/book.opf": package}
    members |= {f"OEBPS/c{n}.xhtml": f"<html><head><title>c</title></head><body>{body}</body></html>" for n, body in enumerate(chapters)}
    return packed(members | more)


def mail(text: str = "\n".join(STORY), subject: str = "The bridge", **headers: str) -> EmailMessage:
    """A message with these words."""
    message = EmailMessage()
    message["From"] = "Jane Doe <jane@example.org>"
    message["To"] = "Desk <desk@example.org>"
    message["Subject"] = subject
    message["Date"] = "Tue, 29 Nov 2016 10:00:00 +0200"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def mbox(*messages: EmailMessage) -> bytes:
    """These messages in one file."""
    return b"".join(b"From jane@example.org Tue Nov 29 10:00:00 2016\n" + bytes(one) + b"\n\n" for one in messages)


RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil\fcharset0 Arial;}{\f1\fcharset204 Arial;}}"
    rb"{\info{\title The bridge}{\author Jane Doe}{\creatim\yr2016\mo11\dy29}}{\*\generator x;}{\header Page 1}"
    rb"\pard The bridge \b over\b0  the Kura, a caf\'e9, \u8220?reopened\u8221?.\par {\f1 \'cf\'f0\'e8\'e2\'e5\'f2}\par"
    rb"\trowd\intbl Town\cell Dead\cell\row\intbl Tiflis\cell 12\cell\row\pard "
    rb"Last{\footnote A note.} line{\v hidden}. \u-10179?\u-8704?\par{\pict 0123456789abcdef}}"
)
SRT = (
    "1\n00:00:01,000 --> 00:00:02,000\nWe went to\n<i>Aleppo</i> yesterday.\n\n2\n00:00:02,500 --> 00:00:04,000\n"
    "It was cold &amp; dark.\n\n3\n00:01:09,500 --> 00:01:14,000\n- Was it?\n- It was.\n"
)
VTT = (
    "WEBVTT - news\n\nSTYLE\n::cue { color: red }\n\nNOTE nothing\n\n1\n00:01.000 --> 00:04.000 align:start\n"
    "<v Ann Lee>The bridge is <c.loud>open</c>.\n\n00:04.000 --> 00:06.000\n<v Ann Lee>The bridge is open.\nAt last.\n"
)
CSV = "id;Town;Published;Dead;Notes\n1;Aleppo;2016-11-29;12;\n2;\"Ham;a\";2016-11-30;3;\"Two\nlines\"\n"
JSON = json.dumps(
    {"status": "ok", "articles": [
        {"source": {"id": None, "name": "Courier"}, "author": "Jane Doe", "title": "The bridge", "url": "https://example.org/a",
         "publishedAt": "2016-11-29T10:00:00Z", "content": " ".join(STORY)},
        {"town": "Aleppo", "toll": {"dead": 12, "hurt": [3, 4]}},
    ]}
)  # fmt: skip


def good() -> dict[str, bytes]:
    """A good file of each format, by its suffix."""
    paragraphs = "".join(f"<p>{line}</p>" for line in STORY)
    words = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in STORY)
    message = mail()
    message.add_alternative(f"<html><body>{paragraphs}</body></html>", subtype="html")
    message.add_attachment(CSV.encode(), maintype="text", subtype="csv", filename="tolls.csv")
    message.add_attachment(pdf(column(72, 700, *STORY)), maintype="application", subtype="pdf", filename="story.pdf")
    message.add_attachment(mail("Inner words.", "Inner"))
    head = '<head><title>The bridge</title><meta property="og:site_name" content="The Courier"></head>'
    texts = {
        ".txt": " ".join(STORY),
        ".md": "---\ntitle: The bridge\npublished: 2016-11-29\n---\n# The bridge\n\n" + "\n\n".join(STORY),
        ".html": f"<!DOCTYPE html><html>{head}<body><nav><a href=/>Home</a></nav><article>{paragraphs}</article></body></html>",
        ".jsonl": "".join(json.dumps({"id": str(n), "text": line}) + "\n" for n, line in enumerate(STORY)),
        ".json": JSON,
        ".csv": CSV,
        ".srt": SRT,
        ".vtt": VTT,
    }
    files = {suffix: text.encode() for suffix, text in texts.items()}
    files |= {
        ".pdf": pdf(column(72, 700, *STORY), column(72, 700, "A second page."), info="<< /Title (The bridge) >>"),
        ".docx": docx(words + "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>A</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"),
        ".odt": odt("".join(f"<text:p>{line}</text:p>" for line in STORY)),
        ".rtf": RTF,
        ".epub": epub(f"<h1>One</h1>{paragraphs}", "<h1>Two</h1><p>More.</p>"),
        ".eml": bytes(message),
        ".mbox": mbox(message, mail("Another.", Message_ID="<2@example.org>")),
    }
    files[".zip"] = packed({f"folder/story{suffix}": data for suffix, data in files.items()} | {"picture.png": b"\x89PNG"})
    return files


def more() -> dict[str, list[bytes]]:
    """Further good files of some formats, with what is seldom in them, for the fuzzer."""
    linked = (
        '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "datePublished": "2016-11-29", "author": '
        '[{"name": "Jane Doe"}], "publisher": {"name": "The Courier"}}]}</script>'
    )
    page = (
        f'<?xml version="1.0"?><html><head><meta charset=windows-1252><meta property="og:title" content="T">{linked}</head><body>'
        "<div class=menu><ul><li><a href=/>Home</a><li>x</ul></div><main><h1>The bridge</h1><time datetime=2016-11-29 pubdate>x"
        f"</time><div style='display:none'>x</div><p>{STORY[0]}<br>a &eacute;&#8212;&#x1F600; &nbsp;b<pre> c\n d</pre>"
        f"<table><tr><th>A<td>B</table><blockquote>{STORY[1]}</blockquote></main><aside>{STORY[2]}</aside><svg><title>x</svg>"
    )
    columns = pdf(
        column(72, 700, *(f"{STORY[0][:40]}, it was the number {n}-" for n in range(8)))
        + column(330, 700, *(f"{STORY[2][:40]}, it was the number {n}." for n in range(8))), [(72, 40, "Page 2")],
        info="<< /Title <feff00540069> /Author (Jane \\351) >>", trailer="/ID [<00> <00>] ",
    )  # fmt: skip
    boxed = (
        '<w:p><w:pPr><w:pStyle w:val="Heading1"/><w:numPr/></w:pPr><w:r><w:t>The bridge</w:t><w:tab/><w:br/></w:r><w:ins><w:r><w:t>new'
        "</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>"
        "<w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></mc:Choice><mc:Fallback><w:p/></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    notes = '<w:footnotes xmlns:w="x"><w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>'
    listed = (
        "<text:h>The bridge</text:h><text:list><text:list-item><text:p>One<text:s/><text:tab/><text:line-break/></text:p><text:list>"
        "<text:list-item><text:p>Two<text:note><text:note-body><text:p>A note.</text:p></text:note-body></text:note></text:p></text:list-item>"
        "</text:list></text:list-item></text:list><table:table><table:table-row><table:table-cell><text:p>A</text:p></table:table-cell>"
        "</table:table-row></table:table>"
    )
    inner = mail(STORY[1], "=?utf-8?q?Gr=C3=BC=C3=9Fe?=")
    outer = mail("“Worte”\n" * 20, "Wörter", Reply_To="x@example.org", Message_ID="<1@example.org>")
    outer.add_related(f"<p>{STORY[0]}<img src=cid:x>".encode("utf-16"), maintype="text", subtype="html", params={"charset": "utf-16"})
    outer.add_attachment(inner)
    raw = (
        b"From: =?koi8-r?b?8NLJ18XU?= <a@example.org>\r\nSubject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\nDate: 29 Nov 2016\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=\"iso-8859-1\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>caf=E9=\r\n=20x</p>\r\n"
    )
    rtf = (
        rb"{\rtf1\mac\uc2{\fonttbl{\f0\fcharset128 x;}{\f1\fcharset134 y;}}{\stylesheet{\s1 h;}}\f0 \'93\'fa\'96\'7b\f1 \'d6\'d0 \u24180??\line"
        rb"{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}{\*\unknown x}{\upr{a}{\*\ud{b}}}\bin3 abc\~\-\_\{\par\deleted x\deleted0 y}"
    )
    book = epub("<h2>A</h2><ul><li>x</ul>", "<nav><ol><li>x</ol></nav>", "<p>&#233;&nbsp;\u00ad</p>", **{"META-INF/encryption.xml": "<encryption/>"})
    return {
        ".txt": ["Мост был открыт во вторник, сказал мэр города.".encode("cp1251"), STORY[1].encode("utf-16"), STORY[1].encode("utf-32-be")],
        ".md": [b"---\ntitle: [a, {b: c}]\nauthor:\n - x\n - y\ndate: 2016-11-29 10:00\n...\n# T #\n\n" + STORY[0].encode()],
        ".html": [page.encode("cp1252", "xmlcharrefreplace"), page.encode("utf-16")],
        ".json": [b'{"a": {"b": [1, 2.5e3, true, null, "\\ud83d\\ude00"]}, "text": "words", "published": "2016-11-29"}', b'["x", {"id": 1, "text": "y"}]'],
        ".csv": ["\ufeffid\ttext\turl\n1\t\"a \"\"b\"\"\"\thttps://example.org\n".encode("utf-16-le"), b"a|b|a\r1|2|3\r4|5\r"],
        ".srt": [SRT.replace("\n", "\r\n").replace("<i>", "{\\an8}<font color=red>").encode("utf-8-sig")],
        ".vtt": [VTT.replace("00:01.000", "01:00:01.000").encode("utf-16")],
        ".pdf": [columns],
        ".docx": [docx(boxed, **{"word/footnotes.xml": notes, "word/endnotes.xml": notes})],
        ".odt": [odt(listed)],
        ".rtf": [rtf],
        ".epub": [book],
        ".eml": [bytes(outer), raw],
        ".mbox": [mbox(outer, inner) + b"From x Tue Nov 29 10:00:00 2016\n" + raw + b"\n>From y\n>>From z\n"],
    }
