"""Claims that say the same: for now, copies of one sentence are shown once."""

import re
from dataclasses import replace

from assistant.types import Claim

# Words without which a sentence says the same. Anything more ("not", a number, a verb) may turn it.
_EMPTY = frozenset("a an the that".split())
# Signs, currencies and a question mark are part of what is said: "-5", "$5", "5%".
_WORD = re.compile(r"\w+|[-−+$€£¥%‰°?](?=\d)|(?<=\d)[%‰°$€£¥]|\?")


def collapse(claims: list[Claim]) -> list[Claim]:
    """Keeps the best claim of each set of copies, in order, with the documents of the others."""
    kept: dict[tuple[str, ...], Claim] = {}
    for claim in claims:
        words = tuple(word for word in _WORD.findall(claim.text.casefold()) if word not in _EMPTY) or (claim.text,)
        first = kept.get(words)
        if first is None:
            kept[words] = claim
        elif all(claim.document.id != document.id for document in (first.document, *first.copies)):
            kept[words] = replace(first, copies=(*first.copies, claim.document))
    return list(kept.values())
