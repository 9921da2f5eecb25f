"""Spoils good files of every format, thousands of times, and reads what comes out.

    python -m tests.corpus.fuzz 20000 [--seed N] [--only .pdf,.docx] [--jobs N] [--anew]

Each file must end as documents or as a named refusal, within 10 seconds of processor time (the long run allows
ten minutes of waiting, which other programs may cause), from a child process of at most 512 MB, and the process
that reads must live. What came of every chunk of files is kept in build/fuzz, so that a run that was
stopped goes on where it was; the table in tests/bench/results/fuzz.md is written as it goes.
Prints a line a chunk, keeps the files that broke a rule in build/fuzz, and exits with 1 then.
"""

import argparse
import io
import json
import multiprocessing
import os
import platform
import random
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from corpus import sandbox as sandboxes
from corpus.readers.decoding import check
from corpus.sandbox import Sandbox
from corpus.sentences import sentences
from corpus.types import Reading, Unreadable
from tests.bench.written import commit
from tests.corpus.samples import good, more

SLOWEST = 10.0  # seconds
MEMORY = 512 * 2**20  # bytes of a child
CHUNK = 250  # files that are read, and noted, at a time
FOLDER = Path("build/fuzz")
TABLE = Path("tests/bench/results/fuzz.md")
FULL = 20_000  # files of each format: a shorter run is a taste, and does not replace the table
OPEN = Path("../shared/data/robust/pdf")  # good files of others, where they are at hand
_FAST = Path("/dev/shm")  # a file is written and read a million times: not on a disk
_ORDER = (
    ".pdf", ".html", ".docx", ".eml", ".rtf", ".odt", ".epub", ".csv", ".mbox", ".json", ".vtt", ".srt", ".zip", ".md", ".jsonl", ".txt",
)  # fmt: skip
_KINDS = ("read", "refused", "unforeseen", "died", "stopped")
_TOKENS = (
    b"\0", b"\xff\xfe", b"\n\n", b"{", b"}", b"(" * 50, b"<" * 20, b"<!DOCTYPE x [", b"&e;", b"]]>", b"%PDF-1.4", b"<<", b">>",
    b"endobj", b"stream\n", b"1 0 R", b"65535", b"-1", b"99999999999", b"\\bin9999999 ", b"\\u-32768", b"--", b"=?utf-8?b?",
    b"Content-Type: multipart/mixed; boundary=\"\"\n", b"PK\x01\x02", b"PK\x03\x04", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\"", b",",
    b"\xef\xac\x83", b"\xc2\xad", b"\n-->", b"<script type=\"application/ld+json\">", b"null", b"[[", b"\\'ff", b"=\n", b"\nFrom x 10:00\n",
    b"/Length 0", b"/Prev 0", b"<feff", b"beginbfrange", b"<w:p>", b"</w:p>", b"</", b"<!--", b"charset=utf-16", b"\r",
)  # fmt: skip


def seeds() -> dict[str, list[bytes]]:
    """The good files of each format: those that the tests make, and open PDFs of up to 100 KB."""
    files = {suffix: [data, *more().get(suffix, ())] for suffix, data in good().items()}
    files[".pdf"] += [path.read_bytes() for path in sorted(OPEN.rglob("*.pdf")) if path.stat().st_size < 100_000]
    return files


def spoil(data: bytes, chance: random.Random) -> bytes:
    """The same file with some bytes flipped, cut, doubled, moved or replaced; often within what is packed."""
    if data[:2] == b"PK" and chance.random() < 0.6:
        return _spoil_member(data, chance)
    if data[:4] == b"%PDF" and chance.random() < 0.5:
        return _spoil_stream(data, chance)
    spoilt = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        place = chance.randrange(len(spoilt) + 1)
        length = chance.choice((1, 1, 4, 32, 512))
        match chance.randrange(7):
            case 0 if place < len(spoilt):
                spoilt[place] ^= 1 << chance.randrange(8)
            case 1:
                del spoilt[place : place + length]
            case 2:
                spoilt[place:place] = spoilt[place : place + length] * chance.choice((1, 2, 50))
            case 3:
                spoilt[place:place] = chance.choice(_TOKENS)
            case 4:
                spoilt[place : place + length] = chance.randbytes(length)
            case 5:
                spoilt[place : place + length] = chance.choice(_TOKENS)[:length]
            case 6 if chance.random() < 0.1:
                del spoilt[place:]
        if not spoilt or len(spoilt) > 4_000_000:
            break
    return bytes(spoilt)


def _spoil_member(data: bytes, chance: random.Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as spoilt:
        names = archive.namelist()
        victim = chance.choice(names)
        for name in names:
            member = archive.read(name)
            spoilt.writestr(name, spoil(member, chance) if name == victim else member)
    return out.getvalue()


def _spoil_stream(data: bytes, chance: random.Random) -> bytes:
    """A PDF of which one of the first streams is spoilt, below its packing."""
    start = -1
    for _ in range(chance.choice((1, 1, 2, 3, 5, 8))):
        start = data.find(b"stream", start + 1) if data.find(b"stream", start + 1) >= 0 else start
    start = data.find(b"\n", start) + 1
    end = data.find(b"endstream", start)
    try:
        stream = zlib.decompress(data[start:end].strip(b"\r\n"))
    except zlib.error:
        return data[: chance.randrange(len(data))]
    return data[:start] + zlib.compress(spoil(stream, chance), 1) + b"\n" + data[end:]


def run(files: Mapping[str, Sequence[bytes]], count: int, seed: object, keep: Path | None = None) -> dict[str, Counter]:
    """Reads `count` spoilt files of each format; what became of them, by format. Under "broken" are those
    that broke a rule, kept in the folder `keep`; under "error ..." the errors that no reader foresaw."""
    outcomes: dict[str, Counter] = {}
    with tempfile.TemporaryDirectory(dir=_FAST if os.access(_FAST, os.W_OK) else None) as folder, Sandbox() as sandbox:
        for suffix, among in files.items():
            chance, told = random.Random(f"{seed} {suffix}"), Counter()
            outcomes[suffix] = told
            path = Path(folder, f"spoilt{suffix}")
            for number in range(count):
                spoilt = spoil(chance.choice(among), chance)
                path.write_bytes(spoilt)
                begun, used = time.monotonic(), time.process_time() + _used(sandbox)
                kind, wrong = _read(sandbox, path, told)
                waited, took = time.monotonic() - begun, time.process_time() + _used(sandbox) - used
                told["slowest"], told["waited"] = max(told["slowest"], round(took, 2)), max(told["waited"], round(waited, 2))
                told[kind] += 1
                told["broken"] += bool(wrong or took > SLOWEST)
                if keep and (wrong or took > SLOWEST or kind in _KINDS[2:]):
                    keep.mkdir(parents=True, exist_ok=True)
                    told["kept"] += 1
                    if told["kept"] <= 20:
                        (keep / f"{kind}-{seed}-{number}{suffix}".replace(" ", "-")).write_bytes(spoilt)
    return outcomes


def _used(sandbox: Sandbox) -> float:
    """Seconds of processor time that the child has used; 0 where it has ended, or the system does not tell."""
    if sandbox._child is None:
        return 0.0
    try:
        told = Path(f"/proc/{sandbox._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def _read(sandbox: Sandbox, path: Path, told: Counter) -> tuple[str, str | None]:
    """What became of a file, and the rule that it broke."""
    kind, wrong = "", None
    for found in sandbox.read(path):
        if isinstance(found, Reading):
            kind = kind or "read"
            check(found.text)
            sentences(found.text)
            continue
        if not found.error.strip() or "Traceback" in found.error:
            wrong = "an error that is not in words"
        kind = _kind(found) if kind in ("", "read") and not found.skipped else kind
        if _kind(found) == "unforeseen":
            told[f"error {found.error.partition('(')[2].partition(')')[0]}"] += 1
    return kind or "refused", wrong if kind else "it ended as nothing"


def _kind(found: Unreadable) -> str:
    if "broke its reader" in found.error:
        return "died"
    if "could not be read within" in found.error or "took too long" in found.error:
        return "stopped"
    return "unforeseen" if "Error)" in found.error else "refused"


def peak() -> int:
    """Bytes of memory that the largest child so far had in use."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _chunk(suffix: str, count: int, seed: int, number: int) -> dict:
    begun = time.monotonic()
    sandboxes.WAIT = 600.0
    told = run({suffix: seeds()[suffix]}, count, f"{seed} {number}", FOLDER)[suffix]
    return {"suffix": suffix, "seed": seed, "chunk": number, "files": count, "told": dict(told),
            "seconds": round(time.monotonic() - begun, 1), "peak": peak()}  # fmt: skip


def _known(anew: bool) -> list[dict]:
    """The chunks that are done."""
    kept = FOLDER / "chunks.jsonl"
    if anew:
        kept.unlink(missing_ok=True)
    return [json.loads(line) for line in kept.read_text().splitlines()] if kept.exists() else []


def _table(chunks: Sequence[dict]) -> str:
    told = [
        f"# {sum(one['files'] for one in chunks):,} spoilt files\n",
        "`make fuzz` (`python -m tests.corpus.fuzz`). A rule is broken by a file that ends neither as text nor as a named",
        "refusal, that takes over 10 seconds of processor time, or that ends the process that reads. Unforeseen: refused",
        "because the library below the reader raised an error of its own; died: the child did; stopped: it was, at its limits.\n",
        f"Python {platform.python_version()}, {os.cpu_count()} processors of {platform.machine()}, shared with other work.\n",
        "| format | commit | files | " + " | ".join(_KINDS) + " | broke a rule | slowest, s (waited) | largest child, MB | files/s |",
        "|" + "---|" * (8 + len(_KINDS)),
    ]
    errors: Counter = Counter()
    for key in dict.fromkeys((one["suffix"], one["commit"]) for one in chunks):
        these = [one for one in chunks if (one["suffix"], one["commit"]) == key]
        total = Counter({name: sum(one["told"].get(name, 0) for one in these) for name in (*_KINDS, "broken")})
        files, seconds = sum(one["files"] for one in these), sum(one["seconds"] for one in these)
        slowest, waited = (max(one["told"].get(name, 0) for one in these) for name in ("slowest", "waited"))
        cells = [*key, f"{files:,}", *(f"{total[name]:,}" for name in (*_KINDS, "broken")), f"{slowest:.1f} ({waited:.1f})"]
        cells += [f"{max(one['peak'] for one in these) / 2**20:.0f}", f"{files / max(seconds, 0.1):.0f}"]
        told.append("| " + " | ".join(cells) + " |")
        for one in these:
            errors.update({f"{key[0]} {name[6:]}": many for name, many in one["told"].items() if name.startswith("error ")})
    told += ["", "Unforeseen errors: " + (", ".join(f"{name} {many:,}" for name, many in errors.most_common()) or "none") + "."]
    return "\n".join(told) + "\n"


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="files a format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="suffixes, with commas between")
    parser.add_argument("--jobs", type=int, default=1, help="chunks read at the same time")
    parser.add_argument("--anew", action="store_true", help="forget what was done before")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    chunks, made_by, broken = _known(options.anew), commit(), 0
    done = {(one["suffix"], one["seed"], one["chunk"], one["files"], one["commit"]) for one in chunks}
    sizes = [min(CHUNK, options.count - begin) for begin in range(0, options.count, CHUNK)]
    # A chunk of each format, then the next of each: what has been done when it is stopped says something of all.
    wanted = [
        (suffix, size, options.seed, number) for number, size in enumerate(sizes)
        for suffix in _ORDER if not options.only or suffix in options.only.split(",")
        if (suffix, options.seed, number, size, made_by) not in done
    ]  # fmt: skip
    # Each chunk has a process of its own: what it says of its largest child is of that chunk.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=context, max_tasks_per_child=1) as pool:
        for job in [pool.submit(_chunk, *one) for one in wanted]:
            try:
                one = job.result()
            except BrokenProcessPool:
                print("the process that reads died", flush=True)
                return 1
            chunks.append(one | {"commit": made_by})
            with open(FOLDER / "chunks.jsonl", "a") as kept:
                kept.write(json.dumps(chunks[-1]) + "\n")
            broken += one["told"].get("broken", 0) + (one["peak"] > MEMORY)
            if options.count >= FULL:
                TABLE.write_text(_table(chunks))
            seconds, largest = one["seconds"], one["peak"] / 2**20
            print(f"{one['suffix']} {one['files']} files: {one['told']} in {seconds:.0f} s, {largest:.0f} MB", flush=True)
    print(f"{broken} broke a rule")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
