"""Who says what: the documented cases, names that must not be given, whole sentences, and the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.attribution import Context, attribute, attributed
from assistant.types import Attribution
from corpus.types import Span
from tests.conftest import lines

ROOT = Path(__file__).resolve().parents[2]


def documented() -> list[list[str]]:
    rows = (ROOT / "docs" / "attribution.md").read_text().splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("| ")]
    return [row for row in cells if row[0] != "what"]


def told(each: Attribution) -> tuple[str, str, str]:
    """An attribution as the tables of docs/attribution.md write it."""
    claimant = each.claimant
    who = claimant.mention.text if claimant else "—"
    if claimant and claimant.surface:
        who += f" ({claimant.surface.text})"
    notes = ["unnamed"] * bool(claimant and not claimant.named)
    notes += [f"through {each.via.text}"] if each.via else []
    notes += ["denied"] * each.denied + ["uncertain"] * each.hedged
    return who, each.cue.text if each.cue else "—", ", ".join(notes)


@pytest.mark.parametrize("row", documented(), ids=lambda row: row[0])
def test_the_documented_examples_are_what_byline_does(row):
    _, example, claimant, cue, besides = row
    found = attribute(example.replace("¶", "\n\n"))
    if claimant == "nothing":
        assert [told(each) for each in found] == []
    else:
        last = [each for each in found if each.claimant] or found
        assert told(last[-1]) == (claimant, cue, besides)
        assert all(each.voice == "reported" for each in found)


NEVER = [
    ("Lavrov met Kerry in Geneva. He said the talks had failed.", set()),
    ("Sergei Lavrov met his counterpart in Geneva. He said the talks had failed.", set()),
    ("Sergei Lavrov spoke in Geneva. His deputy left early. He said the talks had failed.", set()),
    ("John Smith was shot by Peter Brown on Monday. He said he saw nothing.", set()),
    ("Police arrested John Smith on Monday. He denies the charges.", set()),
    ("The witness identified John Smith. He said he had seen a gun.", set()),
    ("John Smith resigned. John Brown took over. He said he was ready.", set()),
    ("John Smith's wife left. He said she was tired.", set()),
    ("Mrs. May met reporters. He said nothing would change.", set()),
    ("Hassan Rouhani wrote to Donald Trump. \"He is wrong,\" he said.", {"Hassan Rouhani"}),
    ('"Omar Haddad is a liar," he said.', set()),
    ("Omar Haddad is a liar, he said.", set()),
    ('"Omar Haddad has left." He said the road was closed.', set()),
    ("Amnesty accused Russia of war crimes. It said hospitals had been hit.", {"Amnesty"}),
    ("The UN and the Red Cross left the city. It said the road was unsafe.", set()),
    ('Residents were seen fleeing. "There is no hospital left in the city," he said in a statement.', set()),
    ('"The bridge is gone," the engineer said. "Who will pay?" asked Ann Berg.', {"Ann Berg"}),
    ("Ole Dahl, the minister, met Ann Berg, the mayor. The general said the talks had failed.", set()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "allowed"), NEVER, ids=lambda value: value[:40] if isinstance(value, str) else ""
)
def test_no_name_is_given_that_the_text_does_not_make_certain(text, allowed):
    found = attribute(text)
    assert {each.claimant.mention.text for each in found if each.claimant and each.claimant.named} <= allowed
    assert all(each.claimant.surface is None for each in found if each.claimant)


def test_a_quotation_in_another_paragraph_is_given_to_nobody():
    first, second = attribute('Ann Berg said she was tired.\n\n"The bridge is gone for good."')
    assert first.claimant.mention.text == "Ann Berg" and len(first.content) == 1
    assert second.claimant is None and second.voice == "reported"


def test_a_quotation_left_open_goes_on_in_the_next_paragraph():
    text = "Ann Berg said: “The bridge is gone for good.\n\n“It will not be built again.”"
    (only,) = attribute(text)
    assert only.claimant.mention.text == "Ann Berg"
    assert [text[span.start : span.end] for span in only.content] == [
        "“The bridge is gone for good.", "“It will not be built again.”",
    ]  # fmt: skip


def test_a_quotation_of_several_sentences_is_content_throughout():
    text = '"We won. We will stay," Ann Berg said. "Nobody leaves. Nobody." She smiled.'
    (only,) = attribute(text)
    assert [text[span.start : span.end] for span in only.content] == [
        '"We won. We will stay,"',
        '"Nobody leaves. Nobody."',
    ]


TANGLED = (
    '\r\n  “Éa 😀 𝄞,” said Ann Berg. ‘No.’\u2028Nobody… "Yes" he said said: that, that.\n\n\n'
    '"""" said said. According to. Per . "X: Y Z W" -- who said what? (He) denied\u00a0it, it, it.\n'
    "Ann Berg: “We know. We knew.\n\nSMITH: No no no no.\n\nSMITH: Yes yes yes yes.\n" + "said " * 300
)


@pytest.mark.parametrize("offset", [0, 17])
def test_spans_are_of_the_text_also_where_it_is_odd(offset, data=TANGLED):
    found = attribute(data, offset, "7")
    assert found
    for each in found:
        claimant = each.claimant
        for mention in (
            claimant and claimant.mention,
            claimant and claimant.name,
            claimant and claimant.surface,
            each.via,
            each.cue,
        ):
            if mention is not None:
                assert data[mention.span.start - offset : mention.span.end - offset] == mention.text != ""
                assert mention.span.document_id == "7"
        assert all(0 <= span.start - offset < span.end - offset <= len(data) for span in each.content)


@pytest.mark.parametrize(
    "text", ["", " \n ", "😀", '"', '"""', "“", ":", "said", "According to", "He said", "\ufeff“”"]
)
def test_what_says_nothing_gives_nothing(text):
    assert all(each.claimant is None or not each.claimant.named for each in attribute(text))


# -- the sentences of an answer ---------------------------------------------------------------------------


def governing(paragraph: str, quote: str, answer: str | None = None, start: int = 0) -> Attribution:
    at = paragraph.index(quote)
    place = paragraph.index(answer, at) if answer else 0
    span = Span("7", start + at, start + at + len(quote))
    wanted = Span("7", start + place, start + place + len(answer)) if answer else None
    (found,) = attributed([Context(paragraph, start, span, wanted)])
    return found


RUNNING = (
    '"The bridge is gone. We heard it fall," said Ann Berg, an engineer. "It was loud." Trains were stopped.'
)


@pytest.mark.parametrize(
    ("quote", "claimant"),
    [
        ('"The bridge is gone.', "Ann Berg, an engineer"),
        ('We heard it fall," said Ann Berg, an engineer.', "Ann Berg, an engineer"),
        ('"It was loud."', "Ann Berg, an engineer"),
        ("Trains were stopped.", None),
    ],
)
def test_a_sentence_of_a_running_quotation_has_its_speaker(quote, claimant):
    found = governing(RUNNING, quote, start=1000)
    assert (found.claimant and found.claimant.mention.text) == claimant
    assert found.voice == ("reported" if claimant else "own")
    if claimant:
        span = found.claimant.mention.span
        assert RUNNING[span.start - 1000 : span.end - 1000] == claimant
        assert found.claimant.name.text == "Ann Berg"


def test_a_pronoun_is_resolved_by_its_paragraph_and_not_without_its_beginning():
    paragraph = "Ann Berg arrived on Monday. She said the bridge was safe."
    assert governing(paragraph, "She said the bridge was safe.").claimant.mention.text == "Ann Berg"
    context = Context(paragraph, 50, Span("7", 50 + 28, 50 + len(paragraph)), whole=False)
    (cut,) = attributed([context])
    assert cut.claimant.mention.text == "She" and not cut.claimant.named


@pytest.mark.parametrize(
    "sentence",
    [
        "Rebels took the old bridge in the night after the army said it had left.",
        "Ann Berg criticised the plan.",
        "The Red Cross is offering help in the city.",
        "The report lay on the table.",
        "Rebels attacked the village.",
    ],
)
def test_what_the_document_itself_says_is_its_own_voice(sentence):
    assert governing(sentence, sentence) == Attribution(None, None, None, (), "own")


def test_hedges_count_in_the_documents_own_voice_too():
    assert governing("The bridge was reportedly closed.", "The bridge was reportedly closed.").hedged
    assert governing("The suspected arsonist fled.", "The suspected arsonist fled.").hedged
    assert not governing(
        "The envoy could not reach the town in May.", "The envoy could not reach the town in May."
    ).hedged


def test_the_answer_decides_whose_voice_it_is():
    text = "The Observatory, a war monitor in Britain, said that hundreds had fled."
    assert governing(text, text, "hundreds").claimant.name.text == "The Observatory"
    assert governing(text, text, "The Observatory").claimant.name.text == "The Observatory"
    assert governing(text, text, "a war monitor in Britain").voice == "own"
    text = "Rebels took the old bridge in the night after the army said it had left the town."
    assert governing(text, text, "it had left the town").claimant.mention.text == "the army"


def test_sentences_are_attributed_as_they_are_alone():
    paragraphs = [row[1].replace("¶", "\n\n") for row in documented()]
    contexts = [Context(text, 0, Span("7", 0, len(text))) for text in paragraphs]
    assert attributed(contexts) == [attributed([context])[0] for context in contexts]


def test_the_claimants_of_the_seeds_questions(data):
    """The claimant of each question's sentence, or none where a pronoun or the article itself speaks."""
    article = (data / "seed" / "aleppo.txt").read_text()
    wrong = []
    for line in (data / "seed" / "questions.jsonl").read_text().splitlines():
        for gold in json.loads(line)["gold"]:
            at = article.index(gold["sentence"])
            start, end = article.rfind("\n", 0, at) + 1, article.find("\n", at)
            answer = gold["answer"] if gold["answer"] and gold["answer"] in gold["sentence"] else None
            found = governing(article[start : end if end > 0 else None], gold["sentence"], answer)
            claimant = found.claimant
            if gold["claimant"]:
                right = claimant is not None and gold["claimant"] in claimant.mention.text
            else:  # one clause of the article's sentence is announced by a government: that is found, too
                right = claimant is None or not claimant.named or "announced" in gold["sentence"]
            if not right:
                wrong.append((gold["sentence"], gold["claimant"], claimant))
    assert wrong == []


# -- the command ------------------------------------------------------------------------------------------


def test_a_batch_gives_one_line_for_each(byline, tmp_path):
    text = "Ann Berg arrived on Monday. 😀 She denied that the bridge was unsafe."
    batch = lines(
        tmp_path / "texts.jsonl", {"id": "a", "text": text}, {"id": "b"}, "nonsense", {"id": 4, "text": " "},
        {"id": 5, "text": "x", "source": "y"}, {"id": 6, "text": None}, {"id": 7, "text": "\ud800"},
    )  # fmt: skip
    done = byline("attribute", "--batch", batch)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and len(results) == 7
    assert [each["id"] for each in results] == ["a", "b", None, 4, 5, 6, 7]
    assert [("error" in each) for each in results] == [False, True, True, False, True, True, True]
    assert results[3]["attributions"] == []
    (found,) = results[0]["attributions"]
    surface, cue = text.index("She"), text.index("denied")
    assert found["claimant"] == {
        "text": "Ann Berg", "start": 0, "end": 8, "named": True,
        "surface": {"text": "She", "start": surface, "end": surface + 3},
        "name": {"text": "Ann Berg", "start": 0, "end": 8},
    }  # fmt: skip
    assert found["cue"] == {"text": "denied", "start": cue, "end": cue + 6}
    assert found["content"] == [{"start": cue + 7, "end": len(text) - 1}]
    assert (found["via"], found["voice"], found["denied"], found["hedged"]) == (None, "reported", True, False)


def test_attributing_does_not_import_torch():
    code = """
import sys
from assistant.attribution import attribute
assert attribute("The mayor said the road was closed.")
print([name for name in ("torch", "tensorflow") if name in sys.modules])
import torch
assert torch.tensor([1]).sum() == 1
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"
