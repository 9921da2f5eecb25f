"""The documents page: its routes. What they do is done by `intake` and the library."""

import argparse
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Body, Request
from fastapi.responses import FileResponse, JSONResponse
from starlette.requests import ClientDisconnect

from corpus.library import Library
from corpus.readers import SUFFIXES
from corpus.types import BylineError, Document
from ui import cite, given
from ui.desk import Desk
from ui.intake import Intake, Job
from ui.uploads import FILE_LIMIT, Refused, path_of

PAGE = Path(__file__).parent / "page" / "documents.html"
SHOWN = 100  # documents, and files on their way, in one reply
REACH = 200_000  # characters of a text in one reply: more makes a browser slow
FIELD_LIMIT = 500  # characters of a title or source
FIELDS: dict[str, Callable[[object], str]] = {"title": given.text, "source": given.text, "published": given.date}
FRESH = {"cache-control": "no-store"}  # what was removed must not be shown again

# How documents are sorted: what is compared, and whether the greatest comes first. What is not
# known comes last either way.
ORDERS: dict[str, tuple[Callable[[Document], object], bool]] = {
    "newest": (lambda document: document.published, True),
    "oldest": (lambda document: document.published, False),
    "added": (lambda document: int(document.id), True),
    "title": (lambda document: (document.title or document.name).casefold(), False),
    "source": (lambda document: document.source and document.source.casefold(), False),
}


def router(desk: Desk, intake: Intake) -> APIRouter:
    """The page at /documents, and what it asks for."""
    routes = APIRouter()

    @routes.get("/documents")
    def page() -> FileResponse:
        return FileResponse(PAGE, headers=FRESH)

    @routes.get("/documents/state")
    def state() -> JSONResponse:
        """What is on its way, and whether the list has changed."""

        def now() -> dict:
            opened = desk.now
            jobs = intake.jobs()
            return {
                "revision": f"{opened.banner is None}-{opened.assistant.library.revision}",
                "sample": opened.banner is not None,
                "formats": SUFFIXES, "limit": FILE_LIMIT,
                "progress": intake.progress(),
                "jobs": [_job(job) for job in jobs[:SHOWN]],
                "unshown": max(len(jobs) - SHOWN, 0),
            }  # fmt: skip

        return _told(now)

    @routes.get("/documents/list")
    def documents(q: str = "", order: str = "added", skip: int = 0) -> JSONResponse:
        def found() -> dict:
            opened = desk.now
            with opened.assistant.library.reading():
                every = opened.assistant.library.documents()
            fit = sorted_by([document for document in every if _mentions(intake, document, q)], order)
            return {
                "all": len(every), "found": len(fit), "sample": opened.banner is not None,
                "documents": [_row(intake, document) for document in fit[max(skip, 0) :][:SHOWN]],
            }  # fmt: skip

        return _told(found)

    @routes.get("/documents/text")
    def text(id: str = "", skip: int = 0) -> JSONResponse:
        def one() -> dict:
            library = desk.now.assistant.library
            with library.reading():
                document = _document(library, id)
                whole = library.text(document.id)
            piece = whole[max(skip, 0) :][:REACH]
            end = max(skip, 0) + len(piece)
            return _row(intake, document) | {"text": piece, "next": end if end < len(whole) else None}

        return _told(one)

    @routes.put("/documents/file")
    async def upload(request: Request, name: str = "") -> JSONResponse:
        """Takes one file, which is the whole body; `name` is what it is called."""
        try:
            path = path_of(name)
            size = request.headers.get("content-length", "")
            if not size.isdigit():
                raise Refused(411, "does not say how long it is: add it again")
            arrived = await intake.store.receive(request.stream(), int(size))
            try:
                job = intake.submit(name, path, arrived, int(size))
            except Refused:
                arrived.unlink(missing_ok=True)
                raise
        except Refused as error:
            return JSONResponse({"error": str(error)}, error.status, FRESH)
        except ClientDisconnect:  # nobody is there to be told
            return JSONResponse({}, 400)
        return JSONResponse(_job(job), 202, FRESH)

    @routes.post("/documents/remove")
    def remove(ids: list[str] = Body(embed=True, max_length=SHOWN)) -> JSONResponse:
        def removed() -> dict:
            _must_be_own(desk)
            with intake.changing() as (library, writer):
                found = [document for id in ids if (document := library.document(id))]
                files = {file for document in found if (file := _stored(intake, document))}
                writer.remove([document.id for document in found])
                for file in files:
                    if not library.of_file(str(file)):
                        intake.store.discard(file)
            return {"removed": len(found)}

        return _told(removed)

    @routes.post("/documents/set")
    def edit(id: str = Body(), values: dict[str, str | None] = Body()) -> JSONResponse:
        """Sets those of title, source and date that are given; an empty one is then not stated."""

        def changed() -> dict:
            _must_be_own(desk)
            checked = {field: _value(field, value) for field, value in values.items()}
            if not checked:
                raise BylineError("Nothing was changed.")
            with intake.changing() as (library, writer):
                _document(library, id)
                return _row(intake, writer.set(id, checked))

        return _told(changed)

    @routes.post("/documents/clear")
    def clear() -> JSONResponse:
        intake.forget()
        return JSONResponse({}, headers=FRESH)

    return routes


def sorted_by(documents: list[Document], order: str) -> list[Document]:
    """In one of ORDERS ("added" for any other name); equal ones in the order in which they were added."""
    key, greatest_first = ORDERS.get(order, ORDERS["added"])
    known = [(value, document) for document in documents if (value := key(document)) is not None]
    known.sort(key=lambda pair: int(pair[1].id))
    known.sort(key=lambda pair: pair[0], reverse=greatest_first)
    return [document for _, document in known] + [document for document in documents if key(document) is None]


class _Unknown(BylineError):
    """A document that is not here: never was, or not any more."""


def _told(what: Callable[[], dict]) -> JSONResponse:
    """What the page asked for, or why not, in words."""
    try:
        return JSONResponse(what(), headers=FRESH)
    except _Unknown as error:
        return JSONResponse({"error": str(error)}, 404, FRESH)
    except BylineError as error:
        return JSONResponse({"error": str(error)}, 409, FRESH)


def _document(library: Library, id: str) -> Document:
    document = library.document(id)
    if document is None:
        raise _Unknown("This document is not in the library any more.")
    return document


def _must_be_own(desk: Desk) -> None:
    if desk.now.banner is not None:
        raise BylineError("The bundled sample cannot be changed. Add documents of your own first.")


def _value(field: str, value: str | None) -> str | None:
    if field not in FIELDS:
        raise BylineError("Only title, source and date can be set.")
    if value is None or not value.strip():
        return None
    if len(value) > FIELD_LIMIT:
        raise BylineError(f"That {field} is too long: {FIELD_LIMIT} characters go.")
    try:
        return FIELDS[field](value.strip())
    except argparse.ArgumentTypeError as error:
        raise BylineError(str(error) if field == "published" else f"The {field} {error}.") from error


def _stored(intake: Intake, document: Document) -> Path | None:
    """The uploaded copy that a document was read from, if it was."""
    for file in (document.origin, f"{document.origin}/{document.name}"):
        if intake.store.label(file) is not None and Path(file).is_file():
            return Path(file)
    return None


def _name(intake: Intake, document: Document) -> str:
    """What a document is called; an uploaded one with the folders, or the container, that it came in."""
    return intake.store.label(f"{document.origin}/{document.name}") or document.name


def _row(intake: Intake, document: Document) -> dict:
    return cite.describe(document) | {
        "id": document.id, "name": _name(intake, document), "sentences": document.sentences,
        "stated_title": document.title,
    }  # fmt: skip


def _job(job: Job) -> dict:
    return {
        "id": job.id, "name": job.label, "state": job.state, "why": job.why, "notes": job.notes,
        "documents": len(job.documents), "document": job.documents[0] if len(job.documents) == 1 else None,
    }  # fmt: skip


def _mentions(intake: Intake, document: Document, query: str) -> bool:
    known = (document.title, document.source, document.published, _name(intake, document))
    held = " ".join(filter(None, known)).casefold()
    return all(word in held for word in query.casefold().split())
