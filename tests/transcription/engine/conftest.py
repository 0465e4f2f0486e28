"""Engines for the tests of this folder, and the table of accuracy at the end of the run."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from transcription import engine
from transcription.engine.base import Engine
from transcription.engine.catalogue import resolve

from . import clips

# As the workers set it: threads that spin while others want the processor make a test run many times longer. It must
# be there before whisper.cpp is.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

_scores: dict[str, clips.Score] = {}


def _new_demo() -> Engine:
    from transcription.engine.whispercpp import WhisperCpp

    info = resolve("demo")
    return WhisperCpp(info, info.path(Path("nowhere")), threads=2, device="cpu")


@pytest.fixture
def demo() -> Engine:
    """The demo model as a worker has it: kept from call to call."""
    return engine.load("demo", model_dir=Path("nowhere"), threads=2, device="cpu")


@pytest.fixture
def fresh_demo() -> Engine:
    """A demo model that nobody has used: its random numbers begin at the beginning."""
    fresh = _new_demo()
    yield fresh
    fresh.unload()


@pytest.fixture(scope="session")
def score_of() -> Callable[[str], clips.Score]:
    """How well a clip is heard by a fresh engine; each clip is heard once in a test run."""

    def score(clip: str) -> clips.Score:
        if clip not in _scores:
            fresh = _new_demo()
            _scores[clip] = clips.score(clip, clips.words_of(clips.hear(clips.pcm(clip), fresh)))
            fresh.unload()
        return _scores[clip]

    return score


def pytest_terminal_summary(terminalreporter) -> None:
    if not _scores:
        return
    write = terminalreporter.write_line
    terminalreporter.section("accuracy of the demo model")
    write(f"{'clip':16}{'words':>7}{'wrong':>7}{'rate':>8}   start of sentence: median, 95 %, worst")
    for score in _scores.values():
        write(_row(score.clip, score.spoken, score.wrong, score.start_errors))
    errors = [error for score in _scores.values() for error in score.start_errors]
    spoken, wrong = (sum(getattr(score, what) for score in _scores.values()) for what in ("spoken", "wrong"))
    write(_row("all", spoken, wrong, errors))


def _row(name: str, spoken: int, wrong: int, errors: list[float] | tuple[float, ...]) -> str:
    median, late, worst = np.percentile(errors, [50, 95, 100])
    return f"{name:16}{spoken:>7}{wrong:>7}{wrong / spoken:>8.3f}   {median:10.3f} s {late:10.3f} s {worst:8.2f} s"
