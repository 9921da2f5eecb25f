"""Answers as files, to publish from: Markdown, JSON, CSL-JSON, BibTeX, CSV.

Pure. Each quotation goes with its document, its offsets (Unicode code points) and its SHA-256, so
that anybody can check it. The documents' words are as hostile in a file as on the page: Markdown is
escaped, so that no picture is fetched, and a cell never begins a formula.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from assistant.types import Answer, Claim
from corpus.types import Document
from ui import cite, render
from ui.kept import Exchange, sha256

Write = Callable[[str, Sequence[Exchange]], str]


def markdown(title: str, exchanges: Sequence[Exchange]) -> str:
    """The questions as headings, the quotations as quotations, their sources as footnotes."""
    lines, notes = [f"# {_escaped(_line(title))}"], []
    for exchange in exchanges:
        lines += ["", f"## {_escaped(_line(exchange.question))}", ""]
        answer = exchange.answer
        if answer is None:
            lines.append("(Not answered.)")
            continue
        if answer.standalone != exchange.question:
            lines += [f"Read as: {_escaped(_line(answer.standalone))}", ""]
        if within := _within(exchange):
            lines += [f"Only: {_escaped(_line(within))}", ""]
        if answer.abstained:
            lines += [f"Not in the documents ({answer.searched:,} searched). The nearest passages, not an answer:", ""]
        elif answer.short_answer:
            lines += [f"“{_escaped(_line(answer.short_answer))}”", ""]
        for value, of in ((account.value, account.claims) for account in answer.accounts):
            numbers = ", ".join(f"[^{len(notes) + position + 1}]" for position in of)
            lines.append(f"- {_escaped(_line(value)) or '(gone)'} {numbers}")
        if answer.accounts:
            lines += ["", "These accounts differ." if answer.differ else "", ""]
        for position, claim in enumerate(answer.claims or answer.nearest):
            notes.append((claim, exchange.lost.get(position)))
            lines += [*_quoted(claim, len(notes), exchange.lost.get(position)), ""]
    lines.append("")
    lines += [f"[^{number}]: {_footnote(claim, lost)}" for number, (claim, lost) in enumerate(notes, 1)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def as_json(title: str, exchanges: Sequence[Exchange]) -> str:
    """All of it, each answer in the form that `byline ask --json` prints, its quotes with their hashes."""
    told = []
    for exchange in exchanges:
        entry = {
            "number": exchange.number, "asked": exchange.asked, "question": exchange.question,
            "filters": asdict(exchange.filters), "state": exchange.state, "version": exchange.version,
        }  # fmt: skip
        if exchange.answer is not None:
            entry["answer"] = answer = render.answer_json(exchange.answer)
            for position, claim in enumerate(answer["claims"] or answer["nearest"]):
                lost = exchange.lost.get(position)
                claim.update({"lost": lost} if lost else {"sha256": sha256(claim["quote"])})
        told.append(entry)
    return json.dumps({"title": title, "exchanges": told}, ensure_ascii=False, indent=2) + "\n"


def csl(title: str, exchanges: Sequence[Exchange]) -> str:
    """The documents quoted, as CSL-JSON: what Zotero and pandoc read."""
    items = []
    for document, claims in _documents(exchanges):
        facts = cite.describe(document)
        item = {
            "id": f"byline-{document.id}",
            "type": "webpage" if facts["uri"] else "article-newspaper" if document.source else "document",
            "title": facts["title"],
            "container-title": document.source,
            "author": [{"literal": document.author}] if document.author else None,
            "issued": {"date-parts": [[int(part) for part in document.published[:10].split("-")]]}
            if document.published else None,
            "URL": facts["uri"],
            "page": _pages(document, claims),
            "note": "\n".join(_told(claim) for claim in claims),
        }  # fmt: skip
        items.append({key: value for key, value in item.items() if value})
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def bibtex(title: str, exchanges: Sequence[Exchange]) -> str:
    """The documents quoted, as BibTeX in UTF-8."""
    entries = []
    for document, claims in _documents(exchanges):
        facts = cite.describe(document)
        year, month, day = (*(document.published or "")[:10].split("-"), "", "", "")[:3]
        fields = {
            "title": "{" + _tex(facts["title"]) + "}",
            "author": "{" + _tex(document.author) + "}" if document.author else "",
            "howpublished": _tex(document.source or ""),
            "year": year, "month": month, "day": day,
            # Signs that would end the field are not in an address, unless somebody means harm.
            "url": re.sub(r"[{}\\\s]", "", facts["uri"] or ""),
            "pages": _pages(document, claims) or "",
            "note": _tex(" ".join(_told(claim) for claim in claims)),
        }  # fmt: skip
        body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
        entries.append(f"@misc{{byline-{document.id},\n{body}\n}}\n")
    return "\n".join(entries)


def as_csv(title: str, exchanges: Sequence[Exchange]) -> str:
    """One quotation a row, for a spreadsheet: UTF-8 with a mark that Excel looks for."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for exchange in exchanges:
        answer = exchange.answer
        for position, claim in enumerate((answer.claims or answer.nearest) if answer else ()):
            rows.writerow(_cell(value) for value in _row(exchange, answer, position, claim))
    return "\ufeff" + out.getvalue()


# How each is written, what it is, and the end of its file's name.
FORMATS: dict[str, tuple[Write, str, str]] = {
    "markdown": (markdown, "text/markdown", "md"),
    "json": (as_json, "application/json", "json"),
    "csl": (csl, "application/vnd.citationstyles.csl+json", "csl.json"),
    "bibtex": (bibtex, "application/x-bibtex", "bib"),
    "csv": (as_csv, "text/csv", "csv"),
}

_COLUMNS = (
    "asked", "question", "read as", "filters", "kind", "number", "quote", "answer", "account", "claimant", "via",
    "voice", "denied", "hedged", "source", "title", "published", "page", "name", "uri", "document", "start", "end",
    "sha256", "lost",
)  # fmt: skip


def _row(exchange: Exchange, answer: Answer, position: int, claim: Claim) -> tuple[object, ...]:
    told, document = claim.attribution, claim.document
    return (
        exchange.asked, exchange.question, answer.standalone, _within(exchange),
        "nearest, not an answer" if answer.abstained else "claim", position + 1, claim.text,
        claim.words(claim.answer) if claim.answer else "",
        "; ".join(account.value for account in answer.accounts if position in account.claims),
        told.claimant.name.text if told and told.claimant else "", told.via.text if told and told.via else "",
        told.voice if told else "", told.denied if told else "", told.hedged if told else "",
        document.source, document.title, document.published, document.page_at(claim.quote.start), document.name,
        document.uri, document.id, claim.quote.start, claim.quote.end,
        sha256(claim.text) if claim.text else "", exchange.lost.get(position, ""),
    )  # fmt: skip


# What makes a spreadsheet calculate, in its wide forms too; it looks past space and quotation marks.
_FORMULA = re.compile(r"[\s\x00-\x1f\ufeff'\"]*[=+\-@＝＋－＠]|[\t\r\n]")


def _cell(value: object) -> object:
    """A cell that shows what it holds: where it would be a formula, an apostrophe goes before it."""
    if not isinstance(value, str):
        return "" if value is None else value
    return f"'{value}" if _FORMULA.match(value) else value


def _documents(exchanges: Sequence[Exchange]) -> Iterator[tuple[Document, list[Claim]]]:
    """The documents that answers quote, in their order, with the quotations."""
    found: dict[str, list[Claim]] = {}
    for exchange in exchanges:
        for claim in exchange.answer.claims if exchange.answer else ():
            if claim.text:
                found.setdefault(claim.document.id, []).append(claim)
    for claims in found.values():
        distinct = {claim.quote: claim for claim in claims}
        yield claims[0].document, list(distinct.values())


def _told(claim: Claim) -> str:
    return f"“{claim.text}” ({_where(claim)})"


def _where(claim: Claim) -> str:
    """The place of a quotation, so that it can be checked."""
    page = claim.document.page_at(claim.quote.start)
    at = f"characters {claim.quote.start}–{claim.quote.end}, SHA-256 {sha256(claim.text)}"
    return f"page {page}, {at}" if page else at


def _pages(document: Document, claims: Sequence[Claim]) -> str | None:
    pages = sorted({page for claim in claims if (page := document.page_at(claim.quote.start))})
    return ", ".join(map(str, pages)) or None


def _within(exchange: Exchange) -> str:
    told = {name.replace("_", " "): value for name, value in asdict(exchange.filters).items() if value}
    return "; ".join(f"{name} {value}" for name, value in told.items())


def _quoted(claim: Claim, number: int, lost: str | None) -> list[str]:
    """A quotation as Markdown, with who says it before."""
    if lost:
        return [f"The passage quoted here {lost}. [^{number}]"]
    said = []
    if claim.attribution:
        said = [_escaped(_line(render.attribution_text(claim.attribution))) + ":", ""]
    # A break within the quotation is kept as one, by the backslash at the end of its line.
    quote = "\\\n> ".join(_escaped(part) for part in re.split(r"\r\n|\r|\n", claim.text))
    return [*said, f"> “{quote}”[^{number}]"]


def _footnote(claim: Claim, lost: str | None) -> str:
    if lost:
        return f"This passage {lost}."
    document = claim.document
    facts = cite.describe(document)
    told = [document.author, document.source or "source not stated", facts["title"]]
    told += [document.published or "undated", facts["uri"], document.name, _where(claim)]
    return ", ".join(_escaped(_line(part)) for part in told if part) + "."


def _line(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is: no picture, link, HTML, formula or list begins in it."""
    text = re.sub(r"([\\`*_{}\[\]<>|~$&!^])", r"\\\1", text)
    text = re.sub(r"^(\s*)([#+\-=:])", r"\1\\\2", text)
    text = re.sub(r"^(\s*\d+)([.)])", r"\1\\\2", text)
    return re.sub(r"^[ \t]+", lambda space: "&#32;" * len(space[0]), text)


_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def _tex(text: str) -> str:
    """Text that TeX shows as it is, on one line."""
    return "".join(_TEX.get(letter, letter) for letter in _line(text) if letter.isprintable())
