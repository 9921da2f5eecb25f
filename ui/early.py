"""The page before Gradio has drawn it, which takes it a second and more: a box for the question, whose words
go over into Gradio's (`page/talk.js`), and our style sheets and scripts, which Gradio would ask for only then."""

import logging
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from ui.assets import replied

logger = logging.getLogger(__name__)

STYLES = '<link rel="stylesheet" href="/page/chat.css"><link rel="stylesheet" href="/page/talk.css">'
_HEAD = (
    f'<title>Byline</title><meta name="referrer" content="no-referrer">{STYLES}'
    '<script defer src="/page/chat.js"></script><script defer src="/page/talk.js"></script>'
)


class Early:
    """ASGI middleware: puts them into the page that Gradio serves at `/`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        box = Path(__file__).with_name("page").joinpath("early.html").read_text("utf-8")
        # Before Gradio's own script: those that wait for the page are run in their order.
        self._added = {b"<head>": b"<head>" + _HEAD.encode(), b"<gradio-app": box.encode() + b"<gradio-app"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        start, body = await replied(self.app, scope, receive)
        if start["status"] == 200:
            for here, added in self._added.items():
                if here not in body:
                    logger.error("Gradio's page has no %s: Byline's scripts and style are not in it", here.decode())
                body = body.replace(here, added, 1)
        await send({**start, "headers": [*start["headers"], (b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})
