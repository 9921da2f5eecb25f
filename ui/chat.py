"""The chat page: Gradio blocks and their callbacks. It asks, shows what came back, and no more."""

import logging
from collections.abc import Iterator

import gradio as gr

from assistant.assistant import Assistant
from corpus.types import BylineError
from ui import message
from ui.given import QUESTION_LIMIT

PASTE_LIMIT = 20_000  # what the box takes: a longer paste is cut, and still refused as too long
KEPT_FOR = 12 * 3600  # seconds that a conversation is kept after its page was last used

HEAD = (
    '<meta name="referrer" content="no-referrer">'
    '<link rel="stylesheet" href="/page/chat.css">'
    '<script defer src="/page/chat.js"></script>'
)

logger = logging.getLogger(__name__)


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


def blocks(assistant: Assistant, starters: list[str], banner: str | None) -> gr.Blocks:
    """The page. Citations, the source panel, the keys and what is open are in `page/chat.js`."""
    with gr.Blocks(title="Byline", analytics_enabled=False, fill_width=True) as page:
        _html(message.masthead(banner), elem_id="masthead")
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
        with gr.Column(elem_id="starters", visible=bool(starters)) as empty:
            _html('<p class="label">Questions to start with</p>')
            buttons = [gr.Button(starter) for starter in starters]
        with gr.Row(elem_id="ask"):
            box = gr.Textbox(
                label="Ask your documents",
                placeholder="Who said what, when, where?",
                lines=1,
                max_lines=6,
                max_length=PASTE_LIMIT,
                submit_btn="Ask",
                elem_id="question",
            )
        # What has been said is kept on the server: the page has no history to send back.
        said = gr.State([], time_to_live=KEPT_FOR)

        def turn(question: str, before: list[dict]) -> Iterator[dict]:
            """One question and its answer, in stages."""
            if not question.strip():
                yield {box: ""}
                return
            if len(question) > QUESTION_LIMIT:
                after = [*before, _by("assistant", message.problem(_TOO_LONG))]
                yield {chat: after, said: after, box: question, empty: gr.update(visible=False)}
                return
            asked = [*before, _by("user", message.question(question))]
            searching = [*asked, _by("assistant", message.stage("Searching…"))]
            yield {chat: searching, said: asked, box: "", empty: gr.update(visible=False)}
            after = [*asked, _by("assistant", _reply(assistant, question))]
            yield {chat: after, said: after}

        quiet = {"api_visibility": "private", "show_progress": "hidden"}
        asking = quiet | {"concurrency_id": "ask"}  # however it is asked: one limit for all
        outputs = [chat, said, box, empty]
        box.submit(turn, [box, said], outputs, **asking)
        for button, starter in zip(buttons, starters, strict=True):
            # The question is the server's own, not what the page sends as the button's label.
            button.click(
                lambda before, starter=starter: (yield from turn(starter, before)), said, outputs, **asking
            )
    return page


_TOO_LONG = (
    f"This question is too long: a question can have {QUESTION_LIMIT:,} characters. "
    "Shorten it in the box below and ask again."
)


def _reply(assistant: Assistant, question: str) -> str:
    try:
        return message.answer(assistant.ask(question), assistant.library.quote)
    except BylineError as error:
        return message.problem(str(error))
    except Exception:  # a fault of ours: the log has the traceback, the person a sentence
        logger.exception("a question could not be answered")
        return message.problem(
            "Something went wrong inside Byline, and this question was not answered. "
            "The details are in the terminal where Byline runs."
        )


def _html(html: str, **more) -> gr.HTML:
    # Gradio evaluates such a component as a template: `message.verbatim` leaves nothing to evaluate.
    return gr.HTML(html, js_on_load=None, apply_default_css=False, **more)


def _by(role: str, html: str) -> dict:
    return {"role": role, "content": html}
