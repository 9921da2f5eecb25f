"""Serves the chat page on this machine."""

import errno
import os
import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from assistant.assistant import Assistant
from corpus.types import BylineError
from ui import cite, message
from ui.guard import Guard

CONCURRENT = 4  # questions answered at once
WAITING = 64  # and in the queue, before the page says that it is busy


def app(
    assistant: Assistant, *, port: int = 7860, banner: str | None = None, starters: Sequence[str] = ()
) -> FastAPI:
    """The whole page as an ASGI application, which answers to loopback names with `port`."""
    files = tempfile.TemporaryDirectory(prefix="byline-")
    # Read by Gradio when it is imported and when it starts: no telemetry, no version check, and
    # no folder that others on this machine can read.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = files.name
    import gradio as gr  # takes seconds: only a server should wait for it

    from ui import chat

    served = FastAPI(title="Byline", docs_url=None, redoc_url=None, openapi_url=None)
    served.state.files = files  # removed with the application
    served.mount("/page", StaticFiles(directory=Path(__file__).parent / "page"))

    @served.get("/passage")
    def passage(at: str = "") -> dict:
        return cite.passage(assistant.library, at)

    @served.get("/holdings")
    def holdings() -> str:
        try:
            return message.holdings(*assistant.library.coverage())
        except BylineError as error:
            return str(error)

    page = chat.blocks(assistant, list(starters), banner)
    page.queue(default_concurrency_limit=CONCURRENT, max_size=WAITING)
    gr.mount_gradio_app(
        served,
        page,
        path="/",
        server_name="127.0.0.1",
        server_port=port,
        theme=chat.theme(),
        head=chat.HEAD,
        footer_links=[],
        run_history=False,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        enable_monitoring=False,
        max_file_size=1,
    )
    # Gradio asks whether a file may be read only on behalf of a launched page; this one is mounted.
    page.has_launched = True
    served.add_middleware(Guard, port=port)
    return served


def serve(
    assistant: Assistant,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    banner: str | None = None,
    starters: Sequence[str] = (),
) -> None:
    """Serve the page until interrupted; the address is printed once the page answers.

    Raises BylineError when `host` is not this machine alone, or when `port` cannot be had.
    """
    listener = _listen(host, port)  # before the slow import: a taken port is said at once
    with listener:
        port = listener.getsockname()[1]
        config = uvicorn.Config(
            app(assistant, port=port, banner=banner, starters=starters),
            http="h11",  # bounds the size of a request's head
            ws="none",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,  # an open page holds its event stream for ever
        )
        try:
            _Server(config, f"http://{_shown(host)}:{port}").run(sockets=[listener])
        except KeyboardInterrupt:
            pass  # Ctrl-C is how a person stops it


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self._address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            print(f"Byline is at {self._address}", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    if host not in ("127.0.0.1", "localhost", "::1"):
        raise BylineError(
            f"Byline serves this machine only, and {host} is open to others: that needs an access "
            "token, which comes with a later version. Use --host 127.0.0.1."
        )
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} is taken by another program (perhaps Byline is already running)"
        elif error.errno == errno.EACCES:
            why = f"port {port} is reserved for the system"
        else:
            why = f"port {port} of {host} cannot be opened ({error.strerror})"
        raise BylineError(f"Cannot serve: {why}. Choose another: make chat PORT={port + 1}") from error


def _shown(host: str) -> str:
    return "[::1]" if host == "::1" else host
