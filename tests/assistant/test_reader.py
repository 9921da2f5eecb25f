"""The reader: the words it points at stand where it says, whatever it is given."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.reader.reader import (
    MODEL,
    Judgement,
    Offered,
    Reader,
    best_span,
    trimmed,
)
from assistant.reader.tokens import TOTAL, Pieces, lay_out
from corpus.types import BylineError

TEXT = "The harbour master of Porto Velho, Ines Prado, said on 4 May that eleven boats had been lost in the storm."


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return Pieces()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the harbour master of Porto Velho?", "Ines Prado"),
        ("how many boats were lost", "eleven"),
        ("when did she say so?", "4 May"),
    ],
)
def test_points_at_the_words_that_answer(reader, question, answer):
    judged = reader.read(question, TEXT)
    assert answer in TEXT[judged.start : judged.end] and judged.end - judged.start <= len(answer) + 3
    assert judged.answerable > 0.5 and judged.relevance > 0.5


def test_what_answers_is_told_from_what_does_not(reader):
    answers, other, elsewhere = reader.judge(
        "How many boats were lost in the storm?",
        [Offered(TEXT), Offered("The storm came from the south in the night."), Offered("Tickets cost nine euros.")],
    )
    assert answers.relevance > other.relevance > 0.0
    assert answers.relevance > 10 * elsewhere.relevance


def test_context_can_not_hold_the_answer(reader):
    """What stands around a sentence helps to read it, and is never pointed at."""
    offered = Offered("She called it the worst night in forty years.", TEXT, "Nine men are missing.")
    judged = reader.judge("How many boats were lost?", [offered])[0]
    assert 0 <= judged.start <= judged.end <= len(offered.text)
    assert judged.relevance < reader.judge("How many boats were lost?", [Offered(TEXT)])[0].relevance


def test_each_is_read_as_if_alone(reader):
    offered = [Offered(TEXT), Offered("x " * 300), Offered("Eleven boats sank."), Offered("")]
    together = reader.judge("How many boats?", offered)
    assert together == [reader.judge("How many boats?", [one])[0] for one in offered]


def test_a_long_text_is_read_to_its_end(reader):
    filler = " ".join(f"Paragraph {n} speaks of roads, of rain and of nothing else at all." for n in range(120))
    text = f"{filler} {TEXT} {filler}"
    judged = reader.read("Who is the harbour master of Porto Velho?", text)
    assert text[judged.start : judged.end] == "Ines Prado"


@pytest.mark.parametrize("text", ["", " ", "…", "\u200b", "?!", "🌊🌊", "\x00", "a" * 5000, "\n\n\n", "]\x07" * 500])
def test_strange_texts_are_read_without_complaint(reader, text):
    judged = reader.read("what?", text)
    assert 0 <= judged.start <= judged.end <= len(text)
    assert 0 <= judged.relevance <= 1 and 0 <= judged.answerable <= 1


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=200))
def test_any_text_keeps_its_offsets(text, question, context):
    laid = lay_out(Pieces(), question, context, text, context)
    assert len(laid.ids) <= TOTAL
    assert laid.last - laid.first == len(laid.offsets)
    assert all(0 <= start <= end <= len(text) for start, end in laid.offsets)


def test_a_span_is_found_again_in_its_pieces(pieces):
    laid = lay_out(pieces, "who?", "Before it.", TEXT, "After it.")
    start = TEXT.index("Ines Prado")
    first, last = laid.span(start, start + len("Ines Prado"))
    offsets = dict(enumerate(laid.offsets, laid.first))
    assert TEXT[offsets[first][0] : offsets[last][1]] == "Ines Prado"


def test_an_answer_that_was_cut_off_has_no_span(pieces):
    text = "word " * 400 + "the end"
    laid = lay_out(pieces, "where?", "", text)
    assert laid.span(text.index("the end"), len(text)) is None
    assert laid.span(0, 4) is not None


def test_too_much_context_gives_way_to_the_text(pieces):
    laid = lay_out(pieces, "who? " * 100, "before " * 500, TEXT, "after " * 500)
    assert len(laid.ids) <= TOTAL
    assert laid.offsets[-1][1] == len(TEXT)


def test_the_best_span_is_in_order_and_not_endless():
    ends = np.zeros((80, 2), np.float32)
    ends[50, 0], ends[10, 1] = 9, 9  # an end before its start is no span
    ends[60, 1] = 1
    assert best_span(ends)[:2] == (50, 60)
    ends[79, 1] = 9  # thirty pieces at most
    assert best_span(ends)[1] != 79 or best_span(ends)[0] >= 50


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [('he said "yes."', (8, 14), "yes"), ("  eleven, ", (0, 10), "eleven"), ("...", (0, 3), "..."), ("$5 million.", (0, 11), "$5 million")],
)
def test_marks_at_the_edges_are_left_out(text, span, kept):
    start, end = trimmed(text, *span)
    assert text[start:end] == kept


@pytest.mark.parametrize(
    ("text", "within", "kept"),
    [
        ('that "half" of it had been "freed".', 'half" of it had been "freed', '"half" of it had been "freed"'),
        ("the “old” part", "old” part", "“old” part"),
        ("eleven (two of them small) were lost", "eleven (two of them small", "eleven (two of them small)"),
        ('he said "no"', "no", "no"),
        ('a "b" c', '" c', "c"),
    ],
)
def test_a_pair_of_marks_is_not_parted(text, within, kept):
    at = text.index(within)
    start, end = trimmed(text, at, at + len(within))
    assert text[start:end] == kept


def test_a_damaged_model_is_not_used(tmp_path):
    for path in (MODEL, MODEL.with_suffix(".sha256"), MODEL.with_suffix(".json")):
        shutil.copy(path, tmp_path)
    damaged = tmp_path / MODEL.name
    with open(damaged, "r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(BylineError, match="damaged"):
        Reader(damaged).read("who?", TEXT)


def test_it_is_small_and_needs_no_torch():
    assert MODEL.stat().st_size <= 25e6
    code = (
        "import sys; from assistant.reader.reader import Reader; Reader().read('who?', 'Ines Prado said so.');"
        "print([name for name in ('torch', 'transformers', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_judgement_is_a_value(reader):
    assert reader.read("who?", TEXT) == reader.read("who?", TEXT)
    assert isinstance(reader.read("who?", TEXT), Judgement)
