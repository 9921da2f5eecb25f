"""Finding: the right sentence, filters, removal, and questions that are no query language."""

import json

import numpy as np
import pytest

from corpus.types import Filters
from index.lexical import Lexical, Tail
from index.search import search, search_documents
from index.sync import Index
from index.wording import phrases, quotes_titles, words

BRIDGE = "---\ntitle: Bridge over the Orme\nsource: Courier\npublished: 2016-11-28\n---\n"


@pytest.fixture
def town(files, fill):
    """A handful of short documents on different matters."""
    files(
        bridge_md=BRIDGE + "The engineers inspected it. The cost has risen to 86 million.\n",
        flood_md="---\nsource: Herald\npublished: 2016-11-29\n---\nThe flood took two mills. The cost has risen to 12.\n",
        school_txt="The school has 300 pupils. Its headmaster is Anna Brandt.",
        harvest_txt="Farmers brought in the barley late. Rain had delayed them.",
    )
    return fill(files(), index=True)


def texts(library, encoder, index, question, k=5, filters=Filters(), find=search):
    hits = find(library, index, question, encoder.encode([question])[0], k, filters)
    return [library.quote(hit.span) for hit in hits]


def test_the_document_and_neighbours_tell_which_sentence_is_meant(town, library, encoder):
    """ "The cost has risen to ..." names neither bridge nor flood. """
    index = Index(library)
    bridge, flood = "The cost has risen to 86 million.", "The cost has risen to 12."
    found = texts(library, encoder, index, "what does the bridge cost?", 8)
    assert found[0] == bridge
    found = texts(library, encoder, index, "how much did the flood cost?", 8)
    assert found.index(flood) < 2 and found.index(flood) < found.index(bridge)


def test_documents_are_ranked_each_once(town, library, encoder):
    found = texts(library, encoder, Index(library), "who is headmaster of the school?", 4, find=search_documents)
    assert len(found) == 4 and found[0] == "Its headmaster is Anna Brandt."


def test_filters_hold_and_all_that_pass_come_back(town, library, encoder):
    index = Index(library)
    for filters in (Filters(source="Herald"), Filters(since="2016-11-29"), Filters(source="herald", until="2016-11-29")):
        found = texts(library, encoder, index, "what does the bridge cost?", 5, filters)
        assert sorted(found) == ["The cost has risen to 12.", "The flood took two mills."]
    assert texts(library, encoder, index, "bridge", 5, Filters(source="nobody")) == []


def test_what_passes_a_filter_is_told_by_ranges_of_sentences(town, files, library, fill):
    (files() / "bridge.md").write_text(BRIDGE + "It is closed.")  # ids with a gap
    fill(files())
    with library.reading() as db:
        for wanted in ([], [2], [1], [2, 3, 5], [99], [document.id for document in library.documents()]):
            owners = ",".join(map(str, wanted))
            rows = db.execute(f"SELECT id FROM sentences WHERE document_id IN ({owners}) ORDER BY id").fetchall()
            assert library.sentence_ids(np.array(wanted, np.int64)).tolist() == [row[0] for row in rows]


def test_a_filter_holds_though_a_range_is_damaged(town, library, encoder):
    with library.transaction() as db:
        db.execute("UPDATE documents SET first_sentence = 1 WHERE source = 'Herald'")
    found = texts(library, encoder, Index(library), "what does the bridge cost?", 9, Filters(source="Herald"))
    assert all("86" not in text and "engineers" not in text for text in found)


def test_what_passes_is_not_asked_twice(town, library, encoder, monkeypatch):
    filters = Filters(source="Herald")
    passing = library.allowed(filters)
    monkeypatch.setattr(library, "allowed", None)
    vector = encoder.encode(["what does the bridge cost?"])[0]
    for find in (search, search_documents):
        hits = find(library, Index(library), "what does the bridge cost?", vector, 5, filters, passing=passing)
        assert {int(hit.span.document_id) for hit in hits} == set(passing[0].tolist())


def test_a_text_that_is_replaced_in_the_tail_leaves_no_trace():
    tail = Tail(None)
    tail.add([(1, 1, "the barley was late"), (2, 2, "the barley was early")])
    tail.add([(1, 1, "the convoy was late")])
    assert [tail.frequency(word) for word in words("barley convoy late early")] == [1, 1, 1, 1]
    assert {word for word, n in tail.vocabulary.items() if n} == {"the", "barley", "convoy", "was", "late", "early"}
    assert tail.vocabulary["barley"] == 1 and tail.count == 2
    assert tail.search(dict.fromkeys(words("barley"), 1.0), 5)[0].tolist() == [2]


def test_replacing_one_text_does_not_walk_every_word():
    class Counted(dict):
        looked = 0

        def __getitem__(self, word):
            self.looked += 1
            return super().__getitem__(word)

        def values(self):
            raise AssertionError("walks the whole vocabulary")

        def __missing__(self, word):
            self[word] = {}
            return super().__getitem__(word)

    tail = Tail(None)
    tail._postings = Counted()
    tail.add((n, n, f"word{n}") for n in range(1000))
    before = tail._postings.looked
    tail.add([(5, 5, "word5 again")])
    assert tail._postings.looked - before <= 6


def test_the_tail_is_searched_like_the_base(files, town, library, fill, encoder):
    index = Index(library)
    question = "who won the regatta on the lake?"
    before = texts(library, encoder, index, question)
    files(regatta_txt="The regatta on the lake was won by the crew of Lund.")
    fill(files(), index=False)
    assert "crew of Lund" in texts(library, encoder, index, question)[0]
    assert "crew of Lund" in texts(library, encoder, Index(library), question)[0]
    assert all("Lund" not in text for text in before)


def test_base_and_tail_score_alike():
    """The tail's BM25 is tantivy's, up to its rounding of text lengths."""
    corpus = [(n, n % 3, f"convoy {'tents ' * (n % 4)} number n{n} reached the town {'late ' * (n % 2)}") for n in range(60)]
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        base = Lexical.build(Path(folder, "x"), corpus)
        tail = Tail(None)
        tail.add(corpus)
        for query in ("tents", "n7 late", "the convoy number n12"):
            ids, scores = base.search(dict.fromkeys(words(query), 1.0), 60)
            ours = dict(zip(*map(np.ndarray.tolist, tail.search(dict.fromkeys(words(query), 1.0), 60)), strict=True))
            assert set(ids.tolist()) == set(ours)
            assert [ours[i] for i in ids.tolist()] == pytest.approx(scores.tolist(), rel=0.05)
            for limit in ({"groups": np.array([1])}, {"ids": np.array([7, 12, 31])}):
                assert set(base.search(dict.fromkeys(words(query), 1.0), 60, **limit)[0]) == set(tail.search(dict.fromkeys(words(query), 1.0), 60, **limit)[0])


def test_what_is_replaced_is_never_found_again(files, town, library, fill, encoder):
    index = Index(library)
    assert "Brandt" in texts(library, encoder, index, "who is the headmaster?", 1)[0]
    (files() / "school.txt").write_text("The school has 300 pupils. Its headmaster is Karl Vogel.")
    fill(files(), index=False)
    found = texts(library, encoder, index, "who is the headmaster Anna Brandt?", 50)
    assert not [text for text in found if "Brandt" in text] and "Vogel" in found[0]


def test_k_are_found_though_most_of_the_index_was_removed(tmp_path, library, fill, encoder):
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": f"Convoy {n} brought tents."}) + "\n" for n in range(600)))
    fill(path)
    index = Index(library)
    with library.writing() as writer:
        writer.remove([document.id for document in library.documents() if int(document.name) >= 7])
    assert len(texts(library, encoder, index, "which convoy brought tents?", 20)) == 7
    assert len(texts(library, encoder, index, "which convoy brought tents?", 5)) == 5


@pytest.mark.parametrize(
    "question",
    ["multi-agent", "why?", '"', "@x", "NEAR(", "a AND", "OR", "*", "flood:", "text:flood", "[a TO b]", "flood^9", "~",
     "\\", "(((((", "'; DROP TABLE documents; --", "+", "-", "!", "flood~2", "🤖", "\u202e", "\0", " ".join(["flood"] * 500)],
)  # fmt: skip
def test_a_question_is_never_a_query_language(town, library, encoder, question):
    """THREATS 33: no error, and no empty result where sentences exist."""
    assert texts(library, encoder, Index(library), question, 3)


def test_characters_of_query_languages_do_not_hide_a_match(town, library, encoder):
    index = Index(library)
    for question in ("barley-late?", '"barley', "barley AND NOT late", "(barley)", "barley*", "@barley:"):
        assert "barley" in texts(library, encoder, index, question, 1)[0]


def test_the_naughty_strings_are_searched_for_without_an_error(town, library, encoder, data):
    index = Index(library)
    for text in json.loads((data / "robust" / "blns.json").read_text()):
        if text.strip():
            assert texts(library, encoder, index, text, 1) or phrases(text)


def test_an_empty_library_finds_nothing(library, encoder):
    assert texts(library, encoder, Index(library), "anything at all") == []


@pytest.fixture
def news(tmp_path, library, fill):
    path = tmp_path / "news.jsonl"
    sentences = [
        "Militants of ISIS left the town of Raqqa.", "Three airstrikes hit the eastern market of Aleppo.",
        "The U.S. envoy met Brita Hagi Hasan in Paris.", "The council’s  report said \u201ceight depots\u201d burned down.",
        "About 12,500 people fled the harbour.", "The depots, eight of them, had not burned.", "Rain fell on the barley.",
    ]  # fmt: skip
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(sentences)))
    fill(path)
    return Index(library)


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("who left raqqa", "ISIS"), ("daesh", "ISIS"), ("islamic state", "ISIS"), ("3 air strikes on the market", "airstrikes"),
        ("air-strikes", "airstrikes"), ("US envoy in paris", "U.S."), ("envoy of the u.s.", "U.S."), ("8 depots", "depots"),
        ("12500 people", "12,500"), ("harbor", "harbour"), ("COUNCIL'S REPORT", "council"), ("al-Hasan", "Hasan"),
    ],
)  # fmt: skip
def test_questions_as_people_type_them(news, library, encoder, typed, held):
    assert held in texts(library, encoder, news, typed, 1)[0]


@pytest.mark.parametrize("wrong", ["Allepo", "alepo", "Alepppo", "laeppo", "Aleppoo"])
def test_a_misspelt_name_is_mended(news, library, encoder, wrong):
    with library.reading():
        news.refresh()
        assert news.corrected(f"who holds {wrong}?", encoder.knows) == "who holds aleppo?"


def test_a_word_that_is_meant_is_not_mended(news, library, encoder):
    """ "lull" and "barge" are words, though no text holds them; "Rain" is held. """
    with library.reading():
        news.refresh()
        for question in ("a lull in the barge traffic", "who met Hasan?", "Rain on 12,500", "12501 people", "über Öl"):
            assert news.corrected(question, encoder.knows) == question


def test_a_quoted_phrase_must_occur(news, library, encoder):
    whole = "The council’s  report said “eight depots” burned down."
    for question in ('what of "eight depots"?', 'where is "THE COUNCIL\'S REPORT"', "was it “Eight  Depots”", '"eight depots" "burned down"'):
        assert texts(library, encoder, news, question) == [whole]
    assert texts(library, encoder, news, '"eight depots" "Aleppo"') == []
    assert texts(library, encoder, news, '"depots eight"') == []
    assert len(texts(library, encoder, news, 'a stray " in eight depots')) == 5


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ('Who directed "Gone with the Wind"?', True), ('Who directed the film "Deadfall"?', True),
        ('What is the genre of "The Power of Darkness"?', True), ('What of "Deadfall"?', False),
        ('What of "I did not do it"?', False), ('What of "We are at war"?', False), ('What of "eight depots"?', False),
        ('Is "Deadfall" the film that has "eight depots"?', False),
    ],
)  # fmt: skip
def test_titles_are_told_from_what_was_said(question, titles):
    assert quotes_titles(question) == titles


def test_a_pasted_statement_finds_itself(news, library, encoder):
    statement = "Three airstrikes hit the eastern market of Aleppo."
    assert texts(library, encoder, news, statement, 1) == [statement]
    assert texts(library, encoder, news, statement + " " + "Nobody knows why. " * 80, 1) == [statement]
