"""Spoken sentences as training windows: sound, the tokens before the answer, and the answer."""

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import tiktoken
import torch
from ggml import VOCABULARY
from grammar import sentence
from network import CHARACTERS

RATE = 16_000
END, START, TRANSLATE, TRANSCRIBE, EARLIER = 50_257, 50_258, 50_358, 50_359, 50_361
NO_SPEECH, NO_TIMES, TIME = 50_362, 50_363, 50_364
LANGUAGES = {"en": 50_259, "de": 50_261, "es": 50_262}
IGNORED = -100
"""The label of a token that is given, not learnt."""

_SPLIT = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""


@cache
def ranks() -> dict[bytes, int]:
    """Return the bytes of each token: multilingual.tiktoken of the package openai-whisper, at $WHISPER_BPE."""
    lines = Path(os.environ["WHISPER_BPE"]).read_text().splitlines()
    return {base64.b64decode(token): int(rank) for token, rank in (line.split() for line in lines if line)}


@cache
def _encoding() -> tiktoken.Encoding:
    return tiktoken.Encoding("whisper", pat_str=_SPLIT, mergeable_ranks=ranks(), special_tokens={})


def tokens(text: str) -> list[int]:
    return _encoding().encode(f" {text}")


def used_tokens() -> list[int]:
    """Return the ids that the grammar can use, and all special ones."""
    used, random = set(range(END, VOCABULARY)), Random(0)
    for _ in range(60_000):
        drawn = sentence(random)
        used.update(tokens(drawn.written))
        used.update(tokens(drawn.english) if drawn.english else [])
    return sorted(used)


@dataclass(frozen=True)
class Utterance:
    language: str
    written: str
    english: str | None
    samples: np.ndarray


@dataclass
class Window:
    """Some seconds of sound and what Whisper is to make of them."""

    samples: np.ndarray
    prompt: list[int]
    answer: list[int] = field(default_factory=list)
    characters: list[int] = field(default_factory=list)


def read(folder: Path) -> dict[str, list[Utterance]]:
    """Return the sentences that synth.py has spoken into `folder` so far, by language."""
    by_language: dict[str, list[Utterance]] = {language: [] for language in LANGUAGES}
    for path in sorted(folder.glob("*.json")):
        samples = np.memmap(path.with_suffix(".pcm"), np.int16, "r")
        for language, written, english, _voice, at, count in json.loads(path.read_text()):
            by_language[language].append(Utterance(language, written, english, samples[at : at + count]))
    return by_language


def window(random: Random, corpus: dict[str, list[Utterance]], seconds: int) -> Window:
    """Draw a window: one sentence after the other in one language, sometimes only noise."""
    language = random.choices(list(LANGUAGES), [0.72, 0.14, 0.14])[0]
    made = Window(np.zeros(seconds * RATE, np.float32), [START, LANGUAGES[language], TRANSCRIBE])
    if random.random() < 0.03:
        _add_noise(made, random, loudest=-2.5)
        made.answer = [NO_SPEECH, END]
        return made
    translate = language != "en" and random.random() < 0.4
    timed = random.random() > 0.15
    made.prompt[2:] = [TRANSLATE if translate else TRANSCRIBE, *([] if timed else [NO_TIMES])]
    if random.random() < 0.1:
        everything = [utterance for spoken in corpus.values() for utterance in spoken]
        earlier = " ".join(random.choice(everything).written for _ in range(random.randrange(1, 3)))
        made.prompt[:0] = [EARLIER, *tokens(earlier)[-40:]]
    _speak(made, random, corpus[language], seconds, translate=translate, timed=timed)
    if random.random() < 0.5:
        _add_noise(made, random, loudest=-2.3)
    made.answer.append(END)
    return made


def _speak(
    made: Window, random: Random, spoken: list[Utterance], seconds: int, *, translate: bool, timed: bool
) -> None:
    at = random.choice([0, 0, random.uniform(0, 1.5)])
    limit = seconds if random.random() < 0.6 else random.uniform(min(3, seconds), seconds)
    while at <= limit:
        utterance = random.choice(spoken)
        samples, gain = _varied(random, utterance.samples), 10 ** random.uniform(-0.8, 0.1) / 32_768
        end = at + len(samples) / RATE
        if end > limit and made.answer:
            if limit == seconds and at < seconds - 0.3:
                # A sentence that the window cuts off: its beginning is marked, its text belongs to the next window.
                _mix(made, samples * gain, at)
                made.answer += [_time(at)] if timed else []
            return
        if end > limit:
            at, limit, samples = 0, seconds, samples[: seconds * RATE]
            end = len(samples) / RATE
        _mix(made, samples * gain, at)
        text = tokens((utterance.english if translate else None) or utterance.written)
        made.answer += [_time(at), *text, _time(end)] if timed else text
        made.characters += [CHARACTERS.index(c) + 1 for c in f" {utterance.written.lower()}" if c in CHARACTERS]
        at = end + random.choice([random.uniform(0.05, 0.5), random.uniform(0.05, 1.5)])


def _varied(random: Random, samples: np.ndarray) -> np.ndarray:
    """Return the samples, a fifth of the time up to 8 per cent faster or slower."""
    if random.random() >= 0.2:
        return samples
    step = random.uniform(0.92, 1.08)
    return np.interp(np.arange(0, len(samples) - 1, step), np.arange(len(samples)), samples)


def _mix(made: Window, samples: np.ndarray, at: float) -> None:
    start = int(at * RATE)
    room = made.samples[start : start + len(samples)]
    room += samples[: len(room)].astype(np.float32)


def _add_noise(made: Window, random: Random, *, loudest: float) -> None:
    noise = np.random.default_rng(random.randrange(2**32)).standard_normal(len(made.samples), np.float32)
    made.samples += noise * np.float32(10 ** random.uniform(-4.5, loudest))


def _time(seconds: float) -> int:
    return TIME + min(1500, round(seconds / 0.02))


@dataclass(frozen=True)
class Batch:
    samples: torch.Tensor
    """[batch, samples] float32."""
    tokens: torch.Tensor
    """[batch, length]: the prompt and the answer without its last token."""
    labels: torch.Tensor
    """[batch, length]: the token that follows, or IGNORED."""
    characters: list[list[int]]


def batches(folder: Path, size: int, seconds: int, seed: int) -> Iterator[Batch]:
    """Yield batches of windows for ever. `folder` is read again now and then: it may still be growing."""
    random, corpus = Random(seed), read(folder)
    number = 0
    while True:
        number += 1
        if number % 300 == 0:
            corpus = read(folder)
        yield _batch([window(random, corpus, seconds) for _ in range(size)])


def _batch(windows: list[Window]) -> Batch:
    length = max(len(made.prompt) + len(made.answer) - 1 for made in windows)
    given, labels = torch.full((len(windows), length), END), torch.full((len(windows), length), IGNORED)
    for row, made in enumerate(windows):
        line = made.prompt + made.answer
        given[row, : len(line) - 1] = torch.tensor(line[:-1])
        labels[row, len(made.prompt) - 1 : len(line) - 1] = torch.tensor(made.answer)
        start = made.prompt.index(START)
        labels[row, start] = made.prompt[start + 1]  # which language it is, is learnt, too
    samples = torch.from_numpy(np.stack([made.samples for made in windows]))
    return Batch(samples, given, labels, [made.characters for made in windows])
