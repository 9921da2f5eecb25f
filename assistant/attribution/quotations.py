"""Where quotation marks open and close."""

from bisect import bisect_right

_OPEN, _CLOSE, _STRAIGHT = "“«„", "”»", '"'


def quotations(text: str) -> list[tuple[int, int]]:
    """The stretches of a paragraph between double quotation marks, marks included, in order.

    A quotation that is opened and not closed runs to the end of the paragraph, as where the next
    paragraph goes on with it. A closing mark that nothing opens is passed over.
    """
    found, begun = [], None
    for at, mark in enumerate(text):
        if begun is None and (mark in _OPEN or mark == _STRAIGHT and _opens(text, at)):
            begun = at
        elif begun is not None and (mark in _CLOSE or mark == _STRAIGHT):
            found.append((begun, at + 1))
            begun = None
    if begun is not None:
        found.append((begun, len(text.rstrip())))
    return found


def around(regions: list[tuple[int, int]], at: int) -> tuple[int, int] | None:
    """The region that holds a place, if any."""
    n = bisect_right(regions, (at, float("inf"))) - 1
    return regions[n] if n >= 0 and regions[n][0] <= at < regions[n][1] else None


def _opens(text: str, at: int) -> bool:
    return at + 1 < len(text) and not text[at + 1].isspace()
