"""How fast files are read: `python -m tests.bench formats`.

Each format through the whole reading (the process apart, its limits, all that the readers do, what comes
back and is checked), against the library or the module under its reader, which does no more than
parse the same bytes in this process; in the same run. And what a 500-page PDF and an mbox of
100 MB take of memory when they are added.
"""

import csv
import io
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path

import lxml.etree
import lxml.html
import numpy as np
import pypdfium2

from corpus.add import add
from corpus.library import Library
from corpus.sandbox import Sandbox
from corpus.types import Reading
from tests.corpus import samples

SMALL, LARGE = 3_000, 1_000_000  # characters of a short article, and of a long text, or of many rows
FILES = 60  # short articles, read one after the other
RUNS = 3  # of each line, the best of which counts
MB = 2**20
MOST = 512  # MB of memory that a large file may take, here and in the process apart


def main() -> None:
    """Prints the tables."""
    with tempfile.TemporaryDirectory() as folder:
        print(f"Short: {FILES} files of {SMALL:,} characters of text; long: one of {LARGE:,}; best of {RUNS} runs.\n")
        print("| format | short: files/s | alone | long: MB/s of text | alone | what is alone |")
        print("|---|---|---|---|---|---|")
        with Sandbox() as sandbox:
            list(sandbox.read(_file(Path(folder), "warm.html", b"<p>The process is started by the first file.</p>")))
            for suffix, make in MADE.items():
                print(_row(Path(folder), sandbox, suffix, make), flush=True)
        print("\n| added | MB | documents | sentences | s | peak here | peak of the process apart |")
        print("|---|---|---|---|---|---|---|")
        for what in LARGEST:
            done = subprocess.run(
                [sys.executable, "-m", "tests.bench.formats", what], capture_output=True, text=True, check=True
            )
            told = json.loads(done.stdout)
            print(
                f"| {what} | {told['size'] / MB:.1f} | {told['documents']:,} | {told['sentences']:,} "
                f"| {told['seconds']:.0f} | {told['here']:.0f} MB | {told['apart']:.0f} MB |", flush=True,
            )  # fmt: skip
            for where in ("here", "apart"):
                if told[where] > MOST:
                    print(f"\n{what}: {told[where]:.0f} MB {where} is over {MOST} MB")


def _row(folder: Path, sandbox: Sandbox, suffix: str, make: Callable[[int, int], bytes]) -> str:
    short = [make(SMALL, number) for number in range(FILES)]
    long = make(LARGE, 0)
    name, alone = ALONE[suffix]
    paths = [_file(folder, f"{number}{suffix}", data) for number, data in enumerate(short)]
    path = _file(folder, f"long{suffix}", long)

    def read(*files: Path) -> None:
        for file in files:
            for found in sandbox.read(file):
                assert isinstance(found, Reading) or found.skipped, (file, found)

    ours_short, theirs_short = _best(lambda: read(*paths)), _best(lambda: [alone(data) for data in short])
    ours_long, theirs_long = _best(lambda: read(path)), _best(lambda: alone(long))
    return (
        f"| {suffix} | {FILES / ours_short:,.0f} | {FILES / theirs_short:,.0f} | {LARGE / MB / ours_long:,.2f} "
        f"| {LARGE / MB / theirs_long:,.1f} | {name} |"
    )


def _best(act: Callable[[], object]) -> float:
    took = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return min(took)


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# -- files of every format -------------------------------------------------------------------------


def paragraphs(length: int, seed: int) -> list[str]:
    """Paragraphs of some three sentences, together about as long as that, always the same for a seed."""
    chance, made = random.Random(seed), []
    while length > 0:
        town, many = chance.choice(("Aleppo", "Hama", "Tiflis", "Goma", "Bihać")), chance.randrange(10_000)
        lines = [f"{line[:-1]} in {town}, report {many}." for line in samples.STORY]
        made.append(" ".join(lines))
        length -= len(made[-1])
    return made


def _rows(length: int, seed: int) -> list[dict]:
    return [{"id": str(n), "title": f"Report {n}", "text": text} for n, text in enumerate(paragraphs(length, seed))]


def _html(length: int, seed: int) -> bytes:
    body = "".join(f"<p>{text}</p>" for text in paragraphs(length, seed))
    links = "".join(f"<li><a href=/{n}>Section {n}</a></li>" for n in range(40))
    said = '<meta charset="utf-8"><title>The bridge</title><meta property="og:site_name" content="The Courier">'
    within = f"<nav><ul>{links}</ul></nav><article>{body}</article>"
    return f"<!DOCTYPE html><html><head>{said}</head><body>{within}</body></html>".encode()


def _pdf(length: int, seed: int) -> bytes:
    words = " ".join(paragraphs(length, seed)).replace("ć", "c").split()
    lines = [" ".join(words[at : at + 14]) for at in range(0, len(words), 14)]
    return samples.pdf(*(samples.column(72, 740, *lines[at : at + 50], leading=13) for at in range(0, len(lines), 50)))


def _docx(length: int, seed: int) -> bytes:
    return samples.docx("".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs(length, seed)))


def _rtf(length: int, seed: int) -> bytes:
    told = (text.replace("ć", "c").encode("cp1252") for text in paragraphs(length, seed))
    return b"{\\rtf1\\ansi " + b"\\par ".join(told) + b"}"


def _epub(length: int, seed: int) -> bytes:
    made = paragraphs(length, seed)
    return samples.epub(*("".join(f"<p>{text}</p>" for text in made[at : at + 40]) for at in range(0, len(made), 40)))


def _mbox(length: int, seed: int) -> bytes:
    return samples.mbox(*(samples.mail(text, Message_ID=f"<{n}@x>") for n, text in enumerate(paragraphs(length, seed))))


def _cues(length: int, seed: int) -> str:
    cues = []
    for n, text in enumerate(paragraphs(length, seed)):
        at = f"{n // 1200:02}:{n // 20 % 60:02}:{n % 20 * 3:02},000"
        cues.append(f"{n + 1}\n{at} --> {at}\n{text}\n\n")
    return "".join(cues)


MADE: dict[str, Callable[[int, int], bytes]] = {
    ".txt": lambda length, seed: "\n\n".join(paragraphs(length, seed)).encode(),
    ".md": lambda length, seed: ("---\ntitle: The bridge\n---\n" + "\n\n".join(paragraphs(length, seed))).encode(),
    ".jsonl": lambda length, seed: "".join(json.dumps(row) + "\n" for row in _rows(length, seed)).encode(),
    ".json": lambda length, seed: json.dumps(_rows(length, seed)).encode(),
    ".csv": lambda length, seed: "".join(
        ["id,title,text\n", *(f'{row["id"]},{row["title"]},"{row["text"]}"\n' for row in _rows(length, seed))]
    ).encode(),
    ".html": _html,
    ".pdf": _pdf,
    ".docx": _docx,
    ".odt": lambda length, seed: samples.odt("".join(f"<text:p>{text}</text:p>" for text in paragraphs(length, seed))),
    ".rtf": _rtf,
    ".epub": _epub,
    ".eml": lambda length, seed: bytes(samples.mail("\n\n".join(paragraphs(length, seed)))),
    ".mbox": _mbox,
    ".srt": lambda length, seed: _cues(length, seed).encode(),
    ".zip": lambda length, seed: samples.packed(
        {f"{n}.txt": "\n\n".join(paragraphs(min(length, SMALL), seed + n)) for n in range(max(length // SMALL, 1))}
    ),
}


# -- the libraries alone ---------------------------------------------------------------------------


def _pdfium(data: bytes) -> None:
    document = pypdfium2.PdfDocument(data)
    for page in document:
        page.get_textpage().get_text_range()
    document.close()


def _zipped(member: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            "".join(lxml.etree.fromstring(archive.read(member)).itertext())

    return read


def _chapters(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith(".xhtml"):
                lxml.html.fromstring(archive.read(name)).text_content()


def _members(data: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            archive.read(name).decode()


def _mail(data: bytes) -> None:
    BytesParser(policy=compat32).parsebytes(data).get_payload(decode=True)


def _messages(data: bytes) -> None:
    for message in data.split(b"\n\nFrom "):
        _mail(message)


ALONE: dict[str, tuple[str, Callable[[bytes], object]]] = {
    ".txt": ("decoding", bytes.decode),
    ".md": ("decoding", bytes.decode),
    ".jsonl": ("json, line by line", lambda data: [json.loads(line) for line in data.splitlines()]),
    ".json": ("json", json.loads),
    ".csv": ("csv", lambda data: list(csv.reader(io.StringIO(data.decode())))),
    ".html": ("lxml.html, its text", lambda data: lxml.html.fromstring(data).text_content()),
    ".pdf": ("pypdfium2, the text of each page", _pdfium),
    ".docx": ("zipfile and lxml.etree", _zipped("word/document.xml")),
    ".odt": ("zipfile and lxml.etree", _zipped("content.xml")),
    ".rtf": ("decoding (the reader is ours)", lambda data: data.decode("cp1252")),
    ".epub": ("zipfile and lxml.html", _chapters),
    ".eml": ("email.parser", _mail),
    ".mbox": ("email.parser", _messages),
    ".srt": ("decoding (the reader is ours)", bytes.decode),
    ".zip": ("zipfile, and decoding", _members),
}


# -- what large files take -------------------------------------------------------------------------


def _large_pdf() -> Iterator[bytes]:
    yield _pdf(500 * 3_300, 0)  # 50 full lines a page


def _large_mbox() -> Iterator[bytes]:
    """4,000 messages of a page of text each, a picture beside it, and to every tenth a PDF."""
    chance = random.Random(0)
    pdf = _pdf(SMALL, 0)
    for number in range(4_000):
        words, id = "\n\n".join(paragraphs(4_000, number)), f"<{number}@example.org>"
        message = samples.mail(words, f"Report {number}", Message_ID=id)
        message.add_attachment(chance.randbytes(15_500), maintype="image", subtype="jpeg", filename="picture.jpg")
        if number % 10 == 0:
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename="report.pdf")
        yield samples.mbox(message)


LARGEST: dict[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "a PDF of 500 pages": ("large.pdf", _large_pdf),
    "an mbox of 100 MB": ("large.mbox", _large_mbox),
}


def measure(what: str) -> dict:
    """Adds a large file to a new library, with vectors that cost nothing; in a process of its own."""
    name, made = LARGEST[what]
    vector = np.full(384, 384**-0.5, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        with open(path, "wb") as file:
            for piece in made():
                file.write(piece)
        library = Library(Path(folder, "library"), create=True)
        children, done = _Children(), threading.Event()
        watching = threading.Thread(target=children.watch, args=(done,))
        watching.start()
        begun = time.monotonic()
        try:
            report = add(
                library, [path], embed=lambda texts: np.tile(vector, (len(texts), 1)),
                encoder={"model": "none", "dimension": 384},
            )  # fmt: skip
        finally:
            done.set()
            watching.join()
        assert not report.failed, report.failed[:3]
        return {
            "size": path.stat().st_size, "documents": report.added, "sentences": report.sentences,
            "seconds": time.monotonic() - begun, "here": _peak("self"), "apart": children.peak,
        }  # fmt: skip


class _Children:
    """The most memory that any child of this process has had in use, in MB."""

    def __init__(self) -> None:
        self.peak = 0.0

    def watch(self, done: threading.Event) -> None:
        """Looks now and again, as each of them keeps its own peak."""
        while not done.wait(0.02):
            for children in Path("/proc/self/task").glob("*/children"):
                try:
                    for child in children.read_text().split():
                        self.peak = max(self.peak, _peak(child))
                except OSError:  # it has just ended
                    continue


def _peak(process: str) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0.0)


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
