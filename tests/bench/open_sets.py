"""The open question sets, read where they lie: documents, and questions with the place of the answer."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Question:
    """`document` is the name of the document that answers it; `answers` are the starts of its answers."""

    id: str
    text: str
    document: str
    answers: tuple[int, ...]


def squad(path: Path) -> tuple[dict[str, str], list[Question]]:
    """Documents by name, and the answerable questions, of a file in SQuAD's format."""
    documents, questions = {}, []
    for article in json.loads(path.read_text())["data"]:
        for paragraph in article["paragraphs"]:
            name = hashlib.sha256(paragraph["context"].encode()).hexdigest()[:16]
            documents[name] = paragraph["context"]
            for qa in paragraph["qas"]:
                starts = tuple(answer["answer_start"] for answer in qa["answers"])
                if starts and not qa.get("is_impossible"):
                    questions.append(Question(qa["id"], qa["question"], name, starts))
    return documents, questions


def xquad() -> tuple[dict[str, str], list[Question]]:
    """240 paragraphs of Wikipedia, 1,190 questions."""
    return squad(DATA / "xquad" / "xquad.en.json")


def newsqa() -> tuple[dict[str, str], list[Question]]:
    """319 CNN articles and their questions."""
    return squad(DATA / "newsqa" / "newsqa.json")


def is_even(text: str) -> bool:
    """Whether an article is among those that weights may be chosen on."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 0


def seed_questions() -> list[dict]:
    """Thirty questions on the seed article, of four kinds."""
    lines = (DATA / "seed" / "questions.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def wikiqa_dev() -> tuple[list[dict], list[Question]]:
    """Answer sentence selection: one document a question, its candidates as paragraphs; the
    document's source is the question's id, so that a search can be kept to it."""
    records, questions = [], []
    for line in (DATA / "wikiqa" / "wikiqa_dev.jsonl").read_text().splitlines():
        entry = json.loads(line)
        starts, at = [], 0
        for sentence, right in entry["cands"]:
            starts += [at] * right
            at += len(sentence) + 2
        text = "\n\n".join(sentence for sentence, _ in entry["cands"])
        records.append({"id": entry["qid"], "source": entry["qid"], "text": text})
        questions.append(Question(entry["qid"], entry["question"], entry["qid"], tuple(starts)))
    return records, questions


def syria() -> tuple[list[dict], list[dict]]:
    """620 dated articles of 2011-12 and the entries of journalists' timelines (date, text)."""
    folder = DATA / "syria_t17"
    return tuple(
        [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for name in ("articles.jsonl", "gold_timelines.jsonl")
    )
