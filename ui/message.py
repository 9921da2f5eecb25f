"""An Answer as the HTML of one chat message. Pure: no browser, no library, no state.

Documents, their names and the question itself are hostile here. Whatever comes from them passes
through `verbatim`, which leaves no character that HTML, Markdown, LaTeX or a template could
read as syntax; the chat's own sanitiser comes after it, as a second guard.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from assistant.types import Account, Answer, Claim
from corpus.types import Document, Filters
from ui import cite, render

AT_FIRST = 5  # claims that are seen before "Show more", and of one account:
AT_FIRST_OF_ACCOUNT = 2
FORMATS = {"markdown": "Markdown", "json": "JSON", "csl": "CSL-JSON", "bibtex": "BibTeX", "csv": "CSV"}

_JOIN = "&#8288;"  # U+2060: what stands on its two sides stays on one line
_SPACE = "&#160;"
_NO_FILTERS = Filters()
_NOTHING: Mapping[int, str] = MappingProxyType({})


def verbatim(text: str) -> str:
    """`text` as HTML that shows it character for character.

    Everything but letters, digits and spaces in ASCII becomes a numeric reference: Markdown
    finds no asterisk, no line break and no address in it, a template no `${`. Control characters
    cannot be written so (HTML reads `&#128;` as a euro sign) and stay as they are.
    """
    return "".join(
        c if c.isascii() and (c.isalnum() or c == " ") or 0x7F <= ord(c) <= 0x9F else f"&#{ord(c)};"
        for c in text
    )


def masthead(banner: str | None) -> str:
    """The head of the page: its name, where else one can go, room for what is open (`holdings`), and
    what to know."""
    name = '<h1><a href="/" title="Start a new conversation">Byline</a></h1>'
    ways = (
        '<nav aria-label="Pages"><button type="button" id="talks-open" class="link">Conversations</button>'
        '<a href="/documents">Documents</a></nav>'
    )
    note = f'<p id="banner">{verbatim(banner)}</p>' if banner else ""
    return f'<header class="masthead">{name}{ways}<p id="holdings"></p></header>{note}'


def holdings(documents: int, newest: str | None) -> str:
    """What is open, as plain text."""
    held = render.count(documents, "document")
    return f"{held}, newest {newest[:10]}" if newest else held


def question(text: str) -> str:
    """The person's own question, echoed."""
    return f'<h2 class="byline question"><span class="verbatim">{verbatim(text)}</span></h2>'


def stage(words: str) -> str:
    """What is being done, while the answer is awaited."""
    return f'<div class="byline stage"><p>{verbatim(words)}</p></div>'


def problem(words: str) -> str:
    """An error, in plain words."""
    return f'<div class="byline problem"><p class="verbatim">{verbatim(words)}</p></div>'


def stopped(found: Sequence[Claim] = ()) -> str:
    """What there is of an answer that was stopped: what had been found by then, which nothing has judged."""
    passages = _passages(found, "Found so far, not read yet, and not an answer") if found else ""
    words = "Stopped. The question was not answered."
    return f'<div class="byline answer stopped"><p class="abstained">{words}</p>{passages}</div>'


def unanswered(state: str) -> str:
    """In a conversation that is opened again, the place of an answer that there never was."""
    why = "It was stopped." if state == "stopped" else "It was not answered."
    return f'<div class="byline problem"><p>{why} Ask it again if you still want to know.</p></div>'


def answer(
    given: Answer,
    *,
    at: tuple[str, int] | None = None,
    filters: Filters = _NO_FILTERS,
    lost: Mapping[int, str] = _NOTHING,
    verdict: str | None = None,
) -> str:
    """The message for an answer.

    `at` is the conversation's id and the question's number, once it is kept: it can then be
    exported and judged (`verdict` is what was said of it). `lost` says, by position, of claims
    without text why they are not shown. What to ask next is drawn below by `page/talk.js`.
    """
    body = _abstained(given, lost) if given.abstained or not given.claims else _answered(given, lost)
    place = f' id="turn-{at[0]}-{at[1]}"' if at else ""
    tools = _tools(at, verdict) if at else ""
    return (
        f'<div class="byline answer"{place}>{_read_as(given)}{_within(filters)}{body}{_notes(given)}'
        f"{tools}</div>"
    )


def _answered(given: Answer, lost: Mapping[int, str]) -> str:
    numbers = _numbers(given.claims)
    blocks = [_claim(claim, numbers, lost.get(position)) for position, claim in enumerate(given.claims)]
    short = f'<p class="short verbatim">{verbatim(given.short_answer)}</p>' if given.short_answer else ""
    lead = f'<p class="lead">{render.support(given)}</p>'
    return short + _accounts(given, blocks) + lead + _sources(given.claims)


def _abstained(given: Answer, lost: Mapping[int, str]) -> str:
    if not given.searched:
        return (
            '<p class="abstained">Not in your documents.</p><p>There are no documents to search yet. '
            "Add some with <code>byline add FOLDER</code>, then ask again.</p>"
        )
    newest = f", the newest of {_date(given.newest)}" if given.newest else ""
    missing = f" None mentions {', '.join(map(_isolated, given.unmentioned))}." if given.unmentioned else ""
    searched = f"<p>Searched {render.count(given.searched, 'document')}{newest}: none of them answers this.{missing}</p>"
    suggestion = (
        '<p class="suggestion">Try the names and words that the documents would use, ask for one '
        "thing at a time, or add documents with <code>byline add FOLDER</code>.</p>"
    )
    nearest = _passages(given.nearest, "Nearest passages, not an answer", lost) if given.nearest else ""
    return f'<p class="abstained">Not in your documents.</p>{searched}{suggestion}{nearest}'


def _passages(claims: Sequence[Claim], label: str, lost: Mapping[int, str] = _NOTHING) -> str:
    """Passages that are no answer, and are marked as none."""
    numbers = _numbers(claims)
    passages = "".join(_claim(claim, numbers, lost.get(position)) for position, claim in enumerate(claims))
    return f'<div class="nearest"><p class="label">{label}</p>{passages}</div>'


def _accounts(given: Answer, blocks: list[str]) -> str:
    """The claims, side by side by account where there are several accounts of the matter."""
    if len(given.accounts) < 2:
        carrying = given.supporting
        further = [position for position in range(len(blocks)) if position not in carrying]
        ordered = [blocks[position] for position in (*carrying, *further)]
        return f'<div class="claims">{_some(ordered, min(AT_FIRST, len(carrying)))}</div>'
    grouped = {position for account in given.accounts for position in account.claims}
    columns = "".join(_account(account, given, blocks) for account in given.accounts)
    rest = [block for position, block in enumerate(blocks) if position not in grouped]
    label = "Accounts differ" if given.differ else "Accounts"
    others = f'<div class="claims">{_some(rest, 0 if 0 in grouped else 1)}</div>' if rest else ""
    return f'<p class="label">{label}</p><div class="accounts">{columns}</div>{others}'


def _account(account: Account, given: Answer, blocks: list[str]) -> str:
    """What is said, by whom and when, and the sentences that say it."""
    words = verbatim(account.value)
    value = f'<span class="verbatim">{words}</span>' if words else "(no longer in the library)"
    value = f"Denied: {value}" if account.denied else value
    who = dict.fromkeys(name for position in account.claims if (name := _who(given.claims[position])))
    facts = [", ".join(map(_isolated, who))] if who else []
    facts += [_date(account.published)] if account.published else []
    facts += ["the newest of these"] if account.newest else []
    by = f'<p class="who">{", ".join(facts)}</p>' if facts else ""
    claims = _some([blocks[position] for position in account.claims], AT_FIRST_OF_ACCOUNT)
    return f'<div class="account"><p class="value">{value}</p>{by}{claims}</div>'


def _who(claim: Claim) -> str | None:
    """Whose word a claim is: its named claimant's, else its outlet's."""
    claimant = claim.attribution.claimant if claim.attribution else None
    return claimant.name.text if claimant and claimant.named else claim.document.source


def _some(blocks: Sequence[str], first: int) -> str:
    """The first of these, and the others on demand."""
    if len(blocks) <= first:
        return "".join(blocks)
    rest = f"<summary>Show {render.count(len(blocks) - first, 'more sentence')}</summary>{''.join(blocks[first:])}"
    return f'{"".join(blocks[:first])}<details class="more">{rest}</details>'


def _claim(claim: Claim, numbers: Mapping[str, int], lost: str | None = None) -> str:
    if lost is not None:
        words = f"The passage quoted here {lost}."
        return f'<div class="claim gone"><p>{verbatim(words)}{_JOIN}{_SPACE}{_JOIN}{_chip(claim, numbers)}</p></div>'
    document = claim.document
    voice = claim.attribution and render.voice(claim.attribution, claim.quote, _isolated)
    said = f'<p class="said">{voice}:</p>' if voice else ""
    # The quotation marks stand outside the element, whose text is the quotation and nothing else.
    quote = f'<blockquote>“<span class="verbatim">{_quoted(claim)}</span>”</blockquote>'
    by_hand = {field: " (set by you)" for field in document.set_by_person}
    date = _date(document.published) + by_hand.get("published", "") if document.published else "undated"
    page = document.page_at(claim.quote.start)
    origin = (
        f'<p class="origin">—{_SPACE}{_isolated(document.source or "source not stated")}{by_hand.get("source", "")}, '
        f'{_isolated(_title(document), "title")}{by_hand.get("title", "")}, '
        f'{f"page {page}, " if page else ""}<span class="date">{date}{_JOIN}{_SPACE}{_JOIN}'
        f"{_chip(claim, numbers)}</span></p>"
    )
    also = ""
    if claim.copies:
        also = f'<p class="copies">Also in: {"; ".join(_particulars(copy) for copy in claim.copies)}</p>'
    # Filled when it is opened, with text that is checked then.
    around = '<details class="around"><summary>In context</summary><p></p></details>'
    return f'<div class="claim">{said}{quote}{origin}{also}{around}</div>'


def _quoted(claim: Claim) -> str:
    """The quotation, with the words that answer marked in it."""
    if claim.answer is None:
        return verbatim(claim.text)
    start, end = claim.answer.start - claim.quote.start, claim.answer.end - claim.quote.start
    before, words, after = (verbatim(part) for part in (claim.text[:start], claim.text[start:end], claim.text[end:]))
    return f'{before}<mark class="words">{words}</mark>{after}'


def _chip(claim: Claim, numbers: Mapping[str, int]) -> str:
    place = cite.address(claim.quote, claim.text)
    # The hidden words are the link's name for a screen reader: the sanitiser drops aria-label.
    return (
        f'<a class="chip" href="#cite={place}"><span class="aside">Open source </span>[{numbers[place]}]</a>'
    )


def _sources(claims: Sequence[Claim]) -> str:
    """A link for each document quoted, to the first of its quotations."""
    first: dict[str, Claim] = {}
    for claim in claims:
        if claim.text:
            first.setdefault(claim.document.id, claim)
    if not first:
        return ""
    links = "".join(
        f'<a class="source" href="#cite={cite.address(claim.quote, claim.text)}">'
        f"{_particulars(claim.document)}</a>"
        for claim in first.values()
    )
    return f'<div class="sources"><span class="label">Sources</span>{links}</div>'


def _particulars(document: Document) -> str:
    date = _date(document.published) if document.published else "undated"
    return f'{_isolated(_title(document))} ·{_SPACE}<span class="date">{date}</span>'


def _numbers(claims: Sequence[Claim]) -> dict[str, int]:
    """Passages by address, numbered from 1 as they appear: the same passage, the same number."""
    numbers: dict[str, int] = {}
    for claim in claims:
        numbers.setdefault(cite.address(claim.quote, claim.text), len(numbers) + 1)
    return numbers


def _read_as(given: Answer) -> str:
    """How the question was understood, if not as it stands; it can be taken back into the box."""
    if not given.standalone or given.standalone == given.question.strip():
        return ""
    edit = '<button type="button" class="edit link">Edit</button>'
    return f'<p class="read-as">Read as: {_isolated(given.standalone, "read")} {edit}</p>'


def _within(filters: Filters) -> str:
    """The part of the library that was asked."""
    told = [f"source {_isolated(filters.source)}"] if filters.source else []
    told += [f"published since {filters.since}"] if filters.since else []
    told += [f"published until {filters.until}"] if filters.until else []
    told += [f"as of {filters.as_of}"] if filters.as_of else []
    return f'<p class="within">Only: {"; ".join(told)}</p>' if told else ""


def _tools(at: tuple[str, int], verdict: str | None) -> str:
    """Copying, exporting and judging; what the buttons do is in `page/talk.js`."""
    where = f"/export?c={at[0]}&amp;n={at[1]}&amp;as="
    links = "".join(f'<a href="{where}{key}">{name}</a>' for key, name in FORMATS.items())
    judge = "".join(
        f'<button type="button" class="judge{" chosen" if value == verdict else ""}">{value.capitalize()}</button>'
        for value in ("helpful", "not helpful", "wrong source")
    )
    return (
        '<div class="tools"><button type="button" class="copy">Copy with sources</button>'
        f'<details class="export"><summary>Export</summary><p>{links}</p></details>'
        f'<span class="judging" role="group"><span class="label">This answer was</span>{judge}</span>'
        '<span class="done" role="status"></span></div>'
    )


def _notes(given: Answer) -> str:
    """What the answer could not take into account."""
    notes = [*given.problems, *filter(None, (given.hurried, given.age))]
    if given.excluded_undated:
        notes.append(f"Left out: {render.count(given.excluded_undated, 'document')} without a date.")
    return "".join(f'<p class="note">{_isolated(note)}</p>' for note in notes)


def _title(document: Document) -> str:
    return document.title or document.name


def _date(published: str) -> str:
    return _isolated(published[:10], "date")


def _isolated(text: str, kind: str = "") -> str:
    """Foreign words within a line of ours: their direction marks must not reorder the line."""
    return f'<span class="{f"isolated {kind}".rstrip()}">{verbatim(text)}</span>'
