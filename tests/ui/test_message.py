"""Answers as HTML, without a browser: what is read back is what was quoted."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Account, Attribution
from corpus.types import Span
from ui import cite, message

FIRST, SECOND = "The bridge is closed, the mayor said.", "Engineers told the council that the bridge is safe."
LINES = [
    {"id": "gazette", "title": "Bridge closed", "text": FIRST,
     "source": "Harbour Gazette", "published": "2016-11-29T10:00:00+02:00"},
    {"id": "notes", "text": f"{SECOND} {FIRST}"},
]  # fmt: skip


@pytest.fixture(scope="module")
def library(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("message"), {"news.jsonl": "\n".join(map(json.dumps, LINES))})


class Read(HTMLParser):
    """What a browser would make of it: text, links, and the text of the elements of a class."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words, self.links, self.tags, self._open, self.of_class = "", [], set(), [], {}
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.add(tag)
        self._open.append((given.get("class") or "").split())
        for name in self._open[-1]:
            self.of_class.setdefault(name, []).append("")
        if "href" in given:
            self.links.append(given["href"])
        assert set(given) <= {"class", "href", "id", "title"}

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        self.words += data
        for name in {name for names in self._open for name in names}:
            self.of_class[name][-1] += data


def no_words(span: Span) -> str:
    raise AssertionError("nobody speaks here")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_verbatim_leaves_no_syntax(text):
    html = message.verbatim(text)
    left = set(html) - {chr(code) for code in range(0x7F, 0xA0)}
    assert all(c.isascii() and (c.isalnum() or c in " &#;") for c in left)
    readable = text.translate({code: None for code in (*range(0x20), *range(0x7F, 0xA0), *_NEVER_CHARACTERS)})
    assert Read(message.verbatim(readable)).words == readable


# Python's parser drops these code points, which are no characters; a browser keeps them.
_NEVER_CHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane * 0x10000 + last for plane in range(17) for last in (0xFFFE, 0xFFFF)),
]


def test_claims_are_quoted_with_their_sources(library, say):
    claims = (say.claim(library, "gazette", FIRST), say.claim(library, "notes", SECOND))
    page = Read(message.answer(say.answer("Is it closed?", claims, documents=2), no_words))
    assert page.of_class["verbatim"] == [FIRST, SECOND]
    assert page.of_class["lead"] == ["2 sentences from 2 documents"]
    assert [" ".join(line.replace("\u2060", "").split()) for line in page.of_class["origin"]] == [
        "— Harbour Gazette, Bridge closed, 2016-11-29 Open source [1]",
        "— source not stated, notes, undated Open source [2]",
    ]
    assert page.of_class["source"] == ["Bridge closed ·\u00a02016-11-29", "notes ·\u00a0undated"]
    addresses = [f"#cite={cite.address(c.quote, c.text)}" for c in claims]
    assert page.links == addresses + addresses


def test_a_chip_never_wraps_alone(library, say):
    html = message.answer(say.answer("?", (say.claim(library, "gazette", FIRST),)), no_words)
    assert '&#8288;&#160;&#8288;<a class="chip"' in html


def test_the_same_passage_keeps_its_number(library, say):
    first, second = say.claim(library, "gazette", FIRST), say.claim(library, "notes", SECOND)
    page = Read(message.answer(say.answer("?", (first, second, first)), no_words))
    assert [chip[-3:] for chip in page.of_class["chip"]] == ["[1]", "[2]", "[1]"]
    assert page.links[0] == page.links[2]


def test_copies_are_named(library, say):
    claim = say.claim(library, "gazette", FIRST, copies=(library.named("notes"),))
    page = Read(message.answer(say.answer("?", (claim,)), no_words))
    assert page.of_class["copies"] == ["Also in: notes ·\u00a0undated"]


def test_the_speaker_comes_first(library, say):
    text = library.text(library.named("notes").id)
    who = Span(library.named("notes").id, 0, len("Engineers"))
    for attribution, said in (
        (Attribution(who, None, None, (), "reported"), "According to Engineers:"),
        (
            Attribution(who, who, None, (), "reported", hedged=True),
            "According to Engineers, through Engineers (hedged):",
        ),
        (Attribution(who, None, None, (), "reported", denied=True), "Denied by Engineers:"),
    ):
        claim = say.claim(library, "notes", SECOND, attribution=attribution)
        page = Read(message.answer(say.answer("?", (claim,)), lambda span: text[span.start : span.end]))
        assert page.of_class["said"] == [said]
    own = say.claim(library, "notes", SECOND, attribution=Attribution(None, None, None, (), "own"))
    assert "said" not in Read(message.answer(say.answer("?", (own,)), no_words)).of_class


def test_accounts_stand_side_by_side(library, say):
    claims = (
        say.claim(library, "gazette", FIRST),
        say.claim(library, "notes", SECOND),
        say.claim(library, "notes", FIRST),
    )
    given = say.answer(
        "?",
        claims,
        accounts=(Account("closed", (0,)), Account("safe", (1,))),
        differ=True,
        short_answer="closed",
    )
    page = Read(message.answer(given, no_words))
    assert page.of_class["value"] == ["closed", "safe"] and page.of_class["short"] == ["closed"]
    assert FIRST in page.of_class["account"][0] and SECOND in page.of_class["account"][1]
    assert page.of_class["claims"][0].startswith(f"“{FIRST}”")  # the one that belongs to no account
    assert "Accounts differ" in page.of_class["label"]
    agreed = say.answer("?", claims, accounts=(Account("closed", (0,)), Account("safe", (1,))))
    assert "Accounts differ" not in Read(message.answer(agreed, no_words)).words


def test_support_in_words(library, say):
    claims = (say.claim(library, "gazette", FIRST),)
    for origins, words in (
        (0, "1 sentence from 1 document"),
        (1, "1 sentence from 1 document, 1 independent source"),
    ):
        page = Read(message.answer(say.answer("?", claims, origins=origins, excluded_undated=3), no_words))
        assert page.of_class["lead"] == [words]
        assert page.of_class["note"] == ["Left out: 3 documents without a date."]


def test_what_could_not_be_quoted_is_said(library, say):
    given = say.answer(
        "?", nearest=(say.claim(library, "notes", SECOND),), searched=2, problems=("the record is <damaged>",)
    )
    assert Read(message.answer(given, no_words)).of_class["note"] == ["the record is <damaged>"]


def test_abstaining_is_plain_and_its_passages_are_no_answer(library, say):
    near = (say.claim(library, "notes", SECOND),)
    given = say.answer("Who won?", nearest=near, searched=8, newest="2016-11-30T08:00:00Z")
    page = Read(message.answer(given, no_words))
    assert page.of_class["abstained"] == ["Not in your documents."]
    assert "Searched 8 documents, the newest of 2016-11-30" in page.words
    assert page.of_class["nearest"][0].startswith("Nearest passages, not an answer")
    assert page.of_class["verbatim"] == [SECOND] and "sources" not in page.of_class
    assert "no documents to search yet" in Read(message.answer(say.answer("Who won?"), no_words)).words


def test_a_question_read_otherwise_says_so(library, say):
    claims = (say.claim(library, "gazette", FIRST),)
    page = Read(message.answer(say.answer("Why?", claims, standalone="Why is the bridge closed?"), no_words))
    assert page.of_class["read-as"] == ["Read as: Why is the bridge closed?"]


def test_the_head_of_the_page():
    assert [message.holdings(*held) for held in ((0, None), (1, None), (1_200, "2016-11-30T08:00:00Z"))] == [
        "0 documents",
        "1 document",
        "1,200 documents, newest 2016-11-30",
    ]
    assert Read(message.masthead("a <b> ${c}")).words == "Byline" + "a <b> ${c}"
