"""Keep a lease alive while long work runs, and notice when it is lost."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Self

from django.db import Error as DatabaseTrouble
from django.db import connection

logger = logging.getLogger(__name__)


class Heartbeat:
    """A thread that calls `renew` every `interval_seconds` for as long as the block runs.

    `renew` returns whether the lease is still ours. When it says no, when it fails, or when the database cannot be
    asked for `patience_seconds`, `is_lost` turns true for good: the work must stop, for somebody else may be doing it.
    """

    def __init__(self, renew: Callable[[], bool], *, interval_seconds: float, patience_seconds: float) -> None:
        self._renew = renew
        self._interval_seconds = interval_seconds
        self._patience_seconds = patience_seconds
        self._lost = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info) -> None:
        self._done.set()
        self._thread.join()

    def is_lost(self) -> bool:
        return self._lost.is_set()

    def _run(self) -> None:
        renewed_at = time.monotonic()
        try:
            while not self._done.wait(self._interval_seconds):
                try:
                    if not self._renew():
                        break
                    renewed_at = time.monotonic()
                except DatabaseTrouble:
                    logger.warning("A lease could not be renewed; trying again.", exc_info=True)
                    with contextlib.suppress(DatabaseTrouble):
                        connection.close()
                    if time.monotonic() - renewed_at > self._patience_seconds:
                        break
        finally:
            # Also after a fault that nobody foresaw: a lease without a heart must not look alive.
            if not self._done.is_set():
                self._lost.set()
            connection.close()
