"""The speech engine: from sound to words, without Django, HTTP or any vendor.

Nothing heavy is imported before it is used: web processes read the catalogue and stored results, and only a worker,
after it has forked, loads numpy and whisper.cpp.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from transcription.engine.base import SAMPLE_RATE, Block, Engine, never
from transcription.engine.catalogue import resolve

if TYPE_CHECKING:
    import numpy as np


def find_blocks(pcm: "np.ndarray", *, model: str, should_stop: Callable[[], bool] = never) -> list[Block]:
    """Return the blocks in which `model` best hears the recording `pcm`: float32, mono, 16 kHz, best a memory map.

    Raises UnknownModel, EngineStopped when `should_stop` says so, EngineError for samples that are no numbers.
    """
    from transcription.engine.blocks import plan_blocks
    from transcription.engine.speech import find_speech

    info = resolve(model)
    spans = find_speech(pcm, should_stop=should_stop)
    return plan_blocks(spans, total_seconds=len(pcm) / SAMPLE_RATE, block_seconds=info.block_seconds)


def load(name: str, *, model_dir: Path, threads: int, device: str = "auto") -> Engine:
    """Return the engine with the model called `name`, ready to use; see `loading.load` for what it raises."""
    from transcription.engine import loading

    return loading.load(name, model_dir=model_dir, threads=threads, device=device)


def has_cuda(device: str) -> bool:
    """Return whether an engine loaded for `device` would run on a GPU."""
    from transcription.engine import whispercpp

    return device != "cpu" and whispercpp.is_built_with_cuda()
