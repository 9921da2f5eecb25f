"""The command line: `byline add, watch, list, show, remove, set, search, ask, attribute, read, check, rebuild,
feedback, backup, restore, serve`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.types import Answer
from corpus.library import Library
from corpus.types import BylineError, Filters, Span
from ui import adding, batch, cite, given, render, terminal


def main(arguments: list[str] | None = None) -> int:
    """Runs one command. Exit code 0: done; 1: a part failed, each named on stderr; 2: wrong usage."""
    options = _parser().parse_args(arguments)
    options.library = getattr(options, "library", None) or default_library()
    options.json = getattr(options, "json", False)
    for stream in (sys.stdout, sys.stderr):  # a terminal that lacks a letter shows it as an escape
        stream.reconfigure(errors="backslashreplace")
    try:
        code = options.run(options)
        sys.stdout.flush()  # so that a full disk is not first noticed when Python ends
        return code
    except BylineError as error:
        terminal.complain(str(error))
        return 1
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if not error.filename:  # what could not be printed is not tried again
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        terminal.complain(f"{error.filename or 'the output'}: {error.strerror}")
        return 1
    except KeyboardInterrupt:
        terminal.complain("stopped; what was stored is safe, and `byline add` goes on from there")
        return 130


def _parser() -> argparse.ArgumentParser:
    def shared() -> argparse.ArgumentParser:
        # Made anew for each use, without defaults: else a command's would undo what stood before it.
        options = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
        options.add_argument("--library", type=Path, metavar="DIR", help="the library's folder")
        options.add_argument("--json", action="store_true", help="print JSON")
        return options

    filters = argparse.ArgumentParser(add_help=False)
    filters.add_argument("--source", type=given.text, metavar="NAME", help="only documents of this source")
    filters.add_argument("--since", type=given.date, metavar="DATE", help="only documents published on DATE or later")
    filters.add_argument("--until", type=given.date, metavar="DATE", help="only documents published on DATE or earlier")

    parser = argparse.ArgumentParser(
        prog="byline", parents=[shared()], description="Asks your own documents; answers with cited sentences."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable, help: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[shared(), *parents], help=help, description=help)
        made.set_defaults(run=run)
        return made

    made = command("add", adding.run, "add files and folders; the unchanged are skipped, the changed replaced")
    made.add_argument("paths", nargs="+", type=adding.place, metavar="PATH", help="file, folder or (--online) address")
    made.add_argument("--source", type=given.text, metavar="NAME", help="outlet or author, where a document states none")
    made.add_argument("--published", type=given.date, metavar="DATE", help="its date, where a document states none")
    made.add_argument("--encoder", metavar="MODEL", help="for a new library: another sentence-transformers model")
    made.add_argument("--online", action="store_true", help="fetch the addresses that are given (else $BYLINE_ONLINE=1)")
    made.add_argument("--most", type=given.count, metavar="N", help="how many pages of feeds to fetch (200)")
    made = command("watch", _watch, "keep folders in step: new, changed and deleted files, until interrupted")
    made.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    made.add_argument("--source", type=given.text, metavar="NAME", help="outlet or author, where a new document states none")
    command("list", _list, "list the documents")
    made = command("show", _show, "print a document's text, or a span of it")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--span", type=given.span, metavar="START:END", help="code points of the text, half-open")
    made.add_argument("--printed", action="store_true", help="as its pages print it: line ends, broken words, ligatures")
    made = command("remove", _remove, "remove documents: from then on they are never cited")
    made.add_argument("names", nargs="+", metavar="NAME")
    made = command("set", _set, "set a document's title, source or date by hand")
    made.add_argument("name", metavar="NAME")
    made.add_argument("--title", type=given.text, metavar="T")
    made.add_argument("--source", type=given.text, metavar="S")
    made.add_argument("--published", type=given.date, metavar="D")
    made = command("search", _search, "find sentences, best first", filters)
    made.add_argument("query", nargs="?", type=given.question, metavar="QUERY")
    made.add_argument("-k", type=given.count, default=10, metavar="N", help="how many (10)")
    made.add_argument("--by", choices=("sentence", "document"), default="sentence")
    made.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="one query a line")
    made = command("ask", _ask, "answer a question", filters)
    made.add_argument("question", nargs="?", type=given.question, metavar="QUESTION")
    made.add_argument("--as-of", type=given.date, metavar="DATE", help="from what had been published by DATE")
    made.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="one question a line")
    made = command("attribute", _attribute, "find who says what in a text")
    made.add_argument("text", nargs="?", type=given.passage, metavar="TEXT")
    made.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="one text a line")
    made = command("read", _read, "the reader by itself: the answer in a text, and how likely it is one")
    made.add_argument("--batch", type=Path, required=True, metavar="FILE.jsonl", help="one question and text a line")
    command("check", _check, "verify every hash, and that the search indexes agree with the library")
    made = command("rebuild", _rebuild, "encode every sentence again, and build the search indexes")
    made.add_argument("--encoder", metavar="MODEL", help="with this sentence-transformers model")
    made = command("backup", _backup, "save the library and its conversations to one file; others may go on writing")
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--replace", action="store_true", help="replace the file if it is there")
    made.add_argument("--damaged", action="store_true", help="even if the library is damaged")
    made = command("restore", _restore, "put the library back from the file of a backup")
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--replace", action="store_true", help="set a library with documents aside (it is not deleted)")
    command("feedback", _feedback, "list what was said of answers in the chat: helpful, not helpful, wrong source")
    made = command("serve", _serve, "open the chat in a browser")
    made.add_argument("--host", default="127.0.0.1", metavar="H")
    made.add_argument("--port", type=int, default=7860, metavar="P")
    made.add_argument("--token-file", type=Path, metavar="FILE", help="its token is asked for (else $BYLINE_TOKEN's)")
    return parser


def default_library() -> Path:
    """$BYLINE_LIBRARY, else ~/.local/share/byline."""
    return Path(os.environ.get("BYLINE_LIBRARY") or Path.home() / ".local" / "share" / "byline")


# -- commands -------------------------------------------------------------------------------------


def _watch(options) -> int:
    from ui.watching import run

    return run(options)


def _list(options) -> int:
    documents = Library(options.library).documents()
    if options.json:
        terminal.print_json({"documents": [render.document_json(document) for document in documents]})
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
    shown = library.printed(Span(document.id, start, end)) if options.printed else text[start:end]
    if options.json:
        told = {"start": start, "end": end, "text": text[start:end]} | ({"printed": shown} if options.printed else {})
        terminal.print_json(render.document_json(document) | told)
    else:
        print(render.plain(shown))
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
                terminal.complain(str(error))
        if found:
            writer.remove(found)
    terminal.warn(sync(library))
    if found and not library.wipe_log():
        terminal.complain(terminal.UNWIPED)
    if options.json:
        terminal.print_json({"removed": [render.document_json(document) for document in found.values()]})
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
    terminal.warn(sync(library))
    if options.json:
        terminal.print_json(render.document_json(document))
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
        filters = ("source", "since", "until")
        return _batch(options, ("query",), filters, lambda id, line: one(id, line.pop("query"), Filters(**line)))
    result = one(None, _required(options.query, "a QUERY"), _filters(options))
    for problem in result["problems"]:
        terminal.complain(problem)
    if options.json:
        terminal.print_json(result)
    for hit in () if options.json else result["hits"]:
        print(f"{hit['score']:7.3f}  {render.line(hit['name'])}:{hit['start']}  {render.line(hit['text'])}")
    return 1 if result["problems"] else 0


def _ask(options) -> int:
    from assistant.parsing import load_soon

    assistant = _assistant(options)
    load_soon()  # takes longest, and is needed last

    def told(answer: Answer, id: object = None) -> dict:
        library = assistant.library
        return render.answer_json(answer, id, lambda claim: cite.printed(library, claim.document, claim.quote, claim.text))

    def one(id: object, question: str, history: tuple, filters: Filters) -> dict:
        return told(assistant.ask(question, history=history, filters=filters), id)

    if options.batch:
        optional = ("history", "source", "since", "until", "as_of")
        return _batch(
            options, ("question",), optional,
            lambda id, line: one(id, line.pop("question"), history=line.pop("history", ()), filters=Filters(**line)),
        )  # fmt: skip
    answer = assistant.ask(_required(options.question, "a QUESTION"), filters=_filters(options))
    for problem in answer.problems:
        terminal.complain(problem)
    if options.json:
        terminal.print_json(told(answer))
    else:
        print(render.answer_text(answer))
    return 1 if answer.problems else 0


def _attribute(options) -> int:
    from assistant.attribution import attribute

    def one(id: object, line: dict) -> dict:
        return {"id": id, "attributions": [render.attribution_json(each) for each in attribute(line["text"])]}

    if options.batch:
        return _batch(options, ("text",), (), one)
    text = _required(options.text, "a TEXT")
    if options.json:
        terminal.print_json(one(None, {"text": text}))
    for each in () if options.json else attribute(text):
        print(render.attribution_text(each))
    return 0


def _read(options) -> int:
    from assistant.reader.reader import Reader

    reader = Reader()

    def one(id: object, line: dict) -> dict:
        return {"id": id} | render.judgement_json(line["text"], reader.read(line["question"], line["text"]))

    return _batch(options, ("question", "text"), (), one)


def _check(options) -> int:
    from ui.checking import run

    return run(options)


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
        terminal.print_json(report)
    else:
        print(f"{report['sentences']:,} sentences encoded by {report['encoder']}")
    return 0


def _backup(options) -> int:
    from ui.saving import backup

    return backup(options)


def _restore(options) -> int:
    from ui.saving import restore

    return restore(options)


def _feedback(options) -> int:
    from ui.conversations import Conversations

    library = Library(options.library)
    found = Conversations(library).feedback() if (library.folder / Conversations.FILE).exists() else []
    if options.json:
        terminal.print_json({"feedback": found})
    for one in () if options.json else found:
        print(f"{one['at']}  {one['verdict']:<12}  {render.line(one['question'])}")
    return 0


def _serve(options) -> int:
    from ui.desk import Desk
    from ui.owner import token
    from ui.server import serve

    secret = token(options.token_file)
    serve(lambda: Desk.at(options.library), host=options.host, port=options.port, token=secret)
    return 0


def _batch(options, required: Sequence[str], optional: Sequence[str], answer: Callable[[object, dict], dict]) -> int:
    beside = [name for name in (*required, *optional) if getattr(options, name, None) is not None]
    if beside:
        raise SystemExit(_usage(f"byline: {', '.join(beside)} cannot stand beside --batch: put it in the lines"))
    failed = 0
    for result, complaint in batch.run(options.batch, required, optional, answer):
        if complaint:
            failed = 1
            terminal.complain(complaint)
        terminal.print_json(result)
    return failed


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


if __name__ == "__main__":
    sys.exit(main())
