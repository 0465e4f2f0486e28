"""Transcripts as files: plain text, captions, JSON.

Each writer takes segments in order and yields pieces of text, so that a ten-hour transcript is never one string.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from textwrap import wrap

from transcription.models import Segment

_LINE = 42
"""Characters in a caption line; the field's usual limit for Latin script."""


@dataclass(frozen=True)
class Format:
    """A kind of file that a transcript can be written as."""

    content_type: str
    write: Callable[[Iterable[Segment]], Iterator[str]]


def txt(segments: Iterable[Segment]) -> Iterator[str]:
    """Write one segment a line."""
    for segment in segments:
        yield f"{segment.text.strip()}\n"


def srt(segments: Iterable[Segment]) -> Iterator[str]:
    """Write SubRip captions: number, times with a comma, text, an empty line."""
    for number, segment in enumerate(segments, start=1):
        times = f"{clock(segment.start, ',')} --> {clock(segment.end, ',')}"
        yield f"{number}\n{times}\n{_lines(segment)}\n\n"


def vtt(segments: Iterable[Segment]) -> Iterator[str]:
    """Write WebVTT captions (W3C), with a voice tag where the speaker is known."""
    yield "WEBVTT\n\n"
    for segment in segments:
        voice = f"<v {_escaped(segment.speaker)}>" if segment.speaker else ""
        yield f"{clock(segment.start)} --> {clock(segment.end)}\n{voice}{_escaped(_lines(segment))}\n\n"


def as_json(segments: Iterable[Segment]) -> Iterator[str]:
    """Write segments with their words: seconds, text, confidence, speaker."""
    yield '{"segments": ['
    for number, segment in enumerate(segments):
        row = {
            "start": segment.start,
            "end": segment.end,
            "text": segment.text.strip(),
            "language": segment.language,
            "speaker": segment.speaker or None,
            "words": segment.words,
        }
        yield ("\n" if number == 0 else ",\n") + json.dumps(row, ensure_ascii=False)
    yield "\n]}\n"


FORMATS: dict[str, Format] = {
    "txt": Format("text/plain; charset=utf-8", txt),
    "srt": Format("text/plain; charset=utf-8", srt),
    "vtt": Format("text/vtt; charset=utf-8", vtt),
    "json": Format("application/json", as_json),
}


def clock(seconds: float, point: str = ".") -> str:
    """Return `seconds` as HH:MM:SS and milliseconds after `point`."""
    milliseconds = max(0, round(seconds * 1000))
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"


def _lines(segment: Segment) -> str:
    # Wrapping also takes out empty lines, which would end a cue.
    return "\n".join(wrap(" ".join(segment.text.split()), _LINE, break_long_words=False)) or "…"


def _escaped(text: str) -> str:
    # `-->` inside a cue would start another; "<" would start a tag.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
