"""Reading of untrusted media in a child process that can reach nothing but the one file it was handed.

The parent tells the container by its first bytes and passes the child an open descriptor. The child has no
environment, no file system, no network, no second process, limited memory and time; see `child/`.
"""

from media.sandbox.reading import decode, probe, try_walls
from media.sandbox.sniff import DEMUXERS
from media.sandbox.values import SAMPLE_RATE, AudioStream, Decoded, Probe, VideoStream, Walls

CONTAINERS = frozenset(DEMUXERS)

__all__ = [
    "CONTAINERS",
    "SAMPLE_RATE",
    "AudioStream",
    "Decoded",
    "Probe",
    "VideoStream",
    "Walls",
    "decode",
    "probe",
    "try_walls",
]
