"""Follow-ups made to stand alone: what comes back, and what is said: `python -m tests.bench followups`.

Dialogues of even hash were looked at while the rules of `assistant/followup.py` were written; those
of odd hash report.
"""

import json
import math
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from assistant.followup import standalone
from index.encoder import Encoder
from index.search import fuse, gather
from index.wording import telling
from tests.bench import collection, open_sets

History = tuple[tuple[str, str], ...]
HALVES = {"even, looked at": True, "odd": False}


@dataclass(frozen=True, slots=True)
class Turn:
    """A follow-up. `right` names the passages that answer it (INSCIT), `human` is the question as a
    person rewrote it (CANARD)."""

    dialogue: str
    question: str
    history: History
    right: frozenset[str] = frozenset()
    human: str = ""

    @property
    def even(self) -> bool:
        return open_sets.is_even(f"follow-ups: {self.dialogue}")


def main() -> None:
    """Prints the tables: passages found, likeness to human rewrites, new topics left alone, time."""
    _passages()
    _articles()
    _rewrites()
    _new_topics()
    _time()


def inscit() -> tuple[dict[str, str], list[Turn]]:
    """Passages by name, and the turns of the dialogues, the first ones too, that some passage answers."""
    passages, turns = {}, []
    for name, dialogue in json.loads((open_sets.DATA / "inscit" / "inscit.json").read_text()).items():
        for turn in dialogue["turns"]:
            evidence = [entry for label in turn["labels"] for entry in label["evidence"]]
            for entry in (*evidence, *(entry for earlier in turn["prevEvidence"] for entry in earlier)):
                passages[entry["passage_id"]] = entry["passage_text"]
            *said, question = turn["context"]
            if evidence:
                right = frozenset(entry["passage_id"] for entry in evidence)
                turns.append(Turn(name, question, _pairs(said), right))
    return {name: text for name, text in passages.items() if text.strip()}, turns


def canard() -> list[Turn]:
    """Questions with human rewrites. The title and heading that the askers saw stand as a first turn."""
    entries = json.loads((open_sets.DATA / "canard" / "canard.json").read_text())
    return [
        Turn(e["QuAC_dialog_id"], e["Question"], _pairs(e["History"]), human=e["Rewrite"]) for e in entries
    ]


def _pairs(said: list[str]) -> History:
    return tuple(zip(said[::2], said[1::2], strict=False))


FORMS: dict[str, Callable[[Turn], str]] = {
    "bare question": lambda turn: turn.question,
    "whole history in front": lambda turn: " ".join(
        [*(text for pair in turn.history for text in pair), turn.question]
    ),
    "earlier questions in front": lambda turn: " ".join(
        [*(question for question, _ in turn.history), turn.question]
    ),
    "**rewritten**": lambda turn: standalone(turn.question, turn.history).question,
}


def _passages() -> None:
    passages, turns = inscit()
    turns = [turn for turn in turns if turn.history]
    print(f"INSCIT: {len(passages)} passages, follow-ups only\n")
    _ranked("inscit", passages, turns, FORMS)


def _articles() -> None:
    """CANARD has no passages: what stands for an article is all that was answered about it."""
    turns = [turn for turn in canard() if turn.history]
    said: dict[str, dict[str, None]] = {}
    for turn in turns:
        title, heading = turn.history[0]
        texts = said.setdefault(turn.dialogue, dict.fromkeys((f"{title}: {heading}.",)))
        texts.update(dict.fromkeys(answer for _, answer in turn.history[1:] if answer != "I don't know."))
    articles = {name: "\n\n".join(texts) for name, texts in said.items()}
    chosen = [
        replace(turn, right=frozenset((turn.dialogue,))) for turn in turns[::3] if len(turn.history) > 1
    ]
    print(f"CANARD: {len(articles)} dialogues, title and answers of each as one document; every third turn\n")
    forms = {name: FORMS[name] for name in ("bare question", "**rewritten**")}
    _ranked("canard", articles, chosen, forms | {"rewritten by hand": lambda turn: turn.human})


def _ranked(
    name: str, passages: dict[str, str], turns: list[Turn], forms: dict[str, Callable[[Turn], str]]
) -> None:
    ranks = {form: passage_ranks(name, passages, turns, rewrite) for form, rewrite in forms.items()}
    _head(
        "dialogues | n | form | R@1 | R@5 | R@20 | MRR | better than bare | worse | into first 5 | out of it"
    )
    for half, even in HALVES.items():
        chosen = np.array([turn.even is even for turn in turns])
        bare = ranks["bare question"][chosen]
        for name, every in ranks.items():
            rank = every[chosen]
            cells = [f"{np.mean(rank <= k):.3f}" for k in (1, 5, 20)] + [f"{np.mean(1 / rank):.3f}"]
            cells += [str(int(np.sum(rank < bare))), str(int(np.sum(rank > bare)))]
            cells += [str(int(np.sum((rank <= 5) & (bare > 5)))), str(int(np.sum((rank > 5) & (bare <= 5))))]
            print(f"| {half} | {len(rank)} | {name} | " + " | ".join(cells) + " |", flush=True)
    print()


def passage_ranks(
    library_name: str, passages: dict[str, str], turns: list[Turn], form: Callable[[Turn], str]
) -> np.ndarray:
    """For each turn the rank, from 1, of the first passage that answers it; infinite where none was found."""
    encoder = Encoder()
    library, index = collection.library(library_name, passages, encoder)
    names = {int(document.id): document.name for document in library.documents()}
    texts = [form(turn) for turn in turns]
    ranks = []
    for turn, text, vector in zip(turns, texts, encoder.encode(texts), strict=True):
        evidence = gather(library, index, text.replace('"', " "), vector, documents=100)
        order = evidence.rows[np.argsort(-fuse(evidence), kind="stable"), 1]
        found = [names[owner] for owner in dict.fromkeys(order.tolist())]
        ranks.append(next((n for n, name in enumerate(found, 1) if name in turn.right), math.inf))
    return np.array(ranks)


def _rewrites() -> None:
    turns = [turn for turn in canard() if turn.history]
    print("CANARD: rewrites by hand as the measure\n")
    _head("dialogues | n | form | token F1 | carried words found | right | changed | nearer | further")
    for half, even in HALVES.items():
        for needed in (True, False):
            chosen = [turn for turn in turns if turn.even is even and _differs(turn) is needed]
            for name in ("bare question", "**rewritten**"):
                which = f"{half}, {'' if needed else 'no '}change needed"
                print(f"| {which} | {len(chosen)} | {name} | {_likeness(chosen, FORMS[name])} |", flush=True)
    print()


def _differs(turn: Turn) -> bool:
    return _words(turn.question) != _words(turn.human)


def _likeness(turns: list[Turn], form: Callable[[Turn], str]) -> str:
    """The cells of one row. Carried words are the telling ones that the question lacks."""
    likeness, bare, found, wanted, added, changed = [], [], 0, 0, 0, 0
    for turn in turns:
        text = form(turn)
        likeness.append(f1(text, turn.human))
        bare.append(f1(turn.question, turn.human))
        own = set(telling(turn.question))
        carried, right = set(telling(text)) - own, set(telling(turn.human)) - own
        found, wanted, added = found + len(carried & right), wanted + len(right), added + len(carried)
        changed += text != turn.question
    nearer = sum(a > b + 1e-9 for a, b in zip(likeness, bare, strict=True))
    further = sum(a < b - 1e-9 for a, b in zip(likeness, bare, strict=True))
    share = [f"{found / part:.3f}" if part else "-" for part in (wanted, added)]
    return " | ".join(
        [f"{statistics.mean(likeness):.3f}", *share, f"{changed / len(turns):.1%}", str(nearer), str(further)]
    )


def f1(text: str, other: str) -> float:
    """The F1 of the words of two texts, as bags, case and punctuation aside."""
    mine, theirs = Counter(_words(text)), Counter(_words(other))
    both = (mine & theirs).total()
    return 2 * both / (mine.total() + theirs.total()) if both else 0.0


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"['’]s\b", "", text.casefold()))


def new_topics() -> Iterable[Turn]:
    """Questions that stand alone, each after the dialogue of another: first turns of INSCIT, CANARD's
    that people left as they were, the seed's, and WikiQA's."""
    dialogues = [turn for turn in (*inscit()[1], *canard()) if len(turn.history) >= 2]
    alone = [(turn.dialogue, turn.question) for turn in inscit()[1] if not turn.history]
    alone += [(turn.dialogue, turn.question) for turn in canard() if not _differs(turn)]
    alone += [(entry["question"], entry["question"]) for entry in open_sets.seed_questions()]
    alone += [(question.text, question.text) for question in open_sets.wikiqa_dev()[1]]
    for n, (name, question) in enumerate(alone):
        other = dialogues[(n * 37) % len(dialogues)]
        yield Turn(name, question, other.history)


def _new_topics() -> None:
    print("Questions that stand alone, after an alien dialogue\n")
    _head("questions | n | changed")
    turns = list(new_topics())
    for half, even in HALVES.items():
        changed = [
            standalone(turn.question, turn.history).question != turn.question
            for turn in turns
            if turn.even is even
        ]
        print(f"| {half} | {len(changed)} | {np.mean(changed):.1%} |")
    print()


def _time() -> None:
    """Turn after turn, as in a chat: what was parsed for one question is known at the next."""
    took = []
    for turn in [turn for turn in canard() if turn.history][:300]:
        begun = time.process_time()
        standalone(turn.question, turn.history)
        took.append((time.process_time() - begun) * 1000)
    median, slow = np.quantile(took, (0.5, 0.95))
    print(
        f"Processor time of a rewrite ({len(took)}): median {median:.1f} ms, 95th percentile {slow:.1f} ms."
    )


def _head(cells: str) -> None:
    print(f"| {cells} |\n|{'---|' * (cells.count(' | ') + 1)}")
