"""Questions to ask next, made by rule of what an answer and the sentences found beside it name, and kept
only where the documents answer them with something that is not shown yet.

Each is really asked, after the same conversation and within the same filters, as it will be when it is
clicked. That it is answered does not suffice, for the reader gives high marks to vague questions too. So
each sort of question says what its first sentence must hold: the speaker's own words on the topic, a
description of the person, the very sentence that the question was made of.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.assistant import NO_FILTERS, Assistant
from assistant.attribution import speakers
from assistant.attribution.lexicon import PERSONS
from assistant.followup.phrases import one_line, phrases
from assistant.questions import is_list, parse, subject_question
from assistant.speakers import saying
from assistant.types import Answer, Claim
from assistant.values import same_bearer
from corpus.types import Filters
from index.wording import telling, words

if TYPE_CHECKING:
    from spacy.tokens import Token

MOST = 3  # that are shown
ASKED = 12  # that are tried
RELATED = 24  # sentences beside those of the answer that questions are made of
LEAST = 0.4  # confidence of the answer to one
SAME = 0.8  # share of the words of the shorter of two sentences that makes the one no news beside the other
CONTENT = 25  # characters of somebody's reported words, below which they are no answer
LONGEST = 120  # characters of a question

_NAME = re.compile(r"(?:the )?[^\W\d_][\w.’'-]*(?: [^\W\d_][\w.’'-]*){0,6}")
_SMALL = frozenset("of the and for in on al el bin ibn de del der la le von van du da di".split())
_OFFICES = PERSONS | frozenset("prime foreign defence defense interior vice deputy mr mrs ms dr sir".split())
_LEADING = frozenset(
    "heads headed leads led runs ran chairs chaired commands commanded directs directed manages managed coaches "
    "coached founded represents represented".split()
)
_SAYING = re.compile(
    r"sa(?:y|ys|id)|tells?|told|reports?|reported|adds?|added|warn(?:s|ed)?|claim(?:s|ed)?|argue[sd]?|announce[sd]?|"
    r"insist(?:s|ed)?|state[sd]|den(?:y|ies|ied)|confirm(?:s|ed)?|describe[sd]?|accuse[sd]?|call(?:s|ed)|urge[sd]?"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A question; whether a sentence may answer it, by its words; and whether one that has been read
    and attributed is the answer that it is after."""

    question: str
    promises: Callable[[Claim], bool]
    fits: Callable[[Claim], bool]


class _Pointless(Exception):
    """What would be read for a question cannot be its answer."""


def suggested(
    asker: Assistant, answer: Answer, *, history: Sequence[tuple[str, str]] = (), filters: Filters = NO_FILTERS,
    goes_on: Callable[[], bool] = lambda: True,
) -> tuple[str, ...]:  # fmt: skip
    """At most MOST questions that the documents answer, to ask after an answer; none after one that abstains.

    `history` holds the conversation's (question, answer) pairs, this one the last; `filters` are those of the
    answer. `goes_on` is asked before each piece of work: where it says no, what has been found by then is all.
    """
    shown = [claim for claim in answer.claims if claim.text]
    if not shown or not goes_on():
        return ()
    told = [set(words(claim.text)) for claim in shown]
    related = [claim for claim in asker.found(answer.standalone, filters) if _is_new(claim, told)]
    earlier = [answer.question, answer.standalone, *(question for question, _ in history)]
    kept: list[str] = []
    asked = 0
    for candidate in candidates(answer.standalone, shown, related):
        if len(kept) == MOST or asked == ASKED or not goes_on():
            break
        if len(candidate.question) > LONGEST or any(_alike(candidate.question, one) for one in earlier):
            continue
        earlier.append(candidate.question)
        asked += 1

        def found(claims: Sequence[Claim], candidate=candidate) -> None:
            if not any(candidate.promises(claim) and _is_new(claim, told) for claim in claims) or not goes_on():
                raise _Pointless()

        try:
            given = asker.ask(candidate.question, history=history, filters=filters, found=found)
        except _Pointless:
            continue
        if given.abstained or given.confidence < LEAST or given.standalone != candidate.question:
            continue
        first = given.claims[0]
        if _is_new(first, told) and candidate.fits(first):
            kept.append(candidate.question)
            told.append(set(words(first.text)))
    return tuple(kept)


def _is_new(claim: Claim, told: Sequence[set[str]]) -> bool:
    """Whether a sentence says something beside those of these words."""
    held = set(words(claim.text))
    return all(len(held & other) < SAME * min(len(held), len(other)) for other in told)


def _alike(one: str, other: str) -> bool:
    a, b = set(words(one)), set(words(other))
    return len(a & b) >= SAME * max(len(a), len(b)) or set(telling(one)) == set(telling(other))


# -- candidates ---------------------------------------------------------------------------------------------


def candidates(question: str, shown: Sequence[Claim], related: Sequence[Claim]) -> Iterator[Candidate]:
    """Questions that the answer to a question may lead to, the likeliest first. `shown` are the answer's
    sentences, `related` others that were found with them."""
    question = one_line(question)
    topics = _topics(question)
    names, known = _names(question), _names(question, *(claim.text for claim in shown))
    here = frozenset(claim.document.id for claim in shown)
    related = [claim for claim in related if not is_list(claim.text) and _names(claim.text) & known][:RELATED]
    near = [claim for claim in shown if not is_list(claim.text)]
    speaking = [who for who in _claimants(shown) if not _touches(who, question)]
    for who in speaking if topics else ():
        yield _what_said(who, topics[0])
    for name, document in _persons(near):
        if not _is_in(name, question):
            yield _who_is(name, document)
    for claim in related:
        made = subject_question(claim.text)
        held = _names(made) if made else set()
        if made and held & known and (held & names or claim.document.id == shown[0].document.id):
            yield _answered_by(made, claim)
    others = [who for who in _subjects(related) if not _touches(who, question) and not _is_of_any(who, speaking)]
    for who in others if topics else ():
        yield _what_said(who, topics[0])
    for topic in topics[1:]:
        for who in speaking:
            yield _what_said(who, topic)
    for who in () if topics else speaking:
        yield _what_said(who, None, here)


def _answered_by(question: str, sentence: Claim) -> Candidate:
    def fits(claim: Claim) -> bool:
        return claim.quote == sentence.quote or claim.text == sentence.text

    return Candidate(question, fits, fits)


def _what_said(who: str, topic: str | None, here: frozenset[str] = frozenset()) -> Candidate:
    """What somebody says on a topic, which their words hold; or else in certain documents."""
    name = who.removeprefix("the ")
    on = set(telling(topic or ""))

    # "The US" is not "US Secretary of State Hillary Clinton", but "the Observatory" that for Human Rights.
    whole = re.compile(rf"(?:.+ )?{re.escape(name)}(?: (?:for|of) .+)?")

    def is_there(claim: Claim, said: str) -> bool:
        return on <= set(words(said)) if topic else claim.document.id in here

    def promises(claim: Claim) -> bool:
        return name in claim.text and is_there(claim, claim.text)

    def fits(claim: Claim) -> bool:
        if claim.attribution is None or claim.attribution.voice == "own":
            return False
        by = [claim.attribution.claimant.name] if claim.attribution.claimant else []
        by += [claim.attribution.via] if claim.attribution.via else []
        within = [s for s in claim.attribution.content if claim.quote.start <= s.start and s.end <= claim.quote.end]
        said = " ".join(map(claim.words, within))
        named = any(whole.fullmatch(one_line(one.text)) for one in by)
        return named and len(said) >= CONTENT and is_there(claim, said)

    return Candidate(f"What did {who} say about {topic}?" if topic else f"What did {who} say?", promises, fits)


def _who_is(name: str, document: str) -> Candidate:
    def fits(claim: Claim) -> bool:
        return _describes(claim, name, document)

    return Candidate(f"Who is {name}?", fits, fits)


def _topics(question: str) -> list[str]:
    """What a question is about, as it can stand after "about": "the earthquake in Haiti", then Haiti."""
    speaking = saying(question)
    found = [phrase for phrase in phrases(question) if phrase.kind != "date" and phrase.part != "possessor"]
    if speaking and speaking.speaker:
        found = [phrase for phrase in found if phrase.text.casefold() in speaking.topic.casefold()]
    found = [phrase for phrase in found if len(phrase.text.split()) <= 5 and telling(phrase.text)]
    found = [phrase for phrase in found if phrase.text.split()[-1] not in _SMALL]  # "the coalition of"
    if not found:
        return []
    last = ([phrase for phrase in found if phrase.named] or found)[-1]
    around = [phrase for phrase in found if phrase.start <= last.start and last.end <= phrase.end]
    return list(dict.fromkeys([max(around, key=lambda phrase: phrase.end - phrase.start).text, last.text]))


# -- names --------------------------------------------------------------------------------------------------


def _names(*texts: str) -> set[str]:
    """The words of some texts that stand in names: those with a capital, the first of a text aside."""
    capital = (word for text in texts for word in re.findall(r"(?<=\s)[^\W\d_][\w’'-]+", text) if word[0].isupper())
    return {stem for word in capital for stem in words(word)}


def _touches(name: str, text: str) -> bool:
    return bool(set(telling(name)) & set(words(text)))


def _is_in(name: str, text: str) -> bool:
    return set(telling(name)) <= set(words(text))


def _is_of_any(name: str, others: Sequence[str]) -> bool:
    return any(same_bearer(name, other) or same_bearer(other, name) for other in others)


def _claimants(claims: Sequence[Claim]) -> list[str]:
    """The named claimants of some claims, each once, as they can stand in a question."""
    found: list[str] = []
    for claim in claims:
        claimant = claim.attribution.claimant if claim.attribution else None
        who = _name(claimant.name.text) if claimant and claimant.named else None
        if who and not _is_of_any(who, found):
            found.append(who)
    return found


def _subjects(claims: Sequence[Claim]) -> list[str]:
    """The names that are subjects of a verb of saying. Whether it is they who say it is told later."""
    found: list[str] = []
    for claim in claims:
        for token in parse(one_line(claim.text)):
            said = token.dep_ == "nsubj" and token.pos_ == "PROPN" and _SAYING.fullmatch(token.head.lower_)
            if said and token.ent_type_ != "NORP" and speakers.named(token):
                start, end = speakers.name(token)
                who = _name(token.doc.text[start:end])
                # "Arab League urges ...": a body of several words wants its article.
                if not who or token.ent_type_ == "ORG" and " " in who and not who.startswith("the "):
                    continue
                if not _is_of_any(who, found):
                    found.append(who)
    return found


def _name(text: str) -> str | None:
    """A name with its article and without what is said of its bearer: "SANA" of "Syrian newspaper SANA"."""
    text = one_line(text)
    persons = [entity.text for entity in parse(text).ents if entity.label_ == "PERSON" and " " in entity.text]
    if persons and text.endswith(persons[-1]):
        text = persons[-1]  # of "Washington-based Middle East Institute Scholar Charles Lister"
    if text.startswith(("The ", "the ")):
        text = f"the {text[4:]}"
    else:
        rest = text.split()
        first = next((i for i in range(len(rest), 0, -1) if not _in_name(rest[i - 1])), 0)
        text = " ".join(rest[first:])
    bare = [word.lower().strip(".") for word in text.removeprefix("the ").split()]
    if not bare or bare[0] in _SMALL - {"al", "el"} or bare[-1] in _SMALL or all(word in _OFFICES for word in bare):
        return None
    plain = _NAME.fullmatch(text) and not re.search(r"['’]s\b|\s['’-]", text)
    return text if plain and any(c.isupper() for c in text) else None


def _in_name(word: str) -> bool:
    return word[0].isupper() or word in _SMALL or bool(re.match(r"(?:al|el|bin)-\w", word))


# -- who somebody is ----------------------------------------------------------------------------------------


def _persons(claims: Sequence[Claim]) -> Iterator[tuple[str, str]]:
    """(full name, document) of the persons in some claims of whom none of these says who they are."""
    found: list[str] = []
    for claim in claims:
        for entity in parse(one_line(claim.text)).ents:
            name = _name(re.sub(r"['’]s?$", "", entity.text)) if entity.label_ == "PERSON" else None
            if name and " " in name and not name.startswith("the ") and name not in found:
                found.append(name)
                if not any(_describes(other, name, claim.document.id) for other in claims):
                    yield name, claim.document.id


def _describes(claim: Claim, name: str, document: str) -> bool:
    """Whether a sentence says who somebody is: "X, the envoy", "envoy X", "X is the envoy", "X heads ...",
    "X, who ...". In the document that has the full name, the surname will do."""
    surname = name.split()[-1]
    if surname not in claim.text or is_list(claim.text):
        return False
    doc = parse(one_line(claim.text))
    for token in doc:
        end = token.idx + len(token)
        if not surname.endswith(token.text) or not doc.text[:end].endswith(surname):
            continue
        begin = end - len(name)
        whole = doc.text[max(0, begin) : end] == name
        alone = not re.search(r"[A-Z]\S* $", doc.text[: end - len(surname)]) and claim.document.id == document
        if (whole or alone) and _is_described(token, begin if whole else end - len(surname)):
            return True
    return False


def _is_described(name: "Token", begin: int) -> bool:
    notes = [child for child in name.children if child.dep_ == "appos"]
    notes += [name.head] if name.dep_ == "appos" else []
    notes += [child for child in name.lefts if child.idx < begin]  # "US ambassador Susan Rice"
    if name.dep_ == "nsubj" and name.head.lower_ in ("is", "was"):
        notes += [child for child in name.head.children if child.dep_ == "attr"]
    if any(note.lower_.removesuffix("s") in PERSONS for note in notes):
        return True
    if any(child.dep_ == "relcl" and any(word.lower_ == "who" for word in child.children) for child in name.children):
        return True
    return name.dep_ == "nsubj" and name.head.lower_ in _LEADING
