"""Serves the chat page on this machine."""

import errno
import os
import socket
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles

from corpus.types import BylineError
from ui import cite, documents, message
from ui.assets import Assets
from ui.desk import AT_ONCE, WAITING, Desk
from ui.early import STYLES, Early
from ui.guard import LOOPBACK, Guard, own_names
from ui.intake import Intake
from ui.owner import Owner

# Gradio's own queue only passes on: the desk says who waits and who is told that it is busy, and
# says so at once if there are places left beyond those that wait.
CONCURRENT = AT_ONCE + WAITING + 8
QUEUED = 256


def app(desk: Desk, *, host: str = "127.0.0.1", port: int = 7860, token: str | None = None) -> FastAPI:
    """The whole page as an ASGI application, which answers to the names of `host` with `port`, and,
    where there is a token, to its owner only."""
    files = tempfile.TemporaryDirectory(prefix="byline-")
    # Read by Gradio when it is imported and when it starts: no telemetry, no version check, and
    # no folder that others on this machine can read.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = files.name
    import gradio as gr  # takes seconds: only a server should wait for it

    from ui import chat, talks

    intake = Intake(desk)
    owner = Owner(token, port) if token else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        intake.store.clear()
        yield
        await run_in_threadpool(intake.close)

    served = FastAPI(title="Byline", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    served.state.files = files  # removed with the application
    served.include_router(documents.router(desk, intake))
    if owner:
        served.include_router(owner.router())
    served.mount("/page", StaticFiles(directory=Path(__file__).parent / "page"))

    @served.get("/passage")
    def passage(at: str = "") -> dict:
        return cite.passage(desk.now.assistant.library, at)

    @served.get("/holdings")
    def holdings() -> dict:
        try:
            opened = desk.now
            held = message.holdings(*opened.assistant.library.coverage())
        except BylineError as error:
            return {"held": str(error), "sample": False}
        return {"held": held, "sample": opened.banner is not None}

    conversations = talks.Talks(desk)
    talks.mount(served, conversations)
    page = chat.blocks(conversations)
    page.queue(default_concurrency_limit=CONCURRENT, max_size=QUEUED, api_open=False)
    gr.mount_gradio_app(
        served,
        page,
        path="/",
        server_name=host,
        server_port=port,
        theme=chat.theme(),
        head=STYLES,  # again: of rules that weigh the same, the later one wins
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
    served.add_middleware(Assets)
    served.add_middleware(Early)
    served.add_middleware(Guard, is_own=own_names(host, port), takes=desk.takes, owner=owner)
    return served


def serve(
    desk: Callable[[], Desk], *, host: str = "127.0.0.1", port: int = 7860, token: str | None = None
) -> None:
    """Serve the page until interrupted; the address is printed once the page answers.

    `desk` opens what is served. Raises BylineError when `host` is not this machine alone and
    there is no token, or when `port` cannot be had.
    """
    listener = _listen(host, port, token)  # before what is slow: a taken port is said at once
    with listener:
        port = listener.getsockname()[1]
        opened = desk()
        threading.Thread(target=opened.now.assistant.prepare, name="models", daemon=True).start()
        config = uvicorn.Config(
            app(opened, host=host, port=port, token=token),
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


def _listen(host: str, port: int, token: str | None) -> socket.socket:
    if host not in LOOPBACK and not token:
        raise BylineError(
            f"Byline serves this machine only, and {host or 'no host'} is open to others: that needs an access "
            "token. Give --token-file FILE (a token is made in it if it is not there), or $BYLINE_TOKEN; or use "
            "--host 127.0.0.1"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family)
        # Known to be TCP, so that asyncio sets TCP_NODELAY on what it accepts: every answer waited 40 ms else.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=made.detach())
    except socket.gaierror as error:
        raise BylineError(f"Cannot serve: {host} is not a name or an address of this machine") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"port {port} is taken by another program (perhaps Byline is already running)"
        elif error.errno == errno.EACCES:
            why = f"port {port} is reserved for the system"
        else:
            why = f"port {port} of {host} cannot be opened ({error.strerror})"
        raise BylineError(f"Cannot serve: {why}. Choose another: make chat PORT={port + 1}") from error


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
