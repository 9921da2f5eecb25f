"""`byline check` looks at conversations too, and a command says what it cannot print."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from types import SimpleNamespace

import pytest

from assistant.types import Attribution, Mention, Speaker
from corpus.types import Filters, Span
from ui import checking
from ui.conversations import Conversations


@pytest.fixture
def kept(build, tmp_path, say):
    library = build(tmp_path, {"a.txt": "The mayor and Bo spoke. The bridge is closed."})
    document = library.named("a.txt").id
    mayor = Mention(Span(document, 0, 9), "The mayor")
    said = Attribution(Speaker(mayor, mayor, named=True), None, None, (Span(document, 24, 45),), "reported")
    kept = Conversations(library)
    id, number = kept.ask(None, "Who says so?", Filters())
    claim = say.claim(library, "a.txt", "The bridge is closed.", attribution=said)
    kept.answered(id, number, say.answer("Who says so?", (claim,)))
    kept.judge(id, number, "helpful")
    return kept


def check(kept, capsys):
    code = checking.run(SimpleNamespace(library=kept.folder, json=True))
    return code, json.loads(capsys.readouterr().out)["problems"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE turns SET answer = replace(answer, '[0, 9]', '[14, 16]')", "answer"),  # said by Bo now
        ("UPDATE turns SET question = 'Who denies it?'", "answer"),
        ("UPDATE feedback SET verdict = 'wrong source'", "feedback"),
        ("UPDATE conversations SET title = 'Bo'", "title"),
    ],
)
def test_altered_conversations_are_found_and_not_shown(kept, capsys, statement, what):
    (talk,) = kept.all()
    assert kept.exchanges(talk.id)[0].answer.claims[0].attribution.claimant.mention.text == "The mayor"
    assert [problem for problem in check(kept, capsys)[1] if "chats" in problem["where"]] == []
    kept.close()
    with closing(sqlite3.connect(kept.path, isolation_level=None)) as db:
        assert db.execute(statement).rowcount == 1
    code, problems = check(kept, capsys)
    (problem,) = [problem for problem in problems if "chats.sqlite" in problem["where"]]
    assert code == 1 and what in problem["what"] and talk.id in problem["where"]
    assert "byline restore FILE" in problem["mend"]
    (exchange,) = kept.exchanges(talk.id)
    assert (exchange.state, exchange.answer) == ("failed", None) if what == "answer" else exchange.answer
    assert kept.verdicts(talk.id) == ({} if what == "feedback" else {1: "helpful"})
    assert len(kept.feedback()) == (what == "title")
    kept.answered(talk.id, 1, exchange.answer)  # which must not make it whole again
    assert kept.exchanges(talk.id)[0].state == ("failed" if what == "answer" else "answered")


def test_a_file_of_conversations_that_cannot_be_read_is_told_with_the_rest(kept, capsys):
    kept.close()
    kept.path.write_bytes(kept.path.read_bytes()[:5000])
    code, problems = check(kept, capsys)
    (problem,) = [problem for problem in problems if "chats.sqlite" in problem["where"]]
    assert code == 1 and "byline restore FILE" in problem["mend"]


def test_an_older_format_of_conversations_is_brought_up(kept, monkeypatch, tmp_path):
    from ui import conversations

    monkeypatch.setattr(conversations, "_MIGRATIONS", conversations._MIGRATIONS[:1])
    old = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(old, isolation_level=None)) as db:
        db.executescript(conversations._MIGRATIONS[0])
        db.execute("INSERT INTO conversations VALUES (?, 'A title', '2026-01-01T00:00:00Z')", ("0" * 32,))
        db.execute("PRAGMA user_version = 1")
    monkeypatch.undo()
    kept.close()
    old.replace(kept.path)
    again = Conversations(kept.library)
    assert [talk.title for talk in again.all()] == ["A title"] and not list(again.damage())


def test_what_cannot_be_printed_is_an_error_for_people(kept):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "ui.cli", "--library", str(kept.folder), "list"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "byline: the output: No space left on device\n"
