"""The command line: `byline add, list, show, remove, set, search, ask, check, rebuild, serve`."""

import argparse
import json
import math
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from corpus.dates import iso_date
from corpus.library import Library
from corpus.types import BylineError, Filters
from ui import render

QUESTION_LIMIT = 4_000  # characters


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit code 0: done; 1: a part failed, each named on stderr; 2: wrong usage."""
    options = _parser().parse_args(arguments)
    options.library = getattr(options, "library", None) or default_library()
    options.json = getattr(options, "json", False)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows it as an escape
        stream.reconfigure(errors="backslashreplace")
    try:
        return options.run(options)
    except BylineError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        _complain(f"{error.filename or 'the output'}: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        _complain("stopped; what was stored is safe, and `byline add` goes on from there")
        return 130


def _parser() -> argparse.ArgumentParser:
    def shared() -> argparse.ArgumentParser:
        # Made anew for each use, without defaults: else a command's would undo what stood before it.
        options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
        options.add_argument("--library", type=Path, metavar="DIR", help="the library's folder")
        options.add_argument("--json", action="store_true", help="print JSON")
        return options

    filters = argparse.ArgumentParser(add_help=False)
    filters.add_argument("--source", type=_text, metavar="NAME", help="only documents of this source")
    filters.add_argument("--since", type=_date, metavar="DATE", help="only documents published on DATE or later")
    filters.add_argument("--until", type=_date, metavar="DATE", help="only documents published on DATE or earlier")

    parser = argparse.ArgumentParser(
        prog="byline", parents=[shared()], description="Asks your own documents; answers with cited sentences."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable, help: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared(), *parents], help=help, description=help)
        made.set_defaults(run=run)
        return made

    made = command("add", _add, "add files and folders; the unchanged are skipped, the changed replaced")
    made.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    made.add_argument("--source", type=_text, metavar="NAME", help="outlet or author, where a document states none")
    made.add_argument("--published", type=_date, metavar="DATE", help="its date, where a document states none")
    made.add_argument("--encoder", metavar="MODEL", help="for a new library: another sentence-transformers model")
    command("list", _list, "list the documents")
    made = command("show", _show, "print a document's text, or a span of it")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--span", type=_span, metavar="START:END", help="code points of the text, half-open")
    made = command("remove", _remove, "remove documents: from then on they are never cited")
    made.add_argument("names", nargs="+", metavar="NAME")
    made = command("set", _set, "set a document's title, source or date by hand")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--title", type=_text, metavar="T")
    made.add_argument("--source", type=_text, metavar="S")
    made.add_argument("--published", type=_date, metavar="D")
    made = command("search", _search, "find sentences, best first", filters)
    made.add_argument("query", nargs="?", type=_question, metavar="QUERY")
    made.add_argument("-k", type=_count, default=10, metavar="N", help="how many (10)")
    made.add_argument("--by", choices=("sentence", "document"), default="sentence")
    made.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="one query a line")
    made = command("ask", _ask, "answer a question", filters)
    made.add_argument("question", nargs="?", type=_question, metavar="QUESTION")
    made.add_argument("--as-of", type=_date, metavar="DATE", help="from what had been published by DATE")
    made.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="one question a line")
    command("check", _check, "verify every hash, and that the search indexes agree with the library")
    made = command("rebuild", _rebuild, "encode every sentence again, and build the search indexes")
    made.add_argument("--encoder", metavar="MODEL", help="with this sentence-transformers model")
    made = command("serve", _serve, "open the chat in a browser")
    made.add_argument("--host", default="127.0.0.1", metavar="H")
    made.add_argument("--port", type=int, default=7860, metavar="P")
    return parser


def default_library() -> Path:
    """$BYLINE_LIBRARY, else ~/.local/share/byline."""
    return Path(os.environ.get("BYLINE_LIBRARY") or Path.home() / ".local" / "share" / "byline")


# -- commands -------------------------------------------------------------------------------------


def _add(options) -> int:
    from corpus.add import add
    from index import encoder as encoders
    from index.sync import sync

    library = Library(options.library, create=True)
    encoder = encoders.named(options.encoder or (library.encoder or encoders.DEFAULT)["model"])
    report = add(
        library, options.paths, embed=encoder.encode, encoder=encoder.fingerprint,
        source=options.source, published=options.published, progress=_progress(),
    )  # fmt: skip
    _warn(sync(library))
    for path, error in report.failed:
        _complain(f"{path}: {error}")
    if report.missing:
        gone = render.count(len(report.missing), "document")
        print(f"{gone} of these folders have no file any more, and are still cited; `byline remove` them:", file=sys.stderr)
        for name in report.missing[:10]:
            print(f"  {render.line(name)}", file=sys.stderr)
    if report.skipped:
        print(f"{render.count(len(report.skipped), 'file')} passed over:", file=sys.stderr)
        for path, why in report.skipped[:10]:
            print(f"  {render.plain(path)}: {why}", file=sys.stderr)
        if len(report.skipped) > 10:
            print(f"  and {len(report.skipped) - 10:,} more", file=sys.stderr)
    if options.json:
        _print_json(
            {
                "added": report.added, "replaced": report.replaced, "unchanged": report.unchanged,
                "removed": report.removed, "missing": report.missing, "failed": [{"path": path, "error": error} for path, error in report.failed],
                "sentences": report.sentences, "seconds": round(report.seconds, 3),
            }
        )  # fmt: skip
    else:
        parts = [f"{report.added:,} added", f"{report.replaced:,} replaced", f"{report.unchanged:,} unchanged"]
        parts += [f"{report.removed:,} removed"] * bool(report.removed)
        parts += [f"{len(report.failed):,} failed"] * bool(report.failed)
        print(f"{', '.join(parts)}; {report.sentences:,} sentences in {report.seconds:.1f} s")
    return 1 if report.failed else 0


def _list(options) -> int:
    documents = Library(options.library).documents()
    if options.json:
        _print_json({"documents": [render.document_json(document) for document in documents]})
        return 0
    for document in documents:
        sentences = render.count(document.sentences, "sentence")
        print(f"{'#' + document.id:>6}  {render.line(document.name)}  ({render.byline(document)}; {sentences})")
    print(render.count(len(documents), "document"))
    return 0


def _show(options) -> int:
    library = Library(options.library)
    document = library.named(options.name)
    text = library.text(document.id)
    start, end = options.span or (0, len(text))
    if end > len(text):
        raise BylineError(f"{document.name}: its text has {len(text)} characters, and the span ends at {end}")
    if options.json:
        _print_json(render.document_json(document) | {"start": start, "end": end, "text": text[start:end]})
    else:
        print(render.plain(text[start:end]))
    return 0


def _remove(options) -> int:
    from index.sync import sync

    library = Library(options.library)
    found, failed = {}, 0
    with library.writing() as writer:
        for name in options.names:
            try:
                document = library.named(name)
                found[document.id] = document
            except BylineError as error:
                failed = 1
                _complain(str(error))
        if found:
            writer.remove(found)
    _warn(sync(library))
    if found and not library.wipe_log():
        _complain("removed, and never cited again; the text leaves the disk when the chat that reads it is closed")
    if options.json:
        _print_json({"removed": [render.document_json(document) for document in found.values()]})
    else:
        for document in found.values():
            print(f"removed {render.line(document.name)}")
    return failed


def _set(options) -> int:
    from index.sync import sync

    values = {key: getattr(options, key) for key in ("title", "source", "published")}
    values = {key: value for key, value in values.items() if value is not None}
    if not values:
        raise SystemExit(_usage("byline set: give --title, --source or --published"))
    library = Library(options.library)
    with library.writing() as writer:
        document = writer.set(library.named(options.name).id, values)
    _warn(sync(library))
    if options.json:
        _print_json(render.document_json(document))
    else:
        print(f"{render.line(document.name)}: {render.byline(document)}")
    return 0


def _search(options) -> int:
    assistant = _assistant(options)

    def one(id: object, query: str, filters: Filters) -> dict:
        with assistant.library.reading():
            find = assistant.search_documents if options.by == "document" else assistant.search
            hits = find(query, options.k, filters)
            texts, problems = assistant.library.quotes(hit.span for hit in hits)
            found = [
                render.hit_json(assistant.library.document(hit.span.document_id), hit.span, texts[hit.span], hit.score)
                for hit in hits
                if hit.span in texts
            ]
        return {"id": id, "query": query, "hits": found, "problems": problems}

    if options.batch:
        return _batch(options, "query", one)
    result = one(None, _required(options.query, "a QUERY"), _filters(options))
    for problem in result["problems"]:
        _complain(problem)
    if options.json:
        _print_json(result)
    for hit in () if options.json else result["hits"]:
        print(f"{hit['score']:7.3f}  {render.line(hit['name'])}:{hit['start']}  {render.line(hit['text'])}")
    return 1 if result["problems"] else 0


def _ask(options) -> int:
    assistant = _assistant(options)

    def one(id: object, question: str, filters: Filters, history: tuple = ()) -> dict:
        return render.answer_json(assistant.ask(question, history=history, filters=filters), id)

    if options.batch:
        return _batch(options, "question", one)
    answer = assistant.ask(_required(options.question, "a QUESTION"), filters=_filters(options))
    for problem in answer.problems:
        _complain(problem)
    if options.json:
        _print_json(render.answer_json(answer))
    else:
        print(render.answer_text(answer))
    return 1 if answer.problems else 0


def _check(options) -> int:
    from index import base

    library = Library(options.library)
    problems = [{"what": what, "where": where, "mend": mend} for what, where, mend in library.damage()]
    for problem in base.verify(library, base.current(library.folder)):
        what, mend = "the search index cannot be trusted", "it is made again at the next question, or by `byline rebuild`"
        problems.append({"what": what, "where": problem, "mend": mend})
    if options.json:
        _print_json({"ok": not problems, "problems": problems})
    for problem in problems:
        _complain(f"{problem['where']}: {problem['what']}. To mend it: {problem['mend']}")
    if not problems and not options.json:
        print(f"every hash agrees: {render.count(library.coverage()[0], 'document')}")
    return 1 if problems else 0


def _rebuild(options) -> int:
    from index import base
    from index import encoder as encoders

    library = Library(options.library)
    encoder = encoders.named(options.encoder or (library.encoder or encoders.DEFAULT)["model"])
    with library.writing() as writer:
        writer.reencode(encoder.fingerprint, encoder.encode)
    base.build(library)
    report = {"encoder": encoder.fingerprint["model"], "sentences": sum(library.counts())}
    if options.json:
        _print_json(report)
    else:
        print(f"{report['sentences']:,} sentences encoded by {report['encoder']}")
    return 0


def _serve(options) -> int:
    from ui.sample import open_or_sample
    from ui.server import serve

    assistant, banner, starters = open_or_sample(options.library)
    serve(assistant, host=options.host, port=options.port, banner=banner, starters=starters)
    return 0


# -- batches --------------------------------------------------------------------------------------


def _batch(options, key: str, answer: Callable[..., dict]) -> int:
    """One output line for each input line, in order; a bad line gives an error and the rest goes on."""
    beside = [name for name in (key, "source", "since", "until", "as_of") if getattr(options, name, None) is not None]
    if beside:
        raise SystemExit(_usage(f"byline: {', '.join(beside)} cannot stand beside --batch: put it in the lines"))
    failed = 0
    for number, line in _lines(options.batch):
        id = None
        try:
            given = _parsed(line, key)
            id = given.pop("id", None)
            history = {"history": given.pop("history")} if "history" in given else {}
            result = answer(id, given.pop(key), Filters(**given), **history)
            for problem in result.get("problems", ()):
                failed = 1
                _complain(f"line {number}: {problem}")
        except BylineError as error:
            failed = 1
            id = getattr(error, "id", id)
            result = {"id": id, "line": number, "error": str(error)}
            _complain(f"{options.batch}:{number}: {error}")
        _print_json(result)
    return failed


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with open(path, "rb") as lines:
            yield from ((number, line) for number, line in enumerate(lines, 1))
    except OSError as error:
        raise BylineError(f"{path}: cannot be read: {error.strerror}") from error


class _BadLine(BylineError):
    def __init__(self, message: str, id: object = None):
        super().__init__(message)
        self.id = id


def _parsed(line: bytes, key: str) -> dict:
    """A line's fields, checked: the question under `key`, an id, filters, history."""
    allowed = {"id", key, "source", "since", "until"} | ({"history", "as_of"} if key == "question" else set())
    try:
        given = json.loads(line.decode("utf-8-sig"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _BadLine(f"is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise _BadLine("is not a JSON object")
    id = given.get("id")
    if not isinstance(id, (str, int, float, type(None))) or id in (math.inf, -math.inf):
        raise _BadLine("its id is neither text nor a number")
    if isinstance(id, str) and not _is_unicode(id):
        raise _BadLine("its id holds half of a surrogate pair")
    given = {name: value for name, value in given.items() if value is not None}
    if unknown := sorted(given.keys() - allowed):
        raise _BadLine(f"unknown key {', '.join(map(repr, unknown))}: known are {', '.join(sorted(allowed))}", id)
    try:
        given[key] = _question(given.get(key, ""))
        for name in ("since", "until", "as_of"):
            if name in given:
                given[name] = _date(given[name])
        if "source" in given:
            given["source"] = _text(given["source"])
        if "history" in given:
            given["history"] = _history(given["history"])
    except argparse.ArgumentTypeError as error:
        raise _BadLine(str(error), id) from error
    return given


def _history(value: object) -> tuple[tuple[str, str], ...]:
    turns = value if isinstance(value, list) else [None]
    pairs = [(turn.get("question"), turn.get("answer") or "") for turn in turns if isinstance(turn, dict)]
    if len(pairs) != len(turns) or not all(isinstance(q, str) and isinstance(a, str) for q, a in pairs):
        raise argparse.ArgumentTypeError('history is a list of {"question": "...", "answer": "..."}')
    return tuple(pairs)


# -- what a person types ----------------------------------------------------------------------------


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise argparse.ArgumentTypeError("is not a text, or an empty one")
    if not _is_unicode(value):
        raise argparse.ArgumentTypeError("holds bytes that are not UTF-8")
    return value.strip()


def _is_unicode(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _question(value: object) -> str:
    if isinstance(value, str) and not value.strip():
        raise argparse.ArgumentTypeError("the question is missing or empty")
    value = _text(value)
    if len(value) > QUESTION_LIMIT:
        raise argparse.ArgumentTypeError(f"the question has {len(value):,} characters, at most {QUESTION_LIMIT:,} go")
    return value


def _date(value: object) -> str:
    try:
        return iso_date(value)[:10]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _span(value: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,12}):(\d{1,12})", value, re.ASCII)
    if not found or int(found[1]) > int(found[2]):
        raise argparse.ArgumentTypeError(f"{value!r} is not START:END, such as 120:180")
    return int(found[1]), int(found[2])


def _count(value: str) -> int:
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 10_000:
        raise argparse.ArgumentTypeError("a number from 1 to 10,000")
    return int(value)


def _required(value: str | None, what: str) -> str:
    if value is None:
        raise SystemExit(_usage(f"byline: give {what}, or --batch FILE.jsonl"))
    return value


def _usage(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


def _filters(options) -> Filters:
    return Filters(options.source, options.since, options.until, getattr(options, "as_of", None))


def _assistant(options):
    from assistant.assistant import Assistant

    return Assistant.open(options.library)


# -- what a person reads ------------------------------------------------------------------------------


def _progress() -> Callable[[int, int, int], None]:
    """Reports files, sentences, their rate and the time left on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        return lambda files, of, sentences: None
    begun = time.monotonic()

    def show(files: int, of: int, sentences: int) -> None:
        took = time.monotonic() - begun
        done, end = f"{files:,} of {of:,} files, {sentences:,} sentences", "\n" if files == of else ""
        if files and took > 1:
            left = took / files * (of - files)
            done += f", {sentences / took:,.0f} a second, {int(left // 60)}:{int(left % 60):02} left"
        print(f"\r{done}\033[K", end=end, file=sys.stderr, flush=True)

    return show


def _warn(problems: list[str]) -> None:
    for problem in problems:
        _complain(f"{problem}; what was stored is safe, and searching works all the same")


def _complain(message: str) -> None:
    print(f"byline: {render.plain(message)}", file=sys.stderr)


def _print_json(value: dict) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
