"""Web addresses: their one form, and which of the machines behind them may be asked.

Nothing here touches the network. An address is only ever taken apart here, so that what is checked
is what is looked up, connected to and asked.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import quote, urlsplit

from corpus.types import BylineError

IPAddress = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
LONGEST = 4_000  # characters of an address

_BEGUN = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_UNFIT = re.compile(r"[\0-\x1f\x7f\\\ud800-\udfff]")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_KEPT = "%/:=&?~+!$,;'@()*-._"  # what stands in a path or query as it is; the rest is percent-encoded

# What is no machine on the public internet, spelt out: which ranges Python's `ipaddress` calls global
# differs among its versions. From the IANA special-purpose registries (RFC 6890 and its successors).
_CLOSED = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # not in the registries: a cloud's inner service, from its machines
        "2001::/23",  # Teredo among others, which carries an IPv4 address
        "2001:db8::/32", "2002::/16", "3fff::/20",  # documentation; 6to4, which carries an IPv4 address
    )
)  # fmt: skip
_GLOBAL_IPV6 = ip_network("2000::/3")
_NAT64 = ip_network("64:ff9b::/96")  # how IPv4 is reached from networks that have none: RFC 6052


class Refused(BylineError):
    """An address that is not fetched, or was not fetched to its end, and why."""


@dataclass(frozen=True, slots=True)
class Address:
    """An http or https address, in ASCII.

    `host` is a name as DNS has it, or an IP address as `ipaddress` writes it; `target` is the path
    and query. There is no fragment: it names a place in a page, not another page.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in an address; the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target


def is_address(text: str) -> bool:
    """Whether a text means an address, of whatever scheme, and not a file."""
    return _BEGUN.match(text) is not None


def parse(text: str) -> Address:
    """An address as a person or a page writes it. Raises Refused for one that is never fetched."""
    text = text.strip()
    if len(text) > LONGEST:
        raise Refused(f"is an address of over {LONGEST:,} characters")
    if _UNFIT.search(text):
        raise Refused("is not an address: it holds control characters or backslashes")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Refused("is not an address that can be read in one way: check how it is written") from None
    if parts.scheme not in PORTS:
        raise Refused("is not fetched: only http and https addresses are")
    if "@" in parts.netloc:
        raise Refused("is not fetched: it holds a user's name or password; leave out what stands before the @")
    if not parts.hostname:
        raise Refused("is not an address: it names no host")
    port = PORTS[parts.scheme] if port is None else port
    if port not in PORTS.values():
        raise Refused(f"is not fetched: it names port {port}, and only 80 and 443 are asked")
    path = "/" + parts.path.removeprefix("/")
    target = quote(path, _KEPT) + (f"?{quote(parts.query, _KEPT)}" if parts.query else "")
    bracketed = parts.netloc.startswith("[")
    host = _ipv6(parts.hostname) if bracketed else _host(parts.hostname)
    return Address(parts.scheme, host, port, target)


def normal(text: str) -> str | None:
    """An address in its one form, as documents are named after it; None for what is none."""
    try:
        return str(parse(text)) if is_address(text) else None
    except Refused:
        return None


def literal(host: str) -> IPAddress | None:
    """The IP address that a host is, or None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(ip: IPAddress) -> bool:
    """Whether an IP address is one of the public internet, and carries no other that is not."""
    if isinstance(ip, IPv6Address):
        if ip in _NAT64:
            return is_public(IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip.scope_id is not None or ip not in _GLOBAL_IPV6:  # mapped IPv4 among others
            return False
    return not any(ip in block for block in _CLOSED if block.version == ip.version)


def _ipv6(host: str) -> str:
    try:
        if "%" in host:  # a zone: it names one of this machine's own networks
            raise ValueError(host)
        return str(IPv6Address(host))
    except ValueError:
        raise Refused("is not an address: what stands in its brackets is no IPv6 address") from None


def _host(host: str) -> str:
    """A host's name in ASCII, without the dot that may end it, or its IPv4 address.

    Systems also take 2130706433, 0x7f.1 and 0177.0.0.1 for 127.0.0.1: whatever ends in a number and
    is not four plain ones is refused (the rule of url.spec.whatwg.org, section 3.5).
    """
    if len(host) > 254:
        raise Refused("is not an address: its host has over 253 characters")
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except (idna.IDNAError, UnicodeError):
            raise Refused("is not an address: no host can be called that") from None
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            raise Refused("is not fetched: its host is a number in disguise, not four as in 192.0.2.1") from None
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        raise Refused("is not an address: no host can be called that")
    return host
