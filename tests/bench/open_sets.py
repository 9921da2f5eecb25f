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


def squad_answers(path: Path) -> dict[str, list[str]]:
    """The words of the answers, by the question's id, of a file in SQuAD's format."""
    articles = json.loads(path.read_text())["data"]
    asked = [qa for article in articles for paragraph in article["paragraphs"] for qa in paragraph["qas"]]
    return {qa["id"]: [answer["text"] for answer in qa["answers"]] for qa in asked}


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


def wikiqa_candidates() -> list[tuple[str, list[tuple[str, int]]]]:
    """WikiQA dev as it is ranked: a question, and its sentences with whether each answers."""
    lines = (DATA / "wikiqa" / "wikiqa_dev.jsonl").read_text().splitlines()
    return [(entry["question"], entry["cands"]) for entry in map(json.loads, lines)]


def syria() -> tuple[list[dict], list[dict]]:
    """620 dated articles of 2011-12 and the entries of journalists' timelines (date, text)."""
    folder = DATA / "syria_t17"
    return tuple(
        [json.loads(line) for line in (folder / name).read_text().splitlines()]
        for name in ("articles.jsonl", "gold_timelines.jsonl")
    )


def everything() -> list[dict]:
    """All the open running text there is, as records: each document once."""
    squads = ["xquad/xquad.en.json", "newsqa/newsqa.json", "squad2/squad2.json", *_names("squadshifts", "*.json")]
    texts = [text for name in squads for text in squad(DATA / name)[0].values()]
    texts += [record["text"] for record in syria()[0]]
    texts += [json.loads(line)["text"] for line in _lines("polnear/texts.jsonl")]
    texts += [d["text"] for line in _lines("ramdocs/ramdocs.jsonl") for d in json.loads(line)["documents"]]
    for part in ("train", "dev"):
        for line in _lines(f"wikiqa/wikiqa_{part}.jsonl"):
            texts.append("\n\n".join(sentence for sentence, _ in json.loads(line)["cands"]))
    wiki = [line.partition("\t")[2] for line in _lines("qamr/wiki-sentences.tsv")]
    texts += ["\n\n".join(wiki[at : at + 20]) for at in range(0, len(wiki), 20)]
    dialogues = json.loads((DATA / "inscit" / "inscit.json").read_text())
    texts += [passage for dialogue in dialogues.values() for passage in _passages(dialogue)]
    return [{"id": f"{n:06}", "text": text} for n, text in enumerate(dict.fromkeys(filter(str.strip, texts)))]


def _names(folder: str, pattern: str) -> list[str]:
    return [str(path.relative_to(DATA)) for path in sorted((DATA / folder).glob(pattern))]


def _lines(name: str) -> list[str]:
    return (DATA / name).read_text().splitlines()


def _passages(dialogue: dict) -> list[str]:
    return [
        entry["passage_text"]
        for turn in dialogue["turns"]
        for label in turn["labels"]
        for entry in label.get("evidence", ())
    ]
