"""The requests that Polyscribe makes to addresses that somebody gave it: check, download, post."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import BinaryIO

from core.outbound.connection import Deadline
from core.outbound.destinations import resolve
from core.outbound.errors import BadUrl, OutboundError
from core.outbound.exchange import CHUNK_BYTES, exchange, read_body
from core.outbound.headers import Headers, outgoing
from core.outbound.incoming import Download, save
from core.outbound.urls import SCHEMES, Url, follow, parse

MAX_REDIRECTS = 3
MAX_REPLY_BYTES = 2048
POST_SECONDS = 20

_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Reply:
    """What a receiver answered to a post."""

    status: int
    headers: Headers
    body: bytes
    """The first 2048 bytes, or fewer where the rest did not arrive as it should."""
    seconds: float


def check_url(url: str, *, schemes: Collection[str] = SCHEMES) -> None:
    """Refuse a URL when it is given, for whatever would refuse it when it is used.

    Waits at most five seconds for the name. Raises BadUrl, ForbiddenAddress, Unreachable (the name has no address).
    """
    resolve(parse(url), schemes=schemes)


def download(
    url: str,
    to: BinaryIO,
    *,
    max_bytes: int,
    deadline_seconds: float,
    schemes: Collection[str] = SCHEMES,
    headers: Mapping[str, str] | None = None,
    start: int = 0,
    on_progress: Callable[[int, int | None], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Download:
    """Write the file at `url` into `to`, following at most three redirects.

    `headers` go to the server of `url` alone, never to where it redirects. With `start` > 0 the file is asked for from
    that byte on, and `to` must be able to seek: it is cut at `start` if the server goes on there, else at 0.
    `on_progress(bytes_so_far, total_or_None)` and `should_stop()` are called for each piece of at most 64 KiB.
    `max_bytes` is for the whole file, on the wire and decoded; `deadline_seconds` from look-up to last byte.

    Raises BadUrl, ForbiddenAddress, Unreachable, RefusedStatus (416 if nothing lies after `start`), TooSlow,
    TooManyBytes, UnreadableAnswer, and Stopped when `should_stop` says so. What has arrived by then stays in `to`.
    """
    deadline = Deadline.after(deadline_seconds)
    target = parse(url)
    sent = outgoing(headers or {}, start=start)
    for _ in range(1 + MAX_REDIRECTS):
        with exchange(
            "GET", target, schemes=schemes, deadline=deadline, headers=sent, max_body_bytes=max_bytes
        ) as answer:
            location = _location(answer)
            if not location:
                return save(
                    answer,
                    to,
                    url=target,
                    max_bytes=max_bytes,
                    start=start,
                    on_progress=on_progress,
                    should_stop=should_stop,
                )
        target, sent = follow(target, location), outgoing({}, start=start)
    raise BadUrl(f"This address is redirected more than {MAX_REDIRECTS} times. Give the final one.")


def post(
    url: str,
    body: bytes,
    *,
    headers: Mapping[str, str],
    deadline_seconds: float = POST_SECONDS,
    schemes: Collection[str] = ("https",),
) -> Reply:
    """Send `body` to `url` and return the reply, whatever its status; a redirect is a reply like any other.

    Raises BadUrl, ForbiddenAddress, Unreachable, TooSlow when no status comes back. Once one has, the receiver has
    spoken: a body that does not arrive as it should is cut short, not an error.
    """
    started_at = time.monotonic()
    deadline = Deadline.after(deadline_seconds)
    target = parse(url)
    with exchange(
        "POST",
        target,
        schemes=schemes,
        deadline=deadline,
        headers=outgoing(headers),
        max_body_bytes=MAX_REPLY_BYTES,
        body=body,
    ) as answer:
        opening = _opening(answer, target)
        return Reply(
            status=answer.status,
            headers=Headers(answer.headers.items()),
            body=opening,
            seconds=time.monotonic() - started_at,
        )


def _location(answer: HTTPResponse) -> str | None:
    return answer.headers.get("Location") if answer.status in _REDIRECTS else None


def _opening(answer: HTTPResponse, url: Url) -> bytes:
    opening = b""
    try:
        for piece in read_body(answer, url=url, max_bytes=MAX_REPLY_BYTES + CHUNK_BYTES):
            opening += piece
            if len(opening) >= MAX_REPLY_BYTES:
                break
    except OutboundError:
        pass  # the status is what was asked for
    return opening[:MAX_REPLY_BYTES]
