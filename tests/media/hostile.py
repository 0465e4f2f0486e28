"""Files that somebody could upload to do harm, and the tools that make them."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import av

from core.errors import PolyscribeError

BRANCHES = (b"moov", b"trak", b"mdia", b"minf", b"dinf")
"""Boxes of an mp4 that hold nothing but boxes, on the way to its data references."""


def wav(
    *,
    frames: int = 16_000,
    rate: int = 16_000,
    channels: int = 1,
    sort: int = 1,
    claimed_bytes: int | None = None,
    samples: bytes = b"",
) -> bytes:
    """Return a WAV of 16-bit samples (of floats where `samples` are given) whose header may say anything."""
    sort, width = (3, 4) if samples else (sort, 2)
    data = samples or b"\1\0" * frames * channels
    claimed = len(data) if claimed_bytes is None else claimed_bytes
    block = width * channels % 2**16
    form = (sort, channels, rate, rate * block % 2**32, block, 8 * width)
    head = (b"RIFF", 0xFFFF_FFFF, b"WAVE", b"fmt ", 16, *form, b"data", claimed)
    return struct.pack("<4sI4s4sIHHIIHH4sI", *head) + data


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """Split an mp4, or the inside of one of its boxes, into names and contents (ISO/IEC 14496-12, 4.2)."""
    found = []
    while data:
        size, name = struct.unpack(">I4s", data[:8])
        found.append((name, data[8:size]))
        data = data[size:]
    return found


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, name) + content


def without_box(data: bytes, unwanted: bytes) -> bytes:
    """Return the mp4 without one of its outermost boxes."""
    return b"".join(box(name, content) for name, content in boxes(data) if name != unwanted)


def with_longer_header(data: bytes, *, factor: int) -> bytes:
    """Return an mp4 whose movie and track headers claim `factor` times its length; the samples stay as they are."""

    def stretch(name: bytes, content: bytes) -> bytes:
        places = {b"mvhd": 16, b"tkhd": 20, b"mdhd": 16}
        if name not in places:
            return content
        at = places[name]
        (ticks,) = struct.unpack(">I", content[at : at + 4])
        return content[:at] + struct.pack(">I", ticks * factor) + content[at + 4 :]

    return _rewritten(data, stretch)


def with_external_reference(data: bytes, target: Path) -> bytes:
    """Return a QuickTime file whose samples lie in another file: the data reference becomes an alias to `target`.

    The alias record is as libavformat reads it: volume, file name, directory depths, then a record of type 2, the
    absolute path. The movie box must be the last one, so that nothing moves when it grows.
    """
    path = str(target).encode()
    name = target.name.encode()
    alias = (
        bytes(4 + 10)
        + bytes([0]) + bytes(27) + bytes(12)
        + bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16)
        + struct.pack(">hh", 1, 1) + bytes(16)
        + struct.pack(">hh", 2, len(path)) + path + bytes(len(path) % 2)
        + struct.pack(">hh", -1, 0)
    )  # fmt: skip
    reference = bytes(4) + struct.pack(">I", 1) + box(b"alis", alias)
    return _rewritten(data, lambda name, content: reference if name == b"dref" else content)


def _rewritten(data: bytes, change) -> bytes:
    return b"".join(
        box(name, _rewritten(content, change) if name in BRANCHES else change(name, content))
        for name, content in boxes(data)
    )


def many_tracks(path: Path, *, tracks: int, empty: bool = False) -> Path:
    """Write a Matroska file with that many audio tracks, of a tenth of a second each or with nothing in them."""
    with av.open(str(path), "w", format="matroska") as container:
        streams = [container.add_stream("pcm_s16le", rate=8_000, layout="mono") for _ in range(tracks)]
        container.start_encoding()
        for stream in [] if empty else streams:
            frame = av.AudioFrame(format="s16", layout="mono", samples=800)
            frame.sample_rate, frame.pts = 8_000, 0
            container.mux(stream.encode(frame))
    return path


def hours_of_silence(path: Path, *, hours: float, rate: int = 16_000) -> Path:
    """Write silence as FLAC, a few hundred kilobytes an hour: the bomb among sound files."""
    samples = 1 << 15
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=rate, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=samples)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate = rate
        for index in range(round(hours * 3600 * rate / samples)):
            frame.pts = index * samples
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def mutated(data: bytes, *, seed: int) -> bytes:
    """Return `data` with bytes flipped, cut off, put in, or numbers made extreme; the same for the same seed."""
    chance = random.Random(seed)
    bad = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        # Headers lie at both ends; that is where a lie does most.
        at = chance.choice(
            (chance.randrange(min(len(bad), 600)), chance.randrange(len(bad)), -1 - chance.randrange(900))
        )
        bad[at] = chance.randrange(256)
    match chance.randrange(4):
        case 0:
            del bad[chance.randrange(16, len(bad)) :]
        case 1:
            at = chance.randrange(len(bad))
            bad[at:at] = chance.randbytes(chance.randint(1, 3_000))
        case 2:
            at = chance.randrange(len(bad) - 4)
            bad[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
    return bytes(bad)


def picture(codec: str, *, pixels: str) -> bytes:
    """Return a small still picture, such as a PNG or a JPEG."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 16, 16, pixels, 1
    frame = av.VideoFrame(16, 16, pixels)
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def id3(*, cover: bytes = b"", padding: int = 0) -> bytes:
    """Return an ID3v2.3 tag, with a cover picture in it and empty space behind."""
    body = b"\0image/png\0\x03\0" + cover
    frame = b"APIC" + struct.pack(">IH", len(body), 0) + body if cover else b""
    size = len(frame) + padding
    return b"ID3\x03\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0)) + frame + bytes(padding)


def with_attachments(path: Path, *, names: list[str]) -> Path:
    """Write a tenth of a second of sound as Matroska, with files of those names inside."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("pcm_s16le", rate=8_000, layout="mono")
        for name in names:
            container.add_attachment(name, "font/ttf", b"not a font")
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate, frame.pts = 8_000, 0
        container.mux(stream.encode(frame))
    return path


def outcome(read: Callable[[], object]) -> type[PolyscribeError] | None:
    """Return how reading ended: with which of our own errors, or None where it succeeded. Others come through."""
    try:
        read()
    except PolyscribeError as error:
        return type(error)
    return None
