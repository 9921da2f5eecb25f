"""Training examples: a question, a sentence or some with what stands around them, and where the answer is.

The token types tell the reader what is to be judged: 1 for the sentences that are offered, 0 for the
question and for the context (title, date, the sentences before and after). So the sentence before the
one that answers is an example that does not answer, though the answer stands beside it.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from assistant.reader.tokens import Pieces, lay_out
from assistant.reader.training import exchange, mining
from assistant.reader.training.questions import Question, fraction, questions, rankings
from corpus.sentences import sentences

# How often a set is gone through in one round, and the share of its questions asked of a whole paragraph.
ROUNDS = {"squad2": 2.0, "wiki": 1.0, "newsqa": 2.0, "reddit": 0.15, "amazon": 0.12, "qamr": 0.1}
WHOLE = {"squad2": 0.7, "wiki": 0.4, "newsqa": 0.3, "reddit": 0.2, "amazon": 0.2, "qamr": 0.0}
LONGEST = 900  # characters of a paragraph that is read whole


@dataclass(frozen=True, slots=True)
class Example:
    """`spans` are (start, end, weight) in characters of `text`; None where it answers, but it is
    not known with what words. Examples of one `group` are about one question."""

    group: int
    question: str
    context: str
    text: str
    after: str
    spans: tuple[tuple[int, int, float], ...] | None
    relevant: bool


def examples(data: Path, folder: Path, seed: int) -> Iterator[Example]:
    """One round over all sets, in no order; other seeds make other choices."""
    chance = random.Random(seed)
    found = {}
    for path in sorted(folder.glob("mined*.jsonl")):
        for id, more in mining.mined(path).items():
            found[id] = more + found.get(id, [])  # later rounds first
    turned = exchange.made(folder / "exchanged.jsonl")
    group = 0
    for question in questions(data):
        times = ROUNDS[question.set]
        for _ in range(int(times) + (chance.random() < times % 1)):
            if not question.aside:
                group += 1
                yield from _of(question, found.get(question.id, []), turned.get(question.id, []), group, chance)
    for _ in range(2):
        for ranking in rankings(data):
            group += 1
            right = [text for text, answers in ranking.sentences if answers]
            wrong = [text for text, answers in ranking.sentences if not answers]
            asked = typed(ranking.question, chance)
            for text in chance.sample(right, min(2, len(right))):
                yield Example(group, asked, "", text, "", None, True)
            for text in chance.sample(wrong, min(5, len(wrong))):
                yield Example(group, asked, "", text, "", (), False)


def _of(
    question: Question, found: list[mining.Found], turned: list[exchange.Exchange], group: int, chance: random.Random
) -> Iterator[Example]:
    text, asked = question.text, typed(question.question, chance)
    places = sentences(text)
    title = _titled(question.title, chance)
    turned = sorted(turned, key=lambda one: chance.random() + (one.kind == "noun") + one.kind.endswith("far") * 0.3)
    if chance.random() < WHOLE[question.set]:
        first, last = _paragraph(places, question, chance)
        yield _cut(text, places, first, last, question.spans, asked, title, group, chance, alone=True)
        if question.spans and turned and chance.random() < 0.6:
            other = typed(turned.pop().question if len(turned) > 3 else turned[0].question, chance)
            yield _cut(text, places, first, last, (), other, title, group, chance, alone=True)
    held = [i for i, (start, end) in enumerate(places) if any(start <= at < end for at, _, _ in question.spans)]
    if held:
        at = chance.choice(held)
        more = chance.choice((0, 0, 0, 0, 1, 2))
        first, last = max(0, at - chance.randint(0, more)), min(len(places), at + 1 + chance.randint(0, more))
        right = _cut(text, places, first, last, question.spans, asked, title, group, chance)
        if not right.spans:  # the answer goes beyond the window
            return
        yield right
        for one in turned[: 1 + (chance.random() < 0.4)]:
            if one.old.casefold() in right.text.casefold() or chance.random() < 0.5:
                again = _cut(text, places, first, last, (), typed(one.question, chance), title, group, chance)
                yield again
        beside = [i for i in (first - 1, last) if 0 <= i < len(places) and i not in held]
        if beside and chance.random() < 0.6:
            i = chance.choice(beside)
            yield _cut(text, places, i, i + 1, (), asked, title, group, chance)
    elif not question.spans and places:
        near = sorted(range(len(places)), key=lambda i: -_shared(question.question, text[slice(*places[i])]))
        for i in near[: chance.choice((1, 2))]:
            yield _cut(text, places, i, i + 1, (), asked, title, group, chance)
    for one in found[: chance.choice((1, 2, 2))]:
        before = one.before if chance.random() < 0.6 else ""
        yield Example(group, asked, before, one.text, one.after if chance.random() < 0.4 else "", (), False)


def _paragraph(places: list[tuple[int, int]], question: Question, chance: random.Random) -> tuple[int, int]:
    """A run of sentences of at most LONGEST characters that holds the answers, if they fit."""
    near = min((start for start, _, _ in question.spans), default=0)
    at = next((i for i, (start, end) in enumerate(places) if start <= near < end), 0)
    first = last = at
    while first > 0 or last < len(places):
        grow_down = last < len(places) and (first == 0 or chance.random() < 0.5)
        new = (first, last + 1) if grow_down else (first - 1, last)
        if places[new[1] - 1][1] - places[new[0]][0] > LONGEST and last > first:
            break
        first, last = new
    return first, max(last, first + 1)


def _cut(
    text: str, places: list[tuple[int, int]], first: int, last: int, spans: tuple, asked: str, title: str,
    group: int, chance: random.Random, *, alone: bool = False,
) -> Example:  # fmt: skip
    start, end = places[first][0], places[last - 1][1]
    before = text[slice(*places[first - 1])] if first and not alone and chance.random() < 0.6 else ""
    after = text[slice(*places[last])] if last < len(places) and not alone and chance.random() < 0.4 else ""
    inside = tuple((s - start, e - start, weight) for s, e, weight in spans if start <= s and e <= end)
    total = sum(weight for _, _, weight in inside)
    inside = tuple((s, e, weight / total) for s, e, weight in inside)
    context = f"{title} {before}".strip()
    return Example(group, asked, context, text[start:end], after, inside, bool(inside))


def _titled(title: str, chance: random.Random) -> str:
    """As the context of a sentence begins: its document's title and date, or one of them, or none."""
    date = f"{chance.randint(1990, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    shown = [title] if title and chance.random() < 0.5 else []
    shown += [date] if chance.random() < 0.2 else []
    return ", ".join(shown) + "." if shown else ""


def typed(question: str, chance: random.Random) -> str:
    """A question as people type it: often without the mark, now and then with a letter wrong or
    without its first words. (The word pieces know no capitals.)"""
    if chance.random() < 0.35:
        question = question.rstrip("? ")
    words = question.split()
    if chance.random() < 0.06 and len(words) > 3:
        at = chance.randrange(1, len(words))
        word = words[at]
        if len(word) > 4:
            i = chance.randrange(1, len(word) - 1)
            words[at] = word[:i] + word[i + 1] + word[i] + word[i + 2 :] if chance.random() < 0.5 else word[:i] + word[i + 1 :]
    return " ".join(words)


def _shared(question: str, sentence: str) -> float:
    asked = {word for word in question.casefold().split() if len(word) > 3}
    return len(asked & set(sentence.casefold().split())) + 0.001 * len(sentence)


def pack(made: Iterator[Example], pieces: Pieces) -> dict[str, np.ndarray]:
    """Examples as arrays: all word pieces in a row with the place where each example begins, the
    range of pieces that is judged, soft labels of starts and ends, relevance, group."""
    ids, begins, judged, relevant, groups, labels = [], [0], [], [], [], []
    for number, one in enumerate(made):
        laid = lay_out(pieces, one.question, one.context, one.text, one.after)
        if laid.last <= laid.first:
            continue
        spans = [] if one.spans is None else [(laid.span(s, e), weight) for s, e, weight in one.spans]
        spans = [(span, weight) for span, weight in spans if span]
        if one.spans and not spans:  # the answer was cut off
            continue
        row = len(relevant)
        ids += laid.ids
        begins.append(len(ids))
        judged.append((laid.first, laid.last))
        relevant.append(one.relevant)
        groups.append(one.group)
        if one.spans is not None:
            labels += [(row, *span, weight) for span, weight in spans] or [(row, 0, 0, 1.0)]
    return {
        "ids": np.array(ids, np.uint16), "begins": np.array(begins, np.int64), "judged": np.array(judged, np.int16),
        "relevant": np.array(relevant, bool), "groups": np.array(groups, np.int32),
        "labels": np.array([label[:3] for label in labels], np.int32),
        "weights": np.array([label[3] for label in labels], np.float32),
    }  # fmt: skip


def held_aside(data: Path, folder: Path, seed: int = 0) -> Iterator[Example]:
    """Examples of the texts that training does not see, for calibration: each question of its
    sentence and of its paragraph, and exchanged questions."""
    chance = random.Random(seed)
    turned = exchange.made(folder / "exchanged.jsonl")
    for group, question in enumerate(q for q in questions(data) if q.aside):
        if question.set != "qamr" or fraction(question.id) < 0.2:
            yield from _of(question, [], turned.get(question.id, []), group, chance)


if __name__ == "__main__":  # python -m assistant.reader.training.examples DATA FOLDER SEED
    data, folder, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    packed = pack(examples(data, folder, seed), Pieces())
    save_file(packed, folder / f"examples{seed}.safetensors")
    count = len(packed["relevant"])
    print(f"{count} examples, {len(packed['ids']) / count:.0f} pieces each, {packed['relevant'].mean():.2f} relevant")
