"""When the sound of a film begins."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from media import sandbox

RATE = 48_000


def film_whose_sound_begins_at(seconds: float, path: Path, *, muxer: str) -> Path:
    """Write three seconds of grey pictures, with a tone of one second from `seconds` on."""
    with av.open(str(path), "w", format=muxer) as film:
        picture = film.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = film.add_stream("aac" if muxer == "mp4" else "flac", rate=RATE, layout="mono")
        for number in range(30):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)
        for at in range(0, RATE, 1024):
            samples = (tone[None, at : at + 1024] * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
            frame.pts = round(seconds * RATE) + at
            film.mux(sound.encode(frame))
        film.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("muxer", ["mp4", "matroska"])
@pytest.mark.parametrize("seconds", [0, 0.5, 1.5])
def test_a_tone_is_heard_when_it_sounds(tmp_path, seconds, muxer):
    film = film_whose_sound_begins_at(seconds, tmp_path / "film", muxer=muxer)

    sandbox.decode(film, tmp_path / "pcm", max_seconds=60, timeout_seconds=20)

    pcm = np.fromfile(tmp_path / "pcm", np.float32)
    first = np.flatnonzero(np.abs(pcm) > 0.05)[0] / sandbox.SAMPLE_RATE
    assert first == pytest.approx(seconds, abs=0.03)


def test_a_start_beyond_belief_is_not_believed(tmp_path):
    film = film_whose_sound_begins_at(3600, tmp_path / "film", muxer="matroska")

    decoded = sandbox.decode(film, tmp_path / "pcm", max_seconds=60, timeout_seconds=20)

    assert decoded.seconds == pytest.approx(1, abs=0.1)
