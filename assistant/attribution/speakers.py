"""Who a pronoun or a bare "the spokesman" is, where its paragraph leaves no doubt.

A wrong name is the worst fault there is, so the rules ask for one candidate, and refuse it when
anything else in the paragraph could be meant. What stays unresolved is shown as it stands.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from assistant.attribution.lexicon import PERSONS
from assistant.attribution.phrases import Range, noun_phrase

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_HE_OR_SHE = {"he": "m", "she": "f"}
_TITLES = {
    "mr.": "m",
    "mr": "m",
    "mrs.": "f",
    "mrs": "f",
    "ms.": "f",
    "ms": "f",
    "sir": "m",
    "lord": "m",
    "lady": "f",
}
_GENDERED = {
    "spokesman": "m", "chairman": "m", "businessman": "m", "congressman": "m", "policeman": "m", "man": "m",
    "brother": "m", "father": "m", "son": "m", "husband": "m", "uncle": "m", "king": "m", "prince": "m",
    "spokeswoman": "f", "chairwoman": "f", "businesswoman": "f", "congresswoman": "f", "woman": "f",
    "sister": "f", "mother": "f", "daughter": "f", "wife": "f", "aunt": "f", "queen": "f", "princess": "f",
}  # fmt: skip
_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
    "august september october november december jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# Names that end so are of bodies, places and papers, not of people.
_BODIES = frozenset(
    """
    ministry department agency council committee commission party union government army force forces
    service court office university institute institution centre center company corporation corp inc ltd
    bank group organization organisation association federation league front authority police news times
    post press journal television tv radio observatory foundation society club parliament congress
    senate house nations bureau administration coalition network board church hospital school college
    crescent cross assembly campaign syndicate trust fund team tribune herald guardian gazette courier
    chronicle mail daily weekly magazine
    """.split()
)  # fmt: skip
# Where one of them opens a sentence, its capital tells nothing.
_PEOPLES = frozenset(
    """
    american british french german russian syrian turkish iranian iraqi israeli palestinian chinese
    japanese korean indian pakistani afghan saudi egyptian lebanese jordanian ukrainian polish italian
    spanish greek dutch belgian swedish norwegian danish finnish swiss austrian hungarian czech romanian
    bulgarian serbian european african asian arab kurdish canadian mexican brazilian australian nigerian
    kenyan sudanese libyan tunisian algerian moroccan yemeni irish scottish welsh english
    """.split()
)
_AGENTS = ("er", "or", "ist", "ian", "ee", "ant", "man", "woman", "ess", "part")
# They end as words for people do.
_THINGS = frozenset(
    """
    access address affair air anger answer bar barrier border business car career carrier center chair
    chamber chapter coffee color committee computer corner corridor counter cover danger december degree
    department dinner disaster disorder door error factor favor fear fee fever filter floor flower
    folder gear grant guarantee harbor helicopter horror hour illness labor ladder laughter layer letter
    liter lumber manner matter meter mirror motor murder newspaper november number october offer order
    paper part plant power prayer press printer process progress quarter register restaurant river
    sector september server shelter shower slaughter success summer terror theater timber tour tower
    trailer transfer war water weakness weather wilderness winter year
    """.split()
)
_PLACES_AFTER = frozenset("in at across throughout inside into".split())


def named(speaker: "Token") -> bool:
    """Whether a source can be told from others by a name in it.

    Not a pronoun, a bare "the spokesman", "rebels", or somebody of a kind ("a Syrian official");
    but "the Syrian government", and a spokesman for somebody.
    """
    start, end = noun_phrase(speaker)
    words = [word for word in speaker.subtree if start <= word.idx < end and word.lower_ not in _CALENDAR]
    if speaker.pos_ == "PRON" or not any(_capital(word) for word in words):
        return False
    if (
        speaker.pos_ == "PROPN"
        or speaker.lemma_.lower() not in PERSONS
        or speaker.lemma_.lower().startswith("spokes")
    ):
        return True
    if any(child.dep_ == "appos" and child.pos_ == "PROPN" for child in speaker.children):
        return True
    if any(
        child.lower_ in ("for", "of", "at", "from") and child.dep_ == "prep" for child in speaker.children
    ):
        return speaker.tag_ == "NN"
    return (
        any(child.lower_ in ("the", "its", "their") or child.dep_ == "poss" for child in speaker.children)
        and speaker.tag_ == "NN"
    )


def _capital(word: "Token") -> bool:
    if word.lemma_.lower() in PERSONS or word.lower_.removesuffix("s") in PERSONS:
        return False  # "Minister resigns"
    return (
        word.pos_ == "PROPN"
        or word.text[0].isupper()
        and (word.i > 0 or word.tag_ == "JJ" and word.head.pos_ == "NOUN" and word.lower_ in _PEOPLES)
    )


def name(speaker: "Token") -> Range:
    """The source without what is said about it: "Ban Ki-moon" of "Ban Ki-moon, the secretary general"."""
    start, end = noun_phrase(speaker)
    if speaker.pos_ != "PROPN":
        for child in speaker.rights:
            if child.dep_ == "appos" and child.pos_ == "PROPN" and child.idx < end:
                return name(child)
    for word in speaker.doc[speaker.i + 1 : speaker.right_edge.i + 1]:
        if word.idx >= end:
            break
        if (
            word.text in (",", "--", "—", "–", "(")
            or word.tag_ in ("WP", "WDT")
            or word.dep_ in ("appos", "acl", "relcl")
        ):
            last = word.doc[word.i - 1]
            return start, last.idx + len(last)
    return start, end


def antecedent(
    speaker: "Token", before: Sequence["Doc"], spoken: Callable[["Token"], bool]
) -> "Token | None":
    """The head of the name that a speaker stands for, or None where that is not certain.

    `before` holds the sentences of the paragraph that come before the speaker's own, all of them;
    `spoken` tells whether a word is part of what is said: who is spoken of is not who speaks.
    """
    word = speaker.lower_
    if word in _HE_OR_SHE:
        return _person(speaker, before, _HE_OR_SHE[word], spoken)
    if word == "it" and speaker.dep_ == "nsubj":
        return _body(before, spoken)
    if speaker.pos_ == "NOUN" and speaker.lemma_.lower() in PERSONS and _bare(speaker):
        return _holder(speaker, before, spoken)
    return None


def _person(
    speaker: "Token", before: Sequence["Doc"], gender: str, spoken: Callable[["Token"], bool]
) -> "Token | None":
    """The one person named before "he" or "she", if nobody else is mentioned, and it is a subject."""
    candidates = [name for doc in before for name in _names(doc)]
    candidates += [name for name in _names(speaker.doc) if name.i < speaker.i]
    people = [name for name in candidates if not _evidently_no_person(name)]
    if not people or not _all_one(people):
        return None
    if {_gender(name) for name in people} - {None, gender}:
        return None
    titled = {word.i for name in people for word in name.subtree} if len(before) == 0 else set()
    for doc in (*before, speaker.doc):
        for word in doc:
            if doc is speaker.doc and (word.i >= speaker.i or word.i in titled):
                continue
            if _other_person(word, people, gender):
                return None
    known = [name for name in people if not spoken(name)]
    if not any(name.dep_ in ("nsubj", "nsubjpass") for name in known):
        return None
    nearest = before[-1] if before else speaker.doc
    if not any(name.doc is nearest or name.doc is speaker.doc for name in known) and not _continues(
        before, known
    ):
        return None
    return _fullest(known)


def _other_person(word: "Token", people: list["Token"], gender: str) -> bool:
    """Whether a word may be another person than the one named: a noun or a pronoun of its own."""
    if word.pos_ == "PRON" and word.lower_ in ("he", "she", "him", "her", "his", "hers", "who", "i"):
        other = (
            word.lower_ in ("she", "her", "hers") if gender == "m" else word.lower_ in ("he", "him", "his")
        )
        return other
    if word.pos_ != "NOUN" or word.tag_ == "NNS" or not _may_be_person(word):
        return False
    if word.dep_ in ("compound", "amod", "nmod"):  # "spokesman John Doe"
        return False
    for name in people:
        if name.doc is word.doc and (
            word.head == name and word.dep_ == "appos" or name.head == word and name.dep_ == "appos"
        ):
            return _GENDERED.get(word.lemma_.lower(), gender) != gender
        if name.doc is word.doc and word.dep_ in ("attr", "pobj") and name in _subjects(word):
            return _GENDERED.get(word.lemma_.lower(), gender) != gender
    return True


def _may_be_person(noun: "Token") -> bool:
    """Whether a common noun may be a person: by its meaning, its ending, or because it is somebody's."""
    word = noun.lemma_.lower()
    if word in PERSONS:
        return True
    if word in _THINGS:
        return False
    return (
        word.endswith(_AGENTS)
        or any(child.lower_ in ("his", "her") for child in noun.children)
        and noun.dep_ in ("nsubj", "dobj")
    )


def _subjects(word: "Token") -> list["Token"]:
    """The subject of "is", for "Smith is the minister"."""
    return [child for child in word.head.children if child.dep_ == "nsubj"] if word.dep_ == "attr" else []


def _continues(before: Sequence["Doc"], people: list["Token"]) -> bool:
    """Whether the sentences between go on about the person: each has the pronoun as its subject."""
    last = max(before.index(name.doc) for name in people if name.doc in before)
    return all(
        any(word.lower_ in _HE_OR_SHE and word.dep_ in ("nsubj", "nsubjpass") for word in doc)
        for doc in before[last + 1 :]
    )


def _body(before: Sequence["Doc"], spoken: Callable[["Token"], bool]) -> "Token | None":
    """The body that "it" stands for: the subject of the sentence before, with no other name near it."""
    if not before:
        return None
    doc = before[-1]
    names = _names(doc)
    if not names:  # "The Syrian army said ... It added ..."
        names = [
            word for word in doc if word.dep_ == "nsubj" and word.lemma_.lower() in _BODIES and named(word)
        ]
    if not names or not _all_one(names):
        return None
    subject = names[0]
    if (
        subject.dep_ != "nsubj"
        or subject.head.dep_ != "ROOT"
        or spoken(subject)
        or subject.tag_ in ("NNS", "NNPS")
        or not _is_body(subject)
    ):
        return None
    for word in doc:  # another thing in the singular might be meant, and might speak
        if (
            word.dep_ in ("nsubj", "nsubjpass")
            and word != subject
            and word.tag_ in ("NN", "PRP")
            and word.lower_ != "it"
        ):
            return None
    return subject


def _holder(speaker: "Token", before: Sequence["Doc"], spoken: Callable[["Token"], bool]) -> "Token | None":
    """The one name with "spokesman" as its title or apposition, for a bare "the spokesman"."""
    noun, holders, mentions = speaker.lemma_.lower(), [], 0
    for doc in before:
        for word in doc:
            if word.lemma_.lower() != noun or word.pos_ not in ("NOUN", "PROPN"):
                continue
            mentions += 1
            if word.tag_ in ("NNS", "NNPS"):
                return None
            if word.dep_ == "appos" and word.head.pos_ == "PROPN":
                holders.append(word.head)
            elif word.dep_ in ("compound", "nmod") and word.head.pos_ == "PROPN":
                holders.append(word.head)
            elif appositions := [
                child for child in word.children if child.dep_ == "appos" and child.pos_ == "PROPN"
            ]:
                holders.append(appositions[0])
    if not holders or any(map(spoken, holders)) or len(holders) != mentions or not _all_one(holders):
        return None
    everyone = [name for doc in before for name in _names(doc) if not _evidently_no_person(name)]
    return _fullest(holders) if _all_one(everyone + holders) else None


def only_person(doc: "Doc", speaker: "Token") -> bool:
    """Whether no other person than the speaker is named in a sentence."""
    names = [name for name in _names(doc) if not _evidently_no_person(name)]
    return all(name == speaker or name.lower_ == speaker.lower_ for name in names)


def _bare(noun: "Token") -> bool:
    return {child.lower_ for child in noun.children if child.dep_ != "punct"} == {"the"}


def _names(doc: "Doc") -> list["Token"]:
    """The heads of the names in a sentence: proper nouns that are not part of another name."""
    return [
        word
        for word in doc
        if word.pos_ == "PROPN"
        and word.lower_ not in _CALENDAR
        and not (word.dep_ in ("compound", "nmod", "flat") and word.head.pos_ == "PROPN")
        and not (word.dep_ == "pobj" and word.head.lower_ == "of" and word.head.head.pos_ == "PROPN")
    ]


def _evidently_no_person(name: "Token") -> bool:
    """Whether a name can only be a place, a body or a day."""
    if _is_body(name):
        return True
    if name.dep_ == "pobj" and name.head.lower_ in _PLACES_AFTER:
        return True
    return name.dep_ in ("amod", "nmod") and name.head.pos_ == "NOUN"


def _is_body(name: "Token") -> bool:
    last = name.lower_
    return (
        last in _BODIES
        or any(child.lower_ == "the" for child in name.children)
        or len(name.text) > 1
        and name.text.isupper()
    )


def _all_one(names: list["Token"]) -> bool:
    """Whether the names are one: each word of the shorter stands in the longest ("Ayrault")."""
    if not names:
        return False
    words = [frozenset(_words(name)) for name in names]
    longest = max(words, key=len)
    return all(each <= longest for each in words) and len({name.lower_ for name in names}) == 1


def _words(name: "Token") -> list[str]:
    parts = [
        child for child in name.lefts if child.dep_ in ("compound", "nmod", "flat") and child.pos_ == "PROPN"
    ]
    return [part.lower_ for part in (*parts, name) if part.lower_ not in _TITLES]


def _fullest(names: list["Token"]) -> "Token":
    return max(names, key=lambda name: len(_words(name)))


def _gender(name: "Token") -> str | None:
    for child in name.lefts:
        if child.lower_ in _TITLES:
            return _TITLES[child.lower_]
        if child.lower_ in _GENDERED:
            return _GENDERED[child.lower_]
    for child in name.children:
        if child.dep_ == "appos" and child.lower_ in _GENDERED:
            return _GENDERED[child.lower_]
    return None
