"""The bundled sample: dated, its own words, and nothing quoted that was not said."""

import json
import re
from pathlib import Path

import pytest

import corpus
from corpus.readers import read
from corpus.types import Reading

SAMPLE = Path(corpus.__file__).parent / "sample"
SEED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "seed" / "aleppo.txt"
DIGEST = (
    "This dispatch is a digest written for Byline from a news report of late November 2016; "
    "its date is editorial."
)
QUOTED = re.compile(r'"([^"]*)"')

dispatches = pytest.mark.parametrize("path", sorted(SAMPLE.glob("*.md")), ids=lambda path: path.stem)
with_seed = pytest.mark.skipif(not SEED.is_file(), reason="needs ../shared/data/seed/aleppo.txt")


def one(path: Path) -> Reading:
    (reading,) = read(path)
    assert isinstance(reading, Reading), reading
    return reading


def words(text: str) -> list[str]:
    return re.findall(r"[\w'-]+", text.lower())


def runs(text: str, length: int = 7) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[at : at + length]) for at in range(len(found) - length + 1)}


def test_there_are_eight_dispatches() -> None:
    assert len(list(SAMPLE.glob("*.md"))) == 8


@dispatches
def test_dispatch_states_what_it_is(path: Path) -> None:
    reading = one(path)
    assert reading.title
    assert reading.source == "Byline sample"
    assert reading.published == path.name[:10]
    assert "2016-11-26" <= reading.published <= "2016-11-30"
    assert DIGEST in reading.text
    assert reading.text.count('"') % 2 == 0


@with_seed
@dispatches
def test_dispatch_is_in_its_own_words(path: Path) -> None:
    reading = one(path)
    seed = runs(SEED.read_text("utf-8"))
    for stretch in [reading.title, *QUOTED.split(reading.text)[::2]]:
        assert not runs(stretch) & seed


@with_seed
@dispatches
def test_dispatch_quotes_only_what_is_quoted_in_the_report(path: Path) -> None:
    said = [" ".join(words(quote)) for quote in QUOTED.findall(SEED.read_text("utf-8"))]
    for quote in QUOTED.findall(one(path).text):
        assert any(f" {' '.join(words(quote))} " in f" {speech} " for speech in said), quote


@with_seed
def test_the_check_of_words_finds_a_copied_sentence() -> None:
    seed = SEED.read_text("utf-8")
    assert runs("It is said that rebels say they will not withdraw from eastern Aleppo.") & runs(seed)


def test_questions_are_six_and_begin_with_the_one_on_aleppo() -> None:
    questions = json.loads((SAMPLE / "questions.json").read_text("utf-8"))
    assert len(set(questions)) == 6
    assert questions[0] == "Who controls eastern Aleppo?"
    assert all(question.endswith("?") for question in questions)
