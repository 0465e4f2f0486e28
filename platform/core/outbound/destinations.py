"""Which addresses a URL may be reached at: one look-up, every answer checked."""

import socket
import threading
from collections.abc import Collection
from concurrent.futures import Future
from ipaddress import ip_address, ip_network

from django.conf import settings

from core.outbound.addresses import Address, is_public, unwrapped
from core.outbound.errors import ForbiddenAddress, Unreachable
from core.outbound.urls import Url

LOOK_UP_SECONDS = 5


def resolve(url: Url, *, schemes: Collection[str], seconds: float = LOOK_UP_SECONDS) -> tuple[Address, ...]:
    """Return the addresses to connect to for `url`, in the resolver's order; at least one.

    Addresses inside OUTBOUND_ALLOW (CIDRs) are exempt from the rules on address, port and scheme. Raises BadUrl for a
    scheme outside `schemes` or a port that is not allowed, ForbiddenAddress if any one address is not public, and
    Unreachable if the name has no address or is not answered within `seconds`.
    """
    exempt = [ip_network(cidr, strict=False) for cidr in settings.OUTBOUND_ALLOW]
    broken_rule = url.broken_rule(schemes)
    if broken_rule and not exempt:
        raise broken_rule
    addresses = (url.address,) if url.address else _look_up(url, seconds)
    for address in addresses:
        if any(address in network for network in exempt):
            continue
        if broken_rule:
            raise broken_rule
        if not is_public(address):
            raise ForbiddenAddress
    return addresses


def _look_up(url: Url, seconds: float) -> tuple[Address, ...]:
    try:
        answers = _ask_resolver(url).result(timeout=seconds)
    except (OSError, UnicodeError) as error:  # a resolver that took too long is a TimeoutError, so an OSError
        raise Unreachable from error
    found = (unwrapped(ip_address(sockaddr[0])) for *_, sockaddr in answers)
    addresses = tuple(dict.fromkeys(found))
    if not addresses:
        raise Unreachable
    return addresses


def _ask_resolver(url: Url) -> Future:
    # getaddrinfo knows no timeout, and whoever owns the name owns its speed: it is left behind in a thread of its own.
    answer: Future = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="outbound-look-up", daemon=True).start()
    return answer
