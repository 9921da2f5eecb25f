"""Answers end to end: the seed's questions of four kinds, whether they are given or withheld rightly, how
`confidence` holds, and how long they take."""

import json
import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from assistant.assistant import Assistant
from assistant.evidence import confidence, sufficient, unmentioned
from assistant.reader.training import exchange
from assistant.reader.training.fit import answers, telling
from assistant.reader.training.questions import Question
from index.encoder import Encoder
from tests.bench import collection, open_sets
from tests.bench.reading import f1

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question: `right` is whether its first sentence answers it, `short` the F1 of
    the short answer, where one is known."""

    kind: str
    answerable: bool
    sure: float
    given: bool
    right: bool
    short: float | None


def main() -> None:
    """Prints the tables, and writes `results/answers.json` for the plots."""
    print("The seed is a development set. Of the other sets, neither training nor calibration has seen a text.\n")
    encoder = Encoder()
    _seed(encoder)
    library, _ = collection.library("open", open_sets.everything(), encoder)
    outcomes = list(_outcomes(Assistant(library)))
    _decisions(outcomes)
    _curves(outcomes)


def _seed(encoder: Encoder) -> None:
    text = (open_sets.DATA / "seed" / "aleppo.txt").read_text()
    library, _ = collection.library("seed", {"aleppo.txt": text}, encoder)
    asker = Assistant(library)
    asker.ask("warm up")
    count, answered, took = Counter(), Counter(), []
    ranks, short = defaultdict(Counter), defaultdict(list)
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
        words = [entry["answer"] for entry in question["gold"] if entry.get("answer")]
        if answer.short_answer and words:
            short[kind].append(f1(answer.short_answer, words)[1])
    print("| seed question | n | answered | right sentence first | within three | within eight | short answers | their F1 |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, n in count.items():
        found = " | ".join(str(ranks[kind][depth]) if kind != "unanswerable" else "-" for depth in (1, 3, 8))
        mean = f"{np.mean(short[kind]):.2f}" if short[kind] else "-"
        print(f"| {kind} | {n} | {answered[kind]} | {found} | {len(short[kind])} | {mean} |")
    print(f"\nTime of an answer: median {statistics.median(took):.0f} ms, slowest {max(took):.0f} ms.\n", flush=True)


def _outcomes(assistant: Assistant):
    """Questions of texts that neither training nor calibration has seen, over all open text: as they
    are, with the text that answers them taken away, and (XQuAD) with something in them exchanged."""
    for kind, asked in (("XQuAD", _xquad()[::4]), ("NewsQA odd", [q for q in newsqa_odd() if telling(q)][::2])):
        for question, (text, claims, labels) in zip(asked, answers(assistant, [(q.question, q) for q in asked]), strict=True):
            gold = [question.text[start:end] for start, end, _ in question.spans]
            if labels and labels[0] is not None:
                yield _outcome(assistant, kind, True, text, claims, bool(labels[0]), gold)
            rest = [claim for claim in claims if assistant.library.text(claim.document.id) != question.text]
            if not any(label is None for label in labels):
                yield _outcome(assistant, f"{kind}, text taken away", False, text, rest, False, [])
    asked = _xquad()[1::4]
    turned = [
        (next((one for one in made if one.kind != "noun"), None), question)
        for (_, made), question in zip(exchange.exchanges(asked, seed=1), asked, strict=True)
    ]
    exchanged = [(one.question, None) for one, _ in turned if one]
    for text, claims, _ in answers(assistant, exchanged):
        yield _outcome(assistant, "XQuAD, exchanged", False, text, claims, False, [])


def _outcome(assistant: Assistant, kind: str, answerable: bool, text: str, claims: list, right: bool, gold: list[str]) -> Outcome:
    sure = confidence(assistant.reader, text, claims, assistant.index, unmentioned(text, assistant.index, assistant.encoder.knows))
    short = None
    if gold and claims and claims[0].answer:
        short = f1(claims[0].words(claims[0].answer), gold)[1]
    return Outcome(kind, answerable, sure, sufficient(assistant.reader, sure), right, short)


def _xquad() -> list[Question]:
    documents, asked = open_sets.xquad()
    words = open_sets.squad_answers(open_sets.DATA / "xquad" / "xquad.en.json")
    return [_question(one, documents, words) for one in asked]


def newsqa_odd() -> list[Question]:
    """The questions on articles that neither training nor calibration has seen."""
    documents, asked = open_sets.newsqa()
    words = open_sets.squad_answers(open_sets.DATA / "newsqa" / "newsqa.json")
    return [_question(one, documents, words) for one in asked if not open_sets.is_even(documents[one.document])]


def _question(one: open_sets.Question, documents: dict[str, str], words: dict[str, list[str]]) -> Question:
    spans = tuple((at, at + len(word), 1.0) for at, word in zip(one.answers, words[one.id], strict=False))
    return Question(one.id, "", one.text, "", documents[one.document], spans)


def _decisions(outcomes: list[Outcome]) -> None:
    kinds = defaultdict(list)
    for one in outcomes:
        kinds[one.kind].append(one)
    print("| questions over 98,679 sentences | n | answered | first sentence right | of those answered, right | short answer F1 |")
    print("|---|---|---|---|---|---|")
    for kind, some in kinds.items():
        given = [one for one in some if one.given]
        right = f"{np.mean([one.right for one in some]):.2f}" if some[0].answerable else "-"
        precision = f"{np.mean([one.right for one in given]):.2f}" if given and some[0].answerable else "-"
        short = [one.short for one in some if one.short is not None]
        mean = f"{np.mean(short):.2f}" if short else "-"
        print(f"| {kind} | {len(some)} | {len(given) / len(some):.2f} | {right} | {precision} | {mean} |")
    given = [one for one in outcomes if one.given]
    sure = [one.sure for one in outcomes]
    print(
        f"\nOf all answers given {np.mean([one.right for one in given]):.2f} are right (n = {len(given)}). Answerable or "
        f"not: AUROC {roc_auc_score([one.answerable for one in outcomes], sure):.3f}; right or not: "
        f"{roc_auc_score([one.right for one in outcomes], sure):.3f}. Unanswerable refused: "
        f"{np.mean([not one.given for one in outcomes if not one.answerable]):.2f}; answerable refused: "
        f"{np.mean([not one.given for one in outcomes if one.answerable]):.2f}. "
        f"Calibration error: {calibration_error(sure, [one.right for one in outcomes]):.3f}.\n"
    )


def calibration_error(sure: list[float], right: list[bool], bins: int = 10) -> float:
    """Expected calibration error, bins of equal width (Guo et al. 2017, arXiv:1706.04599)."""
    sure, right = np.array(sure), np.array(right, float)
    places = np.minimum((sure * bins).astype(int), bins - 1)
    return sum(
        (places == i).mean() * abs(sure[places == i].mean() - right[places == i].mean()) for i in range(bins) if (places == i).any()
    )


def _curves(outcomes: list[Outcome]) -> None:
    """Risk and coverage, and reliability, as data: `python -m tests.bench.plot` draws them."""
    order = sorted(outcomes, key=lambda one: -one.sure)
    wrong = np.cumsum([not one.right for one in order])
    points = [int(len(order) * share / 50) for share in range(1, 51)]
    risk = [[n / len(order), float(wrong[n - 1] / n), order[n - 1].sure] for n in points if n]
    bins = []
    for low in np.arange(10) / 10:
        some = [one for one in outcomes if low <= one.sure < low + 0.1 + 1e-9 * math.floor(low + 0.1)]
        if some:
            bins.append([float(np.mean([o.sure for o in some])), float(np.mean([o.right for o in some])), len(some)])
    print("| confidence | n | first sentence right |\n|---|---|---|")
    for sure, right, n in bins:
        print(f"| {sure:.2f} | {n} | {right:.2f} |")
    curves = {"coverage, risk, confidence": risk, "confidence, right, n": bins}
    (RESULTS / "answers.json").write_text(json.dumps(curves, indent=1) + "\n")
