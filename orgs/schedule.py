"""When a failed delivery is tried again, and how long a failing endpoint is left alone."""

import random
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

_MINUTE, _HOUR = 60, 3600

DELAYS_SECONDS = (
    0, 5, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR
)  # fmt: skip
"""Pause before each attempt, as the Standard Webhooks specification recommends: about three days in all."""

MAX_FAILURES = len(DELAYS_SECONDS)
JITTER = 0.1
"""Up to this part of a pause is added at random, so that what failed together does not come back together."""

FAILURES_BEFORE_PAUSE = 4
FAILURES_BEFORE_DISABLING = 40
LONGEST_PAUSE_SECONDS = 24 * _HOUR

_THROTTLING = {429, 502, 503, 504}


def delay_seconds(failures: int, *, asked_seconds: float = 0, draw: Callable[[], float] = random.random) -> float:
    """Return how long to wait after `failures` failed attempts, 1 ≤ `failures` < MAX_FAILURES.

    Never less than `asked_seconds`, which the receiver asked for. `draw` gives numbers from 0 to below 1.
    """
    return max(DELAYS_SECONDS[failures], asked_seconds) * (1 + JITTER * draw())


def pause_seconds(consecutive_failures: int) -> int:
    """Return how long an endpoint rests after so many failures in a row: 0, then a minute, doubling up to a day."""
    doublings = consecutive_failures - FAILURES_BEFORE_PAUSE
    if doublings < 0:
        return 0
    return min(_MINUTE << min(doublings, 16), LONGEST_PAUSE_SECONDS)


def asked_seconds(status: int, retry_after: str, *, now: datetime) -> float:
    """Return the pause that a receiver asks for by Retry-After (RFC 9110, 10.2.3), at most a day; 0 for none.

    Only 429, 502, 503 and 504 may ask. The header is a number of seconds or a date; anything else counts for nothing.
    """
    if status not in _THROTTLING:
        return 0
    wanted = _seconds(retry_after.strip(), now)
    return min(max(wanted, 0), LONGEST_PAUSE_SECONDS)


def _seconds(retry_after: str, now: datetime) -> float:
    if re.fullmatch("[0-9]+", retry_after):
        return float(retry_after)
    try:
        return (parsedate_to_datetime(retry_after) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):  # no date, one without a zone, one beyond the calendar
        return 0
