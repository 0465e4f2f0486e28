"""Telling the admitted containers by their first bytes; names and declared types are not asked."""

import os
import re
from collections.abc import Callable

from media.errors import NotMedia

DEMUXERS = {
    "wav": "wav",
    "mp3": "mp3",
    "mp4": "mov",
    "mpeg": "mpeg",
    "mpegts": "mpegts",
    "ogg": "ogg",
    "flac": "flac",
    "matroska": "matroska",
    "webm": "matroska",
    "aac": "aac",
    "avi": "avi",
}
"""Every admitted container, by the word that `Probe.container` says, with libav's name for its demuxer."""

_HEAD_BYTES = 1 << 16
_ID3_TAGS = 4

_MAGIC = (
    ("wav", re.compile(rb"(RIFF|RIFX|RF64|BW64)....WAVE", re.DOTALL)),
    ("avi", re.compile(rb"RIFF....AVI ", re.DOTALL)),
    ("ogg", re.compile(rb"OggS\0")),
    ("flac", re.compile(rb"fLaC")),
    ("webm", re.compile(rb"\x1a\x45\xdf\xa3.{0,60}?\x42\x82.{1,8}?webm", re.DOTALL)),
    ("matroska", re.compile(rb"\x1a\x45\xdf\xa3.{0,60}?\x42\x82.{1,8}?matroska", re.DOTALL)),
    ("mpeg", re.compile(rb"\0\0\x01\xba")),
    # A box is its length and its name; those that come before the sound are shorter than 16 MiB. The brands left out
    # are still pictures.
    ("mp4", re.compile(rb"\0...ftyp(?!avi[fs]|hei[cxms]|hev[cx]|mif1|msf1)", re.DOTALL)),
    ("mp4", re.compile(rb"\0...(moov|free|skip|wide|pnot|styp)|....mdat", re.DOTALL)),
    # Five packets in a row; a recording may begin in the middle of one. Blu-ray puts 4 bytes before each packet,
    # broadcasters 16 behind.
    ("mpegts", re.compile(rb".{0,203}?(\x47.{187}){5}", re.DOTALL)),
    ("mpegts", re.compile(rb".{0,203}?(\x47.{191}){5}", re.DOTALL)),
    ("mpegts", re.compile(rb".{0,203}?(\x47.{203}){5}", re.DOTALL)),
)

# Kilobits a second by index, from ISO/IEC 11172-3 (MPEG 1, layers I to III) and 13818-3 (MPEG 2: layer I, the others).
_LAYER_1 = (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448)
_LAYER_2 = (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384)
_LAYER_3 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_HALF_LAYER_1 = (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256)
_HALF_OTHERS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLE_RATES = (44_100, 48_000, 32_000)
_FRAMES_IN_A_ROW = 3


def container_of(descriptor: int) -> str:
    """Return which of DEMUXERS the bytes of an open file are; its position does not move.

    Raises NotMedia for everything else: playlists, pictures, archives, text, noise.
    """
    head = _head(descriptor)
    for name, magic in _MAGIC:
        if magic.match(head):
            return name
    for name, frame_bytes in (("aac", _adts_frame_bytes), ("mp3", _mpeg_frame_bytes)):
        if any(_is_chain(head, sync.start(), frame_bytes) for sync in re.finditer(rb"\xff[\xe0-\xff]", head)):
            return name
    raise NotMedia


def _head(descriptor: int) -> bytes:
    """Read the first bytes behind any ID3 tags, which may stand before MP3, AAC and FLAC and hold a picture."""
    start = 0
    for _ in range(_ID3_TAGS):
        head = os.pread(descriptor, _HEAD_BYTES, start)
        if not re.match(rb"ID3[\x02-\x04].{2}[\0-\x7f]{4}", head, re.DOTALL):
            break
        size = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        start += 10 + size + (10 if head[5] & 0x10 else 0)
    return head


def _is_chain(head: bytes, start: int, frame_bytes: Callable[[bytes], int]) -> bool:
    """Whether a frame begins at `start`, the next one right behind it, and so on."""
    for _ in range(_FRAMES_IN_A_ROW):
        length = frame_bytes(head[start : start + 6])
        if not length:
            return False
        start += length
    return True


def _mpeg_frame_bytes(header: bytes) -> int:
    """Return the length of the MPEG audio frame with this header (ISO/IEC 11172-3, 2.4.2.3), 0 where it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    rate_index, padding = header[2] >> 2 & 3, header[2] >> 1 & 1
    speed_index = header[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or speed_index in (0, 15):
        return 0
    whole = version == 3
    speeds = (_LAYER_1, _LAYER_2, _LAYER_3)[layer - 1] if whole else _HALF_LAYER_1 if layer == 1 else _HALF_OTHERS
    bits, rate = speeds[speed_index - 1] * 1000, _SAMPLE_RATES[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    return (144 if whole or layer == 2 else 72) * bits // rate + padding


def _adts_frame_bytes(header: bytes) -> int:
    """Return the length of the AAC frame with this header (ISO/IEC 13818-7, 6.2), 0 where it is none."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    return length if length > 7 else 0
