"""From what the engine has written down about a block to a BlockResult."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from transcription.engine.base import Block, BlockResult, Options, Segment
from transcription.engine.words import Token, repair, to_words


@dataclass(frozen=True)
class RawSegment:
    """A phrase as the engine gives it: times in milliseconds from the recording's start, not to be trusted yet."""

    start: int
    end: int
    text: str
    tokens: tuple[Token, ...]


def block_result(
    raw: Sequence[RawSegment],
    block: Block,
    options: Options,
    *,
    language: str,
    language_probability: float | None,
    temperature: float,
) -> BlockResult:
    """Return what was heard in `block`: phrases with text, in order, inside the block, their words inside them."""
    start, end = round(block.start_seconds * 1000), round(block.end_seconds * 1000)
    spoken = [segment for segment in raw if segment.text]
    times = repair([(segment.start, segment.end) for segment in spoken], start=start, end=end)
    written = "en" if options.task == "translate" else language
    segments = tuple(
        Segment(
            start=from_ms / 1000,
            end=to_ms / 1000,
            text=segment.text,
            words=to_words(segment.tokens, language=written, start=from_ms, end=to_ms),
            tokens=tuple(token.id for token in segment.tokens),
            avg_logprob=_mean_logprob(segment.tokens),
            temperature=temperature,
            compression_ratio=compression_ratio(segment.text),
            no_speech_prob=round(1 - block.speech_probability, 4),
        )
        for segment, (from_ms, to_ms) in zip(spoken, times, strict=True)
    )
    return BlockResult(segments, language, language_probability)


def compression_ratio(text: str) -> float:
    """Return the bytes of `text` over its bytes after zlib, as OpenAI's whisper/utils.py defines it."""
    data = text.encode()
    return round(len(data) / len(zlib.compress(data)), 4)


def _mean_logprob(tokens: Sequence[Token]) -> float:
    return round(sum(token.logprob for token in tokens) / max(1, len(tokens)), 4)
