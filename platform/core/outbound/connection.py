"""HTTP connections that go to a checked address and keep a deadline and a byte budget against any server."""

import functools
import http.client
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from core.outbound.addresses import Address
from core.outbound.urls import Url

CONNECT_SECONDS = 5
IDLE_SECONDS = 15
MAX_ADDRESSES_TRIED = 4
MAX_HEAD_BYTES = 64 * 1024


class BudgetSpent(http.client.HTTPException):
    """The server sent more than it was allowed to."""


@dataclass(frozen=True)
class Deadline:
    """A moment by which a whole exchange must be over."""

    at: float
    """On the clock of time.monotonic."""

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(time.monotonic() + seconds)

    def left(self, most: float = inf) -> float:
        """Return the seconds that are left, at most `most`. Raises TimeoutError when there are none."""
        seconds = self.at - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("The deadline has passed.")
        return min(seconds, most)


class _Guarded:
    """What a socket needs so that no pace of the other side, however clever, outlasts the deadline.

    A socket's own timeout starts anew with every byte. Here each call waits for what is left of the whole, and what
    comes in is counted before anybody parses it.
    """

    deadline: Deadline
    budget_bytes = MAX_HEAD_BYTES

    def recv_into(self, *args, **kwargs) -> int:
        self.settimeout(self.deadline.left(IDLE_SECONDS))
        received = super().recv_into(*args, **kwargs)
        self.budget_bytes -= received
        if self.budget_bytes < 0:
            raise BudgetSpent
        return received

    def send(self, *args) -> int:
        self.settimeout(self.deadline.left())
        return super().send(*args)

    def sendall(self, *args) -> None:
        self.settimeout(self.deadline.left())
        super().sendall(*args)


class _PlainSocket(_Guarded, socket.socket):
    pass


class _TlsSocket(_Guarded, ssl.SSLSocket):
    pass


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context of the process: the system's authorities, names checked, TLS 1.2 or newer.

    A test that has an authority of its own names its certificate in SSL_CERT_FILE and calls `tls_context.cache_clear()`
    before and after.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = _TlsSocket
    return context


class PinnedConnection(http.client.HTTPConnection):
    """A connection to one of the given addresses; Host, SNI and the certificate's check stay on the URL's name."""

    def __init__(self, url: Url, addresses: Sequence[Address], deadline: Deadline) -> None:
        super().__init__(url.host, url.port)
        self._url, self._addresses, self._deadline = url, addresses, deadline
        self.default_port = http.client.HTTPS_PORT if url.scheme == "https" else http.client.HTTP_PORT

    def connect(self) -> None:
        """Connect to the first address that answers. Raises OSError when none does or TLS fails."""
        sock = self._dial()
        if self._url.scheme == "https":
            sock.settimeout(self._deadline.left(CONNECT_SECONDS))  # the handshake takes it over, as a total
            sock = tls_context().wrap_socket(sock, server_hostname=self.host)
        sock.deadline = self._deadline
        self.sock = sock

    def _dial(self) -> _PlainSocket:
        failure: OSError | None = None
        for address in self._addresses[:MAX_ADDRESSES_TRIED]:
            sock = _PlainSocket(socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
            try:
                sock.settimeout(self._deadline.left(CONNECT_SECONDS))
                sock.connect((str(address), self.port))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure
