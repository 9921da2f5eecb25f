"""What stands before every route of the page: Gradio's own routes are open by default.

A page that listens on this machine alone can still be reached by any web site that the person
visits, through their browser: by DNS rebinding (checked by Host), by a cross-site request
(checked by Origin). Stock Gradio 6.31 accepts both, and offers routes for uploads, files,
proxying and remote calls, none of which this page needs.
"""

import json
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 256 * 1024  # bytes: the longest question there is room for, and to spare

# All that the page asks for. A route that is not here does not exist.
_ROUTES = re.compile(
    r"/(|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|passage|holdings"
    r"|(page|assets|static)/[\w./-]+"
    r"|gradio_api/(queue/(join|data)|heartbeat/\w+|startup-events|info|cancel|reset))/?",
    re.ASCII,
)

# A second guard behind the escaping: no remote image, font, frame or request, and no script in
# an attribute. Gradio needs its inline scripts, and eval for the templates of its components.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; script-src-attr 'none'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]


class Guard:
    """ASGI middleware: answers only to this machine's names and this page's own origin.

    Refused before any handler runs: another Host (421), another Origin or a null one (403), a
    route that the page does not use (403), a body of over 256 KB (413), a call that names files
    (403), any websocket.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        if port == 80:
            self.hosts |= {"127.0.0.1", "localhost", "[::1]"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["method"] not in ("GET", "HEAD"):
            body = await _read(receive)
            if body is None:
                refusal = _TOO_LONG
            elif scope["path"].startswith("/gradio_api/queue/join") and not names_no_file(body):
                refusal = 403, "Byline takes text here, and nothing else."
            else:
                receive = _replayed(body, receive)
        if refusal is not None:
            await _refuse(send, *refusal)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *_HEADERS]}
            await send(message)

        await self.app(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = scope["headers"]
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return 421, "Byline answers only to this machine's own address."
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        # Browsers state the origin of everything but a plain GET; programs need not.
        if origins and origins != [f"http://{hosts[0]}"]:
            return 403, "Byline does not answer other sites."
        if _ROUTES.fullmatch(scope["path"]) is None or "/.." in scope["path"]:
            return 403, "There is nothing here."
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(not value.isdigit() or int(value) > BODY_LIMIT for value in lengths):
            return _TOO_LONG
        return None


_TOO_LONG = (413, "That is more than Byline takes in one request.")


def names_no_file(body: bytes) -> bool:
    """Whether a call of the page passes text alone.

    Gradio takes an object with a `path` for a file in any input, text boxes too: it copies the
    file, or fetches the address, into its cache before the callback runs. A page that is mounted
    rather than launched is not even asked whether it allows that (6.31, `_check_allowed`).
    """
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        return False
    values = call.get("data") if isinstance(call, dict) else None
    return isinstance(values, list) and all(value is None or isinstance(value, str) for value in values)


async def _read(receive: Receive) -> bytes | None:
    """The whole body; None when it passes the limit, stated or not."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_LIMIT:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replay() -> Message:
        return next(messages, None) or await receive()

    return replay


async def _refuse(send: Send, status: int, words: str) -> None:
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
