"""What stands before every route of the page: Gradio's own routes are open by default.

A page that listens on this machine alone can still be reached by any web site that the person
visits, through their browser: by DNS rebinding (checked by Host), by a cross-site request
(checked by Origin). Stock Gradio 6.31 accepts both, and offers routes for uploads, files,
proxying and remote calls, none of which this page needs. Where others can reach it, only the
owner of the token is answered, whatever is asked for.
"""

import ipaddress
import json
import re
import socket
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.desk import BUSY
from ui.owner import LOGIN, Owner

LOOPBACK = ("127.0.0.1", "localhost", "::1")
BODY_LIMIT = 256 * 1024  # bytes: the longest question there is room for, and to spare
UPLOAD = "/documents/file"  # takes a file by PUT, as the whole body, which it counts itself

# All that the page asks for. A route that is not here does not exist.
_ROUTES = re.compile(
    r"/(|config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|passage|holdings|login"
    r"|conversations(/(rename|remove))?|export|feedback|around|sources|suggestions"
    r"|documents(/(state|list|text|file|remove|set|clear))?"
    r"|(page|assets|static)/[\w./-]+"
    r"|gradio_api/(queue/(join|data)|run/predict|heartbeat/\w+|startup-events|info|cancel|reset))/?",
    re.ASCII,
)

_QUESTION = "/gradio_api/queue/join"  # only questions are queued
_CALLS = (_QUESTION, "/gradio_api/run/predict")  # of the page's functions

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
    """ASGI middleware: answers only to this server's names, this page's own origin and its owner.

    Refused before any handler runs: another Host (421), another Origin or a null one (403), a
    route that the page does not use (403), anybody but the owner where there is a token (401), a
    body of over 256 KB (413), a call that names files (403), any websocket; and a question for which
    there is no room (429), which `takes` tells.
    """

    def __init__(
        self, app: ASGIApp, is_own: Callable[[str], bool], takes: Callable[[], bool], owner: Owner | None = None
    ) -> None:
        self.app = app
        self.is_own = is_own
        self.takes = takes
        self.owner = owner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["method"] not in ("GET", "HEAD") and not _is_upload(scope):
            body = await _read(receive)
            if body is None:
                refusal = _TOO_LONG
            elif scope["path"].startswith(_CALLS) and not names_no_file(body):
                refusal = 403, "Byline takes text here, and nothing else."
            elif scope["path"].startswith(_QUESTION) and not self.takes():
                refusal = 429, json.dumps({"detail": BUSY})  # which Gradio's page shows
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
        if len(hosts) != 1 or not self.is_own(hosts[0]):
            return 421, "Byline answers only to this machine's own address."
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        # Browsers state the origin of everything but a plain GET; programs need not.
        if origins and origins != [f"http://{hosts[0]}"]:
            return 403, "Byline does not answer other sites."
        if _ROUTES.fullmatch(scope["path"]) is None or "/.." in scope["path"]:
            return 403, "There is nothing here."
        if self.owner is None and scope["path"].startswith("/login"):
            return 403, "There is nothing here."
        if self.owner and scope["path"] != "/login" and not self.owner.admits(headers):
            return 401, LOGIN
        lengths = [value for name, value in headers if name == b"content-length"]
        if any(not value.isdigit() or len(value) > 15 for value in lengths):
            return _TOO_LONG
        if not _is_upload(scope) and any(int(value) > BODY_LIMIT for value in lengths):
            return _TOO_LONG
        return None


def own_names(host: str, port: int) -> Callable[[str], bool]:
    """Tells whether a Host header names the server that listens on `host` and `port`.

    On all addresses it is known by any address, by this machine's name and as localhost: another
    name could be anybody's (DNS rebinding), an address in the browser's bar could not.
    """
    everywhere = host in ("0.0.0.0", "::")
    if host in LOOPBACK:
        names = set(LOOPBACK)
    elif everywhere:
        names = {"localhost", socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
    else:
        names = {host.lower()}

    def is_own(given: str) -> bool:
        found = _HOST.fullmatch(given)
        if found is None or int(found["port"] or 80) != port:
            return False
        name = found["name"] or found["address"]
        return name in names or everywhere and _is_address(name)

    return is_own


_HOST = re.compile(
    r"(?:\[(?P<address>[0-9a-f.]{0,9}:[0-9a-f:.]{1,45})\]|(?P<name>[a-z0-9._-]{1,253}))"
    r"(?::(?P<port>\d{1,5}))?",
    re.ASCII,
)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_upload(scope: Scope) -> bool:
    return scope["method"] == "PUT" and scope["path"] == UPLOAD


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
    kind = b"application/json" if status == 429 else b"text/html" if words is LOGIN else b"text/plain"
    kind += b"; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *_HEADERS]})
    await send({"type": "http.response.body", "body": body})
