"""Who says what, on the open part of PolNeAR (../shared/data/polnear): precision and recall.

A found attribution is right when its speaker and its cue both overlap those of a gold attribution
by at least half of the longer of the two spans. Gold without a source is left out, and so is what
is found without a claimant. The speaker is taken as the text has it (`surface`, where a pronoun
was resolved). Words and rules were chosen on the articles of even hash; the odd ones are the test.

The speed is that of whole texts; beside it that of the bare parser (tagger, parser, lemmatizer)
over the same sentences. Last, what one answer takes once its sentences are read (attribution, accounts and
dates), and attribution of its claims alone, for questions on the NewsQA articles of odd hash.
"""

import json
import statistics
import time
from collections import defaultdict

from assistant.assistant import Assistant
from assistant.attribution import attribute, attributed
from assistant.composition import contexts
from assistant.parsing import parser
from assistant.types import Attribution
from corpus.sentences import sentences
from index.encoder import Encoder
from tests.bench import collection, open_sets
from tests.bench.open_sets import DATA, is_even

Places = frozenset[int]


def gold() -> tuple[dict[str, str], dict[str, list[tuple[Places, Places]]]]:
    """Texts by name, and the places of source and cue of each text's attributions."""
    folder = DATA / "polnear"
    texts = {
        each["id"]: each["text"]
        for each in map(json.loads, (folder / "texts.jsonl").read_text().splitlines())
    }
    wanted = defaultdict(list)
    for each in map(json.loads, (folder / "attributions.jsonl").read_text().splitlines()):
        if each["source"] and each["cue"]:
            wanted[each["doc"]].append((_places(each["source"]), _places(each["cue"])))
    return texts, wanted


def _places(parts: list[dict]) -> Places:
    return frozenset(at for part in parts for start, end in part["spans"] for at in range(start, end))


def found(attribution: Attribution) -> tuple[Places, Places] | None:
    """The places of a found attribution's speaker and cue."""
    speaker, cue = attribution.claimant, attribution.cue
    if speaker is None or cue is None:
        return None
    span = (speaker.surface or speaker.mention).span
    return frozenset(range(span.start, span.end)), frozenset(range(cue.span.start, cue.span.end))


def half(one: Places, other: Places) -> bool:
    """Whether two spans share at least half of the longer."""
    return 2 * len(one & other) >= max(len(one), len(other))


def matched(pairs: list[tuple[Places, Places]], wanted: list[tuple[Places, Places]]) -> list[int | None]:
    """For each found pair, which of the wanted it is; each is matched once."""
    left = dict(enumerate(wanted))
    result = []
    for source, cue in pairs:
        which = next((n for n, (s, c) in left.items() if half(source, s) and half(cue, c)), None)
        left.pop(which, None)
        result.append(which)
    return result


def main() -> None:
    """Prints quality by half, and speed."""
    texts, wanted = gold()
    attribute("Load the parser, the mayor said.")
    counts = {True: [0, 0, 0, 0], False: [0, 0, 0, 0]}
    begun = time.perf_counter()
    for name, text in texts.items():
        pairs = [pair for each in attribute(text) if (pair := found(each)) is not None]
        count = counts[is_even(text)]
        for n, add in enumerate(
            (1, len(wanted[name]), len(pairs), sum(m is not None for m in matched(pairs, wanted[name])))
        ):
            count[n] += add
    took = time.perf_counter() - begun
    print("| half | texts | gold | found | precision | recall | F1 |\n|---|---|---|---|---|---|---|")
    for even, (n, gold_, found_, right) in counts.items():
        precision, recall = right / found_, right / gold_
        f1 = 2 * precision * recall / (precision + recall)
        print(f"| {'even (chosen on)' if even else 'odd (test)'} | {n} | {gold_:,} | {found_:,} "
              f"| {precision:.3f} | {recall:.3f} | {f1:.3f} |")  # fmt: skip
    pieces = [text[start:end] for text in texts.values() for start, end in sentences(text)]
    begun = time.perf_counter()
    for _ in parser().pipe(pieces, disable=["ner"]):
        pass
    bare = time.perf_counter() - begun
    print(f"\n{len(pieces):,} sentences: attributed at {len(pieces) / took:,.0f} a second; "
          f"parsed alone at {len(pieces) / bare:,.0f} a second.")  # fmt: skip
    _answers()


def _answers() -> None:
    documents, asked = open_sets.newsqa()
    library, _ = collection.library("newsqa", documents, Encoder())
    assistant = Assistant(library)
    assistant.prepare()
    odd = [question for question in asked if not is_even(documents[question.document])]
    given = [answer for one in odd[::12] if (answer := assistant.ask(one.text)).claims]
    claims = sum(len(answer.claims) for answer in given) / len(given)
    whole = statistics.median(answer.timings_ms["attribute"] for answer in given)
    alone = []
    for answer in given:
        around = list(contexts(library, answer.claims).values())
        begun = time.perf_counter()
        attributed(around)
        alone.append((time.perf_counter() - begun) * 1000)
    print(f"One answer ({len(given)} answers of {claims:.1f} claims each): median {whole:.0f} ms once it is read; "
          f"attribution of its claims alone {statistics.median(alone):.0f} ms.")  # fmt: skip


if __name__ == "__main__":
    main()
