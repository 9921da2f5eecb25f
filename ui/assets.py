"""Gradio's scripts and style sheets, packed once and kept: a page asks for some sixty of them at once, and
Gradio packs each anew for each asking."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LARGEST = 64 * 2**20  # bytes of all that is kept
# Their names hold a hash of what is in them, so that no browser needs to ask again.
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")


class Assets:
    """ASGI middleware: answers for `/assets/` what was answered before. Safe in one event loop."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[tuple[str, bytes], tuple[Message, bytes]] = {}
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/assets/"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        if b"range" in headers or b"if-none-match" in headers:
            await self.app(scope, receive, send)
            return
        key = scope["path"], headers.get(b"accept-encoding", b"")
        if key in self._kept:
            start, body = self._kept[key]
            await send(start)
            await send({"type": "http.response.body", "body": body})
            return
        start, body = await replied(self.app, scope, receive)
        headers = [*start["headers"], (b"content-length", b"%d" % len(body))]
        if start["status"] == 200:
            headers.append(_FOR_EVER)
        start = {**start, "headers": headers}
        if start["status"] == 200 and self._size + len(body) <= _LARGEST:
            self._kept[key] = start, body
            self._size += len(body)
        await send(start)
        await send({"type": "http.response.body", "body": body})


async def replied(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """The whole of an application's reply: its start, without the headers that tell its length, and its body."""
    start: Message = {}
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = (b"content-length", b"transfer-encoding")
            start.update(message, headers=[pair for pair in message.get("headers", []) if pair[0] not in told])
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return start, b"".join(parts)
