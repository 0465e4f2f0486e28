"""Small real media files, written with PyAV's encoders: what customers upload on a good day."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

TONE_HERTZ = 440
TONE_PEAK = 0.3
FRAME_SAMPLES = 1024


@dataclass(frozen=True)
class Recipe:
    """How one admitted container is made: libav's muxer, an audio encoder and, where `video`, a picture too."""

    muxer: str
    audio: str
    container: str
    """The word the sandbox says for it."""
    video: str | None = None
    fps: int = 10
    rate: int = 44_100
    layout: str = "stereo"
    slack_seconds: float = 0.05
    """How far the decoded length may be off: encoders pad, and not every container says by how much."""

    @property
    def channels(self) -> int:
        return av.AudioLayout(self.layout).nb_channels


# One AAC frame is 23 ms at 44.1 kHz, one MP2 frame 26 ms. ADTS, AVI and the two MPEG streams have no field for
# priming, so the encoder's 1024 samples in front and its padding at the end are heard as silence.
UNTOLD_PADDING_SECONDS = 0.075

RECIPES = {
    "wav": Recipe("wav", "pcm_s16le", "wav"),
    "wav of floats": Recipe("wav", "pcm_f32le", "wav", rate=48_000, layout="mono"),
    "mp3": Recipe("mp3", "libmp3lame", "mp3"),
    "m4a": Recipe("ipod", "aac", "mp4"),
    "mp4": Recipe("mp4", "aac", "mp4", video="libx264"),
    "mov": Recipe("mov", "pcm_s16le", "mp4", video="libx264"),
    "mpeg": Recipe("vob", "mp2", "mpeg", video="mpeg2video", fps=25, slack_seconds=UNTOLD_PADDING_SECONDS),
    "mpegts": Recipe("mpegts", "aac", "mpegts", video="libx264", slack_seconds=UNTOLD_PADDING_SECONDS),
    "ogg vorbis": Recipe("ogg", "vorbis", "ogg"),
    "ogg opus": Recipe("ogg", "libopus", "ogg", rate=48_000),
    "flac": Recipe("flac", "flac", "flac"),
    "mkv": Recipe("matroska", "flac", "matroska", video="mpeg4"),
    "webm": Recipe("webm", "libopus", "webm", video="libvpx", rate=48_000),
    "aac": Recipe("adts", "aac", "aac", slack_seconds=UNTOLD_PADDING_SECONDS),
    "avi": Recipe("avi", "mp2", "avi", video="mpeg4", slack_seconds=UNTOLD_PADDING_SECONDS),
}


def make(path: Path, recipe: Recipe, *, seconds: float = 2.0, options: dict[str, str] | None = None) -> Path:
    """Write a tone of `seconds`, with a grey moving picture of 64 × 48 where the recipe has one.

    `options` are the muxer's own.
    """
    with av.open(str(path), "w", format=recipe.muxer, options=options) as container:
        experimental = {"strict": "experimental"}  # so FFmpeg calls its own Vorbis encoder
        sound = container.add_stream(recipe.audio, rate=recipe.rate, layout=recipe.layout, options=experimental)
        if recipe.video:
            _mux_picture(container, recipe.video, recipe.fps, seconds)
        for frame in _tone(recipe, sound.codec_context.frame_size or FRAME_SAMPLES, seconds):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


def make_silent_film(path: Path) -> Path:
    """Write an mp4 of a second, with a picture and no sound at all."""
    with av.open(str(path), "w", format="mp4") as container:
        _mux_picture(container, "libx264", 10, seconds=1)
    return path


def _mux_picture(container, codec: str, fps: int, seconds: float) -> None:
    stream = container.add_stream(codec, rate=fps)
    stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    for index in range(round(seconds * fps)):
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), index * 5 % 256, np.uint8), format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, fps)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _tone(recipe: Recipe, frame_samples: int, seconds: float):
    total = round(seconds * recipe.rate)
    wave = TONE_PEAK * np.sin(2 * np.pi * TONE_HERTZ * np.arange(total) / recipe.rate)
    packed = np.repeat((wave * 32767).astype(np.int16), recipe.channels)[None, :]
    for start in range(0, total, frame_samples):
        piece = packed[:, start * recipe.channels : (start + frame_samples) * recipe.channels]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(piece), format="s16", layout=recipe.layout)
        frame.sample_rate, frame.pts, frame.time_base = recipe.rate, start, Fraction(1, recipe.rate)
        yield frame
