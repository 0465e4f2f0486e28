"""Models in memory: loaded when they are first asked for, dropped when others take their place."""

import logging
import os
import threading
from collections import OrderedDict
from pathlib import Path

from transcription.engine import files
from transcription.engine.catalogue import ModelInfo, resolve
from transcription.engine.errors import MissingDevice
from transcription.engine.whispercpp import WhisperCpp, device_in_use

logger = logging.getLogger(__name__)

KEPT_MODELS = 1
"""How many models stay in memory. A worker's memory is this many times the largest model."""

_loaded: OrderedDict[tuple, WhisperCpp] = OrderedDict()
_loading = threading.Lock()


def load(name: str, *, model_dir: Path, threads: int, device: str, keep: int = KEPT_MODELS) -> WhisperCpp:
    """Return the engine with the model called `name`, from memory if it was among the last `keep` that were used.

    Raises UnknownModel, MissingModel, DamagedModel, MissingDevice, Invalid for another `device`, EngineError when
    whisper.cpp cannot load the file.
    """
    path, runs_on = files.locate(name, model_dir), device_in_use(device)
    key = (os.getpid(), path, path.stat().st_mtime_ns, threads, runs_on)  # native threads do not survive a fork
    with _loading:
        if key not in _loaded:
            info = resolve(name)
            # Of a damaged file the library makes words of its own, or ends the process.
            files.verify(path, info)
            while len(_loaded) >= keep:
                _, oldest = _loaded.popitem(last=False)
                logger.info("The model %s makes room for %s.", oldest.name, name)
                oldest.unload()
            _loaded[key] = _start(info, path, threads=threads, device=runs_on, may_fall_back=device == "auto")
            logger.info("Loaded the model %s on %s with %s threads.", name, _loaded[key].device, threads)
        _loaded.move_to_end(key)
        return _loaded[key]


def _start(info: ModelInfo, path: Path, *, threads: int, device: str, may_fall_back: bool) -> WhisperCpp:
    try:
        return WhisperCpp(info, path, threads=threads, device=device)
    except MissingDevice:
        if not may_fall_back:
            raise
        logger.warning("whisper.cpp is built with CUDA, but finds no device: the model %s runs on the CPU.", info.name)
        return WhisperCpp(info, path, threads=threads, device="cpu")
