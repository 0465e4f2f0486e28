"""Model files on this machine: find one, check one, bring one in."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from transcription.engine.catalogue import ModelInfo, resolve
from transcription.engine.errors import DamagedModel, MissingModel

_CHUNK_BYTES = 1 << 20


def locate(name: str, model_dir: Path) -> Path:
    """Return the file of the model called `name`.

    Raises UnknownModel, and MissingModel with the command that brings the file here.
    """
    info = resolve(name)
    path = info.path(model_dir)
    if not path.is_file():
        raise MissingModel(
            f"The model {name} is not on this machine. Fetch it with: manage.py fetch_model {name}", model=name
        )
    return path


def verify(path: Path, info: ModelInfo) -> None:
    """Compare the size and the published hash of the file at `path` with those of `info`. Raises DamagedModel."""
    size = path.stat().st_size
    if size != info.bytes:
        raise DamagedModel(f"{path} has {size:,} bytes; the model {info.name} has {info.bytes:,}. Fetch it again.")
    algorithm, published = ("sha256", info.sha256) if info.sha256 else ("sha1", info.sha1)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, algorithm).hexdigest()
    if found != published:
        raise DamagedModel(
            f"The {algorithm} sum of {path} is {found}; that of the model {info.name} is {published}. Fetch it again."
        )


def receive(info: ModelInfo, model_dir: Path, *, fill: Callable[[BinaryIO, int], object]) -> Path:
    """Bring in the file of a model that arrives in pieces, and return its path.

    `fill(file, start)` writes what is missing from byte `start` on; when it raises, what has arrived stays for the
    next try in a file that ends in `.part`. Raises DamagedModel, and forgets that file, when the whole is not what was
    published.
    """
    path = info.path(model_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.touch()
    start = part.stat().st_size
    if start < info.bytes:
        with part.open("r+b") as file:
            file.seek(start)
            fill(file, start)
    try:
        verify(part, info)
    except DamagedModel:
        part.unlink()
        raise
    part.replace(path)
    return path


def take(info: ModelInfo, model_dir: Path, *, source: Path) -> Path:
    """Bring in the file of a model from `source`, the file itself or the directory it lies in. Return its path.

    Raises MissingModel when it is not there, DamagedModel when it is not what was published.
    """
    found = source / info.file_name if source.is_dir() else source
    if not found.is_file():
        raise MissingModel(f"There is no file {found}.")
    verify(found, info)
    path = info.path(model_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with found.open("rb") as original, draft.open("wb") as copy:
            shutil.copyfileobj(original, copy, _CHUNK_BYTES)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path
