"""What a worker does with a job: copy the file here, decode it, find the speech, hear it block by block."""

import logging
import time
from pathlib import Path

import numpy as np
from django.conf import settings

from core.draining import is_draining
from core.errors import PolyscribeError, Unavailable
from core.heartbeat import Heartbeat
from core.leases import this_worker
from media import sandbox, storage
from media.errors import DecodeStopped
from transcription import claims, engine, services
from transcription.engine.base import Block, Options
from transcription.engine.errors import EngineError, EngineStopped, MissingModel
from transcription.engine.sound import of_block
from transcription.errors import LostLease, MediaFileRemoved
from transcription.models import BlockPlan, Transcription
from transcription.workspace import workspace

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""How often a running job looks whether it was cancelled or the machine is going down."""

_DECODED, _PLANNED = 8.0, 10.0
"""Per cent of a job that is done after decoding, and after finding the speech."""

_Stage = Transcription.Stage


def run_next() -> Transcription | None:
    """Take the next job and do it. Return it, or None when nothing waits or this machine is going down."""
    if is_draining():
        return None
    devices = ("auto", "cuda") if engine.has_cuda(settings.WHISPER_DEVICE) else ("auto", "cpu")
    job = claims.claim_next(worker=this_worker(), devices=devices)
    if job is not None:
        _do(job)
    return job


def _do(job: Transcription) -> None:
    logger.info("Job %s, attempt %s: started.", job.public_id, job.attempt)
    run = _Run(job)
    try:
        with (
            workspace(job) as folder,
            Heartbeat(
                run.renew, interval_seconds=_LOOK_SECONDS, patience_seconds=settings.JOB_LEASE_SECONDS / 2
            ) as pulse,
        ):
            run.should_stop = lambda: pulse.is_lost() or is_draining()
            run.through(folder)
    except (DecodeStopped, EngineStopped, LostLease):
        _leave(job)
    except MissingModel as error:
        logger.error("Job %s waits: %s", job.public_id, error)
        _unless_lost(services.put_off, job)
    except (EngineError, Unavailable) as error:
        logger.warning("Job %s stumbled: %s", job.public_id, error)
        _unless_lost(services.stumble, job)
    except PolyscribeError as error:
        logger.info("Job %s cannot succeed: %s", job.public_id, error.code)
        _unless_lost(services.fail, job, error=error)
    else:
        logger.info("Job %s: completed.", job.public_id)


def _leave(job: Transcription) -> None:
    if is_draining():
        _unless_lost(services.hand_back, job)
    logger.info("Job %s: put down.", job.public_id)


def _unless_lost(change, job: Transcription, **details) -> None:
    try:
        change(job, **details)
    except LostLease:
        logger.info("Job %s is no longer ours.", job.public_id)


class _Run:
    """One claim of a job: its stage and progress, and whether it should stop."""

    def __init__(self, job: Transcription) -> None:
        self.job = job
        self.stage, self.progress = _Stage.FETCH, job.progress
        self.should_stop = lambda: False
        self._renewed_at = time.monotonic()

    def renew(self) -> bool:
        """Look each second whether the job is still ours, and write only as often as the lease needs."""
        if time.monotonic() - self._renewed_at < settings.JOB_LEASE_SECONDS / 6:
            return services.is_ours(self.job)
        self._renewed_at = time.monotonic()
        return services.beat(self.job, stage=self.stage, progress=self.progress)

    def through(self, folder: Path) -> None:
        """Take the job through all its stages."""
        seconds, pcm = self._decode(folder)
        blocks = self._plan(seconds, pcm)
        device = self._transcribe(seconds, blocks, pcm)
        services.finish(self.job, seconds=seconds, device=device)

    def _enter(self, stage: str, progress: float) -> None:
        self.stage, self.progress = stage, max(self.progress, progress)
        if not services.beat(self.job, stage=stage, progress=self.progress):
            raise LostLease

    def _decode(self, folder: Path) -> tuple[float, np.ndarray]:
        self._enter(_Stage.FETCH, 0)
        media = self.job.media
        if media.blob is None:
            raise MediaFileRemoved
        source, target = folder / "source", folder / "pcm"
        storage.copy_to(media.blob, source)
        self._enter(_Stage.DECODE, 1)

        def note(decoded_seconds: float) -> None:
            share = min(1.0, decoded_seconds / media.seconds) if media.seconds else 0
            self.progress = max(self.progress, 1 + share * (_DECODED - 1))

        decoded = sandbox.decode(
            source,
            target,
            max_seconds=settings.MEDIA_MAX_SECONDS,
            timeout_seconds=settings.DECODE_TIMEOUT_SECONDS,
            on_progress=note,
            should_stop=self.should_stop,
        )
        source.unlink()
        return decoded.seconds, np.memmap(target, dtype=np.float32, mode="r")

    def _plan(self, seconds: float, pcm: np.ndarray) -> list[Block]:
        self._enter(_Stage.TRANSCRIBE, _DECODED)
        plan = BlockPlan.objects.filter(job=self.job).first()
        if plan is not None:
            return [Block(index, *row) for index, row in enumerate(plan.blocks)]
        blocks = engine.find_blocks(pcm, model=self.job.model, should_stop=self.should_stop)
        services.plan(self.job, seconds=seconds, blocks=blocks)
        return blocks

    def _transcribe(self, seconds: float, blocks: list[Block], pcm: np.ndarray) -> str:
        """Hear what has not been heard yet; return the device that it was heard on."""
        done = set(self.job.checkpoints.values_list("index", flat=True))
        options = Options(language=self.job.language or None, task=self.job.task, prompt=self.job.prompt)
        heard = engine.load(
            self.job.model,
            model_dir=settings.MODEL_DIR,
            threads=settings.WHISPER_THREADS,
            device=settings.WHISPER_DEVICE,
        )
        for block in blocks:
            self.progress = _PLANNED + (100 - _PLANNED) * block.start_seconds / seconds
            if block.index in done:
                continue
            result = heard.transcribe(of_block(pcm, block), block, options, self.should_stop)
            services.checkpoint(self.job, index=block.index, result=result, progress=self.progress)
        return heard.device
