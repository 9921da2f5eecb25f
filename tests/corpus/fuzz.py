"""Spoils good files of every format, thousands of times, and reads what comes out.

    python -m tests.corpus.fuzz 20000 [--seed N] [--only .pdf,.docx]

Each file must end as documents or as a named refusal, within 10 seconds, from a child process of at
most 512 MB. Prints a line a format, the files that broke a rule (kept in build/fuzz), and exits with 1 then.
"""

import argparse
import io
import random
import resource
import sys
import tempfile
import time
import zipfile
import zlib
from collections import Counter
from pathlib import Path

from corpus.readers.decoding import check
from corpus.sandbox import Sandbox
from corpus.sentences import sentences
from corpus.types import Reading
from tests.corpus.samples import good

SLOWEST = 10.0  # seconds
_TOKENS = (
    b"\0", b"\xff\xfe", b"\n\n", b"{", b"}", b"(" * 50, b"<" * 20, b"<!DOCTYPE x [", b"&e;", b"]]>", b"%PDF-1.4", b"<<", b">>",
    b"endobj", b"stream\n", b"1 0 R", b"65535", b"-1", b"99999999999", b"\\bin9999999 ", b"\\u-32768", b"--", b"=?utf-8?b?",
    b"Content-Type: multipart/mixed; boundary=\"\"\n", b"PK\x01\x02", b"PK\x03\x04", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\"", b",",
)  # fmt: skip


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
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as spoilt:
        names = archive.namelist()
        victim = chance.choice(names)
        for name in names:
            member = archive.read(name)
            spoilt.writestr(name, spoil(member, chance) if name == victim else member)
    return out.getvalue()


def _spoil_stream(data: bytes, chance: random.Random) -> bytes:
    start = data.find(b"stream\n") + 7
    end = data.find(b"\nendstream", start)
    try:
        stream = zlib.decompress(data[start:end])
    except zlib.error:
        return data[: chance.randrange(len(data))]
    return data[:start] + zlib.compress(spoil(stream, chance)) + data[end:]


def run(files: dict[str, bytes], count: int, seed: int, keep: Path | None = None) -> dict[str, Counter]:
    """Reads `count` spoilt files of each format; what became of them, by format. Under "broken" are those
    that broke a rule, kept in the folder `keep`."""
    outcomes: dict[str, Counter] = {}
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        for suffix, data in files.items():
            chance, told = random.Random(f"{seed} {suffix}"), Counter()
            outcomes[suffix] = told
            for number in range(count):
                spoilt = spoil(data, chance)
                path = Path(folder, f"spoilt{suffix}")
                path.write_bytes(spoilt)
                begun = time.monotonic()
                wrong = None
                kind = "nothing"
                for found in sandbox.read(path):
                    if isinstance(found, Reading):
                        kind = "read"
                        check(found.text)
                        sentences(found.text)
                    elif kind != "read":
                        kind = "refused"
                        if "Error)" in found.error or "broke its reader" in found.error or "within" in found.error:
                            kind = f"refused ({found.error[:60]})"
                    if isinstance(found, Reading) or not found.error.isspace():
                        continue
                    wrong = "an error without words"
                took = time.monotonic() - begun
                told["slowest"] = max(told["slowest"], round(took, 2))
                told[kind] += 1
                if took > SLOWEST or kind == "nothing":
                    wrong = f"{took:.1f} s, {kind}"
                if wrong:
                    told["broken"] += 1
                    if keep:
                        keep.mkdir(parents=True, exist_ok=True)
                        (keep / f"{number}-{seed}{suffix}").write_bytes(spoilt)
    return outcomes


def peak() -> int:
    """Bytes of memory that the largest child so far had in use."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", type=int, nargs="?", default=20_000, help="files a format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="suffixes, with commas between")
    options = parser.parse_args()
    files = {suffix: data for suffix, data in good().items() if not options.only or suffix in options.only.split(",")}
    broken = 0
    for suffix, data in files.items():
        begun = time.monotonic()
        told = run({suffix: data}, options.count, options.seed, Path("build/fuzz"))[suffix]
        broken += told["broken"]
        print(f"{suffix}: {dict(told)} in {time.monotonic() - begun:.0f} s", flush=True)
    print(f"largest child: {peak() / 2**20:.0f} MB; {broken} broke a rule")
    return 1 if broken or peak() > 512 * 2**20 else 0


if __name__ == "__main__":
    sys.exit(main())
