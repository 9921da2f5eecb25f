"""Conversations over a real library: what is kept, what comes back, and what does not."""

import json
from dataclasses import replace

import pytest

from assistant.types import Account, Attribution, Mention, Speaker
from corpus.types import BylineError, Filters, Span
from ui.conversations import Conversations, NoConversation

FIRST, SECOND = "The Harbour Bridge is closed, the mayor said.", "Engineers told the council that it is safe."
LINES = [
    {"id": "gazette", "title": "Bridge closed", "text": f"{FIRST} More.",
     "source": "Gazette", "published": "2016-11-29"},
    {"id": "notes", "text": SECOND},
]  # fmt: skip


@pytest.fixture
def library(build, tmp_path):
    return build(tmp_path, {"news.jsonl": "\n".join(map(json.dumps, LINES))})


@pytest.fixture
def kept(library):
    return Conversations(library)


@pytest.fixture
def bridge(library, say):
    """An answer with everything in it that can be kept."""
    gazette, notes = library.named("gazette"), library.named("notes")
    mayor = Mention(Span(gazette.id, 30, 39), "the mayor")
    attribution = Attribution(
        Speaker(mayor, mayor, named=False), None, Mention(Span(gazette.id, 40, 44), "said"),
        (Span(gazette.id, 0, 28),), "reported", hedged=True,
    )  # fmt: skip
    claims = (
        say.claim(
            library, "gazette", FIRST, answer=Span(gazette.id, 4, 18), attribution=attribution, copies=(notes,)
        ),
        say.claim(library, "notes", SECOND),
    )
    accounts = (Account("closed", (0,), published="2016-11-29"), Account("safe", (1,), newest=True))
    return say.answer(
        "How is it?", claims, accounts=accounts, differ=True, short_answer="Harbour Bridge",
        standalone="How is the bridge?", hurried="Less was read.",
    )  # fmt: skip


def test_an_answer_comes_back_whole(library, kept, bridge):
    id, number = kept.ask(None, "How is it?", Filters(source="Gazette"))
    kept.answered(id, number, bridge)
    [exchange] = Conversations(library).exchanges(id)  # as after a restart
    # What the reader thought of it is not kept, nor how the search came to it.
    assert exchange.answer == replace(
        bridge, claims=tuple(replace(claim, cosine=0.0, found=0.0, judgement=None) for claim in bridge.claims)
    )
    assert (exchange.number, exchange.state, exchange.filters, exchange.lost) == (1, "answered", Filters("Gazette"), {})


def test_an_abstention_comes_back(library, kept, say):
    given = say.answer("Who won?", nearest=(say.claim(library, "notes", SECOND),), searched=2, unmentioned=("Won",))
    id, number = kept.ask(None, "Who won?", Filters())
    kept.answered(id, number, given)
    [exchange] = kept.exchanges(id)
    assert exchange.answer == given and exchange.answer.abstained


def test_no_word_of_a_document_is_on_the_disk(library, kept, bridge):
    id, number = kept.ask(None, "How is it?", Filters())
    kept.answered(id, number, bridge)
    kept.judge(id, number, "helpful")
    raw = b"".join(path.read_bytes() for path in library.folder.glob("chats.sqlite*"))
    assert b"How is it?" in raw
    for words in (b"Harbour", b"closed", b"mayor", b"Engineers", b"Gazette", b"Bridge"):
        assert words not in raw, words


def test_what_was_removed_or_replaced_says_so(library, kept, bridge, tmp_path):
    id, number = kept.ask(None, "How is it?", Filters())
    kept.answered(id, number, bridge)
    ids = [claim.document.id for claim in bridge.claims]
    with library.writing() as writer:
        writer.remove([ids[0]])
    [exchange] = kept.exchanges(id)
    assert exchange.lost == {0: f"was removed on {library.departed(ids[0])[0][:10]}"}
    first, second = exchange.answer.claims
    assert first.text == "" and first.document.name == "" and second == bridge.claims[1]
    assert [account.value for account in exchange.answer.accounts] == ["", "safe"]
    assert exchange.answer.short_answer is None


def test_a_replaced_document_has_changed(build, tmp_path, say):
    from corpus.add import add

    library = build(tmp_path, {"note.txt": "The bridge is closed."})
    kept = Conversations(library)
    id, number = kept.ask(None, "?", Filters())
    kept.answered(id, number, say.answer("?", (say.claim(library, "note.txt", "The bridge is closed."),)))
    (tmp_path / "documents" / "note.txt").write_text("The bridge is open.")
    encode = lambda texts: __import__("numpy").eye(8, dtype="float32")[[len(text) % 8 for text in texts]]  # noqa: E731
    add(library, [tmp_path / "documents"], embed=encode, encoder={"name": "made up", "dimension": 8})
    [exchange] = kept.exchanges(id)
    assert exchange.lost[0].startswith("was changed on 20")


def test_a_flipped_word_is_not_shown(library, kept, bridge):
    id, number = kept.ask(None, "How is it?", Filters())
    kept.answered(id, number, bridge)
    with library.transaction() as db:
        db.execute("UPDATE parts SET text = replace(text, 'closed', 'opened')")
    [exchange] = kept.exchanges(id)
    assert exchange.lost == {0: "cannot be shown: its record in the library is damaged"}


def test_a_damaged_row_spoils_no_other(library, kept, bridge):
    id, _ = kept.ask(None, "First?", Filters())
    kept.ask(id, "Second?", Filters())
    for number in (1, 2):
        kept.answered(id, number, bridge)
    with kept.transaction() as db:
        db.execute("UPDATE turns SET answer = '{\"claims\": 1}' WHERE number = 1")
    assert [(one.state, one.answer is None) for one in kept.exchanges(id)] == [("failed", True), ("answered", False)]


def test_they_are_listed_renamed_and_removed(library, kept, bridge):
    first, number = kept.ask(None, "First\n question? " + "x" * 200, Filters())
    second, _ = kept.ask(None, "Second question?", Filters())
    assert len(first) == 32 and first != second
    with kept.transaction() as db:
        db.execute("UPDATE conversations SET used = '2026-01-01T00:00:00Z' WHERE id = ?", (second,))
    assert [one.id for one in kept.all()] == [first, second]
    assert kept.find(first).title.startswith("First question? x") and len(kept.find(first).title) == 120
    kept.rename(second, "A title <b>")
    assert kept.find(second).title == "A title <b>"
    kept.answered(first, number, bridge)
    kept.judge(first, number, "wrong source")
    kept.remove(first)
    assert [one.id for one in kept.all()] == [second] and kept.feedback() == [] and kept.exchanges(first) == []
    raw = b"".join(path.read_bytes() for path in library.folder.glob("chats.sqlite*"))
    assert b"First question" not in raw and b"xxxxxxxx" not in raw
    kept.answered(first, number, bridge)  # which comes too late: nothing comes back
    assert kept.find(first) is None


@pytest.mark.parametrize("id", ["", "x", "0" * 32, "0" * 31 + "'", "../" * 10, "A" * 32, "٠" * 32, "%" * 32, None, 7])
def test_ids_that_were_never_given_out_name_nothing(kept, id):
    kept.ask(None, "Something?", Filters())
    assert kept.find(id) is None and kept.exchanges(id) == []
    for refused in (lambda: kept.rename(id, "x"), lambda: kept.remove(id), lambda: kept.judge(id, 1, "helpful")):
        with pytest.raises(NoConversation):
            refused()
    assert len(kept.all()) == 1


def test_a_question_goes_on_after_its_conversation_was_removed(kept):
    id, _ = kept.ask(None, "First?", Filters())
    kept.remove(id)
    other, number = kept.ask(id, "Second?", Filters())
    assert other != id and number == 1


def test_feedback_is_listed_with_its_evidence(kept, bridge):
    id, number = kept.ask(None, "How is it?", Filters(until="2016-12-31"))
    kept.answered(id, number, bridge)
    with pytest.raises(BylineError, match="one of helpful"):
        kept.judge(id, number, "nonsense")
    kept.judge(id, number, "helpful")
    kept.judge(id, number, "wrong source")  # the last word counts
    assert kept.verdicts(id) == {number: "wrong source"}
    [one] = kept.feedback()
    assert (one["verdict"], one["question"], one["standalone"]) == ("wrong source", "How is it?", "How is the bridge?")
    assert one["filters"]["until"] == "2016-12-31" and one["version"]
    assert [set(passage) for passage in one["evidence"]] == [{"document", "start", "end", "sha256"}] * 2
    kept.judge(id, number, None)
    assert kept.feedback() == [] and kept.verdicts(id) == {}


def test_an_unanswered_question_cannot_be_judged(kept):
    id, number = kept.ask(None, "Stopped?", Filters())
    kept.answered(id, number, None, "stopped")
    assert kept.exchanges(id)[0].state == "stopped"
    with pytest.raises(NoConversation):
        kept.judge(id, number, "helpful")


def test_a_damaged_file_says_what_to_do_and_the_library_goes_on(library):
    (library.folder / "chats.sqlite").write_bytes(b"SQLite format 3\0" + b"nonsense" * 1000)
    with pytest.raises(BylineError, match="Move it away"):
        Conversations(library)
    assert library.coverage()[0] == 2


def test_asking_does_not_wait_for_an_add(library):
    with library.lock():  # as `byline add` holds it, for hours perhaps
        kept = Conversations(library)
        assert kept.ask(None, "Now?", Filters())[1] == 1


def test_the_command_lists_feedback(library, kept, bridge, capsys):
    from ui.cli import main

    assert main(["--library", str(library.folder), "feedback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"feedback": []}
    id, number = kept.ask(None, "How\x1b]0; is it?", Filters())
    kept.answered(id, number, bridge)
    kept.judge(id, number, "not helpful")
    assert main(["--library", str(library.folder), "feedback", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"feedback": kept.feedback()}
    assert main(["--library", str(library.folder), "feedback"]) == 0
    assert "not helpful" in (shown := capsys.readouterr().out) and "\x1b" not in shown


def test_a_lock_that_cannot_be_opened_is_said_in_words(library):
    (library.folder / "chats.lock").mkdir()
    with pytest.raises(BylineError, match="chats.lock: cannot be opened .*: see to the disk"):
        Conversations(library)
