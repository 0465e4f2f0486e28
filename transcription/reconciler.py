"""Put right what a lost worker or a lost message left behind. Runs every few seconds, outside the queue."""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from billing import services as ledger
from billing.models import Transfer
from core import bell
from core.leases import in_seconds, may_start
from transcription import services
from transcription.errors import Abandoned, DeadlinePassed, LostLease
from transcription.models import Transcription

logger = logging.getLogger(__name__)

_BATCH = 200
_FORGOTTEN_AFTER = timedelta(minutes=1)
_State = Transcription.State


def reconcile() -> int:
    """Do one round; return how many jobs were touched. Harmless to run twice or on several hosts at once."""
    return requeue_lost() + ring_again() + end_overdue() + release_forgotten_holds()


def requeue_lost() -> int:
    """Put jobs back whose worker has not been heard of, and give up those that lost their last worker."""
    lost = Transcription.objects.filter(state=_State.PROCESSING, lease_until__lt=Now())
    for job in lost.filter(failures__gte=settings.JOB_MAX_FAILURES - 1).select_related("org", "media")[:_BATCH]:
        _give_up(job, Abandoned(), only_if=Q(lease_until__lt=Now()))
    return lost.filter(failures__lt=settings.JOB_MAX_FAILURES - 1).update(
        state=_State.QUEUED, failures=F("failures") + 1, lease_until=None, rung_at=None
    )


def ring_again() -> int:
    """Ring for queued jobs whose message was lost or never sent."""
    waiting = Transcription.objects.filter(may_start(), state=_State.QUEUED)
    silent = Q(rung_at=None) | Q(rung_at__lt=in_seconds(-settings.JOB_LEASE_SECONDS))
    rung = 0
    for cluster, devices in services.RUNG_FOR.items():
        jobs = waiting.filter(device__in=devices)
        unheard = list(jobs.filter(silent).order_by("-urgency", "pk")[:_BATCH])
        # A long queue is silent because the workers are busy: as many bells as jobs are enough for it.
        missing = max(0, jobs.count() - bell.unanswered(cluster)) if unheard else 0
        rung += sum(_ring(job, silent) for job in unheard[:missing])
    return rung


@transaction.atomic
def _ring(job: Transcription, silent: Q) -> bool:
    heard = not Transcription.objects.filter(silent, pk=job.pk, state=_State.QUEUED).update(rung_at=Now())
    if not heard:
        services.ring_for(job)
    return not heard


def end_overdue() -> int:
    """Fail jobs that nobody should still wait for."""
    limit = timezone.now() - timedelta(seconds=settings.JOB_DEADLINE_SECONDS)
    overdue = Transcription.objects.filter(state__in=Transcription.OPEN, created_at__lt=limit)
    jobs = list(overdue.select_related("org", "media").order_by("pk")[:_BATCH])
    for job in jobs:
        _give_up(job, DeadlinePassed(), only_if=Q(created_at__lt=limit))
    return len(jobs)


def release_forgotten_holds() -> int:
    """Release what is held for jobs that are over or gone. There should never be any: each one is an alarm."""
    settled = timezone.now() - _FORGOTTEN_AFTER
    unresolved = Transfer.objects.filter(kind=Transfer.Kind.PENDING, resolution=None, created_at__lt=settled)
    holds = unresolved.order_by("pk").values_list("job", flat=True)[:_BATCH]
    forgotten = set(holds) - set(
        Transcription.objects.filter(public_id__in=list(holds), state__in=Transcription.OPEN).values_list(
            "public_id", flat=True
        )
    )
    for job in sorted(forgotten):
        logger.error("A hold was left behind by job %s; it is released.", job)
        ledger.release(job)
    return len(forgotten)


def _give_up(job: Transcription, error: Abandoned | DeadlinePassed, only_if: Q) -> None:
    try:
        services.give_up(job, error=error, only_if=only_if)
    except LostLease:
        logger.info("Job %s came back to life before it was given up.", job.public_id)
