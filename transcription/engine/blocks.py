"""Cut a recording into blocks: where the engine listens, never where nobody speaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from transcription.engine.base import Block
from transcription.engine.speech import WINDOW_MS, Span

PAUSE_MS = 350
"""A pause of this length parts two phrases; shorter ones lie inside a phrase."""
PADDING_MS = 150
"""Sound before and after speech that a block takes along where there is room."""
_LONGEST_PAUSE = 1 / 6
"""Share of a block that a pause inside it may take: the engine's times get vague around a longer one."""
_SMOOTHING = 7
"""Windows over which the quietest moment is looked for: a gap between words, not a closed lip."""


@dataclass(frozen=True)
class _Stretch:
    """Speech from `start` to `end` in milliseconds."""

    start: int
    end: int
    voice: bytes | memoryview
    """As in Span, from `start` on: a level for each window of 32 ms."""
    spoken: float
    """Milliseconds that belong to spans."""
    certainty: float
    """Sum over the spans of their milliseconds times their probability."""


def plan_blocks(spans: Iterable[Span], *, total_seconds: float, block_seconds: float) -> list[Block]:
    """Return the blocks of a recording of `total_seconds` whose speech is in `spans` (in order, apart).

    Blocks are in order, do not overlap, lie inside the recording, hold all speech, and are at most `block_seconds`
    long. Phrases are parted at pauses of 0.35 s; neighbours go into one block while they fit; a phrase that is too
    long is cut where it has the least voice. No speech, no blocks. Raises ValueError for blocks below 1.3 seconds.
    """
    limit = round(block_seconds * 1000) - 2 * PADDING_MS
    if limit < 1000:
        raise ValueError("Blocks shorter than 1.3 seconds cannot be heard.")
    total = floor(total_seconds * 1000 + 1e-6)
    stretches = [stretch for span in spans if (stretch := _stretch(span, total)).start < stretch.end]
    phrases = _join(stretches, pause=PAUSE_MS - 1, limit=None)
    parts = [part for phrase in phrases for part in _split(phrase, limit)]
    joined = _join(parts, pause=int(limit * _LONGEST_PAUSE), limit=limit)
    return [
        Block(index, start / 1000, end / 1000, round(stretch.certainty / stretch.spoken, 4))
        for index, (stretch, (start, end)) in enumerate(zip(joined, _padded(joined, total), strict=True))
    ]


def _stretch(span: Span, total: int) -> _Stretch:
    start, end = round(span.start_seconds * 1000), min(round(span.end_seconds * 1000), total)
    windows = -(-(end - start) // WINDOW_MS)
    voice = span.voice[:windows].ljust(windows, b"\xff")
    return _Stretch(start, end, voice, end - start, (end - start) * span.probability)


def _join(stretches: Sequence[_Stretch], *, pause: int, limit: int | None) -> list[_Stretch]:
    """Join neighbours with at most `pause` between them, as long as they stay within `limit`."""
    groups: list[list[_Stretch]] = []
    for stretch in stretches:
        near = groups and stretch.start - groups[-1][-1].end <= pause
        if near and (limit is None or stretch.end - groups[-1][0].start <= limit):
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
    return [_together(group) for group in groups]


def _together(group: Sequence[_Stretch]) -> _Stretch:
    voice = []
    for left, right in zip(group, group[1:], strict=False):
        windows = (right.start - left.start) // WINDOW_MS
        voice.append(bytes(left.voice[:windows]).ljust(windows, b"\x00"))
    return _Stretch(
        group[0].start,
        group[-1].end,
        memoryview(b"".join([*voice, group[-1].voice])),
        sum(stretch.spoken for stretch in group),
        sum(stretch.certainty for stretch in group),
    )


def _split(stretch: _Stretch, limit: int) -> list[_Stretch]:
    """Cut off parts of at most `limit` until the rest is short enough."""
    parts = []
    while stretch.end - stretch.start > limit:
        part, stretch = _cut(stretch, limit)
        parts.append(part)
    return [*parts, stretch]


def _cut(stretch: _Stretch, limit: int) -> tuple[_Stretch, _Stretch]:
    length = stretch.end - stretch.start
    # Neither part becomes a crumb: the left one is at least half a block, the right one a quarter.
    first, last = limit // 2 // WINDOW_MS + 1, min(limit, length - limit // 4) // WINDOW_MS
    voice = np.frombuffer(stretch.voice[: last + _SMOOTHING], np.uint8)
    smooth = np.convolve(voice, np.ones(_SMOOTHING) / _SMOOTHING, mode="same")[first : last + 1]
    quietest = np.flatnonzero(smooth <= smooth.min() + 1e-6)
    window = first + int(quietest[len(quietest) // 2])
    at = stretch.start + window * WINDOW_MS
    share = (at - stretch.start) / length
    left = _Stretch(stretch.start, at, stretch.voice[:window], stretch.spoken * share, stretch.certainty * share)
    right = _Stretch(
        at, stretch.end, stretch.voice[window:], stretch.spoken * (1 - share), stretch.certainty * (1 - share)
    )
    return left, right


def _padded(stretches: Sequence[_Stretch], total: int) -> list[tuple[int, int]]:
    """Return start and end of each block with padding, which neighbours share where there is little room."""
    gaps = [right.start - left.end for left, right in zip(stretches, stretches[1:], strict=False)]
    room_before, room_after = [2 * PADDING_MS, *gaps], [*gaps, 2 * PADDING_MS]
    return [
        (max(0, stretch.start - min(PADDING_MS, before // 2)), min(total, stretch.end + min(PADDING_MS, after // 2)))
        for stretch, before, after in zip(stretches, room_before, room_after, strict=False)
    ]
