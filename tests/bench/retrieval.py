"""How well sentences and documents are found on the open sets: `python -m tests.bench retrieval`.

The fusion's weights were chosen on the NewsQA articles of even hash; the odd ones and XQuAD report.
"""

import math
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import ir_measures
import numpy as np
from ir_measures import AP, RR, Qrel, ScoredDoc, Success, nDCG

from corpus.types import Filters
from index import encoder as encoders
from index import search
from index.encoder import Encoder, SentenceTransformerEncoder
from index.search import WEIGHTS, Evidence, fuse, gather
from index.wording import words
from tests.bench import collection, open_sets

# Ablations: weights of (cosine, words, neighbours, document).
VARIANTS = {
    "cosine only": (1, 0, 0, 0),
    "BM25 only": (0, 1, 0, 0),
    "sentence (cosine, BM25)": (WEIGHTS[0], WEIGHTS[1], 0, 0),
    "sentence, neighbours": (*WEIGHTS[:3], 0),
    "sentence, document": (*WEIGHTS[:2], 0, WEIGHTS[3]),
    "**all (as shipped)**": WEIGHTS,
}


def main() -> None:
    """Prints every table."""
    encoder = Encoder()
    print(
        "The first table gives every variant of the weights; intervals are 95 %. The weights were chosen on the even "
        "NewsQA articles; XQuAD and the odd ones report.\n"
    )
    print("| set | n | what | " + " | ".join(VARIANTS) + " |")
    print("|---|---|---|" + "---|" * len(VARIANTS))
    _xquad(encoder)
    _newsqa(encoder)
    _wikiqa(encoder)
    _syria(encoder)
    _candidates(encoder)
    _typing(encoder)
    _precision(encoder)


class Found:
    """The evidence for each question of a set, gathered once and scored by any weights."""

    def __init__(self, library, index, encoder, questions, filters: Callable = lambda question: Filters()):
        self.questions = questions
        self.names = {int(document.id): document.name for document in library.documents()}
        vectors = encoder.encode([question.text for question in questions])
        self.evidence = [
            gather(library, index, question.text, vector, 50, filters(question))
            for question, vector in zip(questions, vectors, strict=True)
        ]

    def row(self, name: str, what: str, measure, keep: Callable = lambda question: True, *, documents: bool = False):
        """Prints one row of the table: a measure for each variant, with its 95 % interval."""
        chosen = [n for n, question in enumerate(self.questions) if keep(question)]
        cells = [_interval(self.values(measure, chosen, weights, documents)) for weights in VARIANTS.values()]
        print(f"| {name} | {len(chosen)} | {what} | " + " | ".join(cells) + " |", flush=True)

    def values(self, measure, chosen: list[int], weights, documents: bool) -> list[float]:
        """The measure of each chosen question."""
        run, qrels = [], []
        for n in chosen:
            question, evidence = self.questions[n], self.evidence[n]
            scores = fuse(evidence, weights)
            right = self.right_documents(question, evidence) if documents else self.right_sentences(question, evidence)
            ids = evidence.rows[:, 1 if documents else 0]
            best: dict[str, float] = {}
            for id, score in zip(ids.tolist(), scores.tolist(), strict=True):
                best[str(id)] = max(best.get(str(id), -math.inf), score)
            run += [ScoredDoc(str(n), id, score) for id, score in best.items() or {"0": 0.0}.items()]
            # What is right and was not found counts as missed.
            qrels += [Qrel(str(n), str(id), 1) for id in {*ids[right].tolist()} or {-1}]
        found = {metric.query_id: metric.value for metric in ir_measures.iter_calc([measure], qrels, run)}
        return [found.get(str(n), 0.0) for n in chosen]

    def right_sentences(self, question, evidence: Evidence) -> np.ndarray:
        inside = [(evidence.rows[:, 2] <= at) & (at < evidence.rows[:, 3]) for at in question.answers]
        return self.right_documents(question, evidence) & np.any(inside, axis=0)

    def right_documents(self, question, evidence: Evidence) -> np.ndarray:
        return np.array([self.names[owner] == question.document for owner in evidence.rows[:, 1].tolist()], bool)


def _xquad(encoder: Encoder) -> None:
    documents, questions = open_sets.xquad()
    found = Found(*collection.library("xquad", documents, encoder), encoder, questions)
    found.row("XQuAD", "sentence R@1", Success @ 1)
    found.row("XQuAD", "sentence R@10", Success @ 10)
    found.row("XQuAD", "paragraph R@1", Success @ 1, documents=True)


def _newsqa(encoder: Encoder) -> None:
    documents, questions = open_sets.newsqa()
    found = Found(*collection.library("newsqa", documents, encoder), encoder, questions)
    even = {name for name, text in documents.items() if open_sets.is_even(text)}
    telling = _telling(documents)
    halves = (("even, weights chosen here", lambda q: q.document in even), ("odd", lambda q: q.document not in even))
    for half, keep in halves:
        found.row(f"NewsQA {half}", "article nDCG@10", nDCG @ 10, keep, documents=True)
        found.row(f"NewsQA {half}", "sentence R@1", Success @ 1, keep)
        found.row(f"NewsQA {half}", "sentence R@10", Success @ 10, keep)
        found.row(f"NewsQA {half}", "sentence R@50", Success @ 50, keep)
    odd = halves[1][1]
    found.row("NewsQA odd, telling", "sentence R@10", Success @ 10, lambda q: odd(q) and telling(q))


def _telling(documents: dict[str, str]) -> Callable:
    """Whether a question holds a name or number that is in its article and in at most 5 % of all."""
    frequency = Counter(word for text in documents.values() for word in set(words(text)))

    def telling(question) -> bool:
        named = re.findall(r"\b[A-Z]\w+|\d[\d,.]*", question.text)
        terms = {word for name in named for word in words(name)}
        held = set(words(documents[question.document]))
        return any(term in held and frequency[term] <= 0.05 * len(documents) for term in terms)

    return telling


def _wikiqa(encoder: Encoder) -> None:
    documents, questions = open_sets.wikiqa_dev()
    library, index = collection.library("wikiqa", documents, encoder)
    found = Found(library, index, encoder, questions, lambda question: Filters(source=question.id))
    found.row("WikiQA dev", "sentence MAP", AP)
    found.row("WikiQA dev", "sentence MRR", RR)


def _syria(encoder: Encoder) -> None:
    articles, entries = open_sets.syria()
    library, index = collection.library("syria_t17", articles, encoder)
    days = {document.name: document.published for document in library.documents()}

    def near(day: str, entry: str) -> bool:
        return 0 <= (date.fromisoformat(day) - date.fromisoformat(entry)).days <= 2

    questions = [
        open_sets.Question(str(n), entry["text"], entry["date"], ())
        for n, entry in enumerate(entries)
        if any(near(day, entry["date"]) for day in days.values())
    ]
    found = Found(library, index, encoder, questions)
    found.right_documents = lambda question, evidence: np.array(
        [near(days[found.names[owner]], question.document) for owner in evidence.rows[:, 1].tolist()], bool
    )
    found.row("Syria T17", "an article of the day or the two after, in 10", Success @ 10, documents=True)


def _interval(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {1.96 * np.std(values) / math.sqrt(len(values)):.3f}"


def _newsqa_even(encoder: Encoder, step: int):
    documents, questions = open_sets.newsqa()
    library, index = collection.library("newsqa", documents, encoder)
    even = [question for question in questions if open_sets.is_even(documents[question.document])][::step]
    return library, index, even


def _candidates(encoder: Encoder) -> None:
    """How many candidates are enough, and what is lost against scoring every sentence."""
    library, index, questions = _newsqa_even(encoder, 3)
    print("\n| candidates: by cosine and by BM25, from documents | mean number | sentence R@1 | R@10 | R@50 | time |")
    print("|---|---|---|---|---|---|")
    shipped = search.DEPTH, search.DOCUMENTS
    for depth, documents in ((50, 5), (100, 15), (200, 20), (400, 40), (100_000, 100_000)):
        search.DEPTH, search.DOCUMENTS = depth, documents
        begun = time.perf_counter()
        found = Found(library, index, encoder, questions)
        took = (time.perf_counter() - begun) / len(questions) * 1000
        every = list(range(len(questions)))
        cells = " | ".join(
            _interval(found.values(Success @ depth_, every, WEIGHTS, documents=False)) for depth_ in (1, 10, 50)
        )
        name = "everything" if depth == 100_000 else f"{depth}, {documents}"
        mark = " (shipped)" if (depth, documents) == shipped else ""
        print(f"| {name}{mark} | {np.mean([len(e.rows) for e in found.evidence]):.0f} | {cells} | {took:.0f} ms |", flush=True)
    search.DEPTH, search.DOCUMENTS = shipped


def _typing(encoder: Encoder) -> None:
    """Questions as people type them: 200 of them, each also with its rarest word misspelt."""
    library, index, questions = _newsqa_even(encoder, 5)
    questions = questions[:200]
    dice = random.Random(4)
    with library.reading():
        index.refresh()

    def rarest(text: str) -> str:
        letters = [word for word in re.findall(r"[^\W\d_]{4,}", text) if words(word)]
        return min(letters, key=lambda word: min(map(index.frequency, words(word))) or math.inf, default="")

    def edited(text: str) -> str:
        word = rarest(text)
        if not word:
            return text
        at, kind = dice.randrange(1, len(word)), dice.randrange(4)
        wrong = (
            word[:at] + word[at + 1 :],
            word[:at] + dice.choice("abcdefghijklmnopqrstuvwxyz") + word[at:],
            word[:at] + dice.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )[kind]
        return text.replace(word, wrong, 1)

    def asked(change) -> list[open_sets.Question]:
        return [replace(question, text=change(question.text)) for question in questions]

    def mended(text: str) -> str:
        with library.reading():
            return index.corrected(text, encoder.knows)

    wrong = asked(edited)
    variants = {
        "as they are": questions,
        "lower case, no mark": asked(lambda text: text.lower().rstrip(" ?")),
        "one edit in the rarest word, not mended": wrong,
        "one edit in the rarest word, mended": [replace(question, text=mended(question.text)) for question in wrong],
    }
    print(f"\n| {len(questions)} questions (NewsQA even) | sentence R@10 | R@50 |\n|---|---|---|")
    for name, typed in variants.items():
        found = Found(library, index, encoder, typed)
        every = list(range(len(typed)))
        cells = " | ".join(_interval(found.values(Success @ k, every, WEIGHTS, documents=False)) for k in (10, 50))
        print(f"| {name} | {cells} |", flush=True)


def _precision(encoder: Encoder) -> None:
    """The int8 encoder as shipped, and the same model in 32 bits through sentence-transformers."""
    documents, questions = open_sets.xquad()
    whole = SentenceTransformerEncoder(str(encoders.weights_folder()))
    print("\n| XQuAD | sentence R@1, cosine only | R@10, cosine only | sentence R@1, all | R@10, all |\n|---|---|---|---|---|")
    for name, kind in (("int8, as shipped", encoder), ("float32", whole)):
        library, index = collection.library("xquad" if kind is encoder else "xquad-float32", documents, kind)
        found = Found(library, index, kind, questions)
        every = list(range(len(questions)))
        cells = [
            _interval(found.values(Success @ k, every, weights, documents=False))
            for weights in ((1, 0, 0, 0), WEIGHTS)
            for k in (1, 10)
        ]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
