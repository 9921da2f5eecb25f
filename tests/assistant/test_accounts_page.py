"""docs/accounts.md says what Byline does."""

import re
from pathlib import Path

import pytest

from assistant.accounts import group
from assistant.attribution import Context, attributed
from assistant.dates import happened
from assistant.reader.reader import Judgement
from assistant.types import Claim
from corpus.types import Document, Span

PAGE = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| ")]
EXAMPLES = [row for row in ROWS if row[0] != "what" and len(row) == 5]
DAYS = [row for row in ROWS if row[0] != "what" and len(row) == 4]


def claim(id: str, cell: str) -> Claim:
    """A claim of a cell's sentence; its answer is in bold, the day of its document stands before it."""
    day, text = re.fullmatch(r"(?:(\d{4}-\d\d-\d\d): )?(.+)", cell).groups()
    start = text.index("**")
    text = text.replace("**", "", 1)
    end = text.index("**")
    text = text.replace("**", "", 1)
    document = Document(id, f"{id}.txt", "news", None, None, day, None, "text/plain", 1, 1, "0")
    answer, quote = Span(id, start, end), Span(id, 0, len(text))
    judged = Judgement(start, end, 0.9, 0.9, 0.0, 0.0)
    (told,) = attributed([Context(text, 0, quote, answer)])
    return Claim(quote, text, document, 0.9, judgement=judged, answer=answer, attribution=told)


@pytest.mark.parametrize("row", EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_a_row_is_told_as_it_says(row):
    _, question, one, other, told = row
    claims = [claim("1", one), claim("2", other)]
    for order in (claims, claims[::-1]):
        accounts, differ = group(question, order)
        found = "they differ" if differ else {1: "one account", 2: "two accounts"}.get(len(accounts), "nothing")
        assert found == told, accounts


@pytest.mark.parametrize("row", DAYS, ids=[row[0] for row in DAYS])
def test_a_day_is_resolved_as_it_says(row):
    _, text, published, when = row
    found = [day for _, _, day in happened(text, None if published == "—" else published)]
    assert found == ([] if when == "as written" else [when])


def test_the_page_has_its_rows():
    assert len(EXAMPLES) >= 20 and len(DAYS) >= 12 and {row[4] for row in EXAMPLES} == {"one account", "two accounts", "they differ"}
