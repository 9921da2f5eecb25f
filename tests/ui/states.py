"""Every state that the chat page can be in, one after the other: for pictures, and for axe."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

from playwright.sync_api import Locator, Page

from assistant.types import Account, Answer, Attribution, Claim, Mention, Speaker
from corpus.library import Library
from corpus.types import BylineError, Span

ANSWERED = "who controls eastern Aleppo?"
UNANSWERED = "Who won the chess championship?"
FAILING = "What is damaged?"
DIFFERING = "and the south?"
SLOW = "What takes long?"
WIDTHS = (1280, 390, 320)
# What was said last is in sight, unless an answer is looked at.
LAST = """() => {
  const said = [...document.querySelectorAll(".answer, .problem, .stage")].at(-1);
  if (said?.matches(".problem, .stage, .stopped")) said.scrollIntoView({ block: "center" });
}"""


class Staged:
    """An assistant, which fails, differs or takes its time on certain questions."""

    def __init__(self, assistant) -> None:
        self._assistant, self.library = assistant, assistant.library
        self.go = threading.Event()

    def ask(self, question: str, *, found=None, **more) -> Answer:
        if question == FAILING:
            raise BylineError(
                "library.sqlite: it is damaged or not a library. Restore it from a copy, or move the "
                "folder away and add the documents again"
            )
        if question == SLOW:
            given = self._assistant.ask(ANSWERED)
            claims = given.claims or given.nearest
            found(claims)
            self.go.wait(30)
            found(claims)
        if question == DIFFERING:
            return self._differing()
        return self._assistant.ask(question, found=found, **more)

    def found(self, question: str, *more) -> list[Claim]:
        return self._assistant.found(question, *more)

    def _differing(self) -> Answer:
        given = self._assistant.ask(ANSWERED)
        first, second, *rest = given.claims or given.nearest

        def said(claim, **more):
            start = claim.quote.start
            who = Mention(Span(claim.document.id, start, start + 12), claim.text[:12])
            return replace(claim, attribution=Attribution(Speaker(who, who, True), None, None, (), "reported", **more))

        claims = (said(first), said(second, hedged=True), *(said(claim, denied=True) for claim in rest[:1]), *rest[1:])
        values = [" ".join(claim.text.split()[:4]) for claim in claims[:2]]
        accounts = (
            Account(values[0], (0,), published=first.document.published),
            Account(values[1], (1, *range(2, min(3, len(claims)))), published=second.document.published, newest=True),
        )
        return replace(
            given, question=DIFFERING, standalone="who controls the south of eastern Aleppo?", short_answer=values[0],
            claims=claims, nearest=(), accounts=accounts, differ=True, abstained=False, excluded_undated=2,
        )  # fmt: skip


def walk(page: Page, url: str, assistant: Staged) -> Iterator[str]:
    """Leads the page through all its states, and names each."""
    _anew(page, url)
    yield "empty"
    page.locator("#filters-open").click()
    page.get_by_label("Published since").fill("the other day")
    yield "filters"
    ask(page, ANSWERED, ".problem")
    yield "bad-date"
    page.get_by_label("Published since").fill("2016-01-01")
    page.locator("#filters-open").click()
    answer = ask(page, ANSWERED, ".answer")
    if not answer.locator(".abstained").count():
        answer.locator(".follow-up").first.wait_for()
    yield "answer"
    answer.locator(".chip").nth(1).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.locator("#card").wait_for()
    yield "card"
    page.keyboard.press("Enter")
    page.locator("#source mark").wait_for()
    yield "panel"
    page.keyboard.press("Escape")
    answer.locator(".export summary").click()
    answer.locator(".around summary").first.click()
    answer.locator(".around mark").first.wait_for()
    answer.locator(".judge").first.click()
    answer.locator(".judge[aria-pressed=true]").wait_for()
    yield "opened"
    address = page.url
    _anew(page, url)
    ask(page, DIFFERING, ".answer")
    yield "accounts"
    _anew(page, url)
    ask(page, UNANSWERED, ".answer")
    yield "not-in-documents"
    _anew(page, url)
    ask(page, FAILING, ".problem")
    yield "error"
    page.locator("#question textarea").fill(SLOW)
    page.keyboard.press("Enter")
    page.locator(".stage", has_text="Reading").wait_for()
    yield "reading"
    page.locator("#question .stop-button").click()
    page.locator(".stopped").wait_for()
    assistant.go.set()
    yield "stopped"
    page.locator("#talks-open").click()
    page.locator("#talks-list li").first.wait_for()
    yield "conversations"
    page.get_by_role("button", name="Rename").first.click()
    yield "rename"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove").first.click()
    page.locator("#talk-remove").wait_for()
    yield "remove"
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    _remove_one(assistant.library, address)
    page.goto(address)
    page.locator(".gone").first.wait_for()
    yield "reopened"
    page.goto(f"{url}?c={'0' * 32}")
    page.locator(".problem").wait_for()
    yield "unknown-conversation"


def ask(page: Page, question: str, reply: str) -> Locator:
    """Asks, and returns the reply once it is there."""
    before = page.locator(reply).count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator(reply).nth(before).wait_for()
    return page.locator(reply).nth(before)


def _anew(page: Page, url: str) -> None:
    """Begins a new conversation."""
    page.goto(url)
    page.locator("#holdings:not(:empty)").wait_for()
    page.locator("#talks").wait_for(state="attached")


def _remove_one(library: Library, address: str) -> None:
    """Removes a document that the conversation at an address quotes."""
    from ui.conversations import Conversations

    [exchange] = Conversations(library).exchanges(re.search(r"\bc=(\w+)", address)[1])
    with library.writing() as writer:
        writer.remove([(exchange.answer.claims or exchange.answer.nearest)[0].document.id])


def dressed(page: Page, widths: tuple[int, ...] = WIDTHS) -> Iterator[tuple[int, str]]:
    """The page in each width, light and dark. (Gradio marks the dark one on the body; so does this.)"""
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("document.dispatchEvent(new Event('scroll'))")  # the card goes to its chip
        page.evaluate(LAST)
        for theme in ("light", "dark"):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", theme == "dark")
            yield width, theme
    page.evaluate("document.body.classList.remove('dark')")
    page.set_viewport_size({"width": 1280, "height": 844})
