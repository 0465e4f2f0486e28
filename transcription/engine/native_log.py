"""What whisper.cpp says on its log: sent to logging, and read where it is the only place that tells."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

_WARNING, _ERROR = 3, 4  # ggml_log_level in ggml.h
_LANGUAGE = re.compile(r"auto-detected language: \w+ \(p = ([\d.]+)\)")
_FALLBACKS = re.compile(r"fallbacks = +(\d+) p / +(\d+) h")

_collecting = threading.local()


class NativeLines(list[str]):
    """The lines that one call has logged."""

    failed = False
    """Whether one of them reports an error."""

    def language_probability(self) -> float | None:
        """Return how probable the language is that the call has found out; None if it has found out none."""
        return next((float(found[1]) for found in map(_LANGUAGE.search, self) if found), None)

    def fallbacks(self) -> int:
        """Return the number of results that were tried again, which the table of timings tells."""
        return next((int(found[1]) + int(found[2]) for found in map(_FALLBACKS.search, self) if found), 0)

    def say(self, words: str) -> bool:
        """Return whether a line holds `words`."""
        return any(words in line for line in self)

    def last(self) -> str:
        return self[-1] if self else "it gave no reason"


def note(level: int, text: str) -> None:
    """Take a line from whisper.cpp: the callback for `whisper_log_set`, called in the thread that made the call."""
    line = text.strip()
    if not line:
        return
    lines: NativeLines | None = getattr(_collecting, "lines", None)
    if lines is not None:
        lines.append(line)
        lines.failed = lines.failed or level == _ERROR
    # Whoever collects lines raises an error with the one that matters, or stopped the call himself.
    is_alarming = lines is None and level in (_WARNING, _ERROR)
    logger.log(logging.WARNING if is_alarming else logging.DEBUG, "%s", line)


@contextmanager
def collected() -> Iterator[NativeLines]:
    """Give the lines that this thread's calls log inside the block."""
    _collecting.lines = NativeLines()
    try:
        yield _collecting.lines
    finally:
        _collecting.lines = None
