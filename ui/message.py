"""An Answer as the HTML of one chat message. Pure: no browser, no library, no state.

Documents, their names and the question itself are hostile here. Whatever comes from them passes
through `verbatim`, which leaves no character that HTML, Markdown, LaTeX or a template could
read as syntax; the chat's own sanitiser comes after it, as a second guard.
"""

from collections.abc import Callable

from assistant.types import Account, Answer, Attribution, Claim
from corpus.types import Document, Span
from ui import cite

_JOIN = "&#8288;"  # U+2060: what stands on its two sides stays on one line
_SPACE = "&#160;"


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
    """The head of the page: its name, room for what is open (`holdings`), and what to know."""
    name = '<h1><a href="/" title="Start a new conversation">Byline</a></h1>'
    note = f'<p id="banner">{verbatim(banner)}</p>' if banner else ""
    return f'<header class="masthead">{name}<p id="holdings"></p></header>{note}'


def holdings(documents: int, newest: str | None) -> str:
    """What is open, as plain text."""
    held = _count(documents, "document")
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


def answer(given: Answer, words: Callable[[Span], str]) -> str:
    """The message for `given`; `words(span)` fetches the text of a span, such as a speaker's name."""
    body = _abstained(given) if given.abstained or not given.claims else _answered(given, words)
    return f'<div class="byline answer">{_read_as(given)}{body}{_notes(given)}</div>'


def _answered(given: Answer, words: Callable[[Span], str]) -> str:
    numbers = _numbers(given.claims)
    blocks = [_claim(claim, numbers, words) for claim in given.claims]
    short = f'<p class="short verbatim">{verbatim(given.short_answer)}</p>' if given.short_answer else ""
    doubt = '<p class="unsure">Nothing here is sure to answer this. The nearest sentences:</p>' if given.unsure else ""
    lead = f'{doubt}<p class="lead">{_support(given)}</p>'
    return short + lead + _accounts(given, blocks) + _sources(given.claims)


def _abstained(given: Answer) -> str:
    if not given.searched:
        return (
            '<p class="abstained">Not in your documents.</p><p>There are no documents to search yet. '
            "Add some with <code>byline add FOLDER</code>, then ask again.</p>"
        )
    newest = f", the newest of {_date(given.newest)}" if given.newest else ""
    missing = f" None mentions {', '.join(map(_isolated, given.unmentioned))}." if given.unmentioned else ""
    searched = f"<p>Searched {_count(given.searched, 'document')}{newest}: none of them answers this.{missing}</p>"
    suggestion = (
        '<p class="suggestion">Try the names and words that the documents would use, ask for one '
        "thing at a time, or add documents with <code>byline add FOLDER</code>.</p>"
    )
    nearest = ""
    if given.nearest:
        numbers = _numbers(given.nearest)
        passages = "".join(_claim(claim, numbers, None) for claim in given.nearest)
        nearest = f'<div class="nearest"><p class="label">Nearest passages, not an answer</p>{passages}</div>'
    return f'<p class="abstained">Not in your documents.</p>{searched}{suggestion}{nearest}'


def _accounts(given: Answer, blocks: list[str]) -> str:
    """The claims, side by side by account where there are several accounts of the matter."""
    if len(given.accounts) < 2:
        return f'<div class="claims">{"".join(blocks)}</div>'
    grouped = {position for account in given.accounts for position in account.claims}
    columns = "".join(_account(account, blocks) for account in given.accounts)
    rest = "".join(block for position, block in enumerate(blocks) if position not in grouped)
    label = "Accounts differ" if given.differ else "Accounts"
    others = f'<div class="claims">{rest}</div>' if rest else ""
    return f'<p class="label">{label}</p><div class="accounts">{columns}</div>{others}'


def _account(account: Account, blocks: list[str]) -> str:
    claims = "".join(blocks[position] for position in account.claims)
    return f'<div class="account"><p class="value verbatim">{verbatim(account.value)}</p>{claims}</div>'


def _claim(claim: Claim, numbers: dict[str, int], words: Callable[[Span], str] | None) -> str:
    document = claim.document
    said = _said(claim.attribution, words) if claim.attribution and words else ""
    # The quotation marks stand outside the element, whose text is the quotation and nothing else.
    quote = f'<blockquote>“<span class="verbatim">{verbatim(claim.text)}</span>”</blockquote>'
    by_hand = {field: " (set by you)" for field in document.set_by_person}
    date = _date(document.published) + by_hand.get("published", "") if document.published else "undated"
    origin = (
        f'<p class="origin">—{_SPACE}{_isolated(document.source or "source not stated")}{by_hand.get("source", "")}, '
        f'{_isolated(_title(document), "title")}{by_hand.get("title", "")}, '
        f'<span class="date">{date}{_JOIN}{_SPACE}{_JOIN}'
        f"{_chip(claim, numbers)}</span></p>"
    )
    also = ""
    if claim.copies:
        also = f'<p class="copies">Also in: {"; ".join(_particulars(copy) for copy in claim.copies)}</p>'
    return f'<div class="claim">{said}{quote}{origin}{also}</div>'


def _said(attribution: Attribution, words: Callable[[Span], str]) -> str:
    if attribution.claimant is None:
        return ""
    verb = "Denied by" if attribution.denied else "According to"
    via = f", through {_isolated(words(attribution.via))}" if attribution.via else ""
    hedged = " (hedged)" if attribution.hedged else ""
    return f'<p class="said">{verb} {_isolated(words(attribution.claimant))}{via}{hedged}:</p>'


def _chip(claim: Claim, numbers: dict[str, int]) -> str:
    place = cite.address(claim.quote, claim.text)
    # The hidden words are the link's name for a screen reader: the sanitiser drops aria-label.
    return (
        f'<a class="chip" href="#cite={place}"><span class="aside">Open source </span>[{numbers[place]}]</a>'
    )


def _sources(claims: tuple[Claim, ...]) -> str:
    """A link for each document quoted, to the first of its quotations."""
    first: dict[str, Claim] = {}
    for claim in claims:
        first.setdefault(claim.document.id, claim)
    links = "".join(
        f'<a class="source" href="#cite={cite.address(claim.quote, claim.text)}">'
        f"{_particulars(claim.document)}</a>"
        for claim in first.values()
    )
    return f'<div class="sources"><span class="label">Sources</span>{links}</div>'


def _particulars(document: Document) -> str:
    date = _date(document.published) if document.published else "undated"
    return f'{_isolated(_title(document))} ·{_SPACE}<span class="date">{date}</span>'


def _numbers(claims: tuple[Claim, ...]) -> dict[str, int]:
    """Passages by address, numbered from 1 as they appear: the same passage, the same number."""
    numbers: dict[str, int] = {}
    for claim in claims:
        numbers.setdefault(cite.address(claim.quote, claim.text), len(numbers) + 1)
    return numbers


def _support(given: Answer) -> str:
    sentences = _count(len(given.claims), "sentence")
    documents = given.documents or len({claim.document.id for claim in given.claims})
    independent = f", {_count(given.origins, 'independent source')}" if given.origins else ""
    return f"{sentences} from {_count(documents, 'document')}{independent}"


def _read_as(given: Answer) -> str:
    if not given.standalone or given.standalone == given.question:
        return ""
    return f'<p class="read-as">Read as: {_isolated(given.standalone)}</p>'


def _notes(given: Answer) -> str:
    """What the answer could not take into account."""
    notes = list(given.problems)
    if given.excluded_undated:
        notes.append(f"Left out: {_count(given.excluded_undated, 'document')} without a date.")
    return "".join(f'<p class="note">{_isolated(note)}</p>' for note in notes)


def _title(document: Document) -> str:
    return document.title or document.name


def _date(published: str) -> str:
    return _isolated(published[:10], "date")


def _isolated(text: str, kind: str = "") -> str:
    """Foreign words within a line of ours: their direction marks must not reorder the line."""
    return f'<span class="{f"isolated {kind}".rstrip()}">{verbatim(text)}</span>'


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"
