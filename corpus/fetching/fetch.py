"""Fetching one address over HTTP, with everything that a hostile server could do in mind (THREATS 10 to 13).

A name is looked up once, each of its machines must be public, and the connection goes to one of
those; so for every redirect. No cookies, no Referer, no credentials, no proxies. What comes is
bounded in time, in bytes received and in bytes unpacked, and goes to a file, never into memory.
"""

import http.client
import ssl
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import urljoin

from corpus.addresses import Address, Refused, parse
from corpus.fetching.connections import (
    Connect,
    LookUp,
    Wire,
    connect,
    encrypted,
    look_up,
    machines,
    reach,
)

MB = 2**20
HEADERS = 64 * 1024  # bytes of a response before its body
LARGEST = 64 * MB  # bytes of a body, as it comes and as it is unpacked
SECONDS = 120.0  # for one address, with its redirects
REDIRECTS = 5
_PIECE = 64 * 1024

_REQUEST = (
    "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Byline\r\n"
    "Accept: text/html,application/xhtml+xml,application/pdf,application/rss+xml,application/atom+xml,*/*;q=0.5\r\n"
    "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n"
)
_MOVED = (301, 302, 303, 307, 308)
_WAIT = (429, 503)


class Busy(Refused):
    """A server that asks to be left alone for a while."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Where a body came from in the end, and its Content-Type as the server stated it ("" for none)."""

    address: Address
    content_type: str


@dataclass(frozen=True, slots=True)
class Fetcher:
    """How the world outside is met: tests bring names, connections and certificates of their own."""

    resolve: LookUp = look_up
    connect: Connect = connect
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS

    def fetch(self, address: Address, file: BinaryIO) -> Fetched:
        """Writes the body of an address to `file`. Raises Refused, and OSError where `file` does."""
        until = time.monotonic() + self.seconds
        for _ in range(REDIRECTS + 1):
            arrived = self._ask(address, file, until)
            if isinstance(arrived, Fetched):
                return arrived
            address = arrived
        raise Refused(f"is redirected more than {REDIRECTS} times: it may lead round in a ring")

    def _ask(self, address: Address, file: BinaryIO, until: float) -> Fetched | Address:
        """One request: a body, written to `file`, or where to ask instead."""
        opened = reach(address, machines(address, self.resolve, until), self.connect, until)
        try:
            if address.scheme == "https":
                opened = encrypted(opened, address.host, self.tls, until)
            wire = Wire(opened, until)
            wire.allow(HEADERS, f"sends over {HEADERS // 1024} KB before its page begins")
            wire.send(_REQUEST.format(target=address.target, host=address.authority).encode("ascii"))
            response = http.client.HTTPResponse(wire, method="GET")
            try:
                response.begin()
                if response.status in _MOVED:
                    return _onwards(address, response.getheader("Location"))
                _must_be_ok(response.status)
                wire.allow(LARGEST + HEADERS, _TOO_LARGE)  # the latter for what frames the pieces of a body
                _write(_body(response), file)
            except (http.client.HTTPException, ValueError):
                raise Refused("answers with what is not HTTP, or breaks off") from None
            return Fetched(address, response.getheader("Content-Type") or "")
        finally:
            opened.close()


_TOO_LARGE = f"is larger than {LARGEST // MB} MB: download it and split it"
_BROKEN_OFF = "broke off before its end: add it again"


def _onwards(address: Address, location: str | None) -> Address:
    """Where a redirect leads; checked anew like any address."""
    if not location:
        raise Refused("is redirected, but not to any address")
    try:
        location = location.encode("latin-1").decode("utf-8")
        onwards = parse(urljoin(str(address), location.strip()))
    except Refused as error:
        raise Refused(f"is redirected to what {error}") from None
    except ValueError:
        raise Refused("is redirected to what is no address") from None
    if address.scheme == "https" and onwards.scheme == "http":
        raise Refused(f"is redirected from https to http ({onwards.host}), where anybody could change it")
    return onwards


def _must_be_ok(status: int) -> None:
    if status == HTTPStatus.OK:
        return
    try:
        phrase = f"{status} {HTTPStatus(status).phrase}"  # not the server's own, which may say anything
    except ValueError:
        phrase = str(status)
    if status in _WAIT:
        raise Busy(f"is not to be had now ({phrase}): try again later")
    raise Refused(f"is not to be had: its server answers {phrase}")


def _body(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The body in pieces, unpacked."""
    framed = (response.getheader("Transfer-Encoding") or "chunked").strip().lower()
    packed = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if framed != "chunked" or packed not in ("identity", "gzip", "x-gzip"):
        raise Refused("is packed in a way that was not asked for: save it from your browser, and add the file")
    pieces = _pieces(response)
    return pieces if packed == "identity" else _unpacked(pieces)


def _pieces(response: http.client.HTTPResponse) -> Iterator[bytes]:
    if response.length is not None and response.length > LARGEST:
        raise Refused(_TOO_LARGE)
    while piece := response.read(_PIECE):
        yield piece
    if response.length:  # what is missing of the length that was announced
        raise Refused(_BROKEN_OFF)


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """What gzip packed, never more than a little at a time (RFC 1952; one member, as servers send)."""
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        for piece in pieces:
            while piece:
                yield unpacker.decompress(piece, _PIECE)
                piece = unpacker.unconsumed_tail
            if unpacker.unused_data:
                raise zlib.error("more than one member")
        yield unpacker.flush()
    except zlib.error:
        raise Refused("is packed wrongly (gzip): save it from your browser, and add the file") from None
    if not unpacker.eof:
        raise Refused(_BROKEN_OFF)


def _write(pieces: Iterator[bytes], file: BinaryIO) -> None:
    written = 0
    for piece in pieces:
        written += len(piece)
        if written > LARGEST:
            raise Refused(_TOO_LARGE)
        file.write(piece)
