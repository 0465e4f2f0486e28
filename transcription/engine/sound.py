"""Sound on disk: take a piece of a recording of any length without keeping the rest in memory."""

import numpy as np

from transcription.engine.base import SAMPLE_RATE, Block


def piece(pcm: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Return samples `start` to `stop` of `pcm` as an array of its own: float32, mono, 16 kHz.

    From a memory map they are read with a plain read: pages that were looked at through the map would count as this
    process's memory, up to the whole file.
    """
    stop = min(stop, len(pcm))
    if isinstance(pcm, np.memmap) and pcm.dtype == np.float32 and pcm.filename is not None and pcm.base is not None:
        offset = pcm.offset + start * pcm.itemsize
        return np.fromfile(pcm.filename, np.float32, max(0, stop - start), offset=offset)
    return np.array(pcm[start:stop], np.float32)


def of_block(pcm: np.ndarray, block: Block) -> np.ndarray:
    """Return the samples of `block`, a block of the recording `pcm`."""
    return piece(pcm, round(block.start_seconds * SAMPLE_RATE), round(block.end_seconds * SAMPLE_RATE))
