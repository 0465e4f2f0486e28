"""What goes into a speech engine and what comes out of it, whichever engine it is."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

if TYPE_CHECKING:
    import numpy as np  # web processes read checkpoints without loading numpy

SAMPLE_RATE = 16_000
"""Samples per second of all sound in here: mono float32 between -1 and 1."""

Plain = dict[str, Any]


def never() -> bool:
    """Say that nobody wants to stop."""
    return False


@dataclass(frozen=True)
class Options:
    """How blocks are to be heard."""

    language: str | None = None
    """Whisper's code; None finds it out for each block."""
    task: Literal["transcribe", "translate"] = "transcribe"
    """`translate` answers in English."""
    prompt: str = ""
    """Words that are likely to occur, or text in the style that is wanted."""
    temperature: float = 0.0
    """Where sampling begins, 0 to 1; a doubtful result is tried again 0.2 higher."""

    def to_json(self) -> Plain:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Block:
    """A stretch of a recording that the engine hears in one go. Times in seconds from the recording's start."""

    index: int
    start_seconds: float
    end_seconds: float
    speech_probability: float
    """Mean probability of speech where voice detection heard any, 0 to 1."""

    def to_json(self) -> Plain:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Word:
    """A word with its times in seconds from the recording's start, and how sure the engine is of it (0 to 1)."""

    start: float
    end: float
    text: str
    confidence: float
    speaker: str | None = None

    def to_json(self) -> Plain:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**data)


@dataclass(frozen=True)
class Segment:
    """A phrase with its words. Times in seconds from the recording's start; words are in order and inside."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]
    tokens: tuple[int, ...]
    """Ids of the text tokens in the model's vocabulary."""
    avg_logprob: float
    """Mean natural logarithm of the probabilities of `tokens`."""
    temperature: float
    """The temperature that the block was decoded at in the end."""
    compression_ratio: float
    """Bytes of the text over its bytes after zlib; above 2.4 it repeats itself."""
    no_speech_prob: float
    """1 - the block's mean probability of speech from voice detection. The engine's own estimate is not to be had."""

    def to_json(self) -> Plain:
        return {**asdict(self), "words": [word.to_json() for word in self.words], "tokens": list(self.tokens)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        words = tuple(Word.from_json(word) for word in data["words"])
        return cls(**{**data, "words": words, "tokens": tuple(data["tokens"])})


@dataclass(frozen=True)
class BlockResult:
    """What the engine heard in one block."""

    segments: tuple[Segment, ...]
    language: str
    language_probability: float | None
    """None when the language was given rather than found out."""

    def to_json(self) -> Plain:
        return {**asdict(self), "segments": [segment.to_json() for segment in self.segments]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{**data, "segments": tuple(Segment.from_json(segment) for segment in data["segments"])})


class Engine(Protocol):
    """Something that turns sound into words."""

    name: str
    """The model's name in the catalogue."""
    device: str
    """Where it runs: `cpu` or `cuda`."""

    def transcribe(
        self, samples: "np.ndarray", block: Block, options: Options, should_stop: Callable[[], bool]
    ) -> BlockResult:
        """Return what is said in `samples`, the sound of `block` alone: float32, mono, 16 kHz.

        Raises EngineError when the engine fails, EngineStopped when `should_stop` says so, and Invalid, with the
        field's name, for options that this model cannot follow. Silence is a result without segments.
        """
        ...
