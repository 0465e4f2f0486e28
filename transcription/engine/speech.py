"""Find where somebody speaks in a recording of any length."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from transcription.engine.base import SAMPLE_RATE, never
from transcription.engine.errors import EngineError, EngineStopped
from transcription.engine.silero import WINDOW, Detector
from transcription.engine.sound import piece

WINDOW_MS = 1000 * WINDOW // SAMPLE_RATE
"""Milliseconds per probability: 32."""

_BEGINS, _ENDS = 0.5, 0.35
"""Speech begins at the first probability and ends below the second, as Silero's own examples do it."""
_PAUSE = 3
"""Windows below `_ENDS` that make a pause."""
_SHORTEST = 6
"""Windows of the shortest speech: a click or a cough is over sooner."""
_PIECE = 1024
"""Windows that are looked at together: half a minute, some 15 MB while it lasts."""


@dataclass(frozen=True)
class Span:
    """A stretch of speech without a pause of a tenth of a second. Times in seconds from the recording's start."""

    start_seconds: float
    end_seconds: float
    probability: float
    """Mean probability of speech, 0 to 1."""
    voice: bytes = b""
    """How much voice each window of 32 ms has, 0 to 255: loudness in decibels times probability of speech."""


def find_speech(pcm: np.ndarray, *, should_stop: Callable[[], bool] = never, piece_windows: int = _PIECE) -> list[Span]:
    """Return the spans of speech in `pcm` in order; silence and noise give none.

    `pcm` is float32, mono, 16 kHz, best a memory map: it is read in pieces of `piece_windows`, so that memory stays
    bounded whatever the length, and the detector's state is carried over their borders. Raises EngineStopped when
    `should_stop` says so, EngineError for samples that are no numbers.
    """
    spans = _Spans()
    for probability, level in _listen(pcm, should_stop, piece_windows):
        spans.add(probability, level)
    return spans.close(end_seconds=len(pcm) / SAMPLE_RATE)


def _listen(pcm: np.ndarray, should_stop: Callable[[], bool], piece_windows: int) -> Iterator[tuple[float, int]]:
    """Yield the probability of speech and the level of voice of each window."""
    detector = Detector()
    for start in range(0, len(pcm), piece_windows * WINDOW):
        if should_stop():
            raise EngineStopped
        samples = piece(pcm, start, start + piece_windows * WINDOW)
        if not np.isfinite(samples).all():
            # One such sample would silence the detector for good, and the recording would look empty.
            raise EngineError("The decoded sound holds values that are no numbers.")
        samples = np.pad(samples, (0, -len(samples) % WINDOW))
        probabilities = detector.probabilities(samples)
        yield from zip(probabilities.tolist(), _voice(samples, probabilities), strict=True)


def _voice(samples: np.ndarray, probabilities: np.ndarray) -> bytes:
    power = np.square(samples.reshape(-1, WINDOW)).mean(axis=1)
    share = 1 + np.log10(power + 1e-10) / 10  # -100 dB to 0, full scale to 1
    return (255 * np.clip(share, 0, 1) * probabilities).astype(np.uint8).tobytes()


class _Spans:
    """The spans so far, and the one that may be going on."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._at = 0  # windows heard
        self._quiet = 0  # windows of quiet at the end of `_levels`
        self._sum = 0.0  # of the probabilities in the present span, and up to its last window that was not quiet
        self._sum_before_quiet = 0.0
        self._levels = bytearray()  # of the present span; empty: nobody speaks

    def add(self, probability: float, level: int) -> None:
        self._at += 1
        if not self._levels and probability < _BEGINS:
            return
        self._levels.append(level)
        self._sum += probability
        if probability >= _BEGINS or (probability >= _ENDS and not self._quiet):
            self._quiet, self._sum_before_quiet = 0, self._sum
            return
        self._quiet += 1
        if self._quiet >= _PAUSE:
            self._end()

    def close(self, *, end_seconds: float) -> list[Span]:
        if self._levels:
            self._end(end_seconds)
        return self._spans

    def _end(self, end_seconds: float = float("inf")) -> None:
        windows = len(self._levels) - self._quiet
        start = (self._at - len(self._levels)) * WINDOW_MS
        if windows >= _SHORTEST:
            span = Span(
                start_seconds=start / 1000,
                end_seconds=round(min((start + windows * WINDOW_MS) / 1000, end_seconds), 3),
                probability=round(self._sum_before_quiet / windows, 4),
                voice=bytes(self._levels[:windows]),
            )
            self._spans.append(span)
        self._levels, self._quiet, self._sum = bytearray(), 0, 0.0
