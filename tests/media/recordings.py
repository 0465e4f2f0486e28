"""Small recordings, what lies on the disk, and workers to work on both."""

import io
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import connection, connections
from django.db.models import F, Model

from media import services
from media.models import Collection, Media
from tests.media.hostile import wav

PATIENCE_SECONDS = 10


def tone(frames: int = 1600) -> io.BytesIO:
    """A tenth of a second of sound; other `frames` make another content."""
    return io.BytesIO(wav(frames=frames))


def add(collection: Collection, file: io.BytesIO | None = None, **label) -> Media:
    return services.add_file(collection, file=file or tone(), label=services.Label(**label))


def files(folder: Path) -> list[bytes]:
    """Return the content of every file below `folder`."""
    return sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def make_older(row: Model, field: str, **age: float) -> None:
    type(row).objects.filter(pk=row.pk).update(**{field: F(field) - timedelta(**age)})


def worker(job: Callable, *args, **kwargs) -> threading.Thread:
    """Start a thread that does `job` on a database connection of its own."""

    def work() -> None:
        try:
            job(*args, **kwargs)
        finally:
            connection.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def process(job: Callable, *args, **kwargs) -> int:
    """Fork a process that does `job` on a database connection of its own. Return its id."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        try:
            job(*args, **kwargs)
        finally:
            os._exit(0)
    return pid


def die(*_) -> None:
    """Be killed at once, as by the kernel that needs the memory."""
    os.kill(os.getpid(), signal.SIGKILL)
