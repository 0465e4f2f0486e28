"""Decoding one audio stream to 16 kHz mono float32, piece by piece, into an open file."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from container import CHANNELS, SAMPLE_RATES
from refusal import Refusal

RATE = 16_000
BYTES_PER_SAMPLE = 4
BUFFER_BYTES = 1 << 16
LATEST_SECONDS = 600
"""A header that has the sound begin later than this is not believed."""


class Funnel:
    """Turns frames of one shape into 16 kHz mono.

    The samples pass through 16 bits on their way: whatever a file of floats may hold (infinities, values that are
    not numbers), what comes out is finite and within ±1. One graph does both steps, with no threads of its own,
    which av.AudioResampler would start.
    """

    def __init__(self, frame: av.AudioFrame) -> None:
        self._graph = av.filter.Graph()
        self._graph.threads = 1
        steps = [
            self._graph.add(
                "abuffer",
                sample_rate=str(frame.sample_rate),
                sample_fmt=frame.format.name,
                channel_layout=frame.layout.name,
                time_base=f"1/{frame.sample_rate}",
            ),
            self._graph.add("aformat", sample_fmts="s16", sample_rates=str(RATE), channel_layouts="mono"),
            self._graph.add("aformat", sample_fmts="flt"),
            self._graph.add("abuffersink"),
        ]
        for source, target in zip(steps, steps[1:], strict=False):
            source.link_to(target)
        self._graph.configure()

    def pour(self, frame: av.AudioFrame | None) -> Iterator[memoryview]:
        """Yield the bytes that `frame` makes ready; None says that no more frames come."""
        self._graph.push(frame)
        while True:
            try:
                ready = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            yield memoryview(ready.planes[0])[: ready.samples * BYTES_PER_SAMPLE]


def decode(container: InputContainer, stream: AudioStream, *, descriptor: int, limit_samples: int) -> None:
    """Write all sound of `stream` to `descriptor`; what cannot be decoded is left out.

    Raises Refusal when nothing can be decoded, when there is more than `limit_samples`, when it cannot be written.
    """
    output = open(descriptor, "wb", buffering=BUFFER_BYTES, closefd=False)  # noqa: SIM115
    written = 0
    pieces = _pieces(_frames(container, stream))
    first = next(pieces, None)
    if first is None:
        raise Refusal("damaged")
    for piece in chain(_silence(_late_samples(container, stream)), [first], pieces):
        written += len(piece) // BYTES_PER_SAMPLE
        if written > limit_samples:
            raise Refusal("too_long")
        _attempt(output.write, piece)
    _attempt(output.flush)


def _late_samples(container: InputContainer, stream: AudioStream) -> int:
    """Return how much later than the recording its sound begins: without this a film's words would come too early."""
    if stream.start_time is None or container.start_time is None:
        return 0
    late = stream.start_time * stream.time_base - Fraction(container.start_time, av.time_base)
    return round(late * RATE) if 0 < late <= LATEST_SECONDS else 0


def _silence(samples: int) -> Iterator[bytes]:
    for start in range(0, samples, BUFFER_BYTES):
        yield bytes(BYTES_PER_SAMPLE * min(BUFFER_BYTES, samples - start))


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[av.AudioFrame]:
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:  # the container breaks off; what came before still counts
            return
        if packet is None:
            return
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def _pieces(frames: Iterator[av.AudioFrame]) -> Iterator[memoryview]:
    funnel = shape = None
    for frame in frames:
        if frame.sample_rate not in SAMPLE_RATES or frame.layout.nb_channels not in CHANNELS:
            continue
        frame.pts = None
        try:
            if shape != (shape := (frame.format.name, frame.layout.name, frame.sample_rate)):
                if funnel:
                    yield from funnel.pour(None)
                funnel = Funnel(frame)
            yield from funnel.pour(frame)
        except av.FFmpegError:  # no way to mix these channels down
            funnel = shape = None
    if funnel:
        yield from funnel.pour(None)


def _attempt(action: Callable, *arguments) -> None:
    """Tell a full disk apart from what libav raises about the file."""
    try:
        action(*arguments)
    except OSError:
        raise Refusal("unwritable") from None
