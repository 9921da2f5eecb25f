"""Addresses of quotations and the passages they open, over a real library."""

import json
from dataclasses import replace

import pytest

from corpus.types import Span
from ui import cite

TEXT = "Before it. \U0001f600 The bridge was closed on Monday, the mayor said. After it."
QUOTE = "The bridge was closed on Monday, the mayor said."
LINE = {
    "id": "bridge", "title": "Bridge closed", "text": TEXT, "source": "Harbour Gazette",
    "published": "2016-11-29", "uri": "https://example.org/bridge",
}  # fmt: skip


@pytest.fixture(scope="module")
def library(build, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cite")
    return build(folder, {"news.jsonl": json.dumps(LINE), "long.txt": "A line of text.\n" * 20_000})


@pytest.fixture
def mutable(build, tmp_path):
    return build(tmp_path, {"news.jsonl": json.dumps(LINE)})


def test_an_address_leads_back_to_the_quotation(library, say):
    claim = say.claim(library, "bridge", QUOTE)
    address = cite.address(claim.quote, claim.text)
    assert cite.parse(address) == (claim.quote, address.rsplit(":", 1)[1])
    found = cite.passage(library, address)
    assert found["state"] == "open"
    assert (found["before"], found["quote"], found["after"]) == TEXT.partition(QUOTE)
    assert (found["title"], found["source"], found["published"]) == (
        "Bridge closed",
        "Harbour Gazette",
        "2016-11-29",
    )
    assert not found["cut_before"] and not found["cut_after"]


@pytest.mark.parametrize(
    "address",
    [
        "", "1", "1:0-5", "1:0-5:", "1:0-5:0123456789a", "1:0-5:0123456789abc", "1:0-5:0123456789AB",
        "1:5-5:0123456789ab", "1:6-5:0123456789ab", "1:-1-5:0123456789ab", "1:00-5:0123456789ab",
        "1:0-99999999999:0123456789ab", "1:٠-٥:0123456789ab", "../1:0-5:0123456789ab", "1:0-5:0123456789ab\n",
        " 1:0-5:0123456789ab", "a b:0-5:0123456789ab", "x' OR 1--:0-5:0123456789ab",
        "1" * 65 + ":0-5:0123456789ab",
        ":0-5:0123456789ab", "1:0-5:0123456789ab:1", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_what_is_not_an_address_is_refused(address):
    assert cite.parse(address) is None
    assert cite.passage(None, address)["state"] == "unknown"  # the library is not even asked


def test_a_document_that_cannot_be_addressed_is_a_fault():
    with pytest.raises(ValueError):
        cite.address(Span("a:b", 0, 1), "x")


def test_other_words_are_never_highlighted(library, say):
    span = say.claim(library, "bridge", QUOTE).quote
    for address in (
        cite.address(span, "The bridge was opened on Monday, the mayor said."),
        cite.address(Span(span.document_id, span.start + 1, span.end + 1), QUOTE),
    ):
        found = cite.passage(library, address)
        assert found["state"] == "changed" and set(found) == {"state", "message"}
    beyond = cite.passage(library, cite.address(Span(span.document_id, len(TEXT) - 3, len(TEXT) + 9), QUOTE))
    assert beyond["state"] in ("changed", "damaged") and "quote" not in beyond


def test_a_removed_document_is_said_to_be_removed(mutable, say):
    claim = say.claim(mutable, "bridge", QUOTE)
    with mutable.writing() as writer:
        writer.remove([claim.document.id])
    found = cite.passage(mutable, cite.address(claim.quote, claim.text))
    assert found["state"] == "removed" and "was removed from the library on 2" in found["message"]
    assert cite.passage(mutable, "999999:0-5:0123456789ab")["state"] == "unknown"


def test_a_damaged_document_is_not_shown(mutable, say):
    claim = say.claim(mutable, "bridge", QUOTE)
    with mutable.transaction() as db:
        db.execute(
            "UPDATE parts SET text = replace(text, 'Monday', 'Sunday') WHERE document_id = ?",
            (int(claim.document.id),),
        )
    found = cite.passage(mutable, cite.address(claim.quote, claim.text))
    assert found["state"] == "damaged" and "damaged" in found["message"] and "quote" not in found


def test_a_long_document_is_cut_around_the_quotation(library):
    document = library.named("long.txt")
    text = library.text(document.id)
    start = 150_000
    found = cite.passage(
        library, cite.address(Span(document.id, start, start + 15), text[start : start + 15])
    )
    assert found["quote"] == text[start : start + 15]
    assert found["before"] == text[start - cite.REACH : start] and found["cut_before"]
    assert found["after"] == text[start + 15 : start + 15 + cite.REACH] and found["cut_after"]


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "file:///etc/passwd",
        "//evil.example", "http:", "http://[", "vbscript:x", " javascript:alert(1)",
        None, "",
    ],
)  # fmt: skip
def test_only_web_addresses_are_linked(library, uri):
    assert cite.describe(replace(library.named("bridge"), uri=uri))["uri"] is None


def test_web_addresses_are_linked(library):
    assert cite.describe(library.named("bridge"))["uri"] == "https://example.org/bridge"


def test_the_sentences_around_are_exact_and_end_with_the_document(library, say):
    def around(quote):
        claim = say.claim(library, "bridge", quote)
        return cite.around(library, cite.address(claim.quote, claim.text))

    found = around(QUOTE)
    assert found["before"] + found["quote"] + found["after"] in TEXT and found["quote"] == QUOTE
    first, last = around("Before it."), around("After it.")
    assert first["before"] == "" and not first["cut_before"] and first["cut_after"]
    assert last["after"] == "" and last["before"].endswith(f"{QUOTE} ") and not last["cut_after"]


def test_a_page_is_named_where_a_document_has_pages(library, say, monkeypatch):
    claim = say.claim(library, "bridge", QUOTE)
    paged = replace(claim.document, pages=(0, 5, 9_999), sections=((0, "Front"),))
    monkeypatch.setattr(library, "document", lambda id: paged)
    monkeypatch.setattr(library, "verified", lambda db, id: (int(id), [(0, len(TEXT), "", "")]))
    monkeypatch.setattr(library, "_part", lambda db, id, start: TEXT)
    found = cite.passage(library, cite.address(claim.quote, claim.text))
    assert (found["page"], found["section"]) == (2, "Front")
