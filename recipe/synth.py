"""Speak sentences with espeak-ng and flite: python synth.py OUT COUNT SEED writes OUT/SEED.pcm and OUT/SEED.json.

The first holds 16-bit samples at 16 kHz, the second a row for each sentence: its fields (`grammar.Sentence`), the
voice, and where its samples begin and how many there are.
"""

import io
import json
import subprocess
import sys
import tempfile
import wave
from pathlib import Path
from random import Random

import numpy as np
from grammar import sentence
from scipy.signal import resample_poly

FLITE_VOICES = ["kal16", "awb", "rms", "slt"]
FLITE_SHARE = 0.22
"""Of the English sentences; flite speaks no other language."""
ESPEAK_VOICES = {"en": ["en-us", "en-us", "en-gb", "en-gb-x-rp"], "de": ["de"], "es": ["es", "es-419"]}
ESPEAK_VARIANTS = ["", "", "+m1", "+m2", "+m3", "+m4", "+m6", "+m7", "+f1", "+f2", "+f3", "+f4"]
RESAMPLING = {16_000: None, 22_050: (320, 441), 8_000: (2, 1)}
LOUD = 200
"""Samples below this are silence around the sentence."""


def main(out: Path, count: int, seed: int) -> None:
    random = Random(seed)
    out.mkdir(parents=True, exist_ok=True)
    rows, pieces, at = [], [], 0
    for _ in range(count):
        drawn = sentence(random)
        voice, samples = speak(random, drawn.language, drawn.spoken)
        samples = trimmed(samples)
        rows.append([drawn.language, drawn.written, drawn.english, voice, at, len(samples)])
        pieces.append(samples)
        at += len(samples)
    np.concatenate(pieces).tofile(out / f"{seed}.pcm")
    (out / f"{seed}.json").write_text(json.dumps(rows))


def speak(random: Random, language: str, text: str) -> tuple[str, np.ndarray]:
    """Return the voice that was drawn, and int16 samples at 16 kHz."""
    if language == "en" and random.random() < FLITE_SHARE:
        voice = random.choice(FLITE_VOICES)
        return voice, _samples(_flite(voice, text, stretch=random.uniform(0.85, 1.15)))
    voice = random.choice(ESPEAK_VOICES[language]) + random.choice(ESPEAK_VARIANTS)
    speed, pitch = random.randrange(135, 190), random.randrange(25, 75)
    command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "--stdout", text]
    return voice, _samples(subprocess.run(command, check=True, capture_output=True).stdout)


def _flite(voice: str, text: str, *, stretch: float) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "-t", text, "-o", file.name]
        subprocess.run(command, check=True)
        return file.read()


def _samples(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as file:
        # espeak-ng writes a length that is not true when it writes to a pipe: read what there is.
        samples = np.frombuffer(file.readframes(10**8), np.int16).astype(np.float32)
        ratio = RESAMPLING[file.getframerate()]
    if ratio:
        samples = resample_poly(samples, *ratio)
    return np.clip(samples, -32768, 32767).astype(np.int16)


def trimmed(samples: np.ndarray) -> np.ndarray:
    """Leave 20 ms of silence before the sentence and 60 ms after it."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LOUD)
    return samples[max(0, loud[0] - 320) : loud[-1] + 960] if len(loud) else samples


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
