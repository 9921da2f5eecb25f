"""Those that a question asks after, as a phrase: what "they" stands for in the next question."""

import re
from functools import lru_cache

from assistant.followup.phrases import AUXILIARY, LONGEST, parsed

_OF_THEM = re.compile(rf"how (?:many|much) of ((?:the|those) .+) {AUXILIARY}\b", re.IGNORECASE)
_SIMPLE = re.compile(
    rf"(?:how many|which) (\w+s|people|children) (?!{AUXILIARY}\b)(\w+ \w[^?]*)", re.IGNORECASE
)
_BE = re.compile(r"(?:(?:have|has|had) been|was|were|are|is|being) (.+)")


@lru_cache(maxsize=64)
def subject_phrase(question: str) -> str | None:
    """ "How many people were killed in Orme?" gives "the people killed in Orme", "which groups hold
    Orme?" "the groups that hold Orme", "who holds Orme?" "those who hold Orme"; None where the question
    asks for anything else than its subject."""
    if of_them := _OF_THEM.match(question):
        return of_them[1]
    if simple := _SIMPLE.match(question):
        return f"the {simple[1]} that {simple[2].strip()}"
    doc = parsed(question)
    chunk = next(iter(doc.noun_chunks), None)
    if (
        chunk is None
        or chunk.start > 2
        or not chunk.root.dep_.startswith("nsubj")
        or chunk.root.head.dep_ != "ROOT"
    ):
        return None
    rest = doc[chunk.end :].text.strip(" ?!.")
    if not rest or len(rest) > LONGEST or rest.startswith("else ") or ", and " in rest:
        return None
    asking = doc[: chunk.end].text
    counted = re.fullmatch(r"(?:how many|which|what) (.+)", asking, re.IGNORECASE)
    if counted and (chunk.root.tag_ in ("NNS", "NNPS") or counted[1] == "people"):
        those, which = f"the {counted[1]}", "that"
    elif asking.casefold() == "who":
        those, which = "those", "who"
    else:
        return None
    first = next(
        (t for t in doc[chunk.end :] if t.tag_ not in ("VBD", "VBZ", "VBP", "VBN") or t.dep_ == "ROOT"), None
    )
    if first is not None and first.tag_ in ("VBN", "VBG") and (passive := _BE.fullmatch(rest)):
        return f"{those} {passive[1]}"
    if which == "who" and doc[chunk.end].tag_ == "VBZ":
        verb, _, others = rest.partition(" ")
        return None if verb in ("is", "was") else f"{those} who {_in_plural(verb)} {others}".strip()
    return f"{those} {which} {rest}"


def _in_plural(verb: str) -> str:
    """A verb of the third person singular in the plural: "controls", "control"."""
    if verb in ("has", "does"):
        return {"has": "have", "does": "do"}[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return re.sub(r"(?<=sh|ch|ss|.x|zz|.o)es$|s$", "", verb)
