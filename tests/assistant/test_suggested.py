"""Questions to ask next: those that the documents answer with something new, and no others."""

import json
from dataclasses import replace

import pytest

from assistant.assistant import Assistant
from assistant.suggested import ASKED, MOST, candidates, suggested
from corpus.add import add
from corpus.library import Library
from corpus.types import Filters
from index.sync import sync

QUESTION = "When did the guild come to Orme?"
TEXTS = {
    "courier": "The guild came to Orme in 1985, according to Greta Holm.",
    "herald": "Greta Holm, the mayor of Lund, came back from a journey on Monday.",
    "mirror": "Workers from the Royal Institute repaired the lighthouse of Orme.",
    "star": "Anton Berg told reporters that fishing in Orme would be forbidden to foreigners.",
    "tides": "The Tides Agency said that the water in Lund had risen by four metres during the night.",
}


def opened(folder, encoder, texts):
    """The real assistant over a new library of these documents."""
    path = folder / "news.jsonl"
    path.write_text("".join(json.dumps({"id": id, "source": id, "text": text}) + "\n" for id, text in texts.items()))
    library = Library(folder / "library", create=True)
    add(library, [path], embed=encoder.encode, encoder=encoder.fingerprint)
    with library.lock():
        sync(library)
    return Assistant(library)


@pytest.fixture(scope="module")
def orme(tmp_path_factory, encoder):
    return opened(tmp_path_factory.mktemp("orme"), encoder, TEXTS)


def after(asker, question=QUESTION, history=(), filters=Filters(), **more):
    """What is suggested after a question in a conversation, and the conversation with it."""
    answer = asker.ask(question, history=history, filters=filters)
    history = (*history, (question, " ".join(claim.text for claim in answer.claims[:2])))
    return suggested(asker, answer, history=history, filters=filters, **more), answer, history


class Watched:
    """An assistant, and what it was asked and had read."""

    def __init__(self, asker):
        self._asker, self.asked, self.read = asker, [], []

    def found(self, *given):
        return self._asker.found(*given)

    def ask(self, question, **more):
        self.asked.append(question)
        given = self._asker.ask(question, **more)
        self.read.append(question)
        return given


def test_who_somebody_is_what_they_said_and_what_was_done(orme):
    found, answer, _ = after(orme)
    assert not answer.abstained and len(found) == MOST
    assert set(found) == {
        "Who is Greta Holm?", "What did Anton Berg say about Orme?", "Who repaired the lighthouse of Orme?",
    }  # fmt: skip


def test_each_is_answered_with_something_new(orme):
    found, answer, history = after(orme)
    told = [claim.text for claim in answer.claims]
    for question in found:
        given = orme.ask(question, history=history)
        assert not given.abstained and given.standalone == question
        assert given.claims[0].text not in told
        told.append(given.claims[0].text)


def test_none_is_suggested_that_the_documents_do_not_answer(tmp_path, encoder):
    asker = opened(tmp_path, encoder, {name: TEXTS[name] for name in ("courier", "tides")})
    answer = asker.ask(QUESTION)
    made = [one.question for one in candidates(QUESTION, answer.claims, asker.found(QUESTION))]
    assert {"What did Greta Holm say about Orme?", "Who is Greta Holm?"} <= set(made)
    assert after(asker)[0] == ()


def test_none_is_suggested_twice_in_a_conversation(orme):
    asked, history = [QUESTION], ()
    for _ in range(4):
        found, _, history = after(orme, asked[-1], history)
        assert not set(found) & set(asked)
        if not found:
            break
        asked.append(found[0])
    assert len(asked) == len(set(asked)) and not found
    alike = (("And who repaired the lighthouse of Orme?", ""), ("and who was Greta Holm", ""))
    assert after(orme, history=alike)[0] == ("What did Anton Berg say about Orme?",)


def test_filters_hold_for_what_is_suggested(orme):
    filters, watched = Filters(source="courier"), Watched(orme)
    assert after(orme, filters=filters)[0] == ()
    suggested(watched, orme.ask(QUESTION, filters=filters), filters=filters)
    assert watched.asked and not any("Berg" in question for question in watched.asked)


def test_none_after_an_abstention(orme):
    watched = Watched(orme)
    answer = orme.ask("Who won the chess championship?")
    assert answer.abstained and suggested(watched, answer) == () and not watched.asked


def test_one_that_would_be_read_otherwise_is_none(orme):
    class Otherwise(Watched):
        def ask(self, question, **more):
            return replace(super().ask(question, **more), standalone=f"Orme: {question}")

    answer = orme.ask(QUESTION)
    assert suggested(Otherwise(orme), answer, history=((QUESTION, ""),)) == ()


@pytest.mark.parametrize("weak", [{"confidence": 0.39}, {"confidence": 0.9, "abstained": True, "claims": ()}])
def test_one_that_is_not_surely_answered_is_none(orme, weak):
    class Weak(Watched):
        def ask(self, question, **more):
            return replace(super().ask(question, **more), **weak)

    answer = orme.ask(QUESTION)
    assert suggested(Weak(orme), answer, history=((QUESTION, ""),)) == ()


def test_one_that_is_answered_with_what_is_shown_is_none(tmp_path, encoder):
    more = "Greta Holm said that the walls of Orme were mended for a great deal of money."
    asker = opened(tmp_path, encoder, {"courier": TEXTS["courier"], "more": more})
    answer = asker.ask(QUESTION, filters=Filters(source="courier"))

    class Repeating(Watched):
        def ask(self, question, **more):
            given = super().ask(question, **more)
            return replace(given, claims=(answer.claims[0], *given.claims))

    asked = "What did Greta Holm say about Orme?"
    assert asked in suggested(asker, answer, history=((QUESTION, ""),))
    assert suggested(Repeating(asker), answer, history=((QUESTION, ""),)) == ()


def test_what_cannot_be_the_answer_is_not_read(orme):
    watched = Watched(orme)
    found = suggested(watched, orme.ask(QUESTION), history=((QUESTION, ""),))
    assert len(found) == MOST and len(watched.asked) <= ASKED
    assert "What did Greta Holm say about Orme?" in set(watched.asked) - set(watched.read)
    assert set(found) <= set(watched.read)


def test_the_looking_ends_where_there_is_no_more_time(orme):
    answer = orme.ask(QUESTION)
    for pieces in range(4):
        left, watched = iter([True] * pieces), Watched(orme)
        assert len(suggested(watched, answer, goes_on=lambda left=left: next(left, False))) == 0
        assert len(watched.read) <= max(0, pieces - 2)


def test_a_speaker_is_not_another_of_like_name(tmp_path, encoder):
    """What a minister of the United States says is not said by the United States."""
    texts = {
        "courier": "The guild came to Orme in 1985, the US said.",
        "herald": "US Secretary of State Ada Quist said that Orme had been warned of the flood many times.",
    }
    found, answer, _ = after(opened(tmp_path, encoder, texts))
    assert not answer.abstained and not any("the US" in question for question in found)


def test_nobody_is_asked_about_who_is_described_already(tmp_path, encoder):
    told = "The guild came to Orme in 1985, according to Greta Holm, the mayor of Lund."
    asker = opened(tmp_path, encoder, {"courier": told, "herald": TEXTS["herald"]})
    claims = asker.ask(QUESTION).claims[:1]
    assert not any("Who is" in one.question for one in candidates(QUESTION, claims, asker.found(QUESTION)))


def test_another_of_the_same_surname_is_somebody_else(tmp_path, encoder):
    """In the document that has the full name, the surname alone is enough."""
    holm = "Holm, the mayor of Lund, came back from a journey on Monday."
    apart = {"courier": TEXTS["courier"], "herald": holm}
    together = {"courier": f"{TEXTS['courier']} {holm}"}
    for name, texts, fits in (("apart", apart, False), ("together", together, True)):
        (tmp_path / name).mkdir()
        asker = opened(tmp_path / name, encoder, texts)
        claims, related = asker.ask(QUESTION).claims[:1], asker.found(QUESTION)
        [who] = [one for one in candidates(QUESTION, claims, related) if one.question == "Who is Greta Holm?"]
        [about] = [claim for claim in related if claim.text == holm]
        assert who.fits(about) is fits


def test_what_only_shares_a_name_with_the_answer_is_left_aside(tmp_path, encoder):
    told = "The guild came to Orme from London in 1985."
    other = "Workers from the Royal Institute repaired the lighthouse of London."
    asker = opened(tmp_path, encoder, {"courier": told, "mirror": other})
    claims = asker.ask(QUESTION).claims[:1]
    [related] = [claim for claim in asker.found(QUESTION) if claim.document.name == "mirror"]

    def made(claim):
        return [one.question for one in candidates(QUESTION, claims, [claim])]

    assert "Who repaired the lighthouse of London?" not in made(related)
    assert "Who repaired the lighthouse of London?" in made(replace(related, document=claims[0].document))


def test_what_a_mayor_says_is_not_said_about_the_town(tmp_path, encoder):
    said = "Ada Quist, the mayor of Orme, said that the winter had been the coldest for many years."
    asker = opened(tmp_path, encoder, {"courier": TEXTS["courier"], "herald": said})
    answer = asker.ask(QUESTION)
    made = [one.question for one in candidates(QUESTION, answer.claims, asker.found(QUESTION))]
    assert "What did Ada Quist say about Orme?" in made
    assert "What did Ada Quist say about Orme?" not in after(asker)[0]


def test_what_a_question_is_about(orme):
    claims = orme.ask(QUESTION).claims
    for question, about in (
        ("Who managed the siege of Orme?", ["the siege of Orme", "Orme"]),
        ("What did the guild say about fishing in Orme?", ["Orme"]),
        ("What did the government accuse the coalition of?", []),
        ("Who resigned?", []),
    ):
        made = [one.question for one in candidates(question, claims, ())]
        said = [f"What did Greta Holm say about {topic}?" for topic in about] or ["What did Greta Holm say?"]
        assert [one for one in made if one.startswith("What did")] == said


def test_names_stand_as_in_the_documents(orme):
    answer = orme.ask(QUESTION)
    text = " ".join(TEXTS.values())
    made = list(candidates(QUESTION, answer.claims, orme.found(QUESTION)))
    assert any("Greta Holm" in one.question for one in made)
    for one in made:
        for name in ("Greta Holm", "Anton Berg", "Royal Institute", "the Tides Agency"):
            if name.split()[-1] in one.question:
                assert name.removeprefix("the ") in one.question and name.removeprefix("the ") in text
