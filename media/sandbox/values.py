"""What the sandbox finds out about a file."""

from dataclasses import dataclass
from typing import Literal

SAMPLE_RATE = 16_000
"""Samples a second of everything that `decode` writes."""


@dataclass(frozen=True)
class AudioStream:
    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True)
class VideoStream:
    codec: str
    width: int
    height: int
    fps: float
    """Frames a second on average; 0 where nobody knows."""


@dataclass(frozen=True)
class Probe:
    container: str
    """One of `sniff.DEMUXERS`: wav, mp3, mp4, mpeg, mpegts, ogg, flac, matroska, webm, aac or avi."""

    seconds: float | None
    """An estimate from the header or the bit rate, good for a quote only; None where there is none."""

    audio: AudioStream | None
    """The first audio stream, the one that `decode` reads."""

    video: VideoStream | None
    """The first stream of moving pictures; cover art is not one."""

    @property
    def kind(self) -> Literal["audio", "video"]:
        return "video" if self.video else "audio"


@dataclass(frozen=True)
class Decoded:
    samples: int

    @property
    def seconds(self) -> float:
        return self.samples / SAMPLE_RATE


@dataclass(frozen=True)
class Walls:
    """Whether each wall held back a child that ran against it."""

    files: bool
    """No path can be opened, made or removed."""

    network: bool
    """No address can be reached."""

    processes: bool
    """No process can be started."""
