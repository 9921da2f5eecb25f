"""The open question sets that the reader is trained on, in one form.

XQuAD, WikiQA dev, RAMDocs and the NewsQA articles of odd hash are never read here: they are what
the reader is judged on. A part of each set (by hash) is kept aside for calibration.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_DETACHED = ((" 's", "'s"), (" n't", "n't"), ("`` ", '"'), (" ''", '"'), ("-LRB- ", "("), (" -RRB-", ")"))
_SPACED = re.compile(r" ([.,:;!?%)])")


@dataclass(frozen=True, slots=True)
class Question:
    """A question on one text. `spans` are (start, end, share of the annotators) of its answers in
    `text`, none where the text does not answer. `aside` marks what calibration uses."""

    id: str
    set: str
    question: str
    title: str
    text: str
    spans: tuple[tuple[int, int, float], ...]
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Ranking:
    """A question and sentences, each with whether it answers; where in it is not known."""

    question: str
    sentences: tuple[tuple[str, bool], ...]


def fraction(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def judged(data: Path) -> frozenset[str]:
    """Texts that the reader is judged on: no example may be made of them."""
    texts = {p["context"] for p in _paragraphs(data / "xquad" / "xquad.en.json")}
    texts |= {p["context"] for p in _paragraphs(data / "newsqa" / "newsqa.json") if not _is_even(p["context"])}
    for line in (data / "ramdocs" / "ramdocs.jsonl").read_text().splitlines():
        texts |= {document["text"] for document in json.loads(line)["documents"]}
    for line in (data / "wikiqa" / "wikiqa_dev.jsonl").read_text().splitlines():
        texts |= {sentence for sentence, _ in json.loads(line)["cands"]}
    return frozenset(texts)


def questions(data: Path) -> Iterator[Question]:
    """All questions with spans, each text kept exactly as it is."""
    xquad = {p["context"] for p in _paragraphs(data / "xquad" / "xquad.en.json")}
    for name, path, share in (
        ("squad2", "squad2/squad2.json", 0.33),
        ("wiki", "squadshifts/new_wiki_v1.0.json", 0.08),
        ("reddit", "squadshifts/reddit_v1.0.json", 0.05),
        ("amazon", "squadshifts/amazon_reviews_v1.0.json", 0.05),
        ("newsqa", "newsqa/newsqa.json", 0.2),
    ):
        for paragraph in _paragraphs(data / path):
            text = paragraph["context"]
            if text in xquad or name == "newsqa" and not _is_even(text):
                continue
            whole = text if name in ("reddit", "newsqa") else paragraph["article"]
            aside = fraction("aside " + whole) < share
            title = "" if name in ("reddit", "newsqa", "amazon") else paragraph["article"].replace("_", " ")
            for qa in paragraph["qas"]:
                spans = () if qa.get("is_impossible") else _spans(text, qa["answers"])
                if spans or qa.get("is_impossible"):
                    yield Question(qa["id"], name, qa["question"].strip(), title, text, spans, aside)
    yield from _qamr(data / "qamr")


def rankings(data: Path) -> Iterator[Ranking]:
    """WikiQA's training questions, with the marks set as people type them."""
    for line in (data / "wikiqa" / "wikiqa_train.jsonl").read_text().splitlines():
        entry = json.loads(line)
        sentences = tuple((joined(sentence), bool(right)) for sentence, right in entry["cands"])
        yield Ranking(joined(entry["question"]), sentences)


def joined(tokens: str) -> str:
    """Text whose marks stand apart, as treebanks write it, put together again."""
    for apart, together in _DETACHED:
        tokens = tokens.replace(apart, together)
    return _SPACED.sub(r"\1", tokens).strip()


def _paragraphs(path: Path) -> Iterator[dict]:
    for article in json.loads(path.read_text())["data"]:
        for paragraph in article["paragraphs"]:
            yield paragraph | {"article": article.get("title", "")}


def _is_even(text: str) -> bool:
    """Whether a NewsQA article may be learnt from, as in `tests/bench/open_sets.py`."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 0


def _spans(text: str, answers: list[dict]) -> tuple[tuple[int, int, float], ...]:
    counted = Counter((a["answer_start"], a["answer_start"] + len(a["text"])) for a in answers if a["text"])
    right = {span: n for span, n in counted.items() if text[span[0] : span[1]].strip()}
    return tuple((start, end, n / sum(right.values())) for (start, end), n in right.items())


def _qamr(folder: Path) -> Iterator[Question]:
    """QAMR: questions on single sentences; the answer's tokens, where they are one run."""
    lines = (folder / "wiki-sentences.tsv").read_text().splitlines()
    sentences = dict(line.split("\t", 1) for line in lines)
    seen = set()
    for name in ("dev.tsv", "test.tsv"):
        for number, line in enumerate((folder / name).read_text().splitlines()):
            columns = line.split("\t")
            sentence, question = sentences.get(columns[0]), joined(columns[5])
            tokens = [int(i) for i in columns[6].split()]
            if not sentence or not tokens or tokens != list(range(tokens[0], tokens[-1] + 1)) or (columns[0], question) in seen:
                continue
            seen.add((columns[0], question))
            words = sentence.split(" ")
            text = joined(sentence)
            before = joined(" ".join(words[: tokens[0]]))
            answer = joined(" ".join(words[tokens[0] : tokens[-1] + 1]))
            start = text.find(answer, max(0, len(before) - 1))
            if answer and start >= 0:
                aside = fraction("aside " + columns[0]) < 0.05
                span = (start, start + len(answer), 1.0)
                yield Question(f"{name}:{number}", "qamr", question, "", text, (span,), aside)
