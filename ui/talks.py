"""What the chat page asks for besides answers: conversations, exports, feedback, neighbouring sentences."""

import re
import threading
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from corpus.library import Library
from corpus.types import BylineError
from ui import cite, given
from ui.conversations import Conversations, NoConversation
from ui.desk import Desk
from ui.export import FORMATS

FRESH = {"cache-control": "no-store"}  # what was removed must not be shown again


class Talks:
    """The conversations about the library that is open. Safe to use from many threads."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self._kept: dict[Path, Conversations] = {}
        self._lock = threading.Lock()

    @property
    def now(self) -> Conversations:
        """Those about the library that is open now. Raises BylineError when they cannot be opened."""
        return self.about(self.desk.now.assistant.library)

    def about(self, library: Library) -> Conversations:
        """Those about a library."""
        with self._lock:
            found = self._kept.get(library.folder)
            if found is None or not found.path.exists():
                found = self._kept[library.folder] = Conversations(library)
            return found


def mount(served: FastAPI, talks: Talks) -> None:
    """Adds the routes to the application. What is refused is told as `{"error": words}`."""
    routes = APIRouter()

    @routes.get("/conversations")
    def conversations() -> dict[str, Any]:
        listed = talks.now.all()
        return {
            "conversations": [
                {"id": one.id, "title": one.title, "used": one.used, "questions": one.questions} for one in listed
            ]
        }

    @routes.post("/conversations/rename")
    def rename(c: Annotated[str, Body()], title: Annotated[str, Body()]) -> dict[str, Any]:
        try:
            talks.now.rename(c, given.text(title))
        except ArgumentTypeError as error:
            raise BylineError(f"The title {error}.") from error
        return {}

    @routes.post("/conversations/remove")
    def remove(c: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
        talks.now.remove(c)
        return {}

    @routes.post("/feedback")
    def feedback(
        c: Annotated[str, Body()], n: Annotated[int, Body()], verdict: Annotated[str | None, Body()] = None
    ) -> dict[str, Any]:
        talks.now.judge(c, _small(n), verdict)
        return {}

    # `as` is a word of Python's own, so the query is read by hand.
    @routes.get("/export")
    def export(request: Request, c: str = "", n: int | None = None) -> Response:
        kept, made = talks.now, FORMATS.get(request.query_params.get("as", ""))
        conversation = kept.find(c)
        exchanges = kept.exchanges(c, n if n is None else _small(n)) if conversation else ()
        if not conversation or not exchanges or made is None:
            raise NoConversation()
        write, kind, suffix = made
        stem = re.sub(r"[^A-Za-z0-9]+", "-", conversation.title)[:40].strip("-") or "conversation"
        name = f"byline-{stem}.{suffix}" if n is None else f"byline-{stem}-{n}.{suffix}"
        headers = FRESH | {"content-disposition": f'attachment; filename="{name}"'}
        return Response(write(conversation.title, exchanges), media_type=f"{kind}; charset=utf-8", headers=headers)

    @routes.get("/around")
    def around(at: str = "") -> JSONResponse:
        return JSONResponse(cite.around(talks.desk.now.assistant.library, at), headers=FRESH)

    @routes.get("/sources")
    def sources() -> dict[str, Any]:
        names = {document.source for document in talks.desk.now.assistant.library.documents() if document.source}
        return {"sources": sorted(names, key=str.casefold)[:500]}

    served.include_router(routes)

    @served.exception_handler(NoConversation)
    def missing(_: Request, error: NoConversation) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 404, headers=FRESH)

    @served.exception_handler(BylineError)
    def refused(_: Request, error: BylineError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 409, headers=FRESH)


def _small(number: int) -> int:
    """A number that SQLite can hold; another is none of an answer."""
    return number if 0 < number < 2**31 else 0
