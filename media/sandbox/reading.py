"""Probing and decoding of one file that nobody vouches for."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import Unavailable
from media.errors import (
    Damaged,
    DecodeStopped,
    EmptyFile,
    NoAudio,
    NotMedia,
    TooLong,
    TooManyTracks,
    UnknownCodec,
)
from media.sandbox.process import run
from media.sandbox.sniff import DEMUXERS, container_of
from media.sandbox.values import SAMPLE_RATE, AudioStream, Decoded, Probe, VideoStream, Walls

_BYTES_PER_SAMPLE = 4
_REFUSALS = {error.code: error for error in (Damaged, NoAudio, TooManyTracks, UnknownCodec)}


def probe(path: Path, *, timeout_seconds: float) -> Probe:
    """Say what is inside the file at `path`, whose name means nothing.

    Raises NotMedia, EmptyFile, Damaged, TooManyTracks, SandboxTimeout.
    """
    with _admitted(path) as (media, container):
        answer = run(
            "probe",
            arguments={"media": media, "demuxer": DEMUXERS[container]},
            descriptors=(media,),
            timeout_seconds=timeout_seconds,
        )
    _check(answer)
    try:
        return _probe_from(container, answer)
    except (KeyError, TypeError, ValueError):
        raise Damaged from None


def decode(
    path: Path,
    to: Path,
    *,
    max_seconds: float,
    timeout_seconds: float,
    on_progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Decoded:
    """Write the first audio stream of the file at `path` to `to`, as it is decoded: 16 kHz mono float32, native order.

    Every sample is finite and within ±1. A file that is cut off or damaged counts as far as it can be decoded; its
    header is not believed. Twice a second `on_progress` gets the seconds written so far and `should_stop` is asked.
    When this raises, `to` is gone.

    Raises NotMedia, EmptyFile, NoAudio, UnknownCodec, TooManyTracks, Damaged, TooLong, SandboxTimeout, DecodeStopped,
    and core.errors.Unavailable when there is no room for the samples.
    """
    limit_samples = int(max_seconds * SAMPLE_RATE)
    with _admitted(path) as (media, container), _fresh(to) as output:

        def watch() -> None:
            if should_stop and should_stop():
                raise DecodeStopped
            if on_progress:
                on_progress(_samples_in(output) / SAMPLE_RATE)

        answer = run(
            "decode",
            arguments={
                "media": media,
                "demuxer": DEMUXERS[container],
                "output": output,
                "limit_samples": limit_samples,
            },
            descriptors=(media, output),
            output_bytes=limit_samples * _BYTES_PER_SAMPLE,
            timeout_seconds=timeout_seconds,
            watch=watch,
        )
        if answer.get("refused") == TooLong.code:
            raise TooLong(limit_seconds=max_seconds)
        _check(answer)
        decoded = Decoded(samples=_samples_in(output))
        if not decoded.samples:
            raise Damaged
        return decoded


def try_walls(*, timeout_seconds: float = 10) -> Walls:
    """Start a child that runs against its own walls, and say which of them stand on this machine."""
    answer = run("try_walls", arguments={}, timeout_seconds=timeout_seconds)
    return Walls(**{name: answer.get(name) is True for name in ("files", "network", "processes")})


@contextmanager
def _admitted(path: Path) -> Iterator[tuple[int, str]]:
    """Open the file for a child and say which container it is."""
    # Without O_NONBLOCK a named pipe would keep us waiting for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotMedia
        if status.st_size == 0:
            raise EmptyFile
        yield descriptor, container_of(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _fresh(path: Path) -> Iterator[int]:
    """Open a new private file for a child to write; it goes away with any exception."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield descriptor
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _samples_in(descriptor: int) -> int:
    return os.fstat(descriptor).st_size // _BYTES_PER_SAMPLE


def _check(answer: dict[str, Any]) -> None:
    """Raise what the child says is wrong with the file."""
    refused = answer.get("refused")
    if refused == "unwritable":
        raise Unavailable("There is no room to decode this recording at the moment. Try again later.")
    if refused is not None:
        raise _REFUSALS.get(str(refused), Damaged)


def _probe_from(container: str, answer: dict[str, Any]) -> Probe:
    """Read the child's answer as what it should be: a broken decoder may have written it."""
    audio, video, seconds = answer["audio"], answer["video"], answer["seconds"]
    return Probe(
        container=container,
        seconds=None if seconds is None else _amount(seconds),
        audio=audio
        and AudioStream(
            codec=_word(audio["codec"]),
            sample_rate=int(_amount(audio["sample_rate"])),
            channels=int(_amount(audio["channels"])),
        ),
        video=video
        and VideoStream(
            codec=_word(video["codec"]),
            width=int(_amount(video["width"])),
            height=int(_amount(video["height"])),
            fps=_amount(video["fps"]),
        ),
    )


def _amount(value: Any) -> float:
    if not 0 <= value < 2**53:
        raise ValueError("not an amount")
    return value


def _word(value: Any) -> str:
    if not re.fullmatch(r"[\w.-]{1,32}", value, re.ASCII):
        raise ValueError("not a word")
    return value
