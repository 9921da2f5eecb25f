"""Follow-ups made to stand alone; new topics left alone; any history in bounded time."""

import subprocess
import sys
import time

import pytest

from assistant.followup import LONGEST, Rewritten, standalone

# A conversation, and its last question as it should read. Answers matter only where one is given.
REWRITTEN = [
    # Ellipsis
    (["why did Brita Holm visit Paris?", "when?"], "when did Brita Holm visit Paris?"),
    (["did Turkey close the border?", "why?"], "why did Turkey close the border?"),
    (["who controls eastern Aleppo?", "and why?"], "who controls eastern Aleppo, and why?"),
    (["who controls eastern Aleppo?", "why?", "what about Idlib?"], "who controls Idlib?"),
    (
        ["how many people were killed in Aleppo in 2016?", "and in 2015?"],
        "how many people were killed in Aleppo in 2015?",
    ),
    (
        ["how many people were killed in Aleppo in 2016?", "and in Homs?"],
        "how many people were killed in Homs in 2016?",
    ),
    (
        ["how many civilians died in the siege of Aleppo?", "and children?"],
        "how many children died in the siege of Aleppo?",
    ),
    (
        ["how many civilians died in the siege?", "and how many soldiers?"],
        "how many soldiers died in the siege?",
    ),
    # Those who were asked after
    (
        ["how many people were killed in Aleppo in 2016?", "and how many of them were children?"],
        "how many of the people killed in Aleppo in 2016 were children?",
    ),
    (
        ["which groups control eastern Aleppo?", "who leads them?"],
        "who leads the groups that control eastern Aleppo?",
    ),
    # Pronouns, days and places
    (["why did Brita Holm visit Paris?", "what did she say there?"], "what did Brita Holm say in Paris?"),
    (
        ["who controls eastern Aleppo?", "what did Russia say about it?"],
        "what did Russia say about eastern Aleppo?",
    ),
    (
        ["who controls eastern Aleppo?", "what did Russia say about it?", "what did Turkey say about that?"],
        "what did Turkey say about eastern Aleppo?",
    ),
    (
        ["when did the siege of Aleppo begin?", "how long did it last?"],
        "how long did the siege of Aleppo last?",
    ),
    (["who is the mayor of Lund?", "when was she elected?"], "when was the mayor of Lund elected?"),
    (
        ["what did Angela Merkel say about the refugees?", "where did they come from?"],
        "where did the refugees come from?",
    ),
    (
        ["did the army shell the market on 3 May 2015?", "what else happened that day?"],
        "what else happened on 3 May 2015?",
    ),
    (["when was John Smith born?", "what are his views?"], "what are John Smith's views?"),
    # "The strike" is the one that was spoken of
    (
        ["what did Russia say about the strike on the hospital in Idlib?", "when did the strike happen?"],
        "when did the strike on the hospital in Idlib happen?",
    ),
    # No grammatical form is sure
    (["who controls eastern Aleppo?", "what else happened?"], "eastern Aleppo: what else happened?"),
    (
        ["what caused the fire in Orme?", "how many people were killed?"],
        "the fire in Orme: how many people were killed?",
    ),
]


def asked(questions: list[str], answer: str = "") -> Rewritten:
    return standalone(questions[-1], [(question, answer) for question in questions[:-1]])


@pytest.mark.parametrize(
    ("questions", "wanted"), REWRITTEN, ids=lambda value: value if isinstance(value, str) else value[-1]
)
def test_a_follow_up_stands_alone(questions, wanted):
    made = asked(questions)
    assert made.question == wanted
    assert made.carried


# Last questions that must stay as they are.
KEPT = [
    ["who controls eastern Aleppo?", "what is the capital of Mongolia?"],
    ["who controls eastern Aleppo?", "when was Nelson Mandela freed?"],
    ["who controls eastern Aleppo?", "is it true that Turkey closed the border?"],
    ["who controls eastern Aleppo?", "how long does it take to reach Mars?"],
    ["who controls eastern Aleppo?", "what is it like to live in Lund?"],
    ["who controls eastern Aleppo?", "are there any lighthouses in Quorne?"],
    ["what did Angela Merkel say about Turkey?", "what did Erdogan say about his critics?"],
    ["what did Angela Merkel say about Turkey?", "did Brita Holm say that she would resign?"],
    ["what did Angela Merkel say about Turkey?", "why did Russia say it bombed the hospital?"],
    ["where is the harbour of Orme?", "how many people were killed in Homs on 3 May 2015?"],
    ["where is the harbour of Orme?", "what did the report on the Lund floods say?"],
    ["when did the strike on the hospital in Idlib happen?", "when did the strike begin in Homs?"],
    ["where is the harbour of Orme?", "and what is the price of oil?"],
    ["where is the harbour of Orme?", "what other countries export oil?"],
    ["where is the harbour of Orme?", "yes, tell me more about cooked sausages"],
    ["where is the harbour of Orme?", "oil prices 2016"],
    ["where is the harbour of Orme?", "which countries export more oil than Norway?"],
]


@pytest.mark.parametrize("questions", KEPT, ids=lambda questions: questions[-1])
def test_a_new_topic_is_not_bent_to_the_old_one(questions):
    assert asked(questions) == Rewritten(questions[-1])
    assert asked(
        questions, answer="Brita Holm, 41, was named mayor of Lund on Monday, the council said."
    ) == Rewritten(questions[-1])


@pytest.mark.parametrize(
    "question", ["why?", "what did he say about it?", "and in 2015?", "who controls eastern Aleppo?", ""]
)
def test_without_a_history_nothing_changes(question):
    assert standalone(question, []) == Rewritten(question)


def test_one_who_was_named_in_a_short_answer():
    assert (
        asked(["who is the mayor of Lund?", "when was she elected?"], "Greta Holm").question
        == "when was Greta Holm elected?"
    )


@pytest.mark.parametrize("answer", ["", "   ", "Not in your documents. Searched 8 documents."])
def test_empty_and_abstaining_answers(answer):
    assert (
        asked(["why did Brita Holm visit Paris?", "when?"], answer).question
        == "when did Brita Holm visit Paris?"
    )
    assert asked(["who controls eastern Aleppo?", "what did Russia say about it?"], answer).question.endswith(
        "eastern Aleppo?"
    )


def test_a_name_is_kept_through_a_long_conversation():
    questions = [
        "who was Greta Holm?",
        *(f"did she write {what}?" for what in ("plays", "poems", "operas", "letters")),
    ]
    questions += ["did she have children?", "did she marry?", "did she travel?", "when did she die?"]
    assert asked(questions).question == "when did Greta Holm die?"


def test_what_was_understood_is_carried_on():
    """The third question leans on the second, which leans on the first."""
    questions = [
        "why did Brita Holm visit Paris?",
        "what did she say there?",
        "and when?",
        "did she meet Erdogan?",
    ]
    assert asked(questions).question == "did Brita Holm meet Erdogan?"


def test_what_a_person_quotes_stays_quoted_and_nothing_else_becomes_so():
    """What stands between quotation marks must occur in what is found."""
    assert (
        asked(["who is Brita Holm?", 'when did she say "descent into hell"?']).question
        == 'when did Brita Holm say "descent into hell"?'
    )
    made = asked(['who is "Brita Holm"?', "when was she born?"], 'The "Courier" called “her” «brave».')
    assert made.question == "when was Brita Holm born?"


def test_half_a_surrogate_pair_and_control_characters_in_the_history():
    assert asked(
        ["who \ud800controls\x00 eastern\n Aleppo?", "why?"], "\udfff\x1b[31m"
    ).question.isprintable()


HOSTILE = [
    "a " * 500_000, "who? " * 100_000, "(" * 300_000, "x" * 1_000_000, "Aleppo, " * 100_000,
    "and " * 100_000, ":" * 99 + "? " * 100_000, "it it it it " * 50_000, "\n" * 500_000,
    "the strike on " * 50_000,
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_a_hostile_history_takes_bounded_time(text):
    standalone("why?", [("who controls Aleppo?", "")])  # the parser is loaded
    history = [(text, text)] * 1000
    begun = time.process_time()
    for question in ("what did he say about it there?", "why?", "and the other?", text):
        made = standalone(question, history)
        assert len(made.question) <= max(LONGEST, len(question))
    assert time.process_time() - begun < 5


def test_the_naughty_strings_break_nothing(data):
    import json

    naughty = json.loads((data / "robust" / "blns.json").read_text())
    for text in naughty[::5]:
        assert isinstance(standalone("why did he do it?", [(text, text)]).question, str)
        assert isinstance(standalone(text, [("who controls Aleppo?", text)]).question, str)


def test_a_parsed_conversation_is_quick():
    history = [
        ("why did Brita Holm visit Paris?", "She visited Paris to plead for the city."),
        ("what did she say there?", ""),
    ]
    standalone("what did Russia say about it?", history)
    begun = time.process_time()
    for _ in range(20):
        standalone("what did Russia say about it?", history)
    assert (time.process_time() - begun) / 20 < 0.02


def test_a_question_that_leans_on_nothing_loads_no_parser_and_no_follow_up_loads_torch():
    code = """
import sys
from assistant.followup import standalone
standalone("why?", [])
standalone("who controls eastern Aleppo?", [("when was Nelson Mandela freed?", "in 1990")])
assert "spacy" not in sys.modules
assert standalone("why?", [("did Turkey close the border?", "")]).carried
assert "spacy" in sys.modules and not {"torch", "transformers"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
