"""The box of the first moment, in a real browser: Gradio's own scripts are held back until the test lets them through."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ui.chat import PASTE_LIMIT

QUESTION = "Is the bridge safe?"


@pytest.fixture
def server(serve_page, stand_in, build, say, tmp_path):
    library = build(tmp_path, {"bridge.txt": "The bridge is safe."})
    served = serve_page(stand_in(library))
    served.assistant.answers = lambda question: say.answer(question, [say.claim(library, "bridge.txt", "The bridge is safe.")])
    return served


@pytest.fixture
def early(server, browser: Browser) -> Iterator[Callable[..., tuple[Page, Callable[[], None]]]]:
    """Opens the page before Gradio has drawn it; the page, and what lets Gradio go on."""
    contexts = []

    def open_early(path: str = "/", **special) -> tuple[Page, Callable[[], None]]:
        contexts.append(browser.new_context(**special))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        held, is_held = [], True
        page.route("**/assets/Index-*.js", lambda route: held.append(route) if is_held else route.continue_())
        page.goto(server.url + path, wait_until="commit")
        page.locator("#early textarea").wait_for()

        def go_on() -> None:
            nonlocal is_held
            for route in held:
                route.continue_()
            is_held = False

        return page, go_on

    yield open_early
    for context in contexts:
        context.close()


def test_what_is_typed_early_goes_over_with_caret_and_focus(early):
    page, go_on = early()
    page.locator("#early textarea").focus()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Home")
    go_on()
    box = page.locator("#question textarea")
    expect(box).to_have_value(QUESTION)
    expect(box).to_be_focused()
    expect(page.locator("#early")).to_have_count(0)
    page.keyboard.type("Well: ")
    expect(box).to_have_value("Well: " + QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".question")).to_have_text("Well: " + QUESTION)


@pytest.mark.parametrize("send", ["key", "button"])
def test_what_is_sent_early_is_asked_once(early, server, send):
    page, go_on = early()
    page.locator("#early textarea").fill(QUESTION)
    for _ in range(2):
        page.keyboard.press("Enter") if send == "key" else page.locator("#early button").click()
    expect(page.locator("#early [role=status]")).to_have_text("Searching…")
    go_on()
    expect(page.locator(".claim")).to_have_count(1)
    expect(page.locator("#question textarea")).to_have_value("")
    page.wait_for_timeout(300)
    assert [question for question, *_ in server.assistant.asked] == [QUESTION]


def test_nothing_is_asked_of_an_empty_box(early, server):
    page, go_on = early()
    page.locator("#early textarea").fill("  ")
    page.keyboard.press("Enter")
    expect(page.locator("#early [role=status]")).to_be_empty()
    go_on()
    expect(page.locator("#question textarea")).to_have_value("  ")
    assert server.assistant.asked == []


def test_what_is_sent_early_goes_on_from_the_conversation_that_is_opened(early, server):
    page, go_on = early()
    page.locator("#early textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    go_on()
    page.wait_for_function("location.search.startsWith('?c=')")
    page, go_on = early("/" + page.url.removeprefix(server.url + "/"))
    page.locator("#early textarea").fill("Why?")
    page.keyboard.press("Enter")
    go_on()
    expect(page.locator(".question")).to_have_text([QUESTION, "Why?"])
    expect(page.locator(".claim")).to_have_count(2)
    page.wait_for_timeout(300)
    assert [(question, len(history)) for question, history, _ in server.assistant.asked] == [(QUESTION, 0), ("Why?", 1)]


def test_words_that_nothing_comes_for_are_given_back(early, server):
    page, go_on = early()
    page.clock.install()
    page.locator("#early textarea").fill(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#early [role=status]")).to_have_text("Searching…")
    page.clock.fast_forward(10_000)
    expect(page.locator("#early [role=status]")).to_contain_text("load it again")
    page.keyboard.type(" Why?")
    expect(page.locator("#early textarea")).to_have_value(QUESTION + " Why?")
    page.clock.resume()
    go_on()
    expect(page.locator("#question textarea")).to_have_value(QUESTION + " Why?")
    assert server.assistant.asked == []


def test_what_an_input_method_has_not_finished_is_left_to_it(early):
    page, go_on = early()
    page.locator("#early textarea").focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "ahme", "selectionStart": 4, "selectionEnd": 4})
    go_on()
    page.locator("#question textarea").wait_for()
    expect(page.locator("#early textarea")).to_have_value("ahme")
    keyboard.send("Input.insertText", {"text": "Ahmed"})
    expect(page.locator("#question textarea")).to_have_value("Ahmed")
    expect(page.locator("#question textarea")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_the_same_box_to_eye_and_ear(early, axe, theme):
    page, go_on = early(color_scheme=theme)
    first = page.get_by_label("Ask your documents")
    assert axe(page) == []
    told = [first.get_attribute("placeholder"), int(first.get_attribute("maxlength"))]
    looks = "node => [getComputedStyle(node).color, getComputedStyle(node).fontSize, ...Object.values(node.getBoundingClientRect().toJSON())]"
    seen = first.evaluate(looks)
    go_on()
    box = page.locator("#question textarea")
    box.wait_for()
    page.locator("#holdings:not(:empty)").wait_for()
    assert told == [box.get_attribute("placeholder"), PASTE_LIMIT]
    drawn = box.evaluate(looks)
    assert seen[:2] == drawn[:2]
    assert all(abs(one - other) < 8 for one, other in zip(seen[2:], drawn[2:], strict=True)), (seen, drawn)
