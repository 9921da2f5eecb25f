"""A small web on this machine: hosts with names and public addresses, all of which are one process here.

Names are looked up in a table, and connections to port 80 or 443 of any machine end at a server on
127.0.0.1 that says, byte for byte, what a test wants said. Nothing beyond this machine is reached.
"""

import contextlib
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from corpus.fetching.fetch import Fetcher

# For the name secure.example only; made for these tests, and trusted by nothing else.
CERTIFICATE = Path(__file__).with_name("secure.example.pem")
PUBLIC = "93.184.216.34"

Said = bytes | Callable[[socket.socket], None]


def ok(body: bytes | str, type: str | None = "text/html", **headers: str) -> bytes:
    """A whole response; `headers` are written with _ for -."""
    body = body.encode() if isinstance(body, str) else body
    stated = ({"Content-Type": type} if type else {}) | {"Content-Length": str(len(body))}
    stated |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in stated.items()]
    return "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode("latin-1") + body


def moved(to: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def article(text: str, title: str = "Bridge opens", outlet: str | None = "The Courier", more: str = "") -> str:
    site = f'<meta property="og:site_name" content="{outlet}">' if outlet else ""
    return f"<title>{title}</title>{site}{more}<article><p>{text}</p></article>"


class Web:
    """`pages` are what is said at an address; `requests` the heads of what was asked, `asked` their
    addresses, `connected` the machines and `looked_up` the names that were."""

    def __init__(self) -> None:
        self.pages: dict[str, Said] = {}
        self.names: dict[str, list[str] | Callable[[], list[str]]] = {}
        self.requests: list[str] = []
        self.asked: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.looked_up: Counter[str] = Counter()
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(CERTIFICATE)
        self._sockets = {scheme: socket.create_server(("127.0.0.1", 0)) for scheme in ("http", "https")}
        for scheme, listening in self._sockets.items():
            threading.Thread(target=self._serve, args=(scheme, listening), daemon=True).start()

    def close(self) -> None:
        for listening in self._sockets.values():
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def fetcher(self, **given) -> Fetcher:
        return Fetcher(**{"resolve": self.resolve, "connect": self.connect, "tls": trusting()} | given)

    def resolve(self, host: str) -> list[str]:
        self.looked_up[host] += 1
        found = self.names.get(host, [PUBLIC])
        return found() if callable(found) else found

    def connect(self, ip: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((ip, port))
        listening = self._sockets["https" if port == 443 else "http"]
        return socket.create_connection(listening.getsockname(), seconds)

    def _serve(self, scheme: str, listening: socket.socket) -> None:
        while True:
            try:
                opened, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(scheme, opened), daemon=True).start()

    def _answer(self, scheme: str, opened: socket.socket) -> None:
        with contextlib.suppress(OSError), opened:  # whoever asks may hang up
            opened.settimeout(30)
            if scheme == "https":
                opened = self._tls.wrap_socket(opened, server_side=True)
            with opened:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    if not (byte := opened.recv(1)):
                        return
                    head += byte
                self.requests.append(head.decode())
                lines = head.decode().split("\r\n")
                host = next(line[6:] for line in lines if line.startswith("Host: "))
                address = f"{scheme}://{host}{lines[0].split(' ')[1]}"
                self.asked.append(address)
                said = self.pages.get(address, b"HTTP/1.1 404 Not here\r\nContent-Length: 0\r\n\r\n")
                said(opened) if callable(said) else opened.sendall(said)


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=CERTIFICATE)
