"""Folders of running jobs on this machine's disk."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from transcription.models import Transcription


@contextmanager
def workspace(job: Transcription) -> Iterator[Path]:
    """Give this claim of `job` an empty folder of its own, and take it away afterwards."""
    folder = _root() / f"{job.public_id}.{job.attempt}"
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> int:
    """Remove folders that killed workers left behind. Return how many."""
    folders = list(_root().glob("trans_*"))
    names = [folder.name.split(".")[0] for folder in folders]
    running = Transcription.objects.filter(public_id__in=names, state=Transcription.State.PROCESSING)
    kept = {f"{job.public_id}.{job.attempt}" for job in running}
    stale = [folder for folder in folders if folder.name not in kept]
    for folder in stale:
        shutil.rmtree(folder, ignore_errors=True)
    return len(stale)


def _root() -> Path:
    return Path(settings.DATA_DIR) / "work"
