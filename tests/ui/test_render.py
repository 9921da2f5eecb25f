"""An answer on a terminal: who says what comes before the quotation, and accounts are listed."""

import json

import pytest

from assistant.assistant import Assistant
from ui import render


@pytest.fixture
def told(tmp_path, library, fill):
    def ask(question, *texts):
        path = tmp_path / "told.jsonl"
        lines = [{"text": text, "source": f"Paper {n}", "published": f"2016-11-{n + 10}"} for n, text in enumerate(texts)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        fill(path)
        return Assistant(library).ask(question)

    return ask


def test_two_counts_are_two_accounts_and_say_who_gives_them(told):
    answer = told(
        "How many people were killed in Orme?",
        "Ada Lund, the governor of Orme, said 14 people were killed in Orme on Monday.",
        "According to the Red Cross, 31 people were killed in Orme on Monday.",
    )
    text = render.answer_text(answer)
    assert "According to Ada Lund: “Ada Lund, the governor" in text
    assert "According to the Red Cross: “According to" in text
    assert "\nAccounts" in text and "  14" in text and "  31" in text
    assert "2 accounts, 2 sentences from 2 documents, 2 independent sources." in text
    assert render.answer_json(answer)["accounts"][0]["published"]


def test_a_denial_is_said_to_be_one(told):
    answer = told("Did the army shell the market of Orme?", "The army denied that it had shelled the market of Orme.")
    assert "Denied by" in render.answer_text(answer)


def test_old_documents_are_said_to_be_old(told):
    answer = told("Who holds the harbour of Orme?", "The harbour of Orme is held by the guild of pilots.")
    assert answer.age and answer.age in render.answer_text(answer)


def test_what_is_said_in_a_part_of_a_sentence_is_not_put_upon_the_whole(told):
    """The document says itself that the council met; only the end of the sentence is the governor's."""
    sentence = (
        "The council of Orme met on Monday in the great hall of the harbour to hear the pilots and their guild about the "
        "storm, two weeks after Governor Ada Lund announced she would resume the ferries."
    )
    text = render.answer_text(told("What would Governor Ada Lund resume?", sentence))
    assert "In part according to Governor Ada Lund: “The council" in text
