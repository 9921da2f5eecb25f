"""The documents page in a real Chromium, over a real library. `visit` fails a test on any fault."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from ui.desk import Desk

CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
HOSTILE = '<img src=x onerror="alert(1)">${alert(1)} [x](javascript:alert(1)) \u202e'
NEWS = [
    {"id": "bridge", "title": "Bridge closed", "source": "Harbour Gazette", "published": "2016-11-29",
     "text": "The Harbour Bridge is closed.\nIt is safe.\n", "uri": "https://example.org/bridge"},
    {"id": "cup", "title": "Cup won", "source": "Courier", "published": "2017-01-02", "text": "The cup was won.\n"},
    {"id": "hostile", "title": HOSTILE, "source": HOSTILE, "text": HOSTILE, "uri": "javascript:alert(1)"},
]  # fmt: skip


@pytest.fixture(scope="module")
def server(serve_page, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page") / "library"
    return serve_page(None, desk=Desk.at(folder))


@pytest.fixture
def open_documents(server, visit):
    def open_documents(**where) -> Page:
        theme = where.pop("theme", "light")
        page = visit(f"{server.url}/documents?__theme={theme}", drawn="#found:not(:empty)", **where)
        return page

    return open_documents


def text(name: str, words: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": words.encode()}


def job(page: Page, name: str):
    return page.locator("#jobs li").filter(has=page.get_by_text(name, exact=True))


def row(page: Page, title: str):
    return page.locator(".document").filter(has=page.get_by_role("button", name=title, exact=True))


def give(page: Page, *files: FilePayload) -> None:
    page.locator("#files").set_input_files(list(files))


# The first test finds no library, and fills it for those after it.


def test_the_sample_gives_way_to_what_is_added(server, open_documents, visit, axe):
    page = open_documents()
    expect(page.locator("#sample")).to_contain_text("bundled sample, which cannot be changed")
    expect(page.locator(".document")).to_have_count(8)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)
    assert axe(page) == []
    chat = visit(server.url)
    expect(chat.locator("#banner")).to_be_visible()
    give(page, text("news.jsonl", "".join(json.dumps(line) + "\n" for line in NEWS)))
    expect(job(page, "news.jsonl").locator(".state")).to_have_text("ready", timeout=30_000)
    expect(page.locator("#sample")).to_be_hidden()
    expect(page.locator(".document")).to_have_count(3)
    expect(page.locator("#holdings")).to_have_text("3 documents, newest 2017-01-02")
    # The chat that was open all the while answers from it, and says so.
    chat.locator("#question textarea").fill("Is the Harbour Bridge closed?")
    chat.keyboard.press("Enter")
    expect(chat.locator(".answer")).to_contain_text("The Harbour Bridge is closed.", timeout=30_000)
    expect(chat.locator("#banner")).to_be_hidden()
    chat.get_by_role("link", name="Documents").click()
    expect(chat.locator(".document")).to_have_count(3)


def test_each_file_shows_how_far_it_is(open_documents, held_up, axe):
    page = open_documents()
    begun, go = held_up
    long = "This sentence is held up, number {}. "
    give(page, text("one.txt", "".join(map(long.format, range(40)))), text("two.txt", "x" * 300_000))
    assert begun.wait(20)
    expect(job(page, "one.txt").locator(".state")).to_have_text(re.compile("reading|indexing"))
    expect(job(page, "two.txt").locator(".state")).to_have_text("queued")
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#progress-words")).to_contain_text("0 of 2 files done")
    expect(page.locator("#said")).to_have_text("Adding documents.")
    # Looking around goes on meanwhile.
    row(page, "Cup won").get_by_role("button", name="Cup won", exact=True).click()
    expect(page.locator("#reader-text")).to_have_text("The cup was won.\n")
    page.keyboard.press("Escape")
    assert axe(page) == []
    page.route("**/documents/state", lambda route: route.fulfill(json=_in_a_while(route)))
    expect(page.locator("#progress-words")).to_contain_text("about 2 minutes left")
    page.unroute("**/documents/state")
    go.set()
    for name in ("one.txt", "two.txt"):
        expect(job(page, name).locator(".state")).to_have_text("ready", timeout=30_000)
    expect(page.get_by_role("progressbar")).to_be_hidden()
    expect(page.locator("#said")).to_have_text("Done.")
    expect(row(page, "one.txt")).to_contain_text("source not stated, undated")


def _in_a_while(route) -> dict:
    said = route.fetch().json()
    said["progress"] |= {"busy": True, "files": 2, "done": 0, "share": 0.25, "seconds_left": 118}
    return said


def test_a_failure_is_shown_with_its_reason(open_documents):
    page = open_documents(refused=True)
    give(page, text("spoilt.txt", "\0\x01\x02\0"), text(HOSTILE.replace("/", "") + ".txt", "Words of a hostile name."))
    expect(job(page, "spoilt.txt").locator(".state")).to_have_text("failed", timeout=30_000)
    expect(job(page, "spoilt.txt").locator(".why")).to_contain_text("is not text")
    give(page, text("picture.png", "x"))
    expect(job(page, "picture.png").locator(".why")).to_contain_text("not a format that Byline reads")
    expect(page.locator("#jobs li").filter(has_text="onerror").locator(".state")).to_have_text("ready")
    expect(page.locator("#jobs img, #list img")).to_have_count(0)
    page.get_by_role("button", name="Clear this list").click()
    expect(page.locator("#work")).to_be_hidden()
    expect(page.get_by_role("button", name="choose files")).to_be_focused()


def test_a_file_that_is_too_large_is_not_sent(open_documents):
    page = open_documents()
    page.route("**/documents/state", lambda route: route.fulfill(json=route.fetch().json() | {"limit": 1024 * 1024}))
    expect(page.locator("#formats")).to_contain_text("up to 1 MB each")
    give(page, text("large.txt", "x" * (1024 * 1024 + 1)))
    expect(job(page, "large.txt").locator(".why")).to_have_text("is larger than 1 MB: split it into smaller files")


def test_a_folder_can_be_dropped(open_documents, tmp_path):
    (tmp_path / "articles" / "deep").mkdir(parents=True)
    (tmp_path / "articles" / "deep" / "in.txt").write_text("A text in a folder in a folder.")
    (tmp_path / "articles" / "top.md").write_text("---\ntitle: On top\n---\n\nA text in a folder.")
    (tmp_path / "articles" / "passed.png").write_text("x")
    page = open_documents()
    page.locator("#folder").set_input_files(tmp_path / "articles")
    expect(job(page, "articles/deep/in.txt").locator(".state")).to_have_text("ready", timeout=30_000)
    expect(row(page, "On top")).to_contain_text("articles/top.md")
    expect(page.locator("#unshown")).to_have_text("1 file passed over: not of a format that Byline reads.")


def test_files_can_be_dropped_anywhere(open_documents):
    page = open_documents()
    page.evaluate(
        """() => {
          const transfer = new DataTransfer();
          transfer.items.add(new File(["A text that was dropped."], "dropped.txt"));
          for (const type of ["dragenter", "dragover", "drop"]) {
            document.querySelector("h1").dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          }
        }"""
    )
    expect(job(page, "dropped.txt").locator(".state")).to_have_text("ready", timeout=30_000)


def test_search_and_sort(open_documents):
    page = open_documents()
    page.keyboard.press("/")
    expect(page.get_by_label("Search")).to_be_focused()
    page.keyboard.type("gazette")
    expect(page.locator(".document .open")).to_have_text(["Bridge closed"])
    expect(page.locator("#found")).to_have_text(re.compile(r"1 of \d+ documents"))
    page.get_by_label("Search").fill("news.jsonl")
    expect(page.locator(".document")).to_have_count(3)
    page.get_by_label("Sort").select_option("By title")
    expect(page.locator(".document .open")).to_have_text([HOSTILE, "Bridge closed", "Cup won"])
    page.get_by_label("Sort").select_option("Newest first")
    expect(page.locator(".document .open")).to_have_text(["Cup won", "Bridge closed", HOSTILE])
    page.get_by_label("Search").fill("nowhere to be found")
    expect(page.locator("#found")).to_contain_text("0 of")
    expect(page.locator(".document")).to_have_count(0)


def test_a_document_opens(open_documents, axe):
    page = open_documents()
    row(page, "Bridge closed").get_by_role("button", name="Bridge closed", exact=True).click()
    reader = page.get_by_role("dialog", name="Bridge closed")
    expect(reader.locator("#reader-text")).to_have_text(NEWS[0]["text"])
    expect(reader).to_contain_text("Harbour Gazette, 2016-11-29")
    expect(reader.get_by_role("link")).to_have_attribute("href", "https://example.org/bridge")
    assert axe(page) == []
    reader.get_by_role("button", name="Close").click()
    expect(reader).to_be_hidden()
    expect(row(page, "Bridge closed").locator(".open")).to_be_focused()
    row(page, HOSTILE).locator(".open").click()
    expect(page.locator("#reader-text")).to_have_text(HOSTILE)
    expect(page.locator("#reader-original")).to_be_hidden()
    assert page.locator("#reader-title").text_content() == HOSTILE
    expect(page.locator("dialog img")).to_have_count(0)


def test_what_is_edited_is_marked(open_documents, axe):
    page = open_documents(refused=True)
    row(page, "Cup won").get_by_role("button", name="Edit").click()
    editor = page.get_by_role("dialog", name="Edit Cup won")
    expect(editor.get_by_label("Title")).to_have_value("Cup won")
    editor.get_by_label("Date").fill("next week")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("alert")).to_contain_text("'next week' is not a date")
    assert axe(page) == []
    editor.get_by_label("Date").fill("3 January 2017")
    editor.get_by_label("Source").fill("The Courier")
    editor.get_by_role("button", name="Save").click()
    expect(editor).to_be_hidden()
    expect(row(page, "Cup won").locator(".particulars")).to_have_text(
        "The Courier (set by you), 2017-01-03 (set by you)"
    )
    row(page, "Cup won").get_by_role("button", name="Edit").click()
    editor.get_by_label("Source").fill("Never saved")
    page.keyboard.press("Escape")
    expect(row(page, "Cup won").locator(".particulars")).to_contain_text("The Courier")


def test_removal_is_confirmed(open_documents, axe):
    page = open_documents()
    give(page, text("go.txt", "This one goes."), text("gone.txt", "And this one."), text("stay.txt", "This one stays."))
    expect(row(page, "gone.txt")).to_be_visible(timeout=30_000)
    expect(row(page, "stay.txt")).to_be_visible(timeout=30_000)
    row(page, "stay.txt").get_by_role("button", name="Remove").click()
    asked = page.get_by_role("dialog", name="Remove this document?")
    expect(asked).to_contain_text("stay.txt")
    assert axe(page) == []
    asked.get_by_role("button", name="Keep").click()
    expect(row(page, "stay.txt").get_by_role("button", name="Remove")).to_be_focused()
    for name in ("go.txt", "gone.txt"):
        row(page, name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Remove chosen (2)").click()
    page.get_by_role("dialog", name="Remove 2 documents?").get_by_role("button", name="Remove").click()
    expect(row(page, "go.txt")).to_have_count(0)
    expect(row(page, "gone.txt")).to_have_count(0)
    expect(row(page, "stay.txt")).to_be_visible()
    expect(page.get_by_role("button", name="Remove chosen")).to_be_disabled()


def test_the_keyboard_alone_is_enough(open_documents):
    page = open_documents()
    give(page, text("typed.txt", "This one is handled by keys."))
    expect(row(page, "typed.txt")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="choose a folder").focus()
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
        if seen[-1] == "edit":
            break
    assert seen[-5:] == ["search", "order", "choose", "open", "edit"], seen
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.type("Typed")
    page.keyboard.press("Enter")
    expect(row(page, "Typed").locator(".edit")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row(page, "Typed")).to_have_count(0)
    expect(page.get_by_label("Search")).to_be_focused()  # what had it is gone


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_fits_and_anybody_can_use_it(open_documents, axe, theme, width):
    page = open_documents(theme=theme, width=width, refused=True)
    give(page, text("picture.png", "x"))
    expect(page.locator("#jobs .failed")).to_be_visible()
    states = [
        lambda: None,
        lambda: row(page, "Bridge closed").locator(".open").click(),
        lambda: row(page, "Bridge closed").locator(".edit").click(),
        lambda: row(page, "Bridge closed").locator(".remove").click(),
    ]
    for show in states:
        show()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRAST) == []
        page.keyboard.press("Escape")
    expect(page.locator("body")).to_have_css(
        "background-color", "rgb(255, 254, 251)" if theme == "light" else "rgb(22, 21, 20)"
    )


def test_a_server_that_has_gone_is_said(open_documents):
    page = open_documents(refused=True)
    page.route("**/documents/**", lambda route: route.fulfill(status=500, body="no"))
    page.get_by_label("Search").fill("x")
    expect(page.get_by_role("alert").first).to_contain_text("Byline refused this.")
