"""Sentences that a search finds for a question and that do not answer it: what the reader will meet."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.reader.training.questions import Question, fraction, judged, questions
from corpus.library import Library
from index.encoder import Encoder
from index.sync import Index

DEPTH = 12  # by cosine, and by BM25


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence with those before and after it, empty where there is none."""

    before: str
    text: str
    after: str


def mine(folder: Path, data: Path, wanted: Iterable[Question], into: Path) -> None:
    """Writes a line for each question: its id and the sentences found in a library of open text that
    stand in another text and do not hold its answer. Goes on where it was stopped."""
    library, encoder = Library(folder), Encoder()
    index = Index(library)
    banned = judged(data)
    texts = {document.id: library.text(document.id) for document in library.documents()}
    barred = np.array([int(id) for id, text in texts.items() if text in banned or not banned.isdisjoint(text.split("\n\n"))])
    done = {json.loads(line)["id"] for line in into.read_text().splitlines()} if into.exists() else set()
    with open(into, "a", encoding="utf-8") as out:
        for number, question in enumerate(q for q in wanted if q.id not in done):
            found = [
                [one.before, one.text, one.after]
                for one in _near(library, index, encoder, texts, barred, question)
                if not any(question.text[start:end].casefold() in one.text.casefold() for start, end, _ in question.spans)
            ]
            out.write(json.dumps({"id": question.id, "found": found[:8]}, ensure_ascii=False) + "\n")
            if number % 500 == 499:
                out.flush()
                print(f"mined {number + 1}", file=sys.stderr, flush=True)


def mined(path: Path) -> dict[str, list[Found]]:
    """What `mine` wrote, by the question's id."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {entry["id"]: [Found(*one) for one in entry["found"]] for entry in map(json.loads, lines)}


def _near(
    library: Library, index: Index, encoder: Encoder, texts: dict[str, str], barred: np.ndarray, question: Question
) -> Iterator[Found]:
    vector = encoder.promise(question.question).result()
    with library.reading():
        index.refresh()
        dense, _ = index.dense(vector, DEPTH, None)
        lexical, _ = index.words(index.terms(question.question), DEPTH)
        # Turn by turn: the best of both first.
        ids = dict.fromkeys(int(id) for pair in zip(dense, lexical, strict=False) for id in pair)
        around = library.live(np.unique([id + step for id in ids for step in (-1, 0, 1)]))
    rows = {int(row[0]): row for row in around}
    for id in ids:
        if id not in rows or rows[id][1] in barred or texts[str(rows[id][1])] == question.text:
            continue
        owner = rows[id][1]
        beside = [rows.get(id + step) for step in (-1, 0, 1)]
        yield Found(*(texts[str(owner)][row[2] : row[3]] if row is not None and row[1] == owner else "" for row in beside))


if __name__ == "__main__":  # python -m assistant.reader.training.mining LIBRARY DATA INTO [PART PARTS]
    part, parts = (int(arg) for arg in sys.argv[4:6]) if len(sys.argv) > 4 else (0, 1)
    # Reviews and forum posts are far from news: fewer of them.
    share = {"qamr": 0.0, "reddit": 0.3, "amazon": 0.3}
    chosen = [q for q in questions(Path(sys.argv[2])) if not q.aside and fraction("mined " + q.id) < share.get(q.set, 1.0)]
    mine(Path(sys.argv[1]), Path(sys.argv[2]), chosen[part::parts], Path(sys.argv[3]))
