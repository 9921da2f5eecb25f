"""Answers end to end: the seed's questions of four kinds, how `confidence` holds, and how long it takes."""

import math
import statistics
from collections import Counter, defaultdict
from functools import cache

import numpy as np
from sklearn.linear_model import LogisticRegression

from assistant import evidence
from assistant.assistant import Assistant
from index.encoder import Encoder
from index.search import fuse, gather
from tests.bench import collection, open_sets


def main() -> None:
    """Prints the three tables."""
    encoder = Encoder()
    _seed(encoder)
    _confidence(encoder)


def _seed(encoder: Encoder) -> None:
    text = (open_sets.DATA / "seed" / "aleppo.txt").read_text()
    library, _ = collection.library("seed", {"aleppo.txt": text}, encoder)
    asker = Assistant(library)
    count, answered, took = Counter(), Counter(), []
    ranks = defaultdict(Counter)
    shown = defaultdict(list)
    for question in open_sets.seed_questions():
        kind = question["type"]
        answer = asker.ask(question["question"])
        took.append(answer.timings_ms["total"])
        count[kind] += 1
        answered[kind] += not answer.abstained
        gold = [entry["sentence"] for entry in question["gold"]]
        claims = [claim.text for claim in (*answer.claims, *answer.nearest)]
        right = [any(claim in g or g in claim for g in gold) for claim in claims]
        for depth in (1, 3, 8):
            ranks[kind][depth] += any(right[:depth])
        if kind == "contested":
            shown[kind].append(np.mean([any(c in g or g in c for c in claims) for g in gold]))
    print("| seed question | n | answered | right sentence first | within three | within eight |\n|---|---|---|---|---|---|")
    for kind, n in count.items():
        found = " | ".join(str(ranks[kind][depth]) if kind != "unanswerable" else "-" for depth in (1, 3, 8))
        print(f"| {kind} | {n} | {answered[kind]} | {found} |")
    print(f"\nContested: mean share of the gold sentences shown {np.mean(shown['contested']):.2f}.")
    print(f"Time of an answer: median {statistics.median(took):.0f} ms, slowest {max(took):.0f} ms.\n")


def _confidence(encoder: Encoder) -> None:
    """Fits the two weights of `assistant/evidence.py` on NewsQA's even articles, with and without the
    article that answers, and shows on the odd ones how the shipped ones hold."""
    documents, questions = open_sets.newsqa()
    library, index = collection.library("newsqa", documents, encoder)
    ids = {document.name: int(document.id) for document in library.documents()}
    text_of = cache(library.text)
    rows = {True: [], False: []}
    for question, vector in zip(questions, encoder.encode([q.text for q in questions]), strict=True):
        found = gather(library, index, question.text, vector)
        scores = fuse(found)
        if not len(scores):  # it quotes a phrase that no sentence holds
            continue
        for answerable in (True, False):
            keep = np.ones(len(scores), bool) if answerable else found.rows[:, 1] != ids[question.document]
            best = int(np.argmax(np.where(keep, scores, -math.inf)))
            _, owner, start, end, *_ = found.rows[best].tolist()
            right = owner == ids[question.document] and any(start <= at < end for at in question.answers)
            share = evidence.coverage(question.text, text_of(str(owner))[start:end], index)
            even = open_sets.is_even(documents[question.document])
            rows[even].append((float(found.cosine[best]), share, right, answerable))
    fitted = np.array(rows[True])
    model = LogisticRegression(C=1e6).fit(fitted[:, :2], fitted[:, 2])
    print(f"fitted: cosine {model.coef_[0][0]:.2f}, coverage {model.coef_[0][1]:.2f}, constant {model.intercept_[0]:.2f}")
    print(f"shipped: {evidence.COSINE}, {evidence.COVERAGE}, {evidence.CONSTANT}\n")
    held = np.array(rows[False])
    sure = np.array([evidence.probability(cosine, share) for cosine, share in held[:, :2]])
    right, answerable = held[:, 2].astype(bool), held[:, 3].astype(bool)
    print("| NewsQA odd: confidence | n | first claim right |\n|---|---|---|")
    for low in np.arange(0, 0.9, 0.1):
        chosen = (sure >= low) & (sure < low + 0.1)
        if chosen.any():
            print(f"| {low:.1f} to {low + 0.1:.1f} | {chosen.sum()} | {right[chosen].mean():.2f} |")
    refused = sure < evidence.THRESHOLD
    print(
        f"\nThe threshold of {evidence.THRESHOLD} refuses {refused[~answerable].mean():.1%} of the questions whose article "
        f"was taken away, and {refused[right].mean():.1%} of those whose first sentence is right. (Names that stand "
        "nowhere are refused besides.)"
    )

