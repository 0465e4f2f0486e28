"""How a recording is cut into blocks, for any speech that there may be."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcription.engine.blocks import PADDING_MS, plan_blocks
from transcription.engine.speech import WINDOW_MS, Span

PADDING = PADDING_MS / 1000


def speech(*times: tuple[float, float], probability: float = 0.9) -> list[Span]:
    return [Span(start, end, probability) for start, end in times]


def cuts(spans: list[Span], *, total: float = 600, block: float = 30) -> list[tuple[float, float]]:
    return [
        (plan.start_seconds, plan.end_seconds) for plan in plan_blocks(spans, total_seconds=total, block_seconds=block)
    ]


@st.composite
def recordings(draw):
    """Spans as find_speech gives them, on its grid of windows, and the length of the recording."""
    spans, at = [], 0
    for gap, windows in draw(st.lists(st.tuples(st.integers(3, 300), st.integers(1, 2000)), max_size=12)):
        start = at + gap
        at = start + windows
        voice = draw(st.sampled_from([b"", bytes(windows), bytes(number * 37 % 256 for number in range(windows))]))
        spans.append(Span(start * WINDOW_MS / 1000, at * WINDOW_MS / 1000, draw(st.floats(0.35, 1)), voice))
    return spans, at * WINDOW_MS / 1000 + draw(st.floats(-0.031, 20))


@settings(deadline=None)
@given(recordings(), st.floats(1.3, 30))
def test_blocks_are_in_order_apart_short_enough_and_inside(recording, block_seconds):
    spans, total = recording

    blocks = plan_blocks(spans, total_seconds=max(total, 0), block_seconds=block_seconds)

    assert [block.index for block in blocks] == list(range(len(blocks)))
    assert all(0 <= block.start_seconds < block.end_seconds <= total + 1e-6 for block in blocks)
    assert all(block.end_seconds - block.start_seconds <= block_seconds + 0.0011 for block in blocks)
    assert all(left.end_seconds <= right.start_seconds for left, right in pairwise(blocks))
    assert all(0.3 < block.speech_probability <= 1 for block in blocks)


@settings(deadline=None)
@given(recordings(), st.floats(1.3, 30))
def test_all_speech_lies_in_blocks_and_every_block_holds_speech(recording, block_seconds):
    spans, total = recording

    blocks = plan_blocks(spans, total_seconds=max(total, 0), block_seconds=block_seconds)

    covered = [sum(_overlap(span, block, total) for block in blocks) for span in spans]
    lengths = [max(0.0, min(span.end_seconds, total) - span.start_seconds) for span in spans]
    assert covered == pytest.approx(lengths, abs=0.0021)
    assert all(any(_overlap(span, block, total) > 0 for span in spans) for block in blocks)


def _overlap(span, block, total):
    return max(0.0, min(span.end_seconds, block.end_seconds, total) - max(span.start_seconds, block.start_seconds))


def test_silence_has_no_blocks():
    assert plan_blocks([], total_seconds=3600, block_seconds=30) == []


def test_a_pause_of_350_milliseconds_parts_phrases_that_do_not_fit_together():
    assert cuts(speech((1, 4), (4.352, 8)), block=6) == [(1 - PADDING, 4 + PADDING), (4.352 - PADDING, 8 + PADDING)]


def test_neighbours_share_a_block_while_they_fit():
    assert cuts(speech((1, 3), (3.5, 5), (5.5, 9)), block=6) == [
        (1 - PADDING, 5 + PADDING),
        (5.5 - PADDING, 9 + PADDING),
    ]


def test_a_long_pause_ends_a_block_that_has_room():
    assert len(cuts(speech((1, 3), (9, 11)))) == 2


def test_padding_stays_inside_the_recording():
    assert cuts(speech((0, 2)), total=2.05) == [(0, 2.05)]


def test_a_long_phrase_is_cut_where_there_is_least_voice():
    voice = bytearray(b"\xc8" * 500)  # 16 seconds
    voice[100:110] = bytes(10)  # too early to be chosen
    voice[240:250] = b"\x14" * 10
    span = Span(0.0, 16.0, 0.9, bytes(voice))

    (_, first_end), (second_start, _) = cuts([span], total=16, block=10)

    assert first_end == second_start
    assert first_end == pytest.approx(245 * WINDOW_MS / 1000, abs=0.1)


def test_a_short_pause_inside_a_long_phrase_is_where_it_is_cut():
    loud = bytes([200])
    spans = [Span(0.0, 8.0, 0.9, loud * 250), Span(8.224, 16.0, 0.9, loud * 243)]

    (_, first_end), _ = cuts(spans, total=16, block=12)

    assert 8.0 <= first_end <= 8.224


def test_the_certainty_of_a_block_is_that_of_its_speech_by_length():
    spans = [Span(1, 4, 1.0), Span(4.5, 5.5, 0.6)]

    (block,) = plan_blocks(spans, total_seconds=60, block_seconds=30)

    assert block.speech_probability == pytest.approx(0.9)


def test_ten_hours_without_a_pause_are_cut_in_the_end():
    windows = 36_000_000 // WINDOW_MS
    span = Span(0.0, windows * WINDOW_MS / 1000, 0.9, bytes(range(256)) * (windows // 256 + 1))

    blocks = plan_blocks([span], total_seconds=36_000, block_seconds=30)

    assert 1200 <= len(blocks) <= 2500
    assert blocks[-1].end_seconds == pytest.approx(36_000, abs=0.1)


def test_blocks_that_nobody_could_hear_are_refused():
    with pytest.raises(ValueError, match="cannot be heard"):
        plan_blocks([], total_seconds=10, block_seconds=1)
