"""Files made to do harm (THREATS 14 to 21): each is refused by name or read as the text it is; none costs
more than its own file, and the rest of the batch goes on."""

import ast
import io
import os
import struct
import time
import zipfile
import zlib
from functools import cache
from pathlib import Path

import pytest

from corpus import sandbox as sandboxes
from corpus import sandboxed
from corpus.readers import archive, read
from corpus.sandbox import Sandbox
from corpus.types import Reading, Unreadable
from tests.corpus import fuzz, samples
from tests.corpus.samples import column, docx, epub, mail, packed, pdf

MB = 2**20


@pytest.fixture
def found(tmp_path, sandbox):
    """Reads a file in the child; it must end, and the child must be there for the next file."""

    def reading(name: str, data: bytes | str) -> list[Reading | Unreadable]:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        ended = list(sandbox.read(path))
        good = tmp_path / "good.html"
        good.write_text("<p>Still here.</p>")
        assert [one.text for one in sandbox.read(good)] == ["Still here."]
        return ended

    return reading


# 14: archives that unpack to more than anybody has room for


@cache
def blanks(size: int) -> tuple[bytes, int]:
    """`size` blanks as a raw deflate stream, a thousandth as long, and their checksum."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return b"".join(packer.compress(b" " * MB) for _ in range(size // MB)) + packer.flush(), zlib.crc32(b" " * size)


def bomb(name: str, size: int, times: int = 1, claimed: int | None = None) -> bytes:
    """A ZIP of `times` members that share one stream of `size` bytes: the overlapping bomb."""
    stream, crc = blanks(size)
    claimed = size if claimed is None else claimed
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(stream), claimed, len(name), 0) + name.encode()
    out = local + stream
    start = len(out)
    for number in range(times):
        called = f"{number}{name}".encode() if number else name.encode()
        out += struct.pack(
            "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(stream), claimed, len(called), 0, 0, 0, 0, 0, 0
        ) + called  # fmt: skip
    return out + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, times, times, len(out) - start, start, 0)


def test_a_small_archive_of_gigabytes_is_refused_before_it_is_unpacked(found, refusal):
    assert "made to fill memory" in refusal("a.zip", bomb("a.txt", 32 * MB))
    assert "overlap" in refusal("b.zip", bomb("a.txt", 32 * MB, times=500))
    assert "made to fill memory" in refusal("c.docx", bomb("word/document.xml", 32 * MB))
    assert "made to fill memory" in refusal("d.epub", bomb("META-INF/container.xml", 32 * MB))
    assert "made to fill memory" in refusal("e.odt", bomb("content.xml", 32 * MB))


def test_a_member_that_claims_too_little_gives_no_more_than_it_claims(refusal):
    assert "damaged" in refusal("a.zip", bomb("a.txt", 32 * MB, claimed=1000))


def test_an_archive_whose_parts_add_up_is_refused(refusal, monkeypatch):
    members = {f"{n}.txt": b"word " * (MB // 5) for n in range(6)} | {"p.bin": os.urandom(MB // 16)}
    assert [type(one) for one in read_here(packed(members), "a.zip")].count(Reading) == 6
    monkeypatch.setattr(archive, "TOTAL", 5 * MB)
    (only,) = read_here(packed(members), "a.zip")
    assert "unpacks to over 5 MB" in only.error
    monkeypatch.setattr(archive, "MOST", 5)
    assert "over 5 members" in read_here(packed(members), "a.zip")[0].error


def read_here(data: bytes, name: str) -> list:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return list(read(path))


def test_archives_within_archives_end(found):
    inner = packed({"a.txt": "Deep words."})
    for _ in range(20):
        inner = packed({"in.zip": inner})
    (only,) = found("a.zip", inner)
    assert "containers deep" in only.error and only.name.count("in.zip") <= 4


# 15 and 16: names are labels


@pytest.mark.parametrize("name", ["../../x.txt", "/etc/x.txt", "..\\..\\x.txt", "a/../../x.txt", "C:\\x.txt", "./x.txt", "\x1b]0;x.txt"])
def test_a_name_in_an_archive_or_a_mail_leads_nowhere(tmp_path, found, library, fill, name):
    before = sorted(tmp_path.rglob("*"))
    (member,) = found("a.zip", packed({name: "Words."}))
    message = mail()
    message.add_attachment(b"Words.", maintype="text", subtype="plain", filename=name)
    _, attached = found("a.eml", bytes(message))
    for reading in (member, attached):
        assert reading.text == "Words." and reading.name.endswith("x.txt")
        assert ".." not in reading.name.split("/") and not reading.name.startswith("/") and "\\" not in reading.name
    new = {path.name for path in tmp_path.rglob("*")} - {path.name for path in before}
    assert new == {"a.zip", "a.eml", "good.html"}
    assert not Path("/etc/x.txt").exists()
    report = fill(tmp_path / "a.zip", index=False)
    assert report.added == 1 and library.documents()[0].origin == str(tmp_path / "a.zip")


def test_a_link_in_an_archive_is_not_followed(found):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archived:
        link = zipfile.ZipInfo("passwd.txt")
        link.external_attr = 0o120777 << 16
        archived.writestr(link, "/etc/passwd")
        archived.writestr("a.txt", "Words.")
    link, member = found("a.zip", out.getvalue())
    assert link.skipped and "links" in link.error and member.text == "Words."


def test_no_reader_writes_a_file():
    """What is read goes through memory alone: nothing in the readers unpacks, writes or opens by a name."""
    for path in sorted(Path(archive.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func).rpartition(".")[2]
                assert called not in {"extract", "extractall", "write_text", "write_bytes", "mkdir", "NamedTemporaryFile"}, path
                if called == "open":
                    assert ast.unparse(node.func) in {"path.open", "archive.open"}, path


# 17: XML that unfolds or fetches


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
)
FETCH = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("prolog", [LAUGHS, FETCH, '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'])
def test_a_dtd_is_refused(refusal, found, prolog):
    body = "<w:p><w:r><w:t>&d;&e;</w:t></w:r></w:p>"
    assert "holds a DTD" in refusal("a.docx", docx(body, prolog))
    wide = docx(body, prolog)
    with zipfile.ZipFile(io.BytesIO(wide)) as archived:
        document = archived.read("word/document.xml").decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert "holds a DTD" in refusal("b.docx", packed({"word/document.xml": document}))
    assert "holds a DTD" in refusal("c.odt", packed({"content.xml": prolog + "<a>&d;&e;</a>"}))
    book = epub("<p>x</p>", **{"OEBPS/book.opf": prolog + "<package/>"})
    assert "holds a DTD" in refusal("d.epub", book)
    # In a page, and so in a chapter of a book, entities of its own are no entities.
    (page,) = found("e.html", prolog + "<p>words &d;&e;</p>")
    assert "root:" not in page.text and len(page.text) < 1000


# 18: PDFs that loop or unfold


def chain(first: str, second: str) -> bytes:
    """A PDF of which two objects, 6 and 7, refer to each other."""
    return pdf(column(72, 700, "Words."), extra=(first, second)).replace(b"/Type /Catalog", b"/Type /Catalog /Outlines 6 0 R")


def test_pdfs_whose_parts_refer_to_themselves(found):
    loop = pdf(column(72, 700, "Words."))
    table = loop.rindex(b"xref")
    (only,) = found("prev.pdf", loop.replace(b"/Root", b"/Prev %d /Root" % table))
    assert isinstance(only, Reading) or "PDF" in only.error
    outline = chain("<< /First 7 0 R /Last 7 0 R /Count 1 >>", "<< /Title (x) /Parent 6 0 R /Next 7 0 R /First 6 0 R >>")
    assert found("outline.pdf", outline)[0].text == "Words."
    kids = pdf(column(72, 700, "Words.")).replace(b"/Kids [5 0 R]", b"/Kids [2 0 R]")
    assert "PDF" in found("kids.pdf", kids)[0].error or "pages" in found("kids.pdf", kids)[0].error
    many = pdf(column(72, 700, "Words.")).replace(b"/Count 1", b"/Count 99999999")
    (only,) = found("count.pdf", many)
    assert isinstance(only, Reading) or only.error


def test_a_pdf_that_unfolds_to_gigabytes_costs_that_file_alone(tmp_path, library, fill, monkeypatch):
    monkeypatch.setattr(sandboxes, "SECONDS", 2.0)
    stream = zlib.compress(zlib.compress(b"BT /F1 10 Tf (x) Tj ET " * (8 * MB), 1), 9)
    made = pdf(column(72, 700, "Words."))
    begin, end = made.index(b"4 0 obj"), made.index(b"endobj", made.index(b"4 0 obj"))
    data = b"4 0 obj\n<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream\n" % (len(stream), stream)
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(pdf(column(72, 700, "First words.")))
    (folder / "b.pdf").write_bytes(made[:begin] + data + made[end:])
    (folder / "c.pdf").write_bytes(pdf(column(72, 700, "Last words.")))
    report = fill(folder, index=False)
    assert [document.name for document in library.documents() if document.name != "b.pdf"] == ["a.pdf", "c.pdf"]
    assert all("b.pdf" in path and "save its text" in error for path, error in report.failed)


# 19: no parser that loads pickles


def test_nothing_is_loaded_that_a_pdf_names(found):
    """PDFium has its CMaps built in; the name of one is looked up in a table, and no file is opened."""
    font = (
        "<< /Type /Font /Subtype /Type0 /BaseFont /X /Encoding /..#2f..#2ftmp#2fevil /DescendantFonts [<< /Type /Font "
        "/Subtype /CIDFontType2 /BaseFont /X /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>] >>"
    )
    made = pdf(column(72, 700, "Words.")).replace(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", font.encode()
    )
    (only,) = found("a.pdf", made)
    assert isinstance(only, Reading) or only.error
    import pypdfium2

    folder = Path(pypdfium2.__file__).parent
    assert not [path for path in folder.rglob("*.py") if "import pickle" in path.read_text()]


# 20: nesting


def test_what_is_nested_deeper_than_any_document_ends_by_name(found, refusal):
    deep = 20_000
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000))
    files = {
        "a.html": "<div>" * 100_000 + "x",
        "b.docx": docx("<w:p>" * deep + "</w:p>" * deep),
        "c.odt": samples.odt("<text:list>" * deep + "</text:list>" * deep),
        "d.rtf": rb"{\rtf1 " + b"{" * 100_000 + b"x",
        "e.eml": "From: a@example.org\n" + nested + "Content-Type: text/plain\n\nwords",
        "f.json": "[" * 100_000 + "]" * 100_000,
        "g.json": '{"a":' * 100_000 + "1" + "}" * 100_000,
    }
    for name, data in files.items():
        error = refusal(name, data)
        assert "nest" in error or "well-formed" in error, (name, error)
    for header in ("From", "To", "Subject", "Date", "Content-Type", "Content-Disposition"):
        for filling in ("(" * 100_000, "<" * 100_000, '"' * 100_001, "=?utf-8?q?" * 10_000, ";a=" * 30_000):
            (only, *_) = found("h.eml", f"Message-ID: <1>\n{header}: {filling}\n\nwords")
            assert isinstance(only, Reading | Unreadable)
    rings = mail("Inner.")
    for _ in range(40):
        outer = mail("Outer.")
        outer.add_attachment(rings)
        rings = outer
    told = found("i.eml", bytes(rings))
    assert any(isinstance(one, Unreadable) and "containers deep" in one.error for one in told)


# 21: input that makes patterns try again and again


FILLINGS = {
    "dashes": "a-" * MB, "spaces": " " * 2 * MB, "dots": "." * 2 * MB, "quotes": "\"'" * MB, "newlines": "\n" * 2 * MB + "x",
    "tags": "<a " * (MB // 2), "comments": "<!--" * (MB // 2), "digits": "1" * 2 * MB, "arrows": "00:00:00,000 --> " * (MB // 8),
    "commas": "," * MB + "\nx", "equals": "=?" * MB, "from": "From x 10:00\n" * (MB // 8), "amps": "&amp" * (MB // 2),
    "semicolons": "a;" * 500 + "\n" + "1;" * MB, "backslashes": "\\" * 2 * MB, "braces": "{\\*" * (MB // 2),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".csv", ".srt", ".vtt", ".eml", ".mbox", ".rtf", ".json"])
def test_reading_takes_time_in_proportion(tmp_path, suffix):
    """Under a second of processor time for a megabyte, reading and splitting (in this process, to measure)."""
    from corpus.sentences import sentences

    heads = {".srt": "1\n00:00:01,000 --> 00:00:02,000\n", ".eml": "From: a@example.org\nSubject: x\n\n", ".rtf": "{\\rtf1 "}
    heads |= {".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n", ".mbox": "From a Tue Nov 29 10:00:00 2016\nFrom: a\n\n", ".md": "---\n"}
    for name, filling in FILLINGS.items():
        path = tmp_path / f"a{suffix}"
        path.write_text(heads.get(suffix, "") + filling)
        for _ in range(3):  # a busy machine is slow now and then, not always
            begun, documents = time.process_time(), 0
            for one in read(path):
                documents += 1
                if isinstance(one, Reading) and len(one.text) < 100:
                    sentences(one.text)
            took = time.process_time() - begun
            # A row or message is a document of its own, which costs some time however short it is.
            if took < 1.5 * path.stat().st_size / MB + 0.5 + 0.0003 * documents:
                break
        else:
            pytest.fail(f"{suffix} {name}: {took:.1f} s")


def test_what_a_document_states_of_itself_is_read_in_linear_time(found):
    filling = "a-" * 50_000
    begun = time.process_time()
    found("a.html", f'<meta name=author content="{filling}"><meta property="article:published_time" content="{filling}"><p>x</p>')
    found("b.html", f'<div class="{filling}" id="{"- " * 50_000}"><p>x</p></div>')
    found("c.pdf", pdf(column(72, 700, "Words."), info=f"<< /Title ({filling}) /Author ({filling}) >>"))
    found("d.md", f"---\nauthor: {filling}\ndate: {filling}\n---\nx")
    assert time.process_time() - begun < 2


# The child itself


def test_a_file_that_stalls_its_reader_is_given_up_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sandboxes, "SECONDS", 0.0)
    monkeypatch.setattr(sandboxes, "WAIT", 60.0)
    monkeypatch.setattr(sandboxes, "WAIT_A_MB", 0.0)
    slow = tmp_path / "slow.html"
    slow.write_text("<p>" + "<b>word</b> " * 600_000)
    monkeypatch.setattr(sandboxes, "SECONDS_A_MB", 0.0)
    fast = tmp_path / "fast.html"
    fast.write_text("<p>Words.</p>")
    with Sandbox() as sandbox:
        (only,) = sandbox.read(slow)
        assert isinstance(only, Unreadable) and "took too long" in only.error
        monkeypatch.setattr(sandboxes, "SECONDS", 7.0)
        assert next(sandbox.read(fast)).text == "Words."
        monkeypatch.setattr(sandboxes, "WAIT", 0.0)
        (only,) = sandbox.read(slow)
        assert "could not be read within" in only.error
        monkeypatch.setattr(sandboxes, "WAIT", 30.0)
        assert next(sandbox.read(fast)).text == "Words."


def test_a_child_that_is_killed_costs_one_file(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<p>Words.</p>")
    with Sandbox() as sandbox:
        assert list(sandbox.read(path))[0].text == "Words."
        sandbox._child.kill()
        told = list(sandbox.read(path))
        assert isinstance(told[0], Reading) or "broke its reader" in told[0].error
        assert list(sandbox.read(path))[0].text == "Words."
        first = sandbox._child.pid
        list(sandbox.read(path))
        assert sandbox._child.pid == first, "one child serves many files"
        generator = sandbox.read(path)
        next(generator)
        generator.close()
        assert next(sandbox.read(path)).text == "Words.", "what is left unread is not taken for the next file's"


def test_the_child_is_held_to_its_memory(tmp_path):
    import subprocess
    import sys

    code = "import resource\nfrom corpus import sandboxed\nsandboxed._limit(resource.RLIMIT_AS, sandboxed.MEMORY)\nbytearray(2**30)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr and sandboxed.MEMORY == 512 * MB


ANSWERS = [
    {"reading": {"text": "x", "media_type": "text/html", "published": "soon"}},
    {"reading": {"text": "x\0", "media_type": "text/html"}},
    {"reading": {"text": 5, "media_type": "text/html"}},
    {"reading": {"text": "abc", "media_type": "a", "pages": [0, 99]}},
    {"reading": {"text": "abc", "media_type": "a", "pages": [2, 1]}},
    {"reading": {"text": "abc", "media_type": "a", "sections": [["x", "y", "z"]]}},
    {"reading": {"text": "abc", "media_type": "a", "more": 1}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[1, 1, "\n"], [1, 1, "\n"]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[2, 1, "\n"]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[1, 1, "not "]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[2, 2, "\ufb01"]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[4, 1, "\n"]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[-3, 1, "\n"]]}},
    {"reading": {"text": "a bc", "media_type": "a", "printed": [[1, 1, ["\n"]]]}},
    {"unreadable": {"error": "x", "name": "a\0b"}},
    {"unknown": 1},
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_child_that_was_taken_over_is_not_believed(answer):
    with pytest.raises(sandboxes._Stopped, match="broke its reader"):
        sandboxes._believed(answer)


def test_an_address_or_title_from_the_child_is_made_fit_to_show():
    told = sandboxes._believed({"reading": {"text": "x", "media_type": "a", "uri": "javascript:x", "title": "a\nb"}})
    assert (told.uri, told.title) == (None, "a b")


def test_a_hostile_current_folder_is_not_where_modules_come_from(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "a.html").write_text("<p>Words.</p>")
    monkeypatch.chdir(tmp_path)
    with Sandbox() as sandbox:
        assert next(sandbox.read(Path("a.html"))).text == "Words."


def test_files_that_were_spoilt_end_as_text_or_as_a_named_refusal(tmp_path):
    """A short run of the fuzzer; the long one is `python -m tests.corpus.fuzz`."""
    outcomes = fuzz.run(fuzz.seeds(), 12, seed=7, keep=tmp_path)
    assert len(outcomes) >= 16
    for suffix, told in outcomes.items():
        assert told["broken"] == 0, (suffix, told)
