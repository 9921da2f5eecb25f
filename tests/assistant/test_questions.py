"""Questions after the subject of a sentence: a good one, or none."""

import pytest

from assistant.questions import is_list, subject_question

MADE = {
    "Hasan heads the district councils of Aleppo.": "Who heads the district councils of Aleppo?",
    "Under the deal, the leaders of Khan al-Shih have come to terms with the Syrian government.":
        "Who has come to terms with the Syrian government?",
    "Mayor Greta Holm also opened the bridge of Orme, which had been closed for years.": "Who opened the bridge of Orme?",
    "Currently, 18 ships are waiting in the harbour of Orme.": "How many ships are waiting in the harbour of Orme?",
    "At least 3,000 protesters gathered at the Sudanese embassy.": "How many protesters gathered at the Sudanese embassy?",
    "A fire in the kitchen destroyed the old theatre of Orme.": "What destroyed the old theatre of Orme?",
    "Russia vetoed the resolution on Syria, and China followed.": "Who vetoed the resolution on Syria?",
}  # fmt: skip


@pytest.mark.parametrize("sentence", MADE)
def test_a_question_after_the_subject(sentence):
    assert subject_question(sentence) == MADE[sentence]
    assert subject_question(sentence.replace(" ", "\n", 1)) == MADE[sentence]


@pytest.mark.parametrize("sentence", [
    "He heads the district councils of Aleppo.",  # who he is, the sentence does not say
    "Hasan heads the district councils.",  # of what place?
    "Hasan heads its councils in Aleppo.",
    "Hasan visited the bridge in Aleppo on Tuesday.",  # which bridge, which Tuesday?
    "Hasan does not head the district councils of Aleppo.",
    "Hasan says that Lind heads the district councils of Aleppo.",
    "Hasan wants to head the district councils of Aleppo.",
    "Hasan heads the district councils of Aleppo",  # no end: a heading, or cut off
    "Hasan Heads District Councils Of Aleppo And Homs.",
    "The town hall of Orme was designed by Cobb, Shepley and Coolidge.",  # a list, cut at its comma
    "Britain designated the group of Orme, also known as the League, a terrorist organisation.",
    "The river Rhine flows through Orme.",  # neither who nor what is sure
    "Oxygen was discovered by Carl Wilhelm Scheele.",
    "Kenya has ratified Convention No. 81 on labour inspection.",  # that is no end
    'Hasan heads the "district councils" of Aleppo.',
    "Is Hasan the head of the district councils of Aleppo?",
    f"Hasan heads the district councils of Aleppo {'and of Homs ' * 30}.",
    "", "...", "|a|b|", "😀.", "\x00.",
])  # fmt: skip
def test_rather_none(sentence):
    assert subject_question(sentence) is None


def test_headlines_and_tables_are_lists():
    assert is_list("Rescue Service Says Dozens Killed In Aleppo") and is_list("My team | Score | Theirs")
    assert not is_list("The Russian Ministry of Defence said on Tuesday that half had been taken.")
