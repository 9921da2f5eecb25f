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
        start: Message = {}
        parts: list[bytes] = []

        async def keeping(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if message["status"] == 200:
                    message = {**message, "headers": [*message.get("headers", []), _FOR_EVER]}
                start = message
            else:
                parts.append(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, keeping)
        body = b"".join(parts)
        if start.get("status") == 200 and self._size + len(body) <= _LARGEST:
            length = (b"content-length", b"%d" % len(body))
            kept = [pair for pair in start["headers"] if pair[0] not in (b"content-length", b"transfer-encoding")]
            self._kept[key] = {**start, "headers": [*kept, length]}, body
            self._size += len(body)
