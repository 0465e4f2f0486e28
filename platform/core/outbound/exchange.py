"""One request and its answer over a pinned connection, with every fault in the words of our own errors."""

import http.client
import logging
import ssl
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from core.outbound.connection import BudgetSpent, Deadline, PinnedConnection
from core.outbound.destinations import LOOK_UP_SECONDS, resolve
from core.outbound.errors import TooManyBytes, TooSlow, Unreachable, UnreadableAnswer
from core.outbound.urls import Url

CHUNK_BYTES = 64 * 1024

log = logging.getLogger(__name__)


@contextmanager
def exchange(
    method: str,
    url: Url,
    *,
    schemes: Collection[str],
    deadline: Deadline,
    headers: Mapping[str, str],
    max_body_bytes: int,
    body: bytes | None = None,
) -> Iterator[http.client.HTTPResponse]:
    """Send one request and yield its answer, whose body is yet to be read with `read_body`.

    `max_body_bytes` is what the answer's body may weigh. Raises BadUrl, ForbiddenAddress, Unreachable, TooSlow.
    """
    with _faults_named(url):
        look_up_seconds = deadline.left(LOOK_UP_SECONDS)
    connection = PinnedConnection(url, resolve(url, schemes=schemes, seconds=look_up_seconds), deadline)
    try:
        _connect(connection, url)
        with _faults_named(url):
            guarded = connection.sock  # http.client lets go of it when the server will close
            connection.request(method, url.target, body=body, headers=dict(headers))
            answer = connection.getresponse()
        # Chunked framing costs something, but a server cannot send frames for ever.
        guarded.budget_bytes = max_body_bytes + max_body_bytes // 8 + CHUNK_BYTES
        with answer:
            yield answer
    finally:
        connection.close()


def read_body(answer: http.client.HTTPResponse, *, url: Url, max_bytes: int, already: int = 0) -> Iterator[bytes]:
    """Return the body in pieces of at most 64 KiB, decoded if the server compressed it unasked.

    The pieces raise TooManyBytes when, after the `already` present ones, more than `max_bytes` come over the wire or
    out of the decoder; TooSlow; Unreachable when the connection breaks off early; and UnreadableAnswer for a faulty
    body. Raises UnreadableAnswer for an encoding other than gzip and zlib.
    """
    pieces = _capped(_wire_pieces(answer, url, max_bytes), max_bytes, already)
    encoding = content_encoding(answer)
    if encoding == "identity":
        return pieces
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return _capped(_inflated(pieces), max_bytes, already)
    raise UnreadableAnswer


def content_encoding(answer: http.client.HTTPResponse) -> str:
    """Return the codings on the body as the server names them, "identity" for none."""
    return answer.headers.get("Content-Encoding", "").strip().lower() or "identity"


def _connect(connection: PinnedConnection, url: Url) -> None:
    try:
        connection.connect()
    except ssl.SSLCertVerificationError as error:
        log.info("Outbound: the certificate of %s does not verify: %s", url.origin, error.verify_message)
        raise Unreachable("The certificate of this address could not be verified. Check the server's.") from error
    except OSError as error:  # a refused and a silent port look alike, on purpose
        log.info("Outbound: %s cannot be connected to: %r", url.origin, error)
        raise Unreachable from error


@contextmanager
def _faults_named(url: Url) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        log.info("Outbound: %s is too slow.", url.origin)
        raise TooSlow from error
    except (OSError, http.client.HTTPException) as error:
        log.info("Outbound: the exchange with %s broke off: %s", url.origin, type(error).__name__)
        raise Unreachable("The server at this address broke off its answer. Try again later.") from error


def _wire_pieces(answer: http.client.HTTPResponse, url: Url, max_bytes: int) -> Iterator[bytes]:
    while True:
        with _faults_named(url):
            try:
                piece = answer.read1(CHUNK_BYTES)
            except BudgetSpent as error:
                raise TooManyBytes(max_bytes) from error
            if not piece and answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
        if not piece:
            return
        yield piece


def _capped(pieces: Iterator[bytes], max_bytes: int, already: int) -> Iterator[bytes]:
    left = max_bytes - already
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise TooManyBytes(max_bytes)
        yield piece


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Decode gzip (RFC 1952, any number of members) or zlib (RFC 1950), 64 KiB at a time."""
    decoder = _new_inflater()
    try:
        for piece in pieces:
            while piece:
                if decoder.eof:
                    decoder = _new_inflater()
                yield decoder.decompress(piece, CHUNK_BYTES)
                piece = decoder.unconsumed_tail or decoder.unused_data
        yield decoder.flush()
    except zlib.error as error:
        raise UnreadableAnswer from error
    if not decoder.eof:
        raise UnreadableAnswer


def _new_inflater():
    return zlib.decompressobj(wbits=32 + zlib.MAX_WBITS)  # 32: either header is recognised
