"""Answers: exact quotes, removal at once, abstention, damage, copies, filters."""

import json
import sqlite3
import subprocess
import sys

import pytest

from assistant.assistant import NEAREST, Assistant
from assistant.types import CLAIMS
from corpus.library import Library
from corpus.types import BylineError, Filters

QUESTION = "who controls eastern Aleppo?"


def every_quote_is_exact(library, answer):
    shown = (*answer.claims, *answer.nearest)
    assert shown and len(answer.claims) <= CLAIMS and len(answer.nearest) <= NEAREST
    for claim in shown:
        text = library.text(claim.quote.document_id)
        assert claim.text == text[claim.quote.start : claim.quote.end] and claim.text.strip()
        assert claim.document.id == claim.quote.document_id
    return True


@pytest.fixture
def seed(data, library, fill):
    fill(data / "seed" / "aleppo.txt")
    return Assistant(library)


def test_the_question_that_started_it(seed):
    answer = seed.ask(QUESTION)
    quotes = [claim.text for claim in answer.claims]
    assert not answer.abstained and len(quotes) <= 8
    assert any(q.startswith("Syrian government and allied troops") and "northern parts" in q for q in quotes)
    assert any("Russian Ministry of Defence" in q and '"half" of eastern Aleppo has been "liberated"' in q for q in quotes)
    assert any(q.startswith("Rebels say they will not withdraw") for q in quotes)


def test_every_quote_is_exact_over_sample_seed_and_naughty_strings(data, tmp_path, library, fill):
    from ui.sample import SAMPLE

    strings = tmp_path / "naughty.jsonl"
    naughty = json.loads((data / "robust" / "blns.json").read_text())
    strings.write_text("".join(json.dumps({"id": str(n), "text": f"{text}\n\n{text}."}) + "\n" for n, text in enumerate(naughty)))
    fill(*sorted(SAMPLE.glob("*.md")), data / "seed" / "aleppo.txt", strings)
    asker = Assistant(library)
    questions = [json.loads(line)["question"] for line in (data / "seed" / "questions.jsonl").read_text().splitlines()]
    outside = [text for text in naughty if any(ord(c) > 0xFFFF for c in text)]
    assert len(outside) == 24
    for question in [*questions, *outside, *naughty[::30]]:
        if question.strip():
            assert every_quote_is_exact(library, asker.ask(question))


def test_the_seed_questions_find_their_sentence(seed, data):
    """Facts and attributions: all but one of the twenty come first."""
    first = third = count = 0
    for line in (data / "seed" / "questions.jsonl").read_text().splitlines():
        question = json.loads(line)
        if question["type"] not in ("fact", "attribution"):
            continue
        count += 1
        answer = seed.ask(question["question"])
        gold = [entry["sentence"] for entry in question["gold"]]
        held = [any(claim.text in g or g in claim.text for g in gold) for claim in (*answer.claims, *answer.nearest)]
        first, third = first + held[0], third + any(held[:3])
    assert count == 20
    assert first >= 19 and third >= 19


def test_a_removed_document_is_never_cited_again_by_anyone(files, library, fill):
    fill(files(a_txt="The harbour of Orme is held by the guild.", b_txt="The harbour of Orme is held by the crown."))
    question = "who holds the harbour of Orme?"
    code = """
import sys
from pathlib import Path
from assistant.assistant import Assistant
asker = Assistant.open(Path(sys.argv[1]))
for line in sys.stdin:
    print([claim.text for claim in asker.ask(line).claims], flush=True)
"""
    other = subprocess.Popen(
        [sys.executable, "-c", code, library.folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def elsewhere():
        other.stdin.write(question + "\n")
        other.stdin.flush()
        return other.stdout.readline()

    asker = Assistant(library)
    try:
        assert "guild" in elsewhere() and "crown" in elsewhere()
        assert len(asker.ask(question).claims) == 2
        with Library(library.folder).writing() as writer:
            writer.remove([library.named("a.txt").id])
        assert "guild" not in elsewhere()
        assert [claim.text for claim in asker.ask(question).claims] == ["The harbour of Orme is held by the crown."]
    finally:
        other.kill()
        other.communicate()


def test_a_document_added_by_another_process_is_found_at_the_next_question(files, library, fill, byline):
    fill(files(a_txt="The harbour of Orme is held by the guild."))
    asker = Assistant(library)
    assert asker.ask("who is the mayor of Lund?").abstained
    files(b_txt="The mayor of Lund is Greta Holm.")
    assert byline("add", files()).returncode == 0
    assert asker.ask("who is the mayor of Lund?").claims[0].text == "The mayor of Lund is Greta Holm."


def test_a_name_that_stands_nowhere_is_said_not_to(seed):
    answer = seed.ask("what is the capital of Mongolia?")
    assert answer.abstained and not answer.claims and answer.nearest
    assert answer.unmentioned == ("Mongolia",) and answer.confidence < 0.06
    for misspelt in ("who controls eastern Allepo?", "where is Brita Hagi Hassan from?"):
        assert not seed.ask(misspelt).unmentioned


@pytest.mark.parametrize("question, words", [("zzz qqq", ("zzz", "qqq")), ("who is xqzzt?", ("xqzzt",))])
def test_words_that_stand_nowhere_are_answered_by_nothing(tmp_path, library, fill, question, words):
    (tmp_path / "odd.txt").write_text("“z” - zip, fizz, sneeze, is, cheese\n\nK @ Nr * Zjg !\n")
    fill(tmp_path / "odd.txt")
    answer = Assistant(library).ask(question)
    assert answer.abstained and answer.unmentioned == words


def test_an_empty_library_abstains(library):
    answer = Assistant(library).ask(QUESTION)
    assert answer.abstained and not answer.claims and not answer.nearest and answer.confidence == 0


@pytest.mark.parametrize("question", ["", "   ", "\n\t"])
def test_an_empty_question_is_refused(library, question):
    with pytest.raises(BylineError, match="empty"):
        Assistant(library).ask(question)


def test_copies_are_shown_once_with_all_who_hold_them(tmp_path, library, fill):
    wire = tmp_path / "wire.jsonl"
    wire.write_text(
        "".join(
            json.dumps({"id": outlet, "source": outlet, "text": text}) + "\n"
            for outlet, text in (
                ("Courier", "The guild holds the harbour of Orme."),
                ("Herald", "Guild holds harbour of Orme"),
                ("Mirror", "The guild does not hold the harbour of Orme."),
                ("Star", "The guild held the harbour of Orme."),
            )
        )
    )
    fill(wire)
    answer = Assistant(library).ask("who holds the harbour of Orme?")
    assert [(c.document.name, [d.name for d in c.copies]) for c in answer.claims if c.copies] in (
        [("Courier", ["Herald"])], [("Herald", ["Courier"])],
    )  # fmt: skip
    assert len(answer.claims) == 3, "a negation or another tense is no copy"
    assert answer.documents == 4 and answer.origins == 3


def test_no_short_answer_stands_above_one_that_rivals_it(tmp_path, library, fill):
    (tmp_path / "gazette.txt").write_text("The harbour master said that eleven boats sank in the storm off Orme.")
    fill(tmp_path / "gazette.txt")
    question = "How many boats sank in the storm off Orme?"
    alone = Assistant(library).ask(question)
    assert alone.short_answer == "eleven"
    (tmp_path / "herald.txt").write_text("Twenty boats sank in the storm off Orme, according to the mayor.")
    fill(tmp_path / "herald.txt")
    both = Assistant(library).ask(question)
    assert {account.value.lower() for account in both.accounts} == {"eleven", "twenty"}
    assert both.short_answer is None


def test_what_is_left_unread_is_said(seed):
    whole, hurried = seed.ask(QUESTION), seed.ask(QUESTION, most=4)
    assert whole.hurried is None and len(hurried.claims) <= 4 and not hurried.abstained
    assert "4 were read, not 16" in hurried.hurried


def test_filters_hold_and_undated_documents_are_counted(tmp_path, library, fill):
    wire = tmp_path / "wire.jsonl"
    wire.write_text(
        '{"id": "1", "text": "The guild holds the harbour.", "published": "2016-11-28", "source": "Courier"}\n'
        '{"id": "2", "text": "The crown holds the harbour.", "published": "2016-11-30", "source": "Herald"}\n'
        '{"id": "3", "text": "The town holds the harbour."}\n'
    )
    fill(wire)
    asker = Assistant(library)

    def names(**given):
        answer = asker.ask("who holds the harbour?", filters=Filters(**given))
        return sorted(claim.document.name for claim in answer.claims), answer.excluded_undated

    assert names() == (["1", "2", "3"], 0)
    assert names(since="2016-11-29") == (["2"], 1)
    assert names(as_of="2016-11-29") == (["1"], 1)
    assert names(source="courier") == (["1"], 0)


def test_a_damaged_document_is_left_out_and_named(files, library, fill):
    fill(files(a_txt="The harbour of Orme is held by the guild.", b_txt="The harbour of Orme is held by the crown."))
    damaged = library.named("a.txt").id
    library.close()
    with sqlite3.connect(library.path) as db:
        db.execute("UPDATE parts SET text = replace(text, 'guild', 'thief') WHERE document_id = ?", (damaged,))
    db.close()
    answer = Assistant(library).ask("who holds the harbour of Orme?")
    assert [claim.text for claim in answer.claims] == ["The harbour of Orme is held by the crown."]
    assert len(answer.problems) == 1 and "damaged" in answer.problems[0] and f"#{damaged}" in answer.problems[0]


def test_a_phrase_that_does_not_occur_is_said_not_to(seed):
    answer = seed.ask('who spoke of a "descent into hell"?')
    assert not answer.abstained and all("descent into hell" in claim.text for claim in answer.claims)
    answer = seed.ask('who spoke of a "descent into paradise"?')
    assert answer.abstained and answer.unmentioned == ("descent into paradise",) and answer.nearest


def test_a_title_need_not_stand_in_the_sentence_itself(files, library, fill):
    """What was said, in quotation marks, must: the title of a film is told once, at the beginning of a text."""
    fill(files(
        film_txt="The Long Harbour is a film of 1961. It was directed by Greta Holm. Critics called it a slow tide.",
        other_txt="The Short Pier is a film of 1962. It was directed by Anton Berg.",
    ))  # fmt: skip
    asker = Assistant(library)
    answer = asker.ask('Who directed the film "The Long Harbour"?')
    assert [claim.words(claim.answer) for claim in answer.claims[:1]] == ["Greta Holm"]
    assert all(claim.document.name == "film.txt" for claim in answer.claims)
    for question, words in (('Who called it "a slow tide"?', "a slow tide"), ('Who called it "A slow tide"?', "a slow tide"),
                            ('What is "Critics"?', "Critics")):  # fmt: skip
        said = asker.ask(question)
        assert all(words in claim.text for claim in (*said.claims, *said.nearest))


def test_a_misspelt_name_is_read_as_meant_and_said_so(seed):
    answer = seed.ask("who controls eastern Allepo?")
    assert answer.standalone == "who controls eastern aleppo?" and answer.question == "who controls eastern Allepo?"
    assert any("northern parts" in claim.text for claim in answer.claims)


def test_what_differs_in_a_sign_is_no_copy(tmp_path, library, fill):
    path = tmp_path / "signs.jsonl"
    texts = ("It fell to 5 degrees in Orme.", "It fell to -5 degrees in Orme.", "Output in Orme rose $5.", "Output in Orme rose 5%.",
             "The rebels withdrew from Orme.", "The rebels withdrew from Orme?")  # fmt: skip
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    fill(path)
    claims = Assistant(library).read("what happened in Orme: output, rebels, degrees?")
    assert sorted(claim.text for claim in claims) == sorted(texts)


def test_a_library_encoded_again_is_followed_by_who_has_it_open(files, library, fill, encoder, monkeypatch):
    fill(files(a_txt="The harbour of Orme is held by the guild."))
    asker = Assistant(library)
    assert asker.ask("who holds the harbour?").claims

    class Other:
        fingerprint = {"model": "other", "dimension": 384, "weights_sha256": "9" * 64}
        knows = encoder.knows
        asked = []

        def promise(self, text):
            self.asked.append(text)
            return encoder.promise(text)

    with Library(library.folder).writing() as writer:
        writer.reencode(Other.fingerprint, encoder.encode)
    monkeypatch.setattr("assistant.assistant.encoders.named", lambda model: Other() if model == "other" else None)
    assert asker.ask("who holds the harbour?").claims and Other.asked == ["who holds the harbour?"]


def test_words_that_tell_nothing_are_no_evidence(seed):
    for question in ("the", "what is it?", "who"):
        answer = seed.ask(question)
        assert answer.abstained


def test_half_a_surrogate_pair_is_refused(seed):
    with pytest.raises(BylineError, match="surrogate"):
        seed.ask("who holds \ud800?")


def test_who_it_is_ends_where_they_go(tmp_path, library, fill):
    (tmp_path / "a.txt").write_text("The flight followed the advance of allied troops into the north of eastern Velm.")
    fill(tmp_path / "a.txt")
    [claim] = Assistant(library).ask("Who advanced into eastern Velm?").claims
    assert claim.words(claim.answer).endswith("allied troops")
