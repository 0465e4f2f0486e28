"""What the supervisor does every few seconds or minutes so that nothing stays lost."""

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connection

from media import fetching, storage
from orgs import delivery
from transcription import reconciler, workspace

logger = logging.getLogger(__name__)

RECONCILE: tuple[Callable[[], int], ...] = (reconciler.reconcile, fetching.reconcile, delivery.reconcile)
"""Take up work whose worker or message was lost. Run every RECONCILE_SECONDS."""

SWEEP: tuple[Callable[[], int], ...] = (storage.sweep, workspace.sweep)
"""Throw away what nobody needs. Run every SWEEP_SECONDS."""


def name_of(chore: Callable[[], int]) -> str:
    return f"{chore.__module__}.{chore.__qualname__}"


class Chores(threading.Thread):
    """Does each of `chores` in turn, again and again. One that fails neither stops the others nor itself."""

    def __init__(self, chores: tuple[Callable[[], int], ...], *, every_seconds: float) -> None:
        super().__init__(name="chores", daemon=True)
        self._chores = chores
        self._every_seconds = every_seconds
        self._stopped = threading.Event()
        self.done_at = dict.fromkeys(map(name_of, chores), time.time())
        """When each chore last succeeded, or else when it was taken up, as time.time() has it."""

    def run(self) -> None:
        try:
            while not self._stopped.is_set():
                for chore in self._chores:
                    self._do(chore)
                self._stopped.wait(self._every_seconds)
        finally:
            connection.close()

    def stop(self) -> None:
        """Finish the chore at hand and no other."""
        self._stopped.set()

    def _do(self, chore: Callable[[], int]) -> None:
        name = name_of(chore)
        close_old_connections()
        try:
            touched = chore()
        except Exception:
            # Whatever it was, the other chores must go on, on a connection that works.
            logger.exception("%s failed and will be tried again.", name)
            connection.close()
        else:
            self.done_at[name] = time.time()
            if touched:
                logger.info("%s: %s.", name, touched)
