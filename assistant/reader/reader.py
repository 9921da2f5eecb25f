"""Whether a sentence answers a question, and with which words: a small cross-encoder, trained here.

Question and sentence go through the network together (Nogueira and Cho 2019, arXiv:1901.04085), which
says how likely the sentence is to answer, and where the answer starts and ends, or that there is none
(Devlin et al. 2018, section 4.3). `model/card.md` says what it was trained on and how well it does.
"""

import json
import math
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from assistant.reader.tokens import Laid, Pieces, lay_out
from corpus.sentences import sentences
from index import onnx

MODEL = Path(__file__).parent / "model" / "reader.onnx"
LONGEST = 30  # word pieces of an answer
WINDOW = 150  # word pieces of a longer text that are read at once
_EDGES = " \t\n,;:.!?\"“”‘’'"
_PAIRS = re.compile(r'"[^"]*"|“[^“”]*”|\([^()]*\)')


@dataclass(frozen=True, slots=True)
class Offered:
    """What is judged, and what stands around it: title, date and the sentence before, in `context`;
    the sentence `after`. Only `text` can hold the answer."""

    text: str
    context: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`start` and `end` are the best answer's place in the text offered, in code points, even when it is
    unlikely. `relevance` is the probability that the text answers the question, `answerable` that
    these words are the answer. `logit` is relevance before calibration; `margin` is how much better
    the best span is than none."""

    start: int
    end: int
    relevance: float
    answerable: float
    logit: float
    margin: float


class Reader:
    """The trained reader under ONNX Runtime. Loads when first used; safe to use from any thread.

    Texts are read one at a time, on as many threads as there are cores: with dynamic quantisation, what
    stands in a batch would change the others' figures. Raises BylineError when its file is damaged.
    """

    def __init__(self, path: Path = MODEL) -> None:
        self._path = path
        self._workers = ThreadPoolExecutor(os.cpu_count() or 1, "reader")

    def judge(self, question: str, offered: Sequence[Offered]) -> list[Judgement]:
        """A judgement for each text offered; of one that is too long, its beginning is read."""
        laid = [lay_out(self._pieces, question, one.context, one.text, one.after) for one in offered]
        found = self._workers.map(self._run, laid)
        return [self._judged(*one) for one in zip(offered, laid, found, strict=True)]

    def read(self, question: str, text: str) -> Judgement:
        """The best answer in a text of any length, which is read in windows of whole sentences."""
        windows = list(self._windows(text))
        judged = self.judge(question, [Offered(text[start:end]) for start, end in windows])
        best = max(range(len(judged)), key=lambda i: judged[i].answerable)
        start, one = windows[best][0], judged[best]
        return Judgement(
            start + one.start, start + one.end, max(j.relevance for j in judged), one.answerable, one.logit, one.margin
        )

    def likely(self, judged: Judgement, found: float) -> float:
        """The probability that a candidate of a search is a right answer, from what was read in it and
        its score in the search."""
        return logistic(self.fit["likely"], judged.logit, judged.margin, found)

    def _windows(self, text: str):
        """(start, end) of runs of sentences that can be read at once; each begins with the last
        sentence of the one before, so that no answer loses its context."""
        places = sentences(text) or [(0, len(text))]
        sizes = [len(self._pieces.of(text[start:end])[0]) for start, end in places]
        first = 0
        while first < len(places):
            last, size = first, 0
            while last < len(places) and (size + sizes[last] <= WINDOW or last == first):
                size += sizes[last]
                last += 1
            yield places[first][0], places[last - 1][1]
            first = last if last == len(places) or last - first < 2 else last - 1

    def _run(self, laid: Laid) -> list[np.ndarray]:
        types = np.zeros((1, len(laid.ids)), np.int64)
        types[0, laid.first : laid.last] = 1
        return self._model.run(ids=np.array([laid.ids], np.int64), types=types)

    def _judged(self, one: Offered, laid: Laid, found: list[np.ndarray]) -> Judgement:
        ends, relevance = found[0][0], float(found[1][0])
        if laid.last <= laid.first:  # nothing but signs that are no word pieces
            return Judgement(0, 0, 0.0, 0.0, -math.inf, -math.inf)
        first, last, score = best_span(ends[laid.first : laid.last])
        margin = score - float(ends[0].sum())
        start, end = trimmed(one.text, laid.offsets[first][0], laid.offsets[last][1])
        fit = self.fit
        return Judgement(
            start, end, logistic(fit["relevance"], relevance), logistic(fit["answerable"], margin, relevance), relevance, margin
        )

    @cached_property
    def _model(self) -> onnx.Model:
        return onnx.Model(self._path)

    @cached_property
    def _pieces(self) -> Pieces:
        return Pieces()

    @cached_property
    def fit(self) -> dict[str, list[float]]:
        """The figures that were fitted after training: see `training/fit.py`."""
        return json.loads(self._path.with_suffix(".json").read_text())


def best_span(ends: np.ndarray) -> tuple[int, int, float]:
    """First and last piece of the best span, and its score, from start and end logits (n, 2)."""
    sums = ends[:, None, 0] + ends[None, :, 1]
    length = np.arange(len(ends))[None, :] - np.arange(len(ends))[:, None]
    sums = np.where((length >= 0) & (length < LONGEST), sums, -np.inf)
    first, last = divmod(int(np.argmax(sums)), len(ends))
    return first, last, float(sums[first, last])


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without spaces and marks at its edges, where something remains; but with both marks of
    a pair of which one stands within it."""
    kept = text[start:end].strip(_EDGES)
    if not kept:
        return start, end
    start = text.index(kept, start)
    end = start + len(kept)
    for pair in _PAIRS.finditer(text):
        if pair.start() + 1 == start and pair.end() <= end:
            start = pair.start()
        if start <= pair.start() and pair.end() - 1 == end:
            end = pair.end()
    return start, end


def logistic(weights: Sequence[float], *values: float) -> float:
    """The fitted logistic function: a weight for each value, and a constant."""
    total = sum(weight * value for weight, value in zip(weights, values, strict=False)) + weights[-1]
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, total))))
