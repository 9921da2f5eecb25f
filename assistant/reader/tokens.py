"""A question and what is read for it, as word pieces, with the way back to characters."""

from dataclasses import dataclass

from index.encoder import word_pieces

CLS, SEP = 101, 102
QUESTION, CONTEXT, AFTER = 48, 48, 32  # word pieces at most; the context keeps its end
TOTAL = 224


@dataclass(frozen=True, slots=True)
class Laid:
    """`ids` are [CLS] question [SEP] context text after [SEP]; the pieces from `first` up to `last` are
    the text's, and `offsets` gives the (start, end) of each of these in the text's characters."""

    ids: list[int]
    first: int
    last: int
    offsets: list[tuple[int, int]]

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The first and the last piece of a span of the text's characters; None if it was cut off."""
        held = [i for i, (a, b) in enumerate(self.offsets) if a < end and b > start]
        if not held or self.offsets[held[-1]][1] < end and end - self.offsets[held[-1]][1] > 1:
            return None
        return self.first + held[0], self.first + held[-1]


class Pieces:
    """The word pieces of MiniLM, with no limit of their own."""

    def __init__(self) -> None:
        self._tokenizer = word_pieces()

    def of(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids, and for each its (start, end) in the text."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets


def lay_out(pieces: Pieces, question: str, context: str, text: str, after: str = "") -> Laid:
    """Puts the parts together; what is too long is cut, the text last."""
    asked = pieces.of(question)[0][:QUESTION]
    ids, offsets = pieces.of(text)
    ids = ids[: TOTAL - len(asked) - 3]
    room = TOTAL - len(asked) - 3 - len(ids)
    before = pieces.of(context)[0][-min(CONTEXT, room) :] if context and room else []
    behind = pieces.of(after)[0][: min(AFTER, room - len(before))] if after else []
    first = len(asked) + 2 + len(before)
    return Laid([CLS, *asked, SEP, *before, *ids, *behind, SEP], first, first + len(ids), offsets[: len(ids)])
