"""Let somebody outside stop native code that asks a callback whether to go on."""

import time
from collections.abc import Callable

from transcription.engine.errors import EngineStopped

_EVERY_SECONDS = 0.1


class Watch:
    """A callback for native code: true when it should stop. `raise_if_stopped` afterwards says so in Python."""

    def __init__(self, should_stop: Callable[[], bool]) -> None:
        self._should_stop = should_stop
        self._ask_at = 0.0
        self._stopped = False
        self._error: Exception | None = None

    def __call__(self, *_from_native_code: object) -> bool:
        # Native code asks once for each token; `should_stop` may look at a file or a lock.
        if not self._stopped and time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + _EVERY_SECONDS
            self._ask()
        return self._stopped

    def _ask(self) -> None:
        try:
            self._stopped = bool(self._should_stop())
        except Exception as error:  # noqa: BLE001  (no exception may unwind the native frames below; it is kept)
            self._stopped, self._error = True, error

    def check(self) -> None:
        """Ask now, and raise as `raise_if_stopped` does."""
        self._ask()
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raise what `should_stop` raised, or EngineStopped if it said yes."""
        if self._error is not None:
            raise self._error
        if self._stopped:
            raise EngineStopped
