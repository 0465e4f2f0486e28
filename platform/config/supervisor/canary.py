"""A canary in the queue: while a worker of this machine sings now and then, the whole way through its cluster is free.

Every finished task is a song. Where work is scarce the supervisor sends a canary, a task that does nothing.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from config.supervisor import folder
from core import bell

_SING = "config.supervisor.canary.sing"
_HOPS = 50
"""How often a canary is passed on between machines before it is given up."""


@dataclass(frozen=True)
class Song:
    """The last task that a worker of this machine finished."""

    at_ns: int
    """When, by this machine's clock, as the file system keeps it."""
    message: int | None
    """The queue's number of its message, which disappears from there when the cluster acknowledges it."""


def release(cluster: str) -> None:
    """Send a canary of this machine through the queue of `cluster`."""
    bell.ring(cluster, _SING, cluster, _nest(), str(_HOPS))


def sing(cluster: str, nest: str, hops: str) -> None:
    """Do nothing, like any other task. Another machine's canary is sent on: its own workers must hear it."""
    if nest != _nest() and int(hops) > 0:
        bell.ring(cluster, _SING, cluster, nest, str(int(hops) - 1))


def note(sender, task: dict, **kwargs) -> None:
    """Write a song down; a worker calls this after each task, by django-q2's signal."""
    # A full disk must not take the worker with it: it would, holding a lock that its cluster needs.
    with suppress(OSError):
        file = _song_file(task["cluster"])
        file.touch()
        file.write_text(str(task["ack_id"]))


def forget(cluster: str) -> None:
    """Wipe out what earlier workers of `cluster` sang; what they left in the queue says nothing about later ones."""
    _song_file(cluster).unlink(missing_ok=True)


def last_song(cluster: str) -> Song | None:
    """Return what the workers of this machine were last heard of, or None if they were not since their start."""
    file = _song_file(cluster)
    try:
        at_ns, text = file.stat().st_mtime_ns, file.read_text()
    except FileNotFoundError:
        return None
    return Song(at_ns, int(text) if text.isdecimal() else None)


def _song_file(cluster: str) -> Path:
    return folder.path(f"{cluster}.alive")


def _nest() -> str:
    return f"{os.uname().nodename}:{settings.DATA_DIR}"
