"""From the answer of a server to a file of ours: where it begins, how much it may weigh, what it is called."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import BinaryIO

from core.outbound.errors import RefusedStatus, Stopped, TooManyBytes, TooSlow, UnreadableAnswer
from core.outbound.exchange import content_encoding, read_body
from core.outbound.filenames import name_of
from core.outbound.urls import Url

PACE_SECONDS = 30
LEAST_BYTES_PER_SECOND = 2_000
"""Half of what speech needs in the thriftiest codec, looked at every PACE_SECONDS."""

_MEDIA_TYPE = re.compile(r"[\w.+-]{1,100}/[\w.+-]{1,100}", re.ASCII)
_RANGE_START = re.compile(r"bytes (\d{1,18})-", re.ASCII)


@dataclass(frozen=True)
class Download:
    """A file that has arrived."""

    bytes: int
    """Size of the whole, with what an earlier try had left."""
    content_type: str | None
    """The media type that the server claims, in lower case and without parameters."""
    filename: str | None
    """A label, safe to show: see `filenames.name_of`."""
    resumed: bool
    """Whether the server went on at `start`; if not, it sent the whole again."""


def save(
    answer: HTTPResponse,
    to: BinaryIO,
    *,
    url: Url,
    max_bytes: int,
    start: int,
    on_progress: Callable[[int, int | None], None] | None,
    should_stop: Callable[[], bool] | None,
) -> Download:
    """Write the body of `answer` into `to`; the parameters and errors are those of `client.download`."""
    if not 200 <= answer.status < 300:
        raise RefusedStatus(answer.status)
    resumed = _goes_on_at(start, answer)
    arrived = start if resumed else 0
    is_plain = content_encoding(answer) == "identity"
    total = arrived + answer.length if is_plain and answer.length is not None else None
    if total is not None and total > max_bytes:
        raise TooManyBytes(max_bytes)
    if start:
        to.seek(arrived)
        to.truncate()
    pace = _Pace()
    for piece in read_body(answer, url=url, max_bytes=max_bytes, already=arrived):
        pace.note(len(piece))
        if should_stop and should_stop():
            raise Stopped
        to.write(piece)
        arrived += len(piece)
        if on_progress:
            on_progress(arrived, total)
    return Download(
        bytes=arrived,
        content_type=_media_type(answer.headers.get("Content-Type", "")),
        filename=name_of(answer.headers.get("Content-Disposition"), url.target),
        resumed=resumed,
    )


class _Pace:
    """Leaves a server that sends just enough to keep a worker busy for hours."""

    def __init__(self) -> None:
        self._since, self._arrived = time.monotonic(), 0

    def note(self, size: int) -> None:
        """Count `size` bytes that have arrived. Raises TooSlow."""
        self._arrived += size
        elapsed = time.monotonic() - self._since
        if elapsed >= PACE_SECONDS:
            if self._arrived < LEAST_BYTES_PER_SECOND * elapsed:
                raise TooSlow
            self._since, self._arrived = time.monotonic(), 0


def _goes_on_at(start: int, answer: HTTPResponse) -> bool:
    if answer.status != 206:
        return False
    begins = _RANGE_START.match(answer.headers.get("Content-Range", ""))
    # Another part than the one asked for, or a part of a compressed whole, cannot be put together.
    if not start or not begins or int(begins[1]) != start or content_encoding(answer) != "identity":
        raise UnreadableAnswer
    return True


def _media_type(header: str) -> str | None:
    media_type = header.partition(";")[0].strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else None
