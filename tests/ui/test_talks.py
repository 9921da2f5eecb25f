"""What the chat page asks for besides answers, from outside; and questions that nobody waits for."""

import json
import threading
import time

import pytest

from corpus.types import Filters
from tests.ui.raw import send
from ui import chat
from ui.desk import AT_ONCE, WAITING, Desk
from ui.talks import Talks

TEXT = "Before it. The bridge is closed, the mayor said. After it."
CLOSED = "The bridge is closed, the mayor said."
LINE = {"id": "gazette", "text": TEXT, "source": "Gazette", "published": "2016-11-29"}


@pytest.fixture(scope="module")
def library(build, tmp_path_factory):
    return build(tmp_path_factory.mktemp("talks"), {"news.jsonl": json.dumps(LINE)})


@pytest.fixture(scope="module")
def served(library, stand_in, serve_page):
    return serve_page(stand_in(library))


@pytest.fixture
def kept(library):
    return Talks(Desk.of(type("Open", (), {"library": library})())).now


@pytest.fixture
def answered(kept, library, say):
    """A conversation with one answer: its id."""
    id, number = kept.ask(None, "Is it\r\nclosed? <é>", Filters())
    kept.answered(id, number, say.answer("Is it closed?", (say.claim(library, "gazette", CLOSED),)))
    return id


def post(served, path, **body):
    headers = [("Content-Type", "application/json"), ("Origin", served.url)]
    status, _, reply = send(served, path, method="POST", headers=headers, body=json.dumps(body).encode())
    return status, json.loads(reply)


def test_conversations_are_listed_renamed_and_removed(served, answered):
    status, headers, body = send(served, "/conversations")
    assert status == 200
    assert json.loads(body)["conversations"][0] | {"used": ""} == {
        "id": answered, "title": "Is it closed? <é>", "used": "", "questions": 1,
    }  # fmt: skip
    assert post(served, "/conversations/rename", c=answered, title="  Another ")[0] == 200
    assert json.loads(send(served, "/conversations")[2])["conversations"][0]["title"] == "Another"
    assert post(served, "/conversations/rename", c=answered, title=" ")[0] == 409
    assert post(served, "/conversations/remove", c=answered) == (200, {})
    assert post(served, "/conversations/remove", c=answered)[0] == 404


@pytest.mark.parametrize(("form", "begins"), [
    ("markdown", "# Is it closed? \\<é\\>"), ("json", "{"), ("csl", "["), ("bibtex", "@misc{"), ("csv", "\ufeff"),
])  # fmt: skip
def test_exports_are_downloads(served, answered, form, begins):
    for path, suffix in ((f"/export?c={answered}&as={form}", ""), (f"/export?c={answered}&n=1&as={form}", "-1")):
        status, headers, body = send(served, path)
        assert status == 200 and body.decode().startswith(begins)
        assert headers["Content-Disposition"].startswith(f'attachment; filename="byline-Is-it-closed{suffix}.')
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
        assert "text/html" not in headers["Content-Type"]


@pytest.mark.parametrize("id", ["", "x", "0" * 32, "..%2f..%2fetc", "'%20OR%201--", "%00", "%F0%9F%98%80"])
def test_somebody_elses_ids_are_none(served, answered, id):
    """THREATS 9."""
    assert send(served, f"/export?c={id}&as=json")[0] == 404
    for path, more in (("/conversations/remove", {}), ("/conversations/rename", {"title": "x"})):
        assert post(served, path, c=id, **more)[0] == 404
    assert post(served, "/feedback", c=id, n=1, verdict="helpful")[0] == 404
    assert send(served, f"/export?c={answered}&as=json")[0] == 200


@pytest.mark.parametrize("query", ["n=2&as=json", "n=0&as=json", f"n={2**70}&as=json", "n=-1&as=json", "as=html", ""])
def test_what_is_not_there_is_not_exported(served, answered, query):
    assert send(served, f"/export?c={answered}&{query}")[0] == 404


def test_feedback_is_kept(served, answered, kept):
    assert post(served, "/feedback", c=answered, n=1, verdict="wrong source")[0] == 200
    assert kept.verdicts(answered) == {1: "wrong source"}
    assert post(served, "/feedback", c=answered, n=1, verdict=None)[0] == 200
    assert kept.verdicts(answered) == {}
    assert post(served, "/feedback", c=answered, n=1, verdict="=1+1")[0] == 409
    assert post(served, "/feedback", c=answered, n=2, verdict="helpful")[0] == 404
    for wrong in ({}, {"c": {}, "n": 1}, {"c": answered, "n": "x"}, {"c": answered, "n": 1, "verdict": []}):
        assert post(served, "/feedback", **wrong)[0] == 422


def test_the_sentences_around_a_quotation(served, library, say):
    from ui import cite

    claim = say.claim(library, "gazette", CLOSED)
    told = json.loads(send(served, f"/around?at={cite.address(claim.quote, claim.text)}")[2])
    assert (told["before"], told["quote"], told["after"]) == ("Before it. ", CLOSED, " After it.")
    assert json.loads(send(served, "/around?at=1:0-5:0123456789ab")[2])["state"] == "changed"
    assert json.loads(send(served, "/around?at=x")[2])["state"] == "unknown"
    assert json.loads(send(served, "/sources")[2]) == {"sources": ["Gazette"]}


# ---- Asking, without the page ---------------------------------------------------------------------


def asked(talks, question="Is it closed?", talk=None):
    """What is told while a question is answered, and its run."""
    run = chat.Run()
    chat._work(talks, talk or chat.Talk(), question, Filters(), run)
    return [run.events.get_nowait() for _ in range(run.events.qsize())], run


@pytest.fixture
def talks(library, stand_in, say):
    assistant = stand_in(library)
    assistant.answers = lambda question: say.answer(question, (say.claim(library, "gazette", CLOSED),))
    return Talks(Desk.of(assistant))


def test_past_capacity_it_is_busy_at_once_and_recovers(talks):
    desk, go = talks.desk, threading.Event()

    def hold():
        with desk.answering():
            go.wait(30)

    holders = [threading.Thread(target=hold) for _ in range(AT_ONCE + WAITING)]
    for holder in holders:
        holder.start()
    while desk._asking < AT_ONCE + WAITING:
        time.sleep(0.01)
    begun = time.monotonic()
    [reply], _ = asked(talks)
    assert time.monotonic() - begun < 1
    assert "busy" in reply.html and reply.is_refused and not reply.is_answer
    go.set()
    for holder in holders:
        holder.join()
    [number, reply], run = asked(talks)
    assert number == 1 and reply.is_answer and reply.said == CLOSED and run.place


def test_a_stopped_question_lets_go(talks):
    run = chat.Run()
    run.stop()
    chat._work(talks, chat.Talk(), "Is it closed?", Filters(), run)
    assert "Stopped." in run.events.get_nowait().html and run.events.empty() and talks.desk._asking == 0
    assert talks.now.exchanges(run.place[0])[0].state == "stopped"


def test_what_cannot_be_kept_is_still_answered(build, tmp_path, stand_in, say):
    library = build(tmp_path, {"news.jsonl": json.dumps(LINE)})
    (library.folder / "chats.sqlite").write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    assistant = stand_in(library)
    assistant.answers = lambda question: say.answer(question, (say.claim(library, "gazette", CLOSED),))
    [_, reply], run = asked(Talks(Desk.of(assistant)))
    assert "This conversation is not kept" in reply.html and CLOSED[:10] in reply.html and "tools" not in reply.html
    assert reply.is_answer and run.place is None


def test_a_fault_is_told_and_lets_go(talks):
    def fail(question):
        raise KeyError("secret")

    talks.desk.now.assistant.answers = fail
    [reply], run = asked(talks)
    assert "Something went wrong" in reply.html and "secret" not in reply.html and talks.desk._asking == 0
    assert talks.now.exchanges(run.place[0])[0].state == "failed"


def test_tabs_that_are_closed_hold_nobody_up(served, library, say):
    """THREATS 37: questions are sent, and nobody ever listens for their answers."""
    served.assistant.answers = lambda question: say.answer(question, (say.claim(library, "gazette", CLOSED),))
    functions = json.loads(send(served, "/config")[2])["dependencies"]
    submit = next(one for one in functions if any(event == "submit" for _, event in one["targets"]))
    headers = [("Origin", served.url), ("Content-Type", "application/json")]

    def join(session):
        data = ["Is it closed?", *[None] * (len(submit["inputs"]) - 1)]
        call = {"data": data, "fn_index": submit["id"], "session_hash": session}
        return send(served, "/gradio_api/queue/join", method="POST", headers=headers, body=json.dumps(call).encode())[0]

    assert {join(f"closed{number}") for number in range(100)} <= {200, 503}
    for number in range(100):  # while the closed ones are worked off, a question may be told that Byline is busy
        if join(f"open{number}") == 200:
            status, _, events = send(served, f"/gradio_api/queue/data?session_hash=open{number}")
            if b"turn-" in events:
                break
        time.sleep(0.1)
    assert status == 200 and b"process_completed" in events and b"turn-" in events
