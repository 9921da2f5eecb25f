"""axe-core finds nothing to complain of, in any state of the page, width or theme."""

import json
from importlib.resources import files

import pytest

from tests.ui.states import UNANSWERED, Staged, dressed, walk

AXE = (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
RUN = """async rules => (await axe.run(document, rules)).violations.map(
    one => `${one.id}: ${one.nodes.map(node => node.target.join(" ")).slice(0, 3).join(", ")}`)"""

TEXTS = [f"The {place} is held by the {side}, a spokesman said." for place, side in (
    ("east", "rebels"), ("north", "government"), ("south", "rebels"), ("west", "government"),
    ("old town", "rebels"), ("airport", "government"),
)]  # fmt: skip


@pytest.fixture
def library(build, tmp_path):
    lines = [
        {"id": f"n{number}", "title": f"Dispatch {number}", "text": f"Before it. {text} After it.",
         "source": "Gazette", "published": f"2016-11-{number + 10}"}
        for number, text in enumerate(TEXTS)
    ]  # fmt: skip
    return build(tmp_path, {"news.jsonl": "\n".join(map(json.dumps, lines))})


def test_axe_finds_nothing_in_any_state(library, stand_in, serve_page, browser, say, monkeypatch):
    next_ = ("What did the mayor say about the east?", f"Who holds the {'old ' * 40}town?")
    monkeypatch.setattr("ui.talks.suggested", lambda *_, **__: next_)
    claims = tuple(say.claim(library, f"n{number}", text) for number, text in enumerate(TEXTS))
    assistant = stand_in(library)
    assistant.answers = lambda question: (
        say.answer(question, nearest=claims[:3], searched=6, newest="2016-11-15")
        if question == UNANSWERED
        else say.answer(question, claims, documents=6, short_answer="rebels")
    )
    staged = Staged(assistant)
    served = serve_page(staged, banner="This is the sample.", starters=["Who holds the east?"])
    # Colours are looked at when they have come to rest.
    page = browser.new_page(reduced_motion="reduce", color_scheme="light")
    page.set_default_timeout(30_000)
    found = []
    for state in walk(page, f"{served.url}/", staged):
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        for width, theme in dressed(page):
            found += [f"{state}, {width}, {theme}: {fault}" for fault in page.evaluate(RUN, RULES)]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{state}, {width}: scrolls sideways")
    page.close()
    assert found == []
