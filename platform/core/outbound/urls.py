"""What a URL must look like before anything is done with it."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin, urlsplit

import idna

from core.outbound.addresses import Address, unwrapped
from core.outbound.errors import BadUrl

SCHEMES = ("http", "https")
PORTS = (80, 443, 8443)
MAX_CHARS = 2048
MAX_LOCATION_CHARS = 8192
"""Length of a redirect's target: signed links of object stores outgrow what people type."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@%]+))(?::(?P<port>[0-9]{0,5}))?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMERIC_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_KEPT_IN_TARGET = "%/?:@!$&'()*+,;=-._~[]"


@dataclass(frozen=True)
class Url:
    """A URL taken apart: what is connected to is what was checked, since nothing parses it a second time."""

    scheme: str
    host: str
    """The name in ASCII and lower case, or an IP address without brackets."""
    address: Address | None
    """The address that `host` spells, unwrapped; None for a name."""
    port: int
    target: str
    """Path and query as they are sent; never fit for a log."""

    @property
    def origin(self) -> str:
        """Scheme, host and port: the part that may be logged."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def broken_rule(self, schemes: Collection[str]) -> BadUrl | None:
        """Return what is wrong with scheme or port for a server of the public internet, or None."""
        if self.scheme not in schemes:
            return BadUrl(f"This address must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}.")
        if self.port not in PORTS:
            return BadUrl(f"This port is not allowed. Use one of {', '.join(map(str, PORTS))}.")
        return None


def parse(text: str, *, max_chars: int = MAX_CHARS) -> Url:
    """Take a URL apart by RFC 3986, narrowed to what a link to a file needs.

    Raises BadUrl for another scheme than http and https, a user name or password, spaces, control and invisible
    characters, backslashes, numeric hosts in any spelling but four plain decimals, zone ids, and names that are not
    valid under IDNA 2008.
    """
    if len(text) > max_chars:
        raise BadUrl(f"This address is too long. At most {max_chars} characters are possible.")
    if not text.isprintable() or " " in text or "\\" in text:
        raise BadUrl("This address contains a space or a character that is not allowed. Write it as %20 or the like.")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadUrl from error
    scheme = parts.scheme
    if scheme not in SCHEMES:
        raise BadUrl
    if "@" in parts.netloc:
        raise BadUrl("This address contains a user name or a password. Give one that works without.")
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if not authority:
        raise BadUrl
    port = int(authority["port"] or _DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise BadUrl
    host, address = _v6_host(authority["v6"]) if authority["v6"] else _named_host(authority["name"])
    target = quote(parts.path or "/", safe=_KEPT_IN_TARGET.replace("?", ""))
    if parts.query:
        target += "?" + quote(parts.query, safe=_KEPT_IN_TARGET)
    return Url(scheme=scheme, host=host, address=address, port=port, target=target)


def follow(base: Url, location: str) -> Url:
    """Return where a redirect from `base` leads; `location` is the header's text as http.client gives it.

    Raises BadUrl for whatever `parse` refuses, and for a way from https to http.
    """
    with suppress(UnicodeError):  # what is neither raw UTF-8 nor plain ASCII is judged as it stands
        location = location.encode("latin-1").decode()
    # Servers do send raw spaces here, and every browser mends them.
    location = location.strip().replace(" ", "%20")
    try:
        onward = parse(urljoin(base.origin + base.target, location), max_chars=MAX_LOCATION_CHARS)
    except ValueError as error:
        raise BadUrl from error
    if base.scheme == "https" and onward.scheme == "http":
        raise BadUrl("This address leads from https to http. Give a link that stays on https.")
    return onward


def _v6_host(text: str) -> tuple[str, Address]:
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise BadUrl from error
    return str(address), unwrapped(address)


def _named_host(text: str) -> tuple[str, Address | None]:
    name = text.lower().removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode().removesuffix(".")
        except UnicodeError as error:  # IDNAError is one
            raise BadUrl from error
    if not _NAME.fullmatch(name):
        raise BadUrl
    if not _NUMERIC_END.fullmatch(name):
        return name, None
    # Resolvers read 127.1, 0x7f.1, 0177.0.0.1 and 2130706433 as addresses: only the plain spelling passes.
    try:
        address = IPv4Address(name)
    except AddressValueError as error:
        raise BadUrl from error
    return str(address), address
