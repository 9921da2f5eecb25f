"""Accounts on the open half of RAMDocs (Wang et al. 2025, arXiv:2504.13079): whether the answers that its
documents give are shown, and whether a contradiction is told where some of them hold misinformation.

Each question is put to its own documents, through `Assistant.ask`. What was chosen (thresholds, weights) was
chosen on the questions of even hash, so those of odd hash are the ones to look at.
"""

import hashlib
import json
from dataclasses import dataclass
from statistics import mean, median

from assistant.assistant import Assistant
from assistant.reading import READ, in_turn
from assistant.types import CLAIMS
from assistant.values import folded
from corpus.sentences import sentences
from corpus.types import Filters
from index.encoder import Encoder
from index.wording import telling, words
from tests.bench import collection, open_sets


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the texts of its documents: `answers` are what they give, right and wrong, as far
    as it stands in them word for word; `misled` says that misinformation is among them."""

    question: str
    source: str
    texts: tuple[str, ...]
    answers: tuple[str, ...]
    misled: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    case: Case
    shown: float  # share of the answers that are shown; of the first eight by shared words, `plain`
    plain: float
    read: float  # share that stands in what is read, and in as many of the search's first, `ranked`
    ranked: float
    differ: bool
    answered: bool
    took: float


def main() -> None:
    """Prints the table."""
    asked = cases()
    records = [
        {"id": f"{case.source}-{n}", "source": case.source, "text": text}
        for case in asked
        for n, text in enumerate(case.texts)
    ]
    library, _ = collection.library("ramdocs", records, Encoder())
    assistant = Assistant(library)
    found = [outcome(assistant, case) for case in asked]
    print(
        "| RAMDocs | questions | answered | share of answers shown | first eight by words | in what is read | in as many by rank "
        "| differ: precision | recall | median, ms |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, wanted in (("even hash", 0), ("odd hash", 1)):
        _row(name, [one for one in found if _bit(one.case.question) == wanted])


def cases() -> list[Case]:
    """The questions of the open half."""
    lines = (open_sets.DATA / "ramdocs" / "ramdocs.jsonl").read_text().splitlines()
    return [_case(json.loads(line), f"q{n}") for n, line in enumerate(lines)]


def outcome(assistant: Assistant, case: Case) -> Outcome:
    """What the assistant shows to one question, put to its own documents alone."""
    filters = Filters(source=case.source)
    answer = assistant.ask(case.question, filters=filters)
    ranked = assistant.found(case.question, filters)
    turned = in_turn(case.question, ranked)
    wanted = set(telling(case.question))
    every = [text[start:end] for text in case.texts for start, end in sentences(text)]
    plain = sorted(every, key=lambda sentence: -len(wanted & set(words(sentence))))[:CLAIMS]
    return Outcome(
        case, _share(case, [claim.text for claim in answer.claims]), _share(case, plain),
        *(_share(case, [claim.text for claim in claims[:READ]]) for claims in (turned, ranked)),
        answer.differ, not answer.abstained, answer.timings_ms["total"],
    )  # fmt: skip


def _case(line: dict, source: str) -> Case:
    texts = tuple(document["text"] for document in line["documents"])
    given = dict.fromkeys(
        _plain(document["answer"])
        for document in line["documents"]
        if document["type"] in ("correct", "misinfo")
    )
    answers = tuple(answer for answer in given if any(answer in _plain(text) for text in texts))
    wrong = [_plain(answer) for answer in line["wrong_answers"]]
    misled = any(document["type"] == "misinfo" for document in line["documents"])
    misled |= any(answer in _plain(text) for answer in wrong for text in texts)
    return Case(line["question"], source, texts, answers, misled)


def _share(case: Case, shown: list[str]) -> float:
    held = [_plain(text) for text in shown]
    return mean(any(answer in text for text in held) for answer in case.answers) if case.answers else 1.0


def _plain(text: str) -> str:
    return f" {' '.join(folded(text))} "


def _bit(question: str) -> int:
    """The second bit of the hash: by its first, the open half was taken."""
    return int(hashlib.sha256(question.encode()).hexdigest(), 16) // 2 % 2


def _row(name: str, found: list[Outcome]) -> None:
    with_answers = [one for one in found if one.case.answers]
    told = [one for one in found if one.differ]
    right = sum(one.case.misled for one in told)
    misled = sum(one.case.misled for one in found)
    precision = f"{right / len(told):.2f} ({right} of {len(told)})" if told else "-"
    print(
        f"| {name} | {len(found)} | {sum(one.answered for one in found)} | {mean(one.shown for one in with_answers):.3f} "
        f"| {mean(one.plain for one in with_answers):.3f} | {mean(one.read for one in with_answers):.3f} "
        f"| {mean(one.ranked for one in with_answers):.3f} | {precision} | {right / misled:.2f} ({right} of {misled}) "
        f"| {median(one.took for one in found):.0f} |"
    )


if __name__ == "__main__":
    main()
