"""Questions about who says what: how they are recognised, and what answers them."""

import pytest

from assistant.speakers import Saying, said, saying
from assistant.types import Attribution, Claim, Mention, Speaker
from corpus.types import Document, Span


def claim(text, by=None, *, named=True, content=None, denied=False, via=None, score=0.5, doc="1"):
    """A claim of one sentence, attributed to `by` (own voice without it), who says `content`."""
    document = Document(doc, f"{doc}.txt", "news", None, None, None, None, "text/plain", 1, 1, "0")

    def mention(words):
        at = max(text.find(words), 0)
        return Mention(Span(doc, at, at + len(words)), words)

    attribution = Attribution(None, None, None, (), "own")
    if by:
        parts = (mention(content).span,) if content else ()
        speaker = Speaker(mention(by), mention(by), named)
        attribution = Attribution(speaker, mention(via) if via else None, None, parts, "reported", denied)
    return Claim(Span(doc, 0, len(text)), text, document, score, attribution=attribution)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        (
            "who said that half of eastern Aleppo was liberated?",
            Saying("who", "", "half of eastern Aleppo was liberated"),
        ),
        (
            "Who says the rebels are in a good position?",
            Saying("who", "", "the rebels are in a good position"),
        ),
        ("who called on Russia to stop the bombing?", Saying("who", "", "Russia to stop the bombing")),
        ("who denied the attack?", Saying("who", "", "the attack", True)),
        ("Who has denied bombing the hospital?", Saying("who", "", "bombing the hospital", True)),
        ("did anyone deny the report?", Saying("who", "", "the report", True)),
        ("Which minister said the siege would end?", Saying("who", "", "the siege would end")),
        ("which groups claimed the raid", Saying("who", "", "the raid")),
        ("who is quoted as saying that the war is over?", Saying("who", "", "the war is over")),
        ("according to whom is the road open?", Saying("who", "", "is the road open")),
        ("who accuses the army of torture?", Saying("who", "", "the army of torture")),
        ("what does the Observatory report?", Saying("what", "the Observatory", "")),
        ("What did Lavrov say about Aleppo?", Saying("what", "Lavrov", "Aleppo")),
        (
            "what has the ministry announced about the ceasefire?",
            Saying("what", "the ministry", "the ceasefire"),
        ),
        ("what is the government's position on aid?", Saying("what", "government", "aid")),
        ("what did the army deny?", Saying("what", "the army", "", True)),
        (
            "according to SANA, how many people were killed?",
            Saying("what", "SANA", "how many people were killed"),
        ),
        (
            "how many were killed according to the Observatory?",
            Saying("what", "the Observatory", "how many were killed"),
        ),
        ("did Lavrov say the bombing would stop?", Saying("whether", "Lavrov", "the bombing would stop")),
        (
            "has Russia denied bombing the hospital?",
            Saying("whether", "Russia", "bombing the hospital", True),
        ),
        ("is it true that Kerry promised a truce?", Saying("whether", "Kerry", "a truce")),
        (
            "Half of eastern Aleppo has been liberated.",
            Saying("statement", "", "Half of eastern Aleppo has been liberated"),
        ),
        (
            "“Rebels will not withdraw from the city”",
            Saying("statement", "", "Rebels will not withdraw from the city"),
        ),
    ],
)
def test_recognised(question, found):
    assert saying(question) == found


@pytest.mark.parametrize(
    "question",
    [
        "who controls eastern Aleppo?", "how many people were killed?", "is aid reaching people in Aleppo?",
        "did the army withdraw?", "who wrote Hamlet?", "who told the story of Troy?", "what do Syrians call the city?",
        "what is the Observatory called?", "Which countries vetoed the resolution?", "who added the clause?",
        "Aleppo casualties November", "what did he say?", "what does the report say about water?", "who called Assad?",
        "what was the ambassador accused of?", "When was the mill built?", "who reports to the minister?", "tell me about the siege of Homs",
        "", "?", "eastern Aleppo",
    ],
)  # fmt: skip
def test_not_about_speakers(question):
    assert saying(question) is None


MINISTRY = "The Russian Ministry of Defence said Tuesday that half of eastern Aleppo has been liberated."
half = claim(MINISTRY, "The Russian Ministry of Defence", content="half of eastern Aleppo has been liberated")
stay = claim(
    "Rebels say they will not withdraw from eastern Aleppo.",
    "Rebels",
    content="they will not withdraw from eastern Aleppo",
    score=0.9,
)
plain = claim("Half of eastern Aleppo lies in ruins.", score=0.8)
held = claim(
    "The Observatory reported that the government was detaining hundreds.",
    "The Observatory",
    content="the government was detaining hundreds",
)
denied = claim("Damascus denied that the government was detaining hundreds.", "Damascus", denied=True)
unnamed = claim("The situation of the rebels inside the city is good, he said.", "he", named=False)


def ask(question, *claims):
    return said(saying(question), claims)


def test_who_said_it_is_answered_by_the_claimant():
    found = ask("who said that half of eastern Aleppo was liberated?", stay, plain, half)
    assert found.claims[0] is half and found.short == "The Russian Ministry of Defence" and found.says == (0,)


def test_a_speaker_without_a_name_is_quoted_and_not_guessed():
    found = ask("Who says the situation of the rebels inside the city is good?", half, unnamed, stay)
    assert found.claims[0] is unnamed and found.short is None and found.says == (0,)


def test_the_voice_of_the_document_is_nobodys_saying():
    found = ask("who said that half of eastern Aleppo lies in ruins?", plain)
    assert found.short is None and found.says == ()


def test_who_denied_it():
    found = ask("who denied that the government was detaining hundreds?", held, denied)
    assert found.claims[0] is denied and found.short == "Damascus"
    assert [found.claims[i] for i in found.otherwise] == [held]
    assert ask("who said the government was detaining hundreds?", denied, held).short == "The Observatory"


def test_what_somebody_says_is_what_is_attributed_to_them():
    found = ask("what does the Observatory report?", half, stay, held)
    assert found.claims == (held,) and found.short == "the government was detaining hundreds"
    marked = 'The Ministry said that "half" of the city had been "liberated".'
    found = ask("what did the Ministry say?", claim(marked, "The Ministry", content='that "half" of the city had been "liberated'))
    assert found.short == '"half" of the city had been "liberated"'
    assert ask("what does the Syrian Observatory report?", claim("X said.", "Observatory")).claims
    nobody = ask("what did Trump say about Aleppo?", half, stay)
    assert nobody.short is None and nobody.says == () and nobody.claims == (half, stay)


def test_one_is_not_taken_for_another():
    assert ask("what did Bashar al-Assad say?", claim("Asma al-Assad said so.", "Asma al-Assad")).says == ()
    assert (
        ask(
            "what did the Russian Ministry of Defence say?",
            claim("The Russian Red Cross said so.", "The Russian Red Cross"),
        ).says
        == ()
    )


def test_according_to_somebody_leaves_the_answer_to_the_reader():
    found = ask(
        "according to SANA, how many people were killed?",
        half,
        claim("SANA said eight people were killed.", "SANA", content="eight people were killed"),
    )
    assert len(found.claims) == 1 and found.short is None


def test_whether_somebody_said_it():
    assert (
        ask("did the Russian ministry say half of eastern Aleppo has been liberated?", stay, half).short
        == "yes"
    )
    assert ask("did Damascus say that the government was detaining hundreds?", held, denied).short == "no"
    assert ask("has Damascus denied that the government was detaining hundreds?", held, denied).short == "yes"
    assert ask("did Kerry say half of eastern Aleppo has been liberated?", stay, half).short is None


def test_a_statement_is_answered_with_who_says_it_and_who_says_otherwise():
    found = ask("The government was detaining hundreds.", half, denied, held)
    assert found.short == "The Observatory"
    assert [found.claims[i] for i in found.says] == [held] and [found.claims[i] for i in found.otherwise] == [
        denied
    ]
    nobody = ask("The harbour of Latakia was closed by a storm.", half, held)
    assert nobody.says == () and nobody.otherwise == () and nobody.short is None


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("Syria struck the hospital in Idlib.", "The envoy said Russia struck the hospital in Idlib."),
        ("Israel attacked Lebanon on the coast.", "The envoy said Lebanon attacked Israel on the coast."),
        ("58 people were killed in the raid.", "The envoy said people were killed in the raid."),
    ],
)
def test_what_nobody_says_is_not_put_into_a_mouth(statement, sentence):
    assert ask(statement, claim(sentence, "The envoy")).says == ()


def test_another_figure_says_otherwise():
    found = ask(
        "58 people were killed in the raid on Maarat.",
        claim("The envoy said 12 people were killed in the raid on Maarat.", "The envoy"),
    )
    assert found.says == () and len(found.otherwise) == 1
