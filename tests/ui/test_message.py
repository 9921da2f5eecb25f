"""Answers as HTML, without a browser: what is read back is what was quoted."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.types import Account, Attribution, Mention, Speaker
from corpus.types import Filters, Span
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
        assert set(given) <= {"class", "href", "id", "title", "type", "role", "aria-label"}

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        self.words += data
        for name in {name for names in self._open for name in names}:
            self.of_class[name][-1] += data


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
    page = Read(message.answer(say.answer("Is it closed?", claims, documents=2)))
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
    html = message.answer(say.answer("?", (say.claim(library, "gazette", FIRST),)))
    assert '&#8288;&#160;&#8288;<a class="chip"' in html


def test_the_same_passage_keeps_its_number(library, say):
    first, second = say.claim(library, "gazette", FIRST), say.claim(library, "notes", SECOND)
    page = Read(message.answer(say.answer("?", (first, second, first))))
    assert [chip[-3:] for chip in page.of_class["chip"]] == ["[1]", "[2]", "[1]"]
    assert page.links[0] == page.links[2]


def test_copies_are_named(library, say):
    claim = say.claim(library, "gazette", FIRST, copies=(library.named("notes"),))
    page = Read(message.answer(say.answer("?", (claim,))))
    assert page.of_class["copies"] == ["Also in: notes ·\u00a0undated"]


WHO, HE = Mention(Span("1", 0, 9), "Engineers"), Mention(Span("1", 20, 22), "he")
ENGINEERS = Speaker(WHO, WHO, named=True)


@pytest.mark.parametrize(
    ("attribution", "said"),
    [
        (Attribution(ENGINEERS, None, None, (), "reported"), "According to Engineers:"),
        (
            Attribution(ENGINEERS, WHO, None, (), "reported", hedged=True),
            "According to Engineers, through Engineers, not stated as certain:",
        ),
        (Attribution(ENGINEERS, None, None, (), "reported", denied=True), "Denied by Engineers:"),
        (
            Attribution(Speaker(WHO, WHO, True, surface=HE), None, None, (), "reported"),
            "According to Engineers (here “he”):",
        ),
        (
            Attribution(Speaker(HE, HE, named=False), None, None, (), "reported"),
            "According to “he” (who is not named):",
        ),
        (Attribution(None, None, None, (), "reported"), "Reported, without saying by whom:"),
        (Attribution(None, None, None, (), "own", hedged=True), "In the document's own words, not stated as certain:"),
        (Attribution(None, None, None, (), "own"), None),
    ],
)
def test_the_speaker_comes_first(library, say, attribution, said):
    claim = say.claim(library, "notes", SECOND, attribution=attribution)
    page = Read(message.answer(say.answer("?", (claim,))))
    assert page.of_class.get("said") == (said and [said])
    assert said is None or page.of_class["claim"][0].startswith(f"{said}“")


def test_accounts_stand_side_by_side(library, say):
    claims = (
        say.claim(library, "gazette", FIRST),
        say.claim(library, "notes", SECOND),
        say.claim(library, "notes", FIRST),
    )
    given = say.answer(
        "?",
        claims,
        accounts=(Account("closed", (0,), published="2016-11-29"), Account("safe", (1,), denied=True, newest=True)),
        differ=True,
        short_answer="closed",
    )
    page = Read(message.answer(given))
    assert page.of_class["value"] == ["closed", "Denied: safe"] and page.of_class["short"] == ["closed"]
    assert page.of_class["who"] == ["Harbour Gazette, 2016-11-29", "the newest of these"]
    order = [page.words.index(words) for words in ("closed", "Accounts differ", "2 accounts, 2 sentences from 2 documents")]
    assert order == sorted(order)  # the short answer, the accounts, the support
    assert FIRST in page.of_class["account"][0] and SECOND in page.of_class["account"][1]
    assert page.of_class["more"][0].startswith(f"Show 1 more sentence“{FIRST}”")  # in no account
    assert "Accounts differ" in page.of_class["label"]
    agreed = say.answer("?", claims, accounts=(Account("closed", (0,)), Account("safe", (1,))))
    assert "Accounts differ" not in Read(message.answer(agreed)).words


def test_more_is_shown_on_demand(library, say):
    claims = tuple(say.claim(library, "notes", SECOND[:end]) for end in range(20, 28))
    page = Read(message.answer(say.answer("?", claims)))
    assert page.of_class["verbatim"] == [SECOND[:end] for end in range(20, 28)]
    [more] = page.of_class["more"]
    assert more.startswith("Show 3 more sentences") and more.count("In context") == 3
    assert "more" not in Read(message.answer(say.answer("?", claims[:5]))).of_class


def test_a_page_is_named(library, say):
    claim = say.claim(library, "notes", FIRST)
    paged = replace(claim, document=replace(claim.document, pages=(0, 10, 20)))
    page = Read(message.answer(say.answer("?", (paged,))))
    assert ", page 3, undated" in page.of_class["origin"][0]


def test_what_is_gone_says_when_and_keeps_its_number(library, say):
    first, second = say.claim(library, "gazette", FIRST), say.claim(library, "notes", SECOND)
    gone = replace(first, text="", document=replace(first.document, name="", title=None, source=None))
    html = message.answer(say.answer("?", (gone, second), accounts=()), lost={0: "was removed on 2026-11-22"})
    page = Read(html)
    assert page.of_class["gone"][0].startswith("The passage quoted here was removed on 2026-11-22.")
    assert page.of_class["verbatim"] == [SECOND] and [chip[-3:] for chip in page.of_class["chip"]] == ["[1]", "[2]"]
    assert page.of_class["source"] == ["notes ·\u00a0undated"]


def test_what_was_asked_within_is_shown(library, say):
    filters = Filters("Gazette <b>", "2016-01-01", "2016-12-31", "2017-01-01")
    page = Read(message.answer(say.answer("?", (say.claim(library, "gazette", FIRST),)), filters=filters))
    assert page.of_class["within"] == [
        "Only: source Gazette <b>; published since 2016-01-01; published until 2016-12-31; as of 2017-01-01"
    ]


def test_an_answer_that_is_kept_can_be_exported_and_judged(library, say):
    given = say.answer("?", (say.claim(library, "gazette", FIRST),))
    page = Read(message.answer(given, at=("ab" * 16, 3), verdict="wrong source"))
    assert [link for link in page.links if "export" in link] == [
        f"/export?c={'ab' * 16}&n=3&as={key}" for key in ("markdown", "json", "csl", "bibtex", "csv")
    ]
    assert page.of_class["judge"] == ["Helpful", "Not helpful", "Wrong source"]
    assert page.of_class["chosen"] == ["Wrong source"]
    assert "tools" not in Read(message.answer(given)).of_class


def test_what_was_stopped_is_no_answer(library, say):
    page = Read(message.stopped((say.claim(library, "gazette", FIRST),)))
    assert page.of_class["nearest"][0].startswith("Found so far, not read yet, and not an answer")
    assert page.of_class["verbatim"] == [FIRST] and "nearest" not in Read(message.stopped()).of_class


def test_support_in_words(library, say):
    claims = (say.claim(library, "gazette", FIRST),)
    for origins, words in (
        (0, "1 sentence from 1 document"),
        (1, "1 sentence from 1 document, 1 independent source"),
    ):
        page = Read(message.answer(say.answer("?", claims, origins=origins, excluded_undated=3)))
        assert page.of_class["lead"] == [words]
        assert page.of_class["note"] == ["Left out: 3 documents without a date."]


def test_what_could_not_be_quoted_is_said(library, say):
    given = say.answer(
        "?", nearest=(say.claim(library, "notes", SECOND),), searched=2, problems=("the record is <damaged>",)
    )
    assert Read(message.answer(given)).of_class["note"] == ["the record is <damaged>"]


def test_abstaining_is_plain_and_its_passages_are_no_answer(library, say):
    near = (say.claim(library, "notes", SECOND),)
    given = say.answer("Who won?", nearest=near, searched=8, newest="2016-11-30T08:00:00Z")
    page = Read(message.answer(given))
    assert page.of_class["abstained"] == ["Not in your documents."]
    assert "Searched 8 documents, the newest of 2016-11-30" in page.words
    assert page.of_class["nearest"][0].startswith("Nearest passages, not an answer")
    assert page.of_class["verbatim"] == [SECOND] and "sources" not in page.of_class
    assert "no documents to search yet" in Read(message.answer(say.answer("Who won?"))).words


def test_a_question_read_otherwise_says_so(library, say):
    claims = (say.claim(library, "gazette", FIRST),)
    page = Read(message.answer(say.answer("Why?", claims, standalone="Why is the bridge closed?")))
    assert page.of_class["read-as"] == ["Read as: Why is the bridge closed? Edit"]
    assert page.of_class["read"] == ["Why is the bridge closed?"]


def test_the_head_of_the_page():
    assert [message.holdings(*held) for held in ((0, None), (1, None), (1_200, "2016-11-30T08:00:00Z"))] == [
        "0 documents",
        "1 document",
        "1,200 documents, newest 2016-11-30",
    ]
    assert Read(message.masthead("a <b> ${c}")).words == "BylineConversationsDocuments" + "a <b> ${c}"
