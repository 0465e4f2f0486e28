"""The life of a job: each change is one conditional UPDATE, whose row count says whether it was ours to make.

queued → processing → completed | failed | cancelled, and back to queued when a worker is lost, stumbles or drains. What
belongs together is one transaction: the job, its hold and its message; the result, the settlement and the news.
"""

from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from billing import pricing
from billing import queries as billing
from billing import services as ledger
from core import bell
from core.errors import PolyscribeError
from core.leases import in_seconds
from media import services as media_services
from media.errors import NoAudio
from media.models import Media
from orgs import outbox
from orgs.models import ApiKey, Organization
from transcription import transcripts
from transcription.engine.base import Block, BlockResult
from transcription.errors import Abandoned, AlreadyOver, LostLease, MediaFileRemoved
from transcription.models import BlockPlan, Checkpoint, Transcription
from transcription.options import JobOptions

State = Transcription.State

RUNG_FOR = {bell.TRANSCRIBE: ("auto", "cpu"), bell.TRANSCRIBE_CUDA: ("cuda",)}
"""Which cluster's bell is rung for jobs that want which devices."""


def quote(org: Organization, *, media: Media, options: JobOptions) -> pricing.Quote:
    """Return what a transcript of `media` would cost: what is held when it is asked for.

    The duration is what the file's header says. One that says nothing is held for one second, one that says too much
    for the longest that is decoded; after decoding the true duration counts.
    """
    seconds = min(media.seconds or 1, settings.MEDIA_MAX_SECONDS)
    return pricing.quote(org, seconds=seconds, priority=options.priority)


def request(
    org: Organization,
    *,
    media: Media,
    options: JobOptions,
    requested_by: ApiKey | None = None,
    dialect: str = "",
    end_user: str = "",
    callback: dict | None = None,
    shared: bool = False,
) -> Transcription:
    """Ask for a transcript of `media`: one transaction with the job, the hold of its price and the message.

    With `shared`, a job for the same recording and options that is finished or under way is joined instead.
    Raises MediaFileRemoved, NoAudio, InsufficientSynapses, CapReached and what JobOptions.checked raises.
    """
    options = options.checked()
    if media.blob_id is None:
        raise MediaFileRemoved
    if not media.audio_codec:
        raise NoAudio
    share_key = options.share_key(media=media.public_id) if shared else None
    if share_key and (finished := _shared(org, share_key, [State.COMPLETED])):
        return finished
    offer = quote(org, media=media, options=options)
    try:
        with transaction.atomic():
            job = Transcription.objects.create(
                org=org,
                media=media,
                requested_by=requested_by,
                dialect=dialect,
                end_user=end_user,
                callback=callback,
                model=options.model,
                language=options.language,
                task=options.task,
                prompt=options.prompt,
                device=options.device,
                urgency=Transcription.URGENCIES.index(options.priority),
                share_key=share_key,
                base_rate=offer.rate.base,
                organization_multiplier=offer.rate.organization,
                priority_multiplier=offer.rate.priority,
            )
            ledger.hold(org, job=job.public_id, amount=offer.synapses, spender=requested_by)
            ring_for(job)
    except IntegrityError:
        running = share_key and _shared(org, share_key, Transcription.OPEN)
        if not running:
            raise
        return running
    return job


def ring_for(job: Transcription) -> None:
    """Ask a worker to look for work, in the caller's transaction."""
    cluster = next(cluster for cluster, devices in RUNG_FOR.items() if job.device in devices)
    bell.ring(cluster, "transcription.tasks.run")


def beat(job: Transcription, *, stage: str, progress: float) -> bool:
    """Extend the lease and write down how far the job is. Return whether it is still ours."""
    changed = _mine(job).update(
        lease_until=in_seconds(settings.JOB_LEASE_SECONDS), stage=stage, progress=round(progress, 2)
    )
    return bool(changed)


def is_ours(job: Transcription) -> bool:
    """Return whether the lease of this claim still holds."""
    return _mine(job).exists()


@transaction.atomic
def plan(job: Transcription, *, seconds: float, blocks: Iterable[Block]) -> None:
    """Fix the decoded duration and the blocks of a job; hold more if it is longer than its header said.

    Raises LostLease, InsufficientSynapses, CapReached.
    """
    _keep(job, seconds=seconds)
    missing = job.rate.synapses(seconds) - billing.job_charge(job.org, job.public_id).held
    if missing > 0:
        ledger.hold(job.org, job=job.public_id, part=2, amount=missing, spender=job.requested_by)
    rows = [[block.start_seconds, block.end_seconds, block.speech_probability] for block in blocks]
    BlockPlan.objects.create(job=job, blocks=rows)


@transaction.atomic
def checkpoint(job: Transcription, *, index: int, result: BlockResult, progress: float) -> None:
    """Keep the result of one block. Raises LostLease."""
    # Failures count since the last block that was heard: a long job may well outlive more than three workers.
    _keep(job, lease_until=in_seconds(settings.JOB_LEASE_SECONDS), progress=round(progress, 2), failures=0)
    Checkpoint.objects.create(job=job, index=index, result=result.to_json())


@transaction.atomic
def finish(job: Transcription, *, seconds: float, device: str) -> None:
    """Publish the result that the checkpoints hold, charge for it, tell the news: all or nothing.

    Raises LostLease: a late result of a worker that was given up is dropped here.
    """
    _keep(
        job,
        state=State.COMPLETED,
        progress=100,
        seconds=seconds,
        used_device=device,
        lease_until=None,
        finished_at=Now(),
    )
    transcripts.write_original(job)
    ledger.settle(job.public_id, amount=job.rate.synapses(seconds))
    media_services.note_seconds(job.media, seconds=seconds)
    _close(job, "transcription.completed", {"seconds": seconds})


def fail(job: Transcription, *, error: PolyscribeError) -> None:
    """End a job that cannot succeed; it costs nothing. Raises LostLease."""
    _end_badly(_mine(job), job, error)


def give_up(job: Transcription, *, error: PolyscribeError, only_if: Q) -> None:
    """End somebody else's job, unless it has moved on since it was read. Raises LostLease."""
    _end_badly(Transcription.objects.filter(only_if, pk=job.pk, attempt=job.attempt, state=job.state), job, error)


def stumble(job: Transcription) -> None:
    """Put a job back after a fault that may pass, for a while; give it up after its last try. Raises LostLease."""
    failures = _mine(job).values_list("failures", flat=True).first() or 0
    if failures + 1 >= settings.JOB_MAX_FAILURES:
        fail(job, error=Abandoned())
        return
    _pause(job, seconds=settings.JOB_RETRY_SECONDS * 4**failures, failures=failures + 1)


def put_off(job: Transcription) -> None:
    """Put a job back for a while because of this machine: that is no failure of the job's. Raises LostLease."""
    _pause(job, seconds=settings.JOB_LEASE_SECONDS)


@transaction.atomic
def hand_back(job: Transcription) -> None:
    """Put a job back whose worker must leave; the next one goes on at its last block. Raises LostLease."""
    _keep(job, state=State.QUEUED, lease_until=None)
    ring_for(job)


@transaction.atomic
def cancel(job: Transcription) -> None:
    """End a job at somebody's wish; it costs nothing, and a worker on it stops within seconds.

    Raises AlreadyOver.
    """
    changed = Transcription.objects.filter(pk=job.pk, state__in=Transcription.OPEN).update(
        state=State.CANCELLED, lease_until=None, finished_at=Now()
    )
    if not changed:
        raise AlreadyOver
    ledger.release(job.public_id)
    _close(job, "transcription.cancelled", {})


@transaction.atomic
def claimed(pk: int, *, worker: str) -> Transcription | None:
    """Take the queued job `pk`, unless somebody else was faster."""
    changed = Transcription.objects.filter(pk=pk, state=State.QUEUED).update(
        state=State.PROCESSING,
        attempt=F("attempt") + 1,
        lease_until=in_seconds(settings.JOB_LEASE_SECONDS),
        worker=worker,
        stage=Transcription.Stage.FETCH,
        claimed_at=Now(),
        started_at=Coalesce(F("started_at"), Now()),
    )
    if not changed:
        return None
    return Transcription.objects.select_related("org", "media__blob", "requested_by").get(pk=pk)


@transaction.atomic
def _end_badly(rows: QuerySet[Transcription], job: Transcription, error: PolyscribeError) -> None:
    changed = rows.update(
        state=State.FAILED, error_code=error.code, error_message=error.message, lease_until=None, finished_at=Now()
    )
    if not changed:
        raise LostLease
    ledger.release(job.public_id)
    _close(job, "transcription.failed", {"error": {"code": error.code, "message": error.message}})


def _shared(org: Organization, share_key: str, states: Iterable[str]) -> Transcription | None:
    return Transcription.of(org).filter(share_key=share_key, state__in=states).order_by("-pk").first()


def _mine(job: Transcription) -> QuerySet[Transcription]:
    return Transcription.objects.filter(pk=job.pk, attempt=job.attempt, state=State.PROCESSING)


def _pause(job: Transcription, *, seconds: float, **changes) -> None:
    pause = {"lease_until": None, "not_before": in_seconds(seconds), "rung_at": None}
    _keep(job, state=State.QUEUED, **pause, **changes)


def _keep(job: Transcription, **changes) -> None:
    if not _mine(job).update(**changes):
        raise LostLease


def _close(job: Transcription, news: str, data: dict) -> None:
    Checkpoint.objects.filter(job=job).delete()
    BlockPlan.objects.filter(job=job).delete()
    outbox.publish(
        job.org,
        type=news,
        subject=job.public_id,
        payload={"transcription": job.public_id, "media": job.media.public_id, **data},
        callback=job.callback,
    )
