"""What a verb of saying introduces, and whom it passes on."""

from typing import TYPE_CHECKING

from assistant.attribution import lexicon

if TYPE_CHECKING:
    from spacy.tokens import Token

SUBJECTS = ("nsubj", "nsubjpass")
VERBAL = ("VERB", "AUX")
# "I", "we" and "you" are the author's, or stand in a quotation whose marks were lost.
MUTE = frozenset("i we you there what this something nothing these those everything anything anyone".split())
# They need no more than a quotation beside them.
PLAIN = frozenset(
    """say add write tweet continue note explain tell ask reply respond recall remark conclude speak
    react""".split()
)
CITING = ("citing", "quoting")


def complement(verb: "Token", lemma: str, subject: "Token") -> tuple[str | None, list["Token"]]:
    """What the verb introduces: the name of the rule, and the heads of the content."""
    children = [child for child in verb.children if child != subject]
    clauses = [child for child in children if child.dep_ == "ccomp" and child.lower_ not in CITING]
    if not clauses:  # "reported, citing the ministry, that ...": the parser hangs the clause on `citing`
        clauses = [
            clause
            for child in children
            if child.lower_ in CITING
            for clause in child.children
            if clause.dep_ == "ccomp"
        ]
    saying, finding, holding = (
        lemma in words for words in (lexicon.SAYING, lexicon.FINDING, lexicon.HOLDING)
    )
    if clauses and (saying or finding or holding):
        return ("say" if saying else "find" if finding else "hold") + "+clause", clauses
    if not clauses and saying:  # "denied targeting civilians"
        clauses = [
            child
            for child in children
            if child.dep_ == "xcomp" and child.tag_ == "VBG" and child.i == verb.i + 1
        ]
        if clauses:
            return "say+clause", clauses
    if not clauses and (saying or holding):  # the parser takes what follows at once for an adverbial clause
        following = [
            child for child in children
            if child.dep_ in ("advcl", "dep") and child.i > verb.i and (_finite(child) or _asks(child))
            and (child.left_edge.i == verb.i + 1 or lemma == "say" and not _marked(child))
        ]  # fmt: skip
        if following:
            return ("say" if saying else "hold") + "+clause", following
    if saying:
        if (quoted := _parenthetical(verb)) is not None:
            return "say+around", [quoted]
    if lemma in lexicon.INTENDING:
        ahead = [
            child for child in children if child.dep_ in ("xcomp", "ccomp", "advcl") and child.tag_ == "VB"
        ]
        if ahead:
            return "intend", ahead
    if lemma in ("be", "remain", "feel", "become", "grow", "seem"):
        for state in children:
            if state.dep_ == "acomp" and state.lower_ in lexicon.STATES:
                held = [
                    child
                    for child in state.children
                    if child.dep_ in ("ccomp", "prep", "xcomp") and child.i > state.i
                ]
                if held:
                    return "state", [*held]
    objects = [
        child for child in children if child.dep_ in ("dobj", "oprd", "attr") and child.pos_ != "PUNCT"
    ]
    if lemma in lexicon.JUDGING and objects:
        return "judge", objects
    if finding and objects and subject.lemma_.lower() in lexicon.EVIDENCE:
        return "find", objects
    if lemma in lexicon.ADDRESSING:
        for child in children:
            if child.dep_ in ("prep", "prt") and child.lower_ in lexicon.ADDRESSING[lemma]:
                return "address", [child]
    if lemma in PLAIN:
        said = [thing for thing in objects if thing.lower_ not in MUTE and thing.pos_ != "PRON"]
        return ("say+thing", said) if lemma == "say" and said else ("say+quote", [])
    return None, []


def _finite(clause: "Token") -> bool:
    return not _marked(clause) and any(child.dep_ in SUBJECTS for child in clause.children)


def _marked(clause: "Token") -> bool:
    """Whether a clause says when or why, rather than what."""
    return any(
        child.dep_ in ("mark", "advmod") and child.tag_ in ("IN", "WRB") and child.lower_ != "that"
        for child in clause.lefts
    )


def _asks(clause: "Token") -> bool:
    return clause.left_edge.lower_ in ("how", "why", "what", "who", "whether", "when", "where")


def _parenthetical(verb: "Token") -> "Token | None":
    """ "Dozens died, the ministry said": the parser hangs `said` on the clause, or says nothing of it."""
    if verb.dep_ in ("parataxis", "ccomp", "advcl", "relcl") and verb.head.pos_ in VERBAL:
        between = verb.doc[min(verb.left_edge.i, verb.right_edge.i) - 1] if verb.left_edge.i > 0 else None
        if verb.dep_ == "parataxis" or (between is not None and between.text in (",", "”", '"', "--", "—")):
            return verb.head if verb.dep_ != "relcl" else None
    return None


def passed_on(verb: "Token", lemma: str) -> tuple["Token", list["Token"]] | None:
    """Whom a speaker passes on, and what: "quoted Berg as saying that ...", "reported, citing Berg"."""
    if lemma in ("quote", "cite"):
        prepositions = [word for word in verb.subtree if word.lower_ == "as" and word.dep_ == "prep"]
        sayings = [said for preposition in prepositions for said in said_as(preposition)]
        quoted = [
            child
            for child in verb.children
            if child.dep_ == "dobj" and child.pos_ in ("NOUN", "PROPN", "PRON")
        ]
        has_as = any(
            word.lower_ == "as"
            and any(said.dep_ == "pcomp" and said.lemma_ in lexicon.SAYING for said in word.children)
            for word in verb.subtree
        )
        return (quoted[0], sayings) if quoted and has_as else None
    if lemma in lexicon.SAYING:
        citing = next((child for child in verb.children if child.lower_ in CITING), None) or _citing_after(
            verb
        )
        if citing is None and verb.head.lower_ in CITING:  # "Tass, citing the ministry, reported"
            citing = verb.head
        for cited in citing.children if citing is not None else ():
            if cited.dep_ == "dobj":
                return cited, []
    return None


def _citing_after(verb: "Token") -> "Token | None":
    """The `citing` of "reported, citing the ministry, that ...", wherever the parser hangs it."""
    after = verb.doc[verb.i + 1 : verb.i + 5]
    return next((word for word in after if word.lower_ in CITING and word.nbor(-1).text == ","), None)


def said_as(preposition: "Token") -> list["Token"]:
    """What is said, of "as saying that ..."."""
    return [
        clause for saying in preposition.children if saying.dep_ == "pcomp" for clause in saying.children
        if clause.dep_ in ("ccomp", "dobj")
    ]  # fmt: skip


def antecedent(verb: "Token") -> "Token | None":
    while verb.dep_ in ("conj", "xcomp") and verb.head != verb:
        verb = verb.head
    return verb.head if verb.dep_ == "relcl" and verb.head.pos_ in ("NOUN", "PROPN", "PRON") else None


def can_hold_words(noun: "Token") -> bool:
    """Whether a thing ("the paper, which said") is of a kind that says things."""
    return noun.pos_ == "PROPN" or noun.lemma_.lower() in lexicon.DOCUMENTS


def author(noun: "Token") -> "Token | None":
    """X of "a report by X"."""
    for child in noun.subtree:  # of "a report from the area by X", the parser hangs "by X" on the area
        if child.lower_ == "by" and child.dep_ == "prep" and child.i > noun.i and child.head.pos_ != "VERB":
            for name in child.children:
                if name.dep_ == "pobj":
                    return name
    return None
