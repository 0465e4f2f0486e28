"""The folder through which the supervisor and its clusters know of each other: DATA_DIR/cluster."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from core.errors import Conflict


class AlreadySupervised(Conflict):
    """Another supervisor looks after the clusters of this data folder."""


def mark() -> str:
    """Return what the marks of all processes begin with that work for this data folder, and of no others.

    The folder's place in the file system, not its path: each container may call its own folder `/data`.
    """
    place = Path(settings.DATA_DIR).stat()
    return f"{place.st_dev:x}:{place.st_ino:x}/"


def path(name: str) -> Path:
    """Return the place of a file in the folder, which is made if need be."""
    folder = Path(settings.DATA_DIR) / "cluster"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


@contextmanager
def alone() -> Iterator[None]:
    """Hold this folder for the supervisor of this process; the kernel lets go of it with the process.

    Raises AlreadySupervised.
    """
    with path("lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadySupervised from None
        yield
