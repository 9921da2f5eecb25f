"""The chat page: Gradio blocks and their callbacks. It asks, shows what came back, and no more."""

import logging
import queue
import threading
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import gradio as gr

from assistant.types import Claim
from corpus.types import BylineError, Filters
from ui import given, message
from ui.desk import AT_ONCE, WAITING, Busy
from ui.kept import Exchange
from ui.talks import REMEMBERED, Talks, history, said_in

PASTE_LIMIT = 20_000  # what the box takes: a longer paste is cut, and still refused as too long
KEPT_FOR = 12 * 3600  # seconds that an open page is remembered after it was last used

FILTERS = (
    ("Source", "", "source"),
    ("Published since", "YYYY-MM-DD", "since"),
    ("Published until", "YYYY-MM-DD", "until"),
    ("As of", "YYYY-MM-DD", "as-of"),
)

logger = logging.getLogger(__name__)
Message = dict[str, str]


def theme() -> gr.themes.Base:
    """Gradio's plainest theme in the fonts of the system: nothing is fetched."""
    return gr.themes.Default(
        primary_hue="neutral",
        neutral_hue="neutral",
        radius_size="none",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(  # what the page shows before its style sheet has arrived
        body_background_fill="#fffefb",
        body_background_fill_dark="#161514",
        body_text_color="#1b1a18",
        body_text_color_dark="#e9e6df",
    )


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of a question: its message, and what later questions may refer to."""

    html: str
    said: str = ""
    is_answer: bool = False
    is_refused: bool = False  # not taken, so that the question goes back into the box


@dataclass(slots=True, eq=False)
class Run:
    """A question that is being answered: what is told of it, and whether it still matters."""

    events: queue.SimpleQueue[int | Reply] = field(default_factory=queue.SimpleQueue)
    stopped: threading.Event = field(default_factory=threading.Event)
    found: tuple[Claim, ...] = ()
    place: tuple[str, int] | None = None  # where it is kept: conversation and number

    def stop(self) -> None:
        """Ends the waiting now, with what has been found, and the work at its next stage."""
        self.stopped.set()
        self.events.put(Reply(message.stopped(self.found[:5])))


@dataclass(frozen=True, slots=True, eq=False)  # Gradio hashes what it keeps: by identity, then
class Talk:
    """What an open page has on the server: nothing of it is sent back by the page, or believed."""

    id: str | None = None
    messages: tuple[Message, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    run: Run | None = None


class Stopped(Exception):
    """The person has seen enough."""


def blocks(talks: Talks) -> gr.Blocks:
    """The page. Citations, the source panel and the keys are in `page/chat.js`; the list of
    conversations and the buttons under an answer in `page/talk.js`."""
    opened = talks.desk.now
    # Threads are kept, as each has its connections to the library. Those who wait are told so.
    pool = ThreadPoolExecutor(AT_ONCE + WAITING + 8, thread_name_prefix="ask")

    with gr.Blocks(title="Byline", analytics_enabled=False, fill_width=True) as page:
        _html(message.masthead(opened.banner), elem_id="masthead")
        chat = gr.Chatbot(
            elem_id="chat",
            label="Conversation",
            show_label=False,
            container=False,
            height=None,
            autoscroll=False,
            buttons=[],
            layout="panel",
            sanitize_html=True,  # a second guard: `message` has escaped every word before
            latex_delimiters=[],
            line_breaks=False,
            allow_tags=False,
            allow_file_downloads=False,
            group_consecutive_messages=False,
            feedback_options=None,
        )
        _html('<p id="sent" hidden>Searching…</p>')  # shown by `page/talk.js` until Gradio draws the first stage
        with gr.Column(elem_id="starters", visible=bool(opened.starters)) as empty:
            _html('<p class="label">Questions to start with</p>')
            buttons = [gr.Button(starter) for starter in opened.starters]
        with gr.Column(elem_id="ask"):
            box = gr.Textbox(
                label="Ask your documents",
                placeholder="Who said what, when, where?",
                lines=1,
                max_lines=6,
                max_length=PASTE_LIMIT,
                submit_btn="Ask",
                stop_btn=False,
                elem_id="question",
            )
            _html('<button type="button" id="filters-open" class="link">Filters</button>')
            with gr.Row(elem_id="filters"):  # shown and hidden by `page/talk.js`
                limits = [
                    gr.Textbox(label=label, placeholder=hint, elem_id=f"filter-{name}", max_lines=1, max_length=500)
                    for label, hint, name in FILTERS
                ]
        said = gr.State(Talk(), time_to_live=KEPT_FOR)

        def turn(question: str, talk: Talk, *typed: str) -> Iterator[dict]:
            """One question and its answer, in stages."""
            if not question.strip():
                yield {box: ""}
                return
            try:
                asked, filters = given.question(question), _filters(typed)
            except ArgumentTypeError as error:
                words = f"{str(error)[:1].upper()}{str(error)[1:]}. Mend it below and ask again."
                after = replace(talk, messages=(*talk.messages, _by("assistant", message.problem(words))))
                yield {chat: list(after.messages), said: after, box: question, empty: gr.update(visible=False)}
                return
            run = Run()
            talk = replace(talk, messages=(*talk.messages, _by("user", message.question(asked))), run=run)
            yield _stage(talk, "Searching…") | {said: talk, box: _asking(""), empty: gr.update(visible=False)}
            pool.submit(_work, talks, talk, asked, filters, run)
            while isinstance(told := run.events.get(), int):
                yield _stage(talk, f"Reading {told:,} sentence{'s' * (told != 1)}…")
            after = Talk(
                run.place[0] if run.place else talk.id,
                (*talk.messages, _by("assistant", told.html)),
                (*talk.history, (asked, told.said))[-REMEMBERED:] if told.is_answer else talk.history,
            )
            yield {chat: list(after.messages), said: after, box: _idle(asked if told.is_refused else None)}

        def _stage(talk: Talk, words: str) -> dict:
            return {chat: [*talk.messages, _by("assistant", message.stage(words))]}

        def stop(talk: Talk) -> None:
            if talk.run:
                talk.run.stop()

        def reopen(request: gr.Request) -> dict:
            """The conversation that the page's address names."""
            id = request.query_params.get("c")
            if id is None:  # and nothing is set: a question may have been asked meanwhile
                return {empty: gr.skip()}
            talk = _recalled(talks, id)
            return {chat: list(talk.messages), said: talk, empty: gr.update(visible=not talk.messages)}

        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        asking = quiet | {"concurrency_id": "ask"}  # however it is asked: one limit for all
        outputs = [chat, said, box, empty]
        box.submit(turn, [box, said, *limits], outputs, **asking)
        for button, starter in zip(buttons, opened.starters, strict=True):
            # The question is the server's own, not what the page sends as the button's label.
            button.click(
                lambda *before, starter=starter: (yield from turn(starter, *before)),
                [said, *limits], outputs, **asking,
            )  # fmt: skip
        # Not by Gradio's `cancels`, which draws a failed component over the conversation.
        # These two are not queued: Gradio's page can lose an event that is queued while an earlier one
        # ends, since it counts on a stream that the server has just closed.
        box.stop(stop, said, None, queue=False, **quiet)
        page.load(reopen, None, outputs, queue=False, **quiet)
    return page


def _work(talks: Talks, talk: Talk, question: str, filters: Filters, run: Run) -> None:
    """Answers a question in a thread of its own; tells how many sentences are read, then the reply."""
    tell = run.events.put

    def found(claims: Sequence[Claim]) -> None:
        if run.stopped.is_set():
            raise Stopped()
        run.found = tuple(claims)
        tell(len(claims))

    notes: list[str] = []
    try:
        with talks.desk.answering() as assistant:
            kept = _keeping(lambda: talks.about(assistant.library), notes)
            run.place = kept and _keeping(lambda: kept.ask(talk.id, question, filters), notes)
            try:
                answer = assistant.ask(question, history=talk.history, filters=filters, found=found, most=talks.desk.depth)
                if run.stopped.is_set():
                    raise Stopped()
                state = "answered"
            except Stopped:
                answer, state = None, "stopped"
            except BaseException:
                answer, state = None, "failed"
                raise
            finally:
                if run.place:
                    _keeping(lambda: kept.answered(*run.place, answer, state), notes)
        if answer is None:
            return  # `Run.stop` has told it
        answer = replace(answer, problems=(*answer.problems, *notes))
        tell(Reply(message.answer(answer, at=run.place if not notes else None, filters=filters), said_in(answer), True))
    except Busy as error:
        tell(Reply(message.problem(str(error)), is_refused=True))
    except BylineError as error:
        tell(Reply(message.problem(str(error))))
    except Exception:  # a fault of ours: the log has the traceback, the person a sentence
        logger.exception("a question could not be answered")
        tell(
            Reply(
                message.problem(
                    "Something went wrong inside Byline, and this question was not answered. "
                    "The details are in the terminal where Byline runs."
                )
            )
        )


def _keeping(act, notes: list[str]):
    """The result of an act on the conversations. That they cannot be kept is no reason not to answer:
    then it is None, and the reason among the notes."""
    try:
        return act()
    except BylineError as error:
        notes.append(f"This conversation is not kept: {error}")
        return None


def _recalled(talks: Talks, id: str) -> Talk:
    """A conversation as it can be shown now."""
    try:
        kept = talks.now
        if kept.find(id) is None:
            words = "There is no such conversation here: it has been removed, or the address is not whole."
            return Talk(messages=(_by("assistant", message.problem(words)),))
        exchanges, verdicts = kept.exchanges(id), kept.verdicts(id)
    except BylineError as error:
        return Talk(messages=(_by("assistant", message.problem(str(error))),))
    messages: list[Message] = []
    for exchange in exchanges:
        messages.append(_by("user", message.question(exchange.question)))
        messages.append(_by("assistant", _again(id, exchange, verdicts.get(exchange.number))))
    return Talk(id, tuple(messages), history(exchanges))


def _again(id: str, exchange: Exchange, verdict: str | None) -> str:
    if exchange.answer is None:
        return message.unanswered(exchange.state)
    return message.answer(
        exchange.answer, at=(id, exchange.number), filters=exchange.filters, lost=exchange.lost, verdict=verdict
    )


def _filters(typed: Sequence[str]) -> Filters:
    """What was typed beside the question, checked. Raises ArgumentTypeError as `ui.given` does."""
    names = ("source", "since", "until", "as_of")
    checks = (given.text, given.date, given.date, given.date)
    found = {}
    for name, check, value in zip(names, checks, typed, strict=True):
        if value and value.strip():
            try:
                found[name] = check(value.strip())
            except ArgumentTypeError as error:
                raise ArgumentTypeError(f"the filter “{name.replace('_', ' ')}”: {error}") from error
    return Filters(**found)


def _asking(text: str) -> dict:
    """The box while a question is answered: it can be stopped."""
    return gr.update(value=text, submit_btn=False, stop_btn="Stop")


def _idle(text: str | None = None) -> dict:
    more = {} if text is None else {"value": text}
    return gr.update(submit_btn="Ask", stop_btn=False, **more)


def _html(html: str, **more) -> gr.HTML:
    # Gradio evaluates such a component as a template: `message.verbatim` leaves nothing to evaluate.
    return gr.HTML(html, js_on_load=None, apply_default_css=False, **more)


def _by(role: str, html: str) -> Message:
    return {"role": role, "content": html}
