"""Connections to the machines behind addresses: to the one that was checked, within limits of time and bytes."""

import io
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from ipaddress import ip_address

from corpus.addresses import Address, Refused, is_public, literal

CONNECTING = 10.0  # seconds to reach one machine, and to agree on encryption with it
SILENCE = 20.0  # seconds that a server may keep still
MACHINES = 4  # of those that a name has, how many are tried

# How a host's name is looked up: its IP addresses, as text. Raises OSError.
LookUp = Callable[[str], list[str]]
# Opens a TCP connection to an IP address and port within some seconds. Raises OSError.
Connect = Callable[[str, int, float], socket.socket]


def look_up(host: str) -> list[str]:
    """The IP addresses of a host, as the system resolves names."""
    return [found[4][0] for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def connect(ip: str, port: int, seconds: float) -> socket.socket:
    """A connection to an IP address; nothing is looked up."""
    family = socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(seconds)
        opened.connect((ip, port))
    except BaseException:
        opened.close()
        raise
    return opened


def encrypted(opened: socket.socket, host: str, context: ssl.SSLContext, until: float) -> ssl.SSLSocket:
    """TLS over a connection, with a certificate that holds for `host`. Raises Refused."""
    opened.settimeout(min(CONNECTING, _left(until)))  # for the whole of the handshake
    try:
        return context.wrap_socket(opened, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Refused(f"cannot prove that it is {host}: {error.verify_message.rstrip('.')}") from None
    except (ssl.SSLError, OSError) as error:
        raise Refused(f"cannot be reached over TLS: {_why(error)}") from None


def machines(address: Address, resolve: LookUp, until: float) -> list[str]:
    """The IP addresses of an address's host, all of them public. Raises Refused.

    One that is not public refuses them all: a name that has both is made to lead astray, or is
    about machines of a private network.
    """
    found = [str(ip)] if (ip := literal(address.host)) else _looked_up(address.host, resolve, until)
    try:
        closed = [ip for ip in found if not is_public(ip_address(ip))]
    except ValueError:
        closed = found
    if closed:
        raise Refused(
            f"is not fetched: {address.host} is {closed[0]}, which is not on the public internet; "
            "save the page from your browser, and add the file"
        )
    return list(dict.fromkeys(found))


def reach(address: Address, ips: list[str], open_to: Connect, until: float) -> socket.socket:
    """A connection to the first of some IP addresses that answers. Raises Refused."""
    why = "it has no address"
    for ip in ips[:MACHINES]:
        try:
            return open_to(ip, address.port, min(CONNECTING, _left(until)))
        except OSError as error:
            why = _why(error)
    raise Refused(f"cannot be reached: {why}")


class Wire(io.RawIOBase):
    """What a server sends, until `allowed` bytes have come or the time is up: then it raises Refused.

    Each wait is bounded by itself and by the whole, so that a server that sends a byte now and then
    gains nothing.
    """

    def __init__(self, opened: socket.socket, until: float):
        self._opened, self._until = opened, until
        self._allowed, self._too_much = 0, ""

    def allow(self, count: int, too_much: str) -> None:
        """From here on `count` bytes may come; what is said when there are more."""
        self._allowed, self._too_much = count, too_much

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        self._opened.settimeout(min(SILENCE, _left(self._until)))
        try:
            count = self._opened.recv_into(buffer)
        except OSError as error:
            raise self._broken(error) from None
        self._allowed -= count
        if self._allowed < 0:
            raise Refused(self._too_much)
        return count

    def send(self, data: bytes) -> None:
        self._opened.settimeout(min(SILENCE, _left(self._until)))
        try:
            self._opened.sendall(data)
        except OSError as error:
            raise self._broken(error) from None

    def _broken(self, error: OSError) -> Refused:
        if isinstance(error, TimeoutError):
            _left(self._until - 0.01)  # the wait may have been cut short by the end of all
        return Refused(f"broke off: {_why(error)}")

    def makefile(self, mode: str) -> io.BufferedReader:
        """As a socket has it, for `http.client`."""
        return io.BufferedReader(self)


def _looked_up(host: str, resolve: LookUp, until: float) -> list[str]:
    """In a thread of its own, since the system's resolver knows no limit of time."""
    told: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            told.put(resolve(host))
        except (OSError, UnicodeError) as error:
            told.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = told.get(timeout=min(SILENCE, _left(until)))
    except queue.Empty:
        raise Refused(f"cannot be reached: {host} could not be looked up in time") from None
    if isinstance(answer, Exception) or not answer:
        raise Refused(f"cannot be reached: there is no host {host}, or you are not online")
    return answer


def _left(until: float) -> float:
    """Seconds left. Raises Refused where there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise Refused("took too long to fetch, and was given up")
    return left


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    if isinstance(error, ssl.SSLError):
        return (error.reason or "the connection is faulty").replace("_", " ").lower()
    return (error.strerror or "the connection is faulty").lower()
