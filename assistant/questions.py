"""A question of which one sentence is the answer: "Hasan heads the district councils of Aleppo" gives "Who
heads the district councils of Aleppo?".

Only after the subject, since the verb then keeps its form, and only where what the question keeps of the
sentence is understood without the rest of it. Rules over the parse, which rather give none: of 100 sentences
of news one gives one. (The method, without its ranking, is that of Heilman and Smith 2010, "Good Question!
Statistical Ranking for Question Generation".)
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant.attribution.lexicon import PERSONS
from assistant.followup.phrases import one_line
from assistant.parsing import parser

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

LONGEST = 300  # characters of a sentence that is looked at
WORDS = range(3, 14)  # that a question may hold after its "who"

# Left out of a question: what joins a sentence to the one before.
_JOINING = frozenset(
    "also however then too instead meanwhile later already still even just only now therefore thus again once "
    "subsequently formally eventually finally".split()
)
# Nobody knows which day, place or person these mean without what stands around the sentence.
_POINTING = frozenset(
    "this that these those there here then other others another such same former latter today yesterday tomorrow "
    "tonight ago now recently earlier next last one ones respectively first second".split()
)
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?", re.IGNORECASE)
_BODIES = frozenset(
    "people civilians troops forces rebels government army police militia group party council court company union "
    "ministry fighters soldiers residents refugees coalition hundreds thousands dozens scores".split()
)
_SINGULAR = {"are": "is", "were": "was", "have": "has"}
# What a happening does; of other verbs the parse does not tell whether a person does it.
_HAPPENINGS = frozenset(
    "began started followed caused triggered sparked prompted fuelled fueled hit struck killed destroyed forced ended "
    "pushed wounded injured damaged".split()
)
_TELL_NOTHING = frozenset(
    "include feature become have contain remain seem rank appear mean learn continue designate label dub deem".split()
)
_ENDED = re.compile(r"[.!?…][\"'’”)]*$")  # other texts are headings, or were cut
_ENDS = frozenset((",", ";", ":", "--", "–", "—", "."))


@lru_cache(maxsize=512)
def parse(text: str) -> "Doc":
    """The whole parse of a text, from `one_line`."""
    return parser()(text)


def is_list(text: str) -> bool:
    """Whether a text is a headline, a table or a row of results: there a parse tells nothing."""
    found = re.findall(r"[^\W\d_]{3,}", text)
    return sum(word[0].isupper() for word in found) > 0.6 * len(found) or bool(re.search(r"[|\\{}<>\[\]]", text))


def subject_question(sentence: str) -> str | None:
    """The question after the subject of a sentence, in the sentence's own words; None where none is sure to be
    grammatical and to stand alone."""
    text = one_line(sentence)
    if len(text) > LONGEST or is_list(text) or not _ENDED.search(text):
        return None
    doc = parse(text)
    roots = [token for token in doc if token.dep_ == "ROOT"]
    if len(roots) != 1 or not _is_plain(roots[0]):
        return None
    [root] = roots
    subjects = [child for child in root.lefts if child.dep_ in ("nsubj", "nsubjpass")]
    if len(subjects) != 1 or subjects[0].pos_ not in ("NOUN", "PROPN"):
        return None
    [subject] = subjects
    first = min([root, *(child for child in root.lefts if child.dep_ in ("aux", "auxpass"))], key=lambda t: t.i)
    if not _follows(subject, first):
        return None
    told = _told(first, root)
    if len(told) not in WORDS or not _stands_alone(told) or not any(map(_is_name, told)):
        return None
    asking = _asking(subject, root)
    if asking is None:
        return None
    words = "".join(token.text + token.whitespace_ for token in told).strip()
    if asking in ("Who", "What"):
        begins, _, rest = words.partition(" ")
        words = f"{_SINGULAR.get(begins, begins)} {rest}"
    return f"{asking} {words}?"


def _is_plain(root: "Token") -> bool:
    """Whether a sentence states something by its verb: no denial, nothing left to a clause."""
    if root.pos_ not in ("VERB", "AUX") or root.lemma_ in _TELL_NOTHING:
        return False
    return not any(child.dep_ in ("ccomp", "xcomp", "expl", "neg", "parataxis") for child in root.children)


def _follows(subject: "Token", first: "Token") -> bool:
    """Whether the verb follows its subject at once, in a form that fits "who" or can be made to."""
    last = subject.right_edge.i
    between = subject.doc[last + 1 : first.i]
    if first.i <= last or any(not (token.is_punct or token.pos_ == "ADV") for token in between):
        return False
    return first.tag_ in ("VBD", "VBZ", "MD") or first.lower_ in _SINGULAR


def _told(first: "Token", root: "Token") -> list["Token"]:
    """The words from the verb on, up to where the sentence ends or something is added to it; empty where
    that would part what belongs together."""
    told: list[Token] = []
    for token in root.doc[first.i :]:
        if token.is_punct and token.text not in ("-", "'", "’"):
            if token.text not in _ENDS or not _is_apart(token):
                return []
            break
        if token.dep_ == "cc" and any(
            child.dep_ == "conj" and child.pos_ in ("VERB", "AUX") for child in token.head.children
        ):
            break
        if token.i > root.i and (token.dep_ == "mark" or token.tag_ in ("WDT", "WP", "WRB", "WP$")):
            return []
        if token.lower_ not in _JOINING or token.pos_ != "ADV":
            told.append(token)
    if not told or told[-1].i < root.i or any(token.head not in told for token in told if token != root):
        return []
    if told[-1] != root and told[-1].pos_ not in ("NOUN", "PROPN", "NUM"):
        return []
    # "It designated the group, also known as X, a terrorist organisation."
    if any(child not in told and (child.dep_ == "oprd" or child.lower_ in ("of", "as")) for child in root.rights):
        return []
    # "designed by Cobb, Shepley and Rutan": a list must not end at its first comma.
    lists = (child for token in told if token != root for child in token.children if child.dep_ == "conj")
    return told if all(child in told for child in lists) else []


def _is_apart(mark: "Token") -> bool:
    """A mark that ends the sentence or a part of it, and neither joins two words nor shortens one."""
    return mark.i + 1 == len(mark.doc) or bool(mark.whitespace_) and mark.text != "."


def _stands_alone(told: list["Token"]) -> bool:
    """Whether words are understood without what stands around them: every "the" has a name to say which."""
    for token in told:
        if token.pos_ == "PRON" or token.tag_ in ("PRP", "PRP$") or token.lower_ in _POINTING:
            return False
        if _WEEKDAY.fullmatch(token.text) or token.tag_ == "POS" and token.nbor(-1).whitespace_:
            return False
        if token.lower_ == "the" and not any(_is_name(word) and word in told for word in token.head.subtree):
            return False
    return True


def _is_name(token: "Token") -> bool:
    return token.pos_ in ("PROPN", "ADJ") and token.text[0].isupper() and len(token.text) > 1


def _asking(subject: "Token", root: "Token") -> str | None:
    """The words that ask after a subject; None where it cannot be told whether it is a person, or where
    the subject itself says nothing."""
    doc = subject.doc
    phrase = doc[subject.left_edge.i : subject.right_edge.i + 1]
    if any(token.tag_ in ("PRP", "PRP$") or token.lower_ in _POINTING for token in phrase):
        return None
    if numbers := [child for child in subject.children if child.dep_ == "nummod"]:
        counted = doc[numbers[-1].i + 1 : subject.i + 1]
        counts = subject.tag_ == "NNS" and all(token.pos_ in ("ADJ", "NOUN") for token in counted)
        return f"How many {counted.text}" if counts and len(counted) else None
    if len(phrase) < 3 and not any(token.pos_ == "PROPN" or _is_name(token) for token in phrase):
        return None
    acts = any(child.dep_ == "dobj" for child in root.children)
    # One word that is taken for a person's name may be anything's.
    whole = sum(token.pos_ == "PROPN" for token in phrase) > 1
    is_person = subject.ent_type_ == "PERSON" and (whole or acts) or _base(subject) in PERSONS
    if root.lower_ in ("is", "was", "are", "were"):
        roles = [child for child in root.children if child.dep_ == "attr" and _base(child) in PERSONS]
        return "Who" if is_person and roles else None
    if is_person or subject.lower_ in _BODIES or subject.ent_type_ in ("ORG", "GPE", "NORP") and acts:
        return "Who"
    return "What" if subject.pos_ == "NOUN" and root.lower_ in _HAPPENINGS and acts else None


def _base(token: "Token") -> str:
    return token.lower_.removesuffix("s")
