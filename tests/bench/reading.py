"""The reader by itself: answers' words, ranking, answerability, size and speed."""

import re
import string
import sys
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import ir_measures
import numpy as np
from ir_measures import AP, RR, Qrel, ScoredDoc
from sklearn.metrics import roc_auc_score

from assistant.reader.reader import MODEL, Offered, Reader
from assistant.reader.training.questions import questions
from corpus.sentences import sentences
from tests.bench import open_sets

_ARTICLES = re.compile(r"\b(a|an|the)\b")


def main(model: Path = MODEL, every: int = 1) -> None:
    """Prints the table; `every` > 1 reads a part of each set only."""
    reader = Reader(model)
    print("| set | n | figure | reader |\n|---|---|---|---|")
    _paragraphs(reader, every)
    _unanswerable(reader, every)
    _wikiqa(reader, every)
    _speed(reader)


def normalised(answer: str) -> list[str]:
    """An answer's words as SQuAD's own evaluation counts them (Rajpurkar et al. 2016)."""
    kept = "".join(sign for sign in answer.lower() if sign not in string.punctuation)
    return _ARTICLES.sub(" ", kept).split()


def f1(given: str, gold: Iterable[str]) -> tuple[float, float]:
    """(Exact match, F1 of words) against the nearest of the gold answers."""
    best = (0.0, 0.0)
    for right in gold:
        a, b = normalised(given), normalised(right)
        shared = sum((Counter(a) & Counter(b)).values())
        share = 2 * shared / (len(a) + len(b)) if shared else float(a == b)
        best = max(best, (float(a == b), share), key=lambda pair: pair[1])
    return best


def _paragraphs(reader: Reader, every: int) -> None:
    documents, asked = open_sets.xquad()
    data = open_sets.squad_answers(open_sets.DATA / "xquad" / "xquad.en.json")
    found = []
    for question in asked[::every]:
        text = documents[question.document]
        one = reader.read(question.text, text)
        found.append(f1(text[one.start : one.end], data[question.id]))
    exact, shared = np.mean(found, axis=0)
    print(f"| XQuAD, whole paragraphs | {len(found)} | EM / F1 | {exact:.3f} / {shared:.3f} |", flush=True)


def _unanswerable(reader: Reader, every: int) -> None:
    """The two articles of SQuAD 2 that training does not see."""
    asked = [q for q in questions(open_sets.DATA) if q.set == "squad2" and q.aside][::every]
    read = [reader.read(q.question, q.text) for q in asked]
    right = [
        f1(q.text[one.start : one.end], [q.text[s:e] for s, e, _ in q.spans])
        for q, one in zip(asked, read, strict=True)
        if q.spans
    ]
    exact, shared = np.mean(right, axis=0)
    print(f"| SQuAD 2 aside, answerable | {len(right)} | EM / F1 | {exact:.3f} / {shared:.3f} |")
    answerable = [bool(q.spans) for q in asked]
    span, relevance = (roc_auc_score(answerable, [getattr(one, name) for one in read]) for name in ("answerable", "relevance"))
    print(f"| SQuAD 2 aside, answerable or not | {len(asked)} | AUROC by span / relevance | {span:.3f} / {relevance:.3f} |", flush=True)


def _wikiqa(reader: Reader, every: int) -> None:
    """Ranking of answer sentences; questions without a right one are left out, as is usual."""
    qrels, run = [], []
    for question in [q for q in open_sets.wikiqa_candidates() if any(right for _, right in q[1])][::every]:
        text, candidates = question
        judged = reader.judge(text, [Offered(sentence) for sentence, _ in candidates])
        for number, ((_, right), one) in enumerate(zip(candidates, judged, strict=True)):
            qrels.append(Qrel(text, str(number), int(right)))
            run.append(ScoredDoc(text, str(number), one.logit))
    figures = ir_measures.calc_aggregate([AP, RR], qrels, run)
    asked = len({qrel.query_id for qrel in qrels})
    print(f"| WikiQA dev | {asked} | MAP / MRR | {figures[AP]:.3f} / {figures[RR]:.3f} |", flush=True)


def _speed(reader: Reader) -> None:
    documents, asked = open_sets.newsqa()
    offered: list[Offered] = []
    for text in list(documents.values())[:40]:
        places = [text[start:end] for start, end in sentences(text)]
        offered += [Offered(places[i], places[i - 1], places[i + 1]) for i in range(4, min(8, len(places) - 1))]
    took = []
    for at in range(0, len(offered) - 16, 16):
        begun = time.perf_counter()
        reader.judge(asked[at].text, offered[at : at + 16])
        took.append((time.perf_counter() - begun) * 1000)
    print(f"| 16 news sentences with the ones before and after | {len(took)} | median, ms | {np.median(took):.0f} |")


if __name__ == "__main__":  # python -m tests.bench.reading [MODEL [EVERY]]
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
