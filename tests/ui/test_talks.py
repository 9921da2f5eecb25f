"""What the chat page asks for besides answers, from outside; and questions that nobody waits for."""

import json
import threading
import time
from types import SimpleNamespace

import pytest

from assistant.reading import READ
from corpus.types import Filters
from tests.ui.raw import send
from ui import chat
from ui.desk import AT_ONCE, WAITING, Desk
from ui.talks import IN_LINE, Talks

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


def test_of_a_crowd_no_more_are_taken_than_may_wait(talks, monkeypatch):
    desk, clock = talks.desk, [100.0]
    monkeypatch.setattr("ui.desk.time", SimpleNamespace(monotonic=lambda: clock[0]))  # not everybody's clock
    assert [desk.takes() for _ in range(AT_ONCE + WAITING + 3)] == [True] * (AT_ONCE + WAITING) + [False] * 3
    clock[0] += 1.1
    assert desk.takes()


def test_less_is_read_while_others_ask(talks):
    desk, depths = talks.desk, []
    with desk.answering():
        depths.append(desk.depth)
        with desk.answering():
            depths.append(desk.depth)
            with desk.answering():
                depths.append(desk.depth)
    assert depths == sorted(depths, reverse=True) and len(set(depths)) == 3 and depths[0] == READ


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

    assert {join(f"closed{number}") for number in range(100)} <= {200, 429}
    for number in range(100):  # while the closed ones are worked off, a question may be told that Byline is busy
        if join(f"open{number}") == 200:
            status, _, events = send(served, f"/gradio_api/queue/data?session_hash=open{number}")
            if b"turn-" in events:
                break
        time.sleep(0.1)
    assert status == 200 and b"process_completed" in events and b"turn-" in events


# ---- Questions to ask next ----------------------------------------------------------------------


@pytest.fixture
def looked_for(monkeypatch):
    """What is looked for after an answer, by the test's own rule (`find`), and how it was asked for."""

    made = SimpleNamespace(calls=[])
    made.find = lambda goes_on: ("What did the mayor say?", "Who is <b>?") if goes_on() else ()

    def suggested(asker, answer, *, history, filters, goes_on):
        made.calls.append((answer.question, history, filters))
        return made.find(goes_on)

    monkeypatch.setattr("ui.talks.suggested", suggested)
    return made


def told(served, id, number=1):
    status, headers, body = send(served, f"/suggestions?c={id}&n={number}")
    assert headers["Cache-Control"] == "no-store"
    return status, json.loads(body)


def test_what_to_ask_next_is_looked_for_once(served, answered, looked_for, library):
    status, found = told(served, answered)
    assert (status, found) == (200, {"questions": ["What did the mayor say?", "Who is <b>?"], "within": [""] * 4})
    assert told(served, answered)[1] == found and len(looked_for.calls) == 1
    assert looked_for.calls[0][1] == (("Is it\r\nclosed? <é>", CLOSED),)
    with library.writing() as writer:  # it may have answered: what was removed must not be named again
        writer.set(library.named("gazette").id, {"title": "Closed"})
    assert told(served, answered)[1] == found and len(looked_for.calls) == 2


def test_it_is_looked_for_in_the_conversation_and_within_the_filters(served, kept, looked_for, library, say):
    filters = Filters(source="Gazette", until="2016-12-31")
    answer = say.answer("Is it closed?", (say.claim(library, "gazette", CLOSED),))
    id = None
    for question in ("Is it closed?", "Who?", "Why?"):
        id, number = kept.ask(id, question, filters)
        kept.answered(id, number, None if question == "Who?" else answer, "stopped" if question == "Who?" else "answered")
    assert told(served, id, 3)[1]["within"] == ["Gazette", "", "2016-12-31", ""]
    assert looked_for.calls == [("Why?", (("Is it closed?", CLOSED), ("Why?", CLOSED)), filters)]
    assert told(served, id, 2)[1]["questions"] == []


@pytest.mark.parametrize("id", ["", "x", "0" * 32, "..%2f..%2fetc", "'%20OR%201--", "%00", "%F0%9F%98%80"])
def test_nothing_is_suggested_for_somebody_elses_ids(served, answered, looked_for, id):
    """THREATS 9."""
    assert told(served, id)[0] == 404
    assert [told(served, answered, number)[0] for number in (0, 2, -1, 2**70)] == [404] * 4
    assert looked_for.calls == []
    assert send(served, f"/suggestions?c={answered}&n=x")[0] == 422


def test_nothing_is_suggested_after_an_abstention(served, kept, looked_for, say, library):
    id, number = kept.ask(None, "Who won?", Filters())
    kept.answered(id, number, say.answer("Who won?", nearest=(say.claim(library, "gazette", CLOSED),)))
    assert told(served, id)[1]["questions"] == [] and looked_for.calls == []


def test_a_question_goes_before_what_may_be_asked_next(talks, answered, looked_for, monkeypatch):
    monkeypatch.setattr("ui.talks.PATIENCE", 0.3)
    begun = time.monotonic()
    with talks.desk.answering():
        assert talks.suggested(answered, 1)[0] == () and looked_for.calls == []
    assert 0.2 < time.monotonic() - begun < 2
    assert len(talks.suggested(answered, 1)[0]) == 2  # which was not taken for the last word


def test_what_is_found_in_time_is_told_and_not_kept(talks, answered, looked_for, monkeypatch):
    monkeypatch.setattr("ui.talks.PATIENCE", 0.3)

    def find(goes_on):
        assert goes_on()
        with talks.desk.answering():  # somebody asks meanwhile, and it takes long
            return () if goes_on() else ("What did the mayor say?",)

    looked_for.find = find
    assert talks.suggested(answered, 1)[0] == ("What did the mayor say?",)
    assert talks.suggested(answered, 1)[0] and len(looked_for.calls) == 2


def test_only_some_wait_for_what_to_ask_next(talks, answered, looked_for):
    go, begun = threading.Event(), threading.Semaphore(0)

    def find(goes_on):
        begun.release()
        go.wait(30)
        return ()

    looked_for.find = find
    waiting = [threading.Thread(target=talks.suggested, args=(answered, 1)) for _ in range(IN_LINE)]
    for one in waiting:
        one.start()
    assert begun.acquire(timeout=10)
    until = time.monotonic() + 10
    while talks._line._value:
        assert time.monotonic() < until
        time.sleep(0.01)
    since = time.monotonic()
    assert talks.suggested(answered, 1)[0] == () and time.monotonic() - since < 1
    go.set()
    for one in waiting:
        one.join()
    assert len(looked_for.calls) == 1  # the others were told what the first had found
    looked_for.find = lambda goes_on: ("Why?",)
    assert talks.suggested(answered, 1)[0] == () and talks._line._value == IN_LINE
