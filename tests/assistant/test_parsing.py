"""The parser: quicker than spaCy's own pipeline, and nothing else."""

import importlib
from pathlib import Path

import pytest

from assistant.parsing import MODELS, parser
from corpus.sentences import sentences

SAMPLE = Path(__file__).parents[2] / "corpus" / "sample"
ODD = [
    "",
    " ",
    "He said they ain't gonna let's go, y'all; there's nothin' but what'd you've got-ta do?",
    "It is  two\n\nspaces,\tand but that they do not save; whether it 'd been being, it has.",
    "THERE ARE NO ONE'S OWN THINGS! She's mine, hers, not theirs: himself.",
]


@pytest.fixture(scope="module")
def plain():
    """spaCy's pipeline as it comes."""
    for name in MODELS:
        try:
            return importlib.import_module(name).load(exclude=["ner"])
        except ModuleNotFoundError:
            continue
    pytest.fail("no model is installed")


def seen(doc) -> list[tuple]:
    return [(t.text, t.tag_, t.dep_, t.head.i, t.pos_, t.lemma_, str(t.morph)) for t in doc]


def test_words_are_given_what_spacy_gives_them(plain):
    texts = [path.read_text() for path in sorted(SAMPLE.glob("*.md"))]
    pieces = [text[start:end] for text in texts for start, end in sentences(text)]
    assert len(pieces) > 50
    for piece in pieces + ODD + ODD:
        assert seen(parser()(piece, disable=["ner"])) == seen(plain(piece)), piece


def test_what_was_seen_once_is_remembered(monkeypatch):
    ruler = parser().get_pipe("remembering_ruler")
    first = seen(parser()("The harbour of Orme burnt.", disable=["ner"]))
    monkeypatch.setattr(ruler, "_full", None)  # asked again, it would fail
    assert seen(parser()("The harbour of Orme burnt.", disable=["ner"])) == first
