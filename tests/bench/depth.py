"""How many candidates to read, with or without what stands before them: what each brings, and what it costs."""

import time

import numpy as np

from assistant.assistant import Assistant
from assistant.reader.reader import Offered
from assistant.reader.training.fit import telling
from assistant.reading import offered
from index.encoder import Encoder
from tests.bench import collection, open_sets
from tests.bench.answers import newsqa_odd

DEPTHS = (4, 8, 12, 16)
CONTEXTS = {
    "the sentence alone": lambda one: Offered(one.text),
    "with title, date and the sentence before": lambda one: one,
}


def main(every: int = 4) -> None:
    """Prints the table: NewsQA's odd articles among all of them, questions that can be understood alone."""
    documents, _ = open_sets.newsqa()
    library, _ = collection.library("newsqa", documents, Encoder())
    assistant = Assistant(library)
    asked = [question for question in newsqa_odd() if telling(question)][::every]
    first = {(name, depth): [] for name in CONTEXTS for depth in (0, *DEPTHS)}
    took = {key: [] for key in first}
    for question in asked:
        claims = assistant.found(question.question)[: max(DEPTHS)]
        right = [
            library.text(claim.document.id) == question.text
            and any(claim.quote.start <= start < claim.quote.end for start, _, _ in question.spans)
            for claim in claims
        ]
        around = offered(library, claims)
        for name, cut in CONTEXTS.items():
            judged, times = [], []
            for one in around:
                begun = time.perf_counter()
                judged += assistant.reader.judge(question.question, [cut(one)])
                times.append(time.perf_counter() - begun)
            likely = [assistant.reader.likely(one, claim.found) for one, claim in zip(judged, claims, strict=True)]
            for depth in (0, *DEPTHS):
                best = int(np.argmax(likely[:depth])) if depth else 0
                first[name, depth].append(right[best])
                took[name, depth].append(sum(times[:depth]) * 1000)
    print(f"{len(asked)} questions; time on one core.\n")
    print("| read | " + " | ".join(f"{name}: right first | ms" for name in CONTEXTS) + " |")
    print("|---|" + "---|---|" * len(CONTEXTS))
    for depth in (0, *DEPTHS):
        cells = " | ".join(f"{np.mean(first[name, depth]):.3f} | {np.median(took[name, depth]):.0f}" for name in CONTEXTS)
        print(f"| {depth} | {cells} |")
