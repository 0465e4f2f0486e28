"""The clips of tests/speech, what is said in them, and how close the engine comes."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import numpy as np

from transcription import engine
from transcription.engine import sound
from transcription.engine.base import SAMPLE_RATE, BlockResult, Engine, Options, Word, never

FOLDER = Path(__file__).parents[2] / "speech"


@cache
def pcm(file_name: str) -> np.ndarray:
    """Return the sound of a clip: float32, mono, 16 kHz."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    with av.open(str(FOLDER / file_name)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def truth(file_name: str) -> list[dict]:
    """Return the sentences of a clip: start, end, speaker, language, text and perhaps english."""
    return json.loads((FOLDER / file_name).with_suffix(".json").read_text())["sentences"]


def hear(samples: np.ndarray, listener: Engine, options: Options | None = None) -> list[BlockResult]:
    """Find the blocks of a recording and hear each of them."""
    blocks = engine.find_blocks(samples, model="demo")
    options = options or Options()
    return [listener.transcribe(sound.of_block(samples, block), block, options, never) for block in blocks]


def words_of(results: list[BlockResult]) -> list[Word]:
    return [word for result in results for segment in result.segments for word in segment.words]


def text_of(results: list[BlockResult]) -> str:
    return " ".join(segment.text for result in results for segment in result.segments)


@dataclass(frozen=True)
class Score:
    """How close a transcript comes to the truth."""

    clip: str
    spoken: int
    wrong: int
    start_errors: tuple[float, ...]
    """Seconds between the start of each sentence and of the word that stands for its first."""

    @property
    def word_error_rate(self) -> float:
        return self.wrong / self.spoken


def score(file_name: str, words: list[Word]) -> Score:
    """Compare words without case and punctuation: substitutions, deletions and insertions over the words spoken."""
    sentences = truth(file_name)
    spoken = [_plain(word) for sentence in sentences for word in sentence["text"].split()]
    wrong, pairs = align(spoken, [_plain(word.text) for word in words])
    starts, at = {}, 0
    for sentence in sentences:
        starts[at] = sentence["start"]
        at += len(sentence["text"].split())
    errors = tuple(abs(words[pairs[place]].start - start) for place, start in starts.items() if place in pairs)
    return Score(file_name, len(spoken), wrong, errors)


def _plain(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum() or char in "%@")


def align(spoken: list[str], heard: list[str]) -> tuple[int, dict[int, int]]:
    """Return the edit distance of two lists of words, and which word of the second stands for each of the first."""
    costs = [list(range(len(heard) + 1))]
    for row, word in enumerate(spoken, 1):
        above, costs_here = costs[-1], [row]
        for column, other in enumerate(heard, 1):
            change = above[column - 1] + (word != other)
            costs_here.append(min(change, above[column] + 1, costs_here[-1] + 1))
        costs.append(costs_here)
    pairs, row, column = {}, len(spoken), len(heard)
    while row and column:
        if costs[row][column] == costs[row - 1][column - 1] + (spoken[row - 1] != heard[column - 1]):
            row, column = row - 1, column - 1
            pairs[row] = column
        elif costs[row][column] == costs[row - 1][column] + 1:
            row -= 1
        else:
            column -= 1
    return costs[-1][-1], pairs
