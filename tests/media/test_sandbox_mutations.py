"""Mutated recordings are read or refused with one of our own errors, and in good time."""

import functools
import tempfile
import time
from pathlib import Path

import pytest

from media import errors, sandbox
from tests.media import clips, hostile

OUTCOMES = {
    None,
    errors.NotMedia,
    errors.UnknownCodec,
    errors.TooManyTracks,
    errors.NoAudio,
    errors.Damaged,
    errors.TooLong,
}
SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 33))]
PATIENCE_SECONDS = 10


@functools.cache
def whole(name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return clips.make(Path(folder) / "clip", clips.RECIPES[name], seconds=1).read_bytes()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", clips.RECIPES)
def test_a_mutated_recording_is_read_or_refused(name, seed, tmp_path):
    path = tmp_path / "mutated"
    path.write_bytes(hostile.mutated(whole(name), seed=seed))
    start = time.monotonic()

    probed = hostile.outcome(lambda: sandbox.probe(path, timeout_seconds=PATIENCE_SECONDS))
    decoded = hostile.outcome(
        lambda: sandbox.decode(path, tmp_path / "pcm", max_seconds=600, timeout_seconds=PATIENCE_SECONDS)
    )

    assert {probed, decoded} <= OUTCOMES
    assert time.monotonic() - start < PATIENCE_SECONDS
