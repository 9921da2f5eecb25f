"""What the chat page asks for besides answers: conversations, exports, feedback, neighbouring sentences,
questions to ask next."""

import re
import threading
import time
from argparse import ArgumentTypeError
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from assistant.assistant import Assistant
from assistant.suggested import suggested
from assistant.types import Answer
from corpus.library import Library
from corpus.types import BylineError, Filters
from ui import cite, given
from ui.conversations import Conversations, NoConversation
from ui.desk import Desk
from ui.export import FORMATS
from ui.kept import Exchange

FRESH = {"cache-control": "no-store"}  # what was removed must not be shown again
REMEMBERED = 8  # earlier questions that a new one is understood by
SAID = 300  # characters of an answer that go with them
PATIENCE = 3.0  # seconds after which nobody looks for questions to ask next any more
IN_LINE = 4  # pages whose questions to ask next are looked for, or wait for it; a further one gets none
KEPT = 512  # answers whose questions to ask next are remembered


def said_in(answer: Answer) -> str:
    """What was answered, in the documents' words, for the questions that follow."""
    return (answer.short_answer or " ".join(claim.text for claim in answer.claims[:2]))[:SAID]


def history(exchanges: Sequence[Exchange]) -> tuple[tuple[str, str], ...]:
    """What a question after these may refer to: questions and answers."""
    return tuple((one.question, said_in(one.answer)) for one in exchanges if one.answer)[-REMEMBERED:]


class Talks:
    """The conversations about the library that is open. Safe to use from many threads."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self._kept: dict[Path, Conversations] = {}
        self._lock = threading.Lock()
        self._suggested: OrderedDict[tuple, tuple[str, ...]] = OrderedDict()
        self._line, self._turn = threading.Semaphore(IN_LINE), threading.Lock()

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

    def suggested(self, id: str, number: int) -> tuple[tuple[str, ...], Filters]:
        """Questions to ask after an answer, and the filters within which they are answered.

        They are looked for one page at a time, and only while nobody's question is being answered; none
        are found where that leaves no time. Raises NoConversation for an id or number that names nothing.
        """
        asker = self.desk.now.assistant
        kept = self.about(asker.library)
        if kept.find(id) is None or not (last := kept.exchanges(id, number)):
            raise NoConversation()
        [last] = last
        until = time.monotonic() + PATIENCE
        if last.answer is None or last.answer.abstained or not self._line.acquire(blocking=False):
            return (), last.filters
        try:
            if not self._turn.acquire(timeout=PATIENCE):
                return (), last.filters
            try:
                return self._looked_for(asker, kept, id, last, until), last.filters
            finally:
                self._turn.release()
        finally:
            self._line.release()

    def _looked_for(
        self, asker: Assistant, kept: Conversations, id: str, last: Exchange, until: float
    ) -> tuple[str, ...]:
        # A change of the library makes them anew: what was removed answers nothing.
        key = (kept.library.folder, kept.library.revision, id, last.number)
        if key in self._suggested:
            return self._suggested[key]
        is_late = False

        def goes_on() -> bool:
            nonlocal is_late
            is_late = is_late or not self.desk.after_you(until - time.monotonic()) or time.monotonic() > until
            return not is_late

        if not goes_on():
            return ()
        first = max(1, last.number - REMEMBERED)
        before = [one for n in range(first, last.number) for one in kept.exchanges(id, n)]
        found = suggested(
            asker, last.answer, history=history([*before, last]), filters=last.filters, goes_on=goes_on
        )
        if not is_late:
            self._suggested[key] = found
            while len(self._suggested) > KEPT:
                self._suggested.popitem(last=False)
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

    @routes.get("/suggestions")
    def suggestions(c: str = "", n: int = 0) -> JSONResponse:
        questions, within = talks.suggested(c, _small(n))
        told = {"questions": questions, "within": [value or "" for value in astuple(within)]}
        return JSONResponse(told, headers=FRESH)

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
