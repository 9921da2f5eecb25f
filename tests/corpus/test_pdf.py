"""PDF: what is printed on a page, and the text that is made of it."""

import io

import pytest

from corpus.readers import pdf as reader
from corpus.readers import pdf_lines
from corpus.record import as_printed
from corpus.types import Reading
from tests.corpus.samples import column, pdf


def read(*pages: list[tuple[float, float, str]], **more) -> Reading:
    return reader.read(io.BytesIO(pdf(*pages, **more)))


def printed(reading: Reading) -> str:
    return as_printed(reading.text, 0, reading.printed)


def spaced(y: float, *words: str, left: float = 72, right: float = 212) -> list[tuple[float, float, str]]:
    """A line set full: its words (5 points a letter) from the left edge to the right one."""
    gap = (right - left - 5 * sum(map(len, words))) / max(len(words) - 1, 1)
    places = [left + gap * number + 5 * sum(map(len, words[:number])) for number in range(len(words))]
    return [(x, y, word) for x, word in zip(places, words, strict=True)]


SIGNS = {"#": "\ufb03", "~": "\ufb01", "^": "\ufb02", "|": "\ufb00", "@": "fi"}


def test_ligatures_are_spelt_out_and_known_as_printed():
    reading = read(column(72, 700, "The o#ce ~led a ^ag, an af@davit and di|ering", "briefs for the fisherman."), signs=SIGNS)
    assert reading.text == "The office filed a flag, an affidavit and differing briefs for the fisherman."
    # The one of which the file says that it is two letters is printed as one sign too.
    assert printed(reading) == "The o\ufb03ce \ufb01led a \ufb02ag, an af\ufb01davit and di\ufb00ering\nbriefs for the fisherman."


def test_lines_and_the_words_broken_at_their_ends_are_known_as_printed():
    lines = ("The infor-", "mation came from a well-", "known person, and the con-", "~rmed toll is six.", "", "A second paragraph is", "here.")
    reading = read(column(72, 700, *lines), column(72, 700, "It goes on."), signs=SIGNS)
    assert reading.text.startswith("The information came from a well-known person, and the confirmed toll is six.\n\nA second")
    assert printed(reading) == (
        "The infor-\nmation came from a well-\nknown person, and the con-\n\ufb01rmed toll is six.\n\nA second paragraph is\nhere.\n\nIt goes on."
    )
    begin = reading.text.index("came")
    end = reading.text.index("rmed")
    assert as_printed(reading.text[begin:end], begin, reading.printed) == "came from a well-\nknown person, and the con-\n\ufb01"
    # Of a sign that a quote cuts through, its own letters are shown.
    assert as_printed(reading.text[begin : end - 1], begin, reading.printed).endswith("the con-\nf")


def test_a_text_of_too_many_lines_is_shown_as_extracted(monkeypatch):
    monkeypatch.setattr(reader, "PRINTED", 2)
    reading = read(column(72, 700, "One line and", "another line and", "a third line and", "the last."))
    assert reading.printed == () and "as they are printed" in reading.notes[0]


@pytest.mark.parametrize("first", ["well", "twenty", "vice"])
def test_words_that_have_a_hyphen_keep_it_at_the_end_of_a_line(first):
    assert read(column(72, 700, f"It was a {first}-", "known thing.")).text == f"It was a {first}-known thing."


def test_chinese_and_japanese_lines_are_joined_without_a_space():
    signs = dict(zip("ABCDEFGHIJKLMN", "日本語の文章は次行に続きます", strict=True))
    reading = read(column(72, 700, "ABCDEFGH", "IJKLMN"), signs=signs)
    assert reading.text == "日本語の文章は次行に続きます" and printed(reading) == "日本語の文章は次\n行に続きます"


DRAWN = {
    "from the left": [(72 + 5.0 * place, 700.0, letter) for place, letter in enumerate("ABCD")],
    "from the right": [(87 - 5.0 * place, 700.0, letter) for place, letter in enumerate("DCBA")],
    "as a word": [(72, 700.0, "ABCD")],
    "as a word from the right": [(87, 700.0, b"[(D) 1000 (C) 1000 (B) 1000 (A)] TJ")],
}


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_hebrew_and_arabic_are_in_the_order_of_reading_however_they_are_drawn(drawn):
    """The first letter stands on the right; the last but one of the second word is a sign for two (lam-alef)."""
    for letters in (("ש", "ל", "ו", "ם"), ("س", "ل", "لا", "م")):
        signs = dict(zip("DCBA", letters, strict=True))
        assert read(drawn, signs=signs).text == "".join(letters)


def test_words_of_hebrew_among_others_are_in_the_order_of_reading():
    signs = {"A": "ש", "B": "ל", "C": "ם", "D": "ע"}
    assert read([(72, 700.0, "he said CBA DCB to them")], signs=signs).text == "he said לםע שלם to them"


def test_a_letter_that_no_font_names_is_shown_as_missing():
    reading = read(column(72, 700, "It cost #5 at # first, o#", "and last."), signs={"#": "\0"})
    assert reading.text == "It cost \ufffd5 at \ufffd first, o\ufffd and last." and "3 of its characters" in reading.notes[0]


def test_narrow_columns_whose_lines_are_set_full_are_prose_and_no_table():
    left = [
        ("The", "bridge", "over", "the", "river"), ("was", "opened", "again", "on", "two"), ("international", "days,"),
        ("said", "the", "mayor", "of", "the"), ("town", "who", "walked", "over", "it"), ("responsible", "officials"),
        ("for", "the", "very", "first", "time,"),
    ]  # fmt: skip
    right = [
        ("it", "cost", "over", "four", "times"), ("what", "had", "been", "planned,"), ("administration", "and"),
        ("years", "of", "work", "were", "done."),
    ]  # fmt: skip
    drawn = [word for number, words in enumerate(left) for word in spaced(700 - 12 * number, *words)]
    drawn += [word for number, words in enumerate(right) for word in spaced(700 - 12 * number, *words, left=240, right=380)]
    reading = read(drawn, signs=SIGNS)
    assert reading.text == " ".join(word for words in left + right for word in words)
    assert printed(reading).split("\n")[2] == "international days,"


def test_two_columns_of_few_lines_are_read_one_after_the_other_where_they_are_drawn_so():
    left = column(72, 700, "The bridge over the river in the east of", "the city was opened again on Tuesday,")
    right = column(320, 700, "officials said. The mayor walked over it", "first, with two hundred people.")
    text = "The bridge over the river in the east of the city was opened again on Tuesday, officials said. The mayor walked over it "
    assert read(left + right).text == text + "first, with two hundred people."


def test_a_raised_number_or_a_sign_of_another_font_does_not_make_a_line_higher():
    run = [("over", 72.0, 95.0, 698.0, 709.0), ("twelve", 98.0, 130.0, 698.0, 709.0), ("1", 130.0, 133.0, 702.0, 713.0)]
    line = pdf_lines._line(run)
    assert (line.text, line.bottom, line.top, line.right) == ("over twelve 1", 698.0, 709.0, 133.0)


def test_a_title_that_is_no_text_does_not_cost_the_document():
    reading = read(column(72, 700, "Words."), info="<< /Title <feffd83d0041> /Author (Jane Doe) >>")
    assert (reading.text, reading.title, reading.author) == ("Words.", None, "Jane Doe")


def test_a_list_of_contents_is_read_line_by_line():
    lines = [f"{number}.1 Chapter {number} . . . . . . . . . . . . . . . . . . {number}" for number in range(1, 5)]
    assert read(column(72, 700, *lines)).text == "\n".join(lines)
