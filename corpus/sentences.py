"""Where sentences begin and end: exact spans of a text, by rule, in linear time.

Two steps. Lines are first joined into blocks: a blank line, form feed or paragraph separator
always ends one; a single newline ends one unless the text is hard-wrapped there (`_continues`);
list items, headings and table rows stand alone. Then each mark in a block that might end a
sentence is judged by the word before it and the word after it (`_ends`).

What is not whitespace to `str.isspace` (byte order marks, zero-width characters, list markers,
`#`, `>`) belongs to a sentence, so that spans cover all that is visible. A quotation of two
sentences is two sentences; `"Who?" he asked.` and `"Who?" Haddad asked.` are one. Abbreviations
that may also end a sentence ("U.S.", "Inc.") do so only before a word that opens sentences more
often than it follows them ("The", "He", "In"). Where doubt remains, the text is not split.

Linear, because every scan runs over one class of characters, is not tried again from a later
start (hence the possessive quantifiers), and looks a bounded way round a mark.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

MAX_CHARACTERS = 600

# Titles stand before names and, capitalised, never end a sentence ("Mr. He left").
_TITLES = frozenset(
    "mr mrs ms mx dr prof gen col maj capt lt sgt cpl pvt pfc adm cmdr brig sen rep gov sens reps gens "
    "pres sec amb rev hon fr msgr supt insp det messrs mme mlle mmes sra dra srta dña".split()
)
# Announce what follows, so never end a sentence. The last are German and Russian.
_NEVER = frozenset(
    "e.g i.e cf viz vs v ca approx incl resp z.b d.h u.a bzw ул им просп стр т.е см".split()
)
# End a sentence except before a number: "No. 5", "p. 12", "Fig. 3", but "he said no."
_NUMBERED = frozenset(
    "no nos nr num vol vols p pp fig figs ch sect art op eq ver".split()
)
# Dates: go on before a number or another of them ("Nov. 30", "Mon. Oct. 3").
_CALENDAR = frozenset(
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri sat sun".split()
)
# Within sentences and at their end alike: companies, generations, places, units, American states.
_EITHER = frozenset(
    "inc ltd co corp bros cos esq jr sr ph.d al st ste mt ft dept ave blvd rd govt assn univ gal lb oz "
    "est ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich minn miss mo mont neb nev "
    "okla ore pa tenn tex va vt wash wis wyo".split()
)
_SHOUTING_NAMES = ("yahoo", "jeopardy")
# After these a clock time goes on: "4 p.m. Monday", "8 p.m. EST".
_AFTER_TIME = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
    "august september october november december est edt et cst cdt ct mst pst pdt pt gmt utc bst cet eet "
    "local eastern central mountain pacific".split()
)
_GERMAN_MONTHS = frozenset(  # "am 5. Mai"
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()
)
# Capitalised, these open a sentence more often than they follow an abbreviation within one.
_STARTERS = frozenset(
    "A An The This That These Those There Here He She It We They You His Her Its Our Their My Your I In "
    "On At By For From With Without After Before As If When While Where What Who Why How Which And But Or "
    "So Yet However Meanwhile Although Though Because Since Some Many Most Several Few Both Each Every "
    "Not No Now Then Today Yesterday During Until Among Despite According Also Only Even Still Another "
    "Other Others Such Once To Of Nobody Nothing None Neither Instead Later Earlier All".split()
)
_SPEECH = (
    "said|says|asked|asks|told|wrote|writes|shouted|cried|replied|added|called|answered|demanded|tweeted"
)

# Marks that end a sentence only before whitespace, and those of scripts that put no space after.
_SPACED = ".!?…؟۔‽‼⁇⁈⁉\u037e።፧།"
_UNSPACED = frozenset("。！？｡．।॥။៕։")
_MARKS = _SPACED + "".join(sorted(_UNSPACED))
_CLOSERS = "\"'”’»›“‘)]}」』）】》〉*_\u200b\u200c\u200d\u2060\ufeff\ufe0f"
_OPENERS = "\"'“‘«»‹›„‚([{「『（【《¿¡*_`\u200b\u200c\u200d\u2060\ufeff"
_GREEK = "\u0370-\u03ff\u1f00-\u1fff"  # after these letters, ; asks
_BREAKS = "\n\r\v\x85\u2028"
_PAGES = "\f\x1c-\x1e\u2029"

# A run of marks and closers. Its empty group tells the usual case: a space and a letter follow.
_MARK = re.compile(rf"(?:(?<=[{_GREEK}]);|[{_MARKS}])[{_MARKS}{re.escape(_CLOSERS)}]*+(?:(?=\s[^\W_])())?+")
# What may lie between a mark and the space: footnote numbers, what tokenised text detaches
# (`. ''`, `. -RRB-`, `. . .`), emoji.
_TRAIL = re.compile(
    rf"(?:\[(?:\d{{1,3}}|[a-z]|citation needed)\]|[^\S{_BREAKS}]{{0,3}}+"
    r"(?:(?:''?|[”’»)\]]|-RRB-|[.…])(?!\S)|[\u2600-\u27bf\U0001f1e6-\U0001faff]\ufe0f?))*+"
)
_NEXT = re.compile(rf"\s*+(--?|[—–―])?+\s?+([{re.escape(_OPENERS)}]{{0,4}}+) ?+(\w[\w-]{{0,30}}|)(\S?)")
_SPEAKER = re.compile(rf"\s+(?=(\w{{1,30}}))(?:[^\W\d_][\w.'’-]{{0,30}} ){{1,5}}?(?:{_SPEECH})\b")
_DETACHED_QUOTE = re.compile(r'[^\S\n]{0,3}+"(?!\S)')
_CJK_SPEAKER = re.compile(r"[^。！？，]{0,6}[说説說道问問喊叫]|と|って")
_ORDINAL = re.compile(r"\d{1,3}|[^\W\d_]|[ivxIVX]{1,4}")
_DOTTED = re.compile(r"[^\W\d_]{1,3}(?:\.[^\W\d_]{1,3}){1,6}")

_LINE = re.compile(rf"\S[^{_BREAKS}{_PAGES}]*+")
_HARD = re.compile(rf"[{_PAGES}]|(?>\r\n|[{_BREAKS}])[^\S{_BREAKS}]*+[{_BREAKS}]")
_ITEM = re.compile(r"(?:[-*+•‣◦▪·–—―]|\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,4})[.)])\s")
_ALONE = re.compile(r"#{1,6}\s|\|")
_LEAD = re.compile(rf"(?:>\s?){{0,9}}[{re.escape(_OPENERS)}]{{0,4}}")
_UNFINISHED = re.compile(
    r"(?:[,;(\[“„«-]|\b(?:and|or|of|the|a|an|in|on|at|to|for|by|with|from|that|which)"
    r"|\b(?:Mr|Mrs|Ms|Dr|Gen)\.)$"
)
_KNOWN = _TITLES | _NEVER | _NUMBERED | _CALENDAR | _EITHER | {"etc"}
_AROUND = _CLOSERS + _OPENERS
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SPACE = re.compile(r"\s*+")
# Up to the last clause mark, or the last space, of a stretch of at most MAX_CHARACTERS.
_CUTS = (re.compile(r"(?s:.*)(?:[;:,—–](?=\s)|[，、；：](?=[\s\S]))"), re.compile(r"(?s:.*)(?=\s)"))


def sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of `text` as half-open code-point spans, in order.

    They do not overlap, neither begin nor end with whitespace, hold at most MAX_CHARACTERS, and
    cover every character that is not whitespace. A longer one is cut: after a clause mark in its
    last two thirds, else at a space, else between characters.
    """
    found: list[tuple[int, int]] = []
    for start, end in _blocks(text):
        for first, last in _split(text, start, end):
            if last - first <= MAX_CHARACTERS:
                found.append((first, last))
            else:
                found.extend(_cut(text, first, last))
    return found


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Runs of lines that are read as one stretch of prose, without the breaks around them."""
    lines = [match.span() for match in _LINE.finditer(text)]
    if not lines:
        return
    lengths = sorted(end - start for start, end in lines)
    width = lengths[len(lengths) * 9 // 10]
    wrapped = 30 <= width <= 130 and _looks_wrapped(text, lines)
    start = lines[0][0]
    for line, (first, last) in pairwise(lines):
        hard = text[line[1] : first] != "\n" and _HARD.search(text, line[1], first)
        if hard or not _continues(text, start, line, (first, last), width, wrapped):
            yield start, line[1]
            start = first
    yield start, lines[-1][1]


def _looks_wrapped(text: str, lines: list[tuple[int, int]]) -> bool:
    """Whether lines break, as only wrapped ones do, unfinished and before a small letter; by a sample."""
    small = large = 0
    for i in range(0, len(lines) - 1, 1 + len(lines) // 2000):
        line, (first, _) = lines[i : i + 2]
        if not _ended(text, *line) and _HARD.search(text, line[1], first) is None:
            lead = _LEAD.match(text, first).end()
            if text[lead : lead + 1].islower():
                small += 1
            else:
                large += 1
    return small > 0 and 2 * small >= large


def _ended(text: str, start: int, end: int) -> bool:
    """Whether a line ends with a mark that may end a sentence, closing quotes and brackets aside."""
    return text[max(start, end - 40) : end].rstrip().rstrip(_CLOSERS).endswith(tuple(_MARKS))


def _continues(
    text: str, block: int, line: tuple[int, int], following: tuple[int, int], width: int, wrapped: bool
) -> bool:
    """Whether the newline between two lines lies within a paragraph (and so, perhaps, a sentence).

    A line that was wrapped is full: the first word of the next would not have fitted. (A sixth of
    the width is forgiven, for ragged text taken from a page.)
    """
    (start, end), (next_start, next_end) = line, following
    if text[end - 1].isspace():
        end = start + len(text[start:end].rstrip())
    length, first = end - start, text[next_start]
    small = first.islower()
    if length < 25 and not wrapped and (first.isupper() or small and width < 30 and text[start].islower()):
        return False  # as below, but quickly: tables hold very many short lines
    if _ALONE.match(text, start) or _ALONE.match(text, next_start):
        return False
    if (text[start] == ">") != (first == ">"):
        return False
    lead = _LEAD.match(text, next_start).end()
    first = text[lead] if lead < next_end else ""
    word = 2 if _IDEOGRAPH.match(first) else len((text[lead : lead + 20].split() or [""])[0])
    full = 6 * (length + 1 + word) >= 5 * width
    if _ITEM.match(text, next_start):
        listed = _ITEM.match(text, block) or text[end - 1] == ":"
        return full and wrapped and not listed and not _ended(text, start, end)
    if first.islower():
        return width >= 30 or not text[start].islower()
    if _ended(text, start, end):
        return full and wrapped
    if length >= 25 and _UNFINISHED.search(text, max(start, end - 12), end):
        return True
    if first.isalpha() and not first.isupper():  # a script without capitals
        return full and width <= 130 and length >= (12 if _IDEOGRAPH.match(first) else 30)
    return full and wrapped


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of one block."""
    if text[end - 1].isspace():
        end = start + len(text[start:end].rstrip())
    if text[start] == "|":  # a table row
        yield start, end
        return
    quotes, counted, done, uncased = 0, start, start, text[start].islower()
    for match in _MARK.finditer(text, start, end):
        mark, stop = match.span()
        if mark < done:  # it belongs to the trail of the last one
            continue
        tail = text[stop : stop + 40 if stop + 40 < end else end]
        if not match.lastindex:
            if tail[:1].isalnum() and _UNSPACED.isdisjoint(match[0]):
                continue  # within a number, an address, "U.S."
            done = stop = _TRAIL.match(text, stop, end).end()
            if detached := _DETACHED_QUOTE.match(text, stop, end):
                quotes += text.count('"', counted, stop)
                counted = stop
                if quotes % 2:  # a quotation is open: in `. " She` it closes here
                    done = stop = detached.end()
            following = max(stop, _SPACE.match(text, stop, end).end() - 1)
            tail = text[following : min(following + 40, end)]
        if stop == end:
            break
        marks = text[mark:stop] if stop - mark < 9 else text[mark : mark + 8] + text[stop - 1]
        before = text[mark - 24 if mark - 24 > start else start : mark]
        if _ends(before, marks, tail, uncased) and not (
            marks[0] in "!?" and marks[-1] in _CLOSERS and _names_speaker(text, stop, end)
        ):
            yield start, stop
            start = _SPACE.match(text, stop, end).end()
            uncased = text[start].islower()
    if start < end:
        yield start, end


def _names_speaker(text: str, start: int, end: int) -> bool:
    """Whether a name and a verb of speech follow a quotation: `"Who?" Gen. Rahmani asked.`"""
    match = _SPEAKER.match(text, start, end)
    return match is not None and match[1] not in _STARTERS


@lru_cache(maxsize=4096)
def _ends(before: str, marks: str, tail: str, uncased: bool) -> bool:
    """Whether marks end a sentence, given what stands before and after them (as much as matters).

    `uncased` says that the sentence began with a small letter.
    """
    closed = marks[-1] in _CLOSERS
    if not tail[0].isspace():
        return not (_UNSPACED.isdisjoint(marks) or closed and _CJK_SPEAKER.match(tail))
    dash, openers, word, after = _NEXT.match(tail).groups()
    small = word.islower() and word[0].islower()
    if dash and (small or not word) or after and not word and not openers and after in ",;:.)]}…%&/":
        return False
    spaced = before[-1:].isspace() or not before
    if marks[0] == "…" or marks != "." and marks.count(".") + 2 * marks.count("…") > 1:
        if "!" in marks or "?" in marks or marks.startswith((". ..", "....", ". …")):
            return not small
        return not small and word != "I" and (word in _STARTERS or not spaced)
    if marks[0] == "!" and before.lower().endswith(_SHOUTING_NAMES):
        return word in _STARTERS
    if marks[0] != ".":  # "Will it hold? many ask", unless the text has no capitals
        return not small or marks[0] not in "!?;" or marks[0] != ";" and uncased and not closed
    if spaced:  # tokenised text
        return not (small and closed)
    return _stops(before, closed, uncased, word, after)


def _stops(text: str, closed: bool, uncased: bool, word: str, after: str) -> bool:
    """The same for a single full stop, attached to the word before it."""
    before = text.rsplit(None, 1)[-1].strip(_AROUND)
    if before == text and _ORDINAL.fullmatch(before):
        return False  # "2. Leave the key", "A. The guard did"
    key = before.lower().rpartition("-")[2]  # "then-Sen. Lane"
    if word.islower() and word[0].islower():
        if closed or not before.isalpha() or key in _KNOWN:
            return False
        return uncased and len(before) > 1 or len(before) > 3 and before.islower()
    if key in _NEVER or key in _TITLES and before[0].isupper():
        return False
    if len(before) == 1 and before.isalpha():  # an initial
        return word in _STARTERS and after != "."
    if key in _NUMBERED:
        return not word[:1].isdigit()
    if key in _CALENDAR and before[0].isupper():
        return not word[:1].isdigit() and word.lower() not in _CALENDAR
    if key in ("a.m", "p.m"):
        return word[:1].isalpha() and word.lower() not in _AFTER_TIME
    if key in _EITHER or _DOTTED.fullmatch(before):
        return word in _STARTERS and after != "."
    return not (len(before) < 3 and before.isdigit() and word in _GERMAN_MONTHS)


def _cut(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of a sentence that is too long."""
    while end - start > MAX_CHARACTERS:
        limit = start + MAX_CHARACTERS
        for pattern in _CUTS:
            if match := pattern.match(text, start + MAX_CHARACTERS // 3, limit + 1):
                stop = match.end()
                break
        else:
            stop = limit
            while stop > limit - 40 and _combines(text, stop):
                stop -= 1
        yield start, start + len(text[start:stop].rstrip())
        start = _SPACE.match(text, stop, end).end()
    if start < end:
        yield start, end


def _combines(text: str, place: int) -> bool:
    """Whether a character here belongs with the one before it: an accent, a joined emoji."""
    return unicodedata.category(text[place])[0] == "M" or "\u200d" in text[place - 1 : place + 1]
