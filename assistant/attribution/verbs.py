"""Verbs of saying: who says, by which words, and what."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.attribution import lexicon
from assistant.attribution.complements import (
    CITING,
    MUTE,
    PLAIN,
    VERBAL,
    antecedent,
    author,
    can_hold_words,
    complement,
    passed_on,
    said_as,
)
from assistant.attribution.phrases import (
    Range,
    cue_range,
    noun_phrase,
    ranges,
    token_range,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

RELATIVE = frozenset(("who", "which", "that", "whom"))


@dataclass(frozen=True, slots=True)
class Relation:
    """One speaker and what it says. `speaker` is the head word of the source, and `source` its range.

    `antecedent` is what a relative pronoun stands for ("the minister, who said"); `pattern` names
    the rule, for measuring.
    """

    speaker: "Token | None"
    source: Range | None
    cue_word: "Token | None"
    cue: Range
    content: tuple[Range, ...]
    pattern: str
    denied: bool = False
    antecedent: "Token | None" = None
    through: Range | None = None  # "the agency quoted the minister as saying": the minister
    subject: Range | None = None  # where it is more than the source: "a report by the minister"


def by_verb(verb: "Token") -> Iterator[Relation]:
    """The relation that a verb makes, if it is one of saying, finding, holding or judging."""
    lemma = lexicon.lemma(verb)
    if _passive(verb):
        yield from _by_passive(verb, lemma)
        return
    if verb.lower_ in CITING and any(
        lexicon.lemma(word) in lexicon.SAYING and word.lower_ not in CITING and word.pos_ == "VERB"
        for word in verb.doc
    ):
        return  # it goes with the verb of saying, as `through`
    subject, leading = _subject(verb)
    if subject is None:
        if lemma in PLAIN and verb.tag_ in ("VBD", "VBZ", "VBP"):  # a quotation beside it may show who speaks
            cue = cue_range(verb, verb)
            yield Relation(None, None, verb, cue, (), "say+quote", denied=_denied(verb, lemma))
        return
    if _asked(verb, subject):
        return
    between = _interposed(verb, subject) if lemma in lexicon.SAYING else None
    if between is not None:
        yield _parenthesis(verb, lemma, *between)
    elif _can_speak(subject):
        yield from _active(verb, lemma, subject, leading)


def _active(verb: "Token", lemma: str, subject: "Token", leading: "Token") -> Iterator[Relation]:
    pattern, content = complement(verb, lemma, subject)
    through = passed_on(verb, lemma)
    if through is not None and lemma not in lexicon.SAYING - {"quote", "cite"}:
        pattern, content = "quoted as", through[1]
    if pattern is None:
        return
    source, speaker, stands_for = noun_phrase(subject), subject, None
    if subject.lower_ in RELATIVE and subject.tag_ in ("WP", "WDT"):
        source, stands_for = token_range(subject), antecedent(verb)
        if stands_for is None:
            return
        if subject.lower_ != "who" and not (lemma in lexicon.SAYING and can_hold_words(stands_for)):
            return
    elif subject.lemma_ in lexicon.DOCUMENTS and (writer := author(subject)) is not None:
        source, speaker = noun_phrase(writer), writer
    cue = cue_range(verb, leading)
    if pattern == "state":  # "is sure"
        state = next(child for child in verb.children if child.lower_ in lexicon.STATES)
        cue = cue[0], state.idx + len(state)
    elif pattern == "address" and content[0].i == verb.i + 1:  # "called for"
        cue = cue[0], max(cue[1], content[0].idx + len(content[0]))
        content = list(content[0].children) or content
    parts = list(ranges(content, verb, subject))
    if through is not None and through[0].i > verb.i and pattern.startswith("say"):
        past = noun_phrase(through[0])[1]  # of "reported, citing the ministry, that ...", the clause
        parts = [
            (_beyond(verb.doc, past) if verb.idx < start < past else start, end)
            for start, end in parts
            if end < verb.idx or end > past
        ]
    yield Relation(
        speaker, source, verb, cue, tuple(parts), pattern,
        denied=_denied(verb, lemma), antecedent=stands_for, through=through and noun_phrase(through[0]),
        subject=noun_phrase(subject) if speaker != subject else None,
    )  # fmt: skip


def _passive(verb: "Token") -> bool:
    return any(child.dep_ in ("auxpass", "nsubjpass") for child in verb.children) or (
        verb.tag_ == "VBN" and any(child.dep_ == "agent" for child in verb.children)
    )


def _subject(verb: "Token") -> tuple["Token | None", "Token"]:
    """The subject of a verb, its own or shared, and the first verb of its chain ("went on to say")."""
    first = verb
    for _ in range(6):
        own = [child for child in verb.children if child.dep_ == "nsubj"]
        if own:
            return own[0], first
        if any(child.dep_ in ("nsubjpass", "csubj", "csubjpass", "expl") for child in verb.children):
            return None, first
        head = verb.head
        if head == verb:
            return None, first
        if verb.dep_ == "conj" and head.pos_ in VERBAL:
            if _passive(head):
                return next((child for child in head.children if child.dep_ == "nsubjpass"), None), first
            if first == verb:
                first = verb
        elif verb.dep_ == "xcomp" and head.lemma_ in lexicon.LEADING:
            first = head if first == verb else first
        elif verb.dep_ in ("advcl", "ccomp", "xcomp", "pcomp") and verb.tag_ == "VBG" and head.pos_ in VERBAL:
            if _passive(head):
                return next((child for child in head.children if child.dep_ == "nsubjpass"), None), first
        elif verb.dep_ == "pcomp" and head.lower_ == "by" and head.head.lemma_ in lexicon.LEADING:
            head = head.head
        else:
            return None, first
        verb = head
    return None, first


def _asked(verb: "Token", subject: "Token") -> bool:
    """Whether it is asked or supposed, not said, that somebody says it: "did he say", "if he says"."""
    inverted = any(child.dep_ == "aux" and child.i < subject.i < verb.i for child in verb.children)
    supposed = any(
        child.dep_ == "mark" and child.lower_ in ("if", "unless", "whether") for child in verb.children
    )
    return inverted or supposed


def _interposed(verb: "Token", subject: "Token") -> tuple["Token", Range] | None:
    """The speaker of "The bridge, Ann Berg said on Monday, is gone", where the parser takes the bridge.

    It is the noun phrase that stands between the last comma and the verb, when the subject stands
    before that comma. With a comma after it, it is an apposition ("The minister, Ole Dahl, said").
    """
    doc = verb.doc
    commas = [word.i for word in doc[subject.i : verb.i] if word.text in (",", '"', "--", "—")]
    if not commas or verb.i < subject.i:
        return None
    words = [word for word in doc[commas[-1] + 1 : verb.i] if word.dep_ not in ("aux", "neg", "advmod")]
    if not words or any(
        word.pos_ in ("VERB", "AUX", "CCONJ", "ADP") and word.head not in words for word in words
    ):
        return None
    heads = [word for word in words if word.head not in words]
    if (
        not heads
        or heads[-1].pos_ not in ("NOUN", "PROPN", "PRON")
        or any(word.lower_ in RELATIVE or word.pos_ == "CCONJ" for word in words)
    ):
        return None
    return heads[-1], (words[0].idx, words[-1].idx + len(words[-1]))


def _parenthesis(verb: "Token", lemma: str, speaker: "Token", source: Range) -> Relation:
    """The relation of a speaker in the middle of what is said."""
    doc, cue = verb.doc, cue_range(verb, verb)
    after = next((word for word in doc[verb.i + 1 :] if word.text in (",", '"', ":")), None)
    before = next((word for word in reversed(doc[: speaker.i]) if word.text in (",", '"', "--", "—")), doc[0])
    last = doc[-1] if not doc[-1].is_punct else doc[len(doc) - 2]
    content = [(0, before.idx)] if before.idx > 0 else []
    if after is not None and after.i < last.i:
        following = doc[after.i + 1] if after.text == "," else after
        content.append((following.idx, last.idx + len(last)))
    return Relation(speaker, source, verb, cue, tuple(content), "say+around", denied=_denied(verb, lemma))


def _can_speak(subject: "Token") -> bool:
    return (
        subject.pos_ in ("NOUN", "PROPN", "PRON", "NUM", "DET", "ADJ")
        and subject.lower_ not in MUTE
        and (subject.lower_ != "that" or subject.tag_ == "WDT")
    )


def _beyond(doc: "Doc", at: int) -> int:
    """The first word after a place that is not a comma."""
    return next((word.idx for word in doc if word.idx >= at and not word.is_punct), at)


def _by_passive(verb: "Token", lemma: str) -> Iterator[Relation]:
    agent = next(
        (
            name
            for child in verb.children
            if child.dep_ == "agent"
            for name in child.children
            if name.dep_ == "pobj"
        ),
        None,
    )
    told = next((child for child in verb.children if child.dep_ == "nsubjpass"), None)
    content = [
        child
        for child in verb.children
        if child.dep_ in ("ccomp", "xcomp", "advcl", "prep") and child.i > verb.i
    ]
    if agent is None:
        expletive = told is not None and told.lower_ == "it"
        said = [child for child in verb.children if child.dep_ == ("ccomp" if expletive else "xcomp")]
        if said and lemma in lexicon.HEDGED_TO | {"say", "announce", "claim"} and verb.tag_ == "VBN":
            content = ranges(said, verb, verb)
            yield Relation(
                None,
                None,
                verb,
                cue_range(verb, verb),
                tuple(content),
                "unsaid by whom",
                denied=_negated(verb),
            )
        return
    source, cue = noun_phrase(agent), cue_range(verb, verb)
    if lemma in ("quote", "cite") and told is not None:
        said = [clause for child in verb.subtree if child.lower_ == "as" for clause in said_as(child)]
        parts = tuple(ranges(said, verb, agent))
        yield Relation(agent, source, verb, cue, parts, "quoted by", through=noun_phrase(told))
    elif lemma in ("tell", "inform", "warn", "advise", "assure"):
        yield Relation(agent, source, verb, cue, tuple(ranges(content, verb, agent)), "told by")
    elif lemma in lexicon.JUDGING | lexicon.SAYING and lemma != "call" and told is not None:
        denied = _denied(verb, lemma, told)
        yield Relation(agent, source, verb, cue, (noun_phrase(told),), "judged by", denied=denied)


def _denied(verb: "Token", lemma: str, thing: "Token | None" = None) -> bool:
    if lemma in lexicon.DENYING:
        return not _negated(verb)
    if lemma in lexicon.REJECTING:
        things = (
            [thing]
            if thing is not None
            else [child for child in verb.children if child.dep_ in ("dobj", "pobj")]
        )
        return not _negated(verb) and any(each.lemma_ in lexicon.DENIABLE for each in things)
    return _negated(verb) and lemma in lexicon.SAYING


def _negated(verb: "Token") -> bool:
    return any(child.dep_ == "neg" or child.lower_ == "never" for child in verb.children)
