"""Adding, editing and removing through the documents page's routes, with nothing stood in for."""

import json
import socket
import threading
import time
from urllib.parse import quote

import pytest

from corpus.library import Library
from corpus.types import BylineError
from tests.ui.raw import send, told, upload
from ui import desk as desks
from ui import intake as intakes
from ui import uploads
from ui.desk import Busy, Desk
from ui.guard import BODY_LIMIT

NOTE = b"The Harbour Bridge is closed, the mayor said on Tuesday.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("documents") / "library"


@pytest.fixture(scope="module")
def served(serve_page, folder):
    """A server over a library that is not there yet: it opens the sample."""
    served = serve_page(None, desk=Desk.at(folder))
    status, said = told(served, "/documents/state")
    assert status == 200 and said["sample"] and not folder.exists()
    return served


def settled(served, name, within=60) -> dict:
    """The file of this name, once something has become of it."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        jobs = [job for job in told(served, "/documents/state")[1]["jobs"] if job["name"] == name]
        if jobs and all(job["state"] in ("ready", "failed") for job in jobs):
            return jobs[-1]
        time.sleep(0.05)
    raise AssertionError(f"{name} is not done: {jobs}")


def added(served, name, body) -> dict:
    status, said = upload(served, name, body)
    assert status == 202, said
    job = settled(served, name)
    assert job["state"] == "ready", job
    return job


def listed(served, query="") -> list[dict]:
    return told(served, f"/documents/list{query}")[1]["documents"]


def files(folder) -> list[str]:
    return sorted(str(path.relative_to(folder / "files")) for path in (folder / "files").rglob("*") if path.is_file())


# The order matters for the first: it is the one that finds no library.


def test_the_first_upload_begins_a_library_of_ones_own(served, folder):
    held = listed(served)
    assert len(held) == 8 and told(served, "/holdings")[1]["sample"]
    for path, value in (("remove", {"ids": [held[0]["id"]]}), ("set", {"id": held[0]["id"], "values": {"title": "x"}})):
        status, said = told(served, f"/documents/{path}", value)
        assert status == 409 and "sample cannot be changed" in said["error"]
    added(served, "first/bridge.txt", NOTE)
    assert [row["name"] for row in listed(served)] == ["first/bridge.txt"]
    holdings = told(served, "/holdings")[1]
    assert holdings == {"held": "1 document", "sample": False}
    assert files(folder) == ["first/bridge.txt"]
    assert Library(folder).named("bridge.txt").sentences == 1


def test_a_question_that_is_asked_meanwhile_keeps_its_library(tmp_path):
    desk = Desk.at(tmp_path / "library")
    with desk.answering() as before:
        library = Library(tmp_path / "library", create=True)
        (tmp_path / "a.txt").write_bytes(NOTE)
        intakes.add(
            library, [tmp_path / "a.txt"], embed=intakes.encoders.Encoder().encode,
            encoder=intakes.encoders.Encoder().fingerprint,
        )  # fmt: skip
        answer = before.ask("who controls eastern Aleppo?")
        claims = answer.claims or answer.nearest
        assert before.library.quote(claims[0].quote) == claims[0].text
        with desk.answering() as after:
            assert after is not before and after.library.folder == tmp_path / "library"
            assert after.ask("Is the Harbour Bridge closed?").searched == 1
    with desk.answering() as still:
        assert still is after


def test_a_file_that_comes_again_is_the_same_document(served, folder):
    job = added(served, "again.txt", b"The bridge is open.\n")
    assert added(served, "again.txt", b"The bridge is open.\n")["why"].startswith("unchanged")
    assert added(served, "again.txt", b"The bridge is open.\n")["document"] == job["document"]
    newer = added(served, "again.txt", b"The bridge is closed again.\n")
    assert newer["document"] != job["document"] and newer["why"] == ""
    assert [row["name"] for row in listed(served, "?q=again")] == ["again.txt"]
    gone = Library(folder).departed(job["document"])
    assert gone and gone[1] == newer["document"]


def test_a_name_is_a_label_only(served, folder):
    for name in ("../../escape.txt", "/etc/absolute.txt", "a\\..\\..\\windows.txt", ".hidden.txt", "nul\0.txt"):
        added(served, name, f"A text called {name!r}.".encode())
    inside = {path.resolve() for path in (folder / "files").rglob("*.txt")}
    assert len([path for path in inside if "~" in path.name]) == 5
    outside = [path for path in folder.parent.rglob("*.txt") if path.resolve() not in inside]
    assert outside == [] and not any(".." in name for name in files(folder))


def test_a_failure_says_why_and_leaves_what_was(served, folder):
    assert upload(served, "picture.png", b"x")[0] == 415
    before = added(served, "turns-bad.txt", b"A good text.\n")
    upload(served, "turns-bad.txt", b"\0\x01\x02 no text \0")
    job = settled(served, "turns-bad.txt")
    assert job["state"] == "failed" and "is not text" in job["why"] and str(folder) not in job["why"]
    assert told(served, f"/documents/text?id={before['document']}")[1]["text"] == "A good text.\n"
    assert (folder / "files" / "turns-bad.txt").read_bytes() == b"A good text.\n"
    upload(served, "never-good.docx", b"not a docx")
    assert settled(served, "never-good.docx")["state"] == "failed"
    assert "never-good.docx" not in files(folder)
    told(served, "/documents/clear", {})
    assert told(served, "/documents/state")[1]["jobs"] == []


def test_a_file_may_fail_in_part(served):
    lines = [{"id": "one", "text": "The first line is good."}, {"id": "two", "text": "So is the second."}]
    body = "\n".join(map(json.dumps, lines)) + "\nnot JSON\n"
    job = added(served, "lines.jsonl", body.encode())
    assert job["documents"] == 2 and job["why"].startswith("1 of its parts failed: 3: ")


def test_documents_are_searched_and_sorted(served):
    for name, source, day in (("zebra.md", "Alpha", "2016-11-29"), ("ant.md", "Beta", "2017-01-02"), ("cow.md", "", "")):
        stated = f"---\ntitle: Sorted {name}\n" + f"source: {source}\ndate: {day}\n" * bool(day) + "---\n\n"
        added(served, f"sorted/{name}", f"{stated}A text about {name}.\n".encode())

    def names(query):
        return [row["name"].removeprefix("sorted/") for row in listed(served, f"?q=sorted&{query}")]

    assert names("order=added") == ["cow.md", "ant.md", "zebra.md"] == names("order=nonsense")
    assert names("order=title") == ["ant.md", "cow.md", "zebra.md"]
    assert names("order=source") == ["zebra.md", "ant.md", "cow.md"]
    assert names("order=newest") == ["ant.md", "zebra.md", "cow.md"]
    assert names("order=oldest") == ["zebra.md", "ant.md", "cow.md"]
    assert names("order=title&skip=2") == ["zebra.md"]
    found = told(served, "/documents/list?q=BETA+sorted+2017")[1]
    assert [row["source"] for row in found["documents"]] == ["Beta"] and found["found"] == 1 < found["all"]
    assert listed(served, "?q=%25") == []
    assert send(served, "/documents/list?skip=x")[0] == 422


def test_what_is_set_is_marked_and_kept(served, folder):
    job = added(served, "edited.txt", b"A text to be edited.\n")
    values = {"title": " A title ", "source": "The Courier", "published": "29 November 2016"}
    status, row = told(served, "/documents/set", {"id": job["document"], "values": values})
    assert status == 200
    assert [row[field] for field in ("title", "source", "published")] == ["A title", "The Courier", "2016-11-29"]
    assert row["set_by_person"] == ["published", "source", "title"]
    assert told(served, "/documents/set", {"id": job["document"], "values": {"source": ""}})[1]["source"] is None
    replaced = added(served, "edited.txt", b"A text that was edited.\n")
    [row] = listed(served, "?q=A+title")
    assert row["id"] == replaced["document"] and row["published"] == "2016-11-29"


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"published": "soon"}, "'soon' is not a date"), ({"published": "03/04/2016"}, "is not a date"),
        ({"text": "other words"}, "Only title, source and date"), ({"name": "x"}, "Only title, source and date"),
        ({"title": "x" * 501}, "too long"), ({"title": "\ud800"}, "not UTF-8"), ({}, "Nothing was changed"),
        ({"x') OR 1--": "1"}, "Only title"),
    ],
)  # fmt: skip
def test_what_cannot_be_set_is_said(served, values, why):
    [row, *_] = listed(served)
    status, said = told(served, "/documents/set", {"id": row["id"], "values": values})
    assert status == 409 and why in said["error"]
    assert listed(served)[0] == row


def test_removal_takes_the_copy_too(served, folder):
    job = added(served, "going/going.txt", b"This text will be gone, xylophone.\n")
    assert told(served, "/documents/remove", {"ids": [job["document"]]}) == (200, {"removed": 1})
    assert told(served, "/documents/remove", {"ids": [job["document"]]}) == (200, {"removed": 0})
    assert not (folder / "files" / "going").exists()
    assert told(served, f"/documents/text?id={job['document']}")[0] == 404
    for path in folder.rglob("*"):
        assert not path.is_file() or b"xylophone" not in path.read_bytes(), path
    added(served, "going/going.txt", b"This text will be gone, xylophone.\n")


def test_a_container_stays_until_its_last_document_goes(served, folder):
    lines = "".join(json.dumps({"id": name, "text": f"A line called {name}."}) + "\n" for name in ("m1", "m2"))
    added(served, "members.jsonl", lines.encode())
    rows = [row["id"] for row in listed(served, "?q=members.jsonl")]
    assert len(rows) == 2
    told(served, "/documents/remove", {"ids": rows[:1]})
    assert "members.jsonl" in files(folder)
    told(served, "/documents/remove", {"ids": rows[1:]})
    assert "members.jsonl" not in files(folder)


def test_a_file_of_the_persons_own_is_never_deleted(served, folder, tmp_path):
    own = tmp_path / "own.txt"
    own.write_text("A file elsewhere on this machine.\n")
    library, encoder = Library(folder), intakes.encoders.Encoder()
    intakes.add(library, [own], embed=encoder.encode, encoder=encoder.fingerprint)
    [row] = listed(served, "?q=own.txt")
    assert told(served, "/documents/remove", {"ids": [row["id"]]})[1]["removed"] == 1
    assert own.exists()


@pytest.mark.parametrize("id", ["999999", "-1", "", "1 OR 1", "٣", "9" * 40, "../1"])
def test_somebody_elses_id_is_nothing(served, id):
    assert send(served, f"/documents/text?id={quote(id)}")[0] == 404
    assert told(served, "/documents/set", {"id": id, "values": {"title": "x"}})[0] == 404
    assert told(served, "/documents/remove", {"ids": [id]}) == (200, {"removed": 0})


@pytest.mark.parametrize("headers", [[("Origin", "https://evil.example")], [("Origin", "null")]])
def test_another_site_can_store_nothing(served, folder, headers):
    before = files(folder)
    assert upload(served, "evil.txt", NOTE, headers=headers)[0] == 403
    assert upload(served, "evil.txt", NOTE, headers=[], hosts=["evil.example"])[0] == 421
    assert send(served, "/documents/file?name=evil.txt", method="POST", headers=headers, body=NOTE)[0] == 403
    for route in ("remove", "set", "clear"):
        assert send(served, f"/documents/{route}", method="POST", headers=headers, body=b"{}")[0] == 403
    assert files(folder) == before


def test_a_form_of_another_site_is_no_json(served):
    """What a page can send without asking first (text/plain) is not taken for JSON."""
    [row, *_] = listed(served)
    body = json.dumps({"ids": [row["id"]]}).encode()
    assert send(served, "/documents/remove", method="POST", headers=[("Content-Type", "text/plain")], body=body)[0] == 422
    assert listed(served)[0] == row


def test_a_file_that_is_named_is_not_read(served):
    for value in ({"path": "/etc/passwd"}, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}):
        assert told(served, "/documents/set", {"id": "1", "values": {"title": value}})[0] == 422
        assert told(served, "/documents/remove", {"ids": [value]})[0] == 422
    job = added(served, "smuggled.txt", b'{"path": "/etc/passwd"}\n')
    assert told(served, f"/documents/text?id={job['document']}")[1]["text"] == '{"path": "/etc/passwd"}\n'


def test_too_large_is_said_at_once(served, folder):
    begun = time.monotonic()
    status, said = upload(served, "large.txt", b"", length=uploads.FILE_LIMIT + 1)
    assert status == 413 and b"512 MB" in said
    assert upload(served, "large.txt", b"", length=10**14)[0] == 413
    assert upload(served, "large.txt", b"x")[0] == 202  # the limit of questions is not that of files
    assert upload(served, "larger.txt", b"word " * (BODY_LIMIT // 4))[0] == 202
    assert send(served, "/documents/set", method="POST", length=20_000_000)[0] == 413
    assert send(served, "/documents/file?name=a.txt", method="POST", length=20_000_000)[0] == 413
    assert upload(served, "x" * 3_000 + ".txt", b"x")[0] in (202, 400)
    headers = [("Content-Type", "multipart/form-data; boundary=" + "x" * 5_000)]
    assert send(served, "/documents/remove", method="POST", headers=headers, body=b"--x\r\n" * 40_000)[0] == 422
    assert time.monotonic() - begun < 3
    settled(served, "larger.txt")


def test_a_length_that_is_not_said_is_refused(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as raw:
        head = f"PUT /documents/file?name=a.txt HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        raw.sendall((head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").encode())
        assert raw.recv(64).startswith(b"HTTP/1.1 411")


def test_an_abandoned_upload_leaves_nothing_and_frees_its_place(served, folder):
    def arriving():
        return [path for path in (folder / "files" / ".arriving").rglob("*") if path.is_file()]

    for _ in range(uploads.AT_ONCE * 3):
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as raw:
            head = f"PUT /documents/file?name=left.txt HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nContent-Length: 999\r\n\r\nabc"
            raw.sendall(head.encode())
    until = time.monotonic() + 10
    while upload(served, "after.txt", b"And then another came.\n")[0] != 202 and time.monotonic() < until:
        time.sleep(0.05)
    assert settled(served, "after.txt")["state"] == "ready"
    assert arriving() == []


def test_questions_and_edits_go_on_while_files_are_added(served, held_up, monkeypatch):
    """A batch is held up in the middle of embedding: what reads goes on, and an edit waits its turn."""
    begun, go = held_up
    job = added(served, "to-edit.txt", b"A text that waits.\n")
    upload(served, "slow.txt", b"This one is held up.\n" * 3)
    upload(served, "slower.txt", b"This one waits behind it.\n")
    assert begun.wait(20)
    said = told(served, "/documents/state")[1]
    states = {job["name"]: job["state"] for job in said["jobs"]}
    assert states["slow.txt"] in ("reading", "indexing") and said["progress"]["busy"]
    assert listed(served, "?q=to-edit") and told(served, "/passage?at=x")[0] == 200
    edits: list = []
    edit = threading.Thread(
        target=lambda: edits.append(told(served, "/documents/set", {"id": job["document"], "values": {"title": "Edited"}}))
    )
    edit.start()
    edit.join(0.3)
    assert edit.is_alive()
    monkeypatch.setattr(intakes, "PATIENCE", 0.1)
    status, refused = told(served, "/documents/remove", {"ids": [job["document"]]})
    assert status == 409 and "being added" in refused["error"]
    go.set()
    edit.join(20)
    assert edits[0][0] == 200 and edits[0][1]["title"] == "Edited"
    assert settled(served, "slower.txt")["state"] == "ready"


def test_another_process_that_writes_is_waited_for(served, folder):
    with Library(folder).lock():
        upload(served, "patient.txt", b"This one waits for another process.\n")
        until = time.monotonic() + 10
        while not (said := told(served, "/documents/state")[1])["progress"]["obstacle"] and time.monotonic() < until:
            time.sleep(0.05)
        assert "Another byline" in said["progress"]["obstacle"]
    assert settled(served, "patient.txt")["state"] == "ready"
    assert told(served, "/documents/state")[1]["progress"]["obstacle"] == ""


def test_a_library_that_cannot_be_written_fails_in_words(served, folder, monkeypatch):
    def full(*_, **__):
        raise BylineError("library.sqlite: the disk is full; nothing was lost, make room and try again")

    with monkeypatch.context() as patch:
        patch.setattr(intakes, "add", full)
        upload(served, "full.txt", b"No room for this.\n")
        assert "disk is full" in settled(served, "full.txt")["why"]

        def broken(*_, **__):
            raise RuntimeError("secret words of a traceback")

        patch.setattr(intakes, "add", broken)
        upload(served, "broken.txt", b"A fault of ours.\n")
        job = settled(served, "broken.txt")
    assert job["state"] == "failed" and "inside Byline" in job["why"] and "secret" not in job["why"]
    assert not {"full.txt", "broken.txt"} & set(files(folder))


def test_a_long_text_comes_in_pieces(served, monkeypatch):
    monkeypatch.setattr("ui.documents.REACH", 10)
    words = "A short 𝔘 text, in pieces.\n"
    job, pieces, skip = added(served, "long.txt", words.encode()), [], 0
    while skip is not None:
        piece = told(served, f"/documents/text?id={job['document']}&skip={skip}")[1]
        pieces.append(piece["text"])
        skip = piece["next"]
    assert "".join(pieces) == words and len(pieces) == 3
    assert told(served, f"/documents/text?id={job['document']}&skip=-5")[1]["text"] == words[:10]


# ---- How many are answered at once --------------------------------------------------------------


def test_too_many_questions_are_told_so_at_once_and_it_recovers(library):
    class Slow:
        def __init__(self):
            self.library = library

    desk = Desk.of(Slow())
    go, inside = threading.Event(), threading.Semaphore(0)

    def ask():
        with desk.answering():
            inside.release()
            go.wait(20)

    waiting = [threading.Thread(target=ask) for _ in range(desks.AT_ONCE + desks.WAITING)]
    for thread in waiting:
        thread.start()
    for _ in range(desks.AT_ONCE):
        assert inside.acquire(timeout=10)
    assert not inside.acquire(timeout=0.05)  # the others wait their turn
    until = time.monotonic() + 5
    while desk._asking < desks.AT_ONCE + desks.WAITING and time.monotonic() < until:
        time.sleep(0.01)
    begun = time.monotonic()
    threading.Timer(5, go.set).start()  # so that one who is not told so does not wait for ever
    with pytest.raises(Busy, match="busy"), desk.answering():
        pass
    assert time.monotonic() - begun < 0.5
    desk.after_you(0.05)  # adding goes on all the same
    go.set()
    for thread in waiting:
        thread.join(20)
    with desk.answering():
        pass
    begun = time.monotonic()
    desk.after_you(5)
    assert time.monotonic() - begun < 1
