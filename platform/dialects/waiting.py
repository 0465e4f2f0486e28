"""Keep a request waiting for a little while, so that short work is over when it is answered."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from django.conf import settings
from django.db import connection

LOOK_SECONDS = 0.25


class Work(Protocol):
    """Anything that is over at some time."""

    finished_at: datetime | None


Row = TypeVar("Row", bound=Work)

_seats = threading.BoundedSemaphore(settings.ASYNC_HOLD_SEATS)


def until_over(read: Callable[[], Row], *, seconds: float | None = None) -> Row:
    """Return what `read` returns as soon as it is over, and after `seconds` however it stands.

    Every request that waits keeps a thread of this process from others, so only ASYNC_HOLD_SEATS of them wait; the
    next ones are answered at once. `seconds` is ASYNC_HOLD_SECONDS unless given.
    """
    row = read()
    if row.finished_at is not None or not _seats.acquire(blocking=False):
        return row
    try:
        end = time.monotonic() + (settings.ASYNC_HOLD_SECONDS if seconds is None else seconds)
        while row.finished_at is None and (left := end - time.monotonic()) > 0:
            # Between two looks nothing is kept open for longer than between two requests.
            connection.close_if_unusable_or_obsolete()
            time.sleep(min(LOOK_SECONDS, left))
            row = read()
        return row
    finally:
        _seats.release()
