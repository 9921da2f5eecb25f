"""`byline backup` and `byline restore`: the same answers afterwards, also in a chat that is open."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from assistant.assistant import Assistant
from corpus.library import Library
from corpus.sqlite import Database
from corpus.types import BylineError, Filters
from index import base
from index.search import search
from index.sync import Index
from ui import cli
from ui.conversations import Conversations
from ui.desk import Desk
from ui.talks import Talks

TOWNS = "Norrvik Sandby Kalmar Lund Visby Falun Ystad Skara Boden Motala Eksjo Arboga".split()
QUESTIONS = (
    "Who repaired the lighthouse of Visby?", "Which quay of Falun is closed?", "Who repaired the lighthouse of Umea?",
)  # fmt: skip


def told(town: str, number: int) -> str:
    return (
        f"The lighthouse of {town} was repaired by Ada Lund, the mayor said. "
        f"Quay {number} of {town} is closed until May. Engineers told the council of {town} that it is safe."
    )


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Runs a command in this process; returns (exit code, stdout, stderr)."""
    monkeypatch.setenv("BYLINE_LIBRARY", str(tmp_path / "library"))

    def run(*arguments):
        code = cli.main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="session")
def towns_once(tmp_path_factory, encoder) -> Path:
    """A library of twelve documents, to be copied."""
    from corpus.add import add
    from index.sync import sync

    folder = tmp_path_factory.mktemp("towns")
    (folder / "documents").mkdir()
    for number, town in enumerate(TOWNS):
        (folder / "documents" / f"{town}.txt").write_text(told(town, number))
    library = Library(folder / "library", create=True)
    add(library, [folder / "documents"], embed=encoder.encode, encoder=encoder.fingerprint)
    sync(library)
    library.close()
    return folder / "library"


@pytest.fixture
def towns(towns_once, tmp_path) -> Library:
    return Library(shutil.copytree(towns_once, tmp_path / "library"))


def answers(run, questions: Path) -> list[dict]:
    code, out, err = run("ask", "--json", "--batch", questions)
    assert code == 0, err
    return [json.loads(line) | {"timings_ms": None} for line in out.splitlines()]


@pytest.fixture
def questions(tmp_path) -> Path:
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps({"question": one}) + "\n" for one in QUESTIONS))
    return tmp_path / "questions.jsonl"


def test_the_answers_are_the_same_to_the_last_digit(towns, fill, files, run, questions, tmp_path):
    fill(files(Umea_txt=told("Umea", 30)))
    assert base.reach(towns, towns.folder)[1] < sum(towns.counts()), "there is a tail, whose words weigh otherwise"
    before = answers(run, questions)
    assert len(before[2]["claims"]) > 0 and before[2]["claims"][0]["name"] == "Umea.txt"
    assert run("backup", tmp_path / "x.tar")[0] == 0
    assert run("restore", tmp_path / "x.tar", "--library", tmp_path / "new" / "library")[0] == 0
    after = answers(lambda *given: run(*given, "--library", tmp_path / "new" / "library"), questions)
    assert after == before
    restored = Library(tmp_path / "new" / "library")
    assert not base.verify(restored, base.current(restored.folder)), "the index was made before anybody asked"


def scores(folder: Path, encoder) -> list:
    library = Library(folder)
    index = Index(library)
    with library.reading():
        index.refresh()
        found = [search(library, index, one, encoder.encode([one])[0]) for one in QUESTIONS]
    library.close()
    return found


def test_so_they_are_where_documents_have_been_removed(towns, run, encoder, tmp_path):
    """The index weighs words by what it once held, until it is made anew; a backup sees to that first."""
    assert run("remove", "Arboga.txt")[0] == 0
    assert base.reach(towns, towns.folder) is None, "the index still has its sentences"
    assert run("backup", tmp_path / "x.tar")[0] == 0
    before = scores(towns.folder, encoder)
    assert run("restore", tmp_path / "x.tar", "--replace")[0] == 0
    assert scores(towns.folder, encoder) == before and before[0][0].score > 0


def test_a_question_that_began_before_a_restore_does_not_mix_the_two(towns, run, tmp_path):
    assert run("backup", tmp_path / "x.tar")[0] == 0
    index = Index(towns)
    with towns.reading():
        index.refresh()
    with towns.reading():
        assert run("restore", tmp_path / "x.tar", "--replace")[0] == 0
        index.refresh()  # from what it has
        other = threading.Thread(target=lambda: [index.refresh()])
        other.start()
        other.join()
        with pytest.raises(BylineError, match="restored at this moment"):
            index.refresh()
    index.refresh()


def test_a_chat_that_is_open_goes_on_with_the_restored_library(towns, run, byline, fill, files, tmp_path):
    """A server has the files open: it must neither answer from the old ones nor write to them."""
    desk = Desk.at(towns.folder)
    talks = Talks(desk)
    answer = desk.now.assistant.ask(QUESTIONS[0])
    kept, number = talks.now.ask(None, QUESTIONS[0], Filters())
    talks.now.answered(kept, number, answer)
    assert "1 conversation" in run("backup", tmp_path / "x.tar")[1]
    fill(files(Umea_txt=told("Umea", 30)))
    lost, _ = talks.now.ask(None, "And Umea?", Filters())
    assert desk.now.assistant.ask(QUESTIONS[2]).claims[0].document.name == "Umea.txt"
    asked, restored, found = threading.Event(), threading.Event(), []

    def thread():  # each of a server's threads has connections of its own
        found.append(len(desk.now.assistant.library.documents()))
        asked.set()
        restored.wait(60)
        found.append(len(desk.now.assistant.library.documents()))
        found.append([talk.id for talk in talks.now.all()])

    other = threading.Thread(target=thread)
    other.start()
    asked.wait(60)
    done = byline("restore", tmp_path / "x.tar", "--replace", "--json")
    assert done.returncode == 0, done.stderr
    restored.set()
    other.join()
    assert found == [13, 12, [kept]]

    assert desk.now.assistant.ask(QUESTIONS[2]).claims == ()
    again = desk.now.assistant.ask(QUESTIONS[0])
    assert again.claims == answer.claims
    assert [talk.id for talk in talks.now.all()] == [kept] and talks.now.find(lost) is None
    (exchange,) = talks.now.exchanges(kept)
    assert not exchange.lost and exchange.answer.claims[0].text == answer.claims[0].text
    assert exchange.answer.claims[0].quote == answer.claims[0].quote
    talks.now.ask(kept, "And Lund?", Filters())
    aside = Path(json.loads(done.stdout)["set_aside"])
    assert len(Conversations(Library(towns.folder)).exchanges(kept)) == 2
    assert {talk.id for talk in Conversations(Library(aside)).all()} == {kept, lost}
    assert len(Library(aside).documents()) == 13


def test_what_a_conversation_cites_is_in_the_backup(towns, run, tmp_path, monkeypatch):
    """Each file is of a moment of its own: the library's has to be the later one."""
    Conversations(towns).ask(None, QUESTIONS[0], Filters())
    copy, order = Database.copy_to, []
    monkeypatch.setattr(Database, "copy_to", lambda self, path: (order.append(self.FILE), copy(self, path)))
    assert run("backup", tmp_path / "x.tar")[0] == 0
    assert order == ["chats.sqlite", "library.sqlite"]


def test_a_chat_that_shows_the_sample_goes_on_with_what_is_restored(towns, run, tmp_path):
    desk = Desk.at(tmp_path / "other")
    assert desk.now.banner
    assert run("backup", tmp_path / "x.tar")[0] == 0
    assert run("restore", tmp_path / "x.tar", "--library", tmp_path / "other")[0] == 0
    assert not desk.now.banner and len(desk.now.assistant.library.documents()) == 12


def test_an_index_of_the_lost_library_is_not_noted_in_the_restored_one(towns, run, tmp_path, monkeypatch):
    """A reader may be making one when the library is swapped."""
    assert run("backup", tmp_path / "x.tar")[0] == 0
    write, code = base._write, []

    def late(*arguments):
        monkeypatch.setattr(base, "_write", write)
        code.append(run("restore", tmp_path / "x.tar", "--replace")[0])
        return write(*arguments)

    monkeypatch.setattr(base, "_write", late)
    with towns.reading():
        known = towns.bases
        with pytest.raises(BylineError):
            base.build(towns)
    restored = Library(towns.folder)
    assert code == [0] and len(restored.bases) <= 2 and restored.bases[-1] == base.current(towns.folder) not in known
    assert Assistant(restored).ask(QUESTIONS[0]).claims


def test_what_is_said(towns, run, tmp_path):
    file = tmp_path / "x.tar"
    code, out, err = run("backup", file, "--json")
    report = json.loads(out)
    assert (code, err) == (0, "") and report == {
        "file": str(file), "bytes": file.stat().st_size, "created": report["created"], "documents": 12, "sentences": 36,
        "conversations": 0, "problems": [],
    }  # fmt: skip
    assert run("backup", file)[0] == 1
    code, out, err = run("backup", file, "--replace")
    assert code == 0 and out.startswith(f"{file}: 12 documents, 36 sentences, ")
    code, out, err = run("restore", file)
    assert (code, out) == (1, "") and "holds a library with 12 documents" in err and "--replace" in err
    code, out, err = run("restore", file, "--replace", "--json")
    report = json.loads(out)
    assert (code, err) == (0, "") and report == {
        "library": str(towns.folder), "created": report["created"], "byline": report["byline"], "documents": 12,
        "sentences": 36, "conversations": 0, "set_aside": report["set_aside"], "problems": [],
    }  # fmt: skip
    assert len(Library(Path(report["set_aside"])).documents()) == 12
    code, out, err = run("restore", file, "--replace")
    assert f"{towns.folder}: 12 documents, 36 sentences, as of 20" in out and "what was there before is in" in out


def test_damage_is_said_at_both_ends(towns, run, tmp_path):
    with towns.transaction() as db:
        db.execute("UPDATE parts SET text = replace(text, 'mayor', 'major') WHERE document_id = 3")
    code, out, err = run("backup", tmp_path / "x.tar")
    assert (code, out) == (1, "") and "--damaged" in err and "document #3" in err and not (tmp_path / "x.tar").exists()
    code, out, err = run("backup", tmp_path / "x.tar", "--damaged", "--json")
    (problem,) = json.loads(out)["problems"]
    assert code == 1 and "byline remove '#3'" in problem["mend"] and "document #3" in err
    code, out, err = run("restore", tmp_path / "x.tar", "--replace", "--json")
    assert code == 1 and len(json.loads(out)["problems"]) == 1 and "document #3" in err
    assert Library(towns.folder).text("4")


def test_a_message_about_damage_names_the_command(towns, run):
    towns.close()
    shutil.rmtree(towns.folder / "derived")
    towns.path.write_bytes(b"\0" * 10_000)
    code, _, err = run("list")
    assert code == 1 and "byline restore FILE" in err
