"""Calibration: from logits to probabilities, on questions that training did not see.

`python -m assistant.reader.training.fit DATA FOLDER LIBRARY`, where LIBRARY holds all the open text, writes
the figures beside the model. Logistic regressions throughout (Platt 1999); the reader's own on sentences cut
from the texts set aside, those of an answer on what a search over the whole library finds for their
questions: as asked, with the text that answers taken away, and with something exchanged.
"""

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from assistant.assistant import Assistant
from assistant.evidence import features, unmentioned
from assistant.reader.reader import MODEL, Offered, Reader
from assistant.reader.training import exchange
from assistant.reader.training.examples import held_aside
from assistant.reader.training.questions import Question, questions
from assistant.types import Claim
from corpus.library import Library

REFUSED = 0.6  # of the questions without an answer, so many are refused
ANSWERABLE = 0.65  # of the questions that are asked, so many have an answer in the documents
SHORT = 0.5  # a short answer is given if its words are right with this probability


def fitted(rows: list[tuple[float, ...]], right: list[bool], weights: np.ndarray | None = None) -> list[float]:
    """The weights of a logistic regression, the constant last."""
    model = LogisticRegression(C=10.0, max_iter=1000).fit(np.array(rows), np.array(right), weights)
    return [round(float(weight), 4) for weight in (*model.coef_[0], model.intercept_[0])]


def reader_alone(reader: Reader, data: Path, folder: Path) -> dict[str, list[float]]:
    """The probabilities of relevance and of the answer's words."""
    rows, relevant, right = [], [], []
    for one in held_aside(data, folder):
        judged = reader.judge(one.question, [Offered(one.text, one.context, one.after)])[0]
        rows.append((judged.margin, judged.logit))
        relevant.append(one.relevant)
        right.append(any(overlap((judged.start, judged.end), (s, e)) >= 0.5 for s, e, _ in one.spans or ()))
    return {"relevance": fitted([(logit,) for _, logit in rows], relevant), "answerable": fitted(rows, right)}


def overlap(a: tuple[int, int], b: tuple[int, int]) -> float:
    """F1 of the characters of two spans."""
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return 2 * max(0, shared) / (a[1] - a[0] + b[1] - b[0])


def telling(question: Question) -> bool:
    """Whether a question can be understood without its text open: it has a name or number of it."""
    return any(
        (word[0].isupper() or word[0].isdigit()) and word.rstrip("?'s,.") in question.text
        for word in question.question.split()[1:]
    )


def answers(assistant: Assistant, asked: list[tuple[str, Question | None]]) -> Iterator[tuple[str, list[Claim], list[bool | None]]]:
    """For each question (and what it is answered by, if anything) the claims that were read, and
    whether each is right; None where it is not known."""
    for text, source in asked:
        claims = [claim for claim in assistant.read(text) if claim.judgement]
        yield text, claims, [source and _is_right(claim, source, assistant.library) for claim in claims]


def _is_right(claim: Claim, source: Question, library: Library) -> bool | None:
    spans = [(start, end) for start, end, _ in source.spans]
    if library.text(claim.document.id) == source.text:
        return any(claim.quote.start <= start < claim.quote.end for start, _ in spans)
    words = [source.text[start:end].casefold() for start, end in spans]
    return None if any(len(word) > 3 and word in claim.text.casefold() for word in words) else False


def main(data: Path, folder: Path, library: Path) -> None:
    """Writes the figures, in two steps: the second needs the first."""
    path = MODEL.with_suffix(".json")
    figures = json.loads(path.read_text())
    if not (folder / "alone.json").exists():
        (folder / "alone.json").write_text(json.dumps(reader_alone(Reader(), data, folder)))
    figures |= json.loads((folder / "alone.json").read_text()) | {"short": [SHORT]}
    path.write_text(json.dumps(figures) + "\n")
    if not (folder / "answers.json").exists():
        asked = list(_asked(data, folder))
        (folder / "answers.json").write_text(json.dumps(_gathered(Assistant(Library(library)), asked)))
    gathered = json.loads((folder / "answers.json").read_text())
    figures["likely"] = fitted(*gathered["candidates"])
    rows, right, answerable = gathered["answers"]
    # A person mostly asks what their documents hold: as many questions with an answer as ANSWERABLE says.
    share = np.mean(answerable)
    weights = np.where(answerable, ANSWERABLE / share, (1 - ANSWERABLE) / (1 - share))
    figures["confidence"] = fitted(rows, right, weights)
    figures["threshold"] = [threshold(rows, answerable, figures["confidence"])]
    path.write_text(json.dumps(figures) + "\n")
    print(f"{len(right)} answers, of questions with an answer {share:.2f}, right {np.mean(right):.2f}")
    print(figures)


def _asked(data: Path, folder: Path) -> Iterator[tuple[str, Question | None]]:
    """The questions set aside that can be understood by themselves, and some of them with something
    exchanged; with what answers each, if anything does."""
    chance = random.Random(0)
    turned = exchange.made(folder / "exchanged.jsonl")
    for question in questions(data):
        if not question.aside or question.set not in ("squad2", "wiki", "newsqa") or not telling(question):
            continue
        yield question.question, question if question.spans else None
        others = [one for one in turned.get(question.id, []) if one.kind != "noun"]
        if others and chance.random() < 0.6:
            yield chance.choice(others).question, None


def _gathered(assistant: Assistant, asked: list[tuple[str, Question | None]]) -> dict[str, tuple[list, ...]]:
    """Rows and labels of the candidates that were read, and of the answers (with whether the question
    has one at all): each question as it is, and every other with the text that answers it taken away."""
    candidates: tuple[list, list] = ([], [])
    whole: tuple[list, list, list] = ([], [], [])

    def note(text: str, claims: list[Claim], right: bool, answerable: bool) -> None:
        for kept, value in zip(whole, (features(text, claims, assistant.index), right, answerable), strict=True):
            kept.append(value)

    for number, ((text, source), (_, claims, labels)) in enumerate(zip(asked, answers(assistant, asked), strict=True)):
        for claim, label in zip(claims, labels, strict=True):
            if label is not None:
                candidates[0].append((claim.judgement.logit, claim.judgement.margin, claim.found))
                candidates[1].append(bool(label))
        if unmentioned(text, assistant.index, assistant.encoder.knows) or not claims:
            continue
        if source is None or labels[0] is not None:
            note(text, claims, bool(source and labels[0]), source is not None)
        rest = [claim for claim, label in zip(claims, labels, strict=True) if label is False and not _of(claim, source, assistant)]
        if source and number % 2 and rest:
            note(text, rest, False, False)
        if number % 100 == 99:
            print(f"asked {number + 1} of {len(asked)}", flush=True)
    return {"candidates": candidates, "answers": whole}


def _of(claim: Claim, source: Question, assistant: Assistant) -> bool:
    return assistant.library.text(claim.document.id) == source.text


def threshold(rows: list, answerable: list[bool], weights: list[float]) -> float:
    """The confidence below which REFUSED of the questions without an answer lie."""
    sure = 1 / (1 + np.exp(-(np.array(rows) @ np.array(weights[:-1]) + weights[-1])))
    return round(float(np.quantile(sure[~np.array(answerable)], REFUSED)), 4)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
